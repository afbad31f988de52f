//! Input: any JWK Set, a zero byte, and any signature. All back ends accept the same keys and skip
//! the other keys for the same reasons. They return the same results for the signature, and for a
//! token that contains the signature.
//!
//! `cargo +nightly fuzz run back_ends_agree`

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bouncer_verify::{Algorithm, Backend, JwkSet, Policy, SignatureVerifier, verify_jws};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let cut = data.iter().position(|&byte| byte == 0).unwrap_or(data.len());
    let (document, signature) = (&data[..cut], data.get(cut + 1..).unwrap_or_default());
    let policy = Policy::any_issuer().algorithms(Algorithm::ALL);
    let verdicts = Backend::ALL.iter().map(|&backend| {
        let jwks = JwkSet::from_slice_with(document, backend)?;
        let keys: Vec<_> = jwks.keys().iter().map(|key| key.to_json()).collect();
        let (mut signatures, mut tokens) = (Vec::new(), Vec::new());
        for algorithm in Algorithm::ALL {
            for key in jwks.keys().iter().take(4) {
                let verifier = SignatureVerifier::new(key, backend);
                signatures.push(verifier.and_then(|verifier| {
                    verifier.compute_tables();
                    verifier.verify(algorithm, b"message", signature)
                }));
            }
            let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{algorithm}"}}"#));
            let token = format!("{header}.e30.{}", URL_SAFE_NO_PAD.encode(signature));
            tokens.push(verify_jws(&jwks, &policy, token).map(|jws| jws.kid().map(str::to_owned)));
        }
        Ok::<_, bouncer_verify::Error>((keys, jwks.skipped().to_vec(), signatures, tokens))
    });
    let verdicts: Vec<_> = verdicts.collect();
    assert!(verdicts.windows(2).all(|pair| pair[0] == pair[1]), "{verdicts:?}");
});
