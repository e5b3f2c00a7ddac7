//! Request headers, for the operations that support them.

use serde_json::{Value, json};

use super::context::DescriptionContext;
use super::shape::Shape;
use super::{OPENAPI, PAGE};
use crate::api::idempotency::MAX_LENGTH;
use crate::api::resource::Writability;
use crate::api::routes::OPERATIONS;

/// A request header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    IfMatch,
    IfNoneMatch,
    IdempotencyKey,
}

/// The headers that an operation supports.
pub fn of(path: &str, shape: Option<Shape>, method: &str) -> Vec<Header> {
    let honoured = match (shape, method) {
        (Some(Shape::Item(_) | Shape::Linkage(..)), "GET") => Header::IfNoneMatch,
        (Some(Shape::Item(_)), "PATCH" | "DELETE") => Header::IfMatch,
        (Some(Shape::Linkage(_, related)), _) if related.writability == Writability::Always => {
            Header::IfMatch
        }
        (Some(Shape::Collection(kind)), "POST") if !kind.returns_secret() => Header::IdempotencyKey,
        (None, "POST") if path == OPERATIONS => Header::IdempotencyKey,
        (None, "GET") if matches!(path, OPENAPI | PAGE) => Header::IfNoneMatch,
        _ => return Vec::new(),
    };
    vec![honoured]
}

impl Header {
    pub const ALL: [Self; 3] = [Self::IfMatch, Self::IfNoneMatch, Self::IdempotencyKey];

    pub fn name(self) -> &'static str {
        match self {
            Self::IfMatch => "If-Match",
            Self::IfNoneMatch => "If-None-Match",
            Self::IdempotencyKey => "Idempotency-Key",
        }
    }

    /// Its name in the components.
    pub fn key(self) -> String {
        format!("header.{}", self.name())
    }

    pub fn doc(self) -> &'static str {
        match self {
            Self::IfMatch => {
                "The ETag of the resource as it was read, several ETags, or *: if it has changed since, nothing is done and the response is 412."
            }
            Self::IfNoneMatch => {
                "The ETag of the client's copy, several ETags, or *: if the copy is current, the response is 304 without a body."
            }
            Self::IdempotencyKey => {
                "A unique name for this request, chosen by the client: a retry is not carried out again and gets the stored response. Not with include, nor for responses that contain a secret."
            }
        }
    }

    pub fn example(self) -> &'static str {
        match self {
            Self::IfMatch => "\"3-5f2c9a41\"",
            Self::IfNoneMatch => "\"m1a2b3c4d5e6f708-5f2c9a41\"",
            Self::IdempotencyKey => "4f1c1f0a-6d0b-4a6e-9f0f-2b6f4b8f6c11",
        }
    }

    fn schema(self) -> Value {
        const TAG: &str = r#"(W/)?"[!#-~]*""#;
        match self {
            Self::IfMatch | Self::IfNoneMatch => json!({
                "type": "string",
                "pattern": format!("^(\\*|{TAG}( *, *{TAG})*)$"),
            }),
            Self::IdempotencyKey => json!({
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_LENGTH,
                "pattern": "^[!-~]+$",
            }),
        }
    }

    pub fn written(self, context: &DescriptionContext) -> Value {
        json!({
            "name": self.name(),
            "in": "header",
            "required": self == Self::IfMatch && context.require_if_match,
            "description": self.doc(),
            "schema": self.schema(),
            "example": self.example(),
        })
    }
}
