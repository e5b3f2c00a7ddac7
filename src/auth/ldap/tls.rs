//! Whose certificates are believed.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;

use crate::config::{distrust, trusting};

/// How connections are enciphered.
#[derive(Clone)]
pub struct Tls(pub Arc<ClientConfig>);

impl Tls {
    /// Believes what leads to a certificate of this file; without it to one that
    /// the system trusts. Else a sentence about why not.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, String> {
        Ok(Self(Arc::new(trusting(ca_file, "ldap.ca_file")?)))
    }
}

/// Why TLS failed, in words that lead to the setting. None for other failures.
pub fn reason(error: &std::io::Error) -> Option<String> {
    distrust(error, "ldap.ca_file", "ldap.url")
}
