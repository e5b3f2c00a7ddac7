//! Delegation as data: who may hand on which role, where. A rule names the
//! role of the granter, the roles that may be handed on, how near the two
//! must be to each other, and what may be done.

use super::error::FieldError;

/// What can be done to a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Give the role, or make it the role of a grant.
    Give,
    /// Take the role away.
    Remove,
    /// Make the grant one of another role, which must be [`Verb::Give`]n.
    Change,
    /// Switch the grant on and off, or set when it begins and ends.
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

/// How near a granter's grant must be to the one that is handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearness {
    Any,
    SameWorkspace,
    SameCluster,
    SamePartner,
    SameWorkspaceAndPartner,
    SameClusterAndPartner,
}

/// The names of [`Nearness`], as they are stored and shown.
pub const NEARNESS: &[&str] = &[
    "any",
    "same_workspace",
    "same_cluster",
    "same_partner",
    "same_workspace_and_partner",
    "same_cluster_and_partner",
];

impl Nearness {
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

    /// Whether only people of one's own partner can be meant.
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

/// Where a role is held; nowhere in particular: everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub workspace: Option<i64>,
    pub cluster: Option<i64>,
}

impl Place {
    /// Everywhere.
    pub const UN_SCOPED: Self = Self {
        workspace: None,
        cluster: None,
    };

    pub fn is_un_scoped(self) -> bool {
        self == Self::UN_SCOPED
    }
}

/// A rule that a granter has by one of their grants, for one target role.
#[derive(Clone, Debug)]
pub struct Power {
    pub rule: i64,
    /// The granter's grant, and where it is held.
    pub grant: i64,
    pub held: Place,
    pub target: i64,
    pub nearness: Nearness,
    pub verbs: Vec<Verb>,
}

impl Power {
    /// Whether this lets the granter do `verb` to a grant of `role` there.
    /// Nothing is never the same as nothing.
    pub fn covers(&self, verb: Verb, role: i64, place: Place, same_partner: bool) -> bool {
        let same = |one: Option<i64>, other: Option<i64>| one.is_some() && one == other;
        self.target == role
            && self.verbs.contains(&verb)
            && (!self.nearness.needs_partner() || same_partner)
            && (!self.nearness.needs_workspace() || same(self.held.workspace, place.workspace))
            && (!self.nearness.needs_cluster() || same(self.held.cluster, place.cluster))
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

    fn power(nearness: Nearness, held: Place) -> Power {
        Power {
            rule: 1,
            grant: 1,
            held,
            target: 7,
            nearness,
            verbs: vec![Verb::Give, Verb::Remove],
        }
    }

    #[test]
    fn nothing_is_never_the_same_as_nothing() {
        let here = Place {
            cluster: Some(3),
            ..Place::UN_SCOPED
        };
        let same = power(Nearness::SameCluster, here);
        assert!(same.covers(Verb::Give, 7, here, false));
        assert!(!same.covers(Verb::Toggle, 7, here, false));
        assert!(!same.covers(Verb::Give, 8, here, false));
        let nowhere = power(Nearness::SameCluster, Place::UN_SCOPED);
        assert!(!nowhere.covers(Verb::Give, 7, Place::UN_SCOPED, true));
        assert!(power(Nearness::Any, Place::UN_SCOPED).covers(Verb::Give, 7, here, false));
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
