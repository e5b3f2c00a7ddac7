//! Signing in: exchanges a password for an access token (a JWT that other services
//! can verify) and an opaque refresh token.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::accounts::CachedAccount;
use super::authenticate::{Auth, sign_in_use};
use super::error::AuthError;
use super::header::{Credentials, parse};
use super::jws::UnverifiedToken;
use super::principal::Principal;
use super::secret::{self, RefreshSecret};
use super::signing_keys::KeySet;
use crate::directory::access_log::AccessVerb;
use crate::directory::credentials::RecordTokenUse;
use crate::directory::sign_ins::{
    BeginSignIn, EndOfSignIn, EndSignIn, FindSignIn, FindSignInAccount, NewRefresh,
    RotateRefreshToken, Rotation, SignInAccount, SignedIn, USER_AGENT_LENGTH, VerifiedBy,
};
use crate::directory::tokens::TokenHash;
use crate::directory::{Actor, Context, Credential, DirectoryError, ReadSession, clock};

/// Bytes of the names in an access token, which has to fit into a header.
const MAX_NAME_BYTES: usize = 4096;

/// The tokens of a sign-in. Does not implement `Debug`: they are secrets.
pub struct TokenPair {
    pub access: String,
    pub refresh: RefreshSecret,
}

/// The claims of an access token (RFC 9068).
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    exp: i64,
    iat: i64,
    jti: String,
    sid: String,
    username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<&'a [String]>,
    /// Claims that were left out because they are too long; `/auth/user` has them.
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    incomplete: &'a [&'static str],
}

/// The claims that are checked when a token comes back.
#[derive(Deserialize)]
struct VerifiedClaims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    exp: i64,
}

impl Auth {
    /// The password grant: begins a sign-in.
    pub async fn sign_in(
        &self,
        username: &str,
        password: &str,
        from: Option<IpAddr>,
        user_agent: Option<&str>,
        context: &Context,
    ) -> Result<TokenPair, AuthError> {
        let known = self
            .check_password(username, password, from, context)
            .await?;
        let verified_by = match (known.account.external, &known.account.password_hash) {
            (true, _) => VerifiedBy::External,
            (false, Some(hash)) => VerifiedBy::Hash(hash.clone()),
            (false, None) => return Err(AuthError::Wrong),
        };
        let refresh = refresh_secret()?;
        let begin = BeginSignIn {
            user_id: known.account.id,
            verified_by,
            refresh: self.new_refresh(&refresh, context),
            ends: after(context, self.settings().sign_in_seconds),
            address: from.map(|address| address.to_string()),
            user_agent: user_agent.map(truncated),
            has_own_event: self.has_own_event(AccessVerb::SignIn, known.account.id, context),
        };
        let (user_id, has_own_event) = (begin.user_id, begin.has_own_event);
        let verified = context.with_credential(Credential::Password);
        let signed_in = self.directory.write(&verified, begin).await?;
        self.directory.has_written(user_id);
        let signed_in = signed_in.ok_or(AuthError::Wrong)?;
        if !has_own_event {
            let user = Actor::new(user_id, signed_in.username.as_str().into());
            self.count_sign_in(AccessVerb::SignIn, user, &verified);
        }
        self.token_pair(&signed_in, refresh, context).await
    }

    /// The refresh grant: replaces the refresh token. A token that is used again ends
    /// its whole sign-in (RFC 9700, section 4.14.2).
    pub async fn renew(&self, secret: &str, context: &Context) -> Result<TokenPair, AuthError> {
        let context = &context.with_credential(Credential::RefreshToken);
        let outcome = self.replace_refresh_token(secret, context).await;
        outcome
            .inspect_err(|error| self.record_failed_token(error, Credential::RefreshToken, context))
    }

    async fn replace_refresh_token(
        &self,
        secret: &str,
        context: &Context,
    ) -> Result<TokenPair, AuthError> {
        let hash = secret::hash(secret.as_bytes());
        self.check_existence(&hash, context).await?;
        let refresh = refresh_secret()?;
        let renew = RotateRefreshToken {
            hash,
            refresh: self.new_refresh(&refresh, context),
        };
        match self.directory.write(context, renew).await? {
            Rotation::Fresh(signed_in) => self.token_pair(&signed_in, refresh, context).await,
            Rotation::Reused { sign_in_id } => {
                log::warn!("{} a refresh token was reused", context.request_id);
                let why = EndOfSignIn::Reused;
                let end = EndSignIn {
                    sign_in_id,
                    why,
                    has_own_event: true,
                };
                self.directory.write(context, end).await?;
                Err(AuthError::Wrong)
            }
            Rotation::Refused => Err(AuthError::Wrong),
        }
    }

    /// Ends the sign-in of an external user who no longer exists in LDAP. While LDAP
    /// does not answer, the refresh token stays valid.
    async fn check_existence(&self, hash: &TokenHash, context: &Context) -> Result<(), AuthError> {
        if self.ldap.is_none() {
            return Ok(());
        }
        let hash = hash.clone();
        let Some(sign_in_id) = self.directory.read(context, FindSignIn { hash }).await? else {
            return Ok(());
        };
        let find = FindSignInAccount { sign_in_id };
        let Some(found) = self.directory.read(context, find).await? else {
            return Ok(());
        };
        if self.still_exists(&found.account, context).await? {
            return Ok(());
        }
        let why = EndOfSignIn::Unknown;
        let end = EndSignIn {
            sign_in_id,
            why,
            has_own_event: true,
        };
        self.directory.write(context, end).await?;
        Err(AuthError::Wrong)
    }

    /// Ends the sign-in that this access or refresh token belongs to.
    pub async fn sign_out(
        &self,
        header: Option<&[u8]>,
        from: Option<IpAddr>,
        context: &Context,
    ) -> Result<(), AuthError> {
        let sent = header.ok_or(AuthError::Missing)?;
        let verified = match parse(sent).ok_or(AuthError::Wrong)? {
            Credentials::Token(token) if token.contains('.') => {
                let verified = self.verify_access_token(token, context).await;
                let verified = verified.inspect_err(|error| {
                    self.record_failed_token(error, Credential::AccessToken, context);
                })?;
                Some((id(&verified.sid)?, Credential::AccessToken))
            }
            Credentials::Token(token) => {
                let hash = secret::hash(token.as_bytes());
                let sign_in = self.directory.read(context, FindSignIn { hash }).await?;
                sign_in.map(|sign_in_id| (sign_in_id, Credential::RefreshToken))
            }
            Credentials::Password { .. } => None,
        };
        let Some((sign_in_id, credential)) = verified else {
            let reading = ReadSession::new(self.directory.clone(), false);
            self.authenticate(header, from, context, &reading).await?;
            return Err(AuthError::NoSignIn);
        };
        let context = &context.with_credential(credential);
        if self.end(sign_in_id, context).await? {
            Ok(())
        } else {
            self.record_failed_token(&AuthError::Wrong, credential, context);
            Err(AuthError::Wrong)
        }
    }

    /// Ends a sign-in whose user signs out; false when there is none.
    async fn end(&self, sign_in_id: i64, context: &Context) -> Result<bool, AuthError> {
        let find = FindSignInAccount { sign_in_id };
        let found = self.directory.read(context, find).await?;
        let user = found.map(|found| {
            let account = found.account;
            Actor::new(account.id, account.username.as_str().into())
        });
        let is_allowed = |user: &Actor| self.has_own_event(AccessVerb::SignOut, user.id, context);
        let has_own_event = user.as_ref().is_none_or(is_allowed);
        let why = EndOfSignIn::SignedOut;
        let end = EndSignIn {
            sign_in_id,
            why,
            has_own_event,
        };
        let ended = self.directory.write(context, end).await?;
        if let Some(user) = user.filter(|_| ended && !has_own_event) {
            self.count_sign_in(AccessVerb::SignOut, user, context);
        }
        Ok(ended)
    }

    /// The keys that verify access tokens.
    pub async fn keys(&self, context: &Context) -> Result<Arc<KeySet>, DirectoryError> {
        self.keys.key_set(&self.directory, context).await
    }

    /// Authenticates by an access token, with the present state of the account.
    pub(super) async fn by_access_token(
        &self,
        token: &str,
        context: &Context,
        reading: &ReadSession,
    ) -> Result<Arc<Principal>, AuthError> {
        let digest = secret::digest(token.as_bytes());
        let version = reading.credential_version()?;
        if let Some(principal) = self.cached_token(&digest, version, context) {
            return Ok(principal);
        }
        let verified = self.verify_access_token(token, context).await?;
        let find = FindSignInAccount {
            sign_in_id: id(&verified.sid)?,
        };
        let found = reading.read(context, find).await?;
        let SignInAccount {
            sign_in,
            last_used,
            account,
        } = found.ok_or(AuthError::Wrong)?;
        if account.id != id(&verified.sub)? {
            return Err(AuthError::Wrong);
        }
        let sign_in = sign_in_use(&sign_in);
        let cached = CachedAccount::by_sign_in(version, account, sign_in);
        let principal = cached.principal.clone();
        let expires = chrono::DateTime::from_timestamp(verified.exp, 0).map(clock::text);
        let ends = [cached.account.good_until.as_deref(), expires.as_deref()];
        let until = self.until(context.now, &ends);
        self.cache_token(digest, cached, until, context);
        let note = RecordTokenUse::AccessToken {
            sign_in_id: sign_in.id,
        };
        self.note_use(context, last_used.as_deref(), note);
        Ok(principal)
    }

    /// Verifies signature, expiry, issuer and audience.
    async fn verify_access_token(
        &self,
        token: &str,
        context: &Context,
    ) -> Result<VerifiedClaims, AuthError> {
        let unverified = UnverifiedToken::read(token).ok_or(AuthError::Wrong)?;
        let key_set = self
            .keys
            .key_set_with(&unverified.kid, &self.directory, context)
            .await?;
        let key = key_set.find(&unverified.kid).ok_or(AuthError::Wrong)?;
        let verified: VerifiedClaims =
            unverified.verify(key.verifying()).ok_or(AuthError::Wrong)?;
        let is_ours = verified.iss == *self.issuer && verified.aud == self.settings().audience;
        if is_ours && verified.exp > context.now.timestamp() {
            Ok(verified)
        } else {
            Err(AuthError::Wrong)
        }
    }

    async fn token_pair(
        &self,
        signed_in: &SignedIn,
        refresh: RefreshSecret,
        context: &Context,
    ) -> Result<TokenPair, AuthError> {
        let key_set = self.keys.key_set(&self.directory, context).await?;
        let key = key_set
            .signing(context.now)
            .ok_or_else(|| DirectoryError::internal("there is no key to sign with"))?;
        let access = key.sign(&self.claims(signed_in, context)?)?;
        Ok(TokenPair { access, refresh })
    }

    fn claims<'a>(
        &'a self,
        signed_in: &'a SignedIn,
        context: &Context,
    ) -> Result<Claims<'a>, DirectoryError> {
        let held = &signed_in.held;
        // The token expires no later than the rights that it lists.
        let own = after(context, self.settings().access_token_seconds);
        let ends = [Some(own), Some(signed_in.ends.clone()), held.until.clone()];
        let exp = ends
            .into_iter()
            .flatten()
            .filter_map(|end| clock::parse(&end))
            .min();
        let mut jti = [0; 16];
        getrandom::fill(&mut jti).map_err(DirectoryError::internal)?;
        let (roles, permissions, incomplete) = bounded_claims(&held.roles, &held.permissions);
        Ok(Claims {
            iss: &self.issuer,
            sub: signed_in.user_id.to_string(),
            aud: &self.settings().audience,
            exp: exp.map_or(0, |exp| exp.timestamp()),
            iat: context.now.timestamp(),
            jti: secret::hex(&jti),
            sid: signed_in.sign_in_id.to_string(),
            username: &signed_in.username,
            roles,
            permissions,
            incomplete,
        })
    }

    fn new_refresh(&self, refresh: &RefreshSecret, context: &Context) -> NewRefresh {
        NewRefresh {
            hash: refresh.hash(),
            expires: after(context, self.settings().refresh_token_seconds),
        }
    }
}

type BoundedClaims<'a> = (
    Option<&'a [String]>,
    Option<&'a [String]>,
    &'static [&'static str],
);

/// The lists of names that fit into an access token: whole lists only, so that no
/// list looks complete but is not.
fn bounded_claims<'a>(roles: &'a [String], permissions: &'a [String]) -> BoundedClaims<'a> {
    let size = |names: &[String]| {
        let json = serde_json::to_string(names);
        json.map_or(usize::MAX, |json| json.len())
    };
    let (of_roles, of_permissions) = (size(roles), size(permissions));
    if of_roles.saturating_add(of_permissions) <= MAX_NAME_BYTES {
        (Some(roles), Some(permissions), &[])
    } else if of_roles <= MAX_NAME_BYTES {
        (Some(roles), None, &["permissions"])
    } else {
        (None, None, &["roles", "permissions"])
    }
}

/// The stored part of a user agent.
fn truncated(user_agent: &str) -> String {
    user_agent.chars().take(USER_AGENT_LENGTH).collect()
}

fn after(context: &Context, seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(0);
    clock::text(context.now + TimeDelta::seconds(seconds))
}

fn refresh_secret() -> Result<RefreshSecret, DirectoryError> {
    RefreshSecret::random().map_err(DirectoryError::internal)
}

fn id(text: &str) -> Result<i64, AuthError> {
    text.parse().map_err(|_| AuthError::Wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_are_too_long_are_left_out_and_named() {
        let few = vec!["a:b".to_owned()];
        let many: Vec<String> = (0..2000).map(|number| format!("a{number}:b")).collect();
        assert_eq!(
            bounded_claims(&few, &few),
            (Some(&few[..]), Some(&few[..]), &[][..])
        );
        assert_eq!(
            bounded_claims(&few, &many),
            (Some(&few[..]), None, &["permissions"][..])
        );
        assert_eq!(
            bounded_claims(&many, &few),
            (None, None, &["roles", "permissions"][..])
        );
    }
}
