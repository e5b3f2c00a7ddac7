//! Nobody gives, takes, changes or takes over more than they may themselves:
//! attacks on that, each in several shapes, by every way that leads there.
//! `docs/security/threat-model.md` says what the ceiling is.

mod giving;
mod later;
mod model;
mod places;
mod protecting;
mod random;
mod roles;
mod takeover;
mod tokens;

use serde_json::{Value, json};

use crate::support::{
    Client, Member, RoleMade, TestApp, WorkspaceMade, a_new, a_role, a_user, linkage, role_named,
};

/// Somebody whose only role permits this; calls with a token without scopes.
fn somebody_with(app: &TestApp, permissions: &[&str]) -> (Member, Client) {
    let role = a_role().permitting(permissions).create(app);
    let user = a_user().with_password().holding(&role).create(app);
    let client = user.client(app);
    (user, client)
}

fn one(kind: &str, id: i64) -> Value {
    json!({"data": {"type": kind, "id": id.to_string()}})
}

/// A document that gives a role, with these attributes.
fn a_grant(user: i64, role: i64, attributes: Value) -> Value {
    let mut document = a_new("grants", attributes);
    document["data"]["relationships"] =
        json!({"user": one("users", user), "role": one("roles", role)});
    document
}

fn in_workspace(mut document: Value, workspace: &WorkspaceMade) -> Value {
    document["data"]["relationships"]["workspace"] = one("workspaces", workspace.id);
    document
}

fn a_rule(app: &TestApp, granter: &RoleMade, targets: &[i64], scope: &str) {
    let verbs = ["give", "remove", "change", "toggle"];
    let mut document = a_new("grant-rules", json!({"scope": scope, "verbs": verbs}));
    document["data"]["relationships"] = json!({
        "granter": one("roles", granter.id),
        "targets": linkage("roles", targets),
    });
    app.admin().post("/grant-rules", &document).expect(201);
}

fn include(app: &TestApp, whole: &RoleMade, part: i64) {
    let path = format!("{}/relationships/includes", whole.path());
    app.admin()
        .post(&path, &linkage("roles", &[part]))
        .expect(200);
}

/// Roles that give something which `users:*`, `grants:*` and `roles:*` do not.
fn roles_that_give_more(app: &TestApp) -> Vec<(&'static str, RoleMade)> {
    let paying = a_role().permitting(&["payments:send"]).create(app);
    let auditing = a_role().permitting(&["audit:read"]).create(app);
    let composite = a_role().create(app);
    include(app, &composite, paying.id);
    let nested = a_role().create(app);
    include(app, &nested, composite.id);
    let delegator = a_role().create(app);
    a_rule(app, &delegator, &[1], "any");
    let gives_payments = a_role().create(app);
    a_rule(app, &gives_payments, &[composite.id], "same_partner");
    let second_hand = a_role().create(app);
    a_rule(app, &second_hand, &[delegator.id], "any");
    let gives_system_admin = a_role().create(app);
    let system_admin = role_named(app, "CLUSTER_SYSTEM_ADMIN");
    a_rule(app, &gives_system_admin, &[system_admin.id], "any");
    vec![
        ("another service's permission", paying),
        ("a permission of this service", auditing),
        ("a part with such a permission", composite),
        ("a part of a part", nested),
        ("a rule about administrators", delegator),
        ("a rule about a composite role", gives_payments),
        ("a rule about a role with a rule", second_hand),
        ("a rule about a role of the portal", gives_system_admin),
        ("the portal's system admin", system_admin),
    ]
}

/// How a role can be held without being in force everywhere now.
const HELD: &[&str] = &["in force", "not begun", "switched off"];

/// Gives a role as the administrator, held like that.
fn hold(app: &TestApp, user: i64, role: i64, how: &str) {
    let attributes = match how {
        "not begun" => json!({"valid_from": "2099-01-01T00:00:00+00:00"}),
        "switched off" => json!({"is_active": false}),
        "over" => json!({"valid_until": "2001-01-01T00:00:00+00:00"}),
        _ => json!({}),
    };
    app.admin()
        .post("/grants", &a_grant(user, role, attributes))
        .expect(201);
}
