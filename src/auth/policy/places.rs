//! The rules of workspaces, clusters and partners.

use super::{Authorize, require};
use crate::auth::guard::PolicyError;
use crate::auth::principal::Principal;
use crate::directory::clusters::{
    Clusters, CreateCluster, DeleteCluster, FindCluster, UpdateCluster,
};
use crate::directory::listing::List;
use crate::directory::partners::{
    CreatePartner, DeletePartner, FindPartner, Partners, UpdatePartner,
};
use crate::directory::permissions::Permission;
use crate::directory::workspaces::{
    CreateWorkspace, DeleteWorkspace, FindWorkspace, UpdateWorkspace, Workspaces,
};

impl Authorize for List<Workspaces> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::WorkspacesRead);
        Ok(())
    }
}

impl Authorize for FindWorkspace {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::WorkspacesRead);
        Ok(())
    }
}

impl Authorize for CreateWorkspace {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        require(principal, Permission::WorkspacesWrite)
    }
}

impl Authorize for UpdateWorkspace {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::WorkspacesRead);
        require(principal, Permission::WorkspacesWrite)
    }
}

impl Authorize for DeleteWorkspace {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::WorkspacesRead);
        require(principal, Permission::WorkspacesWrite)
    }
}

impl Authorize for List<Clusters> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::ClustersRead);
        Ok(())
    }
}

impl Authorize for FindCluster {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::ClustersRead);
        Ok(())
    }
}

impl Authorize for CreateCluster {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        require(principal, Permission::ClustersWrite)?;
        if self.partners.as_ref().is_some_and(|some| !some.is_empty()) {
            require(principal, Permission::PartnersWrite)?;
        }
        Ok(())
    }
}

impl Authorize for UpdateCluster {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::ClustersRead);
        self.ceiling = principal.ceiling();
        require(principal, Permission::ClustersWrite)?;
        if self.partners.is_some() {
            require(principal, Permission::PartnersWrite)?;
        }
        Ok(())
    }
}

impl Authorize for DeleteCluster {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::ClustersRead);
        require(principal, Permission::ClustersWrite)
    }
}

impl Authorize for List<Partners> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::PartnersRead);
        Ok(())
    }
}

impl Authorize for FindPartner {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::PartnersRead);
        Ok(())
    }
}

impl Authorize for CreatePartner {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        require(principal, Permission::PartnersWrite)
    }
}

impl Authorize for UpdatePartner {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::PartnersRead);
        require(principal, Permission::PartnersWrite)
    }
}

impl Authorize for DeletePartner {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::PartnersRead);
        require(principal, Permission::PartnersWrite)
    }
}
