//! The query parameters that a type supports: found by trying them with the query
//! planner, so that the description matches the implementation.

use super::types::{self, Field, Type, type_named};
use crate::api::filter::EXTERNAL_ID;
use crate::api::plan::SEARCH;
use crate::api::resource::{AttributeKind, Relationship};
use crate::jsonapi::query::{Limits, Operator, Query};

/// The query parameters of lists of a type.
pub struct QueryCapabilities {
    pub filters: Vec<FilterCapability>,
    pub sorts: Vec<&'static str>,
    pub includes: Vec<String>,
    pub pages: Vec<&'static Candidate>,
    /// Whether a list can be searched.
    pub search: bool,
}

/// The filters of one attribute.
pub struct FilterCapability {
    pub name: &'static str,
    pub kind: AttributeKind,
    pub operators: Vec<Operator>,
}

/// A parameter that may be supported, with values to try.
pub struct Candidate {
    pub name: &'static str,
    pub values: &'static [&'static str],
    pub doc: &'static str,
}

/// A cursor of the item 1 of a list in its default order.
const CURSOR: &str = "WzEsIiIsW10sMV0";

pub const PAGES: &[Candidate] = &[
    Candidate {
        name: "page[number]",
        values: &["1"],
        doc: "The page, from 1, which is the default.",
    },
    Candidate {
        name: "page[size]",
        values: &["20"],
        doc: "Items on a page; a larger number is capped, and meta.page_size_max is the maximum.",
    },
    Candidate {
        name: "page",
        values: &["1"],
        doc: "The same as page[number].",
    },
    Candidate {
        name: "page_size",
        values: &["20"],
        doc: "The same as page[size].",
    },
    Candidate {
        name: "page[offset]",
        values: &["0"],
        doc: "How many items to skip, 0 by default; not together with page[number] and page[size].",
    },
    Candidate {
        name: "page[limit]",
        values: &["20"],
        doc: "Items from page[offset] on; a larger number is capped.",
    },
    Candidate {
        name: "page[after]",
        values: &[CURSOR],
        doc: "The items after this cursor, which comes from meta.page.cursor of an item or from a link.",
    },
    Candidate {
        name: "page[before]",
        values: &[CURSOR],
        doc: "The items before this cursor.",
    },
    Candidate {
        name: "page[count]",
        values: &["none", "exact", "estimated"],
        doc: "How the total is counted: exact (the default), estimated, or none, which is fastest.",
    },
];

/// Filters on something other than an attribute.
const EXTRA_FILTERS: &[(&str, AttributeKind)] = &[
    ("roles", AttributeKind::Text),
    ("query", AttributeKind::Text),
    (EXTERNAL_ID, AttributeKind::Text),
];

impl QueryCapabilities {
    pub fn of(kind: &'static Type, limits: &Limits) -> Self {
        let works = |raw: &str| {
            Query::parse(raw, &[SEARCH], limits).is_ok_and(|query| kind.accepts_for_lists(&query))
        };
        let fields = kind.fields();
        Self {
            search: works(&format!("{SEARCH}=a")),
            filters: filters(&fields, works),
            sorts: ["id"]
                .into_iter()
                .chain(fields.iter().map(|field| field.name))
                .filter(|name| works(&format!("sort={name}")))
                .collect(),
            includes: includes(kind, limits, works),
            pages: PAGES
                .iter()
                .filter(|page| {
                    page.values
                        .iter()
                        .all(|v| works(&format!("{}={v}", page.name)))
                })
                .collect(),
        }
    }
}

fn filters(fields: &[Field], works: impl Fn(&str) -> bool) -> Vec<FilterCapability> {
    let own = fields.iter().map(|f| (f.name, f.kind));
    [("id", AttributeKind::Number)]
        .into_iter()
        .chain(own)
        .chain(EXTRA_FILTERS.iter().copied())
        .filter(|(name, kind)| works(&format!("filter[{name}]={}", sample(*kind))))
        .map(|(name, kind)| FilterCapability {
            name,
            kind,
            operators: Operator::ALL
                .iter()
                .copied()
                .filter(|operator| {
                    let value = sample(operand(kind, *operator));
                    works(&format!("filter[{name}][{}]={value}", operator.name()))
                })
                .collect(),
        })
        .collect()
}

/// The kind of an operator's operand.
pub fn operand(kind: AttributeKind, operator: Operator) -> AttributeKind {
    match operator {
        Operator::Null => AttributeKind::Flag,
        _ => kind,
    }
}

/// A valid value, percent-encoded.
pub fn sample(kind: AttributeKind) -> &'static str {
    match kind {
        AttributeKind::Text | AttributeKind::Amount | AttributeKind::Structure => "a",
        AttributeKind::Flag => "true",
        AttributeKind::Number => "1",
        AttributeKind::Time => "2026-01-02T03:04:05Z",
    }
}

/// All `include` paths that lists of a type support.
fn includes(kind: &'static Type, limits: &Limits, works: impl Fn(&str) -> bool) -> Vec<String> {
    paths(kind.relationships, limits.include_depth)
        .into_iter()
        .filter(|path| works(&format!("include={path}")))
        .collect()
}

/// All paths that start with these relationships; shorter ones first.
fn paths(relationships: &'static [Relationship], depth: usize) -> Vec<String> {
    let mut level: Vec<_> = relationships
        .iter()
        .map(|relationship| (relationship.name.to_owned(), relationship.target))
        .collect();
    let mut found = Vec::new();
    for _ in 0..depth {
        let below = level
            .iter()
            .flat_map(|(path, target)| {
                let next = type_named(target).map_or(&[][..], |target| target.relationships);
                next.iter()
                    .map(move |further| (format!("{path}.{}", further.name), further.target))
            })
            .collect();
        found.extend(level.into_iter().map(|(path, _)| path));
        level = below;
    }
    found
}

/// The `include` paths of responses with one resource.
pub fn includes_of_one(kind: &'static Type, limits: &Limits) -> Vec<String> {
    includes(kind, limits, |raw| {
        Query::parse(raw, &[], limits).is_ok_and(|query| kind.accepts_for_one(&query))
    })
}

/// The `include` paths of a relationship's linkage: they start with its name.
pub fn includes_of_linkage(
    kind: &'static Type,
    relationship: &'static Relationship,
    limits: &Limits,
) -> Vec<String> {
    includes(kind, limits, |raw| {
        Query::parse(raw, &[], limits)
            .is_ok_and(|query| kind.accepts_for_linkage(&query, relationship.name))
    })
}

/// The types that a response can contain: the primary one, and those at the ends of
/// paths.
pub fn types_of(kind: &'static Type, includes: &[String]) -> Vec<&'static Type> {
    let end = |path: &String| {
        path.split('.').try_fold(kind, |kind, name| {
            type_named(kind.relationship(name)?.target)
        })
    };
    let ends: Vec<_> = includes
        .iter()
        .filter_map(end)
        .map(|end| end.name)
        .collect();
    types::all()
        .filter(|known| known.name == kind.name || ends.contains(&known.name))
        .collect()
}

/// Whether any attribute of any type supports an operator.
pub fn is_served(operator: Operator, limits: &Limits) -> bool {
    types::all().any(|kind| {
        let filters = QueryCapabilities::of(kind, limits).filters;
        filters
            .iter()
            .any(|filter| filter.operators.contains(&operator))
    })
}
