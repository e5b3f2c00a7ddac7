//! Cursors of the cursor pagination profile: positions in a sorted list. Opaque to
//! clients; the item itself may have been deleted (K13).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// The error type that the profile defines for unsupported sorts.
pub const UNSUPPORTED_SORT: &str =
    "https://jsonapi.org/profiles/ethanresnick/cursor-pagination/unsupported-sort";

/// The version of the encoding.
const VERSION: u8 = 1;

/// A position in a list.
#[derive(Debug, Clone, PartialEq)]
pub enum Cursor {
    /// After the last item.
    End,
    /// At an item.
    Item {
        /// The `sort` parameter that the values belong to.
        sort: String,
        /// The item's value for each sort field.
        values: Vec<Value>,
        /// The item's id, which breaks ties.
        id: i64,
    },
}

impl Cursor {
    /// The text in a link.
    pub fn encode(&self) -> String {
        let inside = match self {
            Self::End => serde_json::to_vec(&(VERSION,)),
            Self::Item { sort, values, id } => serde_json::to_vec(&(VERSION, sort, values, id)),
        };
        // JSON values can always be serialized.
        URL_SAFE_NO_PAD.encode(inside.unwrap_or_default())
    }

    /// `None` if the text is not a cursor.
    pub fn decode(text: &str) -> Option<Self> {
        let inside = URL_SAFE_NO_PAD.decode(text).ok()?;
        if let Ok((VERSION,)) = serde_json::from_slice(&inside) {
            return Some(Self::End);
        }
        match serde_json::from_slice(&inside).ok()? {
            (VERSION, sort, values, id) => Some(Self::Item { sort, values, id }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_is_safe_in_a_link() {
        let cursors = [
            Cursor::End,
            Cursor::Item {
                sort: String::new(),
                values: Vec::new(),
                id: 7,
            },
            Cursor::Item {
                sort: "-name,id".into(),
                values: vec![json!("größe\"\\"), json!(null), json!(true), json!(-3)],
                id: i64::MAX,
            },
        ];
        for cursor in cursors {
            let text = cursor.encode();
            let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            assert!(text.bytes().all(safe), "{text}");
            assert_eq!(Cursor::decode(&text), Some(cursor));
        }
    }

    #[test]
    fn what_is_none_of_ours_is_refused_k09() {
        let inside = |json: &str| URL_SAFE_NO_PAD.encode(json);
        for text in [
            "".to_owned(),
            "x".into(),
            "ab==".into(),
            "ä".into(),
            inside("null"),
            inside("[]"),
            inside("[2]"),
            inside("[1,2]"),
            inside("[2,\"\",[],1]"),
            inside("[1,\"\",[],1.5]"),
            inside("[1,\"\",{},1]"),
            inside("[1,\"\",[],1,1]"),
        ] {
            assert_eq!(Cursor::decode(&text), None, "{text}");
        }
    }
}
