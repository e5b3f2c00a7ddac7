//! Regular expressions that texts of a list are tried on, here and not in the
//! database: so they mean the same on both, and take linear time.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Hir, HirKind, Literal, Look};

/// Memory that one compiled pattern may take.
const PATTERN_BYTES: usize = 1 << 20;

/// A pattern that is known to be sound and small.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    prefix: String,
    literal: String,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

impl Eq for Pattern {}

impl Pattern {
    /// `None` for what is no pattern, or a too large one.
    pub fn new(text: &str) -> Option<Self> {
        let regex = RegexBuilder::new(text)
            .size_limit(PATTERN_BYTES)
            .dfa_size_limit(PATTERN_BYTES)
            .build()
            .ok()?;
        let hir = regex_syntax::parse(text).ok();
        let text_of = |find: fn(&Hir) -> Option<String>| hir.as_ref().and_then(find);
        Some(Self {
            regex,
            prefix: text_of(prefix).unwrap_or_default(),
            literal: text_of(literal).unwrap_or_default(),
        })
    }

    /// Fits whatever holds the text, letter by letter.
    pub fn holding(text: &str) -> Option<Self> {
        Self::new(&regex::escape(text))
    }

    /// Fits whatever begins with the text, whatever the case of its letters.
    pub fn beginning_with(text: &str) -> Option<Self> {
        Self::new(&format!("(?i)^{}", regex::escape(text)))
    }

    pub fn fits(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// What every text that fits begins with, for an index; may be empty.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The longest text found that every text that fits holds; may be empty.
    pub fn literal(&self) -> &str {
        &self.literal
    }
}

fn literal(hir: &Hir) -> Option<String> {
    // No text holds NUL, and PostgreSQL takes none to compare.
    let literal = String::from_utf8(required(hir)).ok()?;
    (!literal.contains('\0')).then_some(literal)
}

/// The longest run of bytes that each match holds, as far as it is plain.
fn required(hir: &Hir) -> Vec<u8> {
    match hir.kind() {
        HirKind::Literal(Literal(bytes)) => bytes.to_vec(),
        HirKind::Capture(group) => required(&group.sub),
        HirKind::Repetition(repeated) if repeated.min > 0 => required(&repeated.sub),
        HirKind::Concat(parts) => required_of_all(parts),
        _ => Vec::new(),
    }
}

/// Literals with nothing between them are one.
fn required_of_all(parts: &[Hir]) -> Vec<u8> {
    let (mut longest, mut run) = (Vec::new(), Vec::new());
    for part in parts {
        match exactly(part) {
            Some(bytes) => run.extend_from_slice(bytes),
            None => {
                longest = longer(longest, std::mem::take(&mut run));
                longest = longer(longest, required(part));
            }
        }
    }
    longer(longest, run)
}

/// The only text that it matches: of an assertion, which is between texts, none.
fn exactly(hir: &Hir) -> Option<&[u8]> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(&[]),
        HirKind::Literal(Literal(bytes)) => Some(bytes),
        HirKind::Capture(group) => exactly(&group.sub),
        _ => None,
    }
}

fn longer(one: Vec<u8>, other: Vec<u8>) -> Vec<u8> {
    if other.len() > one.len() { other } else { one }
}

fn prefix(hir: &Hir) -> Option<String> {
    if !hir.properties().look_set_prefix().contains(Look::Start) {
        return None;
    }
    let literals = Extractor::new().extract(hir);
    let common = literals.longest_common_prefix()?;
    let end = match std::str::from_utf8(common) {
        Ok(_) => common.len(),
        Err(error) => error.valid_up_to(),
    };
    String::from_utf8(common.get(..end)?.to_vec()).ok()
}

/// The smallest text that is behind every text with this prefix, by the bytes
/// as both databases compare; none when nothing is.
pub fn end_of_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // The range steps over what is no character.
        if let Some(next) = (last..=char::MAX).nth(1) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchored_pattern_tells_what_texts_begin_with() {
        for (pattern, prefix) in [
            ("^ab", "ab"),
            ("^ab(c|d)$", "ab"),
            ("^(?:abc|abd)x", "ab"),
            ("ab", ""),
            ("^ab|cd", ""),
            ("^(?i)ab", ""),
            ("^[é-ë]", ""),
            ("(?m)^ab", ""),
            ("^ab*", "a"),
            ("^a.c", "a"),
            ("", ""),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().prefix(), prefix, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_tells_what_each_text_that_fits_holds() {
        for (pattern, literal) in [
            ("er12.$", "er12"),
            ("a(bc)d", "abcd"),
            ("abc?d", "ab"),
            ("a$b", "ab"),
            ("(?:abc)+x", "abc"),
            ("(?:abc)*x", "x"),
            ("(?:ab|cd)efg", "efg"),
            ("ab|cd", ""),
            (".*", ""),
            ("(?i)abc", ""),
            ("ab\\x00c", ""),
            ("é.", "é"),
            ("", ""),
        ] {
            assert_eq!(
                Pattern::new(pattern).unwrap().literal(),
                literal,
                "{pattern}"
            );
        }
    }

    #[test]
    fn what_is_no_pattern_or_too_large_is_refused() {
        for pattern in ["(", "a{2,1}", "\\1", "(?=a)", "\\w{1000}{1000}", "[z-a]"] {
            assert!(Pattern::new(pattern).is_none(), "{pattern}");
        }
    }

    #[test]
    fn the_end_of_a_prefix_is_behind_all_that_begin_with_it() {
        assert_eq!(end_of_prefix("ab"), Some("ac".into()));
        assert_eq!(end_of_prefix("a\u{10ffff}"), Some("b".into()));
        assert_eq!(end_of_prefix("\u{d7ff}"), Some("\u{e000}".into()));
        assert_eq!(end_of_prefix("\u{10ffff}"), None);
        assert_eq!(end_of_prefix(""), None);
    }
}
