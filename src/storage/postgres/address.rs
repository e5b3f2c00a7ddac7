//! Where a server is, and how a connection to it begins.

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use tokio_postgres::config::{Host, SslMode};
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
/// The name that PostgreSQL has among the protocols within TLS.
const PROTOCOL: &[u8] = b"postgresql";

/// The address of a server, read and ready to be connected to. Cheap to clone.
#[derive(Clone)]
pub struct Address {
    config: Config,
    tls: MakeRustlsConnect,
}

impl Address {
    pub fn of(url: &Secret, settings: &Database) -> Result<Self, StorageError> {
        let address = Self::read(url.expose(), settings.tls_ca.as_deref());
        address.map_err(StorageError::Unavailable)
    }

    fn read(url: &str, tls_ca: Option<&Path>) -> Result<Self, String> {
        let PostgresAddress { rest, encryption } = PostgresAddress::read(url)?;
        let mut config: Config = rest.expose().parse().map_err(explained)?;
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
        Ok(Self { config, tls })
    }

    /// The same, by a name that the server's administrator sees.
    pub fn named(&self, name: &str) -> Self {
        let mut named = self.clone();
        named.config.application_name(name);
        named
    }

    /// # Errors
    /// A sentence for the log.
    pub async fn connect(&self) -> Result<(Client, Wire), String> {
        self.config
            .connect(self.tls.clone())
            .await
            .map_err(explained)
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
