//! Memory that a load takes is given back after it.

#![cfg(target_os = "linux")]

use crate::program::{Running, rolecall};
use crate::support::{TestDatabase, Wire, eventually};

const MIB: usize = 1024 * 1024;

/// What the process has for itself, in MiB: not its program, nor the mapped file.
fn own_memory(program: &Running) -> u64 {
    let path = format!("/proc/{}/status", program.child.id());
    let status = std::fs::read_to_string(path).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("RssAnon:"))
        .unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1024
}

#[test]
fn what_checking_passwords_takes() {
    let database = TestDatabase::migrated();
    let program = Running::start(&database);
    program.admin().get("/users").expect(200);
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| program.client("nobody", "no such password").get("/users"));
        }
    });
    // One password alone takes 19 more than there is at the start.
    eventually("it is given back", || own_memory(&program) <= 24);
}

#[test]
fn what_request_bodies_take() {
    let database = TestDatabase::migrated();
    let memory = (1024 * MIB).to_string();
    let program = Running::with(&database, &[("ROLECALL_LIMIT_BODY_MEMORY_BYTES", &memory)]);
    let made = rolecall(&database, &["token", "create", "admin", "--name", "t"]).output();
    let token = String::from_utf8(made.unwrap().stdout).unwrap();
    let head = format!(
        "POST /users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/vnd.api+json\r\nContent-Length: {MIB}\r\n\r\n",
        token.trim()
    );
    let hold = || {
        let mut wire = Wire::to(&program.address);
        assert!(wire.send(&head) && wire.send(vec![b' '; MIB - 1]));
        wire
    };
    let holding: Vec<Wire> = (0..100).map(|_| hold()).collect();
    eventually("it is held", || own_memory(&program) > 90);
    drop(holding);
    // The program itself has some 30, and each worker's heap a little.
    eventually("it is given back", || own_memory(&program) <= 48);
}
