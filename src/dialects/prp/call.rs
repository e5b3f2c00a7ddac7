//! The context of a request: caller, query and, on demand, the body.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use super::answer::Answer;
use super::error::ApiError;
use super::field_errors::FieldErrors;
use super::parameters::Parameters;
use crate::auth::{Auth, Guard};
use crate::config::Limits;
use crate::dialects::RequestContext;
use crate::dialects::body::{self, BodyError, depth};
use crate::dialects::request_context::record_forbidden;
use crate::directory::{Context, ReadSession, RequestId};

/// The state that all requests of this surface share.
pub struct Prp {
    auth: Arc<Auth>,
    request_context: RequestContext,
    pub body_bytes: usize,
    pub query_bytes: usize,
    pub json_depth: usize,
    /// Roles and clusters in one request, at most.
    pub items: usize,
    /// Words in one search, at most.
    pub search_words: usize,
}

impl Prp {
    pub fn new(auth: Arc<Auth>, limits: &Limits, request_context: RequestContext) -> Self {
        Self {
            auth,
            request_context,
            body_bytes: limits.body_bytes,
            query_bytes: limits.query_bytes,
            json_depth: limits.json_depth,
            items: limits.linkage_items,
            search_words: limits.search_words,
        }
    }
}

/// An authenticated request.
pub struct Call<'a> {
    pub prp: &'a Prp,
    pub request: &'a HttpRequest,
    pub guard: Guard,
    pub parameters: Parameters,
}

impl Call<'_> {
    /// The id in the path; 0, which nothing has, if it is not a number.
    pub fn id(&self) -> i64 {
        let text = self.request.match_info().get("id").unwrap_or_default();
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits).unwrap_or(0)
    }

    /// The URL of this request without the query.
    pub fn url(&self) -> Result<String, ApiError> {
        let base = (self.prp.request_context.base_url)(self.request);
        let base = base.ok_or(ApiError::BadRequest("The Host header is not a host name."))?;
        Ok(format!("{base}{}", self.request.path()))
    }

    /// The JSON object of the body; an empty body is an empty object.
    pub async fn object(&self, payload: &mut Payload) -> Result<Map<String, Value>, ApiError> {
        let body = self.body(payload).await?;
        if body.trim_ascii().is_empty() {
            return Ok(Map::new());
        }
        self.is_json()?;
        let value: Value =
            serde_json::from_slice(&body).map_err(|error| ApiError::Parse(error.to_string()))?;
        if depth(&value) > self.prp.json_depth {
            let why = format!(
                "more than {} levels of arrays and objects",
                self.prp.json_depth
            );
            return Err(ApiError::Parse(why));
        }
        match value {
            Value::Object(object) => Ok(object),
            other => {
                let got = super::fields::kind(&other);
                let message = format!("Invalid data. Expected a dictionary, but got {got}.");
                Err(FieldErrors::one("non_field_errors", "invalid", &message).into())
            }
        }
    }

    fn is_json(&self) -> Result<(), ApiError> {
        let kind = self.request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/json") {
            Ok(())
        } else {
            Err(ApiError::MediaType(kind.to_owned()))
        }
    }

    async fn body(&self, payload: &mut Payload) -> Result<Vec<u8>, ApiError> {
        let read = body::read(self.request, payload, self.prp.body_bytes).await;
        read.map_err(|error| match error {
            BodyError::TooLarge(limit) => ApiError::TooLarge(limit),
            BodyError::TimedOut => ApiError::BodyTimedOut,
            BodyError::BodyMemoryFull => ApiError::BodyMemoryFull,
            BodyError::Broken(why) => ApiError::Parse(why),
        })
    }
}

/// The answer to a client that has too many concurrent requests.
pub fn too_many_requests(prp: &Prp) -> HttpResponse {
    ApiError::TooManyRequests.respond((prp.request_context.request_id)())
}

/// Authenticates the caller and runs `work`.
pub async fn answer(
    prp: &Data<Prp>,
    request: &HttpRequest,
    work: impl AsyncFnOnce(&Call<'_>) -> Result<Answer, ApiError>,
) -> HttpResponse {
    let request_id = (prp.request_context.request_id)();
    let now = prp.auth.directory.clock().now();
    let from = (prp.request_context.client_address)(request);
    let context =
        Context::of_request(now, request_id, from).reading_only(request.method().is_safe());
    let call = match begin(prp, request, context.clone()).await {
        Ok(call) => call,
        Err(error) => {
            let response = error.respond(request_id);
            return record_forbidden(&prp.auth, request, &context, response);
        }
    };
    let response = match work(&call).await {
        Ok(answer) => answer.respond(request_id),
        Err(error) => error.respond(request_id),
    };
    record_forbidden(&prp.auth, request, call.guard.context(), response)
}

/// The answer to a cross-origin request.
pub fn forbid_cross_origin(request_id: RequestId) -> HttpResponse {
    ApiError::CrossOrigin.respond(request_id)
}

/// The answer to a body with a content coding.
pub fn refuse_content_coding(prp: &Prp) -> HttpResponse {
    ApiError::ContentCoding.respond((prp.request_context.request_id)())
}

async fn begin<'a>(
    prp: &'a Prp,
    request: &'a HttpRequest,
    context: Context,
) -> Result<Call<'a>, ApiError> {
    let header = request.headers().get(header::AUTHORIZATION);
    let header = header.map(|value| value.as_bytes());
    let from = context.source.address;
    let auth = &prp.auth;
    let reading = ReadSession::new(auth.directory.clone(), request.method().is_safe());
    let principal = auth.authenticate(header, from, &context, &reading).await?;
    let raw = request.query_string();
    if raw.len() > prp.query_bytes {
        return Err(ApiError::QueryTooLong(prp.query_bytes));
    }
    Ok(Call {
        prp,
        request,
        guard: Guard::new(auth.clone(), principal, context, from, reading)
            .reading_only(request.method().is_safe()),
        parameters: Parameters::read(raw),
    })
}
