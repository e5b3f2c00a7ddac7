//! Password strength as estimated by zxcvbn. It is reported, but not required.

use serde::Serialize;
use zxcvbn::zxcvbn;

use super::Owner;

/// Characters of the estimate: more take much longer and do not change the result.
const MAX_CHARACTERS: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Strength {
    /// From 0 (guessed at once) to 4 (very hard to guess).
    pub score: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<String>,
}

impl Strength {
    /// Takes a few milliseconds, at worst a few dozen.
    pub fn of(password: &str, owner: &Owner) -> Self {
        let password: String = password.chars().take(MAX_CHARACTERS).collect();
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
    fn weak_passwords_come_with_suggestions() {
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
