//! One request: its caller known, its query and its body read.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use super::answer::Answer;
use super::error::Failure;
use super::faults::Faults;
use super::filters::Parameters;
use crate::auth::{Auth, Guard};
use crate::config::Limits;
use crate::dialects::Surroundings;
use crate::dialects::body::{self, Unread, depth};
use crate::dialects::surroundings::record_forbidden;
use crate::directory::{Context, Reading, RequestId};

/// What all requests of this surface share.
pub struct Prp {
    auth: Arc<Auth>,
    surroundings: Surroundings,
    pub body_bytes: usize,
    pub query_bytes: usize,
    pub json_depth: usize,
    /// Roles and clusters that one request names.
    pub items: usize,
    /// Words of one search.
    pub search_words: usize,
}

impl Prp {
    pub fn new(auth: Arc<Auth>, limits: &Limits, surroundings: Surroundings) -> Self {
        Self {
            auth,
            surroundings,
            body_bytes: limits.body_bytes,
            query_bytes: limits.query_bytes,
            json_depth: limits.json_depth,
            items: limits.linkage_items,
            search_words: limits.search_words,
        }
    }
}

/// A request whose caller is known.
pub struct Call<'a> {
    pub prp: &'a Prp,
    pub request: &'a HttpRequest,
    pub guard: Guard,
    pub parameters: Parameters,
}

impl Call<'_> {
    /// The id in the path; what is none is the id of nothing.
    pub fn id(&self) -> i64 {
        let text = self.request.match_info().get("id").unwrap_or_default();
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits).unwrap_or(0)
    }

    /// The address of this request, without its query.
    pub fn address(&self) -> Result<String, Failure> {
        let base = (self.prp.surroundings.base)(self.request);
        let base = base.ok_or(Failure::BadRequest("The Host header is not a host name."))?;
        Ok(format!("{base}{}", self.request.path()))
    }

    /// The object that was sent; nothing sent is an empty one.
    pub async fn object(&self, payload: &mut Payload) -> Result<Map<String, Value>, Failure> {
        let body = self.body(payload).await?;
        if body.trim_ascii().is_empty() {
            return Ok(Map::new());
        }
        self.is_json()?;
        let value: Value =
            serde_json::from_slice(&body).map_err(|error| Failure::Parse(error.to_string()))?;
        if depth(&value) > self.prp.json_depth {
            let why = format!(
                "more than {} levels of arrays and objects",
                self.prp.json_depth
            );
            return Err(Failure::Parse(why));
        }
        match value {
            Value::Object(object) => Ok(object),
            other => {
                let got = super::fields::kind(&other);
                let message = format!("Invalid data. Expected a dictionary, but got {got}.");
                Err(Faults::one("non_field_errors", "invalid", &message).into())
            }
        }
    }

    fn is_json(&self) -> Result<(), Failure> {
        let kind = self.request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/json") {
            Ok(())
        } else {
            Err(Failure::MediaType(kind.to_owned()))
        }
    }

    async fn body(&self, payload: &mut Payload) -> Result<Vec<u8>, Failure> {
        let read = body::read(self.request, payload, self.prp.body_bytes).await;
        read.map_err(|unread| match unread {
            Unread::TooLarge(limit) => Failure::TooLarge(limit),
            Unread::TimedOut => Failure::BodyTimedOut,
            Unread::NoRoom => Failure::NoRoom,
            Unread::Broken(why) => Failure::Parse(why),
        })
    }
}

/// For a client that has as many requests at a time as it may.
pub fn too_many_requests(prp: &Prp) -> HttpResponse {
    Failure::TooManyRequests.respond((prp.surroundings.request_id)())
}

/// Finds out who asks, and lets `work` answer.
pub async fn answer(
    prp: &Data<Prp>,
    request: &HttpRequest,
    work: impl AsyncFnOnce(&Call<'_>) -> Result<Answer, Failure>,
) -> HttpResponse {
    let request_id = (prp.surroundings.request_id)();
    let now = prp.auth.directory.clock().now();
    let from = (prp.surroundings.address)(request);
    let context =
        Context::of_request(now, request_id, from).reading_only(request.method().is_safe());
    let call = match begin(prp, request, context.clone()).await {
        Ok(call) => call,
        Err(failure) => {
            let response = failure.respond(request_id);
            return record_forbidden(&prp.auth, request, &context, response);
        }
    };
    let response = match work(&call).await {
        Ok(answer) => answer.respond(request_id),
        Err(failure) => failure.respond(request_id),
    };
    record_forbidden(&prp.auth, request, call.guard.context(), response)
}

/// For what a page of another origin asked.
pub fn forbid_cross_origin(request_id: RequestId) -> HttpResponse {
    Failure::CrossOrigin.respond(request_id)
}

/// For a body in a content coding.
pub fn refuse_content_coding(prp: &Prp) -> HttpResponse {
    Failure::ContentCoding.respond((prp.surroundings.request_id)())
}

async fn begin<'a>(
    prp: &'a Prp,
    request: &'a HttpRequest,
    context: Context,
) -> Result<Call<'a>, Failure> {
    let header = request.headers().get(header::AUTHORIZATION);
    let header = header.map(|value| value.as_bytes());
    let from = context.source.address;
    let auth = &prp.auth;
    let reading = Reading::new(auth.directory.clone(), request.method().is_safe());
    let principal = auth.authenticate(header, from, &context, &reading).await?;
    let raw = request.query_string();
    if raw.len() > prp.query_bytes {
        return Err(Failure::QueryTooLong(prp.query_bytes));
    }
    Ok(Call {
        prp,
        request,
        guard: Guard::new(auth.clone(), principal, context, from, reading)
            .reading_only(request.method().is_safe()),
        parameters: Parameters::read(raw),
    })
}
