//! Member names of types, attributes, relationships and parameters.

/// Whether a name is legal: at least one character, the first and the last one globally allowed
/// (a letter, a digit, anything from U+0080), inside also `-`, `_` and space.
///
/// JSON:API 1.1, "Member Names". Names of extensions (`ns:name`) and `@`-members are not names of
/// fields and therefore not legal here.
pub fn is_legal(name: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(is_globally_allowed);
    edge(name.chars().next())
        && edge(name.chars().next_back())
        && name
            .chars()
            .all(|c| is_globally_allowed(c) || matches!(c, '-' | '_' | ' '))
}

/// Whether a name is a list of legal names separated by dots, as in `roles.users`.
pub fn is_legal_path(path: &str) -> bool {
    path.split('.').all(is_legal)
}

fn is_globally_allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || character >= '\u{80}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_digits_and_characters_beyond_ascii_are_legal_anywhere() {
        for name in [
            "a",
            "Z9",
            "full_name",
            "first-name",
            "two words",
            "größe",
            "名",
        ] {
            assert!(is_legal(name), "{name}");
        }
    }

    #[test]
    fn names_neither_begin_nor_end_with_punctuation() {
        for name in [
            "", "_", "-a", "a-", " a", "a ", "@id", "a:b", "a.b", "a[b", "a+b",
        ] {
            assert!(!is_legal(name), "{name}");
        }
    }

    #[test]
    fn a_path_has_a_legal_name_between_any_two_dots() {
        assert!(is_legal_path("roles.users"));
        for path in ["", ".", "a.", ".a", "a..b", "a._"] {
            assert!(!is_legal_path(path), "{path}");
        }
    }
}
