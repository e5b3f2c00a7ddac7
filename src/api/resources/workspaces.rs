use crate::api::attribute::{CREATED, MODIFIED};
use crate::api::decode::refuse_all;
use crate::api::error::ApiError;
use crate::api::resource::{
    Attribute, Constraints, Deletable, OneTimeAttributes, Relationship, RelationshipIds, Resource,
    ResourceMeta, Revision, Target, Writability, Writable,
};
use crate::auth::Guard;
use crate::directory::name_conflicts::{FindNameConflicts, UniqueNames};
use crate::directory::workspaces::{
    CreateWorkspace, DeleteWorkspace, FindWorkspace, MAX_CODE, UpdateWorkspace, Workspace,
    WorkspaceChanges, WorkspaceColumn,
};
use crate::directory::{self, FieldError, values};

pub struct Workspaces;

impl Resource for Workspaces {
    const TYPE: &'static str = "workspaces";
    const DOC: &'static str =
        "Workspaces, such as countries, programmes or projects. Roles can be held in one.";
    const RELATIONSHIPS: &'static [Relationship] = &[
        Relationship {
            name: "clusters",
            target: "clusters",
            to_many: true,
            doc: "The clusters in it; each names its workspace.",
            writability: Writability::Never,
        },
        Relationship {
            name: "grants",
            target: "grants",
            to_many: true,
            doc: "The roles that are held in it.",
            writability: Writability::Never,
        },
    ];
    type Entity = directory::workspaces::Workspaces;
    type Find = FindWorkspace;
    type Draft = WorkspaceChanges;

    fn attributes() -> &'static [Attribute<Self>] {
        ATTRIBUTES
    }

    fn id(row: &Workspace) -> i64 {
        row.id
    }

    fn find(id: i64) -> FindWorkspace {
        FindWorkspace {
            id,
            visible: Default::default(),
        }
    }

    fn revision(row: &Workspace) -> Revision<'_> {
        Revision {
            version: row.version,
            last_activity: None,
        }
    }

    fn meta(row: &Workspace) -> Option<ResourceMeta<'_>> {
        Some(ResourceMeta {
            created: &row.created,
            modified: &row.modified,
            created_by: row.created_by,
            modified_by: row.modified_by,
            external_id: None,
        })
    }
}

draft_is_changes!(WorkspaceChanges);

const ATTRIBUTES: &[Attribute<Workspaces>] = &[
    attribute!(
        text title,
        Some(WorkspaceColumn::Title),
        "What it is called.",
        Constraints::text(1, values::MAX_TEXT).required(),
        |text| values::filled("title", text, values::MAX_TEXT)
    ),
    attribute!(
        text code,
        Some(WorkspaceColumn::Code),
        "A unique short name.",
        Constraints::text(1, MAX_CODE).required(),
        |text| values::filled("code", text, MAX_CODE)
    ),
    attribute!(read_only time created, Some(WorkspaceColumn::Created), CREATED),
    attribute!(read_only time modified, Some(WorkspaceColumn::Modified), MODIFIED),
];

impl Deletable for Workspaces {
    type Delete = DeleteWorkspace;

    fn deletion(target: Target) -> DeleteWorkspace {
        DeleteWorkspace {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
        }
    }
}

impl Writable for Workspaces {
    type Create = CreateWorkspace;
    type Update = UpdateWorkspace;

    async fn creation(
        guard: &Guard,
        draft: WorkspaceChanges,
        mut field_errors: Vec<FieldError>,
        _: RelationshipIds,
    ) -> Result<(CreateWorkspace, OneTimeAttributes), ApiError> {
        let mut operation = CreateWorkspace { changes: draft };
        guard.permits(&mut operation)?;
        field_errors.extend(CreateWorkspace::missing(&operation.changes));
        let claims =
            || FindNameConflicts::new(UniqueNames::Workspace(operation.changes.clone()), None);
        refuse_all(guard, field_errors, claims).await?;
        Ok((operation, OneTimeAttributes::new()))
    }

    async fn change(
        guard: &Guard,
        target: Target,
        draft: WorkspaceChanges,
        field_errors: Vec<FieldError>,
        _: RelationshipIds,
    ) -> Result<UpdateWorkspace, ApiError> {
        let mut operation = UpdateWorkspace {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            changes: draft,
        };
        guard.permits(&mut operation)?;
        let claims = || {
            FindNameConflicts::new(
                UniqueNames::Workspace(operation.changes.clone()),
                Some(target.id),
            )
        };
        refuse_all(guard, field_errors, claims).await?;
        Ok(operation)
    }
}
