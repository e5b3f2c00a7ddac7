//! Mails about the keys to an account, queued in the transaction of the change.
//! They go to users who can come in: active, not in the trash, with an address.

use super::outbox::{addressee, addressees, new_mail, queue};
use super::prelude::*;
use crate::directory::mail::{
    Addressee, EmailChange, MailKind, new_email, new_password, new_token,
};
use crate::directory::tokens::Token;
use crate::directory::users::User;

pub async fn about_password(
    user: &User,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let kind = MailKind::Password;
    let Some(wording) = context.mail.wording(kind).filter(|_| user.is_active) else {
        return Ok(());
    };
    let to = addressee(user);
    let key = format!("{}:{}:{}", kind.name(), user.id, context.request_id);
    let mail = new_mail(&to, kind, key, new_password(&to, wording), context);
    queue(mail.into_iter().collect(), context, connection).await
}

/// To both addresses: the one that the account leaves, and the one that it gets.
pub async fn about_email(
    before: &User,
    after: &User,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let kind = MailKind::Email;
    let is_news = before.email != after.email && after.is_active;
    let Some(wording) = context.mail.wording(kind).filter(|_| is_news) else {
        return Ok(());
    };
    let (left, came) = (addressee(before), addressee(after));
    if left.address() == came.address() {
        return Ok(());
    }
    let mail = |to: &Addressee, change: EmailChange, what: &str| {
        let key = format!("{}:{what}:{}:{}", kind.name(), to.id, context.request_id);
        new_mail(to, kind, key, new_email(to, change, wording), context)
    };
    let mails = [
        mail(&left, EmailChange::Left, "left"),
        mail(&came, EmailChange::Came, "came"),
    ];
    queue(mails.into_iter().flatten().collect(), context, connection).await
}

pub async fn about_token(
    token: &Token,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let kind = MailKind::Token;
    let Some(wording) = context.mail.wording(kind) else {
        return Ok(());
    };
    let mut owners = addressees([token.user_id].into(), connection).await?;
    let Some(to) = owners.remove(&token.user_id) else {
        return Ok(());
    };
    let key = format!("{}:{}", kind.name(), token.id);
    let text = new_token(&to, &token.name, wording);
    let mail = new_mail(&to, kind, key, text, context);
    queue(mail.into_iter().collect(), context, connection).await
}
