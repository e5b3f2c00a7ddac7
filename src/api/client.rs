//! The address of the client: the peer, or the one that trusted proxies forward.

use std::net::IpAddr;

use actix_web::HttpRequest;

use super::call::Api;

/// The nearest address that is not a trusted proxy.
pub fn address(api: &Api, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    if !is_trusted(api, &peer) {
        return Some(peer);
    }
    // Each proxy appends its peer: the client is the last address that is not trusted.
    let lines = request.headers().get_all("x-forwarded-for");
    let chain: Vec<&str> = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .collect();
    let mut nearest = peer;
    for said in chain.iter().rev() {
        let Ok(address) = said.trim().parse() else {
            break;
        };
        nearest = address;
        if !is_trusted(api, &nearest) {
            break;
        }
    }
    Some(nearest)
}

/// Whether this is a proxy whose forwarding headers are trusted.
pub fn is_trusted(api: &Api, address: &IpAddr) -> bool {
    api.trusted_proxies.iter().any(|net| net.contains(address))
}
