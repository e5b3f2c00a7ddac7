use super::audit::{AuditEntry, append_audit, append_audit_entries};
use super::ceiling::may_not_outrank_until;
use super::notices::about_token;
use super::prelude::*;
use super::{env, found};
use crate::directory::events::{described, difference};
use crate::directory::permissions::{PrivilegeCeiling, names};
use crate::directory::privileges::End;
use crate::directory::tokens::{
    CreateToken, DeleteToken, FindToken, IssueToken, NewToken, Token, TokenChanges, TokenColumn,
    Tokens, TokensOf, UpdateToken,
};
use crate::directory::users::PasswordHash;
use crate::storage::schema::{sign_ins, tokens, users};

columns!(tokens, TokenColumn {
    Id: number id,
    Name: text name,
    Expires: maybe_text expires,
    LastUsed: maybe_text last_used,
    Created: text created,
    Modified: text modified,
});
no_own!(tokens);

async fn visible(
    id: i64,
    visible: Visibility,
    connection: &mut Conn,
) -> Result<Option<Token>, DirectoryError> {
    let query = tokens::table
        .find(id)
        .inner_join(users::table)
        .filter(users::deleted_at.is_null())
        .select(Token::as_select());
    let token: Option<Token> = query.first(connection).await.optional()?;
    Ok(token.filter(|token| match visible {
        Visibility::All => true,
        Visibility::Own(own) | Visibility::Delegated(own) => own == token.user_id,
        Visibility::Nothing => false,
    }))
}

/// Before a change: two at the same time could else each narrow what was,
/// and the later one give back what the earlier took away.
async fn lock_visible(
    id: i64,
    whose: Visibility,
    connection: &mut Conn,
) -> Result<Option<Token>, DirectoryError> {
    let row = env::for_update!(tokens::table.find(id).select(tokens::id));
    let held: Option<i64> = row.get_result(connection).await.optional()?;
    match held {
        Some(id) => visible(id, whose, connection).await,
        None => Ok(None),
    }
}

impl Run for FindToken {
    type Answer = Option<Token>;

    async fn run(
        &self,
        _: &Context,
        connection: &mut Conn,
    ) -> Result<Option<Token>, DirectoryError> {
        visible(self.id, self.visible, connection).await
    }
}

impl Run for List<Tokens> {
    type Answer = Listed<Token>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<Token>, DirectoryError> {
        let seen = || filtered(self, None, context);
        let among: Option<&dyn Fn() -> _> = match self.visible {
            Visibility::All => None,
            _ => Some(&seen),
        };
        let wanted = resolve_patterns(&self.condition, among, connection).await?;
        let matching = || filtered(self, wanted.as_ref(), context);
        let rows = page!(self, matching(), Token, context, connection);
        let total = total!(self, rows, matching(), connection);
        Ok(Listed { rows, total })
    }
}

fn filtered(
    list: &List<Tokens>,
    wanted: Option<&Condition<TokenColumn>>,
    context: &Context,
) -> tokens::BoxedQuery<'static, Db> {
    // Tokens of users in the trash are dead, so they are not shown.
    let living = users::table
        .filter(users::deleted_at.is_null())
        .select(users::id);
    let mut query = tokens::table
        .filter(tokens::user_id.eq_any(living))
        .into_boxed::<Db>();
    query = match list.visible {
        Visibility::All => query,
        Visibility::Own(own) | Visibility::Delegated(own) => query.filter(tokens::user_id.eq(own)),
        Visibility::Nothing => query.filter(tokens::user_id.eq(0)),
    };
    query = match &list.parent {
        Some(TokensOf::Users(users)) => query.filter(env::id_in(tokens::user_id, users.clone())),
        Some(TokensOf::Ids(ids)) => query.filter(env::id_in(tokens::id, ids.clone())),
        None => query,
    };
    match wanted {
        Some(wanted) => query.filter(condition(wanted, context)),
        None => query,
    }
}

/// Tokens that one change revokes at most: what is more, as after a lower
/// setting, waits for the next.
const MOST_REVOKED: i64 = 1000;

audit_entry_for!("tokens");

impl Run for CreateToken {
    type Answer = Token;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<Token, DirectoryError> {
        // Held, so that of two at the same time each counts the other's token.
        let owner = env::for_update!(
            users::table
                .find(self.user_id)
                .filter(users::deleted_at.is_null())
                .select(users::id)
        );
        let owner: Option<i64> = owner.get_result(connection).await.optional()?;
        if owner.is_none() {
            return Err(DirectoryError::no_such("users", "user"));
        }
        let expires = self.changes.expires.clone().flatten();
        let until = End::at(expires);
        may_not_outrank_until(self.ceiling, self.user_id, &until, context, connection).await?;
        make_room(self.user_id, self.most, context, connection).await?;
        if let Some(sign_in) = self.sign_in_id {
            still_lasts(sign_in, connection).await?;
        }
        let now = context.now_text();
        let new = NewToken {
            hash: &self.hash.0,
            user_id: self.user_id,
            name: self.changes.name.as_deref().unwrap_or_default(),
            scopes: self
                .changes
                .scopes
                .as_ref()
                .and_then(|scopes| scopes.as_deref()),
            expires: self
                .changes
                .expires
                .as_ref()
                .and_then(|expires| expires.as_deref()),
            created: &now,
            modified: &now,
            created_by: context.actor_id(),
            modified_by: context.actor_id(),
            sign_in_id: self.sign_in_id,
        };
        let token: Token = diesel::insert_into(tokens::table)
            .values(new)
            .returning(Token::as_returning())
            .get_result(connection)
            .await?;
        let after = Some(described(&token));
        append_audit(
            context,
            connection,
            audit_entry("create", token.id, None, after),
        )
        .await?;
        about_token(&token, context, connection).await?;
        Ok(token)
    }
}

/// Refuses one token more than a user can have; those that have expired make room.
async fn make_room(
    user: i64,
    most: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let theirs = tokens::table.filter(tokens::user_id.eq(user));
    let mut count: i64 = theirs.count().get_result(connection).await?;
    if count < most {
        return Ok(());
    }
    let expired = theirs.filter(tokens::expires.le(context.now_text()));
    let revoked: Vec<Token> = diesel::delete(expired)
        .returning(Token::as_returning())
        .load(connection)
        .await?;
    count -= i64::try_from(revoked.len()).unwrap_or_default();
    if count >= most {
        return Err(DirectoryError::Protected(TOO_MANY));
    }
    append_audit_entries(context, connection, ends_of(&revoked)).await
}

const TOO_MANY: &str = "This user has as many API tokens as a user can have \
    (auth.tokens_per_user); revoke one first.";

/// Held, so that whoever ends the sign-in finds the token, too.
async fn still_lasts(sign_in: i64, connection: &mut Conn) -> Result<(), DirectoryError> {
    let row = env::for_update!(sign_ins::table.find(sign_in).select(sign_ins::id));
    let row: Option<i64> = row.get_result(connection).await.optional()?;
    match row {
        Some(_) => Ok(()),
        None => Err(DirectoryError::Protected("The sign-in has just ended.")),
    }
}

impl Run for IssueToken {
    type Answer = bool;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<bool, DirectoryError> {
        // Held, so that of two at the same time each sees the other's token.
        let owner = env::for_update!(
            users::table
                .find(self.user_id)
                .filter(users::is_active.eq(true))
                .filter(users::deleted_at.is_null())
                .select((users::id, users::password_hash))
        );
        let owner: Option<(i64, Option<PasswordHash>)> =
            owner.get_result(connection).await.optional()?;
        if owner.is_none_or(|(_, now)| self.password_hash.is_some() && now != self.password_hash) {
            return Ok(false);
        }
        let beyond = tokens::table
            .filter(tokens::user_id.eq(self.user_id))
            .filter(tokens::name.eq(self.name))
            .order(tokens::id.desc())
            .offset(self.most.max(1) - 1)
            .limit(MOST_REVOKED)
            .select(tokens::id);
        let beyond: Vec<i64> = beyond.load(connection).await?;
        if !beyond.is_empty() {
            let old = tokens::table.filter(env::id_in(tokens::id, beyond));
            let revoked: Vec<Token> = diesel::delete(old)
                .returning(Token::as_returning())
                .load(connection)
                .await?;
            append_audit_entries(context, connection, ends_of(&revoked)).await?;
        }
        let create = CreateToken {
            hash: self.hash.clone(),
            user_id: self.user_id,
            changes: TokenChanges {
                name: Some(self.name.to_owned()),
                ..TokenChanges::default()
            },
            ceiling: PrivilegeCeiling::Everything,
            most: self.most_in_all,
            is_password_confirmed: true,
            sign_in_id: None,
        };
        create.run(context, connection).await?;
        Ok(true)
    }
}

impl Run for UpdateToken {
    type Answer = Token;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<Token, DirectoryError> {
        let before = found(lock_visible(self.id, self.visible, connection).await?)?;
        self.expected.check(before.version)?;
        changeable(&before, self.ceiling, context, connection).await?;
        let changes = self.changes.clone().without_unchanged(&before);
        narrows(&before, &changes)?;
        if changes.is_empty() {
            return Ok(before);
        }
        let after: Token = diesel::update(tokens::table.find(self.id))
            .set((
                &changes,
                tokens::version.eq(tokens::version + 1),
                tokens::modified.eq(context.now_text()),
                tokens::modified_by.eq(context.actor_id()),
            ))
            .returning(Token::as_returning())
            .cached()
            .get_result(connection)
            .await?;
        let (old, new) = difference(described(&before), described(&after));
        append_audit(
            context,
            connection,
            audit_entry("update", self.id, Some(old), Some(new)),
        )
        .await?;
        Ok(after)
    }
}

/// Refuses to touch the token of a user who may more than the caller, and with
/// a token one that may more than that.
async fn changeable(
    token: &Token,
    ceiling: PrivilegeCeiling,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    if ceiling == PrivilegeCeiling::Everything {
        return Ok(());
    }
    let actor = context.actor.as_ref();
    if let Some(own) = actor.and_then(|actor| actor.scopes.as_ref()) {
        let theirs = token.scopes.as_deref().map(names);
        let is_covered = theirs.is_some_and(|theirs| theirs.iter().all(|name| own.contains(name)));
        if !is_covered {
            return Err(DirectoryError::Protected(
                "A token can only change and revoke tokens whose scopes are among its own.",
            ));
        }
    }
    if context.actor_id() == Some(token.user_id) {
        return Ok(());
    }
    let until = End::at(token.expires.clone());
    may_not_outrank_until(ceiling, token.user_id, &until, context, connection).await
}

/// A token can lose rights and time, never gain them: make a new one for that.
fn narrows(before: &Token, changes: &TokenChanges) -> Result<(), DirectoryError> {
    let mut problems = Vec::new();
    if let Some(after) = &changes.scopes {
        let widened = match (&before.scopes, after) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(before), Some(after)) => {
                let before = names(before);
                names(after).iter().any(|name| !before.contains(name))
            }
        };
        if widened {
            problems.push(FieldError::invalid(
                "scopes",
                "The scopes of a token can only be narrowed.",
            ));
        }
    }
    if let Some(after) = &changes.expires {
        let later = match (&before.expires, after) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(before), Some(after)) => after > before,
        };
        if later {
            problems.push(FieldError::invalid(
                "expires",
                "The life of a token can only be shortened.",
            ));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(DirectoryError::Invalid(problems))
    }
}

fn ends_of(revoked: &[Token]) -> Vec<AuditEntry<'static>> {
    let end = |token: &Token| audit_entry("delete", token.id, Some(described(token)), None);
    revoked.iter().map(end).collect()
}

/// Revokes the tokens, anybody's, that end with these sign-ins.
pub async fn revoke_with_sign_ins(
    sign_ins: Vec<i64>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let bound = env::id_in(tokens::sign_in_id.assume_not_null(), sign_ins);
    let bound = tokens::table
        .filter(tokens::sign_in_id.is_not_null())
        .filter(bound);
    let revoked: Vec<Token> = diesel::delete(bound)
        .returning(Token::as_returning())
        .load(connection)
        .await?;
    append_audit_entries(context, connection, ends_of(&revoked)).await
}

/// Revokes all tokens of a user.
pub async fn revoke_all(
    user: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let revoked: Vec<Token> = diesel::delete(tokens::table.filter(tokens::user_id.eq(user)))
        .returning(Token::as_returning())
        .load(connection)
        .await?;
    append_audit_entries(context, connection, ends_of(&revoked)).await
}

impl Run for DeleteToken {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        let before = found(lock_visible(self.id, self.visible, connection).await?)?;
        self.expected.check(before.version)?;
        changeable(&before, self.ceiling, context, connection).await?;
        let deleted = diesel::delete(tokens::table.find(self.id))
            .execute(connection)
            .await?;
        if deleted == 0 {
            return Err(DirectoryError::NotFound);
        }
        let before = Some(described(&before));
        append_audit(
            context,
            connection,
            audit_entry("delete", self.id, before, None),
        )
        .await
    }
}
