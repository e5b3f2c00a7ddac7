//! Which hosts and which policy outcomes (bundles) of CFEngine a user can see.
//!
//! Within a role one name must match one of the includes, and no name can match an
//! exclude; a role without includes does not restrict by them. All roles of a user must
//! allow access; a user without a role has none.

use std::sync::Arc;

use super::Operation;
use super::access::SeesAll;
use super::batch::{CreatedIds, ResolveIds};
use super::delegation::GrantScope;
use super::expressions::{Expressions, compiled};
use super::listing::Visibility;

/// Loads the host access of a user in a place. A grant without a scope applies
/// everywhere, one in a workspace also in its clusters.
#[derive(Clone, Debug)]
pub struct FindHostAccess {
    pub user_id: i64,
    pub place: GrantScope,
    pub visible: Visibility,
    pub sees_all: SeesAll,
}

impl Operation for FindHostAccess {
    type Output = HostAccess;
    const SNAPSHOT: bool = true;

    fn touches_credentials(&self) -> bool {
        false
    }
}

impl ResolveIds for FindHostAccess {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.user_id);
        let ids = [&mut self.place.workspace, &mut self.place.cluster];
        ids.into_iter()
            .flatten()
            .for_each(|id| created_ids.resolve(id));
    }
}

/// What access is checked to.
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

/// The host access of one role.
#[derive(Debug)]
pub struct RoleHostAccess {
    role: i64,
    classes: Lists,
    bundles: Lists,
}

/// The four lists of a role as they are stored.
pub type Texts = [Option<String>; 4];

impl RoleHostAccess {
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

/// The host access of a user: that of all their roles.
#[derive(Debug, Default)]
pub struct HostAccess(pub Vec<RoleHostAccess>);

/// The list of a role that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    pub role: i64,
    pub list: ListOf,
    /// The expression and the name that it matched; `None`: no expression matched.
    pub fitted: Option<(&'a str, &'a str)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostDecision<'a> {
    pub allowed: bool,
    /// If access is allowed, one for each role with includes; if it is denied, the one
    /// that denies it, or none without a role.
    pub decided_by: Vec<Decision<'a>>,
}

impl HostAccess {
    /// Decides about the classes of one host, or about one bundle.
    pub fn decide<'a>(
        &'a self,
        subject: Subject,
        names: &'a [impl AsRef<str>],
    ) -> HostDecision<'a> {
        let mut decided_by = Vec::new();
        for RoleHostAccess {
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
        HostDecision {
            allowed: !self.0.is_empty(),
            decided_by,
        }
    }
}

fn hidden(by: Decision<'_>) -> HostDecision<'_> {
    HostDecision {
        allowed: false,
        decided_by: vec![by],
    }
}
