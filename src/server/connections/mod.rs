//! Connections: accepted within limits, and closed when their clients time out.
//!
//! actix-web has timeouts for the first headers of a connection and for keep-alive of
//! HTTP/1 only. Headers of later requests, chunked bodies that no handler reads,
//! responses that the client does not read, idle HTTP/2 connections and closed HTTP/2
//! windows have none. So `HttpServer` is replaced by its own parts with a layer between
//! TCP and TLS, which works for all protocols:
//!
//! - `clients` counts connections and requests by client address;
//! - `monitored` wraps each stream and records its activity in an `activity`, and so
//!   does `requests`;
//! - `sweeper` checks all activities twice a second and closes connections.
//!
//! Request bodies have their timeouts in `requests`, where the response can still be
//! 408.

pub mod activity;
pub mod clients;
mod monitored;
mod sweeper;

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::body::MessageBody;
use actix_http::error::DispatchError;
use actix_http::{Extensions, HttpServiceBuilder, Protocol, Request, Response};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_service, map_config,
};
use actix_web::Error;
use actix_web::dev::{AppConfig, Server};
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::{Limits, Settings};
use activity::{Activity, Timeouts};
use clients::Clients;
use monitored::MonitoredStream;
use sweeper::Sweeper;

/// How long a client can go on sending after an early response: resetting the
/// connection at once could lose the response.
pub const LINGER: Duration = Duration::from_secs(1);

/// HTTP/2 flow control windows of a stream and of a connection, in bytes.
pub const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// The name of the services of the listeners.
const NAME: &str = "rolecall";

/// The listeners and their limits.
#[derive(Debug)]
pub struct ListenerConfig {
    pub listeners: Vec<TcpListener>,
    pub tls: Option<ServerConfig>,
    pub clients: Arc<Clients>,
    /// Concurrent connections; beyond them accepting pauses.
    pub connections: usize,
}

/// Serves `app` until it is stopped; must be called on an actix system.
pub fn serve<F, I, S, B>(
    settings: &Settings,
    listening: ListenerConfig,
    app: F,
) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let workers = workers(settings);
    let mut builder = Server::build()
        .workers(workers)
        .max_concurrent_connections(listening.connections.div_ceil(workers))
        .shutdown_timeout(settings.server.shutdown_seconds)
        .disable_signals();
    let limits = settings.limits.clone();
    let stopping = builder.graceful_shutdown_signal();
    let stopping = move || {
        let stopping = stopping.clone();
        async move { stopping.notified().await }
    };
    let app = move || {
        let app = app().into_factory();
        let app = app.map_err(|error| error.into().error_response());
        map_config(app, |()| AppConfig::default())
    };
    let timeouts = Timeouts::of(&limits);
    for listener in listening.listeners {
        let (limits, clients) = (limits.clone(), listening.clients.clone());
        let (app, stopping) = (app.clone(), stopping.clone());
        builder = match &listening.tls {
            None => builder.listen(NAME, listener, move || {
                let http = http(&limits, |stream: &MonitoredStream| stream.activity())
                    .graceful_shutdown_signal(stopping.clone())
                    .finish(app());
                over_tcp(http, timeouts, clients.clone())
            }),
            Some(config) => {
                let handshake = Handshake::new(config.clone(), &limits);
                builder.listen(NAME, listener, move || {
                    let http = http(&limits, |stream: &TlsStream<MonitoredStream>| {
                        stream.get_ref().0.activity()
                    })
                    .graceful_shutdown_signal(stopping.clone())
                    .finish(app());
                    over_tls(http, handshake.clone(), timeouts, clients.clone())
                })
            }
        }?;
    }
    Ok(builder.run())
}

fn workers(settings: &Settings) -> usize {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    settings.server.workers.unwrap_or(cores)
}

/// Accepts connections within the limits and hands them to `http`.
fn over_tcp<H>(
    http: H,
    timeouts: Timeouts,
    clients: Arc<Clients>,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    H: ServiceFactory<
            (MonitoredStream, Protocol, Option<SocketAddr>),
            Config = (),
            Response = (),
            Error = DispatchError,
            InitError = (),
        > + 'static,
{
    let sweeper = Sweeper::start(timeouts);
    fn_service(move |stream: TcpStream| {
        let accepted = accept(stream, &sweeper, &clients);
        async move {
            let (stream, peer) = accepted?;
            Ok((stream, Protocol::Http1, Some(peer)))
        }
    })
    .and_then(http)
}

/// The TLS handshake of a listener.
#[derive(Clone)]
struct Handshake {
    acceptor: TlsAcceptor,
    timeout: Duration,
}

/// Accepts connections within the limits, negotiates TLS and the protocol, and hands
/// them to `http`.
fn over_tls<H>(
    http: H,
    handshake: Handshake,
    timeouts: Timeouts,
    clients: Arc<Clients>,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    H: ServiceFactory<
            (TlsStream<MonitoredStream>, Protocol, Option<SocketAddr>),
            Config = (),
            Response = (),
            Error = DispatchError,
            InitError = (),
        > + 'static,
{
    let sweeper = Sweeper::start(timeouts);
    fn_service(move |stream: TcpStream| {
        let accepted = accept(stream, &sweeper, &clients);
        let handshake = handshake.clone();
        async move {
            let (stream, peer) = accepted?;
            let (stream, protocol) = handshake.run(stream).await?;
            Ok((stream, protocol, Some(peer)))
        }
    })
    .and_then(http)
}

/// The HTTP service with its limits. `activity` returns the activity of a connection,
/// to which its requests get access.
fn http<T: 'static, S>(
    limits: &Limits,
    activity: impl Fn(&T) -> &Rc<Activity> + 'static,
) -> HttpServiceBuilder<T, S>
where
    S: ServiceFactory<Request, Config = ()>,
    S::Error: Into<Response<actix_http::body::BoxBody>> + 'static,
    S::InitError: fmt::Debug,
    <S::Service as Service<Request>>::Future: 'static,
{
    HttpServiceBuilder::default()
        .keep_alive(Duration::from_secs(limits.keep_alive_seconds))
        .client_request_timeout(Duration::from_secs(limits.header_seconds))
        .client_disconnect_timeout(LINGER)
        .h2_initial_window_size(STREAM_WINDOW)
        .h2_initial_connection_window_size(CONNECTION_WINDOW)
        .on_connect_ext(move |stream: &T, data: &mut Extensions| {
            data.insert(activity(stream).clone());
        })
}

/// Accepts a connection, or closes it if its peer has too many.
fn accept(
    stream: TcpStream,
    sweeper: &Sweeper,
    clients: &Arc<Clients>,
) -> Result<(MonitoredStream, SocketAddr), DispatchError> {
    let peer = stream.peer_addr().map_err(DispatchError::Io)?;
    let refused = || DispatchError::Io(io::ErrorKind::QuotaExceeded.into());
    let permit = clients.connect(peer.ip()).ok_or_else(refused)?;
    let activity = sweeper.watch(permit);
    Ok((MonitoredStream::new(stream, activity), peer))
}

impl Handshake {
    fn new(mut config: ServerConfig, limits: &Limits) -> Self {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            timeout: Duration::from_secs(limits.handshake_seconds),
        }
    }

    async fn run(
        &self,
        stream: MonitoredStream,
    ) -> Result<(TlsStream<MonitoredStream>, Protocol), DispatchError> {
        let late = |_| DispatchError::SlowRequestTimeout;
        let accepted = timeout(self.timeout, self.acceptor.accept(stream)).await;
        let stream = accepted.map_err(late)?.map_err(DispatchError::Io)?;
        let (transport, session) = stream.get_ref();
        let protocol = match session.alpn_protocol() {
            Some(b"h2") => {
                transport.activity().set_http2();
                Protocol::Http2
            }
            _ => Protocol::Http1,
        };
        Ok((stream, protocol))
    }
}
