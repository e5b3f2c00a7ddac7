//! Conditional requests: entity tags, `If-None-Match`, `If-Match`.

use serde_json::json;

use crate::support::{Answer, Client, JSON_API, TestApp, a_role, a_user, changes, linkage};

fn tag(answer: &Answer) -> String {
    answer.header("etag").expect("an ETag").to_owned()
}

/// Any method with a document, and with a condition.
fn conditional(
    client: &Client,
    method: &str,
    path: &str,
    condition: (&str, &str),
    document: &serde_json::Value,
) -> Answer {
    let headers = [("accept", JSON_API), ("content-type", JSON_API), condition];
    let body = document.to_string();
    client.send(method, path, &headers, Some(body.as_bytes()))
}

fn read(client: &Client, path: &str, tag: &str) -> Answer {
    client.get_with(path, &[("accept", JSON_API), ("if-none-match", tag)])
}

#[test]
fn a_resource_has_one_strong_tag_wherever_it_is_shown() {
    let app = TestApp::start();
    let admin = app.admin();
    let made = admin
        .post(
            "/roles",
            &crate::support::a_new("roles", json!({"name": "HR"})),
        )
        .expect(201);
    let path = format!("/roles/{}", made.id());
    let read = admin.get(&path).expect(200);
    assert_eq!(tag(&made), tag(&read));
    assert!(tag(&read).starts_with('"'), "{}", tag(&read));
    assert_eq!(tag(&admin.head(&path).expect(200)), tag(&read));
    let edit = changes("roles", made.id(), json!({"label": "People"}));
    let edited = admin.patch(&path, &edit).expect(200);
    assert_ne!(tag(&edited), tag(&read));
    assert_eq!(tag(&edited), tag(&admin.get(&path)));
}

#[test]
fn what_the_client_has_already_is_304_without_a_body() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let admin = app.admin();
    app.token_of(user.id, None);
    for path in [
        user.path(),
        format!("{}/relationships/roles", user.path()),
        format!("{}/relationships/tokens", user.path()),
        "/tokens/1/relationships/user".to_owned(),
    ] {
        let first = admin.get(&path).expect(200);
        for known in [
            tag(&first),
            format!("W/{}", tag(&first)),
            format!("\"other\", {}", tag(&first)),
            "*".to_owned(),
        ] {
            let again = read(&admin, &path, &known).expect(304);
            assert_eq!(again.text, "");
            assert_eq!(tag(&again), tag(&first));
            assert_eq!(again.header("vary"), Some("Accept"));
            assert_eq!(again.header("cache-control"), first.header("cache-control"));
        }
        read(&admin, &path, "\"other\"").expect(200);
    }
}

#[test]
fn a_304_is_for_those_who_may_read() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let stranger = a_user().create(&app).client(&app);
    let known = tag(&app.admin().get(&user.path()));
    read(&stranger, &user.path(), &known).expect(404);
    read(&app.anonymous(), &user.path(), &known).expect(401);
}

#[test]
fn plain_json_has_a_tag_of_its_own() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let admin = app.admin();
    let ours = tag(&admin.get(&user.path()));
    let plain = admin.get_with(&user.path(), &[("accept", "application/json")]);
    assert_ne!(tag(&plain), ours);
    let headers = [("accept", "application/json"), ("if-none-match", &*ours)];
    admin.get_with(&user.path(), &headers).expect(200);
    // Either stands for the same state before a change.
    let edit = changes("users", user.id, json!({"name": "Calvin"}));
    let plain = tag(&plain);
    conditional(&admin, "PATCH", &user.path(), ("if-match", &plain), &edit).expect(200);
}

#[test]
fn collections_and_documents_that_include_others_have_no_tag() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let admin = app.admin();
    for path in [
        "/users".to_owned(),
        format!("{}?include=roles", user.path()),
        format!("{}/roles", user.path()),
        format!("{}/relationships/roles?include=roles", user.path()),
    ] {
        let answer = admin.get(&path).expect(200);
        assert_eq!(answer.header("etag"), None, "{path}");
        read(&admin, &path, "*").expect(200);
    }
}

#[test]
fn a_sign_in_changes_the_document_but_is_no_edit() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let admin = app.admin();
    let before = tag(&admin.get(&user.path()));
    let own = app.basic(&user.username, crate::support::ADMIN_PASSWORD);
    own.get(&user.path()).expect(200);
    crate::support::eventually("the sign-in is noted", || {
        tag(&admin.get(&user.path())) != before
    });
    let edit = changes("users", user.id, json!({"name": "Calvin"}));
    conditional(&admin, "PATCH", &user.path(), ("if-match", &before), &edit).expect(200);
}

#[test]
fn a_change_of_what_was_changed_meanwhile_is_412() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let admin = app.admin();
    let path = user.path();
    let old = tag(&admin.get(&path));
    let edit = |name: &str| changes("users", user.id, json!({"name": name}));
    let patched = conditional(&admin, "PATCH", &path, ("if-match", &old), &edit("a")).expect(200);
    let refused = conditional(&admin, "PATCH", &path, ("if-match", &old), &edit("b")).expect(412);
    let error = &refused.errors()[0];
    assert_eq!(error["code"], "precondition_failed");
    assert_eq!(error["source"]["header"], "If-Match");
    let delete = |tag: &str| {
        admin.send(
            "DELETE",
            &path,
            &[("accept", JSON_API), ("if-match", tag)],
            None,
        )
    };
    delete(&old).expect(412);
    assert_eq!(admin.get(&path).data()["attributes"]["name"], "a");
    delete(&tag(&patched)).expect(204);
    delete(&tag(&patched)).expect(404);
}

#[test]
fn a_list_of_tags_a_star_and_weak_tags() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let admin = app.admin();
    let known = tag(&admin.get(&role.path()));
    let edit = changes("roles", role.id, json!({"label": null}));
    let status = |condition: &str| {
        conditional(
            &admin,
            "PATCH",
            &role.path(),
            ("if-match", condition),
            &edit,
        )
        .status
    };
    assert_eq!(status("*"), 200);
    assert_eq!(status(&known), 200);
    assert_eq!(status(&format!("\"x\" , {known}")), 200);
    assert_eq!(status(&format!("W/{known}")), 412);
    assert_eq!(status("\"x\""), 412);
    assert_eq!(status("\"99-x\""), 412);
}

#[test]
fn a_malformed_condition_is_400_and_names_its_header() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let admin = app.admin();
    let edit = changes("roles", role.id, json!({"label": "x"}));
    for wrong in ["", "7", "\"7", "\"a\"\"b\"", "*, \"a\"", "W/7", "\u{fffd}"] {
        let refused = conditional(&admin, "PATCH", &role.path(), ("if-match", wrong), &edit);
        let error = &refused.expect(400).errors()[0];
        assert_eq!(error["source"]["header"], "If-Match", "{wrong}");
        let refused = read(&admin, &role.path(), wrong).expect(400);
        assert_eq!(refused.errors()[0]["source"]["header"], "If-None-Match");
    }
    let none_match = ("if-none-match", "*");
    let refused = conditional(&admin, "PATCH", &role.path(), none_match, &edit).expect(400);
    assert_eq!(refused.errors()[0]["source"]["header"], "If-None-Match");
    assert_eq!(
        admin.get(&role.path()).data()["attributes"]["label"],
        json!(null)
    );
}

#[test]
fn linkage_has_a_state_of_its_own() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let admin = app.admin();
    let roles = format!("{}/relationships/roles", user.path());
    let users = format!("{}/relationships/users", role.path());
    let (of_user, of_role) = (tag(&admin.get(&roles)), tag(&admin.get(&users)));
    let whole = tag(&admin.get(&user.path()));
    let given = linkage("roles", &[role.id]);

    // The tag of the user is not the one of its linkage.
    conditional(&admin, "POST", &roles, ("if-match", &whole), &given).expect(412);
    let added = conditional(&admin, "POST", &roles, ("if-match", &of_user), &given).expect(200);
    assert_ne!(tag(&added), of_user);
    assert_eq!(tag(&admin.get(&roles)), tag(&added));
    // Both sides moved, the user itself did not.
    assert_ne!(tag(&admin.get(&users)), of_role);
    assert_eq!(tag(&admin.get(&user.path())), whole);

    for (method, document) in [("PATCH", linkage("roles", &[])), ("DELETE", given.clone())] {
        conditional(&admin, method, &roles, ("if-match", &of_user), &document).expect(412);
    }
    let none = linkage("users", &[]);
    conditional(&admin, "PATCH", &users, ("if-match", &of_role), &none).expect(412);
    let now = tag(&admin.get(&users));
    conditional(&admin, "PATCH", &users, ("if-match", &now), &none).expect(200);
    assert_eq!(admin.get(&roles).ids(), Vec::<String>::new());
}

#[test]
fn linkage_moves_also_when_a_member_goes_or_time_passes() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().holding(&role).create(&app);
    let admin = app.admin();
    let users = format!("{}/relationships/users", role.path());
    let before = tag(&admin.get(&users));
    admin.delete(&user.path()).expect(204);
    let without = tag(&admin.get(&users));
    assert_ne!(without, before);

    let other = a_user().create(&app);
    app.give_until(other.id, role.id, "2026-12-01T00:00:00+00:00");
    let with = tag(&admin.get(&users));
    assert_ne!(with, without);
    let roles = format!("{}/relationships/roles", other.path());
    let held = tag(&admin.get(&roles));
    app.advance(60 * 60 * 24 * 3650);
    assert_eq!(tag(&admin.get(&users)), without);
    assert_ne!(tag(&admin.get(&roles)), held);
    let none = linkage("users", &[]);
    conditional(&admin, "PATCH", &users, ("if-match", &with), &none).expect(412);
    conditional(&admin, "PATCH", &users, ("if-match", &without), &none).expect(200);
}

#[test]
fn the_linkage_of_tokens_moves_with_what_its_page_shows() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let admin = app.admin();
    let linkage = format!("{}/relationships/tokens", user.path());
    let first = format!("{linkage}?page[size]=1");
    let mut tags = vec![tag(&admin.get(&linkage))];
    for _ in 0..2 {
        app.token_of(user.id, None);
        tags.push(tag(&admin.get(&linkage)));
    }
    // The first page tells how many there are.
    let two = tag(&admin.get(&first));
    let ids = admin.get(&linkage).ids();
    admin.delete(&format!("/tokens/{}", ids[1])).expect(204);
    assert_ne!(tag(&admin.get(&first)), two);
    assert_eq!(tag(&admin.get(&linkage)), tags[1]);
    tags.dedup();
    assert_eq!(tags.len(), 3);
    // A look at the token itself is no change of who owns it.
    let owner = format!("/tokens/{}/relationships/user", ids[0]);
    let known = tag(&admin.get(&owner));
    let edit = changes("tokens", &ids[0], json!({"name": "another"}));
    admin
        .patch(&format!("/tokens/{}", ids[0]), &edit)
        .expect(200);
    read(&admin, &owner, &known).expect(304);
}

#[test]
fn a_setting_demands_that_changes_name_their_state() {
    let app = TestApp::with(|settings| settings.server.require_if_match = true);
    let user = a_user().create(&app);
    let admin = app.admin();
    let path = user.path();
    let roles = format!("{path}/relationships/roles");
    let edit = changes("users", user.id, json!({"name": "a"}));
    let none = linkage("roles", &[]);
    for answer in [
        admin.patch(&path, &edit),
        admin.delete(&path),
        admin.patch(&roles, &none),
        admin.post(&roles, &none),
        admin.delete_with(&roles, &none),
    ] {
        let error = &answer.expect(428).errors()[0];
        assert_eq!(error["code"], "precondition_required");
        assert_eq!(error["source"]["header"], "If-Match");
    }
    let known = tag(&admin.get(&path));
    conditional(&admin, "PATCH", &path, ("if-match", &known), &edit).expect(200);
    conditional(&admin, "PATCH", &roles, ("if-match", "*"), &none).expect(200);
    // What is new has no state yet.
    admin
        .post(
            "/roles",
            &crate::support::a_new("roles", json!({"name": "HR"})),
        )
        .expect(201);
}
