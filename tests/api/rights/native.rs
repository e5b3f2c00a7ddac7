//! The native surface: every address with every method.

use serde_json::{Value, json};

use super::row::{Row, row};
use super::things::{Things, a_rule};
use crate::support::{Client, a_new, changes, linkage};

#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    row("GET",    "/home", "200"),

    // Each with the rights and the status of the single request.
    row("POST",   "/operations", "403; 200 roles:write admin"),
    row("POST",   "/operations#update-user", "404; 403 users:read portal; 200 owner admin"),
    row("POST",   "/operations#update-newcomer", "404; 403 users:read portal; 200 users:* admin"),
    row("POST",   "/operations#remove-role", "404; 403 roles:read; 204 roles:* admin"),
    row("POST",   "/operations#give-role", "404; 403 owner users:read portal; 204 admin"),
    row("POST",   "/operations#remove-token", "404; 403 tokens:*; 204 owner admin"),

    // What is sent signs in, whoever sends it; API tokens belong to no sign-in.
    row("POST",   "/auth", "200; 200 unknown"),
    row("DELETE", "/auth", "400"),
    row("GET",    "/auth/user", "200; 404 narrowed"),
    row("PATCH",  "/auth/user", "200; 403 narrowed"),
    row("GET",    "/.well-known/jwks.json", "200; 200 unknown"),

    // Rules of the portal show whom they are about.
    row("GET",    "/users", "none; 200 owner users:read portal admin"),
    row("POST",   "/users", "403; 201 users:write admin"),
    row("GET",    "/users/{id}", "404; 200 owner users:read portal admin"),
    row("PATCH",  "/users/{id}", "404; 403 users:read portal; 200 owner admin"),
    row("PATCH",  "/users/{id}#password", "404; 403 users:read portal; 400 owner; 200 admin"),
    row("PATCH",  "/users/{id}#is_active", "404; 403 owner users:read portal; 200 admin"),
    row("PATCH",  "/users/{id}#is_staff", "404; 403 owner users:read portal; 200 admin"),
    row("PATCH",  "/users/{id}#roles", "404; 403 owner users:read portal; 200 admin"),
    row("DELETE", "/users/{id}", "404; 403 owner users:read portal; 204 admin"),
    // Somebody without any role, of the same partner.
    row("PATCH",  "/users/{newcomer}", "404; 403 users:read portal; 200 users:* admin"),
    row("PATCH",  "/users/{newcomer}#password", "404; 403 users:read portal; 200 users:* admin"),
    row("PATCH",  "/users/{newcomer}#is_active", "404; 403 users:read portal; 200 users:* admin"),
    row("PATCH",  "/users/{newcomer}#is_staff", "404; 403 users:read portal; 200 users:* admin"),
    row("PATCH",  "/users/{newcomer}#roles", "404; 403 users:read portal; 200 admin"),
    row("DELETE", "/users/{newcomer}", "404; 403 users:read portal; 204 users:* admin"),
    row("GET",    "/users/{id}/roles", "404; 200 owner users:read portal admin"),
    row("GET",    "/users/{id}/relationships/roles", "404; 200 owner users:read portal admin"),
    row("POST",   "/users/{id}/relationships/roles", "404; 403 owner users:read portal; 200 admin"),
    row("PATCH",  "/users/{id}/relationships/roles", "404; 403 owner users:read portal; 200 admin"),
    row("DELETE", "/users/{id}/relationships/roles", "404; 403 owner users:read portal; 200 admin"),
    row("GET",    "/users/{id}/tokens", "404; none users:read portal; 200 owner admin"),
    row("GET",    "/users/{id}/relationships/tokens", "404; none users:read portal; 200 owner admin"),
    row("POST",   "/users/{id}/relationships/tokens", "404; 403 owner users:read portal admin"),
    row("PATCH",  "/users/{id}/relationships/tokens", "404; 403 owner users:read portal admin"),
    row("DELETE", "/users/{id}/relationships/tokens", "404; 403 owner users:read portal admin"),
    row("GET",    "/users/{id}/sign-ins", "404; none users:read portal; 200 owner admin"),
    row("GET",    "/users/{id}/relationships/sign-ins", "404; none users:read portal; 200 owner admin"),
    row("POST",   "/users/{id}/relationships/sign-ins", "404; 403 owner users:read portal admin"),
    row("PATCH",  "/users/{id}/relationships/sign-ins", "404; 403 owner users:read portal admin"),
    row("DELETE", "/users/{id}/relationships/sign-ins", "404; 403 owner users:read portal admin"),
    row("GET",    "/users/{id}/grants", "404; 200 owner users:read portal admin"),
    row("GET",    "/users/{id}/relationships/grants", "404; 200 owner users:read portal admin"),
    row("POST",   "/users/{id}/relationships/grants", "404; 403 owner users:read portal admin"),
    row("PATCH",  "/users/{id}/relationships/grants", "404; 403 owner users:read portal admin"),
    row("DELETE", "/users/{id}/relationships/grants", "404; 403 owner users:read portal admin"),
    row("GET",    "/users/{id}/effective-roles", "404; 200 owner users:read portal admin"),
    row("GET",    "/users/{id}/partner", "404; none users:read; 200 owner portal admin"),
    row("GET",    "/users/{id}/relationships/partner", "404; 200 owner users:read portal admin"),
    row("PATCH",  "/users/{id}/relationships/partner", "404; 403 owner users:read portal; 200 admin"),

    row("GET",    "/roles", "none; 200 owner roles:read admin"),
    row("POST",   "/roles", "403; 201 roles:write admin"),
    row("GET",    "/roles/{id}", "404; 200 owner roles:read admin"),
    // It is held: by a change of it the holder would get something.
    row("PATCH",  "/roles/{id}", "404; 403 owner roles:read; 200 admin"),
    row("PATCH",  "/roles/{id}#permissions", "404; 403 owner roles:read; 200 admin"),
    row("PATCH",  "/roles/{id}#scope", "404; 403 owner roles:read; 200 admin"),
    row("PATCH",  "/roles/{id}#unchangeable", "404; 403 owner roles:read; 200 admin"),
    row("DELETE", "/roles/{id}", "404; 403 owner roles:read; 204 admin"),
    // It is nobody's.
    row("PATCH",  "/roles/{spare}", "404; 403 roles:read; 200 roles:* admin"),
    row("PATCH",  "/roles/{spare}#permissions", "404; 403 roles:read; 200 admin"),
    row("PATCH",  "/roles/{spare}#unchangeable", "404; 403 roles:read; 200 admin"),
    row("DELETE", "/roles/{spare}", "404; 403 roles:read; 204 roles:* admin"),
    row("GET",    "/roles/{id}/users", "404; none roles:read; 200 owner admin"),
    row("GET",    "/roles/{id}/relationships/users", "404; none roles:read; 200 owner admin"),
    row("POST",   "/roles/{id}/relationships/users", "404; 403 owner roles:read; 200 admin"),
    row("PATCH",  "/roles/{id}/relationships/users", "404; 403 owner roles:read; 200 admin"),
    row("DELETE", "/roles/{id}/relationships/users", "404; 403 owner roles:read; 200 admin"),
    row("GET",    "/roles/{id}/effective-users", "404; none roles:read; 200 owner admin"),
    row("POST",   "/access-checks", "404; 200 owner users:read portal admin"),
    row("GET",    "/roles/{id}/grants", "404; none roles:read; 200 owner admin"),
    row("GET",    "/roles/{id}/relationships/grants", "404; none roles:read; 200 owner admin"),
    row("POST",   "/roles/{id}/relationships/grants", "404; 403 owner roles:read admin"),
    row("PATCH",  "/roles/{id}/relationships/grants", "404; 403 owner roles:read admin"),
    row("DELETE", "/roles/{id}/relationships/grants", "404; 403 owner roles:read admin"),
    row("GET",    "/roles/{id}/includes", "404; 200 owner roles:read admin"),
    row("GET",    "/roles/{id}/relationships/includes", "404; 200 owner roles:read admin"),
    row("POST",   "/roles/{id}/relationships/includes", "404; 403 owner roles:read; 200 admin"),
    row("PATCH",  "/roles/{id}/relationships/includes", "404; 403 owner roles:read; 200 admin"),
    row("DELETE", "/roles/{id}/relationships/includes", "404; 403 owner roles:read; 200 admin"),
    row("GET",    "/roles/{id}/grant-rules", "404; 200 owner roles:read admin"),
    row("GET",    "/roles/{id}/relationships/grant-rules", "404; 200 owner roles:read admin"),
    row("POST",   "/roles/{id}/relationships/grant-rules", "404; 403 owner roles:read admin"),
    row("PATCH",  "/roles/{id}/relationships/grant-rules", "404; 403 owner roles:read admin"),
    row("DELETE", "/roles/{id}/relationships/grant-rules", "404; 403 owner roles:read admin"),

    // Who gives roles gives them to everybody, seen or not. To oneself nobody
    // gives anything by a rule; the stranger does not see the owner.
    row("GET",    "/grants", "none; 200 owner users:read grants:read portal admin"),
    row("POST",   "/grants", "404; 403 narrowed owner users:read portal; 201 grants:write admin"),
    row("GET",    "/grants/{id}", "404; 200 owner users:read grants:read portal admin"),
    row("PATCH",  "/grants/{id}", "404; 403 owner users:read grants:read portal; 200 grants:* admin"),
    row("DELETE", "/grants/{id}", "404; 403 owner users:read grants:read portal; 204 grants:write admin"),
    row("GET",    "/grants/{id}/user", "404; none grants:read; 200 owner users:read portal admin"),
    row("GET",    "/grants/{id}/relationships/user", "404; 200 owner users:read grants:read portal admin"),
    row("PATCH",  "/grants/{id}/relationships/user", "404; 403 owner users:read grants:read portal admin"),
    row("GET",    "/grants/{id}/role", "404; none users:read grants:read portal; 200 owner admin"),
    row("GET",    "/grants/{id}/relationships/role", "404; 200 owner users:read grants:read portal admin"),
    row("PATCH",  "/grants/{id}/relationships/role", "404; 403 owner users:read grants:read portal; 200 grants:* admin"),
    row("GET",    "/grants/{id}/workspace", "404; none users:read grants:read system-admin; 200 owner local admin"),
    row("GET",    "/grants/{id}/relationships/workspace", "404; 200 owner users:read grants:read portal admin"),
    row("PATCH",  "/grants/{id}/relationships/workspace", "404; 403 owner users:read grants:read portal admin"),
    // It is in no cluster.
    row("GET",    "/grants/{id}/cluster", "404; none owner users:read grants:read portal admin"),
    row("GET",    "/grants/{id}/relationships/cluster", "404; none owner users:read grants:read portal admin"),
    row("PATCH",  "/grants/{id}/relationships/cluster", "404; 403 owner users:read grants:read portal admin"),

    row("GET",    "/grant-rules", "none; 200 owner roles:read admin"),
    row("POST",   "/grant-rules", "403; 201 admin"),
    row("GET",    "/grant-rules/{id}", "404; 200 owner roles:read admin"),
    row("PATCH",  "/grant-rules/{id}", "404; 403 owner roles:read; 200 admin"),
    row("DELETE", "/grant-rules/{id}", "404; 403 owner roles:read; 204 admin"),
    row("GET",    "/grant-rules/{id}/granter", "404; 200 owner roles:read admin"),
    row("GET",    "/grant-rules/{id}/relationships/granter", "404; 200 owner roles:read admin"),
    row("PATCH",  "/grant-rules/{id}/relationships/granter", "404; 403 owner roles:read; 200 admin"),
    row("GET",    "/grant-rules/{id}/targets", "404; none owner; 200 roles:read admin"),
    row("GET",    "/grant-rules/{id}/relationships/targets", "404; 200 owner roles:read admin"),
    row("POST",   "/grant-rules/{id}/relationships/targets", "404; 403 owner roles:read; 200 admin"),
    row("PATCH",  "/grant-rules/{id}/relationships/targets", "404; 403 owner roles:read; 200 admin"),
    row("DELETE", "/grant-rules/{id}/relationships/targets", "404; 403 owner roles:read; 200 admin"),

    // In use: roles are held there, users belong to it.
    row("GET",    "/workspaces", "none; 200 owner workspaces:read local admin"),
    row("POST",   "/workspaces", "403; 201 workspaces:write admin"),
    row("GET",    "/workspaces/{id}", "404; 200 owner workspaces:read local admin"),
    row("PATCH",  "/workspaces/{id}", "404; 403 owner workspaces:read local; 200 workspaces:* admin"),
    row("DELETE", "/workspaces/{id}", "404; 403 owner workspaces:read local admin"),
    row("GET",    "/workspaces/{id}/clusters", "404; none workspaces:read; 200 owner local admin"),
    row("GET",    "/workspaces/{id}/relationships/clusters", "404; none workspaces:read; 200 owner local admin"),
    row("POST",   "/workspaces/{id}/relationships/clusters", "404; 403 owner workspaces:read local admin"),
    row("PATCH",  "/workspaces/{id}/relationships/clusters", "404; 403 owner workspaces:read local admin"),
    row("DELETE", "/workspaces/{id}/relationships/clusters", "404; 403 owner workspaces:read local admin"),
    row("GET",    "/workspaces/{id}/grants", "404; none workspaces:read; 200 owner local admin"),
    row("GET",    "/workspaces/{id}/relationships/grants", "404; none workspaces:read; 200 owner local admin"),
    row("POST",   "/workspaces/{id}/relationships/grants", "404; 403 owner workspaces:read local admin"),
    row("PATCH",  "/workspaces/{id}/relationships/grants", "404; 403 owner workspaces:read local admin"),
    row("DELETE", "/workspaces/{id}/relationships/grants", "404; 403 owner workspaces:read local admin"),

    row("GET",    "/clusters", "none; 200 owner clusters:read local admin"),
    row("POST",   "/clusters", "403; 201 clusters:write admin"),
    row("GET",    "/clusters/{id}", "404; 200 owner clusters:read local admin"),
    row("PATCH",  "/clusters/{id}", "404; 403 owner clusters:read local; 200 clusters:* admin"),
    row("DELETE", "/clusters/{id}", "404; 403 owner clusters:read local admin"),
    row("GET",    "/clusters/{id}/workspace", "404; none clusters:read; 200 owner local admin"),
    row("GET",    "/clusters/{id}/relationships/workspace", "404; 200 owner clusters:read local admin"),
    row("PATCH",  "/clusters/{id}/relationships/workspace", "404; 403 owner clusters:read local; 200 clusters:* admin"),
    row("GET",    "/clusters/{id}/partners", "404; none clusters:read; 200 owner local admin"),
    row("GET",    "/clusters/{id}/relationships/partners", "404; none clusters:read; 200 owner local admin"),
    row("POST",   "/clusters/{id}/relationships/partners", "404; 403 owner clusters:read local; 200 admin"),
    row("PATCH",  "/clusters/{id}/relationships/partners", "404; 403 owner clusters:read local; 200 admin"),
    row("DELETE", "/clusters/{id}/relationships/partners", "404; 403 owner clusters:read local; 200 admin"),
    row("GET",    "/clusters/{id}/grants", "404; none clusters:read; 200 owner local admin"),
    row("GET",    "/clusters/{id}/relationships/grants", "404; none clusters:read; 200 owner local admin"),
    row("POST",   "/clusters/{id}/relationships/grants", "404; 403 owner clusters:read local admin"),
    row("PATCH",  "/clusters/{id}/relationships/grants", "404; 403 owner clusters:read local admin"),
    row("DELETE", "/clusters/{id}/relationships/grants", "404; 403 owner clusters:read local admin"),

    row("GET",    "/partners", "none; 200 owner partners:read portal admin"),
    row("POST",   "/partners", "403; 201 partners:write admin"),
    row("GET",    "/partners/{id}", "404; 200 owner partners:read portal admin"),
    row("PATCH",  "/partners/{id}", "404; 403 owner partners:read portal; 200 partners:* admin"),
    row("DELETE", "/partners/{id}", "404; 403 owner partners:read portal admin"),
    row("GET",    "/partners/{id}/clusters", "404; none partners:read system-admin; 200 owner local admin"),
    row("GET",    "/partners/{id}/relationships/clusters", "404; none partners:read system-admin; 200 owner local admin"),
    row("POST",   "/partners/{id}/relationships/clusters", "404; 403 owner partners:read portal; 200 partners:* admin"),
    row("PATCH",  "/partners/{id}/relationships/clusters", "404; 403 owner partners:read portal; 200 partners:* admin"),
    row("DELETE", "/partners/{id}/relationships/clusters", "404; 403 owner partners:read portal; 200 partners:* admin"),
    row("GET",    "/partners/{id}/users", "404; none partners:read; 200 owner portal admin"),
    row("GET",    "/partners/{id}/relationships/users", "404; none partners:read; 200 owner portal admin"),
    row("POST",   "/partners/{id}/relationships/users", "404; 403 owner partners:read portal admin"),
    row("PATCH",  "/partners/{id}/relationships/users", "404; 403 owner partners:read portal admin"),
    row("DELETE", "/partners/{id}/relationships/users", "404; 403 owner partners:read portal admin"),

    // The owner may more than a holder of these permissions alone, who looks for
    // tokens among the own ones unless they may change those of all.
    row("GET",    "/tokens", "none; 200 owner tokens:read admin"),
    row("POST",   "/tokens", "201; 403 narrowed"),
    row("POST",   "/tokens#of-another", "403; 201 tokens:write admin"),
    row("GET",    "/tokens/{id}", "404; 200 owner tokens:read admin"),
    row("PATCH",  "/tokens/{id}", "404; 403 tokens:*; 200 owner admin"),
    row("DELETE", "/tokens/{id}", "404; 403 tokens:write; 204 owner admin"),
    row("GET",    "/tokens/{id}/user", "404; none tokens:read; 200 owner admin"),
    row("GET",    "/tokens/{id}/relationships/user", "404; 200 owner tokens:read admin"),
    row("PATCH",  "/tokens/{id}/relationships/user", "404; 403 owner tokens:read admin"),

    // Made at /auth; the owner's.
    row("GET",    "/sign-ins", "none; 200 owner tokens:read admin"),
    row("GET",    "/sign-ins/{id}", "404; 200 owner tokens:read admin"),
    row("DELETE", "/sign-ins/{id}", "404; 403 tokens:write; 204 owner admin"),
    row("GET",    "/sign-ins/{id}/user", "404; none tokens:read; 200 owner admin"),
    row("GET",    "/sign-ins/{id}/relationships/user", "404; 200 owner tokens:read admin"),
    row("PATCH",  "/sign-ins/{id}/relationships/user", "404; 403 owner tokens:read admin"),

    row("GET",    "/trash", "200"),
    row("GET",    "/trash/users", "403; 200 users:* admin"),
    // The owner is another: who is in the trash is nobody.
    row("GET",    "/trash/users/{id}", "403; 200 users:* admin"),
    row("PATCH",  "/trash/users/{id}", "403; 200 users:* admin"),
    row("DELETE", "/trash/users/{id}", "403; 204 users:* admin"),

    row("GET",    "/events", "403; 200 audit:read admin"),
    row("GET",    "/events/{id}", "403; 200 audit:read admin"),
];

/// Types whose lists are narrowed to the thing that is asked for.
const LISTED: [&str; 11] = [
    "/users",
    "/roles",
    "/grants",
    "/grant-rules",
    "/workspaces",
    "/clusters",
    "/partners",
    "/tokens",
    "/sign-ins",
    "/trash/users",
    "/events",
];

pub fn query(things: &Things, row: &Row) -> String {
    match LISTED.contains(&row.path) && row.method == "GET" {
        true => format!("?filter[id]={}", things.id(row.path)),
        false => String::new(),
    }
}

/// A body that is well-formed and asks for something possible.
pub fn body(things: &Things, client: &Client, row: &Row) -> Option<Value> {
    let (path, variant) = row.path.split_once('#').unwrap_or((row.path, ""));
    match (row.method, path) {
        ("GET", _) | ("DELETE", "/auth") => None,
        ("POST", "/auth") => Some(things.password()),
        ("PATCH", "/auth/user") => {
            let id = own_id(client);
            Some(changes("users", id, json!({"name": "n"})))
        }
        ("POST", "/operations") => Some(json!({"atomic:operations": [operation(things, variant)]})),
        (method, _) => match path.split_once("/relationships/") {
            Some((_, name)) => Some(members(things, name)),
            None if method == "POST" => Some(a_new_one(things, path, variant)),
            None if method == "PATCH" => Some(changed(things, path, variant)),
            None => None,
        },
    }
}

fn own_id(client: &Client) -> String {
    let known = client.get("/auth/user");
    match known.status {
        200 => known.id(),
        _ => "1".into(),
    }
}

fn operation(things: &Things, variant: &str) -> Value {
    let user = json!({"type": "users", "id": things.owner.id.to_string()});
    match variant {
        "update-user" => {
            let change = changes("users", things.owner.id, json!({"name": "n"}));
            json!({"op": "update", "data": change["data"]})
        }
        "update-newcomer" => {
            let change = changes("users", things.newcomer.id, json!({"name": "n"}));
            json!({"op": "update", "data": change["data"]})
        }
        "remove-role" => json!({"op": "remove",
            "ref": {"type": "roles", "id": things.spare.id.to_string()}}),
        "remove-token" => json!({"op": "remove",
            "ref": {"type": "tokens", "id": things.token.to_string()}}),
        "give-role" => {
            let mut at = user;
            at["relationship"] = "roles".into();
            json!({"op": "add", "ref": at, "data": linkage("roles", &[things.spare.id])["data"]})
        }
        _ => {
            let new = a_new("roles", json!({"name": things.new_name()}));
            json!({"op": "add", "data": new["data"]})
        }
    }
}

fn a_new_one(things: &Things, path: &str, variant: &str) -> Value {
    let kind = path.trim_start_matches('/');
    let (attributes, relationships) = match kind {
        "users" => (
            json!({"username": things.new_name(), "password": "n0-body-guesses"}),
            json!({}),
        ),
        "grants" => (
            json!({}),
            json!({"user": one("users", things.owner.id), "role": one("roles", things.spare.id)}),
        ),
        "grant-rules" => return a_rule(&things.role, &things.spare),
        "workspaces" => (
            json!({"title": "Kenya", "code": format!("C{}", things.owner.id)}),
            json!({}),
        ),
        "clusters" => (
            json!({"title": "Health", "cluster_type": "health"}),
            json!({"workspace": one("workspaces", things.workspace.id)}),
        ),
        "partners" => (json!({"title": "ACME"}), json!({})),
        "access-checks" => (
            json!({"permission": "users:read"}),
            json!({"user": one("users", things.owner.id)}),
        ),
        "tokens" if variant == "of-another" => (
            json!({"name": "n"}),
            json!({"user": one("users", things.newcomer.id)}),
        ),
        _ => (json!({"name": things.new_name()}), json!({})),
    };
    let mut new = a_new(kind, attributes);
    if relationships != json!({}) {
        new["data"]["relationships"] = relationships;
    }
    new
}

fn changed(things: &Things, path: &str, variant: &str) -> Value {
    let kind = path.trim_start_matches("/trash");
    let kind = kind.split('/').nth(1).unwrap();
    let attributes = match (kind, variant) {
        (_, "password") => json!({"password": "n0-body-guesses"}),
        (_, "is_active") | ("grants", _) => json!({"is_active": false}),
        (_, "is_staff") => json!({"is_staff": true}),
        (_, "description") => json!({"description": "d"}),
        (_, "permissions") => json!({"permissions": ["payments:send"]}),
        (_, "scope") => json!({"scope": "workspace"}),
        (_, "unchangeable") => json!({"unchangeable": true}),
        ("grant-rules", _) => json!({"verbs": ["give"]}),
        ("workspaces" | "clusters" | "partners", _) => json!({"title": things.new_name()}),
        ("users", "roles") => json!({}),
        _ => json!({"name": things.new_name()}),
    };
    let mut change = changes(kind, things.id(path), attributes);
    if variant == "roles" {
        change["data"]["relationships"] = json!({"roles": linkage("roles", &[things.spare.id])});
    }
    change
}

/// What a relationship shall have: another than it has, since what is so already
/// is nobody's change.
fn members(things: &Things, name: &str) -> Value {
    match name {
        "user" => one("users", things.owner.id),
        "partner" => one("partners", things.other_partner.id),
        "workspace" => one("workspaces", things.workspace.id),
        "clusters" => linkage("clusters", &[things.cluster.id]),
        "partners" => linkage("partners", &[things.other_partner.id]),
        "cluster" => one("clusters", things.cluster.id),
        "grants" => linkage("grants", &[things.grant]),
        "role" => one("roles", things.other_in_workspace.id),
        "granter" => one("roles", things.spare.id),
        "includes" | "targets" | "roles" => linkage("roles", &[things.spare.id]),
        "grant-rules" => linkage("grant-rules", &[things.rule]),
        "users" => linkage("users", &[things.newcomer.id]),
        "tokens" => linkage("tokens", &[things.token]),
        "sign-ins" => linkage("sign-ins", &[things.sign_in]),
        other => panic!("no body for {other}"),
    }
}

fn one(kind: &str, id: i64) -> Value {
    json!({"data": {"type": kind, "id": id.to_string()}})
}
