//! Uses any bytes as the Claims Set of a signed token. It is accepted if and only if serde_json
//! parses an object without duplicate names and with at most 16 levels. Each claim equals the value
//! that serde_json returns.
//!
//! `cargo +nightly fuzz run json_vs_serde`

#![no_main]

#[allow(dead_code)]
mod issuer;
#[path = "../../tests/support/json.rs"]
mod json;

use bouncer_verify::{ErrorKind, Policy, verify_token};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let read: Option<Value> = serde_json::from_slice(data).ok();
    let expected = read.as_ref().is_some_and(Value::is_object)
        && json::Shape::of(data).is_some_and(|shape| !shape.repeats_a_name && shape.depth <= 16);
    let policy = issuer::policy(Policy::any_issuer().optional_exp().any_audience());
    let token = issuer::token(br#"{"alg":"EdDSA"}"#, data);
    match verify_token(&issuer::KEY_SETS[0], &policy, &token) {
        Ok(verified) => {
            assert!(expected);
            assert_eq!(verified.payload().as_bytes(), data);
            for (name, value) in read.as_ref().and_then(Value::as_object).into_iter().flatten() {
                let claim = verified.claim(name).expect("a claim");
                assert_eq!(&serde_json::from_str::<Value>(claim).expect("JSON"), value);
            }
            let string = |name| read.as_ref().and_then(|read| read.get(name)).and_then(Value::as_str);
            assert_eq!(verified.uid(), string("uid"));
            assert_eq!(verified.issuer(), string("iss"));
            assert_eq!(verified.subject(), string("sub"));
            assert_eq!(verified.token_id(), string("jti"));
        }
        Err(error) if (error.kind(), error.name()) == (ErrorKind::MalformedClaims, None) => {
            assert!(!expected)
        }
        // The JSON was accepted, but a registered claim has a wrong type, or the token is expired
        // or not valid yet.
        Err(error) => assert!(expected && error.name().is_some()),
    }
});
