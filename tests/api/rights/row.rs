//! One line of a table: what a request is answered with, for everybody.

use super::callers::{PORTAL, UNKNOWN, all};

/// A method, an address, and what the callers get. `{id}` is the id of the
/// thing, `{name}` its name, `{new}` a name that is nobody's; what stands behind
/// `#` tells apart what is sent there.
///
/// Answers stand between semicolons: first what everybody gets who is known,
/// then the others with the names of their callers. `none` is 200 that shows
/// nothing of the thing. Who is unknown gets 401 unless they are named. Who has
/// both permissions of a kind (`users:*`) gets what either of them gets, the
/// last named before the first. `portal` are all four with a role of it, `local`
/// those who hold it in a place. `{newcomer}` and `{spare}` are the ids of
/// somebody without roles and of a role that nobody holds.
pub struct Row {
    pub method: &'static str,
    pub path: &'static str,
    expected: &'static str,
}

pub const fn row(method: &'static str, path: &'static str, expected: &'static str) -> Row {
    Row {
        method,
        path,
        expected,
    }
}

impl Row {
    /// What one caller gets.
    pub fn expected(&self, caller: &str) -> &'static str {
        let (usual, others) = self.parts();
        let named = |fits: &dyn Fn(&str) -> bool| {
            let mut found = others.iter().rev();
            let found = found.find(|(_, names)| names.iter().any(|name| fits(name)));
            found.map(|(answer, _)| *answer)
        };
        let subject = caller.strip_suffix('*');
        named(&|name| name == caller)
            .or_else(|| named(&|name| subject.is_some_and(|subject| name.starts_with(subject))))
            .or_else(|| named(&|name| group(name).contains(&caller)))
            .unwrap_or(match UNKNOWN.contains(&caller) {
                true => "401",
                false => usual,
            })
    }

    fn parts(&self) -> (&'static str, Vec<(&'static str, Vec<&'static str>)>) {
        let mut parts = self.expected.split(';').map(|part| {
            let mut words = part.split_whitespace();
            (words.next().unwrap(), words.collect::<Vec<_>>())
        });
        let (usual, names) = parts.next().unwrap();
        assert!(names.is_empty(), "{}: the first is for all", self.expected);
        (usual, parts.collect())
    }

    /// Every name in the line, to find those of nobody.
    pub fn named(&self) -> Vec<&'static str> {
        let (_, others) = self.parts();
        others.into_iter().flat_map(|(_, names)| names).collect()
    }

    /// The address alone, with the name of the thing.
    pub fn address(&self) -> &'static str {
        self.path.split(['?', '#']).next().unwrap()
    }

    /// The address as the service lists it.
    pub fn route(&self) -> String {
        let address = self.address().replace("{newcomer}", "{id}");
        address.replace("{spare}", "{id}")
    }

    /// Whether the address is one of these (`=/api`) or begins like one.
    pub fn is_of(&self, words: &[&str]) -> bool {
        words.iter().any(|word| match word.strip_prefix('=') {
            Some(whole) => self.address() == whole,
            None => {
                let rest = self.address().strip_prefix(*word);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        })
    }

    /// Whether such a request only looks, however it is answered.
    fn only_looks(&self) -> bool {
        ["GET", "OPTIONS"].contains(&self.method) || self.path == "/access-checks"
    }

    /// Whether a caller may change something by it.
    pub fn lets_change(&self, caller: &str) -> bool {
        !self.only_looks() && self.expected(caller).starts_with('2')
    }
}

fn group(name: &str) -> Vec<&'static str> {
    match name {
        "unknown" => UNKNOWN.into(),
        "local" => vec!["imo", "member", "officer"],
        "portal" => PORTAL.iter().map(|(caller, _)| *caller).collect(),
        _ => Vec::new(),
    }
}

pub fn is_a_name(name: &str) -> bool {
    !group(name).is_empty() || all().iter().any(|caller| caller == name)
}
