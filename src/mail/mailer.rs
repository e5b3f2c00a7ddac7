//! Sends single mails and decides about retries.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lettre::message::Mailbox;
use lettre::transport::smtp::client::AsyncSmtpConnection;

use super::message::{self, AddressEncoding};
use super::smtp::{MAX_STEPS, Smtp, SmtpError};
use crate::config;
use crate::directory::clock;
use crate::directory::mail::{Mail, MailOutcome};

/// The server, the sender address and the settings.
pub struct Mailer {
    smtp: Smtp,
    from: Mailbox,
    pub(super) settings: config::Mail,
}

fn sentence(error: SmtpError) -> String {
    match error {
        SmtpError::Temporary(why) | SmtpError::Permanent(why) | SmtpError::Unconfirmed(why) => why,
    }
}

impl Mailer {
    /// `None` when no server is configured.
    ///
    /// # Errors
    /// A sentence about the setting that cannot be used.
    pub fn new(settings: &config::Mail) -> Result<Option<Self>, String> {
        let (Some(url), Some(from)) = (&settings.smtp_url, &settings.from) else {
            return Ok(None);
        };
        let timeout = Duration::from_secs(settings.timeout_seconds);
        let address = from.address.parse();
        let address = address.map_err(|error| format!("mail.from is not an address: {error}"))?;
        Ok(Some(Self {
            smtp: Smtp::new(url.clone(), timeout)?,
            from: Mailbox::new(from.name.clone(), address),
            settings: settings.clone(),
        }))
    }

    /// Sends a test mail, without retries.
    ///
    /// # Errors
    /// A sentence about the failure.
    pub async fn test(&self, recipient: &str, now: DateTime<Utc>) -> Result<(), String> {
        let site = &self.settings.site_name;
        let mail = Mail {
            id: 0,
            created: clock::text(now),
            event_key: "test".to_owned(),
            recipient: recipient.to_owned(),
            subject: format!("{site}: a test"),
            body: format!(
                "This is a test of the mails of {site}.\n\nThis message was sent automatically.\n"
            ),
            attempts: 1,
        };
        let mut connection = None;
        let sent = self.send(&mail, &mut connection, now).await;
        self.close(connection).await;
        sent.map_err(sentence)
    }

    /// Connects and signs in as for a mail, and sends none.
    ///
    /// # Errors
    /// A sentence about the failure.
    pub async fn connect(&self) -> Result<(), String> {
        let connection = self.smtp.connect().await.map_err(sentence)?;
        self.smtp.close(connection).await;
        Ok(())
    }

    /// One attempt to send a mail, over `connection` if it is open.
    pub(super) async fn attempt(
        &self,
        mail: &Mail,
        connection: &mut Option<AsyncSmtpConnection>,
        now: DateTime<Utc>,
    ) -> MailOutcome {
        match self.send(mail, connection, now).await {
            Ok(()) => MailOutcome::Sent,
            Err(SmtpError::Permanent(error) | SmtpError::Unconfirmed(error)) => {
                MailOutcome::Failed { error }
            }
            Err(SmtpError::Temporary(error)) => match self.next_attempt(mail.attempts, now) {
                Some(at) => MailOutcome::Later { at, error },
                None => MailOutcome::Failed { error },
            },
        }
    }

    pub(super) async fn close(&self, connection: Option<AsyncSmtpConnection>) {
        if let Some(connection) = connection {
            self.smtp.close(connection).await;
        }
    }

    /// When an attempt that begins now has ended in any case.
    pub(super) fn claim_until(&self, now: DateTime<Utc>) -> String {
        let seconds = self
            .settings
            .timeout_seconds
            .saturating_mul(MAX_STEPS.into());
        after(now, seconds.saturating_add(60))
    }

    async fn send(
        &self,
        mail: &Mail,
        connection: &mut Option<AsyncSmtpConnection>,
        now: DateTime<Utc>,
    ) -> Result<(), SmtpError> {
        let message = |encoding| {
            message::build(&self.from, mail, encoding, now).map_err(SmtpError::Permanent)
        };
        // Checks the mail before a connection is opened.
        let mut written = message(AddressEncoding::Utf8)?;
        let mut open = match connection.take() {
            Some(open) => open,
            None => self.smtp.connect().await?,
        };
        if Smtp::encoding(&open) == AddressEncoding::Ascii {
            written = message(AddressEncoding::Ascii)?;
        }
        let delivered = self.smtp.deliver(&mut open, &written).await;
        if delivered.is_ok() {
            *connection = Some(open);
        } else {
            self.smtp.close(open).await;
        }
        delivered
    }

    /// When to retry after this number of attempts; `None` to give up.
    fn next_attempt(&self, attempts: i32, now: DateTime<Utc>) -> Option<String> {
        let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
        if attempts >= self.settings.attempts {
            return None;
        }
        let doubled = 2_u64.saturating_pow(attempts.saturating_sub(1));
        let pause = self.settings.retry_seconds.saturating_mul(doubled);
        Some(after(now, pause.min(self.settings.retry_max_seconds)))
    }
}

fn after(now: DateTime<Utc>, seconds: u64) -> String {
    let pause = i64::try_from(seconds).ok().and_then(TimeDelta::try_seconds);
    let at = pause.and_then(|pause| now.checked_add_signed(pause));
    clock::text(at.unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{MailFrom, SmtpUrl};

    fn mailer() -> Mailer {
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
        Mailer::new(&settings).unwrap().unwrap()
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        let now = clock::parse("2026-01-02T03:00:00Z").unwrap();
        let next = |attempts| mailer().next_attempt(attempts, now);
        assert_eq!(next(1).unwrap(), "2026-01-02T03:01:00+00:00");
        assert_eq!(next(2).unwrap(), "2026-01-02T03:02:00+00:00");
        assert_eq!(next(3).unwrap(), "2026-01-02T03:03:20+00:00");
        assert_eq!(next(4).unwrap(), "2026-01-02T03:03:20+00:00");
        assert_eq!(next(5), None);
    }

    #[test]
    fn without_a_server_there_is_no_mailer() {
        assert!(Mailer::new(&config::Mail::default()).unwrap().is_none());
    }
}
