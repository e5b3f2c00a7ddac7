//! `[mail]`: e-mails to users about their account, its keys and their roles. Without `smtp_url` there are none.

use std::fmt;

use super::secret::Secret;
use super::server::web_address;
use super::table::{Kind, Preset, Setting};
use super::value;

#[derive(Clone, Debug)]
pub struct Mail {
    /// Without it nothing is queued and nothing is sent.
    pub smtp_url: Option<SmtpUrl>,
    pub from: Option<MailFrom>,
    pub site_name: String,
    /// Where people use the directory; never with a slash at the end.
    pub link: Option<String>,
    pub about: Vec<MailAbout>,
    pub attempts: u32,
    /// Before the second attempt; doubles with each further one.
    pub retry_seconds: u64,
    pub retry_max_seconds: u64,
    /// For each step of the conversation with the server.
    pub timeout_seconds: u64,
    pub poll_ms: u64,
    pub keep_days: u32,
}

/// What users can be told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailAbout {
    Created,
    Granted,
    Changed,
    Removed,
    Password,
    Email,
    Token,
}

/// A server that takes mails. Prints itself without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    /// A name, or an IP address without brackets.
    pub host: String,
    pub port: u16,
    pub security: SmtpSecurity,
    /// User name and password.
    pub login: Option<(String, Secret)>,
    /// How this machine introduces itself; without it by its own name.
    pub hello: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    Plain,
    /// STARTTLS where the server offers it.
    Opportunistic,
    /// STARTTLS, or no mail.
    Required,
    /// TLS from the first byte on.
    Wrapped,
}

/// Whom mails come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFrom {
    pub name: Option<String>,
    pub address: String,
}

impl Default for Mail {
    fn default() -> Mail {
        Mail {
            smtp_url: None,
            from: None,
            site_name: "rolecall".to_owned(),
            link: None,
            about: ABOUT.iter().map(|(_, about)| *about).collect(),
            attempts: 10,
            retry_seconds: 60,
            retry_max_seconds: 6 * 60 * 60,
            timeout_seconds: 30,
            poll_ms: 5000,
            keep_days: 30,
        }
    }
}

const ABOUT: &[(&str, MailAbout)] = &[
    ("created", MailAbout::Created),
    ("granted", MailAbout::Granted),
    ("changed", MailAbout::Changed),
    ("removed", MailAbout::Removed),
    ("password", MailAbout::Password),
    ("email", MailAbout::Email),
    ("token", MailAbout::Token),
];

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "mail.smtp_url",
        env: "ROLECALL_MAIL_SMTP_URL",
        // No flag: every user of the machine can read a running program's flags.
        flag: None,
        kind: Kind::Text,
        preset: Preset::Unset {
            example: "smtp://people:PASSWORD@mail.example.org?tls=required",
        },
        meaning: "Server that takes the mails: smtp://, smtp://...?tls=required (STARTTLS), ?tls=opportunistic, or smtps://; without it there are none.",
        set: |settings, text| {
            settings.mail.smtp_url = Some(SmtpUrl::parse(text)?);
            Ok(())
        },
    },
    Setting {
        key: "mail.from",
        env: "ROLECALL_MAIL_FROM",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Unset {
            example: "People and roles <people@example.org>",
        },
        meaning: "Whom the mails come from; needed with mail.smtp_url.",
        set: |settings, text| {
            settings.mail.from = Some(sender(text)?);
            Ok(())
        },
    },
    Setting {
        key: "mail.site_name",
        env: "ROLECALL_MAIL_SITE_NAME",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Value("rolecall"),
        meaning: "What the mails call the service.",
        set: |settings, text| {
            settings.mail.site_name = value::name(text)?;
            Ok(())
        },
    },
    Setting {
        key: "mail.link",
        env: "ROLECALL_MAIL_LINK",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Unset {
            example: "https://people.example.org/app",
        },
        meaning: "Address where people use the service, told in the mails.",
        set: |settings, text| {
            settings.mail.link = Some(web_address(text)?);
            Ok(())
        },
    },
    Setting {
        key: "mail.about",
        env: "ROLECALL_MAIL_ABOUT",
        flag: None,
        kind: Kind::List,
        preset: Preset::Value("created,granted,changed,removed,password,email,token"),
        meaning: "What users are told about: a new account (created), a role that they are granted, that is changed for another, or removed, a new password, e-mail address or API token of theirs.",
        set: |settings, text| {
            settings.mail.about = value::list(text, about)?;
            Ok(())
        },
    },
    Setting {
        key: "mail.attempts",
        env: "ROLECALL_MAIL_ATTEMPTS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("10"),
        meaning: "How often a mail is tried before it counts as failed.",
        set: |settings, text| {
            settings.mail.attempts = value::number(text, 1..=100)?;
            Ok(())
        },
    },
    Setting {
        key: "mail.retry_seconds",
        env: "ROLECALL_MAIL_RETRY_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("60"),
        meaning: "Pause before the second attempt; each further pause is twice as long.",
        set: |settings, text| {
            settings.mail.retry_seconds = value::number(text, 1..=86_400)?;
            Ok(())
        },
    },
    Setting {
        key: "mail.retry_max_seconds",
        env: "ROLECALL_MAIL_RETRY_MAX_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("21600"),
        meaning: "Longest pause between two attempts.",
        set: |settings, text| {
            settings.mail.retry_max_seconds = value::number(text, 1..=604_800)?;
            Ok(())
        },
    },
    Setting {
        key: "mail.timeout_seconds",
        env: "ROLECALL_MAIL_TIMEOUT_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("30"),
        meaning: "How long each step of the conversation with the server may take.",
        set: |settings, text| {
            settings.mail.timeout_seconds = value::number(text, 1..=600)?;
            Ok(())
        },
    },
    Setting {
        key: "mail.poll_ms",
        env: "ROLECALL_MAIL_POLL_MS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("5000"),
        meaning: "How often to look for mails that are due; those that this process queues are sent at once.",
        set: |settings, text| {
            settings.mail.poll_ms = value::number(text, 10..=600_000)?;
            Ok(())
        },
    },
    Setting {
        key: "mail.keep_days",
        env: "ROLECALL_MAIL_KEEP_DAYS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("30"),
        meaning: "How long mails that were sent or have failed are kept in the database.",
        set: |settings, text| {
            settings.mail.keep_days = value::number(text, 1..=3650)?;
            Ok(())
        },
    },
];

fn about(text: &str) -> Result<MailAbout, String> {
    let known = ABOUT.iter().find(|(name, _)| *name == text);
    known
        .map(|(_, about)| *about)
        .ok_or_else(|| format!("`{text}` is none of created, granted, changed and removed"))
}

/// `address`, or `name <address>`. Narrower than the mail standards: plain addresses only.
fn sender(text: &str) -> Result<MailFrom, String> {
    let problem = || {
        format!("`{text}` is no address; write people@example.org or People <people@example.org>")
    };
    let (name, address) = match text.split_once('<') {
        Some((name, rest)) => {
            let address = rest.strip_suffix('>').ok_or_else(problem)?;
            (name.trim().trim_matches('"'), address)
        }
        None => ("", text),
    };
    let name = match name {
        "" => None,
        name => Some(value::name(name)?),
    };
    if !is_plain_address(address) {
        return Err(problem());
    }
    Ok(MailFrom {
        name,
        address: address.to_owned(),
    })
}

fn is_plain_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let atoms = |part: &str, more: &str| {
        part.len() <= 64
            && part.split('.').all(|atom| {
                let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
                !atom.is_empty() && atom.chars().all(fits)
            })
    };
    let labels = |label: &str| !label.starts_with('-') && !label.ends_with('-');
    atoms(local, "!#$%&'*+-/=?^_`{|}~") && atoms(domain, "-") && domain.split('.').all(labels)
}

impl SmtpUrl {
    /// Messages never repeat the text: it may hold a password.
    pub fn parse(text: &str) -> Result<SmtpUrl, String> {
        let wanted = "write smtp://HOST, smtp://USER:PASSWORD@HOST?tls=required or smtps://USER:PASSWORD@HOST";
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| format!("is no address of a mail server; {wanted}"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (rest, hello) = rest.rsplit_once('/').unwrap_or((rest, ""));
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(self::login(login)?), place),
            None => (None, rest),
        };
        let (security, usual) = match (scheme.to_ascii_lowercase().as_str(), query) {
            ("smtps", "") => (SmtpSecurity::Wrapped, 465),
            ("smtp", "") => (SmtpSecurity::Plain, 25),
            ("smtp", "tls=required") => (SmtpSecurity::Required, 587),
            ("smtp", "tls=opportunistic") => (SmtpSecurity::Opportunistic, 587),
            ("smtp", _) => return Err("takes ?tls=required or ?tls=opportunistic only".to_owned()),
            ("smtps", _) => return Err("takes nothing behind a ?, smtps:// is TLS".to_owned()),
            _ => return Err("begins with neither smtp:// nor smtps://".to_owned()),
        };
        let (host, port) =
            value::host_and_port(place, usual).ok_or("has no valid host and port")?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
        if !hello.chars().all(is_name) {
            return Err("names this machine with characters that no machine has".to_owned());
        }
        Ok(SmtpUrl {
            host,
            port,
            security,
            login,
            hello: Some(hello.to_owned()).filter(|hello| !hello.is_empty()),
        })
    }
}

fn login(text: &str) -> Result<(String, Secret), String> {
    let decoded = |part: &str| {
        let bytes = percent_encoding::percent_decode_str(part).decode_utf8();
        let text = bytes.map_err(|_| "has a user name or password that is no UTF-8".to_owned())?;
        if text.contains(['\0', '\r', '\n']) {
            return Err("has a user name or password with control characters".to_owned());
        }
        Ok(text.into_owned())
    };
    match text.split_once(':') {
        Some((user, password)) if !user.is_empty() => {
            Ok((decoded(user)?, Secret::new(decoded(password)?)))
        }
        _ => Err("has half a login; write USER:PASSWORD@HOST".to_owned()),
    }
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, tls) = match self.security {
            SmtpSecurity::Plain => ("smtp", ""),
            SmtpSecurity::Opportunistic => ("smtp", "?tls=opportunistic"),
            SmtpSecurity::Required => ("smtp", "?tls=required"),
            SmtpSecurity::Wrapped => ("smtps", ""),
        };
        write!(out, "{scheme}://")?;
        if let Some((user, _)) = &self.login {
            write!(out, "{user}@")?;
        }
        if self.host.contains(':') {
            write!(out, "[{}]:{}{tls}", self.host, self.port)
        } else {
            write!(out, "{}:{}{tls}", self.host, self.port)
        }
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests;
