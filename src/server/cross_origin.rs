//! Pages of other origins change nothing (cross-site request forgery). A browser
//! adds the password that somebody once typed to whatever a page sends here; in
//! `Origin` and `Sec-Fetch-Site`, which pages cannot forge, it tells whose page
//! that is. Clients that send neither are no browsers.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{Error, HttpRequest};

use super::middleware::Next;
use super::surfaces::Surfaces;
use crate::api::{Api, is_own_origin};
use crate::auth::carries_token;
use crate::config::Origin;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Which pages may send what changes something.
pub struct CrossOriginPolicy {
    listed: Vec<Origin>,
    /// All are, for what they send by themselves.
    lists_all: bool,
}

impl CrossOriginPolicy {
    /// From `server.cors_origins`.
    pub fn new(origins: &[String]) -> Self {
        Self {
            listed: origins
                .iter()
                .filter_map(|text| Origin::parse(text))
                .collect(),
            lists_all: origins.iter().any(|origin| origin == "*"),
        }
    }

    /// Else the header that tells of a page which may not.
    fn check(&self, api: &Api, request: &HttpRequest) -> Result<(), &'static str> {
        let headers = request.headers();
        if is_read_only(request.method()) || (self.lists_all && !has_ambient_credentials(headers)) {
            return Ok(());
        }
        if headers.contains_key(header::ORIGIN) {
            let is_known = |value: &HeaderValue| self.knows(api, request, value);
            let all_known = headers.get_all(header::ORIGIN).all(is_known);
            return if all_known { Ok(()) } else { Err("Origin") };
        }
        // `none`: typed, or a bookmark.
        let is_own = |value: &HeaderValue| value == "same-origin" || value == "none";
        if headers.get_all(SEC_FETCH_SITE).all(is_own) {
            Ok(())
        } else {
            Err("Sec-Fetch-Site")
        }
    }

    /// `null`, which sandboxed pages send, is no origin that could be known.
    fn knows(&self, api: &Api, request: &HttpRequest, value: &HeaderValue) -> bool {
        let origin = value.to_str().ok().and_then(Origin::parse);
        origin.is_some_and(|origin| {
            self.listed.contains(&origin) || is_own_origin(api, request, &origin)
        })
    }
}

fn is_read_only(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the credentials may be the browser's own. It never makes up a token.
fn has_ambient_credentials(headers: &HeaderMap) -> bool {
    let mut credentials = headers.get_all(header::AUTHORIZATION);
    !credentials.all(|value| carries_token(value.as_bytes()))
}

/// Refuses what a page of another origin sends, before anything else is asked.
pub async fn checked<B: MessageBody>(
    request: ServiceRequest,
    policy: &CrossOriginPolicy,
    surfaces: &Surfaces,
    next: impl Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match policy.check(&surfaces.api, request.request()) {
        Ok(()) => Ok(next(request).await?.map_into_left_body()),
        Err(header) => {
            let refusal = surfaces.forbid_cross_origin(request.request(), header);
            Ok(request.into_response(refusal).map_into_right_body())
        }
    }
}
