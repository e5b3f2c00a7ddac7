//! JSON pointers (RFC 6901), for `source.pointer` of errors.

/// Appends one reference token to a pointer and escapes it: `~` becomes `~0`, `/` becomes `~1`.
///
/// `base` is a pointer itself, `""` for the whole document.
pub fn join(base: &str, token: &str) -> String {
    let mut pointer = String::with_capacity(base.len() + 1 + token.len());
    pointer.push_str(base);
    pointer.push('/');
    for character in token.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::join;
    use serde_json::json;

    #[test]
    fn a_token_is_appended_behind_a_slash() {
        assert_eq!(join("", "data"), "/data");
        assert_eq!(join("/data/attributes", "name"), "/data/attributes/name");
    }

    #[test]
    fn tildes_and_slashes_are_escaped() {
        assert_eq!(join("/data", "a/b~c"), "/data/a~1b~0c");
        assert_eq!(join("", "~1"), "/~01");
    }

    #[test]
    fn an_escaped_pointer_finds_its_value() {
        let document = json!({"a/b": {"~": 1, "": 2}});
        let base = join("", "a/b");
        assert_eq!(document.pointer(&join(&base, "~")), Some(&json!(1)));
        assert_eq!(document.pointer(&join(&base, "")), Some(&json!(2)));
    }
}
