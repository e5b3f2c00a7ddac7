//! Mails about changes: queued in the transaction of the change, claimed by
//! whoever sends them, and settled.

use std::collections::{BTreeMap, BTreeSet};

use super::env;
use super::prelude::*;
use crate::directory::mail::{
    Addressee, ClaimMail, CountMail, FinishMail, GiveUpLostMail, GrantChange, GrantNews, IsMailDue,
    LOST, Mail, MailCounts, MailKind, MailOutcome, NewMail, RoleInWords, about_role, welcome,
};
use crate::directory::users::User;
use crate::storage::schema::{clusters, grants, outbox, roles, users, workspaces};

/// Neither sent nor given up, and nobody is at it.
macro_rules! waiting {
    () => {
        outbox::sent_at
            .is_null()
            .and(outbox::failed_at.is_null())
            .and(outbox::claimed_until.is_null())
    };
}

/// Queues the mail to a user who was just made.
pub async fn about_new_user(
    user: &User,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let kind = MailKind::Created;
    let Some(wording) = context.mail.wording(kind).filter(|_| user.is_active) else {
        return Ok(());
    };
    let to = addressee(user);
    let key = format!("{}:{}", kind.name(), user.id);
    let mail = new_mail(&to, kind, key, welcome(&to, wording), context);
    queue(mail.into_iter().collect(), context, connection).await
}

pub fn addressee(user: &User) -> Addressee {
    Addressee {
        id: user.id,
        username: user.username.clone(),
        name: user.name.clone(),
        surname: user.surname.clone(),
        full_name: user.full_name.clone(),
        email: user.email.clone(),
    }
}

/// Queues mails about grants, to those users who can be written to: active,
/// not in the trash, with an address. However many news, a few statements.
pub async fn about_grants(
    news: &[GrantNews],
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let wanted: Vec<&GrantNews> = news
        .iter()
        .filter(|news| context.mail.wording(news.what.kind()).is_some())
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let ids = wanted.iter().map(|news| news.user_id).collect();
    let people = addressees(ids, connection).await?;
    let names = Names::of(&wanted, connection).await?;
    let mails = wanted.iter().filter_map(|news| {
        let to = people.get(&news.user_id)?;
        let kind = news.what.kind();
        let texts = about_role(to, kind, &names.words(news), context.mail.wording(kind)?);
        new_mail(to, kind, key_of(news, context), texts, context)
    });
    queue(mails.collect(), context, connection).await
}

/// Queues mails to all who hold a role that is about to go.
pub async fn about_end_of(
    role: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    if context.mail.wording(MailKind::Removed).is_none() {
        return Ok(());
    }
    let now = context.now_text();
    let begun = grants::valid_from.is_null().or(grants::valid_from.le(&now));
    let lasts = grants::valid_until
        .is_null()
        .or(grants::valid_until.gt(&now));
    let ends: Vec<(i64, i64, Option<i64>, Option<i64>)> = grants::table
        .filter(grants::role_id.eq(role))
        .filter(grants::is_active.eq(true).and(begun).and(lasts))
        .order(grants::id.asc())
        .select((
            grants::id,
            grants::user_id,
            grants::workspace_id,
            grants::cluster_id,
        ))
        .load(connection)
        .await?;
    let news = |(grant_id, user_id, workspace_id, cluster_id)| GrantNews {
        grant_id,
        user_id,
        what: GrantChange::Removed,
        role_id: role,
        workspace_id,
        cluster_id,
    };
    let news: Vec<GrantNews> = ends.into_iter().map(news).collect();
    about_grants(&news, context, connection).await
}

/// The same change happens once in one request.
fn key_of(news: &GrantNews, context: &Context) -> String {
    let from = match news.what {
        GrantChange::Changed { from_role } => from_role,
        GrantChange::Granted | GrantChange::Removed => 0,
    };
    let (kind, request) = (news.what.kind().name(), context.request_id);
    format!("{kind}:{}:{from}:{}:{request}", news.grant_id, news.role_id)
}

pub fn new_mail(
    to: &Addressee,
    kind: MailKind,
    event_key: String,
    (subject, body): (String, String),
    context: &Context,
) -> Option<NewMail> {
    let now = context.now_text();
    Some(NewMail {
        created: now.clone(),
        kind: kind.name(),
        event_key,
        recipient: to.address()?.to_owned(),
        subject,
        body,
        next_attempt: now,
    })
}

/// Those of these users who can be written to: active, and not in the trash.
pub async fn addressees(
    ids: BTreeSet<i64>,
    connection: &mut Conn,
) -> Result<BTreeMap<i64, Addressee>, DirectoryError> {
    let people: Vec<Addressee> = users::table
        .filter(env::id_in(users::id, ids.into_iter().collect()))
        .filter(users::deleted_at.is_null())
        .filter(users::is_active.eq(true))
        .select((
            users::id,
            users::username,
            users::name,
            users::surname,
            users::full_name,
            users::email,
        ))
        .load(connection)
        .await?;
    Ok(people.into_iter().map(|to| (to.id, to)).collect())
}

/// What roles and their places are called.
struct Names {
    roles: BTreeMap<i64, String>,
    workspaces: BTreeMap<i64, String>,
    clusters: BTreeMap<i64, String>,
}

impl Names {
    async fn of(news: &[&GrantNews], connection: &mut Conn) -> Result<Self, DirectoryError> {
        let before = news.iter().filter_map(|news| match news.what {
            GrantChange::Changed { from_role } => Some(from_role),
            GrantChange::Granted | GrantChange::Removed => None,
        });
        let wanted: BTreeSet<i64> = news.iter().map(|news| news.role_id).chain(before).collect();
        let found: Vec<(i64, String, Option<String>)> = roles::table
            .filter(env::id_in(roles::id, wanted.into_iter().collect()))
            .select((roles::id, roles::name, roles::label))
            .load(connection)
            .await?;
        let shown = |(id, name, label): (i64, String, Option<String>)| {
            let label = label.filter(|label| !label.trim().is_empty());
            (id, label.unwrap_or(name))
        };
        let workspaces = ids_of(news, |news| news.workspace_id);
        let clusters = ids_of(news, |news| news.cluster_id);
        Ok(Self {
            roles: found.into_iter().map(shown).collect(),
            workspaces: workspace_titles(workspaces, connection).await?,
            clusters: cluster_titles(clusters, connection).await?,
        })
    }

    fn words(&self, news: &GrantNews) -> RoleInWords<'_> {
        let role = |id: i64| self.roles.get(&id).map_or("", String::as_str);
        let workspace = news.workspace_id.and_then(|id| self.workspaces.get(&id));
        let cluster = news.cluster_id.and_then(|id| self.clusters.get(&id));
        RoleInWords {
            role: role(news.role_id),
            before: match news.what {
                GrantChange::Changed { from_role } => Some(role(from_role)),
                GrantChange::Granted | GrantChange::Removed => None,
            },
            place: cluster
                .map(|title| format!("the cluster {title}"))
                .or_else(|| workspace.map(|title| format!("the workspace {title}"))),
        }
    }
}

fn ids_of(news: &[&GrantNews], id: impl Fn(&GrantNews) -> Option<i64>) -> Vec<i64> {
    let ids: BTreeSet<i64> = news.iter().filter_map(|news| id(news)).collect();
    ids.into_iter().collect()
}

async fn workspace_titles(
    ids: Vec<i64>,
    connection: &mut Conn,
) -> Result<BTreeMap<i64, String>, DirectoryError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let titles: Vec<(i64, String)> = workspaces::table
        .filter(env::id_in(workspaces::id, ids))
        .select((workspaces::id, workspaces::title))
        .load(connection)
        .await?;
    Ok(titles.into_iter().collect())
}

async fn cluster_titles(
    ids: Vec<i64>,
    connection: &mut Conn,
) -> Result<BTreeMap<i64, String>, DirectoryError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let titles: Vec<(i64, String)> = clusters::table
        .filter(env::id_in(clusters::id, ids))
        .select((clusters::id, clusters::title))
        .load(connection)
        .await?;
    Ok(titles.into_iter().collect())
}

/// There is at most one mail about an event: another is not queued.
pub async fn queue(
    mails: Vec<NewMail>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    env::insert_new!(outbox::table, mails, connection);
    if !mails.is_empty() {
        context.mail.note_queued();
    }
    Ok(())
}

impl Run for IsMailDue {
    type Answer = bool;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<bool, DirectoryError> {
        let now = context.now_text();
        let due = outbox::table
            .filter(waiting!())
            .filter(outbox::next_attempt.le(&now))
            .select(outbox::id);
        if due.first::<i64>(connection).await.optional()?.is_some() {
            return Ok(true);
        }
        let lost = outbox::table
            .filter(outbox::claimed_until.le(&now))
            .select(outbox::id);
        Ok(lost.first::<i64>(connection).await.optional()?.is_some())
    }
}

/// Mails that one claim tries for, when others are quicker.
const TRIED: i64 = 16;

impl Run for ClaimMail {
    type Answer = Option<Mail>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<Mail>, DirectoryError> {
        let due: Vec<i64> = outbox::table
            .filter(waiting!())
            .filter(outbox::next_attempt.le(context.now_text()))
            .order((outbox::next_attempt.asc(), outbox::id.asc()))
            .limit(TRIED)
            .select(outbox::id)
            .load(connection)
            .await?;
        for id in due {
            // Whoever has it meanwhile is waited for, and then it is theirs.
            let mail = diesel::update(outbox::table.find(id).filter(waiting!()))
                .set((
                    outbox::claimed_until.eq(&self.until),
                    outbox::attempts.eq(outbox::attempts + 1),
                ))
                .returning(Mail::as_select())
                .cached()
                .get_result(connection)
                .await
                .optional()?;
            if mail.is_some() {
                return Ok(mail);
            }
        }
        Ok(None)
    }
}

impl Run for FinishMail {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        let now = context.now_text();
        let (sent_at, failed_at, next, error) = match &self.outcome {
            MailOutcome::Sent => (Some(&now), None, None, None),
            MailOutcome::Later { at, error } => (None, None, Some(at), Some(error)),
            MailOutcome::Failed { error } => (None, Some(&now), None, Some(error)),
        };
        let is_sent = sent_at.is_some();
        let row = outbox::table.find(self.id);
        // One that was given up meanwhile stays so, unless it is known to be sent.
        let ours = outbox::claimed_until.is_not_null();
        let ours = ours.or(outbox::failed_at.is_not_null().eq(is_sent));
        let settled = diesel::update(row.filter(ours))
            .set((
                outbox::claimed_until.eq(None::<String>),
                outbox::sent_at.eq(sent_at),
                outbox::failed_at.eq(failed_at),
                outbox::last_error.eq(error),
            ))
            .cached()
            .execute(connection)
            .await?;
        if let Some(at) = next.filter(|_| settled > 0) {
            diesel::update(outbox::table.find(self.id))
                .set(outbox::next_attempt.eq(at))
                .cached()
                .execute(connection)
                .await?;
        }
        Ok(())
    }
}

impl Run for GiveUpLostMail {
    type Answer = Vec<i64>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Vec<i64>, DirectoryError> {
        let now = context.now_text();
        let lost = outbox::table.filter(outbox::claimed_until.le(&now));
        let lost = diesel::update(lost)
            .set((
                outbox::claimed_until.eq(None::<String>),
                outbox::failed_at.eq(&now),
                outbox::last_error.eq(LOST),
            ))
            .returning(outbox::id)
            .cached()
            .load(connection)
            .await?;
        Ok(lost)
    }
}

impl Run for CountMail {
    type Answer = MailCounts;

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<MailCounts, DirectoryError> {
        let sent = outbox::table.filter(outbox::sent_at.is_not_null());
        let failed = outbox::table.filter(outbox::failed_at.is_not_null());
        let waiting = outbox::table.filter(waiting!());
        let sending = outbox::table.filter(outbox::claimed_until.is_not_null());
        Ok(MailCounts {
            waiting: waiting.count().get_result(connection).await?,
            sending: sending.count().get_result(connection).await?,
            sent: sent.count().get_result(connection).await?,
            failed: failed.count().get_result(connection).await?,
            last_error: outbox::table
                .filter(outbox::last_error.is_not_null())
                .order(outbox::id.desc())
                .select(outbox::last_error)
                .first::<Option<String>>(connection)
                .await
                .optional()?
                .flatten(),
        })
    }
}
