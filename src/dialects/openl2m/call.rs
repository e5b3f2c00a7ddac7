//! The context of a request, which authenticates an administrator on demand.

use std::cell::OnceCell;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::body::{self, BodyLimits, ParsedBody};
use super::error::ApiError;
use super::negotiation;
use super::unauthenticated;
use crate::auth::{Auth, AuthError, Guard, carries_password};
use crate::config::Limits;
use crate::dialects::RequestContext;
use crate::dialects::request_context::record_forbidden;
use crate::directory::administered::FindAdministered;
use crate::directory::credentials::TokenFault;
use crate::directory::{Context, ReadSession, RequestId};

/// The state that all requests of this surface share.
pub struct OpenL2m {
    pub auth: Arc<Auth>,
    request_context: RequestContext,
    body_limits: BodyLimits,
    /// For bodies that are read before authentication.
    sign_in_body_limits: BodyLimits,
    /// Groups in one request, at most.
    pub groups: usize,
}

impl OpenL2m {
    pub fn new(auth: Arc<Auth>, limits: &Limits, request_context: RequestContext) -> Self {
        Self {
            auth,
            request_context,
            body_limits: BodyLimits {
                bytes: limits.body_bytes,
                depth: limits.json_depth,
            },
            sign_in_body_limits: BodyLimits {
                bytes: limits.sign_in_bytes.min(limits.body_bytes),
                depth: limits.json_depth,
            },
            groups: limits.linkage_items,
        }
    }

    /// The public location of a path: below the path of the base URL, if it has one.
    pub fn location(&self, request: &HttpRequest, path: &str) -> String {
        let base = (self.request_context.base_url)(request).unwrap_or_default();
        let has_path = base
            .split_once("://")
            .is_some_and(|(_, rest)| rest.contains('/'));
        match has_path {
            true => format!("{base}{path}"),
            false => path.to_owned(),
        }
    }
}

/// A route, as `OPTIONS` describes it.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    pub path: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub allow: &'static str,
}

pub struct Call<'a> {
    pub shared: &'a OpenL2m,
    pub request: &'a HttpRequest,
    pub endpoint: Endpoint,
    pub context: Context,
    pub from: Option<IpAddr>,
    /// Set once the caller is authenticated.
    caller: OnceCell<Context>,
}

impl Call<'_> {
    pub fn request_id(&self) -> RequestId {
        self.context.request_id
    }

    pub fn method_not_allowed(&self) -> ApiError {
        ApiError::MethodNotAllowed(self.request.method().to_string())
    }

    pub async fn body(&self, payload: &mut Payload) -> Result<ParsedBody, ApiError> {
        body::read(self.request, payload, self.shared.body_limits).await
    }

    /// Whether the request carries the caller's password.
    pub fn has_password(&self) -> bool {
        let header = self.request.headers().get(header::AUTHORIZATION);
        header.is_some_and(|header| carries_password(header.as_bytes()))
    }

    /// The body of a request that is not authenticated yet, with a lower limit.
    pub async fn body_before_authentication(
        &self,
        payload: &mut Payload,
    ) -> Result<ParsedBody, ApiError> {
        body::read(self.request, payload, self.shared.sign_in_body_limits).await
    }

    /// Authenticates the caller, who must be an administrator.
    pub async fn guard(&self) -> Result<Guard, ApiError> {
        let auth = &self.shared.auth;
        let header = self.request.headers().get(header::AUTHORIZATION);
        let header = header.map(|value| value.as_bytes());
        // No shared snapshot: the list of all users is read while it is sent.
        let reading = ReadSession::new(auth.directory.clone(), false);
        let known = auth.authenticate(header, self.from, &self.context, &reading);
        let known = known.await;
        let principal = match known {
            Ok(principal) => principal,
            Err(AuthError::Missing | AuthError::Wrong | AuthError::NoSignIn) => {
                return Err(self.unauthenticated(header).await?);
            }
            Err(error) => return Err(error.into()),
        };
        let context = self.context.clone();
        let guard = Guard::new(auth.clone(), principal, context, self.from, reading);
        let guard = guard.reading_only(self.request.method().is_safe());
        let _ = self.caller.set(guard.context().clone());
        guard.permits(&mut FindAdministered { id: 0 })?;
        Ok(guard)
    }

    async fn unauthenticated(&self, header: Option<&[u8]>) -> Result<ApiError, ApiError> {
        let token_fault = match header {
            Some(header) => self.shared.auth.token_fault(header, &self.context).await?,
            None => None,
        };
        Ok(ApiError::Unauthenticated(match token_fault {
            Some(TokenFault::Expired) => unauthenticated::EXPIRED,
            Some(TokenFault::Inactive) => unauthenticated::INACTIVE,
            None => unauthenticated::message(header),
        }))
    }
}

/// The answer to a cross-origin request.
pub fn forbid_cross_origin(request_id: RequestId) -> HttpResponse {
    ApiError::CrossOrigin.respond("", request_id)
}

/// The answer to a body with a content coding.
pub fn refuse_content_coding(shared: &OpenL2m) -> HttpResponse {
    ApiError::ContentCoding.respond("", (shared.request_context.request_id)())
}

/// The answer to a client that has too many concurrent requests.
pub fn too_many_requests(shared: &OpenL2m) -> HttpResponse {
    ApiError::TooManyRequests.respond("", (shared.request_context.request_id)())
}

/// Runs `work`, unless the client does not accept JSON.
pub async fn answer(
    shared: &Data<OpenL2m>,
    request: &HttpRequest,
    endpoint: Endpoint,
    work: impl AsyncFnOnce(&Call<'_>) -> Result<HttpResponse, ApiError>,
) -> HttpResponse {
    let request_id = (shared.request_context.request_id)();
    let now = shared.auth.directory.clock().now();
    let from = (shared.request_context.client_address)(request);
    let call = Call {
        shared,
        request,
        endpoint,
        context: Context::of_request(now, request_id, from)
            .reading_only(request.method().is_safe()),
        from,
        caller: OnceCell::new(),
    };
    let outcome = match negotiation::check(request) {
        Ok(()) => work(&call).await,
        Err(error) => Err(error),
    };
    let response = outcome.unwrap_or_else(|error| error.respond(endpoint.allow, request_id));
    let context = call.caller.get().unwrap_or(&call.context);
    record_forbidden(&shared.auth, request, context, response)
}
