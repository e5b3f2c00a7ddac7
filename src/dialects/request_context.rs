use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::directory::{Context, RequestId};

/// Finds something out about a request.
type Lookup<T> = Box<dyn Fn(&HttpRequest) -> Option<T> + Send + Sync>;

/// What is the same for every surface of one server, and handed to each.
pub struct RequestContext {
    /// `http://example.com`, without a slash at the end; none where the
    /// request's host is no host.
    pub base_url: Lookup<String>,
    /// Where the request comes from.
    pub client_address: Lookup<IpAddr>,
    pub request_id: Box<dyn Fn() -> RequestId + Send + Sync>,
}

/// Tells the audit log of an answer that refuses.
pub fn record_forbidden(
    auth: &Auth,
    request: &HttpRequest,
    context: &Context,
    response: HttpResponse,
) -> HttpResponse {
    if response.status() == StatusCode::FORBIDDEN {
        let method = request.method().as_str();
        auth.record_forbidden(method, request.match_pattern(), context);
    }
    response
}
