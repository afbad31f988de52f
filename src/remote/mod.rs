//! Remote key sets that refresh in the background, and the service's own token. Only this layer
//! does I/O and has background threads. May use: error, encoding, jose, crypto, keys, verify.
//!
//! | file | content |
//! |---|---|
//! | `jwks/` | the issuer's key set: fetches it, and decides which tokens may cause a fetch |
//! | `renewal/` | the service's own token: logs in, decides when to renew, and handles a 401 |
//! | `attempt_class` | which attempts the scheduler starts first, and how many at once |
//! | `scheduler` | the process's thread that starts the attempts of all key sets and renewers |
//! | `worker` | the attempts of one key set or renewer: waiting callers, fork, close |
//! | `attempts` | the fetches or logins of a worker: their results and schedule |
//! | `events` | delivers log records and observer calls on threads of their own |
//! | `pacing` | jitter, back-off, rate limits |
//! | `freshness` | how long a response is fresh, and Retry-After (RFC 9110, 9111) |
//! | `http_settings` | the HTTP settings that both builders share |
//! | `transport`, `http`, `url` | one HTTP exchange |
//! | `proxy`, `connect` | the connection to the server, directly or through a proxy |
//! | `tls`, `trust_store`, `ca_bundle`, `client_certificate` | trusted CAs, and the client's own certificate |
//! | `trace`, `certificate` | what `bouncer-verify check` shows of an exchange |
//! | `redirect`, `decode` | the target of a redirect, and the body of a response |
//!
//! Callers read the current keys or token through one atomic pointer. A caller takes the worker's
//! lock only if the keys or the token are missing or due for renewal. No thread holds the lock
//! during I/O.

mod attempt_class;
mod attempts;
mod ca_bundle;
mod certificate;
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
mod scheduler;
mod tls;
mod trace;
pub(crate) mod transport;
mod trust_store;
mod url;
mod worker;
