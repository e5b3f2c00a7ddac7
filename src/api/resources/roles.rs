use crate::api::attribute::{CREATED, CREATED_BY, MODIFIED, MODIFIED_BY};
use crate::api::decode::{refuse_all, texts};
use crate::api::error::ApiError;
use crate::api::resource::{
    Attribute, AttributeKind, Constraints, Deletable, OneTimeAttributes, Relationship,
    RelationshipIds, Resource, ResourceMeta, Revision, Target, Writability, Writable,
};
use crate::auth::Guard;
use crate::directory::expressions;
use crate::directory::name_conflicts::{FindNameConflicts, UniqueNames};
use crate::directory::permissions::check_names;
use crate::directory::roles::{
    CreateRole, DeleteRole, FindRole, ORIGINS, Role, RoleChanges, RoleColumn, UpdateRole,
};
use crate::directory::{self, FieldError, values};
use crate::jsonapi::write::AttributeValue;

pub struct Roles;

impl Resource for Roles {
    const TYPE: &'static str = "roles";
    const DOC: &'static str = "Roles that users hold, and the permissions that they give.";
    const RELATIONSHIPS: &'static [Relationship] = &[
        Relationship {
            name: "users",
            target: "users",
            to_many: true,
            doc: "The users who hold the role, everywhere and without an end.",
            writability: Writability::Always,
        },
        Relationship {
            name: "grants",
            target: "grants",
            to_many: true,
            doc: "Every grant of the role, with its scope and its time.",
            writability: Writability::Never,
        },
        Relationship {
            name: "includes",
            target: "roles",
            to_many: true,
            doc: "The roles that this one contains: its holders have them as well.",
            writability: Writability::Always,
        },
        Relationship {
            name: "grant-rules",
            target: "grant-rules",
            to_many: true,
            doc: "What holders of the role may do to grants of other roles.",
            writability: Writability::Never,
        },
    ];
    const EXTERNAL_ID: Option<RoleColumn> = Some(RoleColumn::ExternalId);
    type Entity = directory::roles::Roles;
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
            last_activity: None,
        }
    }

    fn meta(row: &Role) -> Option<ResourceMeta<'_>> {
        Some(ResourceMeta {
            created: &row.created,
            modified: &row.modified,
            created_by: row.created_by,
            modified_by: row.modified_by,
            external_id: row.external_id.as_deref(),
        })
    }
}

draft_is_changes!(RoleChanges);

const ATTRIBUTES: &[Attribute<Roles>] = &[
    attribute!(
        text name,
        Some(RoleColumn::Name),
        "The name: unique regardless of case, without surrounding whitespace, stored in normalization form C; a name that looks like another is refused.",
        Constraints::text(1, values::MAX_TEXT).required(),
        values::role_name
    ),
    attribute!(nullable_text label, Some(RoleColumn::Label), "A title for people.", values::MAX_TEXT),
    attribute!(
        nullable_text description,
        Some(RoleColumn::Description),
        "What the role is for.",
        values::MAX_LONG_TEXT
    ),
    attribute!(
        choice scope,
        Some(RoleColumn::Scope),
        "Where the role can be held.",
        values::SCOPES
    ),
    attribute!(
        flag unchangeable,
        Some(RoleColumn::Unchangeable),
        "Whether the role is protected from changes and deletion."
    ),
    attribute!(
        flag is_default,
        Some(RoleColumn::IsDefault),
        "A hint for clients: the role to propose for a new user. It is not granted automatically."
    ),
    Attribute {
        name: "permissions",
        doc: "What holders may do: names like users:read.",
        constraints: Constraints::names(),
        kind: AttributeKind::Structure,
        get: Some(|role| AttributeValue::Json(&role.permissions)),
        column: None,
        set: Some(|changes, value| {
            let names = texts("permissions", value)?;
            changes.permissions = Some(check_names("permissions", &names)?);
            Ok(())
        }),
    },
    attribute!(
        nullable include_context,
        Some(RoleColumn::IncludeContext),
        "CFEngine classes whose hosts holders see: regular expressions, separated by commas.",
        Constraints::text(0, values::MAX_LONG_TEXT),
        |text| expressions::checked("include_context", text)
    ),
    attribute!(
        nullable exclude_context,
        Some(RoleColumn::ExcludeContext),
        "CFEngine classes whose hosts are hidden from holders: regular expressions, separated by commas.",
        Constraints::text(0, values::MAX_LONG_TEXT),
        |text| expressions::checked("exclude_context", text)
    ),
    attribute!(
        nullable include_bundles,
        Some(RoleColumn::IncludeBundles),
        "CFEngine bundles whose reports holders see: regular expressions, separated by commas.",
        Constraints::text(0, values::MAX_LONG_TEXT),
        |text| expressions::checked("include_bundles", text)
    ),
    attribute!(
        nullable exclude_bundles,
        Some(RoleColumn::ExcludeBundles),
        "CFEngine bundles whose reports are hidden from holders: regular expressions, separated by commas.",
        Constraints::text(0, values::MAX_LONG_TEXT),
        |text| expressions::checked("exclude_bundles", text)
    ),
    attribute!(
        read_only origin Some(RoleColumn::Origin),
        "The origin of the role: system (created with the directory), portal (of the Partner Reporting Portal) or directory (created by a user).",
        Text,
        Constraints::one_of(ORIGINS),
        |role| AttributeValue::Text(&role.origin)
    ),
    attribute!(read_only nullable_number created_by, Some(RoleColumn::CreatedBy), CREATED_BY),
    attribute!(read_only nullable_number modified_by, Some(RoleColumn::ModifiedBy), MODIFIED_BY),
    attribute!(read_only time created, Some(RoleColumn::Created), CREATED),
    attribute!(read_only time modified, Some(RoleColumn::Modified), MODIFIED),
];

impl Deletable for Roles {
    type Delete = DeleteRole;

    fn deletion(target: Target) -> DeleteRole {
        DeleteRole {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            ceiling: Default::default(),
        }
    }
}

impl Writable for Roles {
    type Create = CreateRole;
    type Update = UpdateRole;
    const CLIENT_ID: Option<fn(&mut RoleChanges, String)> =
        Some(|changes, id| changes.external_id = Some(id));

    async fn creation(
        guard: &Guard,
        draft: RoleChanges,
        mut field_errors: Vec<FieldError>,
        mut linked: RelationshipIds,
    ) -> Result<(CreateRole, OneTimeAttributes), ApiError> {
        let users = linked.take("users");
        let mut operation = CreateRole {
            changes: draft,
            includes: linked.take("includes"),
            users,
            ceiling: Default::default(),
        };
        guard.permits(&mut operation)?;
        field_errors.extend(CreateRole::missing(&operation.changes));
        let claims =
            || FindNameConflicts::new(UniqueNames::Role(Box::new(operation.changes.clone())), None);
        refuse_all(guard, field_errors, claims).await?;
        Ok((operation, OneTimeAttributes::new()))
    }

    async fn change(
        guard: &Guard,
        target: Target,
        draft: RoleChanges,
        field_errors: Vec<FieldError>,
        mut linked: RelationshipIds,
    ) -> Result<UpdateRole, ApiError> {
        let mut operation = UpdateRole {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            changes: draft,
            includes: linked.take("includes"),
            users: linked.take("users"),
            ceiling: Default::default(),
        };
        guard.permits(&mut operation)?;
        let claims = || {
            FindNameConflicts::new(
                UniqueNames::Role(Box::new(operation.changes.clone())),
                Some(target.id),
            )
        };
        refuse_all(guard, field_errors, claims).await?;
        Ok(operation)
    }
}
