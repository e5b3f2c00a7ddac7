//! What the directory does hold, and what its log tells of how that came.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::people::{Change, People, Person};
use crate::support::Client;

/// More than the storm makes of anything.
const MOST: &str = "page[size]=10000";

#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    pub people: People,
    /// What the log tells, in its order, with the ids of the requests.
    pub told: Vec<(String, Change)>,
    /// The entity tags of people: no two states have the same.
    pub tags: Vec<String>,
}

impl Found {
    pub fn by(admin: &Client) -> Self {
        let (people, ids) = people(admin);
        let tag = |id: &i64| {
            let answer = admin.head(&format!("/users/{id}")).expect(200);
            answer.header("etag").unwrap().to_owned()
        };
        Self {
            tags: ids.keys().map(tag).collect(),
            told: told(admin, &ids),
            people,
        }
    }

    /// What the log tells of this request.
    pub fn told_of(&self, request_id: &str) -> BTreeSet<&Change> {
        let of_request = self.told.iter().filter(|(id, _)| id == request_id);
        of_request.map(|(_, change)| change).collect()
    }

    /// The changes that the log tells; it tells each once.
    pub fn changes(&self) -> BTreeSet<Change> {
        let changes = self.told.iter().map(|(_, change)| change.clone());
        let changes: BTreeSet<Change> = changes.collect();
        assert_eq!(changes.len(), self.told.len(), "a change is told twice");
        changes
    }

    /// That who does what the log tells comes to what is there.
    pub fn follows_from_the_log(&self) {
        let mut people = People::new();
        for (_, change) in &self.told {
            change.apply(&mut people);
        }
        assert_eq!(people, self.people);
    }
}

/// All but the administrator, and their usernames by their ids.
fn people(admin: &Client) -> (People, BTreeMap<i64, String>) {
    let answer = admin.get(&format!("/users?include=roles&{MOST}"));
    let data = answer.expect(200).data();
    let mut people = People::new();
    let mut ids = BTreeMap::new();
    for user in &data.as_array().unwrap()[1..] {
        let attributes = &user["attributes"];
        let text = |name: &str| attributes[name].as_str().map(ToOwned::to_owned);
        let roles = user["relationships"]["roles"]["data"].as_array().unwrap();
        let roles = roles.iter().map(|role| number(&role["id"]));
        let person = Person {
            surname: text("surname"),
            roles: roles.collect(),
        };
        let username = text("username").unwrap();
        ids.insert(number(&user["id"]), username.clone());
        people.insert(username, person);
    }
    (people, ids)
}

fn told(admin: &Client, ids: &BTreeMap<i64, String>) -> Vec<(String, Change)> {
    let path = format!("/events?filter[subject_type]=users,grants&sort=id&{MOST}");
    let data = admin.get(&path).expect(200).data();
    let events = data.as_array().unwrap().iter();
    let mut told = Vec::new();
    // What stands at a person's surname so far, by the log.
    let mut surnames: BTreeMap<String, Value> = BTreeMap::new();
    for event in events.map(|event| &event["attributes"]) {
        let (before, after) = (&event["before"], &event["after"]);
        let is_grant = event["subject_type"] == "grants";
        let grant = if after.is_null() { before } else { after };
        let user = if is_grant {
            &grant["user"]
        } else {
            &event["subject_id"]
        };
        let user = user.as_i64().unwrap();
        if user == 1 {
            continue;
        }
        let Some(username) = ids.get(&user).cloned() else {
            panic!("an event of somebody who is not there: {event}");
        };
        let role = || grant["role"].as_i64().unwrap();
        let change = match (is_grant, event["verb"].as_str().unwrap()) {
            (true, "create") => Change::Given {
                username,
                role: role(),
            },
            (true, "delete") => Change::Taken {
                username,
                role: role(),
            },
            (false, "create") => Change::Made { username },
            (false, "update") => {
                let surname = after["surname"].clone();
                let earlier = surnames.insert(username.clone(), surname.clone());
                assert_eq!(before["surname"], earlier.unwrap_or_default(), "{event}");
                let surname = surname.as_str().unwrap().to_owned();
                Change::Renamed { username, surname }
            }
            _ => panic!("nobody did this: {event}"),
        };
        let request_id = event["request_id"].as_str().unwrap().to_owned();
        told.push((request_id, change));
    }
    told
}

fn number(id: &Value) -> i64 {
    id.as_str().unwrap().parse().unwrap()
}
