//! Guesses that come at the same time, and over many usernames.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::try_password;
use crate::support::{ADMIN_PASSWORD, Answer, Client, JSON_API, Member, TestApp, a_user, changes};

/// Somebody who tries a password somewhere.
type Guess = fn(&TestApp, &Member, &str) -> Answer;

/// Every place where a password is checked: its name, the status of a wrong one,
/// and how it is asked.
const PLACES: &[(&str, u16, Guess)] = &[
    ("POST /auth", 401, |app, user, password| {
        try_password(app, &user.username, password)
    }),
    ("Basic", 401, |app, user, password| {
        app.basic(&user.username, password).get("/home")
    }),
    ("DELETE /auth", 401, |app, user, password| {
        app.basic(&user.username, password).delete("/auth")
    }),
    ("old_password", 403, |app, user, password| {
        let attributes = json!({"password": "tulips in may", "old_password": password});
        let document = changes("users", user.id, attributes);
        user.client(app).patch("/auth/user", &document)
    }),
    ("CFEngine, Basic", 401, |app, user, password| {
        let client = app.basic(&user.username, password);
        client.get_with("/api/user", &[])
    }),
    ("CFEngine, old_password", 403, |app, user, password| {
        let body = json!({"password": "tulips in may", "old_password": password}).to_string();
        let path = format!("/api/user/{}", user.username);
        let headers = [("content-type", "application/json")];
        let client = user.client(app);
        client.send("POST", &path, &headers, Some(body.as_bytes()))
    }),
    ("OpenL2M, Basic", 401, |app, user, password| {
        let client = app.basic(&user.username, password);
        client.get_with("/api/admin/users/", &[])
    }),
    ("OpenL2M, a token", 400, |app, user, password| {
        let body = json!({"username": user.username, "password": password}).to_string();
        let headers = [("content-type", "application/json")];
        let client = app.anonymous();
        client.send("POST", "/api/users/token/", &headers, Some(body.as_bytes()))
    }),
    ("the portal, Basic", 401, |app, user, password| {
        let client = app.basic(&user.username, password);
        client.get_with("/api/id-management/users/", &[])
    }),
];

/// Answers to what so many do at the same time.
fn at_once<T: Send>(count: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(count);
    std::thread::scope(|scope| {
        let begin = |number| {
            let (start, act) = (&start, &act);
            scope.spawn(move || {
                start.wait();
                act(number)
            })
        };
        let all: Vec<_> = (0..count).map(begin).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers
        .iter()
        .filter(|answer| answer.status == status)
        .count()
}

#[test]
fn of_guesses_at_the_same_time_exactly_the_allowed_number_is_checked_wherever_they_are_made() {
    let app = TestApp::with(|settings| {
        settings.auth.sign_in_attempts = 3;
        settings.auth.address_attempts = 0;
    });
    // Different passwords, and one and the same.
    let forms: [fn(usize) -> String; 2] =
        [|number| format!("wrong {number}"), |_| "wrong".to_owned()];
    for (place, wrong, guess) in PLACES {
        for form in forms {
            let user = a_user().with_password().create(&app);
            let answers = at_once(12, |number| guess(&app, &user, &form(number)));
            assert_eq!(count(&answers, *wrong), 3, "{place}");
            assert_eq!(count(&answers, 429), 9, "{place}");
            let throttled = answers.iter().filter(|answer| answer.status == 429);
            for answer in throttled {
                assert_eq!(answer.header("retry-after"), Some("6"), "{place}");
            }
            // Not even the right one is told now.
            let right = guess(&app, &user, ADMIN_PASSWORD);
            assert_eq!(right.status, 429, "{place}");
        }
    }
}

#[test]
fn ten_of_sixty_guesses_at_the_same_time_are_checked_and_after_a_pause_one() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let guess = |number: usize| try_password(&app, &user.username, &format!("wrong {number}"));
    let answers = at_once(60, guess);
    assert_eq!((count(&answers, 401), count(&answers, 429)), (10, 50));
    app.advance(6);
    let answers = at_once(30, guess);
    assert_eq!((count(&answers, 401), count(&answers, 429)), (1, 29));
}

#[test]
fn unknown_names_are_counted_in_the_same_way() {
    let app = TestApp::start();
    let answers = at_once(30, |number| {
        try_password(&app, "nobody", &format!("wrong {number}"))
    });
    assert_eq!((count(&answers, 401), count(&answers, 429)), (10, 20));
}

#[test]
fn many_requests_with_the_right_password_pay_for_one() {
    for remembered in [0, 60] {
        let app = TestApp::with(|settings| {
            settings.auth.sign_in_attempts = 1;
            settings.auth.address_attempts = 1;
            settings.auth.credential_cache_seconds = remembered;
        });
        let user = a_user().with_password().create(&app);
        let client = app.basic(&user.username, ADMIN_PASSWORD);
        let answers = at_once(40, |_| client.get("/home"));
        assert_eq!(count(&answers, 200), 40);
    }
}

#[test]
fn a_password_that_is_changed_meanwhile_lets_nobody_in() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let client = app.basic(&user.username, ADMIN_PASSWORD);
    let is_changed = AtomicBool::new(false);
    let late = at_once(9, |number| {
        if number == 0 {
            let document = changes("users", user.id, json!({"password": "tulips in may"}));
            app.admin().patch(&user.path(), &document).expect(200);
            is_changed.store(true, Ordering::SeqCst);
            return Vec::new();
        }
        // Those that were sent after the answer to the change.
        let sent = (0..10).map(|_| {
            (
                is_changed.load(Ordering::SeqCst),
                client.get("/home").status,
            )
        });
        sent.filter(|(was_changed, _)| *was_changed)
            .map(|(_, status)| status)
            .collect()
    });
    let late: Vec<u16> = late.into_iter().flatten().collect();
    assert!(
        late.iter().all(|status| [401, 429].contains(status)),
        "{late:?}"
    );
    assert!([401, 429].contains(&client.get("/home").status));
}

#[test]
fn one_address_may_be_wrong_so_often_whatever_the_usernames() {
    let app = TestApp::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let user = a_user().with_password().create(&app);
    let known = app.basic(&user.username, ADMIN_PASSWORD);
    let home = |client: &Client| {
        let headers = [("accept", JSON_API), ("x-forwarded-for", "192.0.2.1")];
        client.get_with("/home", &headers).status
    };
    assert_eq!(home(&known), 200);
    for number in 0..50 {
        let stranger = app.basic(&format!("stranger{number}"), "wrong");
        assert_eq!(home(&stranger), 401, "{number}");
    }
    let headers = [("accept", JSON_API), ("x-forwarded-for", "192.0.2.1")];
    let answer = app
        .basic("stranger50", "wrong")
        .get_with("/home", &headers)
        .expect(429);
    assert_eq!(answer.errors()[0]["code"], "too_many_attempts");
    assert_eq!(answer.header("retry-after"), Some("2"));
    // Whose password was checked before goes on, and other places are not concerned.
    assert_eq!(home(&known), 200);
    app.basic("admin", ADMIN_PASSWORD).get("/home").expect(200);
    app.advance(2);
    assert_eq!(home(&app.basic("stranger51", "wrong")), 401);
    assert_eq!(home(&app.basic("stranger52", "wrong")), 429);
}

#[test]
fn a_network_of_ipv6_is_one_address() {
    let app = TestApp::with(|settings| {
        settings.auth.address_attempts = 3;
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let guess = |number: usize, address: &str| {
        let headers = [("accept", JSON_API), ("x-forwarded-for", address)];
        let client = app.basic(&format!("stranger{number}"), "wrong");
        client.get_with("/home", &headers).status
    };
    for number in 0..3 {
        assert_eq!(guess(number, &format!("2001:db8::{number}")), 401);
    }
    assert_eq!(guess(3, "2001:db8::ffff:3"), 429);
    assert_eq!(guess(4, "2001:db8:0:1::3"), 401);
}

#[test]
fn right_passwords_cost_an_address_nothing() {
    let app = TestApp::with(|settings| settings.auth.address_attempts = 2);
    let users: Vec<Member> = (0..6)
        .map(|_| a_user().with_password().create(&app))
        .collect();
    for user in &users {
        try_password(&app, &user.username, ADMIN_PASSWORD).expect(200);
    }
    try_password(&app, "nobody", "wrong").expect(401);
    try_password(&app, "admin", ADMIN_PASSWORD).expect(200);
    try_password(&app, "nobody", "wronger").expect(401);
    try_password(&app, "somebody", "wrong").expect(429);
}

#[test]
fn others_sign_in_while_one_address_floods_the_queue() {
    let app = TestApp::with(|settings| {
        settings.auth.hash_threads = Some(1);
        settings.auth.hash_queue = 4;
        settings.auth.sign_in_attempts = 0;
        settings.auth.address_attempts = 0;
        settings.auth.credential_cache_seconds = 0;
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let user = a_user().with_password().create(&app);
    let send = |username: &str, password: &str, address: &str| {
        let headers = [("accept", JSON_API), ("x-forwarded-for", address)];
        let client = app.basic(username, password);
        client.get_with("/home", &headers).status
    };
    let is_over = AtomicBool::new(false);
    let answers = at_once(17, |number| {
        if number == 0 {
            let own = (0..8).map(|_| send(&user.username, ADMIN_PASSWORD, "192.0.2.2"));
            let own = own.collect();
            is_over.store(true, Ordering::SeqCst);
            return own;
        }
        let mut statuses = Vec::new();
        while !is_over.load(Ordering::SeqCst) {
            let name = format!("stranger{number}-{}", statuses.len());
            statuses.push(send(&name, "wrong", "192.0.2.1"));
        }
        statuses
    });
    let (own, flood) = answers.split_first().unwrap();
    assert_eq!(own, &vec![200; 8]);
    let flood: Vec<u16> = flood.iter().flatten().copied().collect();
    assert!(flood.contains(&503), "the queue was never full");
    assert!(flood.iter().all(|status| [401, 503].contains(status)));
}
