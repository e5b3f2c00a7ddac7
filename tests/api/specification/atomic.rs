//! The Atomic Operations extension: `POST /operations`.

use serde_json::{Value, json};

use super::{change, count_roles, identifier, identifiers, members, new_role};
use crate::support::{ATOMIC, Answer, Client, JSON_API, TestApp, a_role, a_user};

fn operations(operations: Value) -> Value {
    json!({ "atomic:operations": operations })
}

fn add_role(name: &str) -> Value {
    json!({"op": "add", "data": new_role(name)["data"]})
}

fn add_user(username: &str, lid: &str) -> Value {
    let attributes = json!({"username": username, "password": "a long password"});
    json!({"op": "add", "data": {"type": "users", "lid": lid, "attributes": attributes}})
}

fn remove(kind: &str, id: i64) -> Value {
    json!({"op": "remove", "ref": identifier(kind, id)})
}

fn results(answer: &Answer) -> Vec<Value> {
    let document = answer.json();
    document["atomic:results"].as_array().unwrap().clone()
}

fn ask(client: &Client, list: Value) -> Answer {
    client.operations(&operations(list))
}

/// Fails with this status and this one pointer, and changes nothing.
#[track_caller]
fn refused(app: &TestApp, status: u16, pointer: &str, list: Value) {
    let before = (count_roles(app), super::count(app, "/users"));
    let answer = ask(&app.admin(), list).expect(status);
    assert_eq!(answer.pointers(), [pointer], "{}", answer.text);
    assert_eq!(before, (count_roles(app), super::count(app, "/users")));
}

#[test]
fn a01_the_answer_names_the_extension() {
    let app = TestApp::start();
    for accept in [ATOMIC, "*/*", "application/*"] {
        let headers = [("accept", accept), ("content-type", ATOMIC)];
        let body = operations(json!([add_role(accept)])).to_string();
        let admin = app.admin();
        let answer = admin.send("POST", "/operations", &headers, Some(body.as_bytes()));
        let answer = answer.expect(200);
        assert_eq!(answer.header("content-type"), Some(ATOMIC));
        assert_eq!(
            answer.json()["jsonapi"]["ext"],
            json!(["https://jsonapi.org/ext/atomic"])
        );
    }
}

#[test]
fn a02_only_post_and_only_in_the_extension() {
    let app = TestApp::start();
    let admin = app.admin();
    for method in ["GET", "HEAD", "PATCH", "DELETE", "PUT"] {
        let answer = admin.send(method, "/operations", &[("accept", ATOMIC)], None);
        assert_eq!(answer.expect(405).header("allow"), Some("POST"));
    }
    let body = operations(json!([add_role("a")])).to_string();
    let send = |accept: &str, kind: &str| {
        let headers = [("accept", accept), ("content-type", kind)];
        admin.send("POST", "/operations", &headers, Some(body.as_bytes()))
    };
    for kind in [JSON_API, "application/json", "text/plain"] {
        let error = &send(ATOMIC, kind).expect(415).errors()[0];
        assert_eq!(error["source"]["header"], "Content-Type", "{kind}");
    }
    let without_type = admin.send("POST", "/operations", &[], Some(body.as_bytes()));
    without_type.expect(415);
    let two = r#"application/vnd.api+json;ext="https://jsonapi.org/ext/atomic https://x.example/""#;
    send(ATOMIC, two).expect(415);
    for accept in [JSON_API, two] {
        let error = &send(accept, ATOMIC).expect(406).errors()[0];
        assert_eq!(error["source"]["header"], "Accept", "{accept}");
    }
    assert_eq!(count_roles(&app), 1);
    // Elsewhere the extension means nothing.
    let headers = [("content-type", ATOMIC)];
    admin
        .send("POST", "/roles", &headers, Some(body.as_bytes()))
        .expect(415);
}

#[test]
fn a03_add_makes_a_resource_with_or_without_the_address_of_its_collection() {
    let app = TestApp::start();
    let with = |href: &str, name: &str| {
        let mut operation = add_role(name);
        operation["href"] = href.into();
        operation
    };
    let list = json!([
        add_role("a"),
        with("/roles", "b"),
        with(&app.url("/roles"), "c")
    ]);
    let answer = ask(&app.admin(), list).expect(200);
    for (result, name) in results(&answer).iter().zip(["a", "b", "c"]) {
        assert_eq!(result["data"]["type"], "roles");
        assert_eq!(result["data"]["attributes"]["name"], name);
        let path = format!("/roles/{}", result["data"]["id"].as_str().unwrap());
        let read = app.admin().get(&path).expect(200);
        assert_eq!(read.data(), result["data"]);
        assert_eq!(read.header("etag"), result["meta"]["etag"].as_str());
    }
    refused(
        &app,
        409,
        "/atomic:operations/0/data/type",
        json!([with("/users", "d")]),
    );
    for href in [
        "/roles/1",
        "/roles?x=y",
        "/a/b/c/d/e",
        "https://other.example/roles",
    ] {
        refused(
            &app,
            400,
            "/atomic:operations/0/href",
            json!([with(href, "d")]),
        );
    }
    let mut with_id = add_role("d");
    with_id["data"]["id"] = "7".into();
    refused(&app, 403, "/atomic:operations/0/data/id", json!([with_id]));
}

#[test]
fn a04_one_result_for_each_operation_in_their_order() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    let give = json!({"op": "add", "data": identifiers("roles", &[role.id]),
        "ref": {"type": "users", "id": user.id.to_string(), "relationship": "roles"}});
    let other = a_role().create(&app);
    let list = json!([
        remove("roles", other.id),
        add_role("a"),
        give,
        add_role("b")
    ]);
    let results = results(&ask(&app.admin(), list).expect(200));
    assert_eq!(results[0], json!({}));
    assert_eq!(results[1]["data"]["attributes"]["name"], "a");
    assert_eq!(results[2], json!({}));
    assert_eq!(results[3]["data"]["attributes"]["name"], "b");
    assert_eq!(results.len(), 4);
    let empty = ask(&app.admin(), json!([remove("roles", role.id)])).expect(204);
    assert_eq!(empty.text, "");
}

#[test]
fn a05_update_finds_its_target_by_data_ref_or_href() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let data = |label: &str| change("roles", role.id, json!({"label": label}))["data"].clone();
    for operation in [
        json!({"op": "update", "data": data("a")}),
        json!({"op": "update", "ref": identifier("roles", role.id), "data": data("b")}),
        json!({"op": "update", "href": role.path(), "data": data("c")}),
        json!({"op": "update", "href": app.url(&role.path()), "data":
            {"type": "roles", "attributes": {"label": "d"}}}),
        json!({"op": "update", "ref": {"type": "roles", "id": role.id}, "data": data("e")}),
    ] {
        let answer = ask(&app.admin(), json!([operation])).expect(200);
        let wanted = &operation["data"]["attributes"]["label"];
        assert_eq!(results(&answer)[0]["data"]["attributes"]["label"], *wanted);
    }
    let elsewhere = json!({"op": "update", "ref": identifier("roles", 1), "data": data("x")});
    refused(
        &app,
        409,
        "/atomic:operations/0/data/id",
        json!([elsewhere]),
    );
    let otherwise = json!({"op": "update", "ref": identifier("users", 1), "data": data("x")});
    refused(
        &app,
        409,
        "/atomic:operations/0/data/type",
        json!([otherwise]),
    );
    let nameless = json!({"op": "update", "data": new_role("x")["data"]});
    refused(&app, 400, "/atomic:operations/0/data", json!([nameless]));
}

#[test]
fn a06_remove_names_its_target_and_answers_nothing() {
    let app = TestApp::start();
    let (a, b) = (a_role().create(&app), a_user().create(&app));
    let list = json!([remove("roles", a.id), {"op": "remove", "href": b.path()}]);
    ask(&app.admin(), list).expect(204);
    app.admin().get(&a.path()).expect(404);
    app.admin().get(&b.path()).expect(404);
    refused(&app, 400, "/atomic:operations/0", json!([{"op": "remove"}]));
    let collection = json!([{"op": "remove", "href": "/roles"}]);
    refused(&app, 400, "/atomic:operations/0/href", collection);
}

#[test]
fn a07_linkage_is_added_to_replaced_and_removed_from() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let [a, b, c] = [0; 3].map(|_| a_role().create(&app).id);
    let path = format!("{}/relationships/roles", user.path());
    let by_ref = |op: &str, ids: &[i64]| {
        let target = json!({"type": "users", "id": user.id.to_string(), "relationship": "roles"});
        json!({"op": op, "ref": target, "data": identifiers("roles", ids)})
    };
    let by_href =
        |op: &str, ids: &[i64]| json!({"op": op, "href": path, "data": identifiers("roles", ids)});
    ask(
        &app.admin(),
        json!([by_ref("add", &[a]), by_href("add", &[b])]),
    )
    .expect(204);
    assert_eq!(members(&app, &path), [a, b]);
    ask(
        &app.admin(),
        json!([by_ref("remove", &[a]), by_href("add", &[c])]),
    )
    .expect(204);
    assert_eq!(members(&app, &path), [b, c]);
    ask(&app.admin(), json!([by_href("update", &[a])])).expect(204);
    assert_eq!(members(&app, &path), [a]);
    let missing = json!([add_role("x"), by_ref("add", &[b, 999])]);
    refused(&app, 404, "/atomic:operations/1/data/1", missing);
    let mut nothing = by_ref("add", &[]);
    nothing["data"] = Value::Null;
    refused(&app, 400, "/atomic:operations/0/data", json!([nothing]));
    let tokens =
        json!({"op": "add", "href": format!("{}/relationships/tokens", user.path()), "data": []});
    refused(&app, 403, "/atomic:operations/0", json!([tokens]));
    let unknown =
        json!({"op": "add", "href": format!("{}/relationships/nothing", user.path()), "data": []});
    refused(&app, 404, "/atomic:operations/0/href", json!([unknown]));
}

#[test]
fn a08_a_lid_names_what_an_earlier_operation_makes() {
    let app = TestApp::start();
    let role =
        json!({"op": "add", "data": {"type": "roles", "lid": "x", "attributes": {"name": "HR"}}});
    let mut user = add_user("jd", "x");
    user["data"]["relationships"] = json!({"roles": {"data": [{"type": "roles", "lid": "x"}]}});
    let list = json!([
        role,
        user,
        {"op": "update", "data": {"type": "roles", "lid": "x", "attributes": {"label": "People"}}},
        {"op": "update", "ref": {"type": "users", "lid": "x"},
         "data": {"type": "users", "lid": "x", "attributes": {"name": "John"}}},
        add_user("calvin", "y"),
        {"op": "add", "ref": {"type": "roles", "lid": "x", "relationship": "users"},
         "data": [{"type": "users", "lid": "y"}]},
        add_user("gone", "z"),
        {"op": "remove", "ref": {"type": "users", "lid": "z"}},
        {"op": "add", "data": {"type": "tokens", "attributes": {"name": "ci"},
         "relationships": {"user": {"data": {"type": "users", "lid": "y"}}}}},
    ]);
    let results = results(&ask(&app.admin(), list).expect(200));
    let id = |place: usize| results[place]["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!(results[2]["data"]["attributes"]["label"], "People");
    assert_eq!(results[3]["data"]["attributes"]["name"], "John");
    assert_eq!(id(2), id(0));
    assert_eq!(id(3), id(1));
    let held = app
        .admin()
        .get(&format!("/roles/{}/users", id(0)))
        .expect(200)
        .ids();
    assert_eq!(held, [id(1), id(4)]);
    app.admin().get(&format!("/users/{}", id(6))).expect(404);
    let secret = results[8]["data"]["attributes"]["token"].as_str().unwrap();
    app.token(secret)
        .get(&format!("/users/{}", id(4)))
        .expect(200);
}

#[test]
fn a09_a_lid_that_names_nothing_fails_the_request() {
    let app = TestApp::start();
    let role =
        json!({"op": "add", "data": {"type": "roles", "lid": "x", "attributes": {"name": "HR"}}});
    let give = |lid: &str| json!({"op": "add", "href": "/users/1/relationships/roles", "data": [{"type": "roles", "lid": lid}]});
    // Unknown, defined later, of another type, its own, defined twice.
    refused(
        &app,
        400,
        "/atomic:operations/1/data/0",
        json!([role, give("y")]),
    );
    refused(
        &app,
        400,
        "/atomic:operations/0/data/0",
        json!([give("x"), role]),
    );
    refused(
        &app,
        400,
        "/atomic:operations/1/data/0",
        json!([add_user("a", "x"), give("x")]),
    );
    let own = json!({"op": "add", "data": {"type": "users", "lid": "x", "attributes":
        {"username": "a", "password": "long enough"}, "relationships": {"roles": {"data": [{"type": "roles", "lid": "x"}]}}}});
    let at = "/atomic:operations/0/data/relationships/roles/data/0";
    refused(&app, 400, at, json!([own]));
    let mut again = role.clone();
    again["data"]["attributes"]["name"] = "IT".into();
    refused(
        &app,
        400,
        "/atomic:operations/1/data/lid",
        json!([role, again]),
    );
    let target = json!({"op": "remove", "ref": {"type": "roles", "lid": "y"}});
    refused(&app, 400, "/atomic:operations/1/ref", json!([role, target]));
}

#[test]
fn a10_a_failure_undoes_everything_before_it() {
    let app = TestApp::start();
    let (user, role) = (a_user().create(&app), a_role().create(&app));
    user.grant(&app, &role);
    let path = format!("{}/relationships/roles", user.path());
    let list = json!([
        add_role("a"),
        {"op": "update", "href": path, "data": []},
        remove("users", user.id),
        {"op": "update", "data": change("roles", role.id, json!({"label": "x"}))["data"]},
        remove("roles", role.id),
        add_role("a"),
    ]);
    refused(&app, 400, "/atomic:operations/5/data/attributes/name", list);
    assert_eq!(members(&app, &path), [role.id]);
    assert_eq!(
        app.admin().get(&role.path()).data()["attributes"]["label"],
        Value::Null
    );
    let recorded = app.admin().get("/events?filter[verb]=delete").expect(200);
    assert_eq!(recorded.ids().len(), 0);
}

#[test]
fn a11_later_operations_see_the_effects_of_earlier_ones() {
    let app = TestApp::start();
    let role = a_role().named("HR").create(&app);
    let label = |label: &str| json!({"op": "update", "data": change("roles", role.id, json!({"label": label}))["data"]});
    let rename = json!({"op": "update", "data": change("roles", role.id, json!({"name": "People"}))["data"]});
    let list = json!([label("a"), label("b"), rename, add_role("HR")]);
    let results = results(&ask(&app.admin(), list).expect(200));
    assert_eq!(results[1]["data"]["attributes"]["label"], "b");
    assert_eq!(results[2]["data"]["attributes"]["label"], "b");
    let list = json!([remove("roles", role.id), label("c")]);
    refused(&app, 404, "/atomic:operations/1", list);
}

#[test]
fn a12_malformed_requests_are_400() {
    let app = TestApp::start();
    for (pointer, list) in [
        ("/atomic:operations", json!([])),
        ("/atomic:operations", json!({})),
        ("/atomic:operations", json!(null)),
        (
            "/atomic:operations/0/op",
            json!([{"op": "replace", "href": "/roles/1"}]),
        ),
        ("/atomic:operations/0", json!([{"op": "add"}])),
        (
            "/atomic:operations/0/data",
            json!([{"op": "add", "data": []}]),
        ),
        (
            "/atomic:operations/0/data",
            json!([{"op": "add", "data": null}]),
        ),
        (
            "/atomic:operations/0/data",
            json!([{"op": "update", "href": "/roles/1", "data": "x"}]),
        ),
        (
            "/atomic:operations/0/data",
            json!([{"op": "add", "href": "/users/1/relationships/roles", "data": 1}]),
        ),
        (
            "/atomic:operations/0/ref",
            json!([{"op": "remove", "ref": {"type": "roles"}}]),
        ),
        (
            "/atomic:operations/0",
            json!([{"op": "remove", "ref": {"type": "roles", "id": "1"}, "href": "/roles/1"}]),
        ),
        (
            "/atomic:operations/1/meta/if_match",
            json!([add_role("a"), {"op": "remove", "href": "/roles/1", "meta": {"if_match": 7}}]),
        ),
    ] {
        refused(&app, 400, pointer, list);
    }
    assert_eq!(
        app.admin().operations(&json!({})).expect(400).pointers(),
        [""]
    );
}

#[test]
fn a13_errors_point_into_the_operation() {
    let app = TestApp::start();
    let bad = json!({"op": "add", "data": {"type": "roles", "attributes": {"label": 7}}});
    let answer = ask(&app.admin(), json!([add_role("a"), bad])).expect(400);
    let mut pointers = answer.pointers();
    pointers.sort();
    assert_eq!(
        pointers,
        [
            "/atomic:operations/1/data/attributes",
            "/atomic:operations/1/data/attributes/label"
        ]
    );
    refused(
        &app,
        403,
        "/atomic:operations/1",
        json!([add_role("a"), remove("roles", 1)]),
    );
}

#[test]
fn a14_what_is_impossible_has_the_status_of_the_single_request() {
    let app = TestApp::start();
    refused(
        &app,
        404,
        "/atomic:operations/0",
        json!([remove("roles", 999)]),
    );
    refused(
        &app,
        404,
        "/atomic:operations/0/ref",
        json!([remove("events", 1)]),
    );
    refused(
        &app,
        403,
        "/atomic:operations/0",
        json!([remove("users", 1)]),
    );
    refused(
        &app,
        404,
        "/atomic:operations/0/data/type",
        json!([{"op": "add", "data": {"type": "things"}}]),
    );
    let missing = json!([{"op": "update", "data": {"type": "roles", "id": "999", "attributes": {"name": 7}}}]);
    refused(&app, 404, "/atomic:operations/0", missing);
}

#[test]
fn a14_rights_and_visibility_are_those_of_single_requests() {
    let app = TestApp::start();
    let (other, role) = (a_user().create(&app), a_role().create(&app));
    let member = a_user().create(&app);
    let client = member.client(&app);
    let status = |operation: Value| ask(&client, json!([operation])).status;
    assert_eq!(status(add_role("a")), 403);
    assert_eq!(status(add_user("a", "a")), 403);
    assert_eq!(status(remove("users", other.id)), 404);
    assert_eq!(status(remove("users", member.id)), 403);
    assert_eq!(status(remove("roles", role.id)), 404);
    let edit = |id: i64| json!({"op": "update", "data": change("users", id, json!({"name": "x"}))["data"]});
    assert_eq!(status(edit(other.id)), 404);
    assert_eq!(status(edit(member.id)), 200);
    let flags = json!({"op": "update", "data": change("users", member.id, json!({"is_staff": true}))["data"]});
    assert_eq!(status(flags), 403);
    let label =
        json!({"op": "update", "data": change("roles", role.id, json!({"label": "x"}))["data"]});
    assert_eq!(status(label), 404);
    let give = |user: i64| json!({"op": "add", "href": format!("/users/{user}/relationships/roles"), "data": identifiers("roles", &[role.id])});
    assert_eq!(status(give(other.id)), 404);
    assert_eq!(status(give(member.id)), 403);
    let tokens = |user: i64| json!({"op": "add", "href": format!("/users/{user}/relationships/tokens"), "data": []});
    assert_eq!(status(tokens(other.id)), 404);
    assert_eq!(status(tokens(member.id)), 403);
}

#[test]
fn a15_unknown_members_are_ignored() {
    let app = TestApp::start();
    let mut operation = add_role("a");
    operation["@note"] = 1.into();
    operation["more"] = json!([]);
    operation["data"]["extra"] = json!({});
    operation["data"]["attributes"]["@x"] = 1.into();
    let document = json!({"atomic:operations": [operation], "@x": 1, "more": [], "meta": {}});
    app.admin().operations(&document).expect(200);
}

#[test]
fn a16_an_update_answers_the_resource() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    app.advance(60);
    let update =
        json!({"op": "update", "data": change("roles", role.id, json!({"label": "x"}))["data"]});
    let answer = ask(&app.admin(), json!([update])).expect(200);
    let read = app.admin().get(&role.path()).data();
    assert_eq!(results(&answer)[0]["data"], read);
}

#[test]
fn a17_query_parameters_mean_nothing_here() {
    let app = TestApp::start();
    let body = operations(json!([add_role("a")])).to_string();
    for parameter in [
        "include",
        "page[size]",
        "sort",
        "filter[id]",
        "fields[roles]",
        "foo",
    ] {
        let path = format!("/operations?{parameter}=1");
        let headers = [("accept", ATOMIC), ("content-type", ATOMIC)];
        let answer = app
            .admin()
            .send("POST", &path, &headers, Some(body.as_bytes()));
        assert_eq!(answer.expect(400).parameters(), [parameter]);
    }
    assert_eq!(count_roles(&app), 1);
}

#[test]
fn a19_requests_at_the_same_time_never_mix() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let path = format!("{}/relationships/roles", user.path());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (app, path) = (&app, &path);
            scope.spawn(move || {
                for round in 0..3 {
                    let list: Vec<Value> = (0..5)
                        .flat_map(|number| {
                            let name = format!("r{thread}-{round}-{number}");
                            let lid = format!("l{number}");
                            [
                                json!({"op": "add", "data": {"type": "roles", "lid": lid, "attributes": {"name": name}}}),
                                json!({"op": "add", "href": path, "data": [{"type": "roles", "lid": lid}]}),
                            ]
                        })
                        .collect();
                    ask(&app.admin(), json!(list)).expect(200);
                }
            });
        }
    });
    assert_eq!(members(&app, &path).len(), 60);
}

#[test]
fn a20_nothing_else_stands_beside_the_operations() {
    let app = TestApp::start();
    for name in ["data", "included", "errors"] {
        let document = json!({"atomic:operations": [add_role("a")], name: []});
        let answer = app.admin().operations(&document).expect(400);
        assert_eq!(answer.pointers(), [format!("/{name}")]);
    }
    let answer = ask(&app.admin(), json!([add_role("a")])).expect(200);
    for name in ["data", "included", "errors"] {
        assert!(answer.json().get(name).is_none());
    }
}

#[test]
fn a_state_that_was_changed_meanwhile_fails_the_whole_request() {
    let app = TestApp::start();
    let (role, user) = (a_role().create(&app), a_user().create(&app));
    let admin = app.admin();
    let tag = |path: &str| admin.get(path).header("etag").unwrap().to_owned();
    let old = tag(&role.path());
    let update = |tag: &str, label: &str| {
        json!({"op": "update", "data": change("roles", role.id, json!({"label": label}))["data"],
            "meta": {"if_match": tag}})
    };
    ask(&admin, json!([update(&old, "a")])).expect(200);
    let at = "/atomic:operations/1";
    refused(&app, 412, at, json!([add_role("x"), update(&old, "b")]));
    let gone = |tag: &str| json!({"op": "remove", "href": role.path(), "meta": {"if_match": tag}});
    refused(&app, 412, "/atomic:operations/0", json!([gone(&old)]));

    let linkage = format!("{}/relationships/roles", user.path());
    let give = |tag: &str| {
        json!({"op": "add", "href": linkage, "data": identifiers("roles", &[role.id]),
            "meta": {"if_match": tag}})
    };
    let known = tag(&linkage);
    ask(&admin, json!([give(&known)])).expect(204);
    refused(&app, 412, "/atomic:operations/0", json!([give(&known)]));
    ask(&admin, json!([gone(&tag(&role.path()))])).expect(204);
}

#[test]
fn a_setting_demands_a_state_of_what_is_there_already() {
    let app = TestApp::with(|settings| settings.server.require_if_match = true);
    let role =
        json!({"op": "add", "data": {"type": "roles", "lid": "x", "attributes": {"name": "HR"}}});
    let new = json!({"op": "update", "data": {"type": "roles", "lid": "x", "attributes": {"label": "a"}}});
    ask(&app.admin(), json!([role, new])).expect(200);
    let old =
        json!({"op": "update", "data": {"type": "roles", "id": "2", "attributes": {"label": "b"}}});
    refused(&app, 428, "/atomic:operations/0", json!([old]));
}

#[test]
fn the_numbers_of_operations_and_passwords_are_bounded_and_announced() {
    let app = TestApp::with(|settings| {
        settings.limits.operations = 20;
        settings.limits.operation_passwords = 2;
    });
    let home = app.admin().get("/home").expect(200).json();
    assert_eq!(home["meta"]["operations"]["max_operations"], 20);
    assert_eq!(home["meta"]["operations"]["max_passwords"], 2);
    let many = |count: usize| json!(vec![json!({"op": "remove", "href": "/a/1"}); count]);
    refused(&app, 400, "/atomic:operations", many(21));
    let began = std::time::Instant::now();
    ask(&app.admin(), json!(vec![1; 100_000])).expect(400);
    ask(&app.admin(), many(100_000)).expect(413);
    assert!(began.elapsed().as_secs() < 5);
    let users = json!([
        add_user("a", "a"),
        add_role("x"),
        add_user("b", "b"),
        add_user("c", "c")
    ]);
    refused(&app, 400, "/atomic:operations/3", users);
    ask(
        &app.admin(),
        json!([add_user("a", "a"), add_user("b", "b")]),
    )
    .expect(200);
    app.basic("a", "a long password").get("/home").expect(200);
}

#[test]
fn operations_under_a_key_are_carried_out_once() {
    let app = TestApp::start();
    let keyed = |list: Value| {
        let headers = [
            ("accept", ATOMIC),
            ("content-type", ATOMIC),
            ("idempotency-key", "k"),
        ];
        let body = operations(list).to_string();
        app.admin()
            .send("POST", "/operations", &headers, Some(body.as_bytes()))
    };
    refused(
        &app,
        404,
        "/atomic:operations/0",
        json!([remove("roles", 999)]),
    );
    keyed(json!([remove("roles", 999)])).expect(404);
    let first = keyed(json!([add_role("a"), add_role("b")])).expect(200);
    let again = keyed(json!([add_role("a"), add_role("b")])).expect(200);
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("content-type"), Some(ATOMIC));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    keyed(json!([add_role("b"), add_role("a")])).expect(422);
    assert_eq!(count_roles(&app), 3);
    let token = json!({"op": "add", "data": {"type": "tokens", "attributes": {"name": "ci"}}});
    let refused = keyed(json!([token])).expect(400);
    assert_eq!(refused.errors()[0]["code"], "idempotency_key_unsupported");
}
