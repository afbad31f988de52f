//! Keys that may change between two tokens. `remote` has the one implementation; the decision needs to know
//! no more of it than this.

use super::ticket::Ticket;
use crate::crypto::jwk_set::JwkSet;
use crate::error::Error;
use std::fmt;
use std::time::Duration;

/// Where a [`super::verifier::Verifier`] gets its keys from, if not once and for all.
pub(crate) trait KeySource: Send + Sync + fmt::Debug {
    /// Calls `judge` once with the keys in use and their generation, or with `None` and 0 if there are none or they
    /// are too old.
    fn with_keys(&self, judge: &mut dyn FnMut(Option<&JwkSet>, u64));

    /// A token that could be valid lacks a key among those of `generation`. Says what could change that; never
    /// waits.
    ///
    /// `before` is what the same token waited for already.
    fn on_missing_key(&self, missing: MissingKey, generation: u64, before: Option<Ticket>) -> Refetch;

    /// Whether [`MissingKey::NewKeyOfKid`] may cause a fetch now. It costs next to nothing: forged tokens ask it by the million.
    fn allows_fetch_for_known_kid(&self) -> bool;

    /// Why there are no keys.
    fn unavailable(&self) -> Error;

    /// Waits until the fetch is done; false if it is not after `timeout`, or will not be.
    fn wait(&self, ticket: Ticket, timeout: Duration) -> bool;

    /// How long a verification may wait in all.
    fn max_wait(&self) -> Duration;
}

/// What a token lacks.
#[derive(Debug, Clone)]
pub(crate) enum MissingKey {
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
pub(crate) enum Refetch {
    /// Nothing: the verdict stands.
    None,
    /// Nothing now, and the issuer was not heard about the key: this is the verdict.
    Unavailable(Error),
    /// Other keys are in use by now.
    OtherKeys,
    /// The end of this fetch.
    Fetch(Ticket),
}
