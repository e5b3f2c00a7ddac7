//! Who sends, from whom, and what becomes of a mail.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lettre::message::Mailbox;
use lettre::transport::smtp::client::AsyncSmtpConnection;

use super::letter::{self, Letters};
use super::smtp::{STEPS, Smtp, Trouble};
use crate::config;
use crate::directory::clock;
use crate::directory::mail::{Mail, MailOutcome};

/// Everything that sending takes.
pub struct Post {
    smtp: Smtp,
    from: Mailbox,
    pub(super) settings: config::Mail,
}

impl Post {
    /// `None` when no server is configured. The problem is a sentence.
    pub fn new(settings: &config::Mail) -> Result<Option<Self>, String> {
        let (Some(url), Some(from)) = (&settings.smtp_url, &settings.from) else {
            return Ok(None);
        };
        let timeout = Duration::from_secs(settings.timeout_seconds);
        let address = from.address.parse();
        let address = address.map_err(|error| format!("mail.from is no address: {error}"))?;
        Ok(Some(Self {
            smtp: Smtp::new(url.clone(), timeout)?,
            from: Mailbox::new(from.name.clone(), address),
            settings: settings.clone(),
        }))
    }

    /// Sends a mail that says nothing, now and once. The problem is a sentence.
    pub async fn test(&self, recipient: &str, now: DateTime<Utc>) -> Result<(), String> {
        let site = &self.settings.site_name;
        let mail = Mail {
            id: 0,
            created: clock::text(now),
            event_key: "test".to_owned(),
            recipient: recipient.to_owned(),
            subject: format!("{site}: a test"),
            body: format!(
                "This is how mails of {site} arrive.\n\nThis message was sent automatically.\n"
            ),
            attempts: 1,
        };
        let mut line = None;
        let sent = self.send(&mail, &mut line, now).await;
        self.close(line).await;
        sent.map_err(|trouble| match trouble {
            Trouble::Later(why) | Trouble::Never(why) | Trouble::Unknown(why) => why,
        })
    }

    /// One attempt at a mail, over `line` when there is one.
    pub(super) async fn attempt(
        &self,
        mail: &Mail,
        line: &mut Option<AsyncSmtpConnection>,
        now: DateTime<Utc>,
    ) -> MailOutcome {
        match self.send(mail, line, now).await {
            Ok(()) => MailOutcome::Sent,
            Err(Trouble::Never(error) | Trouble::Unknown(error)) => MailOutcome::Failed { error },
            Err(Trouble::Later(error)) => match self.next_attempt(mail.attempts, now) {
                Some(at) => MailOutcome::Later { at, error },
                None => MailOutcome::Failed { error },
            },
        }
    }

    pub(super) async fn close(&self, line: Option<AsyncSmtpConnection>) {
        if let Some(line) = line {
            self.smtp.close(line).await;
        }
    }

    /// Until when an attempt that begins now has ended, whatever happens.
    pub(super) fn ended(&self, now: DateTime<Utc>) -> String {
        let seconds = self.settings.timeout_seconds.saturating_mul(STEPS.into());
        later(now, seconds.saturating_add(60))
    }

    async fn send(
        &self,
        mail: &Mail,
        line: &mut Option<AsyncSmtpConnection>,
        now: DateTime<Utc>,
    ) -> Result<(), Trouble> {
        let message =
            |letters| letter::message(&self.from, mail, letters, now).map_err(Trouble::Never);
        // Before anybody is called about what is no mail.
        let mut written = message(Letters::All)?;
        let mut open = match line.take() {
            Some(open) => open,
            None => self.smtp.connect().await?,
        };
        if Smtp::letters(&open) == Letters::Ascii {
            written = message(Letters::Ascii)?;
        }
        let delivered = self.smtp.deliver(&mut open, &written).await;
        if delivered.is_ok() {
            *line = Some(open);
        } else {
            self.smtp.close(open).await;
        }
        delivered
    }

    /// When to try again after so many attempts, unless they were enough.
    fn next_attempt(&self, attempts: i32, now: DateTime<Utc>) -> Option<String> {
        let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
        if attempts >= self.settings.attempts {
            return None;
        }
        let doubled = 2_u64.saturating_pow(attempts.saturating_sub(1));
        let pause = self.settings.retry_seconds.saturating_mul(doubled);
        Some(later(now, pause.min(self.settings.retry_max_seconds)))
    }
}

fn later(now: DateTime<Utc>, seconds: u64) -> String {
    let pause = i64::try_from(seconds).ok().and_then(TimeDelta::try_seconds);
    let at = pause.and_then(|pause| now.checked_add_signed(pause));
    clock::text(at.unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{MailFrom, SmtpUrl};

    fn post() -> Post {
        let settings = config::Mail {
            smtp_url: Some(SmtpUrl::parse("smtp://localhost").unwrap()),
            from: Some(MailFrom {
                name: Some("People".into()),
                address: "people@localhost".into(),
            }),
            attempts: 5,
            retry_seconds: 60,
            retry_max_seconds: 200,
            ..config::Mail::default()
        };
        Post::new(&settings).unwrap().unwrap()
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        let now = clock::parse("2026-01-02T03:00:00Z").unwrap();
        let next = |attempts| post().next_attempt(attempts, now);
        assert_eq!(next(1).unwrap(), "2026-01-02T03:01:00+00:00");
        assert_eq!(next(2).unwrap(), "2026-01-02T03:02:00+00:00");
        assert_eq!(next(3).unwrap(), "2026-01-02T03:03:20+00:00");
        assert_eq!(next(4).unwrap(), "2026-01-02T03:03:20+00:00");
        assert_eq!(next(5), None);
    }

    #[test]
    fn without_a_server_there_is_no_post() {
        assert!(Post::new(&config::Mail::default()).unwrap().is_none());
    }
}
