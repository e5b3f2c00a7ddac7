//! A newcomer's first hour: the commands of the README, the tutorial and `/docs`
//! as they are written, in their order, and the examples after them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use base64::prelude::{BASE64_STANDARD, Engine};
use regex::Regex;

use crate::program::rolecall;
use crate::support::{Client, TestDatabase, free_port, is_postgres};

const README: &str = include_str!("../../README.md");
const TUTORIAL: &str = include_str!("../../docs/tutorial.md");
const IMPORT: &str = include_str!("../../docs/guides/import-export.md");

/// Where the texts have the service.
const WRITTEN: &str = "localhost:8080";

/// Ends what a command says; stands in no answer.
const END: char = '\u{1e}';

/// A command, and what the text shows it to say.
struct Shown {
    line: String,
    says: Option<String>,
}

/// The fenced blocks of a text that talk to the service.
fn blocks(text: &str) -> Vec<Vec<Shown>> {
    let mut all = Vec::new();
    for (place, block) in text.split("```").enumerate() {
        // Every other piece is inside of fences.
        let Some((kind, block)) = block.split_once('\n').filter(|_| place % 2 == 1) else {
            continue;
        };
        let commands = match kind {
            "console" => of_console(block),
            "sh" => block.lines().map(said_nowhere).collect(),
            _ => continue,
        };
        if commands.iter().any(is_about_the_service) {
            all.push(commands);
        }
    }
    all
}

/// Others are about files that the reader has, or the settings.
fn is_about_the_service(shown: &Shown) -> bool {
    let starts = |command| shown.line.starts_with(command);
    shown.line.contains(WRITTEN) || starts("rolecall user ") || starts("rolecall token ")
}

fn of_console(block: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            commands.push(Shown {
                line: command.to_owned(),
                says: Some(String::new()),
            });
        } else if let Some(says) = commands.last_mut().and_then(|shown| shown.says.as_mut()) {
            says.push_str(line);
            says.push('\n');
        }
    }
    commands
}

fn said_nowhere(line: &str) -> Shown {
    Shown {
        line: line.to_owned(),
        says: None,
    }
}

/// What stands under a heading.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, rest) = text.split_once(heading).expect("a heading");
    rest.split_once("\n## ")
        .map_or(rest, |(section, _)| section)
}

fn tour() -> &'static str {
    section(README, "\n## Five minutes\n")
}

/// The lines that the README shows the first start to say.
fn first_lines() -> Vec<&'static str> {
    let (_, start) = tour().split_once("$ rolecall\n").expect("a start");
    start.lines().take(3).collect()
}

fn shown_password() -> &'static str {
    password_in(first_lines()[1])
}

fn password_in(line: &str) -> &str {
    between(line, "the password ", " (shown only now)")
}

/// The text between two others.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).expect(before);
    rest.split_once(after).expect(after).0
}

/// A service on a directory that nobody has used, started as the README says.
struct Service {
    child: Child,
    /// Kept open: a closed pipe would end the program.
    _said: BufReader<ChildStdout>,
    first_lines: Vec<String>,
    address: String,
    password: String,
    database: TestDatabase,
    home: PathBuf,
}

impl Service {
    fn start() -> Self {
        let database = TestDatabase::create();
        let address = format!("127.0.0.1:{}", free_port());
        let mut child = rolecall(&database, &[])
            .env_remove("ROLECALL_ADMIN_PASSWORD")
            .env("ROLECALL_LISTEN", &address)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = || {
            let mut line = String::new();
            said.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let first_lines = vec![line(), line(), line()];
        let password = password_in(&first_lines[1]).to_owned();
        let name = format!("rolecall_tour_{}", address.replace(':', "_"));
        let home = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&home).unwrap();
        // Else it draws how far it is, where it does not write to a terminal.
        std::fs::write(home.join(".curlrc"), "silent\nshow-error\n").unwrap();
        Self {
            child,
            _said: said,
            first_lines,
            address,
            password,
            database,
            home,
        }
    }

    fn admin(&self) -> Client {
        let pair = BASE64_STANDARD.encode(format!("admin:{}", self.password));
        let base = format!("http://{}", self.address);
        Client::new(&base, Some(format!("Basic {pair}")))
    }

    /// Bash, with this service's own `rolecall` on the PATH.
    fn bash(&self) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_rolecall"));
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", program.parent().unwrap().display());
        let mut command = Command::new("bash");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ROLECALL_")) {
            command.env_remove(name);
        }
        command
            .env("PATH", path)
            .env("CURL_HOME", &self.home)
            .env("DATABASE_URL", self.database.address())
            .current_dir(&self.home);
        command
    }

    /// Runs the commands in one shell; gives what each said, errors too.
    fn run(&self, commands: &[Shown]) -> Vec<String> {
        let mut script = String::from("exec 2>&1\nset -euo pipefail\n");
        for shown in commands {
            let line = shown.line.replace(WRITTEN, &self.address);
            let line = line.replace(shown_password(), &self.password);
            script += &line.replace("THE-PASSWORD", &self.password);
            script += &format!("\nprintf '{END}'\n");
        }
        let output = self.bash().arg("-c").arg(&script).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{script}\n{said}");
        said.split_terminator(END).map(str::to_owned).collect()
    }

    /// The same, and compares with what the text shows.
    #[track_caller]
    fn follow(&self, commands: &[Shown]) {
        for (shown, said) in commands.iter().zip(self.run(commands)) {
            let line = &shown.line;
            assert!(!said.contains(r#""errors""#), "{line}\n{said}");
            if let Some(says) = &shown.says {
                assert_eq!(unnumbered(&said), unnumbered(says), "{line}");
            }
        }
    }

    /// Runs an example, which compares by itself.
    #[track_caller]
    fn example(&self, name: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        let output = self
            .bash()
            .arg(script.join(name))
            .env("ROLECALL_URL", format!("http://{}", self.address))
            .env("ROLECALL_PASSWORD", &self.password)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}\n{complaint}");
    }

    /// How many there are of each kind that the texts make some of.
    fn counts(&self) -> Vec<(&'static str, String)> {
        let kinds = [
            "users",
            "trash/users",
            "roles",
            "grants",
            "workspaces",
            "clusters",
            "partners",
            "tokens",
        ];
        let count = |kind| {
            let list = self.admin().get(&format!("/{kind}")).expect(200).json();
            (kind, list["meta"]["pagination"]["count"].to_string())
        };
        kinds.map(count).into()
    }

    /// The block under "Getting started" of `/docs`, as a reader copies it.
    fn reference(&self) -> Vec<Shown> {
        let page = self.admin().get("/docs").expect(200).text;
        let block = between(&page, "<pre tabindex=\"0\"><code>", "</code></pre>");
        let block = block.replace("&quot;", "\"").replace("&lt;", "<");
        let block = block.replace("&gt;", ">").replace("&amp;", "&");
        assert!(block.contains(&format!("http://{}/users", self.address)));
        // Some commands take several lines.
        vec![said_nowhere(&block)]
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

/// The text without what is another in every directory: ids, moments, secrets.
fn unnumbered(text: &str) -> String {
    let mut text = text.to_owned();
    for (varies, instead) in [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", "TIME"),
        (r#""(id|role|user)":"?\d+"?"#, "\"$1\":N"),
        (r"the token \d+", "the token N"),
        (r"rc_[0-9a-f]+", "rc_SECRET"),
    ] {
        let varies = Regex::new(varies).unwrap();
        text = varies.replace_all(&text, instead).into_owned();
    }
    text
}

fn commands(text: &str) -> Vec<Shown> {
    blocks(text).into_iter().flatten().collect()
}

/// The tour without its start.
fn walk() -> Vec<Shown> {
    let all = commands(tour());
    assert!(all.len() > 8, "the tour is gone");
    all
}

#[test]
fn the_first_start_says_what_the_readme_shows() {
    let service = Service::start();
    let said = service.first_lines.join("\n");
    let said = said.replace(&service.address, "127.0.0.1:8080");
    let said = said.replace(&service.database.address(), "sqlite://rolecall.db");
    let shown = first_lines().join("\n");
    let shown = shown.replace(shown_password(), &service.password);
    if is_postgres() {
        // The database is another there.
        let rest = |text: &str| text.split_once(" at ").expect("an address").1.to_owned();
        assert_eq!(rest(&said), rest(&shown));
    } else {
        assert_eq!(said, shown);
    }
}

#[test]
fn the_tour_holds_on_a_fresh_directory_and_on_a_full_one() {
    let service = Service::start();
    service.follow(&walk());
    service.run(&[said_nowhere("rolecall generate --users 40")]);
    service.follow(&walk());
}

#[test]
fn every_text_and_example_follows_every_other_and_leaves_nothing_behind() {
    let service = Service::start();
    let before = service.counts();
    for _ in 0..2 {
        service.follow(&commands(README));
        service.follow(&commands(TUTORIAL));
        service.follow(&service.reference());
        for example in ["walkthrough.sh", "cfengine.sh"] {
            service.example(example);
        }
        assert_eq!(service.counts(), before);
    }
}

#[test]
fn what_the_guide_imports_it_has_exported_before() {
    let service = Service::start();
    let is_meant =
        |line: &&str| line.starts_with("rolecall export ") || line.starts_with("rolecall import ");
    let commands: Vec<Shown> = IMPORT.lines().filter(is_meant).map(said_nowhere).collect();
    assert!(commands.len() > 2);
    let said = service.run(&commands);
    let users = "users: 0 created, 0 updated, 1 unchanged, 0 refused";
    assert_eq!(said.iter().filter(|said| said.contains(users)).count(), 2);
}

#[test]
fn the_tutorial_holds_on_a_fresh_directory() {
    let service = Service::start();
    let before = service.counts();
    let all = commands(TUTORIAL);
    assert!(all.len() > 30, "the tutorial is gone");
    service.follow(&all);
    assert_eq!(service.counts(), before);
}

#[test]
fn the_tour_is_about_users_and_roles() {
    for place in ["cluster", "workspace", "CLUSTER_", "IP_", "grant-rules"] {
        assert!(!tour().contains(place), "{place}");
    }
    let (before, _) = README.split_once("$ rolecall").expect("a command");
    assert!(before.contains("cargo install --path ."));
}

/// The blocks of a document that talk to the service, each as one command.
fn whole_blocks(text: &str) -> Vec<Shown> {
    let inside = text.split("```").skip(1).step_by(2);
    let blocks = inside.filter_map(|block| block.strip_prefix("sh\n"));
    let blocks = blocks.filter(|block| block.contains(WRITTEN));
    blocks.map(|block| said_nowhere(block.trim_end())).collect()
}

#[test]
fn the_commands_of_other_documents_hold_on_a_fresh_directory() {
    for (name, text) in [
        ("prp", include_str!("../../docs/guides/prp.md")),
        ("openl2m", include_str!("../../docs/guides/openl2m.md")),
        ("cfengine", include_str!("../../docs/guides/cfengine.md")),
    ] {
        let service = Service::start();
        // An answer that is no success ends the shell.
        std::fs::write(service.home.join(".curlrc"), "silent\nshow-error\nfail\n").unwrap();
        let blocks = whole_blocks(text);
        assert!(!blocks.is_empty(), "{name}");
        let said = service.run(&blocks);
        assert!(
            said.iter().all(|said| !said.contains("null/")),
            "{name}: {said:?}"
        );
    }
}
