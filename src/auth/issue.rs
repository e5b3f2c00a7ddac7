//! API tokens for a password, and why one of them lets nobody in any more.

use std::net::IpAddr;
use std::sync::Arc;

use super::authenticate::{Auth, AuthError};
use super::header::{Credentials, parse};
use super::principal::Principal;
use super::secret::{self, TokenSecret};
use crate::directory::credentials::{FindTokenFault, TokenFault};
use crate::directory::tokens::IssueToken;
use crate::directory::{Context, Credential, DirectoryError};

/// A token that was made, and for whom. Does not print.
pub struct Issued {
    pub secret: TokenSecret,
    pub principal: Arc<Principal>,
}

fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Auth {
    /// A new token called `name` for whose password this is, with all that they
    /// may. It takes the place of the oldest of that name where the user has
    /// `auth.password_tokens` of them.
    pub async fn issue_token(
        &self,
        username: &str,
        password: &str,
        name: &'static str,
        from: Option<IpAddr>,
        context: &Context,
    ) -> Result<Issued, AuthError> {
        let known = self
            .check_password(username, password, from, context)
            .await?;
        let secret = TokenSecret::random().map_err(DirectoryError::internal)?;
        let issue = IssueToken {
            user_id: known.account.id,
            password_hash: known.account.password_hash.clone(),
            hash: secret.hash(),
            name,
            most: bound(self.settings().password_tokens),
            most_in_all: bound(self.settings().tokens_per_user),
        };
        if known.newly_proved {
            self.tell_sign_in(&known.principal, context);
        }
        let context = Context {
            actor: Some(known.principal.actor()),
            mail: self.mail.clone(),
            ..context.with_credential(Credential::Password)
        };
        if !self.directory.write(&context, issue).await? {
            return Err(AuthError::Wrong);
        }
        Ok(Issued {
            secret,
            principal: known.principal,
        })
    }

    /// What became of the API token in this header. Only whoever has its secret
    /// learns that.
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
