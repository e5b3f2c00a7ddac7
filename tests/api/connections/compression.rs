//! Answers in gzip for who asks (RFC 9110, 12.5.3), by `server.compress_from`.

use super::curl;
use crate::support::{Answer, JSON_API, TestApp, a_user};

/// With more users than fit a small answer.
fn app() -> TestApp {
    let app = TestApp::start();
    for _ in 0..8 {
        a_user().create(&app);
    }
    app
}

/// Headers and bytes of the answer.
fn asked(app: &TestApp, path: &str, headers: &[&str]) -> (String, Vec<u8>) {
    let bearer = format!("Authorization: Bearer {}", app.admin_token());
    let address = app.url(path);
    let mut arguments = vec!["--include", "-H", &bearer];
    headers
        .iter()
        .for_each(|header| arguments.extend(["-H", header]));
    arguments.push(&address);
    let said = curl(&arguments).unwrap();
    let end = said
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let (head, body) = said.split_at(end + 4);
    let head = String::from_utf8(head.to_vec()).unwrap().to_lowercase();
    (head, body.to_vec())
}

fn is_compressed((head, body): &(String, Vec<u8>)) -> bool {
    let is_said = head.contains("\r\ncontent-encoding: gzip\r\n");
    assert_eq!(is_said, body.starts_with(&[0x1f, 0x8b]), "{head}");
    is_said
}

fn tag(answer: &Answer) -> &str {
    answer.header("etag").unwrap()
}

#[test]
fn a_list_is_compressed_for_who_asks_and_holds_the_same() {
    let app = app();
    let bearer = format!("Authorization: Bearer {}", app.admin_token());
    let unpacked = curl(&["--compressed", "-H", &bearer, &app.url("/users")]).unwrap();
    let plain = app.admin().get("/users").expect(200);
    assert_eq!(String::from_utf8(unpacked).unwrap(), plain.text);
    let packed = asked(&app, "/users", &["Accept-Encoding: gzip"]);
    assert!(is_compressed(&packed));
    assert!(packed.1.len() * 2 < plain.text.len(), "{}", packed.1.len());
    assert!(
        packed.0.contains("\r\nvary: accept-encoding\r\n"),
        "{}",
        packed.0
    );
    assert!(
        packed
            .0
            .contains(&format!("\r\ncontent-type: {JSON_API}\r\n"))
    );
}

#[test]
fn nobody_gets_what_they_did_not_ask_for() {
    let app = app();
    for header in [
        "Accept-Encoding:",
        "Accept-Encoding: identity",
        "Accept-Encoding: br",
        "Accept-Encoding: gzip;q=0",
        "Accept-Encoding: gzip;q=0.5, identity",
        "Accept-Encoding: identity;q=0, br",
        "Accept-Encoding: ,;q=x",
    ] {
        let answer = asked(&app, "/users", &[header]);
        assert!(
            answer.0.starts_with("http/1.1 200 "),
            "{header}: {}",
            answer.0
        );
        assert!(!is_compressed(&answer), "{header}");
        assert!(
            answer.0.contains("\r\nvary: accept-encoding\r\n"),
            "{header}: {}",
            answer.0
        );
    }
}

#[test]
fn what_is_small_or_empty_stays_as_it_is() {
    let app = app();
    let wish = ["Accept-Encoding: gzip"];
    assert!(!is_compressed(&asked(&app, "/health", &wish)));
    assert!(!is_compressed(&asked(&app, "/users/9999", &wish)));
    let never = TestApp::with(|settings| settings.server.compress_from = 0);
    assert!(!is_compressed(&asked(&never, "/openapi.json", &wish)));
}

#[test]
fn a_stream_is_compressed_too() {
    let app = app();
    let path = "/api/admin/users/";
    let packed = asked(&app, path, &["Accept-Encoding: gzip"]);
    assert!(is_compressed(&packed));
    let bearer = format!("Authorization: Bearer {}", app.admin_token());
    let unpacked = curl(&["--compressed", "-H", &bearer, &app.url(path)]).unwrap();
    let plain = asked(&app, path, &[]).1;
    assert_eq!(unpacked, plain);
}

/// RFC 9110, 8.8.3: two representations never share a strong tag.
#[test]
fn a_compressed_answer_has_a_tag_of_its_own_which_serves_for_every_condition() {
    let app = TestApp::with(|settings| settings.server.compress_from = 1);
    let admin = app.admin();
    let gzip = ("accept-encoding", "gzip");
    let (head, _) = asked(&app, "/users/1", &["Accept-Encoding: gzip"]);
    let (_, tail) = head.split_once("\r\netag: ").unwrap();
    let (packed, _) = tail.split_once("\r\n").unwrap();
    let plain = admin.get("/users/1").expect(200);
    assert_eq!(
        packed,
        format!("{}-gzip\"", tag(&plain).trim_end_matches('"'))
    );
    let known = [("accept", JSON_API), gzip, ("if-none-match", packed)];
    let unchanged = admin.get_with("/users/1", &known).expect(304);
    assert_eq!(tag(&unchanged), packed);
    let known = [("accept", JSON_API), gzip, ("if-none-match", tag(&plain))];
    let unchanged = admin.get_with("/users/1", &known).expect(304);
    assert_eq!(tag(&unchanged), tag(&plain));
    let body = r#"{"data": {"type": "users", "id": "1", "attributes": {"position": "Clerk"}}}"#;
    let change = |tag: &str| {
        let headers = [("content-type", JSON_API), ("if-match", tag)];
        admin.send("PATCH", "/users/1", &headers, Some(body.as_bytes()))
    };
    change(packed).expect(200);
    change(packed).expect(412);
}
