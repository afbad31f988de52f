//! The issuer's key set.
//!
//! | file | what it knows |
//! |---|---|
//! | `remote_jwk_set`, `remote_jwk_set_builder` | the handle, and its settings |
//! | `key_source` | what a verification asks |
//! | `jwks_job` | one attempt: from the location to the keys in use |
//! | `keys_in_use` | the keys that verifications read, and for how long |
//! | `misses` | which tokens without a matching key may cause a fetch |
//! | `last_good` | the file that survives a restart |
//! | `discovery` | the issuer's metadata |
//! | `status` | a snapshot |

mod discovery;
mod jwks_job;
mod key_source;
mod keys_in_use;
mod last_good;
mod misses;
pub(crate) mod remote_jwk_set;
pub(crate) mod remote_jwk_set_builder;
pub(crate) mod status;
