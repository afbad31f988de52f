//! Verifies JSON Web Tokens (RFC 7519) against an issuer's JWK Set (RFC 7517): *who sent this
//! request, and may I trust it?*
//!
//! ```
//! use bouncer_verify::{ErrorKind, JwkSet, Policy, verify_token};
//! # let document = include_bytes!("../tests/data/document_jwks.json");
//! # let token = include_str!("../tests/data/document_token.txt").trim();
//!
//! // Once: the issuer's JWK Set and what its tokens must be.
//! let jwks = JwkSet::from_slice(document)?;
//! let policy = Policy::dcos().time(1467985465);
//!
//! // For every request.
//! let verified = verify_token(&jwks, &policy, token)?;
//! assert_eq!(verified.uid(), Some("peter"));
//!
//! // One second later the token is no longer valid.
//! let error = verify_token(&jwks, &policy.time(1467985466), token).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Expired);
//! # Ok::<(), bouncer_verify::Error>(())
//! ```
//!
//! # How it is built
//!
//! A layer may name only those before it, and no two files name each other in a circle
//! (`tests/structure.rs` checks both). `src/verify/verify_token.rs` is the way of a token, in one
//! function.
//!
//! | layer | from | to |
//! |---|---|---|
//! | `encoding` | text | bytes, in one spelling only: canonical base64url, strict JSON |
//! | `jose` | bytes | types: token parts, header, claims, keys. No key is used, no clock read |
//! | `crypto` | key, signing input, signature | valid or not, with no reason given |
//! | `keys` | a JWK Set and a token's header | the keys that may have signed it, and the one that did |
//! | `verify` | all of it and a policy | a [`VerifiedToken`], or one [`Error`] |
//! | `remote` | a URL, an issuer, an account | a [`RemoteJwkSet`], always fresh, or a [`TokenRenewer`]. The only I/O, and the only threads that stay |
//! | `settings` | text, a JSON document | the settings of all of these ([`Settings`]), and their counters ([`Stats`]) |
//!
//! `src/ffi`, for C, and `src/bin`, the command line, name only what this page exports. `unsafe` is
//! allowed in `src/ffi`, in the SIMD kernels and in `src/os.rs`, the calls of the operating system,
//! alone. The order of the checks decides which error a token with several faults gets; the corpus
//! in `tests/conformance` pins it.
//!
//! # Features
//!
//! | feature | default | |
//! |---|---|---|
//! | `aws-lc-rs` | yes | the fast back end; needs a C compiler to build |
//! | `avx512` | yes | code for CPUs with AVX-512, used where the CPU has it: RS256 three to four times as fast. Without it the only `unsafe` of this crate is in the C interface and in `src/os.rs` |
//! | `rust-crypto` | | the pure-Rust back end, alone or beside the other ([`Backend`]) |
//! | `remote` | yes | key sets that are fetched; uses aws-lc-rs for TLS |
//! | `capi` | | the C symbols, for the libraries that `make lib` builds |
//! | `cli` | | the command `bouncer-verify` |
//!
//! # Beside other users of rustls and jsonwebtoken
//!
//! Cargo builds each crate once, with the features that all its users ask for. The feature `remote`
//! turns on `aws_lc_rs` of rustls. If your program turns on `ring`, rustls has two providers and
//! `ClientConfig::builder()` panics, unless the program chooses: call
//! `rustls::crypto::ring::default_provider().install_default()` first in `main`, or make each
//! configuration with `ClientConfig::builder_with_provider()`. This crate does the latter and
//! neither reads nor sets the default. Of jsonwebtoken it turns on no back end and uses none.

#![warn(unreachable_pub)]
// No panic on any input.
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
#[allow(unsafe_code, reason = "the C boundary; every block says what makes it sound")]
mod ffi;
mod jose;
mod keys;
#[allow(unsafe_code, reason = "calls of the operating system; every block says what makes it sound")]
mod os;
#[cfg(feature = "remote")]
mod remote;
mod settings;
mod striped;
mod verify;

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
pub use settings::kind::SettingsKind;
pub use settings::row::Setting;
pub use settings::settings::Settings;
#[doc(hidden)]
pub use settings::stats::{CACHE_STATS, StatRow};
#[cfg(feature = "remote")]
#[doc(hidden)]
pub use settings::stats::{KEYS_STATS, RENEWER_STATS};
pub use settings::stats::{Stat, StatKind, StatValue, Stats};
#[doc(hidden)]
pub use settings::value::SettingType;
pub use verify::batch::verify_tokens;
pub use verify::cache::CacheStats;
pub use verify::clock::Clock;
pub use verify::columns::TokenColumns;
pub use verify::key_source::{CurrentKeys, KeySource, MissingKey, Refetch};
pub use verify::policy::Policy;
pub use verify::ticket::{Ticket, Verdict};
pub use verify::verified_jws::VerifiedJws;
pub use verify::verified_token::VerifiedToken;
pub use verify::verifier::{Keys, Verifier};
pub use verify::verify_token::{verify_jws, verify_token};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
