//! When to stop: signals are received on a thread of their own, so that nothing
//! that the others do delays what follows.

use std::io;
use std::sync::Arc;

use actix_web::rt::signal;
use tokio::sync::watch;

/// Receives the signals to this process.
pub struct Signals {
    /// Has a receiver while somebody would finish what has begun.
    stop: Arc<watch::Sender<bool>>,
}

/// Exit codes of a process that a signal has ended, as a shell reports them.
const INTERRUPTED: i32 = 128 + 2;
#[cfg(unix)]
const TERMINATED: i32 = 128 + 15;

impl Signals {
    /// From now on.
    pub fn receive() -> io::Result<Self> {
        let stop = Arc::new(watch::Sender::new(false));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let sender = stop.clone();
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || runtime.block_on(receive(&sender)))?;
        Ok(Self { stop })
    }

    /// From now on there is something to finish when the process shall end.
    pub fn orderly(&self) -> Stop {
        Stop(self.stop.subscribe())
    }
}

/// The wish that the process ends in order.
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Resolves when it comes: with Ctrl-C, or SIGTERM.
    pub async fn wait(mut self) {
        // An error: the thread that receives signals is gone, so none will come.
        if self.0.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
async fn receive(stop: &watch::Sender<bool>) {
    use futures_util::future::join3;
    use signal::unix::SignalKind;
    join3(
        each(SignalKind::interrupt(), || end(stop, INTERRUPTED)),
        each(SignalKind::terminate(), || end(stop, TERMINATED)),
        each(SignalKind::hangup(), || {
            log::info!("SIGHUP changes nothing: settings are read when the program starts");
        }),
    )
    .await;
}

#[cfg(unix)]
async fn each(kind: signal::unix::SignalKind, act: impl Fn()) {
    match signal::unix::signal(kind) {
        Ok(mut signals) => {
            while signals.recv().await.is_some() {
                act();
            }
        }
        Err(error) => log::warn!("a signal has its usual effect: {error}"),
    }
}

#[cfg(not(unix))]
async fn receive(stop: &watch::Sender<bool>) {
    while signal::ctrl_c().await.is_ok() {
        end(stop, INTERRUPTED);
    }
}

/// The first signal asks for an orderly end. A second one ends the process, and
/// so does the first when there is nothing to finish yet.
fn end(stop: &watch::Sender<bool>, code: i32) {
    let is_second = *stop.borrow();
    if is_second || stop.send(true).is_err() {
        std::process::exit(code);
    }
}
