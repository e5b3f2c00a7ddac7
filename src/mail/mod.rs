//! Sends queued mails in the background.
//!
//! A sender claims a mail with one commit, so that only one process sends it, and
//! stores the outcome with another. A mail that was certainly not sent is retried;
//! one that may have been sent is not.
//!
//! The module `directory` decides when there is a mail, and writes its text.

mod mailer;
mod message;
mod sender;
mod smtp;

pub use mailer::Mailer;
pub use sender::{SenderHandle, start};

use crate::config::{Mail, MailAbout};
use crate::directory::mail::{MailKind, MailPolicy, Wording};

/// Which mails changes queue, according to the settings.
pub fn policy(settings: &Mail) -> MailPolicy {
    if settings.smtp_url.is_none() {
        return MailPolicy::default();
    }
    let kind = |about: &MailAbout| match about {
        MailAbout::Created => MailKind::Created,
        MailAbout::Granted => MailKind::Granted,
        MailAbout::Changed => MailKind::Changed,
        MailAbout::Removed => MailKind::Removed,
        MailAbout::Password => MailKind::Password,
        MailAbout::Email => MailKind::Email,
        MailAbout::Token => MailKind::Token,
    };
    MailPolicy::new(Wording {
        site_name: settings.site_name.clone(),
        link: settings.link.clone(),
        about: settings.about.iter().map(kind).collect(),
    })
}
