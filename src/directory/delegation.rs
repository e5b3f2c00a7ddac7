//! Delegation: who can grant which role, and where. A rule names the role of the
//! granter, the target roles, how the scopes of the two grants must match, and
//! the permitted actions.

use super::error::FieldError;

/// An action on a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Grant the role, or make it the role of an existing grant.
    Give,
    /// Revoke the role.
    Remove,
    /// Make the grant one of another role, which must be [`Verb::Give`]n.
    Change,
    /// Activate and deactivate the grant, or set its period.
    Toggle,
}

impl Verb {
    /// As they are stored and shown.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::Give, "give"),
        (Self::Remove, "remove"),
        (Self::Change, "change"),
        (Self::Toggle, "toggle"),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(verb, _)| *verb == self)
            .map_or("", |(_, name)| name)
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(verb, _)| *verb)
    }
}

/// The names of [`Verb`], in the order in which they are stored.
pub const VERBS: &[&str] = &["give", "remove", "change", "toggle"];

/// How the scope of the granter's grant must match that of the grant to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeMatch {
    Any,
    SameWorkspace,
    SameCluster,
    SamePartner,
    SameWorkspaceAndPartner,
    SameClusterAndPartner,
}

/// The names of [`ScopeMatch`], as they are stored and shown.
pub const SCOPE_MATCHES: &[&str] = &[
    "any",
    "same_workspace",
    "same_cluster",
    "same_partner",
    "same_workspace_and_partner",
    "same_cluster_and_partner",
];

impl ScopeMatch {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "any" => Self::Any,
            "same_workspace" => Self::SameWorkspace,
            "same_cluster" => Self::SameCluster,
            "same_partner" => Self::SamePartner,
            "same_workspace_and_partner" => Self::SameWorkspaceAndPartner,
            "same_cluster_and_partner" => Self::SameClusterAndPartner,
            _ => return None,
        })
    }

    /// Whether only users of the granter's own partner can be given roles.
    pub fn needs_partner(self) -> bool {
        matches!(
            self,
            Self::SamePartner | Self::SameWorkspaceAndPartner | Self::SameClusterAndPartner
        )
    }

    pub fn needs_workspace(self) -> bool {
        matches!(self, Self::SameWorkspace | Self::SameWorkspaceAndPartner)
    }

    pub fn needs_cluster(self) -> bool {
        matches!(self, Self::SameCluster | Self::SameClusterAndPartner)
    }
}

/// The scope of a grant; without workspace and cluster it holds everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrantScope {
    pub workspace: Option<i64>,
    pub cluster: Option<i64>,
}

impl GrantScope {
    /// Everywhere.
    pub const UN_SCOPED: Self = Self {
        workspace: None,
        cluster: None,
    };

    pub fn is_un_scoped(self) -> bool {
        self == Self::UN_SCOPED
    }
}

/// A rule that is in effect for a granter by one of their grants, for one target role.
#[derive(Clone, Debug)]
pub struct EffectiveRule {
    pub rule: i64,
    /// The granter's grant, and where it is held.
    pub grant: i64,
    pub held: GrantScope,
    pub target: i64,
    pub scope_match: ScopeMatch,
    pub verbs: Vec<Verb>,
}

impl EffectiveRule {
    /// Whether this lets the granter do `verb` to a grant of `role` there.
    /// Nothing is never the same as nothing.
    pub fn covers(&self, verb: Verb, role: i64, place: GrantScope, same_partner: bool) -> bool {
        let same = |one: Option<i64>, other: Option<i64>| one.is_some() && one == other;
        self.target == role
            && self.verbs.contains(&verb)
            && (!self.scope_match.needs_partner() || same_partner)
            && (!self.scope_match.needs_workspace() || same(self.held.workspace, place.workspace))
            && (!self.scope_match.needs_cluster() || same(self.held.cluster, place.cluster))
    }
}

/// Checks names of verbs as they are stored: a JSON array, in one order.
pub fn check_verbs(field: &'static str, names: &[String]) -> Result<String, FieldError> {
    let mut wanted = Vec::new();
    for name in names {
        let Some(verb) = Verb::named(name) else {
            let message = format!("\"{name}\" is none of {}.", VERBS.join(", "));
            return Err(FieldError::invalid(field, message));
        };
        wanted.push(verb);
    }
    if wanted.is_empty() {
        return Err(FieldError::invalid(field, "Name at least one verb."));
    }
    let ordered: Vec<_> = Verb::ALL
        .iter()
        .filter(|(verb, _)| wanted.contains(verb))
        .map(|(_, name)| *name)
        .collect();
    serde_json::to_string(&ordered).map_err(|_| FieldError::invalid(field, "Not a list of names."))
}

/// Reads stored names of verbs.
pub fn verbs(stored: &str) -> Vec<Verb> {
    let names = super::permissions::names(stored);
    names.iter().filter_map(|name| Verb::named(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effective_rule(scope_match: ScopeMatch, held: GrantScope) -> EffectiveRule {
        EffectiveRule {
            rule: 1,
            grant: 1,
            held,
            target: 7,
            scope_match,
            verbs: vec![Verb::Give, Verb::Remove],
        }
    }

    #[test]
    fn nothing_is_never_the_same_as_nothing() {
        let here = GrantScope {
            cluster: Some(3),
            ..GrantScope::UN_SCOPED
        };
        let same = effective_rule(ScopeMatch::SameCluster, here);
        assert!(same.covers(Verb::Give, 7, here, false));
        assert!(!same.covers(Verb::Toggle, 7, here, false));
        assert!(!same.covers(Verb::Give, 8, here, false));
        let nowhere = effective_rule(ScopeMatch::SameCluster, GrantScope::UN_SCOPED);
        assert!(!nowhere.covers(Verb::Give, 7, GrantScope::UN_SCOPED, true));
        assert!(
            effective_rule(ScopeMatch::Any, GrantScope::UN_SCOPED).covers(
                Verb::Give,
                7,
                here,
                false
            )
        );
    }

    #[test]
    fn verbs_are_stored_as_names_in_one_order() {
        let names: Vec<_> = Verb::ALL.iter().map(|(_, name)| *name).collect();
        assert_eq!(names, VERBS);
        let stored = check_verbs("verbs", &["remove".into(), "give".into(), "give".into()]);
        let stored = stored.unwrap();
        assert_eq!(stored, r#"["give","remove"]"#);
        assert_eq!(verbs(&stored), [Verb::Give, Verb::Remove]);
        assert!(check_verbs("verbs", &["GIVE".into()]).is_err());
        assert!(check_verbs("verbs", &[]).is_err());
    }
}
