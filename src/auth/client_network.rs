//! The client network, by which rate limits and queues distinguish callers.

use std::net::IpAddr;

/// An IPv4 address or an IPv6 /64 network, since one caller usually has all of it.
/// Internal work and callers without an address share one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientNetwork([u8; 16]);

impl ClientNetwork {
    pub const INTERNAL: Self = Self([0; 16]);

    pub fn of(from: Option<IpAddr>) -> Self {
        let Some(from) = from else {
            return Self::INTERNAL;
        };
        Self(match from.to_canonical() {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => (u128::from(address) >> 64 << 64).to_be_bytes(),
        })
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_of_ipv6_is_one_place_and_mapped_ipv4_is_ipv4() {
        let network = |text: &str| ClientNetwork::of(Some(text.parse().unwrap()));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
        assert_eq!(network("2001:db8::1"), network("2001:db8::2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(ClientNetwork::of(None), ClientNetwork::INTERNAL);
    }
}
