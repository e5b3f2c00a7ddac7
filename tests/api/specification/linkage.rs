//! POST, PATCH and DELETE of a relationship: R01 to R18.

use std::thread;

use serde_json::{Value, json};

use super::{identifier, identifiers, members};
use crate::support::{Answer, JSON_API, TestApp, a_role, a_user};

const METHODS: &[&str] = &["POST", "PATCH", "DELETE"];

/// A relationship with its target's type, and three things that can be members.
struct Place {
    app: TestApp,
    path: String,
    kind: &'static str,
    others: Vec<i64>,
}

impl Place {
    fn of_a_user() -> Self {
        let app = TestApp::start();
        let user = a_user().create(&app);
        let others = (0..3).map(|_| a_role().create(&app).id).collect();
        Self {
            path: format!("{}/relationships/roles", user.path()),
            kind: "roles",
            others,
            app,
        }
    }

    fn of_a_role() -> Self {
        let app = TestApp::start();
        let role = a_role().create(&app);
        let others = (0..3).map(|_| a_user().create(&app).id).collect();
        Self {
            path: format!("{}/relationships/users", role.path()),
            kind: "users",
            others,
            app,
        }
    }

    fn send(&self, method: &str, data: &Value) -> Answer {
        let document = json!({ "data": data });
        self.app.admin().json(method, &self.path, &document)
    }

    fn change(&self, method: &str, ids: &[i64]) -> Answer {
        self.send(method, &identifiers(self.kind, ids)).expect(200)
    }

    #[track_caller]
    fn has(&self, ids: &[i64]) {
        assert_eq!(members(&self.app, &self.path), ids);
    }
}

#[test]
fn r01_post_adds_and_answers_the_linkage() {
    let place = Place::of_a_user();
    let [a, b, _] = place.others[..] else {
        panic!()
    };
    place.change("POST", &[a]);
    let answer = place.change("POST", &[b]);
    assert_eq!(answer.data(), identifiers("roles", &[a, b]));
    let document = answer.json();
    let links = &document["links"];
    assert_eq!(links["self"], place.app.url(&place.path));
    let related = place.path.replace("/relationships", "");
    assert_eq!(links["related"], place.app.url(&related));
    assert_eq!(links["home"], place.app.url("/home"));
    assert_eq!(document["meta"], json!({ "changed": 1 }));
    place.has(&[a, b]);
}

#[test]
fn r01_every_method_answers_the_same_shape() {
    let place = Place::of_a_user();
    let a = place.others[0];
    for method in METHODS {
        for _ in 0..2 {
            let document = place.change(method, &[a]).json();
            let names: Vec<&String> = document.as_object().unwrap().keys().collect();
            assert_eq!(names.len(), 3, "{document}");
            assert!(document["data"].is_array());
            assert!(document["meta"]["changed"].is_u64(), "{document}");
        }
    }
}

#[test]
fn r02_members_are_not_added_twice_and_it_is_a_success() {
    let place = Place::of_a_user();
    let [a, b, _] = place.others[..] else {
        panic!()
    };
    place.change("POST", &[a, a]);
    place.has(&[a]);
    let answer = place.change("POST", &[a, b, a]);
    assert_eq!(answer.json()["meta"]["changed"], 1);
    place.has(&[a, b]);
}

#[test]
fn r03_one_missing_resource_fails_the_whole_request() {
    let place = Place::of_a_user();
    let a = place.others[0];
    for id in ["99", "abc", "0", "99999999999999999999"] {
        let data = json!([identifier("roles", a), { "type": "roles", "id": id }]);
        let answer = place.send("POST", &data).expect(404);
        assert_eq!(answer.pointers(), ["/data/1"], "{id}");
    }
    place.has(&[]);
}

#[test]
fn r03_repetitions_do_not_shift_the_pointer() {
    for place in [Place::of_a_user(), Place::of_a_role()] {
        let [a, b, c] = place.others[..] else {
            panic!()
        };
        place.change("POST", &[a]);
        for method in ["POST", "PATCH"] {
            let data = identifiers(place.kind, &[c, c, a, b, a, 99, b]);
            let answer = place.send(method, &data).expect(404);
            assert_eq!(answer.pointers(), ["/data/5"], "{method}");
        }
        place.has(&[a]);
    }
}

#[test]
fn r04_delete_removes_the_named_members_and_no_resource() {
    let place = Place::of_a_user();
    let [a, b, c] = place.others[..] else {
        panic!()
    };
    place.change("POST", &[a, b, c]);
    let answer = place.change("DELETE", &[a, c]);
    assert_eq!(answer.data(), identifiers("roles", &[b]));
    place.has(&[b]);
    for id in [a, b, c] {
        place.app.admin().get(&format!("/roles/{id}")).expect(200);
    }
}

#[test]
fn r05_removing_what_is_not_there_is_a_success() {
    let place = Place::of_a_user();
    let [a, b, _] = place.others[..] else {
        panic!()
    };
    place.change("POST", &[a]);
    let data = json!([
        identifier("roles", b),
        identifier("roles", 99),
        { "type": "roles", "id": "abc" },
    ]);
    let answer = place.send("DELETE", &data).expect(200);
    assert_eq!(answer.json()["meta"]["changed"], 0);
    place.has(&[a]);
}

#[test]
fn r06_patch_replaces_everything() {
    let place = Place::of_a_user();
    let [a, b, c] = place.others[..] else {
        panic!()
    };
    place.change("POST", &[a, b]);
    let answer = place.change("PATCH", &[c, b]);
    assert_eq!(answer.data(), identifiers("roles", &[b, c]));
    assert_eq!(answer.json()["meta"]["changed"], 2);
    place.has(&[b, c]);
    place.change("PATCH", &[]);
    place.has(&[]);
}

#[test]
fn r07_patch_with_a_missing_resource_fails_whole() {
    let place = Place::of_a_user();
    let [a, b, _] = place.others[..] else {
        panic!()
    };
    place.change("POST", &[a]);
    let data = identifiers("roles", &[b, 99]);
    let answer = place.send("PATCH", &data).expect(404);
    assert_eq!(answer.pointers(), ["/data/1"]);
    place.has(&[a]);
}

#[test]
fn r08_an_empty_array_adds_and_removes_nothing() {
    let place = Place::of_a_user();
    let a = place.others[0];
    place.change("POST", &[a]);
    for method in ["POST", "DELETE"] {
        let answer = place.change(method, &[]);
        assert_eq!(answer.json()["meta"]["changed"], 0);
    }
    place.has(&[a]);
}

#[test]
fn r09_anything_but_identifiers_of_the_right_type_is_4xx_without_effect() {
    let place = Place::of_a_user();
    let a = place.others[0];
    place.change("POST", &[a]);
    for method in METHODS {
        for data in [
            Value::Null,
            json!(7),
            json!("1"),
            json!(true),
            json!({}),
            json!([null]),
            json!([7]),
            json!(["1"]),
            json!([[]]),
            json!([{}]),
            json!([{ "type": "roles" }]),
            json!([{ "type": "roles", "id": null }]),
            json!([{ "type": "roles", "id": 1.0 }]),
            json!([{ "type": "roles", "id": {} }]),
            json!([{ "type": 7, "id": "1" }]),
            json!([{ "type": "users", "id": "1" }]),
            json!([{ "type": "Roles", "id": "1" }]),
            json!([{ "type": "roles", "lid": "x" }]),
            json!([identifier("roles", 1), { "type": "users", "id": "1" }]),
        ] {
            let answer = place.send(method, &data);
            let refused = (400..500).contains(&answer.status);
            assert!(refused, "{method} {data}: {}", answer.status);
        }
    }
    place.has(&[a]);
}

#[test]
fn r09_bodies_without_data_are_400() {
    let place = Place::of_a_user();
    let headers = [("accept", JSON_API), ("content-type", JSON_API)];
    for method in METHODS {
        for body in ["", "{", "{}", "[]", "null", r#"{"meta":{}}"#] {
            place
                .app
                .admin()
                .send(method, &place.path, &headers, Some(body.as_bytes()))
                .expect(400);
        }
    }
    place.has(&[]);
}

#[test]
fn r10_a_missing_parent_or_unknown_relationship_is_404() {
    let app = TestApp::start();
    for method in METHODS {
        for path in [
            "/users/99/relationships/roles",
            "/users/abc/relationships/roles",
            "/roles/99/relationships/users",
            "/roles/-1/relationships/users",
            "/users/1/relationships/nothing",
            "/users/1/relationships/partners",
            "/users/99/relationships/tokens",
        ] {
            let body = json!({ "data": [] });
            let answer = app.admin().json(method, path, &body);
            assert_eq!(answer.status, 404, "{method} {path}");
        }
    }
}

#[test]
fn r11_one_identifier_object_is_taken_as_an_array_of_one() {
    let place = Place::of_a_user();
    let [a, b, _] = place.others[..] else {
        panic!()
    };
    place.send("POST", &identifier("roles", a)).expect(200);
    place.has(&[a]);
    place.send("PATCH", &identifier("roles", b)).expect(200);
    place.has(&[b]);
    place.send("DELETE", &identifier("roles", b)).expect(200);
    place.has(&[]);
    let answer = place.send("POST", &identifier("roles", 99)).expect(404);
    assert_eq!(answer.pointers(), ["/data"]);
}

#[test]
fn r11_ids_as_numbers_and_a_missing_type_are_taken() {
    let place = Place::of_a_user();
    let [a, b, _] = place.others[..] else {
        panic!()
    };
    let data = json!([{ "type": "roles", "id": a }, { "id": b }]);
    place.send("POST", &data).expect(200);
    place.has(&[a, b]);
    place.send("DELETE", &json!({ "id": a })).expect(200);
    place.has(&[b]);
}

#[test]
fn r12_meta_and_at_members_in_identifiers_are_tolerated() {
    let place = Place::of_a_user();
    let a = place.others[0].to_string();
    let data = json!([{ "type": "roles", "id": a, "meta": { "x": 1 }, "@x": [], "other": 1 }]);
    let answer = place.send("POST", &data).expect(200);
    assert_eq!(answer.data(), json!([{ "type": "roles", "id": a }]));
}

#[test]
fn r13_the_same_from_the_side_of_roles() {
    let place = Place::of_a_role();
    let [a, b, c] = place.others[..] else {
        panic!()
    };
    place.change("POST", &[a, b, a]);
    place.has(&[a, b]);
    place.change("DELETE", &[a, 99]);
    place.has(&[b]);
    let answer = place.change("PATCH", &[c, a]);
    assert_eq!(answer.data(), identifiers("users", &[a, c]));
    let missing = identifiers("users", &[b, 99]);
    for method in ["POST", "PATCH"] {
        let answer = place.send(method, &missing).expect(404);
        assert_eq!(answer.pointers(), ["/data/1"]);
    }
    place.has(&[a, c]);
    place.send("POST", &json!({ "id": b })).expect(200);
    place.change("PATCH", &[]);
    place.has(&[]);
}

#[test]
fn r15_identical_requests_at_the_same_time_leave_one_member() {
    let place = Place::of_a_user();
    let a = place.others[0];
    let document = json!({ "data": identifiers("roles", &[a]) });
    for method in METHODS {
        let statuses: Vec<u16> = thread::scope(|scope| {
            let requests: Vec<_> = (0..6)
                .map(|_| {
                    let client = place.app.admin();
                    let (path, document) = (&place.path, &document);
                    scope.spawn(move || client.json(method, path, document).status)
                })
                .collect();
            requests
                .into_iter()
                .map(|request| request.join().unwrap())
                .collect()
        });
        assert_eq!(statuses, [200; 6], "{method}");
        let left: &[i64] = if *method == "DELETE" { &[] } else { &[a] };
        place.has(left);
    }
}

#[test]
fn r17_a_to_one_relationship_is_not_added_to_or_removed_from() {
    let app = TestApp::start();
    let path = "/tokens/1/relationships/user";
    let document = json!({ "data": { "type": "users", "id": "1" } });
    for method in ["POST", "DELETE"] {
        let answer = app.admin().json(method, path, &document).expect(405);
        assert_eq!(answer.header("allow"), Some("GET, HEAD, PATCH"));
    }
}

#[test]
fn r18_an_update_that_is_not_supported_is_403() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let to = json!({ "data": identifier("users", user.id) });
    let path = "/tokens/1/relationships/user";
    app.admin().patch(path, &to).expect(403);
    app.admin()
        .patch(path, &json!({ "data": null }))
        .expect(403);
    assert_eq!(app.admin().get(path).expect(200).data()["id"], "1");
    for method in METHODS {
        let body = json!({ "data": [] });
        let path = "/users/1/relationships/tokens";
        app.admin().json(method, path, &body).expect(403);
    }
    app.admin().get("/tokens/1").expect(200);
    let nowhere = "/tokens/99/relationships/user";
    app.admin().patch(nowhere, &to).expect(404);
}
