//! `/api/users/token/`: exchanges a password for a token.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use serde::Serialize;

use super::answer;
use super::call::Call;
use super::error::ApiError;
use super::field_errors::{FieldErrors, NON_FIELD};
use super::fields::{Fields, Text};
use crate::auth::{AuthError, Guard, IssuedToken};
use crate::directory::ReadSession;
use crate::directory::users::FindUser;

/// The name of these tokens in the list of all tokens.
const NAME: &str = "/api/users/token/";
const WRONG: &str = "Unable to log in with provided credentials.";

const USERNAME: Text = Text::required("username", usize::MAX);
const PASSWORD: Text = Text {
    is_trimmed: false,
    ..Text::required("password", usize::MAX)
};

#[derive(Serialize)]
struct Given<'a> {
    token: &'a str,
    user_id: i64,
    email: &'a str,
}

pub async fn create(call: &Call<'_>, payload: &mut Payload) -> Result<HttpResponse, ApiError> {
    let sent = call.body_before_authentication(payload).await?;
    let mut fields = Fields::of(&sent, false);
    let pair = (fields.text(&USERNAME), fields.text(&PASSWORD));
    let (Some(username), Some(password)) = pair else {
        return Err(fields.errors.into());
    };
    let auth = &call.shared.auth;
    let issued = auth
        .issue_token(&username, &password, NAME, call.from, &call.context)
        .await;
    let IssuedToken { secret, principal } = issued.map_err(|error| match error {
        AuthError::Missing | AuthError::Wrong | AuthError::NoSignIn => {
            FieldErrors::one(NON_FIELD, WRONG).into()
        }
        error => ApiError::from(error),
    })?;
    let user_id = principal.id;
    let context = call.context.clone();
    let reading = ReadSession::new(auth.directory.clone(), false);
    let guard = Guard::new(auth.clone(), principal, context, call.from, reading);
    let own = FindUser {
        id: user_id,
        visible: Default::default(),
    };
    let user = guard
        .read(own)
        .await?
        .ok_or(FieldErrors::one(NON_FIELD, WRONG))?;
    let given = Given {
        token: secret.expose(),
        user_id,
        email: user.email.as_deref().unwrap_or_default(),
    };
    answer::json(
        StatusCode::OK,
        call.endpoint.allow,
        &given,
        call.request_id(),
    )
}
