//! Decodes the attributes and relationships of a request document.

use serde_json::Value;

use super::call::{Api, Call};
use super::error::ApiError;
use super::kinds;
use super::member_names::MemberNames;
use super::operations::Lids;
use super::resource::{RelationshipIds, Resource, Row, Writable};
use crate::auth::Guard;
pub use crate::directory::json::{
    flag, nullable, nullable_amount, nullable_text, nullable_time, text, texts,
};
use crate::directory::name_conflicts::FindNameConflicts;
use crate::directory::{DirectoryError, FieldError};
use crate::jsonapi::write::AttributeValue;
use crate::jsonapi::{Error, Errors, Key, Linkage, Purpose, ResourceObject};

/// What a text that cannot be an id is looked up as; ids start at 1.
pub const NO_SUCH_ID: i64 = 0;

/// Parses an id: decimal digits without a leading zero.
pub fn id(text: &str) -> i64 {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if plain {
        text.parse().unwrap_or(NO_SUCH_ID)
    } else {
        NO_SUCH_ID
    }
}

/// A position in the request document, and the local ids that are valid there.
#[derive(Clone, Copy)]
pub struct DocumentPosition<'a> {
    /// The JSON pointer.
    pub base: &'a str,
    /// The resources created by earlier operations; `None` outside of /operations.
    pub lids: Option<&'a Lids>,
}

impl DocumentPosition<'_> {
    /// The primary data of a document without operations.
    pub const DATA: DocumentPosition<'static> = DocumentPosition {
        base: "/data",
        lids: None,
    };

    /// Resolves a key to an id; `pointer` is the position of its object.
    pub fn key(&self, key: &Key, kind: &str, pointer: &str) -> Result<i64, Error> {
        match (key, self.lids) {
            (Key::Id(text), _) => Ok(id(text)),
            (Key::Lid(lid), Some(lids)) => lids.find(kind, lid, pointer),
            (Key::Lid(_), None) => {
                let detail = "A lid can be used in an operation only; send an id.";
                Err(kinds::INVALID_LINKAGE.error(detail).at_pointer(pointer))
            }
        }
    }
}

/// Decodes all writable attributes. All errors are reported, not only the first, as
/// are unknown member names.
pub fn attributes<R: Resource>(
    api: &Api,
    document: &ResourceObject,
) -> (R::Draft, Vec<FieldError>) {
    attributes_among::<R>(api, document, MemberNames::of::<R>)
}

/// [`attributes`] for a document that may have member names beyond those of the type.
pub fn attributes_among<R: Resource>(
    api: &Api,
    document: &ResourceObject,
    known: impl FnOnce() -> MemberNames,
) -> (R::Draft, Vec<FieldError>) {
    let mut draft = R::Draft::default();
    let mut field_errors = api.unknown_members(document, known);
    for (name, value) in &document.attributes {
        let setter = R::attribute(name).and_then(|attribute| attribute.set);
        if let Some(set) = setter
            && let Err(field_error) = set(&mut draft, value)
        {
            field_errors.push(field_error);
        }
    }
    (draft, field_errors)
}

/// Drops the errors of attributes that are sent unchanged: values may have been
/// stored through another surface or under older rules, and clients send back what
/// they have read. Reads the row only if there are errors.
pub async fn without_unchanged<R: Resource>(
    guard: &Guard,
    id: i64,
    document: &ResourceObject,
    mut field_errors: Vec<FieldError>,
) -> Result<Vec<FieldError>, ApiError> {
    let mut find = R::find(id);
    if field_errors.is_empty() || guard.permits(&mut find).is_err() {
        return Ok(field_errors);
    }
    if let Some(row) = guard.find(find).await? {
        field_errors.retain(|field_error| !is_unchanged::<R>(&row, document, &field_error.field));
    }
    Ok(field_errors)
}

/// Whether an attribute was sent with its current value.
fn is_unchanged<R: Resource>(row: &Row<R>, document: &ResourceObject, name: &str) -> bool {
    let get = R::attribute(name).and_then(|attribute| attribute.get);
    let (Some(get), Some(sent)) = (get, document.attributes.get(name)) else {
        return false;
    };
    match get(row) {
        AttributeValue::Null => sent.is_null(),
        AttributeValue::Text(text) => sent == text,
        AttributeValue::Flag(flag) => *sent == flag,
        AttributeValue::Number(number) => *sent == number,
        AttributeValue::Json(json) => {
            serde_json::from_str(json).is_ok_and(|shown: Value| shown == *sent)
        }
    }
}

/// Decodes the relationships of the type; [`attributes`] reports unknown ones.
pub fn relationships<R: Resource>(
    document: &ResourceObject,
    purpose: Purpose,
    at: &DocumentPosition<'_>,
) -> Result<RelationshipIds, ApiError> {
    let mut linked = RelationshipIds::default();
    let mut errors = Vec::new();
    for (name, linkage) in &document.relationships {
        let Some(relationship) = R::relationship(name) else {
            continue;
        };
        let pointer = ResourceObject::relationship_pointer(at.base, name);
        if !relationship.writability.fits(purpose) {
            let detail = format!("The relationship {name} cannot be changed here.");
            errors.push(kinds::UNSUPPORTED_UPDATE.error(detail).at_pointer(pointer));
            continue;
        }
        let fits = matches!(
            (relationship.to_many, linkage),
            (true, Linkage::Many(_)) | (false, Linkage::One(_) | Linkage::Null)
        );
        if !fits {
            let wanted = if relationship.to_many {
                "an array"
            } else {
                "one identifier or null"
            };
            let detail = format!("The relationship {name} takes {wanted}.");
            errors.push(kinds::INVALID_LINKAGE.error(detail).at_pointer(pointer));
            continue;
        }
        let at = DocumentPosition {
            base: &pointer,
            ..*at
        };
        match related_ids(linkage, relationship.target, &at) {
            Ok(ids) => linked.0.push((relationship.name, ids)),
            Err(wrong) => errors.extend(wrong),
        }
    }
    match Errors::from_vec(errors) {
        Some(errors) => Err(errors.into()),
        None => Ok(linked),
    }
}

/// Stores a client-generated id in the draft. It must be a UUID, and the settings and
/// the type must allow it.
pub fn client_id<R: Writable>(
    call: &Call<'_>,
    document: &ResourceObject,
    draft: &mut R::Draft,
    base: &str,
) -> Result<(), ApiError> {
    let Some(id) = &document.id else {
        return Ok(());
    };
    match R::CLIENT_ID.filter(|_| call.api.keeps_client_ids && is_uuid(id)) {
        Some(keep) => {
            keep(draft, id.to_ascii_lowercase());
            Ok(())
        }
        None => {
            let detail = "Leave the id out: the service assigns it.";
            let error = kinds::CLIENT_ID.error(detail);
            Err(error.at_pointer(format!("{base}/id")).into())
        }
    }
}

/// `8-4-4-4-12` hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let groups = text.split('-').map(|group| {
        let hexadecimal = group.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hexadecimal { group.len() } else { 0 }
    });
    groups.eq([8, 4, 4, 4, 12])
}

/// The ids in linkage whose members must be of the type `target`.
pub fn related_ids(
    linkage: &Linkage,
    target: &str,
    at: &DocumentPosition<'_>,
) -> Result<Vec<i64>, Errors> {
    let mut errors = Vec::new();
    let mut ids = Vec::new();
    for (place, member) in linkage.identifiers().iter().enumerate() {
        let pointer = linkage.pointer_to(at.base, place);
        if member.r#type.as_deref().is_some_and(|kind| kind != target) {
            let detail = format!("Members of this relationship have the type {target}.");
            let at = format!("{pointer}/type");
            errors.push(kinds::INVALID_LINKAGE.error(detail).at_pointer(at));
        }
        match at.key(&member.key, target, &pointer) {
            Ok(id) => ids.push(id),
            Err(error) => errors.push(error),
        }
    }
    Errors::from_vec(errors).map_or(Ok(ids), Err)
}

/// Rejects the request if there are errors: the first one of each attribute, since
/// an invalid attribute must not also be reported as missing.
pub fn refuse(field_errors: Vec<FieldError>) -> Result<(), DirectoryError> {
    let mut first_errors: Vec<FieldError> = Vec::new();
    for field_error in field_errors {
        if !first_errors
            .iter()
            .any(|known| known.field == field_error.field)
        {
            first_errors.push(field_error);
        }
    }
    if first_errors.is_empty() {
        Ok(())
    } else {
        Err(DirectoryError::Invalid(first_errors))
    }
}

/// [`refuse`], and with other errors also reports names that are taken, so that a
/// user who fills in a form sees everything at once.
pub async fn refuse_all(
    guard: &Guard,
    mut field_errors: Vec<FieldError>,
    claims: impl FnOnce() -> FindNameConflicts,
) -> Result<(), ApiError> {
    if !field_errors.is_empty() {
        field_errors.extend(guard.read(claims()).await?);
    }
    Ok(refuse(field_errors)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_five_groups() {
        assert!(is_uuid("0d2b9b1e-7c4f-4B8a-9f56-2f1d3c4e5a6b"));
        for wrong in [
            "",
            "7",
            "0d2b9b1e7c4f4b8a9f562f1d3c4e5a6b",
            "0d2b9b1e-7c4f-4b8a-9f56-2f1d3c4e5a6g",
        ] {
            assert!(!is_uuid(wrong), "{wrong}");
        }
    }

    #[test]
    fn only_plain_decimal_numbers_are_ids() {
        assert_eq!(id("19283"), 19283);
        for wrong in [
            "",
            "0",
            "007",
            "-1",
            "1.0",
            "abc",
            "99999999999999999999",
            "１",
        ] {
            assert_eq!(id(wrong), NO_SUCH_ID, "{wrong}");
        }
    }
}
