//! `Idempotency-Key`: a repeated request is carried out only once and gets the stored
//! response of the first.
//!
//! The response is stored in the transaction of the change. A rejected request changed
//! nothing, so its response is not stored and it can be repeated with the same key.
//! Responses that contain a secret are never stored.

use actix_web::http::header::HeaderName;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::call::Call;
use super::conditional::State;
use super::error::ApiError;
use super::kinds;
use super::resources::is_secret;
use super::response::Response;
use crate::directory::batch::{
    self, Batch, BatchOutcome, Finish, IdempotencyRequest, Outcome, Step,
};
use crate::directory::clock;
use crate::jsonapi;
use crate::jsonapi::document::read_json;

pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const HEADER_NAME: &str = "Idempotency-Key";
/// The maximum length of a key, in characters.
pub const MAX_LENGTH: usize = 255;

/// The parts of a response that are stored beside its body.
#[derive(Serialize, Deserialize)]
struct Headers {
    location: Option<String>,
    state: Option<String>,
}

/// An idempotency key of this caller and this request.
pub struct Key {
    caller_id: i64,
    key: String,
    request_hash: String,
    expired: String,
}

impl Call<'_> {
    /// `None` if the request has no key.
    pub fn key(&self, body: &[u8]) -> Result<Option<Key>, ApiError> {
        let Some(key) = self.sent_key()? else {
            return Ok(None);
        };
        Ok(Some(Key {
            caller_id: self.guard.principal().id,
            key,
            request_hash: self.hash(body)?,
            expired: self.expired(),
        }))
    }

    fn sent_key(&self) -> Result<Option<String>, ApiError> {
        let mut lines = self.request.headers().get_all(&HEADER);
        let (Some(line), another) = (lines.next(), lines.next()) else {
            return Ok(None);
        };
        let key = line.as_bytes();
        let fits = (1..=MAX_LENGTH).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
        if another.is_some() || !fits {
            let detail = format!(
                "{HEADER_NAME} is sent once, with 1 to {MAX_LENGTH} visible ASCII characters."
            );
            let error = jsonapi::kinds::INVALID_HEADER.error(detail);
            return Err(error.at_header(HEADER_NAME).into());
        }
        Ok(Some(String::from_utf8_lossy(key).into_owned()))
    }

    /// A hash of the method, the URL and the parsed document. Passwords are left out:
    /// a fast hash of one must not be stored.
    fn hash(&self, body: &[u8]) -> Result<String, ApiError> {
        let document = without_secrets(read_json(body, &self.api.document_limits)?);
        let mut hash = Sha256::new();
        for part in [
            self.request.method().as_str(),
            self.path(),
            self.request.query_string(),
            &document.to_string(),
        ] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        Ok(hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }

    fn expired(&self) -> String {
        let seconds = i64::try_from(self.api.idempotency_seconds).unwrap_or(i64::MAX);
        let age = TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX);
        let now = self.guard.context().now;
        now.checked_sub_signed(age)
            .map_or_else(String::new, clock::text)
    }

    /// Carries out the steps in one transaction, or returns the stored response if
    /// they were carried out under this key before. `finish` makes the response.
    pub async fn execute_once(
        &self,
        steps: Vec<Box<dyn Step>>,
        key: Option<Key>,
        finish: impl Fn(&[Outcome]) -> Response + Clone + Send + Sync + 'static,
    ) -> Result<Response, ApiError> {
        let idempotency = key.map(|key| {
            let finish = finish.clone();
            key.idempotency(Box::new(move |outcomes| to_stored(finish(outcomes))))
        });
        let done = self.guard.write(Batch { steps, idempotency }).await?;
        Ok(match done {
            BatchOutcome::Executed(outcomes) => finish(&outcomes),
            BatchOutcome::Replayed(answer) => Response::Replayed(Box::new(from_stored(answer))),
        })
    }
}

impl Key {
    fn idempotency(self, answer: Finish) -> IdempotencyRequest {
        IdempotencyRequest {
            caller_id: self.caller_id,
            key: self.key,
            request_hash: self.request_hash,
            expired: self.expired,
            answer,
        }
    }
}

/// Rejects a key where the response cannot be stored.
pub fn unsupported(detail: &str) -> ApiError {
    kinds::IDEMPOTENCY_KEY_UNSUPPORTED
        .error(detail)
        .at_header(HEADER_NAME)
        .into()
}

fn without_secrets(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(name, _)| !is_secret(name))
            .map(|(name, value)| (name, without_secrets(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_secrets).collect(),
        plain => plain,
    }
}

fn to_stored(response: Response) -> batch::Answer {
    let status = response.status().as_u16();
    let state = response.state().map(|state| state.as_str().to_owned());
    let (location, body) = match response {
        Response::Created { location, body, .. } => (Some(location), body),
        Response::Document(body)
        | Response::CursorPage(body)
        | Response::Atomic(body)
        | Response::Current { body, .. } => (None, body),
        // Only responses to changes are stored, and none of them is streamed.
        Response::Empty
        | Response::NotModified(_)
        | Response::Replayed(_)
        | Response::Streamed(_) => (None, Vec::new()),
    };
    let headers = serde_json::to_string(&Headers { location, state }).unwrap_or_default();
    batch::Answer {
        status,
        headers,
        body,
    }
}

fn from_stored(stored: batch::Answer) -> Response {
    let batch::Answer {
        status,
        headers,
        body,
    } = stored;
    let headers: Option<Headers> = serde_json::from_str(&headers).ok();
    let (location, state) = headers.map_or((None, None), |h| (h.location, h.state));
    match (status, location) {
        (204, _) => Response::Empty,
        (_, Some(location)) => Response::Created {
            body,
            location,
            state: state.map(State::stored),
        },
        (_, None) => Response::Atomic(body),
    }
}
