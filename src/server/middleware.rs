//! What surrounds every handler.

use std::fmt;
use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, ResponseError};
use futures_util::FutureExt;

use crate::api::{Api, is_secure, kinds};
use crate::config::Settings;
use crate::jsonapi::{Errors, Kind, MEDIA_TYPE};

/// An answer where no handler can give one.
#[derive(Debug)]
struct Refused {
    kind: &'static Kind,
    detail: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.detail)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut body = Vec::new();
        Errors::from(self.kind.error(self.detail)).write(&mut body, None, false);
        HttpResponse::build(self.status_code())
            .insert_header((header::CONTENT_TYPE, MEDIA_TYPE))
            .insert_header((header::VARY, "Accept"))
            .insert_header((header::CACHE_CONTROL, NO_STORE))
            .body(body)
    }
}

/// A panic in a handler is a 500 of ours, and costs no other request anything.
pub async fn no_panic(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(answer) => answer,
        Err(_) => {
            log::error!("a handler panicked");
            let detail = "Something went wrong here; it is in the log.";
            Err(Refused {
                kind: &kinds::INTERNAL,
                detail,
            }
            .into())
        }
    }
}

const NOSNIFF: (HeaderName, HeaderValue) = (
    header::X_CONTENT_TYPE_OPTIONS,
    HeaderValue::from_static("nosniff"),
);

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// What `guarded` has to know.
#[derive(Clone)]
pub struct Guarding {
    api: Data<Api>,
    header_bytes: usize,
    /// The value of `Strict-Transport-Security`.
    hsts: Option<HeaderValue>,
}

impl Guarding {
    pub fn new(settings: &Settings, api: &Data<Api>) -> Self {
        let hsts = match settings.server.hsts_seconds {
            0 => None,
            seconds => HeaderValue::try_from(format!("max-age={seconds}")).ok(),
        };
        Self {
            api: api.clone(),
            header_bytes: settings.limits.header_bytes,
            hsts,
        }
    }
}

/// Refuses too many bytes of headers, and adds what every answer carries.
pub async fn guarded(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    guarding: Guarding,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Guarding {
        api,
        header_bytes,
        hsts,
    } = guarding;
    // Over plain HTTP it must not be sent (RFC 6797, 7.2).
    let hsts = hsts.filter(|_| is_secure(&api, request.request()));
    let size: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if size > header_bytes {
        let detail = "The headers are larger than limits.header_bytes.";
        let refused = Refused {
            kind: &kinds::HEADERS_TOO_LARGE,
            detail,
        };
        let response = request.into_response(refused.error_response());
        return Ok(completed(response.map_into_right_body(), hsts));
    }
    let response = documented(next.call(request).await?);
    Ok(completed(response, hsts))
}

fn completed<B>(mut response: ServiceResponse<B>, hsts: Option<HeaderValue>) -> ServiceResponse<B> {
    let headers = response.headers_mut();
    let (name, value) = NOSNIFF;
    headers.insert(name, value);
    // What may be kept says so itself.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, NO_STORE);
    }
    if let Some(value) = hsts {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

/// Puts a document where the framework refused without one, as it does with
/// the preflight of a page that may not call.
fn documented<B: MessageBody>(response: ServiceResponse<B>) -> ServiceResponse<EitherBody<B>> {
    let said = response.headers().contains_key(header::CONTENT_TYPE);
    if said || response.status() != StatusCode::BAD_REQUEST {
        return response.map_into_left_body();
    }
    let cause = response.response().error().map(ToString::to_string);
    let error = kinds::BAD_REQUEST.error(cause.unwrap_or_default());
    let mut body = Vec::new();
    Errors::from(error).write(&mut body, None, false);
    let mut response = response.map_body(|_, _| BoxBody::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.append(header::VARY, HeaderValue::from_static("Accept"));
    response.map_into_right_body()
}
