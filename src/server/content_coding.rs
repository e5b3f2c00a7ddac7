//! Rejects request bodies with a content coding, in the format of the surface.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Version;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{Error, HttpRequest};

use super::middleware::Next;
use super::surfaces::Surfaces;
use crate::api::has_body;

/// Rejects a body with a content coding before authentication.
pub async fn checked<B: MessageBody>(
    request: ServiceRequest,
    surfaces: &Surfaces,
    next: impl Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if !may_have_body(request.request()) || !is_coded(request.request()) {
        return Ok(next(request).await?.map_into_left_body());
    }
    let mut refusal = surfaces.refuse_content_coding(request.request());
    // The supported coding (RFC 9110, 15.5.16).
    let identity = HeaderValue::from_static("identity");
    refusal
        .headers_mut()
        .insert(header::ACCEPT_ENCODING, identity);
    Ok(request.into_response(refusal).map_into_right_body())
}

/// HTTP/2 requests can have a body without a header that announces it.
fn may_have_body(request: &HttpRequest) -> bool {
    has_body(request) || (request.version() == Version::HTTP_2 && !request.method().is_safe())
}

fn is_coded(request: &HttpRequest) -> bool {
    let mut values = request.headers().get_all(header::CONTENT_ENCODING);
    values.any(|value| {
        let mut codings = value.as_bytes().split(|byte| *byte == b',');
        codings.any(|coding| {
            let coding = coding.trim_ascii();
            !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity")
        })
    })
}
