//! TLS of LDAP connections: which certificates are trusted.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;

use crate::config::{distrust, trusting};

/// The TLS configuration of connections.
#[derive(Clone)]
pub struct Tls(pub Arc<ClientConfig>);

impl Tls {
    /// Trusts the certificates of this file or, without one, those of the system.
    ///
    /// # Errors
    /// A sentence about the file.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, String> {
        Ok(Self(Arc::new(trusting(ca_file, "ldap.ca_file")?)))
    }
}

/// Why TLS failed, with the name of the setting. `None` for other failures.
pub fn reason(error: &std::io::Error) -> Option<String> {
    distrust(error, "ldap.ca_file", "ldap.url")
}
