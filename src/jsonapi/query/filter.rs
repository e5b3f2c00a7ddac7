//! The `filter` family: tests, all of which must hold, and groups of which one must.
//!
//! `filter[FIELD]=v`, `filter[FIELD]=a,b`, `filter[FIELD][OPERATOR]=v`; with `filter[or][N]` in
//! front of the field the test belongs to group N: the tests of a group must all hold, and one of
//! the groups must. Groups may hold groups.

use std::collections::BTreeMap;

use super::Limits;
use super::parameter::Parameter;
use crate::jsonapi::error::{Error, excerpt};
use crate::jsonapi::kinds;

/// A condition. Combinations have at least two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// All parts hold.
    All(Vec<Filter>),
    /// One of the parts holds.
    Any(Vec<Filter>),
    /// One test.
    Test(Test),
}

impl Filter {
    /// All tests within, in the order of the parts.
    pub fn tests(&self) -> Vec<&Test> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::tests).collect(),
            Self::Test(test) => vec![test],
        }
    }
}

/// One comparison of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// The field, perhaps a path with dots.
    pub field: String,
    /// How to compare.
    pub operator: Operator,
    /// The operands: exactly one, but one or more for `In` and `NotIn`. For `Null`: `true` or
    /// `false`.
    pub values: Vec<String>,
    /// Whether each value was sent separately. Otherwise they were sent joined with commas.
    pub has_separate_values: bool,
    /// The name of the parameter as sent, for the source of an error.
    pub parameter: String,
}

impl Test {
    /// The value as it was sent, with its commas.
    pub fn text(&self) -> String {
        self.values.join(",")
    }
}

/// How a test compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `eq`, and the operator of `filter[FIELD]` without a comma in the value.
    Eq,
    /// `ne`
    Ne,
    /// `in`, and the operator of `filter[FIELD]` with a comma in the value.
    In,
    /// `nin`
    NotIn,
    /// `lt`
    Lt,
    /// `le`
    Le,
    /// `gt`
    Gt,
    /// `ge`
    Ge,
    /// `prefix`
    Prefix,
    /// `suffix`
    Suffix,
    /// `contains`
    Contains,
    /// `null`: whether the field has no value.
    Null,
    /// `regex`: not parsed here.
    Regex,
}

impl Operator {
    /// All operators, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::Eq,
        Self::Ne,
        Self::In,
        Self::NotIn,
        Self::Lt,
        Self::Le,
        Self::Gt,
        Self::Ge,
        Self::Prefix,
        Self::Suffix,
        Self::Contains,
        Self::Null,
        Self::Regex,
    ];

    /// The name in the brackets of a parameter.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::In => "in",
            Self::NotIn => "nin",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Prefix => "prefix",
            Self::Suffix => "suffix",
            Self::Contains => "contains",
            Self::Null => "null",
            Self::Regex => "regex",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|o| o.name() == name)
    }
}

/// Collects the tests.
#[derive(Debug, Default)]
pub(super) struct FilterBuilder {
    root: Group,
    tests: usize,
}

#[derive(Debug, Default)]
struct Group {
    tests: Vec<Test>,
    /// Groups of which one must hold, by number.
    alternatives: BTreeMap<u32, Group>,
}

impl FilterBuilder {
    /// Adds one parameter with `members` in brackets.
    pub(super) fn add(
        &mut self,
        members: &[&str],
        parameter: &Parameter<'_>,
        limits: &Limits,
    ) -> Result<(), Error> {
        let (groups, rest) = split_groups(members, limits)?;
        let (field, operator) = match rest {
            [field] if !field.is_empty() && *field != "or" => (*field, None),
            [field, operator] if !field.is_empty() && *field != "or" => (*field, Some(*operator)),
            _ => {
                return Err(kinds::INVALID_FILTER.error(
                    "A filter is named filter[FIELD] or filter[FIELD][OPERATOR], \
                            with [or][NUMBER] in front of the field for alternatives.",
                ));
            }
        };
        let (operator, values) = comparison(operator, parameter, limits)?;
        if self.tests >= limits.filter_tests {
            let limit = limits.filter_tests;
            return Err(kinds::INVALID_FILTER.error(format!("More than {limit} tests.")));
        }
        self.tests += 1;
        let group = groups.into_iter().fold(&mut self.root, |group, number| {
            group.alternatives.entry(number).or_default()
        });
        group.tests.push(Test {
            field: field.to_owned(),
            operator,
            values,
            has_separate_values: parameter.has_separate_values,
            parameter: parameter.sent_name.to_owned(),
        });
        Ok(())
    }

    pub(super) fn finish(self) -> Option<Filter> {
        self.root.finish()
    }
}

impl Group {
    /// Recursive; `filter_depth` limits the depth.
    fn finish(self) -> Option<Filter> {
        let mut parts: Vec<_> = self.tests.into_iter().map(Filter::Test).collect();
        let alternatives = self
            .alternatives
            .into_values()
            .filter_map(Self::finish)
            .collect();
        parts.extend(combine(alternatives, Filter::Any));
        combine(parts, Filter::All)
    }
}

/// Combines parts; a single part is returned as it is.
fn combine(mut parts: Vec<Filter>, by: fn(Vec<Filter>) -> Filter) -> Option<Filter> {
    if parts.len() > 1 {
        Some(by(parts))
    } else {
        parts.pop()
    }
}

/// Splits the groups off the start of a name.
fn split_groups<'a, 'b>(
    mut members: &'a [&'b str],
    limits: &Limits,
) -> Result<(Vec<u32>, &'a [&'b str]), Error> {
    let mut groups = Vec::new();
    while let ["or", number, rest @ ..] = members {
        let number = Some(number)
            .filter(|number| number.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| {
                let number = excerpt(number);
                kinds::INVALID_FILTER.error(format!("{number} is not a group number."))
            })?;
        groups.push(number);
        if groups.len() > limits.filter_depth {
            let limit = limits.filter_depth;
            return Err(kinds::INVALID_FILTER.error(format!("More than {limit} levels of groups.")));
        }
        members = rest;
    }
    Ok((groups, members))
}

fn comparison(
    operator: Option<&str>,
    parameter: &Parameter<'_>,
    limits: &Limits,
) -> Result<(Operator, Vec<String>), Error> {
    let is_plain = operator.is_none();
    let value = parameter.values.first().copied().unwrap_or_default();
    let are_several = match parameter.has_separate_values {
        true => parameter.values.len() > 1,
        false => value.contains(','),
    };
    let operator = match operator {
        None if are_several => Operator::In,
        None => Operator::Eq,
        Some(name) => Operator::named(name).ok_or_else(|| {
            let name = excerpt(name);
            kinds::INVALID_FILTER.error(format!("There is no operator {name}."))
        })?,
    };
    let takes_lists = is_plain || matches!(operator, Operator::In | Operator::NotIn);
    if parameter.has_separate_values && !takes_lists {
        let name = operator.name();
        let detail = format!("The operator {name} takes one value, not a list.");
        return Err(kinds::INVALID_FILTER.error(detail));
    }
    let values: Vec<_> = match operator {
        _ if parameter.has_separate_values => {
            parameter.values.iter().map(ToString::to_string).collect()
        }
        Operator::In | Operator::NotIn => value
            .split(',')
            .take(limits.filter_values.saturating_add(1))
            .map(str::to_owned)
            .collect(),
        _ => vec![value.to_owned()],
    };
    if values.len() > limits.filter_values {
        let limit = limits.filter_values;
        return Err(kinds::INVALID_FILTER.error(format!("More than {limit} values.")));
    }
    if values.iter().any(|value| value.len() > limits.value_length) {
        let limit = limits.value_length;
        return Err(kinds::INVALID_FILTER.error(format!("A value is longer than {limit} bytes.")));
    }
    if operator == Operator::Null && !matches!(value, "true" | "false") {
        let value = excerpt(value);
        return Err(
            kinds::INVALID_FILTER.error(format!("{value} is neither \"true\" nor \"false\"."))
        );
    }
    Ok((operator, values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonapi::error::Source;
    use crate::jsonapi::query::Query;

    fn filter(raw: &str) -> Filter {
        Query::parse(raw, &[], &Limits::default())
            .unwrap()
            .filter
            .unwrap()
    }

    fn error(raw: &str) -> Error {
        let errors = Query::parse(raw, &[], &Limits::default()).unwrap_err();
        errors.into_iter().next().unwrap()
    }

    /// A short form of a filter, for comparison.
    fn shown(filter: &Filter) -> String {
        let list = |parts: &[Filter]| parts.iter().map(shown).collect::<Vec<_>>().join(" ");
        match filter {
            Filter::All(parts) => format!("all({})", list(parts)),
            Filter::Any(parts) => format!("any({})", list(parts)),
            Filter::Test(test) => {
                format!("{}.{}={}", test.field, test.operator.name(), test.text())
            }
        }
    }

    #[test]
    fn a_field_without_an_operator_is_compared_exactly_q18() {
        let Filter::Test(test) = filter("filter%5Busername%5D=a%25_*") else {
            panic!("one test stands for itself");
        };
        assert_eq!(test.field, "username");
        assert_eq!(test.operator, Operator::Eq);
        assert_eq!(test.values, ["a%_*"]);
        assert_eq!(test.parameter, "filter[username]");
    }

    #[test]
    fn a_comma_asks_for_any_of_the_values() {
        let Filter::Test(test) = filter("filter[id]=1,2%2C3") else {
            panic!("one test stands for itself");
        };
        assert_eq!(test.operator, Operator::In);
        assert_eq!(test.values, ["1", "2", "3"]);
        assert_eq!(test.text(), "1,2,3");
    }

    #[test]
    fn every_operator_is_found_by_its_name() {
        for operator in Operator::ALL {
            let name = operator.name();
            let Filter::Test(test) = filter(&format!("filter[a][{name}]=true")) else {
                panic!("one test stands for itself");
            };
            assert_eq!(test.operator, *operator);
        }
    }

    #[test]
    fn values_that_come_one_by_one_keep_their_commas() {
        let values = |raw: &str| match filter(raw) {
            Filter::Test(test) => (test.operator, test.values),
            _ => panic!("one test stands for itself"),
        };
        for raw in [
            "filter[a]=x,y&filter[a]=z",
            "filter[a][]=x,y&filter[a][]=z",
            "filter[a][0]=x,y&filter[a][1]=z",
            "filter[a][in]=x,y&filter[a][in]=z",
            "filter[a][in][]=x,y&filter[a][in][]=z",
        ] {
            let wanted = (Operator::In, vec!["x,y".to_owned(), "z".to_owned()]);
            assert_eq!(values(raw), wanted, "{raw}");
        }
        let one = (Operator::Eq, vec!["x,y".to_owned()]);
        assert_eq!(values("filter[a][]=x,y"), one);
        assert_eq!(values("filter[a][0]=x,y"), one);
        let none = values("filter[a][nin][]=x,y").0;
        assert_eq!(none, Operator::NotIn);
        assert_eq!(
            shown(&filter(
                "filter[or][0][a][]=1&filter[or][0][a][]=2&filter[or][1][b]=3"
            )),
            "any(a.in=1,2 b.eq=3)"
        );
        for raw in [
            "filter[a][lt][]=1",
            "filter[a][contains][0]=x",
            "filter[or][0][]=1",
        ] {
            assert_eq!(error(raw).code, "invalid_filter", "{raw}");
        }
    }

    #[test]
    fn only_in_and_nin_split_at_commas() {
        assert_eq!(filter("filter[a][in]=x,y").tests()[0].values, ["x", "y"]);
        assert_eq!(filter("filter[a][nin]=x,y").tests()[0].values, ["x", "y"]);
        assert_eq!(filter("filter[a][eq]=x,y").tests()[0].values, ["x,y"]);
        assert_eq!(
            filter("filter[a][regex]=x{1,2}").tests()[0].values,
            ["x{1,2}"]
        );
    }

    #[test]
    fn tests_must_all_hold() {
        assert_eq!(
            shown(&filter("filter[a]=1&filter[b][ne]=2")),
            "all(a.eq=1 b.ne=2)"
        );
    }

    #[test]
    fn one_of_the_groups_must_hold_and_all_tests_of_a_group() {
        let raw = "filter[or][1][c]=3&filter[or][0][a]=1&filter[or][0][b][gt]=2&filter[d]=4";
        assert_eq!(
            shown(&filter(raw)),
            "all(d.eq=4 any(all(a.eq=1 b.gt=2) c.eq=3))"
        );
    }

    #[test]
    fn groups_may_hold_groups() {
        let raw = "filter[or][0][or][0][a]=1&filter[or][0][or][1][b]=2&filter[or][1][c]=3";
        assert_eq!(shown(&filter(raw)), "any(any(a.eq=1 b.eq=2) c.eq=3)");
    }

    #[test]
    fn a_single_group_stands_for_itself() {
        assert_eq!(shown(&filter("filter[or][7][a]=1")), "a.eq=1");
    }

    #[test]
    fn paths_are_fields_too() {
        assert_eq!(shown(&filter("filter[roles.name]=x")), "roles.name.eq=x");
    }

    #[test]
    fn unknown_operators_and_malformed_names_are_400_q19() {
        for raw in [
            "filter=x",
            "filter[a][like]=x",
            "filter[]=x",
            "filter[a][eq][b]=x",
            "filter[or]=x",
            "filter[or][x][a]=1",
            "filter[or][0]=1",
            "filter[or][-1][a]=1",
            "filter[or][0][a][eq][b]=1",
            "filter[or][99999999999][a]=1",
            "filter[or][eq]=x",
        ] {
            let error = error(raw);
            assert_eq!(error.status, 400, "{raw}");
            let name = raw.split_once('=').unwrap().0;
            assert_eq!(error.source, Some(Source::Parameter(name.into())), "{raw}");
        }
    }

    #[test]
    fn null_takes_true_or_false() {
        assert_eq!(shown(&filter("filter[a][null]=false")), "a.null=false");
        assert_eq!(error("filter[a][null]=1").code, "invalid_filter");
    }

    #[test]
    fn depth_tests_values_and_their_length_are_bounded() {
        assert_eq!(shown(&filter("filter[or][0][or][0][or][0][a]=1")), "a.eq=1");
        error("filter[or][0][or][0][or][0][or][0][a]=1");
        let values = vec!["1"; 101].join(",");
        error(&format!("filter[a]={values}"));
        error(&format!("filter[a]={}", "x".repeat(1025)));
        let tests: Vec<_> = (0..51).map(|n| format!("filter[f{n}]=1")).collect();
        error(&tests.join("&"));
    }
}
