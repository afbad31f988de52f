//! L4: keys that keep themselves, and the service's own token. The only I/O, and the only threads that stay. May name:
//! error, encoding, jose, crypto, verify.
//!
//! | file | what it knows |
//! |---|---|
//! | `jwks/` | the issuer's key set: what is fetched, what a token may cause |
//! | `renewal/` | the own token: how to log in, when to renew, what a 401 means |
//! | `worker` | the background thread of either: when to attempt, who waits, fork, close |
//! | `events` | what is told of it, to a log or an observer, on a thread of its own |
//! | `pacing` | jitter, back-off, budgets |
//! | `freshness` | how long an answer is fresh, or the server wants to be left alone (RFC 9110, 9111) |
//! | `transport`, `http`, `http_settings`, `url` | one HTTP exchange |
//! | `proxy`, `connect`, `tls`, `ca_bundle`, `client_certificate` | the way to the server, and whether it is the right one |
//! | `redirect`, `decode` | what is made of the answer before anyone reads it |
//!
//! Readers take the set or the token in use through one atomic pointer. They take the worker's lock only when
//! that is not enough, and nobody holds it during I/O.

mod ca_bundle;
mod client_certificate;
mod connect;
mod decode;
mod events;
mod freshness;
mod http;
mod http_settings;
pub(crate) mod jwks;
mod pacing;
mod proxy;
mod redirect;
pub(crate) mod renewal;
mod tls;
pub(crate) mod transport;
mod url;
mod worker;
