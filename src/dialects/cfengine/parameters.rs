//! The parameters of a query: the last of each name counts, an empty one is
//! none, unknown ones are passed over. A plus sign is a plus sign: names have no
//! blanks, but expressions for them have repetitions.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::error::ApiError;
use crate::directory::listing::{Pattern, Slice};

/// Decoded, by name.
pub struct Parameters(BTreeMap<String, String>);

/// Items on a page: when none is asked for, and at max.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub default: i64,
    pub max: i64,
}

/// A page by its number, from 1.
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
    /// `page` or `count` is no number above zero.
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
    /// No regular expression, or a too large one.
    pub fn pattern(&self, name: &str) -> Result<Option<Pattern>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let wrong = || {
            let why = format!("{name}: this is no regular expression, or a too large one.");
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
    fn pages_have_the_usual_size_and_never_more_than_the_most() {
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
    fn a_plus_sign_repeats_as_it_does_in_expressions() {
        let read = Parameters::read("id=^a.+%2B$");
        let pattern = read.pattern("id").unwrap_or_default();
        assert!(pattern.is_some_and(|pattern| pattern.fits("abc+")));
        assert!(Parameters::read("id=(").pattern("id").is_err());
    }
}
