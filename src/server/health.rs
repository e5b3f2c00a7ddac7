use actix_web::http::header;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::probes::Probes;
use crate::api::{Api, not_ready, read_only};
use crate::directory::{Context, Directory};
use crate::jsonapi::MEDIA_TYPE;
use crate::storage::postgres::ReplicaStatus;

/// Registers `/health`.
pub fn configure(config: &mut ServiceConfig) {
    config.service(
        web::resource("/health")
            .get(health)
            .head(health)
            .default_service(web::to(method_not_allowed)),
    );
}

/// `GET /health`, without authentication: 200 while the database accepts changes, else
/// 503 with the reason.
async fn health(request: HttpRequest, api: Data<Api>, probes: Data<Probes>) -> HttpResponse {
    let directory = &api.auth.directory;
    let context = Context::of_program(directory.clock().now(), api.next_request_id());
    match directory.obstacle(&context).await {
        None => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, MEDIA_TYPE))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::VARY, "Accept"))
            .body(body(directory, &probes)),
        Some(obstacle) => not_ready(&api, &request, obstacle.code(), obstacle.sentence()),
    }
}

/// Includes the status of the replica and of scheduled backups, if they are configured.
/// They do not affect the health of the service.
fn body(directory: &Directory, probes: &Probes) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let replica = directory.replica_state().map(|(status, lag_ms)| {
        let (status, lag) = match status {
            ReplicaStatus::Starting => ("starting", None),
            ReplicaStatus::Serving => ("serving", Some(lag_ms)),
            ReplicaStatus::Behind => ("behind", Some(lag_ms)),
            ReplicaStatus::Unreachable => ("unreachable", None),
        };
        let lag = lag.map(|lag| format!(r#","lag_ms":{lag}"#));
        let lag = lag.unwrap_or_default();
        format!(r#","replica":{{"status":"{status}"{lag}}}"#)
    });
    let replica = replica.unwrap_or_default();
    let backups = probes.backups.json();
    let backups = backups.map(|backups| format!(r#","backup":{backups}"#));
    let backups = backups.unwrap_or_default();
    format!(r#"{{"meta":{{"status":"ok","version":"{version}"{replica}{backups}}}}}"#)
}

/// Other methods.
pub async fn method_not_allowed(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    read_only(&api, &request)
}
