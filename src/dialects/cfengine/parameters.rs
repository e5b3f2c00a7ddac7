//! Query parameters: of repeated ones the last is used; empty and unknown ones are
//! ignored. A plus sign is not a space: names contain none, but regular expressions
//! contain plus signs.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::error::ApiError;
use crate::directory::listing::{Pattern, Slice};

/// Decoded values by name.
pub struct Parameters(BTreeMap<String, String>);

/// Items per page: the default and the maximum.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub default: i64,
    pub max: i64,
}

/// A page; numbers start at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    pub number: i64,
    pub size: i64,
}

impl Page {
    pub const ONLY: Self = Self { number: 1, size: 1 };

    pub fn slice(self) -> Slice {
        Slice {
            offset: (self.number - 1).saturating_mul(self.size),
            limit: self.size,
        }
    }
}

impl Parameters {
    pub fn read(raw: &str) -> Self {
        let pairs = raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// # Errors
    /// `page` or `count` is not a positive integer.
    pub fn page(&self, sizes: Sizes) -> Result<Page, ApiError> {
        Ok(Page {
            number: self.number("page")?.unwrap_or(1),
            size: self
                .number("count")?
                .unwrap_or(sizes.default)
                .min(sizes.max),
        })
    }

    fn number(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let number = text.parse().ok().filter(|number| *number > 0);
        let wrong = || ApiError::BadRequest(format!("{name}: use a whole number from 1."));
        number.map(Some).ok_or_else(wrong)
    }

    /// # Errors
    /// Neither `true` nor `false`.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(ApiError::BadRequest(format!("{name}: use true or false."))),
        }
    }

    /// # Errors
    /// Not a regular expression, or one that is too large.
    pub fn pattern(&self, name: &str) -> Result<Option<Pattern>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let wrong = || {
            let why = format!("{name}: use a valid regular expression of moderate size.");
            ApiError::BadRequest(why)
        };
        Pattern::new(text).map(Some).ok_or_else(wrong)
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes {
        default: 50,
        max: 100,
    };

    #[test]
    fn pages_have_a_default_and_a_maximum_size() {
        let page = |raw| Parameters::read(raw).page(SIZES).ok();
        assert_eq!(
            page(""),
            Some(Page {
                number: 1,
                size: 50
            })
        );
        let last = Page { number: 3, size: 7 };
        assert_eq!(page("page=2&count=7&page=3&x"), Some(last));
        assert_eq!(
            page("count=101"),
            Some(Page {
                number: 1,
                size: 100
            })
        );
        for wrong in ["page=0", "page=-1", "count=x", "count=0", "page=1.5"] {
            assert_eq!(page(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_plus_sign_is_not_a_space() {
        let read = Parameters::read("id=^a.+%2B$");
        let pattern = read.pattern("id").unwrap_or_default();
        assert!(pattern.is_some_and(|pattern| pattern.fits("abc+")));
        assert!(Parameters::read("id=(").pattern("id").is_err());
    }
}
