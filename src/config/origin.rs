//! Origins of web pages: a scheme, a host and a port (RFC 6454).

use std::fmt;

use url::Url;

/// An origin as browsers write it: in lower case, without the port that the
/// scheme implies, IP addresses in their shortest form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// None unless `text` is an http or https scheme, a host and maybe a port,
    /// and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let (_, authority) = text.split_once("://")?;
        let is_plain = |letter: char| letter.is_ascii_graphic() && !"/\\?#@%".contains(letter);
        if authority.is_empty() || !authority.chars().all(is_plain) {
            return None;
        }
        Self::of_address(text)
    }

    /// The origin of an http or https address.
    pub fn of_address(address: &str) -> Option<Self> {
        let url = Url::parse(address).ok()?;
        matches!(url.scheme(), "http" | "https").then(|| Self(url.origin().ascii_serialization()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_spellings_of_one_origin_are_equal() {
        for (one, other) in [
            ("HTTPS://Example.ORG", "https://example.org"),
            ("https://example.org:443", "https://example.org"),
            ("http://example.org:80", "http://example.org"),
            ("http://[0:0:0:0:0:0:0:1]:8080", "http://[::1]:8080"),
            ("http://127.1", "http://127.0.0.1"),
        ] {
            let one = Origin::parse(one).unwrap();
            assert_eq!(one, Origin::parse(other).unwrap());
            assert_eq!(one.to_string(), other);
        }
    }

    #[test]
    fn another_scheme_host_or_port_is_another_origin() {
        let own = Origin::parse("https://example.org").unwrap();
        for other in [
            "http://example.org",
            "https://example.org:8443",
            "https://example.org:80",
            "https://example.org.",
            "https://www.example.org",
            "https://example.org.evil.example",
        ] {
            assert_ne!(Origin::parse(other).unwrap(), own, "{other}");
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_none() {
        for text in [
            "",
            "null",
            "*",
            "example.org",
            "https://",
            "https:example.org",
            "https:///example.org",
            "https://example.org/",
            "https://example.org\\",
            "https://example.org?a",
            "https://example.org#a",
            "https://me@example.org",
            "https://example.org https://evil.example",
            "https://example.org, https://evil.example",
            "https://exam\tple.org",
            "https://exampl%65.org",
            "https://exämple.org",
            "https://[::1",
            "https://example.org:port",
            "https://example.org:65536",
            "ftp://example.org",
            "file://",
            "chrome-extension://abcdef",
        ] {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_has_an_origin_whatever_its_path() {
        let origin = Origin::of_address("https://Example.org:443/people").unwrap();
        assert_eq!(origin, Origin::parse("https://example.org").unwrap());
    }
}
