use super::*;
use crate::jsonapi::document::{Identifier, Key, read_resource};
use crate::jsonapi::error::Source;
use serde_json::json;

fn resource(data: &Value, purpose: Purpose) -> Result<ResourceObject, Errors> {
    let body = json!({ "data": data }).to_string();
    read_resource(body.as_bytes(), purpose, &Limits::default())
}

fn created(data: Value) -> ResourceObject {
    resource(&data, Purpose::Create).unwrap()
}

/// The pointers of all errors; each finds a value of the document (D22).
fn pointers(data: Value, purpose: Purpose) -> Vec<String> {
    let errors = resource(&data, purpose).unwrap_err();
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

fn faulty(data: Value) -> Vec<String> {
    pointers(data, Purpose::Create)
}

#[test]
fn a_resource_is_read_with_all_its_members() {
    let read = created(json!({
        "type": "users", "lid": "a", "meta": {"m": 1}, "links": {"self": "/x"},
        "attributes": {"username": "gödel 😀", "extra": {"deep": [1, null]}},
        "relationships": {"roles": {"data": [{"type": "roles", "id": 3}]}, "partner": {"data": null}}
    }));
    assert_eq!(read.r#type, "users");
    assert_eq!(read.id, None);
    assert_eq!(read.lid.as_deref(), Some("a"));
    assert_eq!(read.attributes["username"], "gödel 😀");
    assert_eq!(read.attributes["extra"], json!({"deep": [1, null]}));
    assert_eq!(read.meta.unwrap()["m"], 1);
    assert_eq!(read.relationships["partner"], Linkage::Null);
    let role = Identifier {
        r#type: Some("roles".into()),
        key: Key::Id("3".into()),
    };
    assert_eq!(read.relationships["roles"], Linkage::Many(vec![role]));
}

#[test]
fn the_least_resource_has_a_type_only() {
    let read = created(json!({"type": "users"}));
    assert!(read.attributes.is_empty());
    assert!(read.relationships.is_empty());
}

#[test]
fn data_is_one_resource_object_c08() {
    for data in [
        json!(null),
        json!([]),
        json!([{"type": "users"}]),
        json!("users"),
        json!(1),
    ] {
        assert_eq!(faulty(data), ["/data"]);
    }
}

#[test]
fn the_type_is_required_and_a_string_c08() {
    assert_eq!(faulty(json!({"attributes": {}})), ["/data"]);
    assert_eq!(faulty(json!({"type": 1})), ["/data/type"]);
    assert_eq!(faulty(json!({"type": null})), ["/data/type"]);
}

#[test]
fn a_client_generated_id_is_not_dropped_c06() {
    assert_eq!(
        created(json!({"type": "users", "id": "7"})).id.as_deref(),
        Some("7")
    );
    assert_eq!(
        created(json!({"type": "users", "id": 7})).id.as_deref(),
        Some("7")
    );
    for id in [json!(1.5), json!([]), json!({}), json!(true)] {
        assert_eq!(faulty(json!({"type": "users", "id": id})), ["/data/id"]);
    }
}

#[test]
fn a_new_resource_without_an_id_yet_may_say_null() {
    assert_eq!(created(json!({"type": "users", "id": null})).id, None);
}

#[test]
fn an_update_names_its_resource_u07_u09() {
    assert_eq!(
        pointers(json!({"type": "users"}), Purpose::Update),
        ["/data"]
    );
    assert_eq!(pointers(json!({}), Purpose::Update), ["/data", "/data"]);
    let read = resource(&json!({"type": "users", "id": 7}), Purpose::Update).unwrap();
    assert_eq!(read.id.as_deref(), Some("7"));
}

#[test]
fn attributes_and_relationships_are_objects_c08() {
    for wrong in [json!(null), json!([]), json!("x"), json!(1)] {
        assert_eq!(
            faulty(json!({"type": "users", "attributes": wrong, "relationships": wrong})),
            ["/data/attributes", "/data/relationships"]
        );
        assert_eq!(
            faulty(json!({"type": "users", "relationships": {"roles": wrong}})),
            ["/data/relationships/roles"]
        );
    }
}

#[test]
fn faults_in_linkage_are_found_where_they_are() {
    let roles = json!([{"type": "roles"}, {"id": "1"}, 7, {"type": "roles", "id": 1.5}]);
    let data = json!({"type": "users", "relationships": {
        "roles": {"data": roles}, "a/b~": {"data": "x"}
    }});
    assert_eq!(
        faulty(data),
        [
            "/data/relationships/a~1b~0/data",
            "/data/relationships/roles/data/0",
            "/data/relationships/roles/data/1",
            "/data/relationships/roles/data/2",
            "/data/relationships/roles/data/3/id",
        ]
    );
}

#[test]
fn a_relationship_with_links_alone_changes_nothing_and_without_either_is_refused() {
    let read = created(json!({"type": "users", "relationships": {
        "roles": {"links": {"self": "/x"}}, "grants": {"links": {}, "meta": {}}
    }}));
    assert!(read.relationships.is_empty());
    let data = json!({"type": "users", "relationships": {"roles": {}, "x": {"meta": {}, "y": 1}}});
    assert_eq!(
        faulty(data),
        ["/data/relationships/roles", "/data/relationships/x"]
    );
}

#[test]
fn fields_share_one_name_space_d10() {
    let data = json!({"type": "users", "attributes": {"roles": 1}, "relationships": {"roles": {"data": []}}});
    let errors = resource(&data, Purpose::Create).unwrap_err();
    assert_eq!(errors.iter().next().unwrap().code, "duplicate_field");
    assert_eq!(faulty(data), ["/data/relationships/roles"]);
}

#[test]
fn unknown_members_and_those_with_an_at_sign_are_ignored_c09() {
    let read = created(json!({
        "type": "users", "foo": 1, "@type": "x", "meta": 3, "links": null,
        "attributes": {"@context": {}, "name": "x", "extra": {"@id": 1, "a": 2}},
        "relationships": {"@foo": 7, "roles": {"data": [], "@bar": 1, "baz": 2}}
    }));
    assert_eq!(
        Value::Object(read.attributes),
        json!({"name": "x", "extra": {"a": 2}})
    );
    assert_eq!(read.relationships.len(), 1);
    assert_eq!(read.others, ["foo"]);
    assert_eq!(read.meta, None);
}

#[test]
fn all_faults_are_reported_together() {
    let data = json!({"id": [], "lid": 1, "attributes": 1, "relationships": 2});
    assert_eq!(
        faulty(data),
        [
            "/data",
            "/data/id",
            "/data/lid",
            "/data/attributes",
            "/data/relationships"
        ]
    );
}

#[test]
fn pointers_to_fields_are_escaped() {
    assert_eq!(
        ResourceObject::attribute_pointer("/data", "a/b"),
        "/data/attributes/a~1b"
    );
    assert_eq!(
        ResourceObject::relationship_pointer("/data", "roles"),
        "/data/relationships/roles/data"
    );
}
