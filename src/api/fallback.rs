//! Paths that no route serves: an error document for programs, an HTML page for
//! browsers. The root redirects browsers to the reference.

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse};

use super::base_url::base_url;
use super::call::Api;
use super::description::{PAGE, POLICY, not_found_page};
use super::error::not_found;
use super::response::REQUEST_ID;
use crate::jsonapi::prefers_html;

const ROOT: &str = "/";

pub fn fallback(api: &Api, request: &HttpRequest) -> HttpResponse {
    match base_url(api, request) {
        Ok(base) if is_from_browser(request) && request.path() == ROOT => to_reference(&base),
        Ok(base) if is_from_browser(request) => page(api, &base),
        _ => not_found(api, request),
    }
}

fn is_from_browser(request: &HttpRequest) -> bool {
    let accept = request.headers().get_all(header::ACCEPT);
    matches!(*request.method(), Method::GET | Method::HEAD)
        && prefers_html(accept.map(|value| value.as_bytes()))
}

fn to_reference(base: &str) -> HttpResponse {
    HttpResponse::Found()
        .insert_header((header::LOCATION, format!("{base}{PAGE}")))
        .insert_header((header::VARY, "Accept"))
        .finish()
}

fn page(api: &Api, base: &str) -> HttpResponse {
    HttpResponse::NotFound()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::VARY, "Accept"))
        .insert_header((REQUEST_ID, api.next_request_id().to_string()))
        .body(not_found_page(&api.project, base))
}
