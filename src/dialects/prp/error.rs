//! Errors of this surface. The match over the directory's errors is exhaustive.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use serde_json::{Value, json};

use super::answer::{JSON, REQUEST_ID};
use super::field_errors::FieldErrors;
use crate::auth::{AuthError, PolicyError};
use crate::directory::{DirectoryError, FieldError, FieldErrorKind, RequestId, log_limit};

const BASIC: &str = "Basic realm=\"rolecall\", charset=\"UTF-8\"";
const BEARER: &str = "Bearer realm=\"rolecall\"";
/// Retry-After of a busy service, in seconds.
const RETRY_BUSY: u64 = 1;
/// Retry-After while the database is unreachable, in seconds.
const RETRY_UNAVAILABLE: u64 = 5;

const CONTENT_CODING: &str = "Send the body without a Content-Encoding.";

/// Why a request failed.
#[derive(Debug)]
pub enum ApiError {
    FieldErrors(FieldErrors),
    BadRequest(&'static str),
    Parse(String),
    MediaType(String),
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
    QueryTooLong(usize),
    /// A page beyond the list.
    InvalidPage,
    /// No such route.
    NotFound,
    MethodNotAllowed {
        method: String,
        allow: &'static str,
    },
    Authentication(AuthError),
    Policy(PolicyError),
}

impl From<FieldErrors> for ApiError {
    fn from(errors: FieldErrors) -> Self {
        Self::FieldErrors(errors)
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        Self::Authentication(error)
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

/// An error response: status, body and Retry-After in seconds.
struct ErrorBody {
    status: u16,
    body: Value,
    retry_after: Option<u64>,
}

fn error_body(status: u16, code: &str, detail: impl Into<String>) -> ErrorBody {
    ErrorBody {
        status,
        body: json!({"detail": [detail.into()], "error_codes": code}),
        retry_after: None,
    }
}

const FORBIDDEN: &str = "You do not have permission to perform this action.";

impl ApiError {
    pub fn respond(self, request_id: RequestId) -> HttpResponse {
        let unknown = matches!(
            self,
            Self::Authentication(AuthError::Missing | AuthError::Wrong | AuthError::NoSignIn)
        );
        let allow = match &self {
            Self::MethodNotAllowed { allow, .. } => Some(*allow),
            _ => None,
        };
        let ErrorBody {
            status,
            body,
            retry_after,
        } = self.into_body(request_id);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_TYPE, JSON));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.insert_header((REQUEST_ID, request_id.to_string()));
        if unknown {
            // Separate headers: some clients read only the first challenge of a list.
            response.append_header((header::WWW_AUTHENTICATE, BASIC));
            response.append_header((header::WWW_AUTHENTICATE, BEARER));
        }
        if let Some(allow) = allow {
            response.insert_header((header::ALLOW, HeaderValue::from_static(allow)));
        }
        if let Some(seconds) = retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.body(body.to_string())
    }

    /// Logs the details that must not be shown.
    fn into_body(self, request_id: RequestId) -> ErrorBody {
        match self {
            Self::FieldErrors(errors) => invalid(errors),
            Self::BadRequest(why) => error_body(400, "invalid", why),
            Self::Parse(why) => error_body(400, "parse_error", format!("JSON parse error - {why}")),
            Self::MediaType(kind) => error_body(
                415,
                "unsupported_media_type",
                format!("Unsupported media type \"{kind}\" in request."),
            ),
            Self::ContentCoding => error_body(415, "unsupported_media_type", CONTENT_CODING),
            Self::CrossOrigin => error_body(
                403,
                "permission_denied",
                "CSRF Failed: the page's origin does not match any trusted origins.",
            ),
            Self::TooLarge(limit) => error_body(
                413,
                "request_too_large",
                format!("The body may have at most {limit} bytes."),
            ),
            Self::BodyTimedOut => {
                error_body(408, "request_timeout", "The body did not arrive in time.")
            }
            Self::BodyMemoryFull => busy(),
            Self::TooManyRequests => ErrorBody {
                retry_after: Some(RETRY_BUSY),
                ..error_body(
                    429,
                    "throttled",
                    "Too many concurrent requests; try again in a moment.",
                )
            },
            Self::QueryTooLong(limit) => error_body(
                414,
                "query_too_long",
                format!("The query may have at most {limit} bytes."),
            ),
            Self::InvalidPage => error_body(404, "not_found", "Invalid page."),
            Self::NotFound => not_found(),
            Self::MethodNotAllowed { method, .. } => error_body(
                405,
                "method_not_allowed",
                format!("Method \"{method}\" not allowed."),
            ),
            Self::Authentication(error) => unauthenticated(error, request_id),
            Self::Policy(PolicyError::Forbidden(_)) => {
                error_body(403, "permission_denied", FORBIDDEN)
            }
            Self::Policy(PolicyError::Directory(error)) => directory_error(error, request_id),
        }
    }
}

fn invalid(errors: FieldErrors) -> ErrorBody {
    ErrorBody {
        status: 400,
        body: errors.into_body(),
        retry_after: None,
    }
}

/// Without an error code, like the original.
fn not_found() -> ErrorBody {
    ErrorBody {
        status: 404,
        body: json!({"detail": ["Not found."]}),
        retry_after: None,
    }
}

fn unauthenticated(error: AuthError, request_id: RequestId) -> ErrorBody {
    match error {
        AuthError::Missing => error_body(
            401,
            "not_authenticated",
            "Authentication credentials were not provided.",
        ),
        AuthError::Wrong | AuthError::NoSignIn => {
            error_body(401, "authentication_failed", "Invalid credentials.")
        }
        AuthError::Throttled { seconds } => throttled(seconds),
        AuthError::Unreachable { seconds } => ErrorBody {
            retry_after: Some(seconds),
            ..error_body(
                503,
                "service_unavailable",
                "The directory that keeps your password does not answer.",
            )
        },
        AuthError::Directory(error) => directory_error(error, request_id),
    }
}

fn throttled(seconds: u64) -> ErrorBody {
    ErrorBody {
        retry_after: Some(seconds),
        ..error_body(
            429,
            "throttled",
            format!("Request was throttled. Expected available in {seconds} seconds."),
        )
    }
}

fn directory_error(error: DirectoryError, request_id: RequestId) -> ErrorBody {
    match error {
        DirectoryError::Invalid(problems) => invalid(field_errors(&problems)),
        DirectoryError::RelatedNotFound {
            kind, relationship, ..
        } => invalid(FieldErrors::one(
            relationship.unwrap_or(kind),
            "does_not_exist",
            DOES_NOT_EXIST,
        )),
        DirectoryError::NotFound => not_found(),
        DirectoryError::Protected(why) => error_body(403, "permission_denied", why),
        DirectoryError::Forbidden(_) => error_body(403, "permission_denied", FORBIDDEN),
        DirectoryError::Step { error, .. } => directory_error(*error, request_id),
        // Requests of this surface have no idempotency key or precondition.
        DirectoryError::Stale | DirectoryError::KeyReused | DirectoryError::InProgress => {
            error_body(
                409,
                "conflict",
                "Another request changed it at the same time.",
            )
        }
        DirectoryError::TooOften { seconds } => throttled(seconds),
        DirectoryError::Busy(why) => {
            log_limit::busy(request_id, &why);
            busy()
        }
        DirectoryError::Again => busy(),
        DirectoryError::TimedOut(why) => {
            log_limit::timed_out(request_id, &why);
            ErrorBody {
                retry_after: Some(RETRY_UNAVAILABLE),
                ..error_body(
                    503,
                    "timed_out",
                    "The database took too long; request less data.",
                )
            }
        }
        DirectoryError::Unavailable(why) => {
            log_limit::unavailable(request_id, &why);
            ErrorBody {
                retry_after: Some(RETRY_UNAVAILABLE),
                ..error_body(
                    503,
                    "unavailable",
                    "The database does not answer; try again in a moment.",
                )
            }
        }
        DirectoryError::Internal(why) => {
            log::error!("{request_id} internal: {why}");
            error_body(
                500,
                "error",
                format!("Internal error; see the log for request {request_id}."),
            )
        }
    }
}

fn busy() -> ErrorBody {
    ErrorBody {
        retry_after: Some(RETRY_BUSY),
        ..error_body(503, "busy", "The service is busy; try again in a moment.")
    }
}

pub const DOES_NOT_EXIST: &str = "Invalid pk - object does not exist.";
pub const EMAIL_TAKEN: &str = "This user already exists in the system.";

/// Translates the directory's fields and messages to those of this surface.
fn field_errors(problems: &[FieldError]) -> FieldErrors {
    let mut errors = FieldErrors::default();
    for problem in problems {
        let code = match problem.kind {
            FieldErrorKind::Missing => "required",
            FieldErrorKind::Invalid | FieldErrorKind::Unknown => "invalid",
            FieldErrorKind::Taken => "unique",
        };
        match (&*problem.field, problem.kind) {
            ("username" | "email", FieldErrorKind::Taken) => errors.add("email", code, EMAIL_TAKEN),
            ("username", _) => errors.add("email", code, &problem.message),
            (field @ ("vendor_number" | "ocha_external_id"), FieldErrorKind::Taken) => {
                errors.add(field, code, "This field must be unique.");
            }
            (field, _) => errors.add(field, code, &problem.message),
        }
    }
    errors
}
