//! L0: strict conversion between text and bytes. May use: error.
//!
//! If two programs read a text differently, an attacker can have one reading checked and the other
//! used. So a text with two possible readings is rejected. Accepted are canonical base64url (RFC
//! 4648 §5, RFC 7515 §2), and JSON (RFC 8259) in UTF-8 without duplicate member names.

#[cfg(avx512)]
mod avx512;
pub(crate) mod base64url;
mod dots;
pub(crate) mod json;
pub(crate) mod pem;
pub(crate) mod token_text;
