use super::ceiling::may_not_outrank;
use super::prelude::*;
use super::sign_ins::end_one;
use super::{env, found};
use crate::directory::sign_ins::{
    DeleteSignIn, EndOfSignIn, FindSignInById, SignIn, SignInColumn, SignIns, SignInsOf,
};
use crate::storage::schema::{sign_ins, users};

columns!(sign_ins, SignInColumn {
    Id: number id,
    Created: text created,
    Expires: text expires,
    Address: maybe_text address,
    UserAgent: maybe_text user_agent,
    LastUsed: maybe_text last_used,
});
no_own!(sign_ins);

/// Those that are not over, of users who are not in the trash.
fn lasting(visible: Visibility, context: &Context) -> sign_ins::BoxedQuery<'static, Db> {
    let living = users::table
        .filter(users::deleted_at.is_null())
        .select(users::id);
    let query = sign_ins::table
        .filter(sign_ins::user_id.eq_any(living))
        .filter(sign_ins::expires.gt(context.now_text()))
        .into_boxed::<Db>();
    match visible {
        Visibility::All => query,
        Visibility::Own(own) | Visibility::Delegated(own) => {
            query.filter(sign_ins::user_id.eq(own))
        }
        Visibility::Nothing => query.filter(sign_ins::user_id.eq(0)),
    }
}

/// Whether the caller asks with it only the request tells.
fn marked(mut sign_in: SignIn, context: &Context) -> SignIn {
    let actor = context.actor.as_ref();
    sign_in.is_current = actor.and_then(|actor| actor.current_sign_in()) == Some(sign_in.id);
    sign_in
}

async fn visible(
    id: i64,
    visible: Visibility,
    context: &Context,
    connection: &mut Conn,
) -> Result<Option<SignIn>, DirectoryError> {
    let query = lasting(visible, context).filter(sign_ins::id.eq(id));
    let query = query.select(SignIn::as_select());
    let sign_in: Option<SignIn> = query.first(connection).await.optional()?;
    Ok(sign_in.map(|sign_in| marked(sign_in, context)))
}

impl Run for FindSignInById {
    type Answer = Option<SignIn>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<SignIn>, DirectoryError> {
        visible(self.id, self.visible, context, connection).await
    }
}

impl Run for List<SignIns> {
    type Answer = Listed<SignIn>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<SignIn>, DirectoryError> {
        let seen = || lasting(self.visible, context);
        let among: Option<&dyn Fn() -> _> = match self.visible {
            Visibility::All => None,
            _ => Some(&seen),
        };
        let wanted = resolve_patterns(&self.condition, among, connection).await?;
        let matching = || {
            let query = lasting(self.visible, context);
            let query = match &self.parent {
                Some(SignInsOf::Users(users)) => {
                    query.filter(env::id_in(sign_ins::user_id, users.clone()))
                }
                Some(SignInsOf::Ids(ids)) => query.filter(env::id_in(sign_ins::id, ids.clone())),
                None => query,
            };
            match &wanted {
                Some(wanted) => query.filter(condition(wanted, context)),
                None => query,
            }
        };
        let rows = page!(self, matching(), SignIn, context, connection);
        let total = total!(self, rows, matching(), connection);
        let rows = rows.into_iter().map(|row| marked(row, context)).collect();
        Ok(Listed { rows, total })
    }
}

impl Run for DeleteSignIn {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        let sign_in = found(visible(self.id, self.visible, context, connection).await?)?;
        self.expected.check(SignIn::VERSION)?;
        if context.actor_id() != Some(sign_in.user_id) {
            may_not_outrank(self.ceiling, sign_in.user_id, context, connection).await?;
        }
        let it = (sign_in.id, sign_in.user_id);
        match end_one(it, EndOfSignIn::Ended, context, connection).await? {
            true => Ok(()),
            // Somebody else was quicker.
            false => Err(DirectoryError::NotFound),
        }
    }
}
