//! Protection against cross-site request forgery. Browsers add cached passwords to the
//! requests of any page; the headers `Origin` and `Sec-Fetch-Site`, which pages cannot
//! forge, show where the page comes from. Clients that send neither are not browsers.

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

/// The origins whose pages may send unsafe requests.
pub struct CrossOriginPolicy {
    origins: Vec<Origin>,
    /// All origins, for requests without credentials of the browser.
    lists_all: bool,
}

impl CrossOriginPolicy {
    /// From `server.cors_origins`.
    pub fn new(origins: &[String]) -> Self {
        Self {
            origins: origins
                .iter()
                .filter_map(|text| Origin::parse(text))
                .collect(),
            lists_all: origins.iter().any(|origin| origin == "*"),
        }
    }

    /// # Errors
    /// The header that shows a cross-origin request.
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
        // `none`: the user entered the address or opened a bookmark.
        let is_own = |value: &HeaderValue| value == "same-origin" || value == "none";
        if headers.get_all(SEC_FETCH_SITE).all(is_own) {
            Ok(())
        } else {
            Err("Sec-Fetch-Site")
        }
    }

    /// `null`, the origin of sandboxed pages, is never trusted.
    fn knows(&self, api: &Api, request: &HttpRequest, value: &HeaderValue) -> bool {
        let origin = value.to_str().ok().and_then(Origin::parse);
        origin.is_some_and(|origin| {
            self.origins.contains(&origin) || is_own_origin(api, request, &origin)
        })
    }
}

fn is_read_only(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the browser may have added the credentials, which it does with passwords
/// but never with tokens.
fn has_ambient_credentials(headers: &HeaderMap) -> bool {
    let mut credentials = headers.get_all(header::AUTHORIZATION);
    !credentials.all(|value| carries_token(value.as_bytes()))
}

/// Rejects cross-origin requests before any other check.
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
