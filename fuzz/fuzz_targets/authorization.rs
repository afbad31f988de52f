//! Parses any bytes as the value of an Authorization header. If the value is accepted, the result
//! is exactly the token.
//!
//! `cargo +nightly fuzz run authorization`

#![no_main]

use bouncer_verify::token_from_authorization;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(token) = token_from_authorization(data) {
        assert!(!token.is_empty() && data.ends_with(token.as_bytes()));
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
        let scheme = data[..data.len() - token.len()].to_ascii_lowercase();
        let is_bearer =
            scheme.starts_with(b"bearer ") && scheme[b"bearer".len()..].iter().all(|&byte| byte == b' ');
        assert!(is_bearer || data.starts_with(b"token=") && scheme == b"token=");
    }
});
