//! Request documents of the Atomic Operations extension (checklist A03 to A15).
//!
//! Checks the shape only. The caller resolves the target of an operation and reads its `data` with
//! [`resource_from`](super::resource_from) or [`linkage_from`](super::linkage_from).

use serde_json::{Map, Value};

use super::Limits;
use super::collector::ErrorCollector;
use super::identifier::{Key, read_id, read_lid, read_type};
use super::json::read_json;
use crate::jsonapi::error::{Errors, excerpt};
use crate::jsonapi::{kinds, pointer};

const OPERATIONS: &str = "atomic:operations";

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Add,
    Update,
    Remove,
}

/// The target of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    Ref(Reference),
    Href(String),
}

/// The `ref` of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub r#type: String,
    pub key: Key,
    pub relationship: Option<String>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    pub op: Op,
    /// `None`: `data` names the target.
    pub address: Option<Address>,
    pub data: Option<Value>,
    pub meta: Map<String, Value>,
}

/// The pointer to the operation at `place`.
pub fn operation_pointer(place: usize) -> String {
    format!("/{OPERATIONS}/{place}")
}

/// Reads the document of a POST to the operations endpoint.
///
/// # Errors
/// All are 400, with pointers to existing values: no operations or too many, a document that
/// has `data`, `included` or `errors` beside them (A20), a malformed operation (A12).
pub fn read_operations(
    body: &[u8],
    limits: &Limits,
    most: usize,
) -> Result<Vec<Operation>, Errors> {
    let mut errors = ErrorCollector::default();
    let operations = list(read_json(body, limits)?, most, &mut errors);
    let read: Option<Vec<_>> = operations.map(|operations| {
        let read = operations.into_iter().enumerate();
        read.filter_map(|(place, value)| operation(value, &operation_pointer(place), &mut errors))
            .collect()
    });
    errors.finish(read)
}

fn list(document: Value, most: usize, errors: &mut ErrorCollector) -> Option<Vec<Value>> {
    let Value::Object(mut document) = document else {
        errors.add(&kinds::INVALID_DOCUMENT, "", "A document is a JSON object.");
        return None;
    };
    for name in ["data", "included", "errors"] {
        if document.contains_key(name) {
            let detail = format!("A document with operations has no \"{name}\".");
            errors.add(&kinds::INVALID_DOCUMENT, &pointer::join("", name), detail);
        }
    }
    let at = pointer::join("", OPERATIONS);
    match document.remove(OPERATIONS) {
        None => {
            let detail = format!("The document has no \"{OPERATIONS}\".");
            errors.add(&kinds::MISSING_MEMBER, "", detail);
            None
        }
        Some(Value::Array(operations)) if operations.len() > most => {
            let detail = format!("One request has at most {most} operations.");
            errors.add(&kinds::TOO_MANY_OPERATIONS, &at, detail);
            None
        }
        Some(Value::Array(operations)) if !operations.is_empty() => Some(operations),
        Some(_) => {
            let detail = format!("\"{OPERATIONS}\" is an array with at least one operation.");
            errors.add(&kinds::INVALID_DOCUMENT, &at, detail);
            None
        }
    }
}

fn operation(value: Value, base: &str, errors: &mut ErrorCollector) -> Option<Operation> {
    let Value::Object(mut object) = value else {
        errors.add(&kinds::INVALID_DOCUMENT, base, "An operation is an object.");
        return None;
    };
    let op = read_op(object.remove("op"), base, errors);
    let address = read_address(&mut object, base, errors);
    let meta = match object.remove("meta") {
        Some(Value::Object(meta)) => meta,
        _ => Map::new(),
    };
    let operation = Operation {
        op: op?,
        address: address?,
        data: object.remove("data"),
        meta,
    };
    check(&operation, base, errors);
    Some(operation)
}

fn read_op(value: Option<Value>, base: &str, errors: &mut ErrorCollector) -> Option<Op> {
    match value.as_ref() {
        None => {
            let detail = "The operation has no \"op\".";
            errors.add(&kinds::MISSING_MEMBER, base, detail);
            return None;
        }
        Some(Value::String(op)) => match op.as_str() {
            "add" => return Some(Op::Add),
            "update" => return Some(Op::Update),
            "remove" => return Some(Op::Remove),
            other => {
                let detail = format!("There is no operation {}.", excerpt(other));
                errors.add(
                    &kinds::INVALID_OPERATION,
                    &pointer::join(base, "op"),
                    detail,
                );
            }
        },
        Some(_) => {
            let detail = "An op is \"add\", \"update\" or \"remove\".";
            errors.add(
                &kinds::INVALID_OPERATION,
                &pointer::join(base, "op"),
                detail,
            );
        }
    }
    None
}

/// `None` after an error; `Some(None)` if the operation has neither `ref` nor `href`.
fn read_address(
    object: &mut Map<String, Value>,
    base: &str,
    errors: &mut ErrorCollector,
) -> Option<Option<Address>> {
    match (object.remove("ref"), object.remove("href")) {
        (None, None) => Some(None),
        (Some(reference), None) => {
            let at = pointer::join(base, "ref");
            read_ref(reference, &at, errors).map(|reference| Some(Address::Ref(reference)))
        }
        (None, Some(Value::String(href))) => Some(Some(Address::Href(href))),
        (None, Some(_)) => {
            let at = pointer::join(base, "href");
            errors.add(&kinds::INVALID_OPERATION, &at, "A href is a string.");
            None
        }
        (Some(_), Some(_)) => {
            let detail = "An operation has \"ref\" or \"href\", not both.";
            errors.add(&kinds::INVALID_OPERATION, base, detail);
            None
        }
    }
}

fn read_ref(value: Value, base: &str, errors: &mut ErrorCollector) -> Option<Reference> {
    let Value::Object(mut object) = value else {
        errors.add(&kinds::INVALID_OPERATION, base, "A ref is an object.");
        return None;
    };
    let r#type = read_type(object.remove("type"), base, errors);
    let key = match (object.remove("id"), object.remove("lid")) {
        (Some(id), None) => read_id(&id, base, errors).map(Key::Id),
        (None, Some(lid)) => read_lid(lid, base, errors).map(Key::Lid),
        _ => {
            let detail = "A ref has either \"id\" or \"lid\".";
            errors.add(&kinds::INVALID_OPERATION, base, detail);
            None
        }
    };
    let relationship = match object.remove("relationship") {
        None => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => {
            let at = pointer::join(base, "relationship");
            errors.add(
                &kinds::INVALID_OPERATION,
                &at,
                "A relationship is a string.",
            );
            return None;
        }
    };
    Some(Reference {
        r#type: r#type?,
        key: key?,
        relationship,
    })
}

/// Checks that the members of an operation fit each other.
fn check(operation: &Operation, base: &str, errors: &mut ErrorCollector) {
    let of_resource = |address: &Address| matches!(address, Address::Ref(reference) if reference.relationship.is_none());
    match operation.op {
        Op::Remove if operation.address.is_none() => {
            let detail = "A removal needs \"ref\" or \"href\".";
            errors.add(&kinds::MISSING_MEMBER, base, detail);
        }
        Op::Add if operation.address.as_ref().is_some_and(of_resource) => {
            let detail = "A new resource cannot be the target of a ref.";
            errors.add(
                &kinds::INVALID_OPERATION,
                &pointer::join(base, "ref"),
                detail,
            );
        }
        Op::Add | Op::Update if operation.data.is_none() => {
            let detail = "The operation has no \"data\".";
            errors.add(&kinds::MISSING_MEMBER, base, detail);
        }
        Op::Add | Op::Update | Op::Remove => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonapi::error::Source;
    use serde_json::json;

    fn read(operations: &Value) -> Result<Vec<Operation>, Errors> {
        let body = json!({ OPERATIONS: operations }).to_string();
        read_operations(body.as_bytes(), &Limits::default(), 3)
    }

    /// The pointer of the first error, which finds a value of the document.
    fn pointer(document: &Value) -> String {
        let body = document.to_string();
        let errors = read_operations(body.as_bytes(), &Limits::default(), 3).unwrap_err();
        let error = errors.into_iter().next().unwrap();
        assert_eq!(error.status, 400);
        let Some(Source::Pointer(pointer)) = error.source else {
            panic!("no pointer");
        };
        assert!(document.pointer(&pointer).is_some(), "{pointer}");
        pointer
    }

    fn faulty(operation: Value) -> String {
        let fine = json!({"op": "remove", "ref": {"type": "users", "id": "1"}});
        pointer(&json!({ OPERATIONS: [fine, operation] }))
    }

    #[test]
    fn operations_are_read_in_their_order() {
        let read = read(&json!([
            {"op": "add", "data": {"type": "users"}, "@x": 1, "more": []},
            {"op": "update", "ref": {"type": "users", "lid": "a", "relationship": "roles"}, "data": [],
             "meta": {"if_match": "x"}},
            {"op": "remove", "href": "/users/1"}
        ]))
        .unwrap();
        assert_eq!(read[0].op, Op::Add);
        assert_eq!(read[0].address, None);
        let reference = Reference {
            r#type: "users".into(),
            key: Key::Lid("a".into()),
            relationship: Some("roles".into()),
        };
        assert_eq!(read[1].address, Some(Address::Ref(reference)));
        assert_eq!(read[1].meta["if_match"], "x");
        assert_eq!(read[2].address, Some(Address::Href("/users/1".into())));
    }

    #[test]
    fn the_document_has_a_bounded_number_of_operations_a12() {
        assert_eq!(pointer(&json!({})), "");
        assert_eq!(pointer(&json!([])), "");
        let at = "/atomic:operations";
        for wrong in [
            json!([]),
            json!({}),
            json!(null),
            json!("add"),
            json!([1, 2, 3, 4]),
        ] {
            assert_eq!(pointer(&json!({ OPERATIONS: wrong })), at);
        }
    }

    #[test]
    fn nothing_of_another_document_stands_beside_them_a20() {
        for name in ["data", "included", "errors"] {
            let fine = json!([{"op": "remove", "href": "/users/1"}]);
            assert_eq!(
                pointer(&json!({ OPERATIONS: fine, name: [] })),
                format!("/{name}")
            );
        }
    }

    #[test]
    fn faults_of_an_operation_point_at_it_or_into_it_a12_a13() {
        let user = json!({"type": "users", "id": "1"});
        let at = "/atomic:operations/1";
        for (operation, deeper) in [
            (json!(1), ""),
            (json!({}), ""),
            (json!({"op": "replace"}), "/op"),
            (json!({"op": 1}), "/op"),
            (json!({"op": "remove"}), ""),
            (json!({"op": "remove", "data": user}), ""),
            (json!({"op": "remove", "ref": user, "href": "/users/1"}), ""),
            (json!({"op": "remove", "href": 1}), "/href"),
            (json!({"op": "remove", "ref": 1}), "/ref"),
            (json!({"op": "remove", "ref": {"id": "1"}}), "/ref"),
            (json!({"op": "remove", "ref": {"type": "users"}}), "/ref"),
            (
                json!({"op": "remove", "ref": {"type": "users", "id": "1", "lid": "a"}}),
                "/ref",
            ),
            (
                json!({"op": "remove", "ref": {"type": 1, "id": "1"}}),
                "/ref/type",
            ),
            (
                json!({"op": "remove", "ref": {"type": "users", "id": 1.5}}),
                "/ref/id",
            ),
            (
                json!({"op": "remove", "ref": {"type": "users", "lid": 1}}),
                "/ref/lid",
            ),
            (json!({"op": "add", "ref": user, "data": {}}), "/ref"),
            (json!({"op": "add", "href": "/users"}), ""),
            (json!({"op": "update"}), ""),
        ] {
            assert_eq!(
                faulty(operation.clone()),
                format!("{at}{deeper}"),
                "{operation}"
            );
        }
    }
}
