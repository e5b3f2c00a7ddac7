//! The sources of errors: pointers into the request document.

use super::ApiError;
use super::http::directory_error;
use crate::api::kinds;
use crate::auth::PolicyError;
use crate::directory::{DirectoryError, FieldError, FieldErrorKind, RequestId};
use crate::jsonapi::{Error, Errors, Linkage, ResourceObject};

/// The request document that the pointers of errors refer to.
#[derive(Clone, Copy)]
pub enum RequestDocument<'a> {
    None,
    /// The resource object, and the pointer to it.
    Resource(&'a ResourceObject, &'a str),
    Linkage(&'a Linkage, &'a str),
}

impl RequestDocument<'_> {
    /// The pointer to the attribute, or to its parent if it was not sent.
    fn attribute(self, name: &str) -> Option<String> {
        let (document, base) = match self {
            Self::None => return None,
            Self::Linkage(_, base) => return Some(base.into()),
            Self::Resource(document, base) => (document, base),
        };
        Some(if document.attributes.contains_key(name) {
            ResourceObject::attribute_pointer(base, name)
        } else if document.relationships.contains_key(name) {
            ResourceObject::relationship_pointer(base, name)
        } else if document.others.iter().any(|other| other == name) {
            ResourceObject::member_pointer(base, name)
        } else if document.attributes.is_empty() {
            base.into()
        } else {
            format!("{base}/attributes")
        })
    }

    fn related(self, kind: &str, name: Option<&str>, place: usize) -> Option<String> {
        match self {
            Self::None => None,
            Self::Linkage(linkage, base) => Some(linkage.pointer_to(base, place)),
            Self::Resource(document, base) => {
                // A to-one relationship to users is called `user`.
                let singular = kind.trim_end_matches('s');
                let found = document.relationships.iter().find(|(known, _)| match name {
                    Some(name) => *known == name,
                    None => *known == kind || *known == singular,
                });
                found.map(|(name, linkage)| {
                    linkage.pointer_to(&ResourceObject::relationship_pointer(base, name), place)
                })
            }
        }
    }
}

impl ApiError {
    /// Adds pointers into the request document to the directory's errors.
    pub fn with_pointers(self, at: RequestDocument<'_>, invalid_data: u16) -> Self {
        match self {
            Self::Policy(PolicyError::Directory(DirectoryError::Invalid(field_errors))) => {
                let errors = field_errors
                    .iter()
                    .map(|p| invalid(p, at, invalid_data))
                    .collect();
                Errors::from_vec(errors).map_or_else(
                    || DirectoryError::internal("invalid without a problem").into(),
                    Self::Errors,
                )
            }
            Self::Policy(PolicyError::Directory(DirectoryError::RelatedNotFound {
                kind,
                relationship,
                place,
            })) => {
                let detail = format!("There is no such resource of the type {kind}.");
                let error = kinds::RELATED_NOT_FOUND.error(detail);
                Self::Errors(Errors::from(match at.related(kind, relationship, place) {
                    Some(pointer) => error.at_pointer(pointer),
                    None => error,
                }))
            }
            Self::WrongPassword(name) => Self::Errors(wrong_password(name, at).into()),
            other => other,
        }
    }

    /// [`with_pointers`](Self::with_pointers), but with 409 if a restored resource has
    /// names that are taken.
    pub fn into_conflict(self, at: RequestDocument<'_>, invalid_data: u16) -> Self {
        match self {
            Self::Policy(PolicyError::Directory(DirectoryError::Invalid(field_errors)))
                if field_errors
                    .iter()
                    .all(|one| one.kind == FieldErrorKind::Taken) =>
            {
                let error = |field_error: &FieldError| {
                    let error = kinds::NAME_TAKEN.error(field_error.message.as_str());
                    match at.attribute(&field_error.field) {
                        Some(pointer) => error.at_pointer(pointer),
                        None => error,
                    }
                };
                Errors::from_vec(field_errors.iter().map(error).collect()).map_or_else(
                    || DirectoryError::internal("a conflict without a problem").into(),
                    Self::Errors,
                )
            }
            other => other.with_pointers(at, invalid_data),
        }
    }

    /// Adds the pointer of an operation to errors that have no other source.
    pub fn located(self, pointer: &str, request_id: RequestId) -> Self {
        let error = match self {
            Self::Policy(PolicyError::Forbidden(why)) => kinds::FORBIDDEN.error(why),
            Self::Policy(PolicyError::Directory(
                error @ (DirectoryError::NotFound
                | DirectoryError::Protected(_)
                | DirectoryError::Forbidden(_)),
            )) => directory_error(error, request_id),
            Self::Policy(PolicyError::Directory(DirectoryError::Stale)) => {
                let detail = "It was changed since you read it: read it again.";
                kinds::PRECONDITION_FAILED.error(detail)
            }
            other => return other,
        };
        error.at_pointer(pointer).into()
    }
}

pub(super) fn wrong_password(name: &str, at: RequestDocument<'_>) -> Error {
    let error = kinds::WRONG_PASSWORD.error("This is not your current password.");
    match at.attribute(name) {
        Some(pointer) => error.at_pointer(pointer),
        None => error,
    }
}

fn invalid(field_error: &FieldError, at: RequestDocument<'_>, status: u16) -> Error {
    // The id is the only member outside of `attributes` that can be invalid.
    if field_error.field == "id" && field_error.kind != FieldErrorKind::Unknown {
        let error = kinds::CLIENT_ID_TAKEN.error(field_error.message.as_str());
        return match at {
            RequestDocument::Resource(_, base) => error.at_pointer(format!("{base}/id")),
            RequestDocument::None | RequestDocument::Linkage(..) => error,
        };
    }
    let detail = format!("{}: {}", field_error.field, field_error.message);
    let mut meta = serde_json::Map::new();
    meta.insert("attribute".into(), (&*field_error.field).into());
    meta.insert("message".into(), field_error.message.clone().into());
    let kind = match field_error.kind {
        FieldErrorKind::Unknown => &kinds::UNKNOWN_ATTRIBUTE,
        _ => &kinds::INVALID_DATA,
    };
    let mut error = kind.error(detail).with_meta(meta);
    error.status = status;
    match at.attribute(&field_error.field) {
        Some(pointer) => error.at_pointer(pointer),
        None => error,
    }
}
