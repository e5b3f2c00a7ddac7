//! Converts filters into conditions on the columns of a resource type.

use std::str::FromStr;

use super::decode;
use super::resource::{AttributeKind, Column, CustomFilter, Resource};
use crate::directory::clock;
use crate::directory::listing::{
    Comparison, Condition, CustomCondition, Entity, Named, Operand, Pattern,
};
use crate::directory::search::{SEARCHED_ANYWHERE, Words};
use crate::jsonapi::query::{Filter, Limits, Operator, Test};
use crate::jsonapi::{Error, kinds};

/// The client-generated id of a resource: a UUID, stored in lower case.
pub const EXTERNAL_ID: &str = "external_id";

/// The condition of a filter; errors are added to `errors`.
pub fn to_condition<R: Resource>(
    filter: &Filter,
    limits: &Limits,
    errors: &mut Vec<Error>,
) -> Option<Condition<Column<R>>> {
    let mut all = |parts: &[Filter]| {
        let conditions: Vec<_> = parts
            .iter()
            .map(|part| to_condition::<R>(part, limits, errors))
            .collect();
        conditions.into_iter().collect::<Option<Vec<_>>>()
    };
    match filter {
        Filter::All(parts) => all(parts).map(Condition::All),
        Filter::Any(parts) => all(parts).map(Condition::Any),
        Filter::Test(test) => match condition::<R>(test, limits) {
            Ok(condition) => Some(condition),
            Err(detail) => {
                let error = kinds::INVALID_FILTER.error(detail);
                errors.push(error.at_parameter(test.parameter.as_str()));
                None
            }
        },
    }
}

fn condition<R: Resource>(test: &Test, limits: &Limits) -> Result<Condition<Column<R>>, String> {
    if let Some((_, own)) = R::FILTERS.iter().find(|(name, _)| *name == test.field) {
        return match own {
            CustomFilter::Roles => roles(test),
            CustomFilter::Search => match test.operator {
                Operator::In if test.has_separate_values => Err("A search is one text.".into()),
                Operator::Eq | Operator::In => search::<R>(&test.text(), limits),
                _ => Err(unfit(test)),
            },
        };
    }
    let Some((column, kind)) = column_named::<R>(&test.field) else {
        return Err(format!("{} cannot be filtered by {}.", R::TYPE, test.field));
    };
    let comparison = comparison(test.operator);
    let mut operands = operands(test, comparison, kind)?;
    if test.field == EXTERNAL_ID {
        for operand in &mut operands {
            if let Operand::Text(id) = operand {
                id.make_ascii_lowercase();
            }
        }
    }
    let exact = Condition::Test {
        column,
        comparison,
        operands,
    };
    if comparison != Comparison::Contains || !R::SEARCH_COLUMNS.contains(&column) {
        return Ok(exact);
    }
    let text = test.text();
    let is_found = text.chars().count() >= SEARCHED_ANYWHERE;
    Ok(match Pattern::holding(&text).filter(|_| is_found) {
        // The index finds candidates; the pattern is then compared exactly.
        Some(pattern) => Condition::Test {
            column,
            comparison: Comparison::Matches,
            operands: vec![Operand::Pattern(pattern)],
        },
        None => exact,
    })
}

/// The column of an attribute, or of `id`, a to-one relationship or `external_id`,
/// which are filters as well.
fn column_named<R: Resource>(name: &str) -> Option<(Column<R>, AttributeKind)> {
    if name == "id" {
        return Some((<R::Entity as Entity>::ID, AttributeKind::Number));
    }
    if let Some((_, column)) = R::FOREIGN_KEYS.iter().find(|(known, _)| *known == name) {
        return Some((*column, AttributeKind::Number));
    }
    if name == EXTERNAL_ID {
        return Some((R::EXTERNAL_ID?, AttributeKind::Text));
    }
    let attribute = R::attribute(name)?;
    Some((attribute.column?, attribute.kind))
}

fn comparison(operator: Operator) -> Comparison {
    match operator {
        Operator::Eq | Operator::In => Comparison::Equal,
        Operator::Ne | Operator::NotIn => Comparison::NotEqual,
        Operator::Lt => Comparison::Less,
        Operator::Le => Comparison::LessOrEqual,
        Operator::Gt => Comparison::Greater,
        Operator::Ge => Comparison::GreaterOrEqual,
        Operator::Prefix => Comparison::Prefix,
        Operator::Suffix => Comparison::Suffix,
        Operator::Contains => Comparison::Contains,
        Operator::Regex => Comparison::Matches,
        Operator::Null => Comparison::Null,
    }
}

fn unfit(test: &Test) -> String {
    let name = test.operator.name();
    format!("The operator {name} means nothing for {}.", test.field)
}

fn operands(
    test: &Test,
    comparison: Comparison,
    kind: AttributeKind,
) -> Result<Vec<Operand>, String> {
    let looks_into_text = matches!(
        comparison,
        Comparison::Prefix | Comparison::Suffix | Comparison::Contains | Comparison::Matches
    );
    if looks_into_text && kind != AttributeKind::Text {
        return Err(unfit(test));
    }
    if comparison == Comparison::Matches {
        let pattern = Pattern::new(&test.text());
        return match pattern {
            Some(pattern) => Ok(vec![Operand::Pattern(pattern)]),
            None => Err("This is no regular expression, or a too large one.".into()),
        };
    }
    let kind = match comparison {
        Comparison::Null => AttributeKind::Flag,
        _ => kind,
    };
    test.values
        .iter()
        .map(|value| operand(kind, value))
        .collect()
}

fn operand(kind: AttributeKind, value: &str) -> Result<Operand, String> {
    match kind {
        AttributeKind::Text => text(value).map(|text| Operand::Text(text.to_owned())),
        AttributeKind::Flag => bool::from_str(value)
            .map(Operand::Flag)
            .map_err(|_| format!("{value:?} is neither true nor false.")),
        AttributeKind::Number => value
            .parse()
            .map(Operand::Number)
            .map_err(|_| format!("{value:?} is not a whole number.")),
        AttributeKind::Time => clock::parse(value)
            .map(|moment| Operand::Text(clock::precise_text(moment)))
            .ok_or_else(|| format!("{value:?} is not {}.", clock::FORM)),
        AttributeKind::Amount => Err("An amount cannot be compared.".into()),
        AttributeKind::Structure => Err("A list cannot be compared.".into()),
    }
}

/// No stored text contains NUL, and PostgreSQL rejects it.
fn text(value: &str) -> Result<&str, String> {
    if value.contains('\0') {
        return Err("A text may not contain the character NUL.".into());
    }
    Ok(value)
}

/// The users who hold one of these roles, given by id or name.
fn roles<C>(test: &Test) -> Result<Condition<C>, String> {
    let named = || -> Result<Named, String> {
        let mut named = Named::default();
        for value in &test.values {
            named.names.push(text(value)?.to_owned());
            match decode::id(value) {
                decode::NO_SUCH_ID => {}
                id => named.ids.push(id),
            }
        }
        Ok(named)
    };
    let (named, holds) = match test.operator {
        Operator::Eq | Operator::In => (Some(named()?), true),
        Operator::Ne | Operator::NotIn => (Some(named()?), false),
        Operator::Null => (None, test.text() == "false"),
        _ => return Err(unfit(test)),
    };
    Ok(Condition::Custom(CustomCondition::Roles { named, holds }))
}

/// The resources that have each of these words in one of the searched columns,
/// regardless of case. Without words: all of them.
pub fn search<R: Resource>(words: &str, limits: &Limits) -> Result<Condition<Column<R>>, String> {
    let words = Words::at_most(limits.search_words, text(words)?);
    let words = words.map_err(|error| error.to_string())?;
    if words.are_indexed() {
        return Ok(Condition::Custom(CustomCondition::Search(words)));
    }
    // PostgreSQL's trigram index has no entries for one or two characters that are
    // not letters: these are searched as prefixes, which have indexes of their own.
    let begins = |word: &String, column: &Column<R>| Condition::Test {
        column: *column,
        comparison: Comparison::Prefix,
        operands: vec![Operand::Text(word.clone())],
    };
    let columns = || {
        R::SEARCH_COLUMNS
            .iter()
            .filter(|column| R::Entity::is_indexed(**column))
    };
    let tests = words
        .anywhere()
        .iter()
        .map(|word| Condition::Any(columns().map(|column| begins(word, column)).collect()));
    Ok(Condition::All(tests.collect()))
}
