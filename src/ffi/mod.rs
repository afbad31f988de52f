//! The C interface. Each function converts its arguments, makes one call of the public Rust API,
//! and converts the result. May use only what `lib.rs` exports.
//!
//! The rules for all functions are in the preamble of the header (`cbindgen.toml`). `boundary`
//! converts pointers to references and catches panics. Each type of the C interface has a file. The
//! order of the modules is the order of the header; the blank lines keep rustfmt from sorting them.
#![allow(non_camel_case_types, reason = "these are C's names")]
#![allow(unreachable_pub, reason = "they are public in C")]

mod version;

mod text;

mod status_list;

mod status;

mod error;

mod backend;

mod jwk;

mod jwks;

mod settings;

mod policy;

mod token;

mod remote_jwks;

mod verifier;

mod batch;

mod authorization;

mod own_token;

mod renewer;

mod watch;

mod stats;

mod supplied_tokens;

mod logger;

mod typed_claims;

mod boundary;

mod failure;

mod panic;

mod slot;

#[cfg(all(test, feature = "rust-crypto"))]
mod miri;
