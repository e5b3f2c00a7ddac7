use crate::api::attribute::{CREATED, CREATED_BY, MODIFIED};
use crate::api::decode::refuse;
use crate::api::error::ApiError;
use crate::api::resource::{
    Attribute, Deletable, OneTimeAttributes, Relationship, RelationshipIds, Resource, ResourceMeta,
    Revision, Target, Writability, Writable,
};
use crate::auth::Guard;
use crate::directory::delegation::GrantScope;
use crate::directory::grants::{
    CreateGrant, DeleteGrant, FindGrant, Grant, GrantChanges, GrantColumn, UpdateGrant,
};
use crate::directory::{self, FieldError};

pub struct Grants;

impl Resource for Grants {
    const TYPE: &'static str = "grants";
    const DOC: &'static str =
        "A role held by a user: everywhere or in a workspace or a cluster, always or for a time.";
    const RELATIONSHIPS: &'static [Relationship] = &[
        Relationship {
            name: "user",
            target: "users",
            to_many: false,
            doc: "The user who holds the role.",
            writability: Writability::OnCreate,
        },
        Relationship {
            name: "role",
            target: "roles",
            to_many: false,
            doc: "The role that is held. It can be replaced by another one of the same scope.",
            writability: Writability::Always,
        },
        Relationship {
            name: "workspace",
            target: "workspaces",
            to_many: false,
            doc: "The workspace that a role of the scope workspace is held in.",
            writability: Writability::OnCreate,
        },
        Relationship {
            name: "cluster",
            target: "clusters",
            to_many: false,
            doc: "The cluster that a role of the scope cluster is held in.",
            writability: Writability::OnCreate,
        },
    ];
    const FOREIGN_KEYS: &'static [(&'static str, GrantColumn)] = &[
        ("user", GrantColumn::User),
        ("role", GrantColumn::Role),
        ("workspace", GrantColumn::Workspace),
        ("cluster", GrantColumn::Cluster),
    ];
    const REQUIRED_RELATIONSHIPS: &'static [&'static str] = &["user", "role"];
    type Entity = directory::grants::Grants;
    type Find = FindGrant;
    type Draft = GrantChanges;

    fn attributes() -> &'static [Attribute<Self>] {
        ATTRIBUTES
    }

    fn id(row: &Grant) -> i64 {
        row.id
    }

    fn find(id: i64) -> FindGrant {
        FindGrant {
            id,
            visible: Default::default(),
        }
    }

    fn revision(row: &Grant) -> Revision<'_> {
        Revision {
            version: row.version,
            last_activity: None,
        }
    }

    fn meta(row: &Grant) -> Option<ResourceMeta<'_>> {
        Some(ResourceMeta {
            created: &row.created,
            modified: &row.modified,
            created_by: row.created_by,
            modified_by: row.last_author(),
            external_id: None,
        })
    }
}

draft_is_changes!(GrantChanges);

const ATTRIBUTES: &[Attribute<Grants>] = &[
    attribute!(
        flag is_active,
        Some(GrantColumn::IsActive),
        "Whether the grant is in effect; true for a new grant."
    ),
    attribute!(
        nullable_time valid_from,
        Some(GrantColumn::ValidFrom),
        "The time from which the grant is in effect. Null: from the beginning."
    ),
    attribute!(
        nullable_time valid_until,
        Some(GrantColumn::ValidUntil),
        "The time at which the grant expires. Null: never."
    ),
    attribute!(read_only nullable_number created_by, Some(GrantColumn::CreatedBy), CREATED_BY),
    attribute!(read_only time created, Some(GrantColumn::Created), CREATED),
    attribute!(read_only time modified, Some(GrantColumn::Modified), MODIFIED),
];

impl Deletable for Grants {
    type Delete = DeleteGrant;

    fn deletion(target: Target) -> DeleteGrant {
        DeleteGrant {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            authority: Default::default(),
        }
    }
}

impl Writable for Grants {
    type Create = CreateGrant;
    type Update = UpdateGrant;

    async fn creation(
        guard: &Guard,
        draft: GrantChanges,
        mut field_errors: Vec<FieldError>,
        mut linked: RelationshipIds,
    ) -> Result<(CreateGrant, OneTimeAttributes), ApiError> {
        let user = linked.one("user");
        let role = linked.one("role");
        let mut operation = CreateGrant {
            visible: Default::default(),
            user_id: user.unwrap_or_default(),
            role_id: role.unwrap_or_default(),
            place: GrantScope {
                workspace: linked.one("workspace"),
                cluster: linked.one("cluster"),
            },
            changes: draft,
            authority: Default::default(),
        };
        guard.permits(&mut operation)?;
        for (name, named) in [("user", user), ("role", role)] {
            if named.is_none() {
                field_errors.push(FieldError::missing(name));
            }
        }
        refuse(field_errors)?;
        Ok((operation, OneTimeAttributes::new()))
    }

    async fn change(
        guard: &Guard,
        target: Target,
        mut draft: GrantChanges,
        mut field_errors: Vec<FieldError>,
        mut linked: RelationshipIds,
    ) -> Result<UpdateGrant, ApiError> {
        if let Some(roles) = linked.take("role") {
            draft.role_id = roles.first().copied();
            if draft.role_id.is_none() {
                field_errors.push(FieldError::invalid("role", "A grant needs a role."));
            }
        }
        let mut operation = UpdateGrant {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            changes: draft,
            authority: Default::default(),
        };
        guard.permits(&mut operation)?;
        refuse(field_errors)?;
        Ok(operation)
    }
}
