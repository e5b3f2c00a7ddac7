//! What comes in, read by hand: the caller's token, a list's parameters, a change.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::document::PAGE;

/// Why there is no answer.
#[derive(Debug, Clone)]
pub enum Fault {
    Unauthorized,
    NotFound,
    Invalid(String),
    Database(String),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unauthorized => formatter.write_str("Unauthorized"),
            Self::NotFound => formatter.write_str("Not found"),
            Self::Invalid(why) | Self::Database(why) => formatter.write_str(why),
        }
    }
}

impl ResponseError for Fault {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Database(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let error = serde_json::json!({"errors": [{
            "status": self.status_code().as_str(), "detail": self.to_string(),
        }]});
        HttpResponse::build(self.status_code())
            .content_type(MEDIA_TYPE)
            .body(error.to_string())
    }
}

pub const MEDIA_TYPE: &str = "application/vnd.api+json";

pub fn answer(body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().content_type(MEDIA_TYPE).body(body)
}

/// Whose token it is. Only administrators are let in here.
#[derive(Clone)]
pub struct Caller {
    pub id: i64,
    pub username: String,
    pub token: i64,
}

pub type Key = [u8; 32];

pub fn key(request: &HttpRequest) -> Result<Key, Fault> {
    let header = request.headers().get(header::AUTHORIZATION);
    let secret = header
        .and_then(|header| header.as_bytes().strip_prefix(b"Bearer "))
        .ok_or(Fault::Unauthorized)?;
    Ok(Sha256::digest(secret).into())
}

/// As the database keeps it.
pub fn hex(key: &Key) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn base(request: &HttpRequest) -> String {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("http://{host}")
}

#[expect(clippy::disallowed_methods, reason = "a program of its own")]
pub fn now() -> String {
    chrono::Utc::now()
        .format("%Y-%m-%dT%H:%M:%S+00:00")
        .to_string()
}

/// The lists that are answered.
pub enum Wanted {
    Page { with_roles: bool },
    Named(String),
    Found(String),
}

pub struct List {
    pub page: i64,
    pub wanted: Wanted,
}

pub fn list(query: &str) -> Result<List, Fault> {
    let mut list = List {
        page: 1,
        wanted: Wanted::Page { with_roles: false },
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if let Some(page) = pair.strip_prefix(PAGE) {
            let page: i64 = page.parse().unwrap_or(0);
            if page < 1 {
                return Err(Fault::Invalid("page[number]".into()));
            }
            list.page = page;
        } else if pair == "include=roles" {
            list.wanted = Wanted::Page { with_roles: true };
        } else if let Some(name) = pair.strip_prefix("filter%5Busername%5D=") {
            list.wanted = Wanted::Named(decoded(name)?);
        } else if let Some(words) = pair.strip_prefix("q=") {
            list.wanted = Wanted::Found(decoded(words)?);
        } else {
            return Err(Fault::Invalid(pair.to_owned()));
        }
    }
    Ok(list)
}

fn decoded(text: &str) -> Result<String, Fault> {
    let text = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&text).decode_utf8();
    decoded
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Fault::Invalid(text.clone()))
}

#[derive(Deserialize)]
struct Document<T> {
    data: T,
}

#[derive(Deserialize)]
struct Patch {
    r#type: String,
    id: String,
    attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attributes {
    name: Option<String>,
    position: Option<String>,
}

#[derive(Deserialize)]
struct Identifier {
    r#type: String,
    id: String,
}

/// The columns that can be changed here, each with a statement of its own.
#[derive(Clone, Copy)]
pub enum Column {
    Name,
    Position,
}

impl Column {
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Position => "position",
        }
    }

    /// For the audit log.
    pub fn as_json(self, value: Option<&str>) -> String {
        serde_json::json!({self.name(): value}).to_string()
    }
}

pub fn patch(id: i64, body: &[u8]) -> Result<(Column, String), Fault> {
    let invalid = |why: String| Fault::Invalid(why);
    let document: Document<Patch> =
        serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))?;
    let data = document.data;
    if data.r#type != "users" || data.id.parse() != Ok(id) {
        return Err(invalid("another resource".into()));
    }
    match (data.attributes.name, data.attributes.position) {
        (Some(name), None) => Ok((Column::Name, name)),
        (None, Some(position)) => Ok((Column::Position, position)),
        _ => Err(invalid("one attribute is changed at a time".into())),
    }
}

/// The one role that is added or removed.
pub fn role(body: &[u8]) -> Result<i64, Fault> {
    let document: Document<[Identifier; 1]> =
        serde_json::from_slice(body).map_err(|error| Fault::Invalid(error.to_string()))?;
    let [role] = document.data;
    match role.id.parse() {
        Ok(id) if role.r#type == "roles" => Ok(id),
        _ => Err(Fault::Invalid("not a role".into())),
    }
}
