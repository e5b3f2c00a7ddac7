//! Users as administrators keep them: for these alone, all or nothing.

use super::Governed;
use crate::auth::guard::Refusal;
use crate::auth::principal::Principal;
use crate::directory::administered::{
    CheckAdministered, CreateAdministered, FindAdministered, ListAdministered, UpdateAdministered,
};

fn administrator(principal: &Principal) -> Result<(), Refusal> {
    if principal.is_administrator {
        Ok(())
    } else {
        Err(Refusal::Forbidden("This is for administrators.".into()))
    }
}

macro_rules! for_administrators {
    ($($operation:ident,)*) => {
        $(impl Governed for $operation {
            fn govern(&mut self, principal: &Principal) -> Result<(), Refusal> {
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
