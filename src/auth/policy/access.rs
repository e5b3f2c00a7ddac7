//! The rules of access checks.

use super::Authorize;
use crate::auth::guard::PolicyError;
use crate::auth::principal::Principal;
use crate::directory::access::{CheckAccess, FindOrigins, SeesAll};
use crate::directory::host_access::FindHostAccess;
use crate::directory::permissions::Permission;

/// Which entities the caller can see all of: an access check must not reveal whether
/// others exist.
fn sees_all(principal: &Principal) -> SeesAll {
    SeesAll {
        roles: principal.may(Permission::RolesRead),
        workspaces: principal.may(Permission::WorkspacesRead),
        clusters: principal.may(Permission::ClustersRead),
    }
}

impl Authorize for CheckAccess {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.sees_all = sees_all(principal);
        self.visible = principal.user_visibility();
        Ok(())
    }
}

impl Authorize for FindHostAccess {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.sees_all = sees_all(principal);
        self.visible = principal.user_visibility();
        Ok(())
    }
}

impl Authorize for FindOrigins {
    fn authorize(&mut self, _: &Principal) -> Result<(), PolicyError> {
        // The caller has seen the page that this explains.
        Ok(())
    }
}
