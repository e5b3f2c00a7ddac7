//! Names to sign in with are taken in whatever case they are typed.

use serde_json::{Value, json};

use super::try_password;
use crate::support::{ADMIN_PASSWORD, Member, TestApp, a_user};

const WRITTEN: [&str; 5] = [
    "Zoë.Doe",
    "zoë.doe",
    "ZOË.DOE",
    "zOe\u{308}.dOE",
    "ｚoë.doe",
];

fn own_name(data: &Value) -> &str {
    data["attributes"]["username"].as_str().unwrap()
}

#[test]
fn every_door_takes_any_case_and_answers_with_the_name_as_it_is_kept() {
    let app = TestApp::start();
    let user = a_user().named("Zoë.Doe").with_password().create(&app);
    for name in WRITTEN {
        let own = app
            .basic(name, ADMIN_PASSWORD)
            .get("/auth/user")
            .expect(200);
        assert_eq!(own_name(&own.data()), "Zoë.Doe", "{name}");
        let pair = try_password(&app, name, ADMIN_PASSWORD).expect(200).json();
        let jwt = pair["meta"]["jwt"].as_str().unwrap();
        let own = app.token(jwt).get("/auth/user").expect(200);
        assert_eq!(own_name(&own.data()), "Zoë.Doe", "{name}");
        let body = json!({"username": name, "password": ADMIN_PASSWORD});
        let headers = [("content-type", "application/json")];
        let body = body.to_string();
        let path = "/api/users/token/";
        let token = app
            .anonymous()
            .send("POST", path, &headers, Some(body.as_bytes()));
        assert_eq!(token.expect(200).json()["user_id"], user.id, "{name}");
        let api = app.basic(name, ADMIN_PASSWORD);
        api.get_with("/api/user/Zo%C3%AB.Doe", &[]).expect(200);
    }
}

#[test]
fn a_new_name_or_password_counts_at_once_in_every_case() {
    let app = TestApp::start();
    let user = a_user().named("calvin").with_password().create(&app);
    for name in ["calvin", "CALVIN"] {
        app.basic(name, ADMIN_PASSWORD).get("/home").expect(200);
    }
    let rename = |username: &str| {
        let edit = crate::support::changes("users", user.id, json!({"username": username}));
        app.admin().patch(&user.path(), &edit).expect(200)
    };
    rename("Hobbes");
    for (name, status) in [
        ("calvin", 401),
        ("CALVIN", 401),
        ("hobbes", 200),
        ("HOBBES", 200),
    ] {
        app.basic(name, ADMIN_PASSWORD).get("/home").expect(status);
    }
    app.admin().delete(&user.path()).expect(204);
    for name in ["hobbes", "Hobbes"] {
        app.basic(name, ADMIN_PASSWORD).get("/home").expect(401);
    }
}

#[test]
fn all_cases_share_one_count_of_wrong_passwords() {
    let app = TestApp::with(|settings| settings.auth.sign_in_attempts = 3);
    a_user().named("Zoë.Doe").with_password().create(&app);
    for name in ["zoë.doe", "ZOË.DOE", "ｚoë.doe"] {
        try_password(&app, name, "wrong").expect(401);
    }
    for name in WRITTEN {
        try_password(&app, name, ADMIN_PASSWORD).expect(429);
        app.basic(name, ADMIN_PASSWORD).get("/home").expect(429);
    }
    // So do those of nobody.
    for name in ["nobody", "NOBODY", "Nobody"] {
        try_password(&app, name, "wrong").expect(401);
    }
    try_password(&app, "noBody", "wrong").expect(429);
}

/// As before names were unique whatever the case.
fn twin(app: &TestApp, username: &str) -> Member {
    let user = a_user().with_password().create(app);
    app.database.execute(&format!(
        "UPDATE users SET username = '{username}', username_folded = NULL WHERE id = {}",
        user.id
    ));
    let skeleton = format!(
        "UPDATE users SET username_skeleton = (SELECT o.username_skeleton FROM users o \
         WHERE o.username_folded = lower('{username}')) WHERE id = {}",
        user.id
    );
    app.database.execute(&skeleton);
    Member {
        username: username.to_owned(),
        ..user
    }
}

#[test]
fn those_who_share_their_letters_from_before_sign_in_exactly() {
    let app = TestApp::start();
    let one = a_user().named("calvin").with_password().create(&app);
    let other = twin(&app, "Calvin");
    for _ in 0..2 {
        for (name, id) in [("calvin", one.id), ("Calvin", other.id)] {
            let own = app
                .basic(name, ADMIN_PASSWORD)
                .get("/auth/user")
                .expect(200);
            assert_eq!(own.id(), id.to_string());
        }
        app.basic("CALVIN", ADMIN_PASSWORD).get("/home").expect(401);
    }
    // Once one of them is gone, the other is meant in any case.
    app.admin().delete(&one.path()).expect(204);
    for name in ["calvin", "Calvin", "CALVIN"] {
        let own = app
            .basic(name, ADMIN_PASSWORD)
            .get("/auth/user")
            .expect(200);
        assert_eq!(own.id(), other.id.to_string());
    }
}

#[test]
fn a_twin_who_is_switched_off_opens_no_door_for_the_other() {
    let app = TestApp::start();
    let one = a_user()
        .named("calvin")
        .with_password()
        .inactive()
        .create(&app);
    let other = twin(&app, "Calvin");
    app.basic("calvin", ADMIN_PASSWORD).get("/home").expect(401);
    app.basic("CALVIN", ADMIN_PASSWORD).get("/home").expect(401);
    let own = app
        .basic("Calvin", ADMIN_PASSWORD)
        .get("/auth/user")
        .expect(200);
    assert_eq!(own.id(), other.id.to_string());
    assert_ne!(one.id, other.id);
}

#[test]
fn a_failure_is_told_of_the_user_who_was_meant() {
    let app = TestApp::start();
    let user = a_user().named("calvin").with_password().create(&app);
    try_password(&app, "CALVIN", "wrong").expect(401);
    let path = "/events?filter[verb]=sign_in_failed";
    crate::support::eventually("the failure is told", || {
        let events = app.admin().get(path).expect(200).data();
        events[0]["attributes"]["subject_id"] == user.id
    });
}

#[test]
fn a_twin_who_signs_in_forgives_no_guess_at_the_other_and_pays_for_none() {
    let app = TestApp::with(|settings| {
        settings.auth.sign_in_attempts = 3;
        settings.auth.credential_cache_seconds = 0;
    });
    a_user().named("calvin").with_password().create(&app);
    twin(&app, "Calvin");
    for _ in 0..2 {
        try_password(&app, "calvin", "wrong").expect(401);
        // The right password of the one is charged and given back, each time.
        for _ in 0..2 {
            try_password(&app, "Calvin", ADMIN_PASSWORD).expect(200);
            app.basic("Calvin", ADMIN_PASSWORD).get("/home").expect(200);
        }
    }
    // In whatever case they are written, guesses at both are one count.
    try_password(&app, "Calvin", "wrong").expect(401);
    for name in ["calvin", "Calvin", "CALVIN"] {
        try_password(&app, name, "wrong").expect(429);
    }
}

#[test]
fn a_twin_who_is_imported_is_heard_of_at_once() {
    let app = TestApp::start();
    let one = a_user().named("Calvin").with_password().create(&app);
    for name in ["Calvin", "calvin"] {
        app.basic(name, ADMIN_PASSWORD).get("/home").expect(200);
    }
    let row =
        json!({"username": "calvin", "uname": "calvin-2", "unchecked": ["username", "uname"]});
    crate::bulk::import(&app.database, format!("{row}\n"), &[]).well();
    crate::support::eventually("the twin is heard of", || {
        app.basic("calvin", ADMIN_PASSWORD).get("/home").status == 401
    });
    let own = app.basic("Calvin", ADMIN_PASSWORD).get("/auth/user");
    assert_eq!(own.expect(200).id(), one.id.to_string());
}
