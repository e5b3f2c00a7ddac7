//! Where a request comes from: the peer, or what trusted proxies say of it.

use std::net::IpAddr;

use actix_web::HttpRequest;

use super::call::Api;

/// The nearest address that is no proxy of ours.
pub fn address(api: &Api, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    if !is_trusted(api, &peer) {
        return Some(peer);
    }
    // Each proxy appends whom it saw: from the end, the first whom we do not trust.
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

/// Whether this is a proxy whose forwarding headers are believed.
pub fn is_trusted(api: &Api, address: &IpAddr) -> bool {
    api.trusted_proxies.iter().any(|net| net.contains(address))
}
