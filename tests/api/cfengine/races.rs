//! What happens at the same time.

use std::sync::Barrier;

use serde_json::{Value, json};

use super::{entry, get, post, put};
use crate::support::{TestApp, a_role, a_user};

/// Asks for all of these at once; the statuses in their order.
fn at_once(count: usize, ask: impl Fn(usize) -> u16 + Sync) -> Vec<u16> {
    let begin = Barrier::new(count);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|number| {
                let (ask, begin) = (&ask, &begin);
                scope.spawn(move || {
                    begin.wait();
                    ask(number)
                })
            })
            .collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn of_users_and_roles_that_are_made_at_the_same_time_one_stands() {
    let app = TestApp::start();
    for path in ["/user/calvin", "/role/Huguenots"] {
        let mut statuses = at_once(8, |number| {
            let body = json!({"description": number.to_string(), "email": number.to_string()});
            put(&app.admin(), path, &body).status
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409], "{path}");
    }
}

#[test]
fn roles_that_are_replaced_at_the_same_time_never_mix() {
    let app = TestApp::start();
    let names: Vec<String> = (0..12).map(|_| a_role().create(&app).name).collect();
    let user = a_user().create(&app);
    let path = format!("/user/{}", user.username);
    let sets: Vec<Value> = names.chunks(2).map(|pair| json!(pair)).collect();
    for _ in 0..5 {
        let statuses = at_once(sets.len(), |number| {
            let body = json!({"roles": sets[number]});
            post(&app.admin(), &path, &body).status
        });
        assert!(statuses.iter().all(|status| *status == 204), "{statuses:?}");
        let held = entry(get(&app.admin(), &path))["roles"].clone();
        assert!(sets.contains(&held), "{held}");
    }
}

#[test]
fn a_role_that_is_deleted_while_it_is_given_leaves_either_state() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let path = format!("/user/{}", user.username);
    for _ in 0..5 {
        put(&app.admin(), "/role/short", &json!({})).expect(201);
        let statuses = at_once(2, |number| match number {
            0 => post(&app.admin(), &path, &json!({"roles": ["short"]})).status,
            _ => super::delete(&app.admin(), "/role/short").status,
        });
        assert!(matches!(statuses[..], [204 | 400, 204]), "{statuses:?}");
        assert_eq!(entry(get(&app.admin(), &path))["roles"], json!([]));
    }
}
