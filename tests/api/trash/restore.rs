//! `PATCH /trash/users/ID`

use serde_json::json;

use super::{clerk, conditional, restoration, told};
use crate::support::{ADMIN_PASSWORD, BEGIN, TestApp, a_role, a_user, changes, linkage};

#[test]
fn who_is_restored_is_answered_where_they_are_back() {
    let app = TestApp::start();
    let user = a_user().named("calvin").deleted(&app);
    let answer = app
        .admin()
        .patch(&user.trash_path(), &restoration(&user))
        .expect(200);
    let own = app.url(&user.path());
    assert_eq!(answer.data()["type"], "users");
    assert_eq!(answer.data()["links"]["self"], own);
    assert_eq!(answer.json()["links"]["self"], own);
    let read = app.admin().get(&user.path()).expect(200);
    assert_eq!(answer.data(), read.data());
    assert_eq!(answer.header("etag"), read.header("etag"));
    app.admin().get(&user.trash_path()).expect(404);
    assert_eq!(app.admin().get("/trash/users").ids(), Vec::<String>::new());
    assert_eq!(app.admin().get("/users").ids(), ["1", &user.id.to_string()]);
    app.admin()
        .patch(&user.trash_path(), &restoration(&user))
        .expect(404);
}

#[test]
fn what_is_sent_along_beside_names_is_passed_over() {
    let app = TestApp::start();
    let user = a_user().named("calvin").deleted(&app);
    let mut document = changes(
        "users",
        user.id,
        json!({"username": "calvin", "name": 7, "password": "x", "deleted": null}),
    );
    document["data"]["relationships"] = json!({"roles": linkage("roles", &[1])});
    let answer = app.admin().patch(&user.trash_path(), &document).expect(200);
    assert_eq!(answer.data()["attributes"]["username"], "calvin");
    assert_eq!(answer.data()["attributes"]["name"], json!(null));
    let roles = format!("{}/roles", user.path());
    assert_eq!(app.admin().get(&roles).ids(), Vec::<String>::new());
}

#[test]
fn the_answer_includes_what_that_of_the_living_can() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().holding(&role).deleted(&app);
    let path = format!(
        "{}?include=roles&fields[users]=username,roles",
        user.trash_path()
    );
    let answer = app.admin().patch(&path, &restoration(&user)).expect(200);
    assert_eq!(answer.json()["included"][0]["id"], role.id.to_string());
}

#[test]
fn a_document_about_something_else_restores_nobody() {
    let app = TestApp::start();
    let user = a_user().deleted(&app);
    let path = user.trash_path();
    let admin = app.admin();
    let other = json!({"data": {"type": "users", "id": "1"}});
    assert_eq!(
        admin.patch(&path, &other).expect(409).pointers(),
        ["/data/id"]
    );
    let other = json!({"data": {"type": "roles", "id": user.id.to_string()}});
    assert_eq!(
        admin.patch(&path, &other).expect(409).pointers(),
        ["/data/type"]
    );
    admin
        .patch(&path, &json!({"data": {"type": "users"}}))
        .expect(400);
    admin.patch(&path, &json!({"data": null})).expect(400);
    admin.patch(&path, &json!({})).expect(400);
    admin
        .patch(&format!("{path}?sort=id"), &restoration(&user))
        .expect(400);
    admin.get(&path).expect(200);
}

#[test]
fn roles_are_in_force_again() {
    let app = TestApp::start();
    let role = a_role().permitting(&["users:read"]).create(&app);
    let user = a_user().holding(&role).create(&app);
    app.give_until(user.id, 1, "2026-01-02T03:04:06+00:00");
    app.admin().delete(&user.path()).expect(204);
    app.advance(1);
    app.admin()
        .patch(&user.trash_path(), &restoration(&user))
        .expect(200);
    // What ended meanwhile has ended.
    let roles = format!("{}/roles", user.path());
    assert_eq!(app.admin().get(&roles).ids(), [role.id.to_string()]);
    let members = format!("{}/users", role.path());
    assert_eq!(app.admin().get(&members).ids(), [user.id.to_string()]);
    user.client(&app).get("/users/1").expect(200);
}

#[test]
fn tokens_and_sign_ins_stay_dead_and_the_password_works() {
    let app = TestApp::start();
    let user = a_user().named("calvin").with_password().create(&app);
    let by_token = user.client(&app);
    by_token.get("/home").expect(200);
    let credentials = json!({"username": "calvin", "password": ADMIN_PASSWORD});
    let pair = app.anonymous().post("/auth", &credentials).expect(200);
    let of = |name: &str| pair.json()["meta"][name].as_str().unwrap().to_owned();
    let (access, refresh) = (app.token(&of("jwt")), of("renew"));
    access.get("/home").expect(200);
    app.admin().delete(&user.path()).expect(204);
    let answer = app.admin().patch(&user.trash_path(), &restoration(&user));
    let answer = answer.expect(200);
    by_token.get("/home").expect(401);
    access.get("/home").expect(401);
    let again = json!({"grant_type": "refresh_token", "refresh_token": refresh});
    app.anonymous().post("/auth", &again).expect(401);
    let tokens = format!("{}/tokens", user.path());
    assert_eq!(app.admin().get(&tokens).ids(), Vec::<String>::new());
    let revoked = told(&app, &answer);
    assert_eq!(revoked[0][0], "delete");
    assert_eq!(revoked[0][1], "tokens");
    app.basic("calvin", ADMIN_PASSWORD).get("/home").expect(200);
}

#[test]
fn who_was_inactive_is_so_again() {
    let app = TestApp::start();
    let user = a_user()
        .named("calvin")
        .with_password()
        .inactive()
        .deleted(&app);
    let answer = app.admin().patch(&user.trash_path(), &restoration(&user));
    assert_eq!(answer.expect(200).data()["attributes"]["is_active"], false);
    app.basic("calvin", ADMIN_PASSWORD).get("/home").expect(401);
}

#[test]
fn restoring_is_told_by_whom_and_when() {
    let app = TestApp::start();
    let user = a_user().deleted(&app);
    app.advance(1);
    let answer = app.admin().patch(&user.trash_path(), &restoration(&user));
    let answer = answer.expect(200);
    assert_eq!(
        told(&app, &answer),
        [json!([
            "restore",
            "users",
            user.id,
            1,
            {"deleted_at": BEGIN},
            {"deleted_at": null},
        ])]
    );
    let attributes = answer.data()["attributes"].clone();
    assert_eq!(attributes["modified_by"], 1);
    assert_eq!(attributes["modified"], "2026-01-02T03:04:06+00:00");
}

#[test]
fn nobody_brings_back_somebody_who_may_more_than_they() {
    let app = TestApp::start();
    let auditor = a_role().permitting(&["audit:read"]).create(&app);
    let admin = a_user().administrator().deleted(&app);
    let auditor = a_user().holding(&auditor).deleted(&app);
    let plain = a_user().deleted(&app);
    let clerk = clerk(&app, &["users:read", "users:write"]);
    for more in [&admin, &auditor] {
        let refused = clerk.patch(&more.trash_path(), &restoration(more));
        assert_eq!(refused.expect(403).errors()[0]["code"], "protected");
        app.admin().get(&more.trash_path()).expect(200);
    }
    clerk
        .patch(&plain.trash_path(), &restoration(&plain))
        .expect(200);
}

#[test]
fn restoring_takes_both_permissions_whether_there_is_somebody_or_not() {
    let app = TestApp::start();
    let gone = a_user().deleted(&app);
    for permissions in [&["users:read"][..], &["users:write"]] {
        let client = clerk(&app, permissions);
        client
            .patch(&gone.trash_path(), &restoration(&gone))
            .expect(403);
        let nobody = json!({"data": {"type": "users", "id": "4711"}});
        client.patch("/trash/users/4711", &nobody).expect(403);
    }
    let narrow = app.token(&app.token_of(1, Some(&["users:read"])));
    narrow
        .patch(&gone.trash_path(), &restoration(&gone))
        .expect(403);
    app.admin().get(&gone.trash_path()).expect(200);
}

#[test]
fn if_match_is_honoured_and_may_be_demanded() {
    let app = TestApp::with(|settings| settings.server.require_if_match = true);
    let user = a_user().create(&app);
    let admin = app.admin();
    let living = admin.get(&user.path()).expect(200);
    let stale = living.header("etag").unwrap();
    conditional(&admin, "DELETE", &user.path(), stale, None).expect(204);
    let path = user.trash_path();
    let document = restoration(&user);
    admin.patch(&path, &document).expect(428);
    conditional(&admin, "PATCH", &path, stale, Some(&document)).expect(412);
    let read = admin.get(&path).expect(200);
    let tag = read.header("etag").unwrap();
    conditional(&admin, "PATCH", &path, tag, Some(&document)).expect(200);
}

#[test]
fn operations_do_not_reach_into_the_trash() {
    let app = TestApp::start();
    let user = a_user().deleted(&app);
    for step in [
        json!({"op": "remove", "href": user.trash_path()}),
        json!({"op": "remove", "ref": {"type": "users", "id": user.id.to_string()}}),
        json!({"op": "update", "href": user.trash_path(), "data": restoration(&user)["data"]}),
    ] {
        let document = json!({"atomic:operations": [step]});
        let status = app.admin().operations(&document).status;
        assert!(matches!(status, 400 | 404), "{status}: {step}");
    }
    app.admin().get(&user.trash_path()).expect(200);
}

#[test]
fn who_was_restored_can_be_deleted_and_restored_again() {
    let app = TestApp::start();
    let user = a_user().deleted(&app);
    for _ in 0..2 {
        app.admin()
            .patch(&user.trash_path(), &restoration(&user))
            .expect(200);
        app.admin().delete(&user.path()).expect(204);
    }
    assert_eq!(app.admin().get("/trash/users").ids(), [user.id.to_string()]);
}
