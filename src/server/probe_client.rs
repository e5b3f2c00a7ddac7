//! Asks a running service whether it is ready: for containers, whose images
//! need no other client then.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use url::{Host, Url};

use super::certificate::PinnedCertificate;
use crate::config::{Server, trusting};

/// How long each step may take: connecting, and every part of the answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read.
const LONGEST: u64 = 64 * 1024;
const READY: &str = "/health/ready";

/// Asks the service at this address; without one, that of the settings on this
/// machine. An address without a path gets that of the probe.
///
/// # Errors
/// A sentence about why it is not ready, or did not answer.
pub fn probe(settings: &Server, url: Option<&str>) -> Result<(), String> {
    let answer = match url {
        Some(text) => {
            let mut url = parsed(text)?;
            if url.path() == "/" {
                url.set_path(READY);
            }
            let port = url.port_or_known_default().unwrap_or(80);
            let host = url.host_str().unwrap_or_default();
            let address = (host.trim_matches(['[', ']']), port);
            let stream = connect(address).map_err(|why| format!("{text}: {why}"))?;
            match url.scheme() {
                "https" => exchange(over_tls(stream, &url, None)?, &url),
                _ => exchange(stream, &url),
            }
            .map_err(|why| format!("{text}: {why}"))?
        }
        None => ask_local(settings)?,
    };
    judge(&answer)
}

fn parsed(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|why| format!("--url: `{text}` is no address: {why}"))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        _ => Err(format!(
            "--url: `{text}` begins with neither http:// nor https://"
        )),
    }
}

fn ask_local(settings: &Server) -> Result<String, String> {
    let listen = settings.listen.to_string();
    let named = listen
        .strip_prefix(':')
        .map(|port| format!("localhost:{port}"));
    let named = named.unwrap_or(listen);
    let failed = |why: io::Error| format!("{named}: {why}");
    let stream = connect_first(&named).map_err(failed)?;
    let scheme = settings.scheme();
    let url = parsed(&format!("{scheme}://{named}{READY}"))?;
    match &settings.tls_certificate {
        Some(path) => exchange(over_tls(stream, &url, Some(path))?, &url),
        None => exchange(stream, &url),
    }
    .map_err(failed)
}

fn connect_first(named: &str) -> io::Result<TcpStream> {
    connect_to(named.to_socket_addrs()?.map(reachable))
}

fn connect(address: (&str, u16)) -> io::Result<TcpStream> {
    connect_to(address.to_socket_addrs()?)
}

fn connect_to(addresses: impl Iterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut failure = io::Error::other("the name has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(stream) => {
                stream.set_read_timeout(Some(TIMEOUT))?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Where this machine reaches an address that stands for all of its own.
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// `own`: the file of the service's own certificate, which is made out to its
/// public name. Without it the system's authorities count.
fn over_tls(
    stream: TcpStream,
    url: &Url,
    own: Option<&std::path::PathBuf>,
) -> Result<StreamOwned<ClientConnection, TcpStream>, String> {
    let config = match own {
        Some(path) => PinnedCertificate::client_config(path)?,
        None => trusting(None, "--url")?,
    };
    let name = match url.host() {
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).ok(),
        Some(Host::Ipv4(ip)) => Some(ServerName::from(IpAddr::V4(ip))),
        Some(Host::Ipv6(ip)) => Some(ServerName::from(IpAddr::V6(ip))),
        None => None,
    };
    let name = name.ok_or_else(|| format!("{url}: the host has no valid name"))?;
    let session = ClientConnection::new(Arc::new(config), name)
        .map_err(|why| format!("{url}: TLS cannot be used: {why}"))?;
    Ok(StreamOwned::new(session, stream))
}

fn exchange(mut stream: impl Read + Write, url: &Url) -> io::Result<String> {
    let host = url.host_str().unwrap_or_default();
    let path = url.path();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let mut answer = Vec::new();
    match stream.take(LONGEST).read_to_end(&mut answer) {
        Ok(_) => {}
        // A server may close without a word of TLS; the answer is there.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && !answer.is_empty() => {}
        Err(error) => return Err(error),
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// 2xx is ready. Else the reason that the answer gives, or its status.
fn judge(answer: &str) -> Result<(), String> {
    let mut words = answer.lines().next().unwrap_or_default().split(' ');
    let status = match (words.next(), words.next().map(str::parse::<u16>)) {
        (Some(version), Some(Ok(status))) if version.starts_with("HTTP/1.") => status,
        _ => return Err("the answer is not HTTP".to_owned()),
    };
    if (200..300).contains(&status) {
        return Ok(());
    }
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let reason = serde_json::from_str(body).ok();
    let reason = reason.and_then(|body: serde_json::Value| {
        let detail = body.pointer("/errors/0/detail")?;
        detail.as_str().map(str::to_owned)
    });
    Err(reason.unwrap_or_else(|| format!("the answer has the status {status}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_judged_by_its_status_and_its_reason() {
        assert_eq!(judge("HTTP/1.1 200 OK\r\n\r\n{}"), Ok(()));
        let refused =
            "HTTP/1.1 503 Service Unavailable\r\n\r\n{\"errors\":[{\"detail\":\"Full.\"}]}";
        assert_eq!(judge(refused), Err("Full.".to_owned()));
        let bare = judge("HTTP/1.1 404 Not Found\r\n\r\n");
        assert_eq!(bare, Err("the answer has the status 404".to_owned()));
        for other in ["", "SSH-2.0-OpenSSH", "HTTP/1.1 many"] {
            assert_eq!(judge(other), Err("the answer is not HTTP".to_owned()));
        }
    }

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        for text in ["localhost:8080", "ftp://example.org", "file:///x", ""] {
            assert!(parsed(text).is_err(), "{text}");
        }
        assert!(parsed("http://[::1]:8080").is_ok());
    }
}
