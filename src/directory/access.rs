//! May this user do this? And by which grant, through which roles, by which rule.

use super::Operation;
use super::batch::{CreatedIds, ResolveIds};
use super::delegation::{GrantScope, Verb};
use super::listing::Visibility;

/// A role by its id or its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleNamed {
    Id(i64),
    Name(String),
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Whether a role that the user has there carries this permission.
    Permission(String),
    /// Whether the user has this role there.
    Role(RoleNamed),
    /// Whether the user may do this to a grant of the role there, held by
    /// `target`.
    Hand {
        verb: Verb,
        role: RoleNamed,
        target: i64,
    },
}

/// Of which things the caller sees all, and so may hear that there is none of a
/// name. To others what is not there is what nobody has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeesAll {
    pub roles: bool,
    pub workspaces: bool,
    pub clusters: bool,
}

/// Asks about a user in a place. A grant without a scope counts everywhere, one
/// in a workspace in the clusters of the workspace, too.
#[derive(Clone, Debug)]
pub struct CheckAccess {
    pub user_id: i64,
    pub question: Question,
    pub place: GrantScope,
    pub visible: Visibility,
    pub sees_all: SeesAll,
}

impl Operation for CheckAccess {
    type Output = Verdict;
    const SNAPSHOT: bool = true;

    fn touches_credentials(&self) -> bool {
        false
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub allowed: bool,
    /// Why: each is enough on its own; at most [`MAX_REASONS`].
    pub reasons: Vec<Reason>,
    /// What is missing, in words; of what is allowed nothing.
    pub missing: Option<String>,
}

/// The most reasons that are told.
pub const MAX_REASONS: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub grant: i64,
    /// From the role that is granted to the one that decides.
    pub path: Vec<i64>,
    pub place: GrantScope,
    pub valid_until: Option<String>,
    /// The grant rule, where one decides.
    pub rule: Option<i64>,
}

impl Verdict {
    pub fn of(reasons: Vec<Reason>, missing: impl FnOnce() -> String) -> Self {
        Self {
            allowed: !reasons.is_empty(),
            missing: reasons.is_empty().then(missing),
            reasons,
        }
    }
}

impl ResolveIds for CheckAccess {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.user_id);
        let ids = [&mut self.place.workspace, &mut self.place.cluster];
        ids.into_iter()
            .flatten()
            .for_each(|id| created_ids.resolve(id));
        match &mut self.question {
            Question::Permission(_) | Question::Role(RoleNamed::Name(_)) => {}
            Question::Role(RoleNamed::Id(id)) => created_ids.resolve(id),
            Question::Hand { role, target, .. } => {
                created_ids.resolve(target);
                if let RoleNamed::Id(id) = role {
                    created_ids.resolve(id);
                }
            }
        }
    }
}

/// From which side effective roles are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effective {
    /// The roles of this user, those within others among them.
    RolesOf(i64),
    /// The users who have this role, by whatever role contains it.
    UsersOf(i64),
}

/// By which grants the members of a page are what they are.
#[derive(Clone, Debug)]
pub struct FindOrigins {
    pub of: Effective,
    /// The roles or users on the page.
    pub members: Vec<i64>,
}

impl Operation for FindOrigins {
    type Output = Vec<Origin>;
}

/// One grant behind one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The role or user on the page.
    pub member: i64,
    pub reason: Reason,
}

/// The most grants that are told of one page.
pub const MAX_ORIGINS: i64 = 1000;

/// The shortest way from a role to one within it, both included, by what each
/// contains directly.
pub fn path(from: i64, to: i64, direct: &[(i64, i64)]) -> Vec<i64> {
    let mut ways = std::collections::VecDeque::from([vec![from]]);
    let mut seen = std::collections::BTreeSet::from([from]);
    while let Some(way) = ways.pop_front() {
        let last = way.last().copied().unwrap_or(from);
        if last == to {
            return way;
        }
        for (_, part) in direct.iter().filter(|(role, _)| *role == last) {
            if seen.insert(*part) {
                let mut longer = way.clone();
                longer.push(*part);
                ways.push_back(longer);
            }
        }
    }
    vec![from, to]
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn a_path_is_the_shortest_one() {
        let direct = [(1, 2), (2, 3), (3, 4), (1, 5), (5, 4)];
        assert_eq!(path(1, 4, &direct), [1, 5, 4]);
        assert_eq!(path(2, 2, &direct), [2]);
        assert_eq!(path(2, 4, &direct), [2, 3, 4]);
    }
}
