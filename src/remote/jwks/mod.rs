//! The issuer's key set.
//!
//! | file | what it knows |
//! |---|---|
//! | `remote_jwk_set` | the handle: settings, waiting, verification's questions |
//! | `jwks_job` | one attempt: from location to a set in use |
//! | `misses` | whether a token that no key fits may cause an attempt |
//! | `last_good` | the file that survives a restart |
//! | `discovery` | OpenID Provider metadata |
//! | `status` | a snapshot |

mod discovery;
mod jwks_job;
mod last_good;
mod misses;
pub(crate) mod remote_jwk_set;
pub(crate) mod status;
