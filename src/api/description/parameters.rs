//! Query parameters.

use serde_json::{Map, Value, json};

use super::capabilities::{
    self, Candidate, FilterCapability, QueryCapabilities, includes_of_linkage, includes_of_one,
};
use super::context::DescriptionContext;
use super::schemas::field_names;
use super::shape::Shape;
use super::types::Type;
use crate::api::plan::SEARCH;
use crate::api::resource::AttributeKind;
use crate::jsonapi::query::Operator;

/// One query parameter.
pub struct Parameter {
    /// Its name in the components.
    pub key: String,
    pub name: String,
    pub doc: String,
    /// The schema of the value, or of each value of a list.
    pub schema: Value,
    /// The maximum number of comma-separated values; `None`: one value.
    pub list: Option<usize>,
    pub example: String,
}

/// The parameters of an operation. Methods other than GET only have those that shape the
/// response.
pub fn of(shape: Shape, method: &str, context: &DescriptionContext) -> Vec<Parameter> {
    match (shape, method) {
        (Shape::Collection(kind), "GET") => {
            let mut all = lists(kind, context);
            all.extend(own(kind));
            all
        }
        // The response contains the restored resource, of the other type.
        (Shape::Item(kind), "PATCH") if kind.is_trash() => {
            super::types::type_named(kind.kind).map_or_else(Vec::new, |back| one(back, context))
        }
        (Shape::Collection(kind) | Shape::Item(kind), "GET" | "POST" | "PATCH") => {
            one(kind, context)
        }
        (Shape::Related(_, relationship), _) => match super::types::type_named(relationship.target)
        {
            Some(target) if relationship.to_many => lists(target, context),
            Some(target) => one(target, context),
            None => Vec::new(),
        },
        (Shape::Linkage(kind, relationship), "GET") if relationship.to_many => {
            let includes = includes_of_linkage(kind, relationship, &context.query);
            let key = format!("{}.{}", kind.name, relationship.name);
            let types = capabilities::types_of(kind, &includes);
            let mut all: Vec<_> =
                pages(&QueryCapabilities::of(kind, &context.query).pages, context).collect();
            all.extend(include(&key, &includes, context));
            all.extend(types.into_iter().map(fields));
            all
        }
        _ => Vec::new(),
    }
}

pub fn lists(kind: &'static Type, context: &DescriptionContext) -> Vec<Parameter> {
    let capabilities = QueryCapabilities::of(kind, &context.query);
    let mut all: Vec<_> = pages(&capabilities.pages, context).collect();
    all.push(sort(kind, &capabilities, context));
    all.extend(capabilities.search.then(|| search(context)));
    all.extend(include(kind.name, &capabilities.includes, context));
    let types = capabilities::types_of(kind, &capabilities.includes);
    all.extend(types.into_iter().map(fields));
    let filters = capabilities.filters.iter();
    all.extend(filters.flat_map(|filter| filters_of(kind, filter, context)));
    all
}

/// The parameters of responses with one resource of the type.
pub fn one(kind: &'static Type, context: &DescriptionContext) -> Vec<Parameter> {
    let includes = includes_of_one(kind, &context.query);
    let types = capabilities::types_of(kind, &includes);
    let mut all: Vec<_> = include(kind.name, &includes, context).into_iter().collect();
    all.extend(types.into_iter().map(fields));
    all
}

/// The parameter that, with `id`, lists related resources.
pub fn token(kind: &Type) -> Option<&'static str> {
    match kind.name {
        "users" => Some("roles"),
        "roles" => Some("users"),
        _ => None,
    }
}

/// Parameters of collections that JSON:API does not define.
fn own(kind: &'static Type) -> Vec<Parameter> {
    let mut all = vec![Parameter {
        key: "id".into(),
        name: "id".into(),
        doc: "Only the resource with this id; the same as filter[id].".into(),
        schema: json!({ "type": "string" }),
        list: None,
        example: "1".into(),
    }];
    let Some(token) = token(kind) else {
        return all;
    };
    all.push(Parameter {
        key: format!("{}.token", kind.name),
        name: token.into(),
        doc: format!("With id: the {token} of that resource instead of it. It has no value."),
        schema: json!({ "type": "string", "maxLength": 0 }),
        list: None,
        example: String::new(),
    });
    all
}

fn pages<'a>(
    served: &'a [&'static Candidate],
    context: &'a DescriptionContext,
) -> impl Iterator<Item = Parameter> + 'a {
    served.iter().map(|page| Parameter {
        key: page.name.replace('[', ".").replace(']', ""),
        name: page.name.into(),
        doc: page.doc.into(),
        schema: page_schema(page, context),
        list: None,
        example: page.values.first().copied().unwrap_or_default().into(),
    })
}

/// Without `default`: tools send defaults, and styles of paging exclude each other.
fn page_schema(page: &Candidate, context: &DescriptionContext) -> Value {
    match page.name {
        "page[number]" | "page" => json!({ "type": "integer", "minimum": 1 }),
        "page[offset]" => json!({ "type": "integer", "minimum": 0 }),
        "page[count]" => json!({ "type": "string", "enum": page.values }),
        "page[after]" | "page[before]" => json!({
            "type": "string",
            "maxLength": context.query.cursor_length,
            "examples": page.values,
        }),
        _ => json!({ "type": "integer", "minimum": 1, "maximum": context.query.max_page_size }),
    }
}

fn search(context: &DescriptionContext) -> Parameter {
    Parameter {
        key: "q".into(),
        name: SEARCH.into(),
        doc: format!("{SEARCHED}; the same as filter[query]."),
        schema: value_schema(AttributeKind::Text, context),
        list: None,
        example: "doe".into(),
    }
}

fn sort(kind: &Type, capabilities: &QueryCapabilities, context: &DescriptionContext) -> Parameter {
    let keys: Vec<_> = capabilities
        .sorts
        .iter()
        .flat_map(|name| [(*name).to_owned(), format!("-{name}")])
        .collect();
    Parameter {
        key: format!("{}.sort", kind.name),
        name: "sort".into(),
        doc: "The order: names of attributes, the most significant first; a minus in front sorts in descending order.".into(),
        schema: json!({ "type": "string", "enum": keys }),
        list: Some(context.query.sort_keys),
        example: "-id".into(),
    }
}

fn include(key: &str, paths: &[String], context: &DescriptionContext) -> Option<Parameter> {
    let example = paths.first()?.clone();
    Some(Parameter {
        key: format!("{key}.include"),
        name: "include".into(),
        doc: "Related resources to include: paths of relationships.".into(),
        schema: json!({ "type": "string", "enum": paths }),
        list: Some(context.query.include_paths),
        example,
    })
}

fn fields(kind: &'static Type) -> Parameter {
    let names = field_names(kind);
    Parameter {
        key: format!("{}.fields", kind.name),
        name: format!("fields[{}]", kind.kind),
        doc: format!(
            "The only attributes and relationships of {} in the response.",
            kind.kind
        ),
        example: names.first().copied().unwrap_or_default().into(),
        list: Some(names.len()),
        schema: json!({ "type": "string", "enum": names }),
    }
}

/// The filter that searches.
pub const SEARCH_FILTER: &str = "query";

/// The description of `q` and `filter[query]`.
pub const SEARCHED: &str = "Only users with each of these words in a name, the username or the e-mail address, regardless of case";

/// The search as a filter, which takes words and not a list of values.
fn search_filters(
    kind: &Type,
    filter: &FilterCapability,
    context: &DescriptionContext,
) -> Vec<Parameter> {
    let names = std::iter::once(None).chain(filter.operators.iter().map(Some));
    let parameter = |operator: Option<&Operator>| {
        let (key, name) = operator.map_or_else(Default::default, |operator| {
            let name = operator.name();
            (format!(".{name}"), format!("[{name}]"))
        });
        Parameter {
            key: format!("{}.filter.{}{key}", kind.name, filter.name),
            name: format!("filter[{}]{name}", filter.name),
            doc: format!("{SEARCHED}; the same as {SEARCH}."),
            schema: value_schema(filter.kind, context),
            list: None,
            example: "doe".into(),
        }
    };
    names.map(parameter).collect()
}

fn filters_of(
    kind: &Type,
    filter: &FilterCapability,
    context: &DescriptionContext,
) -> Vec<Parameter> {
    if filter.name == SEARCH_FILTER {
        return search_filters(kind, filter, context);
    }
    let values = context.query.filter_values;
    let plain = Parameter {
        key: format!("{}.filter.{}", kind.name, filter.name),
        name: format!("filter[{}]", filter.name),
        doc: match filter.name {
            "roles" => {
                "Only those who hold this role without a scope, given by its id or name, or one of these, separated by commas.".into()
            }
            name => format!(
                "Only those whose {name} is this value, or one of these, separated by commas."
            ),
        },
        schema: value_schema(filter.kind, context),
        list: Some(values),
        example: capabilities::sample(filter.kind).into(),
    };
    let by_operator = filter.operators.iter().map(|operator| {
        let operand = capabilities::operand(filter.kind, *operator);
        let is_list = matches!(operator, Operator::In | Operator::NotIn);
        Parameter {
            key: format!("{}.filter.{}.{}", kind.name, filter.name, operator.name()),
            name: format!("filter[{}][{}]", filter.name, operator.name()),
            doc: match filter.name {
                "roles" => roles_meaning(*operator).into(),
                name => format!("Only those whose {name} {}.", meaning(*operator)),
            },
            schema: value_schema(operand, context),
            list: is_list.then_some(values),
            example: capabilities::sample(operand).into(),
        }
    });
    std::iter::once(plain).chain(by_operator).collect()
}

/// The description of an operator on the roles of a user.
fn roles_meaning(operator: Operator) -> &'static str {
    match operator {
        Operator::Ne => "Only those who do not hold this role without a scope.",
        Operator::NotIn => {
            "Only those who hold none of these roles without a scope, separated by commas."
        }
        Operator::In => {
            "Only those who hold one of these roles without a scope, separated by commas."
        }
        Operator::Null => {
            "Only those who hold no role without a scope (true) or one at least (false)."
        }
        _ => "Only those who hold this role without a scope.",
    }
}

/// The description of an operator on an attribute.
pub fn meaning(operator: Operator) -> &'static str {
    match operator {
        Operator::Eq => "is this value",
        Operator::Ne => "is another value",
        Operator::In => "is one of these values, separated by commas",
        Operator::NotIn => "is none of these values, separated by commas",
        Operator::Lt => "is less than this value",
        Operator::Le => "is at most this value",
        Operator::Gt => "is more than this value",
        Operator::Ge => "is at least this value",
        Operator::Prefix => "begins with this text",
        Operator::Suffix => "ends with this text",
        Operator::Contains => "contains this text",
        Operator::Null => "has no value (true) or has one (false)",
        Operator::Regex => "matches this regular expression",
    }
}

fn value_schema(kind: AttributeKind, context: &DescriptionContext) -> Value {
    match kind {
        AttributeKind::Text | AttributeKind::Amount | AttributeKind::Structure => {
            json!({ "type": "string", "maxLength": context.query.value_length })
        }
        AttributeKind::Flag => json!({ "type": "boolean" }),
        AttributeKind::Number => json!({ "type": "integer", "format": "int64" }),
        AttributeKind::Time => json!({ "type": "string", "format": "date-time" }),
    }
}

impl Parameter {
    pub fn written(&self) -> Value {
        let mut object = Map::new();
        object.insert("name".into(), json!(self.name));
        object.insert("in".into(), json!("query"));
        object.insert("description".into(), json!(self.doc));
        let schema = match self.list {
            None => self.schema.clone(),
            Some(most) => {
                object.insert("style".into(), json!("form"));
                object.insert("explode".into(), json!(false));
                json!({ "type": "array", "items": self.schema, "minItems": 1, "maxItems": most })
            }
        };
        if self.example.is_empty() {
            object.insert("allowEmptyValue".into(), json!(true));
        }
        object.insert("schema".into(), schema);
        Value::Object(object)
    }
}
