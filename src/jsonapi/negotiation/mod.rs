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
mod tests;
