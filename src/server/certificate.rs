//! The server certificate: loaded at start and reloaded when its files change, so that
//! renewals need no restart.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};

use actix_web::rt;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::crypto::{self, CryptoProvider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::pki_types::{ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme,
};

use crate::config::Server;

/// How often the files are checked.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// The files and their last valid content.
#[derive(Debug)]
pub struct ServerCertificate {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl ServerCertificate {
    /// `None` without TLS.
    ///
    /// # Errors
    /// A sentence about the file that cannot be used.
    pub fn load(settings: &Server) -> Result<Option<Arc<Self>>, String> {
        let (Some(certificate), Some(key)) = (&settings.tls_certificate, &settings.tls_key) else {
            return Ok(None);
        };
        let current = RwLock::new(Arc::new(read(certificate, key)?));
        Ok(Some(Arc::new(Self {
            certificate: certificate.clone(),
            key: key.clone(),
            current,
        })))
    }

    /// TLS 1.2 and 1.3; the listener adds HTTP/2 and HTTP/1.1 by ALPN.
    pub fn config(self: &Arc<Self>) -> Result<ServerConfig, String> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be used: {error}"))?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        Ok(config)
    }

    /// Watches the files until the system stops.
    pub fn watch(self: Arc<Self>) {
        rt::spawn(async move {
            let mut seen = self.modified_times();
            loop {
                rt::time::sleep(POLL_INTERVAL).await;
                let now = self.modified_times();
                if now != seen && self.reload() {
                    seen = now;
                }
            }
        });
    }

    /// The modification times of both files, if available.
    fn modified_times(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| {
            let known = std::fs::metadata(path).and_then(|metadata| metadata.modified());
            known.ok()
        })
    }

    /// Reloads the files; returns whether they are valid. If not, the last certificate
    /// stays in use.
    pub fn reload(&self) -> bool {
        match read(&self.certificate, &self.key) {
            Ok(new) => {
                if let Ok(mut current) = self.current.write() {
                    *current = Arc::new(new);
                }
                log::info!("reloaded the certificate");
                true
            }
            Err(problem) => {
                log::warn!(
                    "could not reload the certificate, the previous one stays in use: {problem}"
                );
                false
            }
        }
    }
}

impl ResolvesServerCert for ServerCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current.read().ok().map(|current| current.clone())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Reads both files, and checks that they belong together.
fn read(certificate: &PathBuf, key: &PathBuf) -> Result<CertifiedKey, String> {
    let about = |setting: &str, path: &PathBuf, problem: String| {
        format!("server.{setting}: {} {problem}", path.display())
    };
    let of_certificate = |problem| about("tls_certificate", certificate, problem);
    let chain = CertificateDer::pem_file_iter(certificate)
        .map_err(|error| of_certificate(format!("cannot be read ({error})")))?
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| of_certificate(format!("is not a file of certificates ({error})")))?;
    if chain.is_empty() {
        return Err(of_certificate("contains no certificate (PEM)".to_owned()));
    }
    let of_key = |problem| about("tls_key", key, problem);
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| of_key(format!("contains no readable private key (PEM) ({error})")))?;
    CertifiedKey::from_der(chain, private, &provider())
        .map_err(|error| of_key(format!("does not match the certificate ({error})")))
}

/// Trusts one certificate, whatever its names: a service that is asked on its own
/// machine shows the one of its public name.
#[derive(Debug)]
pub struct PinnedCertificate {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl PinnedCertificate {
    /// For a client of the service with the certificate of this file. Else a
    /// sentence about why not.
    pub fn client_config(path: &Path) -> Result<ClientConfig, String> {
        let problem = |why: String| format!("server.tls_certificate: {} {why}", path.display());
        let certificate = CertificateDer::from_pem_file(path)
            .map_err(|error| problem(format!("cannot be read ({error})")))?;
        let provider = provider();
        let pinned = Self {
            certificate,
            provider: provider.clone(),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be used: {error}"))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(pinned))
            .with_no_client_auth();
        Ok(config)
    }
}

impl ServerCertVerifier for PinnedCertificate {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match *shown == self.certificate {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_certificate(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (certificate, key) = (
            folder.join(format!("{name}.pem")),
            folder.join(format!("{name}.key")),
        );
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (certificate, key)
    }

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("rolecall-tls-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn settings(certificate: &Path, key: &Path) -> Server {
        Server {
            tls_certificate: Some(certificate.to_owned()),
            tls_key: Some(key.to_owned()),
            ..Server::default()
        }
    }

    #[test]
    fn invalid_files_are_named_with_the_reason() {
        let folder = folder("refused");
        let (certificate, key) = write_certificate(&folder, "one");
        let (_, other) = write_certificate(&folder, "other");
        let problem = |certificate: &Path, key: &Path| {
            ServerCertificate::load(&settings(certificate, key)).unwrap_err()
        };
        let absent = folder.join("absent");
        assert!(problem(&absent, &key).contains("server.tls_certificate: "));
        assert!(problem(&certificate, &absent).contains("server.tls_key: "));
        assert!(problem(&key, &key).contains("contains no certificate"));
        assert!(problem(&certificate, &other).contains("does not match the certificate"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_renewed_certificate_is_used_and_a_broken_one_is_not() {
        let folder = folder("renewed");
        let (certificate, key) = write_certificate(&folder, "one");
        let identity = ServerCertificate::load(&settings(&certificate, &key))
            .unwrap()
            .unwrap();
        let shown = || {
            identity
                .current
                .read()
                .unwrap()
                .cert
                .first()
                .unwrap()
                .clone()
        };
        let first = shown();
        std::fs::write(&key, "broken").unwrap();
        assert!(!identity.reload());
        assert_eq!(shown(), first);
        write_certificate(&folder, "one");
        assert!(identity.reload());
        assert_ne!(shown(), first);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
