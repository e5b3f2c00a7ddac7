//! Requests to the service and its documents, typed by the `jsonapi` crate.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use ::jsonapi::api::{DocumentData, JsonApiDocument, JsonApiError, PrimaryData, Resource};
use serde_json::Value;
use ureq::http::{Response, StatusCode};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::WithBody;
use ureq::{Agent, Body, RequestBuilder};
use url::{Host, Url};

use crate::cli::arguments::ServiceFlags;
use crate::cli::error::CommandError;
use crate::cli::output::remark;
use crate::config::{Secret, authorities, crypto_provider};
use crate::jsonapi::MEDIA_TYPE;

/// A whole request with its answer.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of an answer.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;
/// Bytes of the file with the token.
const MAX_TOKEN_FILE: u64 = 64 * 1024;

/// An answer: what was found, or that there is no such thing.
pub type Found = Option<DocumentData>;

pub struct Client {
    agent: Agent,
    root: Url,
    authorization: Secret,
}

impl Client {
    /// # Errors
    /// An address, a token file or a file of certificates that cannot be used.
    pub fn new(flags: &ServiceFlags) -> Result<Self, CommandError> {
        let root = parsed_root(&flags.server)?;
        let token = read_token(&flags.token_file)?;
        let tls = TlsConfig::builder()
            .root_certs(trusted(&root, flags.server_ca.as_deref())?)
            .unversioned_rustls_crypto_provider(crypto_provider())
            .build();
        let config = Agent::config_builder()
            // The document of an error says more than its status.
            .http_status_as_error(false)
            // The token is for this address alone.
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT))
            .tls_config(tls)
            .user_agent(concat!("rolecall/", env!("CARGO_PKG_VERSION")))
            .build();
        if root.scheme() == "http" && !is_local(&root) {
            remark("The token is sent without encryption: use https where others can listen.");
        }
        Ok(Self {
            agent: config.into(),
            root,
            authorization: Secret::new(format!("Bearer {token}")),
        })
    }

    /// The document at this path, such as `/users/5`, or `None` if there is none.
    pub fn find(&self, path: &str, query: &[(&str, &str)]) -> Result<Found, CommandError> {
        self.read(&self.url(path, query))
    }

    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<DocumentData, CommandError> {
        self.find(path, query)?
            .ok_or_else(|| CommandError::failed("the service has no such list"))
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<DocumentData, CommandError> {
        let url = self.url(path, &[]);
        self.send(self.agent.post(url.as_str()), body)
    }

    pub fn patch(&self, path: &str, body: &Value) -> Result<DocumentData, CommandError> {
        let url = self.url(path, &[]);
        self.send(self.agent.patch(url.as_str()), body)
    }

    /// Takes members out of a relationship.
    pub fn delete_members(&self, path: &str, body: &Value) -> Result<DocumentData, CommandError> {
        let url = self.url(path, &[]);
        let request = self.agent.delete(url.as_str()).force_send_body();
        self.send(request, body)
    }

    pub fn delete(&self, path: &str) -> Result<(), CommandError> {
        let url = self.url(path, &[]);
        let sent = self.authorized(self.agent.delete(url.as_str())).call();
        judged(self.answered(sent)?)?.ok_or_else(gone).map(drop)
    }

    fn read(&self, url: &Url) -> Result<Found, CommandError> {
        let sent = self.authorized(self.agent.get(url.as_str())).call();
        judged(self.answered(sent)?)
    }

    fn send(
        &self,
        request: RequestBuilder<WithBody>,
        body: &Value,
    ) -> Result<DocumentData, CommandError> {
        let request = self.authorized(request).header("Content-Type", MEDIA_TYPE);
        let sent = request.send(body.to_string());
        judged(self.answered(sent)?)?.ok_or_else(gone)
    }

    fn authorized<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        request
            .header("Accept", MEDIA_TYPE)
            .header("Authorization", self.authorization.expose())
    }

    fn answered(
        &self,
        sent: Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, CommandError> {
        sent.map_err(|why| CommandError::failed(format!("{}: {why}", self.root)))
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.root.clone();
        url.set_path(&format!("{}{path}", self.root.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

/// The resource of an answer that has one.
pub fn single(document: DocumentData) -> Result<Resource, CommandError> {
    match document.data {
        Some(PrimaryData::Single(resource)) => Ok(*resource),
        _ => Err(unlike_jsonapi()),
    }
}

/// The resources of a list.
pub fn many(document: &DocumentData) -> &[Resource] {
    match &document.data {
        Some(PrimaryData::Multiple(resources)) => resources,
        _ => &[],
    }
}

/// An attribute that is a text; empty for null and where there is none.
pub fn text<'a>(resource: &'a Resource, name: &str) -> &'a str {
    let value = resource.attributes.get(name);
    value.and_then(Value::as_str).unwrap_or_default()
}

/// `None`: there is no such thing.
///
/// # Errors
/// The reasons that the service gives for a refusal.
fn judged(mut answer: Response<Body>) -> Result<Found, CommandError> {
    let status = answer.status();
    if status == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    let body = answer.body_mut().with_config().limit(MAX_ANSWER);
    let body = body
        .read_to_string()
        .map_err(|why| CommandError::failed(format!("the answer ended early: {why}")))?;
    if status.is_success() && body.is_empty() {
        return Ok(Some(DocumentData::default()));
    }
    match body.parse() {
        Ok(JsonApiDocument::Data(document)) if status.is_success() => Ok(Some(document)),
        Ok(JsonApiDocument::Error(document)) => Err(refused(&document.errors)),
        _ if status.is_success() => Err(unlike_jsonapi()),
        _ => Err(CommandError::failed(format!(
            "the service answered {status}"
        ))),
    }
}

fn refused(errors: &[JsonApiError]) -> CommandError {
    let reasons = errors.iter().filter_map(|error| {
        let reason = error.detail.as_deref().or(error.title.as_deref())?;
        Some(reason.to_owned())
    });
    CommandError::failed(reasons.collect::<Vec<_>>().join(" "))
}

fn unlike_jsonapi() -> CommandError {
    CommandError::failed("the answer is not a document of rolecall: is --server its address?")
}

fn gone() -> CommandError {
    CommandError::failed("somebody removed it at the same moment")
}

fn parsed_root(text: &str) -> Result<Url, CommandError> {
    let refused = |why: &str| CommandError::usage(format!("--server: {text:?} {why}"));
    let url = Url::parse(text).map_err(|why| refused(&format!("is no address: {why}")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(refused("begins with neither http:// nor https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(CommandError::usage(
            "--server: credentials belong into the file of --token-file, not into the address",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("has a query or a fragment"));
    }
    Ok(url)
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn read_token(path: &Path) -> Result<String, CommandError> {
    let unusable =
        |why: &str| CommandError::usage(format!("--token-file: {} {why}", path.display()));
    let read = |source: &mut dyn Read| {
        let mut text = String::new();
        source.take(MAX_TOKEN_FILE).read_to_string(&mut text)?;
        Ok::<_, io::Error>(text)
    };
    let text = match path.as_os_str() == "-" {
        true => read(&mut io::stdin().lock()),
        false => File::open(path).and_then(|mut file| read(&mut file)),
    };
    let text = text.map_err(|why| unusable(&format!("cannot be read ({why})")))?;
    let token = text.lines().next().unwrap_or_default().trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unusable("has no API token on its first line"));
    }
    Ok(token.to_owned())
}

fn trusted(root: &Url, ca_file: Option<&Path>) -> Result<RootCerts, CommandError> {
    // Without TLS it does not matter that a machine trusts nobody.
    if root.scheme() == "http" && ca_file.is_none() {
        return Ok(RootCerts::from([]));
    }
    let trusted = authorities(ca_file, "--server-ca").map_err(CommandError::usage)?;
    let owned = trusted
        .iter()
        .map(|one| Certificate::from_der(one).to_owned());
    Ok(RootCerts::from(owned))
}
