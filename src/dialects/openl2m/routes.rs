//! The routes of this surface. Each has a trailing slash; requests without it are
//! redirected.

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::call::{Call, Endpoint, OpenL2m, answer};
use super::error::ApiError;
use super::list::list;
use super::options::describe;
use super::{tokens, users};
use crate::dialects::paths::is_within;

const USERS: Endpoint = Endpoint {
    path: "/api/admin/users/",
    name: "Api Admin Users",
    description: "List and create users.",
    allow: "GET, POST, HEAD, OPTIONS",
};
const USER: Endpoint = Endpoint {
    path: "/api/admin/users/{id:[0-9]+}/",
    name: "Api Admin User Detail",
    description: "Show and change a user.",
    allow: "GET, POST, PATCH, HEAD, OPTIONS",
};
const TOKEN: Endpoint = Endpoint {
    path: "/api/users/token/",
    name: "Api Token",
    description: "Exchange a username and a password for a token.",
    allow: "POST, OPTIONS",
};
const UNKNOWN: Endpoint = Endpoint {
    path: "",
    name: "",
    description: "",
    allow: "",
};

/// Whether a path belongs to this surface, whether or not it exists.
pub fn serves(path: &str) -> bool {
    is_within(path, "/api/admin/users") || is_within(path, "/api/users")
}

const ENDPOINTS: [Endpoint; 3] = [USERS, USER, TOKEN];

/// All routes, with their methods.
pub fn endpoints() -> Vec<(String, &'static str)> {
    let summary = |endpoint: Endpoint| (endpoint.path.to_owned(), endpoint.allow);
    ENDPOINTS.map(summary).into()
}

/// Registers the routes under `/api/admin/users` and `/api/users`.
pub fn configure(config: &mut ServiceConfig) {
    let without_slash = ENDPOINTS.map(|endpoint| endpoint.path.trim_end_matches('/'));
    config
        .service(web::resource(USERS.path).to(of_users))
        .service(web::resource(USER.path).to(of_user))
        .service(web::resource(TOKEN.path).to(of_token))
        .service(web::resource(without_slash).to(add_slash))
        .service(
            web::resource(["/api/admin/users/{rest:.*}", "/api/users/{rest:.*}"]).to(not_found),
        );
}

async fn of_users(
    request: HttpRequest,
    shared: Data<OpenL2m>,
    mut payload: Payload,
) -> HttpResponse {
    answer(&shared, &request, USERS, async |call| {
        match *call.request.method() {
            Method::GET | Method::HEAD => list(call).await,
            Method::POST => users::create(call, &mut payload).await,
            _ => other(call).await,
        }
    })
    .await
}

async fn of_user(
    request: HttpRequest,
    shared: Data<OpenL2m>,
    mut payload: Payload,
) -> HttpResponse {
    answer(&shared, &request, USER, async |call| {
        match *call.request.method() {
            Method::GET | Method::HEAD => users::get(call).await,
            Method::POST | Method::PATCH => users::update(call, &mut payload).await,
            _ => other(call).await,
        }
    })
    .await
}

/// Authentication comes before the check of the method.
async fn other(call: &Call<'_>) -> Result<HttpResponse, ApiError> {
    call.guard().await?;
    match *call.request.method() {
        Method::OPTIONS => describe(call),
        _ => Err(call.method_not_allowed()),
    }
}

async fn of_token(
    request: HttpRequest,
    shared: Data<OpenL2m>,
    mut payload: Payload,
) -> HttpResponse {
    answer(&shared, &request, TOKEN, async |call| {
        match *call.request.method() {
            Method::POST => tokens::create(call, &mut payload).await,
            Method::OPTIONS => describe(call),
            _ => Err(call.method_not_allowed()),
        }
    })
    .await
}

async fn add_slash(request: HttpRequest, shared: Data<OpenL2m>) -> HttpResponse {
    let query = request.query_string();
    let mark = if query.is_empty() { "" } else { "?" };
    let target = format!("{}/{mark}{query}", request.path());
    let target = shared.location(&request, &target);
    let mut response = HttpResponse::build(StatusCode::MOVED_PERMANENTLY);
    if let Ok(target) = HeaderValue::from_str(&target) {
        response.insert_header((header::LOCATION, target));
    }
    response.finish()
}

async fn not_found(request: HttpRequest, shared: Data<OpenL2m>) -> HttpResponse {
    answer(&shared, &request, UNKNOWN, async |_| {
        Err(ApiError::NotFound)
    })
    .await
}
