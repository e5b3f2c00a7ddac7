//! `/api/id-management/`: the ID management of the Partner Reporting Portal.

mod assignable;
mod errors;
mod options;
mod partners;
mod races;
mod role_groups;
mod users;

use serde_json::{Value, json};

use crate::support::{
    Answer, CHANGES, Client, ClusterMade, Member, PartnerMade, TestApp, WorkspaceMade, a_cluster,
    a_partner, a_user, a_workspace, role_named,
};
use rolecall::directory::delegation::GrantScope;

const BASE: &str = "/api/id-management/";

fn get(client: &Client, path: &str) -> Answer {
    client.get_with(&format!("{BASE}{path}"), &[])
}

fn send(client: &Client, method: &str, path: &str, body: &Value) -> Answer {
    raw(
        client,
        method,
        path,
        "application/json",
        body.to_string().as_bytes(),
    )
}

fn raw(client: &Client, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
    let path = format!("{BASE}{path}");
    client.send(method, &path, &[("content-type", kind)], Some(body))
}

fn post(client: &Client, path: &str, body: &Value) -> Answer {
    send(client, "POST", path, body)
}

fn patch(client: &Client, path: &str, body: &Value) -> Answer {
    send(client, "PATCH", path, body)
}

fn delete(client: &Client, path: &str) -> Answer {
    client.send("DELETE", &format!("{BASE}{path}"), &[], None)
}

const EVERYWHERE: GrantScope = GrantScope {
    workspace: None,
    cluster: None,
};

/// Gives a predefined role beside the service; answers the id of the grant.
fn give(app: &TestApp, user: &Member, name: &str, place: GrantScope) -> i64 {
    user.grant_in(app, &role_named(app, name), place)
}

/// A portal with two clusters, two workspaces and two partners.
struct World {
    app: TestApp,
    health: ClusterMade,
    wash: ClusterMade,
    kenya: WorkspaceMade,
    chad: WorkspaceMade,
    acme: PartnerMade,
    other: PartnerMade,
}

impl World {
    fn new() -> Self {
        let app = TestApp::start();
        let kenya = a_workspace().titled("Kenya").coded("KEN").create(&app);
        let chad = a_workspace().titled("Chad").coded("TCD").create(&app);
        Self {
            health: a_cluster().titled("Health").within(&kenya).create(&app),
            wash: a_cluster()
                .titled("Wash")
                .about("wash")
                .within(&chad)
                .create(&app),
            acme: a_partner().titled("ACME").create(&app),
            other: a_partner().titled("Other").create(&app),
            kenya,
            chad,
            app,
        }
    }

    /// Somebody of a partner who holds a role.
    fn somebody(&self, partner: Option<&PartnerMade>, held: &[(&str, GrantScope)]) -> Member {
        let user = a_user();
        let user = match partner {
            Some(partner) => user.of_partner(partner),
            None => user,
        };
        let user = user.create(&self.app);
        for (name, place) in held {
            give(&self.app, &user, name, *place);
        }
        user
    }

    fn system_admin(&self) -> Client {
        self.somebody(None, &[("CLUSTER_SYSTEM_ADMIN", EVERYWHERE)])
            .client(&self.app)
    }

    fn imo(&self) -> Client {
        self.somebody(None, &[("CLUSTER_IMO", self.health.place())])
            .client(&self.app)
    }

    fn member(&self) -> Client {
        self.somebody(Some(&self.acme), &[("CLUSTER_MEMBER", self.health.place())])
            .client(&self.app)
    }

    fn officer(&self) -> Client {
        self.somebody(
            Some(&self.acme),
            &[("IP_AUTHORIZED_OFFICER", self.kenya.place())],
        )
        .client(&self.app)
    }

    fn ip_admin(&self) -> Client {
        self.somebody(Some(&self.acme), &[("IP_ADMIN", self.kenya.place())])
            .client(&self.app)
    }

    fn viewer(&self) -> Client {
        self.somebody(Some(&self.acme), &[("CLUSTER_VIEWER", self.health.place())])
            .client(&self.app)
    }

    fn nobody(&self) -> Client {
        self.somebody(Some(&self.acme), &[]).client(&self.app)
    }

    fn events(&self) -> i64 {
        let page = self.app.admin().get(CHANGES).expect(200);
        page.json()["meta"]["pagination"]["count"]
            .as_i64()
            .unwrap_or_else(|| panic!("no total in {}", page.text))
    }

    /// Answers like this, and changes nothing.
    #[track_caller]
    fn refused(&self, status: u16, work: impl FnOnce() -> Answer) -> Answer {
        let before = self.events();
        let answer = work().expect(status);
        assert_eq!(self.events(), before, "something changed: {}", answer.text);
        answer
    }
}

fn forbidden() -> Value {
    json!({
        "detail": ["You do not have permission to perform this action."],
        "error_codes": "permission_denied",
    })
}

fn not_found() -> Value {
    json!({"detail": ["Not found."]})
}

/// The ids of the results.
fn ids(answer: &Answer) -> Vec<i64> {
    let results = answer.json()["results"].as_array().unwrap().clone();
    results
        .iter()
        .map(|one| one["id"].as_i64().unwrap())
        .collect()
}
