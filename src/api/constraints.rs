//! What the value of an attribute may be beyond its kind. For the description:
//! what is refused is the business of the readers and the value types.

#[derive(Clone, Copy, Debug)]
pub struct Constraints {
    /// Whether it may be null.
    pub nullable: bool,
    /// Whether a new resource must have it.
    pub required: bool,
    /// Whether it says nothing of a new resource.
    pub only_to_change: bool,
    /// Whether it says nothing of one that is there.
    pub only_to_create: bool,
    /// Characters of a text, at least and at most.
    pub length: Option<(usize, usize)>,
    /// A regular expression that every value matches, and that says nothing of
    /// letters beyond ASCII: the flavours disagree about these.
    pub pattern: Option<&'static str>,
    /// The only values there are, when they are listed.
    pub choices: &'static [&'static str],
    /// Of structures: a list of names of permissions, not an object.
    pub is_names: bool,
}

impl Constraints {
    /// Nothing to tell beyond the kind.
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

    /// Whether it is sent to make a resource, or to change one.
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
