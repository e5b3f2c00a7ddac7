//! Answers that went well.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};

use super::conditional::State;
use crate::directory::RequestId;
use crate::jsonapi::Accepted;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub enum Answer {
    Document(Vec<u8>),
    /// A document whose state is known.
    Current {
        body: Vec<u8>,
        state: Option<State>,
    },
    Created {
        body: Vec<u8>,
        location: String,
        state: Option<State>,
    },
    /// The client has it already.
    NotModified(State),
    Empty,
}

impl Answer {
    pub fn respond(
        self,
        accepted: &Accepted,
        request_id: RequestId,
        fingerprint: &str,
    ) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        response.insert_header((header::VARY, "Accept"));
        response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
        response.insert_header((REQUEST_ID, request_id.to_string()));
        if let Some(state) = self.state() {
            let tag = state.tag(fingerprint, accepted.plain_json);
            response.insert_header((header::ETAG, tag));
        }
        let body = match self {
            Self::Empty | Self::NotModified(_) => return response.finish(),
            Self::Document(body) | Self::Current { body, .. } => body,
            Self::Created { body, location, .. } => {
                response.insert_header((header::LOCATION, location));
                body
            }
        };
        match accepted.content_type() {
            Cow::Borrowed(kind) => response.insert_header((header::CONTENT_TYPE, kind)),
            Cow::Owned(kind) => response.insert_header((header::CONTENT_TYPE, kind)),
        };
        response.body(body)
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Document(_) | Self::Current { .. } => StatusCode::OK,
            Self::Created { .. } => StatusCode::CREATED,
            Self::NotModified(_) => StatusCode::NOT_MODIFIED,
            Self::Empty => StatusCode::NO_CONTENT,
        }
    }

    fn state(&self) -> Option<&State> {
        match self {
            Self::Current { state, .. } | Self::Created { state, .. } => state.as_ref(),
            Self::NotModified(state) => Some(state),
            Self::Document(_) | Self::Empty => None,
        }
    }
}
