//! The same over TLS and HTTP/2, frame by frame.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::hasty;
use crate::connections::Caller;
use crate::support::{Wire, eventually};

type Tls = StreamOwned<ClientConnection, TcpStream>;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn caller(name: &str) -> Caller {
    Caller::with_routes(name, hasty, a_large_answer)
}

/// A connection after its handshake, which speaks what `protocol` names.
fn tls(caller: &Caller, protocol: &str) -> Tls {
    let mut roots = RootCertStore::empty();
    let certificate = rustls::pki_types::CertificateDer::from_pem_file(caller.certificate());
    roots.add(certificate.unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(caller.app.address()).unwrap();
    let patience = Some(std::time::Duration::from_secs(60));
    stream.set_read_timeout(patience).unwrap();
    stream.set_write_timeout(patience).unwrap();
    let mut stream = StreamOwned::new(session, stream);
    stream.flush().unwrap();
    stream
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The preface, and a window of this size for each answer.
fn preface(window: u32) -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let mut setting = vec![0, 4];
    setting.extend(window.to_be_bytes());
    bytes.extend(frame(SETTINGS, 0, 0, &setting));
    bytes
}

/// A GET of a path, on the stream 1.
fn get(path: &str) -> Vec<u8> {
    // Of the static table: GET, https; then names of it with values.
    let mut block = vec![0x82, 0x87];
    for (name, value) in [(1, "localhost"), (4, path)] {
        block.extend([name, u8::try_from(value.len()).unwrap()]);
        block.extend(value.bytes());
    }
    frame(HEADERS, END_STREAM | END_HEADERS, 1, &block)
}

/// The headers of a POST of JSON to a path, on the stream 1.
fn post(path: &str) -> Vec<u8> {
    let mut block = vec![0x83, 0x87];
    for (name, value) in [
        (&[1][..], "localhost"),
        (&[4], path),
        (&[0x0f, 0x10], "application/json"),
    ] {
        block.extend(name);
        block.push(u8::try_from(value.len()).unwrap());
        block.extend(value.bytes());
    }
    frame(HEADERS, END_HEADERS, 1, &block)
}

/// Reads frames up to one of this kind; what it holds.
fn read_until(stream: &mut Tls, kind: u8) -> Vec<u8> {
    read_up_to(stream, &[kind]).1
}

/// Reads frames up to one of these kinds; its kind, and what it holds.
fn read_up_to(stream: &mut Tls, kinds: &[u8]) -> (u8, Vec<u8>) {
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload).unwrap();
        if kinds.contains(&head[3]) {
            return (head[3], payload);
        }
    }
}

/// A POST without a token, whose refusal comes before its body.
fn refused_early(caller: &Caller) -> Tls {
    let mut stream = tls(caller, "h2");
    let begin = [preface(65_535), post("/users")].concat();
    stream.write_all(&begin).unwrap();
    stream.flush().unwrap();
    let refusal = String::from_utf8(read_until(&mut stream, DATA)).unwrap();
    assert!(refusal.contains("errors"), "{refusal}");
    stream
}

fn a_large_answer(config: &mut actix_web::web::ServiceConfig) {
    let answer = || async { actix_web::HttpResponse::Ok().body(vec![b'x'; 1024 * 1024]) };
    config.route("/large", actix_web::web::get().to(answer));
}

#[test]
fn a_handshake_that_never_begins_ends() {
    let caller = caller("limits_handshake");
    let mut silent = Wire::to(caller.app.address());
    assert_eq!(silent.rest(), b"");
}

#[test]
fn a_connection_that_never_asks_ends() {
    let caller = caller("limits_never_asks");
    for begin in [Vec::new(), preface(65_535)] {
        let mut stream = tls(&caller, "h2");
        stream.write_all(&begin).unwrap();
        stream.flush().unwrap();
        Wire::new(stream).rest();
    }
}

#[test]
fn an_idle_connection_ends_and_pings_do_not_keep_it() {
    let caller = caller("limits_idle");
    let mut idle = tls(&caller, "h2");
    idle.write_all(&[preface(65_535), get("/health")].concat())
        .unwrap();
    read_until(&mut idle, DATA);
    Wire::new(idle).rest();
    let mut busy = tls(&caller, "h2");
    busy.write_all(&[preface(65_535), get("/health")].concat())
        .unwrap();
    read_until(&mut busy, DATA);
    let ping = frame(PING, 0, 0, &[7; 8]);
    eventually("the connection is closed", || {
        let sent = busy.write_all(&ping).and_then(|()| busy.flush());
        sent.is_err() || busy.read_exact(&mut [0; 17]).is_err()
    });
}

#[test]
fn a_window_that_stays_shut_ends_the_connection() {
    let caller = caller("limits_window");
    for path in ["/health", "/large"] {
        let mut stream = tls(&caller, "h2");
        stream.write_all(&[preface(0), get(path)].concat()).unwrap();
        stream.flush().unwrap();
        // The headers come; then nothing but the end.
        read_until(&mut stream, HEADERS);
        Wire::new(stream).rest();
    }
}

#[test]
fn a_window_that_opens_by_single_bytes_ends_the_connection() {
    let caller = caller("limits_window_drip");
    let mut stream = tls(&caller, "h2");
    stream
        .write_all(&[preface(0), get("/large")].concat())
        .unwrap();
    stream.flush().unwrap();
    let one = frame(WINDOW_UPDATE, 0, 1, &1_u32.to_be_bytes());
    eventually("the connection is closed", || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        stream
            .write_all(&one)
            .and_then(|()| stream.flush())
            .is_err()
    });
}

#[test]
fn who_opens_the_window_gets_all_of_it() {
    let caller = caller("limits_window_open");
    let said = caller.ask("/large", &["--http2"]).unwrap();
    assert_eq!(said.len(), 1024 * 1024);
}

#[test]
fn headers_without_an_end_end_the_connection() {
    let caller = Caller::with_routes("limits_headers", |_| {}, |_| {});
    let mut stream = tls(&caller, "h2");
    let begin = [
        preface(65_535),
        frame(HEADERS, END_STREAM, 1, &[0x82, 0x87]),
    ];
    stream.write_all(&begin.concat()).unwrap();
    // A header of 16 KiB, again and again: no END_HEADERS.
    let mut field = vec![0, 1, b'x', 0x7f, 0x80, 0x7e];
    field.resize(field.len() + 127 + 0x3f00, b'y');
    let more = frame(CONTINUATION, 0, 1, &field);
    eventually("the connection is closed", || {
        stream
            .write_all(&more)
            .and_then(|()| stream.flush())
            .is_err()
    });
}

#[test]
fn a_body_that_stalls_is_408() {
    let caller = caller("limits_body");
    let begun = frame(DATA, 0, 1, b"{");
    for begin in [Vec::new(), begun] {
        let mut stream = tls(&caller, "h2");
        stream
            .write_all(&[preface(65_535), post("/auth"), begin].concat())
            .unwrap();
        stream.flush().unwrap();
        let body = String::from_utf8(read_until(&mut stream, DATA)).unwrap();
        assert!(body.contains(r#""status":"408""#), "{body}");
    }
    let mut wire = Wire::new(tls(&caller, "http/1.1"));
    let head = "POST /auth HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{";
    assert!(wire.send(head));
    assert_eq!(wire.answer().status, 408);
}

#[test]
fn over_tls_an_answer_that_nobody_reads_ends_the_connection() {
    let caller = Caller::with_routes(
        "limits_unread",
        |settings| {
            hasty(settings);
            settings.limits.connections_per_address = 1;
        },
        |config| {
            let answer = || async { actix_web::HttpResponse::Ok().body(vec![b'x'; 64 << 20]) };
            config.route("/huge", actix_web::web::get().to(answer));
        },
    );
    let mut stream = tls(&caller, "http/1.1");
    stream
        .write_all(b"GET /huge HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    stream.flush().unwrap();
    eventually("the connection is given back", || {
        caller.ask("/health", &[]).is_ok()
    });
}

/// A client that is still sending takes the reset of its stream for a failure.
#[test]
fn a_body_that_comes_after_its_answer_is_taken() {
    let caller = Caller::with_routes("limits_late_body", |_| {}, |_| {});
    let mut stream = refused_early(&caller);
    let rest = [
        frame(DATA, 0, 1, b"{\"data\": "),
        frame(DATA, END_STREAM, 1, b"{}}"),
        frame(PING, 0, 0, &[7; 8]),
    ];
    stream.write_all(&rest.concat()).unwrap();
    stream.flush().unwrap();
    assert_ne!(read_up_to(&mut stream, &[PING, RST_STREAM]).0, RST_STREAM);
}

#[test]
fn a_body_that_never_comes_after_its_answer_is_not_waited_for() {
    let caller = Caller::with_routes("limits_no_body", |_| {}, |_| {});
    let mut stream = refused_early(&caller);
    let no_error = [0; 4];
    assert_eq!(read_until(&mut stream, RST_STREAM), no_error);
}
