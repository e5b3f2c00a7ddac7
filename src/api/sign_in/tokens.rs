use actix_web::http::header::USER_AGENT;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::token_request::TokenRequest;
use crate::api::call::{Api, authorization};
use crate::api::error::ApiError;
use crate::api::response::Response;
use crate::api::unauthenticated::{UnauthenticatedCall, respond_unauthenticated};
use crate::api::{client, kinds, plan};
use crate::auth::{AuthError, TokenPair};
use crate::jsonapi::query::Query;

/// `POST /auth`
pub async fn sign_in(request: HttpRequest, api: Data<Api>, mut payload: Payload) -> HttpResponse {
    respond_unauthenticated(&api, &request, async |call| {
        no_query(call)?;
        let body = call.body(&mut payload).await?;
        let token_request = if call.sends_form() {
            TokenRequest::of_form(&body)?
        } else {
            TokenRequest::of_json(&body, &call.api.document_limits)?
        };
        let pair = execute(call, token_request).await?;
        let own = format!("{}/auth", call.base_url);
        let document = json!({
            "links": { "self": own, "home": format!("{}/home", call.base_url) },
            "meta": { "jwt": pair.access, "renew": pair.refresh.expose() },
        });
        Ok(Response::Document(document.to_string().into_bytes()))
    })
    .await
}

async fn execute(
    call: &UnauthenticatedCall<'_>,
    token_request: TokenRequest,
) -> Result<TokenPair, ApiError> {
    let (auth, context) = (&call.api.auth, &call.context);
    let outcome = match token_request {
        TokenRequest::Password { username, password } => {
            let from = client::address(call.api, call.request);
            let agent = user_agent(call.request);
            auth.sign_in(
                &username,
                password.expose(),
                from,
                agent.as_deref(),
                context,
            )
            .await
        }
        TokenRequest::Refresh { token: Some(token) } => auth.renew(token.expose(), context).await,
        TokenRequest::Refresh { token: None } => {
            let token = bearer(call.request).ok_or_else(|| {
                kinds::INVALID_DATA
                    .error("Send the refresh token as refresh_token or as Authorization: Bearer.")
            })?;
            auth.renew(token, context).await
        }
    };
    outcome.map_err(|error| match error {
        AuthError::Wrong => ApiError::SignInRejected,
        error => error.into(),
    })
}

/// The User-Agent header, with invalid UTF-8 replaced.
fn user_agent(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(USER_AGENT)?;
    Some(String::from_utf8_lossy(header.as_bytes()).into_owned())
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = std::str::from_utf8(authorization(request)?)
        .ok()?
        .trim()
        .split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("Bearer")
        .then_some(token.trim())
}

/// `DELETE /auth`
pub async fn sign_out(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    respond_unauthenticated(&api, &request, async |call| {
        no_query(call)?;
        let from = client::address(call.api, call.request);
        let header = authorization(call.request);
        let auth = &call.api.auth;
        auth.sign_out(header, from, &call.context).await?;
        Ok(Response::Empty)
    })
    .await
}

fn no_query(call: &UnauthenticatedCall<'_>) -> Result<(), ApiError> {
    let raw = call.request.query_string();
    let query = Query::parse(raw, &[], &call.api.query_limits)?;
    plan::refuse_parameters(&query)
}
