//! A configuration step by step, as far as it works, for people who look for
//! what is wrong with it. No secret is told.

use std::net::SocketAddr;
use std::time::Duration;

use ldap3::{Scope, SearchOptions};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::connection::{Connection, and, check, unreachable};
use super::person::Person;
use super::walk::count;
use super::{Ldap, Trouble};
use crate::config::{self, RoleSync, Secret};
use crate::directory::external::EntryId;

/// What worked: a word for the step, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub name: &'static str,
    pub text: String,
}

/// What did not work, in the step of this name.
#[derive(Debug)]
pub struct Stopped {
    pub name: &'static str,
    pub why: String,
}

type Tell<'a> = &'a mut (dyn FnMut(Step) + Send);

impl Ldap {
    /// Tells each step when it is done; with a username, whom that leads to.
    pub async fn explain(
        &self,
        username: Option<&str>,
        tell: Tell<'_>,
    ) -> Result<Option<Person>, Stopped> {
        let settings = self.settings();
        let addresses = resolve(settings).await.map_err(stopped("resolve"))?;
        tell(step("resolve", list(&addresses)));
        let address = connect(settings, &addresses).await;
        let address = address.map_err(stopped("connect"))?;
        tell(step("connect", address.to_string()));
        let server = Connection::open(&self.0).await;
        let mut server = server.map_err(|trouble| trouble_in("tls", &trouble))?;
        tell(step("tls", cipher(settings)));
        let bound = server.bind_service().await;
        bound.map_err(|trouble| trouble_in("bind", &trouble))?;
        tell(step(
            "bind",
            match &settings.bind_dn {
                Some(dn) => format!("as {dn:?}"),
                None => "anonymously".to_owned(),
            },
        ));
        self.branches(&mut server, tell).await?;
        self.passwords(&mut server).await?;
        let Some(username) = username else {
            return Ok(None);
        };
        self.user(&mut server, username, tell).await.map(Some)
    }

    async fn branches(&self, server: &mut Connection, tell: Tell<'_>) -> Result<(), Stopped> {
        let settings = self.settings();
        let test = format!("({}=*)", settings.login_attribute);
        let filter = and(&test, settings.filter.as_deref());
        let users = branch(server, &settings.users_dn(), &filter).await;
        let users = users.map_err(|trouble| trouble_in("users", &trouble))?;
        if users == 0 {
            let why = format!("nobody below {:?} matches {filter}", settings.users_dn());
            return Err(Stopped { name: "users", why });
        }
        let base = settings.users_dn();
        tell(step(
            "users",
            format!("{users} below {base:?} match {filter}"),
        ));
        if settings.role_sync == RoleSync::Off {
            tell(step(
                "groups",
                "not looked at (ldap.role_sync is off)".to_owned(),
            ));
            return Ok(());
        }
        // Without its matching rule: whether it is there at all.
        let attribute = settings.group_attribute.split(':').next();
        let test = format!("({}=*)", attribute.unwrap_or_default());
        let filter = and(&test, settings.group_filter.as_deref());
        let groups = branch(server, &settings.groups_dn(), &filter).await;
        let groups = groups.map_err(|trouble| trouble_in("groups", &trouble))?;
        let base = settings.groups_dn();
        tell(step(
            "groups",
            format!("{groups} below {base:?} match {filter}"),
        ));
        Ok(())
    }

    /// Whether a user's password would be tried at all: some servers want TLS for
    /// binds alone. Nobody's is tried, and must be refused.
    async fn passwords(&self, server: &mut Connection) -> Result<(), Stopped> {
        let nobody = format!("cn=nobody,{}", self.settings().users_dn());
        let password = Secret::new("nobody's password");
        match server.accepts(&nobody, &password).await {
            Ok(false) => {}
            Ok(true) => {
                let why = format!("the server took a password of {nobody:?}, which nobody has");
                let name = "passwords";
                return Err(Stopped { name, why });
            }
            Err(trouble) => return Err(trouble_in("passwords", &trouble)),
        }
        let bound = server.bind_service().await;
        bound.map_err(|trouble| trouble_in("bind", &trouble))
    }

    async fn user(
        &self,
        server: &mut Connection,
        username: &str,
        tell: Tell<'_>,
    ) -> Result<Person, Stopped> {
        let settings = self.settings();
        let found = server.find(username).await;
        let found = found.map_err(|trouble| trouble_in("user", &trouble))?;
        let mut person = found.ok_or_else(|| Stopped {
            name: "user",
            why: format!(
                "not exactly one entry with one {} matches {username:?}",
                settings.login_attribute
            ),
        })?;
        tell(step(
            "user",
            format!("{:?} is {:?}", person.username, person.dn),
        ));
        tell(step("mapping", known_by(&person.id, settings)));
        for (field, attribute, value) in [
            ("name", &settings.name_attribute, &person.name),
            ("surname", &settings.surname_attribute, &person.surname),
            (
                "full_name",
                &settings.full_name_attribute,
                &person.full_name,
            ),
            ("email", &settings.email_attribute, &person.email),
        ] {
            let value = value
                .as_ref()
                .map_or("nothing".to_owned(), |value| format!("{value:?}"));
            tell(step(
                "mapping",
                format!("{field} from {attribute}: {value}"),
            ));
        }
        if settings.role_sync != RoleSync::Off {
            let groups = server.groups(&person.dn).await;
            let groups = groups.map_err(|trouble| trouble_in("groups", &trouble))?;
            let names: Vec<_> = groups
                .names
                .iter()
                .map(|name| format!("{name:?}"))
                .collect();
            let more = if groups.are_all {
                ""
            } else {
                " and more, of which ldap.max_groups stops"
            };
            tell(step(
                "member of",
                match names.is_empty() {
                    true => "no group".to_owned(),
                    false => format!("{}{more}", names.join(", ")),
                },
            ));
            person.groups = Some(groups);
        }
        Ok(person)
    }
}

/// By what the entry is known.
fn known_by(id: &EntryId, settings: &config::Ldap) -> String {
    let attributes = settings.id_attributes().join(" or ");
    match id {
        EntryId::Is(id) => format!("id from {attributes}: {id:?}"),
        EntryId::Hidden => format!("id from {attributes}: nothing; known by the name alone"),
        EntryId::Unused => "no id (ldap.id_attribute is none); known by the name alone".to_owned(),
    }
}

async fn resolve(settings: &config::Ldap) -> Result<Vec<SocketAddr>, String> {
    let url = settings.url.as_ref().ok_or("ldap.url is not set")?;
    let asked = lookup_host((url.host.as_str(), url.port));
    match timeout(patience(settings), asked).await {
        Ok(Ok(found)) => Ok(found.collect()),
        Ok(Err(error)) => Err(format!("{:?} has no address: {error}", url.host)),
        Err(_) => Err(format!("{:?}: no answer in time", url.host)),
    }
}

async fn connect(settings: &config::Ldap, addresses: &[SocketAddr]) -> Result<SocketAddr, String> {
    let connected = TcpStream::connect(addresses);
    match timeout(patience(settings), connected).await {
        Ok(Ok(stream)) => stream.peer_addr().map_err(|error| error.to_string()),
        Ok(Err(error)) => Err(format!("{}: {error}", list(addresses))),
        Err(_) => Err(format!("{}: no answer in time", list(addresses))),
    }
}

fn patience(settings: &config::Ldap) -> Duration {
    Duration::from_millis(settings.connect_timeout_ms)
}

fn cipher(settings: &config::Ldap) -> String {
    if !settings.is_encrypted() {
        return "none: passwords travel in the clear".to_owned();
    }
    let how = if settings.start_tls {
        "by StartTLS"
    } else {
        "from the first byte"
    };
    let whose = match &settings.ca_file {
        Some(path) => format!("certificates of {}", path.display()),
        None => "certificates that the system trusts".to_owned(),
    };
    format!("{how}, checked with {whose}")
}

/// How many match below a branch that is there.
async fn branch(server: &mut Connection, base: &str, filter: &str) -> Result<usize, Trouble> {
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

fn stopped(name: &'static str) -> impl Fn(String) -> Stopped {
    move |why| Stopped { name, why }
}

fn trouble_in(name: &'static str, trouble: &Trouble) -> Stopped {
    let why = trouble.to_string();
    Stopped { name, why }
}

fn list(addresses: &[SocketAddr]) -> String {
    let texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
