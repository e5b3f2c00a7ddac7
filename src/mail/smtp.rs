//! The SMTP session, step by step: the meaning of a failure depends on the step.

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

use super::message::AddressEncoding;
use crate::config::{SmtpSecurity, SmtpUrl};

/// Steps of one delivery at most; each has the timeout.
pub const MAX_STEPS: u32 = 10;

/// Characters of an error that are kept.
const MAX_ERROR: usize = 500;

/// Why a mail was not delivered, or may not have been. The texts are for
/// administrators and contain no password.
#[derive(Debug, PartialEq, Eq)]
pub enum SmtpError {
    /// Not delivered; another attempt may succeed.
    Temporary(String),
    /// Rejected permanently.
    Permanent(String),
    /// It may have been delivered.
    Unconfirmed(String),
}

/// An SMTP server and its settings.
pub struct Smtp {
    url: SmtpUrl,
    tls: Option<TlsParameters>,
    hello: ClientId,
    timeout: Duration,
}

enum StepError {
    Rejected(Error),
    TimedOut,
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

    /// Connects, negotiates TLS and authenticates.
    pub async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
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
        // Failures up to here are not about the mail, so all are temporary.
        let mut connection = self
            .step(connected)
            .await
            .map_err(|error| SmtpError::Temporary(self.describe("connecting", error)))?;
        let wanted = self.url.security == SmtpSecurity::Required
            || (self.url.security == SmtpSecurity::Opportunistic && connection.can_starttls());
        if let (true, Some(tls)) = (wanted, self.tls.clone()) {
            self.step(connection.starttls(tls, &self.hello))
                .await
                .map_err(|error| SmtpError::Temporary(self.describe("STARTTLS", error)))?;
        }
        if let Some((user, password)) = &self.url.login {
            let login = Credentials::new(user.clone(), password.expose().to_owned());
            self.step(connection.auth(DEFAULT_MECHANISMS, &login))
                .await
                .map_err(|error| SmtpError::Temporary(self.describe("signing in", error)))?;
        }
        Ok(connection)
    }

    /// The encoding of addresses that the server supports.
    pub fn encoding(connection: &AsyncSmtpConnection) -> AddressEncoding {
        match connection
            .server_info()
            .supports_feature(Extension::SmtpUtfEight)
        {
            true => AddressEncoding::Utf8,
            false => AddressEncoding::Ascii,
        }
    }

    /// Delivers one mail.
    pub async fn deliver(
        &self,
        connection: &mut AsyncSmtpConnection,
        message: &Message,
    ) -> Result<(), SmtpError> {
        let bytes = message.formatted();
        self.send_envelope(connection, message, &bytes).await?;
        match self.step(connection.message(&bytes)).await {
            Ok(_) => Ok(()),
            Err(StepError::Rejected(error)) if error.status().is_some() => {
                Err(self.classify("the mail", StepError::Rejected(error)))
            }
            // The server may have received the whole mail without confirming it.
            Err(error) => {
                let text = self.describe("the mail", error);
                let text = format!("it may have been sent and is not sent again; {text}");
                Err(SmtpError::Unconfirmed(text))
            }
        }
    }

    /// Sends the envelope, up to the reply to DATA.
    async fn send_envelope(
        &self,
        connection: &mut AsyncSmtpConnection,
        message: &Message,
        bytes: &[u8],
    ) -> Result<(), SmtpError> {
        let envelope = message.envelope();
        let mut addresses = envelope.to().iter().chain(envelope.from());
        let mut parameters = Vec::new();
        if !addresses.all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
            if Self::encoding(connection) == AddressEncoding::Ascii {
                let text =
                    "the server does not support addresses with non-ASCII characters (SMTPUTF8)";
                return Err(SmtpError::Permanent(text.to_owned()));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !bytes.is_ascii() {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        self.step(connection.command(Mail::new(envelope.from().cloned(), parameters)))
            .await
            .map_err(|error| self.classify("the sender", error))?;
        for to in envelope.to() {
            self.step(connection.command(Rcpt::new(to.clone(), Vec::new())))
                .await
                .map_err(|error| self.classify("the recipient", error))?;
        }
        self.step(connection.command(Data))
            .await
            .map_err(|error| self.classify("the mail", error))?;
        Ok(())
    }

    /// Sends QUIT and closes the connection.
    pub async fn close(&self, mut connection: AsyncSmtpConnection) {
        let _ = tokio::time::timeout(self.timeout, connection.abort()).await;
    }

    async fn step<T>(&self, step: impl Future<Output = Result<T, Error>>) -> Result<T, StepError> {
        match tokio::time::timeout(self.timeout, step).await {
            Ok(done) => done.map_err(StepError::Rejected),
            Err(_) => Err(StepError::TimedOut),
        }
    }

    fn classify(&self, what: &str, error: StepError) -> SmtpError {
        let is_permanent = matches!(&error, StepError::Rejected(error) if error.is_permanent());
        let text = self.describe(what, error);
        if is_permanent {
            SmtpError::Permanent(text)
        } else {
            SmtpError::Temporary(text)
        }
    }

    /// One line of bounded length. The password is redacted even if the server
    /// repeats it.
    fn describe(&self, what: &str, error: StepError) -> String {
        let cause = match error {
            StepError::Rejected(error) => error.to_string(),
            StepError::TimedOut => format!("no answer within {} s", self.timeout.as_secs()),
        };
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let mut text: String = format!("{what}: {cause} ({})", self.url)
            .chars()
            .map(plain)
            .collect();
        if let Some((user, password)) = &self.url.login {
            let password = password.expose();
            // In plain text, and encoded as LOGIN and PLAIN send it.
            let sent = [password.to_owned(), format!("\0{user}\0{password}")];
            let sent = sent.map(|text| BASE64_STANDARD.encode(text));
            for secret in sent.iter().map(String::as_str).chain([password]) {
                if !secret.is_empty() {
                    text = text.replace(secret, "[secret]");
                }
            }
        }
        text.chars().take(MAX_ERROR).collect()
    }
}
