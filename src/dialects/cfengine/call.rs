//! The context of a request: caller, query and, on demand, the body.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::error::ApiError;
use super::parameters::{Parameters, Sizes};
use crate::auth::{Auth, Guard, carries_password};
use crate::config::Limits;
use crate::dialects::RequestContext;
use crate::dialects::body::{self, BodyError, depth};
use crate::dialects::request_context::record_forbidden;
use crate::directory::{Context, ReadSession, RequestId};

/// The media types of request bodies.
const MEDIA_TYPES: [&str; 2] = ["application/json", "application/x-www-form-urlencoded"];

/// The state that all requests of this surface share.
pub struct Cfengine {
    auth: Arc<Auth>,
    request_context: RequestContext,
    body_bytes: usize,
    query_bytes: usize,
    json_depth: usize,
    pub sizes: Sizes,
    /// Roles in one request, at most.
    pub items: usize,
}

impl Cfengine {
    pub fn new(auth: Arc<Auth>, limits: &Limits, request_context: RequestContext) -> Self {
        let size = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
        Self {
            auth,
            request_context,
            body_bytes: limits.body_bytes,
            query_bytes: limits.query_bytes,
            json_depth: limits.json_depth,
            sizes: Sizes {
                default: size(limits.cfengine_page_size_default),
                max: size(limits.cfengine_page_size_max),
            },
            items: limits.linkage_items,
        }
    }
}

/// An authenticated request.
pub struct Call<'a> {
    pub cfengine: &'a Cfengine,
    pub request: &'a HttpRequest,
    pub guard: Guard,
    pub parameters: Parameters,
}

impl Call<'_> {
    /// The last segment of the path, decoded. If it is not UTF-8, a name that nothing
    /// can have.
    pub fn name(&self) -> String {
        let path = self.request.path();
        let path = path.strip_suffix('/').unwrap_or(path);
        let last = path.rsplit('/').next().unwrap_or_default();
        let name = percent_decode_str(last).decode_utf8();
        name.map_or_else(|_| "\0".to_owned(), |name| name.into_owned())
    }

    /// Whether the request carries the caller's password.
    pub fn has_password(&self) -> bool {
        let header = self.request.headers().get(header::AUTHORIZATION);
        header.is_some_and(|header| carries_password(header.as_bytes()))
    }

    /// The JSON object of the body; an empty body is an empty object.
    pub async fn object(&self, payload: &mut Payload) -> Result<Map<String, Value>, ApiError> {
        let read = body::read(self.request, payload, self.cfengine.body_bytes).await;
        let body = read.map_err(|error| match error {
            BodyError::TooLarge(limit) => ApiError::TooLarge(limit),
            BodyError::TimedOut => ApiError::BodyTimedOut,
            BodyError::BodyMemoryFull => ApiError::BodyMemoryFull,
            BodyError::Broken(why) => {
                ApiError::BadRequest(format!("The body was incomplete: {why}."))
            }
        })?;
        if body.trim_ascii().is_empty() {
            return Ok(Map::new());
        }
        self.check_type()?;
        let value: Value = serde_json::from_slice(&body)
            .map_err(|error| ApiError::BadRequest(format!("The body is not JSON: {error}.")))?;
        let max = self.cfengine.json_depth;
        if depth(&value) > max {
            let why = format!("The body has more than {max} levels of arrays and objects.");
            return Err(ApiError::BadRequest(why));
        }
        match value {
            Value::Object(object) => Ok(object),
            _ => Err(ApiError::BadRequest(
                "The body is not a JSON object.".into(),
            )),
        }
    }

    /// The body is JSON in any case, but `curl -d` labels it as a form.
    fn check_type(&self) -> Result<(), ApiError> {
        let kind = self.request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        let is_taken = MEDIA_TYPES
            .iter()
            .any(|taken| essence.eq_ignore_ascii_case(taken));
        if is_taken {
            Ok(())
        } else {
            Err(ApiError::MediaType)
        }
    }
}

/// The answer to a client that has too many concurrent requests.
pub fn too_many_requests(cfengine: &Cfengine) -> HttpResponse {
    ApiError::TooManyRequests.respond((cfengine.request_context.request_id)())
}

/// Authenticates the caller and runs `work`.
pub async fn answer(
    cfengine: &Data<Cfengine>,
    request: &HttpRequest,
    work: impl AsyncFnOnce(&Call<'_>) -> Result<Answer, ApiError>,
) -> HttpResponse {
    let request_id = (cfengine.request_context.request_id)();
    let now = cfengine.auth.directory.clock().now();
    let from = (cfengine.request_context.client_address)(request);
    let context =
        Context::of_request(now, request_id, from).reading_only(request.method().is_safe());
    let call = match begin(cfengine, request, context.clone()).await {
        Ok(call) => call,
        Err(error) => {
            let response = error.respond(request_id);
            return record_forbidden(&cfengine.auth, request, &context, response);
        }
    };
    let response = match work(&call).await {
        Ok(answer) => answer.respond(request_id),
        Err(error) => error.respond(request_id),
    };
    record_forbidden(&cfengine.auth, request, call.guard.context(), response)
}

/// The answer to a cross-origin request.
pub fn forbid_cross_origin(request_id: RequestId) -> HttpResponse {
    ApiError::CrossOrigin.respond(request_id)
}

/// The answer to a body with a content coding.
pub fn refuse_content_coding(cfengine: &Cfengine) -> HttpResponse {
    ApiError::ContentCoding.respond((cfengine.request_context.request_id)())
}

async fn begin<'a>(
    cfengine: &'a Cfengine,
    request: &'a HttpRequest,
    context: Context,
) -> Result<Call<'a>, ApiError> {
    let auth = &cfengine.auth;
    let header = request.headers().get(header::AUTHORIZATION);
    let header = header.map(|value| value.as_bytes());
    let from = context.source.address;
    let reading = ReadSession::new(auth.directory.clone(), request.method().is_safe());
    let principal = auth.authenticate(header, from, &context, &reading).await?;
    let raw = request.query_string();
    if raw.len() > cfengine.query_bytes {
        return Err(ApiError::QueryTooLong(cfengine.query_bytes));
    }
    Ok(Call {
        cfengine,
        request,
        guard: Guard::new(auth.clone(), principal, context, from, reading)
            .reading_only(request.method().is_safe()),
        parameters: Parameters::read(raw),
    })
}
