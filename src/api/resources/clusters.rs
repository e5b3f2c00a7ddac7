use crate::api::attribute::{CREATED, MODIFIED};
use crate::api::decode::refuse;
use crate::api::error::ApiError;
use crate::api::resource::{
    Attribute, Constraints, Deletable, OneTimeAttributes, Relationship, RelationshipIds, Resource,
    ResourceMeta, Revision, Target, Writability, Writable,
};
use crate::auth::Guard;
use crate::directory::clusters::{
    CLUSTER_TYPES, Cluster, ClusterChanges, ClusterColumn, CreateCluster, DeleteCluster,
    FindCluster, UpdateCluster,
};
use crate::directory::{self, FieldError, values};

pub struct Clusters;

impl Resource for Clusters {
    const TYPE: &'static str = "clusters";
    const DOC: &'static str =
        "The sectors of a workspace, like health or education. Roles can be held in one.";
    const RELATIONSHIPS: &'static [Relationship] = &[
        Relationship {
            name: "workspace",
            target: "workspaces",
            to_many: false,
            doc: "The workspace that the cluster is in; a new cluster must name it.",
            writability: Writability::Always,
        },
        Relationship {
            name: "partners",
            target: "partners",
            to_many: true,
            doc: "The partners that work in it.",
            writability: Writability::Always,
        },
        Relationship {
            name: "grants",
            target: "grants",
            to_many: true,
            doc: "The roles that are held in it.",
            writability: Writability::Never,
        },
    ];
    const FOREIGN_KEYS: &'static [(&'static str, ClusterColumn)] =
        &[("workspace", ClusterColumn::Workspace)];
    const REQUIRED_RELATIONSHIPS: &'static [&'static str] = &["workspace"];
    type Entity = directory::clusters::Clusters;
    type Find = FindCluster;
    type Draft = ClusterChanges;

    fn attributes() -> &'static [Attribute<Self>] {
        ATTRIBUTES
    }

    fn id(row: &Cluster) -> i64 {
        row.id
    }

    fn find(id: i64) -> FindCluster {
        FindCluster {
            id,
            visible: Default::default(),
        }
    }

    fn revision(row: &Cluster) -> Revision<'_> {
        Revision {
            version: row.version,
            last_activity: None,
        }
    }

    fn related_version(row: &Cluster) -> Option<i64> {
        Some(row.workspace_version)
    }

    fn meta(row: &Cluster) -> Option<ResourceMeta<'_>> {
        Some(ResourceMeta {
            created: &row.created,
            modified: &row.modified,
            created_by: row.created_by,
            modified_by: row.modified_by,
            external_id: None,
        })
    }
}

draft_is_changes!(ClusterChanges);

const ATTRIBUTES: &[Attribute<Clusters>] = &[
    attribute!(
        text title,
        Some(ClusterColumn::Title),
        "What it is called within its workspace.",
        Constraints::text(1, values::MAX_TEXT).required(),
        |text| values::filled("title", text, values::MAX_TEXT)
    ),
    Attribute {
        constraints: Constraints::one_of(CLUSTER_TYPES).required(),
        ..attribute!(
            choice cluster_type,
            Some(ClusterColumn::ClusterType),
            "What it is about; imported: something else.",
            CLUSTER_TYPES
        )
    },
    attribute!(
        nullable imported_type,
        Some(ClusterColumn::ImportedType),
        "What an imported cluster is about, its title unless another is sent; null for all others.",
        Constraints::text(1, values::MAX_TEXT),
        |text| values::filled("imported_type", text, values::MAX_TEXT)
    ),
    attribute!(
        read_only text full_title,
        None,
        "The title with that of the workspace, like Health (Kenya)."
    ),
    attribute!(read_only time created, Some(ClusterColumn::Created), CREATED),
    attribute!(read_only time modified, Some(ClusterColumn::Modified), MODIFIED),
];

/// Moves the workspace from the relationships to the draft.
fn workspace(
    linked: &mut RelationshipIds,
    draft: &mut ClusterChanges,
    field_errors: &mut Vec<FieldError>,
) {
    if let Some(workspaces) = linked.take("workspace") {
        draft.workspace_id = workspaces.first().copied();
        if draft.workspace_id.is_none() {
            field_errors.push(FieldError::invalid(
                "workspace",
                "A cluster needs a workspace.",
            ));
        }
    }
}

impl Deletable for Clusters {
    type Delete = DeleteCluster;

    fn deletion(target: Target) -> DeleteCluster {
        DeleteCluster {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
        }
    }
}

impl Writable for Clusters {
    type Create = CreateCluster;
    type Update = UpdateCluster;

    async fn creation(
        guard: &Guard,
        mut draft: ClusterChanges,
        mut field_errors: Vec<FieldError>,
        mut linked: RelationshipIds,
    ) -> Result<(CreateCluster, OneTimeAttributes), ApiError> {
        workspace(&mut linked, &mut draft, &mut field_errors);
        let mut operation = CreateCluster {
            changes: draft,
            partners: linked.take("partners"),
        };
        guard.permits(&mut operation)?;
        field_errors.extend(CreateCluster::missing(&operation.changes));
        refuse(field_errors)?;
        Ok((operation, OneTimeAttributes::new()))
    }

    async fn change(
        guard: &Guard,
        target: Target,
        mut draft: ClusterChanges,
        mut field_errors: Vec<FieldError>,
        mut linked: RelationshipIds,
    ) -> Result<UpdateCluster, ApiError> {
        workspace(&mut linked, &mut draft, &mut field_errors);
        let mut operation = UpdateCluster {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            changes: draft,
            partners: linked.take("partners"),
            ceiling: Default::default(),
        };
        guard.permits(&mut operation)?;
        refuse(field_errors)?;
        Ok(operation)
    }
}
