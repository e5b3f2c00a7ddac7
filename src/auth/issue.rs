//! Issues API tokens for a password, and explains why one is no longer valid.

use std::net::IpAddr;
use std::sync::Arc;

use super::authenticate::Auth;
use super::error::AuthError;
use super::header::{Credentials, parse};
use super::principal::Principal;
use super::secret::{self, TokenSecret};
use crate::directory::credentials::{FindTokenFault, TokenFault};
use crate::directory::tokens::IssueToken;
use crate::directory::{Context, Credential, DirectoryError};

/// A new token and its user. Does not implement `Debug`: it holds a secret.
pub struct IssuedToken {
    pub secret: TokenSecret,
    pub principal: Arc<Principal>,
}

fn saturating(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Auth {
    /// Issues a token called `name` with all permissions of the user. If the user has
    /// `auth.password_tokens` of that name already, it replaces the oldest.
    pub async fn issue_token(
        &self,
        username: &str,
        password: &str,
        name: &'static str,
        from: Option<IpAddr>,
        context: &Context,
    ) -> Result<IssuedToken, AuthError> {
        let known = self
            .check_password(username, password, from, context)
            .await?;
        let secret = TokenSecret::random().map_err(DirectoryError::internal)?;
        let issue = IssueToken {
            user_id: known.account.id,
            password_hash: known.account.password_hash.clone(),
            hash: secret.hash(),
            name,
            most: saturating(self.settings().password_tokens),
            most_in_all: saturating(self.settings().tokens_per_user),
        };
        if known.is_newly_verified {
            self.record_sign_in(&known.principal, context);
        }
        let context = Context {
            actor: Some(known.principal.actor()),
            mail: self.mail.clone(),
            ..context.with_credential(Credential::Password)
        };
        if !self.directory.write(&context, issue).await? {
            return Err(AuthError::Wrong);
        }
        Ok(IssuedToken {
            secret,
            principal: known.principal,
        })
    }

    /// Why the API token in this header is not valid any more. Only the holder of its
    /// secret can find out.
    pub async fn token_fault(
        &self,
        header: &[u8],
        context: &Context,
    ) -> Result<Option<TokenFault>, DirectoryError> {
        let Some(Credentials::Token(token)) = parse(header) else {
            return Ok(None);
        };
        let hash = secret::hex(&secret::digest(token.as_bytes()));
        self.directory.read(context, FindTokenFault { hash }).await
    }
}
