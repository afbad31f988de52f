//! Remote key sets.
//!
//! | file | content |
//! |---|---|
//! | `remote_jwk_set`, `remote_jwk_set_builder` | the handle and its settings |
//! | `key_source` | the interface to verifications |
//! | `jwks_job` | one fetch: from the location to the keys in use |
//! | `keys_in_use` | the keys that verifications read, with their times |
//! | `misses` | which tokens without a matching key may cause a fetch |
//! | `last_good` | the file that keeps the keys across restarts |
//! | `discovery` | the issuer's metadata |
//! | `probe` | one fetch, described step by step |
//! | `status` | a snapshot of the state |

mod discovery;
mod jwks_job;
mod key_source;
mod keys_in_use;
mod last_good;
mod misses;
pub(crate) mod probe;
pub(crate) mod remote_jwk_set;
pub(crate) mod remote_jwk_set_builder;
pub(crate) mod status;
