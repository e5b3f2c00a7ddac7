//! Everybody who may come.

use std::collections::BTreeMap;

use rolecall::directory::delegation::GrantScope;
use rolecall::directory::permissions::Permission;

use super::things::Things;
use crate::support::{Client, TestApp, a_role, a_user, changes, role_named};

/// Those whom the service does not know: without credentials, with a token that
/// is none, with a wrong password, and with the token of a deactivated
/// administrator.
pub const UNKNOWN: [&str; 4] = ["nobody", "bad-token", "bad-password", "deactivated"];

/// Known without a permission: by a token of the administrator with no scope, by
/// one of a user without roles, and by one of whom the things in the address
/// belong to.
const WITHOUT: [&str; 3] = ["narrowed", "stranger", "owner"];

/// Holders of a role of the portal, where the things are, of the same partner.
pub const PORTAL: [(&str, &str); 4] = [
    ("system-admin", "CLUSTER_SYSTEM_ADMIN"),
    ("imo", "CLUSTER_IMO"),
    ("member", "CLUSTER_MEMBER"),
    ("officer", "IP_AUTHORIZED_OFFICER"),
];

/// Each permission that a role gives; everybody has those of the own record.
fn permissions() -> impl Iterator<Item = &'static str> {
    let names = Permission::ALL.iter().map(|(_, name, _)| *name);
    names.filter(|name| !name.starts_with("self:"))
}

/// The permissions of a caller that is named by them; `users:*` has both.
fn permissions_of(caller: &str) -> Vec<&'static str> {
    let fits = |name: &&str| match caller.strip_suffix('*') {
        Some(subject) => name.starts_with(subject),
        None => *name == caller,
    };
    permissions().filter(fits).collect()
}

/// Everybody, the strongest last.
pub fn all() -> Vec<String> {
    let writing = permissions().filter_map(|name| name.strip_suffix("write"));
    let both = writing.map(|subject| format!("{subject}*"));
    let named = UNKNOWN.iter().chain(&WITHOUT).copied().chain(permissions());
    let named = named.map(str::to_owned).chain(both);
    let portal = PORTAL.iter().map(|(caller, _)| (*caller).to_owned());
    named.chain(portal).chain(["admin".to_owned()]).collect()
}

/// Everybody, those of whom it matters as they stand to the things of most
/// requests.
pub struct Callers {
    strangers: BTreeMap<String, Client>,
    near: BTreeMap<String, Client>,
}

impl Callers {
    pub fn make(app: &TestApp, things: &Things) -> Self {
        let mut callers = Self {
            strangers: BTreeMap::new(),
            near: BTreeMap::new(),
        };
        for caller in all() {
            match stranger_to_all(app, &caller) {
                Some(client) => callers.strangers.insert(caller, client),
                None => {
                    let client = things.client(app, &caller);
                    callers.near.insert(caller, client)
                }
            };
        }
        callers
    }

    pub fn client(&self, caller: &str) -> &Client {
        let near = || self.near.get(caller);
        self.strangers.get(caller).or_else(near).unwrap()
    }

    /// As the caller stands to other things.
    pub fn client_near(&self, app: &TestApp, things: &Things, caller: &str) -> Client {
        match self.strangers.get(caller) {
            Some(client) => client.clone(),
            None => things.client(app, caller),
        }
    }
}

fn stranger_to_all(app: &TestApp, caller: &str) -> Option<Client> {
    Some(match caller {
        "nobody" => app.anonymous(),
        "bad-token" => app.token("nonsense"),
        "bad-password" => app.basic("admin", "battery staple"),
        "deactivated" => deactivated(app),
        "narrowed" => app.token(&app.token_of(1, Some(&[]))),
        "stranger" => a_user().create(app).client(app),
        "admin" => app.admin(),
        permission if permission.contains(':') => {
            let role = a_role().permitting(&permissions_of(permission)).create(app);
            a_user().holding(&role).create(app).client(app)
        }
        _ => return None,
    })
}

fn deactivated(app: &TestApp) -> Client {
    let user = a_user().administrator().create(app);
    let client = user.client(app);
    client.get("/home").expect(200);
    let inactive = changes("users", user.id, serde_json::json!({"is_active": false}));
    app.admin().patch(&user.path(), &inactive).expect(200);
    client
}

impl Things {
    /// The owner, or somebody with a role of the portal where these things are.
    fn client(&self, app: &TestApp, caller: &str) -> Client {
        let Some((_, name)) = PORTAL.iter().find(|(known, _)| *known == caller) else {
            return self.owner.client(app);
        };
        let place = match *name {
            "CLUSTER_SYSTEM_ADMIN" => GrantScope {
                workspace: None,
                cluster: None,
            },
            "IP_AUTHORIZED_OFFICER" => self.workspace.place(),
            _ => self.cluster.place(),
        };
        let user = a_user().of_partner(&self.partner).create(app);
        user.grant_in(app, &role_named(app, name), place);
        user.client(app)
    }
}
