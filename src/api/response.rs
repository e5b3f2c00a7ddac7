//! Successful responses.

use std::borrow::Cow;
use std::convert::Infallible;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use futures_util::stream::LocalBoxStream;

use super::conditional::State;
use crate::directory::RequestId;
use crate::jsonapi::{ATOMIC, Accepted, CURSOR_PAGINATION};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Marks a response that was stored for an idempotency key.
const REPLAYED: (HeaderName, HeaderValue) = (
    HeaderName::from_static("idempotency-replayed"),
    HeaderValue::from_static("true"),
);

pub enum Response {
    Document(Vec<u8>),
    /// A page to which the cursor pagination profile was applied.
    CursorPage(Vec<u8>),
    /// A document that can have an entity tag.
    Current {
        body: Vec<u8>,
        state: Option<State>,
    },
    Created {
        body: Vec<u8>,
        location: String,
        state: Option<State>,
    },
    /// The results of atomic operations, in the media type of the extension.
    Atomic(Vec<u8>),
    /// The stored response to an earlier request with the same idempotency key.
    Replayed(Box<Response>),
    /// A document that is generated while it is sent.
    Streamed(LocalBoxStream<'static, Result<Bytes, Infallible>>),
    NotModified(State),
    Empty,
}

impl Response {
    pub fn page(body: Vec<u8>, by_cursor: bool) -> Self {
        if by_cursor {
            Self::CursorPage(body)
        } else {
            Self::Document(body)
        }
    }

    pub fn into_http(
        self,
        accepted: &Accepted,
        request_id: RequestId,
        fingerprint: &str,
    ) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        response.insert_header((header::VARY, "Accept"));
        // Responses contain personal data or depend on the caller. A client can
        // still store an ETag itself and send it in If-None-Match.
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.insert_header((REQUEST_ID, request_id.to_string()));
        if let Some(state) = self.state() {
            let tag = state.tag(fingerprint, accepted.plain_json);
            response.insert_header((header::ETAG, tag));
        }
        if let Self::Replayed(first) = self {
            let mut response = first.into_http(accepted, request_id, fingerprint);
            let (name, value) = REPLAYED;
            response.headers_mut().insert(name, value);
            return response;
        }
        // Only applied extensions and profiles are named (N14, K02).
        let mut applied = Accepted {
            profiles: Vec::new(),
            ..accepted.clone()
        };
        match &self {
            Self::Atomic(_) => applied = applied.applying(ATOMIC),
            Self::CursorPage(_) => applied.profiles.push(CURSOR_PAGINATION),
            _ => {}
        }
        let body = match self {
            Self::Empty | Self::NotModified(_) | Self::Replayed(_) => return response.finish(),
            Self::Streamed(parts) => {
                response.insert_header((header::CONTENT_TYPE, &*applied.content_type()));
                return response.streaming(parts);
            }
            Self::Document(body)
            | Self::CursorPage(body)
            | Self::Atomic(body)
            | Self::Current { body, .. } => body,
            Self::Created { body, location, .. } => {
                response.insert_header((header::LOCATION, location));
                body
            }
        };
        match applied.content_type() {
            Cow::Borrowed(kind) => response.insert_header((header::CONTENT_TYPE, kind)),
            Cow::Owned(kind) => response.insert_header((header::CONTENT_TYPE, kind)),
        };
        response.body(body)
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::Document(_)
            | Self::CursorPage(_)
            | Self::Atomic(_)
            | Self::Streamed(_)
            | Self::Current { .. } => StatusCode::OK,
            Self::Created { .. } => StatusCode::CREATED,
            Self::NotModified(_) => StatusCode::NOT_MODIFIED,
            Self::Empty => StatusCode::NO_CONTENT,
            Self::Replayed(first) => first.status(),
        }
    }

    pub fn state(&self) -> Option<&State> {
        match self {
            Self::Current { state, .. } | Self::Created { state, .. } => state.as_ref(),
            Self::NotModified(state) => Some(state),
            Self::Document(_)
            | Self::CursorPage(_)
            | Self::Atomic(_)
            | Self::Streamed(_)
            | Self::Replayed(_)
            | Self::Empty => None,
        }
    }
}
