//! `GET /users/ID`

use serde_json::{Value, json};

use super::{post_johndoe, shown};
use crate::support::{TestApp, a_role, a_user};

#[test]
fn johndoe_is_answered_as_the_document_shows() {
    let app = TestApp::start();
    let id = post_johndoe(&app);
    let answer = app.admin().get(&format!("/users/{id}")).expect(200);
    assert_eq!(
        answer.json(),
        json!({
            "links": {"self": app.url(&format!("/users/{id}")), "home": app.url("/home"), "describedby": app.url("/openapi.json")},
            "data": shown(&app, id, "johndoe"),
        })
    );
}

#[test]
fn who_does_not_exist_is_404_whatever_the_id_looks_like_f03() {
    let app = TestApp::start();
    for id in ["4711", "0", "-1", "01", "abc", "1.0", &"9".repeat(30)] {
        let answer = app.admin().get(&format!("/users/{id}")).expect(404);
        assert_eq!(answer.errors()[0]["code"], "not_found", "{id}");
    }
}

#[test]
fn without_include_there_is_neither_included_nor_linkage_q02() {
    let app = TestApp::start();
    let user = a_user().holding(&a_role().create(&app)).create(&app);
    let answer = app.admin().get(&user.path()).expect(200).json();
    assert_eq!(answer.get("included"), None);
    assert_eq!(answer["data"]["relationships"]["roles"].get("data"), None);
}

#[test]
fn include_roles_makes_a_compound_document_q01() {
    let app = TestApp::start();
    let role = a_role().named("HR").create(&app);
    let user = a_user().holding(&role).create(&app);
    let path = format!("{}?include=roles", user.path());
    let answer = app.admin().get(&path).expect(200).json();
    let member = json!({"type": "roles", "id": role.id.to_string()});
    assert_eq!(
        answer["data"]["relationships"]["roles"]["data"],
        json!([member])
    );
    let included = answer["included"].as_array().unwrap();
    assert_eq!(included.len(), 1);
    assert_eq!(included[0]["attributes"]["name"], "HR");
    assert_eq!(answer["links"]["self"], app.url(&path));
}

#[test]
fn an_include_without_anything_related_is_an_empty_array() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    for include in ["roles", ""] {
        let path = format!("{}?include={include}", user.path());
        let answer = app.admin().get(&path).expect(200).json();
        assert_eq!(answer["included"], json!([]), "{include:?}");
    }
}

#[test]
fn cycles_end_and_nobody_is_there_twice_q05() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let john = a_user().holding(&role).create(&app);
    let jane = a_user().holding(&role).create(&app);
    let path = format!("{}?include=roles.users.roles", john.path());
    let answer = app.admin().get(&path).expect(200).json();
    let included: Vec<(&Value, &Value)> = answer["included"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| (&resource["type"], &resource["id"]))
        .collect();
    assert_eq!(
        included,
        [
            (&json!("users"), &json!(jane.id.to_string())),
            (&json!("roles"), &json!(role.id.to_string())),
        ]
    );
}

#[test]
fn include_goes_three_deep_and_no_deeper() {
    let app = TestApp::start();
    let deeper = app.admin().get("/users/1?include=roles.users.roles.users");
    assert_eq!(deeper.expect(400).parameters(), ["include"]);
    app.admin().get("/users/1?include=tokens.user").expect(200);
}

#[test]
fn an_unknown_path_among_good_ones_is_400_q04() {
    let app = TestApp::start();
    for path in ["roles,friends", "roles.friends", "username"] {
        let answer = app.admin().get(&format!("/users/1?include={path}"));
        assert_eq!(answer.expect(400).parameters(), ["include"], "{path}");
    }
}

#[test]
fn fields_remove_attributes_and_relationships_q08() {
    let app = TestApp::start();
    let answer = app
        .admin()
        .get("/users/1?fields[users]=username")
        .expect(200)
        .data();
    assert_eq!(answer["attributes"], json!({"username": "admin"}));
    assert_eq!(answer.get("relationships"), None);
    let nothing = app.admin().get("/users/1?fields[users]=").expect(200);
    assert!(
        nothing.data()["attributes"]
            .as_object()
            .is_none_or(|attributes| attributes.is_empty())
    );
}

#[test]
fn fields_apply_to_what_is_included_and_hide_no_include_q09() {
    let app = TestApp::start();
    let path = "/users/1?include=roles&fields[users]=username&fields[roles]=name";
    let answer = app.admin().get(path).expect(200).json();
    assert_eq!(
        answer["included"][0]["attributes"],
        json!({"name": "admin"})
    );
}

#[test]
fn unknown_fields_are_400_and_the_password_is_one() {
    let app = TestApp::start();
    for field in ["password", "password_hash", "shoe_size"] {
        let answer = app
            .admin()
            .get(&format!("/users/1?fields[users]=name,{field}"));
        assert_eq!(
            answer.expect(400).parameters(),
            ["fields[users]"],
            "{field}"
        );
    }
}

#[test]
fn everybody_reads_their_own_record_and_knows_of_no_other() {
    let app = TestApp::start();
    let john = a_user().create(&app);
    let jane = a_user().create(&app);
    let client = john.client(&app);
    client.get(&john.path()).expect(200);
    client.get(&jane.path()).expect(404);
    client.get("/users/4711").expect(404);
}

#[test]
fn users_read_shows_every_record() {
    let app = TestApp::start();
    let reader = a_role().permitting(&["users:read"]).create(&app);
    let reader = a_user().holding(&reader).create(&app);
    let username = reader.client(&app).get("/users/1").expect(200).data();
    assert_eq!(username["attributes"]["username"], "admin");
}
