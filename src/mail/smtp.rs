//! The conversation with the server that takes the mails, step by step: what a
//! failure means depends on how far it got.

use std::future::Future;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};

use super::letter::Letters;
use crate::config::{SmtpSecurity, SmtpUrl};

/// Steps that one delivery takes at most, each within the time for a step.
pub const STEPS: u32 = 10;

/// The most of an error that is kept.
const LONGEST: usize = 500;

/// Why a mail is not known to be delivered. The texts are for administrators
/// and hold no password.
#[derive(Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing was delivered, and that may change.
    Later(String),
    /// Refused for good.
    Never(String),
    /// It may have been delivered.
    Unknown(String),
}

/// A server, and how to speak with it.
pub struct Smtp {
    url: SmtpUrl,
    tls: Option<TlsParameters>,
    hello: ClientId,
    timeout: Duration,
}

enum Ended {
    Refused(Error),
    TooSlow,
}

impl Smtp {
    pub fn new(url: SmtpUrl, timeout: Duration) -> Result<Self, String> {
        let tls = match url.security {
            SmtpSecurity::Plain => None,
            SmtpSecurity::Opportunistic | SmtpSecurity::Required | SmtpSecurity::Wrapped => {
                let tls = TlsParameters::new(url.host.clone());
                Some(tls.map_err(|error| format!("TLS cannot be used for {url}: {error}"))?)
            }
        };
        let hello = url
            .hello
            .clone()
            .map_or_else(ClientId::default, ClientId::Domain);
        Ok(Self {
            url,
            tls,
            hello,
            timeout,
        })
    }

    /// Until the server would take mails.
    pub async fn connect(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let wrapped = match self.url.security {
            SmtpSecurity::Wrapped => self.tls.clone(),
            _ => None,
        };
        let place = (self.url.host.as_str(), self.url.port);
        let connected = AsyncSmtpConnection::connect_tokio1(
            place,
            Some(self.timeout),
            &self.hello,
            wrapped,
            None,
        );
        // Whatever the server says until here is not about the mail.
        let mut line = self
            .step(connected)
            .await
            .map_err(|ended| Trouble::Later(self.told("connecting", ended)))?;
        let wanted = self.url.security == SmtpSecurity::Required
            || (self.url.security == SmtpSecurity::Opportunistic && line.can_starttls());
        if let (true, Some(tls)) = (wanted, self.tls.clone()) {
            self.step(line.starttls(tls, &self.hello))
                .await
                .map_err(|ended| Trouble::Later(self.told("STARTTLS", ended)))?;
        }
        if let Some((user, password)) = &self.url.login {
            let login = Credentials::new(user.clone(), password.expose().to_owned());
            self.step(line.auth(DEFAULT_MECHANISMS, &login))
                .await
                .map_err(|ended| Trouble::Later(self.told("signing in", ended)))?;
        }
        Ok(line)
    }

    /// What the server of this connection takes in addresses.
    pub fn letters(line: &AsyncSmtpConnection) -> Letters {
        match line.server_info().supports_feature(Extension::SmtpUtfEight) {
            true => Letters::All,
            false => Letters::Ascii,
        }
    }

    /// Hands one mail over.
    pub async fn deliver(
        &self,
        line: &mut AsyncSmtpConnection,
        message: &Message,
    ) -> Result<(), Trouble> {
        let bytes = message.formatted();
        self.announce(line, message, &bytes).await?;
        match self.step(line.message(&bytes)).await {
            Ok(_) => Ok(()),
            Err(Ended::Refused(error)) if error.status().is_some() => {
                Err(self.judged("the mail", Ended::Refused(error)))
            }
            // It has the whole mail, perhaps, and did not say so.
            Err(ended) => {
                let told = self.told("the mail", ended);
                let told = format!("it may have been sent and is not sent again; {told}");
                Err(Trouble::Unknown(told))
            }
        }
    }

    /// Whom it is from and for, until the server waits for the mail itself.
    async fn announce(
        &self,
        line: &mut AsyncSmtpConnection,
        message: &Message,
        bytes: &[u8],
    ) -> Result<(), Trouble> {
        let envelope = message.envelope();
        let mut addresses = envelope.to().iter().chain(envelope.from());
        let mut parameters = Vec::new();
        if !addresses.all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
            if Self::letters(line) == Letters::Ascii {
                let told = "the server takes no addresses with letters beyond ASCII (SMTPUTF8)";
                return Err(Trouble::Never(told.to_owned()));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !bytes.is_ascii() {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        self.step(line.command(Mail::new(envelope.from().cloned(), parameters)))
            .await
            .map_err(|ended| self.judged("the sender", ended))?;
        for to in envelope.to() {
            self.step(line.command(Rcpt::new(to.clone(), Vec::new())))
                .await
                .map_err(|ended| self.judged("the recipient", ended))?;
        }
        self.step(line.command(Data))
            .await
            .map_err(|ended| self.judged("the mail", ended))?;
        Ok(())
    }

    /// Says goodbye, when there is still somebody to say it to.
    pub async fn close(&self, mut line: AsyncSmtpConnection) {
        let _ = tokio::time::timeout(self.timeout, line.abort()).await;
    }

    async fn step<T>(&self, step: impl Future<Output = Result<T, Error>>) -> Result<T, Ended> {
        match tokio::time::timeout(self.timeout, step).await {
            Ok(done) => done.map_err(Ended::Refused),
            Err(_) => Err(Ended::TooSlow),
        }
    }

    fn judged(&self, what: &str, ended: Ended) -> Trouble {
        let lasting = matches!(&ended, Ended::Refused(error) if error.is_permanent());
        let told = self.told(what, ended);
        if lasting {
            Trouble::Never(told)
        } else {
            Trouble::Later(told)
        }
    }

    /// One line, not too long, and without the password, whoever repeats it.
    fn told(&self, what: &str, ended: Ended) -> String {
        let cause = match ended {
            Ended::Refused(error) => error.to_string(),
            Ended::TooSlow => format!("no answer within {} s", self.timeout.as_secs()),
        };
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let mut text: String = format!("{what}: {cause} ({})", self.url)
            .chars()
            .map(plain)
            .collect();
        if let Some((user, password)) = &self.url.login {
            let password = password.expose();
            // As it is, and as LOGIN and PLAIN send it.
            let sent = [password.to_owned(), format!("\0{user}\0{password}")];
            let sent = sent.map(|text| BASE64_STANDARD.encode(text));
            for secret in sent.iter().map(String::as_str).chain([password]) {
                if !secret.is_empty() {
                    text = text.replace(secret, "[secret]");
                }
            }
        }
        text.chars().take(LONGEST).collect()
    }
}
