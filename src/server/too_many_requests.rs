//! The response to a client with too many concurrent requests, in the format of the
//! surface.

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::header;
use actix_web::web::Data;

use crate::api::kinds;
use crate::dialects::cfengine::{self, Cfengine};
use crate::dialects::openl2m::{self, OpenL2m};
use crate::dialects::prp::{self, Prp};
use crate::jsonapi::{Errors, MEDIA_TYPE};

pub fn respond(request: &ServiceRequest) -> HttpResponse {
    // The path as the router sees it, normalized.
    let path = request.match_info().unprocessed();
    if prp::serves(path)
        && let Some(prp) = request.app_data::<Data<Prp>>()
    {
        return prp::too_many_requests(prp);
    }
    if openl2m::serves(path)
        && let Some(openl2m) = request.app_data::<Data<OpenL2m>>()
    {
        return openl2m::too_many_requests(openl2m);
    }
    if cfengine::serves(path)
        && let Some(cfengine) = request.app_data::<Data<Cfengine>>()
    {
        return cfengine::too_many_requests(cfengine);
    }
    let error = kinds::TOO_MANY_REQUESTS.error("Too many concurrent requests of this client.");
    let mut body = Vec::new();
    Errors::from(error).write(&mut body, None, false);
    HttpResponse::TooManyRequests()
        .insert_header((header::CONTENT_TYPE, MEDIA_TYPE))
        .insert_header((header::VARY, "Accept"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::RETRY_AFTER, "1"))
        .body(body)
}
