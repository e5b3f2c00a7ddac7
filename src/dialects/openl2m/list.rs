//! Streams all users as one JSON array: reads them in chunks by id, the next one only
//! when the client has received the last. Concurrent changes may be included.

use std::future::ready;

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use futures_util::{StreamExt, stream};

use super::answer;
use super::call::Call;
use super::error::ApiError;
use super::serializer::UserBody;
use crate::auth::{Guard, PolicyError};
use crate::directory::DirectoryError;
use crate::directory::administered::ListAdministered;

/// Users per chunk, which takes one or two milliseconds on the worker thread.
const CHUNK: usize = 256;
/// Bytes of a user, roughly.
const SIZE: usize = 320;

pub async fn list(call: &Call<'_>) -> Result<HttpResponse, ApiError> {
    let guard = call.guard().await?;
    let request_id = call.request_id();
    let mut response = answer::begin(StatusCode::OK, call.endpoint.allow, request_id);
    if call.request.method() == Method::HEAD {
        return Ok(response.streaming(stream::empty::<Result<Bytes, std::io::Error>>()));
    }
    let mut users = UserStream {
        guard,
        after: 0,
        has_begun: false,
        is_done: false,
    };
    // Until the first chunk is sent, an error can still change the status.
    let first = users.next().await?;
    let rest = stream::try_unfold(users, move |mut users| async move {
        if users.is_done {
            return Ok(None);
        }
        // Other requests of this worker come in between.
        tokio::task::yield_now().await;
        match users.next().await {
            Ok(part) => Ok(Some((part, users))),
            // The client sees an incomplete body.
            Err(error) => {
                log::error!("{request_id} the list of users was aborted: {error:?}");
                Err(std::io::Error::other("the list was aborted"))
            }
        }
    });
    let parts = stream::once(ready(Ok(first))).chain(rest);
    Ok(response.streaming(Box::pin(parts)))
}

/// The state of the stream.
struct UserStream {
    guard: Guard,
    after: i64,
    has_begun: bool,
    is_done: bool,
}

impl UserStream {
    async fn next(&mut self) -> Result<Bytes, PolicyError> {
        let read = ListAdministered {
            after: self.after,
            limit: i64::try_from(CHUNK).unwrap_or(i64::MAX),
        };
        let users = self.guard.read(read).await?;
        let mut out = Vec::with_capacity(users.len() * SIZE + 2);
        for user in &users {
            out.push(if self.has_begun { b',' } else { b'[' });
            self.has_begun = true;
            self.after = user.record.id;
            serde_json::to_writer(&mut out, &UserBody::of(user))
                .map_err(DirectoryError::internal)?;
        }
        if users.len() < CHUNK {
            if !self.has_begun {
                out.push(b'[');
            }
            out.push(b']');
            self.is_done = true;
        }
        Ok(Bytes::from(out))
    }
}
