//! Password hashes of other programs: recognized by their format, and verified
//! only if their cost is within limits.

use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{Argon2, Params};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pbkdf2::pbkdf2_hmac;
use sha_crypt::ShaCrypt;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The prefix of our own hashes.
const OURS: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// Each about a second of one core.
const MAX_BCRYPT_COST: u32 = 14;
const MAX_PBKDF2_ROUNDS: u32 = 2_000_000;
const MAX_SHA_CRYPT_ROUNDS: u32 = 500_000;
/// KiB of memory, and KiB times passes.
const MAX_ARGON2_MEMORY: u32 = 262_144;
const MAX_ARGON2_WORK: u64 = 1_048_576;
const MAX_ARGON2_LANES: u32 = 16;
/// Bytes. The work of SHA-crypt grows with the password; crypt(3) has this limit,
/// too.
const MAX_SHA_CRYPT_PASSWORD: usize = 512;
/// Bytes of a SHA-256.
const SHA256: usize = 32;

enum Form {
    Argon2id,
    Bcrypt,
    Django(Django),
    ShaCrypt,
}

struct Django {
    rounds: u32,
    salt: String,
    hash: [u8; SHA256],
}

/// Checks that a hash has a known format and an acceptable cost.
pub fn check(text: &str) -> Result<(), String> {
    form(text).map(drop)
}

/// Whether it is one of our own hashes, with our present cost.
pub fn is_ours(text: &str) -> bool {
    text.starts_with(OURS)
}

pub fn verify(password: &str, text: &str) -> bool {
    match form(text) {
        Ok(Form::Argon2id) => Phc::new(text).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        }),
        Ok(Form::Bcrypt) => bcrypt::verify(password, text).unwrap_or(false),
        Ok(Form::Django(django)) => {
            let mut found = [0; SHA256];
            pbkdf2_hmac::<Sha256>(
                password.as_bytes(),
                django.salt.as_bytes(),
                django.rounds,
                &mut found,
            );
            found.ct_eq(&django.hash).into()
        }
        Ok(Form::ShaCrypt) => {
            password.len() <= MAX_SHA_CRYPT_PASSWORD
                && ShaCrypt::default()
                    .verify_password(password.as_bytes(), text)
                    .is_ok()
        }
        Err(_) => false,
    }
}

fn form(text: &str) -> Result<Form, String> {
    if text.starts_with("$argon2id$") {
        return argon2id(text);
    }
    if ["$2a$", "$2b$", "$2y$"]
        .iter()
        .any(|start| text.starts_with(start))
    {
        return bcrypt_form(text);
    }
    if let Some(rest) = text.strip_prefix("pbkdf2_sha256$") {
        return django(rest).map(Form::Django);
    }
    if text.starts_with("$5$") || text.starts_with("$6$") {
        return sha_crypt_form(text);
    }
    Err(
        "This hash format is not supported: use argon2id, bcrypt, pbkdf2_sha256 or SHA-crypt."
            .into(),
    )
}

fn broken(name: &str) -> String {
    format!("This {name} hash is incomplete.")
}

fn costly(what: &str, max: impl std::fmt::Display) -> String {
    format!("This hash costs too much to verify: {what} can be at most {max}.")
}

fn argon2id(text: &str) -> Result<Form, String> {
    let hash = Phc::new(text).map_err(|_| broken("argon2id"))?;
    let params = Params::try_from(&hash).map_err(|_| broken("argon2id"))?;
    if hash.hash.is_none() || hash.salt.is_none() {
        return Err(broken("argon2id"));
    }
    let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
    if params.m_cost() > MAX_ARGON2_MEMORY {
        return Err(costly("m", MAX_ARGON2_MEMORY));
    }
    if work > MAX_ARGON2_WORK {
        return Err(costly("m times t", MAX_ARGON2_WORK));
    }
    if params.p_cost() > MAX_ARGON2_LANES {
        return Err(costly("p", MAX_ARGON2_LANES));
    }
    Ok(Form::Argon2id)
}

fn bcrypt_form(text: &str) -> Result<Form, String> {
    let parts: bcrypt::HashParts = text.parse().map_err(|_| broken("bcrypt"))?;
    if parts.get_cost() > MAX_BCRYPT_COST {
        return Err(costly("the cost", MAX_BCRYPT_COST));
    }
    Ok(Form::Bcrypt)
}

/// `ROUNDS$SALT$HASH`, as Django's `PBKDF2PasswordHasher` writes it.
fn django(rest: &str) -> Result<Django, String> {
    let wrong = || broken("pbkdf2_sha256");
    let mut parts = rest.split('$');
    let (Some(rounds), Some(salt), Some(hash), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong());
    };
    let is_number = !rounds.is_empty() && rounds.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Err(wrong());
    }
    // A number that overflows is above the limit, too.
    let rounds = rounds.parse().unwrap_or(u32::MAX);
    if rounds > MAX_PBKDF2_ROUNDS {
        return Err(costly("the rounds", MAX_PBKDF2_ROUNDS));
    }
    let hash = STANDARD.decode(hash).map_err(|_| wrong())?;
    let hash: [u8; SHA256] = hash.try_into().map_err(|_| wrong())?;
    if rounds == 0 || salt.is_empty() {
        return Err(wrong());
    }
    Ok(Django {
        rounds,
        salt: salt.to_owned(),
        hash,
    })
}

/// `$5$SALT$HASH` or `$6$SALT$HASH`, with `rounds=N$` before the salt or not.
fn sha_crypt_form(text: &str) -> Result<Form, String> {
    let wrong = || broken("SHA-crypt");
    let length = if text.starts_with("$5$") { 43 } else { 86 };
    let mut parts: Vec<&str> = text.split('$').skip(2).collect();
    if let Some(rounds) = parts.first().and_then(|part| part.strip_prefix("rounds=")) {
        let rounds: u32 = rounds.parse().map_err(|_| wrong())?;
        if rounds > MAX_SHA_CRYPT_ROUNDS {
            return Err(costly("the rounds", MAX_SHA_CRYPT_ROUNDS));
        }
        parts.remove(0);
    }
    let is_crypt = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/'))
    };
    match parts.as_slice() {
        [salt, hash]
            if salt.len() <= 16 && is_crypt(salt) && hash.len() == length && is_crypt(hash) =>
        {
            Ok(Form::ShaCrypt)
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::hashing::hash;

    /// Made by other programs: htpasswd (bcrypt), Django, `openssl passwd`.
    pub const MADE_ELSEWHERE: &[&str] = &[
        "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/",
        "$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0",
        "$6$rounds=7000$roundsalt$3N2MkVEmyxsyb8lKfw.MtlGU27toms1.4H9H/J5eaMs9JOmgEBxs6E4hcswYgPSbdxxqpwL8PFh3Zgl3xhjsA0",
        "$5$rounds=1234$roundsalt$tMuKpr63o2WG9LXCX9E7AnxT9u5IJgFfQdER6.Q6QvC",
        "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=",
        "pbkdf2_sha256$390000$seasalt$z1xhzdNeaxpP9TD2jo1fyTn0yVzeYUS/JMGXp8cdybM=",
        "$2a$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
        "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
        "$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
    ];

    #[test]
    fn every_format_matches_its_own_password_only() {
        for text in MADE_ELSEWHERE {
            assert_eq!(check(text), Ok(()), "{text}");
            assert!(verify("correct horse", text), "{text}");
            assert!(!verify("correct hors", text), "{text}");
            assert!(!verify("", text), "{text}");
            assert!(!is_ours(text), "{text}");
        }
    }

    #[test]
    fn our_own_hashes_are_recognized() {
        let ours = hash("x").unwrap();
        assert!(is_ours(ours.expose()));
        assert_eq!(check(ours.expose()), Ok(()));
    }

    #[test]
    fn unknown_incomplete_and_too_costly_hashes_are_rejected() {
        for (text, why) in [
            ("", "format is not supported"),
            ("hunter2", "format is not supported"),
            (
                "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
                "format is not supported",
            ),
            ("pbkdf2_sha1$1000$salt$x", "format is not supported"),
            (
                "$argon2i$v=19$m=16,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
                "format is not supported",
            ),
            ("$argon2id$v=19$m=19456,t=2,p=1$", "incomplete"),
            ("$2b$12$tooshort", "incomplete"),
            (
                "$2b$31$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde",
                "too much",
            ),
            ("pbkdf2_sha256$1000$salt$!", "incomplete"),
            (
                "pbkdf2_sha256$0$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                "incomplete",
            ),
            ("pbkdf2_sha256$99999999999$salt$AAAA", "too much"),
            ("pbkdf2_sha256$2000001$salt$AAAA", "too much"),
            ("$6$rounds=999999999$salt$x", "too much"),
            ("$6$salt$short", "incomplete"),
            (
                "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
                "too much",
            ),
        ] {
            let refused = check(text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
            assert!(!verify("", text), "{text}");
        }
    }
}
