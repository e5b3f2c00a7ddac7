//! Where the service listens: a host and a port.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::{io, vec};

/// A host, by its name or its address, and a port. Without a host: all addresses
/// of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    host: String,
    port: u16,
}

impl Listen {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let problem = || {
            format!(
                "`{text}` is not a host and a port, like 127.0.0.1:8080, localhost:8080, :8080 or [::1]:8080"
            )
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(problem)?;
        let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| is_number);
        let port = port.ok_or_else(problem)?;
        let is_host = match host.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')) {
            Some(ip) => ip.parse::<Ipv6Addr>().is_ok(),
            None => host.is_empty() || host.parse::<Ipv4Addr>().is_ok() || is_name(host),
        };
        match is_host {
            true => Ok(Self {
                host: host.to_owned(),
                port,
            }),
            false => Err(problem()),
        }
    }

    /// Takes the port at every address that the host has. Blocks while a name is
    /// looked up.
    pub fn bind(&self) -> io::Result<Vec<TcpListener>> {
        if self.host.is_empty() {
            return self.bind_everywhere();
        }
        let mut listeners: Vec<TcpListener> = Vec::new();
        let mut failure = None;
        for mut address in self.addresses()? {
            // The port that was given for 0 is the same everywhere.
            if let Some(first) = listeners.first() {
                address.set_port(first.local_addr()?.port());
            }
            match TcpListener::bind(address) {
                Ok(listener) => listeners.push(listener),
                // A name may have an address that this machine has not.
                Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
                    failure = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        match (listeners.is_empty(), failure) {
            (false, _) => Ok(listeners),
            (true, Some(error)) => Err(error),
            (true, None) => Err(io::Error::other("the name has no address")),
        }
    }

    fn addresses(&self) -> io::Result<vec::IntoIter<SocketAddr>> {
        let mut addresses: Vec<SocketAddr> = self.to_string().to_socket_addrs()?.collect();
        addresses.sort_unstable();
        addresses.dedup();
        Ok(addresses.into_iter())
    }

    /// IPv6 takes IPv4 along, where the machine has it.
    fn bind_everywhere(&self) -> io::Result<Vec<TcpListener>> {
        let all = |ip: IpAddr| TcpListener::bind(SocketAddr::new(ip, self.port));
        let listener = match all(Ipv6Addr::UNSPECIFIED.into()) {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                all(Ipv4Addr::UNSPECIFIED.into())
            }
            other => other,
        };
        Ok(vec![listener?])
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        let host = match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        Self {
            host,
            port: address.port(),
        }
    }
}

/// As it is written in settings.
impl fmt::Display for Listen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.host, self.port)
    }
}

/// Labels of letters, digits, hyphens and underscores; the last one is no number,
/// so that a mistyped IP address is not looked up.
fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(plain)
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    name.len() <= 253 && !is_number && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_addresses_names_or_nothing() {
        for text in [
            "127.0.0.1:8080",
            "[::1]:8080",
            "[::]:0",
            "0.0.0.0:80",
            "localhost:8080",
            "people.example.org:443",
            "my-host_1:1",
            ":8080",
            ":0",
        ] {
            let listen = Listen::parse(text);
            assert_eq!(listen.map(|listen| listen.to_string()).as_deref(), Ok(text));
        }
        for text in [
            "localhost",
            "8080",
            "",
            ":",
            "localhost:",
            "localhost:http",
            "localhost:65536",
            "localhost:+80",
            "::1:8080",
            "[::1",
            "[::1]",
            "[127.0.0.1]:1",
            "127.0.0.256:1",
            "127.0.0:1",
            "a b:1",
            "http://localhost:1",
            "-:x",
            "a..b:1",
        ] {
            assert!(Listen::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_address_of_a_host_is_listened_on_by_the_same_port() {
        for text in ["127.0.0.1:0", "localhost:0", ":0"] {
            let listeners = Listen::parse(text).unwrap().bind().unwrap();
            let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
            let first = port(&listeners[0]);
            assert!(first > 0);
            assert!(listeners.iter().all(|listener| port(listener) == first));
            std::net::TcpStream::connect(("127.0.0.1", first)).unwrap();
        }
    }

    #[test]
    fn an_address_prints_as_it_is_set() {
        for text in ["127.0.0.1:80", "[::1]:9"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(Listen::from(address), Listen::parse(text).unwrap());
        }
    }
}
