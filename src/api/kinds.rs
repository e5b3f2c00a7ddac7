//! The error kinds of the native API, in addition to `jsonapi::kinds`.

use crate::jsonapi::ErrorKind;

pub const INVALID_HOST: ErrorKind = ErrorKind::new(
    "invalid_host",
    400,
    "Invalid host",
    "The Host header cannot be part of a link.",
);
pub const INVALID_DATA: ErrorKind = ErrorKind::new(
    "invalid_data",
    400,
    "Invalid data",
    "The value of an attribute is invalid or missing; 422 by setting.",
);
pub const UNKNOWN_ATTRIBUTE: ErrorKind = ErrorKind::new(
    "unknown_attribute",
    400,
    "Unknown attribute",
    "The type has no attribute or relationship of this name, or it belongs elsewhere in the document; 422 by setting, and server.unknown_attributes can ignore it.",
);
pub const INVALID_LINKAGE: ErrorKind = ErrorKind::new(
    "invalid_linkage",
    400,
    "Invalid linkage",
    "A relationship cannot hold what was sent.",
);
pub const TOO_MANY_PASSWORDS: ErrorKind = ErrorKind::new(
    "too_many_passwords",
    400,
    "Too many passwords",
    "One request to /operations sets more passwords than limits.operation_passwords.",
);
pub const INCLUDE_TOO_LARGE: ErrorKind = ErrorKind::new(
    "include_too_large",
    400,
    "Too much to include",
    "The included relationship has more members than one document can contain.",
);
pub const UNAUTHORIZED: ErrorKind = ErrorKind::new(
    "unauthorized",
    401,
    "Unauthorized",
    "Credentials are missing or invalid.",
);
pub const TOO_MANY_ATTEMPTS: ErrorKind = ErrorKind::new(
    "too_many_attempts",
    429,
    "Too many attempts",
    "Too many wrong passwords; try again after Retry-After seconds.",
);
pub const TOO_MANY_REQUESTS: ErrorKind = ErrorKind::new(
    "too_many_requests",
    429,
    "Too many requests",
    "The client has limits.connections_per_address requests in progress; try again after Retry-After seconds.",
);
pub const TOO_MANY_CHANGES: ErrorKind = ErrorKind::new(
    "too_many_changes",
    429,
    "Too many changes",
    "The caller has made auth.own_changes changes of their own record and tokens; try again after Retry-After seconds.",
);
pub const NO_SIGN_IN: ErrorKind = ErrorKind::new(
    "no_sign_in",
    400,
    "No sign-in",
    "The credentials are valid but do not belong to a sign-in that could be ended.",
);
pub const WRONG_PASSWORD: ErrorKind = ErrorKind::new(
    "wrong_password",
    403,
    "Wrong password",
    "The old password that was sent with a new one is wrong.",
);
pub const UNSUPPORTED_GRANT: ErrorKind = ErrorKind::new(
    "unsupported_grant",
    400,
    "Unsupported grant",
    "The grant_type is neither password nor refresh_token.",
);
pub const FORBIDDEN: ErrorKind =
    ErrorKind::new("forbidden", 403, "Forbidden", "The caller may not do this.");
pub const CROSS_ORIGIN: ErrorKind = ErrorKind::new(
    "cross_origin",
    403,
    "Cross-origin request",
    "A browser sent the request for a page of an origin that is not permitted to change anything.",
);
pub const PROTECTED: ErrorKind = ErrorKind::new(
    "protected",
    403,
    "Protected",
    "A rule of the directory forbids this to everybody, or to callers with fewer permissions.",
);
pub const CLIENT_ID: ErrorKind = ErrorKind::new(
    "client_id_unsupported",
    403,
    "Client-generated ids are not supported",
    "A new resource was sent with an id.",
);
pub const CLIENT_ID_TAKEN: ErrorKind = ErrorKind::new(
    "client_id_taken",
    409,
    "Client-generated id is taken",
    "Another resource has this client-generated id; see server.client_ids.",
);
pub const UNSUPPORTED_UPDATE: ErrorKind = ErrorKind::new(
    "unsupported_update",
    403,
    "Unsupported update",
    "This relationship cannot be changed here.",
);
pub const NOT_FOUND: ErrorKind = ErrorKind::new(
    "not_found",
    404,
    "Not found",
    "There is no such path or resource, or the caller cannot see it.",
);
pub const RELATED_NOT_FOUND: ErrorKind = ErrorKind::new(
    "related_not_found",
    404,
    "Related resource not found",
    "A resource in the linkage does not exist.",
);
pub const METHOD_NOT_ALLOWED: ErrorKind = ErrorKind::new(
    "method_not_allowed",
    405,
    "Method not allowed",
    "The path exists, but not with this method; see Allow.",
);
pub const TYPE_CONFLICT: ErrorKind = ErrorKind::new(
    "type_conflict",
    409,
    "Wrong type",
    "The type in the document differs from the one in the URL.",
);
pub const ID_CONFLICT: ErrorKind = ErrorKind::new(
    "id_conflict",
    409,
    "Wrong id",
    "The id in the document differs from the one in the URL.",
);
pub const NAME_TAKEN: ErrorKind = ErrorKind::new(
    "name_taken",
    409,
    "Name taken",
    "The name of the user to be restored is taken; restore with another.",
);
pub const IDEMPOTENCY_IN_PROGRESS: ErrorKind = ErrorKind::new(
    "idempotency_in_progress",
    409,
    "Request in progress",
    "The same request with the same Idempotency-Key is still in progress; repeat it after Retry-After seconds.",
);
pub const IDEMPOTENCY_KEY_REUSED: ErrorKind = ErrorKind::new(
    "idempotency_key_reused",
    422,
    "Idempotency key reused",
    "The Idempotency-Key was used with another request.",
);
pub const IDEMPOTENCY_KEY_UNSUPPORTED: ErrorKind = ErrorKind::new(
    "idempotency_key_unsupported",
    400,
    "Idempotency key not supported",
    "The response contains a secret or included resources and is not stored; leave Idempotency-Key out.",
);
pub const PRECONDITION_FAILED: ErrorKind = ErrorKind::new(
    "precondition_failed",
    412,
    "Precondition failed",
    "The resource was changed since it was read: If-Match does not contain its current tag.",
);
pub const PRECONDITION_REQUIRED: ErrorKind = ErrorKind::new(
    "precondition_required",
    428,
    "Precondition required",
    "A change must send If-Match; see server.require_if_match.",
);
pub const BODY_TIMED_OUT: ErrorKind = ErrorKind::new(
    "body_timed_out",
    408,
    "Body timed out",
    "The body stalled (limits.body_stall_seconds) or took too long (limits.body_seconds).",
);
pub const BODY_TOO_LARGE: ErrorKind = ErrorKind::new(
    "body_too_large",
    413,
    "Body too large",
    "The body is larger than limits.body_bytes, at a sign-in than limits.sign_in_bytes, or with hosts in an access check than limits.access_check_bytes.",
);
pub const HEADERS_TOO_LARGE: ErrorKind = ErrorKind::new(
    "headers_too_large",
    431,
    "Headers too large",
    "The headers are larger than limits.header_bytes.",
);
pub const BAD_REQUEST: ErrorKind = ErrorKind::new(
    "bad_request",
    400,
    "Bad request",
    "The request could not be understood.",
);
pub const INTERNAL: ErrorKind = ErrorKind::new(
    "internal",
    500,
    "Internal error",
    "An internal error; the log has the details under the request id.",
);
pub const BUSY: ErrorKind = ErrorKind::new(
    "busy",
    503,
    "Busy",
    "The service is overloaded; try again after Retry-After seconds.",
);
pub const TIMED_OUT: ErrorKind = ErrorKind::new(
    "timed_out",
    503,
    "Timed out",
    "The database exceeded database.statement_timeout_ms, and nothing was changed; request less.",
);
pub const UNAVAILABLE: ErrorKind = ErrorKind::new(
    "unavailable",
    503,
    "Unavailable",
    "The database does not respond; try again after Retry-After seconds.",
);
pub const PASSWORDS_UNREACHABLE: ErrorKind = ErrorKind::new(
    "passwords_unreachable",
    503,
    "Passwords unreachable",
    "The LDAP directory that verifies the passwords of external users does not respond; try again after Retry-After seconds.",
);

/// All error kinds, for the documentation.
pub const KINDS: &[&ErrorKind] = &[
    &INVALID_HOST,
    &INVALID_DATA,
    &UNKNOWN_ATTRIBUTE,
    &INVALID_LINKAGE,
    &TOO_MANY_PASSWORDS,
    &INCLUDE_TOO_LARGE,
    &UNAUTHORIZED,
    &TOO_MANY_ATTEMPTS,
    &TOO_MANY_REQUESTS,
    &TOO_MANY_CHANGES,
    &NO_SIGN_IN,
    &WRONG_PASSWORD,
    &UNSUPPORTED_GRANT,
    &FORBIDDEN,
    &CROSS_ORIGIN,
    &PROTECTED,
    &CLIENT_ID,
    &CLIENT_ID_TAKEN,
    &UNSUPPORTED_UPDATE,
    &NOT_FOUND,
    &RELATED_NOT_FOUND,
    &METHOD_NOT_ALLOWED,
    &TYPE_CONFLICT,
    &ID_CONFLICT,
    &NAME_TAKEN,
    &IDEMPOTENCY_IN_PROGRESS,
    &IDEMPOTENCY_KEY_REUSED,
    &IDEMPOTENCY_KEY_UNSUPPORTED,
    &PRECONDITION_FAILED,
    &PRECONDITION_REQUIRED,
    &BODY_TIMED_OUT,
    &BODY_TOO_LARGE,
    &HEADERS_TOO_LARGE,
    &BAD_REQUEST,
    &INTERNAL,
    &BUSY,
    &TIMED_OUT,
    &UNAVAILABLE,
    &PASSWORDS_UNREACHABLE,
];
