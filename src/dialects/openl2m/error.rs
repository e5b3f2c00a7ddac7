//! Errors of this surface. The match over the directory's errors is exhaustive.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use serde_json::{Value, json};

use super::answer;
use super::field_errors::{FieldErrors, NON_FIELD};
use super::fields::no_object;
use super::{record, unauthenticated};
use crate::auth::{AuthError, PolicyError};
use crate::directory::{DirectoryError, FieldError, FieldErrorKind, RequestId, log_limit};

/// Retry-After of a busy service, in seconds.
const RETRY_BUSY: u64 = 1;
/// Retry-After while the database is unreachable, in seconds.
const RETRY_UNAVAILABLE: u64 = 5;

const CONTENT_CODING: &str = "Send the body without a Content-Encoding.";

/// Why a request failed.
#[derive(Debug)]
pub enum ApiError {
    FieldErrors(FieldErrors),
    /// The format that could not be parsed, and why.
    Parse(&'static str, String),
    MediaType(String),
    NotAcceptable,
    /// A body with a Content-Encoding.
    ContentCoding,
    /// A cross-origin request (CSRF).
    CrossOrigin,
    TooLarge(usize),
    /// The body stalled or took too long.
    BodyTimedOut,
    /// The memory for request bodies is used up.
    BodyMemoryFull,
    /// The client has reached its limit of concurrent requests.
    TooManyRequests,
    MethodNotAllowed(String),
    /// No such user.
    UserNotFound,
    /// No such route.
    NotFound,
    /// Not authenticated, with the message.
    Unauthenticated(&'static str),
    Throttled {
        seconds: u64,
    },
    /// The LDAP directory, which has the caller's password, does not answer.
    Unreachable {
        seconds: u64,
    },
    Policy(PolicyError),
}

impl From<FieldErrors> for ApiError {
    fn from(errors: FieldErrors) -> Self {
        Self::FieldErrors(errors)
    }
}

impl From<PolicyError> for ApiError {
    fn from(error: PolicyError) -> Self {
        Self::Policy(error)
    }
}

impl From<DirectoryError> for ApiError {
    fn from(error: DirectoryError) -> Self {
        Self::Policy(error.into())
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Missing => Self::Unauthenticated(unauthenticated::MISSING),
            AuthError::Wrong | AuthError::NoSignIn => Self::Unauthenticated(unauthenticated::WRONG),
            AuthError::Throttled { seconds } => Self::Throttled { seconds },
            AuthError::Unreachable { seconds } => Self::Unreachable { seconds },
            AuthError::Directory(error) => error.into(),
        }
    }
}

/// An error response: status, body and Retry-After in seconds.
struct ErrorBody {
    status: u16,
    body: Value,
    retry_after: Option<u64>,
}

fn error_body(status: u16, detail: impl Into<String>) -> ErrorBody {
    ErrorBody {
        status,
        body: json!({"detail": detail.into()}),
        retry_after: None,
    }
}

const FORBIDDEN: &str = "You do not have permission to perform this action.";

impl ApiError {
    pub fn respond(self, allow: &'static str, request_id: RequestId) -> HttpResponse {
        let is_unauthenticated = matches!(self, Self::Unauthenticated(_));
        let errors = match self {
            // Serialized directly: a JSON map would lose the order.
            Self::FieldErrors(errors) => {
                let response = answer::json(StatusCode::BAD_REQUEST, allow, &errors, request_id);
                return response.unwrap_or_else(|error| error.respond(allow, request_id));
            }
            other => other,
        };
        let ErrorBody {
            status,
            body,
            retry_after,
        } = errors.into_body(request_id);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = answer::begin(status, allow, request_id);
        if is_unauthenticated {
            response.insert_header((header::WWW_AUTHENTICATE, "Token"));
        }
        if let Some(seconds) = retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.body(body.to_string())
    }

    /// Logs the details that must not be shown.
    fn into_body(self, request_id: RequestId) -> ErrorBody {
        match self {
            Self::FieldErrors(errors) => invalid(&errors),
            Self::Parse(what, why) => error_body(400, format!("{what} parse error - {why}")),
            Self::MediaType(kind) => error_body(
                415,
                format!("Unsupported media type \"{kind}\" in request."),
            ),
            Self::NotAcceptable => error_body(406, "Could not satisfy the request Accept header."),
            Self::ContentCoding => error_body(415, CONTENT_CODING),
            Self::CrossOrigin => error_body(
                403,
                "CSRF Failed: the page's origin does not match any trusted origins.",
            ),
            Self::TooLarge(limit) => {
                error_body(413, format!("The body may have at most {limit} bytes."))
            }
            Self::BodyTimedOut => error_body(408, "The body did not arrive in time."),
            Self::BodyMemoryFull => busy(),
            Self::TooManyRequests => Self::Throttled {
                seconds: RETRY_BUSY,
            }
            .into_body(request_id),
            Self::MethodNotAllowed(method) => {
                error_body(405, format!("Method \"{method}\" not allowed."))
            }
            Self::UserNotFound => ErrorBody {
                status: 400,
                body: json!({"reason": "Invalid user id!"}),
                retry_after: None,
            },
            Self::NotFound => error_body(404, "Not found."),
            Self::Unauthenticated(why) => error_body(401, why),
            Self::Throttled { seconds } => ErrorBody {
                retry_after: Some(seconds),
                ..error_body(429, throttled(seconds))
            },
            Self::Unreachable { seconds } => ErrorBody {
                retry_after: Some(seconds),
                ..error_body(
                    503,
                    "The directory that keeps your password does not answer.",
                )
            },
            Self::Policy(PolicyError::Forbidden(_)) => error_body(403, FORBIDDEN),
            Self::Policy(PolicyError::Directory(error)) => directory_error(error, request_id),
        }
    }
}

fn throttled(seconds: u64) -> String {
    let unit = if seconds == 1 { "second" } else { "seconds" };
    format!("Request was throttled. Expected available in {seconds} {unit}.")
}

fn invalid(errors: &FieldErrors) -> ErrorBody {
    ErrorBody {
        status: 400,
        body: json!(errors),
        retry_after: None,
    }
}

fn directory_error(error: DirectoryError, request_id: RequestId) -> ErrorBody {
    match error {
        DirectoryError::Invalid(problems) => invalid(&field_errors(&problems)),
        // `users` adds the id of the group.
        DirectoryError::RelatedNotFound { place, .. } => {
            invalid(&FieldErrors::one("groups", no_object(place)))
        }
        DirectoryError::NotFound => ApiError::UserNotFound.into_body(request_id),
        DirectoryError::Protected(why) => error_body(403, why),
        DirectoryError::Forbidden(_) => error_body(403, FORBIDDEN),
        DirectoryError::Step { error, .. } => directory_error(*error, request_id),
        // Requests of this surface have no idempotency key or precondition.
        DirectoryError::Stale | DirectoryError::KeyReused | DirectoryError::InProgress => {
            error_body(409, "Another request changed it at the same time.")
        }
        DirectoryError::TooOften { seconds } => {
            ApiError::Throttled { seconds }.into_body(request_id)
        }
        DirectoryError::Busy(why) => {
            log_limit::busy(request_id, &why);
            busy()
        }
        DirectoryError::Again => busy(),
        DirectoryError::TimedOut(why) => {
            log_limit::timed_out(request_id, &why);
            ErrorBody {
                retry_after: Some(RETRY_UNAVAILABLE),
                ..error_body(503, "The database took too long; request less data.")
            }
        }
        DirectoryError::Unavailable(why) => {
            log_limit::unavailable(request_id, &why);
            ErrorBody {
                retry_after: Some(RETRY_UNAVAILABLE),
                ..error_body(503, "The database does not answer; try again in a moment.")
            }
        }
        DirectoryError::Internal(why) => {
            log::error!("{request_id} internal: {why}");
            error_body(
                500,
                format!("Internal error; see the log for request {request_id}."),
            )
        }
    }
}

fn busy() -> ErrorBody {
    ErrorBody {
        retry_after: Some(RETRY_BUSY),
        ..error_body(503, "The service is busy; try again in a moment.")
    }
}

/// Translates the directory's fields and messages to those of this surface.
fn field_errors(problems: &[FieldError]) -> FieldErrors {
    let mut errors = FieldErrors::default();
    for problem in problems {
        let message = problem.message.as_str();
        match (&*problem.field, problem.kind) {
            ("username", FieldErrorKind::Taken) => errors.add("username", record::TAKEN),
            // Fields of external users that LDAP determines.
            ("username", _) => errors.add("username", message),
            ("password", _) => errors.add("password", message),
            ("old_password", _) => errors.add("old_password", record::PASSWORD_REQUIRED),
            ("email", _) => errors.add("email", record::INVALID_EMAIL),
            _ => errors.add(NON_FIELD, message),
        }
    }
    errors.sorted(record::ORDER)
}
