//! Counts connections, requests and body bytes by client address.

use std::collections::HashMap;
use std::collections::hash_map;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

use crate::server::log_limit::LogLimit;

/// The resources that one client address uses.
#[derive(Debug, Default)]
pub struct Usage {
    connections: AtomicUsize,
    requests: AtomicUsize,
    pub body_bytes: AtomicUsize,
}

#[derive(Debug, Default)]
struct Entry {
    /// The number of `Client`s; at zero the entry is dropped.
    references: usize,
    usage: Arc<Usage>,
}

/// All client addresses in use.
#[derive(Debug)]
pub struct Clients {
    /// The limit of connections, and of concurrent requests.
    max_per_address: AtomicUsize,
    trusted_proxies: Vec<IpNet>,
    known: Mutex<HashMap<IpAddr, Entry>>,
    refusals: LogLimit,
}

impl Clients {
    pub fn new(max_per_address: usize, trusted_proxies: Vec<IpNet>) -> Arc<Self> {
        Arc::new(Self {
            max_per_address: AtomicUsize::new(max_per_address),
            trusted_proxies,
            known: Mutex::default(),
            refusals: LogLimit::default(),
        })
    }

    /// A permit for a connection, unless this peer has reached the limit. Trusted
    /// proxies have no limit: the requests of their clients are counted instead.
    pub fn connect(self: &Arc<Self>, peer: IpAddr) -> Option<ConnectionPermit> {
        let peer = peer.to_canonical();
        let client = self.client(peer);
        let is_proxy = client.is_proxy;
        let before = client.usage.connections.fetch_add(1, Ordering::Relaxed);
        // Already counted, so that dropping the permit reverts it.
        let permit = ConnectionPermit { client };
        let max = self.max_per_address.load(Ordering::Relaxed);
        if is_proxy || before < max {
            return Some(permit);
        }
        self.refusals.log(|times| {
            log::warn!(
                "closed {times} connections: {peer} has reached limits.connections_per_address ({max})"
            );
        });
        None
    }

    /// Whoever has more than that already keeps it.
    pub fn limit(&self, max_per_address: usize) {
        self.max_per_address
            .store(max_per_address, Ordering::Relaxed);
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies
            .iter()
            .any(|net| net.contains(&address))
    }

    pub fn client(self: &Arc<Self>, address: IpAddr) -> Client {
        let key = key(address);
        let usage = {
            let mut known = self.known();
            let known = known.entry(key).or_default();
            known.references += 1;
            known.usage.clone()
        };
        Client {
            clients: self.clone(),
            key,
            is_proxy: self.trusts(address.to_canonical()),
            usage,
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<IpAddr, Entry>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// IPv6 addresses are counted by /64 network, since one host usually has all of it.
fn key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(network))
        }
    }
}

/// A client address in use.
#[derive(Debug)]
pub struct Client {
    clients: Arc<Clients>,
    key: IpAddr,
    /// Whether it is a trusted proxy, with requests of many clients.
    pub is_proxy: bool,
    usage: Arc<Usage>,
}

impl Client {
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Counts a request, unless the limit is reached. `end_request` reverts it.
    pub fn begin_request(&self) -> bool {
        let before = self.usage.requests.fetch_add(1, Ordering::Relaxed);
        let max = self.clients.max_per_address.load(Ordering::Relaxed);
        if self.is_proxy || before < max {
            return true;
        }
        self.end_request();
        false
    }

    pub fn end_request(&self) {
        self.usage.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let mut all = self.clients.known();
        if let hash_map::Entry::Occupied(mut known) = all.entry(self.key) {
            known.get_mut().references -= 1;
            if known.get().references == 0 {
                known.remove();
            }
        }
    }
}

/// The right to one connection, until it is dropped.
#[derive(Debug)]
pub struct ConnectionPermit {
    pub client: Client,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let usage = &self.client.usage;
        usage.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(max_per_address: usize) -> Arc<Clients> {
        Clients::new(max_per_address, vec!["10.0.0.0/8".parse().unwrap()])
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_address_has_a_limit_of_its_own() {
        let clients = clients(2);
        let one = clients.connect(address("192.0.2.1")).unwrap();
        let _two = clients.connect(address("192.0.2.1")).unwrap();
        assert!(clients.connect(address("192.0.2.1")).is_none());
        assert!(clients.connect(address("::ffff:192.0.2.1")).is_none());
        assert!(clients.connect(address("192.0.2.2")).is_some());
        drop(one);
        assert!(clients.connect(address("192.0.2.1")).is_some());
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let clients = clients(1);
        let _one = clients.connect(address("2001:db8::1")).unwrap();
        assert!(clients.connect(address("2001:db8::ffff:2")).is_none());
        assert!(clients.connect(address("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn a_trusted_proxy_has_no_limit() {
        let clients = clients(1);
        let permits: Vec<_> = (0..5)
            .filter_map(|_| clients.connect(address("10.1.1.1")))
            .collect();
        assert_eq!(permits.len(), 5);
    }

    #[test]
    fn requests_are_counted_until_they_end() {
        let clients = clients(1);
        let client = clients.client(address("192.0.2.1"));
        assert!(client.begin_request());
        assert!(!client.begin_request());
        client.end_request();
        assert!(client.begin_request());
    }

    #[test]
    fn unused_entries_are_dropped() {
        let clients = clients(1);
        let permit = clients.connect(address("192.0.2.1")).unwrap();
        let client = clients.client(address("192.0.2.1"));
        drop(permit);
        assert_eq!(clients.known().len(), 1);
        drop(client);
        assert!(clients.known().is_empty());
    }
}
