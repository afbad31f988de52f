//! Keys that change while a verifier uses them.

use super::ticket::Ticket;
use super::watch::Notifier;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::jwk_set::JwkSet;
#[cfg(feature = "remote")]
use arc_swap::Guard;
use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
#[cfg(feature = "remote")]
use std::time::Instant;

/// A source of keys that may change while a [`crate::Verifier`] uses them. `RemoteJwkSet` is one.
///
/// Implement it for keys from elsewhere: a database, a SPIFFE Workload API, a watched directory.
/// Only [`KeySource::current_keys`] is required. The other functions let a token cause a fetch if
/// its key is missing.
///
/// ```
/// use bouncer_verify::{CurrentKeys, JwkSet, KeySource, Policy, Verifier};
/// use std::sync::{Arc, RwLock};
///
/// /// Some task of the program stores new keys here and increments the generation.
/// #[derive(Debug, Clone, Default)]
/// struct Pushed(Arc<RwLock<Option<(Arc<JwkSet>, u64)>>>);
///
/// impl KeySource for Pushed {
///     fn current_keys(&self) -> CurrentKeys {
///         match &*self.0.read().unwrap() {
///             Some((jwks, generation)) => CurrentKeys::new(Arc::clone(jwks), *generation),
///             None => CurrentKeys::none(),
///         }
///     }
/// }
///
/// let source = Pushed::default();
/// let verifier = Verifier::new(source.clone(), Policy::dcos());
/// # let document = include_bytes!("../../tests/data/document_jwks.json");
/// *source.0.write().unwrap() = Some((Arc::new(JwkSet::from_slice(document)?), 1));
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
pub trait KeySource: Any + Send + Sync + fmt::Debug {
    /// Returns the keys in use, or [`CurrentKeys::none`]. The verifier calls this function for each
    /// token, so it must be fast and never block.
    fn current_keys(&self) -> CurrentKeys;

    /// Returns why there are no keys, in a few words. The text becomes the detail of the error
    /// [`crate::ErrorKind::KeysUnavailable`].
    fn why_none(&self) -> Cow<'static, str> {
        Cow::Borrowed("the key source has no keys yet")
    }

    /// Called for a token that the keys of `generation` reject, but that could be valid with
    /// another key. Returns what the verification does next. This function may start a fetch, but
    /// must not wait for it.
    ///
    /// `ticket` is the fetch that this token has already waited for, if any; see
    /// [`Ticket::is_last`].
    fn on_missing_key(&self, missing: MissingKey, generation: u64, ticket: Option<Ticket>) -> Refetch {
        let _ = (missing, generation, ticket);
        Refetch::None
    }

    /// Returns whether [`MissingKey::NewKeyOfKid`] may cause a fetch now. The verifier calls this
    /// function for each forged token, so it must be very fast.
    fn allows_fetch_for_known_kid(&self) -> bool {
        false
    }

    /// Blocks until there are keys, up to `timeout`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::KeysUnavailable`]: there are no keys after `timeout`.
    fn wait_ready(&self, timeout: Duration) -> Result<()> {
        let _ = timeout;
        match self.current_keys().generation() {
            0 => Err(Error::new(ErrorKind::KeysUnavailable, "").with_detail(self.why_none())),
            _ => Ok(()),
        }
    }

    /// Returns false if [`KeySource::wait_ready`] would not wait, because there will be no keys.
    /// Not part of the stable interface.
    #[doc(hidden)]
    fn may_become_ready(&self) -> bool {
        true
    }

    /// Blocks until the fetch of `ticket` is over, or will never be made. Returns false after
    /// `timeout`. The default is for sources without fetches.
    fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        let _ = (ticket, timeout);
        false
    }

    /// Stores `notifier`, to call [`Notifier::notify`] after each fetch, successful or not, and
    /// after the last one. Called for each [`crate::Verifier::watch`], and possibly again with the
    /// same notifier. Store it in a [`crate::Notifiers`]. The default ignores `notifier`, for
    /// sources without fetches.
    fn add_notifier(&self, notifier: &Notifier) {
        let _ = notifier;
    }

    /// Returns the longest time that one call of [`crate::Verifier::verify`] waits for fetches.
    fn max_wait(&self) -> Duration {
        Duration::ZERO
    }
}

/// A snapshot of the keys in use. It does not change while you hold it, even if the source gets new
/// keys.
#[derive(Debug)]
pub struct CurrentKeys(Held);

#[derive(Debug)]
enum Held {
    None,
    Shared(Arc<JwkSet>, u64),
    #[cfg(feature = "remote")]
    Snapshot(Guard<Option<Arc<KeySnapshot>>>),
}

/// Keys in an `ArcSwapOption`, which readers load without touching a reference count.
#[cfg(feature = "remote")]
#[derive(Debug)]
pub(crate) struct KeySnapshot {
    pub(crate) jwks: Arc<JwkSet>,
    pub(crate) generation: u64,
    /// When a refresh should have replaced these keys.
    pub(crate) refresh_at: Instant,
    /// When these keys become too old to use.
    pub(crate) usable_until: Instant,
}

impl CurrentKeys {
    /// Creates a snapshot of shared keys. `generation` starts at 1 and must increase when the keys
    /// change, and only then: each change empties the cache of verified tokens.
    pub fn new(jwks: Arc<JwkSet>, generation: u64) -> Self {
        Self(Held::Shared(jwks, generation))
    }

    /// Creates a snapshot without keys.
    pub fn none() -> Self {
        Self(Held::None)
    }

    #[cfg(feature = "remote")]
    pub(crate) fn of_snapshot(snapshot: Guard<Option<Arc<KeySnapshot>>>) -> Self {
        Self(Held::Snapshot(snapshot))
    }

    /// Returns the keys, or `None` if there are none.
    pub fn jwks(&self) -> Option<&JwkSet> {
        match &self.0 {
            Held::None => None,
            Held::Shared(jwks, _) => Some(jwks),
            #[cfg(feature = "remote")]
            Held::Snapshot(snapshot) => snapshot.as_ref().map(|snapshot| &*snapshot.jwks),
        }
    }

    /// Returns the generation of the keys, or 0 if there are none.
    pub fn generation(&self) -> u64 {
        match &self.0 {
            Held::None => 0,
            Held::Shared(_, generation) => *generation,
            #[cfg(feature = "remote")]
            Held::Snapshot(snapshot) => snapshot.as_ref().map_or(0, |snapshot| snapshot.generation),
        }
    }
}

/// The key that a token needs and the source does not have.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum MissingKey {
    /// The source has no keys at all.
    Keys,
    /// No key has this "kid".
    Kid(Box<str>),
    /// The token has no "kid", and no key verifies its signature.
    KeyWithoutKid,
    /// The key of the token's "kid" does not verify its signature. The issuer may have a new key
    /// with the same "kid".
    NewKeyOfKid,
}

/// What a verification with a missing key does next.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refetch {
    /// Return the result without another attempt.
    None,
    /// Return [`crate::ErrorKind::KeysUnavailable`] with this detail. No fetch is possible now, so
    /// it is unknown whether the issuer has the key.
    Unavailable(Cow<'static, str>),
    /// Verify again: the keys of the source have changed in the meantime.
    OtherKeys,
    /// Wait for this fetch, which is in flight or about to start, then verify again.
    Fetch(Ticket),
}
