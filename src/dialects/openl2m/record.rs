//! Reads and validates the fields of a user.

use serde_json::Value;

use super::body::ParsedBody;
use super::field_errors::FieldErrors;
use super::fields::{Fields, Text};
use super::serializer::UserBody;
use crate::config::{Auth, Secret};
use crate::dialects::email::is_address;
use crate::directory::administered::{Memberships, Record};
use crate::directory::clock;
use crate::directory::users::UserChanges;
use crate::directory::values;

/// The order of errors: that of the fields in the original's model.
pub const ORDER: &[&str] = &[
    "password",
    "old_password",
    "last_login",
    "is_superuser",
    "username",
    "first_name",
    "last_name",
    "email",
    "is_staff",
    "is_active",
    "date_joined",
    "groups",
];

/// Characters of a password, unless `auth.password_max_length` is lower.
const MAX_PASSWORD: usize = 128;
/// Characters of a first and of a last name.
const MAX_NAME: usize = 150;

pub const TAKEN: &str = "A user with that username already exists.";
const INVALID_USERNAME: &str = "Enter a valid username. This value may contain only letters, \
     numbers, and @/./+/-/_ characters.";
pub const PASSWORD_REQUIRED: &str = "Send your own password to change this.";
pub const WRONG_PASSWORD: &str = "Your own password is wrong.";
pub const INVALID_EMAIL: &str = "Enter a valid email address.";

const USERNAME: Text = Text {
    first: Some(username),
    ..Text::required("username", values::MAX_USERNAME)
};
const EMAIL: Text = Text {
    last: Some(email),
    ..Text::optional("email", values::MAX_EMAIL)
};

/// Without a limit: `check_password` does not hash passwords that are too long.
const OLD_PASSWORD: Text = Text {
    is_trimmed: false,
    ..Text::optional("old_password", usize::MAX)
};

fn username(text: &str) -> Option<&'static str> {
    let may_be = |c: char| c.is_alphanumeric() || "@.+-_".contains(c);
    (!text.chars().all(may_be)).then_some(INVALID_USERNAME)
}

fn email(text: &str) -> Option<&'static str> {
    (!is_address(text)).then_some(INVALID_EMAIL)
}

/// The valid fields of a request, and the errors of the others.
#[derive(Default)]
pub struct Draft {
    pub changes: UserChanges,
    pub memberships: Memberships,
    pub password: Option<Secret>,
    /// The caller's own password, which confirms changes of their own credentials. An
    /// extension: the original has no such field.
    pub old_password: Option<Secret>,
    pub errors: FieldErrors,
}

impl Draft {
    /// `groups`: the maximum number of groups.
    pub fn read(sent: &ParsedBody, is_partial: bool, settings: &Auth, groups: usize) -> Self {
        let mut fields = Fields::of(sent, is_partial);
        let max = MAX_PASSWORD.min(settings.password_max_length);
        let password = fields.text(&Text::required("password", max));
        let old_password = fields.text(&OLD_PASSWORD);
        let last_login = fields.datetime("last_login", true);
        let is_administrator = fields.flag("is_superuser");
        let changes = UserChanges {
            last_login: last_login.map(|datetime| datetime.map(clock::precise_text)),
            username: fields.text(&USERNAME),
            name: fields
                .text(&Text::optional("first_name", MAX_NAME))
                .map(non_empty),
            surname: fields
                .text(&Text::optional("last_name", MAX_NAME))
                .map(non_empty),
            email: fields.text(&EMAIL).map(non_empty),
            is_staff: fields.flag("is_staff"),
            is_active: fields.flag("is_active"),
            created: fields
                .datetime("date_joined", false)
                .flatten()
                .map(clock::precise_text),
            ..UserChanges::default()
        };
        Self {
            changes,
            memberships: Memberships {
                is_administrator,
                groups: fields.ids("groups", groups),
            },
            password: password.map(Secret::new),
            old_password: old_password.map(Secret::new),
            errors: fields.errors,
        }
    }

    /// Drops unchanged values and their errors: clients send back whole records, which
    /// may contain values that only other surfaces accept.
    pub fn without_unchanged(mut self, sent: &ParsedBody, record: &Record) -> Self {
        let stands = |field: &str| {
            let sent = sent.members.get(field).and_then(Value::as_str);
            sent.is_some() && sent == UserBody::text_of(record, field).as_deref()
        };
        let changes = &mut self.changes;
        for (field, drop) in TEXTS {
            if stands(field) {
                drop(changes);
                self.errors.forget(field);
            }
        }
        self
    }
}

/// Removes a field from the changes.
type Forget = fn(&mut UserChanges);

/// The string fields, each with its change.
const TEXTS: &[(&str, Forget)] = &[
    ("username", |changes| changes.username = None),
    ("first_name", |changes| changes.name = None),
    ("last_name", |changes| changes.surname = None),
    ("email", |changes| changes.email = None),
    ("date_joined", |changes| changes.created = None),
    ("last_login", |changes| changes.last_login = None),
];

/// Empty strings are stored as NULL.
fn non_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
