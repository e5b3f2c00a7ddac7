//! Errors of this surface: a status and a short text. The match over the directory's
//! errors is exhaustive.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};

use super::answer::REQUEST_ID;
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
    BadRequest(String),
    Invalid(Vec<FieldError>),
    /// A body with an unsupported media type, or with none.
    MediaType,
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
    /// A change of the caller's own password or e-mail address without their password.
    PasswordRequired,
    /// No such route.
    NotFound,
    MethodNotAllowed {
        allow: &'static str,
    },
    Authentication(AuthError),
    Policy(PolicyError),
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

/// An error response: status, text and Retry-After in seconds.
struct ErrorBody {
    status: StatusCode,
    text: String,
    retry_after: Option<u64>,
}

fn error_body(status: StatusCode, text: impl Into<String>) -> ErrorBody {
    ErrorBody {
        status,
        text: text.into(),
        retry_after: None,
    }
}

fn retry_later(status: StatusCode, text: &str, seconds: u64) -> ErrorBody {
    ErrorBody {
        retry_after: Some(seconds),
        ..error_body(status, text)
    }
}

impl ApiError {
    pub fn respond(self, request_id: RequestId) -> HttpResponse {
        let allow = match &self {
            Self::MethodNotAllowed { allow } => Some(*allow),
            _ => None,
        };
        let ErrorBody {
            status,
            text,
            retry_after,
        } = self.into_body(request_id);
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.insert_header((REQUEST_ID, request_id.to_string()));
        if status == StatusCode::UNAUTHORIZED {
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
        response.body(text)
    }

    /// Logs the details that must not be shown.
    fn into_body(self, request_id: RequestId) -> ErrorBody {
        match self {
            Self::BadRequest(why) => error_body(StatusCode::BAD_REQUEST, why),
            Self::Invalid(problems) => invalid(&problems),
            Self::MediaType => error_body(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send JSON as application/json, or as curl -d does.",
            ),
            Self::ContentCoding => error_body(StatusCode::UNSUPPORTED_MEDIA_TYPE, CONTENT_CODING),
            Self::CrossOrigin => error_body(
                StatusCode::FORBIDDEN,
                "Cross-origin requests cannot change anything here.",
            ),
            Self::TooLarge(limit) => error_body(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("The body may have at most {limit} bytes."),
            ),
            Self::BodyTimedOut => error_body(
                StatusCode::REQUEST_TIMEOUT,
                "The body did not arrive in time.",
            ),
            Self::BodyMemoryFull => busy(),
            Self::TooManyRequests => retry_later(
                StatusCode::TOO_MANY_REQUESTS,
                "Too many concurrent requests; try again in a moment.",
                RETRY_BUSY,
            ),
            Self::QueryTooLong(limit) => error_body(
                StatusCode::URI_TOO_LONG,
                format!("The query may have at most {limit} bytes."),
            ),
            Self::PasswordRequired => error_body(
                StatusCode::FORBIDDEN,
                "To change your own password or e-mail address, send old_password or authenticate with your password.",
            ),
            Self::NotFound => {
                error_body(StatusCode::NOT_FOUND, "There is nothing at this address.")
            }
            Self::MethodNotAllowed { .. } => error_body(
                StatusCode::METHOD_NOT_ALLOWED,
                "This method is not allowed here.",
            ),
            Self::Authentication(error) => unauthenticated(error, request_id),
            Self::Policy(PolicyError::Forbidden(why)) => error_body(StatusCode::FORBIDDEN, why),
            Self::Policy(PolicyError::Directory(error)) => directory_error(error, request_id),
        }
    }
}

fn unauthenticated(error: AuthError, request_id: RequestId) -> ErrorBody {
    match error {
        AuthError::Missing => error_body(StatusCode::UNAUTHORIZED, "Send credentials."),
        AuthError::Wrong | AuthError::NoSignIn => {
            error_body(StatusCode::UNAUTHORIZED, "These credentials are wrong.")
        }
        AuthError::Throttled { seconds } => retry_later(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many wrong passwords; try again later.",
            seconds,
        ),
        AuthError::Unreachable { seconds } => retry_later(
            StatusCode::SERVICE_UNAVAILABLE,
            "The directory that keeps your password does not answer; try again in a moment.",
            seconds,
        ),
        AuthError::Directory(error) => directory_error(error, request_id),
    }
}

/// The name of a field in this surface.
fn wire_name(field: &str) -> &str {
    match field {
        "username" => "id",
        "full_name" => "name",
        "include_context" => "includeContext",
        "exclude_context" => "excludeContext",
        "include_bundles" => "includeBundles",
        "exclude_bundles" => "excludeBundles",
        field => field,
    }
}

fn invalid(problems: &[FieldError]) -> ErrorBody {
    let text = |problem: &FieldError| format!("{}: {}", wire_name(&problem.field), problem.message);
    let texts: Vec<String> = problems.iter().map(text).collect();
    let is_taken = |problem: &FieldError| problem.kind == FieldErrorKind::Taken;
    let status = match problems.iter().any(is_taken) {
        true => StatusCode::CONFLICT,
        false => StatusCode::BAD_REQUEST,
    };
    error_body(status, texts.join(" "))
}

fn needs_password(problems: &[FieldError]) -> bool {
    problems
        .iter()
        .any(|problem| problem.field == "old_password")
}

fn directory_error(error: DirectoryError, request_id: RequestId) -> ErrorBody {
    match error {
        DirectoryError::Invalid(problems) if needs_password(&problems) => {
            ApiError::PasswordRequired.into_body(request_id)
        }
        DirectoryError::Invalid(problems) => invalid(&problems),
        DirectoryError::RelatedNotFound { kind, .. } => error_body(
            StatusCode::BAD_REQUEST,
            format!("{kind}: one of them does not exist."),
        ),
        DirectoryError::NotFound => {
            error_body(StatusCode::NOT_FOUND, "There is nothing with this id.")
        }
        DirectoryError::Protected(why) => error_body(StatusCode::FORBIDDEN, why),
        DirectoryError::Forbidden(why) => error_body(StatusCode::FORBIDDEN, why),
        DirectoryError::Step { error, .. } => directory_error(*error, request_id),
        // Requests of this surface have no idempotency key or precondition.
        DirectoryError::Stale | DirectoryError::KeyReused | DirectoryError::InProgress => {
            error_body(
                StatusCode::CONFLICT,
                "Another request changed it at the same time.",
            )
        }
        DirectoryError::TooOften { seconds } => retry_later(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many changes of your own record; try again later.",
            seconds,
        ),
        DirectoryError::Busy(why) => {
            log_limit::busy(request_id, &why);
            busy()
        }
        DirectoryError::Again => busy(),
        DirectoryError::TimedOut(why) => {
            log_limit::timed_out(request_id, &why);
            retry_later(
                StatusCode::SERVICE_UNAVAILABLE,
                "The database took too long; request less data.",
                RETRY_UNAVAILABLE,
            )
        }
        DirectoryError::Unavailable(why) => {
            log_limit::unavailable(request_id, &why);
            retry_later(
                StatusCode::SERVICE_UNAVAILABLE,
                "The database does not answer; try again in a moment.",
                RETRY_UNAVAILABLE,
            )
        }
        DirectoryError::Internal(why) => {
            log::error!("{request_id} internal: {why}");
            error_body(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("Internal error; see the log for request {request_id}."),
            )
        }
    }
}

fn busy() -> ErrorBody {
    retry_later(
        StatusCode::SERVICE_UNAVAILABLE,
        "The service is busy; try again in a moment.",
        RETRY_BUSY,
    )
}
