//! Decodes `application/x-www-form-urlencoded` strictly: invalid UTF-8 is an error. The crate
//! `form_urlencoded` would insert replacement characters.

use std::string::FromUtf8Error;

use percent_encoding::percent_decode_str;

/// The name and value of each parameter, still encoded; empty pairs are skipped.
pub(super) fn pairs(raw: &str) -> impl Iterator<Item = (&str, &str)> {
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Decodes a name or a value.
pub(super) fn decode(encoded: &str) -> Result<String, FromUtf8Error> {
    String::from_utf8(bytes(encoded))
}

/// Decodes a name for the source of an error, with replacement characters.
pub(super) fn decode_lossy(encoded: &str) -> String {
    String::from_utf8_lossy(&bytes(encoded)).into_owned()
}

fn bytes(encoded: &str) -> Vec<u8> {
    if encoded.contains('+') {
        percent_decode_str(&encoded.replace('+', " ")).collect()
    } else {
        percent_decode_str(encoded).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_separated_by_ampersands_and_the_first_equals_sign() {
        let found: Vec<_> = pairs("a=1&&b=2=3&c&=d&").collect();
        assert_eq!(found, [("a", "1"), ("b", "2=3"), ("c", ""), ("", "d")]);
    }

    #[test]
    fn plus_signs_are_blanks_and_encoded_ones_are_not() {
        assert_eq!(decode("a+b%2Bc%20d").unwrap(), "a b+c d");
        assert_eq!(decode("gr%C3%B6%C3%9Fe").unwrap(), "größe");
    }

    #[test]
    fn broken_escapes_stand_for_themselves() {
        assert_eq!(decode("100%&%4").unwrap(), "100%&%4");
        assert_eq!(decode("%zz").unwrap(), "%zz");
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        assert!(decode("%ff").is_err());
        assert_eq!(decode_lossy("a%ff"), "a\u{fffd}");
    }
}
