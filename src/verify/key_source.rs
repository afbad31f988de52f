//! Keys that change while a verifier uses them.

use super::ticket::Ticket;
use crate::keys::jwk_set::JwkSet;
#[cfg(feature = "remote")]
use arc_swap::Guard;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
#[cfg(feature = "remote")]
use std::time::Instant;

/// Where a [`crate::Verifier`] gets its keys from, if they may change. `RemoteJwkSet` is one.
///
/// Implement it for keys from elsewhere: a database, a SPIFFE Workload API, a watched directory.
/// One function is required; the others let tokens cause a fetch when their key is missing.
///
/// ```
/// use bouncer_verify::{CurrentKeys, JwkSet, KeySource, Policy, Verifier};
/// use std::sync::{Arc, RwLock};
///
/// /// Some task of the program puts new keys in here, and counts the generation up.
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
pub trait KeySource: Send + Sync + fmt::Debug {
    /// The keys in use, or [`CurrentKeys::none`]. Called for each token, so it must be fast and
    /// never block.
    fn current_keys(&self) -> CurrentKeys;

    /// Why there are no keys, in a few words: the detail of [`crate::ErrorKind::KeysUnavailable`].
    fn why_none(&self) -> Cow<'static, str> {
        Cow::Borrowed("there are none yet")
    }

    /// A token that could be valid lacks a key among those of `generation`. Returns what could
    /// change that. It may start a fetch, but must not wait for it.
    ///
    /// `ticket` is that of a fetch which the same token has waited for; see [`Ticket::is_last`].
    fn on_missing_key(&self, missing: MissingKey, generation: u64, ticket: Option<Ticket>) -> Refetch {
        let _ = (missing, generation, ticket);
        Refetch::None
    }

    /// Whether [`MissingKey::NewKeyOfKid`] may cause a fetch now. It must be very fast: forged
    /// tokens ask it by the million.
    fn allows_fetch_for_known_kid(&self) -> bool {
        false
    }

    /// Blocks until the fetch of `ticket` is over. Returns false if it is not over after `timeout`,
    /// or will never be.
    fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        let _ = (ticket, timeout);
        false
    }

    /// How long [`crate::Verifier::verify`] waits for fetches in all.
    fn max_wait(&self) -> Duration {
        Duration::ZERO
    }
}

/// The keys in use at one moment. They stay as they are while this is held, even if others come
/// into use.
#[derive(Debug)]
pub struct CurrentKeys(Held);

#[derive(Debug)]
enum Held {
    None,
    Shared(Arc<JwkSet>, u64),
    #[cfg(feature = "remote")]
    Snapshot(Guard<Option<Arc<KeySnapshot>>>),
}

/// Keys as a source keeps them in an `ArcSwapOption`, which readers load without a reference count.
#[cfg(feature = "remote")]
#[derive(Debug)]
pub(crate) struct KeySnapshot {
    pub(crate) jwks: Arc<JwkSet>,
    pub(crate) generation: u64,
    /// From then on a newer snapshot should be there.
    pub(crate) refresh_at: Instant,
    /// From then on these keys are too old to use.
    pub(crate) usable_until: Instant,
}

impl CurrentKeys {
    /// Keys that are shared. `generation` starts at 1 and grows when the keys change, never
    /// otherwise: a cache forgets its tokens then.
    pub fn new(jwks: Arc<JwkSet>, generation: u64) -> Self {
        Self(Held::Shared(jwks, generation))
    }

    /// There are no keys that may be used.
    pub fn none() -> Self {
        Self(Held::None)
    }

    #[cfg(feature = "remote")]
    pub(crate) fn of_snapshot(snapshot: Guard<Option<Arc<KeySnapshot>>>) -> Self {
        Self(Held::Snapshot(snapshot))
    }

    /// The keys; `None` if there are none.
    pub fn jwks(&self) -> Option<&JwkSet> {
        match &self.0 {
            Held::None => None,
            Held::Shared(jwks, _) => Some(jwks),
            #[cfg(feature = "remote")]
            Held::Snapshot(snapshot) => snapshot.as_ref().map(|snapshot| &*snapshot.jwks),
        }
    }

    /// The generation of the keys; 0 if there are none.
    pub fn generation(&self) -> u64 {
        match &self.0 {
            Held::None => 0,
            Held::Shared(_, generation) => *generation,
            #[cfg(feature = "remote")]
            Held::Snapshot(snapshot) => snapshot.as_ref().map_or(0, |snapshot| snapshot.generation),
        }
    }
}

/// Which key a token lacks.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum MissingKey {
    /// There are no keys at all.
    Keys,
    /// No key has this "kid".
    Kid(Box<str>),
    /// The token has no "kid", and no key verifies it.
    KeyWithoutKid,
    /// The key of this "kid" does not verify it, so the issuer may have another by now.
    NewKeyOfKid,
}

/// What could change a verdict.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refetch {
    /// Nothing: the verdict is final.
    None,
    /// Nothing now, and nobody knows whether the issuer has the key: the verdict is
    /// [`crate::ErrorKind::KeysUnavailable`] with this detail.
    Unavailable(Cow<'static, str>),
    /// Other keys are in use by now: verify again.
    OtherKeys,
    /// A fetch that is in flight or about to start: the verdict is pending.
    Fetch(Ticket),
}
