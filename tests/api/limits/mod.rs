//! What one request, and one client, may take of the service: time, memory,
//! connections.

mod answers;
mod bodies;
mod crowds;
mod given_back;
mod http2;
mod memory;

use rolecall::config::Settings;
use serde_json::Value;

use crate::support::{TestApp, Wire};

/// A way to send a body, at an address of each surface and in each form.
struct Route {
    method: &'static str,
    path: &'static str,
    kind: &'static str,
}

const JSON_API: &str = "application/vnd.api+json";
const ATOMIC: &str = "application/vnd.api+json;ext=\"https://jsonapi.org/ext/atomic\"";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data; boundary=x";

const fn route(method: &'static str, path: &'static str, kind: &'static str) -> Route {
    Route { method, path, kind }
}

const ROUTES: &[Route] = &[
    route("POST", "/users", JSON_API),
    route("PATCH", "/users/1", JSON_API),
    route("POST", "/users/1/relationships/roles", JSON_API),
    route("POST", "/operations", ATOMIC),
    route("POST", "/access-checks", JSON_API),
    route("POST", "/auth", JSON_API),
    route("POST", "/auth", FORM),
    route("PUT", "/api/user/calvin", JSON),
    route("POST", "/api/user/admin", FORM),
    route("PUT", "/api/role/hr", JSON),
    route("POST", "/api/admin/users/", JSON),
    route("POST", "/api/admin/users/", FORM),
    route("POST", "/api/admin/users/", PARTS),
    route("PATCH", "/api/admin/users/1/", JSON),
    route("POST", "/api/users/token/", JSON),
    route("POST", "/api/id-management/partners/", JSON),
];

impl Route {
    /// The headers up to their end, of a body as `framing` tells it.
    fn head(&self, app: &TestApp, framing: &str) -> String {
        let Route { method, path, kind } = self;
        let token = app.admin_token();
        format!(
            "{method} {path} HTTP/1.1\r\nHost: rolecall\r\nAuthorization: Bearer {token}\r\n\
             Accept: */*\r\nContent-Type: {kind}\r\n{framing}\r\n\r\n"
        )
    }

    /// Checks that an error is told in the form of this surface.
    #[track_caller]
    fn is_told(&self, status: u16, text: &str) {
        let document = || serde_json::from_str::<Value>(text).unwrap();
        let told = if self.path.starts_with("/api/id-management") {
            document()["detail"].is_array()
        } else if self.path.starts_with("/api/admin") || self.path.starts_with("/api/users") {
            document()["detail"].is_string()
        } else if self.path.starts_with("/api") {
            !text.is_empty() && !text.starts_with('{')
        } else {
            let status = Value::from(status.to_string());
            document()["errors"][0]["status"] == status
        };
        assert!(told, "{} {}: {text}", self.method, self.path);
    }
}

/// Settings that a test need not wait long for.
fn hasty(settings: &mut Settings) {
    let limits = &mut settings.limits;
    limits.header_seconds = 1;
    limits.body_stall_seconds = 1;
    limits.body_seconds = 2;
    limits.answer_stall_seconds = 1;
    limits.answer_seconds = 2;
    limits.handshake_seconds = 1;
    limits.keep_alive_seconds = 1;
}

fn is_healthy_for(source: &str, address: &str) -> bool {
    let mut wire = Wire::from(source, address);
    wire.send("GET /health HTTP/1.1\r\nHost: rolecall\r\nConnection: close\r\n\r\n");
    let said = wire.rest();
    said.starts_with(b"HTTP/1.1 200 ")
}
