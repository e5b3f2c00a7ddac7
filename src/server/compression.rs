//! Answers in gzip, for clients that ask for it (RFC 9110, 12.5.3).
//!
//! A compressed answer is another representation, so its strong entity tag is
//! another one, too (8.8.3): ours gets `-gzip` at its end. `If-Match` reads only
//! the version at the beginning of a tag; for `If-None-Match` the end is taken
//! off here, before anybody compares.

use actix_http::encoding::Encoder;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    self, AcceptEncoding, ContentEncoding, Encoding, HeaderMap, HeaderValue,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{Error, HttpMessage};

use super::middleware::Next;

const MARK: &str = "-gzip\"";

/// Compresses what has at least `from` bytes, or a size that is not known yet.
pub async fn compressed<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    from: u64,
    next: impl Next<B>,
) -> Result<ServiceResponse<Encoder<B>>, Error> {
    let is_asked = from > 0 && request.method() != Method::HEAD && asks(&request);
    let marked = unmark(request.headers_mut());
    let mut response = next(request).await?;
    if response.status() == StatusCode::NOT_MODIFIED {
        if marked.is_some_and(|marked| marks(&marked, response.headers())) {
            mark(response.headers_mut());
        }
        return Ok(plain(response));
    }
    let is_worth_it = match response.response().body().size() {
        BodySize::None => false,
        BodySize::Sized(bytes) => bytes >= from,
        BodySize::Stream => true,
    };
    if from == 0 || !is_worth_it {
        return Ok(plain(response));
    }
    if !is_asked {
        vary(response.headers_mut());
        return Ok(plain(response));
    }
    mark(response.headers_mut());
    // The encoder says itself what the answer varies by.
    Ok(response.map_body(|head, body| Encoder::response(ContentEncoding::Gzip, head, body)))
}

fn plain<B: MessageBody>(response: ServiceResponse<B>) -> ServiceResponse<Encoder<B>> {
    response.map_body(|head, body| Encoder::response(ContentEncoding::Identity, head, body))
}

/// Whether gzip is wanted no less than the answer as it is.
fn asks(request: &ServiceRequest) -> bool {
    let offered = [Encoding::gzip(), Encoding::identity()];
    let wanted = request.get_header::<AcceptEncoding>();
    let chosen = wanted.and_then(|wanted| wanted.negotiate(offered.iter()));
    chosen == Some(Encoding::gzip())
}

/// Takes the ends off the tags of `If-None-Match`; what it was, if it had some.
fn unmark(headers: &mut HeaderMap) -> Option<String> {
    let lines: Vec<String> = headers
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|line| line.to_str().ok().map(str::to_owned))
        .collect();
    let marked = lines.join(",");
    if !marked.contains(MARK) {
        return None;
    }
    let value = HeaderValue::from_str(&marked.replace(MARK, "\"")).ok()?;
    headers.insert(header::IF_NONE_MATCH, value);
    Some(marked)
}

/// Whether the client holds the compressed form of what did not change.
fn marks(marked: &str, headers: &HeaderMap) -> bool {
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    tag.is_some_and(|tag| marked.contains(&with_mark(tag)))
}

fn with_mark(tag: &str) -> String {
    tag.strip_suffix('"').unwrap_or(tag).to_owned() + MARK
}

fn mark(headers: &mut HeaderMap) {
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let marked = tag.and_then(|tag| HeaderValue::from_str(&with_mark(tag)).ok());
    if let Some(marked) = marked {
        headers.insert(header::ETAG, marked);
    }
}

fn vary(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
}
