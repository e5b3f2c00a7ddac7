//! Successful responses.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;

use super::error::ApiError;
use crate::directory::{DirectoryError, RequestId};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub const JSON: &str = "application/json";

/// Begins a response with the common headers.
pub fn begin(
    status: StatusCode,
    allow: &'static str,
    request_id: RequestId,
) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CONTENT_TYPE, JSON))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "Accept"))
        .insert_header((REQUEST_ID, request_id.to_string()));
    if !allow.is_empty() {
        response.insert_header((header::ALLOW, allow));
    }
    response
}

pub fn json(
    status: StatusCode,
    allow: &'static str,
    body: &impl Serialize,
    request_id: RequestId,
) -> Result<HttpResponse, ApiError> {
    let body = serde_json::to_vec(body).map_err(DirectoryError::internal)?;
    Ok(begin(status, allow, request_id).body(body))
}
