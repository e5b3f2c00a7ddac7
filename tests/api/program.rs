//! The program itself, as an administrator runs it.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use crate::support::{Client, TestDatabase, eventually};

const PASSWORD: &str = "correct horse";

/// Ready to run on a database of the test's own, and nothing of ours in its environment.
pub fn rolecall(database: &TestDatabase, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ROLECALL_")) {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .env("DATABASE_URL", database.address())
        .env("ROLECALL_ADMIN_PASSWORD", PASSWORD);
    command
}

fn run(database: &TestDatabase, arguments: &[&str]) -> Output {
    rolecall(database, arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complaint(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A running program; killed when it is dropped.
pub struct Running {
    pub child: Child,
    /// Kept open: a closed pipe would end the program.
    _said: BufReader<ChildStdout>,
    pub address: String,
}

impl Running {
    pub fn start(database: &TestDatabase) -> Self {
        Self::with(database, &[])
    }

    /// With these in its environment.
    pub fn with(database: &TestDatabase, environment: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let address = format!("127.0.0.1:{port}");
        let mut child = rolecall(database, &["serve", "--listen", &address])
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It says where it is once it holds the port.
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        said.read_line(&mut first).unwrap();
        assert!(first.contains(&address), "{first}");
        TcpStream::connect(&address).unwrap();
        Self {
            child,
            _said: said,
            address,
        }
    }

    pub fn client(&self, username: &str, password: &str) -> Client {
        use base64::Engine;
        let engine = base64::engine::general_purpose::STANDARD;
        let pair = engine.encode(format!("{username}:{password}"));
        Client::new(
            &format!("http://{}", self.address),
            Some(format!("Basic {pair}")),
        )
    }

    pub fn admin(&self) -> Client {
        self.client("admin", PASSWORD)
    }

    pub fn token(&self, secret: &str) -> Client {
        let base = format!("http://{}", self.address);
        Client::new(&base, Some(format!("Bearer {secret}")))
    }

    /// As `kill` names it: `-9`, `-TERM`.
    pub fn signal(&self, signal: &str) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &process]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_first_start_makes_an_administrator_and_later_ones_do_not() {
    let database = TestDatabase::create();
    let first = Running::start(&database);
    let users = first.admin().get("/users").expect(200).data();
    assert_eq!(users[0]["attributes"]["username"], "admin");
    drop(first);
    let second = Running::start(&database);
    assert_eq!(second.admin().get("/users").expect(200).ids(), ["1"]);
}

#[test]
fn commands_change_the_directory_of_a_running_service() {
    let database = TestDatabase::create();
    let service = Running::start(&database);
    let added = run(&database, &["user", "add", "calvin", "--role", "admin"]);
    assert!(added.status.success(), "{}", complaint(&added));
    let calvin = service.client("calvin", out(&added).trim());
    calvin.get("/events").expect(200);
    let token = run(
        &database,
        &[
            "token",
            "create",
            "calvin",
            "--name",
            "t",
            "--scope",
            "users:read",
        ],
    );
    let secret = out(&token).trim().to_owned();
    let program = service.token(&secret);
    program.get("/users").expect(200);
    program.get("/events").expect(403);
    let list = out(&run(&database, &["user", "list"]));
    assert_eq!(list, "1\tadmin\tyes\tadmin\n2\tcalvin\tyes\tadmin\n");
    let deleted = run(&database, &["user", "delete", "calvin"]);
    assert!(deleted.status.success(), "{}", complaint(&deleted));
    eventually("nobody is let in as calvin", || {
        calvin.get("/home").status == 401 && program.get("/users").status == 401
    });
}

#[test]
fn a_wrong_configuration_is_one_sentence_and_exit_2() {
    let database = TestDatabase::create();
    for (name, value) in [
        ("ROLECALL_LISTEN", "localhost"),
        ("ROLECALL_LISTN", "127.0.0.1:1"),
        ("ROLECALL_BASE_URL", "ftp://example.com"),
        ("DATABASE_URL", "mysql://localhost/x"),
    ] {
        let output = rolecall(&database, &["serve"])
            .env(name, value)
            .output()
            .unwrap();
        let text = complaint(&output);
        assert_eq!(output.status.code(), Some(2), "{name}: {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with(&format!("rolecall: {name}")), "{text}");
    }
}

#[test]
fn wrong_usage_is_exit_2_and_every_command_explains_itself() {
    let database = TestDatabase::create();
    assert_eq!(run(&database, &["user", "fly"]).status.code(), Some(2));
    for command in [
        "serve", "migrate", "user", "token", "mail", "import", "export", "generate", "check",
        "backup", "restore", "audit", "config",
    ] {
        let help = run(&database, &[command, "--help"]);
        assert!(
            help.status.success() && out(&help).contains("Usage"),
            "{command}"
        );
    }
}

#[test]
fn migrating_twice_says_that_there_is_nothing_to_do() {
    let database = TestDatabase::create();
    assert!(run(&database, &["migrate"]).status.success());
    let again = run(&database, &["migrate"]);
    assert!(again.status.success());
    assert!(out(&again).contains("up to date"), "{}", out(&again));
}
