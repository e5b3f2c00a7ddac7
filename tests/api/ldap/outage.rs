//! LDAP is down, or slow: external users hear so, and nobody else notices.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};

use rolecall::config::Settings;

use super::{as_calvin, company, forget, grant};
use crate::support::{
    ADMIN_PASSWORD, Slapd, TULIP, TestApp, a_person, a_user, at, eventually, free_port,
};

/// A server that takes connections and says nothing, until they are hung up.
struct Silent {
    url: String,
    connections: Receiver<TcpStream>,
}

impl Silent {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ldap://{}", listener.local_addr().unwrap());
        let (sender, connections) = channel();
        std::thread::spawn(move || {
            let came = listener.incoming().map_while(Result::ok);
            came.map_while(|connection| sender.send(connection).ok())
                .for_each(drop);
        });
        Self { url, connections }
    }

    /// The next one who waits for an answer.
    fn next(&self) -> TcpStream {
        let mut connection = self.connections.recv().unwrap();
        let mut byte = [0];
        connection.read_exact(&mut byte).unwrap();
        connection
    }
}

/// Asks a server for as long as it takes.
fn patient(url: &str) -> impl FnOnce(&mut Settings) {
    let url = url.to_owned();
    move |settings| {
        at(&url, settings);
        settings.ldap.timeout_ms = 60_000;
        settings.ldap.connect_timeout_ms = 60_000;
    }
}

#[test]
fn while_ldap_is_down_external_users_are_told_to_come_again_and_internal_ones_come_in() {
    let (mut slapd, app) = company(&[a_person("calvin")]);
    let internal = a_user().with_password().create(&app);
    slapd.stop();
    for name in ["calvin", "nobody"] {
        let answer = grant(&app, name, TULIP).expect(503);
        assert_eq!(answer.errors()[0]["code"], "passwords_unreachable");
        assert!(answer.header("retry-after").is_some());
        app.basic(name, TULIP).get("/home").expect(503);
    }
    let client = app.basic(&internal.username, ADMIN_PASSWORD);
    client.get("/home").expect(200);
    app.basic(&internal.username, "roses")
        .get("/home")
        .expect(401);
    slapd.start();
    app.advance(10);
    as_calvin(&app).get("/home").expect(200);
}

#[test]
fn a_server_that_comes_back_between_two_sign_ins_is_not_noticed() {
    let (mut slapd, app) = company(&[a_person("calvin")]);
    as_calvin(&app).get("/home").expect(200);
    slapd.stop();
    slapd.start();
    forget(&app);
    as_calvin(&app).get("/home").expect(200);
}

#[test]
fn a_silent_server_holds_up_no_internal_user() {
    let silent = Silent::start();
    let app = TestApp::with(patient(&silent.url));
    let internal = a_user().with_password().create(&app);
    let client = app.basic(&internal.username, ADMIN_PASSWORD);
    let is_answered = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // As many as may be inside at once, on two workers.
        let (app, is_answered) = (&app, &is_answered);
        let waiting: Vec<_> = (0..4)
            .map(|number| {
                // Of others: the same password at the same time is asked about once.
                let other = app.basic(&format!("tiger{number}"), TULIP);
                scope.spawn(move || {
                    let status = other.get("/home").status;
                    is_answered.store(true, Ordering::SeqCst);
                    status
                })
            })
            .collect();
        let held: Vec<TcpStream> = waiting.iter().map(|_| silent.next()).collect();
        for _ in 0..20 {
            client.get("/home").expect(200);
            grant(app, &internal.username, ADMIN_PASSWORD).expect(200);
        }
        assert!(!is_answered.load(Ordering::SeqCst));
        drop(held);
        for thread in waiting {
            assert_eq!(thread.join().unwrap(), 503);
        }
    });
}

#[test]
fn whoever_finds_no_place_and_no_queue_is_told_at_once() {
    let silent = Silent::start();
    let app = TestApp::with(|settings| {
        patient(&silent.url)(settings);
        settings.ldap.connections = 1;
        settings.ldap.queue = 0;
    });
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| as_calvin(&app).get("/home").status);
        let held = silent.next();
        app.basic("hobbes", TULIP).get("/home").expect(503);
        assert!(!waiting.is_finished());
        drop(held);
        assert_eq!(waiting.join().unwrap(), 503);
    });
}

#[test]
fn waiting_for_an_answer_has_an_end() {
    let silent = Silent::start();
    let app = TestApp::with(|settings| {
        at(&silent.url, settings);
        settings.ldap.timeout_ms = 50;
    });
    as_calvin(&app).get("/home").expect(503);
}

#[test]
fn waiting_for_tls_has_an_end_too() {
    let silent = Silent::start();
    let slapd = Slapd::with(&[]);
    let app = TestApp::with(|settings| {
        at(&silent.url, settings);
        settings.ldap.start_tls = true;
        settings.ldap.ca_file = Some(slapd.ca_file());
        settings.ldap.connect_timeout_ms = 50;
    });
    as_calvin(&app).get("/home").expect(503);
}

#[test]
fn a_server_that_fails_several_times_is_left_alone_for_a_while() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    let came = Arc::new(AtomicUsize::new(0));
    let counted = came.clone();
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            counted.fetch_add(1, Ordering::SeqCst);
            drop(connection);
        }
    });
    let app = TestApp::with(|settings| {
        at(&url, settings);
        settings.ldap.failures = 2;
        settings.ldap.pause_seconds = 30;
    });
    let tried = || {
        let answer = as_calvin(&app).get("/home").expect(503);
        answer.header("retry-after").unwrap().to_owned()
    };
    let mut waits = Vec::new();
    eventually("the pause begins", || {
        waits.push(tried());
        waits.last().unwrap() == "30"
    });
    assert_eq!(came.load(Ordering::SeqCst), 2);
    assert_eq!(tried(), "30");
    app.advance(29);
    assert_eq!(tried(), "1");
    assert_eq!(came.load(Ordering::SeqCst), 2);
    // After it the first failure begins the next.
    app.advance(1);
    assert_eq!(tried(), "30");
    assert_eq!(tried(), "30");
    assert_eq!(came.load(Ordering::SeqCst), 3);
}

#[test]
fn a_server_that_talks_nonsense_does_no_harm() {
    use std::io::Write;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let nonsense: [&[u8]; 4] = [
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            // An answer to message 1 that is no answer to a bind.
            b"\x30\x05\x02\x01\x01\x61\x00",
            b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x07\x02\x01\x01\x61\x02\x0a\x00",
        ];
        let mut nonsense = nonsense.iter().cycle();
        for mut connection in listener.incoming().map_while(Result::ok) {
            let _ = connection.read(&mut [0; 512]);
            let _ = connection.write_all(nonsense.next().unwrap());
        }
    });
    let app = TestApp::with(|settings| {
        at(&url, settings);
        settings.ldap.timeout_ms = 200;
        settings.ldap.failures = 1000;
    });
    for _ in 0..8 {
        as_calvin(&app).get("/home").expect(503);
    }
    app.admin().get("/home").expect(200);
}

#[test]
fn nothing_listens_at_all() {
    let port = free_port();
    let app = TestApp::with(|settings| at(&format!("ldap://127.0.0.1:{port}"), settings));
    as_calvin(&app).get("/home").expect(503);
    app.admin().get("/home").expect(200);
}

#[test]
fn a_wrong_password_of_the_service_is_an_outage_and_says_nothing_to_the_caller() {
    let slapd = Slapd::with(&[a_person("calvin")]);
    let app = super::asking_with(&slapd, |settings| {
        settings.ldap.bind_password = Some(rolecall::config::Secret::new("wrong"));
    });
    let answer = grant(&app, "calvin", TULIP).expect(503);
    assert!(!answer.text.contains("bind"), "{}", answer.text);
}
