//! Errors as HTTP responses. One match maps every variant of the directory's errors.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

use super::pointers::wrong_password;
use super::{ApiError, RequestDocument};
use crate::api::base_url::base_url;
use crate::api::call::Api;
use crate::api::kinds;
use crate::api::response::REQUEST_ID;
use crate::auth::PolicyError;
use crate::directory::{DirectoryError, RequestId, log_limit};
use crate::jsonapi::{Accepted, CURSOR_PAGINATION, Error, Errors};

const BASIC: &str = "Basic realm=\"rolecall\", charset=\"UTF-8\"";
const BEARER: &str = "Bearer realm=\"rolecall\"";

/// `Retry-After` of a busy service, in seconds.
const RETRY_BUSY: &str = "1";
/// `Retry-After` while the database is unavailable, in seconds.
const RETRY_UNAVAILABLE: &str = "5";

impl ApiError {
    /// The error objects of the response. Internal causes are logged instead.
    fn into_errors(self, request_id: RequestId, invalid_data: u16) -> Errors {
        let error = match self.with_pointers(RequestDocument::None, invalid_data) {
            Self::Errors(errors) => return errors,
            Self::Unauthenticated {
                sent_credentials: false,
            } => kinds::UNAUTHORIZED
                .error("Credentials are required: Basic, or an API token as Bearer or Token."),
            Self::Unauthenticated {
                sent_credentials: true,
            } => kinds::UNAUTHORIZED.error("These credentials are not valid."),
            Self::SignInRejected => kinds::UNAUTHORIZED.error("These credentials are not valid."),
            Self::WrongPassword(name) => wrong_password(name, RequestDocument::None),
            Self::MethodNotAllowed { allow } => {
                kinds::METHOD_NOT_ALLOWED.error(format!("This path supports {allow}."))
            }
            Self::Throttled { seconds } => kinds::TOO_MANY_ATTEMPTS.error(format!(
                "Too many wrong passwords for this username from this address; try again in {seconds} s."
            )),
            Self::LdapUnreachable { seconds } => kinds::PASSWORDS_UNREACHABLE.error(format!(
                "The directory that verifies your password does not respond; try again in {seconds} s."
            )),
            Self::BodyMemoryExhausted => kinds::BUSY.error("There is no memory for the body at the moment; try again later."),
            Self::Policy(PolicyError::Forbidden(why)) => kinds::FORBIDDEN.error(why),
            Self::Policy(PolicyError::Directory(error)) => directory_error(error, request_id),
        };
        error.into()
    }

    fn retry_after(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Throttled { seconds } | Self::LdapUnreachable { seconds } => {
                Some(seconds.to_string().into())
            }
            Self::Policy(PolicyError::Directory(DirectoryError::TooOften { seconds })) => {
                Some(seconds.to_string().into())
            }
            Self::Policy(PolicyError::Directory(
                DirectoryError::Unavailable(_) | DirectoryError::TimedOut(_),
            )) => Some(RETRY_UNAVAILABLE.into()),
            Self::BodyMemoryExhausted
            | Self::Policy(PolicyError::Directory(
                DirectoryError::Busy(_) | DirectoryError::Again | DirectoryError::InProgress,
            )) => Some(RETRY_BUSY.into()),
            _ => None,
        }
    }

    /// The response.
    pub fn into_http(
        self,
        api: &Api,
        request: &HttpRequest,
        request_id: RequestId,
        accepted: Option<&Accepted>,
    ) -> HttpResponse {
        let retry = self.retry_after();
        let challenges: &[&str] = match self {
            // Two header lines: some clients read only the first challenge of a line.
            Self::Unauthenticated { .. } => &[BASIC, BEARER],
            Self::SignInRejected => &[BEARER],
            _ => &[],
        };
        let allow = match &self {
            Self::MethodNotAllowed { allow } => Some(allow.clone()),
            _ => None,
        };
        let errors = self.into_errors(request_id, api.invalid_data);
        let mut response = document(&errors, api, request, accepted);
        for challenge in challenges {
            response.append_header((header::WWW_AUTHENTICATE, *challenge));
        }
        if let Some(seconds) = retry {
            response.insert_header((header::RETRY_AFTER, &*seconds));
        }
        if let Some(allow) = allow.and_then(|allow| HeaderValue::from_str(&allow).ok()) {
            response.insert_header((header::ALLOW, allow));
        }
        response.insert_header((REQUEST_ID, request_id.to_string()));
        let mut body = Vec::new();
        let home = base_url(api, request)
            .ok()
            .map(|base| format!("{base}/home"));
        errors.write(
            &mut body,
            home.as_deref(),
            accepted.is_some_and(|a| a.plain_json),
        );
        response.body(body)
    }
}

fn document(
    errors: &Errors,
    api: &Api,
    request: &HttpRequest,
    accepted: Option<&Accepted>,
) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(errors.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = HttpResponse::build(status);
    // The error of a failed negotiation is sent in JSON:API's media type.
    let plain = match accepted {
        Some(accepted) => accepted.plain_json,
        None => api.accepts_plain_json(request),
    };
    let kind = if plain {
        crate::jsonapi::PLAIN_JSON.into()
    } else if errors.iter().any(|error| error.type_link.is_some()) {
        // The profile defines these errors, so it was applied.
        let profiles = vec![CURSOR_PAGINATION];
        Accepted {
            profiles,
            ..Accepted::default()
        }
        .content_type()
    } else {
        crate::jsonapi::MEDIA_TYPE.into()
    };
    response.insert_header((header::CONTENT_TYPE, kind.as_ref()));
    response.insert_header((header::VARY, "Accept"));
    if status.is_client_error() || status.is_server_error() {
        response.insert_header((header::CACHE_CONTROL, "no-store"));
    }
    response
}

pub(super) fn directory_error(error: DirectoryError, request_id: RequestId) -> Error {
    match error {
        DirectoryError::NotFound => kinds::NOT_FOUND.error("There is no such resource."),
        DirectoryError::Protected(why) => kinds::PROTECTED.error(why),
        DirectoryError::Stale => kinds::PRECONDITION_FAILED
            .error("It was changed since you read it: read it again.")
            .at_header("If-Match"),
        DirectoryError::TooOften { seconds } => kinds::TOO_MANY_CHANGES.error(format!(
            "Too many changes of your own record and tokens; try again in {seconds} s."
        )),
        DirectoryError::Busy(why) => {
            log_limit::busy(request_id, &why);
            kinds::BUSY.error("The service is overloaded; try again later.")
        }
        DirectoryError::Again => {
            kinds::BUSY.error("Too many concurrent changes of the same resource; try again.")
        }
        DirectoryError::TimedOut(why) => {
            log_limit::timed_out(request_id, &why);
            kinds::TIMED_OUT.error("The database took too long; request less.")
        }
        DirectoryError::Unavailable(why) => {
            log_limit::unavailable(request_id, &why);
            kinds::UNAVAILABLE.error("The database does not respond; try again later.")
        }
        DirectoryError::Internal(why) => {
            log::error!("{request_id} internal: {why}");
            kinds::INTERNAL.error(format!("The log says more under {request_id}."))
        }
        DirectoryError::Forbidden(why) => kinds::FORBIDDEN.error(why),
        DirectoryError::KeyReused => kinds::IDEMPOTENCY_KEY_REUSED
            .error("This key was used with another request; use a new one.")
            .at_header("Idempotency-Key"),
        DirectoryError::InProgress => kinds::IDEMPOTENCY_IN_PROGRESS
            .error("The same request is still in progress; repeat it to get its response.")
            .at_header("Idempotency-Key"),
        DirectoryError::Step { error, .. } => directory_error(*error, request_id),
        // `with_pointers` has converted both.
        DirectoryError::Invalid(_) | DirectoryError::RelatedNotFound { .. } => {
            kinds::BAD_REQUEST.error("The request cannot be carried out.")
        }
    }
}

/// 404 for an unknown path.
pub fn not_found(api: &Api, request: &HttpRequest) -> HttpResponse {
    without_call(
        api,
        request,
        kinds::NOT_FOUND.error("There is no such path.").into(),
    )
}

/// 403 for a request from a page of another origin, as `header` shows.
pub fn forbid_cross_origin(
    api: &Api,
    request: &HttpRequest,
    request_id: RequestId,
    header: &'static str,
) -> HttpResponse {
    let detail = "The request comes from a page of another origin. server.cors_origins lists the permitted origins, server.base_url is the service's own.";
    let error = kinds::CROSS_ORIGIN.error(detail).at_header(header);
    let accepted = api.negotiate_accept(request).ok();
    ApiError::from(error).into_http(api, request, request_id, accepted.as_ref())
}

/// 415 for a body with a content coding.
pub fn refuse_content_coding(api: &Api, request: &HttpRequest) -> HttpResponse {
    let detail = "Content codings are not supported: send the body without a Content-Encoding.";
    let error = crate::jsonapi::kinds::UNSUPPORTED_MEDIA_TYPE.error(detail);
    without_call(api, request, error.at_header("Content-Encoding").into())
}

/// 503 for health checks: why changes are impossible.
pub fn not_ready(
    api: &Api,
    request: &HttpRequest,
    reason: &'static str,
    sentence: &str,
) -> HttpResponse {
    let mut meta = serde_json::Map::new();
    meta.insert("reason".into(), reason.into());
    let error = kinds::UNAVAILABLE.error(sentence).with_meta(meta);
    let mut response = without_call(api, request, ApiError::Errors(error.into()));
    let retry = HeaderValue::from_static(RETRY_UNAVAILABLE);
    response.headers_mut().insert(header::RETRY_AFTER, retry);
    response
}

/// 405 for health checks and the description, which can only be read.
pub fn read_only(api: &Api, request: &HttpRequest) -> HttpResponse {
    let allow = "GET, HEAD".into();
    without_call(api, request, ApiError::MethodNotAllowed { allow })
}

fn without_call(api: &Api, request: &HttpRequest, error: ApiError) -> HttpResponse {
    let accepted = api.negotiate_accept(request).ok();
    error.into_http(api, request, api.next_request_id(), accepted.as_ref())
}
