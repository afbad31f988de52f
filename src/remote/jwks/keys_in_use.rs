//! The keys in use, with the times until which they are fresh and usable.

use crate::keys::jwk_set::JwkSet;
use crate::remote::pacing;
use crate::remote::transport::HttpResponse;
use crate::verify::key_source::KeySnapshot;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Maximum length of a validator, in bytes. Longer validators are ignored, because they could make
/// the request too large for the server.
const MAX_VALIDATOR_LEN: usize = 1024;

#[derive(Clone)]
pub(super) struct KeysInUse {
    pub(super) jwks: Arc<JwkSet>,
    /// 1 for the first keys. Increases by one with each change.
    pub(super) generation: u64,
    /// SHA-256 of the document, in hexadecimal.
    pub(super) sha256: String,
    pub(super) document: Arc<[u8]>,
    /// When the issuer last confirmed the keys; `None` for a seed.
    pub(super) fetched: Option<SystemTime>,
    /// The time for which the keys are fresh, counted from `fetched`.
    pub(super) lifetime: Duration,
    pub(super) refresh_at: Instant,
    pub(super) fresh_until: Instant,
    pub(super) usable_until: Instant,
    pub(super) validators: Option<Validators>,
}

/// The validators of a conditional request (RFC 9110 §8.8). The server compares them to find out
/// whether its document has changed.
#[derive(Clone)]
pub(super) struct Validators {
    pub(super) url: String,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
}

impl KeysInUse {
    /// `jwks` is the parsed `document`. The keys are neither fresh nor usable until
    /// [`KeysInUse::confirm`] is called.
    pub(super) fn new(jwks: JwkSet, generation: u64, document: Vec<u8>) -> Self {
        let now = Instant::now();
        Self {
            jwks: Arc::new(jwks),
            generation,
            sha256: sha256(&document),
            document: document.into(),
            fetched: None,
            lifetime: Duration::ZERO,
            refresh_at: now,
            fresh_until: now,
            usable_until: now,
            validators: None,
        }
    }

    /// Sets the times of the keys. The issuer confirmed them at `fetched`, which was `age` ago.
    /// From `fetched` on, they are fresh for `lifetime`, and usable for `lifetime` or `max_stale`,
    /// whichever is longer. Returns the time until the next refresh.
    pub(super) fn confirm(
        &mut self,
        fetched: Option<SystemTime>,
        age: Duration,
        lifetime: Duration,
        max_stale: Duration,
    ) -> Duration {
        let now = Instant::now();
        let refresh = pacing::ahead_of_expiry(lifetime, pacing::random()).saturating_sub(age);
        (self.fetched, self.lifetime) = (fetched, lifetime);
        self.refresh_at = now + refresh;
        self.fresh_until = now + lifetime.saturating_sub(age);
        self.usable_until = now + lifetime.max(max_stale).saturating_sub(age);
        refresh
    }

    /// Returns the fields that verifications read.
    pub(super) fn snapshot(&self) -> KeySnapshot {
        KeySnapshot {
            jwks: Arc::clone(&self.jwks),
            generation: self.generation,
            refresh_at: self.refresh_at,
            usable_until: self.usable_until,
        }
    }

    #[cfg(test)]
    pub(super) fn expired(&self) -> Self {
        let now = Instant::now();
        Self { refresh_at: now, fresh_until: now, usable_until: now, ..self.clone() }
    }
}

impl Validators {
    pub(super) fn of(response: &HttpResponse, url: String) -> Option<Self> {
        let first = |name| {
            let value = response.values(name).next().filter(|value| value.len() <= MAX_VALIDATOR_LEN);
            value.map(str::to_owned)
        };
        let (etag, last_modified) = (first("etag"), first("last-modified"));
        (etag.is_some() || last_modified.is_some()).then_some(Self { url, etag, last_modified })
    }
}

/// Returns the SHA-256 of `document`, in hexadecimal.
pub(super) fn sha256(document: &[u8]) -> String {
    Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect()
}
