//! `[server]`: where the service listens and how it looks from outside.

use super::error::ConfigError;
use super::listen::Listen;
use super::origin::Origin;
use super::table::{Kind, Preset, Setting};
use super::value;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

#[derive(Clone, Debug)]
pub struct Server {
    pub listen: Listen,
    /// With its key: TLS. Both or neither.
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// Scheme, host, maybe a path; never with a slash at the end.
    pub base_url: Option<String>,
    pub project: String,
    /// Neighbours whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    pub workers: Option<usize>,
    /// Origins as browsers write them, or `*`.
    pub cors_origins: Vec<String>,
    /// How long browsers are told to come by HTTPS only; 0 tells them nothing.
    pub hsts_seconds: u64,
    pub shutdown_seconds: u64,
    /// How long `/health/ready` fails before the listener closes.
    pub unready_seconds: u64,
    /// Bytes from which on an answer is worth compressing; 0 for never.
    pub compress_from: u64,
    pub strict_media_types: bool,
    pub invalid_data_status: InvalidDataStatus,
    pub require_if_match: bool,
    pub idempotency_seconds: u64,
    pub client_ids: ClientIds,
    pub unknown_attributes: UnknownAttributes,
    /// Always with the native one.
    pub surfaces: Vec<Surface>,
}

/// An API that can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    Native,
    Cfengine,
    OpenL2m,
    Prp,
}

impl Surface {
    pub const ALL: [Surface; 4] = [
        Surface::Native,
        Surface::Cfengine,
        Surface::OpenL2m,
        Surface::Prp,
    ];

    const fn name(self) -> &'static str {
        match self {
            Surface::Native => "native",
            Surface::Cfengine => "cfengine",
            Surface::OpenL2m => "openl2m",
            Surface::Prp => "prp",
        }
    }

    fn parse(text: &str) -> Result<Surface, String> {
        let found = Surface::ALL.into_iter().find(|one| one.name() == text);
        found.ok_or_else(|| format!("`{text}` is none of native, cfengine, openl2m and prp"))
    }
}

/// What becomes of names in a request's document that there are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownAttributes {
    Reject,
    Ignore,
}

/// What becomes of an id that a client gives to a new resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientIds {
    Refuse,
    /// Kept beside our own, which the answer has.
    ExternalId,
}

/// The status of an answer to data that breaks a rule of ours. Some clients show its errors only under 422.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidDataStatus {
    BadRequest,
    UnprocessableContent,
}

impl InvalidDataStatus {
    pub const fn code(self) -> u16 {
        match self {
            InvalidDataStatus::BadRequest => 400,
            InvalidDataStatus::UnprocessableContent => 422,
        }
    }
}

impl Default for Server {
    fn default() -> Server {
        Server {
            listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8080).into(),
            tls_certificate: None,
            tls_key: None,
            base_url: None,
            project: "rolecall".to_owned(),
            trusted_proxies: Vec::new(),
            workers: None,
            cors_origins: Vec::new(),
            hsts_seconds: 365 * 24 * 60 * 60,
            shutdown_seconds: 30,
            unready_seconds: 0,
            compress_from: 2048,
            strict_media_types: false,
            invalid_data_status: InvalidDataStatus::BadRequest,
            require_if_match: false,
            idempotency_seconds: 24 * 60 * 60,
            client_ids: ClientIds::Refuse,
            unknown_attributes: UnknownAttributes::Reject,
            surfaces: Surface::ALL.to_vec(),
        }
    }
}

impl Server {
    /// What no single value can tell.
    pub(super) fn contradiction(&self) -> Option<ConfigError> {
        let (missing, problem) = match (&self.tls_certificate, &self.tls_key) {
            (Some(_), None) => ("server.tls_key", "is needed with server.tls_certificate"),
            (None, Some(_)) => ("server.tls_certificate", "is needed with server.tls_key"),
            _ => return None,
        };
        Some(ConfigError::new(missing, problem))
    }

    pub fn serves(&self, surface: Surface) -> bool {
        self.surfaces.contains(&surface)
    }

    /// `https` where the service itself speaks TLS.
    pub fn scheme(&self) -> &'static str {
        if self.tls_certificate.is_some() {
            "https"
        } else {
            "http"
        }
    }
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "server.listen",
        env: "ROLECALL_LISTEN",
        flag: Some("--listen"),
        kind: Kind::Text,
        preset: Preset::Value("127.0.0.1:8080"),
        meaning: "Host and port to listen on: an IP address, a name (each of its addresses, as they are at the start), or no host for all addresses of this machine.",
        set: |settings, text| {
            settings.server.listen = Listen::parse(text)?;
            Ok(())
        },
    },
    Setting {
        key: "server.tls_certificate",
        env: "ROLECALL_TLS_CERTIFICATE",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Unset {
            example: "/etc/rolecall/fullchain.pem",
        },
        meaning: "File of the certificate and those that it leads to (PEM): with it and its key the service speaks HTTPS, with HTTP/2. A file that changes is read again within a minute.",
        set: |settings, text| {
            settings.server.tls_certificate = Some(value::name(text)?.into());
            Ok(())
        },
    },
    Setting {
        key: "server.tls_key",
        env: "ROLECALL_TLS_KEY",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Unset {
            example: "/etc/rolecall/key.pem",
        },
        meaning: "File of the certificate's private key (PEM).",
        set: |settings, text| {
            settings.server.tls_key = Some(value::name(text)?.into());
            Ok(())
        },
    },
    Setting {
        key: "server.base_url",
        env: "ROLECALL_BASE_URL",
        flag: Some("--base-url"),
        kind: Kind::Text,
        preset: Preset::Unset {
            example: "https://people.example.org",
        },
        meaning: "Public address, used in links; without it links follow the request's Host.",
        set: |settings, text| {
            settings.server.base_url = Some(web_address(text)?);
            Ok(())
        },
    },
    Setting {
        key: "server.project",
        env: "ROLECALL_PROJECT",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Value("rolecall"),
        meaning: "Name that /home shows.",
        set: |settings, text| {
            settings.server.project = value::name(text)?;
            Ok(())
        },
    },
    Setting {
        key: "server.trusted_proxies",
        env: "ROLECALL_TRUSTED_PROXIES",
        flag: Some("--trusted-proxies"),
        kind: Kind::List,
        preset: Preset::Value(""),
        meaning: "Addresses or networks of proxies whose forwarding headers are believed. Of X-Forwarded-Host and X-Forwarded-Proto the last entry counts.",
        set: |settings, text| {
            settings.server.trusted_proxies = value::list(text, network)?;
            Ok(())
        },
    },
    Setting {
        key: "server.workers",
        env: "ROLECALL_WORKERS",
        flag: Some("--workers"),
        kind: Kind::Number,
        preset: Preset::Unset { example: "4" },
        meaning: "Worker threads; without it one per core.",
        set: |settings, text| {
            settings.server.workers = Some(value::number(text, 1..=1024)?);
            Ok(())
        },
    },
    Setting {
        key: "server.cors_origins",
        env: "ROLECALL_CORS_ORIGINS",
        flag: Some("--cors-origins"),
        kind: Kind::List,
        preset: Preset::Value(""),
        meaning: "Origins whose pages may call the service from a browser; * allows all, but changes not with HTTP Basic. Pages of other origins can change nothing.",
        set: |settings, text| {
            settings.server.cors_origins = value::list(text, origin)?;
            Ok(())
        },
    },
    Setting {
        key: "server.hsts_seconds",
        env: "ROLECALL_HSTS_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("31536000"),
        meaning: "max-age of Strict-Transport-Security, which answers over HTTPS carry: how long browsers come to this host by HTTPS only; 0 leaves the header out.",
        set: |settings, text| {
            settings.server.hsts_seconds = value::number(text, 0..=315_360_000)?;
            Ok(())
        },
    },
    Setting {
        key: "server.shutdown_seconds",
        env: "ROLECALL_SHUTDOWN_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("30"),
        meaning: "Time that open requests get to finish when the service stops.",
        set: |settings, text| {
            settings.server.shutdown_seconds = value::number(text, 0..=3600)?;
            Ok(())
        },
    },
    Setting {
        key: "server.unready_seconds",
        env: "ROLECALL_UNREADY_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("0"),
        meaning: "How long /health/ready answers 503 before the service stops accepting connections, so that a load balancer sends new ones elsewhere. It should be longer than the balancer takes to notice.",
        set: |settings, text| {
            settings.server.unready_seconds = value::number(text, 0..=3600)?;
            Ok(())
        },
    },
    Setting {
        key: "server.compress_from",
        env: "ROLECALL_COMPRESS_FROM",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("2048"),
        meaning: "Bytes from which on an answer is compressed (gzip) for a client that asks for it with Accept-Encoding; 0 compresses none.",
        set: |settings, text| {
            settings.server.compress_from = value::number(text, 0..=1_073_741_824)?;
            Ok(())
        },
    },
    Setting {
        key: "server.strict_media_types",
        env: "ROLECALL_STRICT_MEDIA_TYPES",
        flag: None,
        kind: Kind::Switch,
        preset: Preset::Value("false"),
        meaning: "Whether bodies must be application/vnd.api+json; otherwise application/json will do.",
        set: |settings, text| {
            settings.server.strict_media_types = value::switch(text)?;
            Ok(())
        },
    },
    Setting {
        key: "server.invalid_data_status",
        env: "ROLECALL_INVALID_DATA_STATUS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("400"),
        meaning: "Status of an answer to invalid data: 400, or 422 for clients that understand only that.",
        set: |settings, text| {
            settings.server.invalid_data_status = invalid_data_status(text)?;
            Ok(())
        },
    },
    Setting {
        key: "server.require_if_match",
        env: "ROLECALL_REQUIRE_IF_MATCH",
        flag: None,
        kind: Kind::Switch,
        preset: Preset::Value("false"),
        meaning: "Whether every change and deletion must send If-Match; without it the answer is 428.",
        set: |settings, text| {
            settings.server.require_if_match = value::switch(text)?;
            Ok(())
        },
    },
    Setting {
        key: "server.idempotency_seconds",
        env: "ROLECALL_IDEMPOTENCY_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("86400"),
        meaning: "How long the answer to a request with Idempotency-Key is kept.",
        set: |settings, text| {
            settings.server.idempotency_seconds = value::number(text, 60..=31_536_000)?;
            Ok(())
        },
    },
    Setting {
        key: "server.client_ids",
        env: "ROLECALL_CLIENT_IDS",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Value("refuse"),
        meaning: "What becomes of the id that a client chose for a new user or role: refuse (403), or external_id, which keeps a UUID beside our own id.",
        set: |settings, text| {
            settings.server.client_ids = client_ids(text)?;
            Ok(())
        },
    },
    Setting {
        key: "server.unknown_attributes",
        env: "ROLECALL_UNKNOWN_ATTRIBUTES",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Value("reject"),
        meaning: "What becomes of attributes and relationships that a JSON:API request names and that there are not: reject (400, with the nearest name), or ignore for clients that need it.",
        set: |settings, text| {
            settings.server.unknown_attributes = unknown_attributes(text)?;
            Ok(())
        },
    },
    Setting {
        key: "server.surfaces",
        env: "ROLECALL_SURFACES",
        flag: None,
        kind: Kind::List,
        preset: Preset::Value("native,cfengine,openl2m,prp"),
        meaning: "APIs that are served; what is at the addresses of the others is 404. The native one, by which callers sign in, is always among them.",
        set: |settings, text| {
            settings.server.surfaces = surfaces(text)?;
            Ok(())
        },
    },
];

fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address
        .or_else(|_| text.parse::<IpNet>())
        .map_err(|_| format!("`{text}` is neither an IP address nor a network, like 10.0.0.0/8"))
}

fn client_ids(text: &str) -> Result<ClientIds, String> {
    match text {
        "refuse" => Ok(ClientIds::Refuse),
        "external_id" => Ok(ClientIds::ExternalId),
        _ => Err(format!("`{text}` is neither refuse nor external_id")),
    }
}

fn unknown_attributes(text: &str) -> Result<UnknownAttributes, String> {
    match text {
        "reject" => Ok(UnknownAttributes::Reject),
        "ignore" => Ok(UnknownAttributes::Ignore),
        _ => Err(format!("`{text}` is neither reject nor ignore")),
    }
}

fn surfaces(text: &str) -> Result<Vec<Surface>, String> {
    let wanted = value::list(text, Surface::parse)?;
    if !wanted.contains(&Surface::Native) {
        return Err("must contain native: callers sign in by it".to_owned());
    }
    Ok(wanted)
}

fn invalid_data_status(text: &str) -> Result<InvalidDataStatus, String> {
    match text {
        "400" => Ok(InvalidDataStatus::BadRequest),
        "422" => Ok(InvalidDataStatus::UnprocessableContent),
        _ => Err(format!("`{text}` is neither 400 nor 422")),
    }
}

fn origin(text: &str) -> Result<String, String> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    let address = web_address(text)?;
    if address.matches('/').count() != 2 {
        return Err(format!(
            "`{text}` has a path; an origin is only a scheme, a host and maybe a port"
        ));
    }
    Origin::parse(&address)
        .map(|origin| origin.to_string())
        .ok_or_else(|| format!("`{text}` has no valid host and port"))
}

/// An absolute http or https address without user, query and fragment. Slashes at its end are taken off.
pub(super) fn web_address(text: &str) -> Result<String, String> {
    let problem =
        |what: &str| format!("`{text}` {what}, it should look like https://people.example.org");
    let trimmed = text.trim_end_matches('/');
    let (scheme, rest) = trimmed
        .split_once("://")
        .ok_or_else(|| problem("is not an absolute address"))?;
    if !["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return Err(problem("begins with neither http:// nor https://"));
    }
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.contains('@') {
        return Err(
            "holds a user name or a password, which do not belong into a public address".to_owned(),
        );
    }
    if rest.contains(['?', '#']) {
        return Err(problem("has a query or a fragment"));
    }
    let is_plain = |letter: char| letter.is_ascii_graphic() && !"\"<>\\^`{|}".contains(letter);
    if !rest.chars().all(is_plain) {
        return Err(problem("holds characters that an address may not hold"));
    }
    if !is_host_and_port(authority) {
        return Err(problem("has no valid host and port"));
    }
    Ok(trimmed.to_owned())
}

fn is_host_and_port(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let inside = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let is_host = match inside {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains([':', '[', ']']),
    };
    is_host && port.is_none_or(|port| value::number::<u16>(port, 1..=u16::MAX).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_loses_its_last_slash() {
        assert_eq!(
            web_address("https://example.org/").unwrap(),
            "https://example.org"
        );
        assert_eq!(
            web_address("http://[::1]:8080/people/").unwrap(),
            "http://[::1]:8080/people"
        );
    }

    #[test]
    fn a_base_url_is_an_absolute_web_address() {
        for text in [
            "example.org",
            "/people",
            "ftp://example.org",
            "https://",
            "https:///people",
            "https://example.org?a=b",
            "https://example.org/#top",
            "https://exam ple.org",
            "https://exämple.org",
            "https://example.org:port",
            "https://example.org:0",
            "https://:8080",
            "https://[::1",
            "https://[people]",
        ] {
            assert!(web_address(text).is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn a_password_in_a_base_url_is_refused_without_repeating_it() {
        let problem = web_address("https://me:hunter2@example.org").unwrap_err();
        assert!(!problem.contains("hunter2"), "{problem}");
    }

    #[test]
    fn an_origin_is_kept_as_browsers_write_it_and_has_no_path() {
        assert_eq!(
            origin("HTTP://Example.org:8000").unwrap(),
            "http://example.org:8000"
        );
        assert_eq!(
            origin("https://example.org:443/").unwrap(),
            "https://example.org"
        );
        assert_eq!(origin("*").unwrap(), "*");
        assert!(origin("https://example.org/app").is_err());
        assert!(origin("null").is_err());
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        assert_eq!(network("10.1.2.3").unwrap().to_string(), "10.1.2.3/32");
        assert_eq!(network("fd00::/8").unwrap().to_string(), "fd00::/8");
        assert!(network("proxy.local").is_err());
    }

    #[test]
    fn the_native_surface_is_always_served() {
        assert_eq!(
            surfaces("prp, native").unwrap(),
            [Surface::Prp, Surface::Native]
        );
        for text in ["", "prp", "native,scim"] {
            assert!(surfaces(text).is_err(), "{text}");
        }
    }

    #[test]
    fn invalid_data_is_answered_with_400_or_422() {
        assert_eq!(invalid_data_status("422").unwrap().code(), 422);
        assert_eq!(invalid_data_status("400").unwrap().code(), 400);
        assert!(invalid_data_status("500").is_err());
    }
}
