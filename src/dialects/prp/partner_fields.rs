//! The fields of a partner in one table, from which requests are read and `OPTIONS` is
//! answered.

use serde_json::{Map, Value};

use super::error::ApiError;
use super::fields::{Fields, Need, id};
use crate::directory::partners::{
    COUNTRIES, CSO_TYPES, EXTERNAL_SOURCES, MAX_CITY, MAX_EXTERNAL_ID, MAX_OCHA_EXTERNAL_ID,
    MAX_PHONE, MAX_POSTAL_CODE, MAX_RATING, MAX_SHORT_TITLE, MAX_STREET, MAX_VENDOR_NUMBER,
    PARTNER_TYPES, PartnerChanges, SHARED_PARTNER,
};
use crate::directory::values;

/// How a field is read, and which change it sets.
pub enum Kind {
    Title,
    Text(
        usize,
        fn(&mut PartnerChanges) -> &mut Option<Option<String>>,
    ),
    /// An empty string becomes NULL.
    Filled(
        usize,
        fn(&mut PartnerChanges) -> &mut Option<Option<String>>,
    ),
    /// Stored as text: the native surface accepts any text.
    Integer(fn(&mut PartnerChanges) -> &mut Option<Option<String>>),
    /// One of these, or null.
    Choice(
        &'static [&'static str],
        fn(&mut PartnerChanges) -> &mut Option<Option<String>>,
    ),
    /// One of these, never null.
    Always(
        &'static [&'static str],
        fn(&mut PartnerChanges) -> &mut Option<String>,
    ),
    Amount(fn(&mut PartnerChanges) -> &mut Option<Option<String>>),
}

pub struct Field {
    pub name: &'static str,
    /// Alternative names, in order of precedence.
    pub also: &'static [&'static str],
    pub label: &'static str,
    pub kind: Kind,
}

const fn field(name: &'static str, label: &'static str, kind: Kind) -> Field {
    Field {
        name,
        also: &[],
        label,
        kind,
    }
}

const fn known_as(field: Field, also: &'static [&'static str]) -> Field {
    Field { also, ..field }
}

pub const FIELDS: &[Field] = &[
    field("title", "Full title", Kind::Title),
    field(
        "short_title",
        "Short title",
        Kind::Text(MAX_SHORT_TITLE, |c| &mut c.short_title),
    ),
    field(
        "alternate_title",
        "Alternate title",
        Kind::Text(values::MAX_TEXT, |c| &mut c.alternate_title),
    ),
    field(
        "partner_type",
        "Partner type",
        Kind::Always(PARTNER_TYPES, |c| &mut c.partner_type),
    ),
    field(
        "shared_partner",
        "Shared partner",
        Kind::Always(SHARED_PARTNER, |c| &mut c.shared_partner),
    ),
    field(
        "cso_type",
        "CSO type",
        Kind::Choice(CSO_TYPES, |c| &mut c.cso_type),
    ),
    field(
        "external_source",
        "External source",
        Kind::Choice(EXTERNAL_SOURCES, |c| &mut c.external_source),
    ),
    field(
        "external_id",
        "External id",
        Kind::Text(MAX_EXTERNAL_ID, |c| &mut c.external_id),
    ),
    known_as(
        field(
            "ocha_external_id",
            "OCHA external id",
            Kind::Filled(MAX_OCHA_EXTERNAL_ID, |c| &mut c.ocha_external_id),
        ),
        &["ocha_id"],
    ),
    // Not validated, like in the original.
    field(
        "email",
        "Email address",
        Kind::Filled(values::MAX_TEXT, |c| &mut c.email),
    ),
    field(
        "phone_number",
        "Phone number",
        Kind::Text(MAX_PHONE, |c| &mut c.phone_number),
    ),
    field(
        "street_address",
        "Street address",
        Kind::Text(MAX_STREET, |c| &mut c.street_address),
    ),
    field("city", "City", Kind::Text(MAX_CITY, |c| &mut c.city)),
    field(
        "postal_code",
        "Postal code",
        Kind::Text(MAX_POSTAL_CODE, |c| &mut c.postal_code),
    ),
    field(
        "country_code",
        "Country code",
        Kind::Choice(COUNTRIES, |c| &mut c.country_code),
    ),
    field(
        "total_ct_cp",
        "Total cash transferred for the country programme",
        Kind::Amount(|c| &mut c.total_ct_cp),
    ),
    field(
        "total_ct_cy",
        "Total cash transferred in the current year",
        Kind::Amount(|c| &mut c.total_ct_cy),
    ),
    field(
        "vendor_number",
        "Vendor number",
        Kind::Filled(MAX_VENDOR_NUMBER, |c| &mut c.vendor_number),
    ),
    field(
        "alternate_id",
        "Alternate id",
        Kind::Integer(|c| &mut c.alternate_id),
    ),
    known_as(
        field(
            "rating",
            "Rating",
            Kind::Text(MAX_RATING, |c| &mut c.rating),
        ),
        &["raiting"],
    ),
    known_as(
        field(
            "basis_for_risk_rating",
            "Basis for risk rating",
            Kind::Text(MAX_RATING, |c| &mut c.basis_for_risk_rating),
        ),
        &["basis_for_risk_raiting", "type_of_assessment"],
    ),
];

/// The changes of a partner in a request, and its clusters if they are sent.
///
/// # Errors
/// All validation errors.
pub fn read(
    object: &Map<String, Value>,
    is_new: bool,
    max: usize,
) -> Result<(PartnerChanges, Option<Vec<i64>>), ApiError> {
    let mut changes = PartnerChanges::default();
    let mut fields = Fields::of(object);
    for field in FIELDS {
        let sent = field.also.iter().find(|name| object.contains_key(**name));
        let name = match sent {
            Some(other) if !object.contains_key(field.name) => other,
            _ => field.name,
        };
        set(&mut changes, &mut fields, name, &field.kind, is_new);
    }
    let clusters = clusters(&mut fields, max);
    fields.done()?;
    Ok((changes, clusters))
}

fn set(
    changes: &mut PartnerChanges,
    fields: &mut Fields<'_>,
    name: &'static str,
    kind: &Kind,
    is_new: bool,
) {
    let one_of = |choices: &'static [&'static str]| {
        move |text: &str| choices.contains(&text).then(|| text.to_owned())
    };
    match kind {
        Kind::Title => {
            let need = if is_new { Need::Required } else { Need::Filled };
            changes.title = fields.text(name, values::MAX_TEXT, need).flatten();
        }
        Kind::Text(max, at) => *at(changes) = fields.text(name, *max, Need::Optional),
        Kind::Filled(max, at) => {
            let text = fields.text(name, *max, Need::Optional);
            *at(changes) = text.map(|text| text.filter(|text| !text.is_empty()));
        }
        Kind::Integer(at) => *at(changes) = integer(fields, name),
        Kind::Choice(choices, at) => {
            *at(changes) = fields.choice(name, Need::Optional, one_of(choices));
        }
        Kind::Always(choices, at) => {
            *at(changes) = fields.choice(name, Need::Filled, one_of(choices)).flatten();
        }
        Kind::Amount(at) => *at(changes) = amount(fields, name),
    }
}

/// A 32-bit integer, as a number or a string.
fn integer(fields: &mut Fields<'_>, name: &str) -> Option<Option<String>> {
    let number = match fields.raw(name)? {
        Value::Null => return Some(None),
        Value::Number(number) => whole(&number.to_string()),
        Value::String(text) => whole(text),
        _ => None,
    };
    match number {
        None => fields.add_error(name, "invalid", "A valid integer is required."),
        Some(number) if number > i64::from(i32::MAX) => {
            let message = "Ensure this value is less than or equal to 2147483647.";
            fields.add_error(name, "max_value", message);
        }
        Some(number) if number < i64::from(i32::MIN) => {
            let message = "Ensure this value is greater than or equal to -2147483648.";
            fields.add_error(name, "min_value", message);
        }
        Some(number) => return Some(Some(number.to_string())),
    }
    None
}

/// An integer, possibly with decimals of 0. Saturates on overflow.
fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = match text.split_once('.') {
        Some((whole, decimals)) if decimals.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    };
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let max = if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    Some(text.parse().unwrap_or(max))
}

/// The text as a JSON number, if it is a canonical integer.
pub fn integer_or_text(text: String) -> Value {
    match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => number.into(),
        _ => text.into(),
    }
}

/// Characters of an amount before it is parsed.
const MAX_AMOUNT: usize = 1000;

fn amount(fields: &mut Fields<'_>, name: &'static str) -> Option<Option<String>> {
    let text = fields.text(name, MAX_AMOUNT, Need::Optional)?;
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Some(None);
    };
    if let Ok(amount) = values::amount(name, &text) {
        return Some(Some(amount));
    }
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (code, message) = if !number(whole) || !number(decimals) {
        ("invalid", "A valid number is required.")
    } else if whole.len() + decimals.len() > 12 {
        (
            "max_digits",
            "Ensure that there are no more than 12 digits in total.",
        )
    } else if decimals.len() > 2 {
        (
            "max_decimal_places",
            "Ensure that there are no more than 2 decimal places.",
        )
    } else {
        (
            "max_whole_digits",
            "Ensure that there are no more than 10 digits before the decimal point.",
        )
    };
    fields.add_error(name, code, message);
    None
}

/// A list of ids, or of objects with ids as in responses.
fn clusters(fields: &mut Fields<'_>, max: usize) -> Option<Vec<i64>> {
    let items = fields.list("clusters", max, Need::Filled)?;
    let ids: Option<Vec<i64>> = items
        .iter()
        .map(|item| id(item.get("id").unwrap_or(item)))
        .collect();
    if ids.is_none() {
        let message = "Incorrect type. Expected pk values.";
        fields.add_error("clusters", "incorrect_type", message);
    }
    let mut ids = ids?;
    ids.sort_unstable();
    ids.dedup();
    Some(ids)
}
