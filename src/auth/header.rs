//! Parses the `Authorization` header: RFC 9110 section 11.6.2, RFC 7617, RFC 6750,
//! and the `Token` scheme of Django REST framework.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Credentials as sent. Does not implement `Debug`: they are secrets.
#[derive(PartialEq, Eq)]
pub enum Credentials<'a> {
    Password { username: String, password: String },
    Token(&'a str),
}

/// Bytes of the header; longer ones are rejected.
const MAX_HEADER: usize = 8192;

/// `None` if the header is malformed or has an unknown scheme.
pub fn parse(header: &[u8]) -> Option<Credentials<'_>> {
    if header.len() > MAX_HEADER {
        return None;
    }
    let header = std::str::from_utf8(header).ok()?.trim();
    let (scheme, rest) = header.split_once(' ')?;
    let rest = rest.trim();
    if rest.is_empty() {
        return None;
    }
    if scheme.eq_ignore_ascii_case("Bearer") || scheme.eq_ignore_ascii_case("Token") {
        return (!rest.contains(' ')).then_some(Credentials::Token(rest));
    }
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    let (username, password) = pair.split_once(':')?;
    Some(Credentials::Password {
        username: username.to_owned(),
        password: password.to_owned(),
    })
}

/// Whether this header carries a password, not a token.
pub fn carries_password(header: &[u8]) -> bool {
    matches!(parse(header), Some(Credentials::Password { .. }))
}

/// Whether this header carries a token, which browsers never add by themselves.
pub fn carries_token(header: &[u8]) -> bool {
    matches!(parse(header), Some(Credentials::Token(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(username: &str, password: &str) -> Option<Credentials<'static>> {
        Some(Credentials::Password {
            username: username.into(),
            password: password.into(),
        })
    }

    #[test]
    fn basic_passwords_can_contain_colons() {
        assert!(parse(b"Basic am9objpwOncK") == password("john", "p:w\n"));
        assert!(parse(b"basic  am9objo=") == password("john", ""));
    }

    #[test]
    fn bearer_and_token_are_case_insensitive() {
        for header in ["Bearer rc_1", "TOKEN rc_1", "token   rc_1 "] {
            assert!(
                parse(header.as_bytes()) == Some(Credentials::Token("rc_1")),
                "{header}"
            );
        }
    }

    #[test]
    fn anything_else_is_rejected() {
        for header in [
            "",
            "Basic",
            "Basic !!",
            "Basic am9obg==",
            "Digest x=y",
            "Bearer a b",
            "Bearer ",
        ] {
            assert!(parse(header.as_bytes()).is_none(), "{header}");
        }
        assert!(parse(b"Bearer \xff").is_none());
    }
}
