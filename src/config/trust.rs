//! Whose certificates a connection to another server believes, by the setting
//! that names a file of them.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{self, CryptoProvider};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore};

/// Trusts servers whose certificate leads to one of `ca_file`; without it to one that
/// the system trusts. Else a sentence about why not, which begins with the
/// setting of this name.
pub fn trusting(ca_file: Option<&Path>, setting: &str) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let certificates = authorities(ca_file, setting)?;
    let (added, unusable) = roots.add_parsable_certificates(certificates);
    match ca_file {
        Some(path) if unusable > 0 => Err(format!(
            "{setting}: {} holds a certificate that cannot be used",
            path.display()
        )),
        None if added == 0 => Err(no_authorities(setting)),
        _ => enciphered(roots),
    }
}

/// The certificates of the authorities to trust: those of `ca_file`, else those of
/// the system.
///
/// # Errors
/// A sentence that begins with `setting`.
pub fn authorities(
    ca_file: Option<&Path>,
    setting: &str,
) -> Result<Vec<CertificateDer<'static>>, String> {
    match ca_file {
        Some(path) => {
            of_file(path).map_err(|problem| format!("{setting}: {} {problem}", path.display()))
        }
        None => match rustls_native_certs::load_native_certs().certs {
            none if none.is_empty() => Err(no_authorities(setting)),
            certificates => Ok(certificates),
        },
    }
}

fn no_authorities(setting: &str) -> String {
    format!("{setting}: is needed, since this system trusts no certificates of its own")
}

/// What all connections to other servers are encrypted with.
pub fn crypto_provider() -> Arc<CryptoProvider> {
    Arc::new(crypto::ring::default_provider())
}

/// Trusts nobody: for where no certificate will be shown.
pub fn trusting_nobody() -> Result<ClientConfig, String> {
    enciphered(RootCertStore::empty())
}

fn enciphered(roots: RootCertStore) -> Result<ClientConfig, String> {
    let config = ClientConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be used: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

fn of_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| format!("cannot be read ({error})"))?;
    let certificates: Result<Vec<_>, _> = certificates.collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err("holds no certificate (PEM)".to_owned()),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(format!("is no file of certificates ({error})")),
    }
}

/// Why TLS with a server failed, in words that lead to the settings: of its
/// authority's file, and of its address. None for other failures.
pub fn distrust(error: &std::io::Error, ca_file: &str, address: &str) -> Option<String> {
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
            format!("leads to no authority that is trusted here; name its file in {ca_file}")
        }
        Expired | ExpiredContext { .. } => "has expired".to_owned(),
        NotValidYet | NotValidYetContext { .. } => "is not valid yet".to_owned(),
        NotValidForName | NotValidForNameContext { .. } => {
            format!("is for another name than the one in {address}")
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
        let told = distrust(&Error::other(refused), "ldap.ca_file", "ldap.url").unwrap();
        assert!(told.contains("ldap.ca_file"), "{told}");
        let other = distrust(&Error::other("no TLS at all"), "ldap.ca_file", "ldap.url");
        assert_eq!(other, None);
    }
}
