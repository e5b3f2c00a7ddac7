//! Pages of other origins change nothing, whatever the surface, the method and
//! the credentials (cross-site request forgery).

mod bodies;
mod listed;
mod origins;
mod surfaces;

use crate::support::{ADMIN_PASSWORD, Answer, Client, JSON_API, TestApp, a_user, tables};

const EVIL: &str = "https://evil.example";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// The administrator as a browser has them that once asked for the password.
fn browser(app: &TestApp) -> Client {
    app.basic("admin", ADMIN_PASSWORD)
}

/// Renames the user with this id, by the native surface.
fn rename(client: &Client, id: i64, headers: &[(&str, &str)]) -> Answer {
    let body =
        format!(r#"{{"data":{{"type":"users","id":"{id}","attributes":{{"name":"Mallory"}}}}}}"#);
    let mut all = vec![("accept", JSON), ("content-type", JSON_API)];
    all.extend(headers);
    client.send(
        "PATCH",
        &format!("/users/{id}"),
        &all,
        Some(body.as_bytes()),
    )
}

/// A service and somebody in it whom a page would like to rename.
struct Victim {
    app: TestApp,
    id: i64,
}

impl Victim {
    fn of(app: TestApp) -> Self {
        let id = a_user().create(&app).id;
        Self { app, id }
    }

    fn rename(&self, headers: &[(&str, &str)]) -> Answer {
        rename(&browser(&self.app), self.id, headers)
    }

    #[track_caller]
    fn is_refused(&self, headers: &[(&str, &str)]) {
        let before = tables(&self.app.database);
        let answer = self.rename(headers);
        assert_eq!(answer.status, 403, "{headers:?}: {}", answer.text);
        assert_eq!(answer.errors()[0]["code"], "cross_origin");
        assert_eq!(tables(&self.app.database), before, "{headers:?}");
    }

    #[track_caller]
    fn is_done(&self, headers: &[(&str, &str)]) {
        let answer = self.rename(headers);
        assert_eq!(answer.status, 200, "{headers:?}: {}", answer.text);
    }
}
