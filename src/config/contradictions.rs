//! What no single value can tell: settings that contradict each other.

use std::fmt::Display;

use super::{ConfigError, Settings};

impl Settings {
    pub(super) fn contradictions(&self) -> Vec<ConfigError> {
        let mut found = Vec::new();
        if self.mail.smtp_url.is_some() && self.mail.from.is_none() {
            found.push(ConfigError::new(
                "mail.from",
                "is needed with mail.smtp_url",
            ));
        }
        found.extend(self.database.contradictions());
        found.extend(self.ldap.contradictions());
        found.extend(self.server.contradiction());
        found.extend(self.backup.contradiction(&self.database.url));
        found.extend(self.misordered());
        found
    }

    fn misordered(&self) -> Vec<ConfigError> {
        let Settings {
            limits, auth, mail, ..
        } = self;
        let mut found = Vec::new();
        found.extend(order(
            ("limits.page_size_default", limits.page_size_default),
            ("limits.page_size_max", limits.page_size_max),
        ));
        found.extend(order(
            (
                "limits.cfengine_page_size_default",
                limits.cfengine_page_size_default,
            ),
            (
                "limits.cfengine_page_size_max",
                limits.cfengine_page_size_max,
            ),
        ));
        found.extend(order(
            ("auth.password_min_length", auth.password_min_length),
            ("auth.password_max_length", auth.password_max_length),
        ));
        found.extend(order(
            ("auth.access_token_seconds", auth.access_token_seconds),
            ("auth.refresh_token_seconds", auth.refresh_token_seconds),
        ));
        found.extend(order(
            ("auth.refresh_token_seconds", auth.refresh_token_seconds),
            ("auth.sign_in_seconds", auth.sign_in_seconds),
        ));
        found.extend(order(
            ("mail.retry_seconds", mail.retry_seconds),
            ("mail.retry_max_seconds", mail.retry_max_seconds),
        ));
        found
    }
}

/// The first may not be more than the second.
fn order<T: PartialOrd + Display>(low: (&str, T), high: (&str, T)) -> Option<ConfigError> {
    (low.1 > high.1).then(|| {
        let problem = format!("{} is more than {} allows ({})", low.1, high.0, high.1);
        ConfigError::new(low.0, problem)
    })
}
