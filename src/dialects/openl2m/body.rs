//! Parses request bodies in one of three encodings: JSON, URL-encoded form and
//! multipart form.

use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::{Bytes, Payload, Query};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};

use super::error::ApiError;
use super::field_errors::{FieldErrors, NON_FIELD};
use super::fields::kind;
use crate::dialects::body::{self, BodyError, depth};

/// The supported media types.
pub const PARSED: [&str; 3] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
];

/// The field that a form repeats for each item.
const LIST_FIELD: &str = "groups";

/// Limits of a body: bytes and nesting depth.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    pub bytes: usize,
    pub depth: usize,
}

/// The fields of a body. Values of forms are strings or lists of strings; a file is
/// an empty list, which no field accepts.
#[derive(Default)]
pub struct ParsedBody {
    pub members: Map<String, Value>,
    /// In a form an empty string can mean "no value".
    pub is_form: bool,
}

pub async fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    body_limits: BodyLimits,
) -> Result<ParsedBody, ApiError> {
    let body = body::read(request, payload, body_limits.bytes).await;
    let body = body.map_err(|error| match error {
        BodyError::TooLarge(limit) => ApiError::TooLarge(limit),
        BodyError::TimedOut => ApiError::BodyTimedOut,
        BodyError::BodyMemoryFull => ApiError::BodyMemoryFull,
        BodyError::Broken(why) => ApiError::Parse("Request", why),
    })?;
    if body.is_empty() {
        return Ok(ParsedBody::default());
    }
    let named = request.headers().get(header::CONTENT_TYPE);
    let named = named
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim();
    let is = |known: &str| essence.eq_ignore_ascii_case(known);
    let [json, form, parts] = PARSED;
    if is(json) {
        object(&body, body_limits.depth)
    } else if is(form) {
        Ok(from_form(pairs(&body)?))
    } else if is(parts) {
        Ok(from_form(
            from_multipart(request, body, body_limits.bytes).await?,
        ))
    } else {
        Err(ApiError::MediaType(named.to_owned()))
    }
}

fn object(body: &[u8], max: usize) -> Result<ParsedBody, ApiError> {
    let json = |why: String| ApiError::Parse("JSON", why);
    let value: Value = serde_json::from_slice(body).map_err(|error| json(error.to_string()))?;
    if depth(&value) > max {
        return Err(json(format!(
            "more than {max} levels of arrays and objects"
        )));
    }
    match value {
        Value::Object(members) => Ok(ParsedBody {
            members,
            is_form: false,
        }),
        Value::Null => Err(FieldErrors::one(NON_FIELD, "No data provided").into()),
        other => {
            let got = kind(&other);
            let message = format!("Invalid data. Expected a dictionary, but got {got}.");
            Err(FieldErrors::one(NON_FIELD, message).into())
        }
    }
}

type Pairs = Vec<(String, Value)>;

fn pairs(body: &[u8]) -> Result<Pairs, ApiError> {
    let text = String::from_utf8_lossy(body);
    let pairs = Query::<Vec<(String, String)>>::from_query(&text)
        .map_err(|error| ApiError::Parse("Form", error.to_string()))?;
    let texts = pairs.into_inner().into_iter();
    Ok(texts.map(|(name, text)| (name, text.into())).collect())
}

/// Parses a multipart body, which is complete and within the limit.
async fn from_multipart(
    request: &HttpRequest,
    body: Vec<u8>,
    limit: usize,
) -> Result<Pairs, ApiError> {
    let wrong = |error: String| ApiError::Parse("Multipart form", error);
    let body = stream::iter([Ok::<_, PayloadError>(Bytes::from(body))]);
    let mut parts = Multipart::new(request.headers(), body);
    let mut pairs = Vec::new();
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|error| wrong(error.to_string()))?;
        let bytes = part.bytes(limit).await;
        let bytes = bytes.map_err(|error| wrong(error.to_string()))?;
        let bytes = bytes.map_err(|error| wrong(error.to_string()))?;
        let disposition = part.content_disposition();
        let is_file = disposition.is_some_and(|disposition| disposition.get_filename().is_some());
        let value = if is_file {
            Value::Array(Vec::new())
        } else {
            String::from_utf8_lossy(&bytes).into()
        };
        pairs.push((part.name().unwrap_or_default().to_owned(), value));
    }
    Ok(pairs)
}

/// Repeated fields: the last value is used, except for the list field.
fn from_form(pairs: Pairs) -> ParsedBody {
    let mut members = Map::new();
    for (name, value) in pairs {
        if name != LIST_FIELD {
            members.insert(name, value);
        } else if let Value::Array(items) = members
            .entry(name)
            .or_insert_with(|| Value::Array(Vec::new()))
        {
            items.push(value);
        }
    }
    ParsedBody {
        members,
        is_form: true,
    }
}
