//! The rules of API tokens.

use super::{Authorize, require};
use crate::auth::guard::PolicyError;
use crate::auth::principal::Principal;
use crate::directory::listing::{List, Visibility};
use crate::directory::permissions::{Permission, names};
use crate::directory::tokens::{
    CreateToken, DeleteToken, FindToken, TokenChanges, Tokens, UpdateToken,
};

impl Authorize for List<Tokens> {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::TokensRead);
        Ok(())
    }
}

impl Authorize for FindToken {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.visible = principal.visibility(Permission::TokensRead);
        Ok(())
    }
}

impl Authorize for CreateToken {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        if self.user_id == principal.id {
            require(principal, Permission::SelfWrite)?;
            self.ceiling = crate::directory::permissions::PrivilegeCeiling::Everything;
        } else {
            require(principal, Permission::TokensWrite)?;
            self.ceiling = principal.ceiling();
        }
        // Without the password a token ends with the sign-in that created it.
        let bound = principal.sign_in.filter(|_| !self.is_password_confirmed);
        self.sign_in_id = bound.map(|sign_in| sign_in.id);
        within_own_token(principal, &self.changes)
    }

    fn is_self_service(&self, principal: &Principal) -> bool {
        self.user_id == principal.id && !principal.may(Permission::TokensWrite)
    }
}

/// A token cannot create one with more scopes or a longer life.
fn within_own_token(principal: &Principal, changes: &TokenChanges) -> Result<(), PolicyError> {
    let expires = changes
        .expires
        .as_ref()
        .and_then(|expires| expires.as_deref());
    if let Some(own) = principal.expires.as_deref()
        && expires.is_none_or(|expires| expires > own)
    {
        return Err(PolicyError::Forbidden(format!(
            "A token can only create tokens that expire no later than itself, at {own}."
        )));
    }
    let Some(own) = &principal.scopes else {
        return Ok(());
    };
    let wanted = changes.scopes.as_ref().and_then(|scopes| scopes.as_deref());
    if wanted.is_some_and(|wanted| names(wanted).iter().all(|name| own.contains(name))) {
        return Ok(());
    }
    Err(PolicyError::Forbidden(
        "A token can only create tokens whose scopes are among its own.".into(),
    ))
}

/// Only the directory knows whose token it is, so without the permission for all
/// tokens it is searched among the caller's own.
pub(super) fn token_visibility(
    principal: &Principal,
    visible: &mut Visibility,
) -> Result<(), PolicyError> {
    *visible = if principal.may(Permission::TokensWrite) {
        Visibility::All
    } else {
        require(principal, Permission::SelfWrite)?;
        Visibility::Own(principal.id)
    };
    Ok(())
}

impl Authorize for UpdateToken {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.ceiling = principal.ceiling();
        token_visibility(principal, &mut self.visible)
    }

    fn is_self_service(&self, principal: &Principal) -> bool {
        !principal.may(Permission::TokensWrite)
    }
}

impl Authorize for DeleteToken {
    fn authorize(&mut self, principal: &Principal) -> Result<(), PolicyError> {
        self.ceiling = principal.ceiling();
        token_visibility(principal, &mut self.visible)
    }

    fn is_self_service(&self, principal: &Principal) -> bool {
        !principal.may(Permission::TokensWrite)
    }
}
