//! Checks a query string against the table of one resource type.

use serde_json::Value;

use super::error::ApiError;
use super::filter;
use super::include::{self, IncludeTree};
use super::paging::{CursorOrder, Paging, PagingDefaults};
use super::resource::{AttributeKind, Column, Resource, Row};
use super::resources::is_field;
use crate::directory::listing::{Comparison, Condition, Entity, List, Operand, SortBy};
use crate::jsonapi::kinds;
use crate::jsonapi::query::{Limits, Page, Query, SortKey, UNSUPPORTED_SORT};
use crate::jsonapi::write::AttributeValue;
use crate::jsonapi::{Error, Errors};

/// A checked query for a list of `R`.
pub struct Plan<R: Resource> {
    pub paging: Paging,
    pub include: Option<IncludeTree>,
    condition: Option<Condition<Column<R>>>,
    sort: Vec<SortBy<Column<R>>>,
    /// The value of each sort field; `None` is the id.
    getters: Vec<Option<Getter<R>>>,
    order: CursorOrder,
}

/// The search parameter of collections that can be searched.
pub const SEARCH: &str = "q";

type Getter<R> = for<'a> fn(&'a Row<R>) -> AttributeValue<'a>;

impl<R: Resource> Plan<R> {
    pub fn parse_list(query: &Query, defaults: &PagingDefaults<'_>) -> Result<Self, ApiError> {
        let mut errors = Vec::new();
        check_fields::<R>(query, &mut errors);
        let include = include::tree::<R>(query, &mut errors);
        let keys = sort::<R>(query, defaults, &mut errors);
        let condition = condition::<R>(query, defaults.limits, &mut errors);
        finish(errors)?;
        let order = CursorOrder {
            sort: keys.iter().map(Key::name).collect::<Vec<_>>().join(","),
            kinds: keys.iter().map(|key| key.kind).collect(),
        };
        Ok(Self {
            paging: Paging::of(query, defaults, &order)?,
            include,
            condition,
            sort: keys.iter().map(|key| key.by).collect(),
            getters: keys.iter().map(|key| key.get).collect(),
            order,
        })
    }

    /// The cursor of a row in this list.
    pub fn cursor(&self, row: &Row<R>) -> String {
        let value = |get: &Option<Getter<R>>| match get.map(|get| get(row)) {
            None => R::id(row).into(),
            Some(AttributeValue::Null | AttributeValue::Json(_)) => Value::Null,
            Some(AttributeValue::Text(text)) => text.into(),
            Some(AttributeValue::Flag(flag)) => flag.into(),
            Some(AttributeValue::Number(number)) => number.into(),
        };
        self.order
            .cursor(self.getters.iter().map(value).collect(), R::id(row))
    }

    /// Adds the filter `?id=N`.
    pub fn with_id(mut self, id: Option<&str>) -> Self {
        if let Some(id) = id {
            let mut parts = vec![equal_id::<R>(id)];
            parts.extend(self.condition.take());
            self.condition = Some(Condition::All(parts));
        }
        self
    }

    pub fn list(&self, parent: Option<<R::Entity as Entity>::Parent>) -> List<R::Entity> {
        List {
            parent,
            condition: self.condition.clone(),
            sort: self.sort.clone(),
            seek: self.paging.seek(),
            count: self.paging.count(),
            ..List::new(self.paging.slice())
        }
    }
}

/// For responses with one resource of `R`: only `include` and sparse fieldsets.
pub fn parse_one<R: Resource>(query: &Query) -> Result<Option<IncludeTree>, ApiError> {
    let mut errors = Vec::new();
    check_fields::<R>(query, &mut errors);
    refuse_families(query, &["page", "filter", "sort"], &mut errors);
    let tree = include::tree::<R>(query, &mut errors);
    finish(errors)?;
    Ok(tree)
}

/// For responses without resources: rejects all parameters.
pub fn refuse_parameters(query: &Query) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    refuse_families(
        query,
        &["page", "filter", "sort", "include", "fields"],
        &mut errors,
    );
    finish(errors)
}

/// For linkage: paging, and `include` along its relationship.
pub fn parse_linkage<R: Resource>(
    query: &Query,
    relationship: &str,
    defaults: &PagingDefaults<'_>,
) -> Result<(Paging, Option<IncludeTree>), ApiError> {
    let mut errors = Vec::new();
    check_fields::<R>(query, &mut errors);
    refuse_families(query, &["filter", "sort"], &mut errors);
    let tree = include::tree_from::<R>(query, Some(relationship), &mut errors);
    finish(errors)?;
    Ok((Paging::of(query, defaults, &CursorOrder::default())?, tree))
}

fn finish(errors: Vec<Error>) -> Result<(), ApiError> {
    Errors::from_vec(errors).map_or(Ok(()), |errors| Err(errors.into()))
}

fn refuse_families(query: &Query, families: &[&str], errors: &mut Vec<Error>) {
    for family in families {
        if let Some(sent) = query.first_of_family(family) {
            let detail = format!("{sent} is not supported at this URL.");
            errors.push(kinds::INVALID_PARAMETER.error(detail).at_parameter(sent));
        }
    }
}

fn check_fields<R: Resource>(query: &Query, errors: &mut Vec<Error>) {
    // The trash shows other fields of the same type.
    let is_field = |kind: &str, name: &str| match kind == R::TYPE {
        true => R::is_field(name),
        false => is_field(kind, name),
    };
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

/// The conjunction of `filter` and `q`.
fn condition<R: Resource>(
    query: &Query,
    limits: &Limits,
    errors: &mut Vec<Error>,
) -> Option<Condition<Column<R>>> {
    let filter = query.filter.as_ref();
    let filter = filter.and_then(|wanted| filter::to_condition::<R>(wanted, limits, errors));
    let Some(words) = query.extra(SEARCH) else {
        return filter;
    };
    let search = match R::SEARCH_COLUMNS {
        [_, ..] if words.trim().is_empty() => return filter,
        [] => Err(kinds::UNKNOWN_PARAMETER.error("The parameter is not supported here.")),
        _ => filter::search::<R>(words, limits).map_err(|why| kinds::INVALID_PARAMETER.error(why)),
    };
    match search {
        Ok(search) => Some(Condition::All(filter.into_iter().chain([search]).collect())),
        Err(error) => {
            errors.push(error.at_parameter(SEARCH));
            None
        }
    }
}

/// One sort field.
struct Key<R: Resource> {
    field: &'static str,
    by: SortBy<Column<R>>,
    kind: AttributeKind,
    get: Option<Getter<R>>,
}

impl<R: Resource> Key<R> {
    /// As in the `sort` parameter.
    fn name(&self) -> String {
        let sign = if self.by.descending { "-" } else { "" };
        format!("{sign}{}", self.field)
    }

    fn of(key: &SortKey) -> Option<Self> {
        let by = |column| SortBy {
            column,
            descending: key.descending,
        };
        if key.field == "id" {
            return Some(Self {
                field: "id",
                by: by(<R::Entity as Entity>::ID),
                kind: AttributeKind::Number,
                get: None,
            });
        }
        let attribute = R::attribute(&key.field)?;
        Some(Self {
            field: attribute.name,
            by: by(attribute.column?),
            kind: attribute.kind,
            get: Some(attribute.get?),
        })
    }
}

fn sort<R: Resource>(
    query: &Query,
    defaults: &PagingDefaults<'_>,
    errors: &mut Vec<Error>,
) -> Vec<Key<R>> {
    let by_cursor = defaults.by_profile || matches!(query.page, Page::Cursor { .. });
    let mut keys = Vec::new();
    for key in &query.sort {
        match Key::of(key) {
            Some(key) => keys.push(key),
            None => {
                let detail = format!("{} cannot be sorted by {}.", R::TYPE, key.field);
                let error = match by_cursor {
                    true => kinds::UNSUPPORTED_SORT
                        .error(detail)
                        .with_type_link(UNSUPPORTED_SORT),
                    false => kinds::INVALID_SORT.error(detail),
                };
                errors.push(error.at_parameter("sort"));
            }
        }
    }
    keys
}

/// A text that is not an id matches nothing.
fn equal_id<R: Resource>(id: &str) -> Condition<Column<R>> {
    Condition::Test {
        column: <R::Entity as Entity>::ID,
        comparison: Comparison::Equal,
        operands: vec![Operand::Number(super::decode::id(id))],
    }
}
