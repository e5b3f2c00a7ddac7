//! `sort`: fields in order of significance.

use super::Limits;
use crate::jsonapi::error::{Error, excerpt};
use crate::jsonapi::{kinds, member};

/// One sort field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// The name, perhaps a path with dots.
    pub field: String,
    /// Whether it was sent with a minus sign.
    pub descending: bool,
}

/// Reads the value of `sort`. An empty value means the default order. Repeated fields are dropped,
/// because they cannot change the order.
pub(super) fn parse(value: &str, limits: &Limits) -> Result<Vec<SortKey>, Error> {
    let mut keys: Vec<SortKey> = Vec::new();
    if value.is_empty() {
        return Ok(keys);
    }
    for text in value.split(',') {
        let (field, descending) = match text.strip_prefix('-') {
            Some(field) => (field, true),
            None => (text, false),
        };
        if !member::is_legal_path(field) {
            let text = excerpt(text);
            return Err(kinds::INVALID_SORT.error(format!("{text} is not a sort field.")));
        }
        if keys.iter().any(|key| key.field == field) {
            continue;
        }
        if keys.len() >= limits.sort_keys {
            let limit = limits.sort_keys;
            return Err(kinds::INVALID_SORT.error(format!("More than {limit} sort fields.")));
        }
        keys.push(SortKey {
            field: field.to_owned(),
            descending,
        });
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(value: &str) -> Result<Vec<(String, bool)>, Error> {
        let keys = parse(value, &Limits::default())?;
        Ok(keys
            .into_iter()
            .map(|key| (key.field, key.descending))
            .collect())
    }

    #[test]
    fn a_minus_sign_means_descending_q12() {
        assert_eq!(
            keys("-created,name").unwrap(),
            [("created".to_owned(), true), ("name".to_owned(), false)]
        );
    }

    #[test]
    fn an_empty_value_means_the_default_order() {
        assert!(keys("").unwrap().is_empty());
    }

    #[test]
    fn a_field_counts_where_it_is_named_first() {
        assert_eq!(keys("name,-name").unwrap(), [("name".to_owned(), false)]);
    }

    #[test]
    fn what_is_no_field_is_refused() {
        for value in ["-", "--name", "name,", ",", " name", "+name", "_x"] {
            assert!(keys(value).is_err(), "{value}");
        }
    }

    #[test]
    fn the_number_of_fields_is_bounded() {
        let many: Vec<_> = (0..11).map(|n| n.to_string()).collect();
        assert!(keys(&many.join(",")).is_err());
    }
}
