//! Where a request comes from, as far as limits tell callers apart.

use std::net::IpAddr;

/// An address; of IPv6 the /64 network, since one caller has all of it. Work of
/// the program itself and callers without an address share one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place([u8; 16]);

impl Place {
    pub const NOWHERE: Self = Self([0; 16]);

    pub fn of(from: Option<IpAddr>) -> Self {
        let Some(from) = from else {
            return Self::NOWHERE;
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
        let place = |text: &str| Place::of(Some(text.parse().unwrap()));
        assert_ne!(place("192.0.2.1"), place("192.0.2.2"));
        assert_eq!(place("192.0.2.1"), place("::ffff:192.0.2.1"));
        assert_eq!(place("2001:db8::1"), place("2001:db8::2"));
        assert_ne!(place("2001:db8::1"), place("2001:db8:0:1::1"));
        assert_eq!(Place::of(None), Place::NOWHERE);
    }
}
