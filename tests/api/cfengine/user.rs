//! `/api/user` and `/api/user/:id`, as an administrator calls them.

use serde_json::json;

use super::{delete, entry, get, ids, make_external, post, put, refused};
use crate::support::{BEGIN, RoleMade, TestApp, a_role, a_user, a_workspace};

fn roles(app: &TestApp, names: &[&str]) -> Vec<RoleMade> {
    let role = |name: &&str| a_role().named(name).create(app);
    names.iter().map(role).collect()
}

#[test]
fn the_documented_list_is_answered_in_its_envelope() {
    let app = TestApp::start();
    roles(&app, &["Huguenots", "Marketing"]);
    let admin = app.admin();
    let body = json!({"roles": ["Huguenots", "Marketing"]});
    put(&admin, "/user/calvin", &body).expect(201);
    let body = json!({
        "name": "Willard Van Orman Quine", "email": "noreply@@aol.com", "roles": ["admin"],
        "time_zone": "America/New_York",
    });
    put(&admin, "/user/quinester", &body).expect(201);
    let answer = get(&admin, "/user?id=calvin|quine").expect(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let begin = chrono::DateTime::parse_from_rfc3339(BEGIN).unwrap();
    assert_eq!(
        answer.json(),
        json!({
            "meta": {"page": 1, "count": 2, "total": 2, "timestamp": begin.timestamp()},
            "data": [
                {"id": "calvin", "external": false, "roles": ["Huguenots", "Marketing"]},
                {
                    "id": "quinester", "name": "Willard Van Orman Quine",
                    "email": "noreply@@aol.com", "time_zone": "America/New_York",
                    "external": false, "roles": ["admin"],
                },
            ],
        })
    );
    // Holding it makes an administrator.
    let quine = app
        .admin()
        .get("/users?filter[username]=quinester&fields[users]=username");
    let id = quine.expect(200).ids()[0].parse().unwrap();
    get(&app.token(&app.token_of(id, None)), "/user").expect(200);
}

#[test]
fn the_filter_is_an_expression_found_anywhere_and_what_comes_from_where() {
    let app = TestApp::start();
    for name in ["calvin", "calvinist", "john.calvin", "luther"] {
        a_user().named(name).create(&app);
    }
    let outside = a_user().named("zwingli").create(&app);
    make_external(&app, &outside);
    let found = |query: &str| ids(get(&app.admin(), &format!("/user?{query}")));
    assert_eq!(found("id=calvin"), ["calvin", "calvinist", "john.calvin"]);
    assert_eq!(found("id=^calvin"), ["calvin", "calvinist"]);
    assert_eq!(found("id=%5Ecalvin%24"), ["calvin"]);
    assert_eq!(found("id=cal.+st"), ["calvinist"]);
    assert_eq!(found("id=nobody"), Vec::<String>::new());
    assert_eq!(found("external=true"), ["zwingli"]);
    assert_eq!(
        found("external=false&id=i"),
        ["admin", "calvin", "calvinist", "john.calvin"]
    );
    assert_eq!(found("external=true&id=calvin"), Vec::<String>::new());
    assert_eq!(found("id=&external="), found(""));
}

#[test]
fn pages_are_counted_from_one_and_have_fifty_entries_unless_asked() {
    let app = TestApp::start();
    for number in 0..60 {
        a_user().named(&format!("u{number:02}")).create(&app);
    }
    let meta = |query: &str| {
        let meta = get(&app.admin(), &format!("/user?{query}"))
            .expect(200)
            .json()["meta"]
            .clone();
        ["page", "count", "total"].map(|name| meta[name].as_i64().unwrap())
    };
    assert_eq!(meta(""), [1, 50, 61]);
    assert_eq!(meta("page=2"), [2, 11, 61]);
    assert_eq!(meta("page=7"), [7, 0, 61]);
    assert_eq!(meta("page=2&count=7&id=^u"), [2, 7, 60]);
    let page = |query: &str| ids(get(&app.admin(), &format!("/user?{query}")));
    assert_eq!(page("page=3&count=2&id=^u"), ["u04", "u05"]);
}

#[test]
fn a_page_is_no_longer_than_the_setting_says() {
    let app = TestApp::with(|settings| {
        settings.limits.cfengine_page_size_default = 2;
        settings.limits.cfengine_page_size_max = 3;
    });
    for _ in 0..4 {
        a_user().create(&app);
    }
    let count = |query: &str| ids(get(&app.admin(), &format!("/user?{query}"))).len();
    assert_eq!((count(""), count("count=100")), (2, 3));
}

#[test]
fn one_user_is_an_envelope_too_and_the_id_is_no_expression() {
    let app = TestApp::start();
    a_user().named("a.b@x.org").create(&app);
    for path in ["/user/a.b@x.org", "/user/a.b%40x.org", "/user/a%2Eb@x.org/"] {
        let shown = entry(get(&app.admin(), path));
        assert_eq!(
            shown,
            json!({"id": "a.b@x.org", "external": false, "roles": []})
        );
    }
    for path in [
        "/user/a.b",
        "/user/.*",
        "/user/%FF",
        "/user/%00",
        "/user/A.B@x.org",
    ] {
        refused(&app, 404, || get(&app.admin(), path));
    }
}

#[test]
fn a_user_is_created_with_nothing_but_a_name() {
    let app = TestApp::start();
    roles(&app, &["HR"]);
    let admin = app.admin();
    let body = json!({"email": "snookie@mtv.com", "roles": ["HR"]});
    let answer = put(&admin, "/user/snookie", &body).expect(201);
    assert_eq!(answer.text, "");
    super::raw(&admin, "PUT", "/user/bare", b"").expect(201);
    let shown = entry(get(&admin, "/user/snookie"));
    assert_eq!(
        shown,
        json!({"id": "snookie", "email": "snookie@mtv.com", "external": false, "roles": ["HR"]})
    );
}

#[test]
fn without_a_password_nobody_logs_in() {
    let app = TestApp::start();
    put(&app.admin(), "/user/snookie", &json!({})).expect(201);
    for password in ["", "snookie", "null"] {
        get(&app.basic("snookie", password), "").expect(401);
    }
    let body = json!({"password": "jersey shore"});
    post(&app.admin(), "/user/snookie", &body).expect(204);
    get(&app.basic("snookie", "jersey shore"), "").expect(200);
    get(&app.basic("snookie", ""), "").expect(401);
}

#[test]
fn a_name_that_is_taken_is_a_409_and_changes_nothing() {
    let app = TestApp::start();
    let inside = a_user().with_email("old@x.org").create(&app);
    let outside = a_user().create(&app);
    make_external(&app, &outside);
    let body = json!({"email": "new@x.org", "roles": ["no such role"]});
    for user in [&inside, &outside] {
        let path = format!("/user/{}", user.username);
        refused(&app, 409, || put(&app.admin(), &path, &body));
    }
    let shown = entry(get(&app.admin(), &format!("/user/{}", inside.username)));
    assert_eq!(shown["email"], "old@x.org");
}

#[test]
fn an_update_leaves_alone_what_it_does_not_name() {
    let app = TestApp::start();
    roles(&app, &["Theologians", "Huguenots"]);
    let body = json!({
        "password": "institutes", "email": "c@x.org", "time_zone": "Europe/Zurich",
        "roles": ["Theologians"],
    });
    put(&app.admin(), "/user/calvin", &body).expect(201);
    let answer = post(&app.admin(), "/user/calvin", &json!({"name": "Calvin"})).expect(204);
    assert_eq!(answer.text, "");
    let whole = json!({
        "id": "calvin", "name": "Calvin", "email": "c@x.org", "time_zone": "Europe/Zurich",
        "external": false, "roles": ["Theologians"],
    });
    assert_eq!(entry(get(&app.admin(), "/user/calvin")), whole);
    get(&app.basic("calvin", "institutes"), "").expect(200);
    // What was read can be sent back.
    post(&app.admin(), "/user/calvin", &whole).expect(204);
    assert_eq!(entry(get(&app.admin(), "/user/calvin")), whole);
    let emptied = json!({"email": "", "time_zone": null, "roles": []});
    post(&app.admin(), "/user/calvin", &emptied).expect(204);
    assert_eq!(
        entry(get(&app.admin(), "/user/calvin")),
        json!({"id": "calvin", "name": "Calvin", "external": false, "roles": []})
    );
    refused(&app, 404, || {
        post(&app.admin(), "/user/nobody", &json!({"name": "N"}))
    });
}

#[test]
fn a_name_is_kept_whole_and_else_joined_from_its_parts() {
    let app = TestApp::start();
    let user = a_user().with_surname("Quine").create(&app);
    let path = format!("/user/{}", user.username);
    assert_eq!(entry(get(&app.admin(), &path))["name"], "Quine");
    app.database.execute(&format!(
        "UPDATE users SET name = 'Willard' WHERE id = {}",
        user.id
    ));
    assert_eq!(entry(get(&app.admin(), &path))["name"], "Willard Quine");
    let whole = "Willard Van Orman Quine";
    post(&app.admin(), &path, &json!({ "name": whole })).expect(204);
    assert_eq!(entry(get(&app.admin(), &path))["name"], whole);
}

#[test]
fn the_roles_of_a_body_replace_all_that_are_held_without_a_scope() {
    let app = TestApp::start();
    let made = roles(&app, &["one", "two", "three"]);
    let scoped = a_role().held_in("workspace").create(&app);
    let user = a_user().holding(&made[0]).holding(&made[1]).create(&app);
    let grant = user.grant_in(&app, &scoped, a_workspace().create(&app).place());
    let path = format!("/user/{}", user.username);
    let held = || entry(get(&app.admin(), &path))["roles"].clone();
    assert_eq!(held(), json!(["one", "two"]));
    post(
        &app.admin(),
        &path,
        &json!({"roles": ["three", "one", "three"]}),
    )
    .expect(204);
    assert_eq!(held(), json!(["one", "three"]));
    post(&app.admin(), &path, &json!({"roles": []})).expect(204);
    assert_eq!(held(), json!([]));
    let left = app
        .admin()
        .get(&format!("{}/grants", user.path()))
        .expect(200);
    assert_eq!(left.ids(), [grant.to_string()]);
}

/// What somebody holds without a scope: role, whether it is on, and its end.
fn grants(app: &TestApp, id: i64) -> serde_json::Value {
    let path = format!("/users/{id}/grants?sort=id&include=role");
    let answer = app.admin().get(&path).expect(200).data();
    let shown = answer.as_array().unwrap().iter().map(|grant| {
        let attributes = &grant["attributes"];
        json!([
            grant["relationships"]["role"]["data"]["id"],
            attributes["is_active"],
            attributes["valid_until"],
        ])
    });
    shown.collect()
}

#[test]
fn roles_that_are_sent_back_as_they_were_read_change_no_grant() {
    let app = TestApp::start();
    let made = roles(&app, &["lasting", "ending", "off", "over"]);
    let user = a_user().holding(&made[0]).holding(&made[2]).create(&app);
    app.give_until(user.id, made[1].id, "2026-06-01T00:00:00+00:00");
    app.give_until(user.id, made[3].id, "2025-06-01T00:00:00+00:00");
    let off = format!("WHERE user_id = {} AND role_id = {}", user.id, made[2].id);
    app.database
        .execute(&format!("UPDATE grants SET is_active = FALSE {off}"));
    let before = grants(&app, user.id);
    let path = format!("/user/{}", user.username);
    let read = entry(get(&app.admin(), &path));
    assert_eq!(read["roles"], json!(["lasting", "ending"]));
    post(&app.admin(), &path, &read).expect(204);
    assert_eq!(grants(&app, user.id), before);
    // Named, a role that was off is on; not named, one for a time has ended.
    post(&app.admin(), &path, &json!({"roles": ["lasting", "off"]})).expect(204);
    assert_eq!(
        entry(get(&app.admin(), &path))["roles"],
        json!(["lasting", "off"])
    );
}

#[test]
fn a_role_that_there_is_not_or_that_needs_a_place_changes_nothing() {
    let app = TestApp::start();
    roles(&app, &["HR"]);
    a_role().named("placed").held_in("cluster").create(&app);
    let user = a_user().create(&app);
    let path = format!("/user/{}", user.username);
    for wrong in ["nobody's", "placed", "", "a\u{0}b", "hr"] {
        let body = json!({"name": "N", "roles": ["HR", wrong]});
        refused(&app, 400, || post(&app.admin(), &path, &body));
        refused(&app, 400, || put(&app.admin(), "/user/fresh", &body));
    }
    assert_eq!(
        entry(get(&app.admin(), &path)),
        json!({"id": user.username, "external": false, "roles": []})
    );
    refused(&app, 404, || get(&app.admin(), "/user/fresh"));
}

#[test]
fn external_users_are_annotated_and_neither_given_a_password_nor_deleted() {
    let app = TestApp::start();
    roles(&app, &["Marketing"]);
    let user = a_user().create(&app);
    make_external(&app, &user);
    let path = format!("/user/{}", user.username);
    let body = json!({"name": "Calvin", "roles": ["Marketing"]});
    post(&app.admin(), &path, &body).expect(204);
    let shown = entry(get(&app.admin(), &path));
    assert_eq!(
        shown,
        json!({
            "id": user.username, "name": "Calvin", "external": true, "roles": ["Marketing"],
        })
    );
    let body = json!({"name": "Other", "password": "something long"});
    refused(&app, 400, || post(&app.admin(), &path, &body));
    refused(&app, 403, || delete(&app.admin(), &path));
    assert_eq!(entry(get(&app.admin(), &path)), shown);
    // Nor at the native address.
    let document = json!({"data": {
        "type": "users", "id": user.id.to_string(), "attributes": {"password": "something long"},
    }});
    let answer = app.admin().patch(&user.path(), &document).expect(400);
    assert_eq!(answer.pointers(), ["/data/attributes/password"]);
}

#[test]
fn a_deleted_user_is_gone_from_here_and_waits_in_the_trash() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let path = format!("/user/{}", user.username);
    let answer = delete(&app.admin(), &path).expect(204);
    assert_eq!(answer.text, "");
    refused(&app, 404, || get(&app.admin(), &path));
    refused(&app, 404, || delete(&app.admin(), &path));
    get(
        &app.basic(&user.username, crate::support::ADMIN_PASSWORD),
        "",
    )
    .expect(401);
    app.admin().get(&user.trash_path()).expect(200);
}

#[test]
fn a_deleted_name_is_made_anew() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().holding(&role).create(&app);
    let path = format!("/user/{}", user.username);
    let body = json!({"password": "j04nd0e-and-more"});
    for _ in 0..2 {
        delete(&app.admin(), &path).expect(204);
        put(&app.admin(), &path, &body).expect(201);
        let made = entry(get(&app.admin(), &path));
        assert_eq!(made["roles"], json!([]));
        refused(&app, 409, || put(&app.admin(), &path, &body));
    }
    let trash = app.admin().get("/trash/users").expect(200);
    assert_eq!(trash.ids().len(), 2);
}

#[test]
fn the_last_administrator_and_oneself_stay() {
    let app = TestApp::start();
    refused(&app, 403, || delete(&app.admin(), "/user/admin"));
    refused(&app, 403, || {
        post(&app.admin(), "/user/admin", &json!({"roles": []}))
    });
    let other = a_user().administrator().create(&app);
    let path = format!("/user/{}", other.username);
    let client = other.client(&app);
    refused(&app, 403, || delete(&client, &path));
    delete(&app.admin(), &path).expect(204);
}

#[test]
fn an_entry_that_is_sent_back_changes_nothing() {
    let app = TestApp::start();
    let admin = app.admin();
    let named = |attributes| {
        let user = a_user().create(&app);
        let document = crate::support::changes("users", user.id, attributes);
        admin.patch(&user.path(), &document).expect(200);
        user
    };
    for attributes in [
        json!({"name": "Ada", "surname": "Love"}),
        json!({"surname": "Love"}),
        json!({"full_name": "Ada K. Love", "name": "Ada", "email": "ada@example.org"}),
        json!({}),
    ] {
        let user = named(attributes.clone());
        let path = format!("/user/{}", user.username);
        let read = get(&admin, &path).expect(200).json()["data"][0].clone();
        let before = admin.get(&user.path()).expect(200).data();
        post(&admin, &path, &read).expect(204);
        let after = admin.get(&user.path()).expect(200).data();
        assert_eq!(after, before, "{attributes}");
    }
    // A later surname still shows, and a new name is taken.
    let user = named(json!({"name": "Ada", "surname": "Love"}));
    let path = format!("/user/{}", user.username);
    post(&admin, &path, &json!({"name": "Ada Love"})).expect(204);
    let surname = crate::support::changes("users", user.id, json!({"surname": "King"}));
    admin.patch(&user.path(), &surname).expect(200);
    let name = |json: &serde_json::Value| json["data"][0]["name"].clone();
    assert_eq!(name(&get(&admin, &path).json()), "Ada King");
    post(&admin, &path, &json!({"name": "Countess"})).expect(204);
    assert_eq!(name(&get(&admin, &path).json()), "Countess");
}
