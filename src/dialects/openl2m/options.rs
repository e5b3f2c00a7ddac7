//! `OPTIONS`: describes a route and its media types.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;

use super::answer;
use super::body::PARSED;
use super::call::Call;
use super::error::ApiError;

#[derive(Serialize)]
struct Description {
    name: &'static str,
    description: &'static str,
    renders: [&'static str; 1],
    parses: [&'static str; 3],
}

pub fn describe(call: &Call<'_>) -> Result<HttpResponse, ApiError> {
    let described = Description {
        name: call.endpoint.name,
        description: call.endpoint.description,
        renders: [answer::JSON],
        parses: PARSED,
    };
    answer::json(
        StatusCode::OK,
        call.endpoint.allow,
        &described,
        call.request_id(),
    )
}
