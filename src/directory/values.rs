//! Values that cannot hold nonsense: built by a constructor that can refuse,
//! trusted afterwards. Lengths count characters.

use unicode_normalization::char::is_combining_mark;

use super::error::FieldError;

/// The most characters of a username.
pub const MAX_USERNAME: usize = 150;
/// The most characters of a short text: names, labels, titles.
pub const MAX_TEXT: usize = 255;
/// The most characters of an e-mail address (RFC 5321, section 4.5.3.1.3).
pub const MAX_EMAIL: usize = 254;
/// The most characters of a long text: descriptions, lists of expressions.
pub const MAX_LONG_TEXT: usize = 10_000;

/// A username: letters with their marks, digits and `_ . @ + -`. What else a new
/// name must be, [`super::names`] tells.
pub fn username(text: &str) -> Result<String, FieldError> {
    within("username", text, 1, MAX_USERNAME)?;
    if text
        .chars()
        .all(|c| c.is_alphanumeric() || is_combining_mark(c) || "_.@+-".contains(c))
    {
        return Ok(text.to_owned());
    }
    Err(FieldError::invalid(
        "username",
        "This value may contain only letters, digits and the characters _ . @ + -.",
    ))
}

/// A uname: lower-case letters, digits, `-`, `_` and `.`; a name for addresses.
pub fn uname(text: &str) -> Result<String, FieldError> {
    within("uname", text, 1, MAX_USERNAME)?;
    if text.chars().all(is_uname) {
        return Ok(text.to_owned());
    }
    Err(FieldError::invalid(
        "uname",
        "This value may contain only lower-case letters, digits and the characters - _ .",
    ))
}

fn is_uname(c: char) -> bool {
    (c.is_alphanumeric() && !c.is_uppercase()) || is_combining_mark(c) || "-_.".contains(c)
}

/// The uname that a username suggests; never empty.
pub fn uname_from(username: &str) -> String {
    let slug: String = username
        .to_lowercase()
        .chars()
        .map(|c| if is_uname(c) { c } else { '-' })
        .take(MAX_USERNAME - 8)
        .collect();
    let slug = super::names::normalized(&slug).into_owned();
    if slug.is_empty() { "user".into() } else { slug }
}

/// An e-mail address: one `@` with something on both sides and no blanks.
/// Whether it exists only a mail can tell.
pub fn email(text: &str) -> Result<String, FieldError> {
    email_within(text, MAX_EMAIL)
}

/// The same, of at most so many characters.
pub fn email_within(text: &str, most: usize) -> Result<String, FieldError> {
    within("email", text, 1, most)?;
    let plausible = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    if plausible && !text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Ok(text.to_owned());
    }
    Err(FieldError::invalid(
        "email",
        "Enter a valid e-mail address.",
    ))
}

/// The name of a role: any text that is more than blanks; those around it are
/// not counted, and taken off where the name is new.
pub fn role_name(text: &str) -> Result<String, FieldError> {
    filled("name", text.trim(), MAX_TEXT)?;
    Ok(text.to_owned())
}

/// A text of at most so many characters that is more than blanks.
pub fn filled(field: &'static str, text: &str, most: usize) -> Result<String, FieldError> {
    within(field, text, 1, most)?;
    if text.trim().is_empty() {
        return Err(FieldError::invalid(field, "This value may not be blank."));
    }
    Ok(text.to_owned())
}

/// The most digits of an amount before the point, and after it.
const AMOUNT: (usize, usize) = (10, 2);

/// An amount as it is stored, with two decimals, from what may have less.
pub fn amount(field: &'static str, text: &str) -> Result<String, FieldError> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (most, places) = AMOUNT;
    if !are_digits(whole) || !are_digits(decimals) || whole.len() > most || decimals.len() > places
    {
        return Err(FieldError::invalid(
            field,
            "This value must be a number of at most 10 digits, with at most 2 decimals.",
        ));
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let amount = format!("{whole}.{decimals:0<places$}");
    let is_zero = amount.bytes().all(|b| matches!(b, b'0' | b'.'));
    Ok(if is_zero {
        amount
    } else {
        format!("{sign}{amount}")
    })
}

/// Where a role can be held.
pub const SCOPES: &[&str] = &["none", "workspace", "cluster"];

/// One of the texts that there are.
pub fn choice(
    field: &'static str,
    text: &str,
    choices: &'static [&'static str],
) -> Result<String, FieldError> {
    if choices.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(FieldError::invalid(
        field,
        format!("Choose one of {}.", choices.join(", ")),
    ))
}

/// A text between two lengths. NUL is refused: PostgreSQL cannot hold it.
pub fn within(
    field: &'static str,
    text: &str,
    least: usize,
    most: usize,
) -> Result<(), FieldError> {
    if text.contains('\0') {
        return Err(FieldError::invalid(
            field,
            "This value may not contain the character NUL.",
        ));
    }
    // A character has at least one byte: short texts need no count.
    if text.len() > most && text.chars().count() > most {
        return Err(FieldError::invalid(
            field,
            format!("Ensure this value has at most {most} characters."),
        ));
    }
    if text.is_empty() && least > 0 {
        return Err(FieldError::invalid(field, "This value may not be blank."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_take_addresses_and_letters_of_all_scripts() {
        for good in ["johndoe", "a@x.org", "Zoë_1+2.3-4", "Ω"] {
            assert_eq!(username(good).as_deref(), Ok(good));
        }
        let long = "x".repeat(151);
        for bad in ["", "john doe", "a/b", "a\0b", long.as_str(), "a\u{202e}b"] {
            assert!(username(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_uname_is_made_of_any_username() {
        assert_eq!(uname_from("JohnDoe"), "johndoe");
        assert_eq!(uname_from("a@x.org"), "a-x.org");
        assert!(uname(&uname_from("Zoë@Example+1")).is_ok());
        assert!(uname(&uname_from(&"X".repeat(150))).is_ok());
    }

    #[test]
    fn an_amount_is_stored_in_one_form() {
        for (sent, stored) in [
            ("10.5", "10.50"),
            ("10", "10.00"),
            ("007.25", "7.25"),
            ("-0.0", "0.00"),
            ("-3", "-3.00"),
            ("9999999999.99", "9999999999.99"),
        ] {
            assert_eq!(amount("total_ct_cp", sent).as_deref(), Ok(stored));
        }
        for bad in [
            "",
            "-",
            ".5",
            "5.",
            "1.234",
            "1e3",
            "+1",
            " 1",
            "1,5",
            "NaN",
            "٣",
            "12345678901",
        ] {
            assert!(amount("total_ct_cp", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_need_both_sides() {
        assert!(email("a@x.org").is_ok());
        for bad in ["", "a", "@x.org", "a@", "a b@x.org", "a@b@c"] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }
}
