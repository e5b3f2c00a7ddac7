//! Resource identifier objects and linkage.

use serde_json::Value;

use super::Limits;
use super::collector::ErrorCollector;
use crate::jsonapi::error::Errors;
use crate::jsonapi::{kinds, pointer};

/// What identifies a resource within its type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// An id; integers are converted to strings.
    Id(String),
    /// A local id.
    Lid(String),
}

/// A resource identifier object. Its `meta` is not kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier {
    /// `None` at relationship URLs only, where the relationship implies it.
    pub r#type: Option<String>,
    /// The id, or the lid if there is no id.
    pub key: Key,
}

impl Identifier {
    /// The id, unless there is only a lid.
    pub fn id(&self) -> Option<&str> {
        match &self.key {
            Key::Id(id) => Some(id),
            Key::Lid(_) => None,
        }
    }
}

/// Resource linkage as it was sent; the caller checks that it fits the relationship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linkage {
    /// `null`
    Null,
    /// One identifier object.
    One(Identifier),
    /// An array, including duplicates.
    Many(Vec<Identifier>),
}

impl Linkage {
    /// All identifiers, in the order of the document.
    pub fn identifiers(&self) -> &[Identifier] {
        match self {
            Self::Null => &[],
            Self::One(identifier) => std::slice::from_ref(identifier),
            Self::Many(identifiers) => identifiers,
        }
    }

    /// The pointer to the identifier at `index`, where `base` is the pointer to the linkage.
    pub fn pointer_to(&self, base: &str, index: usize) -> String {
        match self {
            Self::Null | Self::One(_) => base.to_owned(),
            Self::Many(_) => pointer::join(base, &index.to_string()),
        }
    }
}

/// Reads linkage from parsed JSON; `pointer` is its position in the document. Identifiers may lack
/// `type`.
///
/// # Errors
/// 400 with pointers: something else than an object, an array of objects or `null`; an identifier
/// without `id` and `lid`, or with one of another kind than a string (ids: or an integer).
pub fn linkage_from(value: Value, pointer: &str, limits: &Limits) -> Result<Linkage, Errors> {
    let mut errors = ErrorCollector::default();
    let linkage = read(value, pointer, Typing::Optional, limits, &mut errors);
    errors.finish(linkage)
}

/// Whether an identifier must have a `type`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Typing {
    Required,
    Optional,
}

pub(super) fn read(
    value: Value,
    pointer: &str,
    typing: Typing,
    limits: &Limits,
    errors: &mut ErrorCollector,
) -> Option<Linkage> {
    match value {
        Value::Null => Some(Linkage::Null),
        Value::Object(_) => read_one(value, pointer, typing, errors).map(Linkage::One),
        Value::Array(items) if items.len() > limits.max_identifiers => {
            let limit = limits.max_identifiers;
            let detail = format!("One linkage has at most {limit} identifiers.");
            errors.add(&kinds::TOO_MANY_IDENTIFIERS, pointer, detail);
            None
        }
        Value::Array(items) => {
            // All items are read, even after an invalid one, to report all errors.
            let read: Vec<_> = items
                .into_iter()
                .enumerate()
                .map(|(index, item)| {
                    let pointer = pointer::join(pointer, &index.to_string());
                    read_one(item, &pointer, typing, errors)
                })
                .collect();
            read.into_iter().collect::<Option<_>>().map(Linkage::Many)
        }
        _ => {
            let detail = "Linkage is an identifier object, an array of them, or null.";
            errors.add(&kinds::INVALID_DOCUMENT, pointer, detail);
            None
        }
    }
}

fn read_one(
    value: Value,
    pointer: &str,
    typing: Typing,
    errors: &mut ErrorCollector,
) -> Option<Identifier> {
    let Value::Object(mut object) = value else {
        let detail = "A resource identifier is an object.";
        errors.add(&kinds::INVALID_DOCUMENT, pointer, detail);
        return None;
    };
    let r#type = match object.remove("type") {
        None if typing == Typing::Optional => Some(None),
        sent => read_type(sent, pointer, errors).map(Some),
    };
    let key = match (object.remove("id"), object.remove("lid")) {
        (Some(id), _) => read_id(&id, pointer, errors).map(Key::Id),
        (None, Some(lid)) => read_lid(lid, pointer, errors).map(Key::Lid),
        (None, None) => {
            let detail = "The identifier has no \"id\".";
            errors.add(&kinds::MISSING_MEMBER, pointer, detail);
            None
        }
    };
    Some(Identifier {
        r#type: r#type?,
        key: key?,
    })
}

/// The `type` of the object at `parent`.
pub(super) fn read_type(
    value: Option<Value>,
    parent: &str,
    errors: &mut ErrorCollector,
) -> Option<String> {
    match value {
        Some(Value::String(r#type)) => Some(r#type),
        Some(_) => {
            let pointer = pointer::join(parent, "type");
            errors.add(&kinds::INVALID_DOCUMENT, &pointer, "A type is a string.");
            None
        }
        None => {
            let detail = "The object has no \"type\".";
            errors.add(&kinds::MISSING_MEMBER, parent, detail);
            None
        }
    }
}

/// The `id` of the object at `parent`. Integers are accepted (D07), but not `1.0` or `1e3`.
pub(super) fn read_id(value: &Value, parent: &str, errors: &mut ErrorCollector) -> Option<String> {
    match value {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) if id.is_i64() || id.is_u64() => Some(id.to_string()),
        _ => {
            let pointer = pointer::join(parent, "id");
            let detail = "An id is a string or an integer.";
            errors.add(&kinds::INVALID_DOCUMENT, &pointer, detail);
            None
        }
    }
}

/// The `lid` of the object at `parent`.
pub(super) fn read_lid(value: Value, parent: &str, errors: &mut ErrorCollector) -> Option<String> {
    if let Value::String(lid) = value {
        return Some(lid);
    }
    let pointer = pointer::join(parent, "lid");
    errors.add(&kinds::INVALID_DOCUMENT, &pointer, "A lid is a string.");
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonapi::document::read_linkage;
    use crate::jsonapi::error::Source;
    use serde_json::json;

    fn linkage(data: &Value) -> Result<Linkage, Errors> {
        let body = json!({ "data": data }).to_string();
        read_linkage(body.as_bytes(), &Limits::default())
    }

    fn role(id: &str) -> Identifier {
        Identifier {
            r#type: Some("roles".into()),
            key: Key::Id(id.into()),
        }
    }

    /// The pointers of all errors; each finds a value of the document.
    fn pointers(data: Value) -> Vec<String> {
        let errors = linkage(&data).unwrap_err();
        let document = json!({ "data": data });
        errors
            .into_iter()
            .map(|error| {
                assert_eq!(error.status, 400);
                let Some(Source::Pointer(pointer)) = error.source else {
                    panic!("no pointer");
                };
                assert!(document.pointer(&pointer).is_some(), "{pointer}");
                pointer
            })
            .collect()
    }

    #[test]
    fn an_array_one_object_and_null_are_linkage_r11() {
        assert_eq!(
            linkage(&json!([{"type": "roles", "id": "1"}, {"type": "roles", "id": "1"}])).unwrap(),
            Linkage::Many(vec![role("1"), role("1")])
        );
        assert_eq!(
            linkage(&json!({"type": "roles", "id": "1"})).unwrap(),
            Linkage::One(role("1"))
        );
        assert_eq!(linkage(&json!(null)).unwrap(), Linkage::Null);
        assert_eq!(linkage(&json!([])).unwrap(), Linkage::Many(vec![]));
    }

    #[test]
    fn ids_may_be_integers_r11() {
        assert_eq!(
            linkage(&json!([{"type": "roles", "id": 7}, {"type": "roles", "id": -7}])).unwrap(),
            Linkage::Many(vec![role("7"), role("-7")])
        );
        let largest = linkage(&json!({"id": u64::MAX})).unwrap();
        assert_eq!(largest.identifiers()[0].id(), Some("18446744073709551615"));
    }

    #[test]
    fn other_numbers_are_no_ids() {
        for id in [
            "1.0",
            "1e3",
            "1e-3",
            "-0",
            "123456789012345678901234567890",
            "0.5",
        ] {
            let body = format!("{{\"data\":[{{\"id\":{id}}}]}}");
            let errors = read_linkage(body.as_bytes(), &Limits::default()).unwrap_err();
            let error = errors.into_iter().next().unwrap();
            assert_eq!(
                error.source,
                Some(Source::Pointer("/data/0/id".into())),
                "{id}"
            );
        }
    }

    #[test]
    fn a_missing_type_is_left_to_the_caller() {
        let linkage = linkage(&json!([{"id": "1"}])).unwrap();
        assert_eq!(linkage.identifiers()[0].r#type, None);
    }

    #[test]
    fn a_lid_counts_where_there_is_no_id() {
        let linkage = linkage(&json!([{"lid": "a"}, {"id": "1", "lid": "a"}])).unwrap();
        let keys: Vec<_> = linkage
            .identifiers()
            .iter()
            .map(|i| i.key.clone())
            .collect();
        assert_eq!(keys, [Key::Lid("a".into()), Key::Id("1".into())]);
        assert_eq!(linkage.identifiers()[0].id(), None);
    }

    #[test]
    fn meta_and_other_members_are_tolerated_r12() {
        let data =
            json!([{"type": "roles", "id": "1", "meta": {"a": 1}, "@x": 1, "attributes": 3}]);
        assert_eq!(linkage(&data).unwrap(), Linkage::Many(vec![role("1")]));
    }

    #[test]
    fn anything_else_is_no_linkage_r09() {
        assert_eq!(pointers(json!("1")), ["/data"]);
        assert_eq!(pointers(json!(1)), ["/data"]);
        assert_eq!(pointers(json!(true)), ["/data"]);
        assert_eq!(pointers(json!({})), ["/data"]);
        assert_eq!(pointers(json!({"type": "roles", "id": null})), ["/data/id"]);
        assert_eq!(pointers(json!({"lid": 1})), ["/data/lid"]);
    }

    #[test]
    fn all_bad_identifiers_are_reported() {
        let data =
            json!([1, null, {"type": "roles"}, {"type": 1, "id": []}, {"id": "1"}, [{"id": "1"}]]);
        assert_eq!(
            pointers(data),
            [
                "/data/0",
                "/data/1",
                "/data/2",
                "/data/3/type",
                "/data/3/id",
                "/data/5"
            ]
        );
    }

    #[test]
    fn the_number_of_identifiers_is_bounded() {
        let data: Vec<_> = (0..1000).map(|id| json!({ "id": id })).collect();
        assert!(linkage(&json!(data)).is_ok());
        let data: Vec<_> = (0..1001).map(|id| json!({ "id": id })).collect();
        assert_eq!(pointers(json!(data)), ["/data"]);
    }

    #[test]
    fn identifiers_are_found_again_by_their_pointer_r03() {
        let many = Linkage::Many(vec![role("1"), role("2")]);
        assert_eq!(many.pointer_to("/data", 1), "/data/1");
        assert_eq!(Linkage::One(role("1")).pointer_to("/data", 0), "/data");
    }
}
