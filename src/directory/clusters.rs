//! Clusters: the sectors of a workspace, like health or education.

use diesel::dsl::auto_type;
use diesel::{
    AsChangeset, ExpressionMethods, Insertable, NullableExpressionMethods, QueryDsl, Queryable,
    Selectable, TextExpressionMethods,
};
use serde::Serialize;

use super::batch::{CreatedIds, ResolveIds};
use super::error::FieldError;
use super::listing::{Entity, Visibility};
use super::permissions::PrivilegeCeiling;
use super::users::drop_same;
use super::{Expected, Operation};
use crate::storage::schema::{clusters, workspaces};

/// What a cluster is about.
pub const CLUSTER_TYPES: &[&str] = &[
    "cccm",
    "early_recovery",
    "education",
    "health",
    "nutrition",
    "protection",
    "shelter",
    "wash",
    IMPORTED,
];

/// The type of clusters that are about something else, which they name.
pub const IMPORTED: &str = "imported";

#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = clusters)]
pub struct Cluster {
    pub id: i64,
    pub title: String,
    pub cluster_type: String,
    /// What an imported cluster is about; null for all others.
    pub imported_type: Option<String>,
    #[serde(rename = "workspace")]
    pub workspace_id: i64,
    /// `Health (Kenya)`: read in the same statement, whatever the page.
    #[serde(skip)]
    #[diesel(select_expression = full_title(), select_expression_type = full_title)]
    pub full_title: String,
    /// Moves when the title of the workspace does.
    #[serde(skip)]
    #[diesel(select_expression = workspace_version(), select_expression_type = workspace_version)]
    pub workspace_version: i64,
    pub version: i64,
    pub created: String,
    pub modified: String,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
}

#[auto_type]
fn full_title() -> _ {
    let workspace = workspaces::table
        .filter(workspaces::id.eq(clusters::workspace_id))
        .select(workspaces::title)
        .single_value()
        .assume_not_null();
    clusters::title.concat(" (").concat(workspace).concat(")")
}

#[auto_type]
fn workspace_version() -> _ {
    workspaces::table
        .filter(workspaces::id.eq(clusters::workspace_id))
        .select(workspaces::version)
        .single_value()
        .assume_not_null()
}

#[derive(Insertable)]
#[diesel(table_name = clusters, treat_none_as_default_value = false)]
pub struct NewCluster<'a> {
    pub title: &'a str,
    pub cluster_type: &'a str,
    pub imported_type: Option<&'a str>,
    pub workspace_id: i64,
    pub created: &'a str,
    pub modified: &'a str,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
}

/// What shall be changed; `None` leaves a column alone, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, AsChangeset)]
#[diesel(table_name = clusters)]
pub struct ClusterChanges {
    pub title: Option<String>,
    pub cluster_type: Option<String>,
    pub imported_type: Option<Option<String>>,
    pub workspace_id: Option<i64>,
}

impl ClusterChanges {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Without what the cluster is already: clients send back whole records.
    pub fn without_unchanged(mut self, cluster: &Cluster) -> Self {
        drop_same(&mut self.title, &cluster.title);
        drop_same(&mut self.cluster_type, &cluster.cluster_type);
        drop_same(&mut self.imported_type, &cluster.imported_type);
        drop_same(&mut self.workspace_id, &cluster.workspace_id);
        self
    }

    /// With the `imported_type` that follows from the rest: an imported
    /// cluster has one, its title unless another is named, and no other has.
    pub fn validated(mut self, before: Option<&Cluster>) -> Result<Self, FieldError> {
        let old_type = before.map(|cluster| cluster.cluster_type.as_str());
        let cluster_type = self.cluster_type.as_deref().or(old_type);
        let named = self.imported_type.clone().flatten();
        if cluster_type != Some(IMPORTED) {
            if named.is_some() {
                return Err(FieldError::invalid(
                    "imported_type",
                    "Only a cluster whose cluster_type is imported has an imported_type.",
                ));
            }
            self.imported_type = Some(None);
            return Ok(self);
        }
        if named.is_none() {
            // One that was named before stays, unless it shall be emptied.
            let kept = before
                .filter(|_| self.imported_type.is_none())
                .filter(|before| before.imported_type.as_ref() != Some(&before.title))
                .and_then(|before| before.imported_type.clone());
            let title = self.title.clone();
            let title = title.or_else(|| before.map(|before| before.title.clone()));
            self.imported_type = Some(kept.or(title));
        }
        Ok(self)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterColumn {
    Id,
    Title,
    ClusterType,
    ImportedType,
    Workspace,
    Created,
    Modified,
}

/// What a list of clusters can be confined to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClustersOf {
    /// In these workspaces.
    Workspaces(Vec<i64>),
    /// Where this partner works.
    Partner(i64),
    /// These ids, for `include`.
    Ids(Vec<i64>),
}

#[derive(Debug)]
pub struct Clusters;

impl Entity for Clusters {
    type Row = Cluster;
    type Column = ClusterColumn;
    type Parent = ClustersOf;
    const ID: ClusterColumn = ClusterColumn::Id;

    fn of_ids(ids: Vec<i64>) -> ClustersOf {
        ClustersOf::Ids(ids)
    }

    fn is_indexed(column: ClusterColumn) -> bool {
        use ClusterColumn::{Id, Title, Workspace};
        matches!(column, Id | Title | Workspace)
    }
}

#[derive(Debug)]
pub struct FindCluster {
    pub id: i64,
    pub visible: Visibility,
}

impl Operation for FindCluster {
    type Output = Option<Cluster>;
}

/// Makes a cluster; with `partners` these work in it at once.
#[derive(Clone, Debug)]
pub struct CreateCluster {
    pub changes: ClusterChanges,
    pub partners: Option<Vec<i64>>,
}

impl CreateCluster {
    /// Tells what a new cluster lacks.
    pub fn missing(changes: &ClusterChanges) -> Vec<FieldError> {
        let lacking = [
            ("title", changes.title.is_none()),
            ("cluster_type", changes.cluster_type.is_none()),
            ("workspace", changes.workspace_id.is_none()),
        ];
        FieldError::all_missing(&lacking)
    }
}

impl Operation for CreateCluster {
    type Output = Cluster;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// Changes a cluster; with `partners` these are replaced.
#[derive(Clone, Debug)]
pub struct UpdateCluster {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    pub changes: ClusterChanges,
    pub partners: Option<Vec<i64>>,
    /// What the caller may, which bounds where a cluster is moved.
    pub ceiling: PrivilegeCeiling,
}

impl Operation for UpdateCluster {
    type Output = Cluster;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// Refused while roles are held in it.
#[derive(Clone, Debug)]
pub struct DeleteCluster {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
}

impl Operation for DeleteCluster {
    type Output = ();

    fn touches_credentials(&self) -> bool {
        false
    }
}

impl ResolveIds for CreateCluster {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        if let Some(workspace) = &mut self.changes.workspace_id {
            created_ids.resolve(workspace);
        }
        created_ids.resolve_all(self.partners.as_deref_mut().unwrap_or_default());
    }
}

impl ResolveIds for UpdateCluster {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
        if let Some(workspace) = &mut self.changes.workspace_id {
            created_ids.resolve(workspace);
        }
        created_ids.resolve_all(self.partners.as_deref_mut().unwrap_or_default());
    }
}

impl ResolveIds for DeleteCluster {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(cluster_type: &str, imported_type: Option<&str>) -> Cluster {
        Cluster {
            created_by: None,
            modified_by: None,
            id: 1,
            title: "Mines".into(),
            cluster_type: cluster_type.into(),
            imported_type: imported_type.map(str::to_owned),
            workspace_id: 1,
            full_title: "Mines (Kenya)".into(),
            workspace_version: 1,
            version: 1,
            created: String::new(),
            modified: String::new(),
        }
    }

    fn imported(changes: ClusterChanges, before: Option<&Cluster>) -> Option<String> {
        changes.validated(before).unwrap().imported_type.flatten()
    }

    fn changes(title: Option<&str>, kind: Option<&str>) -> ClusterChanges {
        ClusterChanges {
            title: title.map(str::to_owned),
            cluster_type: kind.map(str::to_owned),
            ..ClusterChanges::default()
        }
    }

    #[test]
    fn an_imported_cluster_is_about_its_title_unless_it_says_otherwise() {
        let new = changes(Some("Mines"), Some(IMPORTED));
        assert_eq!(imported(new.clone(), None).as_deref(), Some("Mines"));
        let named = ClusterChanges {
            imported_type: Some(Some("demining".into())),
            ..new
        };
        assert_eq!(imported(named, None).as_deref(), Some("demining"));
        let renamed = changes(Some("Demining"), None);
        let same = cluster(IMPORTED, Some("Mines"));
        let other = cluster(IMPORTED, Some("demining"));
        assert_eq!(
            imported(renamed.clone(), Some(&same)).as_deref(),
            Some("Demining")
        );
        assert_eq!(imported(renamed, Some(&other)).as_deref(), Some("demining"));
    }

    #[test]
    fn no_other_cluster_has_an_imported_type() {
        assert_eq!(imported(changes(Some("H"), Some("health")), None), None);
        let before = cluster(IMPORTED, Some("Mines"));
        assert_eq!(imported(changes(None, Some("wash")), Some(&before)), None);
        let named = ClusterChanges {
            imported_type: Some(Some("x".into())),
            ..changes(Some("H"), Some("health"))
        };
        assert_eq!(named.validated(None).unwrap_err().field, "imported_type");
    }
}
