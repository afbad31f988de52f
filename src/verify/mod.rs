//! L4: decides whether a token is accepted. May use: error, encoding, jose, crypto, keys. The time
//! comes only from the policy's [`clock::Clock`].
//!
//! `verify_token` does the whole verification: parse the token, find its key, verify the signature,
//! read the claims. `verifier` adds what a service needs: several issuers, a cache, batches, keys
//! that change.

pub(crate) mod accepted_values;
pub(crate) mod batch;
pub(crate) mod cache;
mod claim_checks;
pub(crate) mod claim_rules;
pub(crate) mod clock;
pub(crate) mod columns;
pub(crate) mod counts;
pub(crate) mod entries;
pub(crate) mod entry;
pub(crate) mod explain;
mod issuer_template;
mod issuers;
pub(crate) mod key_source;
pub(crate) mod keys;
mod missing_key;
pub(crate) mod policy;
pub(crate) mod step;
pub(crate) mod ticket;
pub(crate) mod verified_jws;
pub(crate) mod verified_token;
pub(crate) mod verifier;
pub(crate) mod verify_token;
pub(crate) mod watch;
