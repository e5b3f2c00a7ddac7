//! Sending the mails that changes have queued, beside the requests.
//!
//! A mail is claimed by a commit before its sending begins, so that of several
//! processes one alone sends it; and settled by another afterwards. What is
//! known not to have been sent is tried again; what may have been sent is not.
//!
//! Not here: what mails say, and when there is one (`directory`).

mod letter;
mod post;
mod sender;
mod smtp;

pub use post::Post;
pub use sender::{Sending, start};

use crate::config::{Mail, MailAbout};
use crate::directory::mail::{MailKind, MailPolicy, Wording};

/// Which mails changes queue by these settings.
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
