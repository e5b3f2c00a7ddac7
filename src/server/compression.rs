//! Compresses responses with gzip for clients that accept it (RFC 9110, 12.5.3).
//!
//! A compressed response is another representation and needs another strong entity tag
//! (8.8.3), so it gets the suffix `-gzip`. `If-Match` compares only the version at the
//! beginning of a tag; for `If-None-Match` the suffix is removed here.

use actix_http::encoding::Encoder;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    self, AcceptEncoding, ContentEncoding, Encoding, HeaderMap, HeaderValue,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{Error, HttpMessage};

use super::middleware::Next;

const SUFFIX: &str = "-gzip\"";

/// Compresses bodies of at least `from` bytes, and those of unknown size.
pub async fn compressed<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    from: u64,
    next: impl Next<B>,
) -> Result<ServiceResponse<Encoder<B>>, Error> {
    let accepts = from > 0 && request.method() != Method::HEAD && accepts_gzip(&request);
    let suffixed = strip_suffixes(request.headers_mut());
    let mut response = next(request).await?;
    if response.status() == StatusCode::NOT_MODIFIED {
        if suffixed.is_some_and(|suffixed| has_suffix(&suffixed, response.headers())) {
            add_suffix(response.headers_mut());
        }
        return Ok(identity(response));
    }
    let is_worth_it = match response.response().body().size() {
        BodySize::None => false,
        BodySize::Sized(bytes) => bytes >= from,
        BodySize::Stream => true,
    };
    if from == 0 || !is_worth_it {
        return Ok(identity(response));
    }
    if !accepts {
        vary(response.headers_mut());
        return Ok(identity(response));
    }
    add_suffix(response.headers_mut());
    // The encoder adds the Vary header.
    Ok(response.map_body(|head, body| Encoder::response(ContentEncoding::Gzip, head, body)))
}

fn identity<B: MessageBody>(response: ServiceResponse<B>) -> ServiceResponse<Encoder<B>> {
    response.map_body(|head, body| Encoder::response(ContentEncoding::Identity, head, body))
}

/// Whether the client prefers gzip, or does not mind.
fn accepts_gzip(request: &ServiceRequest) -> bool {
    let offered = [Encoding::gzip(), Encoding::identity()];
    let wanted = request.get_header::<AcceptEncoding>();
    let chosen = wanted.and_then(|wanted| wanted.negotiate(offered.iter()));
    chosen == Some(Encoding::gzip())
}

/// Removes the suffixes from `If-None-Match`; returns the original value if it had any.
fn strip_suffixes(headers: &mut HeaderMap) -> Option<String> {
    let lines: Vec<String> = headers
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|line| line.to_str().ok().map(str::to_owned))
        .collect();
    let suffixed = lines.join(",");
    if !suffixed.contains(SUFFIX) {
        return None;
    }
    let value = HeaderValue::from_str(&suffixed.replace(SUFFIX, "\"")).ok()?;
    headers.insert(header::IF_NONE_MATCH, value);
    Some(suffixed)
}

/// Whether the client has the compressed representation.
fn has_suffix(suffixed: &str, headers: &HeaderMap) -> bool {
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    tag.is_some_and(|tag| suffixed.contains(&with_suffix(tag)))
}

fn with_suffix(tag: &str) -> String {
    tag.strip_suffix('"').unwrap_or(tag).to_owned() + SUFFIX
}

fn add_suffix(headers: &mut HeaderMap) {
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let suffixed = tag.and_then(|tag| HeaderValue::from_str(&with_suffix(tag)).ok());
    if let Some(suffixed) = suffixed {
        headers.insert(header::ETAG, suffixed);
    }
}

fn vary(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
}
