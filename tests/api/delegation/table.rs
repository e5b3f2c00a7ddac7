//! Who may hand on which role, written down a second time: nothing of the
//! service's own code or rows is used here.

/// The roles that can be handed on, `admin` among them.
pub const ROLES: [&str; 10] = [
    "IP_AUTHORIZED_OFFICER",
    "IP_ADMIN",
    "IP_EDITOR",
    "IP_VIEWER",
    "CLUSTER_SYSTEM_ADMIN",
    "CLUSTER_IMO",
    "CLUSTER_COORDINATOR",
    "CLUSTER_MEMBER",
    "CLUSTER_VIEWER",
    "admin",
];

/// The holder of a role that permits `grants:write`, and to see everybody.
pub const GIVER: &str = "giver";
pub const NOBODY: &str = "";

/// Granter's role, roles of the grant, what must be the same, and what may be
/// done: give, remove, change away, toggle.
#[rustfmt::skip]
const RULES: &[(&str, &[&str], &[Same], &str)] = &[
    ("CLUSTER_SYSTEM_ADMIN", &["CLUSTER_IMO", "CLUSTER_COORDINATOR", "CLUSTER_MEMBER", "CLUSTER_VIEWER"], &[], "GRCT"),
    ("CLUSTER_SYSTEM_ADMIN", &["CLUSTER_SYSTEM_ADMIN"], &[], "G"),
    ("CLUSTER_IMO", &["CLUSTER_COORDINATOR", "CLUSTER_MEMBER", "CLUSTER_VIEWER"], &[Same::Spot], "GRCT"),
    ("CLUSTER_MEMBER", &["CLUSTER_MEMBER", "CLUSTER_VIEWER"], &[Same::Partner], "GRCT"),
    ("IP_AUTHORIZED_OFFICER", &["IP_ADMIN", "IP_EDITOR", "IP_VIEWER"], &[Same::Spot, Same::Partner], "GRCT"),
    ("IP_AUTHORIZED_OFFICER", &["IP_AUTHORIZED_OFFICER"], &[Same::Spot], "T"),
    ("IP_ADMIN", &["IP_EDITOR", "IP_VIEWER"], &[Same::Spot, Same::Partner], "GRCT"),
    ("IP_ADMIN", &["IP_ADMIN"], &[Same::Spot, Same::Partner], "GCT"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Same {
    /// Workspace or cluster.
    Spot,
    Partner,
}

/// Where a role is held. Granters are in the first of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    Everywhere,
    Workspace(usize),
    Cluster(usize),
}

pub const SPOTS: [Spot; 5] = [
    Spot::Everywhere,
    Spot::Workspace(0),
    Spot::Workspace(1),
    Spot::Cluster(0),
    Spot::Cluster(1),
];

/// Whether a role can be held there.
pub fn fits(role: &str, spot: Spot) -> bool {
    match spot {
        Spot::Everywhere => matches!(role, "CLUSTER_SYSTEM_ADMIN" | "admin"),
        Spot::Workspace(_) => role.starts_with("IP_"),
        Spot::Cluster(_) => role.starts_with("CLUSTER_") && role != "CLUSTER_SYSTEM_ADMIN",
    }
}

/// Where a granter of this role holds it.
pub fn home(role: &str) -> Spot {
    let places = [Spot::Workspace(0), Spot::Cluster(0)];
    let place = places.into_iter().find(|spot| fits(role, *spot));
    place.unwrap_or(Spot::Everywhere)
}

/// Whether the granter's own grant is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Force {
    Standing,
    Inactive,
    Expired,
    NotBegun,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Granter {
    pub role: &'static str,
    pub force: Force,
    pub partner: Option<usize>,
}

/// Whose grant it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    pub partner: Option<usize>,
    pub is_active: bool,
    pub is_granter: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Give(&'static str, Spot),
    Remove(&'static str, Spot),
    Toggle(&'static str, Spot),
    Change(&'static str, Spot, &'static str),
}

impl Wish {
    pub fn spot(self) -> Spot {
        match self {
            Self::Give(_, spot) | Self::Remove(_, spot) => spot,
            Self::Toggle(_, spot) | Self::Change(_, spot, _) => spot,
        }
    }

    /// The role of the grant that there is before.
    pub fn standing(self) -> Option<&'static str> {
        match self {
            Self::Give(..) => None,
            Self::Remove(role, _) | Self::Toggle(role, _) | Self::Change(role, ..) => Some(role),
        }
    }

    /// The role that somebody has afterwards who had it not before.
    fn given(self) -> Option<&'static str> {
        match self {
            Self::Give(role, _) | Self::Change(_, _, role) => Some(role),
            Self::Remove(..) | Self::Toggle(..) => None,
        }
    }

    fn needs(self) -> Vec<(&'static str, char)> {
        match self {
            Self::Give(role, _) => vec![(role, 'G')],
            Self::Remove(role, _) => vec![(role, 'R')],
            Self::Toggle(role, _) => vec![(role, 'T')],
            Self::Change(old, _, new) => vec![(old, 'C'), (new, 'G')],
        }
    }
}

/// Everything that is asked of one granter about one target.
pub fn wishes() -> Vec<Wish> {
    let mut all = Vec::new();
    for role in ROLES {
        for spot in SPOTS {
            all.push(Wish::Give(role, spot));
            if !fits(role, spot) {
                continue;
            }
            all.push(Wish::Remove(role, spot));
            all.push(Wish::Toggle(role, spot));
            let others = ROLES.into_iter().filter(|other| *other != role);
            all.extend(others.map(|other| Wish::Change(role, spot, other)));
        }
    }
    all
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Allowed, but the role cannot be held there, or is already.
    Impossible,
    Refused,
    /// Refused to somebody who does not know of the user or the grant.
    Hidden,
}

pub fn outcome(granter: Granter, target: Target, wish: Wish) -> Outcome {
    let in_force = granter.force == Force::Standing;
    let is_admin = in_force && granter.role == "admin";
    let is_giver = in_force && granter.role == GIVER;
    let needs = wish.needs();
    let allowed = if is_admin {
        true
    } else if is_giver {
        // Own grants are switched off here: only others bring them back or take them.
        let is_own = target.is_granter && matches!(wish, Wish::Remove(..) | Wish::Change(..));
        !is_own && needs.iter().all(|(role, _)| !gives_power(role))
    } else {
        let lets = |need: &(&str, char)| rules_let(granter, target, need.0, need.1, wish.spot());
        in_force && !target.is_granter && target.is_active && needs.iter().all(lets)
    };
    match wish.given() {
        _ if allowed && clashes(granter, target, wish) => Outcome::Impossible,
        Some(new) if allowed && !fits(new, wish.spot()) => Outcome::Impossible,
        _ if allowed => Outcome::Done,
        _ if is_giver || sees(granter, target) || touches(granter, target, wish) => {
            Outcome::Refused
        }
        _ => Outcome::Hidden,
    }
}

/// Whether somebody gains by the role itself what its giver does not have: those
/// of administrators, and all that hand on others.
fn gives_power(role: &str) -> bool {
    role == "admin" || RULES.iter().any(|(holder, ..)| *holder == role)
}

/// Somebody's own grant, by which they may: there already.
fn clashes(granter: Granter, target: Target, wish: Wish) -> bool {
    target.is_granter && wish.given() == Some(granter.role) && wish.spot() == home(granter.role)
}

fn rules_let(granter: Granter, target: Target, role: &str, verb: char, spot: Spot) -> bool {
    RULES.iter().any(|(holder, roles, same, verbs)| {
        *holder == granter.role
            && roles.contains(&role)
            && verbs.contains(verb)
            && same.iter().all(|same| match same {
                Same::Spot => spot != Spot::Everywhere && spot == home(granter.role),
                Same::Partner => granter.partner.is_some() && granter.partner == target.partner,
            })
    })
}

/// Whoever may give to people of any partner sees everybody, whoever may give
/// to their own partner's people sees these, and everybody sees themselves.
fn sees(granter: Granter, target: Target) -> bool {
    let gives = RULES
        .iter()
        .filter(|(holder, _, _, verbs)| *holder == granter.role && verbs.contains('G'));
    let in_force = granter.force == Force::Standing;
    target.is_granter
        || in_force
            && gives.into_iter().any(|(_, _, same, _)| {
                !same.contains(&Same::Partner)
                    || granter.partner.is_some() && granter.partner == target.partner
            })
}

/// Whether anything at all may be done to the grant that there is.
fn touches(granter: Granter, target: Target, wish: Wish) -> bool {
    let any = |role| {
        let mut verbs = "GRCT".chars();
        verbs.any(|verb| rules_let(granter, target, role, verb, wish.spot()))
    };
    granter.force == Force::Standing && wish.standing().is_some_and(any)
}

/// Granters with all whom they are asked about.
pub fn pairs() -> Vec<(Granter, Target)> {
    let mut granters: Vec<&str> = ROLES.to_vec();
    granters.extend([GIVER, NOBODY]);
    let target = |partner, is_active, is_granter| Target {
        partner,
        is_active,
        is_granter,
    };
    let mut all = Vec::new();
    for role in granters {
        for partner in [Some(0), None] {
            let granter = Granter {
                role,
                force: Force::Standing,
                partner,
            };
            let mut targets = vec![
                target(Some(0), true, false),
                target(None, true, false),
                target(partner, true, true),
            ];
            if partner.is_some() {
                targets.push(target(Some(1), true, false));
                targets.push(target(Some(0), false, false));
            }
            all.extend(targets.into_iter().map(|target| (granter, target)));
        }
        if role == NOBODY {
            continue;
        }
        for force in [Force::Inactive, Force::Expired, Force::NotBegun] {
            let granter = Granter {
                role,
                force,
                partner: Some(0),
            };
            all.push((granter, target(Some(0), true, false)));
            all.push((granter, target(Some(0), true, true)));
        }
    }
    all
}
