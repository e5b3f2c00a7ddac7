use super::audit::{AuditEntry, append_audit};
use super::env;
use super::members::add_roles;
use super::names::{uname_problem, username_problem};
use super::prelude::*;
use crate::directory::credentials::{
    Account, CanAdministrate, CreateFirstAdministrator, FindAccount, FindTokenAccount,
    FindTokenFault, FirstAdministrator, HasAdministrator, Reachable, RecordTokenUse, RenewHash,
    SignInOf, TokenAccount, TokenFault,
};
use crate::directory::members::Authority;
use crate::directory::names::{folded, normalized, skeleton};
use crate::directory::permissions::{Permissions, PrivilegeCeiling};
use crate::directory::roles::ADMIN;
use crate::directory::users::{NewUser, PasswordHash};
use crate::directory::values::uname_from;
use crate::storage::schema::{
    credential_versions, grants, role_closure, roles, sign_ins, tokens, users,
};
use diesel::IntoSql;
use diesel::sql_types::Bool;

/// SQLite's number, which its triggers move.
pub async fn version(connection: &mut Conn) -> Result<i64, DirectoryError> {
    let version = credential_versions::table
        .find(1)
        .select(credential_versions::version);
    Ok(version.cached().get_result(connection).await?)
}

pub type AccountRow = (i64, String, Option<PasswordHash>, bool);

impl Run for FindAccount {
    type Answer = Option<Account>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<Account>, DirectoryError> {
        // PostgreSQL knows no NUL in text, and nobody is called so.
        if self.username.contains('\0') {
            return Ok(None);
        }
        let (called, are_all) = called(&self.username, connection).await?;
        // The very name first; in other letters when they are somebody's alone.
        let is_alone = are_all && called.len() == 1;
        let mut rows = called.into_iter();
        let row = match is_alone {
            true => rows.next(),
            false => rows.find(|((_, username, ..), _)| *username == self.username),
        };
        let row = row.and_then(|(row, is_active)| is_active.then_some(row));
        // Of nobody as much is read as of somebody: it takes the same time.
        let is_somebody = row.is_some();
        let row = row.unwrap_or_else(|| (NOBODY, String::new(), None, false));
        let mut account = account(row, context, connection).await?;
        account.is_one_of_several = !is_alone;
        Ok(Some(account).filter(|_| is_somebody))
    }
}

/// An id that nobody has.
const NOBODY: i64 = 0;

/// A user who is called so, and whether they are active.
type AccountByName = (AccountRow, bool);

/// Users whose letters are not filled in yet that are looked through for one.
const UNFILLED: i64 = 1000;

/// Living users of this name in whatever case, and whether they are active: one,
/// but for those from before who share the letters of their names. Also whether
/// these are all. That they live is said of each alternative: else SQLite does
/// not see that the indexes of the living have them.
async fn called(
    username: &str,
    connection: &mut Conn,
) -> Result<(Vec<AccountByName>, bool), DirectoryError> {
    let letters = folded(username);
    let named = users::username
        .eq(username)
        .and(users::deleted_at.is_null())
        .nullable();
    let same = users::username_folded
        .eq(&letters)
        .and(users::deleted_at.is_null());
    // As text, so that the index of the skeletons leads to them.
    let shares = fragment::<Bool>("COALESCE(users.username_folded, '') = ''");
    let shares = users::username_skeleton
        .eq(skeleton(username))
        .and(users::deleted_at.is_null())
        .and(shares);
    let columns = || {
        let row = (
            users::id,
            users::username,
            users::password_hash,
            users::external,
        );
        (row, users::is_active)
    };
    let (mut rows, unfilled): (Vec<AccountByName>, Vec<AccountByName>) = env::pipelined!(
        connection,
        users::table
            .filter(named.or(same).or(shares))
            .select(columns())
            .load(connection)
            .await,
        users::table
            .filter(users::deleted_at.is_null())
            .filter(users::username_skeleton.is_null())
            .limit(UNFILLED)
            .select(columns())
            .load(connection)
            .await,
    );
    let are_all = i64::try_from(unfilled.len()).is_ok_and(|found| found < UNFILLED);
    rows.extend(unfilled);
    rows.retain(|((_, name, ..), _)| folded(name) == letters);
    rows.sort_by_key(|((id, ..), _)| *id);
    rows.dedup_by_key(|((id, ..), _)| *id);
    Ok((rows, are_all))
}

impl Run for FindTokenAccount {
    type Answer = Option<TokenAccount>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<TokenAccount>, DirectoryError> {
        type TokenRow = (i64, Option<String>, Option<String>, Option<String>);
        let row: Option<(TokenRow, Option<SignInOf>, AccountRow)> = tokens::table
            .inner_join(users::table)
            .left_join(sign_ins::table.on(tokens::sign_in_id.eq(sign_ins::id.nullable())))
            .filter(tokens::hash.eq(&self.hash))
            .filter(users::is_active.eq(true))
            .filter(users::deleted_at.is_null())
            .select((
                (
                    tokens::id,
                    tokens::scopes,
                    tokens::expires,
                    tokens::last_used,
                ),
                (sign_ins::id, sign_ins::created, sign_ins::expires).nullable(),
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
        let Some(((token_id, scopes, expires, last_used), sign_in, user)) = row else {
            return Ok(None);
        };
        let now = context.now_text();
        let ends = [
            expires.as_ref(),
            sign_in.as_ref().map(|sign_in| &sign_in.expires),
        ];
        if ends.into_iter().flatten().any(|end| *end <= now) {
            return Ok(None);
        }
        let account = account(user, context, connection).await?;
        Ok(Some(TokenAccount {
            token_id,
            scopes,
            expires,
            last_used,
            sign_in,
            account,
        }))
    }
}

impl Run for FindTokenFault {
    type Answer = Option<TokenFault>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<TokenFault>, DirectoryError> {
        let row: Option<(Option<String>, bool)> = tokens::table
            .inner_join(users::table)
            .filter(tokens::hash.eq(&self.hash))
            .filter(users::deleted_at.is_null())
            .select((tokens::expires, users::is_active))
            .get_result(connection)
            .await
            .optional()?;
        let now = context.now_text();
        Ok(match row {
            Some((Some(expires), _)) if expires <= now => Some(TokenFault::Expired),
            Some((_, false)) => Some(TokenFault::Inactive),
            _ => None,
        })
    }
}

/// Adds up what the un-scoped roles permit now, and notes until when that holds.
pub async fn account(
    (id, username, password_hash, external): AccountRow,
    context: &Context,
    connection: &mut Conn,
) -> Result<Account, DirectoryError> {
    type Row = (i64, String, Option<String>, Option<String>);
    let now = context.now_text();
    let rows: Vec<Row> = grants::table
        .inner_join(role_closure::table.on(role_closure::role_id.eq(grants::role_id)))
        .inner_join(roles::table.on(roles::id.eq(role_closure::part_id)))
        .filter(grants::user_id.eq(id))
        .filter(un_scoped!())
        .filter(grants::is_active.eq(true))
        .select((
            roles::id,
            roles::permissions,
            grants::valid_from,
            grants::valid_until,
        ))
        .load(connection)
        .await?;
    let mut account = Account {
        id,
        username,
        password_hash,
        external,
        is_administrator: false,
        permissions: Permissions::EVERYBODY,
        good_until: None,
        is_one_of_several: false,
    };
    for (role, permissions, from, until) in rows {
        let begun = from.as_ref().is_none_or(|from| *from <= now);
        let ended = until.as_ref().is_some_and(|until| *until <= now);
        if begun && !ended {
            account.is_administrator |= role == ADMIN;
            account.permissions = account.permissions.or(Permissions::from_json(&permissions));
        }
        let next = if begun { until } else { from };
        let next = next.filter(|next| *next > now);
        account.good_until = [account.good_until, next].into_iter().flatten().min();
    }
    if account.is_administrator {
        account.permissions = Permissions::all();
    }
    Ok(account)
}

impl Run for RecordTokenUse {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        let now = context.now_text();
        match *self {
            Self::SignIn { user_id } => {
                let user = diesel::update(users::table.find(user_id));
                let note = user.set(users::last_login.eq(now)).cached();
                env::defer(note, connection).await?;
            }
            Self::Token { token_id } => {
                let token = diesel::update(tokens::table.find(token_id));
                let note = token.set(tokens::last_used.eq(now)).cached();
                env::defer(note, connection).await?;
            }
            Self::AccessToken { sign_in_id } => {
                let sign_in = diesel::update(sign_ins::table.find(sign_in_id));
                let note = sign_in.set(sign_ins::last_used.eq(now)).cached();
                env::defer(note, connection).await?;
            }
        }
        Ok(())
    }
}

impl Run for RenewHash {
    type Answer = bool;

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<bool, DirectoryError> {
        let same = users::table
            .filter(users::id.eq(self.user_id))
            .filter(users::password_hash.eq(&self.old));
        let renewed = diesel::update(same)
            .set(users::password_hash.eq(&self.new))
            .cached()
            .execute(connection)
            .await?;
        Ok(renewed > 0)
    }
}

impl Run for HasAdministrator {
    type Answer = bool;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<bool, DirectoryError> {
        let now = context.now_text();
        let administrator = grants::table
            .inner_join(users::table)
            .filter(grants::role_id.eq(ADMIN))
            .filter(in_force!(&now))
            .filter(users::is_active.eq(true))
            .filter(users::deleted_at.is_null())
            .select(grants::id);
        let administrator: Option<i64> = administrator.first(connection).await.optional()?;
        Ok(administrator.is_some())
    }
}

impl Run for CanAdministrate {
    type Answer = bool;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<bool, DirectoryError> {
        let now = context.now_text();
        let administrators = || {
            grants::table
                .inner_join(users::table)
                .filter(grants::role_id.eq(ADMIN))
                .filter(in_force!(&now))
                .filter(users::is_active.eq(true))
                .filter(users::deleted_at.is_null())
        };
        let has_password = users::password_hash.is_not_null();
        let has_password = has_password.and(users::password_hash.assume_not_null().ne(""));
        let is_known_elsewhere = users::external.eq(true).and(self.ldap.into_sql::<Bool>());
        let with_password = administrators()
            .filter(has_password.or(is_known_elsewhere))
            .select(users::id);
        let found: Option<i64> = with_password.first(connection).await.optional()?;
        if found.is_some() {
            return Ok(true);
        }
        let lasts = tokens::expires.is_null().or(tokens::expires.gt(&now));
        let with_token = tokens::table
            .filter(tokens::user_id.eq_any(administrators().select(users::id)))
            .filter(tokens::scopes.is_null())
            .filter(lasts)
            .select(tokens::id);
        let found: Option<i64> = with_token.first(connection).await.optional()?;
        Ok(found.is_some())
    }
}

impl Run for CreateFirstAdministrator {
    type Answer = FirstAdministrator;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<FirstAdministrator, DirectoryError> {
        // Two processes that start together make one administrator.
        env::serialize(connection).await?;
        if HasAdministrator.run(context, connection).await? {
            return Ok(FirstAdministrator::Needless);
        }
        let username = normalized(&self.username);
        let uname = uname_from(&username);
        let is_taken = username_problem(&username, None, connection)
            .await?
            .or(uname_problem(&uname, None, connection).await?)
            .is_some();
        if is_taken {
            return Ok(FirstAdministrator::Taken);
        }
        let now = context.now_text();
        let hash = self.password_hash.expose();
        let new = NewUser::named(&username, &uname, Some(hash), &now, None);
        let id: i64 = diesel::insert_into(users::table)
            .values(new)
            .returning(users::id)
            .get_result(connection)
            .await?;
        let mut after = serde_json::Map::new();
        after.insert("username".into(), (&*username).into());
        let audit_entry = AuditEntry {
            verb: "create",
            subject_type: "users",
            subject_id: id,
            before: None,
            after: Some(after),
        };
        append_audit(context, connection, audit_entry).await?;
        add_roles(
            id,
            &[ADMIN],
            Authority::Permission(PrivilegeCeiling::Everything),
            context,
            connection,
        )
        .await?;
        Ok(FirstAdministrator::Created)
    }
}

impl Run for Reachable {
    type Answer = ();

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        version(connection).await.map(drop)
    }
}
