//! The id of an entry, which survives renames: `entryUUID` (RFC 4530), the
//! `objectGUID` of Active Directory, or another attribute that never changes.

use std::fmt::Write as _;

/// Characters.
const MAX_LENGTH: usize = 255;

const OBJECT_GUID: &str = "objectGUID";

/// The canonical text of a value: UUIDs as RFC 9562 writes them, other bytes as
/// hex. `None` when the value cannot serve as an id.
pub fn text(attribute: &str, value: &[u8]) -> Option<String> {
    if attribute.eq_ignore_ascii_case(OBJECT_GUID)
        && let Ok(guid) = <[u8; 16]>::try_from(value)
    {
        return Some(uuid(&swapped(guid)));
    }
    let Ok(text) = std::str::from_utf8(value) else {
        return Some(hex(value)).filter(|text| text.len() <= MAX_LENGTH);
    };
    let text = text.trim();
    if let Some(bytes) = parsed(text) {
        return Some(uuid(&bytes));
    }
    let fits = !text.is_empty() && text.chars().count() <= MAX_LENGTH && !text.contains('\0');
    fits.then(|| text.to_owned())
}

/// A filter for the entries with this id. An attribute that the server does not
/// know matches nothing (RFC 4511, section 4.5.1.7).
pub fn filter(attributes: &[&str], id: &str) -> String {
    let tests = attributes.iter().map(|attribute| match parsed(id) {
        Some(bytes) if attribute.eq_ignore_ascii_case(OBJECT_GUID) => {
            let escaped = swapped(bytes).iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "\\{byte:02x}");
                text
            });
            format!("({attribute}={escaped})")
        }
        _ => super::connection::equals(attribute, id),
    });
    format!("(|{})", tests.collect::<String>())
}

/// The first three parts of a GUID are little-endian.
fn swapped(guid: [u8; 16]) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h, rest @ ..] = guid;
    let [i, j, k, l, m, n, o, p] = rest;
    [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
}

/// The bytes of a UUID, with or without braces.
fn parsed(text: &str) -> Option<[u8; 16]> {
    let inner = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
        .unwrap_or(text);
    let is_uuid = inner.len() == 36
        && inner.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if !is_uuid {
        return None;
    }
    let number = u128::from_str_radix(&inner.replace('-', ""), 16).ok()?;
    Some(number.to_be_bytes())
}

fn uuid(bytes: &[u8; 16]) -> String {
    let mut text = hex(bytes);
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
    const GUID: [u8; 16] = [
        0xe0, 0x04, 0x25, 0x3f, 0x89, 0x4f, 0xd3, 0x41, 0x9a, 0x0c, 0x03, 0x05, 0xe8, 0x2c, 0x33,
        0x01,
    ];

    #[test]
    fn the_bytes_of_a_guid_become_its_usual_text() {
        assert_eq!(text("objectguid", &GUID).as_deref(), Some(UUID));
        let braced = format!("{{{}}}", UUID.to_uppercase());
        for written in [UUID, &UUID.to_uppercase(), &braced] {
            assert_eq!(text("entryUUID", written.as_bytes()).as_deref(), Some(UUID));
        }
    }

    #[test]
    fn other_values_are_kept_as_they_are() {
        let of = |value: &[u8]| text("employeeNumber", value);
        assert_eq!(of(b" 0042 ").as_deref(), Some("0042"));
        assert_eq!(of(b"aB-1").as_deref(), Some("aB-1"));
        assert_eq!(of(&[0xff, 0x00]).as_deref(), Some("ff00"));
        assert_eq!(of(b" "), None);
        assert_eq!(of("x".repeat(300).as_bytes()), None);
    }

    #[test]
    fn the_filter_covers_every_id_attribute() {
        assert_eq!(
            filter(&["entryUUID", "objectGUID"], UUID),
            format!(
                "(|(entryUUID={UUID})(objectGUID=\\e0\\04\\25\\3f\\89\\4f\\d3\\41\\9a\\0c\\03\\05\\e8\\2c\\33\\01))"
            )
        );
        assert_eq!(filter(&["uidNumber"], "4*"), r"(|(uidNumber=4\2a))");
    }
}
