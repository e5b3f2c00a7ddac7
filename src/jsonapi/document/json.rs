//! Parses JSON more strictly than serde_json does: no duplicate members (D01), limited depth.
//! Members that start with `@` are checked and dropped (C09).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::Limits;
use crate::jsonapi::error::{Errors, excerpt};
use crate::jsonapi::kinds;

/// Reads a body that is one JSON text.
///
/// # Errors
/// 400 without a source (E05), with line and column: an empty body, invalid JSON or UTF-8, trailing
/// characters, duplicate members, too many levels.
pub fn read_json(body: &[u8], limits: &Limits) -> Result<Value, Errors> {
    if body.trim_ascii().is_empty() {
        return Err(kinds::INVALID_JSON.error("The body is empty.").into());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let root = Strict {
        levels: limits.max_depth,
    };
    root.deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| kinds::INVALID_JSON.error(sentence(&error)).into())
}

fn sentence(error: &serde_json::Error) -> String {
    format!("The body is not valid JSON: {error}.")
}

/// Reads one value with at most so many levels.
#[derive(Clone, Copy)]
struct Strict {
    levels: usize,
}

impl Strict {
    /// For the values in an array or object.
    fn within<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.levels.checked_sub(1) {
            Some(levels) => Ok(Self { levels }),
            None => Err(E::custom("too many levels of arrays and objects")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let within = self.within()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(within)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let within = self.within()?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.contains_key(&name) {
                let name = excerpt(&name);
                return Err(A::Error::custom(format!("member {name} occurs twice")));
            }
            let value = map.next_value_seed(within)?;
            if !name.starts_with('@') {
                members.insert(name, value);
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: &str) -> Value {
        read_json(body.as_bytes(), &Limits::default()).unwrap()
    }

    fn detail(body: &[u8]) -> String {
        let errors = read_json(body, &Limits::default()).unwrap_err();
        assert_eq!(errors.status(), 400);
        let error = errors.into_iter().next().unwrap();
        assert_eq!(error.source, None);
        error.detail
    }

    #[test]
    fn values_of_every_kind_are_read_as_serde_json_reads_them() {
        let body = r#" {"a":[null,true,-1,18446744073709551615,1.5,"\u00fc😀\"",{},[]]} "#;
        assert_eq!(read(body), serde_json::from_str::<Value>(body).unwrap());
    }

    #[test]
    fn the_detail_tells_line_and_column() {
        let detail = detail(b"{\n  \"data\": x}");
        assert!(detail.contains("line 2 column 11"), "{detail}");
    }

    #[test]
    fn an_empty_body_is_called_empty() {
        assert_eq!(detail(b""), "The body is empty.");
        assert_eq!(detail(b" \n"), "The body is empty.");
    }

    #[test]
    fn what_is_no_json_is_refused_c08() {
        for body in [
            &b"{"[..],
            b"{} {}",
            b"{}x",
            b"{'a':1}",
            b"{\"a\":1,}",
            b"NaN",
            b"a=1&b=2",
            b"{\"a\":\"\xff\"}",
            b"\xff",
            b"{\"@a\":\"\xff\"}",
            b"1e999",
            b"[01]",
        ] {
            detail(body);
        }
    }

    #[test]
    fn a_member_twice_in_an_object_is_refused_d01() {
        let detail = detail(br#"{"data":{"a":1,"b":2,"a":3}}"#);
        assert!(
            detail.contains("member \"a\" occurs twice at line 1"),
            "{detail}"
        );
        assert_eq!(read(r#"[{"a":1},{"a":1}]"#), json!([{"a": 1}, {"a": 1}]));
    }

    #[test]
    fn members_with_an_at_sign_are_dropped_at_every_depth_c09() {
        assert_eq!(
            read(r#"{"@a":1,"b":{"@c":{"d":1},"e":[{"@f":1,"g@":2}]}}"#),
            json!({"b": {"e": [{"g@": 2}]}})
        );
    }

    #[test]
    fn the_depth_is_bounded() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        read(&nested(32));
        assert!(detail(nested(33).as_bytes()).contains("too many levels"));
        detail("[".repeat(1_000_000).as_bytes());
        detail("{\"@a\":".repeat(1_000_000).as_bytes());
    }
}
