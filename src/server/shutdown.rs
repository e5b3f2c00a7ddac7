//! Handles signals on a thread of their own, so that no other work delays them.

use std::io;
use std::sync::Arc;

use actix_web::rt::signal;
use tokio::sync::watch;

/// Receives the signals of this process.
pub struct Signals {
    /// Has a receiver while a graceful shutdown is possible.
    stop: Arc<watch::Sender<bool>>,
    /// Counts the requests to read the settings again.
    hang_ups: Arc<watch::Sender<u64>>,
}

/// Exit codes of a process that a signal has terminated, as shells report them.
const INTERRUPTED: i32 = 128 + 2;
#[cfg(unix)]
const TERMINATED: i32 = 128 + 15;

impl Signals {
    /// Starts to receive signals.
    pub fn receive() -> io::Result<Self> {
        let stop = Arc::new(watch::Sender::new(false));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let hang_ups = Arc::new(watch::Sender::new(0));
        let (sender, counter) = (stop.clone(), hang_ups.clone());
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || runtime.block_on(receive(&sender, &counter)))?;
        Ok(Self { stop, hang_ups })
    }

    /// From now on the first signal starts a graceful shutdown.
    pub fn graceful(&self) -> Stop {
        Stop(self.stop.subscribe())
    }

    /// Those from now on.
    pub fn hang_ups(&self) -> HangUps {
        HangUps(self.hang_ups.subscribe())
    }
}

/// Requests to read the settings again (SIGHUP).
pub struct HangUps(watch::Receiver<u64>);

impl HangUps {
    /// Several that came at once count as one.
    pub async fn next(&mut self) {
        // An error means that no signal will arrive any more.
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The request for a graceful shutdown.
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Resolves with Ctrl-C or SIGTERM.
    pub async fn wait(mut self) {
        // An error means that the signal thread has ended, so no signal will arrive.
        if self.0.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
async fn receive(stop: &watch::Sender<bool>, hang_ups: &watch::Sender<u64>) {
    use futures_util::future::join3;
    use signal::unix::SignalKind;
    join3(
        on_signal(SignalKind::interrupt(), || {
            handle_termination(stop, INTERRUPTED)
        }),
        on_signal(SignalKind::terminate(), || {
            handle_termination(stop, TERMINATED)
        }),
        on_signal(SignalKind::hangup(), || {
            hang_ups.send_modify(|count| *count += 1);
        }),
    )
    .await;
}

#[cfg(unix)]
async fn on_signal(kind: signal::unix::SignalKind, act: impl Fn()) {
    match signal::unix::signal(kind) {
        Ok(mut signals) => {
            while signals.recv().await.is_some() {
                act();
            }
        }
        Err(error) => log::warn!("cannot handle a signal: {error}"),
    }
}

#[cfg(not(unix))]
async fn receive(stop: &watch::Sender<bool>, _: &watch::Sender<u64>) {
    while signal::ctrl_c().await.is_ok() {
        handle_termination(stop, INTERRUPTED);
    }
}

/// The first signal starts a graceful shutdown. A second one terminates the process, and
/// so does the first if there is nothing to finish yet.
fn handle_termination(stop: &watch::Sender<bool>, code: i32) {
    let is_second = *stop.borrow();
    if is_second || stop.send(true).is_err() {
        std::process::exit(code);
    }
}
