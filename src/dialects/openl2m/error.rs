//! What goes wrong. One match names every variant of the directory's errors.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use serde_json::{Value, json};

use super::answer;
use super::faults::{Faults, NON_FIELD};
use super::fields::no_object;
use super::{record, unknown};
use crate::auth::{AuthError, PolicyError};
use crate::directory::{DirectoryError, Problem, ProblemKind, RequestId, log_limit};

/// Seconds after which a busy service is worth another try.
const RETRY_BUSY: u64 = 1;
/// Seconds after which an unreachable database is worth another try.
const RETRY_UNAVAILABLE: u64 = 5;

const CONTENT_CODING: &str = "Send the body without a Content-Encoding.";

/// Why a request is not answered as asked.
#[derive(Debug)]
pub enum Failure {
    Faults(Faults),
    /// What cannot be read, and why.
    Parse(&'static str, String),
    MediaType(String),
    NotAcceptable,
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
    Method(String),
    /// No such user.
    NoUser,
    /// No such address.
    NoPath,
    /// Nobody whom we know.
    Unknown(&'static str),
    Throttled {
        seconds: u64,
    },
    /// Where the caller's password is kept there is no answer.
    Unreachable {
        seconds: u64,
    },
    Refused(PolicyError),
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
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

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Missing => Self::Unknown(unknown::MISSING),
            AuthError::Wrong | AuthError::NoSignIn => Self::Unknown(unknown::WRONG),
            AuthError::Throttled { seconds } => Self::Throttled { seconds },
            AuthError::Unreachable { seconds } => Self::Unreachable { seconds },
            AuthError::Directory(error) => error.into(),
        }
    }
}

/// What is told: the status, the body, and seconds to wait.
struct Told {
    status: u16,
    body: Value,
    wait: Option<u64>,
}

fn told(status: u16, detail: impl Into<String>) -> Told {
    Told {
        status,
        body: json!({"detail": detail.into()}),
        wait: None,
    }
}

const FORBIDDEN: &str = "You do not have permission to perform this action.";

impl Failure {
    pub fn respond(self, allow: &'static str, request_id: RequestId) -> HttpResponse {
        let is_unknown = matches!(self, Self::Unknown(_));
        let faults = match self {
            // Their order would be lost in a map.
            Self::Faults(faults) => {
                let response = answer::json(StatusCode::BAD_REQUEST, allow, &faults, request_id);
                return response.unwrap_or_else(|failure| failure.respond(allow, request_id));
            }
            other => other,
        };
        let Told { status, body, wait } = faults.tell(request_id);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = answer::begin(status, allow, request_id);
        if is_unknown {
            response.insert_header((header::WWW_AUTHENTICATE, "Token"));
        }
        if let Some(seconds) = wait {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.body(body.to_string())
    }

    /// What may not be shown goes to the log.
    fn tell(self, request_id: RequestId) -> Told {
        match self {
            Self::Faults(faults) => invalid(&faults),
            Self::Parse(what, why) => told(400, format!("{what} parse error - {why}")),
            Self::MediaType(kind) => told(
                415,
                format!("Unsupported media type \"{kind}\" in request."),
            ),
            Self::NotAcceptable => told(406, "Could not satisfy the request Accept header."),
            Self::ContentCoding => told(415, CONTENT_CODING),
            Self::CrossOrigin => told(
                403,
                "CSRF Failed: the page's origin does not match any trusted origins.",
            ),
            Self::TooLarge(limit) => told(413, format!("The body may have at most {limit} bytes.")),
            Self::BodyTimedOut => told(408, "The body did not arrive in time."),
            Self::NoRoom => busy(),
            Self::TooManyRequests => Self::Throttled {
                seconds: RETRY_BUSY,
            }
            .tell(request_id),
            Self::Method(method) => told(405, format!("Method \"{method}\" not allowed.")),
            Self::NoUser => Told {
                status: 400,
                body: json!({"reason": "Invalid user id!"}),
                wait: None,
            },
            Self::NoPath => told(404, "Not found."),
            Self::Unknown(why) => told(401, why),
            Self::Throttled { seconds } => Told {
                wait: Some(seconds),
                ..told(429, throttled(seconds))
            },
            Self::Unreachable { seconds } => Told {
                wait: Some(seconds),
                ..told(
                    503,
                    "The directory that keeps your password does not answer.",
                )
            },
            Self::Refused(PolicyError::Forbidden(_)) => told(403, FORBIDDEN),
            Self::Refused(PolicyError::Directory(error)) => of_directory(error, request_id),
        }
    }
}

fn throttled(seconds: u64) -> String {
    let unit = if seconds == 1 { "second" } else { "seconds" };
    format!("Request was throttled. Expected available in {seconds} {unit}.")
}

fn invalid(faults: &Faults) -> Told {
    Told {
        status: 400,
        body: json!(faults),
        wait: None,
    }
}

fn of_directory(error: DirectoryError, request_id: RequestId) -> Told {
    match error {
        DirectoryError::Invalid(problems) => invalid(&of_problems(&problems)),
        // The surface itself knows which id that is: see `users`.
        DirectoryError::RelatedNotFound { place, .. } => {
            invalid(&Faults::one("groups", no_object(place)))
        }
        DirectoryError::NotFound => Failure::NoUser.tell(request_id),
        DirectoryError::Protected(why) => told(403, why),
        DirectoryError::Forbidden(_) => told(403, FORBIDDEN),
        DirectoryError::Step { error, .. } => of_directory(*error, request_id),
        // Nothing here is asked with a key or for a state.
        DirectoryError::Stale | DirectoryError::KeyReused | DirectoryError::InProgress => {
            told(409, "Somebody else changed it at this moment.")
        }
        DirectoryError::TooOften { seconds } => Failure::Throttled { seconds }.tell(request_id),
        DirectoryError::Busy(why) => {
            log_limit::busy(request_id, &why);
            busy()
        }
        DirectoryError::Again => busy(),
        DirectoryError::TimedOut(why) => {
            log_limit::timed_out(request_id, &why);
            Told {
                wait: Some(RETRY_UNAVAILABLE),
                ..told(503, "The database took too long over it; ask for less.")
            }
        }
        DirectoryError::Unavailable(why) => {
            log_limit::unavailable(request_id, &why);
            Told {
                wait: Some(RETRY_UNAVAILABLE),
                ..told(503, "The database does not answer; try again in a moment.")
            }
        }
        DirectoryError::Internal(why) => {
            log::error!("{request_id} internal: {why}");
            told(500, format!("The log says more under {request_id}."))
        }
    }
}

fn busy() -> Told {
    Told {
        wait: Some(RETRY_BUSY),
        ..told(503, "Too much to do at once; try again in a moment.")
    }
}

/// Names and texts of the directory, as this surface has them.
fn of_problems(problems: &[Problem]) -> Faults {
    let mut faults = Faults::default();
    for problem in problems {
        let message = problem.message.as_str();
        match (&*problem.field, problem.kind) {
            ("username", ProblemKind::Taken) => faults.add("username", record::TAKEN),
            // Of external users: what the other directory decides.
            ("username", _) => faults.add("username", message),
            ("password", _) => faults.add("password", message),
            ("old_password", _) => faults.add("old_password", record::UNPROVED),
            ("email", _) => faults.add("email", record::NO_ADDRESS),
            _ => faults.add(NON_FIELD, message),
        }
    }
    faults.sorted(record::ORDER)
}
