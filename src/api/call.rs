//! One request: content negotiation, authentication, reading the body.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;
use ipnet::IpNet;

use super::access_checks;
use super::base_url::base_url;
use super::error::{ApiError, body_not_read, body_too_large};
use super::member_names::MemberNames;
use super::paging::PagingDefaults;
use super::response::Response;
use super::routes::OPERATIONS;
use super::{client, conditional};
use crate::auth::{Auth, Guard};
use crate::config::{ClientIds, Limits, Listen, Settings, UnknownAttributes};
use crate::directory::{Context, FieldError, ReadSession, RequestId};
use crate::jsonapi::{
    self, ATOMIC, Accepted, CURSOR_PAGINATION, Error, Negotiation, ResourceObject, document, query,
};

/// The limits of query strings, from the settings.
pub fn query_limits(limits: &Limits) -> query::Limits {
    query::Limits {
        max_length: limits.query_bytes,
        include_depth: limits.include_depth,
        search_words: limits.search_words,
        max_page_size: limits.page_size_max as u64,
        default_page_size: limits.page_size_default as u64,
        ..query::Limits::default()
    }
}

/// The state that all requests to the native API share.
pub struct Api {
    pub auth: Arc<Auth>,
    pub base_url: Option<String>,
    pub trusted_proxies: Vec<IpNet>,
    /// Whether the service itself terminates TLS.
    pub speaks_tls: bool,
    pub listens: Listen,
    pub project: String,
    /// The status of invalid attributes: 400, or 422 for clients that need it.
    pub invalid_data: u16,
    pub body_bytes: usize,
    pub sign_in_bytes: usize,
    pub access_check_bytes: usize,
    pub access_checks: access_checks::Limits,
    pub linkage_items: i64,
    /// Whether changes without `If-Match` are rejected.
    pub require_if_match: bool,
    /// How long responses are stored for `Idempotency-Key`.
    pub idempotency_seconds: u64,
    /// Whether unknown member names in documents are rejected.
    rejects_unknown_members: bool,
    /// Whether a client-generated id of a new resource is stored as `external_id`.
    pub keeps_client_ids: bool,
    /// The maximum number of operations in one request, and of passwords in them.
    pub operations: usize,
    pub operation_passwords: usize,
    /// The suffix of every entity tag.
    pub fingerprint: String,
    pub query_limits: query::Limits,
    pub document_limits: document::Limits,
    pub negotiation: Negotiation,
    request_ids: AtomicU64,
}

impl Api {
    pub fn new(auth: Arc<Auth>, settings: &Settings) -> Self {
        let limits = &settings.limits;
        let mut seed = [0; 8];
        // Without randomness ids start at zero: they must be unique, not secret.
        let _ = getrandom::fill(&mut seed);
        Self {
            auth,
            base_url: settings.server.base_url.clone(),
            trusted_proxies: settings.server.trusted_proxies.clone(),
            speaks_tls: settings.server.tls_certificate.is_some(),
            listens: settings.server.listen.clone(),
            project: settings.server.project.clone(),
            invalid_data: settings.server.invalid_data_status.code(),
            body_bytes: limits.body_bytes,
            sign_in_bytes: limits.sign_in_bytes.min(limits.body_bytes),
            access_check_bytes: limits.access_check_bytes,
            access_checks: access_checks::Limits::of(limits),
            linkage_items: i64::try_from(limits.linkage_items).unwrap_or(i64::MAX),
            require_if_match: settings.server.require_if_match,
            idempotency_seconds: settings.server.idempotency_seconds,
            rejects_unknown_members: settings.server.unknown_attributes
                == UnknownAttributes::Reject,
            keeps_client_ids: settings.server.client_ids == ClientIds::ExternalId,
            operations: limits.operations,
            operation_passwords: limits.operation_passwords,
            fingerprint: conditional::fingerprint(settings.server.base_url.as_deref()),
            query_limits: query_limits(limits),
            document_limits: document::Limits {
                max_depth: limits.json_depth,
                max_identifiers: limits.linkage_items,
            },
            negotiation: Negotiation {
                extensions: &[],
                profiles: &[CURSOR_PAGINATION],
                strict: settings.server.strict_media_types,
            },
            request_ids: AtomicU64::new(u64::from_le_bytes(seed)),
        }
    }

    pub fn next_request_id(&self) -> RequestId {
        RequestId(self.request_ids.fetch_add(1, Ordering::Relaxed))
    }

    /// The errors of member names in a document that are not among the `known` ones.
    pub fn unknown_members(
        &self,
        document: &ResourceObject,
        known: impl FnOnce() -> MemberNames,
    ) -> Vec<FieldError> {
        match self.rejects_unknown_members {
            true => known().field_errors(document),
            false => Vec::new(),
        }
    }

    pub fn negotiate_accept(&self, request: &HttpRequest) -> Result<Accepted, Error> {
        self.offer(request).accept(
            request
                .headers()
                .get_all(header::ACCEPT)
                .map(|v| v.as_bytes()),
        )
    }

    /// The extensions and profiles offered at the path: only /operations has an
    /// extension.
    fn offer(&self, request: &HttpRequest) -> Negotiation {
        let path = request.path();
        let extensions: &[&str] = if path.strip_suffix('/').unwrap_or(path) == OPERATIONS {
            &[ATOMIC]
        } else {
            &[]
        };
        Negotiation {
            extensions,
            ..self.negotiation
        }
    }

    /// Requires the extension in the request body and in the accepted responses.
    ///
    /// # Errors
    /// 415 or 406.
    pub fn negotiate_extension(
        &self,
        request: &HttpRequest,
        extension: &'static str,
    ) -> Result<(), Error> {
        let (offer, headers) = (self.offer(request), request.headers());
        let kind = headers.get(header::CONTENT_TYPE).map(|v| v.as_bytes());
        if !offer
            .content_type(kind, true)?
            .extensions
            .contains(&extension)
        {
            return Err(jsonapi::kinds::UNSUPPORTED_MEDIA_TYPE
                .error(format!(
                    "This address takes the extension {extension} only."
                ))
                .at_header("Content-Type"));
        }
        let wanted = headers.get_all(header::ACCEPT).map(|v| v.as_bytes());
        if offer.takes(wanted, extension) {
            Ok(())
        } else {
            Err(jsonapi::kinds::NOT_ACCEPTABLE
                .error(format!("The response uses the extension {extension}."))
                .at_header("Accept"))
        }
    }

    /// Whether the error of a failed negotiation can be sent as plain JSON.
    pub fn accepts_plain_json(&self, request: &HttpRequest) -> bool {
        self.negotiate_accept(request)
            .is_ok_and(|accepted| accepted.plain_json)
    }

    fn negotiate(&self, request: &HttpRequest) -> Result<Accepted, Error> {
        let accepted = self.negotiate_accept(request)?;
        let kind = content_type(request);
        // A missing Content-Type is an error only if there is a body, which is known
        // when it is read.
        let is_typed_body = kind.is_some() && has_body(request);
        self.offer(request).content_type(kind, is_typed_body)?;
        Ok(accepted)
    }

    /// Checks the Content-Type of a body that was read. With HTTP/2 the headers need
    /// not announce a body.
    fn negotiate_body(&self, request: &HttpRequest) -> Result<(), Error> {
        let kind = content_type(request);
        self.offer(request).content_type(kind, true).map(drop)
    }
}

pub fn content_type(request: &HttpRequest) -> Option<&[u8]> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    kind.map(|value| value.as_bytes())
}

pub fn has_body(request: &HttpRequest) -> bool {
    let headers = request.headers();
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers
            .get(header::CONTENT_LENGTH)
            .is_some_and(|length| length.as_bytes() != b"0")
}

/// A negotiated request of an authenticated caller.
pub struct Call<'a> {
    pub api: &'a Api,
    pub request: &'a HttpRequest,
    pub accepted: &'a Accepted,
    pub guard: Guard,
    pub base_url: Cow<'a, str>,
}

impl Call<'_> {
    /// A path parameter of the route.
    pub fn part(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    pub fn id(&self) -> i64 {
        super::decode::id(self.part("id"))
    }

    pub fn query(&self, extras: &[&str]) -> Result<query::Query, ApiError> {
        let raw = self.request.query_string();
        Ok(query::Query::parse(raw, extras, &self.api.query_limits)?)
    }

    /// How lists are paged for this request where its query does not say; `size`
    /// overrides the default size of a page.
    pub fn paging(&self, size: Option<i64>) -> PagingDefaults<'_> {
        PagingDefaults {
            by_profile: self.accepted.profiles.contains(&CURSOR_PAGINATION),
            limits: &self.api.query_limits,
            size,
        }
    }

    /// The path of this request, without a trailing slash.
    pub fn path(&self) -> &str {
        let path = self.request.path();
        path.strip_suffix('/').unwrap_or(path)
    }

    /// The URL of this request, without its query.
    pub fn address(&self) -> String {
        format!("{}{}", self.base_url, self.path())
    }

    /// Reads the body, up to `limits.body_bytes`.
    pub async fn body(&self, payload: &mut Payload) -> Result<Vec<u8>, ApiError> {
        self.body_within(payload, self.api.body_bytes).await
    }

    /// Reads the body, up to `limit` bytes.
    pub async fn body_within(
        &self,
        payload: &mut Payload,
        limit: usize,
    ) -> Result<Vec<u8>, ApiError> {
        let body = read_body_within(self.request, payload, limit).await?;
        if !body.is_empty() {
            self.api.negotiate_body(self.request)?;
        }
        Ok(body)
    }
}

/// The initial capacity of the buffer for a body, at most.
const FIRST_CAPACITY: usize = 64 * 1024;

pub async fn read_body_within(
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> Result<Vec<u8>, ApiError> {
    let too_large = || body_too_large(limit);
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced
        .and_then(|v| v.to_str().ok()?.parse::<usize>().ok())
        .unwrap_or(0);
    if announced > limit {
        return Err(too_large());
    }
    // An announced length alone must not allocate memory.
    let mut body = Vec::with_capacity(announced.min(FIRST_CAPACITY));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| body_not_read(&error))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Negotiates the media types, authenticates the caller, then calls `work` for the
/// response.
pub async fn respond(
    api: &Data<Api>,
    request: &HttpRequest,
    work: impl AsyncFnOnce(&Call<'_>) -> Result<Response, ApiError>,
) -> HttpResponse {
    let request_id = api.next_request_id();
    // Negotiation comes before any side effect (N13).
    let accepted = match api.negotiate(request) {
        Ok(accepted) => accepted,
        Err(error) => return ApiError::from(error).into_http(api, request, request_id, None),
    };
    let context = request_context(api, request, request_id);
    let call = match begin(api, request, &accepted, context.clone()).await {
        Ok(call) => call,
        Err(error) => {
            let response = error.into_http(api, request, request_id, Some(&accepted));
            return record_forbidden(api, request, &context, response);
        }
    };
    let response = match work(&call).await {
        Ok(response) => response.into_http(&accepted, request_id, &api.fingerprint),
        Err(error) => error.into_http(api, request, request_id, Some(&accepted)),
    };
    record_forbidden(api, request, call.guard.context(), response)
}

/// The context of a request before the caller is authenticated.
pub fn request_context(api: &Api, request: &HttpRequest, request_id: RequestId) -> Context {
    let now = api.auth.directory.clock().now();
    Context::of_request(now, request_id, client::address(api, request))
        .reading_only(request.method().is_safe())
}

/// Records a 403 response in the audit log.
pub fn record_forbidden(
    api: &Api,
    request: &HttpRequest,
    context: &Context,
    response: HttpResponse,
) -> HttpResponse {
    if response.status() == StatusCode::FORBIDDEN {
        let method = request.method().as_str();
        api.auth
            .record_forbidden(method, request.match_pattern(), context);
    }
    response
}

pub fn authorization(request: &HttpRequest) -> Option<&[u8]> {
    let header = request.headers().get(header::AUTHORIZATION);
    header.map(|value| value.as_bytes())
}

async fn begin<'a>(
    api: &'a Api,
    request: &'a HttpRequest,
    accepted: &'a Accepted,
    context: Context,
) -> Result<Call<'a>, ApiError> {
    let base_url = base_url(api, request)?;
    let from = context.source.address;
    let header = authorization(request);
    let auth = &api.auth;
    let reading = ReadSession::new(auth.directory.clone(), request.method().is_safe());
    let principal = auth.authenticate(header, from, &context, &reading).await?;
    let guard = Guard::new(auth.clone(), principal, context, from, reading);
    let guard = guard.reading_only(request.method().is_safe());
    Ok(Call {
        api,
        request,
        accepted,
        guard,
        base_url,
    })
}
