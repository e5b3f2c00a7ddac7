use std::process::Output;

use rolecall::directory::pruning::{PruneEvents, Pruned};
use serde_json::{Value, json};

use super::events;
use crate::program::rolecall;
use crate::support::{Beside, TestApp, a_user};

const BEFORE: &str = "2026-02-01T00:00:00+00:00";

fn prune(app: &TestApp, more: &[&str]) -> Output {
    let arguments = [&["audit", "prune", "--before", BEFORE], more].concat();
    rolecall(&app.database, &arguments).output().unwrap()
}

#[track_caller]
fn said(output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn old(app: &TestApp) -> i64 {
    Beside::count(&app.database, "events", &format!("at < '{BEFORE}'"))
}

#[test]
fn the_command_removes_what_is_old_and_tells_of_it() {
    let app = TestApp::start();
    for _ in 0..7 {
        a_user().create(&app);
    }
    app.advance(60 * 24 * 60 * 60);
    let young = a_user().create(&app);
    let (count, last) = (old(&app), {
        let of_old = format!("at < '{BEFORE}'");
        Beside::number(&app.database, "max(id)", "events", &of_old)
    });
    assert!(count > 7, "{count}");
    assert!(said(&prune(&app, &["--dry-run"])).starts_with(&format!("{count} events")));
    assert_eq!(old(&app), count);
    said(&prune(&app, &["--batch", "3"]));
    assert_eq!(old(&app), 0);
    let told = events(&app, "filter[verb]=prune");
    assert_eq!(told.len(), 1, "one for all of its steps: {told:?}");
    let event = &told[0];
    assert_eq!(event["subject_type"], "events");
    assert_eq!(event["subject_id"], last);
    assert_eq!(event["credential"], "command");
    let after = &event["after"];
    assert_eq!(after["events"], count);
    assert_eq!(after["up_to_id"], last);
    assert_eq!(after["before"], BEFORE);
    assert!(after["up_to"].as_str().unwrap() < BEFORE);
    assert!(after["by"].as_str().is_some_and(|by| !by.is_empty()));
    // What is younger stays, and is as safe as before.
    let made = format!("filter[subject_type]=users&filter[subject_id]={}", young.id);
    assert_eq!(events(&app, &made).len(), 1);
    let refusal = Beside::refusal(&app.database, "DELETE FROM events");
    assert!(refusal.contains("append-only"), "{refusal}");
    // There is nothing left to do, and so nothing to tell.
    assert!(said(&prune(&app, &[])).starts_with("no events"));
    assert_eq!(events(&app, "filter[verb]=prune").len(), 1);
}

#[test]
fn a_pruning_that_is_interrupted_has_told_of_all_that_it_removed() {
    let app = TestApp::start();
    for _ in 0..7 {
        a_user().create(&app);
    }
    let count = old(&app);
    app.advance(60 * 24 * 60 * 60);
    let mut step = PruneEvents {
        before: BEFORE.to_owned(),
        most: 2,
        so_far: Pruned::default(),
        by: "somebody".to_owned(),
    };
    for removed in [2, 4] {
        let pruned =
            app.inside(async |directory, context| directory.write(context, step.clone()).await);
        let told: Vec<Value> = events(&app, "filter[verb]=prune")
            .iter()
            .map(|event| event["after"]["events"].clone())
            .collect();
        assert_eq!(told, [json!(removed)]);
        assert_eq!(old(&app), count - removed);
        step.so_far = pruned;
    }
}

#[test]
fn a_wrong_moment_is_wrong_usage() {
    let app = TestApp::start();
    for before in ["yesterday", "2026-01-31", "9999-01-01T00:00:00Z"] {
        let output = rolecall(&app.database, &["audit", "prune", "--before", before]).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2));
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(complaint.contains("--before"), "{complaint}");
    }
    let missing = rolecall(&app.database, &["audit", "prune"])
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(2));
}
