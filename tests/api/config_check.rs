//! `rolecall config check`: everything that is wrong, at once.

use std::fs;

use crate::program::rolecall;
use crate::support::{Sink, Slapd, TestDatabase, TestFolder, a_person};

/// Exit code, output and complaint.
fn check(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let database = TestDatabase::create();
    check_with(&database, arguments, environment)
}

fn check_with(
    database: &TestDatabase,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> (Option<i32>, String, String) {
    let arguments: Vec<&str> = ["config", "check"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    let output = rolecall(database, &arguments)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn settings_that_are_right_are_said_to_be() {
    let (code, out, complaint) = check(&[], &[]);
    assert_eq!((code, complaint.as_str()), (Some(0), ""));
    assert_eq!(out, "The settings are right.\n");
}

#[test]
fn every_problem_is_a_line() {
    let folder = TestFolder::create();
    let file = folder.path().join("rolecall.toml");
    let text = "[server]\nlistn = \"127.0.0.1:1\"\nworkers = \"many\"\n\
        [cookies]\nsize = 1\n[limits]\npage_size_default = 500\npage_size_max = 50\n\
        [mail]\nsmtp_url = \"smtp://localhost\"\n[ldap]\nenabled = true\n\
        ca_file = \"/nowhere/ca.pem\"\n";
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let (code, out, complaint) = check(
        &["--connect"],
        &[
            ("ROLECALL_CONFIG", file),
            ("ROLECALL_LISTNE", "x"),
            ("ROLECALL_SURFACES", "prp"),
            ("ROLECALL_TLS_CERTIFICATE", "/nowhere/certificate.pem"),
        ],
    );
    assert_eq!(code, Some(1), "{out}{complaint}");
    let mut lines: Vec<String> = out.lines().map(|line| line.replace(file, "FILE")).collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "FILE, server.workers: must be a whole number",
            "FILE: there is no section `cookies`",
            "FILE: there is no setting `server.listn`; did you mean `server.listen`?",
            "ROLECALL_LISTNE: there is no setting of this name; did you mean `ROLECALL_LISTEN`?",
            "ROLECALL_SURFACES: must contain native: callers sign in by it",
            "ldap.ca_file: /nowhere/ca.pem cannot be read (No such file or directory (os error 2))",
            "ldap.url: is needed with ldap.enabled",
            "limits.page_size_default: 500 is more than limits.page_size_max allows (50)",
            "mail.from: is needed with mail.smtp_url",
            "server.tls_certificate: /nowhere/certificate.pem cannot be read (No such file or directory (os error 2))",
            "server.tls_key: is needed with server.tls_certificate",
        ]
    );
    assert_eq!(complaint, "rolecall: 11 problems; nothing was tried\n");
}

#[test]
fn a_value_that_cannot_be_read_contradicts_nothing() {
    let (code, out, _) = check(
        &[],
        &[
            ("ROLECALL_MAIL_SMTP_URL", "smtp://localhost"),
            ("ROLECALL_MAIL_FROM", "nobody at all"),
        ],
    );
    assert_eq!(code, Some(1));
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(out.starts_with("ROLECALL_MAIL_FROM: "), "{out}");
}

#[test]
fn a_file_that_is_no_toml_is_a_line_beside_the_others() {
    let folder = TestFolder::create();
    let file = folder.path().join("rolecall.toml");
    fs::write(&file, "[server\n").unwrap();
    let environment = [
        ("ROLECALL_CONFIG", file.to_str().unwrap()),
        ("ROLECALL_WORKERS", "many"),
    ];
    let (code, out, _) = check(&[], &environment);
    assert_eq!(code, Some(1));
    assert_eq!(out.lines().count(), 2, "{out}");
}

/// The lines of what was tried, without what it says of them.
fn results(out: &str) -> Vec<(&str, &str)> {
    let lines = out.lines().skip(1);
    lines
        .filter_map(|line| {
            let mut cells = line.split('\t');
            Some((cells.next()?, cells.next()?))
        })
        .collect()
}

#[test]
fn connecting_tries_each_part_and_changes_no_table() {
    let folder = TestFolder::create();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let slapd = Slapd::with(&[a_person("calvin")]);
    let sink = Sink::start(&[]);
    let url = format!("smtp://localhost:{}", sink.port);
    let ldap = slapd.environment();
    let mut environment: Vec<(&str, &str)> = ldap
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    environment.extend([
        ("ROLECALL_TLS_CERTIFICATE", certificate.to_str().unwrap()),
        ("ROLECALL_TLS_KEY", key.to_str().unwrap()),
        ("ROLECALL_MAIL_SMTP_URL", &url),
        ("ROLECALL_MAIL_FROM", "people@example.org"),
    ]);
    let database = TestDatabase::create();
    let (code, out, complaint) = check_with(&database, &["--connect"], &environment);
    assert_eq!((code, complaint.as_str()), (Some(0), ""), "{out}");
    assert_eq!(
        results(&out),
        [
            ("certificate", "right"),
            ("database", "right"),
            ("replica", "off"),
            ("ldap", "right"),
            ("mail", "right"),
        ]
    );
    assert!(out.contains(" migrations to apply"), "{out}");
    let (_, again, _) = check_with(&database, &["--connect"], &environment);
    assert_eq!(again, out, "nothing was made");
    assert!(
        rolecall(&database, &["migrate"])
            .status()
            .unwrap()
            .success()
    );
    let (_, out, _) = check_with(&database, &["--connect"], &environment);
    assert!(out.contains("is up to date"), "{out}");
}

#[test]
fn connecting_tells_what_fails_and_goes_on() {
    let folder = TestFolder::create();
    let one = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    fs::write(&certificate, one.cert.pem()).unwrap();
    fs::write(&key, other.signing_key.serialize_pem()).unwrap();
    let database = format!(
        "postgres://me:hunter2@127.0.0.1:{}/people",
        crate::support::free_port()
    );
    let smtp = format!("smtp://127.0.0.1:{}", crate::support::free_port());
    let ldap = format!("ldap://127.0.0.1:{}", crate::support::free_port());
    let (code, out, complaint) = check(
        &["--connect"],
        &[
            ("ROLECALL_TLS_CERTIFICATE", certificate.to_str().unwrap()),
            ("ROLECALL_TLS_KEY", key.to_str().unwrap()),
            ("DATABASE_URL", &database),
            ("ROLECALL_MAIL_SMTP_URL", &smtp),
            ("ROLECALL_MAIL_FROM", "people@example.org"),
            ("ROLECALL_LDAP_ENABLED", "true"),
            ("ROLECALL_LDAP_URL", &ldap),
            ("ROLECALL_LDAP_BASE_DN", "dc=example,dc=org"),
        ],
    );
    assert_eq!(code, Some(1));
    assert_eq!(
        results(&out),
        [
            ("certificate", "failed"),
            ("database", "failed"),
            ("replica", "off"),
            ("ldap", "failed"),
            ("mail", "failed"),
        ]
    );
    assert_eq!(complaint, "rolecall: 4 parts cannot be used\n");
    assert!(!out.contains("hunter2"), "{out}");
}
