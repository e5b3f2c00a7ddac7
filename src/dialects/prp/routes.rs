//! The routes of this surface, with and without a trailing slash.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Route};

use super::call::{Prp, answer};
use super::error::ApiError;
use super::options::describe;
use super::{assignable, partners, role_groups, users};
use crate::dialects::paths::is_within;

const BASE: &str = "/api/id-management";

struct Endpoint {
    path: &'static str,
    name: &'static str,
    allow: &'static str,
    routes: Vec<Route>,
}

const READ: &str = "GET, HEAD, OPTIONS";
const COLLECTION: &str = "GET, POST, HEAD, OPTIONS";

macro_rules! reading {
    ($handler:path) => {
        [web::get().to($handler), web::head().to($handler)].into_iter()
    };
}

fn table() -> Vec<Endpoint> {
    let endpoint = |path, name, allow, routes| Endpoint {
        path,
        name,
        allow,
        routes,
    };
    let users = reading!(users::list).chain([web::post().to(users::invite)]);
    let give = vec![web::post().to(role_groups::give)];
    let role_group = vec![
        web::patch().to(role_groups::change),
        web::delete().to(role_groups::remove),
    ];
    let partners = reading!(partners::list).chain([web::post().to(partners::create)]);
    let partner = reading!(partners::get).chain([web::patch().to(partners::update)]);
    let clusters = reading!(partners::clusters).collect();
    let assignable_clusters = reading!(assignable::clusters).collect();
    let assignable_partners = reading!(assignable::partners).collect();
    vec![
        endpoint("users", "Users", COLLECTION, users.collect()),
        endpoint("role-group", "Role groups", "POST, OPTIONS", give),
        endpoint(
            "role-group/{id}",
            "Role group",
            "PATCH, DELETE, OPTIONS",
            role_group,
        ),
        endpoint("partners", "Partners", COLLECTION, partners.collect()),
        endpoint(
            "partners/{id}",
            "Partner",
            "GET, PATCH, HEAD, OPTIONS",
            partner.collect(),
        ),
        endpoint(
            "partners/{id}/clusters",
            "Clusters of a partner",
            READ,
            clusters,
        ),
        endpoint(
            "assignable-clusters",
            "Assignable clusters",
            READ,
            assignable_clusters,
        ),
        endpoint(
            "assignable-partners",
            "Assignable partners",
            READ,
            assignable_partners,
        ),
    ]
}

/// Whether a path belongs to this surface, whether or not it exists.
pub fn serves(path: &str) -> bool {
    is_within(path, BASE)
}

/// All routes, with their methods.
pub fn endpoints() -> Vec<(String, &'static str)> {
    let summary = |endpoint: Endpoint| (format!("{BASE}/{}", endpoint.path), endpoint.allow);
    table().into_iter().map(summary).collect()
}

/// Registers everything under `/api/id-management`.
pub fn configure(config: &mut ServiceConfig) {
    for Endpoint {
        path,
        name,
        allow,
        routes,
    } in table()
    {
        let paths = vec![format!("{BASE}/{path}"), format!("{BASE}/{path}/")];
        let options = move |request: HttpRequest, prp: Data<Prp>| async move {
            answer(&prp, &request, async |_| describe(name, allow)).await
        };
        let resource = web::resource(paths)
            .route(web::method(actix_web::http::Method::OPTIONS).to(options))
            .default_service(web::to(move |request, prp| {
                method_not_allowed(request, prp, allow)
            }));
        config.service(
            routes
                .into_iter()
                .fold(resource, actix_web::Resource::route),
        );
    }
    config
        .service(web::resource(format!("{BASE}/{{rest:.*}}")).default_service(web::to(not_found)));
}

async fn method_not_allowed(
    request: HttpRequest,
    prp: Data<Prp>,
    allow: &'static str,
) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let method = call.request.method().to_string();
        Err(ApiError::MethodNotAllowed { method, allow })
    })
    .await
}

async fn not_found(request: HttpRequest, prp: Data<Prp>) -> HttpResponse {
    answer(&prp, &request, async |_| Err(ApiError::NotFound)).await
}
