//! JWS compact serialization (RFC 7515) with Ed25519 (RFC 8037). This algorithm
//! alone is accepted, whatever the header of a token claims.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The name in the JOSE registry that every library supports.
pub const ALGORITHM: &str = "EdDSA";

/// Bytes of a token; longer ones are rejected.
const MAX_TOKEN: usize = 8192;

#[derive(Serialize)]
struct Header<'a> {
    typ: &'a str,
    alg: &'a str,
    kid: &'a str,
}

#[derive(Deserialize)]
struct Sent {
    alg: String,
    kid: String,
    /// Extensions that a reader must understand; none is supported.
    crit: Option<serde_json::Value>,
}

pub fn sign(key: &SigningKey, kid: &str, claims: &impl Serialize) -> serde_json::Result<String> {
    let header = Header {
        typ: "JWT",
        alg: ALGORITHM,
        kid,
    };
    let mut token = BASE64.encode(serde_json::to_vec(&header)?);
    token.push('.');
    BASE64.encode_string(serde_json::to_vec(claims)?, &mut token);
    let signature = key.sign(token.as_bytes()).to_bytes();
    token.push('.');
    BASE64.encode_string(signature, &mut token);
    Ok(token)
}

/// A parsed token whose signature has not been verified yet.
pub struct UnverifiedToken<'a> {
    pub kid: String,
    signed: &'a str,
    claims: &'a str,
    signature: Signature,
}

impl<'a> UnverifiedToken<'a> {
    pub fn read(token: &'a str) -> Option<Self> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let sent: Sent = decode(header)?;
        if sent.alg != ALGORITHM || sent.crit.is_some() {
            return None;
        }
        let signature = BASE64.decode(signature).ok()?;
        Some(Self {
            kid: sent.kid,
            signed,
            claims,
            signature: Signature::from_slice(&signature).ok()?,
        })
    }

    /// The claims, if this key signed them.
    pub fn verify<T: DeserializeOwned>(&self, key: &VerifyingKey) -> Option<T> {
        key.verify_strict(self.signed.as_bytes(), &self.signature)
            .ok()?;
        decode(self.claims)
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_bytes(&[byte; 32])
    }

    fn claims(token: &str, key: &SigningKey) -> Option<Value> {
        UnverifiedToken::read(token)?.verify(&key.verifying_key())
    }

    #[test]
    fn a_token_is_verified_by_its_own_key_only() {
        let token = sign(&key(1), "a", &json!({"sub": "1"})).unwrap();
        assert_eq!(UnverifiedToken::read(&token).unwrap().kid, "a");
        assert_eq!(claims(&token, &key(1)), Some(json!({"sub": "1"})));
        assert_eq!(claims(&token, &key(2)), None);
    }

    #[test]
    fn a_token_with_any_changed_character_is_rejected() {
        let token = sign(&key(1), "a", &json!({"sub": "1"})).unwrap();
        for position in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[position] = if other[position] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(claims(&other, &key(1)), None, "{other}");
        }
    }

    #[test]
    fn other_algorithms_are_rejected() {
        for header in [
            json!({"alg": "none", "kid": "a"}),
            json!({"alg": "HS256", "kid": "a"}),
            json!({"alg": "eddsa", "kid": "a"}),
            json!({"alg": "EdDSA"}),
            json!({"alg": "EdDSA", "kid": "a", "crit": ["x"]}),
        ] {
            let signed = format!(
                "{}.{}",
                BASE64.encode(header.to_string()),
                BASE64.encode(json!({"sub": "1"}).to_string())
            );
            let signature = BASE64.encode(key(1).sign(signed.as_bytes()).to_bytes());
            assert!(UnverifiedToken::read(&format!("{signed}.{signature}")).is_none());
            assert!(UnverifiedToken::read(&format!("{signed}.")).is_none());
        }
    }

    #[test]
    fn malformed_tokens_are_rejected() {
        let long = "a".repeat(MAX_TOKEN + 1);
        for text in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", long.as_str()] {
            assert!(UnverifiedToken::read(text).is_none());
        }
    }
}
