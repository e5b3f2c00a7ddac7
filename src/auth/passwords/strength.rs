//! How hard a password is to guess, as zxcvbn estimates it: told, never demanded.

use serde::Serialize;
use zxcvbn::zxcvbn;

use super::Owner;

/// The most characters that are looked at: the time that it takes grows fast
/// with them, and after so many the estimate does not change any more.
const MOST: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Strength {
    /// From 0, found at once, to 4, out of reach.
    pub score: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<String>,
}

impl Strength {
    /// Takes some milliseconds, and some dozen at worst.
    pub fn of(password: &str, owner: &Owner) -> Self {
        let password: String = password.chars().take(MOST).collect();
        let email = owner.email.as_deref().unwrap_or_default();
        let known: Vec<&str> = std::iter::once(owner.username.as_str())
            .chain(email.split('@'))
            .filter(|text| !text.is_empty())
            .collect();
        let estimate = zxcvbn(&password, &known);
        let feedback = estimate.feedback();
        let suggestions = feedback.map_or(&[][..], |feedback| feedback.suggestions());
        Self {
            score: estimate.score().into(),
            warning: feedback
                .and_then(|feedback| feedback.warning())
                .map(|warning| warning.to_string()),
            suggestions: suggestions.iter().map(ToString::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_easy_to_guess_comes_with_advice() {
        let owner = Owner {
            username: "rosalind".into(),
            email: None,
        };
        let weak = Strength::of("rosalind1", &owner);
        assert!(weak.score <= 1, "{weak:?}");
        assert!(!weak.suggestions.is_empty());
        let strong = Strength::of("kettle-otter-9-violin", &owner);
        assert_eq!(strong.score, 4);
        assert_eq!(strong.warning, None);
    }

    #[test]
    fn any_text_has_a_strength() {
        for text in [
            "",
            " ",
            "\0\0\0\0\0\0\0",
            "💥💥💥💥💥💥💥",
            &"a".repeat(1024),
        ] {
            assert!(Strength::of(text, &Owner::default()).score <= 4);
        }
    }
}
