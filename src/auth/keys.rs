//! The keys of this directory: made at the first need, kept in the database so
//! that all its processes sign and believe alike, and read again now and then.

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

/// How long the keys are believed before the database is asked again.
const BELIEVED: TimeDelta = TimeDelta::seconds(60);
/// How often a key that nobody knows is looked for, at most.
const LOOKED_FOR: TimeDelta = TimeDelta::seconds(5);

/// A key that signs now or will, or that signed what may still be about.
pub struct Key {
    pub kid: String,
    /// The public key, as a JWK has it.
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

/// All keys at one moment, the newest first.
pub struct Ring {
    pub keys: Vec<Key>,
    read: DateTime<Utc>,
    /// Of the directory's keys, when they were read.
    version: u64,
}

impl Ring {
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

/// The ring as this process knows it.
#[derive(Default)]
pub struct Keys(RwLock<Option<Arc<Ring>>>);

impl Keys {
    /// The ring, with a key in it that can sign.
    pub async fn ring(
        &self,
        directory: &Directory,
        context: &Context,
    ) -> Result<Arc<Ring>, DirectoryError> {
        match self.known(directory, context.now, BELIEVED) {
            Some(ring) if ring.signing(context.now).is_some() => Ok(ring),
            _ => self.load(directory, context).await,
        }
    }

    /// The ring, read anew when this key is not in it: another process may have made it.
    pub async fn ring_with(
        &self,
        kid: &str,
        directory: &Directory,
        context: &Context,
    ) -> Result<Arc<Ring>, DirectoryError> {
        let ring = self.ring(directory, context).await?;
        let is_new = || self.known(directory, context.now, LOOKED_FOR).is_some();
        if ring.find(kid).is_some() || is_new() {
            return Ok(ring);
        }
        self.load(directory, context).await
    }

    fn known(
        &self,
        directory: &Directory,
        now: DateTime<Utc>,
        age: TimeDelta,
    ) -> Option<Arc<Ring>> {
        let known = self.0.read().ok()?;
        let ring = known.as_ref()?;
        let is_current = ring.version == directory.key_version();
        (is_current && now - ring.read < age).then(|| ring.clone())
    }

    async fn load(
        &self,
        directory: &Directory,
        context: &Context,
    ) -> Result<Arc<Ring>, DirectoryError> {
        let version = directory.key_version();
        let stored = directory.read(context, ListSigningKeys).await?;
        let mut ring = Ring::of(&stored, context.now, version);
        if ring.signing(context.now).is_none() {
            let ensure = EnsureSigningKey(random(context)?);
            let stored = directory.write(context, ensure).await?;
            ring = Ring::of(&stored, context.now, version);
        }
        let ring = Arc::new(ring);
        if let Ok(mut known) = self.0.write() {
            *known = Some(ring.clone());
        }
        Ok(ring)
    }
}

/// Makes the first key where there is none.
pub async fn ensure(directory: &Directory, context: &Context) -> Result<(), DirectoryError> {
    Keys::default().ring(directory, context).await.map(drop)
}

fn random(context: &Context) -> Result<Stored, DirectoryError> {
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

/// RFC 7638: the name of a key follows from the key.
fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64.encode(secret::digest(members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_key_is_its_thumbprint() {
        // RFC 8037, appendix A.3.
        assert_eq!(
            thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn a_private_key_does_not_print() {
        let now = clock::parse("2026-01-02T03:04:05Z").unwrap();
        let context = Context::of_program(now, crate::directory::RequestId(0));
        let stored = random(&context).unwrap();
        let printed = format!("{stored:?}");
        assert!(!printed.contains(stored.private_key.expose()), "{printed}");
        let key = Key::read(&stored).unwrap();
        assert_eq!(key.x, stored.public_key);
    }
}
