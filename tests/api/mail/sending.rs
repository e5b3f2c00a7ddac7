//! Sending: once, again after what passes, not again after what lasts.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use rolecall::config::Settings;
use rolecall::directory::mail::{ClaimMail, MailCounts, MailKind, MailPolicy, Wording};
use rolecall::directory::permissions::PrivilegeCeiling;
use rolecall::directory::users::{CreateUser, UserChanges};
use rolecall::directory::{Context, Directory, RequestId};
use rolecall::mail::{self, Mailer, SenderHandle};

use super::{by, counts, make, nothing_but, sending_to, settled};
use crate::support::{Sink, TestApp, eventually};

#[test]
fn a_refusal_that_passes_is_tried_again_after_a_pause() {
    let sink = Sink::start(&["--answer", "451", "--times", "1"]);
    let app = sending_to(&sink);
    make(&app.admin(), "calvin");
    let first = sink.next();
    assert_eq!(first.answer, "451 try again later");
    eventually("the refusal is written down", || {
        counts(&app).last_error.is_some()
    });
    let error = counts(&app).last_error.unwrap();
    assert!(
        error.contains("451") && error.contains("try again later"),
        "{error}"
    );
    app.advance(59);
    nothing_but(&app, &sink);
    app.advance(1);
    let second = sink.next();
    assert_eq!(second.to, ["calvin@example.org"]);
    assert_eq!(second.answer, "250 taken");
    assert_eq!(second.header("Message-ID"), first.header("Message-ID"));
    let counts = settled(&app, 0, 2, 0);
    assert_eq!(counts.last_error, None);
    assert_eq!(sink.finish().len(), 0);
}

#[test]
fn a_refusal_that_lasts_is_not_tried_again() {
    let sink = Sink::start(&["--answer", "550"]);
    let app = sending_to(&sink);
    make(&app.admin(), "calvin");
    let counts = settled(&app, 0, 0, 1);
    let error = counts.last_error.unwrap();
    assert!(error.contains("no such user"), "{error}");
    assert_eq!(sink.next().to, ["calvin@example.org"]);
    app.advance(24 * 60 * 60);
    nothing_but(&app, &sink);
}

#[test]
fn attempts_come_to_an_end() {
    let sink = Sink::start(&["--answer", "451"]);
    let app = TestApp::with(|settings| {
        by(sink.port)(settings);
        settings.mail.attempts = 3;
    });
    make(&app.admin(), "calvin");
    for pause in [60, 120, 0] {
        assert_eq!(sink.next().to, ["calvin@example.org"]);
        if pause > 0 {
            // Only once it is written down can the next attempt be due.
            settled(&app, 1, 0, 0);
            app.advance(pause);
        }
    }
    settled(&app, 0, 0, 1);
    assert_eq!(sink.finish().len(), 0);
}

#[test]
fn a_server_that_is_not_there_is_waited_for() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let app = TestApp::with(by(port));
    make(&app.admin(), "calvin");
    eventually("nobody is there", || counts(&app).last_error.is_some());
    let counts = counts(&app);
    assert_eq!((counts.waiting, counts.failed), (1, 0));
    assert!(counts.last_error.unwrap().contains("refused"));
    let sink = Sink::start(&["--port", &port.to_string()]);
    app.advance(60);
    assert_eq!(sink.next().to, ["calvin@example.org"]);
    settled(&app, 0, 1, 0);
}

#[test]
fn what_may_have_been_sent_is_not_sent_again() {
    let sink = Sink::start(&["--hang"]);
    let app = sending_to(&sink);
    make(&app.admin(), "calvin");
    assert_eq!(sink.next().to, ["calvin@example.org"]);
    let error = settled(&app, 0, 0, 1).last_error.unwrap();
    assert!(error.contains("may have been sent"), "{error}");
    app.advance(24 * 60 * 60);
    nothing_but(&app, &sink);
}

#[test]
fn two_senders_on_one_database_send_each_mail_once() {
    let sink = Sink::start(&[]);
    let app = sending_to(&sink);
    let others: Vec<SenderHandle> = (0..2).map(|_| sender_beside(&app, &sink)).collect();
    let names: Vec<String> = (0..24).map(|number| format!("user{number}")).collect();
    std::thread::scope(|scope| {
        for names in names.chunks(6) {
            let admin = app.admin();
            scope.spawn(move || names.iter().for_each(|name| drop(make(&admin, name))));
        }
    });
    let mut to: Vec<String> = names.iter().flat_map(|_| sink.next().to).collect();
    settled(&app, 0, 24, 0);
    others.into_iter().for_each(SenderHandle::stop);
    assert_eq!(sink.finish().len(), 0);
    let mut wanted: Vec<String> = names
        .iter()
        .map(|name| format!("{name}@example.org"))
        .collect();
    to.sort();
    wanted.sort();
    assert_eq!(to, wanted);
}

/// Another process on the same database, as far as the mails can tell.
fn sender_beside(app: &TestApp, sink: &Sink) -> SenderHandle {
    let mut settings = Settings::default();
    by(sink.port)(&mut settings);
    let mailer = Mailer::new(&settings.mail).unwrap().unwrap();
    let policy = mail::policy(&settings.mail);
    mail::start(mailer, app.opened_again(), policy, Duration::from_secs(5)).unwrap()
}

/// A change of the program's own that queues a mail.
fn queue(directory: &Directory, context: &Context, username: &str) -> impl Future<Output = ()> {
    let wording = Wording {
        site_name: "People".into(),
        link: None,
        about: vec![MailKind::Created],
    };
    let context = Context {
        mail: MailPolicy::new(wording),
        ..Context::of_program(context.now, RequestId(0))
    };
    let create = CreateUser {
        changes: UserChanges {
            username: Some(username.into()),
            email: Some(Some(format!("{username}@example.org"))),
            ..UserChanges::default()
        },
        roles: None,
        ceiling: PrivilegeCeiling::Everything,
    };
    async move { drop(directory.write(&context, create).await.unwrap()) }
}

#[test]
fn what_a_dead_sender_had_begun_is_given_up_and_the_rest_is_sent() {
    // No sender here, at first.
    let app = TestApp::start();
    let claimed = app.inside(async |directory, context| {
        queue(directory, context, "begun").await;
        let until = "2026-01-02T03:10:00+00:00".to_owned();
        let claimed = directory.write(context, ClaimMail { until }).await;
        queue(directory, context, "waiting").await;
        claimed
    });
    assert_eq!(claimed.unwrap().recipient, "begun@example.org");
    let sink = Sink::start(&[]);
    let sender = sender_beside(&app, &sink);
    assert_eq!(sink.next().to, ["waiting@example.org"]);
    eventually("it was sent", || counts(&app).sent == 1);
    assert_eq!(counts(&app).sending, 1);
    app.advance(6 * 60);
    let error = settled(&app, 0, 1, 1).last_error.unwrap();
    assert!(error.contains("may have been sent"), "{error}");
    sender.stop();
    assert_eq!(sink.finish().len(), 0);
}

#[test]
fn a_mail_is_claimed_by_one_alone() {
    let app = TestApp::start();
    app.inside(async |directory, context| {
        queue(directory, context, "calvin").await;
        Ok(())
    });
    let again: Vec<Arc<Directory>> = (0..4).map(|_| app.opened_again()).collect();
    let claims: usize = std::thread::scope(|scope| {
        let claims: Vec<_> = again
            .iter()
            .map(|directory| scope.spawn(|| claims(directory)))
            .collect();
        claims.into_iter().map(|claim| claim.join().unwrap()).sum()
    });
    assert_eq!(claims, 1);
}

fn claims(directory: &Directory) -> usize {
    let runtime = actix_web::rt::Runtime::new().unwrap();
    runtime.block_on(async {
        let context = Context::of_program(directory.clock().now(), RequestId(0));
        let until = "2026-01-02T04:00:00+00:00".to_owned();
        let claimed = directory
            .write(&context, ClaimMail { until })
            .await
            .unwrap();
        usize::from(claimed.is_some())
    })
}

#[test]
fn old_mails_are_forgotten() {
    let sink = Sink::start(&[]);
    let app = TestApp::with(|settings| {
        by(sink.port)(settings);
        settings.mail.keep_days = 3;
        settings.limits.ended_grants_seconds = 1;
    });
    make(&app.admin(), "calvin");
    sink.next();
    settled(&app, 0, 1, 0);
    app.advance(2 * 24 * 60 * 60);
    nothing_but(&app, &sink);
    settled(&app, 0, 2, 0);
    app.advance(24 * 60 * 60);
    settled(&app, 0, 1, 0);
    app.advance(2 * 24 * 60 * 60);
    eventually("all are forgotten", || {
        counts(&app) == MailCounts::default()
    });
}
