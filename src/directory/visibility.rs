//! Which hosts and which policy outcomes (bundles) of CFEngine a user sees.
//!
//! Within a role the includes are alternatives: one name must fit one of them;
//! no name may fit an exclude. Of several roles all must let it through; without
//! a role nothing is seen. A role without includes restricts nothing by them.

use std::sync::Arc;

use super::Operation;
use super::access::SeesAll;
use super::batch::{Made, Refers};
use super::delegation::Place;
use super::expressions::{Expressions, compiled};
use super::listing::Visible;

/// What the roles of a user let them see in a place. A grant without a scope
/// counts everywhere, one in a workspace in its clusters, too.
#[derive(Clone, Debug)]
pub struct FindSights {
    pub user_id: i64,
    pub place: Place,
    pub visible: Visible,
    pub sees_all: SeesAll,
}

impl Operation for FindSights {
    type Output = Sights;
    const SNAPSHOT: bool = true;

    fn touches_credentials(&self) -> bool {
        false
    }
}

impl Refers for FindSights {
    fn refer(&mut self, made: &Made) {
        made.put(&mut self.user_id);
        let ids = [&mut self.place.workspace, &mut self.place.cluster];
        ids.into_iter().flatten().for_each(|id| made.put(id));
    }
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// All classes of one host.
    Classes,
    /// One bundle.
    Bundle,
}

/// One of the four lists of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListOf {
    Include(Subject),
    Exclude(Subject),
}

impl ListOf {
    pub const NAMES: [&'static str; 4] = [
        "include_context",
        "exclude_context",
        "include_bundles",
        "exclude_bundles",
    ];

    pub fn name(self) -> &'static str {
        let [
            include_context,
            exclude_context,
            include_bundles,
            exclude_bundles,
        ] = Self::NAMES;
        match self {
            Self::Include(Subject::Classes) => include_context,
            Self::Exclude(Subject::Classes) => exclude_context,
            Self::Include(Subject::Bundle) => include_bundles,
            Self::Exclude(Subject::Bundle) => exclude_bundles,
        }
    }
}

#[derive(Debug)]
struct Lists {
    include: Arc<Expressions>,
    exclude: Arc<Expressions>,
}

/// What one role lets through.
#[derive(Debug)]
pub struct Sight {
    role: i64,
    classes: Lists,
    bundles: Lists,
}

/// The four lists of a role as they are stored.
pub type Texts = [Option<String>; 4];

impl Sight {
    /// In the order of [`ListOf::NAMES`].
    pub fn new(role: i64, [in_context, ex_context, in_bundles, ex_bundles]: &Texts) -> Self {
        let list = |text: &Option<String>| compiled(text.as_deref().unwrap_or_default());
        Self {
            role,
            classes: Lists {
                include: list(in_context),
                exclude: list(ex_context),
            },
            bundles: Lists {
                include: list(in_bundles),
                exclude: list(ex_bundles),
            },
        }
    }
}

/// What all roles of a user let through together.
#[derive(Debug, Default)]
pub struct Sights(pub Vec<Sight>);

/// Why something is seen or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    pub role: i64,
    pub list: ListOf,
    /// The expression and what it fitted; none: nothing fitted any of the list.
    pub fitted: Option<(&'a str, &'a str)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement<'a> {
    pub allowed: bool,
    /// Of what is seen one for each role that includes; of what is hidden the
    /// one that hides it, none when there is no role.
    pub decided_by: Vec<Decision<'a>>,
}

impl Sights {
    /// Judges the classes of one host, or one bundle.
    pub fn judge<'a>(&'a self, subject: Subject, names: &'a [impl AsRef<str>]) -> Judgement<'a> {
        let mut decided_by = Vec::new();
        for Sight {
            role,
            classes,
            bundles,
        } in &self.0
        {
            let lists = match subject {
                Subject::Classes => classes,
                Subject::Bundle => bundles,
            };
            let decision = |list, fitted| Decision {
                role: *role,
                list,
                fitted,
            };
            if let Some(fitted) = lists.exclude.first(names) {
                return hidden(decision(ListOf::Exclude(subject), Some(fitted)));
            }
            if lists.include.is_empty() {
                continue;
            }
            let found = decision(ListOf::Include(subject), lists.include.first(names));
            if found.fitted.is_none() {
                return hidden(found);
            }
            decided_by.push(found);
        }
        Judgement {
            allowed: !self.0.is_empty(),
            decided_by,
        }
    }
}

fn hidden(by: Decision<'_>) -> Judgement<'_> {
    Judgement {
        allowed: false,
        decided_by: vec![by],
    }
}
