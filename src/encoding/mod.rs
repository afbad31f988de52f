//! L0: text to bytes and back, strictly. May name: error.
//!
//! A verifier that reads a text in two ways can be shown one text and trust another, so there is
//! exactly one accepted spelling of each value: canonical base64url (RFC 4648 §5, RFC 7515 §2) and
//! JSON as RFC 8259 writes it, in UTF-8, without duplicate member names.

#[cfg(avx512)]
mod avx512;
pub(crate) mod base64url;
mod dots;
pub(crate) mod json;
pub(crate) mod pem;
pub(crate) mod token_text;
