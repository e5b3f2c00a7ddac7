//! Reads request bodies up to a limit.

use std::io;

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::Payload;
use futures_util::StreamExt;
use serde_json::Value;

/// Bytes that are allocated before the body arrives.
const FIRST_CAPACITY: usize = 64 * 1024;

/// Why a body could not be read.
pub enum BodyError {
    /// It exceeds this number of bytes.
    TooLarge(usize),
    /// It stalled or took too long.
    TimedOut,
    /// The memory for request bodies is used up.
    BodyMemoryFull,
    /// It was incomplete or malformed.
    Broken(String),
}

pub async fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> Result<Vec<u8>, BodyError> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(BodyError::TooLarge(limit));
    }
    // Content-Length alone must not allocate memory.
    let mut body = Vec::with_capacity(announced.unwrap_or(0).min(FIRST_CAPACITY));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(body_error)?;
        if body.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn body_error(error: PayloadError) -> BodyError {
    let kind = match &error {
        PayloadError::Io(error) => Some(error.kind()),
        _ => None,
    };
    match kind {
        Some(io::ErrorKind::TimedOut) => BodyError::TimedOut,
        Some(io::ErrorKind::QuotaExceeded) => BodyError::BodyMemoryFull,
        _ => BodyError::Broken(error.to_string()),
    }
}

/// The nesting depth of arrays and objects. Recursion is safe, since the parser
/// limits the depth.
pub fn depth(value: &Value) -> usize {
    let within = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    1 + within.unwrap_or(0)
}
