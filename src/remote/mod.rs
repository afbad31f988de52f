//! L4: keys that keep themselves. The only I/O and the only threads. May name: error, encoding, jose,
//! crypto, verify.
//!
//! | file | what it knows |
//! |---|---|
//! | `remote_jwk_set` | the handle: settings, waiting, verification's questions |
//! | `jwks_job` | one attempt: from location to a set in use |
//! | `misses` | whether a token that no key fits may cause an attempt |
//! | `worker` | the background thread: when to attempt, who waits, fork, close |
//! | `pacing` | jitter, back-off, budgets |
//! | `freshness` | how long an answer is fresh (RFC 9111) |
//! | `last_good` | the file that survives a restart |
//! | `discovery` | OpenID Provider metadata |
//! | `transport`, `http`, `url` | one HTTP exchange |
//!
//! Verifications read the set in use through one atomic pointer. They take the worker's lock only for a token
//! that misses a key, and nobody holds it during I/O.

mod discovery;
mod freshness;
mod http;
mod jwks_job;
mod last_good;
mod misses;
mod pacing;
pub(crate) mod remote_jwk_set;
pub(crate) mod status;
pub(crate) mod transport;
mod url;
mod worker;
