//! `docs/guides/production.md`, from an empty machine to a monitored service: its
//! commands as they are written, in a folder instead of the machine. What only root
//! can do is left out.

use std::path::Path;
use std::process::{Command, Output};

use crate::program::{Running, free_address, rolecall};
use crate::support::{TestDatabase, TestFolder, eventually};

const GUIDE: &str = include_str!("../../docs/guides/production.md");

/// The blocks of commands, in their order.
fn blocks() -> Vec<&'static str> {
    let (_, section) = GUIDE.split_once("## From an empty machine\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let mut pieces = section.split("```");
    let mut blocks = Vec::new();
    pieces.next();
    while let Some(block) = pieces.next() {
        blocks.push(block.strip_prefix("sh\n").unwrap());
        pieces.next();
    }
    blocks
}

/// Belongs to root, or takes minutes.
const OF_ROOT: [&str; 5] = [
    "cargo ",
    "systemctl ",
    "systemd-sysusers",
    "chown ",
    "install -m 0755",
];

struct Machine {
    folder: TestFolder,
    address: String,
    database: TestDatabase,
}

impl Machine {
    fn here(&self, text: &str) -> String {
        let folder = self.folder.path().display().to_string();
        let (_, port) = self.address.rsplit_once(':').unwrap();
        text.replace("/etc/", &format!("{folder}/etc/"))
            .replace("/var/lib/", &format!("{folder}/var/lib/"))
            .replace("0.0.0.0:8443", &self.address)
            .replace(
                "people.example.org:8443",
                &format!("people.example.org:{port}"),
            )
            .replace("target/dist/rolecall", env!("CARGO_BIN_EXE_rolecall"))
    }

    #[track_caller]
    fn run(&self, block: &str) -> String {
        let lines = block.lines();
        let lines = lines.filter(|line| !OF_ROOT.iter().any(|command| line.starts_with(command)));
        let (_, port) = self.address.rsplit_once(':').unwrap();
        let script = format!(
            "set -e; rolecall() {{ {} \"$@\"; }}
             curl() {{ command curl --resolve people.example.org:{port}:127.0.0.1 \"$@\"; }}\n{}",
            env!("CARGO_BIN_EXE_rolecall"),
            self.here(&lines.collect::<Vec<_>>().join("\n"))
        );
        // Nothing of ours in its environment.
        let clean = rolecall(&self.database, &[]);
        let mut bash = Command::new("bash");
        bash.args(["-c", &script])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
        for (name, _) in clean.get_envs() {
            bash.env_remove(name);
        }
        let output: Output = bash.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{said}{complaint}");
        said
    }

    fn start(&self) -> Running {
        let config = self.here("/etc/rolecall/rolecall.toml");
        let mut command = rolecall(&self.database, &["serve", "--config", &config]);
        command.env_remove("DATABASE_URL");
        Running::run(command, self.address.clone())
    }
}

#[test]
fn the_guide_leads_from_an_empty_machine_to_a_monitored_service() {
    let machine = Machine {
        folder: TestFolder::create(),
        address: free_address(),
        database: TestDatabase::create(),
    };
    for folder in ["etc/systemd/system", "var/lib"] {
        std::fs::create_dir_all(machine.folder.path().join(folder)).unwrap();
    }
    let blocks = blocks();
    let [
        program,
        certificate,
        settings,
        first,
        monitoring,
        backups,
        upgrade,
    ] = blocks[..]
    else {
        panic!("{} blocks", blocks.len());
    };
    machine.run(program);
    machine.run(certificate);
    let said = machine.run(settings);
    assert!(said.contains("The settings are right."), "{said}");
    assert!(said.contains("migrations to apply"), "{said}");
    assert!(first.contains("systemctl enable --now rolecall"));
    let service = machine.start();
    machine.run(first);
    let mut said = String::new();
    eventually("there is a backup", || {
        said = machine.run(monitoring);
        said.contains(r#""backup":{"status":"ok","last":"#)
    });
    machine.run(backups);
    // Looking into a backup has changed no byte of it.
    let said = machine.run(backups);
    assert!(said.contains(".db: OK"), "{said}");
    assert!(said.contains("file: right"), "{said}");
    let (before, after) = upgrade.split_once("systemctl restart rolecall\n").unwrap();
    let said = machine.run(before);
    assert!(said.contains("is up to date"), "{said}");
    drop(service);
    let _service = machine.start();
    machine.run(after);
}
