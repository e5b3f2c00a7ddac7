//! The request to sign in: a password or a refresh token, as JSON or as a form.

use serde_json::{Map, Value};

use crate::api::error::ApiError;
use crate::api::kinds;
use crate::config::Secret;
use crate::jsonapi::document::{Limits, read_json};
use crate::jsonapi::{Error, Errors, pointer};

pub enum TokenRequest {
    Password {
        username: String,
        password: Secret,
    },
    /// `None`: the token is in the Authorization header.
    Refresh {
        token: Option<Secret>,
    },
}

/// The maximum number of form fields that are read.
const MOST_MEMBERS: usize = 20;

impl TokenRequest {
    pub fn of_json(body: &[u8], limits: &Limits) -> Result<Self, ApiError> {
        let sent = match read_json(body, limits)? {
            Value::Object(sent) => sent,
            _ => {
                let error = kinds::INVALID_DATA.error("The body must be an object.");
                return Err(error.at_pointer("").into());
            }
        };
        Self::of(&Members { sent, points: true })
    }

    pub fn of_form(body: &[u8]) -> Result<Self, ApiError> {
        let mut sent = Map::new();
        for pair in body.split(|byte| *byte == b'&').take(MOST_MEMBERS) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decoded(halves.next().unwrap_or_default())?;
            let value = decoded(halves.next().unwrap_or_default())?;
            if sent.insert(name, Value::String(value)).is_some() {
                let detail = "The form names something twice.";
                return Err(kinds::INVALID_DATA.error(detail).into());
            }
        }
        Self::of(&Members {
            sent,
            points: false,
        })
    }

    fn of(members: &Members) -> Result<Self, ApiError> {
        match members.text("grant_type")? {
            None | Some("password") => Self::password(members),
            Some("refresh_token") => Ok(Self::Refresh {
                token: members.text("refresh_token")?.map(Secret::new),
            }),
            Some(_) => {
                let detail = "The grant_type is password or refresh_token.";
                let error = kinds::UNSUPPORTED_GRANT.error(detail);
                Err(members.with_source(error, "grant_type").into())
            }
        }
    }

    fn password(members: &Members) -> Result<Self, ApiError> {
        let (username, password) = (members.required("username"), members.required("password"));
        match (username, password) {
            (Ok(username), Ok(password)) => Ok(Self::Password {
                username: username.to_owned(),
                password: Secret::new(password),
            }),
            (username, password) => {
                let wrong = [username.err(), password.err()];
                let errors = Errors::from_vec(wrong.into_iter().flatten().collect());
                Err(errors.map_or_else(|| bad_form().into(), ApiError::Errors))
            }
        }
    }
}

/// The members of a JSON object or form.
struct Members {
    sent: Map<String, Value>,
    /// Whether errors have pointers: there is a JSON document.
    points: bool,
}

impl Members {
    fn text(&self, name: &str) -> Result<Option<&str>, Error> {
        match self.sent.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => {
                let detail = format!("{name}: This value must be a string.");
                Err(self.with_source(kinds::INVALID_DATA.error(detail), name))
            }
        }
    }

    fn required(&self, name: &str) -> Result<&str, Error> {
        self.text(name)?.ok_or_else(|| {
            let detail = format!("{name}: This member is required.");
            self.with_source(kinds::INVALID_DATA.error(detail), name)
        })
    }

    /// Adds a pointer to the member, or to its parent if it is missing.
    fn with_source(&self, error: Error, name: &str) -> Error {
        if !self.points {
            error
        } else if self.sent.contains_key(name) {
            error.at_pointer(pointer::join("", name))
        } else {
            error.at_pointer("")
        }
    }
}

fn decoded(text: &[u8]) -> Result<String, Error> {
    let spaced: Vec<u8> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let decoded = percent_encoding::percent_decode(&spaced);
    match decoded.decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(bad_form()),
    }
}

fn bad_form() -> Error {
    kinds::BAD_REQUEST.error("The form cannot be read.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(token_request: Result<TokenRequest, ApiError>) -> Option<(String, String)> {
        match token_request.ok()? {
            TokenRequest::Password { username, password } => {
                Some((username, password.expose().to_owned()))
            }
            TokenRequest::Refresh { .. } => None,
        }
    }

    #[test]
    fn json_and_forms_say_the_same() {
        let wanted = Some(("john".to_owned(), "a b&c=ü".to_owned()));
        let json = r#"{"username":"john","password":"a b&c=ü","more":1}"#;
        let token_request = TokenRequest::of_json(json.as_bytes(), &Limits::default());
        assert_eq!(password(token_request), wanted);
        let form = b"grant_type=password&username=john&password=a+b%26c%3D%C3%BC";
        assert_eq!(password(TokenRequest::of_form(form)), wanted);
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for form in [
            &b""[..],
            b"username=%ff&password=x",
            b"username=a&username=b",
        ] {
            assert!(TokenRequest::of_form(form).is_err());
        }
    }
}
