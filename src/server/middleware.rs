//! The middleware around every handler.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, ResponseError};
use futures_util::FutureExt;

use super::compression::compressed;
use super::connections::clients::Clients;
use super::cross_origin::CrossOriginPolicy;
use super::requests::{RequestLimits, limited};
use super::surfaces::Surfaces;
use super::{content_coding, cross_origin};
use crate::api::{Api, is_secure, kinds};
use crate::config::Settings;
use crate::jsonapi::{ErrorKind, Errors, MEDIA_TYPE};

/// The next service in the chain.
pub trait Next<B>: AsyncFnOnce(ServiceRequest) -> Result<ServiceResponse<B>, Error> {}

impl<B, F: AsyncFnOnce(ServiceRequest) -> Result<ServiceResponse<B>, Error>> Next<B> for F {}

/// The state of all middleware in one `Arc`, cloned once per request.
pub struct MiddlewareState {
    surfaces: Surfaces,
    policy: CrossOriginPolicy,
    header_policy: HeaderPolicy,
    compress_from: u64,
    limits: RequestLimits,
}

impl MiddlewareState {
    /// Takes over the settings that can change at run time.
    pub fn reload(&self, settings: &Settings) {
        self.limits.reload(&settings.limits);
    }

    pub fn new(settings: &Settings, surfaces: &Surfaces, clients: Arc<Clients>) -> Self {
        Self {
            surfaces: surfaces.clone(),
            policy: CrossOriginPolicy::new(&settings.server.cors_origins),
            header_policy: HeaderPolicy::new(settings, &surfaces.api),
            compress_from: settings.server.compress_from,
            limits: RequestLimits::new(&settings.limits, clients),
        }
    }
}

/// The middleware outside of CORS, which also applies to preflight responses. One
/// function for all, because each middleware of actix-web allocates and moves the
/// request and the response.
pub async fn outer(
    request: ServiceRequest,
    next: middleware::Next<impl MessageBody + 'static>,
    state: Arc<MiddlewareState>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    limited(request, &state.limits, async |request| {
        compressed(request, state.compress_from, async |request| {
            with_headers(request, &state.header_policy, async |request| {
                next.call(request).await
            })
            .await
        })
        .await
    })
    .await
}

/// The middleware inside of CORS, so that pages can read its errors.
pub async fn inner(
    request: ServiceRequest,
    next: middleware::Next<impl MessageBody + 'static>,
    state: Arc<MiddlewareState>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let MiddlewareState {
        surfaces, policy, ..
    } = &*state;
    cross_origin::checked(request, policy, surfaces, async |request| {
        content_coding::checked(request, surfaces, async |request| {
            catch_panic(request, async |request| next.call(request).await).await
        })
        .await
    })
    .await
}

/// An error that occurs outside of a handler.
#[derive(Debug)]
struct MiddlewareError {
    kind: &'static ErrorKind,
    detail: &'static str,
}

impl fmt::Display for MiddlewareError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.detail)
    }
}

impl ResponseError for MiddlewareError {
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

/// Turns a panic of a handler into a 500; other requests are not affected.
async fn catch_panic<B: MessageBody>(
    request: ServiceRequest,
    next: impl Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    match AssertUnwindSafe(next(request)).catch_unwind().await {
        Ok(answer) => answer,
        Err(_) => {
            log::error!("a handler panicked");
            let detail = "Internal error; the log has the details.";
            Err(MiddlewareError {
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

/// The settings of `with_headers`.
struct HeaderPolicy {
    api: Data<Api>,
    header_bytes: usize,
    /// The value of `Strict-Transport-Security`.
    hsts: Option<HeaderValue>,
}

impl HeaderPolicy {
    fn new(settings: &Settings, api: &Data<Api>) -> Self {
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

/// Rejects requests with too large headers, and adds the common response headers.
async fn with_headers<B: MessageBody>(
    request: ServiceRequest,
    header_policy: &HeaderPolicy,
    next: impl Next<B>,
) -> Result<ServiceResponse<EitherBody<EitherBody<B>>>, Error> {
    let hsts = header_policy.hsts.as_ref();
    // Over plain HTTP it must not be sent (RFC 6797, 7.2).
    let hsts = hsts.filter(|_| is_secure(&header_policy.api, request.request()));
    let size: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if size > header_policy.header_bytes {
        let detail = "The headers are larger than limits.header_bytes.";
        let error = MiddlewareError {
            kind: &kinds::HEADERS_TOO_LARGE,
            detail,
        };
        let response = request.into_response(error.error_response());
        return Ok(add_headers(response.map_into_right_body(), hsts));
    }
    let response = add_error_document(next(request).await?);
    Ok(add_headers(response.map_into_left_body(), hsts))
}

fn add_headers<B>(
    mut response: ServiceResponse<B>,
    hsts: Option<&HeaderValue>,
) -> ServiceResponse<B> {
    let headers = response.headers_mut();
    let (name, value) = NOSNIFF;
    headers.insert(name, value);
    // Cacheable responses have the header already.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, NO_STORE);
    }
    if let Some(value) = hsts {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value.clone());
    }
    response
}

/// Adds an error document to errors of the framework that lack one, such as a rejected
/// preflight.
fn add_error_document<B: MessageBody>(
    response: ServiceResponse<B>,
) -> ServiceResponse<EitherBody<B>> {
    let has_document = response.headers().contains_key(header::CONTENT_TYPE);
    if has_document || response.status() != StatusCode::BAD_REQUEST {
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
