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
mod tests {
    use super::*;
    use crate::jsonapi::error::Source;
    use crate::jsonapi::query::Query;

    fn parse(raw: &str) -> Result<Query, Vec<Error>> {
        Query::parse(raw, &[], &Limits::default()).map_err(|errors| errors.into_iter().collect())
    }

    fn page(raw: &str) -> Page {
        parse(raw).unwrap().page
    }

    fn only_error(raw: &str) -> Error {
        let mut errors = parse(raw).unwrap_err();
        assert_eq!(errors.len(), 1, "{raw}: {errors:?}");
        errors.remove(0)
    }

    fn numbered(number: u64, size: u64, capped: bool) -> Page {
        Page::Number {
            number,
            size,
            capped,
        }
    }

    #[test]
    fn pages_have_numbers_and_a_default_size_q14() {
        assert_eq!(page("page[number]=3"), numbered(3, 20, false));
        assert_eq!(page("page[size]=5"), numbered(1, 5, false));
    }

    #[test]
    fn aliases_mix_with_the_canonical_names_q14() {
        assert_eq!(page("page=2&page[size]=7"), numbered(2, 7, false));
        assert_eq!(page("page[number]=2&page_size=7"), numbered(2, 7, false));
    }

    #[test]
    fn sizes_above_the_maximum_are_capped() {
        assert_eq!(page("page[size]=100"), numbered(1, 100, false));
        assert_eq!(page("page[size]=101"), numbered(1, 100, true));
        assert_eq!(
            page("page[limit]=99999999999999999999999"),
            Page::Offset {
                offset: 0,
                limit: 100,
                capped: true
            }
        );
    }

    #[test]
    fn numbers_beyond_all_databases_are_cut_q24() {
        assert_eq!(
            page("page=99999999999999999999999"),
            numbered(LARGEST, 20, false)
        );
    }

    #[test]
    fn offsets_may_be_zero() {
        assert_eq!(
            page("page[offset]=0&page[limit]=3"),
            Page::Offset {
                offset: 0,
                limit: 3,
                capped: false
            }
        );
    }

    #[test]
    fn what_is_no_positive_integer_is_400_q17() {
        for raw in [
            "page=0",
            "page=-1",
            "page=1.5",
            "page=",
            "page=abc",
            "page=%2B1",
            "page=1e3",
            "page=%D9%A1",
        ] {
            let error = only_error(raw);
            assert_eq!(error.status, 400, "{raw}");
            assert_eq!(
                error.source,
                Some(Source::Parameter("page".into())),
                "{raw}"
            );
        }
        let error = only_error("page_size=0");
        assert_eq!(error.source, Some(Source::Parameter("page_size".into())));
        only_error("page[offset]=-1");
        only_error("page[limit]=0");
    }

    #[test]
    fn cursors_come_with_or_without_a_size() {
        assert_eq!(
            page("page[after]=a%3D&page[size]=5"),
            Page::Cursor {
                after: Some("a=".into()),
                before: None,
                size: Some(5)
            }
        );
        assert_eq!(
            page("page[before]=b&page[after]=a"),
            Page::Cursor {
                after: Some("a".into()),
                before: Some("b".into()),
                size: None
            }
        );
        only_error("page[after]=");
        only_error("page[after]=a&page[size]=x");
    }

    #[test]
    fn the_cursor_profile_refuses_sizes_above_the_maximum_k10() {
        let error = only_error("page[after]=a&page[size]=500");
        assert_eq!(error.status, 400);
        assert_eq!(error.type_link, Some(MAX_SIZE_EXCEEDED_TYPE));
        assert_eq!(error.source, Some(Source::Parameter("page[size]".into())));
        assert_eq!(
            Value::Object(*error.meta.unwrap()),
            json!({"page": {"maxSize": 100}})
        );
    }

    #[test]
    fn one_style_a_request_k17() {
        let source = |raw: &str| only_error(raw).source.unwrap();
        assert_eq!(
            source("page=1&page[after]=a"),
            Source::Parameter("page".into())
        );
        assert_eq!(
            source("page[after]=a&page[limit]=1"),
            Source::Parameter("page[limit]".into())
        );
        assert_eq!(
            source("page_size=1&page[offset]=1"),
            Source::Parameter("page_size".into())
        );
        assert_eq!(
            parse("page=1&page_size=2&page[limit]=1").unwrap_err().len(),
            2
        );
    }

    #[test]
    fn the_total_is_a_matter_of_choice_and_of_every_style() {
        assert_eq!(parse("page[count]=none").unwrap().count, Some(Count::None));
        assert_eq!(
            parse("page[count]=exact&page[after]=x").unwrap().count,
            Some(Count::Exact)
        );
        assert_eq!(
            parse("page[count]=estimated&page[limit]=1").unwrap().count,
            Some(Count::Estimated)
        );
        assert_eq!(parse("page=1").unwrap().count, None);
        only_error("page[count]=all");
    }

    #[test]
    fn unknown_members_are_400_q19() {
        assert_eq!(only_error("page[foo]=1").code, "unknown_parameter");
        only_error("page[]=1");
        only_error("page[size][max]=1");
    }
}
