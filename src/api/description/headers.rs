//! Headers of requests, for the operations that honour them.

use serde_json::{Value, json};

use super::context::DescriptionContext;
use super::shape::Shape;
use super::{OPENAPI, PAGE};
use crate::api::idempotency::MOST;
use crate::api::resource::Writability;
use crate::api::routes::OPERATIONS;

/// One header of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    IfMatch,
    IfNoneMatch,
    IdempotencyKey,
}

/// What works at one method of one address.
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

    /// Its name among the components.
    pub fn key(self) -> String {
        format!("header.{}", self.name())
    }

    pub fn doc(self) -> &'static str {
        match self {
            Self::IfMatch => {
                "The ETag of what was read, several of them, or *: when the state is another by now, nothing is changed and the answer is 412."
            }
            Self::IfNoneMatch => {
                "The ETag of what the client has, several of them, or *: when that is what would be sent, the answer is 304 without a body."
            }
            Self::IdempotencyKey => {
                "A name that the client makes up for this request, to send it again without doing it again: the kept answer comes back. Not with include, nor for answers that hold a secret."
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
                "maxLength": MOST,
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
