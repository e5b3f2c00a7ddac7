//! What the directory should hold: people with what the storm changes of them.

use std::collections::{BTreeMap, BTreeSet};

/// By their usernames.
pub type People = BTreeMap<String, Person>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    pub surname: Option<String>,
    /// Their ids.
    pub roles: BTreeSet<i64>,
}

/// One change of one thing, as the log tells it by one event. In the whole
/// storm no two are alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Made { username: String },
    Renamed { username: String, surname: String },
    Given { username: String, role: i64 },
    Taken { username: String, role: i64 },
}

impl Change {
    pub fn apply(&self, people: &mut People) {
        match self {
            Self::Made { username } => {
                let before = people.insert(username.clone(), Person::default());
                assert_eq!(before, None, "{username} is made twice");
            }
            Self::Renamed { username, surname } => {
                person(people, username).surname = Some(surname.clone());
            }
            Self::Given { username, role } => {
                let is_new = person(people, username).roles.insert(*role);
                assert!(is_new, "{username} holds {role} already");
            }
            Self::Taken { username, role } => {
                let was_held = person(people, username).roles.remove(role);
                assert!(was_held, "{username} does not hold {role}");
            }
        }
    }
}

fn person<'a>(people: &'a mut People, username: &str) -> &'a mut Person {
    let person = people.get_mut(username);
    person.unwrap_or_else(|| panic!("{username} is not there"))
}
