//! The `page` family: numbered pages, offsets, cursors.

use serde_json::{Map, Value, json};

use super::{Limits, name};
use crate::jsonapi::error::{Error, excerpt};
use crate::jsonapi::kinds;

/// The error type that the cursor pagination profile defines for sizes above the maximum.
const MAX_SIZE_EXCEEDED_TYPE: &str =
    "https://jsonapi.org/profiles/ethanresnick/cursor-pagination/max-size-exceeded";

/// Larger numbers are capped to this one, so that they fit a database's signed integers.
const LARGEST: u64 = i64::MAX as u64;

/// The requested page of a list. A request uses one style (K17).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// `page[number]` and `page[size]`, also as `page` and `page_size`.
    Number {
        /// From 1.
        number: u64,
        /// At least 1, at most the maximum.
        size: u64,
        /// Whether a larger size was requested.
        capped: bool,
    },
    /// `page[offset]` and `page[limit]`.
    Offset {
        /// The number of items to skip.
        offset: u64,
        /// At least 1, at most the maximum.
        limit: u64,
        /// Whether a larger limit was requested.
        capped: bool,
    },
    /// The cursor pagination profile; cursors are not decoded here.
    Cursor {
        /// The page starts after this cursor.
        after: Option<String>,
        /// The page ends before this cursor.
        before: Option<String>,
        /// At least 1, at most the maximum; the default depends on the cursors (K11).
        size: Option<u64>,
    },
}

impl Page {
    /// The page of requests without page parameters.
    pub fn first(limits: &Limits) -> Self {
        Self::Number {
            number: 1,
            size: limits.default_page_size,
            capped: false,
        }
    }
}

/// `page[count]`: whether the total is wanted, and how exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// No total.
    None,
    /// The exact total.
    Exact,
    /// An estimated total.
    Estimated,
}

/// K10: the size is above the maximum. The caller adds the source.
pub(super) fn max_size_exceeded(size: u64, limits: &Limits) -> Error {
    let max = limits.max_page_size;
    let mut meta = Map::new();
    meta.insert("page".to_owned(), json!({ "maxSize": max }) as Value);
    kinds::MAX_SIZE_EXCEEDED
        .error(format!("A page has at most {max} items, not {size}."))
        .with_type_link(MAX_SIZE_EXCEEDED_TYPE)
        .with_meta(meta)
}

/// Collects the members of the family.
#[derive(Debug, Default)]
pub(super) struct PageBuilder {
    number: Option<u64>,
    pub(super) size: Option<u64>,
    offset: Option<u64>,
    limit: Option<u64>,
    after: Option<String>,
    before: Option<String>,
    pub(super) count: Option<Count>,
}

impl PageBuilder {
    /// Adds `page[member]`.
    pub(super) fn add(&mut self, member: &str, value: &str, limits: &Limits) -> Result<(), Error> {
        match member {
            "number" => self.number = Some(positive(value)?),
            "size" => self.size = Some(positive(value)?),
            "offset" => self.offset = Some(integer(value)?),
            "limit" => self.limit = Some(positive(value)?),
            "after" => self.after = Some(cursor(value, limits)?),
            "before" => self.before = Some(cursor(value, limits)?),
            "count" => self.count = Some(count(value)?),
            _ => return Err(kinds::UNKNOWN_PARAMETER.error("No such page parameter.")),
        }
        Ok(())
    }

    /// Determines the style; `sent` are all parameters of the request.
    pub(super) fn finish(
        self,
        sent: &[(String, String)],
        limits: &Limits,
    ) -> Result<Page, Vec<Error>> {
        let conflicts: Vec<_> = self
            .conflicts()
            .iter()
            .filter_map(|canonical| name::sent_as(sent, canonical))
            .map(|parameter| {
                kinds::CONFLICTING_PAGES
                    .error(
                        "The parameter belongs to another style of paging than other parameters.",
                    )
                    .at_parameter(parameter)
            })
            .collect();
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        self.build(limits).map_err(|error| {
            let parameter = name::sent_as(sent, "page[size]").unwrap_or("page[size]");
            vec![error.at_parameter(parameter)]
        })
    }

    fn is_by_cursor(&self) -> bool {
        self.after.is_some() || self.before.is_some()
    }

    fn is_by_offset(&self) -> bool {
        self.offset.is_some() || self.limit.is_some()
    }

    /// The parameters of other styles, whether they were sent or not.
    fn conflicts(&self) -> &'static [&'static str] {
        if self.is_by_cursor() {
            &["page[number]", "page[offset]", "page[limit]"]
        } else if self.is_by_offset() {
            &["page[number]", "page[size]"]
        } else {
            &[]
        }
    }

    fn build(self, limits: &Limits) -> Result<Page, Error> {
        let max = limits.max_page_size;
        let capped = |size: Option<u64>| {
            let asked = size.unwrap_or(limits.default_page_size);
            (asked.min(max), asked > max)
        };
        if self.is_by_cursor() {
            if let Some(size) = self.size.filter(|size| *size > max) {
                return Err(max_size_exceeded(size, limits));
            }
            return Ok(Page::Cursor {
                after: self.after,
                before: self.before,
                size: self.size,
            });
        }
        if self.is_by_offset() {
            let (limit, capped) = capped(self.limit);
            let offset = self.offset.unwrap_or(0);
            return Ok(Page::Offset {
                offset,
                limit,
                capped,
            });
        }
        let (size, capped) = capped(self.size);
        let number = self.number.unwrap_or(1);
        Ok(Page::Number {
            number,
            size,
            capped,
        })
    }
}

fn positive(value: &str) -> Result<u64, Error> {
    match integer(value) {
        Ok(number) if number > 0 => Ok(number),
        _ => {
            let value = excerpt(value);
            Err(kinds::INVALID_PAGE.error(format!("{value} is not a positive integer.")))
        }
    }
}

fn integer(value: &str) -> Result<u64, Error> {
    if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
        let value = excerpt(value);
        return Err(kinds::INVALID_PAGE.error(format!("{value} is not a non-negative integer.")));
    }
    // Digits only: parsing fails only if the number is too large.
    Ok(value.parse().unwrap_or(LARGEST).min(LARGEST))
}

fn cursor(value: &str, limits: &Limits) -> Result<String, Error> {
    if value.is_empty() || value.len() > limits.cursor_length {
        return Err(kinds::INVALID_PAGE.error("This is not a cursor."));
    }
    Ok(value.to_owned())
}

fn count(value: &str) -> Result<Count, Error> {
    match value {
        "none" => Ok(Count::None),
        "exact" => Ok(Count::Exact),
        "estimated" => Ok(Count::Estimated),
        other => {
            let other = excerpt(other);
            Err(kinds::INVALID_PAGE.error(format!(
                "{other} is none of \"none\", \"exact\", \"estimated\"."
            )))
        }
    }
}

#[cfg(test)]
mod tests;
