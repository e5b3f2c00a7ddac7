use serde_json::json;

use super::{Pair, sign_in, try_password};
use crate::support::{ADMIN_PASSWORD, BEGIN, JSON_API, TestApp, a_user};

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn a_password_gives_a_pair_of_tokens() {
    let app = TestApp::start();
    let answer = try_password(&app, "admin", ADMIN_PASSWORD).expect(200);
    assert_eq!(answer.header("content-type"), Some(JSON_API));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let document = answer.json();
    assert_eq!(document["links"]["self"], app.url("/auth"));
    assert_eq!(document["links"]["home"], app.url("/home"));
    let members: Vec<_> = document["meta"].as_object().unwrap().keys().collect();
    assert_eq!(members, ["jwt", "renew"]);
    Pair::of(answer).client(&app).get("/users").expect(200);
}

#[test]
fn the_grant_type_may_be_named_and_the_body_plain_json_or_a_form() {
    let app = TestApp::start();
    let named = json!({
        "grant_type": "password", "username": "admin", "password": ADMIN_PASSWORD, "more": [1]
    });
    let named = named.to_string();
    let form = "username=admin&password=correct+horse";
    let typed = "grant_type=password&username=admin&password=correct%20horse";
    for (kind, body) in [
        ("application/json", &*named),
        (JSON_API, &named),
        (FORM, form),
        ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", typed),
    ] {
        let headers = [("content-type", kind), ("accept", "*/*")];
        let client = app.anonymous();
        let answer = client.send("POST", "/auth", &headers, Some(body.as_bytes()));
        Pair::of(answer);
        let answer = client.send("POST", "/auth/", &headers, Some(body.as_bytes()));
        Pair::of(answer);
    }
}

#[test]
fn plain_json_will_do_here_even_for_purists() {
    let app = TestApp::with(|settings| settings.server.strict_media_types = true);
    let grant = json!({"username": "admin", "password": ADMIN_PASSWORD}).to_string();
    let headers = [("content-type", "application/json"), ("accept", JSON_API)];
    let answer = app
        .anonymous()
        .send("POST", "/auth", &headers, Some(grant.as_bytes()));
    Pair::of(answer);
}

#[test]
fn whatever_is_wrong_the_answer_is_the_same() {
    let app = TestApp::start();
    let wrong = try_password(&app, "admin", "wrong").expect(401);
    assert_eq!(wrong.errors()[0]["code"], "unauthorized");
    // A browser's page asks for the password, not the browser.
    assert_eq!(
        wrong.headers("www-authenticate"),
        ["Bearer realm=\"rolecall\""]
    );
    let without = a_user().create(&app);
    let inactive = a_user().with_password().inactive().create(&app);
    for (username, password) in [
        ("nobody", ADMIN_PASSWORD),
        ("", ""),
        ("a\0b", "x"),
        (&*without.username, ""),
        (&inactive.username, ADMIN_PASSWORD),
    ] {
        let answer = try_password(&app, username, password).expect(401);
        assert_eq!(answer.text, wrong.text, "{username:?}");
        assert_eq!(
            answer.headers("www-authenticate"),
            wrong.headers("www-authenticate")
        );
    }
}

#[test]
fn other_credentials_in_the_header_do_not_matter() {
    let app = TestApp::start();
    let grant = json!({"username": "admin", "password": "wrong"});
    app.admin().post("/auth", &grant).expect(401);
}

#[test]
fn bodies_of_another_shape_are_told_where_they_are_wrong() {
    let app = TestApp::start();
    for (body, status, pointers) in [
        ("", 400, vec!["-"]),
        ("{", 400, vec!["-"]),
        ("[]", 400, vec![""]),
        ("null", 400, vec![""]),
        ("{}", 400, vec!["", ""]),
        (r#"{"username":"a"}"#, 400, vec![""]),
        (
            r#"{"username":1,"password":null}"#,
            400,
            vec!["/username", "/password"],
        ),
        (
            r#"{"username":"a","password":"b","username":"c"}"#,
            400,
            vec!["-"],
        ),
        (r#"{"grant_type":"magic"}"#, 400, vec!["/grant_type"]),
        (r#"{"grant_type":7}"#, 400, vec!["/grant_type"]),
        (
            r#"{"grant_type":"refresh_token","refresh_token":7}"#,
            400,
            vec!["/refresh_token"],
        ),
        (r#"{"grant_type":"refresh_token"}"#, 400, vec!["-"]),
    ] {
        let headers = [("content-type", "application/json"), ("accept", JSON_API)];
        let client = app.anonymous();
        let answer = client.send("POST", "/auth", &headers, Some(body.as_bytes()));
        assert_eq!(answer.expect(status).pointers(), pointers, "{body}");
    }
}

#[test]
fn forms_of_another_shape_are_400_too() {
    let app = TestApp::start();
    for body in [
        "username=a",
        "=",
        "username=%ff&password=x",
        "username=a&username=b&password=c",
        "grant_type=magic",
    ] {
        let headers = [("content-type", FORM), ("accept", JSON_API)];
        let client = app.anonymous();
        let answer = client.send("POST", "/auth", &headers, Some(body.as_bytes()));
        answer.expect(400);
    }
}

#[test]
fn other_media_types_are_415_and_large_bodies_413() {
    let app = TestApp::with(|settings| settings.limits.body_bytes = 1024);
    let client = app.anonymous();
    let send = |kind, body: &str| {
        let headers = [("content-type", kind), ("accept", JSON_API)];
        client.send("POST", "/auth", &headers, Some(body.as_bytes()))
    };
    send("text/plain", "{}").expect(415);
    send("multipart/form-data; boundary=x", "--x--").expect(415);
    send("application/vnd.api+json; charset=utf-8", "{}").expect(415);
    send(FORM, &"a".repeat(2000)).expect(413);
    client
        .send("POST", "/auth", &[("accept", JSON_API)], Some(b"{}"))
        .expect(415);
    client
        .send("POST", "/auth?page=1", &[("accept", JSON_API)], Some(b"{}"))
        .expect(400);
    client
        .send("POST", "/auth", &[("accept", "text/html")], Some(b"{}"))
        .expect(406);
}

#[test]
fn signing_in_is_the_last_login() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    sign_in(&app, &user);
    let data = app.admin().get(&user.path()).data();
    assert_eq!(data["attributes"]["last_login"], BEGIN);
}

#[test]
fn nobody_has_more_than_a_hundred_sign_ins_at_once() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let first = sign_in(&app, &user);
    let second = sign_in(&app, &user);
    for _ in 0..99 {
        sign_in(&app, &user);
    }
    first.client(&app).get("/home").expect(401);
    super::try_renew(&app, &first.renew).expect(401);
    second.client(&app).get("/home").expect(200);
}
