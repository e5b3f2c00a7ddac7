//! Addresses with letters beyond ASCII.

use serde_json::json;

use super::{by, sending_to, settled};
use crate::support::{Sink, TestApp, a_new};

#[track_caller]
fn write_to(app: &TestApp, email: &str) {
    let attributes = json!({"username": "elsa", "email": email, "password": "a long password"});
    app.admin()
        .post("/users", &a_new("users", attributes))
        .expect(201);
}

#[test]
fn an_international_domain_goes_in_ascii_to_a_server_of_the_older_protocol() {
    for (email, wanted) in [
        ("e@münchen.de", "e@xn--mnchen-3ya.de"),
        ("e@post.bücher.example", "e@post.xn--bcher-kva.example"),
        ("e@हिन्दी.भारत", "e@xn--j2bd4cyah0f.xn--h2brj9c"),
    ] {
        let sink = Sink::start(&["--ascii"]);
        let app = sending_to(&sink);
        write_to(&app, email);
        let mail = sink.next();
        assert_eq!(mail.to, [wanted]);
        assert_eq!(mail.header("To"), wanted);
        assert!(mail.data.is_ascii(), "{}", mail.data);
        settled(&app, 0, 1, 0);
    }
}

#[test]
fn so_does_the_domain_that_mails_come_from() {
    let sink = Sink::start(&["--ascii"]);
    let app = TestApp::with(|settings| {
        by(sink.port)(settings);
        if let Some(from) = &mut settings.mail.from {
            from.name = Some("Bücherei".into());
            from.address = "people@bücher.example".into();
        }
    });
    write_to(&app, "e@example.org");
    let mail = sink.next();
    assert_eq!(mail.said["from"], "people@xn--bcher-kva.example");
    let from = mail.header("From");
    assert!(from.ends_with("<people@xn--bcher-kva.example>"), "{from}");
    let id = mail.header("Message-ID");
    assert!(id.ends_with("@xn--bcher-kva.example>"), "{id}");
    assert!(mail.data.is_ascii(), "{}", mail.data);
    settled(&app, 0, 1, 0);
}

#[test]
fn a_server_that_takes_all_letters_gets_them() {
    let sink = Sink::start(&[]);
    let app = sending_to(&sink);
    write_to(&app, "jörg@münchen.de");
    assert_eq!(sink.next().to, ["jörg@münchen.de"]);
    settled(&app, 0, 1, 0);
}

#[test]
fn a_name_beyond_ascii_has_no_form_for_the_older_protocol() {
    let sink = Sink::start(&["--ascii"]);
    let app = sending_to(&sink);
    write_to(&app, "jörg@münchen.de");
    let error = settled(&app, 0, 0, 1).last_error.unwrap();
    assert!(error.contains("non-ASCII"), "{error}");
    assert_eq!(sink.finish().len(), 0);
}
