//! What surrounds every handler.

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
use crate::jsonapi::{Errors, Kind, MEDIA_TYPE};

/// The rest of the chain, as a layer calls it.
pub trait Next<B>: AsyncFnOnce(ServiceRequest) -> Result<ServiceResponse<B>, Error> {}

impl<B, F: AsyncFnOnce(ServiceRequest) -> Result<ServiceResponse<B>, Error>> Next<B> for F {}

/// The state of every layer: one count of references a request.
pub struct Layers {
    surfaces: Surfaces,
    policy: CrossOriginPolicy,
    guarding: Guarding,
    compress_from: u64,
    limits: RequestLimits,
}

impl Layers {
    pub fn new(settings: &Settings, surfaces: &Surfaces, clients: Arc<Clients>) -> Self {
        Self {
            surfaces: surfaces.clone(),
            policy: CrossOriginPolicy::new(&settings.server.cors_origins),
            guarding: Guarding::new(settings, &surfaces.api),
            compress_from: settings.server.compress_from,
            limits: RequestLimits::new(&settings.limits, clients),
        }
    }
}

/// Everything that sees the answer as it is sent, also that of a preflight:
/// outside of CORS. One function for all: each middleware of the framework
/// allocates, and moves the request and the answer.
pub async fn outer(
    request: ServiceRequest,
    next: middleware::Next<impl MessageBody + 'static>,
    layers: Arc<Layers>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    limited(request, &layers.limits, async |request| {
        compressed(request, layers.compress_from, async |request| {
            guarded(request, &layers.guarding, async |request| {
                next.call(request).await
            })
            .await
        })
        .await
    })
    .await
}

/// The checks before a handler, inside of CORS, so that a page can read what
/// they refuse.
pub async fn inner(
    request: ServiceRequest,
    next: middleware::Next<impl MessageBody + 'static>,
    layers: Arc<Layers>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Layers {
        surfaces, policy, ..
    } = &*layers;
    cross_origin::checked(request, policy, surfaces, async |request| {
        content_coding::checked(request, surfaces, async |request| {
            no_panic(request, async |request| next.call(request).await).await
        })
        .await
    })
    .await
}

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
async fn no_panic<B: MessageBody>(
    request: ServiceRequest,
    next: impl Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    match AssertUnwindSafe(next(request)).catch_unwind().await {
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
struct Guarding {
    api: Data<Api>,
    header_bytes: usize,
    /// The value of `Strict-Transport-Security`.
    hsts: Option<HeaderValue>,
}

impl Guarding {
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

/// Refuses too many bytes of headers, and adds what every answer carries.
async fn guarded<B: MessageBody>(
    request: ServiceRequest,
    guarding: &Guarding,
    next: impl Next<B>,
) -> Result<ServiceResponse<EitherBody<EitherBody<B>>>, Error> {
    let hsts = guarding.hsts.as_ref();
    // Over plain HTTP it must not be sent (RFC 6797, 7.2).
    let hsts = hsts.filter(|_| is_secure(&guarding.api, request.request()));
    let size: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if size > guarding.header_bytes {
        let detail = "The headers are larger than limits.header_bytes.";
        let refused = Refused {
            kind: &kinds::HEADERS_TOO_LARGE,
            detail,
        };
        let response = request.into_response(refused.error_response());
        return Ok(completed(response.map_into_right_body(), hsts));
    }
    let response = documented(next(request).await?);
    Ok(completed(response.map_into_left_body(), hsts))
}

fn completed<B>(
    mut response: ServiceResponse<B>,
    hsts: Option<&HeaderValue>,
) -> ServiceResponse<B> {
    let headers = response.headers_mut();
    let (name, value) = NOSNIFF;
    headers.insert(name, value);
    // What may be kept says so itself.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, NO_STORE);
    }
    if let Some(value) = hsts {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value.clone());
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
