//! Searches as people make them: words in any order, each of them somewhere in what
//! somebody is called. `docs/reference/names.md` says the same for readers.
//!
//! Of each user the words of all names are kept, folded: the same function folds
//! what is kept and what is searched for, so that both databases find the same.

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::users::{User, UserChanges};

/// Letters from which on a word is searched for anywhere; a shorter one only where
/// a word begins with it.
pub const SEARCHED_ANYWHERE: usize = 3;

/// In front of each word of a search text: so much that the index, which holds
/// pieces of three letters, holds the beginning of a word with its first letter.
const BEGINNING: &str = "  ";

/// A text without what searches do not tell apart: the case of letters, by the case
/// mappings of Unicode, their width and form (NFKC), and the dots of the Turkish i.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let compatible: String = text.nfkc().collect();
    // By way of capital letters, since small ones may share one (ς and σ, ſ and s); of
    // what is small already, since one may have another capital than that of its own
    // (ẞ becomes ß, and that SS).
    let small = compatible
        .to_lowercase()
        .to_uppercase()
        .to_lowercase()
        .replace('ς', "σ");
    let folded: String = small.nfkc().collect();
    folded.replace("i\u{307}", "i")
}

/// The words of these texts, each once.
fn words_of<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for text in texts {
        for word in fold(text).split_whitespace() {
            if !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
    }
    words
}

/// The stored search text of a user.
fn text_of<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let words = words_of(texts);
    let with_beginnings = words.iter().flat_map(|word| [BEGINNING, word.as_str()]);
    with_beginnings.collect()
}

/// The names of a user that searches look at.
#[derive(Clone, Copy, Debug)]
pub struct SearchedNames<'a> {
    pub username: &'a str,
    pub name: Option<&'a str>,
    pub surname: Option<&'a str>,
    pub full_name: Option<&'a str>,
    pub email: Option<&'a str>,
}

impl SearchedNames<'_> {
    pub fn search_text(&self) -> String {
        let others = [self.name, self.surname, self.full_name, self.email];
        text_of(
            [self.username]
                .into_iter()
                .chain(others.into_iter().flatten()),
        )
    }
}

impl<'a> From<&'a User> for SearchedNames<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            username: &user.username,
            name: user.name.as_deref(),
            surname: user.surname.as_deref(),
            full_name: user.full_name.as_deref(),
            email: user.email.as_deref(),
        }
    }
}

impl<'a> From<&'a UserChanges> for SearchedNames<'a> {
    /// Of a new user.
    fn from(changes: &'a UserChanges) -> Self {
        let text = |change: &'a Option<Option<String>>| change.as_ref()?.as_deref();
        Self {
            username: changes.username.as_deref().unwrap_or_default(),
            name: text(&changes.name),
            surname: text(&changes.surname),
            full_name: text(&changes.full_name),
            email: text(&changes.email),
        }
    }
}

/// What is searched for: words, folded, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Vec<String>);

/// A search has more words than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyWords(pub usize);

impl std::fmt::Display for TooManyWords {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "A search has at most {} words.", self.0)
    }
}

impl Words {
    pub fn of(text: &str) -> Self {
        Self(words_of(std::iter::once(text)))
    }

    /// # Errors
    /// There are more than `most`.
    pub fn at_most(most: usize, text: &str) -> Result<Self, TooManyWords> {
        let words = Self::of(text);
        match words.0.len() > most {
            true => Err(TooManyWords(most)),
            false => Ok(words),
        }
    }

    /// Whether nothing is searched for: everybody is found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the index of searches leads to some who are found, on each database:
    /// by three letters, or by a letter or digit that a word begins with.
    pub fn are_indexed(&self) -> bool {
        self.0.iter().any(|word| {
            let first = word.chars().next();
            is_long(word) || first.is_some_and(char::is_alphanumeric)
        })
    }

    /// What the search text of those who are found holds, all of it.
    pub fn pieces(&self) -> Vec<String> {
        let piece = |word: &String| match is_long(word) {
            true => word.clone(),
            false => format!("{BEGINNING}{word}"),
        };
        self.0.iter().map(piece).collect()
    }

    /// The words themselves, wherever they stand.
    pub fn anywhere(&self) -> &[String] {
        &self.0
    }

    /// Whether somebody who is called so is found.
    pub fn find(&self, called: &SearchedNames<'_>) -> bool {
        let text = called.search_text();
        self.pieces().iter().all(|piece| text.contains(piece))
    }

    /// Whether these texts together hold every word, wherever it stands.
    pub fn are_within<'a>(&self, texts: impl Iterator<Item = &'a str>) -> bool {
        let text = text_of(texts);
        self.0.iter().all(|word| text.contains(word))
    }
}

fn is_long(word: &str) -> bool {
    word.chars().count() >= SEARCHED_ANYWHERE
}

/// Pieces that the folded form of every text holds which holds `text` letter by
/// letter: without what may join with what stands beside it there.
pub fn lasting_pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for letter in fold(text).chars() {
        if letter.is_whitespace() {
            pieces.push(std::mem::take(&mut piece));
        } else if joins(letter) {
            piece.pop();
            pieces.push(std::mem::take(&mut piece));
        } else {
            piece.push(letter);
        }
    }
    // Whatever follows may join with the last one.
    piece.pop();
    pieces.push(piece);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Whether a letter may become one with that before it.
fn joins(letter: char) -> bool {
    let alone = is_nfkc_quick(std::iter::once(letter));
    alone != IsNormalized::Yes || canonical_combining_class(letter) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> SearchedNames<'static> {
        SearchedNames {
            username: "ada.l",
            name: Some("Ada"),
            surname: Some("van der Lovelace"),
            full_name: Some("Ada Augusta King"),
            email: Some("Countess@Example.org"),
        }
    }

    #[test]
    fn every_letter_is_found_by_each_of_its_cases() {
        for letter in (0..=0x10_ffff).filter_map(char::from_u32) {
            let plain = fold(&format!("zq{letter}vw"));
            let small: String = letter.to_lowercase().collect();
            let capital: String = letter.to_uppercase().collect();
            for other in [small, capital] {
                assert_eq!(fold(&format!("zq{other}vw")), plain, "{letter:?} {other:?}");
            }
        }
    }

    #[test]
    fn what_people_take_for_the_same_folds_alike() {
        for (one, other) in [
            ("ÜMİT", "ümit"),
            ("Işıl", "IŞIL"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("STRASSE", "straße"),
            ("µ", "μ"),
            ("Ａｄａ", "ada"),
            ("Zoe\u{308}", "ZOË"),
            ("ﬁn", "FIN"),
            ("ᲥᲐ", "ქა"),
            ("Ꭰ", "ꭰ"),
            ("𞤀", "𞤢"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("José"), fold("Jose"));
    }

    #[test]
    fn the_words_of_all_names_are_kept_once() {
        let text = ada().search_text();
        assert_eq!(
            text,
            "  ada.l  ada  van  der  lovelace  augusta  king  countess@example.org"
        );
    }

    #[test]
    fn all_words_must_be_there_in_any_order_and_in_any_name() {
        for found in [
            "",
            "  ",
            "ada",
            "LOVELACE ada",
            "  king\tcount ",
            "velac",
            "a",
            "va lov",
            "ad au k",
            "example.org",
            "ada ada",
        ] {
            assert!(Words::of(found).find(&ada()), "{found:?}");
        }
        for lost in [
            "da",
            "ada nobody",
            "adalovelace",
            "ove lace x",
            "vel lo p",
            "@",
        ] {
            assert!(!Words::of(lost).find(&ada()), "{lost:?}");
        }
    }

    #[test]
    fn the_number_of_words_is_bounded() {
        assert_eq!(Words::at_most(2, "a b a B").unwrap(), Words::of("a b"));
        assert_eq!(Words::at_most(2, "a b c"), Err(TooManyWords(2)));
    }

    #[test]
    fn pieces_of_a_literal_are_in_every_text_that_holds_it() {
        let literals = [
            "Zoe",
            "da Lo",
            "Ada Love",
            "ов Пет",
            "e\u{301}te",
            "각하",
            "x\u{308}",
            "ß",
        ];
        let beside = [
            "", "a", "\u{308}", "\u{301}x", " ", "Σ", "ı", "\u{11a8}", "\u{1161}",
        ];
        for literal in literals {
            for before in beside {
                for behind in beside {
                    let text = fold(&format!("{before}{literal}{behind}"));
                    for piece in lasting_pieces(literal) {
                        assert!(text.contains(&piece), "{literal:?} in {text:?}: {piece:?}");
                    }
                }
            }
        }
        assert_eq!(lasting_pieces("Ada Love"), ["ada", "lov"]);
    }
}
