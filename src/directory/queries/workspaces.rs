use super::audit::append_audit;
use super::prelude::*;
use super::{env, found, scopes};
use crate::directory::delegation::GrantScope;
use crate::directory::events::{described, difference};
use crate::directory::workspaces::{
    CreateWorkspace, DeleteWorkspace, FindWorkspace, NewWorkspace, UpdateWorkspace, Workspace,
    WorkspaceColumn, Workspaces, WorkspacesOf,
};
use crate::storage::schema::{clusters, workspaces};

columns!(workspaces, WorkspaceColumn {
    Id: number id,
    Title: text title,
    Code: text code,
    Created: text created,
    Modified: text modified,
});
no_own!(workspaces);

impl Run for FindWorkspace {
    type Answer = Option<Workspace>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<Workspace>, DirectoryError> {
        let Some(seen) = scopes::workspaces_seen(self.visible, context) else {
            return by_id(self.id, connection).await;
        };
        let query = workspaces::table
            .find(self.id)
            .filter(seen)
            .select(Workspace::as_select());
        Ok(query.get_result(connection).await.optional()?)
    }
}

async fn by_id(id: i64, connection: &mut Conn) -> Result<Option<Workspace>, DirectoryError> {
    let query = workspaces::table.find(id).select(Workspace::as_select());
    Ok(query.get_result(connection).await.optional()?)
}

/// Before a change: what is recorded as the state before it must be that.
async fn lock_by_id(id: i64, connection: &mut Conn) -> Result<Option<Workspace>, DirectoryError> {
    let query = env::for_update!(workspaces::table.find(id).select(Workspace::as_select()));
    Ok(query.get_result(connection).await.optional()?)
}

/// Whether there is such a workspace that the caller sees.
pub async fn sees(
    visible: Visibility,
    id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let mut query = workspaces::table
        .find(id)
        .select(workspaces::id)
        .into_boxed::<Db>();
    if let Some(seen) = scopes::workspaces_seen(visible, context) {
        query = query.filter(seen);
    }
    Ok(query.first::<i64>(connection).await.optional()?.is_some())
}

impl Run for List<Workspaces> {
    type Answer = Listed<Workspace>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<Workspace>, DirectoryError> {
        let seen = || filtered(self, None, context);
        let among: Option<&dyn Fn() -> _> = match self.visible {
            Visibility::All => None,
            _ => Some(&seen),
        };
        let wanted = resolve_patterns(&self.condition, among, connection).await?;
        let matching = || filtered(self, wanted.as_ref(), context);
        let rows = page!(self, matching(), Workspace, context, connection);
        let total = total!(self, rows, matching(), connection);
        Ok(Listed { rows, total })
    }
}

fn filtered(
    list: &List<Workspaces>,
    wanted: Option<&Condition<WorkspaceColumn>>,
    context: &Context,
) -> workspaces::BoxedQuery<'static, Db> {
    let mut query = workspaces::table.into_boxed::<Db>();
    if let Some(seen) = scopes::workspaces_seen(list.visible, context) {
        query = query.filter(seen);
    }
    query = match &list.parent {
        Some(WorkspacesOf::Ids(ids)) => query.filter(env::id_in(workspaces::id, ids.clone())),
        None => query,
    };
    match wanted {
        Some(wanted) => query.filter(condition(wanted, context)),
        None => query,
    }
}

audit_entry_for!("workspaces");

impl Run for CreateWorkspace {
    type Answer = Workspace;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Workspace, DirectoryError> {
        let now = context.now_text();
        let new = NewWorkspace {
            title: self.changes.title.as_deref().unwrap_or_default(),
            code: self.changes.code.as_deref().unwrap_or_default(),
            created: &now,
            modified: &now,
            created_by: context.actor_id(),
            modified_by: context.actor_id(),
        };
        let id: i64 = diesel::insert_into(workspaces::table)
            .values(new)
            .returning(workspaces::id)
            .get_result(connection)
            .await?;
        let workspace = found(by_id(id, connection).await?)?;
        let after = Some(described(&workspace));
        append_audit(context, connection, audit_entry("create", id, None, after)).await?;
        Ok(workspace)
    }
}

impl Run for UpdateWorkspace {
    type Answer = Workspace;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Workspace, DirectoryError> {
        if !sees(self.visible, self.id, context, connection).await? {
            return Err(DirectoryError::NotFound);
        }
        let before = found(lock_by_id(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        let changes = self.changes.clone();
        let changes = changes.without_unchanged(&before);
        if changes.is_empty() {
            return Ok(before);
        }
        diesel::update(workspaces::table.find(self.id))
            .set((
                &changes,
                workspaces::version.eq(workspaces::version + 1),
                workspaces::modified.eq(context.now_text()),
                workspaces::modified_by.eq(context.actor_id()),
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

impl Run for DeleteWorkspace {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        if !sees(self.visible, self.id, context, connection).await? {
            return Err(DirectoryError::NotFound);
        }
        let before = found(lock_by_id(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        let row = clusters::table
            .filter(clusters::workspace_id.eq(self.id))
            .select(clusters::id);
        if row.first::<i64>(connection).await.optional()?.is_some() {
            return Err(DirectoryError::Protected(
                "Clusters are in this workspace: move or delete them first.",
            ));
        }
        let place = GrantScope {
            workspace: Some(self.id),
            ..GrantScope::UN_SCOPED
        };
        scopes::refuse_held(place, connection).await?;
        let told = described(&before);
        let deleted = diesel::delete(workspaces::table.find(self.id))
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
