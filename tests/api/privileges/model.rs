//! What people may at most, worked out from what the administrator sees, in
//! another way than the service does it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::Client;

/// Later than every time that a grant can end.
const NEVER: &str = "9999";

const ADMINISTRATOR: &str = "administrator";

/// Names of permissions and [`ADMINISTRATOR`], each with its latest end.
pub type Power = BTreeMap<String, String>;

/// Roles, rules and grants as they stand.
pub struct Directory {
    names: BTreeMap<String, Vec<String>>,
    parts: BTreeMap<String, Vec<String>>,
    /// Granter and target.
    rules: Vec<(String, String)>,
    /// User, role and end.
    grants: Vec<(String, String, String)>,
}

fn all(admin: &Client, address: &str) -> Vec<Value> {
    let answer = admin.get(address).expect(200);
    answer.data().as_array().unwrap().clone()
}

fn related(resource: &Value, name: &str) -> Vec<String> {
    let data = &resource["relationships"][name]["data"];
    let ids = data.as_array().cloned().unwrap_or(vec![data.clone()]);
    ids.iter()
        .filter_map(|id| id["id"].as_str().map(str::to_owned))
        .collect()
}

fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap().to_owned()
}

impl Directory {
    /// What is over at `now` gives nothing any more.
    pub fn read(admin: &Client, now: &str) -> Self {
        let roles = all(admin, "/roles?page[size]=100&include=includes");
        let names = roles.iter().map(|role| {
            let names = role["attributes"]["permissions"].as_array().unwrap();
            let names = names.iter().map(|name| name.as_str().unwrap().to_owned());
            (id(role), names.collect())
        });
        let parts = roles
            .iter()
            .map(|role| (id(role), related(role, "includes")));
        let rules = all(admin, "/grant-rules?page[size]=100&include=granter,targets");
        let pairs = |rule: &Value| {
            let granter = related(rule, "granter").pop().unwrap();
            let targets = related(rule, "targets").into_iter();
            targets
                .map(|target| (granter.clone(), target))
                .collect::<Vec<_>>()
        };
        let grants = all(admin, "/grants?page[size]=100&include=user,role");
        let grant = |grant: &Value| {
            let until = grant["attributes"]["valid_until"].as_str();
            let until = until.unwrap_or(NEVER).to_owned();
            let one = |name| related(grant, name).pop().unwrap();
            (until.as_str() > now).then(|| (one("user"), one("role"), until))
        };
        Self {
            names: names.collect(),
            parts: parts.collect(),
            rules: rules.iter().flat_map(pairs).collect(),
            grants: grants.iter().filter_map(grant).collect(),
        }
    }

    /// What these people may, and what they can give each other by rules.
    pub fn power_of(&self, people: &BTreeSet<String>) -> Power {
        let mut power = Power::new();
        let held = self
            .grants
            .iter()
            .filter(|(user, _, _)| people.contains(user));
        for (_, role, until) in held {
            self.add(role, until, &mut power, &mut BTreeSet::new());
        }
        power
    }

    fn add(
        &self,
        role: &str,
        until: &str,
        power: &mut Power,
        path: &mut BTreeSet<(String, String)>,
    ) {
        if !path.insert((role.to_owned(), until.to_owned())) {
            return;
        }
        let mut note = |name: String| {
            let end = power.entry(name).or_insert_with(|| until.to_owned());
            if end.as_str() < until {
                *end = until.to_owned();
            }
        };
        if role == "1" {
            note(ADMINISTRATOR.into());
        }
        self.names[role].iter().cloned().for_each(&mut note);
        for part in &self.parts[role] {
            self.add(part, until, power, path);
        }
        for (_, target) in self.rules.iter().filter(|(granter, _)| granter == role) {
            // A rule gives without an end.
            self.add(target, NEVER, power, path);
        }
    }
}

/// The first thing of `after` that goes beyond `before`. An administrator may
/// do everything, so callers who could become one gain nothing up to that end.
pub fn gain(before: &Power, after: &Power) -> Option<String> {
    let has = |name: &str, end: &String| before.get(name).is_some_and(|had| had >= end);
    let more = after
        .iter()
        .find(|(name, end)| !has(name, end) && !has(ADMINISTRATOR, end));
    more.map(|(name, end)| format!("{name} until {end}"))
}
