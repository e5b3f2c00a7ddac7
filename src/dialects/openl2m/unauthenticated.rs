//! Messages of failed authentication, in the words of Django REST framework.

use std::str::SplitAsciiWhitespace;

pub const MISSING: &str = "Authentication credentials were not provided.";
pub const WRONG: &str = "Invalid token";
pub const INACTIVE: &str = "User inactive";
pub const EXPIRED: &str = "Token expired";
const PASSWORD: &str = "Invalid username/password.";
const NO_TOKEN: &str = "Invalid token header. No credentials provided.";
const CONTAINS_SPACES: &str = "Invalid token header. Token string should not contain spaces.";
const INVALID_CHARACTERS: &str =
    "Invalid token header. Token string should not contain invalid characters.";

/// The message for a header that failed to authenticate. If it is well formed, the
/// token or password is wrong.
pub fn message(header: Option<&[u8]>) -> &'static str {
    let Some(header) = header else {
        return MISSING;
    };
    let Ok(text) = std::str::from_utf8(header) else {
        return if names_token(header) {
            INVALID_CHARACTERS
        } else {
            MISSING
        };
    };
    let mut words = text.split_ascii_whitespace();
    match words.next() {
        Some(scheme) if is_token(scheme) => of_token(words),
        Some(scheme) if scheme.eq_ignore_ascii_case("Basic") => PASSWORD,
        // Other schemes are ignored.
        _ => MISSING,
    }
}

fn of_token(mut words: SplitAsciiWhitespace<'_>) -> &'static str {
    match (words.next(), words.next()) {
        (None, _) => NO_TOKEN,
        (Some(_), Some(_)) => CONTAINS_SPACES,
        (Some(_), None) => WRONG,
    }
}

fn is_token(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("Token") || scheme.eq_ignore_ascii_case("Bearer")
}

fn names_token(header: &[u8]) -> bool {
    let scheme = header.split(|byte| byte.is_ascii_whitespace()).next();
    let scheme = scheme.and_then(|scheme| std::str::from_utf8(scheme).ok());
    scheme.is_some_and(is_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_header_determines_the_message() {
        for (header, expected) in [
            (&b""[..], MISSING),
            (b"Digest x", MISSING),
            (b"token", NO_TOKEN),
            (b"Token  ", NO_TOKEN),
            (b"TOKEN a b", CONTAINS_SPACES),
            (b"Token \xff", INVALID_CHARACTERS),
            (b"Token abc", WRONG),
            (b"bearer abc", WRONG),
            (b"Basic abc", PASSWORD),
        ] {
            assert_eq!(message(Some(header)), expected, "{header:?}");
        }
        assert_eq!(message(None), MISSING);
    }
}
