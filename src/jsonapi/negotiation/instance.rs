//! The parameters of one instance of JSON:API's media type.

use super::Negotiation;
use crate::jsonapi::media_type::MediaType;

/// The parameters of one instance of JSON:API's media type.
#[derive(Default)]
pub(super) struct Instance {
    pub(super) extensions: Vec<&'static str>,
    pub(super) profiles: Vec<&'static str>,
    /// The first extension that is not supported.
    pub(super) unsupported: Option<String>,
    /// A parameter that is neither `ext`, `profile` nor the weight.
    pub(super) foreign: bool,
}

impl Instance {
    pub(super) fn of(media_type: &MediaType<'_>, offer: &Negotiation) -> Self {
        let mut instance = Self::default();
        for (name, value) in &media_type.parameters {
            if name.eq_ignore_ascii_case("ext") {
                instance.add_extensions(value, offer);
            } else if name.eq_ignore_ascii_case("profile") {
                // Unknown profiles are ignored, never rejected (N04, N08).
                let known = |uri| offer.profiles.iter().find(|known| is_same(known, uri));
                add_all(
                    &mut instance.profiles,
                    value.split_ascii_whitespace().filter_map(known),
                );
            } else if !name.eq_ignore_ascii_case("q") {
                instance.foreign = true;
            }
        }
        instance
    }

    fn add_extensions(&mut self, value: &str, offer: &Negotiation) {
        for uri in value.split_ascii_whitespace() {
            match offer.extensions.iter().find(|known| **known == uri) {
                Some(known) => add_all(&mut self.extensions, [known]),
                None if self.unsupported.is_none() => self.unsupported = Some(uri.to_owned()),
                None => {}
            }
        }
    }
}

/// Clients send the URI of a profile with and without a trailing slash.
fn is_same(known: &str, uri: &str) -> bool {
    uri.strip_suffix('/').unwrap_or(uri) == known
}

pub(super) fn add_all<'a>(
    list: &mut Vec<&'static str>,
    uris: impl IntoIterator<Item = &'a &'static str>,
) {
    for uri in uris {
        if !list.contains(uri) {
            list.push(uri);
        }
    }
}
