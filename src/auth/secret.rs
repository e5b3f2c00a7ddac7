//! Generated secrets: API tokens, refresh tokens and initial passwords.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::directory::tokens::TokenHash;

/// Prefixes of tokens, by which secret scanners recognize them.
const PREFIX: &str = "rc_";
const REFRESH_PREFIX: &str = "rcr_";
/// Random bytes of a token: 256 bits, so that a plain hash protects them.
const TOKEN_BYTES: usize = 32;
const PASSWORD_LENGTH: usize = 20;

/// The secret of an API token, shown once. Does not implement `Debug`.
pub struct TokenSecret(String);

impl TokenSecret {
    /// Fails only when the system has no randomness to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(format!("{PREFIX}{}", hex(&bytes))))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> TokenHash {
        hash(self.0.as_bytes())
    }
}

/// A refresh token. Does not implement `Debug`.
pub struct RefreshSecret(String);

impl RefreshSecret {
    /// Fails only when the system has no randomness to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(format!("{REFRESH_PREFIX}{}", hex(&bytes))))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> TokenHash {
        hash(self.0.as_bytes())
    }
}

/// The hash that is stored of a token.
pub fn hash(secret: &[u8]) -> TokenHash {
    TokenHash(hex(&digest(secret)))
}

pub fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// A password to copy by hand: letters and digits that are hard to confuse.
pub fn random_password() -> Result<String, getrandom::Error> {
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
    let mut bytes = [0_u8; PASSWORD_LENGTH];
    getrandom::fill(&mut bytes)?;
    let letter = |byte: u8| {
        ALPHABET
            .get(usize::from(byte % 32))
            .copied()
            .unwrap_or(b'a')
    };
    Ok(bytes.iter().map(|byte| char::from(letter(*byte))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (one, two) = (
            TokenSecret::random().unwrap(),
            TokenSecret::random().unwrap(),
        );
        assert_ne!(one.expose(), two.expose());
        assert_eq!(one.expose().len(), 3 + 64);
        assert_eq!(one.hash(), hash(one.expose().as_bytes()));
        assert_eq!(format!("{:?}", one.hash()), "[secret]");
    }

    #[test]
    fn initial_passwords_consist_of_letters_and_digits() {
        let password = random_password().unwrap();
        assert_eq!(password.len(), PASSWORD_LENGTH);
        assert!(password.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(password, random_password().unwrap());
    }
}
