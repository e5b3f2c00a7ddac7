//! HTTPS with HTTP/2, by `server.tls_certificate` and `server.tls_key`.

use std::path::PathBuf;

use rolecall::config::Settings;
use rolecall::server::Extra;
use serde_json::{Value, json};

use super::curl;
use crate::support::{JSON_API, TestApp};

/// A certificate for localhost in files of their own.
struct Files {
    folder: PathBuf,
}

impl Files {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("rolecall_{name}_{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let files = Self { folder };
        std::fs::write(files.certificate(), made.cert.pem()).unwrap();
        std::fs::write(files.key(), made.signing_key.serialize_pem()).unwrap();
        files
    }

    fn certificate(&self) -> PathBuf {
        self.folder.join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.join("key.pem")
    }

    fn set(&self, settings: &mut Settings) {
        settings.server.tls_certificate = Some(self.certificate());
        settings.server.tls_key = Some(self.key());
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub struct Caller {
    files: Files,
    pub app: TestApp,
}

impl Caller {
    fn new(name: &str) -> Self {
        Self::with_routes(name, |_| {}, |_| {})
    }

    /// With other settings than the defaults, and routes of the test's own.
    pub fn with_routes(name: &str, change: impl FnOnce(&mut Settings), extra: Extra) -> Self {
        let files = Files::new(name);
        let change = |settings: &mut Settings| {
            files.set(settings);
            change(settings);
        };
        let app = TestApp::with_routes(change, extra);
        Self { files, app }
    }

    pub fn certificate(&self) -> PathBuf {
        self.files.certificate()
    }

    pub fn address(&self, path: &str) -> String {
        let (_, port) = self.app.address().rsplit_once(':').unwrap();
        format!("https://localhost:{port}{path}")
    }

    pub fn ask(&self, path: &str, arguments: &[&str]) -> Result<String, String> {
        let bearer = format!("Authorization: Bearer {}", self.app.admin_token());
        let (certificate, address) = (self.files.certificate(), self.address(path));
        let mut all = vec!["--cacert", certificate.to_str().unwrap(), "-H", &bearer];
        all.extend(arguments);
        all.push(&address);
        curl(&all).map(|said| String::from_utf8(said).unwrap())
    }
}

#[test]
fn the_service_speaks_https_and_its_links_say_so() {
    let caller = Caller::new("https_links");
    let said = caller.ask("/users/1", &[]).unwrap();
    let document: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(document["data"]["attributes"]["username"], "admin");
    assert_eq!(document["links"]["self"], caller.address("/users/1"));
}

#[test]
fn http_2_is_spoken_with_those_who_offer_it_and_http_1_with_the_others() {
    let caller = Caller::new("http_2");
    for (offer, spoken) in [("--http2", "2"), ("--http1.1", "1.1")] {
        let arguments = [offer, "--output", "/dev/null", "-w", "%{http_version}"];
        assert_eq!(caller.ask("/users", &arguments).unwrap(), spoken);
    }
}

#[test]
fn changes_and_refusals_are_the_same_over_http_2() {
    let caller = Caller::new("http_2_changes");
    let kind = format!("Content-Type: {JSON_API}");
    let change = |id: &str, position: Value| {
        let attributes = json!({"position": position});
        let body = json!({"data": {"type": "users", "id": id, "attributes": attributes}});
        let body = body.to_string();
        let path = "/users/1";
        let arguments = ["--http2", "-X", "PATCH", "-H", &kind, "-d", &body];
        let said = caller.ask(path, &arguments).unwrap();
        serde_json::from_str::<Value>(&said).unwrap()
    };
    let changed = change("1", json!("Clerk"));
    assert_eq!(changed["data"]["attributes"]["position"], "Clerk");
    assert_eq!(change("2", json!("Clerk"))["errors"][0]["status"], "409");
    assert_eq!(change("1", json!(7))["errors"][0]["status"], "400");
}

#[test]
fn plain_http_on_a_port_of_tls_gets_no_answer() {
    let caller = Caller::new("plain_http");
    let plain = caller.address("/users").replace("https://", "http://");
    curl(&[&plain]).unwrap_err();
    caller.ask("/health", &[]).unwrap();
}

#[test]
fn a_stranger_s_certificate_is_not_shown() {
    let caller = Caller::new("own_certificate");
    let other = Files::new("other_certificate");
    let certificate = other.certificate();
    let complaint = curl(&[
        "--cacert",
        certificate.to_str().unwrap(),
        &caller.address("/health"),
    ]);
    assert!(complaint.unwrap_err().contains("certificate"));
}

#[test]
fn browsers_are_told_to_come_by_https_only() {
    let caller = Caller::new("hsts");
    for version in ["--http1.1", "--http2"] {
        for path in ["/users", "/nothing"] {
            let arguments = [version, "--output", "/dev/null", "--dump-header", "-"];
            let head = caller.ask(path, &arguments).unwrap().to_lowercase();
            let told = "\r\nstrict-transport-security: max-age=31536000\r\n";
            assert!(head.contains(told), "{head}");
        }
    }
}

#[test]
fn a_page_of_the_same_host_without_tls_is_foreign() {
    let caller = Caller::new("tls_origins");
    let own = caller.address("");
    for (origin, status) in [
        (own.clone(), "404"),
        (own.replace("https://", "http://"), "403"),
        ("https://evil.example".to_owned(), "403"),
    ] {
        let origin = format!("Origin: {origin}");
        let arguments = ["-X", "DELETE", "-H", &origin, "-o", "/dev/null"];
        for version in ["--http1.1", "--http2"] {
            let arguments = [&arguments[..], &[version, "-w", "%{http_code}"]].concat();
            assert_eq!(caller.ask("/users/99", &arguments).unwrap(), status);
        }
    }
}

/// HTTP/2 need not tell the length of a body.
#[test]
fn a_body_of_unknown_length_needs_a_type_as_well() {
    let caller = Caller::new("http_2_types");
    let user =
        r#"{"data":{"type":"users","attributes":{"username":"noct","password":"password1"}}}"#;
    let sign_in = r#"{"username":"admin","password":"wrong"}"#;
    let check = r#"{"data":{"type":"access-checks","attributes":{"permission":"x"}}}"#;
    for (path, body) in [
        ("/users", user),
        ("/operations", user),
        ("/auth", sign_in),
        ("/access-checks", check),
        ("/api/user/noct", user),
        ("/api/admin/users/", user),
        ("/api/id-management/partners/", user),
    ] {
        for kind in ["Content-Type:", "Content-Type: text/plain"] {
            let method = if path.starts_with("/api/user/") {
                "PUT"
            } else {
                "POST"
            };
            let shown = ["-o", "/dev/null", "-w", "%{http_code}"];
            let sent = [
                "--http2",
                "-X",
                method,
                "-H",
                kind,
                "-H",
                "Content-Length:",
                "-d",
                body,
            ];
            let arguments = [&shown[..], &sent].concat();
            let status = caller.ask(path, &arguments).unwrap();
            assert_eq!(status, "415", "{path} {kind}");
        }
    }
    let users: Value = serde_json::from_str(&caller.ask("/users", &[]).unwrap()).unwrap();
    assert_eq!(users["data"].as_array().unwrap().len(), 1);
}
