//! What the result codes of a server mean for who signs in.

use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;

use super::scripted::{Script, Scripted};
use super::{grant, id_of, own, program, run};
use crate::support::{Answer, Slapd, TULIP, TestApp, TestDatabase, a_person, at};

fn asking(server: &Scripted) -> TestApp {
    TestApp::with(|settings| {
        at(&server.url, settings);
        settings.ldap.failures = 2;
        settings.ldap.pause_seconds = 30;
    })
}

/// A server that knows Calvin, and answers wrong passwords as servers do.
fn a_server() -> Scripted {
    Scripted::start(Script {
        wrong: (49, String::new()),
        entry: vec![("uid", b"calvin".to_vec())],
        ..Script::default()
    })
}

fn guess(app: &TestApp, password: &str) -> Answer {
    app.basic("calvin", password).get("/home")
}

#[test]
fn a_word_about_the_user_is_a_wrong_password_and_no_failure_of_the_server() {
    let server = a_server();
    let app = asking(&server);
    for code in [19, 32, 48, 49, 50, 53] {
        server.changes(|script| script.right = (code, "no".into()));
        for _ in 0..3 {
            guess(&app, TULIP).expect(401);
            app.advance(600);
        }
    }
    server.changes(|script| script.right = (0, String::new()));
    guess(&app, TULIP).expect(200);
}

#[test]
fn what_active_directory_says_of_an_account_is_a_refusal_too() {
    let server = a_server();
    let app = asking(&server);
    for data in ["52e", "530", "532", "533", "701", "773", "775"] {
        let text = format!(
            "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {data}, v4563"
        );
        server.changes(|script| script.right = (49, text));
        let answer = grant(&app, "calvin", TULIP).expect(401);
        assert!(!answer.text.contains("AcceptSecurity"), "{}", answer.text);
        app.advance(600);
    }
}

/// A 503; after how many seconds to come again.
#[track_caller]
fn waits(answer: &Answer) -> String {
    assert_eq!(answer.status, 503, "{}", answer.text);
    answer.header("retry-after").unwrap().to_owned()
}

#[test]
fn a_fault_of_the_configuration_is_no_wrong_password_and_the_server_is_not_left_alone() {
    for code in [1, 2, 7, 8, 10, 11, 13, 34] {
        let server = a_server();
        let app = asking(&server);
        for _ in 0..4 {
            server.changes(|script| script.right = (code, "not so".into()));
            assert_eq!(waits(&guess(&app, TULIP)), "1", "{code}");
            server.changes(|script| {
                script.right = (0, String::new());
                script.service = (code, "not so".into());
            });
            assert_eq!(waits(&guess(&app, TULIP)), "1", "{code}");
            server.changes(|script| {
                script.service = (0, String::new());
                script.search = code;
            });
            assert_eq!(waits(&guess(&app, TULIP)), "1", "{code}");
            server.changes(|script| script.search = 0);
        }
        guess(&app, TULIP).expect(200);
    }
}

#[test]
fn what_concerns_a_user_s_bind_alone_is_a_fault_where_the_service_binds_or_searches() {
    for code in [48, 49, 50, 53] {
        let server = a_server();
        let app = asking(&server);
        server.changes(|script| script.service = (code, String::new()));
        for _ in 0..4 {
            assert_eq!(waits(&guess(&app, TULIP)), "1", "{code}");
        }
        server.changes(|script| {
            script.service = (0, String::new());
            script.search = code;
        });
        assert_eq!(waits(&guess(&app, TULIP)), "1", "{code}");
    }
}

#[test]
fn a_server_that_is_busy_or_away_is_left_alone_for_a_while() {
    for code in [3, 51, 52, 80] {
        let server = a_server();
        let app = asking(&server);
        server.changes(|script| script.right = (code, "later".into()));
        assert_eq!(waits(&guess(&app, TULIP)), "1", "{code}");
        assert_eq!(waits(&guess(&app, TULIP)), "30", "{code}");
        server.changes(|script| script.right = (0, String::new()));
        assert_eq!(waits(&guess(&app, TULIP)), "30", "{code}");
        assert_eq!(server.guesses.load(Ordering::SeqCst), 2, "{code}");
        app.advance(30);
        guess(&app, TULIP).expect(200);
    }
}

#[test]
fn wrong_passwords_never_stop_the_others() {
    let server = a_server();
    let app = asking(&server);
    for number in 0..4 {
        app.basic(&format!("nobody{number}"), "roses")
            .get("/home")
            .expect(401);
    }
    guess(&app, TULIP).expect(200);
}

#[test]
fn a_server_that_wants_tls_for_passwords_is_a_fault_that_the_check_names() {
    let slapd = Slapd::configured(&[a_person("calvin")], "");
    // The same, but without a password in the clear.
    let strict = Slapd::configured(
        &[a_person("calvin")],
        "security simple_bind=128\naccess to * by * read",
    );
    let app = super::asking(&strict);
    for _ in 0..4 {
        let answer = grant(&app, "calvin", TULIP);
        assert_eq!(waits(&answer), "1");
        assert!(!answer.text.contains("TLS"), "{}", answer.text);
    }
    let database = TestDatabase::migrated();
    run(&mut program(&strict, &database, &["migrate"]));
    let (output, _, told) = run(&mut program(&strict, &database, &["ldap", "check"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(told.starts_with("rolecall: bind: "), "{told}");
    assert!(told.contains("ldap.start_tls"), "{told}");
    let mut encrypted = program(&strict, &database, &["ldap", "check"]);
    encrypted
        .env("ROLECALL_LDAP_START_TLS", "true")
        .env("ROLECALL_LDAP_CA_FILE", strict.ca_file())
        .env(
            "ROLECALL_LDAP_URL",
            strict.url().replace("127.0.0.1", "localhost"),
        );
    let (output, _, told) = run(&mut encrypted);
    assert!(output.status.success(), "{told}");
    let (output, _, told) = run(&mut program(&slapd, &database, &["ldap", "check"]));
    assert!(output.status.success(), "{told}");
}

#[test]
fn the_check_finds_a_server_that_refuses_the_passwords_of_users_alone() {
    let server = a_server();
    let database = TestDatabase::migrated();
    run(&mut crate::program::rolecall(&database, &["migrate"]));
    let check = || {
        let mut command = crate::program::rolecall(&database, &["ldap", "check"]);
        command.envs([
            ("ROLECALL_LDAP_ENABLED", "true"),
            ("ROLECALL_LDAP_URL", server.url.as_str()),
            ("ROLECALL_LDAP_BASE_DN", "dc=example,dc=org"),
            ("ROLECALL_LDAP_BIND_DN", "cn=reader,dc=example,dc=org"),
            (
                "ROLECALL_LDAP_BIND_PASSWORD",
                crate::support::READER_PASSWORD,
            ),
        ]);
        run(&mut command)
    };
    let (output, _, told) = check();
    assert!(output.status.success(), "{told}");
    server.changes(|script| script.wrong = (13, "confidentiality required".into()));
    let (output, _, told) = check();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.starts_with("rolecall: passwords: "), "{told}");
    assert!(told.contains("ldap.start_tls"), "{told}");
    server.changes(|script| script.wrong = (0, String::new()));
    let (_, _, told) = check();
    assert!(told.contains("who does not exist"), "{told}");
}

#[test]
fn guesses_that_come_at_once_are_paid_for_before_ldap_is_asked() {
    let server = a_server();
    let app = TestApp::with(|settings| {
        at(&server.url, settings);
        settings.auth.sign_in_attempts = 3;
    });
    // Nobody is answered while this is held.
    let held = server.script.lock().unwrap();
    let (sender, answers) = channel();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (app, sender) = (&app, sender.clone());
            scope.spawn(move || {
                let answer = guess(app, &format!("guess number {number}"));
                sender.send(answer.status).unwrap();
            });
        }
        // Who may not guess hears so though LDAP has not answered anybody.
        for _ in 0..5 {
            assert_eq!(answers.recv().unwrap(), 429);
        }
        drop(held);
        for _ in 0..3 {
            assert_eq!(answers.recv().unwrap(), 401);
        }
    });
    assert_eq!(server.guesses.load(Ordering::SeqCst), 3);
    guess(&app, TULIP).expect(429);
}

#[test]
fn a_guid_of_active_directory_tells_who_somebody_is() {
    let server = a_server();
    let app = asking(&server);
    // Bytes that are no text, and bytes that happen to be some.
    for guid in [[0xff; 16], *b"0123456789abcdef"] {
        let entry = |name: &str| vec![("uid", name.into()), ("objectGUID", guid.to_vec())];
        let [old, new] = ["old", "new"].map(|name| format!("{name}{}", guid[0]));
        server.changes(|script| script.entry = entry(&old));
        assert_eq!(own(&app.basic(&old, TULIP))["username"], old);
        let id = id_of(&app, &old);
        server.changes(|script| script.entry = entry(&new));
        assert_eq!(own(&app.basic(&new, TULIP))["username"], new);
        assert_eq!(id_of(&app, &new), id);
    }
}
