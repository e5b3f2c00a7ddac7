//! What takes over new settings while the server runs.

use std::sync::Arc;

use super::certificate::ServerCertificate;
use super::middleware::MiddlewareState;
use super::shutdown::HangUps;
use crate::config::Settings;

#[derive(Clone)]
pub struct Reload {
    pub state: Arc<MiddlewareState>,
    pub certificate: Option<Arc<ServerCertificate>>,
}

impl Reload {
    /// Takes over what `reread` returns after each hang-up.
    pub async fn follow(self, mut hang_ups: HangUps, mut reread: impl FnMut() -> Option<Settings>) {
        loop {
            hang_ups.next().await;
            if let Some(settings) = reread() {
                self.apply(&settings);
            }
        }
    }

    fn apply(&self, settings: &Settings) {
        self.state.reload(settings);
        if let Some(certificate) = &self.certificate {
            certificate.reload();
        }
    }
}
