//! Changes of roles, which reach all who hold them.

use serde_json::{Value, json};

use super::{a_grant, a_rule, include, one, roles_that_give_more, somebody_with};
use crate::support::{Client, TestApp, a_role, a_user, changes, linkage, role_named};

fn update(client: &Client, role: i64, attributes: Value) -> u16 {
    let document = changes("roles", role, attributes);
    client.patch(&format!("/roles/{role}"), &document).status
}

const EDITOR: &[&str] = &["roles:read", "roles:write"];
const FULL_EDITOR: &[&str] = &["roles:read", "roles:write", "grants:write", "users:read"];

#[test]
fn nobody_writes_into_a_role_what_they_may_not() {
    let app = TestApp::start();
    for permissions in [EDITOR, FULL_EDITOR] {
        let (editor, client) = somebody_with(&app, permissions);
        let held = a_role().create(&app);
        editor.grant(&app, &held);
        let free = a_role().create(&app);
        for role in [&held, &free] {
            for name in ["payments:send", "users:write", "audit:read"] {
                let status = update(&client, role.id, json!({"permissions": [name]}));
                assert_eq!(status, 403, "{name}");
            }
        }
        let new = crate::support::a_new(
            "roles",
            json!({"name": "new", "permissions": ["payments:send"]}),
        );
        client.post("/roles", &new).expect(403);
    }
}

#[test]
fn nobody_puts_into_a_role_one_that_gives_more() {
    let app = TestApp::start();
    let (editor, client) = somebody_with(&app, FULL_EDITOR);
    let held = a_role().create(&app);
    editor.grant(&app, &held);
    for (what, more) in roles_that_give_more(&app) {
        for role in [&held, &a_role().create(&app)] {
            let path = format!("{}/relationships/includes", role.path());
            let parts = linkage("roles", &[more.id]);
            assert_eq!(client.post(&path, &parts).status, 403, "{what}");
            assert_eq!(client.patch(&path, &parts).status, 403, "{what}");
            let mut whole = changes("roles", role.id, json!({}));
            whole["data"]["relationships"] = json!({"includes": parts});
            assert_eq!(client.patch(&role.path(), &whole).status, 403, "{what}");
        }
    }
}

#[test]
fn roles_that_give_more_are_neither_changed_nor_deleted_held_or_not() {
    let app = TestApp::start();
    let (editor, client) = somebody_with(&app, FULL_EDITOR);
    for (what, more) in roles_that_give_more(&app) {
        assert_eq!(
            update(&client, more.id, json!({"label": "x"})),
            403,
            "{what}"
        );
        assert_eq!(
            update(&client, more.id, json!({"name": "x"})),
            403,
            "{what}"
        );
        assert_eq!(client.delete(&more.path()).status, 403, "{what}");
        editor.grant(&app, &a_role().create(&app));
    }
}

#[test]
fn without_grants_write_a_held_role_is_not_changed_in_what_it_gives() {
    let app = TestApp::start();
    let editing = a_role()
        .permitting(&["roles:read", "roles:write", "users:read"])
        .create(&app);
    let client = a_user().holding(&editing).create(&app).client(&app);
    let [direct, part, scoped] = [(); 3].map(|()| a_role().create(&app));
    let whole = a_role().create(&app);
    include(&app, &whole, part.id);
    for held in [&direct, &whole] {
        a_user().holding(held).create(&app);
    }
    let attributes = json!({"is_active": false});
    let off = a_user().create(&app);
    app.admin()
        .post("/grants", &a_grant(off.id, scoped.id, attributes))
        .expect(201);
    for role in [&direct, &part, &scoped] {
        let tries = [
            json!({"permissions": ["users:read"]}),
            json!({"scope": "workspace"}),
            json!({"name": "another"}),
        ];
        for attributes in tries {
            assert_eq!(
                update(&client, role.id, attributes.clone()),
                403,
                "{attributes}"
            );
        }
        assert_eq!(client.delete(&role.path()).status, 403);
        assert_eq!(update(&client, role.id, json!({"label": "x"})), 200);
    }
    let free = a_role().create(&app);
    assert_eq!(
        update(&client, free.id, json!({"permissions": ["users:read"]})),
        200
    );
    assert_eq!(update(&client, free.id, json!({"scope": "cluster"})), 200);
    assert_eq!(client.delete(&free.path()).status, 204);
}

#[test]
fn a_rename_neither_gives_nor_takes_what_a_role_of_the_portal_does() {
    let app = TestApp::start();
    let (editor, client) = somebody_with(&app, FULL_EDITOR);
    let system_admin = role_named(&app, "CLUSTER_SYSTEM_ADMIN");
    assert_eq!(
        update(&client, system_admin.id, json!({"name": "gone"})),
        403
    );
    // An administrator renames it: it stays what it is, and its name is worth nothing.
    let holder = a_user().holding(&system_admin).create(&app);
    assert_eq!(
        update(&app.admin(), system_admin.id, json!({"name": "gone"})),
        200
    );
    let own = a_role().create(&app);
    editor.grant(&app, &own);
    assert_eq!(
        update(&client, own.id, json!({"name": "CLUSTER_SYSTEM_ADMIN"})),
        200
    );
    let partners = "/api/id-management/partners/";
    client.get(partners).expect(403);
    let listed = holder.client(&app).get(partners);
    assert_eq!(listed.status, 200, "{}", listed.text);
}

#[test]
fn a_rule_is_not_widened_by_those_who_have_it() {
    let app = TestApp::start();
    let paying = a_role().permitting(&["payments:send"]).create(&app);
    let harmless = a_role().create(&app);
    let granting = a_role().create(&app);
    a_rule(&app, &granting, &[harmless.id], "same_cluster");
    let (granter, client) = somebody_with(&app, FULL_EDITOR);
    granter.grant(&app, &granting);
    let rules = client.get("/grant-rules?filter[scope]=same_cluster&page[size]=50");
    let rule = rules.expect(200).ids().last().unwrap().clone();
    let targets = format!("/grant-rules/{rule}/relationships/targets");
    client
        .post(&targets, &linkage("roles", &[paying.id]))
        .expect(403);
    let mut document = changes("grant-rules", &rule, json!({"scope": "any"}));
    document["data"]["relationships"] = json!({"targets": linkage("roles", &[paying.id])});
    client
        .patch(&format!("/grant-rules/{rule}"), &document)
        .expect(403);
    let granter_of = format!("/grant-rules/{rule}/relationships/granter");
    client
        .patch(&granter_of, &one("roles", paying.id))
        .expect(403);
}

#[test]
fn a_rule_that_shows_users_needs_users_read_once_somebody_has_it() {
    let app = TestApp::start();
    let (maker, client) = somebody_with(&app, &["roles:read", "roles:write", "grants:write"]);
    let (own, target) = (a_role().create(&app), a_role().create(&app));
    maker.grant(&app, &own);
    let mut document =
        crate::support::a_new("grant-rules", json!({"scope": "any", "verbs": ["give"]}));
    document["data"]["relationships"] = json!({
        "granter": one("roles", own.id),
        "targets": linkage("roles", &[target.id]),
    });
    client.post("/grant-rules", &document).expect(403);
    assert_eq!(client.get("/users").expect(200).ids().len(), 1);
}
