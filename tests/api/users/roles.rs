//! `/users/ID/roles` and `/users/ID/relationships/roles`

use serde_json::{Value, json};

use super::post_johndoe;
use crate::support::{Answer, BEGIN, Client, Member, TestApp, a_role, a_user, linkage, links};

fn members(ids: &[i64]) -> Value {
    linkage("roles", ids)["data"].clone()
}

fn path(user: &Member) -> String {
    format!("{}/relationships/roles", user.path())
}

fn held(client: &Client, user: &Member) -> Vec<String> {
    client
        .get(&format!("{}/roles", user.path()))
        .expect(200)
        .ids()
}

fn changed(answer: Answer) -> Value {
    answer.expect(200).json()["meta"]["changed"].clone()
}

#[test]
fn a_role_is_added_as_the_document_shows_with_one_object_and_a_number_as_id() {
    let app = TestApp::start();
    let id = post_johndoe(&app);
    let role = a_role().create(&app);
    let own = format!("/users/{id}/relationships/roles");
    let answer = app
        .admin()
        .post(&own, &json!({"data": {"type": "roles", "id": role.id}}))
        .expect(200);
    assert_eq!(
        answer.json(),
        json!({
            "data": [{"type": "roles", "id": role.id.to_string()}],
            "links": {
                "self": app.url(&own),
                "related": app.url(&format!("/users/{id}/roles")),
                "home": app.url("/home"), "describedby": app.url("/openapi.json"),
            },
            "meta": {"changed": 1},
        })
    );
}

#[test]
fn a_role_is_removed_as_the_document_shows() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().holding(&role).create(&app);
    let answer = app
        .admin()
        .delete_with(
            &path(&user),
            &json!({"data": {"type": "roles", "id": role.id}}),
        )
        .expect(200);
    assert_eq!(
        answer.json(),
        json!({
            "data": [],
            "links": {
                "self": app.url(&path(&user)),
                "related": app.url(&format!("{}/roles", user.path())),
                "home": app.url("/home"), "describedby": app.url("/openapi.json"),
            },
            "meta": {"changed": 1},
        })
    );
    app.admin().get(&role.path()).expect(200);
}

#[test]
fn the_roles_are_listed_as_the_document_shows() {
    let app = TestApp::start();
    let role = a_role().named("sample role").create(&app);
    let user = a_user().holding(&role).create(&app);
    let own = format!("{}/roles", user.path());
    let answer = app.admin().get(&own).expect(200);
    let address = app.url(&role.path());
    assert_eq!(
        answer.json(),
        json!({
            "links": {
                "self": app.url(&own),
                "home": app.url("/home"), "describedby": app.url("/openapi.json"),
                "first": app.url(&own),
                "last": app.url(&own),
                "prev": null,
                "next": null,
            },
            "data": [{
                "type": "roles",
                "id": role.id.to_string(),
                "attributes": {
                    "name": "sample role",
                    "label": null,
                    "description": null,
                    "scope": "none",
                    "unchangeable": false,
                    "is_default": false,
                    "permissions": [],
                    "include_context": null,
                    "exclude_context": null,
                    "include_bundles": null,
                    "exclude_bundles": null,
                    "origin": "directory",
                    "created_by": null,
                    "modified_by": null,
                    "created": BEGIN,
                    "modified": BEGIN,
                },
                "links": {"self": address},
                "relationships": links(&address, &["users", "grants", "includes", "grant-rules"]),
                "meta": {
                    "created": BEGIN, "modified": BEGIN, "created_by": null, "modified_by": null,
                },
            }],
            "meta": {"total": 1, "pagination": {
                "count": 1, "page": 1, "page_count": 1, "page_items": 1, "page_size": 20,
            }},
        })
    );
}

#[test]
fn the_linkage_is_identifiers_only_f06() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().holding(&role).create(&app);
    let answer = app.admin().get(&path(&user)).expect(200);
    assert_eq!(
        answer.json(),
        json!({
            "data": members(&[role.id]),
            "links": {
                "self": app.url(&path(&user)),
                "related": app.url(&format!("{}/roles", user.path())),
                "home": app.url("/home"), "describedby": app.url("/openapi.json"),
            },
            "meta": {"total": 1, "pagination": {
                "count": 1, "page": 1, "page_count": 1, "page_items": 1, "page_size": 1000,
            }},
        })
    );
}

#[test]
fn no_roles_are_an_empty_array_on_both_addresses_f08() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    for address in [path(&user), format!("{}/roles", user.path())] {
        assert_eq!(app.admin().get(&address).expect(200).data(), json!([]));
    }
}

#[test]
fn what_is_held_already_is_not_added_twice_r02() {
    let app = TestApp::start();
    let (one, two) = (a_role().create(&app), a_role().create(&app));
    let user = a_user().holding(&one).create(&app);
    let both = linkage("roles", &[one.id, two.id, two.id]);
    let answer = app.admin().post(&path(&user), &both).expect(200);
    assert_eq!(answer.data(), members(&[one.id, two.id]));
    assert_eq!(answer.json()["meta"], json!({"changed": 1}));
    assert_eq!(changed(app.admin().post(&path(&user), &both)), 0);
}

#[test]
fn removing_what_is_not_held_or_does_not_exist_is_a_success_r05() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().create(&app);
    let answer = app
        .admin()
        .delete_with(&path(&user), &linkage("roles", &[role.id, 4711]));
    assert_eq!(changed(answer), 0);
}

#[test]
fn one_unknown_role_fails_the_whole_request_r03_r07() {
    let app = TestApp::start();
    let (held_role, other) = (a_role().create(&app), a_role().create(&app));
    let user = a_user().holding(&held_role).create(&app);
    let linkage = linkage("roles", &[other.id, 4711]);
    for method in ["POST", "PATCH"] {
        let answer = app.admin().json(method, &path(&user), &linkage).expect(404);
        assert_eq!(answer.pointers(), ["/data/1"], "{method}");
    }
    assert_eq!(held(&app.admin(), &user), [held_role.id.to_string()]);
}

#[test]
fn patch_replaces_everything_and_an_empty_array_clears_r06() {
    let app = TestApp::start();
    let [one, two, three] = [(); 3].map(|()| a_role().create(&app));
    let user = a_user().holding(&one).holding(&two).create(&app);
    let put = |ids: &[i64]| app.admin().patch(&path(&user), &linkage("roles", ids));
    let answer = put(&[two.id, three.id]).expect(200);
    assert_eq!(answer.data(), members(&[two.id, three.id]));
    assert_eq!(answer.json()["meta"], json!({"changed": 2}));
    assert_eq!(changed(put(&[])), 2);
    assert_eq!(held(&app.admin(), &user), Vec::<String>::new());
}

#[test]
fn nothing_added_or_removed_changes_nothing_r08() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().holding(&role).create(&app);
    for method in ["POST", "DELETE"] {
        let answer = app.admin().json(method, &path(&user), &json!({"data": []}));
        assert_eq!(changed(answer), 0, "{method}");
    }
    assert_eq!(held(&app.admin(), &user), [role.id.to_string()]);
}

#[test]
fn a_missing_type_is_the_relationships_own() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().create(&app);
    let answer = app
        .admin()
        .post(&path(&user), &json!({"data": [{"id": role.id}]}))
        .expect(200);
    assert_eq!(answer.data(), members(&[role.id]));
}

#[test]
fn what_is_no_linkage_of_roles_is_400_on_every_method_r09() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().holding(&role).create(&app);
    for wrong in [
        json!({"data": null}),
        json!({"data": [{"type": "roles"}]}),
        json!({"data": [{"type": "users", "id": "1"}]}),
        json!({"data": "1"}),
        json!({}),
    ] {
        for method in ["POST", "PATCH", "DELETE"] {
            app.admin().json(method, &path(&user), &wrong).expect(400);
        }
    }
    assert_eq!(held(&app.admin(), &user), [role.id.to_string()]);
}

#[test]
fn long_linkage_is_paginated_with_next_beside_it_f13() {
    let app = TestApp::with(|settings| settings.limits.linkage_items = 2);
    let roles = [(); 3].map(|()| a_role().create(&app));
    let user = a_user().holding(&roles[0]).holding(&roles[1]).create(&app);
    user.grant(&app, &roles[2]);
    let first = app.admin().get(&path(&user)).expect(200);
    assert_eq!(first.data(), members(&[roles[0].id, roles[1].id]));
    let next = first.json()["links"]["next"].as_str().unwrap().to_owned();
    let second = app.admin().get(&next).expect(200);
    assert_eq!(second.data(), members(&[roles[2].id]));
    assert_eq!(second.json()["links"]["next"], Value::Null);
}

#[test]
fn the_related_list_is_paged_sorted_and_filtered_like_any_other_q16() {
    let app = TestApp::start();
    let (b, a) = (
        a_role().named("b").create(&app),
        a_role().named("a").create(&app),
    );
    let user = a_user().holding(&b).holding(&a).create(&app);
    let ids = |query: &str| {
        let path = format!("{}/roles?{query}", user.path());
        app.admin().get(&path).expect(200).ids()
    };
    assert_eq!(ids("sort=name&page[size]=1"), [a.id.to_string()]);
    assert_eq!(ids("filter[name]=b"), [b.id.to_string()]);
}

#[test]
fn the_path_of_an_include_begins_with_the_relationships_own_name_q07() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().holding(&role).create(&app);
    let answer = app
        .admin()
        .get(&format!("{}?include=roles", path(&user)))
        .expect(200);
    assert_eq!(
        answer.json()["included"][0]["attributes"]["name"],
        role.name
    );
    app.admin()
        .get(&format!("{}?include=users", path(&user)))
        .expect(400);
}

#[test]
fn an_unknown_user_or_relationship_is_404_r10() {
    let app = TestApp::start();
    for path in [
        "/users/4711/roles",
        "/users/4711/relationships/roles",
        "/users/1/friends",
        "/users/1/relationships/friends",
    ] {
        app.admin().get(path).expect(404);
    }
    for method in ["POST", "PATCH", "DELETE"] {
        for relationship in ["roles", "tokens"] {
            let path = format!("/users/4711/relationships/{relationship}");
            app.admin()
                .json(method, &path, &json!({"data": []}))
                .expect(404);
        }
    }
}

#[test]
fn both_sides_of_the_relationship_agree_f14() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().create(&app);
    app.admin()
        .post(&path(&user), &linkage("roles", &[role.id]))
        .expect(200);
    let users = app.admin().get(&format!("{}/users", role.path()));
    assert_eq!(users.expect(200).ids(), [user.id.to_string()]);
}

#[test]
fn the_last_administrator_cannot_lose_the_role() {
    let app = TestApp::start();
    let own = "/users/1/relationships/roles";
    app.admin()
        .delete_with(own, &linkage("roles", &[1]))
        .expect(403);
    app.admin().patch(own, &json!({"data": []})).expect(403);
    assert_eq!(app.admin().get(own).expect(200).data(), members(&[1]));
    let deputy = a_user().administrator().create(&app);
    deputy
        .client(&app)
        .delete_with(own, &linkage("roles", &[1]))
        .expect(200);
    app.admin().get("/events").expect(403);
}

#[test]
fn a_role_for_a_time_is_made_lasting_by_adding_it() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().create(&app);
    app.give_until(user.id, role.id, "2026-01-02T03:05:05+00:00");
    let add = linkage("roles", &[role.id]);
    assert_eq!(changed(app.admin().post(&path(&user), &add)), 1);
    app.advance(3600);
    assert_eq!(held(&app.admin(), &user), [role.id.to_string()]);
}

#[test]
fn a_role_for_a_time_is_shown_until_it_ends() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().create(&app);
    app.give_until(user.id, role.id, "2026-01-02T03:05:05+00:00");
    app.advance(59);
    assert_eq!(held(&app.admin(), &user), [role.id.to_string()]);
    app.advance(1);
    assert_eq!(held(&app.admin(), &user), Vec::<String>::new());
}
