//! Lists of regular expressions, as CFEngine's roles hold them: one text with
//! commas between the expressions. An expression fits a name when it is found
//! anywhere in it; `^` and `$` bind it to the ends.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use regex::{Regex, RegexBuilder};

use super::error::FieldError;
use super::values;

/// Memory that one compiled expression may take.
const EXPRESSION_BYTES: usize = 1 << 20;
/// Memory that one may use while it looks at a name; with less it is slower,
/// never wrong.
const MATCHING_BYTES: usize = 1 << 18;
/// The most expressions in one list.
const MAX_EXPRESSIONS: usize = 100;
/// Lists that are kept compiled.
const KEPT: usize = 256;

/// A list as it is stored: short enough, and each of its expressions compiles.
pub fn checked(field: &'static str, list: &str) -> Result<String, FieldError> {
    values::within(field, list, 0, values::MAX_LONG_TEXT)?;
    if list.split(',').count() > MAX_EXPRESSIONS {
        let message = format!("Ensure there are no more than {MAX_EXPRESSIONS} expressions.");
        return Err(FieldError::invalid(field, message));
    }
    match parts(list).find(|expression| compile(expression).is_none()) {
        None => Ok(list.to_owned()),
        Some(wrong) => Err(FieldError::invalid(
            field,
            format!("\"{wrong}\" is not a regular expression, or a too large one."),
        )),
    }
}

fn parts(list: &str) -> impl Iterator<Item = &str> {
    let parts = list.split(',').map(str::trim);
    parts.filter(|expression| !expression.is_empty())
}

fn compile(expression: &str) -> Option<Regex> {
    RegexBuilder::new(expression)
        .size_limit(EXPRESSION_BYTES)
        .dfa_size_limit(MATCHING_BYTES)
        .build()
        .ok()
}

/// A compiled list.
#[derive(Debug, Default)]
pub struct Expressions(Vec<Regex>);

impl Expressions {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first name that an expression fits, and that expression.
    pub fn first<'a, 'n>(&'a self, names: &'n [impl AsRef<str>]) -> Option<(&'a str, &'n str)> {
        names.iter().map(AsRef::as_ref).find_map(|name| {
            let fits = self.0.iter().find(|expression| expression.is_match(name))?;
            Some((fits.as_str(), name))
        })
    }
}

/// Lists by their text: what a new version of a role has changed is compiled
/// anew, what it has kept is not.
static COMPILED: LazyLock<RwLock<HashMap<String, Arc<Expressions>>>> =
    LazyLock::new(RwLock::default);

/// A stored list, compiled once.
pub fn compiled(list: &str) -> Arc<Expressions> {
    let known = COMPILED.read().ok();
    if let Some(known) = known.and_then(|kept| kept.get(list).cloned()) {
        return known;
    }
    let made = Arc::new(Expressions(parts(list).filter_map(compile).collect()));
    if let Ok(mut kept) = COMPILED.write() {
        // Full: starting anew costs less than keeping order.
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(list.to_owned(), made.clone());
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_refused_for_one_expression_that_does_not_compile() {
        assert!(checked("include_context", "linux, ^web_\\d+$,,").is_ok());
        for (list, wrong) in [("linux,(", "\"(\""), ("\\w{1000}{1000}", "too large")] {
            let problem = checked("include_context", list).unwrap_err();
            assert!(problem.message.contains(wrong), "{}", problem.message);
        }
        assert!(checked("include_context", &"a,".repeat(MAX_EXPRESSIONS)).is_err());
    }

    #[test]
    fn the_first_name_that_an_expression_fits_is_told_with_it() {
        let list = compiled("^solaris$, x86");
        assert_eq!(list.first(&["linux", "x86_64"]), Some(("x86", "x86_64")));
        assert_eq!(list.first(&["solaris_10"]), None);
        assert!(compiled(" , ").is_empty());
    }

    #[test]
    fn what_was_compiled_is_kept_and_no_more_than_some() {
        let one = compiled("kept");
        assert!(Arc::ptr_eq(&one, &compiled("kept")));
        for number in 0..2 * KEPT {
            compiled(&format!("list{number}"));
        }
        assert!(COMPILED.read().unwrap().len() <= KEPT);
    }
}
