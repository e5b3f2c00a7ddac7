//! The routes of this surface, with and without a trailing slash.

use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, Route};

use super::answer::Answer;
use super::call::{Cfengine, answer};
use super::error::ApiError;
use super::{roles, status, users};
use crate::dialects::paths::is_within;

struct Endpoint {
    path: &'static str,
    allow: &'static str,
    routes: Vec<Route>,
}

const READ: &str = "GET, HEAD, OPTIONS";
const RECORD: &str = "GET, HEAD, PUT, POST, DELETE, OPTIONS";

macro_rules! reading {
    ($handler:path) => {
        [web::get().to($handler), web::head().to($handler)]
    };
}

macro_rules! record {
    ($room:ident) => {
        [
            web::put().to($room::create),
            web::post().to($room::update),
            web::delete().to($room::remove),
        ]
        .into_iter()
        .chain(reading!($room::get))
        .collect()
    };
}

fn table() -> Vec<Endpoint> {
    let read = |path, routes: [Route; 2]| Endpoint {
        path,
        allow: READ,
        routes: routes.into(),
    };
    let record = |path, routes| Endpoint {
        path,
        allow: RECORD,
        routes,
    };
    vec![
        read("/api", reading!(status::get)),
        read("/api/user", reading!(users::list)),
        record("/api/user/{id}", record!(users)),
        read("/api/role", reading!(roles::list)),
        record("/api/role/{id}", record!(roles)),
    ]
}

/// Whether a path belongs to this surface, whether or not it exists.
pub fn serves(path: &str) -> bool {
    matches!(path, "/api" | "/api/") || is_within(path, "/api/user") || is_within(path, "/api/role")
}

/// All routes, with their methods.
pub fn endpoints() -> Vec<(String, &'static str)> {
    let summary = |endpoint: Endpoint| (endpoint.path.to_owned(), endpoint.allow);
    table().into_iter().map(summary).collect()
}

/// Registers `/api` and everything under `/api/user` and `/api/role`.
pub fn configure(config: &mut ServiceConfig) {
    for Endpoint {
        path,
        allow,
        routes,
    } in table()
    {
        let options = move |request: HttpRequest, cfengine: Data<Cfengine>| async move {
            answer(&cfengine, &request, async |_| Ok(Answer::allowing(allow))).await
        };
        let method_not_allowed = move |request: HttpRequest, cfengine: Data<Cfengine>| async move {
            answer(&cfengine, &request, async |_| {
                Err(ApiError::MethodNotAllowed { allow })
            })
            .await
        };
        let resource = web::resource(vec![path.to_owned(), format!("{path}/")])
            .route(web::method(Method::OPTIONS).to(options))
            .default_service(web::to(method_not_allowed));
        config.service(routes.into_iter().fold(resource, Resource::route));
    }
    for path in ["/api/user/{rest:.*}", "/api/role/{rest:.*}"] {
        config.service(web::resource(path).default_service(web::to(not_found)));
    }
}

async fn not_found(request: HttpRequest, cfengine: Data<Cfengine>) -> HttpResponse {
    answer(&cfengine, &request, async |_| Err(ApiError::NotFound)).await
}
