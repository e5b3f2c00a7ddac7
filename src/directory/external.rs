//! Users who are kept in another directory: their record here is made when they
//! first come, and groups there become roles here.

use std::collections::BTreeSet;

use super::{FieldError, Operation, names, values};
use crate::directory::users::UserChanges;

/// By what an entry of the other directory is known, whatever it is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EntryId {
    /// Entries are known by their names alone.
    #[default]
    Unused,
    /// Entries have ids, and this one shows none.
    Hidden,
    Is(String),
}

/// What another directory tells of one user. Only a valid username makes one;
/// other members that are not valid here are left out.
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

    /// A new record of this user: without a password, now and later.
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

/// The groups of a user, each a role where there is one of its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    pub names: BTreeSet<String>,
    /// False when there may be more: then nothing is taken away.
    pub are_all: bool,
    /// Whether the roles of a record that exists already follow, too.
    pub always: bool,
}

/// A user of another directory who is known there, and comes here.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub user: ExternalUser,
    /// A role, by its name, that a new record holds from the beginning.
    pub default_role: Option<String>,
    /// `None`: roles are given here alone.
    pub groups: Option<Groups>,
    /// Whether an administrator may be made in this way.
    pub may_grant_admin: bool,
    /// Whether the record of this name becomes theirs though it is that of
    /// another entry.
    pub may_adopt: bool,
}

/// What an arrival would change, or has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub is_new: bool,
    /// What they were called here until now.
    pub renamed_from: Option<String>,
    /// What they are called there, where that is the name of somebody else here.
    pub name_taken: Option<String>,
    /// Names of roles.
    pub given: Vec<String>,
    pub taken: Vec<String>,
    /// Groups, or the default role, that give nothing though a role of that name
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

/// Who may not come in, though the other directory knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwelcome {
    /// The name is somebody's whose password is here.
    Internal,
    Inactive,
    InTrash,
    /// The record of this name is that of another entry.
    Another,
    /// The same, and it is inactive.
    InactiveAnother,
    /// The record of this name is known by the id of its entry, and this entry
    /// shows none.
    NoId,
    /// No record can be made under the name: it is unfit, or looks like another's.
    Unfit,
}

impl Unwelcome {
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

pub type Welcome = Result<Changes, Unwelcome>;

/// What becomes, or became, of an arrival.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The record that is theirs, by its id and its username; none when it would
    /// have to be made, or is not theirs.
    pub record: Option<(i64, String)>,
    pub welcome: Welcome,
    /// Whether the record does not name their entry yet.
    pub notes_entry: bool,
}

impl Outcome {
    /// Whether there is nothing to write down.
    pub fn is_settled(&self) -> bool {
        !self.notes_entry && self.welcome.as_ref().map_or(true, Changes::is_nothing)
    }
}

/// Tells what [`Admit`] would do.
#[derive(Debug)]
pub struct Foresee(pub Arrival);

impl Operation for Foresee {
    type Output = Outcome;
    const SNAPSHOT: bool = true;
}

/// Makes the record where there is none, and lets its name and its roles follow
/// the entry and its groups. An
/// operation of the program itself: no principal can ask for it.
#[derive(Debug)]
pub struct Admit(pub Arrival);

impl Operation for Admit {
    type Output = Outcome;
}

/// Whether the records of a name, in whichever case it is written, settle that
/// nobody signs in by it, whatever the other directory says: a living internal user is
/// called so, or somebody who is inactive or in the trash and whose entry is not
/// known. With a known entry it depends on whose the name is there by now.
#[derive(Debug)]
pub struct IsSettledHere {
    pub username: String,
}

impl Operation for IsSettledHere {
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
