//! E-mails about changes. They are queued in the transaction of the change, so
//! that there is one when it happened and none when it did not; sending them is
//! somebody else's work. Without a [`MailPolicy`] in the context nothing is queued.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::{Insertable, Queryable, Selectable};
use tokio::sync::Notify;

use super::{Operation, values};
use crate::storage::schema::outbox;

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    Created,
    Granted,
    Changed,
    Removed,
}

impl MailKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Granted => "granted",
            Self::Changed => "changed",
            Self::Removed => "removed",
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
pub struct SettleMail {
    pub id: i64,
    pub outcome: MailOutcome,
}

impl Operation for SettleMail {
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

/// Forgets mails that were sent or failed up to a moment, some at a time; tells how many.
#[derive(Debug)]
pub struct ForgetMail {
    pub until: String,
}

impl Operation for ForgetMail {
    type Output = usize;

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

/// Whom a mail is for.
#[derive(Clone, Debug, Queryable)]
pub struct Addressee {
    pub id: i64,
    pub username: String,
    pub name: Option<String>,
    pub surname: Option<String>,
    pub full_name: Option<String>,
    pub email: Option<String>,
}

impl Addressee {
    /// The e-mail address, or the username where that is one.
    pub fn address(&self) -> Option<&str> {
        let given = self.email.as_deref().filter(|email| !email.is_empty());
        given.or_else(|| {
            let username = self.username.as_str();
            values::email(username).is_ok().then_some(username)
        })
    }

    fn called(&self) -> String {
        let parts = [self.name.as_deref(), self.surname.as_deref()];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        let full = self
            .full_name
            .clone()
            .filter(|full| !full.trim().is_empty());
        let called = full.unwrap_or_else(|| parts.join(" "));
        let called = one_line(&called);
        if called.trim().is_empty() {
            one_line(&self.username)
        } else {
            called
        }
    }
}

/// A role in its place, in words.
#[derive(Clone, Debug)]
pub struct RoleInWords<'a> {
    pub role: &'a str,
    pub before: Option<&'a str>,
    /// Such as `the workspace Syria`; nothing for everywhere.
    pub place: Option<String>,
}

/// Subject and body of a mail to somebody who is new.
pub fn welcome(to: &Addressee, wording: &Wording) -> (String, String) {
    let site = one_line(&wording.site_name);
    let news = format!(
        "an account was made for you in {site}. Your username is {}.",
        one_line(&to.username)
    );
    let hint = wording
        .link
        .as_deref()
        .map(|link| format!("You can sign in at {}", one_line(link)));
    (format!("{site}: your account"), body(to, &news, hint))
}

/// Subject and body of a mail about a role.
pub fn about_role(
    to: &Addressee,
    what: MailKind,
    role: &RoleInWords<'_>,
    wording: &Wording,
) -> (String, String) {
    let site = one_line(&wording.site_name);
    let name = one_line(role.role);
    let place = role.place.as_deref().map(one_line);
    let place = place.map_or_else(String::new, |place| format!(" in {place}"));
    let (subject, news) = match (what, role.before) {
        (MailKind::Removed, _) => (
            format!("{site}: you no longer hold the role {name}"),
            format!("in {site} you no longer hold the role \"{name}\"{place}."),
        ),
        (MailKind::Changed, Some(before)) => {
            let before = one_line(before);
            (
                format!("{site}: your role is now {name}"),
                format!("in {site} your role{place} was changed from \"{before}\" to \"{name}\"."),
            )
        }
        _ => (
            format!("{site}: you now hold the role {name}"),
            format!("in {site} you now hold the role \"{name}\"{place}."),
        ),
    };
    let hint = wording.link.as_deref().map(one_line);
    (subject, body(to, &news, hint))
}

fn body(to: &Addressee, news: &str, hint: Option<String>) -> String {
    let hint = hint.map_or_else(String::new, |hint| format!("{hint}\n\n"));
    format!(
        "Hello {},\n\n{news}\n\n{hint}This message was sent automatically.\n",
        to.called()
    )
}

/// Names may hold any character; none of them may begin a line of its own.
fn one_line(text: &str) -> String {
    let plain = |c: char| {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            ' '
        } else {
            c
        }
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calvin() -> Addressee {
        Addressee {
            id: 7,
            username: "calvin".into(),
            name: Some("Calvin".into()),
            surname: None,
            full_name: None,
            email: Some("calvin@example.org".into()),
        }
    }

    fn wording() -> Wording {
        Wording {
            site_name: "People".into(),
            link: Some("https://people.example.org".into()),
            about: vec![MailKind::Created],
        }
    }

    #[test]
    fn a_username_that_is_an_address_will_do() {
        let mut to = calvin();
        assert_eq!(to.address(), Some("calvin@example.org"));
        to.email = None;
        assert_eq!(to.address(), None);
        to.username = "hobbes@example.org".into();
        assert_eq!(to.address(), Some("hobbes@example.org"));
    }

    #[test]
    fn a_mail_says_what_has_changed() {
        let (subject, body) = welcome(&calvin(), &wording());
        assert_eq!(subject, "People: your account");
        assert_eq!(
            body,
            "Hello Calvin,\n\nan account was made for you in People. Your username is calvin.\n\n\
             You can sign in at https://people.example.org\n\nThis message was sent automatically.\n"
        );
        let role = RoleInWords {
            role: "IP Admin",
            before: Some("IP Editor"),
            place: Some("the workspace Syria".into()),
        };
        let (subject, body) = about_role(&calvin(), MailKind::Changed, &role, &wording());
        assert_eq!(subject, "People: your role is now IP Admin");
        assert!(body.contains(
            "your role in the workspace Syria was changed from \"IP Editor\" to \"IP Admin\"."
        ));
        let (subject, _) = about_role(&calvin(), MailKind::Removed, &role, &wording());
        assert_eq!(subject, "People: you no longer hold the role IP Admin");
    }

    #[test]
    fn a_name_cannot_begin_a_line() {
        let role = RoleInWords {
            role: "x\r\nBcc: spy@example.org\r\n\r\nClick here",
            before: None,
            place: None,
        };
        let (subject, body) = about_role(&calvin(), MailKind::Granted, &role, &wording());
        assert_eq!(subject.lines().count(), 1);
        assert!(!body.contains('\r'));
        assert!(
            !body
                .lines()
                .any(|line| line.starts_with("Bcc") || line.starts_with("Click"))
        );
    }

    #[test]
    fn only_what_is_wanted_has_a_wording() {
        let policy = MailPolicy::new(wording());
        assert!(policy.wording(MailKind::Created).is_some());
        assert!(policy.wording(MailKind::Granted).is_none());
        assert!(MailPolicy::default().wording(MailKind::Created).is_none());
    }
}
