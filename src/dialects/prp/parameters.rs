//! Query parameters: of repeated ones the last is used, unknown ones are ignored, and
//! lists are separated by commas.

use std::collections::BTreeMap;

use super::error::ApiError;
use super::field_errors::FieldErrors;
use super::fields::NOT_A_CHOICE;
use crate::directory::portal::Portal;
use crate::directory::search::Words;

/// Decoded values by name.
#[derive(Debug, Default)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    pub fn read(raw: &str) -> Self {
        let pairs = raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    /// `None` if it is missing or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    pub fn list(&self, name: &str) -> Option<Vec<&str>> {
        let items = self.get(name)?.split(',').map(str::trim);
        let items: Vec<&str> = items.filter(|item| !item.is_empty()).collect();
        Some(items).filter(|items| !items.is_empty())
    }

    /// The words to search for.
    ///
    /// # Errors
    /// There are too many words.
    pub fn words(&self, name: &str, max: usize) -> Result<Option<Words>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let words = Words::at_most(max, text);
        let words = words.map_err(|error| FieldErrors::one(name, "invalid", &error.to_string()))?;
        Ok(Some(words).filter(|words| !words.is_empty()))
    }

    /// # Errors
    /// An item is not a number.
    pub fn ids(&self, name: &str) -> Result<Option<Vec<i64>>, ApiError> {
        let Some(items) = self.list(name) else {
            return Ok(None);
        };
        let ids: Result<Vec<i64>, _> = items.iter().map(|item| item.parse()).collect();
        let wrong =
            |_| FieldErrors::one(name, "invalid", "Enter whole numbers separated by commas.");
        Ok(Some(ids.map_err(wrong)?))
    }

    /// A list of choices.
    ///
    /// # Errors
    /// An item is not one of the choices.
    pub fn choices<T>(
        &self,
        name: &str,
        choice: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<Vec<T>>, ApiError> {
        let Some(items) = self.list(name) else {
            return Ok(None);
        };
        let chosen: Result<Vec<T>, ApiError> = items
            .iter()
            .map(|item| {
                choice(item).ok_or_else(|| {
                    let message = format!("\"{item}\" {NOT_A_CHOICE}");
                    FieldErrors::one(name, "invalid_choice", &message).into()
                })
            })
            .collect();
        chosen.map(Some)
    }

    /// # Errors
    /// The portal does not exist.
    pub fn portal(&self) -> Result<Option<Portal>, ApiError> {
        let portal = self.choices("portal", |text| match text {
            "CLUSTER" => Some(Portal::Cluster),
            "IP" => Some(Portal::Ip),
            _ => None,
        })?;
        Ok(portal.and_then(|portal| portal.into_iter().next_back()))
    }

    /// The known sort keys, each with whether it is descending.
    pub fn order<K>(&self, key: impl Fn(&str) -> Option<K>) -> Vec<(K, bool)> {
        let items = self.list("ordering").unwrap_or_default().into_iter();
        let keys = items.filter_map(|item| match item.strip_prefix('-') {
            Some(name) => Some((key(name)?, true)),
            None => Some((key(item)?, false)),
        });
        keys.take(MAX_SORT_KEYS).collect()
    }
}

/// Sort keys of one request; further ones are ignored.
const MAX_SORT_KEYS: usize = 8;

/// Invalid UTF-8 and NUL are replaced, so that they match nothing.
fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(&text).collect();
    String::from_utf8_lossy(&bytes).replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_repeated_parameters_is_used_and_empty_ones_are_ignored() {
        let read = Parameters::read("roles=A&roles=B%2CC,&title=&x");
        assert_eq!(read.list("roles"), Some(vec!["B", "C"]));
        assert_eq!(read.get("title"), None);
        assert_eq!(read.list("x"), None);
    }

    #[test]
    fn a_list_of_ids_holds_numbers() {
        let read = Parameters::read("partners=1,%202&clusters=1,x");
        assert_eq!(read.ids("partners").unwrap(), Some(vec![1, 2]));
        assert!(read.ids("clusters").is_err());
        assert_eq!(read.ids("workspaces").unwrap(), None);
    }
}
