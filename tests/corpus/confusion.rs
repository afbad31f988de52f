//! Forged tokens with a MAC. Its secret is a form of the public key, which every attacker knows
//! (CVE-2016-10555 and similar).

use rsa::RsaPublicKey;
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::pkcs8::EncodePublicKey as _;
use rsa::pkcs8::LineEnding;

use super::case::{CLAIMS, Case, File, Policy, case};
use super::keys::{Jwk, jwk, only, rsa_key, set};
use super::signer::{BOUNCER_HEADER, b64, hmac, padded, signing_input, with_signature};

/// The secret of the `oct` key in the key set.
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

pub(crate) fn file() -> File {
    let oct = Jwk::new("oct").kid("mac").text("k", &b64(SECRET));
    File::new(
        "confusion",
        "RFC 8725 section 2.1: a public key is never used as the secret of a MAC; MAC algorithms are not supported",
    )
    .key_set("rsa", only("rsa-2048-a"))
    .key_set("bound", set(&[jwk("rsa-2048-a").kid("key-1").alg("RS256")]))
    .key_set("mixed", set(&[oct.clone(), jwk("rsa-2048-a").kid("key-1")]))
    .key_set("symmetric", set(&[oct]))
    .cases(cases())
}

fn mac(hash: &str, header: &str, secret: &[u8]) -> String {
    let input = signing_input(header, CLAIMS);
    with_signature(&input, hmac(hash, secret, input.as_bytes()))
}

fn cases() -> Vec<Case> {
    let key = rsa_key("rsa-2048-a");
    let public = RsaPublicKey::new(key.n.clone(), key.e.clone()).expect("a public key");
    let pem = public.to_public_key_pem(LineEnding::LF).expect("PEM");
    let pkcs1_pem = public.to_pkcs1_pem(LineEnding::LF).expect("PEM");
    let own = jwk("rsa-2048-a");
    let why =
        "CVE-2016-10555, CVE-2022-29217, CVE-2026-34950: a MAC with the public key as its secret is rejected";
    let hs256 = r#"{"typ":"JWT","alg":"HS256"}"#;
    let secrets: Vec<(&str, Vec<u8>)> = vec![
        ("the_bytes_of_n", padded(&key.n, 256)),
        ("the_bytes_of_n_after_a_zero", padded(&key.n, 257)),
        ("the_text_of_n", own.value("n").into()),
        ("a_pem_file", pem.clone().into()),
        ("a_pem_file_without_its_last_newline", pem.trim_end().into()),
        ("a_pem_file_after_a_newline", format!("\n{pem}").into()),
        ("a_pem_file_with_windows_line_ends", pem.replace('\n', "\r\n").into()),
        ("a_pkcs1_pem_file", pkcs1_pem.into()),
        ("a_der_file", public.to_public_key_der().expect("DER").into_vec()),
        ("a_pkcs1_der_file", public.to_pkcs1_der().expect("DER").into_vec()),
        ("the_text_of_the_jwk", own.json().into()),
        ("the_text_of_the_key_set", only("rsa-2048-a").into()),
        ("the_empty_secret", Vec::new()),
        ("thirty_two_zero_bytes", vec![0; 32]),
        ("the_kid", b"key-1".to_vec()),
    ];
    let mut cases = Vec::new();
    for (id, secret) in &secrets {
        cases.push(
            case(format!("a_mac_keyed_with_{id}_is_refused"), why)
                .token(mac("SHA-256", hs256, secret))
                .rejected("unsupported_algorithm"),
        );
    }
    for (id, secret) in [&secrets[0], &secrets[3], &secrets[12]] {
        cases.push(
            case(
                format!("a_mac_keyed_with_{id}_under_the_name_of_rs256_is_refused"),
                "the algorithm's name determines how the signature is verified",
            )
            .token(mac("SHA-256", BOUNCER_HEADER, secret))
            .rejected("invalid_signature"),
        );
    }
    let named = |alg: &str| format!(r#"{{"alg":"{alg}","kid":"key-1"}}"#);
    let hs384 = mac("SHA-384", &named("HS384"), pem.as_bytes());
    let hs512 = mac("SHA-512", &named("HS512"), pem.as_bytes());
    let hs256_kid = mac("SHA-256", &named("HS256"), pem.as_bytes());
    let oct_header = r#"{"alg":"HS256","kid":"mac"}"#;
    let right = |header: &str| super::signer::compact("rsa-2048-a", "RS256", header, CLAIMS);
    cases.extend([
        case("hs384_is_unsupported", why).keys("bound").token(hs384).rejected("unsupported_algorithm"),
        case("hs512_is_unsupported", why).keys("bound").token(hs512).rejected("unsupported_algorithm"),
        case("a_mac_with_the_kid_of_a_bound_key_is_refused", why)
            .keys("bound")
            .token(hs256_kid)
            .rejected("unsupported_algorithm"),
        case("a_mac_is_refused_whatever_algorithms_are_allowed", why)
            .policy(Policy::dcos().algorithms(&["RS256", "PS256", "ES256", "Ed25519"]))
            .token(mac("SHA-256", hs256, pem.as_bytes()))
            .rejected("unsupported_algorithm"),
        case(
            "a_mac_with_the_secret_of_a_symmetric_key_is_refused",
            "RFC 7518 section 6.4: a symmetric key in a key set is skipped",
        )
        .keys("mixed")
        .token(mac("SHA-256", oct_header, SECRET))
        .loads(1, &[(0, "symmetric")])
        .rejected("unsupported_algorithm"),
        case("a_symmetric_key_does_not_serve_rs256", "a skipped key is not used")
            .keys("mixed")
            .token(right(r#"{"alg":"RS256","kid":"mac"}"#))
            .rejected("no_matching_key"),
        case("a_key_beside_a_symmetric_key_serves", "the other keys of the set are used")
            .keys("mixed")
            .token(right(r#"{"alg":"RS256","kid":"key-1"}"#))
            .loads(1, &[(0, "symmetric")])
            .kid("key-1")
            .ok(CLAIMS),
        case(
            "a_key_set_of_a_symmetric_key_has_no_usable_key",
            "RFC 7518 section 6.4: a symmetric key in a key set is skipped",
        )
        .keys("symmetric")
        .token(mac("SHA-256", oct_header, SECRET))
        .rejected("no_usable_key"),
    ]);
    cases
}
