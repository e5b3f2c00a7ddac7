//! The base URL of links: configured, or taken from the request.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use actix_web::HttpRequest;
use actix_web::http::header;

use super::call::Api;
use super::{client, kinds};
use crate::config::Origin;
use crate::jsonapi::Error;

/// `http://example.com`, without a trailing slash. It needs no escaping in JSON.
///
/// # Errors
/// 400: the Host header cannot be part of a URL.
pub fn base_url<'a>(api: &'a Api, request: &HttpRequest) -> Result<Cow<'a, str>, Error> {
    match &api.base_url {
        Some(configured) => Ok(Cow::Borrowed(configured)),
        None => requested(api, request).map(Cow::Owned),
    }
}

/// Whether this is the service's own origin, either the configured one or the one
/// that this request was sent to.
pub fn is_own_origin(api: &Api, request: &HttpRequest, origin: &Origin) -> bool {
    let is_origin_of = |address: &str| Origin::of_address(address).as_ref() == Some(origin);
    api.base_url.as_deref().is_some_and(is_origin_of)
        || requested(api, request).is_ok_and(|address| is_origin_of(&address))
}

/// Whether the client used HTTPS, to this service or to a trusted proxy.
pub fn is_secure(api: &Api, request: &HttpRequest) -> bool {
    match forwarded(api, request, "x-forwarded-proto") {
        Some(scheme) => scheme.eq_ignore_ascii_case("https"),
        None => api.speaks_tls,
    }
}

/// The base URL that the client requested.
fn requested(api: &Api, request: &HttpRequest) -> Result<String, Error> {
    let scheme = if is_secure(api, request) {
        "https"
    } else {
        "http"
    };
    let host = match forwarded(api, request, "x-forwarded-host") {
        Some(host) => Some(host),
        None => requested_host(request)?,
    };
    match host {
        Some(host) if is_authority(host) => Ok(format!("{scheme}://{host}")),
        Some(_) => Err(invalid()),
        // HTTP/1.0 without a Host header.
        None => Ok(format!("{scheme}://{}", api.listens)),
    }
}

/// The value that the nearest proxy sent, if it is trusted. Proxies append, so a
/// client can forge every entry but the last.
fn forwarded<'a>(api: &Api, request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let is_trusted = !api.trusted_proxies.is_empty()
        && request
            .peer_addr()
            .is_some_and(|peer| client::is_trusted(api, &peer.ip()));
    if !is_trusted {
        return None;
    }
    let line = request.headers().get_all(name).last()?;
    line.to_str().ok()?.rsplit(',').next().map(str::trim)
}

/// The base URL for other surfaces; `None` if the Host header is invalid.
pub fn public_url(api: &Api, request: &HttpRequest) -> Option<String> {
    base_url(api, request).ok().map(Cow::into_owned)
}

fn requested_host(request: &HttpRequest) -> Result<Option<&str>, Error> {
    if let Some(authority) = request.uri().authority() {
        return Ok(Some(authority.as_str()));
    }
    match request.headers().get(header::HOST) {
        Some(host) => host.to_str().map(Some).map_err(|_| invalid()),
        None => Ok(None),
    }
}

fn invalid() -> Error {
    kinds::INVALID_HOST
        .error("The Host header is not a host name with an optional port.")
        .at_header("Host")
}

/// A host name, an IPv4 address or `[IPv6]`, with an optional port: nothing that
/// would have to be escaped in a link.
fn is_authority(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => (address, port),
            _ => return false,
        },
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_port = |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty();
    !name.is_empty()
        && host.len() <= 255
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b))
        && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

#[cfg(test)]
mod tests {
    use super::is_authority;

    #[test]
    fn a_host_is_taken_only_when_it_is_harmless_in_a_link() {
        for good in [
            "example.com",
            "127.0.0.1:8080",
            "[::1]:8080",
            "a-b.example:1",
        ] {
            assert!(is_authority(good), "{good}");
        }
        for bad in [
            "",
            "a b",
            "a/b",
            "a@b",
            "a\"b",
            "a?b",
            "a#b",
            "é.example",
            "a:b",
            "a:",
            "a:1:2",
            ":1",
            "[::1",
            "[a]",
            "[::1]x",
            "::1",
        ] {
            assert!(!is_authority(bad), "{bad}");
        }
    }
}
