//! Where a server is, and how a connection to it begins.

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio_postgres::config::{Host, LoadBalanceHosts, SslMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::{
    Authority, Database, PostgresAddress, Secret, distrust, trusting, trusting_nobody,
};
use crate::storage::StorageError;

/// What has to be driven for a client to hear anything.
pub type Wire = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

const CA_FILE: &str = "database.tls_ca";
/// An idle connection is tested after this, and again so often so many times:
/// a router that forgot it, or a machine that is gone, is noticed in a minute.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(30), Duration::from_secs(10), 3);
/// How long what was sent may stay without an acknowledgement of the other
/// machine's system.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);
/// How long each address of a server's name may take to accept a connection.
const ONE_ADDRESS: Duration = Duration::from_secs(3);
/// The name that PostgreSQL has among the protocols within TLS.
const PROTOCOL: &[u8] = b"postgresql";

/// The address of a server, read and ready to be connected to. Cheap to clone.
#[derive(Clone)]
pub struct Address {
    config: Config,
    tls: MakeRustlsConnect,
    /// How long making a connection may take.
    pub limit: Duration,
    /// Of several servers the one that took the last connection.
    last: Arc<AtomicUsize>,
}

impl Address {
    pub fn of(url: &Secret, settings: &Database) -> Result<Self, StorageError> {
        let address = Self::read(url.expose(), settings.tls_ca.as_deref());
        let address = address.map_err(StorageError::Unavailable)?;
        let limit = Duration::from_millis(settings.connect_timeout_ms);
        Ok(Self { limit, ..address })
    }

    fn read(url: &str, tls_ca: Option<&Path>) -> Result<Self, String> {
        let PostgresAddress { rest, encryption } = PostgresAddress::read(url)?;
        let mut config: Config = rest.expose().parse().map_err(explained)?;
        notice_silence(&mut config, rest.expose());
        let mut tls = match encryption.map(|encryption| encryption.authority) {
            None => {
                config.ssl_mode(SslMode::Disable);
                trusting_nobody()?
            }
            Some(authority) => {
                config.ssl_mode(SslMode::Require);
                match authority {
                    Authority::Setting => trusting(tls_ca, CA_FILE)?,
                    Authority::System => trusting(None, CA_FILE)?,
                    Authority::File(path) => trusting(Some(&path), "sslrootcert")?,
                }
            }
        };
        tls.alpn_protocols = vec![PROTOCOL.to_vec()];
        let tls = MakeRustlsConnect::new(tls);
        Ok(Self {
            config,
            tls,
            limit: Duration::from_secs(10),
            last: Arc::default(),
        })
    }

    /// The same, by a name that the server's administrator sees.
    pub fn named(&self, name: &str) -> Self {
        let mut named = self.clone();
        named.config.application_name(name);
        named
    }

    /// The name that the address gives to its connections.
    pub fn name(&self) -> Option<&str> {
        self.config.get_application_name()
    }

    /// Tries all servers of the address, the one that was reached last first.
    ///
    /// # Errors
    /// A sentence for the log.
    pub async fn connect(&self) -> Result<(Client, Wire), String> {
        let servers = each_server(&self.config);
        let (count, first) = (servers.len().max(1), self.last.load(Ordering::Relaxed));
        let until = Instant::now() + self.limit;
        let mut problems = Vec::new();
        for step in 0..servers.len() {
            let place = (first + step) % count;
            let Some(server) = servers.get(place) else {
                continue;
            };
            // A silent one leaves time for the others.
            let left = until.saturating_duration_since(Instant::now());
            let part = left / u32::try_from(count - step).unwrap_or(1);
            let attempt = tokio::time::timeout(part, server.connect(self.tls.clone()));
            match attempt.await {
                Ok(Ok(connected)) => {
                    self.last.store(place, Ordering::Relaxed);
                    return Ok(connected);
                }
                Ok(Err(error)) => problems.push(explained(error)),
                Err(_) => problems.push("the server does not answer".to_owned()),
            }
        }
        problems.dedup();
        Err(problems.join("; "))
    }

    /// Whether what is said goes through a network, readable for whoever listens.
    pub fn is_exposed(&self) -> bool {
        let is_local = |ip: &IpAddr| ip.is_loopback();
        let is_here = |host: &Host| match host {
            Host::Tcp(name) => {
                name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| is_local(&ip))
            }
            #[cfg(unix)]
            Host::Unix(_) => true,
        };
        let addresses = self.config.get_hostaddrs();
        let all_here = match addresses.is_empty() {
            true => self.config.get_hosts().iter().all(is_here),
            false => addresses.iter().all(is_local),
        };
        self.config.get_ssl_mode() == SslMode::Disable && !all_here
    }
}

/// Unless the address says otherwise, connections to a machine that is gone are
/// noticed by the system.
fn notice_silence(config: &mut Config, url: &str) {
    let says = |name: &str| url.contains(&format!("{name}="));
    if !says("keepalives_idle") {
        config.keepalives_idle(KEEPALIVE.0);
    }
    if !says("keepalives_interval") {
        config.keepalives_interval(KEEPALIVE.1);
    }
    if !says("keepalives_retries") {
        config.keepalives_retries(KEEPALIVE.2);
    }
    if !says("connect_timeout") {
        config.connect_timeout(ONE_ADDRESS);
    }
    if !says("tcp_user_timeout") {
        config.tcp_user_timeout(UNACKNOWLEDGED);
    }
}

/// The driver goes through the servers of an address by itself, but stays for
/// ever with one that takes the connection and says nothing.
fn each_server(config: &Config) -> Vec<Config> {
    let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
    let count = hosts.len().max(addresses.len());
    // What is balanced, or wrong in itself, is left to the driver.
    let is_wrong = !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len();
    let ports = config.get_ports();
    let is_wrong = is_wrong || (ports.len() > 1 && ports.len() != count);
    if count < 2 || is_wrong || config.get_load_balance_hosts() == LoadBalanceHosts::Random {
        return vec![config.clone()];
    }
    let of_server = |place: usize| {
        let mut server = without_place(config);
        match hosts.get(place) {
            Some(Host::Tcp(name)) => {
                server.host(name);
            }
            #[cfg(unix)]
            Some(Host::Unix(folder)) => {
                server.host_path(folder);
            }
            None => {}
        }
        if let Some(address) = addresses.get(place) {
            server.hostaddr(*address);
        }
        if let Some(port) = ports.get(place).or_else(|| ports.first()) {
            server.port(*port);
        }
        server
    };
    (0..count).map(of_server).collect()
}

/// All that an address says but where the servers are.
fn without_place(config: &Config) -> Config {
    let mut rest = Config::new();
    if let Some(user) = config.get_user() {
        rest.user(user);
    }
    if let Some(password) = config.get_password() {
        rest.password(password);
    }
    if let Some(name) = config.get_dbname() {
        rest.dbname(name);
    }
    if let Some(options) = config.get_options() {
        rest.options(options);
    }
    if let Some(name) = config.get_application_name() {
        rest.application_name(name);
    }
    if let Some(timeout) = config.get_connect_timeout() {
        rest.connect_timeout(*timeout);
    }
    if let Some(timeout) = config.get_tcp_user_timeout() {
        rest.tcp_user_timeout(*timeout);
    }
    rest.keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle());
    if let Some(interval) = config.get_keepalives_interval() {
        rest.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        rest.keepalives_retries(retries);
    }
    rest.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding());
    rest
}

/// What the driver itself says is but a heading; the cause is what helps.
pub fn explained(error: tokio_postgres::Error) -> String {
    let cause = Error::source(&error);
    let refused = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
    let refused = refused.and_then(|error| distrust(error, CA_FILE, "database.url"));
    match (refused, cause) {
        (Some(why), _) => why,
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Address {
        Address::read(url, None).unwrap()
    }

    #[test]
    fn what_goes_through_a_network_in_the_clear_is_known() {
        for (place, is_exposed) in [
            ("db.example.org", true),
            ("10.0.0.7", true),
            ("localhost,db", true),
            ("localhost", false),
            ("127.0.0.2", false),
            ("%2Frun%2Fpostgresql", false),
        ] {
            let url = format!("postgres://me@{place}/people");
            assert_eq!(read(&url).is_exposed(), is_exposed, "{place}");
        }
        for (parameters, is_exposed) in [
            ("host=/run/postgresql", false),
            ("host=localhost&hostaddr=10.0.0.7", true),
            ("host=db&hostaddr=127.0.0.1", false),
        ] {
            let url = format!("postgres:///people?{parameters}");
            assert_eq!(read(&url).is_exposed(), is_exposed, "{parameters}");
        }
    }

    #[test]
    fn each_server_of_an_address_is_tried_by_itself() {
        let url = "postgres://me:secret@one:1,two:2/people?target_session_attrs=read-write";
        let servers = each_server(&read(url).config);
        let places: Vec<_> = servers
            .iter()
            .map(|server| (server.get_hosts().to_vec(), server.get_ports().to_vec()))
            .collect();
        let host = |name: &str| vec![Host::Tcp(name.to_owned())];
        assert_eq!(places, [(host("one"), vec![1]), (host("two"), vec![2])]);
        let place = |server: &Config| {
            let mut again = without_place(server);
            again.host("one").host("two").port(1).port(2);
            again
        };
        // Nothing else was lost on the way.
        for server in &servers {
            assert_eq!(place(server), read(url).config);
        }
        let alone = read("postgres://me@one/people").config;
        assert_eq!(each_server(&alone), std::slice::from_ref(&alone));
    }

    #[test]
    fn silence_is_noticed_unless_the_address_says_otherwise() {
        let config = read("postgres://db/people").config;
        assert_eq!(config.get_keepalives_idle(), KEEPALIVE.0);
        assert_eq!(config.get_tcp_user_timeout(), Some(&UNACKNOWLEDGED));
        let own = "tcp_user_timeout=3&keepalives_idle=2&keepalives_interval=4&keepalives_retries=5";
        let config = read(&format!("postgres://db/people?{own}")).config;
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(2));
        assert_eq!(
            config.get_keepalives_interval(),
            Some(Duration::from_secs(4))
        );
        assert_eq!(config.get_keepalives_retries(), Some(5));
        assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(3)));
        let off = read("postgres://db/people?tcp_user_timeout=0&keepalives=0").config;
        assert_eq!(
            (off.get_tcp_user_timeout(), off.get_keepalives()),
            (None, false)
        );
    }

    #[test]
    fn a_file_of_authorities_that_is_none_is_told_with_its_setting() {
        let url = "postgres://db/people?sslmode=require";
        let told = |url, ca| Address::read(url, ca).err().unwrap();
        let problem = told(url, Some(Path::new("/nowhere/ca.pem")));
        assert!(
            problem.starts_with("database.tls_ca: /nowhere/ca.pem cannot be read"),
            "{problem}"
        );
        let own = format!("{url}&sslrootcert=/nowhere/ca.pem");
        let problem = told(&own, None);
        assert!(
            problem.starts_with("sslrootcert: /nowhere/ca.pem cannot be read"),
            "{problem}"
        );
    }
}
