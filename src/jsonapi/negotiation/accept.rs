//! The `Accept` header: all its lines together.

use super::instance::{Instance, add_all};
use super::{Accepted, Negotiation};
use crate::jsonapi::error::Error;
use crate::jsonapi::kinds;
use crate::jsonapi::media_type::{MediaType, parse_list, weight};

const ACCEPT: &str = "Accept";

/// The media ranges in all `Accept` lines of a request.
#[derive(Default)]
pub(super) struct Ranges {
    /// The header has at least one element.
    any: bool,
    malformed: bool,
    /// JSON:API is accepted and can be served.
    pub(super) usable: bool,
    /// JSON:API occurs with an unknown parameter or an unsupported extension.
    unusable: bool,
    /// JSON:API occurs with weight zero.
    excluded: bool,
    extensions: Vec<&'static str>,
    profiles: Vec<&'static str>,
    /// `application/json`, `application/*` and `*/*`: whether their weight is above zero.
    plain_json: Option<bool>,
    application: Option<bool>,
    pub(super) everything: Option<bool>,
}

impl Ranges {
    /// Reads one line.
    pub(super) fn read(&mut self, value: &[u8], offer: &Negotiation) {
        let Ok(value) = std::str::from_utf8(value) else {
            self.any = true;
            self.malformed = true;
            return;
        };
        for element in parse_list(value) {
            self.any = true;
            let range = element.ok();
            let weighted = range.and_then(|range| Some((is_wanted(&range)?, range)));
            match weighted {
                Some((wanted, range)) => self.add(&range, wanted, offer),
                None => self.malformed = true,
            }
        }
    }

    fn add(&mut self, range: &MediaType<'_>, wanted: bool, offer: &Negotiation) {
        if range.is_json_api() {
            self.add_json_api(range, wanted, offer);
        } else if range.is_plain_json() {
            raise(&mut self.plain_json, wanted);
        } else if range.is("application", "*") {
            raise(&mut self.application, wanted);
        } else if range.is("*", "*") {
            raise(&mut self.everything, wanted);
        }
    }

    fn add_json_api(&mut self, range: &MediaType<'_>, wanted: bool, offer: &Negotiation) {
        let instance = Instance::of(range, offer);
        if instance.foreign || instance.unsupported.is_some() {
            self.unusable = true;
        } else if wanted {
            self.usable = true;
            add_all(&mut self.extensions, &instance.extensions);
            add_all(&mut self.profiles, &instance.profiles);
        } else {
            self.excluded = true;
        }
    }

    /// Whether a response with the extension is accepted.
    pub(super) fn take(&self, extension: &str, strict: bool) -> bool {
        let wildcard = self.application.or(self.everything) == Some(true);
        let plain = self.plain_json == Some(true) && !strict && !self.usable;
        !self.any || wildcard || plain || self.extensions.contains(&extension)
    }

    /// The most specific range applies, regardless of order (RFC 9110, 12.5.1).
    pub(super) fn decide(self, strict: bool) -> Result<Accepted, Error> {
        if self.usable {
            return Ok(Accepted {
                extensions: self.extensions,
                profiles: self.profiles,
                plain_json: false,
            });
        }
        if self.unusable {
            return Err(not_acceptable(
                "Every instance of application/vnd.api+json has a parameter other than \"ext\" \
                 and \"profile\", or an extension that is not supported.",
            ));
        }
        let by_wildcard = self.application.or(self.everything);
        if by_wildcard == Some(true) && !self.excluded {
            return Ok(Accepted::default());
        }
        let takes_plain_json = match self.plain_json {
            None => self.excluded && by_wildcard == Some(true),
            Some(wanted) => wanted,
        };
        if takes_plain_json && !strict {
            return Ok(Accepted {
                plain_json: true,
                ..Accepted::default()
            });
        }
        if self.malformed {
            let detail = "The value is not a list of media ranges.";
            return Err(kinds::INVALID_HEADER.error(detail).at_header(ACCEPT));
        }
        let says_nothing = !self.any && by_wildcard.is_none();
        if says_nothing {
            return Ok(Accepted::default());
        }
        Err(not_acceptable("Answers are application/vnd.api+json."))
    }
}

fn not_acceptable(detail: &str) -> Error {
    kinds::NOT_ACCEPTABLE.error(detail).at_header(ACCEPT)
}

/// Whether the weight of a range is above zero; `None` if it is invalid (N09).
fn is_wanted(range: &MediaType<'_>) -> Option<bool> {
    range
        .parameters
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("q"))
        .map_or(Some(true), |(_, value)| weight(value))
}

/// The highest of several weights of one range applies.
fn raise(weight: &mut Option<bool>, wanted: bool) {
    *weight = Some(wanted || *weight == Some(true));
}
