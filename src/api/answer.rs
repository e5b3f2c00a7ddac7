//! Answers that went well.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};

use crate::directory::RequestId;
use crate::jsonapi::{Accepted, CURSOR_PAGINATION};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub enum Answer {
    Document(Vec<u8>),
    /// One that nobody on the way may keep.
    Secret(Vec<u8>),
    /// A page by cursor, to which the profile was applied.
    CursorPage(Vec<u8>),
    Created {
        body: Vec<u8>,
        location: String,
    },
    Empty,
}

impl Answer {
    pub fn page(body: Vec<u8>, by_cursor: bool) -> Self {
        if by_cursor {
            Self::CursorPage(body)
        } else {
            Self::Document(body)
        }
    }

    pub fn respond(self, accepted: &Accepted, request_id: RequestId) -> HttpResponse {
        let status = match &self {
            Self::Document(_) | Self::Secret(_) | Self::CursorPage(_) => StatusCode::OK,
            Self::Created { .. } => StatusCode::CREATED,
            Self::Empty => StatusCode::NO_CONTENT,
        };
        let mut response = HttpResponse::build(status);
        response.insert_header((header::VARY, "Accept"));
        let keep = match &self {
            Self::Secret(_) => "no-store",
            _ => "private, no-cache",
        };
        response.insert_header((header::CACHE_CONTROL, keep));
        response.insert_header((REQUEST_ID, request_id.to_string()));
        // What was accepted is named only where it was applied (N14, K02).
        let profiles = match &self {
            Self::CursorPage(_) => vec![CURSOR_PAGINATION],
            _ => Vec::new(),
        };
        let applied = Accepted {
            profiles,
            ..accepted.clone()
        };
        let body = match self {
            Self::Empty => return response.finish(),
            Self::Document(body) | Self::Secret(body) | Self::CursorPage(body) => body,
            Self::Created { body, location } => {
                response.insert_header((header::LOCATION, location));
                body
            }
        };
        match applied.content_type() {
            std::borrow::Cow::Borrowed(kind) => {
                response.insert_header((header::CONTENT_TYPE, kind))
            }
            std::borrow::Cow::Owned(kind) => response.insert_header((header::CONTENT_TYPE, kind)),
        };
        response.body(body)
    }
}
