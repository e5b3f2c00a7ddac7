//! Member names in a request document that its type does not have, or has elsewhere.
//! They are rejected: a mistyped name would otherwise look as if it had been set.

use super::resource::Resource;
use crate::config::closest;
use crate::directory::FieldError;
use crate::jsonapi::ResourceObject;

/// The attribute and relationship names that a document may have, whether they can be
/// changed or not.
pub struct MemberNames {
    attributes: Vec<&'static str>,
    relationships: Vec<&'static str>,
}

impl MemberNames {
    pub fn of<R: Resource>() -> Self {
        let attributes = R::attributes().iter().map(|attribute| attribute.name);
        let once = R::ONE_TIME.iter().map(|(name, _)| *name);
        Self {
            attributes: attributes.chain(once).collect(),
            relationships: R::RELATIONSHIPS.iter().map(|known| known.name).collect(),
        }
    }

    /// For a type without a table.
    pub fn named(attributes: &[&'static str], relationships: &[&'static str]) -> Self {
        Self {
            attributes: attributes.to_vec(),
            relationships: relationships.to_vec(),
        }
    }

    /// Adds the names of another type.
    pub fn and(mut self, other: Self) -> Self {
        self.attributes.extend(other.attributes);
        self.relationships.extend(other.relationships);
        self
    }

    /// One error for each unknown name.
    pub fn field_errors(&self, document: &ResourceObject) -> Vec<FieldError> {
        let attributes = document.attributes.keys();
        let attributes = attributes.filter_map(|name| self.of_attribute(name));
        let relationships = document.relationships.keys();
        let relationships = relationships.filter_map(|name| self.of_relationship(name));
        let others = document
            .others
            .iter()
            .filter_map(|name| self.of_other(name));
        attributes.chain(relationships).chain(others).collect()
    }

    fn of_attribute(&self, name: &str) -> Option<FieldError> {
        if has(&self.attributes, name) {
            return None;
        }
        Some(match has(&self.relationships, name) {
            true => FieldError::unknown(
                name,
                "This is a relationship: send it in \"relationships\".",
            ),
            false => none_such(name, "attribute", &self.attributes),
        })
    }

    fn of_relationship(&self, name: &str) -> Option<FieldError> {
        if has(&self.relationships, name) {
            return None;
        }
        Some(match has(&self.attributes, name) {
            true => FieldError::unknown(name, "This is an attribute: send it in \"attributes\"."),
            false => none_such(name, "relationship", &self.relationships),
        })
    }

    /// Other members of the resource object are ignored, unless they belong into
    /// `attributes` or `relationships`.
    fn of_other(&self, name: &str) -> Option<FieldError> {
        let place = match (has(&self.attributes, name), has(&self.relationships, name)) {
            (true, _) => "attributes",
            (false, true) => "relationships",
            (false, false) => return None,
        };
        let message = format!("This member belongs into \"{place}\".");
        Some(FieldError::unknown(name, message))
    }
}

fn has(names: &[&str], name: &str) -> bool {
    names.contains(&name)
}

fn none_such(name: &str, what: &str, known: &[&'static str]) -> FieldError {
    let message = match nearest(name, known) {
        Some(near) => format!("There is no such {what}; did you mean {near}?"),
        None => format!("There is no such {what}."),
    };
    FieldError::unknown(name, message)
}

/// The most similar name: some libraries write `full-name` or `fullName`.
fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let plain = |name: &str| {
        let letters = name.chars().filter(|letter| letter.is_alphanumeric());
        letters.collect::<String>().to_lowercase()
    };
    let (wanted, longest) = (plain(name), known.iter().map(|known| known.len()).max()?);
    if wanted.len() > 2 * longest {
        return None;
    }
    let same = known.iter().find(|known| plain(known) == wanted);
    same.copied().or_else(|| {
        let plains: Vec<String> = known.iter().map(|known| plain(known)).collect();
        let close = closest(&wanted, plains.iter().map(String::as_str))?;
        let place = plains.iter().position(|known| known == close)?;
        known.get(place).copied()
    })
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_found_however_it_is_spelled() {
        let known = [
            "username",
            "name",
            "surname",
            "full_name",
            "is_active",
            "created_by",
        ];
        for (sent, near) in [
            ("full-name", Some("full_name")),
            ("fullName", Some("full_name")),
            ("FULL NAME", Some("full_name")),
            ("fulname", Some("full_name")),
            ("usrname", Some("username")),
            ("nam", Some("name")),
            ("isActive", Some("is_active")),
            ("created-by", Some("created_by")),
            ("favourite_colour", None),
            ("é", None),
            ("", None),
        ] {
            assert_eq!(nearest(sent, &known), near, "{sent}");
        }
        assert_eq!(nearest(&"x".repeat(100_000), &known), None);
    }
}
