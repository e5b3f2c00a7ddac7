use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::api::call::Api;
use crate::api::error::ApiError;
use crate::api::response::REQUEST_ID;
use crate::directory::Context;

/// How long clients may cache the keys: a new key is published before it is used.
const KEEP: &str = "public, max-age=300";

/// `GET /.well-known/jwks.json`, without authentication: RFC 7517.
pub async fn key_set(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    let request_id = api.next_request_id();
    let now = api.auth.directory.clock().now();
    let context = Context::of_program(now, request_id);
    let ring = match api.auth.keys(&context).await {
        Ok(ring) => ring,
        Err(error) => {
            let accepted = api.negotiate_accept(&request).ok();
            return ApiError::from(error).into_http(&api, &request, request_id, accepted.as_ref());
        }
    };
    let keys: Vec<Value> = ring
        .keys
        .iter()
        .map(|key| {
            json!({
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                "kid": key.kid, "x": key.x,
            })
        })
        .collect();
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/jwk-set+json"))
        .insert_header((header::CACHE_CONTROL, KEEP))
        .insert_header((REQUEST_ID, request_id.to_string()))
        .body(json!({ "keys": keys }).to_string())
}
