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

pub fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    format!("127.0.0.1:{port}")
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
        let address = free_address();
        let mut command = rolecall(database, &["serve", "--listen", &address]);
        command
            .envs(environment.iter().copied())
            .stderr(Stdio::null());
        Self::run(command, address)
    }

    /// With its log in this file.
    pub fn with_log(database: &TestDatabase, log: &std::path::Path) -> Self {
        let address = free_address();
        let mut command = rolecall(database, &["serve", "--listen", &address]);
        command.stderr(std::fs::File::create(log).unwrap());
        Self::run(command, address)
    }

    /// `command` serves at this address.
    pub fn run(mut command: Command, address: String) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
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
fn a_scope_that_is_nearly_one_of_ours_is_remarked_on() {
    let database = TestDatabase::create();
    run(&database, &["user", "add", "calvin"]);
    let create = |scope| {
        let arguments = ["token", "create", "calvin", "--name", "t", "--scope", scope];
        let made = run(&database, &arguments);
        assert!(made.status.success(), "{}", complaint(&made));
        complaint(&made)
    };
    assert!(create("users:raed").contains("did you mean users:read?"));
    for other in ["users:read", "payments:send"] {
        let said = create(other);
        assert!(!said.contains("did you mean"), "{said}");
    }
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
        ("ROLECALL_LISTEN", "127.0.0.300:1"),
        ("ROLECALL_UNKNOWN_ATTRIBUTES", "refuse"),
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

/// A SQLite file that is not there yet, whatever database the tests run on.
struct Nowhere(std::path::PathBuf);

impl Nowhere {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(crate::support::unique(&format!(
            "rolecall_nowhere_{}_",
            std::process::id()
        )));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> std::path::PathBuf {
        self.0.join("rolecall.db")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ROLECALL_")) {
            command.env_remove(name);
        }
        command.env_remove("DATABASE_URL").current_dir(&self.0);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

impl Drop for Nowhere {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_only_reads_or_changes_makes_no_database() {
    let nowhere = Nowhere::new();
    for arguments in [
        &["user", "list"][..],
        &["user", "trash"],
        &["user", "delete", "calvin"],
        &["user", "restore", "calvin"],
        &["user", "purge", "calvin"],
        &["user", "grant", "calvin", "admin"],
        &["user", "revoke", "calvin", "admin"],
        &["user", "password", "calvin"],
        &["token", "list"],
        &["token", "create", "calvin", "--name", "x"],
        &["token", "revoke", "1"],
        &["mail", "status"],
        &["export"],
        &["export", "--kind", "users", "--format", "csv"],
        &["migrate", "--back-to", "2026-11-30-000130_entry_ids"],
        &["backup", "copy.db"],
        &["check"],
        &["check", "--repair"],
        &["audit", "prune", "--before", "2020-01-01T00:00:00Z"],
    ] {
        let output = nowhere.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let text = complaint(&output);
        assert!(text.contains("no such database"), "{arguments:?}: {text}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!nowhere.file().exists(), "{arguments:?}");
    }
    // Nor is an empty file a database.
    std::fs::write(nowhere.file(), "").unwrap();
    let output = nowhere.run(&["export"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read(nowhere.file()).unwrap(), b"");
}

#[test]
fn what_fills_a_directory_makes_one() {
    for arguments in [
        &["migrate"][..],
        &["user", "add", "calvin"],
        &["generate", "--users", "2"],
        &["import", "-"],
    ] {
        let nowhere = Nowhere::new();
        let output = nowhere.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            complaint(&output)
        );
        assert!(
            nowhere.run(&["user", "list"]).status.success(),
            "{arguments:?}"
        );
    }
}

#[test]
fn an_empty_import_says_so() {
    let nowhere = Nowhere::new();
    for (name, text) in [
        ("empty.ndjson", ""),
        ("empty.csv", ""),
        ("blank.ndjson", "\n\n"),
        ("header.csv", "username,name\n"),
    ] {
        std::fs::write(nowhere.0.join(name), text).unwrap();
        let said = complaint(&nowhere.run(&["import", name]));
        assert!(
            said.contains(&format!("no rows in {name}")),
            "{name}: {said}"
        );
    }
}

#[test]
fn the_file_of_another_program_is_left_alone() {
    let nowhere = Nowhere::new();
    let make = |statements: &str| {
        let _ = std::fs::remove_file(nowhere.file());
        let connection = rusqlite::Connection::open(nowhere.file()).unwrap();
        connection.execute_batch(statements).unwrap();
    };
    let refused = |what: &str| {
        let before = std::fs::read(nowhere.file()).unwrap();
        for arguments in [
            &["migrate"][..],
            &["migrate", "--back-to", "2026-11-30-000130_entry_ids"],
            &["serve", "--listen", "127.0.0.1:0"],
            &["user", "add", "calvin"],
            &["user", "list"],
            &["token", "list"],
            &["mail", "status"],
            &["import", "-"],
            &["import", "-", "--dry-run"],
            &["export"],
            &["generate", "--users", "2"],
            &["backup", "copy.db"],
            &["audit", "prune", "--before", "2020-01-01T00:00:00Z"],
        ] {
            let output = nowhere.run(arguments);
            assert_eq!(output.status.code(), Some(1), "{what} {arguments:?}");
            let text = complaint(&output);
            assert!(text.contains("not a rolecall database"), "{what}: {text}");
            assert_eq!(text.lines().count(), 1, "{text}");
        }
        assert_eq!(std::fs::read(nowhere.file()).unwrap(), before, "{what}");
    };
    for statements in [
        "CREATE TABLE users (id INTEGER PRIMARY KEY)",
        "CREATE TABLE cookies (host TEXT)",
        "CREATE TABLE __diesel_schema_migrations (version TEXT PRIMARY KEY, run_on TEXT); \
         CREATE TABLE posts (id INTEGER); \
         INSERT INTO __diesel_schema_migrations VALUES ('20200101000000', '')",
    ] {
        make(statements);
        refused(statements);
    }
    std::fs::write(
        nowhere.file(),
        "a letter, not a database, and longer than a header is".repeat(50),
    )
    .unwrap();
    refused("text");
}

#[test]
fn a_server_of_another_program_is_left_alone() {
    if !crate::support::is_postgres() {
        return;
    }
    let database = TestDatabase::create();
    // Others may live beside us, but not under our names.
    database.execute("CREATE TABLE cookies (host TEXT)");
    let output = run(&database, &["user", "list"]);
    assert!(complaint(&output).contains("no such database"));
    database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)");
    let output = run(&database, &["migrate"]);
    assert!(complaint(&output).contains("not a rolecall database"));
    database.execute("DROP TABLE users");
    assert!(run(&database, &["migrate"]).status.success());
}

#[test]
fn it_listens_on_names_and_on_all_addresses() {
    let database = TestDatabase::create();
    for host in ["localhost", "127.0.0.1", ""] {
        let mut child = rolecall(&database, &["serve", "--listen", &format!("{host}:0")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        said.read_line(&mut first).unwrap();
        let port = first.trim().rsplit(':').next().unwrap().to_owned();
        let reached = TcpStream::connect(format!("127.0.0.1:{port}"));
        let _ = child.kill();
        let _ = child.wait();
        assert!(reached.is_ok(), "{host}: {first}");
    }
}

#[test]
fn a_port_alone_is_led_to_the_flag_that_takes_it() {
    let database = TestDatabase::create();
    for arguments in [
        &["--port", "9000"][..],
        &["--port=9000"],
        &["serve", "--port", "9000"],
        &["serve", "--listen", "localhost:1", "--port", "9000"],
    ] {
        let output = run(&database, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = complaint(&output);
        assert!(text.contains("use --listen 127.0.0.1:9000"), "{text}");
    }
    let help = out(&run(&database, &["serve", "--help"]));
    assert!(!help.contains("--port"), "{help}");
}
