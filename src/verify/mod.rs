//! L4: the decision. May name: error, encoding, jose, crypto, keys. The time comes from the
//! policy's [`clock::Clock`] alone.
//!
//! `verify_token` is the way of a token: parse it, find its key, verify the signature, read its
//! claims. `verifier` adds what a service needs around it: a cache, batches, keys that change.

pub(crate) mod batch;
pub(crate) mod cache;
pub(crate) mod clock;
pub(crate) mod columns;
pub(crate) mod key_source;
mod missing_key;
pub(crate) mod policy;
pub(crate) mod ticket;
pub(crate) mod verified_jws;
pub(crate) mod verified_token;
pub(crate) mod verifier;
pub(crate) mod verify_token;
