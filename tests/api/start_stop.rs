//! How the program starts and stops, and what it logs about that.

use std::fs::File;
use std::io::{BufRead, BufReader, copy};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Stdio};

use crate::program::rolecall;
use crate::support::{Client, TestDatabase, Wire, eventually, free_port, is_postgres, unique};

/// The program with its log in a file.
pub struct Logged {
    pub child: Child,
    log: PathBuf,
    out: BufReader<ChildStdout>,
    pub address: String,
}

impl Logged {
    fn start(database: &TestDatabase, environment: &[(&str, &str)]) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let log = scratch("log");
        let mut child = rolecall(database, &["serve", "--listen", &address])
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            log,
            out,
            address,
        }
    }

    /// One that answers.
    pub fn serving(database: &TestDatabase, environment: &[(&str, &str)]) -> Self {
        let mut logged = Self::start(database, environment);
        logged.serves();
        logged
    }

    #[track_caller]
    fn serves(&mut self) {
        let mut first = String::new();
        self.out.read_line(&mut first).unwrap();
        assert!(first.contains(&self.address), "{first}{}", self.log());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub fn signal(&self, signal: &str) {
        let process = self.child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args([signal, &process])
            .status();
        assert!(sent.unwrap().success());
    }

    fn health(&self) -> u16 {
        Client::new(&format!("http://{}", self.address), None)
            .get("/health")
            .status
    }

    /// Waits for the end; the exit code.
    pub fn code(&mut self) -> Option<i32> {
        let mut code = None;
        eventually("it has ended", || {
            code = self.child.try_wait().unwrap();
            code.is_some()
        });
        code.unwrap().code()
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.log);
    }
}

/// A file of this test alone: each runs in a process of its own, or beside others in one.
fn scratch(kind: &str) -> PathBuf {
    let name = unique(&format!("rolecall_{kind}_{}_", std::process::id()));
    std::env::temp_dir().join(name)
}

/// So that nothing but a second signal ends what has begun.
const PATIENT: &[(&str, &str)] = &[
    ("ROLECALL_SHUTDOWN_SECONDS", "3600"),
    ("ROLECALL_LIMIT_BODY_SECONDS", "3600"),
    ("ROLECALL_LIMIT_BODY_STALL_SECONDS", "3600"),
];

/// A request whose body never comes.
fn half_sent(address: &str) -> Wire {
    let mut wire = Wire::to(address);
    assert!(wire.send(format!(
        "POST /auth HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\nExpect: 100-continue\r\n\r\n"
    )));
    // From now on it is in flight.
    assert_eq!(wire.answer().status, 100);
    wire
}

#[test]
fn a_second_signal_ends_the_program_at_once_with_its_code() {
    for (first, second, code) in [
        ("-INT", "-INT", 130),
        ("-TERM", "-TERM", 143),
        ("-TERM", "-INT", 130),
    ] {
        let database = TestDatabase::create();
        let mut program = Logged::serving(&database, PATIENT);
        let _half = half_sent(&program.address);
        program.signal(first);
        eventually("it has begun to stop", || {
            program.log().contains("shutting down")
        });
        assert!(program.child.try_wait().unwrap().is_none(), "{first} waits");
        program.signal(second);
        assert_eq!(program.code(), Some(code), "{first} {second}");
    }
}

#[test]
fn one_signal_lets_it_end_in_order() {
    for signal in ["-INT", "-TERM"] {
        let database = TestDatabase::create();
        let mut program = Logged::serving(&database, &[]);
        program.signal(signal);
        assert_eq!(program.code(), Some(0), "{signal}: {}", program.log());
    }
}

#[test]
fn a_hang_up_is_logged_and_changes_nothing() {
    let database = TestDatabase::create();
    let mut program = Logged::serving(&database, &[]);
    program.signal("-HUP");
    eventually("it is logged", || program.log().contains("SIGHUP"));
    assert_eq!(program.health(), 200);
    program.signal("-TERM");
    assert_eq!(program.code(), Some(0));
}

/// Stands where the server should be, and leads there.
fn lead(port: u16, to: &str) {
    let to = to.to_owned();
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(&to).unwrap());
            let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
            for (mut from, mut into) in [(client, server), back] {
                std::thread::spawn(move || copy(&mut from, &mut into));
            }
        }
    });
}

/// The same database at another port, and the place of the server.
fn elsewhere(database: &TestDatabase, port: u16) -> (String, String) {
    let address = database.address();
    let (head, rest) = address.rsplit_once('@').unwrap();
    let (place, name) = rest.split_once('/').unwrap();
    (format!("{head}@127.0.0.1:{port}/{name}"), place.to_owned())
}

#[test]
fn a_start_waits_for_postgresql() {
    if !is_postgres() {
        return;
    }
    let database = TestDatabase::create();
    let port = free_port();
    let (address, server) = elsewhere(&database, port);
    let mut program = Logged::start(&database, &[("DATABASE_URL", &address)]);
    eventually("it waits", || program.log().contains("waiting up to 30 s"));
    lead(port, &server);
    program.serves();
    assert_eq!(program.health(), 200);
    assert_eq!(
        program.log().matches("waiting up to").count(),
        1,
        "{}",
        program.log()
    );
}

#[test]
fn a_signal_ends_a_start_that_waits() {
    let database = TestDatabase::create();
    let nowhere = format!("postgres://me@127.0.0.1:{}/people", free_port());
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let mut program = Logged::start(&database, &[("DATABASE_URL", &nowhere)]);
        eventually("it waits", || program.log().contains("waiting up to"));
        program.signal("-HUP");
        program.signal(signal);
        assert_eq!(program.code(), Some(code), "{}", program.log());
    }
}

#[test]
fn a_start_that_waited_in_vain_says_so_in_one_sentence_and_commands_do_not_wait() {
    let database = TestDatabase::create();
    let nowhere = format!("postgres://me@127.0.0.1:{}/people", free_port());
    for (seconds, lines) in [("0", 1), ("1", 2)] {
        let environment = [
            ("DATABASE_URL", nowhere.as_str()),
            ("ROLECALL_DATABASE_START_WAIT_SECONDS", seconds),
        ];
        let mut program = Logged::start(&database, &environment);
        assert_eq!(program.code(), Some(1));
        let log = program.log();
        assert_eq!(log.lines().count(), lines, "{log}");
        let sentence = log.lines().last().unwrap();
        let why = format!("no connection in {seconds} s (database.start_wait_seconds)");
        assert!(sentence.contains(&why), "{log}");
    }
    for command in [&["user", "list"][..], &["migrate"], &["export"]] {
        let output = rolecall(&database, command)
            .env("DATABASE_URL", &nowhere)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            !said.contains("waiting") && said.lines().count() == 1,
            "{said}"
        );
    }
}

#[test]
fn what_does_not_pass_is_not_waited_for() {
    if !is_postgres() {
        return;
    }
    let database = TestDatabase::create();
    let address = format!("{}_of_nobody", database.address());
    let mut program = Logged::start(&database, &[("DATABASE_URL", &address)]);
    assert_eq!(program.code(), Some(1));
    let log = program.log();
    assert!(
        log.contains("does not exist") && log.lines().count() == 1,
        "{log}"
    );
}

#[test]
fn administrators_whom_nobody_lets_in_are_reported() {
    let database = TestDatabase::create();
    let is_reported = || {
        let program = Logged::serving(&database, &[]);
        program.log().contains("no administrator can sign in")
    };
    let row = scratch("row");
    std::fs::write(&row, r#"{"username": "calvin"}"#).unwrap();
    let import = [
        "import",
        row.to_str().unwrap(),
        "--kind",
        "users",
        "--format",
        "ndjson",
    ];
    let run = |arguments: &[&str]| {
        let output = rolecall(&database, arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?} {output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let said = run(&import);
    assert!(said.contains("Nobody is an administrator yet"), "{said}");
    run(&["user", "grant", "calvin", "admin"]);
    let said = run(&import[..]
        .iter()
        .copied()
        .chain(["--upsert-by", "username"])
        .collect::<Vec<_>>());
    assert!(said.contains("no administrator can sign in"), "{said}");
    assert!(is_reported());
    // A token for all that they may is a way in, one for less is none.
    run(&[
        "token",
        "create",
        "calvin",
        "--name",
        "less",
        "--scope",
        "users:read",
    ]);
    assert!(is_reported());
    run(&["token", "create", "calvin", "--name", "all"]);
    assert!(!is_reported());
    database.execute("DELETE FROM tokens");
    assert!(is_reported());
    run(&["user", "password", "calvin"]);
    assert!(!is_reported());
    let _ = std::fs::remove_file(row);
}

#[test]
fn a_database_that_is_gone_leaves_a_line_a_second_of_each_kind() {
    if !is_postgres() {
        return;
    }
    let database = TestDatabase::create();
    let cluster = crate::support::Cluster::start();
    let mail = [
        ("DATABASE_URL", cluster.address.as_str()),
        ("ROLECALL_MAIL_SMTP_URL", "smtp://127.0.0.1:1"),
        ("ROLECALL_MAIL_FROM", "people@example.org"),
        ("ROLECALL_MAIL_POLL_MS", "10"),
        ("ROLECALL_LIMIT_ENDED_GRANTS_SECONDS", "1"),
    ];
    let program = Logged::serving(&database, &mail);
    let before = program.log().lines().count();
    let began = std::time::Instant::now();
    cluster.halt();
    for _ in 0..500 {
        assert_ne!(program.health(), 0);
    }
    eventually("the mails wait", || {
        program.log().contains("could not send mails")
    });
    let lines = program.log().lines().count() - before;
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap() + 1;
    // Of some kinds three at once, and then one each.
    assert!(
        lines <= 8 * (3 + seconds),
        "{lines} lines in {seconds} s\n{}",
        program.log()
    );
}
