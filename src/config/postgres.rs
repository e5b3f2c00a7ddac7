//! What a `postgres://` address says about encryption, by libpq's parameters.

use std::borrow::Cow;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::secret::Secret;

/// An address, and what it says about encryption apart from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresAddress {
    /// For the driver, without the parameters that are read here.
    pub rest: Secret,
    /// Without it nothing is encrypted.
    pub encryption: Option<Encryption>,
}

/// The server shows a certificate for its name that leads to an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    pub authority: Authority,
}

/// Whose certificates are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// What `database.tls_ca` says, and without it the system.
    Setting,
    System,
    File(PathBuf),
}

/// Of libpq, and of no use here: whoever sets one of them relies on it.
const UNSUPPORTED: &[&str] = &[
    "requiressl",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslpassword",
    "sslsni",
];

impl PostgresAddress {
    /// The sentences about what is wrong repeat nothing that may be secret.
    pub fn read(url: &str) -> Result<Self, String> {
        let (place, parameters) = divided(url);
        let (mut is_on, mut authority, mut needs_tls) = (false, Authority::Setting, None);
        let mut rest: Vec<&str> = Vec::new();
        for parameter in parameters.split('&').filter(|text| !text.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            match name.as_ref() {
                "sslmode" => is_on = is_encrypted(&value)?,
                "sslrootcert" => {
                    authority = authority_of(&value)?;
                    needs_tls = Some("sslrootcert");
                }
                "sslnegotiation" => {
                    needs_tls = Some("sslnegotiation");
                    rest.push(parameter);
                }
                name => match UNSUPPORTED.iter().find(|known| **known == name) {
                    Some(known) => return Err(format!("{known} is not supported")),
                    None => rest.push(parameter),
                },
            }
        }
        if let (false, Some(name)) = (is_on, needs_tls) {
            return Err(format!("{name} needs sslmode=verify-full"));
        }
        let rest = match rest.is_empty() {
            true => place.to_owned(),
            false => format!("{place}?{}", rest.join("&")),
        };
        Ok(Self {
            rest: Secret::new(rest),
            encryption: is_on.then_some(Encryption { authority }),
        })
    }
}

/// Before the parameters, and they; a password may hold a question mark, too.
fn divided(url: &str) -> (&str, &str) {
    let credentials = url.find('@').map_or(0, |at| at + 1);
    let (before, behind) = url.split_at(credentials);
    match behind.split_once('?') {
        Some((place, parameters)) => (
            url.get(..before.len() + place.len()).unwrap_or(url),
            parameters,
        ),
        None => (url, ""),
    }
}

fn decoded(text: &str) -> Result<Cow<'_, str>, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map_err(|_| "has a parameter that is not UTF-8".to_owned())
}

fn is_encrypted(mode: &str) -> Result<bool, String> {
    match mode {
        "disable" => Ok(false),
        // libpq checks less with the first two; who checks more is no less safe.
        "require" | "verify-ca" | "verify-full" => Ok(true),
        "allow" | "prefer" => Err(
            "has an sslmode that anybody on the way can turn off: write verify-full, or disable"
                .to_owned(),
        ),
        _ => Err(
            "has an sslmode that is none of disable, require, verify-ca and verify-full".to_owned(),
        ),
    }
}

fn authority_of(name: &str) -> Result<Authority, String> {
    match name {
        "" => Err("has an sslrootcert that names no file".to_owned()),
        "system" => Ok(Authority::System),
        path => Ok(Authority::File(path.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> PostgresAddress {
        PostgresAddress::read(url).unwrap()
    }

    #[test]
    fn without_a_word_about_it_nothing_is_encrypted() {
        for url in [
            "postgres://me:p?w@db:5432/people",
            "postgres://db/people?application_name=a%20b&connect_timeout=3",
            "postgres:///people?host=/run/postgresql",
        ] {
            let address = read(url);
            assert_eq!(address.rest.expose(), url);
            assert_eq!(address.encryption, None);
        }
        assert_eq!(read("postgres://db/p?sslmode=disable").encryption, None);
    }

    #[test]
    fn every_mode_that_encrypts_checks_the_certificate() {
        let authority = Authority::Setting;
        for mode in ["require", "verify-ca", "verify-full", "%72equire"] {
            let address = read(&format!("postgres://me:p?w@db/p?sslmode={mode}&host=x"));
            assert_eq!(address.rest.expose(), "postgres://me:p?w@db/p?host=x");
            let authority = authority.clone();
            assert_eq!(address.encryption, Some(Encryption { authority }));
        }
    }

    #[test]
    fn the_authority_may_be_named_in_the_address() {
        let authority = |name: &str| {
            let url = format!("postgres://db/p?sslrootcert={name}&sslmode=verify-full");
            read(&url).encryption.unwrap().authority
        };
        assert_eq!(
            authority("%2Fetc%2Fca.pem"),
            Authority::File("/etc/ca.pem".into())
        );
        assert_eq!(authority("system"), Authority::System);
    }

    #[test]
    fn what_cannot_be_kept_is_refused_and_no_secret_is_repeated() {
        for (parameters, word) in [
            ("sslmode=prefer", "turn off"),
            ("sslmode=allow", "turn off"),
            ("sslmode=hunter2", "none of"),
            ("sslmode", "none of"),
            ("sslmode=REQUIRE", "none of"),
            (
                "sslmode=require&sslcert=hunter2",
                "sslcert is not supported",
            ),
            ("sslkey=hunter2", "sslkey is not supported"),
            ("sslrootcert=hunter2", "sslrootcert needs"),
            ("sslmode=disable&sslrootcert=hunter2", "sslrootcert needs"),
            ("sslnegotiation=direct", "sslnegotiation needs"),
            ("sslmode=require&sslrootcert=", "no file"),
            ("sslmode=%ff", "not UTF-8"),
        ] {
            let url = format!("postgres://me:hunter2@db/p?{parameters}");
            let problem = PostgresAddress::read(&url).unwrap_err();
            assert!(problem.contains(word), "{parameters}: {problem}");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }
}
