//! `[ldap]`: users who are kept in another directory and sign in with the password they have there.

use std::fmt;
use std::path::PathBuf;

use super::secret::Secret;
use super::table::{Kind, Preset, Setting};
use super::{ConfigError, value};

#[derive(Clone, Debug)]
pub struct Ldap {
    pub enabled: bool,
    pub url: Option<LdapUrl>,
    pub start_tls: bool,
    /// Instead of the certificates that the system trusts.
    pub ca_file: Option<PathBuf>,
    pub allow_plaintext: bool,
    pub bind_dn: Option<String>,
    pub bind_password: Option<Secret>,
    pub base_dn: Option<String>,
    /// Below the base DN.
    pub users_directory: Option<String>,
    pub login_attribute: String,
    /// `auto`, `none`, or one of the server's own.
    pub id_attribute: String,
    pub filter: Option<String>,
    pub name_attribute: String,
    pub surname_attribute: String,
    pub full_name_attribute: String,
    pub email_attribute: String,
    /// Held by everybody whose record is made from LDAP.
    pub default_role: Option<String>,
    pub role_sync: RoleSync,
    /// Below the base DN.
    pub group_directory: Option<String>,
    pub group_attribute: String,
    pub group_filter: Option<String>,
    pub max_groups: u32,
    pub grant_admin: bool,
    pub connect_timeout_ms: u64,
    /// For each operation.
    pub timeout_ms: u64,
    pub cache_seconds: u64,
    pub connections: usize,
    pub queue: usize,
    pub failures: u32,
    pub pause_seconds: u64,
    pub page_size: u32,
    pub sync_max_users: usize,
    pub sync_max_deactivated_percent: u64,
}

/// When the groups of a user become roles here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleSync {
    Off,
    /// When the record is made.
    First,
    /// At every sign-in that asks LDAP.
    Every,
}

/// Where the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LdapUrl {
    /// Whether TLS begins with the first byte: `ldaps`.
    pub is_tls: bool,
    /// A name, or an IP address without brackets.
    pub host: String,
    pub port: u16,
}

impl Default for Ldap {
    fn default() -> Ldap {
        Ldap {
            enabled: false,
            url: None,
            start_tls: false,
            ca_file: None,
            allow_plaintext: false,
            bind_dn: None,
            bind_password: None,
            base_dn: None,
            users_directory: None,
            login_attribute: "uid".to_owned(),
            id_attribute: "auto".to_owned(),
            filter: None,
            name_attribute: "givenName".to_owned(),
            surname_attribute: "sn".to_owned(),
            full_name_attribute: "cn".to_owned(),
            email_attribute: "mail".to_owned(),
            default_role: None,
            role_sync: RoleSync::Off,
            group_directory: None,
            group_attribute: "member".to_owned(),
            group_filter: None,
            max_groups: 1000,
            grant_admin: false,
            connect_timeout_ms: 3000,
            timeout_ms: 5000,
            cache_seconds: 60,
            connections: 4,
            queue: 64,
            failures: 3,
            pause_seconds: 10,
            page_size: 500,
            sync_max_users: 1_000_000,
            sync_max_deactivated_percent: 50,
        }
    }
}

impl Ldap {
    /// Where users are searched, all levels below.
    pub fn users_dn(&self) -> String {
        below(self.users_directory.as_deref(), self.base_dn.as_deref())
    }

    /// Where groups are searched, all levels below.
    pub fn groups_dn(&self) -> String {
        below(self.group_directory.as_deref(), self.base_dn.as_deref())
    }

    /// The attributes of which one tells an entry whatever it is called; the first
    /// that an entry has counts.
    pub fn id_attributes(&self) -> Vec<&str> {
        match self.id_attribute.as_str() {
            "auto" => vec!["entryUUID", "objectGUID"],
            "none" => Vec::new(),
            own => vec![own],
        }
    }

    /// Whether passwords travel enciphered.
    pub fn is_encrypted(&self) -> bool {
        self.start_tls || self.url.as_ref().is_some_and(|url| url.is_tls)
    }

    /// What no single value can tell.
    pub(super) fn contradictions(&self) -> Vec<ConfigError> {
        if !self.enabled {
            return Vec::new();
        }
        let Some(url) = &self.url else {
            let problem = "is needed with ldap.enabled";
            return vec![ConfigError::new("ldap.url", problem)];
        };
        let base = self.base_dn.as_deref();
        let is_encrypted = self.is_encrypted();
        let contradictions = [
            (
                base.is_none(),
                "ldap.base_dn",
                "is needed with ldap.enabled",
            ),
            (
                url.is_tls && self.start_tls,
                "ldap.start_tls",
                "is for ldap://, with ldaps:// there is TLS already",
            ),
            (
                !is_encrypted && !url.is_loopback() && !self.allow_plaintext,
                "ldap.url",
                "would send passwords over the network in the clear: use ldaps://, or ldap.start_tls, \
                 or say with ldap.allow_plaintext that this is meant",
            ),
            (
                is_encrypted && url.host.contains(':'),
                "ldap.url",
                "names the server by an IPv6 address: with TLS it takes the name in its certificate",
            ),
            (
                !is_encrypted && self.ca_file.is_some(),
                "ldap.ca_file",
                "is of use with ldaps:// or ldap.start_tls only",
            ),
            (
                self.bind_dn.is_some() && self.bind_password.is_none(),
                "ldap.bind_password",
                "is needed with ldap.bind_dn",
            ),
            (
                self.bind_password.is_some() && self.bind_dn.is_none(),
                "ldap.bind_dn",
                "is needed with ldap.bind_password",
            ),
            (
                self.grant_admin && self.role_sync == RoleSync::Off && self.default_role.is_none(),
                "ldap.grant_admin",
                "is of use with ldap.role_sync or ldap.default_role only",
            ),
        ];
        let found = contradictions.into_iter().filter(|(holds, _, _)| *holds);
        found
            .map(|(_, key, problem)| ConfigError::new(key, problem))
            .collect()
    }
}

fn below(directory: Option<&str>, base: Option<&str>) -> String {
    let parts = [directory, base].into_iter().flatten();
    parts.collect::<Vec<_>>().join(",")
}

/// A row; none has a flag.
macro_rules! row {
    ($name:literal, $env:literal, $kind:ident, $preset:expr, $meaning:literal, $set:expr) => {
        Setting {
            key: concat!("ldap.", $name),
            env: concat!("ROLECALL_LDAP_", $env),
            flag: None,
            kind: Kind::$kind,
            preset: $preset,
            meaning: $meaning,
            set: $set,
        }
    };
}

const fn unset(example: &'static str) -> Preset {
    Preset::Unset { example }
}

pub(super) const SETTINGS: &[Setting] = &[
    row!(
        "enabled",
        "ENABLED",
        Switch,
        Preset::Value("false"),
        "Whether names that are unknown here are looked up in LDAP, and external users sign in with their password there.",
        |settings, text| {
            settings.ldap.enabled = value::switch(text)?;
            Ok(())
        }
    ),
    row!(
        "url",
        "URL",
        Text,
        unset("ldaps://ldap.example.org"),
        "The LDAP server: ldap://HOST[:PORT] or ldaps://HOST[:PORT].",
        |settings, text| {
            settings.ldap.url = Some(LdapUrl::parse(text)?);
            Ok(())
        }
    ),
    row!(
        "start_tls",
        "START_TLS",
        Switch,
        Preset::Value("false"),
        "Whether a connection to ldap:// turns to TLS before anything is said.",
        |settings, text| {
            settings.ldap.start_tls = value::switch(text)?;
            Ok(())
        }
    ),
    row!(
        "ca_file",
        "CA_FILE",
        Text,
        unset("/etc/ssl/certs/our-ca.pem"),
        "File of the certificates (PEM) that the server's must lead to; without it those that the system trusts.",
        |settings, text| {
            settings.ldap.ca_file = Some(value::name(text)?.into());
            Ok(())
        }
    ),
    row!(
        "allow_plaintext",
        "ALLOW_PLAINTEXT",
        Switch,
        Preset::Value("false"),
        "Whether passwords may go to another machine without TLS.",
        |settings, text| {
            settings.ldap.allow_plaintext = value::switch(text)?;
            Ok(())
        }
    ),
    row!(
        "bind_dn",
        "BIND_DN",
        Text,
        unset("cn=rolecall,dc=example,dc=org"),
        "As whom users and groups are searched; without it anonymously.",
        |settings, text| {
            settings.ldap.bind_dn = Some(dn(text)?);
            Ok(())
        }
    ),
    row!(
        "bind_password",
        "BIND_PASSWORD",
        Secret,
        unset("a long sentence"),
        "The password of ldap.bind_dn.",
        |settings, text| {
            settings.ldap.bind_password = Some(secret(text)?);
            Ok(())
        }
    ),
    row!(
        "base_dn",
        "BASE_DN",
        Text,
        unset("dc=example,dc=org"),
        "The branch that holds users and groups.",
        |settings, text| {
            settings.ldap.base_dn = Some(dn(text)?);
            Ok(())
        }
    ),
    row!(
        "users_directory",
        "USERS_DIRECTORY",
        Text,
        unset("ou=people"),
        "Where users are below the base DN; without it everywhere below it.",
        |settings, text| {
            settings.ldap.users_directory = Some(dn(text)?);
            Ok(())
        }
    ),
    row!(
        "login_attribute",
        "LOGIN_ATTRIBUTE",
        Text,
        Preset::Value("uid"),
        "Attribute that holds the username: uid, or sAMAccountName in Active Directory.",
        |settings, text| {
            settings.ldap.login_attribute = attribute(text)?;
            Ok(())
        }
    ),
    row!(
        "id_attribute",
        "ID_ATTRIBUTE",
        Text,
        Preset::Value("auto"),
        "Attribute by which a user is known whatever the name: auto (entryUUID, else objectGUID), another that never changes, or none.",
        |settings, text| {
            settings.ldap.id_attribute = attribute(text)?;
            Ok(())
        }
    ),
    row!(
        "filter",
        "FILTER",
        Text,
        unset("(objectClass=inetOrgPerson)"),
        "What else must be true of users, as an LDAP filter.",
        |settings, text| {
            settings.ldap.filter = Some(filter(text)?);
            Ok(())
        }
    ),
    row!(
        "name_attribute",
        "NAME_ATTRIBUTE",
        Text,
        Preset::Value("givenName"),
        "Attribute for the given name of a new record.",
        |settings, text| {
            settings.ldap.name_attribute = attribute(text)?;
            Ok(())
        }
    ),
    row!(
        "surname_attribute",
        "SURNAME_ATTRIBUTE",
        Text,
        Preset::Value("sn"),
        "Attribute for the family name of a new record.",
        |settings, text| {
            settings.ldap.surname_attribute = attribute(text)?;
            Ok(())
        }
    ),
    row!(
        "full_name_attribute",
        "FULL_NAME_ATTRIBUTE",
        Text,
        Preset::Value("cn"),
        "Attribute for the full name of a new record.",
        |settings, text| {
            settings.ldap.full_name_attribute = attribute(text)?;
            Ok(())
        }
    ),
    row!(
        "email_attribute",
        "EMAIL_ATTRIBUTE",
        Text,
        Preset::Value("mail"),
        "Attribute for the e-mail address of a new record.",
        |settings, text| {
            settings.ldap.email_attribute = attribute(text)?;
            Ok(())
        }
    ),
    row!(
        "default_role",
        "DEFAULT_ROLE",
        Text,
        unset("reader"),
        "Role that every new record from LDAP holds.",
        |settings, text| {
            settings.ldap.default_role = Some(value::name(text)?);
            Ok(())
        }
    ),
    row!(
        "role_sync",
        "ROLE_SYNC",
        Text,
        Preset::Value("off"),
        "When groups become roles of the same name: off, first (when the record is made) or every (at every sign-in).",
        |settings, text| {
            settings.ldap.role_sync = role_sync(text)?;
            Ok(())
        }
    ),
    row!(
        "group_directory",
        "GROUP_DIRECTORY",
        Text,
        unset("ou=groups"),
        "Where groups are below the base DN; without it everywhere below it.",
        |settings, text| {
            settings.ldap.group_directory = Some(dn(text)?);
            Ok(())
        }
    ),
    row!(
        "group_attribute",
        "GROUP_ATTRIBUTE",
        Text,
        Preset::Value("member"),
        "Attribute in which a group names its users by their DN.",
        |settings, text| {
            settings.ldap.group_attribute = group_attribute(text)?;
            Ok(())
        }
    ),
    row!(
        "group_filter",
        "GROUP_FILTER",
        Text,
        unset("(objectClass=groupOfNames)"),
        "What else must be true of groups, as an LDAP filter.",
        |settings, text| {
            settings.ldap.group_filter = Some(filter(text)?);
            Ok(())
        }
    ),
    row!(
        "max_groups",
        "MAX_GROUPS",
        Number,
        Preset::Value("1000"),
        "Groups of one user that are looked at; of whom has more, no role is taken away.",
        |settings, text| {
            settings.ldap.max_groups = value::number(text, 1..=100_000)?;
            Ok(())
        }
    ),
    row!(
        "grant_admin",
        "GRANT_ADMIN",
        Switch,
        Preset::Value("false"),
        "Whether LDAP may make administrators: by a group admin, or by one of a role that contains it.",
        |settings, text| {
            settings.ldap.grant_admin = value::switch(text)?;
            Ok(())
        }
    ),
    row!(
        "connect_timeout_ms",
        "CONNECT_TIMEOUT_MS",
        Number,
        Preset::Value("3000"),
        "How long connecting may take, TLS included.",
        |settings, text| {
            settings.ldap.connect_timeout_ms = value::number(text, 10..=60_000)?;
            Ok(())
        }
    ),
    row!(
        "timeout_ms",
        "TIMEOUT_MS",
        Number,
        Preset::Value("5000"),
        "How long each answer of the server may take.",
        |settings, text| {
            settings.ldap.timeout_ms = value::number(text, 10..=60_000)?;
            Ok(())
        }
    ),
    row!(
        "cache_seconds",
        "CACHE_SECONDS",
        Number,
        Preset::Value("60"),
        "How long a password that LDAP accepted is remembered; 0 asks at every request.",
        |settings, text| {
            settings.ldap.cache_seconds = value::number(text, 0..=3600)?;
            Ok(())
        }
    ),
    row!(
        "connections",
        "CONNECTIONS",
        Number,
        Preset::Value("4"),
        "Connections to LDAP at the same time.",
        |settings, text| {
            settings.ldap.connections = value::number(text, 1..=256)?;
            Ok(())
        }
    ),
    row!(
        "queue",
        "QUEUE",
        Number,
        Preset::Value("64"),
        "Sign-ins that may wait for a connection to LDAP; more are answered with 503.",
        |settings, text| {
            settings.ldap.queue = value::number(text, 0..=10_000)?;
            Ok(())
        }
    ),
    row!(
        "failures",
        "FAILURES",
        Number,
        Preset::Value("3"),
        "Failures in a row after which LDAP is left alone for a while.",
        |settings, text| {
            settings.ldap.failures = value::number(text, 1..=1000)?;
            Ok(())
        }
    ),
    row!(
        "pause_seconds",
        "PAUSE_SECONDS",
        Number,
        Preset::Value("10"),
        "That while; external users are answered with 503 at once.",
        |settings, text| {
            settings.ldap.pause_seconds = value::number(text, 1..=3600)?;
            Ok(())
        }
    ),
    row!(
        "page_size",
        "PAGE_SIZE",
        Number,
        Preset::Value("500"),
        "Entries that rolecall ldap sync asks for at a time.",
        |settings, text| {
            settings.ldap.page_size = value::number(text, 1..=10_000)?;
            Ok(())
        }
    ),
    row!(
        "sync_max_users",
        "SYNC_MAX_USERS",
        Number,
        Preset::Value("1000000"),
        "Users that rolecall ldap sync takes from LDAP at most; with more it does nothing.",
        |settings, text| {
            settings.ldap.sync_max_users = value::number(text, 1..=10_000_000)?;
            Ok(())
        }
    ),
    row!(
        "sync_max_deactivated_percent",
        "SYNC_MAX_DEACTIVATED_PERCENT",
        Number,
        Preset::Value("50"),
        "Share of the active external users that rolecall ldap sync deactivates at most without --force.",
        |settings, text| {
            settings.ldap.sync_max_deactivated_percent = value::number(text, 0..=100)?;
            Ok(())
        }
    ),
];

fn role_sync(text: &str) -> Result<RoleSync, String> {
    match text {
        "off" => Ok(RoleSync::Off),
        "first" => Ok(RoleSync::First),
        "every" => Ok(RoleSync::Every),
        _ => Err(format!("`{text}` is none of off, first and every")),
    }
}

/// The form alone; the server judges the rest.
fn dn(text: &str) -> Result<String, String> {
    let text = value::name(text)?;
    if text.contains('=') && !text.starts_with(',') && !text.ends_with(',') {
        return Ok(text);
    }
    Err(format!(
        "`{text}` is no name in LDAP, like dc=example,dc=org"
    ))
}

/// RFC 4512, section 1.4: a descriptor or an object identifier.
fn attribute(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    if !text.is_empty() && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is no name of an attribute, like uid"))
}

/// The same with or without a matching rule behind it (RFC 4515, section 3):
/// `member:1.2.840.113556.1.4.1941:` follows nested groups in Active Directory.
fn group_attribute(text: &str) -> Result<String, String> {
    let mut parts = text.split(':');
    let name = attribute(parts.next().unwrap_or_default())?;
    match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => Ok(name),
        (Some(rule), Some(""), None) => attribute(rule).map(|_| text.to_owned()),
        _ => Err(format!(
            "`{text}` is no name of an attribute, like member or member:RULE:"
        )),
    }
}

fn filter(text: &str) -> Result<String, String> {
    let text = value::name(text)?;
    let mut open = 0_i64;
    let is_one = text.char_indices().all(|(place, letter)| {
        open += match letter {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        open > 0 || (open == 0 && place + 1 == text.len())
    });
    if text.starts_with('(') && is_one && open == 0 {
        return Ok(text);
    }
    Err(format!(
        "`{text}` is no filter in parentheses, like (objectClass=inetOrgPerson)"
    ))
}

/// An empty password would be an anonymous bind (RFC 4513, section 5.1.2).
fn secret(text: &str) -> Result<Secret, String> {
    if text.is_empty() || text.contains('\0') {
        return Err("must be a password: not empty, and without NUL".to_owned());
    }
    Ok(Secret::new(text))
}

impl LdapUrl {
    pub fn parse(text: &str) -> Result<LdapUrl, String> {
        let wanted = "write ldap://HOST[:PORT] or ldaps://HOST[:PORT]";
        let (scheme, place) = text
            .split_once("://")
            .ok_or_else(|| format!("is no address of an LDAP server; {wanted}"))?;
        let (is_tls, usual) = match scheme.to_ascii_lowercase().as_str() {
            "ldap" => (false, 389),
            "ldaps" => (true, 636),
            _ => {
                return Err(format!(
                    "begins with neither ldap:// nor ldaps://; {wanted}"
                ));
            }
        };
        let place = place.strip_suffix('/').unwrap_or(place);
        if place.contains(['@', '/', '?']) {
            return Err(format!(
                "takes a host and a port alone; {wanted}, and put the rest into ldap.bind_dn and ldap.base_dn"
            ));
        }
        let (host, port) = value::host_and_port(place, usual)
            .ok_or_else(|| format!("has no valid host and port; {wanted}"))?;
        Ok(LdapUrl { is_tls, host, port })
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        match self.host.parse::<std::net::IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host.eq_ignore_ascii_case("localhost"),
        }
    }
}

impl fmt::Display for LdapUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "ldaps" } else { "ldap" };
        if self.host.contains(':') {
            write!(out, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(out, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, Settings};

    const SERVER: &[(&str, &str)] = &[
        ("ROLECALL_LDAP_ENABLED", "true"),
        ("ROLECALL_LDAP_URL", "ldaps://ldap.example.org"),
        ("ROLECALL_LDAP_BASE_DN", "dc=example,dc=org"),
    ];

    /// That server with other values; an empty one takes a value away.
    fn load(changes: &[(&str, &str)]) -> Result<Ldap, String> {
        let all: Vec<_> = SERVER.iter().chain(changes).collect();
        let value = |name: &str| {
            let last = all.iter().rev().find(|(known, _)| *known == name);
            last.map(|(_, value)| (*value).to_owned())
        };
        Settings::load(Overrides::default(), &value, None)
            .map(|settings| settings.ldap)
            .map_err(|error| error.to_string())
    }

    fn refused(changes: &[(&str, &str)]) -> String {
        load(changes).unwrap_err()
    }

    #[test]
    fn an_address_names_a_host_and_a_port() {
        let shown = |text| LdapUrl::parse(text).unwrap().to_string();
        assert_eq!(shown("ldap://localhost"), "ldap://localhost:389");
        assert_eq!(
            shown("LDAPS://ldap.example.org/"),
            "ldaps://ldap.example.org:636"
        );
        assert_eq!(shown("ldap://[::1]:3890"), "ldap://[::1]:3890");
        for text in [
            "",
            "ldap.example.org",
            "ldapi:///var/run/ldapi",
            "ldap://",
            "ldap://me:hunter2@host",
            "ldap://host/dc=example",
            "ldap://host?uid",
            "ldap://host:0",
            "ldap://ho st",
        ] {
            let problem = LdapUrl::parse(text).unwrap_err();
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }

    #[test]
    fn users_and_groups_are_below_the_base() {
        let ldap = load(&[("ROLECALL_LDAP_USERS_DIRECTORY", "ou=people")]).unwrap();
        assert_eq!(ldap.users_dn(), "ou=people,dc=example,dc=org");
        assert_eq!(ldap.groups_dn(), "dc=example,dc=org");
    }

    #[test]
    fn passwords_go_in_the_clear_to_this_machine_only_unless_that_is_meant() {
        let plain = ("ROLECALL_LDAP_URL", "ldap://ldap.example.org");
        assert!(refused(&[plain]).starts_with("ldap.url: would send passwords"));
        assert!(load(&[plain, ("ROLECALL_LDAP_START_TLS", "yes")]).is_ok());
        assert!(load(&[plain, ("ROLECALL_LDAP_ALLOW_PLAINTEXT", "yes")]).is_ok());
        for near in ["ldap://localhost", "ldap://127.0.0.1:3890", "ldap://[::1]"] {
            assert!(load(&[("ROLECALL_LDAP_URL", near)]).is_ok(), "{near}");
        }
    }

    #[test]
    fn what_lacks_something_or_contradicts_itself_is_refused() {
        for (changes, begin) in [
            (&[("ROLECALL_LDAP_URL", "")][..], "ldap.url: is needed"),
            (&[("ROLECALL_LDAP_BASE_DN", "")], "ldap.base_dn: is needed"),
            (&[("ROLECALL_LDAP_START_TLS", "on")], "ldap.start_tls: "),
            (
                &[("ROLECALL_LDAP_URL", "ldaps://[2001:db8::1]")],
                "ldap.url: names the server by an IPv6 address",
            ),
            (
                &[
                    ("ROLECALL_LDAP_URL", "ldap://localhost"),
                    ("ROLECALL_LDAP_CA_FILE", "/ca.pem"),
                ],
                "ldap.ca_file: ",
            ),
            (
                &[("ROLECALL_LDAP_BIND_DN", "cn=me,dc=x")],
                "ldap.bind_password: is needed",
            ),
            (
                &[("ROLECALL_LDAP_BIND_PASSWORD", "hunter2")],
                "ldap.bind_dn: is needed",
            ),
            (
                &[("ROLECALL_LDAP_GRANT_ADMIN", "yes")],
                "ldap.grant_admin: ",
            ),
            (
                &[("ROLECALL_LDAP_ROLE_SYNC", "always")],
                "ROLECALL_LDAP_ROLE_SYNC: `always` is none of",
            ),
            (
                &[("ROLECALL_LDAP_FILTER", "(a=b)(c=d)")],
                "ROLECALL_LDAP_FILTER: ",
            ),
            (
                &[("ROLECALL_LDAP_FILTER", "objectClass=x")],
                "ROLECALL_LDAP_FILTER: ",
            ),
            (
                &[("ROLECALL_LDAP_GROUP_ATTRIBUTE", "member:rule")],
                "ROLECALL_LDAP_GROUP_ATTRIBUTE: ",
            ),
            (
                &[("ROLECALL_LDAP_LOGIN_ATTRIBUTE", "uid)(a")],
                "ROLECALL_LDAP_LOGIN_ATTRIBUTE: ",
            ),
        ] {
            let told = refused(changes);
            assert!(told.starts_with(begin), "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn what_is_switched_off_contradicts_nothing_and_the_password_is_not_shown() {
        let off = [
            ("ROLECALL_LDAP_ENABLED", "off"),
            ("ROLECALL_LDAP_BIND_PASSWORD", "hunter2"),
        ];
        let ldap = load(&off).unwrap();
        assert!(!format!("{ldap:?}").contains("hunter2"));
    }
}
