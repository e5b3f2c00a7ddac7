use actix_web::http::header::USER_AGENT;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::grant::Grant;
use crate::api::answer::Answer;
use crate::api::anybody::{Anybody, answer_anybody};
use crate::api::call::{Api, authorization};
use crate::api::error::ApiError;
use crate::api::{client, kinds, plan};
use crate::auth::{AuthError, TokenPair};
use crate::jsonapi::query::Query;

/// `POST /auth`
pub async fn sign_in(request: HttpRequest, api: Data<Api>, mut payload: Payload) -> HttpResponse {
    answer_anybody(&api, &request, async |anybody| {
        no_query(anybody)?;
        let body = anybody.body(&mut payload).await?;
        let grant = if anybody.sends_form() {
            Grant::of_form(&body)?
        } else {
            Grant::of_json(&body, &anybody.api.document_limits)?
        };
        let pair = carry_out(anybody, grant).await?;
        let own = format!("{}/auth", anybody.base);
        let document = json!({
            "links": { "self": own, "home": format!("{}/home", anybody.base) },
            "meta": { "jwt": pair.access, "renew": pair.refresh.expose() },
        });
        Ok(Answer::Document(document.to_string().into_bytes()))
    })
    .await
}

async fn carry_out(anybody: &Anybody<'_>, grant: Grant) -> Result<TokenPair, ApiError> {
    let (auth, context) = (&anybody.api.auth, &anybody.context);
    let outcome = match grant {
        Grant::Password { username, password } => {
            let from = client::address(anybody.api, anybody.request);
            let agent = user_agent(anybody.request);
            auth.sign_in(
                &username,
                password.expose(),
                from,
                agent.as_deref(),
                context,
            )
            .await
        }
        Grant::Refresh { token: Some(token) } => auth.renew(token.expose(), context).await,
        Grant::Refresh { token: None } => {
            let token = bearer(anybody.request).ok_or_else(|| {
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

/// As it was sent; what is no text in it is replaced.
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
    answer_anybody(&api, &request, async |anybody| {
        no_query(anybody)?;
        let from = client::address(anybody.api, anybody.request);
        let header = authorization(anybody.request);
        let auth = &anybody.api.auth;
        auth.sign_out(header, from, &anybody.context).await?;
        Ok(Answer::Empty)
    })
    .await
}

fn no_query(anybody: &Anybody<'_>) -> Result<(), ApiError> {
    let raw = anybody.request.query_string();
    let query = Query::parse(raw, &[], &anybody.api.query_limits)?;
    plan::of_none(&query)
}
