//! The driver for jwt-simple on BoringSSL: `driver_boringssl FIXTURES THREADS`.

use bench_driver::{AUDIENCE, Candidate, Case, ISSUER, serve};
use jwt_simple::JWTError;
use jwt_simple::prelude::*;
use std::collections::HashMap;
use std::env;
use std::path::PathBuf;

/// The claim "uid" of Bouncer's tokens, which is not a registered claim of RFC 7519.
#[derive(Serialize, Deserialize)]
struct Bouncer {
    uid: String,
}

fn main() {
    let mut arguments = env::args().skip(1);
    let (Some(folder), Some(threads)) = (arguments.next(), arguments.next()) else {
        panic!("usage: driver_boringssl FIXTURES THREADS");
    };
    let folder = PathBuf::from(folder);
    let cases = ["bouncer", "oidc", "tampered", "expired"].map(|name| jwt_simple(Case::load(&folder, name)));
    serve(&cases, &[], threads.parse().expect("a number of threads"));
}

/// Looks up the key in a map from "kid" to parsed key, as a service with a JWK Set does. Bouncer's
/// tokens have no "kid": for them the only key is used.
fn jwt_simple(case: &'static Case) -> Candidate {
    let key = RS256PublicKey::from_pem(&case.pem).expect("the public key");
    let keys = HashMap::from([("2026-11-key".to_owned(), key.clone())]);
    let mut options = VerificationOptions::default();
    if !case.is_bouncer() {
        options.allowed_issuers = Some([ISSUER.to_owned()].into());
        options.allowed_audiences = Some([AUDIENCE.to_owned()].into());
    }
    let is_bouncer = case.is_bouncer();
    let verify = move |token: &str| -> Result<String, jwt_simple::Error> {
        // `verify_token` takes the options by value.
        let options = Some(options.clone());
        if is_bouncer {
            return Ok(key.verify_token::<Bouncer>(token, options)?.custom.uid);
        }
        let metadata = Token::decode_metadata(token)?;
        let key = metadata.key_id().and_then(|kid| keys.get(kid)).ok_or(JWTError::KeyIdentifierMismatch)?;
        let claims = key.verify_token::<NoCustomClaims>(token, options)?;
        Ok(claims.subject.unwrap_or_default())
    };
    case.candidate("jwt-simple, BoringSSL", &version(), move |token, expected| match verify(token) {
        Ok(subject) => subject == expected,
        Err(error) => {
            let reason = match error.downcast_ref() {
                Some(JWTError::InvalidSignature) => "invalid_signature",
                Some(JWTError::TokenHasExpired) => "expired",
                _ => "another",
            };
            expected.strip_prefix('!') == Some(reason)
        }
    })
}

fn version() -> String {
    let lock = include_str!("../../Cargo.lock");
    let (_, rest) = lock.split_once("name = \"jwt-simple\"\nversion = \"").expect("jwt-simple");
    rest.split('"').next().unwrap_or_default().to_owned()
}
