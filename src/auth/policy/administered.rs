//! The administration of users as in OpenL2M: for administrators only.

use super::Authorize;
use crate::auth::guard::PolicyError;
use crate::auth::principal::Principal;
use crate::directory::administered::{
    CheckAdministered, CreateAdministered, FindAdministered, ListAdministered, UpdateAdministered,
};

fn administrator(principal: &Principal) -> Result<(), PolicyError> {
    if principal.is_administrator {
        Ok(())
    } else {
        Err(PolicyError::Forbidden(
            "Only administrators can do this.".into(),
        ))
    }
}

macro_rules! for_administrators {
    ($($operation:ident,)*) => {
        $(impl Authorize for $operation {
            fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
                administrator(principal)
            }
        })*
    };
}

for_administrators! {
    ListAdministered,
    FindAdministered,
    CheckAdministered,
    CreateAdministered,
    UpdateAdministered,
}
