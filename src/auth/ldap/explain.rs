//! Tries a configuration step by step and reports each step, to find out what is
//! wrong with it. Reports contain no secret.

use std::net::SocketAddr;
use std::time::Duration;

use ldap3::{Scope, SearchOptions};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::connection::{Connection, and, check, unreachable};
use super::paged_search::count;
use super::person::{GroupNames, Person};
use super::{Ldap, LdapError};
use crate::config::{self, RoleSync, Secret};
use crate::directory::external::EntryId;

/// A step that succeeded: its name and its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub name: &'static str,
    pub text: String,
}

/// The step that failed, and why.
#[derive(Debug)]
pub struct StepFailure {
    pub name: &'static str,
    pub why: String,
}

type Report<'a> = &'a mut (dyn FnMut(Step) + Send);

impl Ldap {
    /// Reports each step when it is done. With a username, also looks up that user.
    pub async fn explain(
        &self,
        username: Option<&str>,
        report: Report<'_>,
    ) -> Result<Option<Person>, StepFailure> {
        let settings = self.settings();
        let addresses = resolve(settings).await.map_err(step_failure("resolve"))?;
        report(step("resolve", list(&addresses)));
        let address = connect(settings, &addresses).await;
        let address = address.map_err(step_failure("connect"))?;
        report(step("connect", address.to_string()));
        let server = Connection::open(&self.0).await;
        let mut server = server.map_err(|error| step_failed("tls", &error))?;
        report(step("tls", cipher(settings)));
        let bound = server.bind_service().await;
        bound.map_err(|error| step_failed("bind", &error))?;
        report(step(
            "bind",
            match &settings.bind_dn {
                Some(dn) => format!("as {dn:?}"),
                None => "anonymously".to_owned(),
            },
        ));
        self.check_branches(&mut server, report).await?;
        self.check_password_bind(&mut server).await?;
        let Some(username) = username else {
            return Ok(None);
        };
        self.user(&mut server, username, report).await.map(Some)
    }

    async fn check_branches(
        &self,
        server: &mut Connection,
        report: Report<'_>,
    ) -> Result<(), StepFailure> {
        let settings = self.settings();
        let test = format!("({}=*)", settings.login_attribute);
        let filter = and(&test, settings.filter.as_deref());
        let users = branch(server, &settings.users_dn(), &filter).await;
        let users = users.map_err(|error| step_failed("users", &error))?;
        if users == 0 {
            let why = format!("no user below {:?} matches {filter}", settings.users_dn());
            return Err(StepFailure { name: "users", why });
        }
        let base = settings.users_dn();
        report(step(
            "users",
            format!("{users} below {base:?} match {filter}"),
        ));
        if settings.role_sync == RoleSync::Off {
            report(step(
                "groups",
                "not searched (ldap.role_sync is off)".to_owned(),
            ));
            return Ok(());
        }
        // Without its matching rule: only whether the attribute is present.
        let attribute = settings.group_attribute.split(':').next();
        let test = format!("({}=*)", attribute.unwrap_or_default());
        let filter = and(&test, settings.group_filter.as_deref());
        let groups = branch(server, &settings.groups_dn(), &filter).await;
        let groups = groups.map_err(|error| step_failed("groups", &error))?;
        let base = settings.groups_dn();
        report(step(
            "groups",
            format!("{groups} below {base:?} match {filter}"),
        ));
        Ok(())
    }

    /// Checks that the server processes binds of users at all: some require TLS for
    /// binds only. A bind as a user that does not exist must be rejected.
    async fn check_password_bind(&self, server: &mut Connection) -> Result<(), StepFailure> {
        let nobody = format!("cn=nobody,{}", self.settings().users_dn());
        let password = Secret::new("nobody's password");
        match server.accepts_password(&nobody, &password).await {
            Ok(false) => {}
            Ok(true) => {
                let why =
                    format!("the server accepted a password for {nobody:?}, who does not exist");
                let name = "passwords";
                return Err(StepFailure { name, why });
            }
            Err(error) => return Err(step_failed("passwords", &error)),
        }
        let bound = server.bind_service().await;
        bound.map_err(|error| step_failed("bind", &error))
    }

    async fn user(
        &self,
        server: &mut Connection,
        username: &str,
        report: Report<'_>,
    ) -> Result<Person, StepFailure> {
        let settings = self.settings();
        let found = server.find(username).await;
        let found = found.map_err(|error| step_failed("user", &error))?;
        let mut person = found.ok_or_else(|| StepFailure {
            name: "user",
            why: format!(
                "not exactly one entry with one {} matches {username:?}",
                settings.login_attribute
            ),
        })?;
        report(step(
            "user",
            format!("{:?} is {:?}", person.username, person.dn),
        ));
        report(step("mapping", known_by(&person.id, settings)));
        for mapping in mappings(&person, settings) {
            report(step("mapping", mapping));
        }
        if settings.role_sync != RoleSync::Off {
            let groups = server.groups(&person.dn).await;
            let groups = groups.map_err(|error| step_failed("groups", &error))?;
            report(step("member of", memberships(&groups)));
            person.groups = Some(groups);
        }
        Ok(person)
    }
}

/// The attributes of the record, one sentence each.
fn mappings(person: &Person, settings: &config::Ldap) -> [String; 4] {
    [
        ("name", &settings.name_attribute, &person.name),
        ("surname", &settings.surname_attribute, &person.surname),
        (
            "full_name",
            &settings.full_name_attribute,
            &person.full_name,
        ),
        ("email", &settings.email_attribute, &person.email),
    ]
    .map(|(field, attribute, value)| {
        let value = value
            .as_ref()
            .map_or("nothing".to_owned(), |value| format!("{value:?}"));
        format!("{field} from {attribute}: {value}")
    })
}

fn memberships(groups: &GroupNames) -> String {
    let names: Vec<_> = groups
        .names
        .iter()
        .map(|name| format!("{name:?}"))
        .collect();
    if names.is_empty() {
        return "no group".to_owned();
    }
    let more = match groups.are_all {
        true => "",
        false => " and more than ldap.max_groups",
    };
    format!("{}{more}", names.join(", "))
}

/// What identifies the entry.
fn known_by(id: &EntryId, settings: &config::Ldap) -> String {
    let attributes = settings.id_attributes().join(" or ");
    match id {
        EntryId::Is(id) => format!("id from {attributes}: {id:?}"),
        EntryId::Hidden => format!("id from {attributes}: none; identified by the name alone"),
        EntryId::Unused => {
            "no id (ldap.id_attribute is none); identified by the name alone".to_owned()
        }
    }
}

async fn resolve(settings: &config::Ldap) -> Result<Vec<SocketAddr>, String> {
    let url = settings.url.as_ref().ok_or("ldap.url is not set")?;
    let lookup = lookup_host((url.host.as_str(), url.port));
    match timeout(connect_timeout(settings), lookup).await {
        Ok(Ok(found)) => Ok(found.collect()),
        Ok(Err(error)) => Err(format!("{:?} has no address: {error}", url.host)),
        Err(_) => Err(format!("{:?}: no answer in time", url.host)),
    }
}

async fn connect(settings: &config::Ldap, addresses: &[SocketAddr]) -> Result<SocketAddr, String> {
    let connected = TcpStream::connect(addresses);
    match timeout(connect_timeout(settings), connected).await {
        Ok(Ok(stream)) => stream.peer_addr().map_err(|error| error.to_string()),
        Ok(Err(error)) => Err(format!("{}: {error}", list(addresses))),
        Err(_) => Err(format!("{}: no answer in time", list(addresses))),
    }
}

fn connect_timeout(settings: &config::Ldap) -> Duration {
    Duration::from_millis(settings.connect_timeout_ms)
}

fn cipher(settings: &config::Ldap) -> String {
    if !settings.is_encrypted() {
        return "none: passwords are sent in the clear".to_owned();
    }
    let how = if settings.start_tls {
        "by StartTLS"
    } else {
        "implicit"
    };
    let whose = match &settings.ca_file {
        Some(path) => format!("certificates of {}", path.display()),
        None => "certificates that the system trusts".to_owned(),
    };
    format!("{how}, verified with {whose}")
}

/// Counts the matches below a branch, which must exist.
async fn branch(server: &mut Connection, base: &str, filter: &str) -> Result<usize, LdapError> {
    let options = SearchOptions::new().sizelimit(1);
    let handle = server.next().with_search_options(options);
    let found = handle
        .search(base, Scope::Base, "(objectClass=*)", ["1.1"])
        .await;
    let found = found.map_err(|error| unreachable(&format!("the search of {base:?}"), &error))?;
    check(&format!("the branch {base:?}"), &found.1)?;
    count(server, base, filter).await
}

fn step(name: &'static str, text: String) -> Step {
    Step { name, text }
}

fn step_failure(name: &'static str) -> impl Fn(String) -> StepFailure {
    move |why| StepFailure { name, why }
}

fn step_failed(name: &'static str, error: &LdapError) -> StepFailure {
    let why = error.to_string();
    StepFailure { name, why }
}

fn list(addresses: &[SocketAddr]) -> String {
    let texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
