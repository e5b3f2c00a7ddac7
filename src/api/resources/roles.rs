use serde_json::Value;

use crate::api::decode::{flag, maybe_text, refuse, text, texts};
use crate::api::error::Failure;
use crate::api::resource::{
    Attribute, Deletable, Form, Kind, Linked, Relationship, Resource, Revision, Sent, ShownOnce,
    Stamp, Target, Writable,
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
    const DOC: &'static str = "What people are, and the permissions that come with it.";
    const RELATIONSHIPS: &'static [Relationship] = &[Relationship {
        name: "users",
        target: "users",
        to_many: true,
        doc: "The users who hold the role, everywhere and without an end.",
        sent: Sent::Always,
    }];
    type Noun = directory::roles::Roles;
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
    doc: &'static str,
    form: Form,
    kind: Kind,
    column: Option<RoleColumn>,
    show: for<'a> fn(&'a Role) -> Shown<'a>,
    read: fn(&mut RoleChanges, &Value) -> Result<(), Problem>,
) -> Attribute<Roles> {
    Attribute {
        name,
        doc,
        form,
        kind,
        show: Some(show),
        column,
        read: Some(read),
    }
}

const fn read_only(
    name: &'static str,
    doc: &'static str,
    form: Form,
    kind: Kind,
    column: RoleColumn,
    show: for<'a> fn(&'a Role) -> Shown<'a>,
) -> Attribute<Roles> {
    Attribute {
        name,
        doc,
        form,
        kind,
        show: Some(show),
        column: Some(column),
        read: None,
    }
}

const ATTRIBUTES: &[Attribute<Roles>] = &[
    writable(
        "name",
        "A unique name.",
        Form::text(1, values::MAX_TEXT).required(),
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
        "A title for people.",
        Form::SHORT,
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
        "What the role is for.",
        Form::LONG,
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
        "Where the role can be held.",
        Form::one_of(values::SCOPES),
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
        "Whether the role is protected from changes and deletion.",
        Form::PLAIN,
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
        "A mark for clients: the role to propose for a new user. Nothing is given by itself.",
        Form::PLAIN,
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
        "What holders may do: names like users:read.",
        Form::names(),
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
        "CFEngine classes whose hosts holders see: regular expressions, separated by commas.",
        Form::LONG,
        Kind::Text,
        Some(RoleColumn::IncludeContext),
        |role| Shown::maybe(&role.include_context),
        |changes, value| {
            changes.include_context = Some(expressions("include_context", value)?);
            Ok(())
        },
    ),
    writable(
        "exclude_context",
        "CFEngine classes whose hosts are hidden from holders: regular expressions, separated by commas.",
        Form::LONG,
        Kind::Text,
        Some(RoleColumn::ExcludeContext),
        |role| Shown::maybe(&role.exclude_context),
        |changes, value| {
            changes.exclude_context = Some(expressions("exclude_context", value)?);
            Ok(())
        },
    ),
    writable(
        "include_bundles",
        "CFEngine bundles whose reports holders see: regular expressions, separated by commas.",
        Form::LONG,
        Kind::Text,
        Some(RoleColumn::IncludeBundles),
        |role| Shown::maybe(&role.include_bundles),
        |changes, value| {
            changes.include_bundles = Some(expressions("include_bundles", value)?);
            Ok(())
        },
    ),
    writable(
        "exclude_bundles",
        "CFEngine bundles whose reports are hidden from holders: regular expressions, separated by commas.",
        Form::LONG,
        Kind::Text,
        Some(RoleColumn::ExcludeBundles),
        |role| Shown::maybe(&role.exclude_bundles),
        |changes, value| {
            changes.exclude_bundles = Some(expressions("exclude_bundles", value)?);
            Ok(())
        },
    ),
    read_only(
        "created_by",
        "The id of the user who made it; null for the program itself.",
        Form::PLAIN.or_null(),
        Kind::Number,
        RoleColumn::CreatedBy,
        |role| Shown::maybe_number(role.created_by),
    ),
    read_only(
        "modified_by",
        "The id of the user who changed it last; null for the program itself.",
        Form::PLAIN.or_null(),
        Kind::Number,
        RoleColumn::ModifiedBy,
        |role| Shown::maybe_number(role.modified_by),
    ),
    read_only(
        "created",
        "When it was made.",
        Form::PLAIN,
        Kind::Time,
        RoleColumn::Created,
        |role| Shown::Text(&role.created),
    ),
    read_only(
        "modified",
        "When it was last changed.",
        Form::PLAIN,
        Kind::Time,
        RoleColumn::Modified,
        |role| Shown::Text(&role.modified),
    ),
];

/// A comma-separated list of regular expressions, each of which compiles.
fn expressions(field: &'static str, value: &Value) -> Result<Option<String>, Problem> {
    let text = maybe_text(field, value, values::MAX_LONG_TEXT)?;
    if let Some(list) = &text {
        directory::roles::check_expressions(field, list)?;
    }
    Ok(text)
}

impl Deletable for Roles {
    type Delete = DeleteRole;

    fn deletion(target: Target) -> DeleteRole {
        DeleteRole {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            reach: Default::default(),
        }
    }
}

impl Writable for Roles {
    type Create = CreateRole;
    type Update = UpdateRole;

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
}
