//! `fields[TYPE]`: sparse fieldsets.

use crate::jsonapi::error::{Error, excerpt};
use crate::jsonapi::{kinds, member};

/// Sparse fieldsets by type; types without an entry have all fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields(Vec<(String, Vec<String>)>);

impl Fields {
    /// The fieldset of a type: `None` for all fields, empty for none (Q08).
    pub fn get(&self, r#type: &str) -> Option<&[String]> {
        self.0
            .iter()
            .find(|(name, _)| name == r#type)
            .map(|(_, fields)| fields.as_slice())
    }

    /// Whether a field of a type is part of the response.
    pub fn shows(&self, r#type: &str, field: &str) -> bool {
        self.get(r#type)
            .is_none_or(|fields| fields.iter().any(|name| name == field))
    }

    /// The types that have a fieldset, in the order of the request.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// All fieldsets, in the order of the request.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0
            .iter()
            .map(|(name, fields)| (name.as_str(), fields.as_slice()))
    }

    /// Whether there are no fieldsets.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the value of `fields[type]`.
    pub(super) fn add(&mut self, r#type: &str, value: &str) -> Result<(), Error> {
        let mut fields = Vec::new();
        if !value.is_empty() {
            for name in value.split(',') {
                if !member::is_legal(name) {
                    let name = excerpt(name);
                    return Err(kinds::INVALID_FIELDS.error(format!("{name} is not a field name.")));
                }
                fields.push(name.to_owned());
            }
        }
        self.0.push((r#type.to_owned(), fields));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fieldset_hides_all_other_fields_of_its_type_q08() {
        let mut fields = Fields::default();
        fields.add("users", "name,roles").unwrap();
        assert_eq!(
            fields.get("users"),
            Some(&["name".to_owned(), "roles".to_owned()][..])
        );
        assert!(fields.shows("users", "roles"));
        assert!(!fields.shows("users", "email"));
        assert!(fields.shows("roles", "email"));
        assert_eq!(fields.types().collect::<Vec<_>>(), ["users"]);
    }

    #[test]
    fn an_empty_fieldset_hides_everything_q08() {
        let mut fields = Fields::default();
        fields.add("users", "").unwrap();
        assert_eq!(fields.get("users"), Some(&[][..]));
        assert!(!fields.shows("users", "name"));
        assert!(!fields.is_empty());
    }

    #[test]
    fn illegal_names_are_refused() {
        for value in [",", "name,", "_x", "name, email", "a.b"] {
            assert!(Fields::default().add("users", value).is_err(), "{value}");
        }
    }
}
