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
mod tests;
