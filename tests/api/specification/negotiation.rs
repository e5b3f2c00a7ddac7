//! Content negotiation: N02 to N16. N01 is with the documents.

use serde_json::json;

use super::{UNKNOWN_EXTENSION, change, count_roles, identifier, new_role};
use crate::support::{Answer, JSON_API, TestApp, a_role, a_user, raw};

fn with(parameters: &str) -> String {
    format!("{JSON_API};{parameters}")
}

fn accepting(app: &TestApp, accept: &str) -> Answer {
    app.admin().get_with("/roles", &[("accept", accept)])
}

fn sending(app: &TestApp, content_type: &str) -> Answer {
    let body = new_role("sent").to_string();
    let headers = [("accept", JSON_API), ("content-type", content_type)];
    app.admin()
        .send("POST", "/roles", &headers, Some(body.as_bytes()))
}

#[track_caller]
fn blames(answer: &Answer, header: &str) {
    assert_eq!(answer.errors()[0]["source"]["header"], header);
}

#[test]
fn n02_a_charset_on_the_media_type_is_415() {
    let app = TestApp::start();
    let answer = sending(&app, &with("charset=utf-8")).expect(415);
    blames(&answer, "Content-Type");
    assert_eq!(count_roles(&app), 1);
}

#[test]
fn n02_a_foreign_parameter_is_415_for_every_method() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let kind = with("version=1");
    let headers = [("accept", JSON_API), ("content-type", kind.as_str())];
    for (method, path) in [
        ("GET", "/roles".to_owned()),
        ("HEAD", "/roles".to_owned()),
        ("GET", role.path()),
        ("DELETE", role.path()),
        ("PUT", "/roles".to_owned()),
        ("GET", "/home".to_owned()),
    ] {
        let answer = app.admin().send(method, &path, &headers, None);
        assert_eq!(answer.status, 415, "{method} {path}");
    }
    app.admin().get(&role.path()).expect(200);
}

#[test]
fn n03_an_unsupported_extension_is_415() {
    let app = TestApp::start();
    let answer = sending(&app, &with(UNKNOWN_EXTENSION)).expect(415);
    blames(&answer, "Content-Type");
}

#[test]
fn n03_an_unsupported_extension_beside_another_is_415() {
    let app = TestApp::start();
    let both = r#"ext="https://jsonapi.org/ext/atomic https://example.com/ext""#;
    sending(&app, &with(both)).expect(415);
    assert_eq!(count_roles(&app), 1);
}

#[test]
fn n04_an_unknown_profile_in_a_request_is_ignored() {
    let app = TestApp::start();
    let answer = sending(&app, &with(r#"profile="https://example.com/profile""#)).expect(201);
    assert_eq!(answer.header("content-type"), Some(JSON_API));
}

#[test]
fn n05_only_instances_with_foreign_parameters_are_406() {
    let app = TestApp::start();
    let charset = with("charset=utf-8");
    let two = format!("{charset}, {}", with("version=1"));
    let wildcard = format!("{charset}, */*;q=0.1");
    for accept in [&charset, &two, &wildcard] {
        let answer = accepting(&app, accept).expect(406);
        blames(&answer, "Accept");
    }
}

#[test]
fn n06_one_usable_instance_is_enough_wherever_it_stands() {
    let app = TestApp::start();
    let bad = with("charset=utf-8");
    let unknown = with(UNKNOWN_EXTENSION);
    for accept in [
        format!("{JSON_API}, {bad}, {unknown}"),
        format!("{bad}, {JSON_API}, {unknown}"),
        format!("text/html, {bad}, {unknown}, {JSON_API}"),
    ] {
        let answer = accepting(&app, &accept).expect(200);
        assert_eq!(answer.header("content-type"), Some(JSON_API), "{accept}");
    }
}

#[test]
fn n07_only_instances_with_unsupported_extensions_are_406() {
    let app = TestApp::start();
    let unknown = with(UNKNOWN_EXTENSION);
    let other = with(r#"ext="https://jsonapi.org/ext/atomic https://example.com/ext""#);
    for accept in [unknown.clone(), format!("{unknown}, {other}")] {
        blames(&accepting(&app, &accept).expect(406), "Accept");
    }
}

#[test]
fn n08_an_unknown_profile_in_accept_is_ignored_and_not_named() {
    let app = TestApp::start();
    let accept = with(r#"profile="https://example.com/a https://example.com/b""#);
    let answer = accepting(&app, &accept).expect(200);
    assert_eq!(answer.header("content-type"), Some(JSON_API));
}

#[test]
fn n09_q_is_the_weight_and_no_parameter_of_the_media_type() {
    let app = TestApp::start();
    for accept in [
        with("q=0.5"),
        with(" q=1.000"),
        format!("text/html;q=0.9, {}", with("q=0.1")),
    ] {
        let answer = accepting(&app, &accept).expect(200);
        assert_eq!(answer.header("content-type"), Some(JSON_API), "{accept}");
    }
    accepting(&app, &with("q=0")).expect(406);
}

#[test]
fn n10_types_and_parameter_names_ignore_case() {
    let app = TestApp::start();
    accepting(&app, "APPLICATION/Vnd.Api+JSON").expect(200);
    accepting(&app, &with(r#"PROFILE="https://example.com/p""#)).expect(200);
    accepting(&app, &with(r#"EXT="https://example.com/ext""#)).expect(406);
    sending(&app, "Application/VND.API+json").expect(201);
    sending(&app, "Application/VND.API+json;Charset=utf-8").expect(415);
}

#[test]
fn n10_blanks_around_semicolons_are_legal() {
    let app = TestApp::start();
    let profile = format!("{JSON_API} ; \tprofile=\"https://example.com/p\"");
    accepting(&app, &profile).expect(200);
    sending(&app, &profile).expect(201);
}

#[test]
fn n10_several_accept_lines_are_one_list() {
    let app = TestApp::start();
    let bad = with("charset=utf-8");
    let client = app.admin();
    let lines = [("accept", bad.as_str()), ("accept", JSON_API)];
    client.get_with("/roles", &lines).expect(200);
    let lines = [("accept", bad.as_str()), ("accept", "text/html")];
    client.get_with("/roles", &lines).expect(406);
}

#[test]
fn n10_quoted_strings_may_hold_commas_and_semicolons() {
    let app = TestApp::start();
    let profile = with(r#"profile="https://example.com/a,b;charset=utf-8""#);
    accepting(&app, &profile).expect(200);
    // The media type within the quotes is none of the list.
    let hidden = format!(r#"text/html;note="a, {JSON_API}, b""#);
    accepting(&app, &hidden).expect(406);
    sending(&app, &profile).expect(201);
}

#[test]
fn n11_wildcards_are_served_the_media_type() {
    let app = TestApp::start();
    for accept in ["*/*", "application/*", "text/html, */*;q=0.1"] {
        let answer = accepting(&app, accept).expect(200);
        assert_eq!(answer.header("content-type"), Some(JSON_API), "{accept}");
    }
}

#[test]
fn n11_no_accept_at_all_is_served_the_media_type() {
    let app = TestApp::start();
    let answer = raw::as_admin(&app, "GET /roles HTTP/1.1", &[], None);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some(JSON_API));
    let empty = raw::as_admin(&app, "GET /roles HTTP/1.1", &[b"Accept:"], None);
    assert_eq!(empty.status, 200);
}

#[test]
fn n12_all_answers_vary_by_accept() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let admin = app.admin();
    let json = [("accept", "application/json")];
    for answer in [
        admin.get("/roles").expect(200),
        admin.head("/roles").expect(200),
        admin.get("/home").expect(200),
        admin.post("/roles", &new_role("made")).expect(201),
        admin.delete(&role.path()).expect(204),
        admin.get("/roles?unknown=1").expect(400),
        admin.post("/roles", &json!([])).expect(400),
        app.anonymous().get("/roles").expect(401),
        a_user()
            .create(&app)
            .client(&app)
            .post("/roles", &new_role("no"))
            .expect(403),
        admin.get("/roles/99").expect(404),
        admin.get("/nothing").expect(404),
        admin.json("PUT", "/roles", &json!({})).expect(405),
        accepting(&app, "text/html").expect(406),
        accepting(&app, "application/json").expect(200),
        admin.get_with("/nothing", &json).expect(404),
        sending(&app, "text/plain").expect(415),
        app.anonymous().get("/health").expect(200),
    ] {
        let vary = answer.headers("vary").join(",").to_ascii_lowercase();
        assert!(vary.contains("accept"), "{} varies by {vary}", answer.text);
    }
}

#[test]
fn n12_answers_across_origins_vary_by_both() {
    let app = TestApp::with(|settings| {
        settings.server.cors_origins = vec!["https://page.example".into()];
    });
    let headers = [("accept", JSON_API), ("origin", "https://page.example")];
    let answer = app.admin().get_with("/roles", &headers).expect(200);
    let vary = answer.headers("vary").join(",").to_ascii_lowercase();
    assert!(vary.contains("accept") && vary.contains("origin"), "{vary}");
}

#[test]
fn n13_a_request_refused_by_negotiation_has_no_effect() {
    let app = TestApp::start();
    let role = a_role().named("kept").create(&app);
    let user = a_user().create(&app);
    let linkage = format!("{}/relationships/users", role.path());
    let rename = change("roles", role.id, json!({ "name": "changed" }));
    let member = json!({ "data": [identifier("users", user.id)] });
    let charset = with("charset=utf-8");
    let refused = [
        (
            [("accept", charset.as_str()), ("content-type", JSON_API)],
            406,
        ),
        (
            [("accept", JSON_API), ("content-type", charset.as_str())],
            415,
        ),
    ];
    for (headers, status) in refused {
        for (method, path, body) in [
            ("POST", "/roles", &new_role("new")),
            ("PATCH", role.path().as_str(), &rename),
            ("POST", linkage.as_str(), &member),
            ("DELETE", role.path().as_str(), &json!({})),
        ] {
            let body = body.to_string();
            app.admin()
                .send(method, path, &headers, Some(body.as_bytes()))
                .expect(status);
        }
    }
    assert_eq!(count_roles(&app), 2);
    let kept = app.admin().get(&role.path()).expect(200).data();
    assert_eq!(kept["attributes"]["name"], "kept");
    let members = app.admin().get(&linkage).expect(200).data();
    assert_eq!(members, json!([]));
}

#[test]
fn n14_what_was_not_applied_is_not_named() {
    let app = TestApp::start();
    let accept = with(r#"profile="https://jsonapi.org/profiles/ethanresnick/cursor-pagination""#);
    let answer = app.admin().get_with("/roles/1", &[("accept", &accept)]);
    let answer = answer.expect(200);
    assert_eq!(answer.header("content-type"), Some(JSON_API));
    assert!(answer.json().get("jsonapi").is_none());
}

#[test]
fn n15_the_jsonapi_object_of_a_request_takes_no_part() {
    let app = TestApp::start();
    let mut document = new_role("sent");
    document["jsonapi"] = json!({
        "version": "2.0",
        "ext": ["https://example.com/ext"],
        "profile": ["https://example.com/profile"],
    });
    let answer = app.admin().post("/roles", &document).expect(201);
    assert_eq!(answer.header("content-type"), Some(JSON_API));
}

#[test]
fn n16_bodies_of_another_media_type_are_415() {
    let app = TestApp::start();
    for kind in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/vnd.api+xml",
        "application/*",
        "nonsense",
        "application/vnd.api+json, text/plain",
    ] {
        let answer = sending(&app, kind);
        assert_eq!(answer.status, 415, "{kind}");
        blames(&answer, "Content-Type");
    }
    assert_eq!(count_roles(&app), 1);
}

#[test]
fn n16_plain_json_is_taken_unless_the_media_types_are_strict() {
    let app = TestApp::start();
    sending(&app, "application/json").expect(201);
    let strict = TestApp::with(|settings| settings.server.strict_media_types = true);
    sending(&strict, "application/json").expect(415);
    accepting(&strict, "application/json").expect(406);
    sending(&strict, JSON_API).expect(201);
}

#[test]
fn n16_strange_header_values_are_never_our_fault() {
    let app = TestApp::start();
    for value in [
        &b""[..],
        b",",
        b";;;",
        b"/",
        b"*",
        b"\xff\xfe",
        b"application/vnd.api+json;",
        b"application/vnd.api+json;ext",
        b"application/vnd.api+json;ext=\"",
        b"application/vnd.api+json;ext=\"\\",
        b"application/vnd.api+json;ext=\"\"",
        b"application/vnd.api+json;q=nonsense",
        b"application/vnd.api+json;q=-1",
        b"application/vnd.api+json;\xc3\xa4=1",
    ] {
        let accept = [b"Accept: ", value].concat();
        let answer = raw::as_admin(&app, "GET /roles HTTP/1.1", &[&accept], None);
        assert!(answer.status < 500, "Accept {value:?}: {}", answer.status);
        let kind = [b"Content-Type: ", value].concat();
        let line = "POST /roles HTTP/1.1";
        let answer = raw::as_admin(&app, line, &[&kind], Some(b"{}"));
        let refused = (400..500).contains(&answer.status);
        assert!(refused, "Content-Type {value:?}: {}", answer.status);
    }
}
