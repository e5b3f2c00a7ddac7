//! Requests that are too large, too slow, broken off, or no requests at all.

use actix_web::HttpResponse;
use actix_web::web;
use serde_json::json;

use super::wire::{Wire, ask, head, is_error_document, status};
use super::{everything, is_refused, some_directory, writing_routes};
use crate::support::{Client, TestApp};

const DOCUMENT: &str = "Content-Type: application/vnd.api+json\r\n";

/// The roles that were made by requests.
const MADE: &str = "/roles?filter[created_by][null]=false";

fn role(name: &str) -> String {
    json!({"data": {"type": "roles", "attributes": {"name": name}}}).to_string()
}

#[test]
fn a_body_that_announces_too_much_is_a_413_before_it_comes() {
    let app = TestApp::start();
    some_directory(&app);
    let before = everything(&app.admin());
    for (method, path, _) in writing_routes() {
        for length in ["1048577", "99999999999", "18446744073709551615"] {
            let headers = format!("{DOCUMENT}Content-Length: {length}\r\n");
            let request = head(&app, &format!("{method} {path}"), &headers);
            let answer = Wire::open(&app).send(request).one();
            is_error_document(&answer, 413);
        }
    }
    assert_eq!(everything(&app.admin()), before);
}

#[test]
fn a_body_that_grows_too_large_is_a_413() {
    let app = TestApp::start();
    some_directory(&app);
    let before = everything(&app.admin());
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    for (method, path, _) in writing_routes() {
        let headers = format!("{DOCUMENT}Transfer-Encoding: chunked\r\n");
        let request = head(&app, &format!("{method} {path}"), &headers);
        let mut wire = Wire::open(&app);
        wire.send(request);
        for _ in 0..17 {
            wire.send(&chunk);
        }
        is_error_document(&wire.one(), 413);
    }
    assert_eq!(everything(&app.admin()), before);
}

#[test]
fn a_body_at_the_limit_is_read_and_one_byte_more_is_not() {
    let app = TestApp::with(|settings| settings.limits.body_bytes = 1000);
    let client = app.admin();
    let headers = [("content-type", "application/vnd.api+json")];
    let padded = |length: usize, name: &str| format!("{:<length$}", role(name));
    let send = |body: String| client.send("POST", "/roles", &headers, Some(body.as_bytes()));
    send(padded(1000, "A")).expect(201);
    send(padded(1001, "B")).expect(413);
    assert_eq!(client.get(MADE).expect(200).ids().len(), 1);
}

#[test]
fn headers_that_are_too_large_are_a_431() {
    let app = TestApp::start();
    let long = "x".repeat(17 * 1024);
    let answer = ask(
        &app,
        head(&app, "GET /users", &format!("X-Long: {long}\r\n")),
    );
    is_error_document(&answer, 431);
    let many: String = (0..80)
        .map(|number| format!("X-Number-{number}: {}\r\n", "y".repeat(300)))
        .collect();
    let answer = ask(&app, head(&app, "GET /users", &many));
    is_error_document(&answer, 431);
    app.admin().get("/users").expect(200);
}

/// What the HTTP library refuses by itself: no document, but a clear status.
#[test]
fn headers_beyond_all_measure_end_the_connection() {
    let app = TestApp::start();
    for request in [
        head(
            &app,
            "GET /users",
            &format!("X-Long: {}\r\n", "x".repeat(1 << 20)),
        ),
        head(
            &app,
            "GET /users",
            &(0..5000)
                .map(|number| format!("X-{number}: y\r\n"))
                .collect::<String>(),
        ),
        head(&app, &format!("GET /{}", "x".repeat(1 << 20)), ""),
    ] {
        let answer = ask(&app, request);
        assert!(
            answer.is_empty() || (400..500).contains(&status(&answer)),
            "{answer}"
        );
    }
    app.admin().get("/users").expect(200);
}

#[test]
fn a_query_that_is_too_long_is_a_400() {
    let app = TestApp::start();
    let admin = app.admin();
    for query in [
        format!("filter[username]={}", "x".repeat(9000)),
        format!("include={}", "roles,".repeat(1500)),
        format!("sort={}", "-name,".repeat(1500)),
        "filter[or][0][name]=x&".repeat(500),
    ] {
        let answer = admin.get(&format!("/users?{query}"));
        assert!([400, 414].contains(&answer.status), "{answer:?}");
        is_refused(&answer, None);
    }
    // Within the length, but beyond any sense.
    for query in [
        format!("filter{}=x", "[a]".repeat(300)),
        format!("filter{}[name]=x", "[or][0]".repeat(100)),
        format!("include={}", "roles.users.".repeat(100)),
        format!("filter[id]={}", "1,".repeat(3000)),
        format!("fields[users]={}", "name,".repeat(1000)),
        "page[size]=99999999999999999999".to_owned(),
        "page[number]=9223372036854775807&page[size]=100".to_owned(),
        "page[number]=-1".to_owned(),
        "page[size]=0".to_owned(),
        "page[offset]=9223372036854775807&page[limit]=100".to_owned(),
        "[]=[]&[[=]]".to_owned(),
        "filter[=1&filter]=2".to_owned(),
    ] {
        let answer = admin.get(&format!("/users?{query}"));
        assert!(answer.status < 500, "{query}: {answer:?}");
    }
}

#[test]
fn a_body_that_breaks_off_changes_nothing() {
    let app = TestApp::start();
    let admin = app.admin();
    let whole = role("Half");
    for end in [0, 1, whole.len() / 2, whole.len() - 1] {
        let announced = format!("{DOCUMENT}Content-Length: {}\r\n", whole.len());
        let mut wire = Wire::open(&app);
        wire.send(head(&app, "POST /roles", &announced))
            .send(&whole[..end]);
        // The end of our side is the end of the request.
        let answer = wire.end().rest();
        assert!(
            answer.is_empty() || status(&answer) == 400,
            "cut at {end}: {answer}"
        );
        let chunked = format!("{DOCUMENT}Transfer-Encoding: chunked\r\n");
        let mut wire = Wire::open(&app);
        wire.send(head(&app, "POST /roles", &chunked));
        if end > 0 {
            wire.send(format!("{end:x}\r\n{}\r\n", &whole[..end]));
        }
        let answer = wire.end().rest();
        assert!(
            answer.is_empty() || status(&answer) == 400,
            "cut at {end}: {answer}"
        );
        // Gone without a word.
        let mut wire = Wire::open(&app);
        wire.send(head(&app, "POST /roles", &announced))
            .send(&whole[..end]);
        drop(wire);
    }
    assert_eq!(admin.get(MADE).expect(200).data(), json!([]));
}

#[test]
fn a_body_in_small_pieces_is_a_body() {
    let app = TestApp::start();
    let whole = role("Slow");
    let mut wire = Wire::open(&app);
    let announced = format!("{DOCUMENT}Content-Length: {}\r\n", whole.len());
    wire.send(head(&app, "POST /roles", &announced));
    for byte in whole.as_bytes() {
        wire.send([*byte]);
    }
    assert_eq!(status(&wire.one()), 201);
    let mut wire = Wire::open(&app);
    let chunked = format!("{DOCUMENT}Transfer-Encoding: chunked\r\n");
    wire.send(head(&app, "POST /roles", &chunked));
    for byte in role("Slower").as_bytes() {
        wire.send([b"1\r\n", [*byte].as_slice(), b"\r\n"].concat());
    }
    assert_eq!(status(&wire.send("0\r\n\r\n").one()), 201);
}

#[test]
fn a_client_that_waits_with_its_body_holds_nobody_up() {
    let app = TestApp::start();
    let whole = role("Late");
    let announced = format!("{DOCUMENT}Content-Length: {}\r\n", whole.len());
    let mut waiting: Vec<Wire> = (0..50)
        .map(|_| {
            let mut wire = Wire::open(&app);
            wire.send(head(&app, "POST /roles", &announced))
                .send(&whole[..10]);
            wire
        })
        .collect();
    for _ in 0..10 {
        app.admin().get("/users").expect(200);
        let name = format!("Early {:?}", std::thread::current().id());
        let document = json!({"data": {"type": "roles", "attributes": {"name": name}}});
        let answer = app.admin().post("/roles", &document);
        assert!([201, 400].contains(&answer.status), "{answer:?}");
    }
    assert_eq!(status(&waiting[0].send(&whole[10..]).one()), 201);
}

#[test]
fn a_chunk_that_is_malformed_is_a_400_and_changes_nothing() {
    let app = TestApp::start();
    let headers = format!("{DOCUMENT}Transfer-Encoding: chunked\r\n");
    for body in [
        "zz\r\n{}\r\n0\r\n\r\n",
        "-1\r\n{}\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}}}}}\r\n0\r\n\r\n",
    ] {
        let answer = ask(&app, head(&app, "POST /roles", &headers) + body);
        assert!(
            answer.is_empty() || status(&answer) == 400,
            "{body:?}: {answer}"
        );
    }
    assert_eq!(app.admin().get(MADE).expect(200).data(), json!([]));
}

/// Two ways to tell the length are how requests are smuggled past proxies.
#[test]
fn two_lengths_are_refused() {
    let app = TestApp::start();
    let body = role("Smuggled");
    for headers in [
        format!("Content-Length: {}\r\nContent-Length: 5\r\n", body.len()),
        "Content-Length: -1\r\n".to_owned(),
        "Content-Length: five\r\n".to_owned(),
        "Content-Length: +5\r\n".to_owned(),
        "Transfer-Encoding: nonsense\r\n".to_owned(),
    ] {
        let answer = ask(
            &app,
            head(&app, "POST /roles", &format!("{DOCUMENT}{headers}")) + &body,
        );
        assert!(
            answer.is_empty() || (400..502).contains(&status(&answer)),
            "{headers}: {answer}"
        );
    }
    assert_eq!(app.admin().get(MADE).expect(200).data(), json!([]));
}

#[test]
fn garbage_is_a_400_and_ends_the_connection() {
    let app = TestApp::start();
    for garbage in [
        b"\0\0\0\0\r\n\r\n".as_slice(),
        b"\xff\xfe\xfd\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /users\r\n\r\n",
        b"GET /users HTTP/9.9\r\n\r\n",
        b"GET /users HTTP/1.1\r\nbroken\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\n\r\n",
    ] {
        let answer = ask(&app, garbage);
        let shown = String::from_utf8_lossy(garbage);
        assert!(
            answer.is_empty() || (400..506).contains(&status(&answer)),
            "{shown}: {answer}"
        );
        assert!(!answer.contains("200 OK"), "{shown}: {answer}");
    }
    app.admin().get("/users").expect(200);
}

#[test]
fn garbage_behind_a_request_spoils_only_itself() {
    let app = TestApp::start();
    let good = head(&app, "GET /users/1", "");
    let answer = ask(&app, [good.as_bytes(), b"\0garbage\r\n\r\n"].concat());
    assert_eq!(status(&answer), 200, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
    // Several good ones in one breath are answered in their order.
    let second = head(&app, "GET /roles/1", "");
    let third = head(&app, "GET /nothing", "Connection: close\r\n");
    let answer = ask(&app, format!("{good}{second}{third}"));
    let statuses: Vec<&str> = answer.matches("HTTP/1.1 200").collect();
    assert_eq!(statuses.len(), 2, "{answer}");
    let place = |what: &str| {
        answer
            .find(what)
            .unwrap_or_else(|| panic!("{what}: {answer}"))
    };
    assert!(place("\"type\":\"users\"") < place("\"type\":\"roles\""));
    assert!(place("\"type\":\"roles\"") < place("HTTP/1.1 404"));
}

/// The body of one is not the head of the next.
#[test]
fn a_body_on_a_get_is_passed_over() {
    let app = TestApp::start();
    let inner = "DELETE /roles/1 HTTP/1.1\r\n\r\n";
    let headers = format!("{DOCUMENT}Content-Length: {}\r\n", inner.len());
    let second = head(&app, "GET /roles/1", "Connection: close\r\n");
    let request = head(&app, "GET /users/1", &headers) + inner + &second;
    let answer = ask(&app, request);
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 2, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 2, "{answer}");
}

#[test]
fn strange_methods_are_told_which_there_are() {
    let app = TestApp::start();
    let admin = app.admin();
    for method in ["PUT", "TRACE", "CONNECTION", "PROPFIND", "get"] {
        let answer = admin.send(method, "/users", &[], None);
        assert_eq!(answer.status, 405, "{method}: {answer:?}");
        is_refused(&answer, None);
        assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"));
    }
}

#[test]
fn a_handler_that_panics_is_a_500_document_and_the_service_goes_on() {
    let app = TestApp::with_routes(
        |settings| settings.server.workers = Some(1),
        |config| {
            config.route("/panic", web::get().to(panics));
            config.route("/panic", web::post().to(panics));
        },
    );
    let nobody = app.anonymous();
    for _ in 0..5 {
        let answer = nobody.get("/panic").expect(500);
        assert_eq!(answer.errors()[0]["status"], "500");
        assert_eq!(
            answer.header("content-type"),
            Some("application/vnd.api+json")
        );
        assert!(!answer.text.contains("secret"), "{}", answer.text);
        nobody.post("/panic", &json!({})).expect(500);
    }
    app.admin().get("/users/1").expect(200);
    let document = json!({"data": {"type": "roles", "attributes": {"name": "A"}}});
    app.admin().post("/roles", &document).expect(201);
    // On one connection, too.
    let request = "GET /panic HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned();
    let next = head(&app, "GET /users/1", "Connection: close\r\n");
    let answer = ask(&app, request + &next);
    is_500_then_200(&answer);
}

#[track_caller]
fn is_500_then_200(answer: &str) {
    assert_eq!(status(answer), 500, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
}

async fn panics() -> HttpResponse {
    panic!("a secret")
}

#[test]
fn a_body_where_nothing_is_read_does_not_disturb_the_next_request() {
    let app = TestApp::start();
    let client: Client = app.admin();
    for _ in 0..3 {
        let document = json!({"data": "x".repeat(500_000)});
        client.json("GET", "/users", &document).expect(200);
        client.json("DELETE", "/users/999", &document).expect(404);
        client.json("PUT", "/users", &document).expect(405);
        app.anonymous().post("/users", &document).expect(401);
    }
    client.get("/users/1").expect(200);
}
