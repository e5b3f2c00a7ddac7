//! Who is connected: connections, requests and body bytes by client address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

use crate::server::occasional::Occasional;

/// What one client address uses at the moment.
#[derive(Debug, Default)]
pub struct Usage {
    connections: AtomicUsize,
    requests: AtomicUsize,
    pub body_bytes: AtomicUsize,
}

#[derive(Debug, Default)]
struct Known {
    /// How many hold the usage; without any the address is forgotten.
    references: usize,
    usage: Arc<Usage>,
}

/// All client addresses that use something.
#[derive(Debug)]
pub struct Clients {
    /// Connections, and requests, of one address.
    most: usize,
    trusted_proxies: Vec<IpNet>,
    known: Mutex<HashMap<IpAddr, Known>>,
    refusals: Occasional,
}

impl Clients {
    pub fn new(most: usize, trusted_proxies: Vec<IpNet>) -> Arc<Self> {
        Arc::new(Self {
            most,
            trusted_proxies,
            known: Mutex::default(),
            refusals: Occasional::default(),
        })
    }

    /// A place for one more connection, unless this peer has too many. A
    /// trusted proxy has as many as it needs: its clients are counted by their
    /// requests.
    pub fn connect(self: &Arc<Self>, peer: IpAddr) -> Option<ConnectionPermit> {
        let peer = peer.to_canonical();
        let client = self.client(peer);
        let is_proxy = client.is_proxy;
        let before = client.usage.connections.fetch_add(1, Ordering::Relaxed);
        // Counted already, so that dropping it counts it off.
        let permit = ConnectionPermit { client };
        if is_proxy || before < self.most {
            return Some(permit);
        }
        self.refusals.log(|times| {
            log::warn!(
                "closed {times} connections: {peer} has limits.connections_per_address ({})",
                self.most
            );
        });
        None
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

    fn known(&self) -> MutexGuard<'_, HashMap<IpAddr, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One host of IPv6 has a whole /64 network to choose its address from.
fn key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(network))
        }
    }
}

/// A client address; forgotten when nothing of it is left.
#[derive(Debug)]
pub struct Client {
    clients: Arc<Clients>,
    key: IpAddr,
    /// Whether it carries requests of many clients.
    pub is_proxy: bool,
    usage: Arc<Usage>,
}

impl Client {
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Counts one more request, unless there are too many; `end_request`
    /// counts it off.
    pub fn begin_request(&self) -> bool {
        let before = self.usage.requests.fetch_add(1, Ordering::Relaxed);
        if self.is_proxy || before < self.clients.most {
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
        if let Entry::Occupied(mut known) = all.entry(self.key) {
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

    fn clients(most: usize) -> Arc<Clients> {
        Clients::new(most, vec!["10.0.0.0/8".parse().unwrap()])
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_so_many_connections_and_others_have_theirs() {
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
    fn a_network_of_ipv6_is_one_client() {
        let clients = clients(1);
        let _one = clients.connect(address("2001:db8::1")).unwrap();
        assert!(clients.connect(address("2001:db8::ffff:2")).is_none());
        assert!(clients.connect(address("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn a_trusted_proxy_has_as_many_connections_as_it_needs() {
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
    fn who_has_left_is_forgotten() {
        let clients = clients(1);
        let permit = clients.connect(address("192.0.2.1")).unwrap();
        let client = clients.client(address("192.0.2.1"));
        drop(permit);
        assert_eq!(clients.known().len(), 1);
        drop(client);
        assert!(clients.known().is_empty());
    }
}
