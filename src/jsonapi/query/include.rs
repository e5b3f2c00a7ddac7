//! `include`: paths of relationships.

use std::fmt;

use super::Limits;
use crate::jsonapi::error::{Error, excerpt};
use crate::jsonapi::{kinds, member};

/// A relationship path such as `roles.users`: at least one name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncludePath(Vec<String>);

impl IncludePath {
    /// The names of the relationships, starting at the primary data.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The relationship of the primary data, and the rest of the path.
    pub fn split_first(&self) -> Option<(&str, &[String])> {
        self.0
            .split_first()
            .map(|(first, rest)| (first.as_str(), rest))
    }
}

impl fmt::Display for IncludePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// Reads the value of `include`; an empty one has no paths (Q03), duplicates are dropped.
pub(super) fn parse(value: &str, limits: &Limits) -> Result<Vec<IncludePath>, Error> {
    let mut paths = Vec::new();
    if value.is_empty() {
        return Ok(paths);
    }
    for text in value.split(',') {
        let path = parse_path(text, limits)?;
        if !paths.contains(&path) {
            paths.push(path);
        }
        if paths.len() > limits.include_paths {
            let limit = limits.include_paths;
            return Err(kinds::INVALID_INCLUDE.error(format!("More than {limit} paths.")));
        }
    }
    Ok(paths)
}

fn parse_path(text: &str, limits: &Limits) -> Result<IncludePath, Error> {
    if !member::is_legal_path(text) {
        let text = excerpt(text);
        return Err(kinds::INVALID_INCLUDE.error(format!("{text} is not a relationship path.")));
    }
    let names: Vec<_> = text
        .split('.')
        .take(limits.include_depth.saturating_add(1))
        .map(str::to_owned)
        .collect();
    if names.len() > limits.include_depth {
        return Err(kinds::INVALID_INCLUDE.error(format!(
            "The path {} is longer than {} relationships.",
            excerpt(text),
            limits.include_depth
        )));
    }
    Ok(IncludePath(names))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(value: &str) -> Result<Vec<String>, Error> {
        let paths = parse(value, &Limits::default())?;
        Ok(paths.iter().map(IncludePath::to_string).collect())
    }

    #[test]
    fn paths_are_separated_by_commas() {
        assert_eq!(paths("roles,partner").unwrap(), ["roles", "partner"]);
        assert_eq!(paths("roles.users.roles").unwrap(), ["roles.users.roles"]);
    }

    #[test]
    fn an_empty_value_names_no_path_q03() {
        assert!(paths("").unwrap().is_empty());
    }

    #[test]
    fn a_repeated_path_counts_once() {
        assert_eq!(paths("roles,roles").unwrap(), ["roles"]);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for value in [
            ",",
            "roles,",
            "roles..users",
            ".",
            "_x",
            "a b,",
            "roles, partner",
        ] {
            assert_eq!(paths(value).unwrap_err().status, 400, "{value}");
        }
    }

    #[test]
    fn depth_and_number_are_bounded() {
        assert!(paths("a.b.c").is_ok());
        assert!(paths("a.b.c.d").is_err());
        let many: Vec<_> = (0..21).map(|n| n.to_string()).collect();
        assert!(paths(&many.join(",")).is_err());
    }
}
