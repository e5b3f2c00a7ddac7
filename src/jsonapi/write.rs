//! Writes response documents directly as bytes, without an intermediate tree.

/// The value of an attribute, to be serialized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeValue<'a> {
    Null,
    Text(&'a str),
    Flag(bool),
    Number(i64),
    /// Text that is JSON already.
    Json(&'a str),
}

impl<'a> AttributeValue<'a> {
    pub fn nullable(text: &'a Option<String>) -> Self {
        text.as_deref().map_or(Self::Null, Self::Text)
    }

    pub fn nullable_number(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Number)
    }
}

/// A JSON string.
pub fn string(out: &mut Vec<u8>, text: &str) {
    if is_plain(text) {
        out.reserve(text.len() + 2);
        out.push(b'"');
        raw(out, text);
        out.push(b'"');
    } else {
        // Writing a string to memory cannot fail.
        let _ = serde_json::to_writer(out, text);
    }
}

/// Whether nothing needs escaping (RFC 8259, section 7). Without an early return the
/// loop can be vectorized.
fn is_plain(text: &str) -> bool {
    let escaped = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
    !text.bytes().fold(false, |any, byte| any | escaped(byte))
}

pub fn raw(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

pub fn number(out: &mut Vec<u8>, number: i64) {
    let _ = serde_json::to_writer(out, &number);
}

pub fn value(out: &mut Vec<u8>, shown: AttributeValue<'_>) {
    match shown {
        AttributeValue::Null => raw(out, "null"),
        AttributeValue::Text(text) => string(out, text),
        AttributeValue::Flag(true) => raw(out, "true"),
        AttributeValue::Flag(false) => raw(out, "false"),
        AttributeValue::Number(n) => number(out, n),
        AttributeValue::Json(json) => raw(out, json),
    }
}

/// `"name":`, for names that need no escaping.
pub fn key(out: &mut Vec<u8>, name: &str) {
    out.push(b'"');
    raw(out, name);
    raw(out, "\":");
}

/// Writes the commas between members of an object or items of an array.
#[derive(Debug, Default)]
pub struct Commas(bool);

impl Commas {
    /// `others`: whether there are members already.
    pub fn following(others: bool) -> Self {
        Self(others)
    }

    pub fn next(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.0, true) {
            out.push(b',');
        }
    }
}

/// `{"type":"users","id":"1"}`
pub fn identifier(out: &mut Vec<u8>, kind: &str, id: i64) {
    raw(out, "{\"type\":\"");
    raw(out, kind);
    raw(out, "\",\"id\":\"");
    number(out, id);
    raw(out, "\"}");
}

/// An array of identifiers of one type.
pub fn linkage(out: &mut Vec<u8>, kind: &str, ids: &[i64]) {
    out.push(b'[');
    let mut commas = Commas::default();
    for id in ids {
        commas.next(out);
        identifier(out, kind, *id);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_are_json_whatever_they_hold() {
        assert_eq!(
            written(|out| value(out, AttributeValue::Text("a\"\n😀"))),
            r#""a\"\n😀""#
        );
        assert_eq!(
            written(|out| value(out, AttributeValue::Number(i64::MIN))),
            "-9223372036854775808"
        );
        assert_eq!(written(|out| value(out, AttributeValue::Null)), "null");
        assert_eq!(
            written(|out| value(out, AttributeValue::Json("[1]"))),
            "[1]"
        );
    }

    #[test]
    fn ids_in_linkage_are_strings() {
        assert_eq!(
            written(|out| linkage(out, "roles", &[7, 8])),
            r#"[{"type":"roles","id":"7"},{"type":"roles","id":"8"}]"#
        );
        assert_eq!(written(|out| linkage(out, "roles", &[])), "[]");
    }
}
