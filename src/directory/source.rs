//! Where a change comes from, beside who makes it.

use std::net::{IpAddr, Ipv6Addr};

/// Where a request came from, and what proved who sends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Source {
    /// `None`: no request, or one whose sender cannot be told.
    pub address: Option<IpAddr>,
    /// `None`: nothing did.
    pub credential: Option<Credential>,
}

/// The kind of proof, never the proof itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    Password,
    ApiToken,
    AccessToken,
    RefreshToken,
    /// Whoever may run the program on its database.
    Command,
}

impl Credential {
    /// As the audit log says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::ApiToken => "api_token",
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
            Self::Command => "command",
        }
    }
}

/// An address in its usual form: one of IPv4 the same, however it came in.
pub fn shown(address: IpAddr) -> String {
    address.to_canonical().to_string()
}

/// The beginning of an address's network: of IPv6 the first 64 bits, since one
/// host has all the rest; of IPv4 the whole address.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// Such a network as the audit log says it.
pub fn shown_network(address: IpAddr) -> String {
    match network(address) {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{address}/64"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_is_one_network() {
        let of = |text: &str| shown_network(text.parse().unwrap());
        assert_eq!(of("192.0.2.1"), "192.0.2.1");
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(of("2001:db8:0:1::7"), "2001:db8:0:1::/64");
        assert_eq!(of("2001:db8:0:1:a::7"), of("2001:db8:0:1::1"));
    }
}
