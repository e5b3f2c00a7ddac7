//! What happens at the same time.

use std::sync::Barrier;

use serde_json::{Value, json};

use crate::openl2m::{USERS, get, make, patch, post, user};
use crate::support::{Answer, TestApp, a_role};

/// Sends all of these at once.
fn at_once(app: &TestApp, work: &[Value], send: impl Fn(&Value) -> Answer + Sync) -> Vec<Answer> {
    let _ = app.admin();
    let begin = Barrier::new(work.len());
    std::thread::scope(|scope| {
        let threads: Vec<_> = work
            .iter()
            .map(|body| {
                let (begin, send) = (&begin, &send);
                scope.spawn(move || {
                    begin.wait();
                    send(body)
                })
            })
            .collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn of_users_with_one_name_that_are_made_at_the_same_time_one_stands() {
    let app = TestApp::start();
    let taken = json!({"username": ["A user with that username already exists."]});
    for round in 0..3 {
        let body = json!({"username": format!("jane{round}"), "password": "secret words"});
        let bodies = vec![body; 6];
        let answers = at_once(&app, &bodies, |body| post(&app.admin(), USERS, body));
        let (made, refused): (Vec<&Answer>, Vec<&Answer>) =
            answers.iter().partition(|answer| answer.status == 201);
        assert_eq!(made.len(), 1, "{answers:?}");
        for answer in refused {
            assert_eq!((answer.status, answer.json()), (400, taken.clone()));
        }
    }
}

#[test]
fn changes_of_different_fields_at_the_same_time_lose_nothing() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    for round in 0..3 {
        let id = make(&app, &format!("jane{round}"));
        let changes = [
            json!({"first_name": "Jane"}),
            json!({"last_name": "Doe"}),
            json!({"email": "jane@x.org"}),
            json!({"is_staff": true}),
            json!({"is_superuser": true}),
            json!({"groups": [role.id]}),
            json!({"last_login": "2020-01-01T00:00:00Z"}),
            json!({"date_joined": "2019-01-01T00:00:00Z"}),
        ];
        for answer in at_once(&app, &changes, |body| patch(&app.admin(), &user(id), body)) {
            answer.expect(200);
        }
        let shown = get(&app.admin(), &user(id)).expect(200).json();
        for change in &changes {
            for (field, value) in change.as_object().unwrap() {
                assert_eq!(&shown[field], value, "{field}");
            }
        }
    }
}

#[test]
fn of_groups_that_are_replaced_at_the_same_time_one_set_stands_whole() {
    let app = TestApp::start();
    let roles: Vec<i64> = (0..4).map(|_| a_role().create(&app).id).collect();
    let id = make(&app, "jane");
    let sets = [
        json!({"groups": [roles[0], roles[1]]}),
        json!({"groups": [roles[2], roles[3]]}),
    ];
    for _ in 0..5 {
        for answer in at_once(&app, &sets, |body| patch(&app.admin(), &user(id), body)) {
            answer.expect(200);
        }
        let shown = get(&app.admin(), &user(id)).expect(200).json();
        let stands = sets.iter().any(|set| set["groups"] == shown["groups"]);
        assert!(stands, "{shown}");
    }
}
