//! Parses the first component (RDN) of a distinguished name (RFC 4514).

/// The values of an attribute in the RDN, which may be multi-valued.
pub fn values_of(dn: &str, attribute: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = dn;
    loop {
        let (part, end) = next(rest);
        if let Some((name, value)) = part.split_once('=')
            && name.trim().eq_ignore_ascii_case(attribute)
            && let Some(value) = unescaped(value)
        {
            found.push(value);
        }
        match end {
            Some(('+', more)) => rest = more,
            _ => return found,
        }
    }
}

/// Whether two values match for a server, which ignores case and repeated spaces
/// (RFC 4518).
pub fn is_same(one: &str, other: &str) -> bool {
    let plain = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ").to_lowercase()
    };
    one == other || plain(one) == plain(other)
}

/// Splits at the first separator that is neither escaped nor quoted.
fn next(text: &str) -> (&str, Option<(char, &str)>) {
    let (mut is_escaped, mut is_quoted) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ',' | ';' | '+' if !is_quoted => {
                let (part, rest) = text.split_at(at);
                return (part, Some((c, rest.get(1..).unwrap_or_default())));
            }
            _ => {}
        }
    }
    (text, None)
}

/// The unescaped value; `None` when it is malformed or not UTF-8.
fn unescaped(value: &str) -> Option<String> {
    let value = value.trim_start();
    if value.starts_with('#') {
        return hex_string(value);
    }
    let mut bytes = Vec::with_capacity(value.len());
    // Trailing spaces count only if they are escaped.
    let mut kept = 0;
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' => {
                let first = rest.next()?;
                let second = rest.clone().next();
                match (digit(first), second.and_then(digit)) {
                    (Some(high), Some(low)) => {
                        bytes.push(high << 4 | low);
                        rest.next();
                    }
                    _ => bytes.push(first),
                }
                kept = bytes.len();
            }
            b'"' => {}
            byte => {
                bytes.push(byte);
                if byte != b' ' {
                    kept = bytes.len();
                }
            }
        }
    }
    bytes.truncate(kept);
    String::from_utf8(bytes).ok()
}

/// `#` and a BER string in hex: a tag, a length of one byte, and the text.
fn hex_string(value: &str) -> Option<String> {
    let digits: Option<Vec<u8>> = value.trim().bytes().skip(1).map(digit).collect();
    let digits = digits?;
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect();
    match bytes.as_slice() {
        [_, length, text @ ..] if usize::from(*length) == text.len() => {
            String::from_utf8(text.to_vec()).ok()
        }
        _ => None,
    }
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_rdn_are_found_in_every_notation() {
        for (dn, wanted) in [
            ("cn=two,ou=groups", "two"),
            ("CN = two , ou=groups", "two"),
            ("cn=two", "two"),
            ("ou=x+cn=two,dc=y", "two"),
            ("cn=two+ou=x,dc=y", "two"),
            (r"ou=a\+b+cn=two,dc=y", "two"),
            (r"cn=a\, b,dc=y", "a, b"),
            (r"cn=a\2C b,dc=y", "a, b"),
            (r"cn=a\+b,dc=y", "a+b"),
            (r"cn=a\=b,dc=y", "a=b"),
            ("cn=a=b,dc=y", "a=b"),
            (r"cn=M\C3\BCnchen,dc=y", "München"),
            ("cn=München,dc=y", "München"),
            (r"cn=\ a\ ,dc=y", " a "),
            (r"cn=\#1,dc=y", "#1"),
            (r#"cn="a, b",dc=y"#, "a, b"),
            ("cn=#0C0374776F,dc=y", "two"),
            (r#"cn=a\"b\\c,dc=y"#, r#"a"b\c"#),
        ] {
            assert_eq!(values_of(dn, "cn"), [wanted], "{dn}");
        }
    }

    #[test]
    fn other_components_are_ignored() {
        for dn in [
            "ou=x,cn=two",
            "ou=cn\\,cn=two,dc=y",
            "xcn=two",
            "cn",
            "",
            "cn=\\",
        ] {
            assert!(values_of(dn, "cn").is_empty(), "{dn}");
        }
        assert_eq!(values_of("cn=a+cn=b,dc=y", "CN"), ["a", "b"]);
    }

    #[test]
    fn case_and_repeated_spaces_are_ignored() {
        assert!(is_same("G  Two", " g two "));
        assert!(is_same("ÄPFEL", "äpfel"));
        assert!(!is_same("gtwo", "g two"));
    }
}
