//! Sign-ins: one's own with what one may do about oneself, others' with the
//! permissions for their tokens.

use super::{Authorize, change_token};
use crate::auth::guard::PolicyError;
use crate::auth::principal::Principal;
use crate::directory::listing::List;
use crate::directory::permissions::Permission;
use crate::directory::sign_ins::{DeleteSignIn, FindSignInById, SignIns};

impl Authorize for List<SignIns> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees(Permission::TokensRead);
        Ok(())
    }
}

impl Authorize for FindSignInById {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.sees(Permission::TokensRead);
        Ok(())
    }
}

impl Authorize for DeleteSignIn {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.ceiling = principal.ceiling();
        change_token(principal, &mut self.visible)
    }
}
