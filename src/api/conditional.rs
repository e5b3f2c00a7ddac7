//! Conditional requests: entity tags, `If-Match` and `If-None-Match` (RFC 9110,
//! 8.8.3 and 13.1).
//!
//! A tag is made of the version of the resource, never of the bytes of the response,
//! so a 304 needs no document. Tags are strong, so they also contain everything else
//! that the bytes at one URL depend on: the media type, the version of the program
//! and its settings. A document with included resources has no tag, because those
//! resources have versions of their own.

use std::hash::{DefaultHasher, Hash, Hasher};

use actix_web::http::header::{self, HeaderName};

use super::call::Call;
use super::error::ApiError;
use super::kinds;
use super::resource::{Resource, Revision, Row};
use super::seal::Seal;
use crate::directory::Expected;
use crate::jsonapi;

/// What a tag names the state of. A change of linkage does not change the tag of its
/// resource.
#[derive(Clone, Copy, Debug)]
pub enum TagScope<'a> {
    Resource,
    Linkage(&'a Seal),
}

/// The state that a response represents: an entity tag without its suffix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State(String);

impl State {
    pub fn of_row<R: Resource>(row: &Row<R>) -> Self {
        let Revision {
            version,
            last_activity,
        } = R::revision(row);
        let digits = |text: &str| {
            text.chars()
                .filter(char::is_ascii_digit)
                .collect::<String>()
        };
        Self(match (last_activity, R::related_version(row)) {
            (Some(moment), Some(other)) => format!("{version}.{}.{other}", digits(moment)),
            (Some(moment), None) => format!("{version}.{}", digits(moment)),
            (None, Some(other)) => format!("{version}.{other}"),
            (None, None) => version.to_string(),
        })
    }

    pub fn of_linkage(version: i64, seal: &Seal) -> Self {
        Self(format!("m{:x}", seal.close(version)))
    }

    /// For linkage whose members are all visible to every caller that gets the tag.
    pub fn of_shown_linkage(version: i64) -> Self {
        Self(format!("m{version:x}"))
    }

    /// As stored with the response to an idempotent request.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole entity tag: strong, in quotes.
    pub fn tag(&self, fingerprint: &str, plain_json: bool) -> String {
        let form = if plain_json { "-json" } else { "" };
        format!("\"{}-{fingerprint}{form}\"", self.0)
    }
}

/// Changes when the same row would be serialized differently: with the version of the
/// program or its settings.
pub fn fingerprint(base_url: Option<&str>) -> String {
    let mut hasher = DefaultHasher::new();
    (env!("CARGO_PKG_VERSION"), base_url).hash(&mut hasher);
    format!("{:08x}", hasher.finish() & 0xffff_ffff)
}

/// The version in an entity tag; `None` if the tag has another scope.
fn version(tag: &str, scope: TagScope<'_>) -> Option<i64> {
    let (state, _) = tag.split_once('-')?;
    match scope {
        TagScope::Resource => state.split('.').next()?.parse().ok(),
        TagScope::Linkage(seal) => u64::from_str_radix(state.strip_prefix('m')?, 16)
            .ok()
            .map(|sealed| seal.open(sealed)),
    }
}

/// The value of `If-Match` or `If-None-Match`.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Any,
    Tags(Vec<Tag>),
}

#[derive(Debug, PartialEq, Eq)]
struct Tag {
    weak: bool,
    text: String,
}

/// Parses `*` or a comma-separated list of entity tags.
fn parse(value: &str) -> Option<Wanted> {
    let mut rest = value.trim_matches([' ', '\t']);
    if rest == "*" {
        return Some(Wanted::Any);
    }
    let mut tags = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return (!tags.is_empty()).then_some(Wanted::Tags(tags));
        }
        let (weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let (text, behind) = quoted.strip_prefix('"')?.split_once('"')?;
        if text.contains(|c: char| c <= ' ' || c == '\u{7f}') {
            return None;
        }
        rest = behind.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
        let text = text.to_owned();
        tags.push(Tag { weak, text });
    }
}

impl Call<'_> {
    /// `None` if the header was not sent. Several header lines form one list.
    fn wanted(&self, name: &HeaderName, shown: &'static str) -> Result<Option<Wanted>, ApiError> {
        let lines: Vec<String> = self
            .request
            .headers()
            .get_all(name)
            .map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned())
            .collect();
        if lines.is_empty() {
            return Ok(None);
        }
        match parse(&lines.join(",")) {
            Some(wanted) => Ok(Some(wanted)),
            None => Err(jsonapi::kinds::INVALID_HEADER
                .error(format!("{shown} takes * or a list of entity tags."))
                .at_header(shown)
                .into()),
        }
    }

    /// The state that a change requires, from `If-Match`. Weak tags never match.
    pub fn expected(&self, scope: TagScope<'_>) -> Result<Expected, ApiError> {
        self.refuse_if_none_match()?;
        match self.wanted(&header::IF_MATCH, "If-Match")? {
            None if self.api.require_if_match => Err(kinds::PRECONDITION_REQUIRED
                .error("Send If-Match with the ETag of what you read, or *.")
                .at_header("If-Match")
                .into()),
            None | Some(Wanted::Any) => Ok(Expected::Anything),
            Some(Wanted::Tags(tags)) => Ok(Expected::OneOf(
                tags.iter()
                    .filter(|tag| !tag.weak)
                    .filter_map(|tag| version(&tag.text, scope))
                    .collect(),
            )),
        }
    }

    /// A condition that is not supported must not be ignored.
    fn refuse_if_none_match(&self) -> Result<(), ApiError> {
        if !self.request.headers().contains_key(header::IF_NONE_MATCH) {
            return Ok(());
        }
        let detail = "If-None-Match is for reading; a change takes If-Match.";
        Err(jsonapi::kinds::INVALID_HEADER
            .error(detail)
            .at_header("If-None-Match")
            .into())
    }

    /// Whether `If-None-Match` names this state: 304.
    pub fn matches(&self, state: &State) -> Result<bool, ApiError> {
        let own = self.tag(state);
        let own = own.trim_matches('"');
        Ok(
            match self.wanted(&header::IF_NONE_MATCH, "If-None-Match")? {
                None => false,
                Some(Wanted::Any) => true,
                Some(Wanted::Tags(tags)) => tags.iter().any(|tag| tag.text == own),
            },
        )
    }

    pub fn tag(&self, state: &State) -> String {
        state.tag(&self.api.fingerprint, self.accepted.plain_json)
    }
}

/// The state that `meta.if_match` of an operation requires: an entity tag, with or
/// without quotes, or `*`.
pub fn expected_by(text: &str, scope: TagScope<'_>) -> Option<Expected> {
    if text == "*" {
        return Some(Expected::Anything);
    }
    let quoted;
    let value = if text.contains('"') {
        text
    } else {
        quoted = format!("\"{text}\"");
        &quoted
    };
    match parse(value)? {
        Wanted::Any => Some(Expected::Anything),
        Wanted::Tags(tags) => Some(Expected::OneOf(
            tags.iter()
                .filter(|tag| !tag.weak)
                .filter_map(|tag| version(&tag.text, scope))
                .collect(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(value: &str) -> Vec<(bool, String)> {
        match parse(value) {
            Some(Wanted::Tags(tags)) => tags.into_iter().map(|t| (t.weak, t.text)).collect(),
            other => panic!("{value}: {other:?}"),
        }
    }

    #[test]
    fn a_list_of_tags_is_read_by_the_grammar() {
        assert_eq!(texts("\"a\""), [(false, "a".into())]);
        assert_eq!(
            texts(" ,\"a,b\" ,W/\"\",, \"c\","),
            [
                (false, "a,b".into()),
                (true, String::new()),
                (false, "c".into())
            ]
        );
        assert_eq!(parse(" * "), Some(Wanted::Any));
        for wrong in [
            "",
            ",",
            "a",
            "\"a",
            "w/\"a\"",
            "*,\"a\"",
            "\"a\"\"b\"",
            "\"a b\"",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_tag_leads_back_to_its_version_and_to_no_other_kind() {
        let row = State("7.20161213120802".into()).tag("fp", true);
        let row = row.trim_matches('"');
        assert_eq!(version(row, TagScope::Resource), Some(7));
        let seal = Seal::new("secret", "roles", 1, "users");
        assert_eq!(version(row, TagScope::Linkage(&seal)), None);
        let linkage = State::of_linkage(-5, &seal).tag("fp", false);
        let linkage = linkage.trim_matches('"');
        assert_eq!(version(linkage, TagScope::Linkage(&seal)), Some(-5));
        assert_eq!(version(linkage, TagScope::Resource), None);
        assert_eq!(version("7", TagScope::Resource), None);
    }

    #[test]
    fn an_operation_names_a_tag_with_or_without_quotes() {
        let seven = Some(Expected::OneOf(vec![7]));
        assert_eq!(expected_by("7-fp", TagScope::Resource), seven);
        assert_eq!(expected_by("\"7-fp\"", TagScope::Resource), seven);
        assert_eq!(
            expected_by("*", TagScope::Resource),
            Some(Expected::Anything)
        );
        assert_eq!(
            expected_by("W/\"7-fp\"", TagScope::Resource),
            Some(Expected::OneOf(vec![]))
        );
        assert_eq!(expected_by("a b", TagScope::Resource), None);
    }
}
