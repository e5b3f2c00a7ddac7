use serde_json::Value;

use crate::api::decode::{flag, maybe_text, refuse, text, texts};
use crate::api::error::Failure;
use crate::api::resource::{
    Attribute, Kind, Linked, Relationship, Resource, Revision, Sent, ShownOnce, Stamp, Target,
    Writable,
};
use crate::auth::Guard;
use crate::directory::permissions::check_names;
use crate::directory::roles::{
    CreateRole, DeleteRole, FindRole, Role, RoleChanges, RoleColumn, UpdateRole,
};
use crate::directory::{self, Problem, values};
use crate::jsonapi::write::Shown;

pub struct Roles;

impl Resource for Roles {
    const TYPE: &'static str = "roles";
    const RELATIONSHIPS: &'static [Relationship] = &[Relationship {
        name: "users",
        target: "users",
        to_many: true,
        sent: Sent::Always,
    }];
    type Noun = directory::roles::Roles;
    const ID: RoleColumn = RoleColumn::Id;
    type Find = FindRole;
    type Draft = RoleChanges;

    fn attributes() -> &'static [Attribute<Self>] {
        ATTRIBUTES
    }

    fn id(row: &Role) -> i64 {
        row.id
    }

    fn find(id: i64) -> FindRole {
        FindRole {
            id,
            visible: Default::default(),
        }
    }

    fn revision(row: &Role) -> Revision<'_> {
        Revision {
            version: row.version,
            seen: None,
        }
    }

    fn stamp(row: &Role) -> Option<Stamp<'_>> {
        Some(Stamp {
            created: &row.created,
            modified: &row.modified,
            created_by: row.created_by,
            modified_by: row.modified_by,
            external_id: None,
        })
    }
}

/// One that can be written; without a column it is neither filtered nor sorted by.
const fn writable(
    name: &'static str,
    kind: Kind,
    column: Option<RoleColumn>,
    show: for<'a> fn(&'a Role) -> Shown<'a>,
    read: fn(&mut RoleChanges, &Value) -> Result<(), Problem>,
) -> Attribute<Roles> {
    Attribute {
        name,
        kind,
        show: Some(show),
        column,
        read: Some(read),
    }
}

const fn read_only(
    name: &'static str,
    kind: Kind,
    column: RoleColumn,
    show: for<'a> fn(&'a Role) -> Shown<'a>,
) -> Attribute<Roles> {
    Attribute {
        name,
        kind,
        show: Some(show),
        column: Some(column),
        read: None,
    }
}

const ATTRIBUTES: &[Attribute<Roles>] = &[
    writable(
        "name",
        Kind::Text,
        Some(RoleColumn::Name),
        |role| Shown::Text(&role.name),
        |changes, value| {
            changes.name = Some(values::role_name(text("name", value)?)?);
            Ok(())
        },
    ),
    writable(
        "label",
        Kind::Text,
        Some(RoleColumn::Label),
        |role| Shown::maybe(&role.label),
        |changes, value| {
            changes.label = Some(maybe_text("label", value, values::MAX_TEXT)?);
            Ok(())
        },
    ),
    writable(
        "description",
        Kind::Text,
        Some(RoleColumn::Description),
        |role| Shown::maybe(&role.description),
        |changes, value| {
            changes.description = Some(maybe_text("description", value, values::MAX_LONG_TEXT)?);
            Ok(())
        },
    ),
    writable(
        "scope",
        Kind::Text,
        Some(RoleColumn::Scope),
        |role| Shown::Text(&role.scope),
        |changes, value| {
            changes.scope = Some(values::scope(text("scope", value)?)?);
            Ok(())
        },
    ),
    writable(
        "unchangeable",
        Kind::Flag,
        Some(RoleColumn::Unchangeable),
        |role| Shown::Flag(role.unchangeable),
        |changes, value| {
            changes.unchangeable = Some(flag("unchangeable", value)?);
            Ok(())
        },
    ),
    writable(
        "is_default",
        Kind::Flag,
        Some(RoleColumn::IsDefault),
        |role| Shown::Flag(role.is_default),
        |changes, value| {
            changes.is_default = Some(flag("is_default", value)?);
            Ok(())
        },
    ),
    writable(
        "permissions",
        Kind::Structure,
        None,
        |role| Shown::Json(&role.permissions),
        |changes, value| {
            let names = texts("permissions", value)?;
            changes.permissions = Some(check_names("permissions", &names)?);
            Ok(())
        },
    ),
    writable(
        "include_context",
        Kind::Text,
        None,
        |role| Shown::maybe(&role.include_context),
        |changes, value| {
            changes.include_context = Some(expressions("include_context", value)?);
            Ok(())
        },
    ),
    writable(
        "exclude_context",
        Kind::Text,
        None,
        |role| Shown::maybe(&role.exclude_context),
        |changes, value| {
            changes.exclude_context = Some(expressions("exclude_context", value)?);
            Ok(())
        },
    ),
    writable(
        "include_bundles",
        Kind::Text,
        None,
        |role| Shown::maybe(&role.include_bundles),
        |changes, value| {
            changes.include_bundles = Some(expressions("include_bundles", value)?);
            Ok(())
        },
    ),
    writable(
        "exclude_bundles",
        Kind::Text,
        None,
        |role| Shown::maybe(&role.exclude_bundles),
        |changes, value| {
            changes.exclude_bundles = Some(expressions("exclude_bundles", value)?);
            Ok(())
        },
    ),
    read_only("created_by", Kind::Number, RoleColumn::CreatedBy, |role| {
        Shown::maybe_number(role.created_by)
    }),
    read_only(
        "modified_by",
        Kind::Number,
        RoleColumn::ModifiedBy,
        |role| Shown::maybe_number(role.modified_by),
    ),
    read_only("created", Kind::Time, RoleColumn::Created, |role| {
        Shown::Text(&role.created)
    }),
    read_only("modified", Kind::Time, RoleColumn::Modified, |role| {
        Shown::Text(&role.modified)
    }),
];

/// A comma-separated list of regular expressions, each of which compiles.
fn expressions(field: &'static str, value: &Value) -> Result<Option<String>, Problem> {
    let text = maybe_text(field, value, values::MAX_LONG_TEXT)?;
    if let Some(list) = &text {
        directory::roles::check_expressions(field, list)?;
    }
    Ok(text)
}

impl Writable for Roles {
    type Create = CreateRole;
    type Update = UpdateRole;
    type Delete = DeleteRole;

    async fn creation(
        guard: &Guard,
        draft: RoleChanges,
        mut problems: Vec<Problem>,
        mut linked: Linked,
    ) -> Result<(CreateRole, ShownOnce), Failure> {
        let users = linked.take("users");
        let mut operation = CreateRole {
            changes: draft,
            users,
            reach: Default::default(),
        };
        guard.permits(&mut operation)?;
        problems.extend(CreateRole::missing(&operation.changes));
        refuse(problems)?;
        Ok((operation, ShownOnce::new()))
    }

    async fn change(
        guard: &Guard,
        target: Target,
        draft: RoleChanges,
        problems: Vec<Problem>,
        mut linked: Linked,
    ) -> Result<UpdateRole, Failure> {
        let mut operation = UpdateRole {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            changes: draft,
            users: linked.take("users"),
            reach: Default::default(),
        };
        guard.permits(&mut operation)?;
        refuse(problems)?;
        Ok(operation)
    }

    fn deletion(target: Target) -> DeleteRole {
        DeleteRole {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            reach: Default::default(),
        }
    }
}
