//! Sign-ins: one's own with what one may do about oneself, others' with the
//! permissions for their tokens.

use super::{Governed, change_token};
use crate::auth::guard::Refusal;
use crate::auth::principal::Principal;
use crate::directory::listing::List;
use crate::directory::permissions::Permission;
use crate::directory::sign_ins::{DeleteSignIn, FindSignInById, SignIns};

impl Governed for List<SignIns> {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::TokensRead);
        Ok(())
    }
}

impl Governed for FindSignInById {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.visible = principal.sees(Permission::TokensRead);
        Ok(())
    }
}

impl Governed for DeleteSignIn {
    fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
        self.reach = principal.reach();
        change_token(principal, &mut self.visible)
    }
}
