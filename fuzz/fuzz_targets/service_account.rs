//! Parses any text as the secret of a service account. If a valid secret is also accepted with one
//! more encoding around it, the result is the same account.
//!
//! `cargo +nightly fuzz run service_account`

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bouncer_verify::{ErrorKind, ServiceAccount};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|secret: &str| {
    let account = match ServiceAccount::from_json(secret) {
        Ok(account) => account,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::UnusableCredentials);
            assert!(!error.detail().is_empty() && error.to_string().len() < 200);
            return;
        }
    };
    assert!(!account.uid().is_empty());
    assert!(!format!("{account:?}").contains("EncodingKey"));
    let members = (account.uid(), account.login_endpoint());
    for wrapped in [
        STANDARD.encode(secret),
        serde_json::Value::from(secret).to_string(),
        format!("\u{feff}{secret}\r\n"),
    ] {
        // This may fail: the number of nested encodings is limited.
        if let Ok(again) = ServiceAccount::from_json(&wrapped) {
            assert_eq!((again.uid(), again.login_endpoint()), members);
        }
    }
});
