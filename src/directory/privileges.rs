//! What a user or a role gives, and whether a caller has that much: nobody
//! gives, takes, changes or takes over more than they may themselves.
//!
//! [`Privileges`] is everything that grants and roles give, counted for the
//! worst case: all permission names, those of other services included; grants
//! that are switched off, have not begun or hold in one place only; roles that
//! are contained in others; grant rules; the portal's roles. [`ResolvedCeiling`] is what
//! a caller may at this moment, counted for the least. A change passes when the
//! ceiling covers the privileges that it is about. `docs/security/threat-model.md` explains it.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::delegation::{GrantScope, ScopeMatch};
use super::permissions::Permission;
use super::portal::PortalRole;

/// When something ends, in stored form; never is later than every time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End(Option<String>);

impl End {
    pub const NEVER: Self = Self(None);

    pub fn at(time: Option<String>) -> Self {
        Self(time)
    }

    /// Before every time: for what takes something away, which outlasts nothing.
    pub fn past() -> Self {
        Self(Some(String::new()))
    }
}

impl Ord for End {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(own), Some(other)) => own.cmp(other),
        }
    }
}

impl PartialOrd for End {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Where a role is held, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// Wherever the role can be held.
    Anywhere,
    In(GrantScope),
}

/// Of which partner the holder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfPartner {
    /// Of any partner.
    Any,
    /// Of this one, or of none.
    Is(Option<i64>),
}

/// A role that is held, or that may come to be held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    pub role: i64,
    pub place: Where,
    pub partner: OfPartner,
    pub end: End,
}

impl Holding {
    /// The role itself, whoever holds it wherever.
    pub fn of_role(role: i64, end: End) -> Self {
        Self {
            role,
            place: Where::Anywhere,
            partner: OfPartner::Any,
            end,
        }
    }
}

/// A grant rule, as somebody has it by a role.
#[derive(Clone, Debug)]
pub struct HeldRule {
    pub rule: i64,
    pub scope_match: ScopeMatch,
    pub targets: Arc<[i64]>,
    pub holding: Holding,
}

/// One of the portal's roles that do something there by themselves.
#[derive(Clone, Debug)]
pub struct HeldPortalRole {
    pub role: PortalRole,
    pub holding: Holding,
}

impl HeldPortalRole {
    /// Whether holding the role, and not only the rules about it, opens anything.
    pub fn acts(role: PortalRole) -> bool {
        matches!(
            role,
            PortalRole::ClusterSystemAdmin
                | PortalRole::ClusterImo
                | PortalRole::ClusterMember
                | PortalRole::IpAuthorizedOfficer
                | PortalRole::IpAdmin
        )
    }

    fn needs_partner(role: PortalRole) -> bool {
        !matches!(
            role,
            PortalRole::ClusterSystemAdmin | PortalRole::ClusterImo
        )
    }
}

/// What roles give that are held.
#[derive(Clone, Debug, Default)]
pub struct Privileges {
    /// Until when somebody is an administrator by them, if at all.
    pub administrator: Option<End>,
    /// Permission names, each with its latest end.
    pub names: BTreeMap<String, End>,
    pub rules: Vec<HeldRule>,
    pub portal: Vec<HeldPortalRole>,
}

impl Privileges {
    pub fn add_name(&mut self, name: String, end: &End) {
        let latest = self.names.entry(name).or_insert_with(|| end.clone());
        if *latest < *end {
            *latest = end.clone();
        }
    }

    pub fn add_administrator(&mut self, end: &End) {
        let latest = self.administrator.get_or_insert_with(|| end.clone());
        if *latest < *end {
            *latest = end.clone();
        }
    }

    /// Whether a change of the holder's partner changes what this opens.
    pub fn depend_on_partner(&self) -> bool {
        self.rules
            .iter()
            .any(|rule| rule.scope_match.needs_partner())
            || self
                .portal
                .iter()
                .any(|held| HeldPortalRole::needs_partner(held.role))
    }
}

/// What a caller may now, by grants in force, narrowed by the scopes of the token.
#[derive(Clone, Debug)]
pub enum ResolvedCeiling {
    /// An administrator, or the program itself.
    Everything,
    Of(Privileges),
}

impl ResolvedCeiling {
    pub fn has(&self, permission: Permission) -> bool {
        match self {
            Self::Everything => true,
            Self::Of(own) => own.names.contains_key(permission.name()),
        }
    }

    /// Whether everything but the rules is covered; those are looked at one by one.
    pub fn covers_all_but_rules(&self, wanted: &Privileges) -> bool {
        let Self::Of(own) = self else {
            return true;
        };
        wanted.administrator.is_none()
            && wanted.names.iter().all(|(name, end)| own.has(name, end))
            && wanted.portal.iter().all(|held| own.acts_as(held))
    }

    /// Whether the caller has this rule, and at least where the other has it.
    pub fn has_rule(&self, wanted: &HeldRule) -> bool {
        match self {
            Self::Everything => true,
            Self::Of(own) => own.rules.iter().any(|rule| is_as_wide(rule, wanted)),
        }
    }

    /// Whether the caller could do to anybody's grants what a rule lets its
    /// granters do, provided that they cover the rule's targets. Rules show
    /// their granters the users whom they are about.
    pub fn could_make_rule(&self, end: &End) -> bool {
        let Self::Of(own) = self else {
            return true;
        };
        [Permission::GrantsWrite, Permission::UsersRead]
            .iter()
            .all(|permission| own.has(permission.name(), end))
    }
}

/// What everybody has needs no guarding.
fn is_everybodys(name: &str) -> bool {
    [Permission::SelfRead, Permission::SelfWrite]
        .iter()
        .any(|permission| permission.name() == name)
}

impl Privileges {
    fn has(&self, name: &str, end: &End) -> bool {
        is_everybodys(name) || self.names.get(name).is_some_and(|own| own >= end)
    }

    fn acts_as(&self, wanted: &HeldPortalRole) -> bool {
        let needs_partner = HeldPortalRole::needs_partner(wanted.role);
        self.portal.iter().any(|own| {
            own.role == wanted.role
                && own.holding.end >= wanted.holding.end
                && own.holding.place == wanted.holding.place
                && (!needs_partner || is_of_same_partner(&own.holding, &wanted.holding))
        })
    }
}

/// Nothing is never the same partner: such a holder's rule is about nobody.
fn is_of_same_partner(own: &Holding, wanted: &Holding) -> bool {
    match wanted.partner {
        OfPartner::Any => false,
        OfPartner::Is(None) => true,
        OfPartner::Is(partner) => own.partner == OfPartner::Is(partner),
    }
}

fn is_as_wide(own: &HeldRule, wanted: &HeldRule) -> bool {
    let scope_match = wanted.scope_match;
    let is_near =
        |part: fn(GrantScope) -> Option<i64>| match (own.holding.place, wanted.holding.place) {
            (_, Where::Anywhere) | (Where::Anywhere, _) => false,
            (Where::In(own), Where::In(wanted)) => {
                part(wanted).is_none() || part(own) == part(wanted)
            }
        };
    own.rule == wanted.rule
        && own.holding.end >= wanted.holding.end
        && (!scope_match.needs_workspace() || is_near(|place| place.workspace))
        && (!scope_match.needs_cluster() || is_near(|place| place.cluster))
        && (!scope_match.needs_partner() || is_of_same_partner(&own.holding, &wanted.holding))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(time: &str) -> End {
        End::at(Some(time.to_owned()))
    }

    fn in_cluster(cluster: i64) -> Where {
        Where::In(GrantScope {
            cluster: Some(cluster),
            ..GrantScope::UN_SCOPED
        })
    }

    fn rule(scope_match: ScopeMatch, place: Where, partner: OfPartner) -> HeldRule {
        HeldRule {
            rule: 1,
            scope_match,
            targets: [7].into(),
            holding: Holding {
                role: 3,
                place,
                partner,
                end: End::NEVER,
            },
        }
    }

    fn names(list: &[(&str, End)]) -> Privileges {
        let mut privileges = Privileges::default();
        for (name, end) in list {
            privileges.add_name((*name).to_owned(), end);
        }
        privileges
    }

    #[test]
    fn never_is_later_than_every_time_and_the_latest_end_counts() {
        assert!(End::NEVER > until("2030"));
        assert!(until("2031") > until("2030"));
        assert!(End::past() < until("2030"));
        let twice = names(&[("a:b", until("2030")), ("a:b", End::NEVER)]);
        assert_eq!(twice.names.get("a:b"), Some(&End::NEVER));
    }

    #[test]
    fn every_name_has_to_be_had_and_at_least_as_long() {
        let ceiling = ResolvedCeiling::Of(names(&[
            ("users:read", until("2030")),
            ("pay:send", End::NEVER),
        ]));
        let covers = |list: &[(&str, End)]| ceiling.covers_all_but_rules(&names(list));
        assert!(covers(&[]));
        assert!(covers(&[("self:read", End::NEVER)]));
        assert!(covers(&[
            ("users:read", until("2029")),
            ("pay:send", End::NEVER)
        ]));
        assert!(!covers(&[("users:read", End::NEVER)]));
        assert!(!covers(&[("pay:take", until("2029"))]));
        let administrator = Privileges {
            administrator: Some(End::past()),
            ..Privileges::default()
        };
        assert!(!ceiling.covers_all_but_rules(&administrator));
        assert!(ResolvedCeiling::Everything.covers_all_but_rules(&administrator));
    }

    #[test]
    fn a_rule_is_had_only_as_near_as_it_is_held() {
        let here = in_cluster(1);
        let own = |scope_match, partner| {
            ResolvedCeiling::Of(Privileges {
                rules: vec![rule(scope_match, here, partner)],
                ..Privileges::default()
            })
        };
        let ceiling = own(ScopeMatch::SameCluster, OfPartner::Is(None));
        let wanted = |place, partner| rule(ScopeMatch::SameCluster, place, partner);
        assert!(ceiling.has_rule(&wanted(here, OfPartner::Any)));
        assert!(!ceiling.has_rule(&wanted(in_cluster(2), OfPartner::Any)));
        assert!(!ceiling.has_rule(&wanted(Where::Anywhere, OfPartner::Any)));
        let ceiling = own(ScopeMatch::SamePartner, OfPartner::Is(Some(5)));
        let wanted = |partner| rule(ScopeMatch::SamePartner, in_cluster(2), partner);
        assert!(ceiling.has_rule(&wanted(OfPartner::Is(Some(5)))));
        assert!(ceiling.has_rule(&wanted(OfPartner::Is(None))));
        assert!(!ceiling.has_rule(&wanted(OfPartner::Is(Some(6)))));
        assert!(!ceiling.has_rule(&wanted(OfPartner::Any)));
        let nobody = own(ScopeMatch::SamePartner, OfPartner::Is(None));
        assert!(!nobody.has_rule(&wanted(OfPartner::Is(Some(5)))));
    }

    #[test]
    fn the_portals_roles_are_covered_by_holding_the_same_in_the_same_place() {
        let held = |role, place, partner| HeldPortalRole {
            role,
            holding: Holding {
                role: 9,
                place,
                partner: OfPartner::Is(partner),
                end: End::NEVER,
            },
        };
        let ceiling = |own| {
            ResolvedCeiling::Of(Privileges {
                portal: vec![own],
                ..Privileges::default()
            })
        };
        let wanted = |one| Privileges {
            portal: vec![one],
            ..Privileges::default()
        };
        let (imo, member) = (PortalRole::ClusterImo, PortalRole::ClusterMember);
        let own = ceiling(held(imo, in_cluster(1), None));
        assert!(own.covers_all_but_rules(&wanted(held(imo, in_cluster(1), Some(3)))));
        assert!(!own.covers_all_but_rules(&wanted(held(imo, in_cluster(2), None))));
        assert!(!own.covers_all_but_rules(&wanted(held(member, in_cluster(1), None))));
        let own = ceiling(held(member, in_cluster(1), Some(5)));
        assert!(own.covers_all_but_rules(&wanted(held(member, in_cluster(1), Some(5)))));
        assert!(!own.covers_all_but_rules(&wanted(held(member, in_cluster(1), Some(6)))));
    }
}
