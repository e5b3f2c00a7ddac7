//! E-mails about accounts and roles.

mod letters;
mod notices;
mod program;
mod queueing;
mod sending;

use rolecall::config::{MailFrom, Settings, SmtpUrl};
use rolecall::directory::mail::{CountMail, MailCounts};
use serde_json::{Value, json};

use crate::support::{Client, Sink, TestApp, a_new, eventually};

/// Sends by the server at this port, and looks for what is due all the time.
pub fn by(port: u16) -> impl FnOnce(&mut Settings) {
    move |settings| {
        let mail = &mut settings.mail;
        mail.smtp_url = Some(SmtpUrl::parse(&format!("smtp://127.0.0.1:{port}")).unwrap());
        mail.from = Some(MailFrom {
            name: Some("People".into()),
            address: "people@example.org".into(),
        });
        mail.site_name = "People".into();
        mail.poll_ms = 10;
    }
}

fn sending_to(sink: &Sink) -> TestApp {
    TestApp::with(by(sink.port))
}

/// Only about these.
fn about(sink: &Sink, kinds: &str) -> TestApp {
    let mut all = Settings::default();
    let path = std::env::temp_dir().join(format!("rolecall-about-{}-{kinds}", std::process::id()));
    std::fs::write(
        &path,
        format!("[mail]\nabout = [\"{}\"]\n", kinds.replace(',', "\",\"")),
    )
    .unwrap();
    let loaded = Settings::load(Default::default(), &|_| None, Some(&path)).unwrap();
    std::fs::remove_file(&path).unwrap();
    all.mail.about = loaded.mail.about;
    let port = sink.port;
    TestApp::with(move |settings| {
        by(port)(settings);
        settings.mail.about = all.mail.about;
    })
}

fn counts(app: &TestApp) -> MailCounts {
    app.inside(async |directory, context| directory.read(context, CountMail).await)
}

/// Waits until there are so many that wait, were sent and have failed.
#[track_caller]
pub fn settled(app: &TestApp, waiting: i64, sent: i64, failed: i64) -> MailCounts {
    let mut last = MailCounts::default();
    eventually("the mails are settled", || {
        last = counts(app);
        (last.waiting, last.sending, last.sent, last.failed) == (waiting, 0, sent, failed)
    });
    last
}

fn new_user(username: &str) -> Value {
    let email = format!("{username}@example.org");
    a_new(
        "users",
        json!({"username": username, "email": email, "password": "a long password"}),
    )
}

/// Makes a user who has an address.
#[track_caller]
pub fn make(client: &Client, username: &str) -> String {
    client
        .post("/users", &new_user(username))
        .expect(201)
        .id()
        .to_owned()
}

/// Makes another user, and waits for the mail about that: whatever was due before has come before it.
#[track_caller]
fn nothing_but(app: &TestApp, sink: &Sink) {
    make(&app.admin(), "fence");
    let mail = sink.next();
    assert_eq!(mail.to, ["fence@example.org"], "{}", mail.data);
}
