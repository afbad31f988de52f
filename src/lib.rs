//! Verifies JSON Web Tokens (RFC 7519) locally, against the issuer's JWK Set (RFC 7517).
//!
//! There is no call to the identity provider per request. [`RemoteJwkSet`] fetches the issuer's
//! keys and refreshes them in the background, [`Policy`] holds the rules for tokens, and
//! [`Verifier`] combines both.
//!
//! ```no_run
//! # #[cfg(feature = "remote")] {
//! use bouncer_verify::{Policy, RemoteJwkSet, Verifier};
//!
//! // Once, at start-up. The issuer's metadata (OpenID Connect Discovery) contains the keys' URL.
//! let issuer = "https://idp.example/";
//! let keys = RemoteJwkSet::discover(issuer).build()?;
//! let verifier = Verifier::new(keys, Policy::for_issuer(issuer, "https://api.example/"));
//!
//! // For each request: the value of its Authorization header.
//! let authorization = "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
//! match verifier.verify_authorization(authorization) {
//!     Ok(token) => println!("the subject is {:?}", token.subject()),
//!     Err(error) => println!("HTTP {}: {error}", error.http_status()),
//! }
//! # }
//! # Ok::<(), bouncer_verify::Error>(())
//! ```
//!
//! # What to use
//!
//! | task | item |
//! |---|---|
//! | Fetch an issuer's keys and keep them fresh | [`RemoteJwkSet`] |
//! | Load keys from a document or a PEM file | [`JwkSet`], [`Jwk`] |
//! | Get keys from elsewhere, such as a database | [`KeySource`] |
//! | Set the rules for tokens | [`Policy`] |
//! | Accept several issuers, from a configuration document or in code | [`Verifier::from_config`], [`Verifier::builder`] |
//! | Verify a token, or the value of an Authorization header | [`Verifier::verify`], [`Verifier::verify_authorization`] |
//! | Verify many tokens, or the same tokens again | [`Verifier::verify_batch`], [`Verifier::with_cache`] |
//! | Verify in an event loop, without ever blocking its thread | [`Verifier::verify_now`], [`Verifier::watch`] |
//! | Read the claims | [`VerifiedToken`] |
//! | Handle an error | [`Error`], [`ErrorKind`] |
//! | Log in and keep the service's own token fresh | [`TokenRenewer`] |
//! | Configure all of this from text or JSON | [`Settings`] |
//!
//! # Keys that do not change
//!
//! If you load the key set yourself, you need only [`verify_token`]. The example verifies a token
//! of DC/OS at a fixed time.
//!
//! ```
//! use bouncer_verify::{ErrorKind, JwkSet, Policy, verify_token};
//! # let document = include_bytes!("../tests/data/document_jwks.json");
//! # let token = include_str!("../tests/data/document_token.txt").trim();
//!
//! let jwks = JwkSet::from_slice(document)?;
//! let policy = Policy::dcos().time(1467985465);
//! let verified = verify_token(&jwks, &policy, token)?;
//! assert_eq!(verified.uid(), Some("peter"));
//!
//! // One second later the token has expired.
//! let error = verify_token(&jwks, &policy.time(1467985466), token).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Expired);
//! # Ok::<(), bouncer_verify::Error>(())
//! ```
//!
//! # Errors
//!
//! Each cause has one [`ErrorKind`]. [`Error::http_status`] returns the HTTP status to respond
//! with: 401 if the token is rejected, 403 if it lacks a required scope, 503 if there are no keys,
//! 500 if a setting is wrong. The text of an error never contains the token, a claim's value or key
//! bytes, so you may log it.
//!
//! # Layers
//!
//! A layer uses only the layers above it in this table. There are no dependency cycles between
//! files. `tests/structure.rs` checks both rules. `src/verify/verify_token.rs` contains the whole
//! verification in one function.
//!
//! | layer | input | output |
//! |---|---|---|
//! | `encoding` | text | bytes; only one encoding of each value is accepted: canonical base64url, strict JSON |
//! | `jose` | bytes | types: token parts, header, claims, keys. No key is used, no clock is read |
//! | `crypto` | key, signing input, signature | valid or invalid, without a reason |
//! | `keys` | a JWK Set and a token's header | the keys that may have signed the token, and the one that did |
//! | `verify` | a token, a JWK Set and a policy | a [`VerifiedToken`], or one [`Error`] |
//! | `remote` | a URL, an issuer, an account | a [`RemoteJwkSet`] or a [`TokenRenewer`], kept fresh. The only I/O, and the only long-lived threads |
//! | `settings` | text, a JSON document | the settings of all layers ([`Settings`]) and their counters ([`Stats`]) |
//!
//! `src/ffi` (the C interface) and `src/bin` (the command line) use only what this page exports.
//! `unsafe` is allowed only in `src/ffi`, in the SIMD files, and in `src/os.rs`, which calls the
//! operating system. The checks have a fixed order, so a token with several faults always gets the
//! same error. The cases in `tests/conformance` pin that order.
//!
//! # Features
//!
//! | feature | default | |
//! |---|---|---|
//! | `aws-lc-rs` | yes | the fast back end; needs a C compiler to build |
//! | `avx512` | yes | code for CPUs with AVX-512, used if the CPU supports it: RSA is then 4 to 6 times as fast, and keys with tables are 3 to 4 times as fast. Without this feature, `unsafe` is only in the C interface and in `src/os.rs` |
//! | `rust-crypto` | | the pure-Rust back end, alone or together with aws-lc-rs ([`Backend`]) |
//! | `remote` | yes | fetched key sets and token renewers; uses aws-lc-rs for TLS |
//! | `capi` | | the C symbols, for the libraries that `make lib` builds |
//! | `cli` | | the command `bouncer-verify` |
//!
//! # Programs that also use rustls or jsonwebtoken
//!
//! Cargo builds each crate once, with the features that all its users request. The feature `remote`
//! turns on the feature `aws_lc_rs` of rustls. If your program turns on `ring`, rustls has two
//! providers, and `ClientConfig::builder()` panics until the program chooses one. Either call
//! `rustls::crypto::ring::default_provider().install_default()` first in `main`, or create each
//! configuration with `ClientConfig::builder_with_provider()`. This crate itself uses
//! `builder_with_provider()`, and neither reads nor sets the default provider. It turns on no back
//! end of jsonwebtoken and uses none of these back ends.

#![warn(unreachable_pub)]
// The documentation names the feature that an item needs. rustdoc can do this only on nightly.
#![cfg_attr(docsrs, feature(doc_cfg))]
// The library must not panic on any input.
#![cfg_attr(
    not(test),
    warn(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unwrap_used
    )
)]

mod crypto;
mod encoding;
mod error;
#[cfg(feature = "capi")]
#[allow(unsafe_code, reason = "the C boundary; each block states why it is sound")]
mod ffi;
mod jose;
mod keys;
#[allow(unsafe_code, reason = "calls to the operating system; each block states why it is sound")]
mod os;
#[cfg(feature = "remote")]
mod remote;
mod settings;
mod striped;
mod verify;

#[doc(hidden)]
pub use crypto::acceleration::Acceleration;
pub use crypto::backend::Backend;
#[doc(hidden)]
pub use crypto::signature_verifier::SignatureVerifier;
pub use error::{Error, ErrorCategory, ErrorKind, Result};
pub use jose::algorithm::Algorithm;
pub use jose::authorization::token_from_authorization;
pub use jose::jwk::Jwk;
pub use jose::skip_reason::SkipReason;
pub use keys::jwk_set::JwkSet;
pub use keys::load_options::LoadOptions;
pub use keys::skipped_key::SkippedKey;
#[cfg(feature = "remote")]
#[doc(hidden)]
pub use remote::jwks::probe::Probe;
#[cfg(feature = "remote")]
pub use remote::jwks::remote_jwk_set::RemoteJwkSet;
#[cfg(feature = "remote")]
pub use remote::jwks::remote_jwk_set_builder::RemoteJwkSetBuilder;
#[cfg(feature = "remote")]
pub use remote::jwks::status::{RemoteJwkSetState, RemoteJwkSetStatus};
#[cfg(feature = "remote")]
pub use remote::renewal::auth_method::AuthMethod;
#[cfg(feature = "remote")]
pub use remote::renewal::own_token::OwnToken;
#[cfg(feature = "remote")]
pub use remote::renewal::rejection::is_token_rejection;
#[cfg(feature = "remote")]
pub use remote::renewal::service_account::ServiceAccount;
#[cfg(feature = "remote")]
pub use remote::renewal::status::{TokenRenewerState, TokenRenewerStatus};
#[cfg(feature = "remote")]
pub use remote::renewal::token_renewer::TokenRenewer;
#[cfg(feature = "remote")]
pub use remote::renewal::token_renewer_builder::TokenRenewerBuilder;
#[cfg(feature = "remote")]
pub use remote::renewal::token_source::{NewToken, TokenSource};
#[cfg(feature = "remote")]
pub use remote::transport::{FetchError, FetchFailure, HttpRequest, HttpResponse, Transport};
#[cfg(feature = "remote")]
#[doc(hidden)]
pub use settings::configured::{ConfiguredEntry, ConfiguredKeys};
pub use settings::kind::SettingsKind;
pub use settings::row::Setting;
pub use settings::settings::Settings;
#[doc(hidden)]
pub use settings::stats::{CACHE_STATS, StatRow, VERIFICATIONS};
#[cfg(feature = "remote")]
#[doc(hidden)]
pub use settings::stats::{KEYS_STATS, RENEWER_STATS};
pub use settings::stats::{Stat, StatKind, StatValue, Stats};
#[doc(hidden)]
pub use settings::value::SettingType;
#[doc(hidden)]
pub use verify::accepted_values::issuer_of_metadata;
pub use verify::batch::verify_tokens;
pub use verify::cache::CacheStats;
pub use verify::clock::Clock;
pub use verify::columns::TokenColumns;
#[doc(hidden)]
pub use verify::explain::{Explanation, explain_keys};
pub use verify::key_source::{CurrentKeys, KeySource, MissingKey, Refetch};
pub use verify::keys::Keys;
pub use verify::policy::Policy;
#[doc(hidden)]
pub use verify::step::{Step, StepVerdict};
pub use verify::ticket::{Ticket, Verdict};
pub use verify::verified_jws::VerifiedJws;
pub use verify::verified_token::VerifiedToken;
pub use verify::verifier::{Verifier, VerifierBuilder};
pub use verify::verify_token::{verify_jws, verify_token};
pub use verify::watch::{Notifier, Notifiers, Watch};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../docs/guide/index.md")]
    struct Index;
    #[doc = include_str!("../docs/guide/keys.md")]
    struct Keys;
    #[doc = include_str!("../docs/guide/policies.md")]
    struct Policies;
    #[doc = include_str!("../docs/guide/issuers.md")]
    struct Issuers;
    #[doc = include_str!("../docs/guide/own-token.md")]
    struct OwnToken;
    #[doc = include_str!("../docs/guide/batches-and-cache.md")]
    struct BatchesAndCache;
    #[doc = include_str!("../docs/guide/event-loops.md")]
    struct EventLoops;
    #[doc = include_str!("../docs/guide/dcos.md")]
    struct Dcos;
    #[doc = include_str!("../docs/guide/operating.md")]
    struct Operating;
    #[doc = include_str!("../docs/guide/migrating-from-jsonwebtoken.md")]
    struct MigratingFromJsonwebtoken;
}
