//! Names that others have.

use super::names::role_problem;
use super::prelude::*;
use super::users::name_problems;
use crate::directory::name_conflicts::{FindNameConflicts, UniqueNames};
use crate::directory::partners::PartnerChanges;
use crate::directory::roles::RoleChanges;
use crate::directory::workspaces::WorkspaceChanges;
use crate::storage::schema::{partners, roles, workspaces};

impl Run for FindNameConflicts {
    type Answer = Vec<FieldError>;

    async fn run(
        &self,
        _: &Context,
        connection: &mut Conn,
    ) -> Result<Vec<FieldError>, DirectoryError> {
        if !self.may {
            return Ok(Vec::new());
        }
        let own = self.own;
        match &self.names {
            UniqueNames::User(changes) => {
                let changes = changes.as_ref().clone().normalized();
                name_problems(&changes, own, connection).await
            }
            UniqueNames::Role(changes) => {
                let changes = changes.as_ref().clone().normalized();
                of_role(&changes, own, connection).await
            }
            UniqueNames::Workspace(changes) => of_workspace(changes, own, connection).await,
            UniqueNames::Partner(changes) => of_partner(changes, own, connection).await,
        }
    }
}

/// Adds a problem where somebody else has this value.
macro_rules! claim {
    ($problems:ident, $table:ident, $column:ident, $value:expr, $own:expr,
        $field:expr, $text:expr, $connection:ident) => {
        if let Some(value) = $value {
            let same = $table::table
                .filter($table::$column.eq(value))
                .filter($table::id.ne($own.unwrap_or_default()))
                .select($table::id);
            if same.first::<i64>($connection).await.optional()?.is_some() {
                $problems.push(FieldError::taken($field, $text));
            }
        }
    };
}

/// Refuses a change for all names that others have, not only for the first.
pub fn refuse(problems: Vec<FieldError>) -> Result<(), DirectoryError> {
    match problems.is_empty() {
        true => Ok(()),
        false => Err(DirectoryError::Invalid(problems)),
    }
}

pub async fn of_role(
    changes: &RoleChanges,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<Vec<FieldError>, DirectoryError> {
    let mut problems = Vec::new();
    claim!(
        problems,
        roles,
        name,
        &changes.name,
        own,
        "name",
        "A role with this name already exists.",
        connection
    );
    if let Some(name) = changes.name.as_ref().filter(|_| problems.is_empty()) {
        problems.extend(role_problem(name, own, connection).await?);
    }
    claim!(
        problems,
        roles,
        external_id,
        &changes.external_id,
        own,
        "id",
        "A role with this id already exists.",
        connection
    );
    Ok(problems)
}

async fn of_workspace(
    changes: &WorkspaceChanges,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<Vec<FieldError>, DirectoryError> {
    let mut problems = Vec::new();
    claim!(
        problems,
        workspaces,
        code,
        &changes.code,
        own,
        "code",
        "A workspace with this code already exists.",
        connection
    );
    Ok(problems)
}

pub async fn of_partner(
    changes: &PartnerChanges,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<Vec<FieldError>, DirectoryError> {
    let mut problems = Vec::new();
    claim!(
        problems,
        partners,
        vendor_number,
        changes.vendor_number.iter().flatten().next(),
        own,
        "vendor_number",
        "A partner with this vendor_number already exists.",
        connection
    );
    claim!(
        problems,
        partners,
        ocha_external_id,
        changes.ocha_external_id.iter().flatten().next(),
        own,
        "ocha_external_id",
        "A partner with this ocha_external_id already exists.",
        connection
    );
    Ok(problems)
}
