//! What goes wrong. One match names every variant of the directory's errors.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use serde_json::{Value, json};

use super::answer::{JSON, REQUEST_ID};
use super::faults::Faults;
use crate::auth::{AuthError, PolicyError};
use crate::directory::{DirectoryError, Problem, ProblemKind, RequestId, log_limit};

const BASIC: &str = "Basic realm=\"rolecall\", charset=\"UTF-8\"";
const BEARER: &str = "Bearer realm=\"rolecall\"";
/// Seconds after which a busy service is worth another try.
const RETRY_BUSY: u64 = 1;
/// Seconds after which an unreachable database is worth another try.
const RETRY_UNAVAILABLE: u64 = 5;

const CONTENT_CODING: &str = "Send the body without a Content-Encoding.";

/// Why a request is not answered as asked.
#[derive(Debug)]
pub enum Failure {
    Faults(Faults),
    BadRequest(&'static str),
    Parse(String),
    MediaType(String),
    /// A compressed body, for example.
    ContentCoding,
    /// A page of another origin asked for it.
    CrossOrigin,
    TooLarge(usize),
    /// The body stalled, or took too long.
    BodyTimedOut,
    /// Bodies of requests take all the memory that they may.
    NoRoom,
    /// The client has as many requests at a time as it may.
    TooManyRequests,
    QueryTooLong(usize),
    /// A page outside the list.
    NoPage,
    /// No such address.
    NoPath,
    Method {
        method: String,
        allow: &'static str,
    },
    Authentication(AuthError),
    Refused(PolicyError),
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        Self::Authentication(error)
    }
}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Self {
        Self::Refused(error)
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        Self::Refused(error.into())
    }
}

/// What is told: the status, the body, and seconds to wait.
struct Told {
    status: u16,
    body: Value,
    wait: Option<u64>,
}

fn told(status: u16, code: &str, detail: impl Into<String>) -> Told {
    Told {
        status,
        body: json!({"detail": [detail.into()], "error_codes": code}),
        wait: None,
    }
}

const FORBIDDEN: &str = "You do not have permission to perform this action.";

impl Failure {
    pub fn respond(self, request_id: RequestId) -> HttpResponse {
        let unknown = matches!(
            self,
            Self::Authentication(AuthError::Missing | AuthError::Wrong | AuthError::NoSignIn)
        );
        let allow = match &self {
            Self::Method { allow, .. } => Some(*allow),
            _ => None,
        };
        let Told { status, body, wait } = self.tell(request_id);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_TYPE, JSON));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.insert_header((REQUEST_ID, request_id.to_string()));
        if unknown {
            // Two headers: some clients read only the first challenge of one.
            response.append_header((header::WWW_AUTHENTICATE, BASIC));
            response.append_header((header::WWW_AUTHENTICATE, BEARER));
        }
        if let Some(allow) = allow {
            response.insert_header((header::ALLOW, HeaderValue::from_static(allow)));
        }
        if let Some(seconds) = wait {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.body(body.to_string())
    }

    /// What may not be shown goes to the log.
    fn tell(self, request_id: RequestId) -> Told {
        match self {
            Self::Faults(faults) => invalid(faults),
            Self::BadRequest(why) => told(400, "invalid", why),
            Self::Parse(why) => told(400, "parse_error", format!("JSON parse error - {why}")),
            Self::MediaType(kind) => told(
                415,
                "unsupported_media_type",
                format!("Unsupported media type \"{kind}\" in request."),
            ),
            Self::ContentCoding => told(415, "unsupported_media_type", CONTENT_CODING),
            Self::CrossOrigin => told(
                403,
                "permission_denied",
                "CSRF Failed: the page's origin does not match any trusted origins.",
            ),
            Self::TooLarge(limit) => told(
                413,
                "request_too_large",
                format!("The body may have at most {limit} bytes."),
            ),
            Self::BodyTimedOut => told(408, "request_timeout", "The body did not arrive in time."),
            Self::NoRoom => busy(),
            Self::TooManyRequests => Told {
                wait: Some(RETRY_BUSY),
                ..told(
                    429,
                    "throttled",
                    "Too many requests of yours at a time; try again in a moment.",
                )
            },
            Self::QueryTooLong(limit) => told(
                414,
                "query_too_long",
                format!("The query may have at most {limit} bytes."),
            ),
            Self::NoPage => told(404, "not_found", "Invalid page."),
            Self::NoPath => no_such(),
            Self::Method { method, .. } => told(
                405,
                "method_not_allowed",
                format!("Method \"{method}\" not allowed."),
            ),
            Self::Authentication(error) => nobody(error, request_id),
            Self::Refused(PolicyError::Forbidden(_)) => told(403, "permission_denied", FORBIDDEN),
            Self::Refused(PolicyError::Directory(error)) => of_directory(error, request_id),
        }
    }
}

fn invalid(faults: Faults) -> Told {
    Told {
        status: 400,
        body: faults.into_body(),
        wait: None,
    }
}

/// Without a code, as the original has it.
fn no_such() -> Told {
    Told {
        status: 404,
        body: json!({"detail": ["Not found."]}),
        wait: None,
    }
}

fn nobody(error: AuthError, request_id: RequestId) -> Told {
    match error {
        AuthError::Missing => told(
            401,
            "not_authenticated",
            "Authentication credentials were not provided.",
        ),
        AuthError::Wrong | AuthError::NoSignIn => {
            told(401, "authentication_failed", "Invalid credentials.")
        }
        AuthError::Throttled { seconds } => throttled(seconds),
        AuthError::Unreachable { seconds } => Told {
            wait: Some(seconds),
            ..told(
                503,
                "service_unavailable",
                "The directory that keeps your password does not answer.",
            )
        },
        AuthError::Directory(error) => of_directory(error, request_id),
    }
}

fn throttled(seconds: u64) -> Told {
    Told {
        wait: Some(seconds),
        ..told(
            429,
            "throttled",
            format!("Request was throttled. Expected available in {seconds} seconds."),
        )
    }
}

fn of_directory(error: DirectoryError, request_id: RequestId) -> Told {
    match error {
        DirectoryError::Invalid(problems) => invalid(of_problems(&problems)),
        DirectoryError::RelatedNotFound {
            kind, relationship, ..
        } => invalid(Faults::one(
            relationship.unwrap_or(kind),
            "does_not_exist",
            NO_OBJECT,
        )),
        DirectoryError::NotFound => no_such(),
        DirectoryError::Protected(why) => told(403, "permission_denied", why),
        DirectoryError::Forbidden(_) => told(403, "permission_denied", FORBIDDEN),
        DirectoryError::Step { error, .. } => of_directory(*error, request_id),
        // Nothing here is asked with a key or for a state.
        DirectoryError::Stale | DirectoryError::KeyReused | DirectoryError::InProgress => {
            told(409, "conflict", "Somebody else changed it at this moment.")
        }
        DirectoryError::TooOften { seconds } => throttled(seconds),
        DirectoryError::Busy(why) => {
            log_limit::busy(request_id, &why);
            busy()
        }
        DirectoryError::Again => busy(),
        DirectoryError::TimedOut(why) => {
            log_limit::timed_out(request_id, &why);
            Told {
                wait: Some(RETRY_UNAVAILABLE),
                ..told(
                    503,
                    "timed_out",
                    "The database took too long over it; ask for less.",
                )
            }
        }
        DirectoryError::Unavailable(why) => {
            log_limit::unavailable(request_id, &why);
            Told {
                wait: Some(RETRY_UNAVAILABLE),
                ..told(
                    503,
                    "unavailable",
                    "The database does not answer; try again in a moment.",
                )
            }
        }
        DirectoryError::Internal(why) => {
            log::error!("{request_id} internal: {why}");
            told(
                500,
                "error",
                format!("The log says more under {request_id}."),
            )
        }
    }
}

fn busy() -> Told {
    Told {
        wait: Some(RETRY_BUSY),
        ..told(
            503,
            "busy",
            "Too much to do at once; try again in a moment.",
        )
    }
}

pub const NO_OBJECT: &str = "Invalid pk - object does not exist.";
pub const EMAIL_TAKEN: &str = "This user already exists in the system.";

/// Names and texts of the directory, as this surface has them.
fn of_problems(problems: &[Problem]) -> Faults {
    let mut faults = Faults::default();
    for problem in problems {
        let code = match problem.kind {
            ProblemKind::Missing => "required",
            ProblemKind::Invalid | ProblemKind::Unknown => "invalid",
            ProblemKind::Taken => "unique",
        };
        match (&*problem.field, problem.kind) {
            ("username" | "email", ProblemKind::Taken) => faults.add("email", code, EMAIL_TAKEN),
            ("username", _) => faults.add("email", code, &problem.message),
            (field @ ("vendor_number" | "ocha_external_id"), ProblemKind::Taken) => {
                faults.add(field, code, "This field must be unique.");
            }
            (field, _) => faults.add(field, code, &problem.message),
        }
    }
    faults
}
