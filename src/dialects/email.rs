//! Django's `EmailValidator`, including its length limits and its second attempt in
//! Punycode, for the APIs of systems that are written in Django. The native surface is
//! less strict.

use std::net::IpAddr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// Characters of an address (RFC 3696, section 3).
const MAX_ADDRESS: usize = 320;
/// Characters of a domain label (RFC 1034, section 3.1).
const MAX_LABEL: usize = 63;

pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    text.chars().count() <= MAX_ADDRESS
        && is_local(local)
        && (domain == "localhost" || is_domain(domain) || is_domain_in_punycode(domain))
}

fn is_local(local: &str) -> bool {
    let of_word = |c: char| c.is_ascii_alphanumeric() || "-!#$%&'*+/=?^_`{}|~".contains(c);
    let plain = local
        .split('.')
        .all(|word| !word.is_empty() && word.chars().all(of_word));
    plain || is_quoted(local)
}

/// A quoted local part: no spaces, quotes or line ends, but nearly all of ASCII after a
/// backslash. NUL is never allowed.
fn is_quoted(local: &str) -> bool {
    let inner = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else { return false };
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        let is_well = match c {
            '\\' => characters.next().is_some_and(
                |c| matches!(c, '\u{1}'..='\u{9}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{7f}'),
            ),
            '"' | ' ' => false,
            c => matches!(c, '\u{1}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{7f}'),
        };
        if !is_well {
            return false;
        }
    }
    true
}

/// An ASCII domain with a dot, or an IP address in brackets.
fn is_domain(domain: &str) -> bool {
    let Some((labels, last)) = domain.rsplit_once('.') else {
        return is_literal(domain);
    };
    let is_named = labels
        .split('.')
        .all(|label| is_label(label) && !label.starts_with('-'))
        && is_label(last)
        && last.len() >= 2;
    is_named || is_literal(domain)
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= MAX_LABEL
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// An internationalized domain name.
fn is_domain_in_punycode(domain: &str) -> bool {
    let ascii = Uts46::new().to_ascii(
        domain.as_bytes(),
        AsciiDenyList::EMPTY,
        Hyphens::Allow,
        DnsLength::Ignore,
    );
    !domain.is_ascii() && ascii.is_ok_and(|ascii| is_domain(&ascii))
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
    fn addresses_that_django_accepts() {
        for good in [
            "a@x.org",
            "first.last+tag@sub.example.com",
            "o'brien@x.org",
            "a/b@x.org",
            "a%b@x.org",
            "a@localhost",
            "a@[127.0.0.1]",
            "a@[::1]",
            "\"quoted\"@x.org",
            "\"a@b\"@x.org",
            "\"a,b\"@x.org",
            "\"a\\ b\"@x.org",
            "\"\"@x.org",
            "a@bücher.example",
            "a@x.x--y",
            "a@x.-y",
            "a@1.23",
            "a@हिन्दी.भारत",
            "a@例え.テスト",
        ] {
            assert!(is_address(good), "{good}");
        }
        let label = "x".repeat(63);
        assert!(is_address(&format!("a@{label}.{label}")));
        let umlauts = "ü".repeat(40);
        assert!(is_address(&format!("a@{umlauts}.org")));
        assert!(is_address(&format!("{}@x.org", "a".repeat(314))));
    }

    #[test]
    fn addresses_that_django_rejects() {
        for bad in [
            "",
            "a",
            "@x.org",
            "a@",
            "a@x",
            "a@LOCALHOST",
            "a@-x.org",
            "a@x-.org",
            "a@x.org-",
            "a@x..org",
            "a@.org",
            "a@x.org.",
            "a@x.o",
            "a@x.com/",
            ".a@x.org",
            "a.@x.org",
            "a..b@x.org",
            "a b@x.org",
            "a,b@x.org",
            "<a@x.org>",
            "mailto:a@x.org",
            "a@x.org;",
            "a;b@x.org",
            "a:b@x.org",
            "(a)@x.org",
            "a\\b@x.org",
            "a@b@x.org",
            "\"a b\"@x.org",
            "\"a\"b@x.org",
            "\"a\\\"@x.org",
            "\"@x.org",
            "a@[x]",
            "a@[127.0.0.256]",
            "ä@x.org",
            "a@x_y.org",
            "a@x y.org",
            "a@x.org\n",
            "a@ü.-",
            "a\u{0}@x.org",
            "\"a\u{0}\"@x.org",
        ] {
            assert!(!is_address(bad), "{bad:?}");
        }
        let label = "x".repeat(64);
        assert!(!is_address(&format!("a@{label}.org")));
        let umlauts = "ü".repeat(70);
        assert!(!is_address(&format!("a@{umlauts}.org")));
        assert!(!is_address(&format!("{}@x.org", "a".repeat(315))));
    }
}
