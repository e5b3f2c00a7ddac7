//! What every address says when it is asked wrongly.

use serde_json::json;

use super::{get, post, put, raw, refused};
use crate::support::{TestApp, a_role, a_user};

const RECORD: &str = "GET, HEAD, PUT, POST, DELETE, OPTIONS";
const READ: &str = "GET, HEAD, OPTIONS";

#[test]
fn who_sends_no_or_wrong_credentials_hears_401() {
    let app = TestApp::start();
    for path in [
        "",
        "/user",
        "/user/admin",
        "/user/nobody",
        "/role",
        "/role/admin",
        "/user/a/b",
    ] {
        for method in ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"] {
            let path = format!("/api{path}");
            for client in [
                app.anonymous(),
                app.basic("admin", "wrong"),
                app.basic("nobody", ""),
            ] {
                let answer = client.send(method, &path, &[], None);
                // The pause after some wrong passwords.
                if answer.status == 429 {
                    continue;
                }
                let answer = answer.expect(401);
                let challenges = answer.headers("www-authenticate");
                assert!(challenges.iter().any(|one| one.starts_with("Basic ")));
            }
        }
    }
}

#[test]
fn other_methods_hear_405_and_which_there_are() {
    let app = TestApp::start();
    let nobody = a_user().create(&app).client(&app);
    for client in [app.admin(), nobody] {
        for (method, path, allow) in [
            ("POST", "", READ),
            ("POST", "/user", READ),
            ("PUT", "/user/", READ),
            ("DELETE", "/role", READ),
            ("PATCH", "/user/admin", RECORD),
            ("PATCH", "/role/nothing", RECORD),
        ] {
            let answer = refused(&app, 405, || raw(&client, method, path, b"{}"));
            assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
        }
    }
}

#[test]
fn options_tell_the_methods_and_head_is_a_get_without_its_body() {
    let app = TestApp::start();
    for (path, allow) in [
        ("", READ),
        ("/user", READ),
        ("/user/x", RECORD),
        ("/role/x", RECORD),
    ] {
        let answer = raw(&app.admin(), "OPTIONS", path, b"").expect(204);
        assert_eq!(answer.header("allow"), Some(allow));
    }
    for path in ["", "/user", "/user/admin", "/role", "/role/admin"] {
        let answer = app.admin().send("HEAD", &format!("/api{path}"), &[], None);
        let answer = answer.expect(200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.text, "");
    }
}

#[test]
fn an_address_that_there_is_not_is_404() {
    let app = TestApp::start();
    for path in ["/user/a/b", "/role/a/b", "/user/a/"] {
        refused(&app, 404, || get(&app.admin(), path));
    }
}

#[test]
fn a_body_that_is_no_object_is_a_400_that_changes_nothing() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    a_role().named("HR").create(&app);
    let deep = format!("{{\"name\": {}{}}}", "[".repeat(40), "]".repeat(40));
    let bodies: [&[u8]; 8] = [
        b"{",
        b"[]",
        b"null",
        b"7",
        b"name=Calvin",
        b"{\"name\": \"\xff\"}",
        b"{} {}",
        deep.as_bytes(),
    ];
    for body in bodies {
        for path in [format!("/user/{}", user.username), "/role/HR".to_owned()] {
            refused(&app, 400, || raw(&app.admin(), "POST", &path, body));
        }
        for path in ["/user/fresh", "/role/fresh"] {
            refused(&app, 400, || raw(&app.admin(), "PUT", path, body));
            refused(&app, 404, || get(&app.admin(), path));
        }
    }
}

#[test]
fn a_member_of_a_wrong_type_is_a_400_that_names_it() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    a_role().named("HR").create(&app);
    let long = "x".repeat(20_000);
    let of_users = [
        (
            "password",
            vec![
                json!(null),
                json!(7),
                json!(""),
                json!("short"),
                json!(long),
            ],
        ),
        (
            "email",
            vec![json!(7), json!(["a"]), json!(long), json!("a\u{0}")],
        ),
        ("name", vec![json!({}), json!(true), json!(long)]),
        ("time_zone", vec![json!(1.5), json!(long)]),
        (
            "roles",
            vec![
                json!("HR"),
                json!(null),
                json!([7]),
                json!({}),
                json!(["HR", null]),
            ],
        ),
    ];
    for (member, values) in of_users {
        for value in values {
            let body = json!({ member: value });
            for path in [&user.username, "fresh"] {
                let method = if path == "fresh" { "PUT" } else { "POST" };
                let answer = refused(&app, 400, || {
                    super::send(&app.admin(), method, &format!("/user/{path}"), &body)
                });
                assert!(answer.text.contains(member), "{body}: {}", answer.text);
            }
        }
    }
    for member in ["description", "includeContext", "excludeBundles"] {
        for value in [json!(7), json!(["a"]), json!(long)] {
            let body = json!({ member: value });
            let answer = refused(&app, 400, || post(&app.admin(), "/role/HR", &body));
            assert!(answer.text.contains(member), "{body}: {}", answer.text);
        }
    }
}

#[test]
fn a_name_that_none_can_have_is_a_400_when_it_shall_be_made() {
    let app = TestApp::start();
    let long = format!("/user/{}", "x".repeat(151));
    for path in [
        "/user/john%20doe",
        "/user/a%2Fb",
        "/user/%00",
        "/user/%FF",
        long.as_str(),
    ] {
        refused(&app, 400, || put(&app.admin(), path, &json!({})));
    }
    let long = format!("/role/{}", "x".repeat(256));
    for path in ["/role/%20", "/role/%00", long.as_str()] {
        refused(&app, 400, || put(&app.admin(), path, &json!({})));
    }
    put(&app.admin(), "/role/a%2Fb", &json!({})).expect(201);
    get(&app.admin(), "/role/a%2Fb").expect(200);
}

#[test]
fn a_parameter_that_means_nothing_is_a_400() {
    let app = TestApp::start();
    for query in [
        "id=(",
        "id=%5Cw%7B1000%7D%7B1000%7D",
        "external=yes",
        "page=0",
        "page=-1",
        "page=x",
        "count=0",
        "count=99999999999999999999",
    ] {
        refused(&app, 400, || get(&app.admin(), &format!("/user?{query}")));
    }
    get(&app.admin(), "/user?page=9223372036854775807&count=1000").expect(200);
    get(&app.admin(), "/user?unknown=1&id=%FF").expect(200);
}

#[test]
fn what_is_too_long_is_told_so() {
    let app = TestApp::with(|settings| {
        settings.limits.body_bytes = 1024;
        settings.limits.query_bytes = 256;
        settings.limits.linkage_items = 2;
    });
    let body = json!({"name": "x".repeat(2000)});
    refused(&app, 413, || put(&app.admin(), "/user/fresh", &body));
    refused(&app, 414, || {
        get(&app.admin(), &format!("/user?id={}", "x".repeat(300)))
    });
    let body = json!({"roles": ["admin", "admin", "admin"]});
    refused(&app, 400, || put(&app.admin(), "/user/fresh", &body));
}
