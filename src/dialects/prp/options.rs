//! `OPTIONS`: describes a route and, for partners, the fields of a request.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::error::ApiError;
use super::partner_fields::{FIELDS, Kind};
use crate::directory::values;

type Names = &'static [(&'static str, &'static str)];

pub const PARTNER_TYPE_NAMES: Names = &[
    ("B/M", "Bilateral / Multilateral"),
    ("CSO", "Civil Society Organization"),
    ("Gov", "Government"),
    ("UNA", "UN Agency"),
];
const CSO_TYPE_NAMES: Names = &[
    ("Int", "International"),
    ("Nat", "National"),
    ("CBO", "Community Based Organization"),
    ("AI", "Academic Institution"),
    ("RC", "Red Cross/Red Crescent"),
];
const SHARED_PARTNER_NAMES: Names = &[
    ("No", "No"),
    ("UND", "with UNDP"),
    ("UNF", "with UNFPA"),
    ("U&U", "with UNDP & UNFPA"),
];

/// The display name of a value.
pub fn display(names: Names, value: &str) -> &'static str {
    let found = names.iter().find(|(known, _)| *known == value);
    found.map_or("", |(_, name)| name)
}

/// The answer to `OPTIONS`.
pub fn describe(name: &str, methods: &'static str) -> Result<Answer, ApiError> {
    let mut body = json!({
        "name": name,
        "description": "",
        "renders": ["application/json"],
        "parses": ["application/json"],
    });
    if name == "Partners"
        && let Some(body) = body.as_object_mut()
    {
        body.insert("actions".into(), json!({"POST": partner()}));
    }
    Ok(Answer::ok(&body)?.allowing(methods))
}

fn partner() -> Map<String, Value> {
    let field = |field: &super::partner_fields::Field| {
        let (kind, max, choices) = match &field.kind {
            Kind::Title => ("string", Some(values::MAX_TEXT), None),
            Kind::Text(max, _) | Kind::Filled(max, _) => ("string", Some(*max), None),
            Kind::Integer(_) => ("integer", None, None),
            Kind::Choice(choices, _) => ("choice", None, Some(*choices)),
            Kind::Always(choices, _) => ("choice", None, Some(*choices)),
            Kind::Amount(_) => ("decimal", None, None),
        };
        let mut described = Map::new();
        described.insert("type".into(), kind.into());
        let required = matches!(field.kind, Kind::Title);
        described.insert("required".into(), required.into());
        described.insert("read_only".into(), false.into());
        described.insert("label".into(), field.label.into());
        if let Some(max) = max {
            described.insert("max_length".into(), max.into());
        }
        if let Some(choices) = choices {
            let choice =
                |value: &&str| json!({"value": value, "display_name": named(field.name, value)});
            described.insert("choices".into(), choices.iter().map(choice).collect());
        }
        (field.name.to_owned(), Value::Object(described))
    };
    FIELDS.iter().map(field).collect()
}

fn named<'a>(field: &str, value: &'a str) -> &'a str {
    let names = match field {
        "partner_type" => PARTNER_TYPE_NAMES,
        "cso_type" => CSO_TYPE_NAMES,
        "shared_partner" => SHARED_PARTNER_NAMES,
        _ => return value,
    };
    display(names, value)
}
