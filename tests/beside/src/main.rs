//! A program that uses this library next to other crypto providers. If the library enabled a second
//! provider of jsonwebtoken, this program's calls of jsonwebtoken would panic.

use bouncer_verify::{JwkSet, Policy, RemoteJwkSet, ServiceAccount, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rustls::{ClientConfig, RootCertStore};

fn main() {
    // The build has two providers of rustls, so the program must choose one (see src/lib.rs).
    rustls::crypto::ring::default_provider().install_default().expect("the first call in the process");
    let config = ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    assert!(!config.crypto_provider().cipher_suites.is_empty());

    // jsonwebtoken uses the only back end in the build: the program enabled rust_crypto.
    let private_key = include_str!("../../data/keys/rsa-2048-a.pem");
    let claims = serde_json::json!({"uid": "peter", "exp": 4_102_444_800_u64});
    let key = EncodingKey::from_rsa_pem(private_key.as_bytes()).expect("a key");
    let token = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).expect("a token");
    let secret = b"secret";
    let symmetric = jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(secret));
    let validation = Validation::new(Algorithm::HS256);
    let decoded = jsonwebtoken::decode::<serde_json::Value>(
        symmetric.expect("a token"),
        &DecodingKey::from_secret(secret),
        &validation,
    );
    assert_eq!(decoded.expect("a valid token").claims, claims);

    // This library uses its own provider.
    let jwks = JwkSet::from_slice(include_bytes!("../../data/document_jwks.json")).expect("keys");
    let verifier = Verifier::new(jwks, Policy::dcos().time(1_467_985_465));
    let text = include_str!("../../data/document_token.txt").trim();
    assert_eq!(verifier.verify(text).expect("a valid token").uid(), Some("peter"));
    assert!(verifier.verify(&token).is_err(), "the token is signed with another key");

    // `from_json` makes one signature, to test the key.
    let account = serde_json::json!({"uid": "me", "private_key": private_key, "login_endpoint": "https://localhost/"});
    assert!(ServiceAccount::from_json(&account.to_string()).is_ok());

    // A fetch over HTTPS. It must fail only because there is no server.
    let keys = RemoteJwkSet::builder("https://127.0.0.1:1/jwks").lazy().build().expect("keys");
    let error = keys.refresh(std::time::Duration::from_secs(10)).expect_err("no server listens there");
    assert!(error.to_string().contains("connect"), "{error}");
    println!("works next to jsonwebtoken with rust_crypto and rustls with ring");
}
