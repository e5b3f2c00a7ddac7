//! Parses a raw query string into a [`Query`]: dispatches each parameter to its family.

use super::decode::{decode, decode_lossy, pairs};
use super::name::Name;
use super::parameter::{Parameter, group_parameters};
use super::{Fields, IncludePath, Limits, Query, SortKey, filter, include, page, sort};
use crate::jsonapi::error::{Error, Errors};
use crate::jsonapi::{kinds, member};

pub(super) fn parse(raw: &str, extras: &[&str], limits: &Limits) -> Result<Query, Errors> {
    check_size(raw, limits)?;
    let mut errors = Vec::new();
    let sent = decode_pairs(raw, &mut errors);
    let mut builder = QueryBuilder {
        extra_names: extras,
        limits,
        include: None,
        fields: Fields::default(),
        sort: Vec::new(),
        filter: filter::FilterBuilder::default(),
        page: page::PageBuilder::default(),
        extras: Vec::new(),
    };
    let mut repeated = Vec::new();
    for parameter in group_parameters(&sent, extras, &mut repeated) {
        if let Err(error) = builder.add(&parameter) {
            errors.push(error.at_parameter(parameter.sent_name));
        }
    }
    errors.extend(repeated.into_iter().map(|name| {
        let error = kinds::DUPLICATE_PARAMETER.error("The parameter is given more than once.");
        error.at_parameter(name)
    }));
    builder.finish(sent, errors)
}

fn check_size(raw: &str, limits: &Limits) -> Result<(), Error> {
    if raw.len() > limits.max_length {
        let limit = limits.max_length;
        return Err(kinds::QUERY_TOO_LONG.error(format!("More than {limit} bytes.")));
    }
    let limit = limits.max_parameters;
    if pairs(raw).nth(limit).is_some() {
        return Err(kinds::TOO_MANY_PARAMETERS.error(format!("More than {limit} parameters.")));
    }
    Ok(())
}

/// Parameters that cannot be decoded are reported and dropped.
fn decode_pairs(raw: &str, errors: &mut Vec<Error>) -> Vec<(String, String)> {
    let mut sent = Vec::new();
    for (name, value) in pairs(raw) {
        match (decode(name), decode(value)) {
            (Ok(name), Ok(value)) => sent.push((name, value)),
            _ => errors.push(
                kinds::INVALID_ENCODING
                    .error("The parameter is not UTF-8.")
                    .at_parameter(decode_lossy(name)),
            ),
        }
    }
    sent
}

/// Collects the parameters of a query.
struct QueryBuilder<'a> {
    extra_names: &'a [&'a str],
    limits: &'a Limits,
    include: Option<Vec<IncludePath>>,
    fields: Fields,
    sort: Vec<SortKey>,
    filter: filter::FilterBuilder,
    page: page::PageBuilder,
    extras: Vec<(String, String)>,
}

impl QueryBuilder<'_> {
    /// Adds one parameter; the caller adds the source to an error.
    fn add(&mut self, parameter: &Parameter<'_>) -> Result<(), Error> {
        let value = parameter.values.first().copied().unwrap_or_default();
        if self.extra_names.contains(&parameter.name) {
            return self.add_extra(parameter.name, value);
        }
        let Some(name) = Name::parse(parameter.name) else {
            return Err(kinds::INVALID_PARAMETER_NAME
                .error("A name is a base name followed by member names in brackets."));
        };
        match (name.base, name.members.as_slice()) {
            ("include", []) => {
                self.include = Some(include::parse(&parameter.joined(), self.limits)?)
            }
            ("sort", []) => self.sort = sort::parse(&parameter.joined(), self.limits)?,
            ("fields", [r#type]) if member::is_legal(r#type) => {
                self.fields.add(r#type, &parameter.joined())?;
            }
            ("filter", members) => self.filter.add(members, parameter, self.limits)?,
            ("page", []) => self.page.add("number", value, self.limits)?,
            ("page_size", []) => self.page.add("size", value, self.limits)?,
            ("page", [member]) => self.page.add(member, value, self.limits)?,
            ("include" | "sort", _) => {
                return Err(kinds::INVALID_PARAMETER_NAME
                    .error("The parameter takes no member in brackets."));
            }
            ("fields", _) => {
                let detail = "The parameter takes exactly one type in brackets.";
                return Err(kinds::INVALID_PARAMETER_NAME.error(detail));
            }
            _ => {
                let detail = "The parameter is not supported here.";
                return Err(kinds::UNKNOWN_PARAMETER.error(detail));
            }
        }
        Ok(())
    }

    fn add_extra(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let limit = self.limits.value_length;
        if value.len() > limit {
            let detail = format!("The value is longer than {limit} bytes.");
            return Err(kinds::INVALID_PARAMETER.error(detail));
        }
        self.extras.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    fn finish(self, sent: Vec<(String, String)>, mut errors: Vec<Error>) -> Result<Query, Errors> {
        let count = self.page.count;
        let asked_size = self.page.size;
        let page = match self.page.finish(&sent, self.limits) {
            Ok(page) => Some(page),
            Err(conflicts) => {
                errors.extend(conflicts);
                None
            }
        };
        if let Some(errors) = Errors::from_vec(errors) {
            return Err(errors);
        }
        Ok(Query {
            include: self.include,
            fields: self.fields,
            sort: self.sort,
            filter: self.filter.finish(),
            page: page.unwrap_or_else(|| page::Page::first(self.limits)),
            count,
            extras: self.extras,
            sent,
            asked_size,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonapi::error::Source;

    fn query(raw: &str) -> Result<Query, Errors> {
        Query::parse(raw, &["q", "id", "roles"], &Limits::default())
    }

    /// Code and parameter of each error.
    fn errors(raw: &str) -> Vec<(&'static str, String)> {
        let errors = query(raw).unwrap_err();
        errors
            .into_iter()
            .map(|error| match error.source {
                Some(Source::Parameter(name)) => (error.code, name),
                other => panic!("no parameter but {other:?}"),
            })
            .collect()
    }

    fn error(raw: &str) -> (&'static str, String) {
        let mut all = errors(raw);
        assert_eq!(all.len(), 1, "{raw}");
        all.remove(0)
    }

    #[test]
    fn all_families_are_read_together() {
        let query =
            query("include=roles&fields[users]=name&sort=-name&filter[name]=x&page[number]=2&q=y")
                .unwrap();
        assert_eq!(query.include.unwrap().len(), 1);
        assert!(query.fields.shows("users", "name"));
        assert!(query.sort[0].descending);
        assert!(query.filter.is_some());
        assert!(matches!(query.page, page::Page::Number { number: 2, .. }));
        assert_eq!(query.extras, [("q".to_owned(), "y".to_owned())]);
    }

    #[test]
    fn encoded_brackets_and_commas_mean_the_same_q11() {
        let plain = query("fields[users]=a,b&page[size]=3").unwrap();
        let encoded = query("fields%5Busers%5D=a%2Cb&page%5bsize%5d=3").unwrap();
        assert_eq!(plain, encoded);
    }

    #[test]
    fn lists_are_the_same_in_every_spelling() {
        let same = |plain: &str, others: &[&str]| {
            let plain = query(plain).unwrap();
            for other in others {
                let other = query(other).unwrap();
                assert_eq!(other.include, plain.include, "{other:?}");
                assert_eq!(other.fields, plain.fields, "{other:?}");
                assert_eq!(other.sort, plain.sort, "{other:?}");
            }
        };
        same(
            "sort=-a,b",
            &[
                "sort=-a&sort=b",
                "sort[]=-a&sort[]=b",
                "sort[1]=b&sort[0]=-a",
            ],
        );
        same(
            "include=a,b.c",
            &[
                "include=a&include=b.c",
                "include[]=a&include[]=b.c",
                "include[0]=a,b.c",
            ],
        );
        same(
            "fields[users]=a,b",
            &[
                "fields[users]=a&fields[users]=b",
                "fields[users][0]=a&fields[users][1]=b",
            ],
        );
        same("include=", &["include[]=", "include=&include="]);
    }

    #[test]
    fn an_empty_include_is_not_an_absent_one_q03() {
        assert_eq!(query("include=").unwrap().include, Some(Vec::new()));
        assert_eq!(query("include").unwrap().include, Some(Vec::new()));
        assert_eq!(query("sort=a").unwrap().include, None);
    }

    #[test]
    fn unknown_parameters_are_400_q20_q22() {
        for name in ["foo", "fooBar", "foo_bar", "foo[bar]", "Include"] {
            assert_eq!(
                error(&format!("{name}=1")),
                ("unknown_parameter", name.to_owned())
            );
        }
    }

    #[test]
    fn an_endpoints_own_parameters_are_understood_by_their_exact_name_q20() {
        assert!(query("id=1&roles=a").is_ok());
        assert_eq!(error("id[x]=1").0, "unknown_parameter");
        assert!(Query::parse("id=1", &[], &Limits::default()).is_err());
    }

    #[test]
    fn names_that_break_the_rules_are_400_q21() {
        for name in [
            "filter[_]",
            "filter[a",
            "include[x]",
            "sort[a]",
            "fields",
            "fields[]",
            "fields[users][a]",
            "fields[a.b]",
            "_",
            "page[_]",
        ] {
            assert_eq!(
                error(&format!("{name}=1")),
                ("invalid_parameter_name", name.to_owned())
            );
        }
        assert_eq!(error("=1"), ("invalid_parameter_name", String::new()));
    }

    #[test]
    fn a_parameter_given_twice_is_400_also_under_an_alias() {
        assert_eq!(
            error("page[number]=1&page=1"),
            ("duplicate_parameter", "page".to_owned())
        );
        assert_eq!(
            error("page_size=1&page%5Bsize%5D=1"),
            ("duplicate_parameter", "page[size]".to_owned())
        );
        assert_eq!(error("q=a&q=a").0, "duplicate_parameter");
    }

    #[test]
    fn what_is_not_utf8_is_400() {
        assert_eq!(
            error("filter[a]=%ff"),
            ("invalid_encoding", "filter[a]".to_owned())
        );
        assert_eq!(error("%ff=1"), ("invalid_encoding", "\u{fffd}".to_owned()));
    }

    #[test]
    fn every_wrong_parameter_has_its_error() {
        let names: Vec<_> = errors("foo=1&sort=-&page[size]=0&include=_&sort=a")
            .into_iter()
            .map(|(_, name)| name)
            .collect();
        assert_eq!(names, ["foo", "sort", "page[size]", "include"]);
    }

    #[test]
    fn the_whole_is_bounded() {
        let long = format!("q={}", "x".repeat(8191));
        assert_eq!(query(&long).unwrap_err().status(), 414);
        let many = vec!["a=1"; 101].join("&");
        let errors = query(&many).unwrap_err();
        assert_eq!(errors.iter().count(), 1);
        assert_eq!(errors.status(), 400);
    }

    #[test]
    fn the_values_of_own_parameters_are_bounded() {
        assert_eq!(
            error(&format!("q={}", "x".repeat(1025))),
            ("invalid_parameter", "q".to_owned())
        );
    }

    #[test]
    fn no_query_string_breaks_the_parser_q24() {
        for raw in [
            "&",
            "=",
            "?",
            "%",
            "%%%",
            "[",
            "]",
            "[]",
            "a[]]",
            "filter[][]=",
            "=&=",
            "&&&=",
            "include=%00",
            "sort=%F0%9F%98%80",
            "filter[%F0%9F%98%80]=1",
            "page[after]=%00",
            "filter[or][or][or]=1",
            "fields[%C3%BC]=%C3%BC",
            "\u{0}",
            "ä[ö]=ü",
        ] {
            if let Err(errors) = query(raw) {
                assert!(errors.status() < 500, "{raw}");
            }
        }
    }
}
