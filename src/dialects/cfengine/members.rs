//! The members of an object that was sent; all that is wrong with them is told.
//! Members that are not asked for are passed over.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::error::Failure;
use crate::directory::{Problem, values};

pub struct Members<'a> {
    object: &'a Map<String, Value>,
    /// Each with the member that it is about.
    /// By the names of the members.
    problems: Vec<(Cow<'static, str>, Problem)>,
}

impl<'a> Members<'a> {
    pub fn of(object: &'a Map<String, Value>) -> Self {
        Self {
            object,
            problems: Vec::new(),
        }
    }

    /// # Errors
    /// All that was found to be wrong.
    pub fn done(self) -> Result<(), Failure> {
        match self.problems.is_empty() {
            true => Ok(()),
            false => {
                let problems = self.problems.into_iter().map(|(_, problem)| problem);
                Err(Failure::Invalid(problems.collect()))
            }
        }
    }

    pub fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// Drops the problems of members that were sent as the entry shows them: what
    /// was read can be sent back, whichever surface took it.
    pub fn forget_standing(&mut self, shown: &impl Serialize) {
        let shown = serde_json::to_value(shown).unwrap_or_default();
        let object = self.object;
        self.problems.retain(|(name, _)| {
            let shown = shown.get(&**name);
            shown.is_none() || shown != object.get(&**name)
        });
    }

    pub fn check<T>(&mut self, checked: Result<T, Problem>) -> Option<T> {
        checked
            .map_err(|problem| self.problems.push((problem.field.clone(), problem)))
            .ok()
    }

    fn fault(&mut self, name: &'static str, message: impl Into<String>) {
        self.problems
            .push((name.into(), Problem::invalid(name, message)));
    }

    /// A text that must be one when it is sent.
    pub fn text(&mut self, name: &'static str) -> Option<&'a str> {
        match self.object.get(name)? {
            Value::String(text) => Some(text),
            _ => {
                self.fault(name, "This value must be a string.");
                None
            }
        }
    }

    /// A text of at most so many characters; an empty one and null empty what
    /// is there. None: it is left alone.
    pub fn optional(&mut self, name: &'static str, most: usize) -> Option<Option<String>> {
        self.optional_by(name, |text| {
            values::within(name, text, 0, most)?;
            Ok(text.to_owned())
        })
    }

    /// The same with another check.
    pub fn optional_by(
        &mut self,
        name: &'static str,
        check: impl FnOnce(&str) -> Result<String, Problem>,
    ) -> Option<Option<String>> {
        if self.object.get(name)?.is_null() {
            return Some(None);
        }
        let text = self.text(name)?;
        match check(text) {
            Ok(text) => Some(Some(text).filter(|text| !text.is_empty())),
            Err(problem) => {
                self.problems.push((name.into(), problem));
                None
            }
        }
    }

    /// A list of at most so many texts.
    pub fn texts(&mut self, name: &'static str, most: usize) -> Option<Vec<String>> {
        let text = |item: &Value| item.as_str().map(str::to_owned);
        let texts: Option<Vec<String>> = match self.object.get(name)? {
            Value::Array(items) if items.len() > most => {
                self.fault(name, format!("Ensure there are no more than {most}."));
                return None;
            }
            Value::Array(items) => items.iter().map(text).collect(),
            _ => None,
        };
        if texts.is_none() {
            self.fault(name, "This value must be a list of strings.");
        }
        texts
    }
}
