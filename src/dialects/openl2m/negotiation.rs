//! Content negotiation (RFC 9110, section 12.5.1): all responses are JSON.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::error::ApiError;

/// # Errors
/// The client does not accept JSON.
pub fn check(request: &HttpRequest) -> Result<(), ApiError> {
    let mut ranges = request
        .headers()
        .get_all(header::ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .peekable();
    if ranges.peek().is_none() || ranges.any(takes_json) {
        Ok(())
    } else {
        Err(ApiError::NotAcceptable)
    }
}

fn takes_json(range: &str) -> bool {
    let essence = range.split(';').next().unwrap_or_default().trim();
    ["*/*", "application/*", "application/json"]
        .iter()
        .any(|known| essence.eq_ignore_ascii_case(known))
}
