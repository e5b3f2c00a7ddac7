//! E-mails about changes. They are queued in the transaction of the change, so
//! that there is one when it happened and none when it did not; sending them is
//! somebody else's work. Without a [`MailPolicy`] in the context nothing is queued.

mod notices;
mod texts;

pub use notices::{EmailChange, new_email, new_password, new_token};
pub use texts::{Addressee, RoleInWords, about_role, welcome};

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::{Insertable, Queryable, Selectable};
use tokio::sync::Notify;

use super::Operation;
use crate::storage::schema::outbox;

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    Created,
    Granted,
    Changed,
    Removed,
    Password,
    Email,
    Token,
}

impl MailKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Granted => "granted",
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Password => "password",
            Self::Email => "email",
            Self::Token => "token",
        }
    }
}

/// How mails are worded, and what they are about.
#[derive(Clone, Debug)]
pub struct Wording {
    pub site_name: String,
    /// Where people use the service.
    pub link: Option<String>,
    pub about: Vec<MailKind>,
}

/// Whether changes queue mails, and which. Off by default; cheap to clone.
#[derive(Clone, Default)]
pub struct MailPolicy {
    on: Option<Arc<On>>,
    /// Whether the change that carries this has queued something.
    queued: Option<Arc<AtomicBool>>,
}

struct On {
    wording: Wording,
    bell: Notify,
}

impl MailPolicy {
    pub fn new(wording: Wording) -> Self {
        let bell = Notify::new();
        Self {
            on: Some(Arc::new(On { wording, bell })),
            queued: None,
        }
    }

    pub fn is_on(&self) -> bool {
        self.on.is_some()
    }

    /// How to word mails of this kind; `None` when nobody wants them.
    pub fn wording(&self, kind: MailKind) -> Option<&Wording> {
        let wording = self.on.as_ref().map(|on| &on.wording);
        wording.filter(|wording| wording.about.contains(&kind))
    }

    /// The same for one change, which is then asked whether it queued something.
    pub(super) fn watched(&self) -> Self {
        Self {
            on: self.on.clone(),
            queued: Some(Arc::default()),
        }
    }

    pub(super) fn note_queued(&self) {
        if let Some(queued) = &self.queued {
            queued.store(true, Ordering::Release);
        }
    }

    /// Wakes whoever sends, after a commit that queued something.
    pub(super) fn wake(&self) {
        let queued = self.queued.as_ref();
        if queued.is_some_and(|queued| queued.load(Ordering::Acquire))
            && let Some(on) = &self.on
        {
            on.bell.notify_one();
        }
    }

    /// Resolves when a mail was queued since the last call; without a policy never.
    pub async fn woken(&self) {
        match &self.on {
            Some(on) => on.bell.notified().await,
            None => std::future::pending().await,
        }
    }
}

impl fmt::Debug for MailPolicy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wording = self.on.as_ref().map(|on| &on.wording);
        out.debug_tuple("MailPolicy").field(&wording).finish()
    }
}

/// What became of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantChange {
    Granted,
    /// It was of this role before.
    Changed {
        from_role: i64,
    },
    Removed,
}

impl GrantChange {
    pub const fn kind(self) -> MailKind {
        match self {
            Self::Granted => MailKind::Granted,
            Self::Changed { .. } => MailKind::Changed,
            Self::Removed => MailKind::Removed,
        }
    }
}

/// A change of a grant that its user may want to know. The same news twice in
/// one request are one mail.
#[derive(Clone, Copy, Debug)]
pub struct GrantNews {
    pub grant_id: i64,
    pub user_id: i64,
    pub what: GrantChange,
    /// The role now, or until it was removed.
    pub role_id: i64,
    pub workspace_id: Option<i64>,
    pub cluster_id: Option<i64>,
}

impl GrantNews {
    /// Of a grant without a scope.
    pub fn everywhere(grant_id: i64, user_id: i64, role_id: i64, what: GrantChange) -> Self {
        Self {
            grant_id,
            user_id,
            what,
            role_id,
            workspace_id: None,
            cluster_id: None,
        }
    }
}

/// A mail before it is queued.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = outbox)]
pub struct NewMail {
    pub created: String,
    pub kind: &'static str,
    pub event_key: String,
    pub recipient: String,
    pub subject: String,
    pub body: String,
    pub next_attempt: String,
}

/// A mail that its holder alone may send now.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub struct Mail {
    pub id: i64,
    pub created: String,
    pub event_key: String,
    pub recipient: String,
    pub subject: String,
    pub body: String,
    /// Those before and the one that begins now.
    pub attempts: i32,
}

/// Whether there is a mail to claim or to give up: looking costs others nothing.
#[derive(Debug)]
pub struct IsMailDue;

impl Operation for IsMailDue {
    type Output = bool;
}

/// Takes one mail that is due. Whoever has not settled it until then is taken
/// for dead, and the mail for lost: it may have been sent.
#[derive(Debug)]
pub struct ClaimMail {
    pub until: String,
}

impl Operation for ClaimMail {
    type Output = Option<Mail>;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailOutcome {
    Sent,
    Later { at: String, error: String },
    Failed { error: String },
}

/// Writes down how the attempt at a claimed mail ended.
#[derive(Clone, Debug)]
pub struct FinishMail {
    pub id: i64,
    pub outcome: MailOutcome,
}

impl Operation for FinishMail {
    type Output = ();

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// Gives up mails whose sending was begun by somebody who is gone; tells which.
#[derive(Debug)]
pub struct GiveUpLostMail;

/// Why such a mail has failed.
pub const LOST: &str =
    "sending was begun and never finished, so it may have been sent; it is not sent again";

impl Operation for GiveUpLostMail {
    type Output = Vec<i64>;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// How many mails there are of each state.
#[derive(Debug)]
pub struct CountMail;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailCounts {
    pub waiting: i64,
    /// Claimed by somebody.
    pub sending: i64,
    pub sent: i64,
    pub failed: i64,
    /// Of the newest mail that could not be sent, at least at first.
    pub last_error: Option<String>,
}

impl Operation for CountMail {
    type Output = MailCounts;
    const SNAPSHOT: bool = true;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wanted_has_a_wording() {
        let policy = MailPolicy::new(Wording {
            site_name: "People".into(),
            link: None,
            about: vec![MailKind::Created],
        });
        assert!(policy.wording(MailKind::Created).is_some());
        assert!(policy.wording(MailKind::Granted).is_none());
        assert!(MailPolicy::default().wording(MailKind::Created).is_none());
    }
}
