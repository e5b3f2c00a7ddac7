//! `rolecall mail`, and a server that wants TLS and a password.

use std::path::PathBuf;
use std::process::{Command, Output};

use super::make;
use crate::program::{Running, rolecall};
use crate::support::{Sink, TestDatabase};

fn complaint(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rolecall-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn mail_test(database: &TestDatabase, url: &str) -> Command {
    let mut command = rolecall(database, &["mail", "test", "calvin@example.org"]);
    command
        .env("ROLECALL_MAIL_SMTP_URL", url)
        .env("ROLECALL_MAIL_FROM", "People <people@example.org>");
    command
}

#[test]
fn a_test_mail_goes_out_by_starttls_and_with_a_password() {
    let (database, folder) = (TestDatabase::create(), Folder::new("tls"));
    let path = folder.0.display().to_string();
    let sink = Sink::start(&["--tls", &path, "--login", "people:hun@ter2"]);
    let url = |password: &str| {
        format!(
            "smtp://people:{password}@localhost:{}?tls=required",
            sink.port
        )
    };
    let trusting = |url: &str| {
        mail_test(&database, url)
            .env("SSL_CERT_FILE", folder.0.join("authority.pem"))
            .output()
            .unwrap()
    };
    let output = trusting(&url("hun%40ter2"));
    assert!(output.status.success(), "{}", complaint(&output));
    let mail = sink.next();
    assert_eq!(mail.said["tls"], true);
    assert_eq!(mail.said["user"], "people");
    assert_eq!(mail.header("Subject"), "rolecall: a test");
    // A wrong password is told, but not repeated, even where the server does.
    let output = trusting(&url("wr0ng-pass"));
    let text = complaint(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("signing in") && text.contains("535"),
        "{text}"
    );
    assert!(
        text.matches("[secret]").count() == 2 && !text.contains("wr0ng-pass"),
        "{text}"
    );
    // A certificate of nobody's.
    let output = mail_test(&database, &url("hun%40ter2")).output().unwrap();
    let text = complaint(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("STARTTLS") && text.contains("certificate"),
        "{text}"
    );
    assert_eq!(sink.finish().len(), 0);
}

#[test]
fn a_server_without_tls_gets_no_mail_that_requires_it() {
    let database = TestDatabase::create();
    let sink = Sink::start(&[]);
    let url = format!("smtp://127.0.0.1:{}?tls=required", sink.port);
    let output = mail_test(&database, &url).output().unwrap();
    let text = complaint(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("STARTTLS is not supported"), "{text}");
    let url = format!("smtp://127.0.0.1:{}?tls=opportunistic", sink.port);
    let output = mail_test(&database, &url).output().unwrap();
    assert!(output.status.success(), "{}", complaint(&output));
    assert_eq!(sink.next().said["tls"], false);
}

#[test]
fn a_test_without_a_server_or_an_address_is_wrong_usage() {
    let database = TestDatabase::create();
    let output = rolecall(&database, &["mail", "test", "calvin@example.org"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
    assert!(complaint(&output).contains("mail.smtp_url"));
    let output = rolecall(&database, &["mail", "test", "calvin"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
}

#[test]
fn the_status_counts_mails() {
    let database = TestDatabase::create();
    let made = rolecall(&database, &["migrate"]).output().unwrap();
    assert!(made.status.success());
    let output = rolecall(&database, &["mail", "status"]).output().unwrap();
    assert!(output.status.success(), "{}", complaint(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text, "waiting\t0\nsending\t0\nsent\t0\nfailed\t0\n");
}

#[test]
fn a_mail_that_a_killed_program_was_sending_is_not_sent_again() {
    let database = TestDatabase::create();
    let sink = Sink::start(&["--stall"]);
    let url = format!("smtp://127.0.0.1:{}", sink.port);
    let environment = [
        ("ROLECALL_MAIL_SMTP_URL", url.as_str()),
        ("ROLECALL_MAIL_FROM", "people@example.org"),
        ("ROLECALL_MAIL_POLL_MS", "10"),
        ("ROLECALL_SHUTDOWN_SECONDS", "1"),
    ];
    let first = Running::with(&database, &environment);
    make(&first.admin(), "calvin");
    assert_eq!(sink.next().to, ["calvin@example.org"]);
    first.signal("-9");
    drop(first);
    let mut second = Running::with(&database, &environment);
    make(&second.admin(), "hobbes");
    assert_eq!(sink.next().to, ["hobbes@example.org"]);
    // A server that never answers does not keep the program from ending.
    second.signal("-TERM");
    assert!(second.child.wait().unwrap().success());
    let status = rolecall(&database, &["mail", "status"]).output().unwrap();
    let text = String::from_utf8(status.stdout).unwrap();
    assert_eq!(text, "waiting\t0\nsending\t2\nsent\t0\nfailed\t0\n");
    assert_eq!(sink.finish().len(), 0);
}
