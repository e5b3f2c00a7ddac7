//! Workspaces, clusters and partners with good defaults.

use rolecall::directory::clusters::{ClusterChanges, CreateCluster};
use rolecall::directory::delegation::GrantScope;
use rolecall::directory::partners::{CreatePartner, PartnerChanges};
use rolecall::directory::workspaces::{CreateWorkspace, WorkspaceChanges};

use super::app::TestApp;
use super::builders::unique;

/// A workspace with a title and a code of its own.
pub fn a_workspace() -> WorkspaceBuilder {
    WorkspaceBuilder {
        changes: WorkspaceChanges {
            title: Some(unique("Workspace ")),
            code: Some(unique("W")),
        },
    }
}

pub struct WorkspaceBuilder {
    changes: WorkspaceChanges,
}

impl WorkspaceBuilder {
    pub fn titled(mut self, title: &str) -> Self {
        self.changes.title = Some(title.to_owned());
        self
    }

    pub fn coded(mut self, code: &str) -> Self {
        self.changes.code = Some(code.to_owned());
        self
    }

    pub fn create(self, app: &TestApp) -> WorkspaceMade {
        let create = CreateWorkspace {
            changes: self.changes,
        };
        let made = app.inside(async |directory, context| directory.write(context, create).await);
        WorkspaceMade {
            id: made.id,
            title: made.title,
            code: made.code,
        }
    }
}

/// A workspace that was made.
#[derive(Clone, Debug)]
pub struct WorkspaceMade {
    pub id: i64,
    pub title: String,
    pub code: String,
}

impl WorkspaceMade {
    pub fn path(&self) -> String {
        format!("/workspaces/{}", self.id)
    }

    pub fn place(&self) -> GrantScope {
        GrantScope {
            workspace: Some(self.id),
            cluster: None,
        }
    }
}

/// A health cluster with a title of its own, in a workspace of its own.
pub fn a_cluster() -> ClusterBuilder {
    ClusterBuilder {
        changes: ClusterChanges {
            title: Some(unique("Cluster ")),
            cluster_type: Some("health".into()),
            ..ClusterChanges::default()
        },
        partners: Vec::new(),
    }
}

pub struct ClusterBuilder {
    changes: ClusterChanges,
    partners: Vec<i64>,
}

impl ClusterBuilder {
    pub fn titled(mut self, title: &str) -> Self {
        self.changes.title = Some(title.to_owned());
        self
    }

    pub fn about(mut self, cluster_type: &str) -> Self {
        self.changes.cluster_type = Some(cluster_type.to_owned());
        self
    }

    pub fn within(mut self, workspace: &WorkspaceMade) -> Self {
        self.changes.workspace_id = Some(workspace.id);
        self
    }

    pub fn with_partner(mut self, partner: &PartnerMade) -> Self {
        self.partners.push(partner.id);
        self
    }

    pub fn create(mut self, app: &TestApp) -> ClusterMade {
        let workspace = self.changes.workspace_id;
        let workspace = workspace.unwrap_or_else(|| a_workspace().create(app).id);
        self.changes.workspace_id = Some(workspace);
        let create = CreateCluster {
            changes: self.changes,
            partners: Some(self.partners),
        };
        let made = app.inside(async |directory, context| directory.write(context, create).await);
        ClusterMade {
            id: made.id,
            title: made.title,
            full_title: made.full_title,
            workspace,
        }
    }
}

/// A cluster that was made.
#[derive(Clone, Debug)]
pub struct ClusterMade {
    pub id: i64,
    pub title: String,
    pub full_title: String,
    /// The id of its workspace.
    pub workspace: i64,
}

impl ClusterMade {
    pub fn path(&self) -> String {
        format!("/clusters/{}", self.id)
    }

    pub fn place(&self) -> GrantScope {
        GrantScope {
            workspace: None,
            cluster: Some(self.id),
        }
    }
}

/// A partner with a title of its own.
pub fn a_partner() -> PartnerBuilder {
    PartnerBuilder {
        changes: PartnerChanges {
            title: Some(unique("Partner ")),
            ..PartnerChanges::default()
        },
        clusters: Vec::new(),
    }
}

pub struct PartnerBuilder {
    changes: PartnerChanges,
    clusters: Vec<i64>,
}

impl PartnerBuilder {
    pub fn titled(mut self, title: &str) -> Self {
        self.changes.title = Some(title.to_owned());
        self
    }

    pub fn of_type(mut self, partner_type: &str) -> Self {
        self.changes.partner_type = Some(partner_type.to_owned());
        self
    }

    /// Whatever there is no method for.
    pub fn with(mut self, change: impl FnOnce(&mut PartnerChanges)) -> Self {
        change(&mut self.changes);
        self
    }

    pub fn working_in(mut self, cluster: &ClusterMade) -> Self {
        self.clusters.push(cluster.id);
        self
    }

    pub fn create(self, app: &TestApp) -> PartnerMade {
        let create = CreatePartner {
            changes: self.changes,
            clusters: Some(self.clusters),
        };
        let made = app.inside(async |directory, context| directory.write(context, create).await);
        PartnerMade {
            id: made.id,
            title: made.title,
        }
    }
}

/// A partner that was made.
#[derive(Clone, Debug)]
pub struct PartnerMade {
    pub id: i64,
    pub title: String,
}

impl PartnerMade {
    pub fn path(&self) -> String {
        format!("/partners/{}", self.id)
    }
}
