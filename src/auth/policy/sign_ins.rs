//! Sign-ins: callers manage their own; those of others need the permissions for
//! tokens.

use super::Authorize;
use super::tokens::token_visibility;
use crate::auth::guard::PolicyError;
use crate::auth::principal::Principal;
use crate::directory::listing::List;
use crate::directory::permissions::Permission;
use crate::directory::sign_ins::{DeleteSignIn, FindSignInById, SignIns};

impl Authorize for List<SignIns> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::TokensRead);
        Ok(())
    }
}

impl Authorize for FindSignInById {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::TokensRead);
        Ok(())
    }
}

impl Authorize for DeleteSignIn {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.ceiling = principal.ceiling();
        token_visibility(principal, &mut self.visible)
    }
}
