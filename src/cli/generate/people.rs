//! The rows, one after the other: what is referred to comes first.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::random::Random;
use super::words::{AIMS, FORMS, NAMES, PLACES, POSITIONS, ROLES, SECTORS, SURNAMES};
use crate::directory::bulk::cluster_name;
use crate::directory::clock;

/// Users of a partner, on the average.
const A_PARTNER: u64 = 200;
const MAX_PARTNERS: u64 = 5_000;
/// One of so many users holds a role in a workspace or a cluster.
const SCOPED: u64 = 20;
/// 2020-01-01T00:00:00Z; accounts are made in the six years from then on.
const BEGINNING: i64 = 1_577_836_800;
const SECONDS: u64 = 6 * 365 * 86_400;

pub struct Generator {
    users: u64,
    partners: u64,
    roles_per_user: u64,
    random: Random,
    /// How many rows were made.
    made: u64,
    /// A grant that goes after the user.
    waiting: Option<Value>,
    user: u64,
}

impl Generator {
    pub fn new(users: u64, seed: u64, roles_per_user: u64) -> Self {
        Self {
            users,
            partners: (users / A_PARTNER).clamp(1, MAX_PARTNERS),
            roles_per_user,
            random: Random::new(seed),
            made: 0,
            waiting: None,
            user: 0,
        }
    }

    fn place(&mut self) -> (&'static str, &'static str, &'static str, &'static str) {
        let at = usize::try_from(self.random.skewed(PLACES.len() as u64)).unwrap_or(0);
        PLACES.get(at).copied().unwrap_or_default()
    }

    fn partner(&mut self, number: u64) -> Value {
        let (country, _, code, _) = self.place();
        let (aim, form) = (self.random.one(AIMS), self.random.one(FORMS));
        let partner_type = self.random.one(&["CSO", "CSO", "Gov", "UNA", "B/M"]);
        json!({
            "kind": "partners",
            "title": format!("{aim} {form} of {country} {number}"),
            "vendor_number": vendor_number(number),
            "partner_type": partner_type,
            "country_code": code,
            "email": format!("office{number}@{}.example.org", slug(aim)),
        })
    }

    fn person(&mut self, number: u64) -> Value {
        let (name, surname) = (self.random.one(NAMES), self.random.one(SURNAMES));
        let partner = self.random.skewed(self.partners);
        let (.., time_zone) = self.place();
        let username = format!("{}.{}{number}", slug(name), slug(surname));
        let mut row = json!({
            "kind": "users",
            "username": username,
            "name": name,
            "surname": surname,
            "full_name": format!("{name} {surname}"),
            "email": format!("{username}@{}.example.org", slug(self.random.one(AIMS))),
            "position": self.random.one(POSITIONS),
            "organization": format!("{} {}", self.random.one(AIMS), self.random.one(FORMS)),
            "time_zone": time_zone,
            "partner": vendor_number(partner),
            "is_active": self.random.below(50) != 0,
            "roles": self.roles(),
            "created": self.moment(),
        });
        if self.random.below(SCOPED) == 0 {
            self.waiting = Some(self.grant(&username));
        }
        if self.random.below(100) == 0
            && let Some(members) = row.as_object_mut()
        {
            members.insert("is_staff".into(), true.into());
        }
        row
    }

    fn roles(&mut self) -> Vec<&'static str> {
        let mut roles: Vec<&str> = Vec::new();
        while (roles.len() as u64) < self.roles_per_user {
            let at = usize::try_from(self.random.skewed(ROLES.len() as u64)).unwrap_or(0);
            let Some((role, _)) = ROLES.get(at) else {
                break;
            };
            if !roles.contains(role) {
                roles.push(role);
            }
        }
        roles
    }

    fn moment(&mut self) -> String {
        let seconds = i64::try_from(self.random.below(SECONDS)).unwrap_or(0);
        let beginning = DateTime::<Utc>::from_timestamp(BEGINNING, 0).unwrap_or_default();
        clock::text(beginning + TimeDelta::seconds(seconds))
    }

    fn grant(&mut self, username: &str) -> Value {
        let (_, code, ..) = self.place();
        let mut row = if self.random.below(2) == 0 {
            json!({"role": self.random.one(&["IP_VIEWER", "IP_EDITOR", "IP_ADMIN"]), "workspace": code})
        } else {
            let at = usize::try_from(self.random.below(SECTORS.len() as u64)).unwrap_or(0);
            let (kind, title) = SECTORS.get(at).copied().unwrap_or_default();
            let cluster = cluster_name(code, kind, title);
            json!({"role": self.random.one(&["CLUSTER_VIEWER", "CLUSTER_MEMBER"]), "cluster": cluster})
        };
        let until = (self.random.below(4) == 0).then_some("2031-01-01T00:00:00+00:00");
        if let Some(members) = row.as_object_mut() {
            members.insert("kind".into(), "grants".into());
            members.insert("user".into(), username.into());
            members.insert("valid_until".into(), until.into());
        }
        row
    }
}

impl Iterator for Generator {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        if let Some(grant) = self.waiting.take() {
            return Some(grant);
        }
        let mut at = self.made;
        self.made += 1;
        if let Some((title, code, ..)) = nth(PLACES, at) {
            return Some(json!({"kind": "workspaces", "title": title, "code": code}));
        }
        at -= PLACES.len() as u64;
        let sectors = SECTORS.len() as u64;
        if let Some((_, code, ..)) = nth(PLACES, at / sectors) {
            let (kind, title) = nth(SECTORS, at % sectors)?;
            return Some(json!({
                "kind": "clusters", "workspace": code, "cluster_type": kind, "title": title,
            }));
        }
        at -= PLACES.len() as u64 * sectors;
        if let Some((name, permissions)) = nth(ROLES, at) {
            return Some(json!({"kind": "roles", "name": name, "permissions": permissions}));
        }
        at -= ROLES.len() as u64;
        if at < self.partners {
            return Some(self.partner(at));
        }
        if self.user < self.users {
            self.user += 1;
            return Some(self.person(self.user));
        }
        None
    }
}

fn nth<T: Copy>(all: &[T], at: u64) -> Option<T> {
    all.get(usize::try_from(at).ok()?).copied()
}

fn vendor_number(partner: u64) -> String {
    format!("V{partner:06}")
}

/// Letters that every address takes.
fn slug(word: &str) -> String {
    let plain = |letter: char| match letter {
        'á' | 'ã' => 'a',
        'é' | 'è' | 'ë' => 'e',
        'í' | 'ı' => 'i',
        'ø' | 'ó' => 'o',
        'ü' => 'u',
        other => other,
    };
    word.to_lowercase()
        .chars()
        .map(plain)
        .filter(char::is_ascii_alphanumeric)
        .collect()
}
