use super::audit::append_audit;
use super::ceiling::may_move_cluster;
use super::prelude::*;
use super::{env, found, pair_relations, scopes};
use crate::directory::clusters::{
    Cluster, ClusterChanges, ClusterColumn, Clusters, ClustersOf, CreateCluster, DeleteCluster,
    FindCluster, NewCluster, UpdateCluster,
};
use crate::directory::delegation::GrantScope;
use crate::directory::events::{described, difference};
use crate::directory::members::{Authority, Relation};
use crate::storage::schema::{clusters, partner_clusters, workspaces};

columns!(clusters, ClusterColumn {
    Id: number id,
    Title: text title,
    ClusterType: text cluster_type,
    ImportedType: maybe_text imported_type,
    Workspace: number workspace_id,
    Created: text created,
    Modified: text modified,
});
no_own!(clusters);

impl Run for FindCluster {
    type Answer = Option<Cluster>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<Cluster>, DirectoryError> {
        let Some(seen) = scopes::clusters_seen(self.visible, context) else {
            return by_id(self.id, connection).await;
        };
        let query = clusters::table
            .find(self.id)
            .filter(seen)
            .select(Cluster::as_select());
        Ok(query.get_result(connection).await.optional()?)
    }
}

async fn by_id(id: i64, connection: &mut Conn) -> Result<Option<Cluster>, DirectoryError> {
    let query = clusters::table.find(id).select(Cluster::as_select());
    Ok(query.get_result(connection).await.optional()?)
}

/// Before a change: what is recorded as the state before it must be that.
async fn lock_by_id(id: i64, connection: &mut Conn) -> Result<Option<Cluster>, DirectoryError> {
    let query = env::for_update!(clusters::table.find(id).select(Cluster::as_select()));
    Ok(query.get_result(connection).await.optional()?)
}

/// Whether there is such a cluster that the caller sees.
pub async fn sees(
    visible: Visibility,
    id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let mut query = clusters::table
        .find(id)
        .select(clusters::id)
        .into_boxed::<Db>();
    if let Some(seen) = scopes::clusters_seen(visible, context) {
        query = query.filter(seen);
    }
    Ok(query.first::<i64>(connection).await.optional()?.is_some())
}

/// Nobody else changes the cluster until this transaction ends.
pub async fn lock_row(id: i64, connection: &mut Conn) -> Result<(), DirectoryError> {
    found(lock_by_id(id, connection).await?).map(drop)
}

async fn workspace_exists(
    workspace: Option<i64>,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let Some(workspace) = workspace else {
        return Ok(());
    };
    let row = workspaces::table.find(workspace).select(workspaces::id);
    match row.first::<i64>(connection).await.optional()? {
        Some(_) => Ok(()),
        None => Err(DirectoryError::no_such("workspaces", "workspace")),
    }
}

fn validated_changes(
    changes: &ClusterChanges,
    before: Option<&Cluster>,
) -> Result<ClusterChanges, DirectoryError> {
    let validated = changes.clone().validated(before);
    validated.map_err(|problem| DirectoryError::Invalid(vec![problem]))
}

impl Run for List<Clusters> {
    type Answer = Listed<Cluster>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<Cluster>, DirectoryError> {
        let seen = || filtered(self, None, context);
        let among: Option<&dyn Fn() -> _> = match self.visible {
            Visibility::All => None,
            _ => Some(&seen),
        };
        let wanted = resolve_patterns(&self.condition, among, connection).await?;
        let matching = || filtered(self, wanted.as_ref(), context);
        let rows = page!(self, matching(), Cluster, context, connection);
        let total = total!(self, rows, matching(), connection);
        Ok(Listed { rows, total })
    }
}

fn filtered(
    list: &List<Clusters>,
    wanted: Option<&Condition<ClusterColumn>>,
    context: &Context,
) -> clusters::BoxedQuery<'static, Db> {
    let mut query = clusters::table.into_boxed::<Db>();
    if let Some(seen) = scopes::clusters_seen(list.visible, context) {
        query = query.filter(seen);
    }
    query = match &list.parent {
        Some(ClustersOf::Workspaces(workspaces)) => {
            query.filter(env::id_in(clusters::workspace_id, workspaces.clone()))
        }
        Some(ClustersOf::Partner(partner)) => {
            let theirs = partner_clusters::table
                .filter(partner_clusters::partner_id.eq(*partner))
                .select(partner_clusters::cluster_id);
            query.filter(clusters::id.eq_any(theirs))
        }
        Some(ClustersOf::Ids(ids)) => query.filter(env::id_in(clusters::id, ids.clone())),
        None => query,
    };
    match wanted {
        Some(wanted) => query.filter(condition(wanted, context)),
        None => query,
    }
}

audit_entry_for!("clusters");

impl Run for CreateCluster {
    type Answer = Cluster;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Cluster, DirectoryError> {
        workspace_exists(self.changes.workspace_id, connection).await?;
        let changes = validated_changes(&self.changes, None)?;
        let now = context.now_text();
        let new = NewCluster {
            title: changes.title.as_deref().unwrap_or_default(),
            cluster_type: changes.cluster_type.as_deref().unwrap_or_default(),
            imported_type: changes.imported_type.as_ref().and_then(|t| t.as_deref()),
            workspace_id: changes.workspace_id.unwrap_or_default(),
            created: &now,
            modified: &now,
            created_by: context.actor_id(),
            modified_by: context.actor_id(),
        };
        let id: i64 = diesel::insert_into(clusters::table)
            .values(new)
            .returning(clusters::id)
            .get_result(connection)
            .await?;
        let cluster = found(by_id(id, connection).await?)?;
        let after = Some(described(&cluster));
        append_audit(context, connection, audit_entry("create", id, None, after)).await?;
        if let Some(partners) = &self.partners {
            let side = Relation::ClusterPartners.of(id);
            let authority = Authority::default();
            pair_relations::replace(side, partners, authority, context, connection).await?;
        }
        Ok(cluster)
    }
}

impl Run for UpdateCluster {
    type Answer = Cluster;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Cluster, DirectoryError> {
        if !sees(self.visible, self.id, context, connection).await? {
            return Err(DirectoryError::NotFound);
        }
        let before = found(lock_by_id(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        workspace_exists(self.changes.workspace_id, connection).await?;
        if let Some(partners) = &self.partners {
            let side = Relation::ClusterPartners.of(self.id);
            let authority = Authority::default();
            pair_relations::replace(side, partners, authority, context, connection).await?;
        }
        let mut changes = self.changes.clone().without_unchanged(&before);
        if !changes.is_empty() {
            changes = validated_changes(&self.changes, Some(&before))?.without_unchanged(&before);
        }
        if changes.is_empty() {
            return Ok(before);
        }
        if let Some(workspace) = changes.workspace_id {
            let places = (before.workspace_id, workspace);
            may_move_cluster(self.ceiling, places, context, connection).await?;
        }
        diesel::update(clusters::table.find(self.id))
            .set((
                &changes,
                clusters::version.eq(clusters::version + 1),
                clusters::modified.eq(context.now_text()),
                clusters::modified_by.eq(context.actor_id()),
            ))
            .cached()
            .execute(connection)
            .await?;
        let after = found(by_id(self.id, connection).await?)?;
        let (old, new) = difference(described(&before), described(&after));
        append_audit(
            context,
            connection,
            audit_entry("update", self.id, Some(old), Some(new)),
        )
        .await?;
        Ok(after)
    }
}

impl Run for DeleteCluster {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        if !sees(self.visible, self.id, context, connection).await? {
            return Err(DirectoryError::NotFound);
        }
        let before = found(lock_by_id(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        let place = GrantScope {
            cluster: Some(self.id),
            ..GrantScope::UN_SCOPED
        };
        scopes::refuse_held(place, connection).await?;
        // What goes with it is told with it.
        let side = Relation::ClusterPartners.of(self.id);
        let pairs = pair_relations::members(side, connection).await?;
        let mut told = described(&before);
        told.insert(side.relation.name().into(), pairs.into_iter().collect());
        let deleted = diesel::delete(clusters::table.find(self.id))
            .execute(connection)
            .await?;
        if deleted == 0 {
            return Err(DirectoryError::NotFound);
        }
        append_audit(
            context,
            connection,
            audit_entry("delete", self.id, Some(told), None),
        )
        .await
    }
}
