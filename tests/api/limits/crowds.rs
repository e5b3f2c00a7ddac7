//! Many connections: those of one client are bounded, and nobody else notices.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use super::{ROUTES, is_healthy_for};
use crate::program::rolecall;
use crate::support::{TestApp, TestDatabase, Wire, eventually, free_port};

#[test]
fn an_address_has_so_many_connections_and_others_have_theirs() {
    let app = TestApp::with(|settings| settings.limits.connections_per_address = 2);
    let begun = || {
        let mut wire = Wire::from("127.0.0.2", app.address());
        assert!(wire.send("GET /health HTTP/1.1\r\nHost: rolecall\r\n\r\n"));
        assert_eq!(wire.answer().status, 200);
        wire
    };
    let held = [begun(), begun()];
    assert!(!is_healthy_for("127.0.0.2", app.address()));
    assert!(is_healthy_for("127.0.0.3", app.address()));
    drop(held);
    eventually("the connections are given back", || {
        is_healthy_for("127.0.0.2", app.address())
    });
}

#[test]
fn a_trusted_proxy_is_not_limited_but_each_client_behind_it_is() {
    let app = TestApp::with(|settings| {
        settings.limits.connections_per_address = 1;
        settings.limits.body_stall_seconds = 3600;
        settings.limits.body_seconds = 3600;
        settings.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    });
    let asked = |path: &str, client: &str| {
        let mut wire = Wire::from("127.0.0.1", app.address());
        assert!(wire.send(format!(
            "GET {path} HTTP/1.1\r\nHost: rolecall\r\nX-Forwarded-For: {client}\r\n\
             Connection: close\r\n\r\n"
        )));
        wire
    };
    let mut stalled = Wire::from("127.0.0.1", app.address());
    let headers = "X-Forwarded-For: 192.0.2.1\r\nContent-Length: 9\r\nExpect: 100-continue";
    assert!(stalled.send(ROUTES[0].head(&app, headers)));
    // From now on it is in flight.
    assert_eq!(stalled.answer().status, 100);
    for route in ROUTES {
        let answer = asked(route.path, "192.0.2.1").last_answer();
        assert_eq!(answer.status, 429, "{}", route.path);
        assert_eq!(answer.header("retry-after"), Some("1"), "{}", route.path);
        route.is_told(429, &answer.text());
    }
    assert_eq!(asked("/health", "192.0.2.2").last_answer().status, 200);
    drop(stalled);
    eventually("the request is given back", || {
        asked("/health", "192.0.2.1").last_answer().status == 200
    });
}

/// The program under a shell's limits, and what it says to standard error.
struct Limited {
    child: std::process::Child,
    log: BufReader<std::process::ChildStderr>,
    address: String,
}

impl Limited {
    fn start(database: &TestDatabase, limits: &str, environment: &[(&str, &str)]) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let program = rolecall(database, &["serve", "--listen", &address]);
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-c", &format!("{limits}; exec \"$@\""), "sh"])
            .arg(program.get_program())
            .args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let mut child = shell
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut first).unwrap();
        assert!(first.contains(&address), "{first}");
        let log = BufReader::new(child.stderr.take().unwrap());
        // Whatever it says later has a place to go.
        std::mem::forget(said);
        Self {
            child,
            log,
            address,
        }
    }

    /// Lowers or raises its limit of open files.
    fn may_open(&self, files: u64) {
        let process = i32::try_from(self.child.id()).unwrap();
        let limit = Some((files, 4096));
        rlimit::prlimit(process, rlimit::Resource::NOFILE, limit, None).unwrap();
    }

    /// Waits for a line with this word.
    fn logs(&mut self, word: &str) {
        let mut line = String::new();
        while !line.contains(word) {
            line.clear();
            assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "it ended");
        }
    }

    /// Ends it; all that it logged.
    fn logged(mut self) -> String {
        self.child.kill().unwrap();
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Connections that send a part of a request and nothing more.
fn stalled(address: &str, source: impl Fn(usize) -> String, number: usize) -> Vec<Wire> {
    let begun = (0..number).map(|place| {
        let mut wire = Wire::from(&source(place), address);
        let body = "POST /auth HTTP/1.1\r\nHost: rolecall\r\nContent-Length: 1000\r\n\r\n{";
        let headers = "GET /health HTTP/1.1\r\nHost:";
        wire.send([body, headers, ""][place % 3]);
        wire
    });
    begun.collect()
}

#[test]
fn two_thousand_stalled_sockets_of_one_address_keep_no_other_from_an_answer() {
    // The test itself holds them, too.
    let files = rlimit::increase_nofile_limit(8192).unwrap();
    assert!(files > 2500, "the tests need more open files: {files}");
    let database = TestDatabase::migrated();
    for limits in ["ulimit -n 1024", "ulimit -n 4096", "ulimit -Sn 256"] {
        let service = Limited::start(&database, limits, &[]);
        let crowd = stalled(&service.address, |_| "127.0.0.1".into(), 2000);
        for _ in 0..10 {
            assert!(is_healthy_for("127.0.0.2", &service.address), "{limits}");
        }
        drop(crowd);
        eventually("the first address is served again", || {
            is_healthy_for("127.0.0.1", &service.address)
        });
        let log = service.logged();
        // Not a line for each of them.
        assert!(log.lines().count() < 100, "{log}");
    }
}

#[test]
fn when_all_connections_are_taken_accepting_pauses_and_goes_on() {
    let app = TestApp::with(|settings| {
        settings.limits.connections = 16;
        settings.limits.header_seconds = 1;
        settings.limits.body_stall_seconds = 1;
    });
    // From many addresses, so that no other limit holds them off.
    let source = |place: usize| format!("127.0.1.{}", 1 + place % 200);
    let _crowd = stalled(app.address(), source, 60);
    assert!(is_healthy_for("127.0.0.1", app.address()));
}

#[test]
fn when_open_files_run_out_accepting_pauses_and_goes_on() {
    let database = TestDatabase::migrated();
    let mut service = Limited::start(&database, "ulimit -n 4096", &[]);
    assert!(is_healthy_for("127.0.0.1", &service.address));
    // Fewer than are open already.
    service.may_open(10);
    let mut wire = Wire::to(&service.address);
    assert!(wire.send("GET /health HTTP/1.1\r\nHost: rolecall\r\nConnection: close\r\n\r\n"));
    service.logs("accepting");
    service.may_open(4096);
    assert_eq!(wire.last_answer().status, 200);
    assert!(is_healthy_for("127.0.0.1", &service.address));
}

#[test]
fn the_limit_of_open_files_is_raised_and_told() {
    let database = TestDatabase::migrated();
    let service = Limited::start(&database, "ulimit -Sn 200; ulimit -Hn 3000", &[]);
    assert!(is_healthy_for("127.0.0.1", &service.address));
    let log = service.logged();
    let told = "raised the limit of open files from 200 to 3000";
    assert!(log.contains(told), "{log}");
}

#[test]
fn connections_leave_files_for_the_database_and_that_is_told() {
    let database = TestDatabase::migrated();
    let service = Limited::start(&database, "ulimit -n 1024", &[]);
    assert!(is_healthy_for("127.0.0.1", &service.address));
    let log = service.logged();
    assert!(
        log.contains("instead of limits.connections (10000)"),
        "{log}"
    );
}
