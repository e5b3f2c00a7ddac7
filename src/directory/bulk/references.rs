//! How rows name clusters and partners: by a name, or, where others have the same,
//! by an object with the fields by which the row of the thing itself is found.
//!
//! Inside, such an object is a text that no name can be, since it has a NUL.

use serde_json::{Map, Value};

use crate::directory::FieldError;

/// Between the parts of a reference by fields.
const PART: char = '\0';

/// A cluster by the fields of its row; the number is that among clusters of equal
/// fields, from 1 on, in the order in which they were made.
pub fn exact_cluster(workspace: &str, cluster_type: &str, title: &str, number: usize) -> String {
    format!("{PART}{workspace}{PART}{cluster_type}{PART}{title}{PART}{number}")
}

/// A partner by its number.
pub fn numbered_partner(vendor_number: &str) -> String {
    format!("{PART}{vendor_number}")
}

/// A partner without a number by its title, and its number among those of equal titles.
pub fn titled_partner(title: &str, number: usize) -> String {
    format!("{PART}{title}{PART}{number}")
}

/// The parts of a reference by fields; none of a name.
pub fn parts(reference: &str) -> Option<Vec<&str>> {
    let parts = reference.strip_prefix(PART)?;
    Some(parts.split(PART).collect())
}

/// As a message shows it.
pub fn shown(reference: &str) -> String {
    match parts(reference) {
        Some(parts) => format!("{:?}", parts.join("/")),
        None => format!("{reference:?}"),
    }
}

/// The object that a file has for it, or the name.
pub fn cluster_value(reference: &str) -> Value {
    match parts(reference).as_deref() {
        Some(&[workspace, cluster_type, title, number]) => {
            let fields = [
                ("workspace", workspace),
                ("cluster_type", cluster_type),
                ("title", title),
            ];
            object(&fields, number)
        }
        _ => reference.into(),
    }
}

pub fn partner_value(reference: &str) -> Value {
    match parts(reference).as_deref() {
        Some(&[vendor_number]) => object(&[("vendor_number", vendor_number)], "1"),
        Some(&[title, number]) => object(&[("title", title)], number),
        _ => reference.into(),
    }
}

/// The first of a kind needs no number.
fn object(fields: &[(&str, &str)], number: &str) -> Value {
    let mut members = Map::new();
    for (name, value) in fields {
        members.insert((*name).to_owned(), (*value).into());
    }
    if number != "1" {
        let number: u64 = number.parse().unwrap_or(1);
        members.insert("number".to_owned(), number.into());
    }
    members.into()
}

/// Reads what [`cluster_value`] writes.
pub fn cluster(field: &'static str, value: &Value) -> Result<String, FieldError> {
    let Value::Object(members) = value else {
        return name(field, value);
    };
    let [workspace, cluster_type, title] = ["workspace", "cluster_type", "title"];
    let known = [workspace, cluster_type, title, "number"];
    let all = [workspace, cluster_type, title].map(|name| text(members, name));
    match (all, number(members), only(members, &known)) {
        ([Some(workspace), Some(cluster_type), Some(title)], Some(number), true) => {
            Ok(exact_cluster(workspace, cluster_type, title, number))
        }
        _ => Err(FieldError::invalid(
            field,
            "This value must be a name, or an object of workspace, cluster_type, title and perhaps a number.",
        )),
    }
}

/// Reads what [`partner_value`] writes.
pub fn partner(field: &'static str, value: &Value) -> Result<String, FieldError> {
    let Value::Object(members) = value else {
        return name(field, value);
    };
    let found = match (text(members, "vendor_number"), text(members, "title")) {
        (Some(number), None) if only(members, &["vendor_number"]) => Some(numbered_partner(number)),
        (None, Some(title)) if only(members, &["title", "number"]) => {
            number(members).map(|number| titled_partner(title, number))
        }
        _ => None,
    };
    found.ok_or_else(|| {
        FieldError::invalid(
            field,
            "This value must be a name, or an object of vendor_number, or of title and perhaps a number.",
        )
    })
}

/// Which of those that are called the same it is, from 1 on.
pub fn place_among(field: &'static str, value: &Value) -> Result<usize, FieldError> {
    let number = match value {
        Value::String(text) => text.parse().ok(),
        value => value
            .as_u64()
            .and_then(|number| usize::try_from(number).ok()),
    };
    let number = number.filter(|number| *number > 0);
    number.ok_or_else(|| FieldError::invalid(field, "This value must be a whole number from 1 on."))
}

fn name(field: &'static str, value: &Value) -> Result<String, FieldError> {
    let text = crate::directory::json::text(field, value)?;
    crate::directory::values::within(field, text, 1, crate::directory::values::MAX_LONG_TEXT)?;
    match text.contains(PART) {
        true => Err(FieldError::invalid(
            field,
            "This value may not contain NUL.",
        )),
        false => Ok(text.to_owned()),
    }
}

/// A text in which no other part can hide.
fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let text = members.get(name)?.as_str()?;
    (!text.contains(PART)).then_some(text)
}

fn number(members: &Map<String, Value>) -> Option<usize> {
    match members.get("number") {
        None => Some(1),
        Some(value) => place_among("number", value).ok(),
    }
}

fn only(members: &Map<String, Value>, known: &[&str]) -> bool {
    members.keys().all(|name| known.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is_taken_for_it() {
        for reference in [
            exact_cluster("K/N", "wash", "W/S", 1),
            exact_cluster("KEN", "wash", "", 12),
            "KEN/wash/WASH".to_owned(),
            r#"{"title":"x"}"#.to_owned(),
        ] {
            let value = cluster_value(&reference);
            assert_eq!(cluster("cluster", &value), Ok(reference));
        }
        for reference in [
            numbered_partner("V1"),
            titled_partner("Wells", 1),
            titled_partner("Wells", 3),
            "Wells".to_owned(),
        ] {
            let value = partner_value(&reference);
            assert_eq!(partner("partner", &value), Ok(reference));
        }
        for wrong in [
            json!({}),
            json!({"title": 1}),
            json!({"title": "a", "number": 0}),
            json!({"title": "a", "number": -1}),
            json!({"title": "a", "vendor_number": "b"}),
            json!({"title": "a", "id": 1}),
            json!({"vendor_number": "a\0b"}),
            json!("a\0b"),
            json!(""),
            json!(7),
        ] {
            assert!(partner("partner", &wrong).is_err(), "{wrong}");
            assert!(cluster("cluster", &wrong).is_err(), "{wrong}");
        }
    }
}
