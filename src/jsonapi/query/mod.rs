//! Parses query strings: all parameter families of JSON:API 1.1.
//!
//! Checks the grammar only. The caller checks types, fields, paths and operators; each value has
//! the parameter name that an error needs as its source.

mod cursor;
mod decode;
mod fields;
mod filter;
mod include;
mod limits;
mod link;
mod name;
mod page;
mod parameter;
mod parse;
mod sort;

pub use cursor::{Cursor, UNSUPPORTED_SORT};
pub use fields::Fields;
pub use filter::{Filter, Operator, Test};
pub use include::IncludePath;
pub use limits::Limits;
pub use page::{Count, Page};
pub use sort::SortKey;

use super::error::{Error, Errors};

/// A parsed query string.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The paths of `include`: `None` if it is absent, empty for `include=` (Q03).
    pub include: Option<Vec<IncludePath>>,
    /// The sparse fieldsets.
    pub fields: Fields,
    /// The sort keys in order of significance, without duplicates.
    pub sort: Vec<SortKey>,
    /// All tests of the `filter` family.
    pub filter: Option<Filter>,
    /// The page; by default the first one with the default size.
    pub page: Page,
    /// `page[count]`: whether the total is wanted, and how exact.
    pub count: Option<Count>,
    /// The endpoint's own parameters that were sent, in the order of the request.
    pub extras: Vec<(String, String)>,
    /// All parameters as sent, decoded, in the order of the request.
    sent: Vec<(String, String)>,
    /// The requested page size, before it is capped.
    asked_size: Option<u64>,
}

impl Query {
    /// Parses a raw query string, without its `?`. `extras` are the exact names of the endpoint's
    /// own parameters.
    ///
    /// # Errors
    /// 400 with one error for each invalid parameter, with `source.parameter` as sent (Q25); 414 for
    /// a query string that is too long, which is not parsed.
    pub fn parse(raw: &str, extras: &[&str], limits: &Limits) -> Result<Self, Errors> {
        if raw.is_empty() {
            return Ok(Self::empty(limits));
        }
        parse::parse(raw, extras, limits)
    }

    /// The meaning of an absent query string.
    pub fn empty(limits: &Limits) -> Self {
        Self {
            include: None,
            fields: Fields::default(),
            sort: Vec::new(),
            filter: None,
            page: Page::first(limits),
            count: None,
            extras: Vec::new(),
            sent: Vec::new(),
            asked_size: None,
        }
    }

    /// Whether the request has no parameters.
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// The names of all parameters as sent, decoded, in the order of the request.
    pub fn parameter_names(&self) -> impl Iterator<Item = &str> {
        self.sent.iter().map(|(name, _)| name.as_str())
    }

    /// The value of one of the endpoint's own parameters.
    pub fn extra(&self, name: &str) -> Option<&str> {
        self.extras
            .iter()
            .find(|(extra, _)| extra == name)
            .map(|(_, value)| value.as_str())
    }

    /// The name of a parameter as it was sent, for the source of an error: `page[size]` may have
    /// been sent as `page_size`. `None` if it was not sent.
    pub fn sent_as(&self, canonical: &str) -> Option<&str> {
        name::sent_as(&self.sent, canonical)
    }

    /// The first parameter of a family (`page`, `filter`, `fields`, `include`, `sort`) as sent, for
    /// endpoints that reject the family (Q26). Aliases belong to their family.
    pub fn first_of_family(&self, family: &str) -> Option<&str> {
        self.parameter_names().find(|sent| {
            let is_extra = self.extras.iter().any(|(extra, _)| extra == sent);
            !is_extra && name::family(sent) == family
        })
    }

    /// The page for requests whose `Accept` names the cursor pagination profile. Explicit paging by
    /// number or offset keeps its style.
    ///
    /// # Errors
    /// 400 with the profile's link if the size is above the maximum (K10).
    pub fn cursor_page(&self, limits: &Limits) -> Result<Page, Error> {
        let Page::Number { .. } = self.page else {
            return Ok(self.page.clone());
        };
        if self.sent_as("page[number]").is_some() {
            return Ok(self.page.clone());
        }
        if let Some(size) = self.asked_size.filter(|size| *size > limits.max_page_size) {
            let parameter = self.sent_as("page[size]").unwrap_or("page[size]");
            return Err(page::max_size_exceeded(size, limits).at_parameter(parameter));
        }
        Ok(Page::Cursor {
            after: None,
            before: None,
            size: self.asked_size,
        })
    }

    /// Appends a link: `base`, then `?` and all parameters of the request, percent-encoded (D13), so
    /// that it needs no escaping in JSON.
    ///
    /// `replace` sets parameters, given by canonical name (`page[number]`), to other values. They
    /// keep the name that the client used, or are appended. An empty value removes the parameter.
    /// Without parameters there is no `?`.
    pub fn write_link(&self, out: &mut Vec<u8>, base: &str, replace: &[(&str, &str)]) {
        link::write(out, base, &self.sent, replace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonapi::error::Source;

    fn parse(raw: &str) -> Query {
        Query::parse(raw, &["q", "id"], &Limits::default()).unwrap()
    }

    #[test]
    fn an_empty_query_asks_for_the_first_page() {
        let query = parse("");
        assert!(query.is_empty());
        assert_eq!(query.page, Page::first(&Limits::default()));
        assert_eq!(query.include, None);
    }

    #[test]
    fn parameters_are_known_by_the_name_that_was_sent() {
        let query = parse("page_size=5&page%5Bnumber%5D=2&q=x");
        assert_eq!(query.sent_as("page[size]"), Some("page_size"));
        assert_eq!(query.sent_as("page[number]"), Some("page[number]"));
        assert_eq!(query.sent_as("sort"), None);
        let names: Vec<_> = query.parameter_names().collect();
        assert_eq!(names, ["page_size", "page[number]", "q"]);
        assert_eq!(query.extra("q"), Some("x"));
        assert_eq!(query.extra("id"), None);
    }

    #[test]
    fn a_family_is_found_by_its_members_and_aliases_q26() {
        assert_eq!(
            parse("sort=a&page_size=5").first_of_family("page"),
            Some("page_size")
        );
        assert_eq!(
            parse("filter[a]=1").first_of_family("filter"),
            Some("filter[a]")
        );
        assert_eq!(
            parse("fields[users]=a").first_of_family("fields"),
            Some("fields[users]")
        );
        assert_eq!(parse("sort=a").first_of_family("page"), None);
    }

    #[test]
    fn under_the_cursor_profile_a_bare_size_is_a_cursor_page() {
        let limits = Limits::default();
        let page = |raw: &str| parse(raw).cursor_page(&limits);
        let cursor = |size| Page::Cursor {
            after: None,
            before: None,
            size,
        };
        assert_eq!(page(""), Ok(cursor(None)));
        assert_eq!(page("page_size=5"), Ok(cursor(Some(5))));
        assert!(matches!(page("page=1"), Ok(Page::Number { .. })));
        assert!(matches!(page("page[offset]=1"), Ok(Page::Offset { .. })));
        let error = page("page_size=101").unwrap_err();
        assert_eq!(error.source, Some(Source::Parameter("page_size".into())));
        assert!(error.type_link.unwrap().ends_with("/max-size-exceeded"));
    }
}
