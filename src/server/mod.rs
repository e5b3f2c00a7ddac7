//! The HTTP server: assembles the surfaces, limits, health and shutdown.

mod backups;
mod certificate;
mod compression;
mod connections;
mod content_coding;
mod cross_origin;
mod descriptors;
mod health;
mod housekeeping;
mod log_limit;
mod memory;
mod middleware;
mod probe_client;
mod probes;
mod reload;
mod requests;
mod shutdown;
mod surfaces;
mod too_many_requests;

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse};
use rustls::ServerConfig;

use crate::api::{self, Api};
use crate::auth::Auth;
use crate::auth::ldap::Ldap;
use crate::config::{Settings, Surface};
use crate::dialects::RequestContext;
use crate::dialects::cfengine::Cfengine;
use crate::dialects::openl2m::OpenL2m;
use crate::dialects::prp::Prp;
use crate::directory::mail::MailPolicy;
use crate::directory::{Context, Directory, RequestId};
use crate::mail::{self, Mailer, SenderHandle};
use crate::storage::Obstacle;
pub use log_limit::LogLimit;
use middleware::MiddlewareState;
pub use probe_client::{probe, reachable};
pub use shutdown::{HangUps, Signals, Stop};

use backups::BackupSchedule;
use certificate::ServerCertificate;
use connections::clients::Clients;
use connections::{ListenerConfig, serve};
use probes::Probes;
use reload::Reload;
use surfaces::Surfaces;

/// How long shutdown waits for a database that does not answer.
const LAST_ATTEMPT: Duration = Duration::from_secs(1);

/// Registers additional routes, for tests that need a misbehaving handler.
pub type Extra = fn(&mut ServiceConfig);

/// A server that has bound its port but does not accept connections yet.
pub struct Bound {
    listeners: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    settings: Settings,
    surfaces: Surfaces,
    extra: Extra,
    mailer: Option<Mailer>,
    mail: MailPolicy,
    certificate: Option<Arc<ServerCertificate>>,
    probes: Data<Probes>,
}

/// Why the server cannot start, in one sentence.
#[derive(Debug)]
pub struct BindError(String);

impl fmt::Display for BindError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for BindError {}

/// Binds the port.
pub fn bind(settings: &Settings, directory: Arc<Directory>) -> Result<Bound, BindError> {
    let listen = &settings.server.listen;
    let failed = |error: std::io::Error| BindError(format!("cannot listen on {listen}: {error}"));
    let listeners = listen.bind().map_err(failed)?;
    let addresses = listeners.iter().map(TcpListener::local_addr);
    let addresses: Vec<SocketAddr> = addresses.collect::<Result<_, _>>().map_err(failed)?;
    let auth = Auth::new(directory, settings)
        .map_err(|error| BindError(format!("cannot start the password threads: {error}")))?;
    let mail = mail::policy(&settings.mail);
    let ldap = Ldap::new(&settings.ldap).map_err(BindError)?;
    let auth = Arc::new(auth.with_mail(mail.clone()).with_ldap(ldap));
    let mut settings = settings.clone();
    // Replaces port 0 by the assigned port.
    if let Some(first) = addresses.first() {
        settings.server.listen = (*first).into();
    }
    let settings = &settings;
    let api = Data::new(Api::new(auth.clone(), settings));
    Ok(Bound {
        listeners,
        addresses,
        settings: settings.clone(),
        surfaces: surfaces(&auth, api, settings),
        extra: |_| {},
        mailer: Mailer::new(&settings.mail).map_err(BindError)?,
        mail,
        certificate: ServerCertificate::load(&settings.server).map_err(BindError)?,
        probes: Data::default(),
    })
}

fn surfaces(auth: &Arc<Auth>, api: Data<Api>, settings: &Settings) -> Surfaces {
    let limits = &settings.limits;
    let serves = |surface| settings.server.serves(surface);
    let context = || request_context(&api);
    Surfaces {
        cfengine: serves(Surface::Cfengine)
            .then(|| Data::new(Cfengine::new(auth.clone(), limits, context()))),
        openl2m: serves(Surface::OpenL2m)
            .then(|| Data::new(OpenL2m::new(auth.clone(), limits, context()))),
        prp: serves(Surface::Prp).then(|| Data::new(Prp::new(auth.clone(), limits, context()))),
        api,
    }
}

/// The request properties that all surfaces share.
fn request_context(api: &Data<Api>) -> RequestContext {
    let (base, address, ids) = (api.clone(), api.clone(), api.clone());
    RequestContext {
        base_url: Box::new(move |request| api::public_url(&base, request)),
        client_address: Box::new(move |request| api::client_address(&address, request)),
        request_id: Box::new(move || ids.next_request_id()),
    }
}

impl Bound {
    /// The addresses, all with the same port.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    pub fn with(mut self, extra: Extra) -> Self {
        self.extra = extra;
        self
    }

    /// Serves until a signal asks to stop, then lets requests in flight finish.
    ///
    /// `reread` reads the settings again at each hang-up, and reports by itself what is
    /// wrong with them.
    pub fn run(
        self,
        stop: Stop,
        hang_ups: HangUps,
        reread: impl FnMut() -> Option<Settings> + 'static,
    ) -> std::io::Result<()> {
        descriptors::raise_limit();
        actix_web::rt::System::new().block_on(async {
            let started = self.start()?;
            let handle = started.handle();
            let (probes, unready) = (started.probes.clone(), started.unready);
            actix_web::rt::spawn(started.reload.clone().follow(hang_ups, reread));
            actix_web::rt::spawn(async move {
                stop.wait().await;
                probes.stop();
                if !unready.is_zero() {
                    log::info!("not ready any more; accepting connections for {unready:?}");
                    actix_web::rt::time::sleep(unready).await;
                }
                log::info!("shutting down after the requests in flight");
                handle.stop(true).await;
            });
            started.ended().await
        })
    }

    /// Starts the workers. Must be called on an actix system; the caller handles
    /// signals.
    pub fn start(self) -> std::io::Result<Started> {
        let Self {
            listeners,
            settings,
            surfaces,
            extra,
            mailer,
            mail,
            certificate,
            probes,
            ..
        } = self;
        let auth = surfaces.api.auth.clone();
        let directory = auth.directory.clone();
        let limits = settings.limits.clone();
        let origins = settings.server.cors_origins.clone();
        let description = api::describe(&settings);
        let clients = Clients::new(
            limits.connections_per_address,
            settings.server.trusted_proxies.clone(),
        );
        let state = Arc::new(MiddlewareState::new(&settings, &surfaces, clients.clone()));
        let reload = Reload {
            state: state.clone(),
            certificate: certificate.clone(),
        };
        let listening = ListenerConfig {
            listeners,
            tls: tls_config(certificate)?,
            clients,
            connections: descriptors::connections(&settings),
        };
        let shared_probes = probes.clone();
        let server = serve(&settings, listening, move || {
            // Runs once on each worker thread.
            memory::release_free_memory();
            let (within, around) = (state.clone(), state.clone());
            App::new()
                .configure(|config| surfaces.share(config))
                .app_data(shared_probes.clone())
                .wrap(from_fn(move |request, next| {
                    middleware::inner(request, next, within.clone())
                }))
                .wrap(Condition::new(!origins.is_empty(), cors(&origins)))
                .wrap(from_fn(move |request, next| {
                    middleware::outer(request, next, around.clone())
                }))
                .configure(health::configure)
                .configure(probes::configure)
                .configure(routes)
                .configure(|config| surfaces.configure(config))
                .configure(description.clone())
                .configure(extra)
                .default_service(web::to(unknown))
        })?;
        let grace = Duration::from_secs(settings.server.shutdown_seconds);
        start_background(&auth, &settings);
        let backups = backups::start(&settings, &directory, probes.clone().into_inner())?;
        let sender = mailer.map(|mailer| mail::start(mailer, directory, mail, grace));
        Ok(Started {
            server,
            sender: sender.transpose()?,
            backups,
            reload,
            auth,
            grace,
            probes,
            unready: Duration::from_secs(settings.server.unready_seconds),
        })
    }
}

/// The TLS configuration, which follows changes of the certificate; `None` for plain
/// HTTP.
fn tls_config(
    certificate: Option<Arc<ServerCertificate>>,
) -> std::io::Result<Option<ServerConfig>> {
    let Some(certificate) = certificate else {
        return Ok(None);
    };
    let config = certificate.config().map_err(std::io::Error::other)?;
    certificate.watch();
    Ok(Some(config))
}

/// Starts the periodic work beside the requests.
fn start_background(auth: &Arc<Auth>, settings: &Settings) {
    let directory = &auth.directory;
    housekeeping::start(directory.clone(), settings);
    memory::release_free_memory();
    housekeeping::flush_log();
    let unheard = Duration::from_secs(settings.auth.token_cache_seconds);
    housekeeping::follow(directory.clone(), unheard);
    housekeeping::run_access_log(auth.clone());
}

/// A running server and its background work.
pub struct Started {
    server: Server,
    sender: Option<SenderHandle>,
    backups: Option<BackupSchedule>,
    reload: Reload,
    auth: Arc<Auth>,
    grace: Duration,
    probes: Data<Probes>,
    /// How long connections are accepted after the readiness probe has begun to fail.
    unready: Duration,
}

impl Started {
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Resolves when the server and its background work have stopped.
    pub async fn ended(self) -> std::io::Result<()> {
        let outcome = self.server.await;
        drop(self.backups);
        let auth = self.auth;
        let grace = match obstacle(&auth.directory).await {
            Some(Obstacle::Unreachable) => LAST_ATTEMPT,
            _ => self.grace,
        };
        auth.access_log.flush(&auth.directory, grace).await;
        if let Some(sender) = self.sender {
            sender.stop();
        }
        outcome
    }
}

/// Why the database does not accept changes, if it does not.
async fn obstacle(directory: &Directory) -> Option<Obstacle> {
    let context = Context::of_program(directory.clock().now(), RequestId(0));
    directory.obstacle(&context).await
}

/// Paths without parameters come first, since they are matched without regular
/// expressions. Paths with a trailing slash follow as resources of their own: a resource
/// with two paths is always matched by regular expressions.
fn routes(config: &mut ServiceConfig) {
    for end in ["", "/"] {
        let mut endpoints = api::endpoints();
        endpoints.sort_by_key(|endpoint| endpoint.path.contains('{'));
        for endpoint in endpoints {
            config.service(endpoint.into_resource(end));
        }
    }
}

/// Whether these settings name a certificate.
///
/// # Errors
/// A sentence about the file that cannot be used.
pub fn has_certificate(settings: &Settings) -> Result<bool, String> {
    Ok(ServerCertificate::load(&settings.server)?.is_some())
}

/// The OpenAPI description for these settings.
pub fn openapi(settings: &Settings) -> String {
    api::openapi(settings)
}

async fn unknown(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    api::fallback(&api, &request)
}

/// CORS for pages of these origins. They send credentials in headers, so cookies are not
/// allowed.
fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            "Accept",
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "If-None-Match",
        ])
        .expose_headers([
            "Location",
            "ETag",
            "Retry-After",
            "X-Request-Id",
            "Idempotency-Replayed",
        ])
        .max_age(3600);
    if origins.iter().any(|origin| origin == "*") {
        return cors.allow_any_origin().send_wildcard();
    }
    origins
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(origin))
}
