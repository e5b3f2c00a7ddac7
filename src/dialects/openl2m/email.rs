//! Which e-mail addresses Django takes (its `EmailValidator`): stricter than
//! the native surface about the domain, which needs a dot.

use std::net::IpAddr;

use crate::directory::values;

/// The most bytes of a label of a domain (RFC 1034, section 3.1).
const MAX_LABEL: usize = 63;

pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    // What the directory itself refuses cannot be kept, whatever its length.
    values::email_within(text, usize::MAX).is_ok()
        && is_local(local)
        && (is_domain(domain) || is_literal(domain))
}

fn is_local(local: &str) -> bool {
    let of_word = |c: char| c.is_ascii_alphanumeric() || "-!#$%&'*+/=?^_`{}|~".contains(c);
    let plain = local
        .split('.')
        .all(|word| !word.is_empty() && word.chars().all(of_word));
    plain || is_quoted(local)
}

fn is_quoted(local: &str) -> bool {
    let inner = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.is_some_and(|inner| {
        inner
            .chars()
            .all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\'))
    })
}

fn is_domain(domain: &str) -> bool {
    if domain.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let last = domain.rsplit('.').next().unwrap_or_default();
    domain.contains('.') && last.chars().count() >= 2 && domain.split('.').all(is_label)
}

/// Letters outside ASCII stand for themselves: names in other scripts.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= MAX_LABEL
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

fn is_literal(domain: &str) -> bool {
    let inner = domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| inner.parse::<IpAddr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_need_a_domain_that_could_be_one() {
        for good in [
            "a@x.org",
            "first.last+tag@sub.example.com",
            "a@localhost",
            "a@[127.0.0.1]",
            "a@[::1]",
            "\"quoted\"@x.org",
            "a@bücher.example",
        ] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "@x.org",
            "a@",
            "a@x",
            "a@-x.org",
            "a@x-.org",
            "a@x..org",
            "a@.org",
            "a@x.o",
            ".a@x.org",
            "a.@x.org",
            "a b@x.org",
            "a@b@x.org",
            "a@[x]",
            "ä@x.org",
            "a@x_y.org",
            "a\u{0}@x.org",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
