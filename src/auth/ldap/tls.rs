//! Whose certificates are believed.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore, crypto};

/// How connections are enciphered.
#[derive(Clone)]
pub struct Tls(pub Arc<ClientConfig>);

impl Tls {
    /// Believes what leads to a certificate of this file; without it to one that
    /// the system trusts. Else a sentence about why not.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, String> {
        let roots = match ca_file {
            Some(path) => of_file(path)
                .map_err(|problem| format!("ldap.ca_file: {} {problem}", path.display()))?,
            None => of_system()?,
        };
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be used: {error}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }
}

fn of_file(path: &Path) -> Result<RootCertStore, String> {
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| format!("cannot be read ({error})"))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let certificate =
            certificate.map_err(|error| format!("is no file of certificates ({error})"))?;
        roots
            .add(certificate)
            .map_err(|error| format!("holds a certificate that cannot be used ({error})"))?;
    }
    if roots.is_empty() {
        return Err("holds no certificate (PEM)".to_owned());
    }
    Ok(roots)
}

fn of_system() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(
            "ldap.ca_file: is needed, since this system trusts no certificates of its own"
                .to_owned(),
        );
    }
    Ok(roots)
}

/// Why TLS failed, in words that lead to the setting. None for other failures.
pub fn reason(error: &std::io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let rustls::Error::InvalidCertificate(problem) = error else {
        return Some(format!("TLS failed: {error}"));
    };
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
        NotValidYetContext, UnknownIssuer,
    };
    let why = match problem {
        UnknownIssuer => {
            "leads to no authority that is trusted here; name its file in ldap.ca_file"
        }
        Expired | ExpiredContext { .. } => "has expired",
        NotValidYet | NotValidYetContext { .. } => "is not valid yet",
        NotValidForName | NotValidForNameContext { .. } => {
            "is for another name than the one in ldap.url"
        }
        _ => return Some(format!("the server's certificate is refused: {error}")),
    };
    Some(format!("the server's certificate {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Error;

    #[test]
    fn a_refused_certificate_is_explained_and_other_failures_are_not() {
        let refused = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let told = reason(&Error::other(refused)).unwrap();
        assert!(told.contains("ldap.ca_file"), "{told}");
        assert_eq!(reason(&Error::other("no TLS at all")), None);
    }
}
