//! When to stop.

use actix_web::rt::signal;

/// Resolves when somebody asks the process to end: Ctrl-C, or SIGTERM.
pub async fn asked() {
    let interrupt = signal::ctrl_c();
    #[cfg(unix)]
    {
        use signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            futures_util::future::select(
                std::pin::pin!(interrupt),
                std::pin::pin!(terminate.recv()),
            )
            .await;
            return;
        }
    }
    if interrupt.await.is_err() {
        // Without signals the process can only be killed.
        std::future::pending::<()>().await;
    }
}
