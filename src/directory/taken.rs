//! Names that a change claims and others have. A change that is refused for
//! something else tells of them, too, so that a form is right at the second try.

use super::partners::PartnerChanges;
use super::roles::RoleChanges;
use super::users::UserChanges;
use super::workspaces::WorkspaceChanges;
use super::{FieldError, Operation};

/// Which of the names are taken.
#[derive(Clone, Debug)]
pub struct FindTaken {
    pub claims: Claims,
    /// Who is to have them, when they are there already.
    pub own: Option<i64>,
    /// Whether the caller may give such names. To others nothing is told.
    pub may: bool,
}

#[derive(Clone, Debug)]
pub enum Claims {
    User(Box<UserChanges>),
    Role(Box<RoleChanges>),
    Workspace(WorkspaceChanges),
    Partner(Box<PartnerChanges>),
}

impl FindTaken {
    pub fn new(claims: Claims, own: Option<i64>) -> Self {
        Self {
            claims,
            own,
            may: false,
        }
    }
}

impl Operation for FindTaken {
    type Output = Vec<FieldError>;
}
