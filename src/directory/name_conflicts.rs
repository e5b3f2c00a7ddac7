//! Unique names that a change wants and others have. A change that is rejected for
//! another reason reports them, too, so that a form is correct at the second try.

use super::partners::PartnerChanges;
use super::roles::RoleChanges;
use super::users::UserChanges;
use super::workspaces::WorkspaceChanges;
use super::{FieldError, Operation};

/// Finds the names that are taken.
#[derive(Clone, Debug)]
pub struct FindNameConflicts {
    pub names: UniqueNames,
    /// The record that is to have the names, if it exists.
    pub own: Option<i64>,
    /// Whether the caller can set these names. Nothing is reported to others.
    pub may: bool,
}

#[derive(Clone, Debug)]
pub enum UniqueNames {
    User(Box<UserChanges>),
    Role(Box<RoleChanges>),
    Workspace(WorkspaceChanges),
    Partner(Box<PartnerChanges>),
}

impl FindNameConflicts {
    pub fn new(names: UniqueNames, own: Option<i64>) -> Self {
        Self {
            names,
            own,
            may: false,
        }
    }
}

impl Operation for FindNameConflicts {
    type Output = Vec<FieldError>;
}
