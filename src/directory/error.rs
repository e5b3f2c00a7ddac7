use std::borrow::Cow;
use std::fmt;

use diesel::result::{DatabaseErrorKind, Error as QueryError};

/// What is wrong with one field of a request. `message` is safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The attribute, named as in the JSON:API contract, or as it was sent where
    /// there is none of the name.
    pub field: Cow<'static, str>,
    pub kind: FieldErrorKind,
    pub message: String,
}

/// Kinds of problems that surfaces tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldErrorKind {
    Missing,
    Invalid,
    Taken,
    /// There is no such attribute, or not at this place.
    Unknown,
}

impl FieldError {
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            kind: FieldErrorKind::Invalid,
            message: message.into(),
        }
    }

    pub fn unknown(name: &str, message: impl Into<String>) -> Self {
        Self {
            field: name.to_owned().into(),
            kind: FieldErrorKind::Unknown,
            message: message.into(),
        }
    }

    pub fn missing(field: &'static str) -> Self {
        Self {
            field: field.into(),
            kind: FieldErrorKind::Missing,
            message: "This member is required.".into(),
        }
    }

    /// Those of these fields that are missing.
    pub fn all_missing(fields: &[(&'static str, bool)]) -> Vec<Self> {
        let missing = fields.iter().filter(|(_, is_missing)| *is_missing);
        missing.map(|(field, _)| Self::missing(field)).collect()
    }

    pub fn taken(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            kind: FieldErrorKind::Taken,
            message: message.into(),
        }
    }
}

/// Everything that the directory can answer instead of doing what it was asked.
/// No HTTP here: each surface decides what a variant means to its clients.
#[derive(Debug)]
pub enum DirectoryError {
    /// The request asks for something impossible; one entry for each field.
    Invalid(Vec<FieldError>),
    /// The thing asked about does not exist.
    NotFound,
    /// A related thing does not exist: its place in the list that was given.
    RelatedNotFound {
        kind: &'static str,
        /// The relationship, where the kind alone does not tell.
        relationship: Option<&'static str>,
        place: usize,
    },
    /// A rule of the directory forbids it to everybody.
    Protected(&'static str),
    /// The caller lacks a permission, as was found out only inside the
    /// transaction. The text is safe to show.
    Forbidden(String),
    /// Another request came under the same key.
    KeyReused,
    /// The same request is being carried out, and takes long.
    InProgress,
    /// What the step at this place of a batch ran into.
    Step {
        place: usize,
        error: Box<DirectoryError>,
    },
    /// The thing has another version than the caller expects.
    Stale,
    /// Lost a race that can be run again from the start.
    Again,
    /// Overloaded or locked; worth another try in a moment.
    Busy(String),
    /// Took longer than a request may; another try may fare no better.
    TimedOut(String),
    /// The caller has made too many changes; the next may come after so many seconds.
    TooOften { seconds: u64 },
    /// The database is gone, full or broken.
    Unavailable(String),
    /// A defect of ours. The text is for the log only.
    Internal(String),
}

impl DirectoryError {
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }

    /// The one thing that this relationship names does not exist.
    pub fn no_such(kind: &'static str, relationship: &'static str) -> Self {
        Self::RelatedNotFound {
            kind,
            relationship: Some(relationship),
            place: 0,
        }
    }

    /// Whether a statement was refused only because one before it had failed.
    pub fn is_consequence(&self) -> bool {
        matches!(self, Self::Internal(why) if why.contains(crate::storage::ABORTED))
    }

    pub fn taken(field: &'static str, message: &str) -> Self {
        Self::Invalid(vec![FieldError::taken(field, message)])
    }
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(problems) => {
                let texts: Vec<String> = problems
                    .iter()
                    .map(|p| format!("{}: {}", p.field, p.message))
                    .collect();
                out.write_str(&texts.join("; "))
            }
            Self::NotFound => out.write_str("no such thing"),
            Self::RelatedNotFound { kind, .. } => write!(out, "no such {kind}"),
            Self::Protected(why) => out.write_str(why),
            Self::Forbidden(why) => out.write_str(why),
            Self::KeyReused => out.write_str("the key stands for another request"),
            Self::InProgress => out.write_str("the same is being done already"),
            Self::Step { place, error } => write!(out, "step {place}: {error}"),
            Self::TooOften { seconds } => write!(out, "too many changes: wait {seconds} s"),
            Self::Stale => out.write_str("it was changed meanwhile"),
            Self::Again => out.write_str("a race was lost"),
            Self::Busy(why)
            | Self::TimedOut(why)
            | Self::Unavailable(why)
            | Self::Internal(why) => out.write_str(why),
        }
    }
}

impl std::error::Error for DirectoryError {}

impl From<QueryError> for DirectoryError {
    fn from(error: QueryError) -> Self {
        use crate::storage::StorageError;
        match error {
            QueryError::NotFound => Self::NotFound,
            QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, ref info) => {
                taken(info.message(), info.constraint_name())
                    .unwrap_or_else(|| Self::internal(&error))
            }
            // Somebody removed the other end meanwhile: look again.
            QueryError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => Self::Again,
            error => match StorageError::from(error) {
                StorageError::Query(error) => Self::internal(error),
                known => known.into(),
            },
        }
    }
}

/// Unique columns: as SQLite and as PostgreSQL name them, the attribute, the text.
const UNIQUE: &[(&str, &str, &str, &str)] = &[
    (
        "users.username",
        "users_username_key",
        "username",
        "A user with this username already exists.",
    ),
    (
        "users.username_folded",
        "users_username_folded",
        "username",
        super::names::SAME_USERNAME,
    ),
    (
        "users.uname",
        "users_uname_key",
        "uname",
        "A user with this uname already exists.",
    ),
    (
        "users.ldap_id",
        "users_ldap_id_key",
        "ldap_id",
        "A user with this ldap_id already exists.",
    ),
    (
        "users.external_id",
        "users_external_id_key",
        "id",
        "A user with this id already exists.",
    ),
    (
        "roles.external_id",
        "roles_external_id_key",
        "id",
        "A role with this id already exists.",
    ),
    (
        "roles.name",
        "roles_name_key",
        "name",
        "A role with this name already exists.",
    ),
    (
        "roles.name_folded",
        "roles_name_folded",
        "name",
        super::names::SAME_ROLE_NAME,
    ),
    (
        "workspaces.code",
        "workspaces_code_key",
        "code",
        "A workspace with this code already exists.",
    ),
    (
        "partners.vendor_number",
        "partners_vendor_number_key",
        "vendor_number",
        "A partner with this vendor_number already exists.",
    ),
    (
        "partners.ocha_external_id",
        "partners_ocha_external_id_key",
        "ocha_external_id",
        "A partner with this ocha_external_id already exists.",
    ),
];

fn taken(message: &str, constraint: Option<&str>) -> Option<DirectoryError> {
    UNIQUE
        .iter()
        .find(|(sqlite, postgres, _, _)| message.ends_with(sqlite) || constraint == Some(postgres))
        .map(|(_, _, field, text)| DirectoryError::taken(field, text))
}
