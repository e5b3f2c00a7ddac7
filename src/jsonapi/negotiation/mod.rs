//! Content negotiation: `Accept` and `Content-Type` (JSON:API 1.1, "Content Negotiation"; checklist
//! N01 to N16).

mod accept;
mod html;
mod instance;

use std::borrow::Cow;

use accept::Ranges;
pub use html::prefers_html;
use instance::Instance;

use super::error::{Error, excerpt};
use super::kinds;
use super::media_type::{MEDIA_TYPE, MediaType, PLAIN_JSON, parse_one};

const CONTENT_TYPE: &str = "Content-Type";

/// The extensions and profiles of an endpoint, and how strictly it reads the headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Negotiation {
    /// URIs of the supported extensions.
    pub extensions: &'static [&'static str],
    /// URIs of the known profiles, without a trailing slash.
    pub profiles: &'static [&'static str],
    /// Whether only JSON:API's media type is supported: otherwise plain JSON is as well.
    pub strict: bool,
}

/// The media type of the response, from `Accept`.
///
/// The lists contain what *may* be applied. Remove what was not before calling
/// [`content_type`](Self::content_type), which declares them as applied (N14).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accepted {
    /// The supported extensions in usable ranges.
    pub extensions: Vec<&'static str>,
    /// The known profiles in usable ranges.
    pub profiles: Vec<&'static str>,
    /// Whether the client accepts plain JSON but not JSON:API.
    pub plain_json: bool,
}

/// The media type of the request body, from `Content-Type`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestMediaType {
    /// The extensions that the body uses.
    pub extensions: Vec<&'static str>,
    /// The known profiles that the body follows.
    pub profiles: Vec<&'static str>,
}

impl Accepted {
    /// Adds an applied extension, whether the client accepts it explicitly or by a
    /// wildcard.
    pub fn applying(mut self, extension: &'static str) -> Self {
        if !self.extensions.contains(&extension) {
            self.extensions.push(extension);
        }
        self
    }

    /// The `Content-Type` of the response; never with a `charset` (N01).
    pub fn content_type(&self) -> Cow<'static, str> {
        if self.plain_json {
            return Cow::Borrowed(PLAIN_JSON);
        }
        if self.extensions.is_empty() && self.profiles.is_empty() {
            return Cow::Borrowed(MEDIA_TYPE);
        }
        let mut value = MEDIA_TYPE.to_owned();
        for (name, uris) in [("ext", &self.extensions), ("profile", &self.profiles)] {
            if !uris.is_empty() {
                value.push_str(&format!(";{name}=\"{}\"", uris.join(" ")));
            }
        }
        Cow::Owned(value)
    }
}

impl Negotiation {
    /// Reads all `Accept` lines of a request; without any, everything is accepted.
    ///
    /// # Errors
    /// 406 if no supported media type is accepted (N05, N07), 400 if that is because of malformed
    /// elements. The source of both is the header.
    pub fn accept<'a>(&self, values: impl Iterator<Item = &'a [u8]>) -> Result<Accepted, Error> {
        let mut ranges = Ranges::default();
        for value in values {
            if value == b"*/*" {
                ranges.everything = Some(true);
            } else if value == MEDIA_TYPE.as_bytes() {
                ranges.usable = true;
            } else {
                ranges.read(value, self);
            }
        }
        ranges.decide(self.strict)
    }

    /// Whether a response with `extension` is accepted: explicitly, by a wildcard, or
    /// because there is no header.
    pub fn takes<'a>(&self, values: impl Iterator<Item = &'a [u8]>, extension: &str) -> bool {
        let mut ranges = Ranges::default();
        for value in values {
            ranges.read(value, self);
        }
        ranges.take(extension, self.strict)
    }

    /// Reads the `Content-Type` of a request.
    ///
    /// # Errors
    /// 415 with the header as its source: a missing or unsupported media type of a body (N16), a
    /// parameter of JSON:API's media type other than `ext` and `profile` (N02, even without a body),
    /// an unsupported extension (N03), or a value that is not a media type.
    pub fn content_type(
        &self,
        value: Option<&[u8]>,
        has_body: bool,
    ) -> Result<RequestMediaType, Error> {
        let value = match value {
            Some(value) if !value.trim_ascii().is_empty() => value,
            _ if has_body => {
                return Err(unsupported("The body has no Content-Type.".to_owned()));
            }
            _ => return Ok(RequestMediaType::default()),
        };
        if value == MEDIA_TYPE.as_bytes() {
            return Ok(RequestMediaType::default());
        }
        let media_type = std::str::from_utf8(value)
            .ok()
            .and_then(|value| parse_one(value).ok())
            .ok_or_else(|| unsupported("The value is not a media type.".to_owned()))?;
        if media_type.is_json_api() {
            return self.sent(&media_type);
        }
        if !has_body || (media_type.is_plain_json() && !self.strict) {
            return Ok(RequestMediaType::default());
        }
        let name = excerpt(&format!("{}/{}", media_type.main, media_type.sub));
        Err(unsupported(format!(
            "Bodies are read as {MEDIA_TYPE}, not as {name}."
        )))
    }

    fn sent(&self, media_type: &MediaType<'_>) -> Result<RequestMediaType, Error> {
        let instance = Instance::of(media_type, self);
        if let Some(name) = media_type
            .parameters
            .iter()
            .map(|(name, _)| *name)
            .find(|name| !is_of_json_api(name))
        {
            let name = excerpt(name);
            return Err(unsupported(format!(
                "{MEDIA_TYPE} has no parameter {name}, only \"ext\" and \"profile\"."
            )));
        }
        if let Some(uri) = instance.unsupported {
            return Err(unsupported(format!(
                "The extension {} is not supported here.",
                excerpt(&uri)
            )));
        }
        Ok(RequestMediaType {
            extensions: instance.extensions,
            profiles: instance.profiles,
        })
    }
}

fn unsupported(detail: String) -> Error {
    kinds::UNSUPPORTED_MEDIA_TYPE
        .error(detail)
        .at_header(CONTENT_TYPE)
}

fn is_of_json_api(parameter: &str) -> bool {
    parameter.eq_ignore_ascii_case("ext") || parameter.eq_ignore_ascii_case("profile")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonapi::error::Source;
    use crate::jsonapi::media_type::{ATOMIC, CURSOR_PAGINATION};

    const OFFER: Negotiation = Negotiation {
        extensions: &[ATOMIC],
        profiles: &[CURSOR_PAGINATION],
        strict: false,
    };
    const STRICT: Negotiation = Negotiation {
        strict: true,
        ..OFFER
    };
    const ATOMIC_TYPE: &str = r#"application/vnd.api+json;ext="https://jsonapi.org/ext/atomic""#;

    fn accept(lines: &[&str]) -> Result<Accepted, Error> {
        OFFER.accept(lines.iter().map(|line| line.as_bytes()))
    }

    fn strictly(line: &str) -> Result<Accepted, Error> {
        STRICT.accept(std::iter::once(line.as_bytes()))
    }

    fn sent(value: &str) -> Result<RequestMediaType, Error> {
        OFFER.content_type(Some(value.as_bytes()), true)
    }

    fn refused(result: Result<impl std::fmt::Debug, Error>) -> u16 {
        let error = result.unwrap_err();
        assert!(matches!(error.source, Some(Source::Header(_))), "{error}");
        error.status
    }

    #[test]
    fn no_accept_header_and_wildcards_are_served_json_api_n11() {
        for lines in [
            &[][..],
            &[""],
            &["*/*"],
            &["application/*"],
            &["*/*;q=0.1"],
            &[", ,"],
        ] {
            assert_eq!(accept(lines), Ok(Accepted::default()), "{lines:?}");
        }
    }

    #[test]
    fn the_media_type_ignores_case_and_blanks_n10() {
        for line in [
            "application/vnd.api+json",
            "Application/Vnd.Api+Json",
            "application/vnd.api+json ; q=0.5",
            "text/html,application/vnd.api+json",
        ] {
            assert_eq!(accept(&[line]), Ok(Accepted::default()), "{line}");
        }
    }

    #[test]
    fn instances_with_foreign_parameters_do_not_count_n05() {
        for line in [
            "application/vnd.api+json; charset=utf-8",
            "application/vnd.api+json;version=1, application/vnd.api+json;q=0.5;a=b",
            "application/vnd.api+json; charset=utf-8, */*",
        ] {
            assert_eq!(refused(accept(&[line])), 406, "{line}");
        }
    }

    #[test]
    fn one_usable_instance_is_enough_n06() {
        for line in [
            "application/vnd.api+json;charset=utf-8, application/vnd.api+json",
            "application/vnd.api+json, application/vnd.api+json;charset=utf-8",
            r#"application/vnd.api+json;ext="https://x.example/", application/vnd.api+json;q=0.1"#,
            "nonsense, application/vnd.api+json, more nonsense",
        ] {
            assert_eq!(accept(&[line]), Ok(Accepted::default()), "{line}");
        }
        let lines = ["application/vnd.api+json;a=b", "application/vnd.api+json"];
        assert_eq!(accept(&lines), Ok(Accepted::default()));
    }

    #[test]
    fn unsupported_extensions_are_406_n07() {
        for line in [
            r#"application/vnd.api+json;ext="https://x.example/""#,
            "application/vnd.api+json;ext=https://x.example/",
            r#"application/vnd.api+json;ext="https://jsonapi.org/ext/atomic https://x.example/""#,
        ] {
            assert_eq!(refused(accept(&[line])), 406, "{line}");
        }
    }

    #[test]
    fn supported_extensions_and_profiles_are_found_and_named_n14() {
        let line = format!(
            r#"{ATOMIC_TYPE};PROFILE="https://x.example/ {CURSOR_PAGINATION}/ {CURSOR_PAGINATION}""#
        );
        let accepted = accept(&[&line]).unwrap();
        assert_eq!(accepted.extensions, [ATOMIC]);
        assert_eq!(accepted.profiles, [CURSOR_PAGINATION]);
        assert_eq!(
            accepted.content_type(),
            format!(r#"{ATOMIC_TYPE};profile="{CURSOR_PAGINATION}""#)
        );
    }

    #[test]
    fn unknown_profiles_are_never_named_n08() {
        let line = r#"application/vnd.api+json;profile="https://x.example/ https://y.example/""#;
        assert_eq!(accept(&[line]).unwrap().content_type(), MEDIA_TYPE);
    }

    #[test]
    fn a_comma_in_a_quoted_string_separates_nothing() {
        let line = r#"application/vnd.api+json;profile="https://x.example/a,b;c""#;
        assert_eq!(accept(&[line]), Ok(Accepted::default()));
    }

    #[test]
    fn weight_zero_excludes_n09() {
        for line in [
            "*/*;q=0",
            "application/*;q=0, */*",
            "application/json;q=0",
            "*/*;Q=0.000",
        ] {
            assert_eq!(refused(accept(&[line])), 406, "{line}");
        }
        assert_eq!(refused(strictly("application/vnd.api+json;q=0, */*")), 406);
        let plain = accept(&["application/vnd.api+json;q=0, */*"]).unwrap();
        assert!(plain.plain_json);
    }

    #[test]
    fn plain_json_is_served_to_those_who_take_nothing_else() {
        for line in [
            "application/json",
            "application/json; charset=utf-8",
            "text/html, application/json",
        ] {
            let accepted = accept(&[line]).unwrap();
            assert!(accepted.plain_json, "{line}");
            assert_eq!(accepted.content_type(), PLAIN_JSON);
            assert_eq!(refused(strictly(line)), 406, "{line}");
        }
        let axios = accept(&["application/json, text/plain, */*"]).unwrap();
        assert!(!axios.plain_json);
    }

    #[test]
    fn other_types_alone_are_not_acceptable() {
        assert_eq!(refused(accept(&["text/html, application/xml"])), 406);
        assert_eq!(refused(strictly("text/html")), 406);
    }

    #[test]
    fn malformed_accept_values_are_400_unless_something_usable_stands_beside_n16() {
        for line in [
            "json",
            "application/vnd.api+json;ext=\"",
            "a/b;q=2",
            "\"",
            ";;;",
        ] {
            assert_eq!(refused(accept(&[line])), 400, "{line}");
        }
        let invalid: [&[u8]; 1] = [b"\xff\xfe"];
        assert_eq!(refused(OFFER.accept(invalid.into_iter())), 400);
        assert_eq!(accept(&["json, */*"]), Ok(Accepted::default()));
    }

    #[test]
    fn json_api_bodies_are_read() {
        assert_eq!(sent(MEDIA_TYPE), Ok(RequestMediaType::default()));
        assert_eq!(
            sent("APPLICATION/vnd.api+json"),
            Ok(RequestMediaType::default())
        );
        assert_eq!(sent(ATOMIC_TYPE).unwrap().extensions, [ATOMIC]);
        let cursor = format!("application/vnd.api+json; profile=\"{CURSOR_PAGINATION} x\"");
        assert_eq!(sent(&cursor).unwrap().profiles, [CURSOR_PAGINATION]);
    }

    #[test]
    fn foreign_parameters_are_415_even_without_a_body_n02() {
        for value in [
            "application/vnd.api+json; charset=utf-8",
            "application/vnd.api+json;q=1",
        ] {
            assert_eq!(refused(sent(value)), 415, "{value}");
            assert_eq!(
                refused(OFFER.content_type(Some(value.as_bytes()), false)),
                415
            );
        }
    }

    #[test]
    fn an_unsupported_extension_is_415_also_beside_a_supported_one_n03() {
        let both =
            r#"application/vnd.api+json;ext="https://jsonapi.org/ext/atomic https://x.example/""#;
        assert_eq!(refused(sent(both)), 415);
        assert_eq!(
            refused(sent("application/vnd.api+json;ext=\"https://x.example/\"")),
            415
        );
    }

    #[test]
    fn other_bodies_are_415_n16() {
        for value in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/xml",
            "multipart/form-data; boundary=x",
            "json",
            "application/vnd.api+json, application/vnd.api+json",
        ] {
            assert_eq!(refused(sent(value)), 415, "{value}");
        }
        assert_eq!(refused(OFFER.content_type(Some(b"\xff"), true)), 415);
    }

    #[test]
    fn the_type_of_no_body_does_not_matter() {
        assert_eq!(
            OFFER.content_type(Some(b"text/plain"), false),
            Ok(RequestMediaType::default())
        );
        assert_eq!(
            STRICT.content_type(None, false),
            Ok(RequestMediaType::default())
        );
    }

    #[test]
    fn plain_json_is_read_unless_strict() {
        let json = Some(&b"application/json; charset=utf-8"[..]);
        assert_eq!(
            OFFER.content_type(json, true),
            Ok(RequestMediaType::default())
        );
        assert_eq!(refused(STRICT.content_type(json, true)), 415);
    }

    #[test]
    fn a_body_without_a_type_is_415() {
        for offer in [OFFER, STRICT] {
            assert_eq!(refused(offer.content_type(None, true)), 415);
            assert_eq!(refused(offer.content_type(Some(b" "), true)), 415);
            assert_eq!(
                offer.content_type(None, false),
                Ok(RequestMediaType::default())
            );
        }
    }
}
