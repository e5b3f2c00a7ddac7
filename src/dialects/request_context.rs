use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::directory::{Context, RequestId};

/// Looks up a property of a request.
type Lookup<T> = Box<dyn Fn(&HttpRequest) -> Option<T> + Send + Sync>;

/// The properties of requests that all surfaces determine in the same way.
pub struct RequestContext {
    /// `http://example.com`, without a trailing slash; `None` if the request has no
    /// valid host.
    pub base_url: Lookup<String>,
    /// The address of the client, behind trusted proxies.
    pub client_address: Lookup<IpAddr>,
    pub request_id: Box<dyn Fn() -> RequestId + Send + Sync>,
}

/// Records a response with status 403 in the audit log.
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
