//! Adds optional members to JSON objects.

use serde_json::Value;

/// Sets the member of an object at a path, and creates it if necessary.
pub fn set(object: &mut Value, path: &[&str], value: Value) {
    let mut place = object;
    for name in path {
        let Value::Object(members) = place else {
            return;
        };
        place = members.entry(*name).or_insert(Value::Null);
    }
    *place = value;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_is_added_or_replaced_where_it_belongs() {
        let mut object = json!({ "a": { "b": 1 } });
        set(&mut object, &["a", "b"], json!(2));
        set(&mut object, &["a", "c"], json!(3));
        set(&mut object, &["d"], json!(4));
        assert_eq!(object, json!({ "a": { "b": 2, "c": 3 }, "d": 4 }));
    }
}
