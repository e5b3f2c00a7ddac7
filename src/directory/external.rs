//! Provisioning of users from an external directory: their record is created at
//! their first sign-in, and groups there become roles here.

use std::collections::BTreeSet;

use super::{FieldError, Operation, names, values};
use crate::directory::users::UserChanges;

/// The id of an entry of the external directory, which survives renames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EntryId {
    /// Entries are identified by name only.
    #[default]
    Unused,
    /// Entries have ids, but this one shows none.
    Hidden,
    Is(String),
}

/// A user as the external directory describes them. The username must be valid;
/// other attributes that are not valid here are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalUser {
    username: String,
    pub id: EntryId,
    pub name: Option<String>,
    pub surname: Option<String>,
    pub full_name: Option<String>,
    pub email: Option<String>,
}

impl ExternalUser {
    pub fn new(username: &str) -> Result<Self, FieldError> {
        Ok(Self {
            username: names::normalized(&values::username(username)?).into_owned(),
            id: EntryId::default(),
            name: None,
            surname: None,
            full_name: None,
            email: None,
        })
    }

    pub fn username(&self) -> &str {
        &self.username
    }

    /// The attributes of a new record of this user, which never has a password.
    pub fn record(&self) -> UserChanges {
        let text = |field, value: &Option<String>| {
            let fits = |text: &String| values::filled(field, text, values::MAX_TEXT).is_ok();
            value.clone().filter(fits).map(Some)
        };
        let email = self
            .email
            .as_deref()
            .and_then(|text| values::email(text).ok());
        UserChanges {
            username: Some(self.username.clone()),
            name: text("name", &self.name),
            surname: text("surname", &self.surname),
            full_name: text("full_name", &self.full_name),
            email: email.map(Some),
            external: Some(true),
            ldap_id: match &self.id {
                EntryId::Is(id) => Some(id.clone()),
                EntryId::Hidden | EntryId::Unused => None,
            },
            ..UserChanges::default()
        }
    }
}

/// The groups of a user, each of which is a role if there is one of its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    pub names: BTreeSet<String>,
    /// False if there may be more: then no role is revoked.
    pub are_all: bool,
    /// Whether the roles of existing records follow the groups, too.
    pub always: bool,
}

/// A user of the external directory whose record is to be created or updated.
#[derive(Clone, Debug)]
pub struct Provisioning {
    pub user: ExternalUser,
    /// The name of a role that a new record gets.
    pub default_role: Option<String>,
    /// `None`: groups do not determine roles.
    pub groups: Option<Groups>,
    /// Whether the role of administrators can be granted in this way.
    pub may_grant_admin: bool,
    /// Whether an existing record of this name that belongs to another entry becomes
    /// theirs.
    pub may_adopt: bool,
}

/// What provisioning would change, or has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub is_new: bool,
    /// Their former username here.
    pub renamed_from: Option<String>,
    /// Their username there, if another user has it here.
    pub name_taken: Option<String>,
    /// Names of roles.
    pub given: Vec<String>,
    pub taken: Vec<String>,
    /// Groups, or the default role, that are skipped although a role of that name
    /// exists, and why. Names without a role are left out.
    pub passed_over: Vec<(String, &'static str)>,
}

impl Changes {
    pub fn is_nothing(&self) -> bool {
        !self.is_new
            && self.renamed_from.is_none()
            && self.given.is_empty()
            && self.taken.is_empty()
    }
}

/// Why a user of the external directory cannot be provisioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProvisioningDenial {
    /// A user with a password here has the name.
    Internal,
    Inactive,
    InTrash,
    /// The record of this name belongs to another entry.
    Another,
    /// The same, and the record is inactive.
    InactiveAnother,
    /// The record of this name has the id of an entry, and this entry shows none.
    NoId,
    /// The name is invalid for a record here, or looks like another user's.
    Unfit,
}

impl ProvisioningDenial {
    pub fn text(self) -> &'static str {
        match self {
            Self::Internal => "the name is that of an internal user",
            Self::Inactive => "the record here is inactive",
            Self::InTrash => "the record here is in the trash",
            Self::Another => {
                "the record of this name here is that of another entry, perhaps of somebody who left"
            }
            Self::InactiveAnother => {
                "the record here is inactive, and that of another entry, perhaps of somebody who left"
            }
            Self::NoId => {
                "the record here is known by the id of its entry, and the entry shows none \
                 (ldap.id_attribute)"
            }
            Self::Unfit => {
                "the name is unfit for a record here, or looks like that of another user"
            }
        }
    }
}

pub type ProvisioningResult = Result<Changes, ProvisioningDenial>;

/// The result of provisioning, or of its preview.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Id and username of their record; none if it would have to be created, or is not
    /// theirs.
    pub record: Option<(i64, String)>,
    pub result: ProvisioningResult,
    /// Whether the id of their entry has yet to be stored in the record.
    pub notes_entry: bool,
}

impl Outcome {
    /// Whether there is nothing to store.
    pub fn is_unchanged(&self) -> bool {
        !self.notes_entry && self.result.as_ref().map_or(true, Changes::is_nothing)
    }
}

/// Finds out what [`ProvisionUser`] would do.
#[derive(Debug)]
pub struct PreviewProvisioning(pub Provisioning);

impl Operation for PreviewProvisioning {
    type Output = Outcome;
    const SNAPSHOT: bool = true;
}

/// Creates the record if there is none, and updates its name and roles from the
/// entry and its groups. An operation of the program itself, which no principal
/// can run.
#[derive(Debug)]
pub struct ProvisionUser(pub Provisioning);

impl Operation for ProvisionUser {
    type Output = Outcome;
}

/// Whether the records of a name, in whichever case it is written, settle that
/// nobody signs in by it, whatever the other directory says: a living internal user is
/// called so, or somebody who is inactive or in the trash and whose entry is not
/// known. With a known entry it depends on whose the name is there by now.
#[derive(Debug)]
pub struct IsProvisioned {
    pub username: String,
}

impl Operation for IsProvisioned {
    type Output = bool;
}

/// By what the entry of a user is known there, when that is noted.
#[derive(Debug)]
pub struct FindEntryId {
    pub user_id: i64,
}

impl Operation for FindEntryId {
    type Output = Option<String>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_takes_what_is_valid_here() {
        let user = ExternalUser {
            name: Some("Calvin".into()),
            surname: Some(" ".into()),
            full_name: Some("x".repeat(values::MAX_TEXT + 1)),
            email: Some("no address".into()),
            ..ExternalUser::new("calvin").unwrap()
        };
        let record = user.record();
        assert_eq!(record.name, Some(Some("Calvin".into())));
        assert_eq!((record.surname, record.full_name), (None, None));
        assert_eq!(record.email, None);
        assert_eq!(record.password_hash, None);
        assert_eq!(record.external, Some(true));
    }

    #[test]
    fn a_name_that_cannot_be_a_username_makes_no_user() {
        for name in ["", "two words", "*)(uid=*", "a\0b"] {
            assert!(ExternalUser::new(name).is_err(), "{name:?}");
        }
    }
}
