//! What goes wrong, as error documents. One match names every variant of the
//! directory's errors.

use std::borrow::Cow;
use std::io;

use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

use super::base_url::base_url;
use super::call::Api;
use super::kinds;
use crate::auth::{AuthError, PolicyError};
use crate::directory::{DirectoryError, FieldError, FieldErrorKind, RequestId, log_limit};
use crate::jsonapi::{Accepted, CURSOR_PAGINATION, Error, Errors, Linkage, ResourceObject};

const BASIC: &str = "Basic realm=\"rolecall\", charset=\"UTF-8\"";
const BEARER: &str = "Bearer realm=\"rolecall\"";

/// Seconds after which a busy service is worth another try.
const RETRY_BUSY: &str = "1";
/// Seconds after which an unreachable database is worth another try.
const RETRY_UNAVAILABLE: &str = "5";

/// Why a request is not answered as asked.
#[derive(Debug)]
pub enum ApiError {
    Errors(Errors),
    /// Nobody is known: 401.
    Unauthenticated {
        sent_credentials: bool,
    },
    /// The same where people sign in: without the challenge of Basic, upon which
    /// browsers would ask for a password by themselves.
    SignInRejected,
    /// The path knows these methods only: 405.
    MethodNotAllowed {
        allow: String,
    },
    /// Too many wrong passwords: 429.
    Throttled {
        seconds: u64,
    },
    /// The other directory, which keeps the passwords of external users, does not
    /// answer: 503.
    LdapUnreachable {
        seconds: u64,
    },
    /// The own password that came in this attribute does not fit.
    WrongPassword(&'static str),
    /// Bodies of requests take all the memory that they may: 503.
    BodyMemoryExhausted,
    Policy(PolicyError),
}

impl From<Errors> for ApiError {
    fn from(errors: Errors) -> Self {
        Self::Errors(errors)
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Errors(error.into())
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
            AuthError::Missing => Self::Unauthenticated {
                sent_credentials: false,
            },
            AuthError::Wrong => Self::Unauthenticated {
                sent_credentials: true,
            },
            AuthError::Throttled { seconds } => Self::Throttled { seconds },
            AuthError::Unreachable { seconds } => Self::LdapUnreachable { seconds },
            AuthError::NoSignIn => kinds::NO_SIGN_IN
                .error("Send the access or refresh token that the sign-in gave; API tokens are revoked at /tokens.")
                .at_header("Authorization")
                .into(),
            AuthError::Directory(error) => error.into(),
        }
    }
}

/// The request document that an error may point into.
#[derive(Clone, Copy)]
pub enum RequestDocument<'a> {
    None,
    /// The document, and the pointer to it.
    Resource(&'a ResourceObject, &'a str),
    Linkage(&'a Linkage, &'a str),
}

impl RequestDocument<'_> {
    /// A pointer at what is there: the attribute, or the parent of one that is missing.
    fn attribute(self, name: &str) -> Option<String> {
        let (document, base) = match self {
            Self::None => return None,
            Self::Linkage(_, base) => return Some(base.into()),
            Self::Resource(document, base) => (document, base),
        };
        Some(if document.attributes.contains_key(name) {
            ResourceObject::attribute_pointer(base, name)
        } else if document.relationships.contains_key(name) {
            ResourceObject::relationship_pointer(base, name)
        } else if document.others.iter().any(|other| other == name) {
            ResourceObject::member_pointer(base, name)
        } else if document.attributes.is_empty() {
            base.into()
        } else {
            format!("{base}/attributes")
        })
    }

    fn related(self, kind: &str, name: Option<&str>, place: usize) -> Option<String> {
        match self {
            Self::None => None,
            Self::Linkage(linkage, base) => Some(linkage.pointer_to(base, place)),
            Self::Resource(document, base) => {
                // A relationship to users may be called `user`: to-one.
                let singular = kind.trim_end_matches('s');
                let found = document.relationships.iter().find(|(known, _)| match name {
                    Some(name) => *known == name,
                    None => *known == kind || *known == singular,
                });
                found.map(|(name, linkage)| {
                    linkage.pointer_to(&ResourceObject::relationship_pointer(base, name), place)
                })
            }
        }
    }
}

pub fn body_too_large(limit: usize) -> ApiError {
    let detail = format!("The body may have at most {limit} bytes.");
    kinds::BODY_TOO_LARGE.error(detail).into()
}

/// A body that is not there: late, without room, or broken.
pub fn body_not_read(error: &PayloadError) -> ApiError {
    let kind = match error {
        PayloadError::Io(error) => Some(error.kind()),
        _ => None,
    };
    match kind {
        Some(io::ErrorKind::TimedOut) => kinds::BODY_TIMED_OUT
            .error("The body did not arrive in time.")
            .into(),
        Some(io::ErrorKind::QuotaExceeded) => ApiError::BodyMemoryExhausted,
        _ => kinds::BAD_REQUEST
            .error(format!("The body broke off or was malformed: {error}."))
            .into(),
    }
}

impl ApiError {
    /// Whether a permission is lacking.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Policy(PolicyError::Forbidden(_)))
    }

    /// What a step of a batch ran into, and its place.
    pub fn into_batch_step(self) -> Result<(usize, DirectoryError), Self> {
        match self {
            Self::Policy(PolicyError::Directory(DirectoryError::Step { place, error })) => {
                Ok((place, *error))
            }
            other => Err(other),
        }
    }

    /// Gives errors of the directory the pointers of the request's document.
    pub fn with_pointers(self, at: RequestDocument<'_>, invalid_data: u16) -> Self {
        match self {
            Self::Policy(PolicyError::Directory(DirectoryError::Invalid(field_errors))) => {
                let errors = field_errors
                    .iter()
                    .map(|p| invalid(p, at, invalid_data))
                    .collect();
                Errors::from_vec(errors).map_or_else(
                    || DirectoryError::internal("invalid without a problem").into(),
                    Self::Errors,
                )
            }
            Self::Policy(PolicyError::Directory(DirectoryError::RelatedNotFound {
                kind,
                relationship,
                place,
            })) => {
                let detail = format!("There is no such resource of the type {kind}.");
                let error = kinds::RELATED_NOT_FOUND.error(detail);
                Self::Errors(Errors::from(match at.related(kind, relationship, place) {
                    Some(pointer) => error.at_pointer(pointer),
                    None => error,
                }))
            }
            Self::WrongPassword(name) => Self::Errors(wrong_password(name, at).into()),
            other => other,
        }
    }

    /// The same, where names that somebody else has are a conflict with the state
    /// of a resource that shall come back.
    pub fn as_conflict(self, at: RequestDocument<'_>, invalid_data: u16) -> Self {
        match self {
            Self::Policy(PolicyError::Directory(DirectoryError::Invalid(field_errors)))
                if field_errors
                    .iter()
                    .all(|one| one.kind == FieldErrorKind::Taken) =>
            {
                let error = |field_error: &FieldError| {
                    let error = kinds::NAME_TAKEN.error(field_error.message.as_str());
                    match at.attribute(&field_error.field) {
                        Some(pointer) => error.at_pointer(pointer),
                        None => error,
                    }
                };
                Errors::from_vec(field_errors.iter().map(error).collect()).map_or_else(
                    || DirectoryError::internal("a conflict without a problem").into(),
                    Self::Errors,
                )
            }
            other => other.with_pointers(at, invalid_data),
        }
    }

    /// The same, where the request is to blame, as errors that point at a part
    /// of its document.
    pub fn located(self, pointer: &str, request_id: RequestId) -> Self {
        let error = match self {
            Self::Policy(PolicyError::Forbidden(why)) => kinds::FORBIDDEN.error(why),
            Self::Policy(PolicyError::Directory(
                error @ (DirectoryError::NotFound
                | DirectoryError::Protected(_)
                | DirectoryError::Forbidden(_)),
            )) => directory_error(error, request_id),
            Self::Policy(PolicyError::Directory(DirectoryError::Stale)) => {
                let detail = "It was changed since you read it: read it again.";
                kinds::PRECONDITION_FAILED.error(detail)
            }
            other => return other,
        };
        error.at_pointer(pointer).into()
    }

    /// The errors that are shown. What may not be shown goes to the log.
    fn into_errors(self, request_id: RequestId, invalid_data: u16) -> Errors {
        let error = match self.with_pointers(RequestDocument::None, invalid_data) {
            Self::Errors(errors) => return errors,
            Self::Unauthenticated {
                sent_credentials: false,
            } => kinds::UNAUTHORIZED
                .error("This needs credentials: Basic, or an API token as Bearer or Token."),
            Self::Unauthenticated {
                sent_credentials: true,
            } => kinds::UNAUTHORIZED.error("These credentials are not valid."),
            Self::SignInRejected => kinds::UNAUTHORIZED.error("These credentials are not valid."),
            Self::WrongPassword(name) => wrong_password(name, RequestDocument::None),
            Self::MethodNotAllowed { allow } => {
                kinds::METHOD_NOT_ALLOWED.error(format!("This path answers to {allow}."))
            }
            Self::Throttled { seconds } => kinds::TOO_MANY_ATTEMPTS.error(format!(
                "Too many wrong passwords for this username from this address; try again in {seconds} s."
            )),
            Self::LdapUnreachable { seconds } => kinds::PASSWORDS_UNREACHABLE.error(format!(
                "The directory that keeps your password does not answer; try again in {seconds} s."
            )),
            Self::BodyMemoryExhausted => kinds::BUSY.error("There is no room for the body now; try again in a moment."),
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

    /// The whole answer.
    pub fn respond(
        self,
        api: &Api,
        request: &HttpRequest,
        request_id: RequestId,
        accepted: Option<&Accepted>,
    ) -> HttpResponse {
        let retry = self.retry_after();
        let challenges: &[&str] = match self {
            // Two headers: some clients read only the first challenge of one.
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
        response.insert_header((super::answer::REQUEST_ID, request_id.to_string()));
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
    // An error that ends negotiation itself is told in our own media type.
    let plain = match accepted {
        Some(accepted) => accepted.plain_json,
        None => api.accepts_plain_json(request),
    };
    let kind = if plain {
        crate::jsonapi::PLAIN_JSON.into()
    } else if errors.iter().any(|error| error.type_link.is_some()) {
        // Kinds of errors that the profile defines: it was applied.
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

fn wrong_password(name: &str, at: RequestDocument<'_>) -> Error {
    let error = kinds::WRONG_PASSWORD.error("Your own password is another.");
    match at.attribute(name) {
        Some(pointer) => error.at_pointer(pointer),
        None => error,
    }
}

fn invalid(field_error: &FieldError, at: RequestDocument<'_>, status: u16) -> Error {
    // The only member beside the attributes that can be wrong in itself.
    if field_error.field == "id" && field_error.kind != FieldErrorKind::Unknown {
        let error = kinds::CLIENT_ID_TAKEN.error(field_error.message.as_str());
        return match at {
            RequestDocument::Resource(_, base) => error.at_pointer(format!("{base}/id")),
            RequestDocument::None | RequestDocument::Linkage(..) => error,
        };
    }
    let detail = format!("{}: {}", field_error.field, field_error.message);
    let mut meta = serde_json::Map::new();
    meta.insert("attribute".into(), (&*field_error.field).into());
    meta.insert("message".into(), field_error.message.clone().into());
    let kind = match field_error.kind {
        FieldErrorKind::Unknown => &kinds::UNKNOWN_ATTRIBUTE,
        _ => &kinds::INVALID_DATA,
    };
    let mut error = kind.error(detail).with_meta(meta);
    error.status = status;
    match at.attribute(&field_error.field) {
        Some(pointer) => error.at_pointer(pointer),
        None => error,
    }
}

fn directory_error(error: DirectoryError, request_id: RequestId) -> Error {
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
            kinds::BUSY.error("Too much to do at once; try again in a moment.")
        }
        DirectoryError::Again => {
            kinds::BUSY.error("Too many changes at the same place; try again.")
        }
        DirectoryError::TimedOut(why) => {
            log_limit::timed_out(request_id, &why);
            kinds::TIMED_OUT.error("The database took too long over it; ask for less.")
        }
        DirectoryError::Unavailable(why) => {
            log_limit::unavailable(request_id, &why);
            kinds::UNAVAILABLE.error("The database does not answer; try again in a moment.")
        }
        DirectoryError::Internal(why) => {
            log::error!("{request_id} internal: {why}");
            kinds::INTERNAL.error(format!("The log says more under {request_id}."))
        }
        DirectoryError::Forbidden(why) => kinds::FORBIDDEN.error(why),
        DirectoryError::KeyReused => kinds::IDEMPOTENCY_KEY_REUSED
            .error("This key came with another request before; take a new one.")
            .at_header("Idempotency-Key"),
        DirectoryError::InProgress => kinds::IDEMPOTENCY_IN_PROGRESS
            .error("The same request is being carried out; ask again for its answer.")
            .at_header("Idempotency-Key"),
        DirectoryError::Step { error, .. } => directory_error(*error, request_id),
        // Both were given their pointers before.
        DirectoryError::Invalid(_) | DirectoryError::RelatedNotFound { .. } => {
            kinds::BAD_REQUEST.error("The request asks for something impossible.")
        }
    }
}

/// Outside any resource: an unknown path.
pub fn not_found(api: &Api, request: &HttpRequest) -> HttpResponse {
    without_call(
        api,
        request,
        kinds::NOT_FOUND.error("There is no such path.").into(),
    )
}

/// For what a page of another origin asked, as this header tells.
pub fn forbid_cross_origin(
    api: &Api,
    request: &HttpRequest,
    request_id: RequestId,
    header: &'static str,
) -> HttpResponse {
    let detail = "A page of another origin asked for this. server.cors_origins lists those that may, and server.base_url is our own.";
    let error = kinds::CROSS_ORIGIN.error(detail).at_header(header);
    let accepted = api.negotiate_accept(request).ok();
    ApiError::from(error).respond(api, request, request_id, accepted.as_ref())
}

/// For a body in a content coding.
pub fn refuse_content_coding(api: &Api, request: &HttpRequest) -> HttpResponse {
    let detail = "Bodies are read as they are: send this one without a Content-Encoding.";
    let error = crate::jsonapi::kinds::UNSUPPORTED_MEDIA_TYPE.error(detail);
    without_call(api, request, error.at_header("Content-Encoding").into())
}

/// For health checks: why no change can be made.
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

/// For health checks: another method than reading.
pub fn read_only(api: &Api, request: &HttpRequest) -> HttpResponse {
    let allow = "GET, HEAD".into();
    without_call(api, request, ApiError::MethodNotAllowed { allow })
}

fn without_call(api: &Api, request: &HttpRequest, error: ApiError) -> HttpResponse {
    let accepted = api.negotiate_accept(request).ok();
    error.respond(api, request, api.next_request_id(), accepted.as_ref())
}
