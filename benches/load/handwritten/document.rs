//! JSON:API documents by direct writing: the bytes that rolecall answers.

use std::fmt::Display;
use std::io::Write;

/// A SELECT of the columns of `users u`, in the order in which they are read.
macro_rules! select_user {
    ($rest:literal) => {
        concat!(
            "SELECT u.id, u.username, u.uname, u.name, u.surname, u.full_name, u.email, \
             u.position, u.organization, u.time_zone, u.is_active, u.is_staff, u.external, \
             u.last_login, u.created_by, u.modified_by, u.created, u.modified",
            $rest
        )
    };
}
pub(super) use select_user;

macro_rules! select_role {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, label, description, scope, unchangeable, is_default, permissions, \
             include_context, exclude_context, include_bundles, exclude_bundles, \
             created_by, modified_by, created, modified FROM roles",
            $rest
        )
    };
}
pub(super) use select_role;

pub const PAGE_SIZE: i64 = 20;

#[derive(Clone, Copy)]
pub struct User<'a> {
    pub id: i64,
    pub username: &'a str,
    pub uname: &'a str,
    pub name: Option<&'a str>,
    pub surname: Option<&'a str>,
    pub full_name: Option<&'a str>,
    pub email: Option<&'a str>,
    pub position: Option<&'a str>,
    pub organization: Option<&'a str>,
    pub time_zone: Option<&'a str>,
    pub is_active: bool,
    pub is_staff: bool,
    pub external: bool,
    pub last_login: Option<&'a str>,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
    pub created: &'a str,
    pub modified: &'a str,
}

pub struct Role<'a> {
    pub id: i64,
    pub name: &'a str,
    pub label: Option<&'a str>,
    pub description: Option<&'a str>,
    pub scope: &'a str,
    pub unchangeable: bool,
    pub is_default: bool,
    /// JSON already.
    pub permissions: &'a str,
    pub include_context: Option<&'a str>,
    pub exclude_context: Option<&'a str>,
    pub include_bundles: Option<&'a str>,
    pub exclude_bundles: Option<&'a str>,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
    pub created: &'a str,
    pub modified: &'a str,
}

pub fn raw(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn json(out: &mut Vec<u8>, value: &impl serde::Serialize) {
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(out, value);
}

fn entry(out: &mut Vec<u8>, key: &str, value: &impl serde::Serialize) {
    raw(out, key);
    json(out, value);
}

fn identifier(out: &mut Vec<u8>, kind: &str, id: i64) {
    raw(out, "{\"type\":\"");
    raw(out, kind);
    raw(out, "\",\"id\":\"");
    json(out, &id);
    raw(out, "\"}");
}

/// Two links of a relationship; the brace of its object stays open.
fn related(out: &mut Vec<u8>, address: &[u8], name: &str) {
    raw(out, "\"");
    raw(out, name);
    raw(out, "\":{\"links\":{\"related\":\"");
    out.extend_from_slice(address);
    raw(out, "/");
    raw(out, name);
    raw(out, "\",\"self\":\"");
    out.extend_from_slice(address);
    raw(out, "/relationships/");
    raw(out, name);
    raw(out, "\"}");
}

fn address(base: &str, kind: &str, id: i64) -> Vec<u8> {
    let mut address = Vec::with_capacity(64);
    raw(&mut address, base);
    raw(&mut address, kind);
    json(&mut address, &id);
    address
}

/// `roles`: the linkage, where it is asked for.
pub fn user(out: &mut Vec<u8>, base: &str, user: &User<'_>, roles: Option<&[i64]>) {
    let address = address(base, "/users/", user.id);
    raw(out, "{\"id\":\"");
    json(out, &user.id);
    entry(
        out,
        "\",\"type\":\"users\",\"attributes\":{\"username\":",
        &user.username,
    );
    entry(out, ",\"uname\":", &user.uname);
    entry(out, ",\"name\":", &user.name);
    entry(out, ",\"surname\":", &user.surname);
    entry(out, ",\"full_name\":", &user.full_name);
    entry(out, ",\"email\":", &user.email);
    entry(out, ",\"position\":", &user.position);
    entry(out, ",\"organization\":", &user.organization);
    entry(out, ",\"time_zone\":", &user.time_zone);
    entry(out, ",\"is_active\":", &user.is_active);
    entry(out, ",\"is_staff\":", &user.is_staff);
    entry(out, ",\"external\":", &user.external);
    entry(out, ",\"last_login\":", &user.last_login);
    entry(out, ",\"created_by\":", &user.created_by);
    entry(out, ",\"modified_by\":", &user.modified_by);
    entry(out, ",\"created\":", &user.created);
    entry(out, ",\"modified\":", &user.modified);
    raw(out, "},\"links\":{\"self\":\"");
    out.extend_from_slice(&address);
    raw(out, "\"},\"relationships\":{");
    related(out, &address, "roles");
    if let Some(roles) = roles {
        raw(out, ",\"data\":");
        linkage(out, roles);
    }
    for name in ["grants", "tokens", "sign-ins", "partner"] {
        raw(out, "},");
        related(out, &address, name);
    }
    raw(out, "}}");
    meta(
        out,
        user.created,
        user.modified,
        user.created_by,
        user.modified_by,
    );
}

pub fn role(out: &mut Vec<u8>, base: &str, role: &Role<'_>) {
    let address = address(base, "/roles/", role.id);
    raw(out, "{\"id\":\"");
    json(out, &role.id);
    entry(
        out,
        "\",\"type\":\"roles\",\"attributes\":{\"name\":",
        &role.name,
    );
    entry(out, ",\"label\":", &role.label);
    entry(out, ",\"description\":", &role.description);
    entry(out, ",\"scope\":", &role.scope);
    entry(out, ",\"unchangeable\":", &role.unchangeable);
    entry(out, ",\"is_default\":", &role.is_default);
    raw(out, ",\"permissions\":");
    raw(out, role.permissions);
    entry(out, ",\"include_context\":", &role.include_context);
    entry(out, ",\"exclude_context\":", &role.exclude_context);
    entry(out, ",\"include_bundles\":", &role.include_bundles);
    entry(out, ",\"exclude_bundles\":", &role.exclude_bundles);
    entry(out, ",\"created_by\":", &role.created_by);
    entry(out, ",\"modified_by\":", &role.modified_by);
    entry(out, ",\"created\":", &role.created);
    entry(out, ",\"modified\":", &role.modified);
    raw(out, "},\"links\":{\"self\":\"");
    out.extend_from_slice(&address);
    raw(out, "\"},\"relationships\":{");
    related(out, &address, "users");
    for name in ["grants", "includes", "grant-rules"] {
        raw(out, "},");
        related(out, &address, name);
    }
    raw(out, "}}");
    meta(
        out,
        role.created,
        role.modified,
        role.created_by,
        role.modified_by,
    );
}

fn meta(out: &mut Vec<u8>, created: &str, modified: &str, by: Option<i64>, then_by: Option<i64>) {
    entry(out, ",\"meta\":{\"created\":", &created);
    entry(out, ",\"modified\":", &modified);
    entry(out, ",\"created_by\":", &by);
    entry(out, ",\"modified_by\":", &then_by);
    raw(out, "}}");
}

fn linkage(out: &mut Vec<u8>, roles: &[i64]) {
    raw(out, "[");
    for (number, role) in roles.iter().enumerate() {
        if number > 0 {
            raw(out, ",");
        }
        identifier(out, "roles", *role);
    }
    raw(out, "]");
}

/// The links that every document has; the brace stays open.
fn links(out: &mut Vec<u8>, base: &str, path: impl Display) {
    let _ = write!(
        out,
        ",\"links\":{{\"self\":\"{base}{path}\",\"home\":\"{base}/home\",\"describedby\":\"{base}/openapi.json\""
    );
}

pub fn of_user(base: &str, found: &User<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(2048);
    raw(&mut out, "{\"data\":");
    user(&mut out, base, found, None);
    links(&mut out, base, format_args!("/users/{}", found.id));
    raw(&mut out, "}}");
    out
}

/// After a change of the roles that a user holds.
pub fn of_linkage(base: &str, user: i64, roles: &[i64], changed: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    raw(&mut out, "{\"data\":");
    linkage(&mut out, roles);
    links(
        &mut out,
        base,
        format_args!("/users/{user}/relationships/roles"),
    );
    let _ = write!(
        out,
        ",\"related\":\"{base}/users/{user}/roles\"}},\"meta\":{{\"changed\":{changed}}}}}"
    );
    out
}

/// Where a list's document ends: its links and how many pages there are.
pub struct End<'a> {
    pub base: &'a str,
    /// As it came, still encoded.
    pub query: &'a str,
    pub page: i64,
    pub total: i64,
    pub items: i64,
}

impl End<'_> {
    pub fn write(&self, out: &mut Vec<u8>) {
        let pages = ((self.total + PAGE_SIZE - 1) / PAGE_SIZE).max(1);
        let mark = if self.query.is_empty() { "" } else { "?" };
        links(out, self.base, format_args!("/users{mark}{}", self.query));
        self.link(out, "first", Some(1));
        self.link(out, "last", Some(pages));
        self.link(out, "prev", (self.page > 1).then(|| self.page - 1));
        self.link(out, "next", (self.page < pages).then(|| self.page + 1));
        let _ = write!(
            out,
            "}},\"meta\":{{\"pagination\":{{\"count\":{},\"page\":{},\"page_count\":{pages},\"page_items\":{},\"page_size\":{PAGE_SIZE}}}}}}}",
            self.total, self.page, self.items
        );
    }

    fn link(&self, out: &mut Vec<u8>, name: &str, page: Option<i64>) {
        let Some(page) = page else {
            let _ = write!(out, ",\"{name}\":null");
            return;
        };
        let _ = write!(out, ",\"{name}\":\"{}/users", self.base);
        let mut mark = '?';
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        for pair in pairs.filter(|pair| !pair.starts_with(PAGE)) {
            let _ = write!(out, "{mark}{pair}");
            mark = '&';
        }
        if page > 1 {
            let _ = write!(out, "{mark}{PAGE}{page}");
        }
        raw(out, "\"");
    }
}

pub const PAGE: &str = "page%5Bnumber%5D=";
