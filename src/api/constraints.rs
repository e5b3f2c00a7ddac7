//! The constraints on an attribute's value beyond its kind. They are for the
//! description; decoding and the value types enforce them.

#[derive(Clone, Copy, Debug)]
pub struct Constraints {
    /// Whether null is allowed.
    pub nullable: bool,
    /// Whether a new resource must have it.
    pub required: bool,
    /// Whether it is sent in updates only.
    pub only_to_change: bool,
    /// Whether it is sent in creations only.
    pub only_to_create: bool,
    /// Minimum and maximum length of a text, in characters.
    pub length: Option<(usize, usize)>,
    /// A regular expression that every value matches. It restricts ASCII characters
    /// only: dialects of regular expressions disagree about others.
    pub pattern: Option<&'static str>,
    /// The permitted values, unless empty.
    pub choices: &'static [&'static str],
    /// For structures: a list of names, not an object.
    pub is_names: bool,
}

impl Constraints {
    /// No constraints beyond the kind.
    pub const PLAIN: Self = Self {
        nullable: false,
        required: false,
        only_to_change: false,
        only_to_create: false,
        length: None,
        pattern: None,
        choices: &[],
        is_names: false,
    };

    pub const fn text(least: usize, most: usize) -> Self {
        Self {
            length: Some((least, most)),
            ..Self::PLAIN
        }
    }

    pub const fn names() -> Self {
        Self {
            is_names: true,
            ..Self::PLAIN
        }
    }

    /// A list of some of these.
    pub const fn some_of(choices: &'static [&'static str]) -> Self {
        Self {
            is_names: true,
            choices,
            ..Self::PLAIN
        }
    }

    pub const fn one_of(choices: &'static [&'static str]) -> Self {
        Self {
            choices,
            ..Self::PLAIN
        }
    }

    pub const fn or_null(self) -> Self {
        Self {
            nullable: true,
            ..self
        }
    }

    pub const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    pub const fn only_to_change(self) -> Self {
        Self {
            only_to_change: true,
            ..self
        }
    }

    pub const fn only_to_create(self) -> Self {
        Self {
            only_to_create: true,
            ..self
        }
    }

    /// Whether the attribute can be sent in a creation, or in an update.
    pub const fn is_sent(self, is_new: bool) -> bool {
        match is_new {
            true => !self.only_to_change,
            false => !self.only_to_create,
        }
    }

    pub const fn matching(self, pattern: &'static str) -> Self {
        Self {
            pattern: Some(pattern),
            ..self
        }
    }
}
