//! Successful responses.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use serde::Serialize;

use super::error::ApiError;
use crate::directory::{DirectoryError, RequestId};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub const JSON: &str = "application/json";

pub struct Answer {
    status: StatusCode,
    body: Option<Vec<u8>>,
    allow: Option<&'static str>,
}

impl Answer {
    pub fn ok(body: &impl Serialize) -> Result<Self, ApiError> {
        Self::json(StatusCode::OK, body)
    }

    pub fn created(body: &impl Serialize) -> Result<Self, ApiError> {
        Self::json(StatusCode::CREATED, body)
    }

    pub fn empty() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            allow: None,
        }
    }

    pub fn allowing(mut self, methods: &'static str) -> Self {
        self.allow = Some(methods);
        self
    }

    fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, ApiError> {
        let body = serde_json::to_vec(body).map_err(DirectoryError::internal)?;
        Ok(Self {
            status,
            body: Some(body),
            allow: None,
        })
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
                response.insert_header((header::CONTENT_TYPE, JSON));
                response.body(body)
            }
            None => response.finish(),
        }
    }
}
