//! Requests that need no credentials, such as sign-ins.

use std::borrow::Cow;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::base_url::base_url;
use super::call::{
    Api, content_type, has_body, read_body_within, record_forbidden, request_context,
};
use super::error::ApiError;
use super::response::Response;
use crate::directory::Context;
use crate::jsonapi::{Accepted, Error, Negotiation};

const FORM: &str = "application/x-www-form-urlencoded";

/// A request whose caller is not known.
pub struct UnauthenticatedCall<'a> {
    pub api: &'a Api,
    pub request: &'a HttpRequest,
    pub context: Context,
    pub base_url: Cow<'a, str>,
}

impl UnauthenticatedCall<'_> {
    pub async fn body(&self, payload: &mut Payload) -> Result<Vec<u8>, ApiError> {
        let body = read_body_within(self.request, payload, self.api.sign_in_bytes).await?;
        if !body.is_empty() {
            negotiate_body(self.api, self.request, true)?;
        }
        Ok(body)
    }

    /// Whether the body is a form, as in OAuth 2.0.
    pub fn sends_form(&self) -> bool {
        is_form(self.request)
    }
}

/// Negotiates the media types, then calls `work` for the response.
pub async fn respond_unauthenticated(
    api: &Data<Api>,
    request: &HttpRequest,
    work: impl AsyncFnOnce(&UnauthenticatedCall<'_>) -> Result<Response, ApiError>,
) -> HttpResponse {
    let request_id = api.next_request_id();
    let accepted = match negotiate(api, request) {
        Ok(accepted) => accepted,
        Err(error) => return ApiError::from(error).into_http(api, request, request_id, None),
    };
    let context = request_context(api, request, request_id);
    let outcome = match begin(api, request, context.clone()) {
        Ok(call) => work(&call).await,
        Err(error) => Err(error.into()),
    };
    let response = match outcome {
        Ok(response) => response.into_http(&accepted, request_id, &api.fingerprint),
        Err(error) => error.into_http(api, request, request_id, Some(&accepted)),
    };
    record_forbidden(api, request, &context, response)
}

fn negotiate(api: &Api, request: &HttpRequest) -> Result<Accepted, Error> {
    let accepted = api.negotiate_accept(request)?;
    // A missing Content-Type is an error only if there is a body, which is known
    // when it is read.
    let is_typed_body = content_type(request).is_some() && has_body(request);
    negotiate_body(api, request, is_typed_body)?;
    Ok(accepted)
}

/// The body is not a JSON:API document, so plain JSON is always accepted.
fn negotiate_body(api: &Api, request: &HttpRequest, has_body: bool) -> Result<(), Error> {
    if is_form(request) {
        return Ok(());
    }
    let taken = Negotiation {
        strict: false,
        ..api.negotiation
    };
    taken
        .content_type(content_type(request), has_body)
        .map(drop)
}

fn is_form(request: &HttpRequest) -> bool {
    let kind = content_type(request);
    let kind = kind.and_then(|value| std::str::from_utf8(value).ok());
    let kind = kind.and_then(|value| value.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case(FORM))
}

fn begin<'a>(
    api: &'a Api,
    request: &'a HttpRequest,
    context: Context,
) -> Result<UnauthenticatedCall<'a>, Error> {
    Ok(UnauthenticatedCall {
        api,
        request,
        context,
        base_url: base_url(api, request)?,
    })
}
