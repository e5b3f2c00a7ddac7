//! Names of parameters: a base name and bracketed member names (JSON:API 1.1, "Query Parameter
//! Families"; Q21), and the aliases of the `page` family.

use crate::jsonapi::member::{is_legal, is_legal_path};

/// A legal parameter name, split into its parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub(super) base: &'a str,
    /// The content of each pair of brackets: empty, a member name, or several separated by dots.
    pub(super) members: Vec<&'a str>,
}

impl<'a> Name<'a> {
    /// `None` if the name is illegal.
    pub(super) fn parse(name: &'a str) -> Option<Self> {
        let (base, mut rest) = match name.find('[') {
            Some(bracket) => name.split_at_checked(bracket)?,
            None => (name, ""),
        };
        if !is_legal(base) {
            return None;
        }
        let mut members = Vec::new();
        while !rest.is_empty() {
            let (member, after) = rest.strip_prefix('[')?.split_once(']')?;
            if !member.is_empty() && !is_legal_path(member) {
                return None;
            }
            members.push(member);
            rest = after;
        }
        Some(Self { base, members })
    }
}

/// The canonical name of a parameter with aliases.
pub(super) fn canonical(name: &str) -> &str {
    match name {
        "page" => "page[number]",
        "page_size" => "page[size]",
        other => other,
    }
}

/// The family that a name, as sent, belongs to.
pub(super) fn family(name: &str) -> &str {
    let name = canonical(name);
    name.split_once('[').map_or(name, |(base, _)| base)
}

/// The name of a parameter as it was sent.
pub(super) fn sent_as<'a>(sent: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    let wanted = canonical(wanted);
    sent.iter()
        .map(|(name, _)| name.as_str())
        .find(|name| canonical(name) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(name: &str) -> Option<(&str, Vec<&str>)> {
        Name::parse(name).map(|name| (name.base, name.members))
    }

    #[test]
    fn a_name_is_a_base_followed_by_bracketed_members() {
        assert_eq!(parsed("sort"), Some(("sort", vec![])));
        assert_eq!(parsed("page[size]"), Some(("page", vec!["size"])));
        assert_eq!(
            parsed("filter[or][0][roles.name][]"),
            Some(("filter", vec!["or", "0", "roles.name", ""]))
        );
    }

    #[test]
    fn everything_else_breaks_the_naming_rules_q21() {
        for name in [
            "",
            "_",
            "[a]",
            "filter[_]",
            "filter[a",
            "filter]a[",
            "filter[a]b",
            "filter[a][",
            "filter[[a]]",
            "filter[a.]",
            "a.b",
            "@x",
            "atomic:x",
            "filter[ a]",
            "filter[@a]",
        ] {
            assert_eq!(parsed(name), None, "{name}");
        }
    }

    #[test]
    fn aliases_belong_to_the_page_family() {
        assert_eq!(family("page"), "page");
        assert_eq!(family("page_size"), "page");
        assert_eq!(family("filter[a][b]"), "filter");
        assert_eq!(family("sort"), "sort");
    }
}
