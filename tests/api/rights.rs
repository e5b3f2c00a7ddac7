//! Who may what: every address with every method, for everybody.

use std::collections::BTreeSet;

use rolecall::api::endpoints;
use serde_json::{Value, json};

use crate::support::{
    ADMIN_PASSWORD, Client, ClusterMade, Member, PartnerMade, RoleMade, TestApp, WorkspaceMade,
    a_cluster, a_new, a_partner, a_role, a_user, a_workspace, changes, linkage,
};

/// What nobody gets, a stranger without roles, the owner (of the user or token
/// in the address; the holder of the role there), and an administrator.
#[rustfmt::skip]
const TABLE: &[(&str, &str, [u16; 4])] = &[
    //                                                 nobody stranger owner admin
    ("GET",    "/home",                                [401, 200, 200, 200]),
    ("POST",   "/operations",                          [401, 403, 403, 200]),

    // What is sent signs in, whoever sends it; API tokens belong to no sign-in.
    ("POST",   "/auth",                                [200, 200, 200, 200]),
    ("DELETE", "/auth",                                [401, 400, 400, 400]),
    ("GET",    "/auth/user",                           [401, 200, 200, 200]),
    ("PATCH",  "/auth/user",                           [401, 200, 200, 200]),
    ("GET",    "/.well-known/jwks.json",               [200, 200, 200, 200]),

    ("GET",    "/users",                               [401, 200, 200, 200]),
    ("POST",   "/users",                               [401, 403, 403, 201]),
    ("GET",    "/users/{id}",                          [401, 404, 200, 200]),
    ("PATCH",  "/users/{id}",                          [401, 404, 200, 200]),
    ("DELETE", "/users/{id}",                          [401, 404, 403, 204]),
    ("GET",    "/users/{id}/roles",                    [401, 404, 200, 200]),
    ("GET",    "/users/{id}/relationships/roles",      [401, 404, 200, 200]),
    ("POST",   "/users/{id}/relationships/roles",      [401, 404, 403, 200]),
    ("PATCH",  "/users/{id}/relationships/roles",      [401, 404, 403, 200]),
    ("DELETE", "/users/{id}/relationships/roles",      [401, 404, 403, 200]),
    ("GET",    "/users/{id}/tokens",                   [401, 404, 200, 200]),
    ("GET",    "/users/{id}/relationships/tokens",     [401, 404, 200, 200]),
    ("POST",   "/users/{id}/relationships/tokens",     [401, 404, 403, 403]),
    ("PATCH",  "/users/{id}/relationships/tokens",     [401, 404, 403, 403]),
    ("DELETE", "/users/{id}/relationships/tokens",     [401, 404, 403, 403]),
    ("GET",    "/users/{id}/sign-ins",                 [401, 404, 200, 200]),
    ("GET",    "/users/{id}/relationships/sign-ins",   [401, 404, 200, 200]),
    ("POST",   "/users/{id}/relationships/sign-ins",   [401, 404, 403, 403]),
    ("PATCH",  "/users/{id}/relationships/sign-ins",   [401, 404, 403, 403]),
    ("DELETE", "/users/{id}/relationships/sign-ins",   [401, 404, 403, 403]),
    ("GET",    "/users/{id}/grants",                   [401, 404, 200, 200]),
    ("GET",    "/users/{id}/relationships/grants",     [401, 404, 200, 200]),
    ("POST",   "/users/{id}/relationships/grants",     [401, 404, 403, 403]),
    ("PATCH",  "/users/{id}/relationships/grants",     [401, 404, 403, 403]),
    ("DELETE", "/users/{id}/relationships/grants",     [401, 404, 403, 403]),

    ("GET",    "/users/{id}/effective-roles",          [401, 404, 200, 200]),
    ("GET",    "/users/{id}/partner",                  [401, 404, 200, 200]),
    ("GET",    "/users/{id}/relationships/partner",    [401, 404, 200, 200]),
    ("PATCH",  "/users/{id}/relationships/partner",    [401, 404, 403, 200]),

    ("GET",    "/roles",                               [401, 200, 200, 200]),
    ("POST",   "/roles",                               [401, 403, 403, 201]),
    ("GET",    "/roles/{id}",                          [401, 404, 200, 200]),
    ("PATCH",  "/roles/{id}",                          [401, 404, 403, 200]),
    ("DELETE", "/roles/{id}",                          [401, 404, 403, 204]),
    ("GET",    "/roles/{id}/users",                    [401, 404, 200, 200]),
    ("GET",    "/roles/{id}/relationships/users",      [401, 404, 200, 200]),
    ("POST",   "/roles/{id}/relationships/users",      [401, 404, 403, 200]),
    ("PATCH",  "/roles/{id}/relationships/users",      [401, 404, 403, 200]),
    ("DELETE", "/roles/{id}/relationships/users",      [401, 404, 403, 200]),
    ("GET",    "/roles/{id}/effective-users",          [401, 404, 200, 200]),
    ("POST",   "/access-checks",                       [401, 404, 200, 200]),
    ("GET",    "/roles/{id}/grants",                   [401, 404, 200, 200]),
    ("GET",    "/roles/{id}/relationships/grants",     [401, 404, 200, 200]),
    ("POST",   "/roles/{id}/relationships/grants",     [401, 404, 403, 403]),
    ("PATCH",  "/roles/{id}/relationships/grants",     [401, 404, 403, 403]),
    ("DELETE", "/roles/{id}/relationships/grants",     [401, 404, 403, 403]),
    ("GET",    "/roles/{id}/includes",                 [401, 404, 200, 200]),
    ("GET",    "/roles/{id}/relationships/includes",   [401, 404, 200, 200]),
    ("POST",   "/roles/{id}/relationships/includes",   [401, 404, 403, 200]),
    ("PATCH",  "/roles/{id}/relationships/includes",   [401, 404, 403, 200]),
    ("DELETE", "/roles/{id}/relationships/includes",   [401, 404, 403, 200]),
    ("GET",    "/roles/{id}/grant-rules",              [401, 404, 200, 200]),
    ("GET",    "/roles/{id}/relationships/grant-rules",[401, 404, 200, 200]),
    ("POST",   "/roles/{id}/relationships/grant-rules",[401, 404, 403, 403]),
    ("PATCH",  "/roles/{id}/relationships/grant-rules",[401, 404, 403, 403]),
    ("DELETE", "/roles/{id}/relationships/grant-rules",[401, 404, 403, 403]),

    // To oneself nobody gives anything by a rule; the stranger does not see the owner.
    ("GET",    "/grants",                              [401, 200, 200, 200]),
    ("POST",   "/grants",                              [401, 404, 403, 201]),
    ("GET",    "/grants/{id}",                         [401, 404, 200, 200]),
    ("PATCH",  "/grants/{id}",                         [401, 404, 403, 200]),
    ("DELETE", "/grants/{id}",                         [401, 404, 403, 204]),
    ("GET",    "/grants/{id}/user",                    [401, 404, 200, 200]),
    ("GET",    "/grants/{id}/relationships/user",      [401, 404, 200, 200]),
    ("PATCH",  "/grants/{id}/relationships/user",      [401, 404, 403, 403]),
    ("GET",    "/grants/{id}/role",                    [401, 404, 200, 200]),
    ("GET",    "/grants/{id}/relationships/role",      [401, 404, 200, 200]),
    ("PATCH",  "/grants/{id}/relationships/role",      [401, 404, 403, 200]),
    ("GET",    "/grants/{id}/workspace",               [401, 404, 200, 200]),
    ("GET",    "/grants/{id}/relationships/workspace", [401, 404, 200, 200]),
    ("PATCH",  "/grants/{id}/relationships/workspace", [401, 404, 403, 403]),
    ("GET",    "/grants/{id}/cluster",                 [401, 404, 200, 200]),
    ("GET",    "/grants/{id}/relationships/cluster",   [401, 404, 200, 200]),
    ("PATCH",  "/grants/{id}/relationships/cluster",   [401, 404, 403, 403]),

    ("GET",    "/grant-rules",                         [401, 200, 200, 200]),
    ("POST",   "/grant-rules",                         [401, 403, 403, 201]),
    ("GET",    "/grant-rules/{id}",                    [401, 404, 200, 200]),
    ("PATCH",  "/grant-rules/{id}",                    [401, 404, 403, 200]),
    ("DELETE", "/grant-rules/{id}",                    [401, 404, 403, 204]),
    ("GET",    "/grant-rules/{id}/granter",            [401, 404, 200, 200]),
    ("GET",    "/grant-rules/{id}/relationships/granter",[401, 404, 200, 200]),
    ("PATCH",  "/grant-rules/{id}/relationships/granter",[401, 404, 403, 200]),
    ("GET",    "/grant-rules/{id}/targets",            [401, 404, 200, 200]),
    ("GET",    "/grant-rules/{id}/relationships/targets",[401, 404, 200, 200]),
    ("POST",   "/grant-rules/{id}/relationships/targets",[401, 404, 403, 200]),
    ("PATCH",  "/grant-rules/{id}/relationships/targets",[401, 404, 403, 200]),
    ("DELETE", "/grant-rules/{id}/relationships/targets",[401, 404, 403, 200]),

    // In use: roles are held there, users belong to it.
    ("GET",    "/workspaces",                          [401, 200, 200, 200]),
    ("POST",   "/workspaces",                          [401, 403, 403, 201]),
    ("GET",    "/workspaces/{id}",                     [401, 404, 200, 200]),
    ("PATCH",  "/workspaces/{id}",                     [401, 404, 403, 200]),
    ("DELETE", "/workspaces/{id}",                     [401, 404, 403, 403]),
    ("GET",    "/workspaces/{id}/clusters",            [401, 404, 200, 200]),
    ("GET",    "/workspaces/{id}/relationships/clusters", [401, 404, 200, 200]),
    ("POST",   "/workspaces/{id}/relationships/clusters", [401, 404, 403, 403]),
    ("PATCH",  "/workspaces/{id}/relationships/clusters", [401, 404, 403, 403]),
    ("DELETE", "/workspaces/{id}/relationships/clusters", [401, 404, 403, 403]),
    ("GET",    "/workspaces/{id}/grants",              [401, 404, 200, 200]),
    ("GET",    "/workspaces/{id}/relationships/grants",[401, 404, 200, 200]),
    ("POST",   "/workspaces/{id}/relationships/grants",[401, 404, 403, 403]),
    ("PATCH",  "/workspaces/{id}/relationships/grants",[401, 404, 403, 403]),
    ("DELETE", "/workspaces/{id}/relationships/grants",[401, 404, 403, 403]),

    ("GET",    "/clusters",                            [401, 200, 200, 200]),
    ("POST",   "/clusters",                            [401, 403, 403, 201]),
    ("GET",    "/clusters/{id}",                       [401, 404, 200, 200]),
    ("PATCH",  "/clusters/{id}",                       [401, 404, 403, 200]),
    ("DELETE", "/clusters/{id}",                       [401, 404, 403, 403]),
    ("GET",    "/clusters/{id}/workspace",             [401, 404, 200, 200]),
    ("GET",    "/clusters/{id}/relationships/workspace",[401, 404, 200, 200]),
    ("PATCH",  "/clusters/{id}/relationships/workspace",[401, 404, 403, 200]),
    ("GET",    "/clusters/{id}/partners",              [401, 404, 200, 200]),
    ("GET",    "/clusters/{id}/relationships/partners",[401, 404, 200, 200]),
    ("POST",   "/clusters/{id}/relationships/partners",[401, 404, 403, 200]),
    ("PATCH",  "/clusters/{id}/relationships/partners",[401, 404, 403, 200]),
    ("DELETE", "/clusters/{id}/relationships/partners",[401, 404, 403, 200]),
    ("GET",    "/clusters/{id}/grants",                [401, 404, 200, 200]),
    ("GET",    "/clusters/{id}/relationships/grants",  [401, 404, 200, 200]),
    ("POST",   "/clusters/{id}/relationships/grants",  [401, 404, 403, 403]),
    ("PATCH",  "/clusters/{id}/relationships/grants",  [401, 404, 403, 403]),
    ("DELETE", "/clusters/{id}/relationships/grants",  [401, 404, 403, 403]),

    ("GET",    "/partners",                            [401, 200, 200, 200]),
    ("POST",   "/partners",                            [401, 403, 403, 201]),
    ("GET",    "/partners/{id}",                       [401, 404, 200, 200]),
    ("PATCH",  "/partners/{id}",                       [401, 404, 403, 200]),
    ("DELETE", "/partners/{id}",                       [401, 404, 403, 403]),
    ("GET",    "/partners/{id}/clusters",              [401, 404, 200, 200]),
    ("GET",    "/partners/{id}/relationships/clusters", [401, 404, 200, 200]),
    ("POST",   "/partners/{id}/relationships/clusters", [401, 404, 403, 200]),
    ("PATCH",  "/partners/{id}/relationships/clusters", [401, 404, 403, 200]),
    ("DELETE", "/partners/{id}/relationships/clusters", [401, 404, 403, 200]),
    ("GET",    "/partners/{id}/users",                 [401, 404, 200, 200]),
    ("GET",    "/partners/{id}/relationships/users",   [401, 404, 200, 200]),
    ("POST",   "/partners/{id}/relationships/users",   [401, 404, 403, 403]),
    ("PATCH",  "/partners/{id}/relationships/users",   [401, 404, 403, 403]),
    ("DELETE", "/partners/{id}/relationships/users",   [401, 404, 403, 403]),

    ("GET",    "/tokens",                              [401, 200, 200, 200]),
    ("POST",   "/tokens",                              [401, 201, 201, 201]),
    ("GET",    "/tokens/{id}",                         [401, 404, 200, 200]),
    ("PATCH",  "/tokens/{id}",                         [401, 404, 200, 200]),
    ("DELETE", "/tokens/{id}",                         [401, 404, 204, 204]),
    ("GET",    "/tokens/{id}/user",                    [401, 404, 200, 200]),
    ("GET",    "/tokens/{id}/relationships/user",      [401, 404, 200, 200]),
    ("PATCH",  "/tokens/{id}/relationships/user",      [401, 404, 403, 403]),

    // Made at /auth; the owner's.
    ("GET",    "/sign-ins",                            [401, 200, 200, 200]),
    ("GET",    "/sign-ins/{id}",                       [401, 404, 200, 200]),
    ("DELETE", "/sign-ins/{id}",                       [401, 404, 204, 204]),
    ("GET",    "/sign-ins/{id}/user",                  [401, 404, 200, 200]),
    ("GET",    "/sign-ins/{id}/relationships/user",    [401, 404, 200, 200]),
    ("PATCH",  "/sign-ins/{id}/relationships/user",    [401, 404, 403, 403]),

    ("GET",    "/trash",                               [401, 200, 200, 200]),
    ("GET",    "/trash/users",                         [401, 403, 403, 200]),
    // The owner is another: who is in the trash is nobody.
    ("GET",    "/trash/users/{id}",                    [401, 403, 403, 200]),
    ("PATCH",  "/trash/users/{id}",                    [401, 403, 403, 200]),
    ("DELETE", "/trash/users/{id}",                    [401, 403, 403, 204]),

    ("GET",    "/events",                              [401, 403, 403, 200]),
    ("GET",    "/events/{id}",                         [401, 403, 403, 200]),
];

const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "PATCH", "DELETE"];

/// One user who owns the things in the address, made anew for every request.
struct Things {
    owner: Member,
    role: RoleMade,
    token: i64,
    sign_in: i64,
    deleted: Member,
    workspace: WorkspaceMade,
    cluster: ClusterMade,
    /// The owner's, in the workspace.
    grant: i64,
    /// What it could be of instead.
    other_in_workspace: RoleMade,
    /// Of the owner's role.
    rule: i64,
    /// Nobody's.
    spare: RoleMade,
    partner: PartnerMade,
    other_partner: PartnerMade,
}

impl Things {
    fn make(app: &TestApp) -> Self {
        let role = a_role().create(app);
        let workspace = a_workspace().create(app);
        let cluster = a_cluster().within(&workspace).create(app);
        let partner = a_partner().working_in(&cluster).create(app);
        let owner = a_user()
            .with_password()
            .holding(&role)
            .of_partner(&partner)
            .create(app);
        let in_cluster = a_role().held_in("cluster").create(app);
        owner.grant_in(app, &in_cluster, cluster.place());
        let in_workspace = a_role().held_in("workspace").create(app);
        let grant = owner.grant_in(app, &in_workspace, workspace.place());
        let spare = a_role().create(app);
        let rule = app.admin().post("/grant-rules", &a_rule(&role, &spare));
        app.token_of(owner.id, None);
        let tokens = app.admin().get(&format!("{}/tokens", owner.path())).ids();
        let token = tokens[0].parse().unwrap();
        let password = json!({"username": owner.username, "password": ADMIN_PASSWORD});
        app.anonymous().post("/auth", &password).expect(200);
        let sign_ins = app.admin().get(&format!("{}/sign-ins", owner.path())).ids();
        let deleted = a_user().deleted(app);
        Self {
            owner,
            role,
            token,
            sign_in: sign_ins[0].parse().unwrap(),
            deleted,
            workspace,
            cluster,
            grant,
            other_in_workspace: a_role().held_in("workspace").create(app),
            rule: rule.expect(201).id().parse().unwrap(),
            spare,
            partner,
            other_partner: a_partner().create(app),
        }
    }

    fn id(&self, path: &str) -> i64 {
        match path.split('/').nth(1) {
            Some("users") => self.owner.id,
            Some("roles") => self.role.id,
            Some("tokens") => self.token,
            Some("sign-ins") => self.sign_in,
            Some("trash") => self.deleted.id,
            Some("grants") => self.grant,
            Some("grant-rules") => self.rule,
            Some("workspaces") => self.workspace.id,
            Some("clusters") => self.cluster.id,
            Some("partners") => self.partner.id,
            _ => 1,
        }
    }

    /// A body that is well-formed and asks for something possible.
    fn body(&self, method: &str, path: &str) -> Option<Value> {
        let kind = path.trim_start_matches("/trash");
        let kind = kind.split('/').nth(1).unwrap_or_default();
        let attributes = json!({"name": format!("n{}", self.owner.id)});
        match (method, path.split("/relationships/").nth(1)) {
            ("GET" | "HEAD", _) => None,
            ("PATCH", None) => {
                let attributes = match kind {
                    "grants" => json!({"is_active": false}),
                    "grant-rules" => json!({"verbs": ["give"]}),
                    _ => attributes,
                };
                Some(changes(kind, self.id(path), attributes))
            }
            ("DELETE", None) => None,
            (_, None) if kind == "operations" => {
                let new = a_new("roles", attributes);
                Some(json!({"atomic:operations": [{"op": "add", "data": new["data"]}]}))
            }
            (_, None) if kind == "users" => {
                let username = format!("u{}", self.owner.id);
                let attributes = json!({"username": username, "password": "s3cret-word"});
                Some(a_new(kind, attributes))
            }
            (_, None) if kind == "grants" => {
                let mut new = a_new(kind, json!({}));
                new["data"]["relationships"] = json!({
                    "user": one("users", self.owner.id),
                    "role": one("roles", self.spare.id),
                });
                Some(new)
            }
            (_, None) if kind == "grant-rules" => Some(a_rule(&self.role, &self.spare)),
            (_, None) if kind == "workspaces" => {
                let code = format!("C{}", self.owner.id);
                Some(a_new(kind, json!({"title": "Kenya", "code": code})))
            }
            (_, None) if kind == "clusters" => {
                let attributes = json!({"title": "Health", "cluster_type": "health"});
                let mut new = a_new(kind, attributes);
                new["data"]["relationships"] =
                    json!({"workspace": one("workspaces", self.workspace.id)});
                Some(new)
            }
            (_, None) if kind == "access-checks" => {
                let mut new = a_new(kind, json!({"permission": "users:read"}));
                new["data"]["relationships"] = json!({"user": one("users", self.owner.id)});
                Some(new)
            }
            (_, None) if kind == "partners" => Some(a_new(kind, json!({"title": "ACME"}))),
            (_, None) => Some(a_new(kind, attributes)),
            (_, Some("user")) => Some(one("users", self.owner.id)),
            // Another than it is: what is so already is nobody's change.
            (_, Some("partner")) => Some(one("partners", self.other_partner.id)),
            (_, Some("workspace")) => Some(one("workspaces", self.workspace.id)),
            (_, Some("clusters")) => Some(linkage("clusters", &[self.cluster.id])),
            (_, Some("partners")) => Some(linkage("partners", &[self.other_partner.id])),
            (_, Some("cluster")) => Some(one("clusters", self.cluster.id)),
            (_, Some("grants")) => Some(linkage("grants", &[1])),
            (_, Some("role")) => Some(one("roles", self.other_in_workspace.id)),
            (_, Some("granter")) => Some(one("roles", self.spare.id)),
            (_, Some("includes" | "targets")) => Some(linkage("roles", &[self.spare.id])),
            (_, Some("grant-rules")) => Some(linkage("grant-rules", &[self.rule])),
            (_, Some("roles")) => Some(linkage("roles", &[self.role.id])),
            (_, Some("users")) => Some(linkage("users", &[self.owner.id])),
            (_, Some("sign-ins")) => Some(linkage("sign-ins", &[self.sign_in])),
            (_, Some("tokens")) => Some(linkage("tokens", &[self.token])),
            (_, Some(other)) => panic!("no body for {other}"),
        }
    }

    /// Where the caller decides what is asked for.
    fn own(&self, client: &Client, method: &str, path: &str) -> Option<Value> {
        match (method, path) {
            ("POST", "/auth") => {
                Some(json!({"username": self.owner.username, "password": ADMIN_PASSWORD}))
            }
            ("PATCH", "/auth/user") => {
                let caller = client.get("/auth/user");
                let id = caller.json()["data"]["id"].as_str().map(str::to_owned);
                let id = id.unwrap_or("1".into());
                Some(changes("users", id, json!({"name": "n"})))
            }
            _ => None,
        }
    }

    fn ask(&self, client: &Client, method: &str, path: &str) -> u16 {
        let address = path.replace("{id}", &self.id(path).to_string());
        if path == "/operations"
            && let Some(body) = self.body(method, path)
        {
            return client.operations(&body).status;
        }
        let body = self.own(client, method, path);
        match body.or_else(|| self.body(method, path)) {
            Some(body) => client.json(method, &address, &body).status,
            None => {
                let accept = [("accept", "application/vnd.api+json")];
                client.send(method, &address, &accept, None).status
            }
        }
    }
}

fn one(kind: &str, id: i64) -> Value {
    json!({"data": {"type": kind, "id": id.to_string()}})
}

/// That holders of one role may take another away from anybody: nothing that
/// the rest of the table is about.
fn a_rule(granter: &RoleMade, target: &RoleMade) -> Value {
    let mut document = a_new("grant-rules", json!({"scope": "any", "verbs": ["remove"]}));
    document["data"]["relationships"] = json!({
        "granter": one("roles", granter.id),
        "targets": linkage("roles", &[target.id]),
    });
    document
}

/// What the four get, each for things of its own.
fn four(app: &TestApp, stranger: &Client, method: &str, path: &str) -> [u16; 4] {
    ["nobody", "stranger", "owner", "administrator"].map(|caller| {
        let things = Things::make(app);
        let client = match caller {
            "nobody" => app.anonymous(),
            "stranger" => stranger.clone(),
            "owner" => things.owner.client(app),
            _ => app.admin(),
        };
        things.ask(&client, method, path)
    })
}

/// The rows of these addresses, by their first words.
fn rows(of: &[&str]) -> impl Iterator<Item = &'static (&'static str, &'static str, [u16; 4])> {
    TABLE
        .iter()
        .filter(|(_, path, _)| of.contains(&first_word(path)))
}

fn first_word(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

fn as_the_table_says(of: &[&str]) {
    let app = TestApp::start();
    let stranger = a_user().create(&app).client(&app);
    let wrong: Vec<String> = rows(of)
        .filter_map(|(method, path, expected)| {
            let got = four(&app, &stranger, method, path);
            (got != *expected).then(|| format!("{method} {path}: {got:?}, not {expected:?}"))
        })
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

fn head_like_get(of: &[&str]) {
    let app = TestApp::start();
    let stranger = a_user().create(&app).client(&app);
    for (_, path, expected) in rows(of).filter(|(method, ..)| *method == "GET") {
        assert_eq!(
            four(&app, &stranger, "HEAD", path),
            *expected,
            "HEAD {path}"
        );
    }
}

/// The tests of the table, so many rows in each that one takes some seconds.
macro_rules! tests_of_addresses {
    ($($name:ident: $words:expr;)*) => {
        const PARTS: &[&[&str]] = &[$(&$words),*];

        $(mod $name {
            #[test]
            fn every_address_answers_everybody_as_the_table_says() {
                super::as_the_table_says(&$words);
            }

            #[test]
            fn head_answers_like_get() {
                super::head_like_get(&$words);
            }
        })*
    };
}

tests_of_addresses! {
    entrance: ["home", "operations", "auth", ".well-known", "access-checks"];
    users: ["users"];
    roles: ["roles"];
    grants: ["grants"];
    grant_rules: ["grant-rules"];
    workspaces: ["workspaces"];
    clusters: ["clusters"];
    partners: ["partners"];
    tokens: ["tokens"];
    sign_ins: ["sign-ins"];
    log_and_trash: ["events", "trash"];
}

#[test]
fn every_row_of_the_table_is_tested_once() {
    for (method, path, _) in TABLE {
        let tested = PARTS.iter().filter(|part| part.contains(&first_word(path)));
        assert_eq!(tested.count(), 1, "{method} {path}");
    }
}

#[test]
fn no_address_is_missing_from_the_table() {
    let served: BTreeSet<(String, String)> = endpoints()
        .iter()
        .flat_map(|endpoint| {
            let methods = endpoint.methods.iter().filter(|method| **method != "HEAD");
            methods.map(|method| ((*method).to_owned(), endpoint.path.clone()))
        })
        .collect();
    let listed = TABLE
        .iter()
        .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(served, listed);
}

#[test]
fn every_other_method_is_405_for_whoever_is_known_f11() {
    let app = TestApp::start();
    let stranger = a_user().create(&app).client(&app);
    for endpoint in endpoints() {
        let allow = endpoint.methods.join(", ");
        let address = endpoint.path.replace("{id}", "1");
        let others = METHODS
            .iter()
            .chain(&["PUT"])
            .filter(|method| !endpoint.methods.contains(method));
        for method in others {
            let ask = |client: &Client| client.send(method, &address, &[], None);
            let answer = ask(&stranger).expect(405);
            assert_eq!(answer.header("allow"), Some(&*allow), "{method} {address}");
            ask(&app.anonymous()).expect(401);
        }
    }
}
