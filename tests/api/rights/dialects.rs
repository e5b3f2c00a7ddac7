//! The other surfaces: every address with every method.

use serde_json::{Value, json};

use super::row::{Row, row};
use super::things::Things;

/// An administrator may all, everybody else read and change the own record;
/// what other roles permit does not count.
#[rustfmt::skip]
pub const CFENGINE: &[Row] = &[
    row("OPTIONS", "/api", "204"),
    row("GET",     "/api", "200; 403 narrowed"),
    row("OPTIONS", "/api/user", "204"),
    row("GET",     "/api/user", "403; 200 admin"),
    row("OPTIONS", "/api/user/{id}", "204"),
    row("GET",     "/api/user/{id}", "403; 200 owner admin"),
    row("PUT",     "/api/user/{id}", "403; 409 admin"),
    row("PUT",     "/api/user/{id}#new", "403; 201 admin"),
    row("POST",    "/api/user/{id}", "403; 204 owner admin"),
    // By a token: the old password is not proved.
    row("POST",    "/api/user/{id}#password", "403; 204 admin"),
    row("POST",    "/api/user/{id}#roles", "403; 204 admin"),
    row("DELETE",  "/api/user/{id}", "403; 204 admin"),
    row("OPTIONS", "/api/role", "204"),
    row("GET",     "/api/role", "403; 200 admin"),
    row("OPTIONS", "/api/role/{id}", "204"),
    row("GET",     "/api/role/{id}", "403; 200 admin"),
    row("PUT",     "/api/role/{id}", "403; 409 admin"),
    row("PUT",     "/api/role/{id}#new", "403; 201 admin"),
    row("POST",    "/api/role/{id}", "403; 204 admin"),
    row("DELETE",  "/api/role/{id}", "403; 204 admin"),
];

/// For administrators alone; a password gives a token, whoever sends it.
#[rustfmt::skip]
pub const OPENL2M: &[Row] = &[
    row("OPTIONS", "/api/admin/users/", "403; 200 admin"),
    row("GET",     "/api/admin/users/", "403; 200 admin"),
    row("POST",    "/api/admin/users/", "403; 201 admin"),
    row("POST",    "/api/admin/users/#superuser", "403; 201 admin"),
    row("OPTIONS", "/api/admin/users/{id}/", "403; 200 admin"),
    row("GET",     "/api/admin/users/{id}/", "403; 200 admin"),
    row("POST",    "/api/admin/users/{id}/", "403; 200 admin"),
    row("PATCH",   "/api/admin/users/{id}/", "403; 200 admin"),
    row("PATCH",   "/api/admin/users/{id}/#password", "403; 200 admin"),
    row("PATCH",   "/api/admin/users/{id}/#superuser", "403; 200 admin"),
    row("PATCH",   "/api/admin/users/{id}/#groups", "403; 200 admin"),
    row("OPTIONS", "/api/users/token/", "200; 200 unknown"),
    row("POST",    "/api/users/token/", "200; 200 unknown"),
];

/// Roles of the portal decide, and the permissions of the native surface stand
/// above them.
#[rustfmt::skip]
pub const PRP: &[Row] = &[
    row("OPTIONS", "/api/id-management/users", "200"),
    row("GET",     "/api/id-management/users", "403; 200 users:read portal admin"),
    row("GET",     "/api/id-management/users?portal=CLUSTER", "403; 200 users:read system-admin imo member admin"),
    row("GET",     "/api/id-management/users?portal=IP", "403; 200 users:read officer admin"),
    row("POST",    "/api/id-management/users", "403; 201 users:write officer admin"),
    row("POST",    "/api/id-management/users?portal=CLUSTER", "403; 201 users:write system-admin imo member admin"),
    row("POST",    "/api/id-management/users?portal=CLUSTER#imo", "403; 201 users:write system-admin admin"),
    row("POST",    "/api/id-management/users?portal=IP", "403; 201 users:write officer admin"),

    row("OPTIONS", "/api/id-management/role-group", "200"),
    row("POST",    "/api/id-management/role-group#in-cluster", "403; 201 grants:write system-admin imo member admin"),
    row("POST",    "/api/id-management/role-group#in-workspace", "403; 201 grants:write officer admin"),
    row("POST",    "/api/id-management/role-group#everywhere", "403; 201 system-admin admin"),
    row("OPTIONS", "/api/id-management/role-group/{id}", "200"),
    row("PATCH",   "/api/id-management/role-group/{id}#is_active", "403; 200 grants:write system-admin imo member admin"),
    row("PATCH",   "/api/id-management/role-group/{id}#role", "403; 200 system-admin imo member admin"),
    row("DELETE",  "/api/id-management/role-group/{id}", "403; 204 grants:write system-admin imo member admin"),

    row("OPTIONS", "/api/id-management/partners", "200"),
    row("GET",     "/api/id-management/partners", "403; 200 partners:read system-admin imo admin"),
    row("POST",    "/api/id-management/partners", "403; 201 partners:write system-admin imo admin"),
    row("OPTIONS", "/api/id-management/partners/{id}", "200"),
    row("GET",     "/api/id-management/partners/{id}", "403; 200 partners:read system-admin imo admin"),
    row("PATCH",   "/api/id-management/partners/{id}", "403; 200 partners:write system-admin imo admin"),
    row("OPTIONS", "/api/id-management/partners/{id}/clusters", "200"),
    row("GET",     "/api/id-management/partners/{id}/clusters", "403; 200 partners:read system-admin imo member admin"),
    row("OPTIONS", "/api/id-management/assignable-clusters", "200"),
    row("GET",     "/api/id-management/assignable-clusters", "403; 200 clusters:read system-admin imo member admin"),
    row("OPTIONS", "/api/id-management/assignable-partners", "200"),
    row("GET",     "/api/id-management/assignable-partners", "403; 200 partners:read system-admin imo member admin"),
];

/// Without a surface, and for everybody.
#[rustfmt::skip]
pub const OPEN: &[Row] = &[
    row("GET", "/health", "200; 200 unknown"),
    row("GET", "/health/live", "200; 200 unknown"),
    row("GET", "/health/ready", "200; 200 unknown"),
    row("GET", "/openapi.json", "200; 200 unknown"),
    row("GET", "/docs", "200; 200 unknown"),
    row("GET", "/docs/style.css", "200; 200 unknown"),
];

/// The path with the names and ids of the things.
pub fn address(things: &Things, row: &Row) -> String {
    let id = match (row.address(), row.path.ends_with("#new")) {
        ("/api/user/{id}" | "/api/role/{id}", true) => things.new_name(),
        ("/api/user/{id}", _) => things.owner.username.clone(),
        ("/api/role/{id}", _) => things.role.name.replace(' ', "%20"),
        (route, _) => things.id(route).to_string(),
    };
    let path = row.path.split('#').next().unwrap().replace("{id}", &id);
    let (username, email) = (&things.owner.username, things.email());
    let narrowed = match row.address() {
        _ if row.method != "GET" => return path,
        "/api/user" => format!("?id={username}"),
        "/api/id-management/users" if path.contains('?') => {
            format!("&page_size=100&name_email={email}")
        }
        "/api/id-management/users" => format!("?page_size=100&name_email={email}"),
        "/api/id-management/partners" => {
            let title = things.partner.title.replace(' ', "%20");
            format!("?page_size=100&title={title}")
        }
        _ => return path,
    };
    format!("{path}{narrowed}")
}

/// The `id` that a list shows, for whom it shows the thing.
pub fn listed(things: &Things, row: &Row) -> Option<String> {
    Some(match row.address() {
        "/api/user" => things.owner.username.clone(),
        "/api/admin/users/" | "/api/id-management/users" => things.owner.id.to_string(),
        "/api/id-management/partners" | "/api/id-management/assignable-partners" => {
            things.partner.id.to_string()
        }
        "/api/id-management/partners/{id}/clusters" | "/api/id-management/assignable-clusters" => {
            things.cluster.id.to_string()
        }
        _ => return None,
    })
}

/// A body that is well-formed and asks for something possible.
pub fn body(things: &Things, row: &Row) -> Option<Value> {
    if !["PUT", "POST", "PATCH"].contains(&row.method) {
        return None;
    }
    let variant = row.path.split_once('#').map_or("", |(_, variant)| variant);
    Some(match (row.address(), variant) {
        ("/api/user/{id}", "password") => json!({"password": "n0-body-guesses"}),
        ("/api/user/{id}", "roles") => json!({"roles": [things.spare.name]}),
        ("/api/user/{id}", _) => json!({"name": things.new_name()}),
        ("/api/role/{id}", _) => json!({"description": "d"}),

        ("/api/users/token/", _) => things.password(),
        (_, "password") => json!({"password": "n0-body-guesses"}),
        (_, "groups") => json!({"groups": [things.spare.id]}),
        ("/api/admin/users/{id}/", "superuser") => json!({"is_superuser": true}),
        ("/api/admin/users/{id}/", _) => json!({"first_name": things.new_name()}),
        ("/api/admin/users/", _) => json!({
            "username": things.new_name(),
            "password": "n0-body-guesses",
            "is_superuser": variant == "superuser",
        }),
        _ => of_portal(things, row, variant),
    })
}

fn of_portal(things: &Things, row: &Row, variant: &str) -> Value {
    let giving = |role: &str, place: Value| {
        let mut entry = place;
        entry["role"] = role.into();
        json!({"user_id": things.newcomer.id, "prp_roles": [entry]})
    };
    match (
        row.address().trim_start_matches("/api/id-management/"),
        variant,
    ) {
        ("users", _) => {
            let mut new = json!({"first_name": "F", "last_name": "L"});
            new["email"] = format!("{}@example.org", things.new_name()).into();
            if variant == "imo" {
                new["user_type"] = "IMO".into();
            } else if row.path.contains("portal=CLUSTER") {
                new["user_type"] = "PARTNER".into();
                new["partner"] = things.partner.id.into();
            }
            new
        }
        ("role-group", "in-cluster") => {
            giving("CLUSTER_VIEWER", json!({"cluster": things.cluster.id}))
        }
        ("role-group", "in-workspace") => {
            giving("IP_VIEWER", json!({"workspace": things.workspace.id}))
        }
        ("role-group", _) => giving("CLUSTER_SYSTEM_ADMIN", json!({})),
        ("role-group/{id}", "is_active") => json!({"is_active": false}),
        ("role-group/{id}", _) => json!({"role": "CLUSTER_MEMBER"}),
        ("partners", _) => json!({"title": things.new_name(), "partner_type": "CSO"}),
        ("partners/{id}", _) => json!({"title": things.new_name()}),
        (other, _) => panic!("no body for {other}"),
    }
}
