//! The C skin: arguments in, one call of the façade, result out. May name what `lib.rs` exports and
//! nothing below it.
//!
//! The rules that hold for every function are the preamble of the header (`cbindgen.toml`).
//! `boundary` is where pointers become references and where unwinding stops; a file for each noun
//! of the C interface uses it. The order of the modules is the order of the header; the blank lines
//! keep rustfmt from sorting them.
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

mod stats;

mod supplied_tokens;

mod logger;

mod typed_claims;

mod boundary;

mod failure;

mod panic;

mod slot;
