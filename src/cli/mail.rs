//! `rolecall mail`.

use std::fmt::Write;

use super::arguments::MailCommand;
use super::error::CommandError;
use super::output;
use super::runtime::{Session, block_on};
use crate::config::Settings;
use crate::directory::mail::CountMail;
use crate::directory::{Clock, SystemClock, values};
use crate::mail::Mailer;

pub fn run(command: MailCommand, settings: Settings) -> Result<(), CommandError> {
    match command {
        MailCommand::Status => status(settings),
        MailCommand::Test { address } => test(&address, &settings),
    }
}

fn status(settings: Settings) -> Result<(), CommandError> {
    let server = settings.mail.smtp_url.clone();
    let counts =
        Session::open(settings)?.run(async |session| Ok(session.read(CountMail).await?))?;
    if server.is_none() {
        output::remark("No server is configured (mail.smtp_url): nothing is queued or sent.");
    }
    let mut text = String::new();
    for (state, count) in [
        ("waiting", counts.waiting),
        ("sending", counts.sending),
        ("sent", counts.sent),
        ("failed", counts.failed),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{state}\t{count}");
    }
    output::print(&text)?;
    if let Some(error) = counts.last_error {
        output::remark(&format!("The last error: {error}"));
    }
    Ok(())
}

fn test(address: &str, settings: &Settings) -> Result<(), CommandError> {
    let address =
        values::email(address).map_err(|problem| CommandError::argument("ADDRESS", problem))?;
    let mailer = Mailer::new(&settings.mail).map_err(CommandError::usage)?;
    let (Some(mailer), Some(url)) = (mailer, &settings.mail.smtp_url) else {
        let sentence = "mail.smtp_url: is not set, so there is no server to send a mail by";
        return Err(CommandError::usage(sentence));
    };
    block_on(async { Ok(mailer.test(&address, SystemClock.now()).await) })?
        .map_err(|why| CommandError::failed(format!("the mail was not sent; {why}")))?;
    output::remark(&format!("{url} accepted a mail for {address}."));
    Ok(())
}
