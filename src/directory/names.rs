//! Names that people are told apart by: one spelling for each, no invisible
//! characters, and none that looks like the name of somebody else.
//!
//! Case folding and look-alikes follow Unicode: NFKC with lower case, and the
//! skeletons of UTS 39. `docs/reference/names.md` says the same for readers.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::{char::is_combining_mark, is_nfc};
use unicode_security::GeneralSecurityProfile;
use unicode_security::mixed_script::AugmentedScriptSet;

use super::{FieldError, Operation};

pub const SAME_USERNAME: &str =
    "A user with this username, perhaps in another case, already exists.";
pub const SAME_UNAME: &str = "A user with this uname already exists.";
pub const SAME_ROLE_NAME: &str = "A role with this name, perhaps in another case, already exists.";

/// Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties: characters
/// that are not seen.
const DEFAULT_IGNORABLE: &[(char, char)] = &[
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

fn is_default_ignorable(c: char) -> bool {
    DEFAULT_IGNORABLE
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&c))
}

/// The one spelling of a name: Unicode normalization form C.
pub fn normalized(name: &str) -> Cow<'_, str> {
    if name.is_ascii() || is_nfc(name) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.nfc().collect())
}

/// The one spelling of a role's name: without blanks around it.
pub fn normalized_role_name(name: &str) -> Cow<'_, str> {
    normalized(name.trim())
}

/// What makes a name unfit to be given to somebody, whoever else there is.
pub fn unfit(field: &'static str, name: &str) -> Option<FieldError> {
    let unseen =
        |c: char| c.is_control() || is_default_ignorable(c) || matches!(c, '\u{2028}' | '\u{2029}');
    if let Some(c) = name.chars().find(|c| unseen(*c)) {
        let code = u32::from(c);
        return Some(FieldError::invalid(
            field,
            format!("This value may not contain the invisible character U+{code:04X}."),
        ));
    }
    if name.starts_with(is_combining_mark) {
        let message = "This value may not begin with a combining mark.";
        return Some(FieldError::invalid(field, message));
    }
    if matches!(name.trim(), "." | "..") {
        let message = "This value may not be \".\" or \"..\".";
        return Some(FieldError::invalid(field, message));
    }
    None
}

/// A name whatever the case of its letters, and whatever their width or form.
pub fn folded(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let compatible: String = name.nfkc().collect();
    let lower = compatible.to_lowercase().replace('ς', "σ");
    lower.nfkc().collect()
}

/// What all names have in common that could be taken for this one. Coarser than
/// a glance: [`clash`] tells which of them really are alike.
pub fn skeleton(name: &str) -> String {
    let seen = name.chars().filter(|c| !is_default_ignorable(*c));
    let compatible: String = seen.nfkc().collect();
    // Capital letters look like other letters than small ones do.
    let capitals: String = unicode_security::skeleton(&compatible).collect();
    let all: String = unicode_security::skeleton(&folded(&capitals)).collect();
    // Between "Ivan" and "ivan" stands only that a capital I is like an l.
    all.replace('i', "l")
}

/// Why a name cannot stand beside another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// They differ in the case, the width or the form of letters alone.
    SameLetters,
    /// They look the same.
    LooksAlike,
}

/// Whether a name may not be given to somebody because of another's. Names of
/// ASCII are told apart whatever they look like, as are names of any one other
/// script: both are ordinary, and `user1` is not `userl`.
pub fn clash(name: &str, other: &str) -> Option<Clash> {
    if name == other || folded(name) == folded(other) {
        return Some(Clash::SameLetters);
    }
    if name.is_ascii() && other.is_ascii() {
        return None;
    }
    if skeleton(name) != skeleton(other) || are_ordinary(name, other) {
        return None;
    }
    Some(Clash::LooksAlike)
}

/// Whether two names that have a skeleton in common are ordinary ones of the
/// same script.
fn are_ordinary(name: &str, other: &str) -> bool {
    let mut script = AugmentedScriptSet::for_str(name);
    script.intersect_with(AugmentedScriptSet::for_str(other));
    let usual = |name: &str| name.chars().all(|c| c.is_ascii() || c.identifier_allowed());
    if script.is_empty() || !usual(name) || !usual(other) {
        return false;
    }
    // Beside one of ASCII a letter in the place of a letter is a disguise (ı for
    // i); a letter in the place of two is a spelling (æ for ae).
    let mixes_ascii = name.is_ascii() || other.is_ascii();
    !mixes_ascii || name.chars().count() != other.chars().count()
}

/// The refusal of a user's name because of another's.
pub fn refused(field: &'static str, name: &str, other: &str, clash: Clash) -> FieldError {
    let message = match clash {
        Clash::SameLetters if name == other => format!("A user with this {field} already exists."),
        Clash::SameLetters => {
            format!("A user with this {field}, perhaps in another case, already exists.")
        }
        Clash::LooksAlike => format!("This {field} looks like that of another user."),
    };
    FieldError::taken(field, message)
}

/// Whether there are names without what they are told apart by: from before it
/// was kept, or from a program that does not know of it.
#[derive(Debug)]
pub struct LacksNameKeys;

impl Operation for LacksNameKeys {
    type Output = bool;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// Fills that in for some of them; tells of how many.
#[derive(Debug)]
pub struct FillNameKeys;

impl Operation for FillNameKeys {
    type Output = usize;

    fn touches_credentials(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        assert_eq!(normalized("Zoe\u{308}"), "Zoë");
        for already in ["zoë", "admin", "李雷"] {
            assert!(matches!(normalized(already), Cow::Borrowed(_)), "{already}");
        }
    }

    #[test]
    fn what_is_not_seen_is_no_part_of_a_name() {
        for unseen in [
            "admin\u{3164}",
            "ad\u{200b}min",
            "ad\u{ad}min",
            "\u{feff}admin",
            "ad\u{200d}min",
            "admin\u{fe0f}",
            "admin\u{e0041}",
            "admin\u{7f}",
            "ad\u{202e}min",
            ".",
            "..",
            "\u{301}admin",
        ] {
            assert!(unfit("username", unseen).is_some(), "{unseen:?}");
        }
        for fit in [
            "admin",
            "o'brien@x.org",
            "...",
            "a.b",
            "हिन्दी",
            "น้อง",
            "محمد",
        ] {
            assert_eq!(unfit("username", fit), None, "{fit}");
        }
    }

    #[test]
    fn the_table_of_unseen_characters_is_unicodes() {
        let class = regex::Regex::new(r"^\p{Default_Ignorable_Code_Point}$").unwrap();
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text = c.to_string();
            assert_eq!(is_default_ignorable(c), class.is_match(&text), "{c:?}");
        }
    }

    #[test]
    fn names_that_differ_in_case_or_width_alone_have_the_same_letters() {
        for (one, other) in [
            ("admin", "Admin"),
            ("admin", "ａｄｍｉｎ"),
            ("ΗΛΊΑΣ", "ηλίας"),
            ("ИВАН", "иван"),
            ("zoë", "ZOË"),
            ("x²", "X2"),
        ] {
            assert_eq!(clash(one, other), Some(Clash::SameLetters), "{one} {other}");
        }
    }

    #[test]
    fn look_alikes_are_found_from_both_sides() {
        for (one, other) in [
            ("admin", "аdmin"),
            ("admin", "аdmіn"),
            ("Admin", "аdmin"),
            ("admin", "АDMIN"),
            ("admin", "ɑdmin"),
            ("admin", "admın"),
            ("BOB", "ВOB"),
            ("ivan", "Іvan"),
            ("Ivan", "іvan"),
            ("paypal", "раураl"),
            ("cop", "сор"),
            ("ohio", "οhio"),
        ] {
            assert_eq!(clash(one, other), Some(Clash::LooksAlike), "{one} {other}");
            assert_eq!(clash(other, one), Some(Clash::LooksAlike), "{other} {one}");
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
    }

    #[test]
    fn ordinary_names_stand_beside_each_other() {
        for (one, other) in [
            ("user1", "userl"),
            ("user1", "userI"),
            ("john0", "johnO"),
            ("modern", "modem"),
            ("jose", "josé"),
            ("gross", "groß"),
            ("jaeger", "jæger"),
            ("علي", "على"),
            ("иван", "ivan"),
            ("李雷", "韩梅梅"),
        ] {
            assert_eq!(clash(one, other), None, "{one} {other}");
        }
    }

    #[test]
    fn the_same_letters_in_another_case_fold_alike() {
        for name in ["Admin", "ЁЛКА", "Straße", "ŁÓDŹ", "ΣΊΣΥΦΟΣ", "IJsbrand"] {
            assert_eq!(folded(&name.to_lowercase()), folded(name), "{name}");
        }
    }
}
