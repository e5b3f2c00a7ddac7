//! Permissions are data on roles: names of the form `subject:verb`. Those that
//! this program itself asks for are listed here; others may be stored for the
//! services that ask for them.

use super::error::FieldError;

/// A permission that this program asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Permission {
    UsersRead,
    UsersWrite,
    RolesRead,
    RolesWrite,
    GrantsRead,
    GrantsWrite,
    PartnersRead,
    PartnersWrite,
    WorkspacesRead,
    WorkspacesWrite,
    ClustersRead,
    ClustersWrite,
    TokensRead,
    TokensWrite,
    AuditRead,
    /// Everybody has it; only a token's scopes can leave it out.
    SelfRead,
    /// Everybody has it; only a token's scopes can leave it out.
    SelfWrite,
}

impl Permission {
    /// Every permission with its name and meaning.
    pub const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::UsersRead, "users:read", "see every user"),
        (
            Self::UsersWrite,
            "users:write",
            "create, change and delete users; with users:read, see the trash, restore and purge",
        ),
        (Self::RolesRead, "roles:read", "see every role"),
        (
            Self::RolesWrite,
            "roles:write",
            "create, change and delete roles",
        ),
        (Self::GrantsRead, "grants:read", "see who holds which role"),
        (Self::GrantsWrite, "grants:write", "give and take roles"),
        (Self::PartnersRead, "partners:read", "see every partner"),
        (
            Self::PartnersWrite,
            "partners:write",
            "create and change partners",
        ),
        (
            Self::WorkspacesRead,
            "workspaces:read",
            "see every workspace",
        ),
        (
            Self::WorkspacesWrite,
            "workspaces:write",
            "create and change workspaces",
        ),
        (Self::ClustersRead, "clusters:read", "see every cluster"),
        (
            Self::ClustersWrite,
            "clusters:write",
            "create and change clusters",
        ),
        (
            Self::TokensRead,
            "tokens:read",
            "see everybody's API tokens and sign-ins",
        ),
        (
            Self::TokensWrite,
            "tokens:write",
            "create and revoke everybody's API tokens, end their sign-ins",
        ),
        (Self::AuditRead, "audit:read", "read the audit log"),
        (Self::SelfRead, "self:read", "see one's own record"),
        (
            Self::SelfWrite,
            "self:write",
            "change one's own record, tokens and sign-ins",
        ),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(known, _, _)| *known == self)
            .map_or("", |(_, name, _)| name)
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(permission, _, _)| *permission)
    }
}

/// A set of the permissions above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u32);

impl Permissions {
    /// What needs no role.
    pub const EVERYBODY: Self =
        Self(1 << Permission::SelfRead as u8 | 1 << Permission::SelfWrite as u8);

    pub fn all() -> Self {
        Permission::ALL
            .iter()
            .fold(Self::default(), |set, (permission, _, _)| {
                set.with(*permission)
            })
    }

    pub fn with(self, permission: Permission) -> Self {
        Self(self.0 | 1 << permission as u8)
    }

    pub fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Reads a stored JSON array of names; names of other services are passed over.
    pub fn from_json(text: &str) -> Self {
        names(text)
            .iter()
            .filter_map(|name| Permission::named(name))
            .fold(Self::default(), Self::with)
    }
}

/// Reads a stored JSON array of names, those of other services included.
pub fn names(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

/// The privileges up to which the caller may grant, revoke, change roles and
/// manage other users: nobody gives away or takes over more than they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrivilegeCeiling {
    /// For administrators and the program itself.
    Everything,
    /// The actor's own privileges: those of their grants, within the scopes of
    /// their token. See [`super::privileges`].
    Caller,
    #[default]
    Nothing,
}

/// The most names that a role or a token may carry.
pub const MAX_NAMES: usize = 200;
/// The most characters of a name.
pub const MAX_NAME: usize = 64;

/// Checks names as they are stored on roles: lower-case words joined by one colon.
pub fn check_names(field: &'static str, names: &[String]) -> Result<String, FieldError> {
    if names.len() > MAX_NAMES {
        return Err(FieldError::invalid(
            field,
            format!("Ensure there are no more than {MAX_NAMES} names."),
        ));
    }
    for (place, name) in names.iter().enumerate() {
        if !is_name(name) {
            return Err(FieldError::invalid(
                field,
                format!("\"{name}\" is not a permission: write it as subject:verb, in lower case."),
            ));
        }
        if names.iter().take(place).any(|other| other == name) {
            return Err(FieldError::invalid(
                field,
                format!("\"{name}\" is named twice."),
            ));
        }
    }
    serde_json::to_string(names).map_err(|_| FieldError::invalid(field, "Not a list of names."))
}

fn is_name(name: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
    };
    name.len() <= MAX_NAME
        && name
            .split_once(':')
            .is_some_and(|(subject, verb)| word(subject) && word(verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_names_become_a_set_and_foreign_ones_are_passed_over() {
        let set = Permissions::from_json(r#"["users:read","invoices:approve"]"#);
        assert!(set.has(Permission::UsersRead));
        assert_eq!(set, Permissions::default().with(Permission::UsersRead));
        assert_eq!(Permissions::from_json("not json"), Permissions::default());
    }

    #[test]
    fn names_are_checked_before_they_are_stored() {
        let names = |list: &[&str]| {
            check_names(
                "permissions",
                &list.iter().map(ToString::to_string).collect::<Vec<_>>(),
            )
        };
        assert_eq!(
            names(&["users:read", "invoices:approve"]).unwrap(),
            r#"["users:read","invoices:approve"]"#
        );
        for wrong in [
            "users",
            "Users:read",
            "users:",
            ":read",
            "a:b:c",
            "users:re ad",
        ] {
            assert!(names(&[wrong]).is_err(), "{wrong}");
        }
        assert!(names(&["users:read", "users:read"]).is_err());
    }
}
