//! What goes wrong: a status and a short text. One match names every variant of
//! the directory's errors.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};

use super::answer::REQUEST_ID;
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
    BadRequest(String),
    Invalid(Vec<Problem>),
    /// A body of another type than those that are taken, or of none.
    MediaType,
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
    /// A new password or e-mail address of the caller's own without a proof that
    /// it is their wish.
    NoProof,
    /// No such address.
    NoPath,
    Method {
        allow: &'static str,
    },
    Authentication(AuthError),
    Refused(PolicyError),
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

/// What is told: the status, the text, and seconds to wait.
struct Told {
    status: StatusCode,
    text: String,
    wait: Option<u64>,
}

fn told(status: StatusCode, text: impl Into<String>) -> Told {
    Told {
        status,
        text: text.into(),
        wait: None,
    }
}

fn later(status: StatusCode, text: &str, seconds: u64) -> Told {
    Told {
        wait: Some(seconds),
        ..told(status, text)
    }
}

impl Failure {
    pub fn respond(self, request_id: RequestId) -> HttpResponse {
        let allow = match &self {
            Self::Method { allow } => Some(*allow),
            _ => None,
        };
        let Told { status, text, wait } = self.tell(request_id);
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.insert_header((REQUEST_ID, request_id.to_string()));
        if status == StatusCode::UNAUTHORIZED {
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
        response.body(text)
    }

    /// What may not be shown goes to the log.
    fn tell(self, request_id: RequestId) -> Told {
        match self {
            Self::BadRequest(why) => told(StatusCode::BAD_REQUEST, why),
            Self::Invalid(problems) => invalid(&problems),
            Self::MediaType => told(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send JSON as application/json, or as curl -d does.",
            ),
            Self::ContentCoding => told(StatusCode::UNSUPPORTED_MEDIA_TYPE, CONTENT_CODING),
            Self::CrossOrigin => told(
                StatusCode::FORBIDDEN,
                "Pages of other origins may change nothing here.",
            ),
            Self::TooLarge(limit) => told(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("The body may have at most {limit} bytes."),
            ),
            Self::BodyTimedOut => told(
                StatusCode::REQUEST_TIMEOUT,
                "The body did not arrive in time.",
            ),
            Self::NoRoom => busy(),
            Self::TooManyRequests => later(
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests of yours at a time; try again in a moment.",
                RETRY_BUSY,
            ),
            Self::QueryTooLong(limit) => told(
                StatusCode::URI_TOO_LONG,
                format!("The query may have at most {limit} bytes."),
            ),
            Self::NoProof => told(
                StatusCode::FORBIDDEN,
                "Send old_password beside a new password or e-mail address of your own, or sign in with it.",
            ),
            Self::NoPath => told(StatusCode::NOT_FOUND, "There is nothing at this address."),
            Self::Method { .. } => told(
                StatusCode::METHOD_NOT_ALLOWED,
                "This address does not take this method.",
            ),
            Self::Authentication(error) => nobody(error, request_id),
            Self::Refused(PolicyError::Forbidden(why)) => told(StatusCode::FORBIDDEN, why),
            Self::Refused(PolicyError::Directory(error)) => of_directory(error, request_id),
        }
    }
}

fn nobody(error: AuthError, request_id: RequestId) -> Told {
    match error {
        AuthError::Missing => told(StatusCode::UNAUTHORIZED, "Send credentials."),
        AuthError::Wrong | AuthError::NoSignIn => {
            told(StatusCode::UNAUTHORIZED, "These credentials are wrong.")
        }
        AuthError::Throttled { seconds } => later(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many wrong passwords; wait a little.",
            seconds,
        ),
        AuthError::Unreachable { seconds } => later(
            StatusCode::SERVICE_UNAVAILABLE,
            "The directory that keeps your password does not answer; try again in a moment.",
            seconds,
        ),
        AuthError::Directory(error) => of_directory(error, request_id),
    }
}

/// Members as this surface calls them.
fn member(field: &str) -> &str {
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

fn invalid(problems: &[Problem]) -> Told {
    let text = |problem: &Problem| format!("{}: {}", member(&problem.field), problem.message);
    let texts: Vec<String> = problems.iter().map(text).collect();
    let is_taken = |problem: &Problem| problem.kind == ProblemKind::Taken;
    let status = match problems.iter().any(is_taken) {
        true => StatusCode::CONFLICT,
        false => StatusCode::BAD_REQUEST,
    };
    told(status, texts.join(" "))
}

fn lacks_proof(problems: &[Problem]) -> bool {
    problems
        .iter()
        .any(|problem| problem.field == "old_password")
}

fn of_directory(error: DirectoryError, request_id: RequestId) -> Told {
    match error {
        DirectoryError::Invalid(problems) if lacks_proof(&problems) => {
            Failure::NoProof.tell(request_id)
        }
        DirectoryError::Invalid(problems) => invalid(&problems),
        DirectoryError::RelatedNotFound { kind, .. } => told(
            StatusCode::BAD_REQUEST,
            format!("{kind}: one is not there."),
        ),
        DirectoryError::NotFound => told(StatusCode::NOT_FOUND, "Nothing has this id."),
        DirectoryError::Protected(why) => told(StatusCode::FORBIDDEN, why),
        DirectoryError::Forbidden(why) => told(StatusCode::FORBIDDEN, why),
        DirectoryError::Step { error, .. } => of_directory(*error, request_id),
        // Nothing here is asked with a key or for a state.
        DirectoryError::Stale | DirectoryError::KeyReused | DirectoryError::InProgress => told(
            StatusCode::CONFLICT,
            "Somebody else changed it at this moment.",
        ),
        DirectoryError::TooOften { seconds } => later(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many changes of your own record; wait a little.",
            seconds,
        ),
        DirectoryError::Busy(why) => {
            log_limit::busy(request_id, &why);
            busy()
        }
        DirectoryError::Again => busy(),
        DirectoryError::TimedOut(why) => {
            log_limit::timed_out(request_id, &why);
            later(
                StatusCode::SERVICE_UNAVAILABLE,
                "The database took too long over it; ask for less.",
                RETRY_UNAVAILABLE,
            )
        }
        DirectoryError::Unavailable(why) => {
            log_limit::unavailable(request_id, &why);
            later(
                StatusCode::SERVICE_UNAVAILABLE,
                "The database does not answer; try again in a moment.",
                RETRY_UNAVAILABLE,
            )
        }
        DirectoryError::Internal(why) => {
            log::error!("{request_id} internal: {why}");
            told(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("The log says more under {request_id}."),
            )
        }
    }
}

fn busy() -> Told {
    later(
        StatusCode::SERVICE_UNAVAILABLE,
        "Too much to do at once; try again in a moment.",
        RETRY_BUSY,
    )
}
