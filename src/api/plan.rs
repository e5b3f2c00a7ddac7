//! What a query asks of one resource type, checked against its table.

use std::str::FromStr;

use super::error::Failure;
use super::include::{self, Tree};
use super::paging::Paging;
use super::resource::{Attribute, Column, Kind, Resource};
use super::resources::is_field;
use crate::directory::clock;
use crate::directory::listing::{Comparison, Condition, List, Operand, SortBy};
use crate::jsonapi::kinds;
use crate::jsonapi::query::{Filter, Operator, Query, Test};
use crate::jsonapi::{Error, Errors};

/// A checked query for a list of `R`.
pub struct Plan<R: Resource> {
    pub paging: Paging,
    pub include: Option<Tree>,
    condition: Option<Condition<Column<R>>>,
    sort: Vec<SortBy<Column<R>>>,
}

impl<R: Resource> Plan<R> {
    pub fn of_list(query: &Query) -> Result<Self, Failure> {
        let mut errors = Vec::new();
        check_fields(query, &mut errors);
        let include = include::tree::<R>(query, &mut errors);
        let sort = sort::<R>(query, &mut errors);
        let condition = query
            .filter
            .as_ref()
            .and_then(|f| filter::<R>(f, &mut errors));
        finish(errors)?;
        Ok(Self {
            paging: Paging::of(query, None)?,
            include,
            condition,
            sort,
        })
    }

    /// Confined to one id as well: the document's `?id=N`.
    pub fn with_id(mut self, id: Option<&str>) -> Self {
        if let Some(id) = id {
            let mut parts = vec![equal_id::<R>(id)];
            parts.extend(self.condition.take());
            self.condition = Some(Condition::All(parts));
        }
        self
    }

    pub fn list(
        &self,
        of: Option<<R::Noun as crate::directory::listing::Noun>::Of>,
    ) -> List<R::Noun> {
        List {
            of,
            condition: self.condition.clone(),
            sort: self.sort.clone(),
            counted: self.paging.is_counted(),
            ..List::new(self.paging.slice())
        }
    }
}

/// For answers with one resource of `R`: includes and sparse fields only.
pub fn of_one<R: Resource>(query: &Query) -> Result<Option<Tree>, Failure> {
    let mut errors = Vec::new();
    check_fields(query, &mut errors);
    refuse_families(query, &["page", "filter", "sort"], &mut errors);
    let tree = include::tree::<R>(query, &mut errors);
    finish(errors)?;
    Ok(tree)
}

/// For answers without resources.
pub fn of_none(query: &Query) -> Result<(), Failure> {
    let mut errors = Vec::new();
    refuse_families(
        query,
        &["page", "filter", "sort", "include", "fields"],
        &mut errors,
    );
    finish(errors)
}

/// For linkage: a page of it, and what its path may include.
pub fn of_linkage<R: Resource>(
    query: &Query,
    relationship: &str,
    usual: i64,
) -> Result<(Paging, Option<Tree>), Failure> {
    let mut errors = Vec::new();
    check_fields(query, &mut errors);
    refuse_families(query, &["filter", "sort"], &mut errors);
    let tree = include::tree_from::<R>(query, Some(relationship), &mut errors);
    finish(errors)?;
    Ok((Paging::of(query, Some(usual))?, tree))
}

fn finish(errors: Vec<Error>) -> Result<(), Failure> {
    Errors::from_vec(errors).map_or(Ok(()), |errors| Err(errors.into()))
}

fn refuse_families(query: &Query, families: &[&str], errors: &mut Vec<Error>) {
    for family in families {
        if let Some(sent) = query.first_of_family(family) {
            let detail = format!("{sent} means nothing for this address.");
            errors.push(kinds::INVALID_PARAMETER.error(detail).at_parameter(sent));
        }
    }
}

fn check_fields(query: &Query, errors: &mut Vec<Error>) {
    for (kind, names) in query.fields.iter() {
        let parameter = format!("fields[{kind}]");
        for name in names {
            if !is_field(kind, name) {
                let detail = format!("There is no field {name} of the type {kind}.");
                errors.push(kinds::INVALID_FIELDS.error(detail).at_parameter(&parameter));
            }
        }
        if names.is_empty() && !super::resources::is_type(kind) {
            let detail = format!("There is no type {kind}.");
            errors.push(kinds::INVALID_FIELDS.error(detail).at_parameter(&parameter));
        }
    }
}

fn sort<R: Resource>(query: &Query, errors: &mut Vec<Error>) -> Vec<SortBy<Column<R>>> {
    let mut keys = Vec::new();
    for key in &query.sort {
        match column_named::<R>(&key.field) {
            Some((column, _)) => keys.push(SortBy {
                column,
                descending: key.descending,
            }),
            None => {
                let detail = format!("{} cannot be sorted by {}.", R::TYPE, key.field);
                errors.push(kinds::INVALID_SORT.error(detail).at_parameter("sort"));
            }
        }
    }
    keys
}

/// `id` is no attribute, but can be filtered and sorted by.
fn column_named<R: Resource>(name: &str) -> Option<(Column<R>, Kind)> {
    if name == "id" {
        return Some((R::ID, Kind::Number));
    }
    let attribute: &Attribute<R> = R::attribute(name)?;
    Some((attribute.column?, attribute.kind))
}

fn filter<R: Resource>(filter: &Filter, errors: &mut Vec<Error>) -> Option<Condition<Column<R>>> {
    let mut all = |parts: &[Filter]| {
        let conditions: Vec<_> = parts
            .iter()
            .map(|part| self::filter::<R>(part, errors))
            .collect();
        conditions.into_iter().collect::<Option<Vec<_>>>()
    };
    match filter {
        Filter::All(parts) => all(parts).map(Condition::All),
        Filter::Any(parts) => all(parts).map(Condition::Any),
        Filter::Test(test) => match condition::<R>(test) {
            Ok(condition) => Some(condition),
            Err(error) => {
                errors.push(error);
                None
            }
        },
    }
}

fn condition<R: Resource>(test: &Test) -> Result<Condition<Column<R>>, Error> {
    let refuse = |detail: String| {
        Err(kinds::INVALID_FILTER
            .error(detail)
            .at_parameter(test.parameter.as_str()))
    };
    let Some((column, kind)) = column_named::<R>(&test.field) else {
        return refuse(format!("{} cannot be filtered by {}.", R::TYPE, test.field));
    };
    let Some(comparison) = comparison(test.operator) else {
        let name = test.operator.name();
        return refuse(format!(
            "The operator {name} is not served for {} yet.",
            test.field
        ));
    };
    let kind = if comparison == Comparison::Null {
        Kind::Flag
    } else {
        kind
    };
    let operands: Result<Vec<Operand>, String> = test
        .values
        .iter()
        .map(|value| operand(kind, value))
        .collect();
    match operands {
        Ok(operands) => Ok(Condition::Test {
            column,
            comparison,
            operands,
        }),
        Err(detail) => refuse(detail),
    }
}

fn comparison(operator: Operator) -> Option<Comparison> {
    match operator {
        Operator::Eq | Operator::In => Some(Comparison::Equal),
        Operator::Ne | Operator::NotIn => Some(Comparison::NotEqual),
        Operator::Lt => Some(Comparison::Less),
        Operator::Le => Some(Comparison::LessOrEqual),
        Operator::Gt => Some(Comparison::Greater),
        Operator::Ge => Some(Comparison::GreaterOrEqual),
        Operator::Null => Some(Comparison::Null),
        Operator::Prefix | Operator::Suffix | Operator::Contains | Operator::Regex => None,
    }
}

fn operand(kind: Kind, value: &str) -> Result<Operand, String> {
    match kind {
        // NUL is in no text, and PostgreSQL would choke on it.
        Kind::Text if value.contains('\0') => {
            Err("A text may not contain the character NUL.".into())
        }
        Kind::Text => Ok(Operand::Text(value.to_owned())),
        Kind::Flag => bool::from_str(value)
            .map(Operand::Flag)
            .map_err(|_| format!("{value:?} is neither true nor false.")),
        Kind::Number => value
            .parse()
            .map(Operand::Number)
            .map_err(|_| format!("{value:?} is not a whole number.")),
        Kind::Time => clock::parse(value)
            .map(|moment| Operand::Text(clock::text(moment)))
            .ok_or_else(|| format!("{value:?} is not a time like 2016-12-13T12:08:02+00:00.")),
        Kind::Structure => Err("A list cannot be compared.".into()),
    }
}

/// What is no id matches nothing.
fn equal_id<R: Resource>(id: &str) -> Condition<Column<R>> {
    Condition::Test {
        column: R::ID,
        comparison: Comparison::Equal,
        operands: vec![Operand::Number(super::decode::id(id))],
    }
}
