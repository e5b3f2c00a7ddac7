//! Answers that went well: an envelope, or nothing but a status.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use serde::Serialize;

use super::call::Call;
use super::error::ApiError;
use super::parameters::Page;
use crate::directory::{DirectoryError, RequestId};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub struct Answer {
    status: StatusCode,
    body: Option<Vec<u8>>,
    allow: Option<&'static str>,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    meta: Meta,
    data: &'a [T],
}

#[derive(Serialize)]
struct Meta {
    page: i64,
    /// Entries on this page.
    count: usize,
    /// Entries on all pages.
    total: i64,
    /// Unix time in seconds.
    timestamp: i64,
}

impl Answer {
    /// A page of a list.
    pub fn page<T: Serialize>(
        call: &Call<'_>,
        page: Page,
        total: i64,
        data: &[T],
    ) -> Result<Self, ApiError> {
        let meta = Meta {
            page: page.number,
            count: data.len(),
            total,
            timestamp: call.guard.context().now.timestamp(),
        };
        let body = serde_json::to_vec(&Envelope { meta, data });
        Ok(Self {
            status: StatusCode::OK,
            body: Some(body.map_err(DirectoryError::internal)?),
            allow: None,
        })
    }

    /// One entry, in the envelope of a list.
    pub fn one<T: Serialize>(call: &Call<'_>, entry: T) -> Result<Self, ApiError> {
        Self::page(call, Page::ONLY, 1, &[entry])
    }

    pub fn created() -> Self {
        Self::without_body(StatusCode::CREATED)
    }

    pub fn done() -> Self {
        Self::without_body(StatusCode::NO_CONTENT)
    }

    pub fn allowing(methods: &'static str) -> Self {
        Self {
            allow: Some(methods),
            ..Self::without_body(StatusCode::NO_CONTENT)
        }
    }

    fn without_body(status: StatusCode) -> Self {
        Self {
            status,
            body: None,
            allow: None,
        }
    }

    pub fn respond(self, request_id: RequestId) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.insert_header((REQUEST_ID, request_id.to_string()));
        if let Some(allow) = self.allow {
            response.insert_header((header::ALLOW, allow));
        }
        match self.body {
            Some(body) => {
                response.insert_header((header::CONTENT_TYPE, "application/json"));
                response.body(body)
            }
            None => response.finish(),
        }
    }
}
