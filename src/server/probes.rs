//! What an orchestrator and a load balancer ask: does the process answer, and
//! may requests be sent to it? `/health` (`health`) is for people and monitors.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::header;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};

use super::backups::BackupStatus;
use super::health::method_not_allowed;
use crate::api::{Api, not_ready};
use crate::directory::migrations::AreMigrationsApplied;
use crate::directory::{Context, Directory};
use crate::jsonapi::MEDIA_TYPE;

/// How long it is believed that the tables are current.
const BELIEVED: Duration = Duration::from_secs(1);

/// What the probes know beside the directory.
#[derive(Debug, Default)]
pub struct Probes {
    is_stopping: AtomicBool,
    pub backups: BackupStatus,
    /// When the tables were last found to be current.
    current: Mutex<Option<Instant>>,
}

/// Why no request should be sent here: a code for programs, and a sentence.
struct Unready(&'static str, &'static str);

impl Probes {
    /// From now on nothing should be sent here.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
    }

    async fn check(&self, directory: &Directory, context: &Context) -> Result<(), Unready> {
        if self.is_stopping.load(Ordering::Acquire) {
            return Err(Unready("stopping", "The service is about to stop."));
        }
        if let Some(obstacle) = directory.obstacle(context).await {
            return Err(Unready(obstacle.code(), obstacle.sentence()));
        }
        if directory.is_write_queue_full() {
            let sentence = "The queue of changes is full.";
            return Err(Unready("queue_full", sentence));
        }
        if !self.are_migrations_applied(directory, context).await {
            let sentence = "The tables of the database lack a migration of this version.";
            return Err(Unready("migrations", sentence));
        }
        Ok(())
    }

    /// A database that does not answer is no news about its tables.
    async fn are_migrations_applied(&self, directory: &Directory, context: &Context) -> bool {
        if self.known().is_some_and(|since| since.elapsed() < BELIEVED) {
            return true;
        }
        let applied = directory.read(context, AreMigrationsApplied).await;
        if matches!(applied, Ok(true)) {
            *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        !matches!(applied, Ok(false))
    }

    fn known(&self) -> Option<Instant> {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Both probes, under their paths.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/health/live")
                .get(live)
                .head(live)
                .default_service(web::to(method_not_allowed)),
        )
        .service(
            web::resource("/health/ready")
                .get(ready)
                .head(ready)
                .default_service(web::to(method_not_allowed)),
        );
}

/// `GET /health/live`: the process answers. Nothing else is looked at, since a
/// restart would mend nothing else.
async fn live() -> HttpResponse {
    well()
}

/// `GET /health/ready`: 200 while requests may be sent here, else 503 with the
/// reason.
async fn ready(request: HttpRequest, api: Data<Api>, probes: Data<Probes>) -> HttpResponse {
    let directory = &api.auth.directory;
    let context = Context::of_program(directory.clock().now(), api.next_request_id());
    match probes.check(directory, &context).await {
        Ok(()) => well(),
        Err(Unready(code, sentence)) => not_ready(&api, &request, code, sentence),
    }
}

fn well() -> HttpResponse {
    let version = env!("CARGO_PKG_VERSION");
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, MEDIA_TYPE))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "Accept"))
        .body(format!(
            r#"{{"meta":{{"status":"ok","version":"{version}"}}}}"#
        ))
}
