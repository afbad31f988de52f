//! Keys that refresh themselves, and the service's own token. The only I/O, and the only threads
//! that stay. May name: error, encoding, jose, crypto, verify.
//!
//! | file | what it knows |
//! |---|---|
//! | `jwks/` | the issuer's key set: what is fetched, and which tokens may cause a fetch |
//! | `renewal/` | the own token: how to log in, when to renew, what a 401 means |
//! | `worker` | the background thread of either: waiting callers, fork, close |
//! | `attempts` | its attempts: results, and when the next is due |
//! | `events` | log records and calls of observers, on a thread of their own |
//! | `pacing` | jitter, back-off, budgets |
//! | `freshness` | how long an answer is fresh, and Retry-After (RFC 9110, 9111) |
//! | `http_settings` | the HTTP settings that both builders have |
//! | `transport`, `http`, `url` | one HTTP exchange |
//! | `proxy`, `connect` | the connection to the server |
//! | `tls`, `ca_bundle`, `client_certificate` | which servers are trusted, and the client's own certificate |
//! | `redirect`, `decode` | redirects, and the body of an answer |
//!
//! Readers get the keys or the token in use through one atomic pointer. They take the worker's lock
//! only if that is not enough, and nobody holds it during I/O.

mod attempts;
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
