use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::audit::{AuditEntry, append_audit};
use super::credentials::{AccountRow, account};
use super::prelude::*;
use super::{env, tokens};
use crate::directory::Actor;
use crate::directory::access_log::AccessVerb;
use crate::directory::credentials::SignInOf;
use crate::directory::permissions::{Permission, names};
use crate::directory::roles::ADMIN;
use crate::directory::sign_ins::{
    BeginSignIn, EndOfSignIn, EndSignIn, FindSignIn, FindSignInAccount, MOST_SIGN_INS, NewRefresh,
    RoleClaims, RotateRefreshToken, Rotation, SignInAccount, SignedIn, VerifiedBy,
};
use crate::directory::users::PasswordHash;
use crate::storage::schema::{grants, refresh_tokens, role_closure, roles, sign_ins, users};

/// How many sign-ins that are over one new one clears away.
const CLEARED_AT_ONCE: i64 = 100;

impl Run for BeginSignIn {
    type Answer = Option<SignedIn>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<SignedIn>, DirectoryError> {
        type Row = (String, Option<PasswordHash>, bool);
        // RoleClaims, so that a new password ends this sign-in or prevents it.
        let row = env::for_update!(
            users::table
                .find(self.user_id)
                .filter(users::is_active.eq(true))
                .filter(users::deleted_at.is_null())
                .select((users::username, users::password_hash, users::external))
        );
        let row: Option<Row> = row.get_result(connection).await.optional()?;
        let Some((username, hash, external)) = row else {
            return Ok(None);
        };
        let is_password_confirmed = match &self.verified_by {
            VerifiedBy::Hash(proved) => hash.as_ref() == Some(proved),
            VerifiedBy::External => external,
        };
        if !is_password_confirmed {
            return Ok(None);
        }
        clear(self.user_id, context, connection).await?;
        let now = context.now_text();
        let sign_in_id: i64 = diesel::insert_into(sign_ins::table)
            .values((
                sign_ins::user_id.eq(self.user_id),
                sign_ins::created.eq(&now),
                sign_ins::expires.eq(&self.refresh.expires),
                sign_ins::ends.eq(&self.ends),
                sign_ins::address.eq(&self.address),
                sign_ins::user_agent.eq(&self.user_agent),
                sign_ins::last_used.eq(&now),
            ))
            .returning(sign_ins::id)
            .get_result(connection)
            .await?;
        add_token(sign_in_id, &self.refresh, &self.ends, context, connection).await?;
        diesel::update(users::table.find(self.user_id))
            .set(users::last_login.eq(&now))
            .cached()
            .execute(connection)
            .await?;
        let context = &as_user(self.user_id, &username, context);
        if self.has_own_event {
            let comes = of_user(AccessVerb::SignIn, sign_in_id, self.user_id);
            append_audit(context, connection, comes).await?;
        }
        let signed_in = SignedIn {
            sign_in_id,
            ends: self.ends.clone(),
            user_id: self.user_id,
            username,
            held: held(self.user_id, context, connection).await?,
        };
        Ok(Some(signed_in))
    }
}

/// Makes room: what is over goes, anybody's, and the user's oldest beyond the bound.
async fn clear(
    user_id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let mut over = ended(&context.now_text(), CLEARED_AT_ONCE, connection).await?;
    let oldest: Vec<i64> = sign_ins::table
        .filter(sign_ins::user_id.eq(user_id))
        .order(sign_ins::id.desc())
        .offset(MOST_SIGN_INS - 1)
        .limit(CLEARED_AT_ONCE)
        .select(sign_ins::id)
        .load(connection)
        .await?;
    over.extend(oldest);
    end(over, context, connection).await?;
    Ok(())
}

/// The first that were over at a moment.
pub async fn ended(
    until: &str,
    most: i64,
    connection: &mut Conn,
) -> Result<Vec<i64>, DirectoryError> {
    let over = sign_ins::table
        .filter(sign_ins::expires.le(until))
        .order(sign_ins::expires.asc())
        .limit(most)
        .select(sign_ins::id);
    Ok(over.load(connection).await?)
}

/// Ends these sign-ins with the tokens that end with them; tells how many there
/// were. Tokens first: whoever ends the same at this moment does so, too.
pub async fn end(
    ids: Vec<i64>,
    context: &Context,
    connection: &mut Conn,
) -> Result<usize, DirectoryError> {
    if ids.is_empty() {
        return Ok(0);
    }
    tokens::revoke_with_sign_ins(ids.clone(), context, connection).await?;
    let ended = diesel::delete(sign_ins::table.filter(env::id_in(sign_ins::id, ids)));
    Ok(ended.execute(connection).await?)
}

async fn add_token(
    sign_in_id: i64,
    refresh: &NewRefresh,
    ends: &str,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::sign_in_id.eq(sign_in_id),
            refresh_tokens::hash.eq(&refresh.hash.0),
            refresh_tokens::created.eq(context.now_text()),
            refresh_tokens::expires.eq(ends.min(refresh.expires.as_str())),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// The names for an access token.
async fn held(
    user_id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<RoleClaims, DirectoryError> {
    type Row = (i64, String, String, Option<String>);
    let now = context.now_text();
    let rows: Vec<Row> = grants::table
        .inner_join(role_closure::table.on(role_closure::role_id.eq(grants::role_id)))
        .inner_join(roles::table.on(roles::id.eq(role_closure::part_id)))
        .filter(grants::user_id.eq(user_id))
        .filter(un_scoped!())
        .filter(in_force!(&now))
        .order(roles::name.asc())
        .select((
            roles::id,
            roles::name,
            roles::permissions,
            grants::valid_until,
        ))
        .load(connection)
        .await?;
    let mut permissions = BTreeSet::new();
    let mut held = RoleClaims::default();
    for (id, name, permitted, until) in rows {
        permissions.extend(names(&permitted));
        if id == ADMIN {
            let all = Permission::ALL.iter().map(|(_, name, _)| *name);
            permissions.extend(all.map(str::to_owned));
        }
        if held.roles.last() != Some(&name) {
            held.roles.push(name);
        }
        held.until = [held.until, until].into_iter().flatten().min();
    }
    held.permissions = permissions.into_iter().collect();
    Ok(held)
}

type RefreshRow = (i64, i64, String, Option<String>);

async fn refresh_token(
    hash: &str,
    connection: &mut Conn,
) -> Result<Option<RefreshRow>, DirectoryError> {
    let row = env::for_update!(
        refresh_tokens::table
            .filter(refresh_tokens::hash.eq(hash))
            .select((
                refresh_tokens::id,
                refresh_tokens::sign_in_id,
                refresh_tokens::expires,
                refresh_tokens::used,
            ))
    );
    Ok(row.get_result(connection).await.optional()?)
}

impl Run for RotateRefreshToken {
    type Answer = Rotation;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Rotation, DirectoryError> {
        let now = context.now_text();
        let Some((id, sign_in_id, expires, used)) = refresh_token(&self.hash.0, connection).await?
        else {
            return Ok(Rotation::Refused);
        };
        if used.is_some() {
            return Ok(Rotation::Reused { sign_in_id });
        }
        if expires <= now {
            return Ok(Rotation::Refused);
        }
        type Row = (i64, String, String);
        let row: Option<Row> = sign_ins::table
            .find(sign_in_id)
            .inner_join(users::table)
            .filter(users::is_active.eq(true))
            .filter(users::deleted_at.is_null())
            .select((users::id, users::username, sign_ins::ends))
            .get_result(connection)
            .await
            .optional()?;
        let Some((user_id, username, ends)) = row else {
            return Ok(Rotation::Refused);
        };
        replace(id, (sign_in_id, &ends), &self.refresh, context, connection).await?;
        Ok(Rotation::Fresh(SignedIn {
            sign_in_id,
            ends,
            user_id,
            username,
            held: held(user_id, context, connection).await?,
        }))
    }
}

async fn replace(
    used: i64,
    (sign_in_id, ends): (i64, &str),
    refresh: &NewRefresh,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let now = context.now_text();
    diesel::update(refresh_tokens::table.find(used))
        .set(refresh_tokens::used.eq(&now))
        .cached()
        .execute(connection)
        .await?;
    // A token that could not be used anyway need not be known again.
    diesel::delete(
        refresh_tokens::table
            .filter(refresh_tokens::sign_in_id.eq(sign_in_id))
            .filter(refresh_tokens::expires.le(&now)),
    )
    .execute(connection)
    .await?;
    add_token(sign_in_id, refresh, ends, context, connection).await?;
    diesel::update(sign_ins::table.find(sign_in_id))
        .set((
            sign_ins::expires.eq(ends.min(refresh.expires.as_str())),
            sign_ins::last_used.eq(&now),
        ))
        .cached()
        .execute(connection)
        .await?;
    Ok(())
}

impl Run for FindSignIn {
    type Answer = Option<i64>;

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<Option<i64>, DirectoryError> {
        let sign_in = refresh_tokens::table
            .filter(refresh_tokens::hash.eq(&self.hash.0))
            .select(refresh_tokens::sign_in_id);
        Ok(sign_in.get_result(connection).await.optional()?)
    }
}

impl Run for FindSignInAccount {
    type Answer = Option<SignInAccount>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<SignInAccount>, DirectoryError> {
        type Row = (SignInOf, Option<String>, AccountRow);
        let row: Option<Row> = sign_ins::table
            .find(self.sign_in_id)
            .inner_join(users::table)
            .filter(users::is_active.eq(true))
            .filter(users::deleted_at.is_null())
            .select((
                (sign_ins::id, sign_ins::created, sign_ins::expires),
                sign_ins::last_used,
                (
                    users::id,
                    users::username,
                    users::password_hash,
                    users::external,
                ),
            ))
            .get_result(connection)
            .await
            .optional()?;
        let Some((sign_in, last_used, row)) = row else {
            return Ok(None);
        };
        Ok(Some(SignInAccount {
            sign_in,
            last_used,
            account: account(row, context, connection).await?,
        }))
    }
}

impl Run for EndSignIn {
    type Answer = bool;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<bool, DirectoryError> {
        let row: Option<(i64, String)> = sign_ins::table
            .find(self.sign_in_id)
            .inner_join(users::table)
            .select((users::id, users::username))
            .get_result(connection)
            .await
            .optional()?;
        let Some((user_id, username)) = row else {
            return Ok(false);
        };
        // Who sent a token a second time may be anybody.
        let signed_out = self.why == EndOfSignIn::SignedOut;
        let context = match signed_out {
            true => as_user(user_id, &username, context),
            false => context.clone(),
        };
        if !self.has_own_event {
            return Ok(end(vec![self.sign_in_id], &context, connection).await? > 0);
        }
        let ended = end_one((self.sign_in_id, user_id), self.why, &context, connection).await?;
        if ended && signed_out {
            let audit_entry = of_user(AccessVerb::SignOut, self.sign_in_id, user_id);
            append_audit(&context, connection, audit_entry).await?;
        }
        Ok(ended)
    }
}

/// The same, when this user acts.
fn as_user(id: i64, username: &str, context: &Context) -> Context {
    Context {
        actor: Some(Actor::new(id, username.into())),
        ..context.clone()
    }
}

/// Tells of a user who comes or goes, beside what becomes of the sign-in itself.
fn of_user(verb: AccessVerb, sign_in_id: i64, user_id: i64) -> AuditEntry<'static> {
    let mut after = Map::new();
    after.insert("sign_in".into(), sign_in_id.into());
    AuditEntry {
        verb: verb.name(),
        subject_type: "users",
        subject_id: user_id,
        before: None,
        after: Some(after),
    }
}

/// Ends a sign-in of this user for a reason that the audit log tells.
pub async fn end_one(
    (sign_in_id, user_id): (i64, i64),
    why: EndOfSignIn,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    if end(vec![sign_in_id], context, connection).await? == 0 {
        return Ok(false);
    }
    let audit_entry = tells_of_end(sign_in_id, user_id, why);
    append_audit(context, connection, audit_entry).await?;
    Ok(true)
}

fn tells_of_end(sign_in_id: i64, user_id: i64, why: EndOfSignIn) -> AuditEntry<'static> {
    let mut before = Map::new();
    before.insert("user".into(), user_id.into());
    let mut after = Map::new();
    after.insert("ended".into(), Value::from(why.text()));
    AuditEntry {
        verb: "delete",
        subject_type: "sign_ins",
        subject_id: sign_in_id,
        before: Some(before),
        after: Some(after),
    }
}

/// Ends everything that a user signed in to: part of a change that the audit
/// log tells already.
pub async fn end_all(
    user_id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let theirs = sign_ins::table
        .filter(sign_ins::user_id.eq(user_id))
        .select(sign_ins::id);
    let theirs: Vec<i64> = theirs.load(connection).await?;
    end(theirs, context, connection).await?;
    Ok(())
}
