//! The keys that sign access tokens: created on first use, stored in the database so
//! that all processes share them, and cached for a short time.

use std::sync::{Arc, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use ed25519_dalek::{SecretKey, SigningKey as Ed25519, VerifyingKey};

use super::{jws, secret};
use crate::directory::signing_keys::{
    EnsureSigningKey, ListSigningKeys, PrivateKey, SigningKey as Stored,
};
use crate::directory::{Context, Directory, DirectoryError, clock};

/// How long the cached keys are used.
const MAX_AGE: TimeDelta = TimeDelta::seconds(60);
/// Unknown keys are looked up in the database at most this often.
const LOOKUP_INTERVAL: TimeDelta = TimeDelta::seconds(5);

/// A key that signs now or later, or whose tokens may still be in use.
pub struct Key {
    pub kid: String,
    /// The public key, as in a JWK (RFC 8037).
    pub x: String,
    signing: Ed25519,
    verifying: VerifyingKey,
    not_before: String,
}

impl Key {
    fn read(stored: &Stored) -> Option<Self> {
        if stored.algorithm != jws::ALGORITHM {
            return None;
        }
        let seed = BASE64.decode(stored.private_key.expose()).ok()?;
        let signing = Ed25519::from_bytes(&SecretKey::try_from(seed).ok()?);
        let verifying = signing.verifying_key();
        Some(Self {
            kid: stored.kid.clone(),
            x: BASE64.encode(verifying.as_bytes()),
            signing,
            verifying,
            not_before: stored.not_before.clone(),
        })
    }

    pub fn sign(&self, claims: &impl serde::Serialize) -> Result<String, DirectoryError> {
        jws::sign(&self.signing, &self.kid, claims).map_err(DirectoryError::internal)
    }

    pub fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }
}

/// All keys, the newest first.
pub struct KeySet {
    pub keys: Vec<Key>,
    read: DateTime<Utc>,
    /// The key version of the directory when they were read.
    version: u64,
}

impl KeySet {
    fn of(stored: &[Stored], read: DateTime<Utc>, version: u64) -> Self {
        let keys = stored.iter().filter_map(Key::read).collect();
        Self {
            keys,
            read,
            version,
        }
    }

    pub fn find(&self, kid: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    pub fn signing(&self, now: DateTime<Utc>) -> Option<&Key> {
        let now = clock::text(now);
        self.keys.iter().find(|key| key.not_before <= now)
    }
}

/// The key set, cached in this process.
#[derive(Default)]
pub struct KeyStore(RwLock<Option<Arc<KeySet>>>);

impl KeyStore {
    /// The key set, which has a key that can sign.
    pub async fn key_set(
        &self,
        directory: &Directory,
        context: &Context,
    ) -> Result<Arc<KeySet>, DirectoryError> {
        match self.cached(directory, context.now, MAX_AGE) {
            Some(key_set) if key_set.signing(context.now).is_some() => Ok(key_set),
            _ => self.load(directory, context).await,
        }
    }

    /// The key set, read again if it lacks this key, which another process may have
    /// created.
    pub async fn key_set_with(
        &self,
        kid: &str,
        directory: &Directory,
        context: &Context,
    ) -> Result<Arc<KeySet>, DirectoryError> {
        let key_set = self.key_set(directory, context).await?;
        let is_new = || {
            self.cached(directory, context.now, LOOKUP_INTERVAL)
                .is_some()
        };
        if key_set.find(kid).is_some() || is_new() {
            return Ok(key_set);
        }
        self.load(directory, context).await
    }

    fn cached(
        &self,
        directory: &Directory,
        now: DateTime<Utc>,
        age: TimeDelta,
    ) -> Option<Arc<KeySet>> {
        let known = self.0.read().ok()?;
        let key_set = known.as_ref()?;
        let is_current = key_set.version == directory.key_version();
        (is_current && now - key_set.read < age).then(|| key_set.clone())
    }

    async fn load(
        &self,
        directory: &Directory,
        context: &Context,
    ) -> Result<Arc<KeySet>, DirectoryError> {
        let version = directory.key_version();
        let stored = directory.read(context, ListSigningKeys).await?;
        let mut key_set = KeySet::of(&stored, context.now, version);
        if key_set.signing(context.now).is_none() {
            let ensure = EnsureSigningKey(generate(context)?);
            let stored = directory.write(context, ensure).await?;
            key_set = KeySet::of(&stored, context.now, version);
        }
        let key_set = Arc::new(key_set);
        if let Ok(mut known) = self.0.write() {
            *known = Some(key_set.clone());
        }
        Ok(key_set)
    }
}

/// Creates the first key if there is none.
pub async fn ensure(directory: &Directory, context: &Context) -> Result<(), DirectoryError> {
    KeyStore::default()
        .key_set(directory, context)
        .await
        .map(drop)
}

fn generate(context: &Context) -> Result<Stored, DirectoryError> {
    let mut seed: SecretKey = [0; 32];
    getrandom::fill(&mut seed).map_err(DirectoryError::internal)?;
    let signing = Ed25519::from_bytes(&seed);
    let x = BASE64.encode(signing.verifying_key().as_bytes());
    let now = context.now_text();
    Ok(Stored {
        kid: thumbprint(&x),
        algorithm: jws::ALGORITHM.to_owned(),
        private_key: PrivateKey::new(BASE64.encode(seed)),
        public_key: x,
        not_before: now.clone(),
        retired_at: None,
        created: now,
    })
}

/// The key id, computed from the key (RFC 7638).
fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64.encode(secret::digest(members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_key_is_its_thumbprint() {
        // RFC 8037, appendix A.3.
        assert_eq!(
            thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn a_private_key_is_not_printed() {
        let now = clock::parse("2026-01-02T03:04:05Z").unwrap();
        let context = Context::of_program(now, crate::directory::RequestId(0));
        let stored = generate(&context).unwrap();
        let printed = format!("{stored:?}");
        assert!(!printed.contains(stored.private_key.expose()), "{printed}");
        let key = Key::read(&stored).unwrap();
        assert_eq!(key.x, stored.public_key);
    }
}
