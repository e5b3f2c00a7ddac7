//! Certificates that a test makes up, with those who vouch for them.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// A server's certificate and who vouches for it, all in PEM.
pub struct Identity {
    pub authority: String,
    pub certificate: String,
    pub key: String,
    /// An authority that has nothing to do with it.
    pub foreign: String,
}

impl Identity {
    /// For a server with these names.
    pub fn of(names: &[&str]) -> Self {
        let (ca, ca_key) = authority("The company");
        let pem = ca.self_signed(&ca_key).unwrap().pem();
        let issuer = Issuer::new(ca, ca_key);
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().copied().map(Into::into).collect();
        let own = CertificateParams::new(names).unwrap();
        let own = own.signed_by(&key, &issuer).unwrap();
        let (foreign, foreign_key) = authority("Somebody else");
        let foreign = foreign.self_signed(&foreign_key).unwrap();
        Self {
            authority: pem,
            certificate: own.pem(),
            key: key.serialize_pem(),
            foreign: foreign.pem(),
        }
    }
}

fn authority(name: &str) -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    (params, KeyPair::generate().unwrap())
}
