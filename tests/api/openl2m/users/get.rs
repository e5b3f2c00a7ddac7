//! `GET /api/admin/users/ID/`

use serde_json::json;

use crate::openl2m::{USERS, get, user};
use crate::support::{TestApp, a_user};

#[test]
fn a_user_is_shown_with_the_role_of_administrators_as_a_flag() {
    let app = TestApp::start();
    let shown = get(&app.admin(), &user(1)).expect(200);
    assert_eq!(shown.header("content-type"), Some("application/json"));
    let shown = shown.json();
    assert_eq!(shown["username"], "admin");
    assert_eq!(shown["is_superuser"], true);
    assert_eq!(shown["groups"], json!([]));
    assert_eq!(shown.as_object().unwrap().len(), 13);
}

#[test]
fn nobody_behind_an_id_is_a_bad_request_and_no_id_no_address() {
    let app = TestApp::start();
    let deleted = a_user().deleted(&app);
    let unknown = json!({"reason": "Invalid user id!"});
    for id in [
        "4711".to_owned(),
        "0".to_owned(),
        "99999999999999999999999".to_owned(),
        deleted.id.to_string(),
    ] {
        for method in ["GET", "PATCH", "POST"] {
            let path = format!("{USERS}{id}/");
            let answer = app.admin().send(method, &path, &[], None).expect(400);
            assert_eq!(answer.json(), unknown, "{method} {id}");
        }
    }
    for path in ["x/", "-1/", "1.5/", "1/2/", "x"] {
        let answer = get(&app.admin(), &format!("{USERS}{path}")).expect(404);
        assert_eq!(answer.json(), json!({"detail": "Not found."}), "{path}");
    }
}

#[test]
fn head_answers_like_get_without_a_body() {
    let app = TestApp::start();
    for path in [USERS.to_owned(), user(1)] {
        let answer = app.admin().send("HEAD", &path, &[], None).expect(200);
        assert_eq!(answer.text, "");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
}

#[test]
fn without_its_slash_an_address_leads_to_the_one_with_it() {
    let app = TestApp::start();
    for (path, target) in [
        ("/api/admin/users", "/api/admin/users/"),
        ("/api/admin/users?a=b&c", "/api/admin/users/?a=b&c"),
        ("/api/admin/users/1", "/api/admin/users/1/"),
        ("/api/users/token", "/api/users/token/"),
    ] {
        for method in ["GET", "POST", "PATCH"] {
            let answer = app.anonymous().send(method, path, &[], None).expect(301);
            assert_eq!(answer.header("location"), Some(target), "{method} {path}");
        }
    }
}

#[test]
fn such_a_redirect_stays_below_the_path_of_the_public_address() {
    let app = TestApp::with(|settings| {
        settings.server.base_url = Some("https://people.example.org/dir".into());
    });
    for path in ["/api/admin/users", "/api/admin/users/2", "/api/users/token"] {
        let answer = app.anonymous().get(path).expect(301);
        let target = format!("https://people.example.org/dir{path}/");
        assert_eq!(answer.header("location"), Some(target.as_str()));
    }
}
