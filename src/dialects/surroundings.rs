use std::net::IpAddr;

use actix_web::HttpRequest;

use crate::directory::RequestId;

/// Finds something out about a request.
type Asking<T> = Box<dyn Fn(&HttpRequest) -> Option<T> + Send + Sync>;

/// What is the same for every surface of one server, and handed to each.
pub struct Surroundings {
    /// `http://example.com`, without a slash at the end; none where the
    /// request's host is no host.
    pub base: Asking<String>,
    /// Where the request comes from.
    pub address: Asking<IpAddr>,
    pub request_id: Box<dyn Fn() -> RequestId + Send + Sync>,
}
