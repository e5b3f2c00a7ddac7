//! Every surface refuses in its own form, before it asks anything else.

use rolecall::api::endpoints;
use serde_json::{Value, json};

use super::{EVIL, FORM, JSON, browser};
use crate::support::{
    ADMIN_PASSWORD, ATOMIC, Answer, Client, JSON_API, TestApp, a_new, a_partner, a_user, changes,
    tables,
};

/// What tells of a foreign page.
const FOREIGN: [&[(&str, &str)]; 5] = [
    &[("origin", EVIL)],
    &[("origin", "null")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("origin", EVIL), ("sec-fetch-site", "same-site")],
];

const UNSAFE: [&str; 6] = ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"];

#[derive(Clone, Copy, Debug)]
enum Surface {
    Native,
    Cfengine,
    OpenL2m,
    Prp,
}

impl Surface {
    /// Refused in the surface's own form.
    #[track_caller]
    fn refused(self, answer: &Answer, what: &str) {
        assert_eq!(answer.status, 403, "{what}: {}", answer.text);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
        match self {
            Self::Native => {
                assert_eq!(answer.header("content-type"), Some(JSON_API), "{what}");
                let error = &answer.errors()[0];
                assert_eq!(error["code"], "cross_origin", "{what}");
                let header = error["source"]["header"].as_str().unwrap();
                assert!(["Origin", "Sec-Fetch-Site"].contains(&header), "{what}");
            }
            Self::Cfengine => {
                let kind = answer.header("content-type");
                assert_eq!(kind, Some("text/plain; charset=utf-8"), "{what}");
                assert!(answer.text.contains("Cross-origin requests"), "{what}");
            }
            Self::OpenL2m => {
                let detail = answer.json()["detail"].clone();
                assert!(
                    detail.as_str().unwrap().starts_with("CSRF Failed"),
                    "{what}"
                );
            }
            Self::Prp => {
                let told = answer.json();
                let detail = told["detail"][0].as_str().unwrap();
                assert!(detail.starts_with("CSRF Failed"), "{what}");
                assert_eq!(told["error_codes"], "permission_denied", "{what}");
            }
        }
    }
}

/// Every address that there is, and some that there are not.
fn addresses() -> Vec<(Surface, String)> {
    let native = endpoints().into_iter().flat_map(|endpoint| {
        let path = endpoint.path.replace("{id}", "1");
        [path.clone(), format!("{path}/")]
    });
    let others = [
        "/",
        "/health",
        "/health/live",
        "/health/ready",
        "/openapi.json",
        "/docs",
        "/nothing",
        "/api/x",
    ];
    let native = native.chain(others.map(Into::into));
    let mut all: Vec<_> = native.map(|path| (Surface::Native, path)).collect();
    let dialects: [(Surface, &[&str]); 3] = [
        (
            Surface::Cfengine,
            &[
                "/api",
                "/api/",
                "/api/user",
                "/api/user/admin",
                "/api/%75ser/admin",
                "/api/user/a/b",
                "/api/role/",
                "/api/role/admin",
            ],
        ),
        (
            Surface::OpenL2m,
            &[
                "/api/admin/users",
                "/api/admin/users/",
                "/api/admin/users/1/",
                "/api/admin/users/x",
                "/api/users/token/",
                "/api/users/x",
            ],
        ),
        (
            Surface::Prp,
            &[
                "/api/id-management/users/",
                "/api/id-management/role-group",
                "/api/id-management/role-group/1/",
                "/api/id-management/partners/",
                "/api/id-management/partners/1/",
                "/api/id-management/x",
            ],
        ),
    ];
    for (surface, paths) in dialects {
        all.extend(paths.iter().map(|path| (surface, (*path).to_owned())));
    }
    all
}

fn refused_everywhere(client: impl Fn(&TestApp) -> Client) {
    let app = TestApp::start();
    let client = client(&app);
    let before = tables(&app.database);
    for (surface, path) in addresses() {
        for method in UNSAFE {
            for headers in FOREIGN {
                let answer = client.send(method, &path, headers, None);
                surface.refused(&answer, &format!("{method} {path} {headers:?}"));
            }
        }
    }
    assert_eq!(tables(&app.database), before);
}

#[test]
fn every_address_refuses_every_method_of_a_foreign_page_that_has_the_browser_s_password() {
    refused_everywhere(browser);
}

#[test]
fn every_address_refuses_every_method_of_a_foreign_page_that_has_a_token() {
    refused_everywhere(TestApp::admin);
}

#[test]
fn every_address_refuses_every_method_of_a_foreign_page_without_credentials() {
    refused_everywhere(TestApp::anonymous);
}

#[test]
fn a_refusal_is_plain_json_for_those_who_take_nothing_else() {
    let app = TestApp::start();
    let headers = [("origin", EVIL), ("accept", JSON)];
    let answer = browser(&app).send("DELETE", "/users/1", &headers, None);
    let answer = answer.expect(403);
    assert_eq!(answer.header("content-type"), Some(JSON));
}

/// One request of a surface that changes something.
struct Change {
    surface: Surface,
    method: &'static str,
    path: String,
    kind: &'static str,
    body: String,
}

fn native(method: &'static str, path: &str, body: &Value) -> Change {
    Change {
        surface: Surface::Native,
        method,
        path: path.into(),
        kind: JSON_API,
        body: body.to_string(),
    }
}

fn sent(
    surface: Surface,
    method: &'static str,
    path: &str,
    kind: &'static str,
    body: &str,
) -> Change {
    Change {
        surface,
        method,
        path: path.into(),
        kind,
        body: body.into(),
    }
}

const PARTS: &str = "multipart/form-data; boundary=e";

fn as_parts(fields: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--e\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(part).collect::<String>() + "--e--\r\n"
}

/// At least one of each surface and each media type that it takes.
fn all_changes(app: &TestApp) -> Vec<Change> {
    use Surface::{Cfengine, OpenL2m, Prp};
    let [spare, other] = [a_user().create(app), a_user().create(app)];
    let partner = a_partner().create(app);
    let new_role = a_new("roles", json!({"name": "made"}));
    let operations = json!({"atomic:operations": [{"op": "add", "data": new_role["data"]}]});
    let new_user = a_new(
        "users",
        json!({"username": "noct", "password": "tulip-1637"}),
    );
    let mut new_token = a_new("tokens", json!({"name": "stolen"}));
    new_token["data"]["relationships"] = json!({"user": {"data": {"type": "users", "id": "1"}}});
    let password = ADMIN_PASSWORD.replace(' ', "+");
    let openl2m = "/api/admin/users/";
    let in_parts = as_parts(&[("username", "parts"), ("password", "tulip-1637")]);
    vec![
        native("POST", "/users", &new_user),
        native(
            "PATCH",
            "/users/1",
            &changes("users", 1, json!({"name": "n"})),
        ),
        native("DELETE", &spare.path(), &json!({})),
        native(
            "POST",
            "/roles/1/relationships/users",
            &json!({"data": [{"type": "users", "id": other.id.to_string()}]}),
        ),
        native("POST", "/tokens", &new_token),
        native(
            "PATCH",
            "/auth/user",
            &changes("users", 1, json!({"name": "m"})),
        ),
        sent(
            Surface::Native,
            "POST",
            "/operations",
            ATOMIC,
            &operations.to_string(),
        ),
        sent(
            Surface::Native,
            "POST",
            "/auth",
            FORM,
            &format!("username=admin&password={password}"),
        ),
        sent(
            Cfengine,
            "PUT",
            "/api/user/calvin",
            FORM,
            r#"{"password":"tulip-1637"}"#,
        ),
        sent(
            Cfengine,
            "POST",
            "/api/user/calvin",
            JSON,
            r#"{"name":"Calvin"}"#,
        ),
        sent(
            Cfengine,
            "POST",
            "/api/user/admin",
            FORM,
            r#"{"password":"stolen12"}"#,
        ),
        sent(
            OpenL2m,
            "POST",
            openl2m,
            FORM,
            "username=csrf&password=tulip-1637",
        ),
        sent(OpenL2m, "POST", openl2m, PARTS, &in_parts),
        sent(
            OpenL2m,
            "PATCH",
            "/api/admin/users/1/",
            JSON,
            r#"{"first_name":"F"}"#,
        ),
        sent(
            Prp,
            "POST",
            "/api/id-management/partners/",
            JSON,
            r#"{"title":"T"}"#,
        ),
        sent(
            Prp,
            "PATCH",
            &format!("/api/id-management/partners/{}/", partner.id),
            JSON,
            r#"{"title":"U"}"#,
        ),
    ]
}

#[test]
fn what_a_program_may_change_a_foreign_page_may_not() {
    let app = TestApp::start();
    let mut client = browser(&app);
    for change in all_changes(&app) {
        let what = format!("{} {}", change.method, change.path);
        let body = Some(change.body.as_bytes());
        let before = tables(&app.database);
        for foreign in FOREIGN {
            let headers = [&[("content-type", change.kind)], foreign].concat();
            let answer = client.send(change.method, &change.path, &headers, body);
            change.surface.refused(&answer, &what);
        }
        assert_eq!(tables(&app.database), before, "{what}");
        // The same without a page does something: it was the page that was refused.
        let headers = [("content-type", change.kind)];
        let answer = client.send(change.method, &change.path, &headers, body);
        assert!(
            (200..300).contains(&answer.status),
            "{what}: {}",
            answer.text
        );
        assert_ne!(tables(&app.database), before, "{what}");
        if change.body.contains("stolen12") {
            client = app.basic("admin", "stolen12");
        }
    }
}
