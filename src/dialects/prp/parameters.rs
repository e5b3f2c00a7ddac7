//! The parameters of a query: the last of each name counts, unknown ones are
//! passed over, a list is one parameter with commas.

use std::collections::BTreeMap;

use super::error::ApiError;
use super::field_errors::FieldErrors;
use super::fields::NOT_A_CHOICE;
use crate::directory::portal::Portal;
use crate::directory::search::Words;

/// Decoded, by name.
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

    /// None where nothing was sent for it.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    pub fn list(&self, name: &str) -> Option<Vec<&str>> {
        let items = self.get(name)?.split(',').map(str::trim);
        let items: Vec<&str> = items.filter(|item| !item.is_empty()).collect();
        Some(items).filter(|items| !items.is_empty())
    }

    /// What is searched for.
    ///
    /// # Errors
    /// There are too many words.
    pub fn words(&self, name: &str, most: usize) -> Result<Option<Words>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let words = Words::at_most(most, text);
        let words = words.map_err(|error| FieldErrors::one(name, "invalid", &error.to_string()))?;
        Ok(Some(words).filter(|words| !words.is_empty()))
    }

    /// # Errors
    /// Something in the list is no number.
    pub fn ids(&self, name: &str) -> Result<Option<Vec<i64>>, ApiError> {
        let Some(items) = self.list(name) else {
            return Ok(None);
        };
        let ids: Result<Vec<i64>, _> = items.iter().map(|item| item.parse()).collect();
        let wrong = |_| {
            FieldErrors::one(
                name,
                "invalid",
                "Enter whole numbers, with commas between them.",
            )
        };
        Ok(Some(ids.map_err(wrong)?))
    }

    /// Each item as one of the choices.
    ///
    /// # Errors
    /// An item is none of them.
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
    /// There is no such half.
    pub fn portal(&self) -> Result<Option<Portal>, ApiError> {
        let portal = self.choices("portal", |text| match text {
            "CLUSTER" => Some(Portal::Cluster),
            "IP" => Some(Portal::Ip),
            _ => None,
        })?;
        Ok(portal.and_then(|portal| portal.into_iter().next_back()))
    }

    /// The known ones of the keys that are sorted by, and whether each descends.
    pub fn order<K>(&self, key: impl Fn(&str) -> Option<K>) -> Vec<(K, bool)> {
        let items = self.list("ordering").unwrap_or_default().into_iter();
        let keys = items.filter_map(|item| match item.strip_prefix('-') {
            Some(name) => Some((key(name)?, true)),
            None => Some((key(item)?, false)),
        });
        keys.take(MAX_SORT_KEYS).collect()
    }
}

/// Keys that one list is sorted by.
const MAX_SORT_KEYS: usize = 8;

/// Bytes that are no text, and NUL, which no text here has, find nothing.
fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(&text).collect();
    String::from_utf8_lossy(&bytes).replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_name_counts_and_an_empty_one_is_none() {
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
