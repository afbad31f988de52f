//! Verifies the examples of the RFCs and of the DC/OS document with every back end. The RFCs are
//! 7515 (JWS), 7520 (the JOSE cookbook), 7638 (thumbprints), 7797 (unencoded payloads, which are
//! rejected) and 8037 (Ed25519). Other tests check that all encodings of a key contain the same
//! key: JWK, PEM, DER, and the numbers n and e.

mod support {
    pub(crate) mod signer;
    pub(crate) mod vectors;
}

use bouncer_verify::{
    Algorithm, Backend, Error, ErrorKind, Jwk, JwkSet, Policy, SkipReason, VerifiedJws, verify_jws,
    verify_token,
};
use serde_json::Value;
use std::path::PathBuf;
use support::signer::{Key, base64url};
use support::vectors;

/// RFC 7515 appendix A.2.1.
const RFC7515_A2_KEY: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;
/// RFC 7515 appendix A.2.1: RS256.
const RFC7515_A2: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
/// RFC 7515 appendix A.3.1.
const RFC7515_A3_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
/// RFC 7515 appendix A.3.1: ES256.
const RFC7515_A3: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
/// RFC 7515 appendix A.4.1.
const RFC7515_A4_KEY: &str = r#"{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#;
/// RFC 7515 appendix A.4.1: ES512. The payload is not JSON.
const RFC7515_A4: &str = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
/// RFC 7515 appendix A.5: an unsecured JWS.
const RFC7515_A5: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
/// RFC 7515 appendix E: a header with an unknown critical parameter.
const RFC7515_E: &str = "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.";
/// The payload of RFC 7515 appendix A.1 to A.3 and A.5, with its line breaks.
const RFC7515_CLAIMS: &str =
    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
/// RFC 8037 appendix A.2.
const RFC8037_KEY: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
/// RFC 8037 appendix A.4: Ed25519, under its old name EdDSA.
const RFC8037_A4: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
/// RFC 7638 section 3.1.
const RFC7638_KEY: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;

const DOCUMENT_JWKS: &str = include_str!("data/document_jwks.json");
const DOCUMENT_FIRST_JWKS: &str = include_str!("data/document_first_jwks.json");
const DOCUMENT_TOKEN: &str = include_str!("data/document_token.txt");

fn any_algorithm() -> Policy {
    Policy::any_issuer().algorithms(Algorithm::ALL)
}

fn set_of(key: &str, backend: Backend) -> JwkSet {
    JwkSet::from_slice_with(format!(r#"{{"keys":[{key}]}}"#).as_bytes(), backend).expect("a key set")
}

fn jws(key: &str, backend: Backend, token: &str) -> Result<VerifiedJws, Error> {
    verify_jws(&set_of(key, backend), &any_algorithm(), token)
}

fn kind<T>(result: Result<T, Error>) -> (ErrorKind, Option<String>) {
    let Err(error) = result else { panic!("accepted") };
    (error.kind(), error.name().map(str::to_owned))
}

#[test]
fn rfc_7515_and_rfc_8037_signatures_are_accepted() {
    for &backend in Backend::ALL {
        for (key, token, algorithm, payload) in [
            (RFC7515_A2_KEY, RFC7515_A2, Algorithm::Rs256, RFC7515_CLAIMS),
            (RFC7515_A3_KEY, RFC7515_A3, Algorithm::Es256, RFC7515_CLAIMS),
            (RFC7515_A4_KEY, RFC7515_A4, Algorithm::Es512, "Payload"),
            (RFC8037_KEY, RFC8037_A4, Algorithm::Ed25519, "Example of Ed25519 signing"),
        ] {
            let verified = jws(key, backend, token).expect("a valid signature");
            assert_eq!(verified.payload(), payload.as_bytes());
            assert_eq!((verified.algorithm(), verified.kid()), (algorithm, None));
        }
    }
}

#[test]
fn rfc_7515_tokens_are_accepted_until_they_expire() {
    for &backend in Backend::ALL {
        for (key, token) in [(RFC7515_A2_KEY, RFC7515_A2), (RFC7515_A3_KEY, RFC7515_A3)] {
            let jwks = set_of(key, backend);
            let verified =
                verify_token(&jwks, &any_algorithm().time(1300819379), token).expect("a valid token");
            assert_eq!((verified.issuer(), verified.expires_at()), (Some("joe"), Some(1300819380)));
            assert_eq!(verified.claim("http://example.com/is_root"), Some("true"));
            assert_eq!(verified.payload(), RFC7515_CLAIMS);
            let late = verify_token(&jwks, &any_algorithm().time(1300819380), token);
            assert_eq!(kind(late), (ErrorKind::Expired, Some("exp".into())));
        }
    }
}

#[test]
fn rfc_7515_unsecured_tokens_and_unknown_critical_parameters_are_rejected_with_any_key() {
    for &backend in Backend::ALL {
        for key in [RFC7515_A2_KEY, RFC7515_A3_KEY, RFC7515_A4_KEY, RFC8037_KEY] {
            assert_eq!(
                kind(jws(key, backend, RFC7515_A5)),
                (ErrorKind::UnsupportedAlgorithm, Some("alg".into()))
            );
            assert_eq!(
                kind(jws(key, backend, RFC7515_E)),
                (ErrorKind::UnsupportedHeader, Some("crit".into()))
            );
        }
    }
}

#[test]
fn a_token_of_one_rfc_example_is_rejected_with_the_key_of_another_example() {
    let examples = [
        (RFC7515_A2_KEY, RFC7515_A2),
        (RFC7515_A3_KEY, RFC7515_A3),
        (RFC7515_A4_KEY, RFC7515_A4),
        (RFC8037_KEY, RFC8037_A4),
    ];
    for &backend in Backend::ALL {
        for (i, (_, token)) in examples.iter().enumerate() {
            for (j, (key, _)) in examples.iter().enumerate().filter(|(j, _)| *j != i) {
                assert_eq!(kind(jws(key, backend, token)).0, ErrorKind::NoMatchingKey, "{i} {j}");
            }
        }
        assert_eq!(kind(jws(RFC7638_KEY, backend, RFC7515_A2)).0, ErrorKind::InvalidSignature);
    }
}

#[test]
fn rfc_7638_and_rfc_8037_thumbprints_are_as_published() {
    let thumbprint = |key: &str| Jwk::from_slice(key.as_bytes()).expect("a key").thumbprint();
    assert_eq!(thumbprint(RFC7638_KEY), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(thumbprint(RFC8037_KEY), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn the_token_of_the_dcos_document_is_accepted_until_it_expires() {
    let token = DOCUMENT_TOKEN.trim();
    for &backend in Backend::ALL {
        let jwks = JwkSet::from_slice_with(DOCUMENT_JWKS.as_bytes(), backend).expect("a key set");
        let verified = verify_token(&jwks, &Policy::dcos().time(1467985465), token).expect("a valid token");
        assert_eq!((verified.uid(), verified.expires_at()), (Some("peter"), Some(1467985466)));
        assert_eq!(verified.kid(), jwks.keys()[0].kid());
        let late = verify_token(&jwks, &Policy::dcos().time(1467985466), token);
        assert_eq!(kind(late), (ErrorKind::Expired, Some("exp".into())));
        // The document shows two key sets. The first contains another key.
        let others = JwkSet::from_slice_with(DOCUMENT_FIRST_JWKS.as_bytes(), backend).expect("a key set");
        let foreign = verify_token(&others, &Policy::dcos().time(1467985465), token);
        assert_eq!(kind(foreign), (ErrorKind::InvalidSignature, None));
    }
}

#[test]
fn dcos_kid_is_the_kid_in_both_key_sets_of_the_dcos_document() {
    for document in [DOCUMENT_JWKS, DOCUMENT_FIRST_JWKS] {
        let jwks = JwkSet::from_slice(document.as_bytes()).expect("a key set");
        let [key] = jwks.keys() else { panic!("one key") };
        assert_eq!(key.dcos_kid().as_deref(), key.kid());
        assert!(key.kid().is_some_and(|kid| kid.len() == 64));
        assert_eq!((key.algorithm(), key.bits(), key.is_tolerated()), (Some(Algorithm::Rs256), 2048, false));
    }
}

/// Returns one key of each type and curve, with kid and alg.
fn example_keys() -> Vec<Jwk> {
    let document = |text: &str| JwkSet::from_slice(text.as_bytes()).expect("a key set").keys()[0].clone();
    let published = [RFC7515_A2_KEY, RFC7515_A3_KEY, RFC7515_A4_KEY, RFC8037_KEY, RFC7638_KEY];
    let published = published.map(|key| Jwk::from_slice(key.as_bytes()).expect("a key"));
    [document(DOCUMENT_JWKS), document(DOCUMENT_FIRST_JWKS)].into_iter().chain(published).collect()
}

#[test]
fn every_encoding_of_a_key_is_parsed_to_the_same_key() {
    for key in example_keys() {
        // PEM and DER contain only the public key; a JWK may also contain kid and alg.
        let bare = Jwk::from_der(&key.to_der()).expect("DER");
        assert!(Jwk::from_pem(key.to_pem().as_bytes()).expect("PEM") == bare);
        assert_eq!((bare.to_der(), bare.to_pem()), (key.to_der(), key.to_pem()));
        assert!(Jwk::from_slice(key.to_json().as_bytes()).expect("JWK") == key);
        assert_eq!((bare.thumbprint(), bare.dcos_kid()), (key.thumbprint(), key.dcos_kid()));
        assert_eq!((bare.key_type(), bare.curve(), bare.bits()), (key.key_type(), key.curve(), key.bits()));
        let json = bare.to_json();
        assert!(Jwk::from_slice(json.as_bytes()).expect("JWK") == bare);
        if let (Some(n), Some(e)) = (key.n(), key.e()) {
            assert!(Jwk::from_rsa_components(n, e).expect("n and e") == bare);
            assert!(Jwk::from_rsa_base64url(&base64url(n), &base64url(e)).expect("n and e") == bare);
            let (n, e) = ([&[0], n].concat(), [&[0, 0], e].concat());
            assert!(Jwk::from_rsa_components(&n, &e).expect("n and e with leading zeros") == bare);
        } else {
            assert_eq!(key.dcos_kid(), None);
        }
        let mut named = bare.clone();
        if let Some(kid) = key.kid() {
            named = named.with_kid(kid).expect("a kid");
        }
        if let Some(algorithm) = key.algorithm() {
            named = named.with_algorithm(algorithm).expect("an algorithm that fits");
        }
        assert!(named == key);
    }
}

#[test]
fn der_of_a_key_equals_the_der_of_another_implementation() {
    for (name, key_type, bits) in [
        ("rsa-2048-a", "RSA", 2048),
        ("rsa-2048-e3", "RSA", 2048),
        ("rsa-2049", "RSA", 2049),
        ("rsa-3072", "RSA", 3072),
        ("rsa-8192", "RSA", 8192),
        ("p256-a", "EC", 256),
        ("p384", "EC", 384),
        ("p521", "EC", 521),
        ("ed25519-a", "OKP", 256),
    ] {
        let der = Key::load(name).public_der();
        let key = Jwk::from_der(&der).expect(name);
        assert_eq!((key.to_der(), key.key_type(), key.bits()), (der, key_type, bits), "{name}");
    }
}

#[test]
fn a_private_key_in_pem_is_rejected_and_the_error_names_the_cause() {
    let pem = include_bytes!("data/keys/ed25519-a.pem");
    let error = Jwk::from_pem(pem).expect_err("a private key");
    let detail = "a private key: PEM label \"PRIVATE KEY\"";
    assert_eq!((error.kind(), error.detail()), (ErrorKind::UnusableKey, detail));
}

#[test]
fn the_examples_here_equal_those_of_the_published_file() {
    let Some(folder) = vectors::folder("RFC 7515 and RFC 8037 examples") else { return };
    let file: Value = vectors::read(&folder.join("rfc7515/rfc7515_rfc8037_examples.json"));
    let mut known = 0;
    for example in file["vectors"].as_array().expect("an array") {
        let (name, token) =
            (example["name"].as_str().expect("a name"), example["jws"].as_str().expect("a token"));
        let (key, ours) = match name {
            "RFC7515-A.1" => {
                // HS256: a set with only a symmetric key has no usable key. The token is rejected
                // with every key.
                let set = format!(r#"{{"keys":[{}]}}"#, example["publicJwk"]);
                assert_eq!(kind(JwkSet::from_slice(set.as_bytes())).0, ErrorKind::NoUsableKey);
                let rejected = kind(jws(RFC7515_A2_KEY, Backend::default(), token));
                assert_eq!(rejected.0, ErrorKind::UnsupportedAlgorithm);
                (None, token)
            }
            "RFC7515-A.2" => (Some(RFC7515_A2_KEY), RFC7515_A2),
            "RFC7515-A.3" => (Some(RFC7515_A3_KEY), RFC7515_A3),
            "RFC7515-A.4" => (Some(RFC7515_A4_KEY), RFC7515_A4),
            "RFC7515-A.5" => (None, RFC7515_A5),
            "RFC7515-App-E" => (None, RFC7515_E),
            "RFC8037-A.4" => (Some(RFC8037_KEY), RFC8037_A4),
            _ => panic!("{name} is unknown"),
        };
        assert_eq!(token, ours, "{name}");
        if let Some(key) = key {
            let key: Value = serde_json::from_str(key).expect("JSON");
            assert_eq!(example["publicJwk"], key, "{name}");
        }
        known += 1;
    }
    assert_eq!(known, 7);
    vectors::say(&format!("RFC 7515 and RFC 8037: {known} examples equal those of the published file"));
}

/// RFC 7520, "Examples of Protecting Content Using JOSE". The folder also contains the examples of
/// RFC 7797 and RFC 8037, in the same JSON format.
mod cookbook {
    use super::*;

    fn folder(test: &str) -> Option<PathBuf> {
        Some(vectors::folder(test)?.join("jose-cookbook"))
    }

    fn text(value: &Value) -> &str {
        value.as_str().expect("a string")
    }

    /// The public P-521 key of section 3.1 and the public RSA key of section 3.3. Both have the
    /// same kid.
    fn keys(folder: &std::path::Path) -> String {
        let key = |name: &str| vectors::read::<Value>(&folder.join("jwk").join(name)).to_string();
        format!("{},{}", key("3_1.ec_public_key.json"), key("3_3.rsa_public_key.json"))
    }

    #[test]
    fn rfc_7520_public_keys_are_accepted_and_private_and_symmetric_keys_are_rejected() {
        let Some(folder) = folder("RFC 7520 section 3") else { return };
        for (name, expected) in [
            ("3_1.ec_public_key.json", None),
            ("3_2.ec_private_key.json", Some("a private key: it has \"d\"")),
            ("3_3.rsa_public_key.json", None),
            ("3_4.rsa_private_key.json", Some("a private key: it has \"d\"")),
            ("3_5.symmetric_key_mac_computation.json", Some(SkipReason::Symmetric.message())),
            ("3_6.symmetric_key_encryption.json", Some(SkipReason::Symmetric.message())),
        ] {
            let json = std::fs::read(folder.join("jwk").join(name)).expect(name);
            match (Jwk::from_slice(&json), expected) {
                (Ok(key), None) => assert_eq!(key.kid(), Some("bilbo.baggins@hobbiton.example"), "{name}"),
                (Err(error), Some(detail)) => {
                    assert_eq!((error.kind(), error.detail()), (ErrorKind::UnusableKey, detail), "{name}");
                }
                (read, _) => panic!("{name}: {read:?}"),
            }
        }
        vectors::say("RFC 7520 section 3: 2 keys accepted, 4 rejected");
    }

    #[test]
    fn rfc_7520_signatures_are_accepted_only_in_compact_serialization() {
        let Some(folder) = folder("RFC 7520 section 4") else { return };
        let rejected = |result| kind::<VerifiedJws>(result).0;
        for &backend in Backend::ALL {
            let jwks = set_of(&keys(&folder), backend);
            let (mut accepted, mut json_forms) = (0, 0);
            for (name, algorithm) in [
                ("4_1.rsa_v15_signature.json", Some(Algorithm::Rs256)),
                ("4_2.rsa-pss_signature.json", Some(Algorithm::Ps384)),
                ("4_3.ecdsa_signature.json", Some(Algorithm::Es512)),
                ("4_4.hmac-sha2_integrity_protection.json", None),
                ("4_5.signature_with_detached_content.json", None),
                ("4_6.protecting_specific_header_fields.json", None),
                ("4_7.protecting_content_only.json", None),
                ("4_8.multiple_signatures.json", None),
            ] {
                let example: Value = vectors::read(&folder.join("jws").join(name));
                let output = &example["output"];
                if let Some(token) = output["compact"].as_str() {
                    let verdict = verify_jws(&jwks, &any_algorithm(), token);
                    match algorithm {
                        Some(algorithm) => {
                            let verified = verdict.expect(name);
                            assert_eq!(
                                verified.payload(),
                                text(&example["input"]["payload"]).as_bytes(),
                                "{name}"
                            );
                            assert_eq!(verified.algorithm(), algorithm, "{name}");
                            // Detached (RFC 7515 appendix F): the same signature without the
                            // payload.
                            let [header, _, signature] = *token.split('.').collect::<Vec<_>>() else {
                                panic!("{name}")
                            };
                            let detached =
                                verify_jws(&jwks, &any_algorithm(), format!("{header}..{signature}"));
                            assert_eq!(rejected(detached), ErrorKind::InvalidSignature, "{name}");
                            accepted += 1;
                        }
                        None => assert_eq!(rejected(verdict), ErrorKind::UnsupportedAlgorithm, "{name}"),
                    }
                }
                for form in ["json", "json_flat"].into_iter().filter_map(|form| output.get(form)) {
                    let verdict = verify_jws(&jwks, &any_algorithm(), form.to_string());
                    assert_eq!(rejected(verdict), ErrorKind::MalformedToken, "{name}");
                    json_forms += 1;
                }
            }
            assert_eq!((accepted, json_forms), (3, 15));
            vectors::say(&format!(
                "RFC 7520 section 4, {backend:?}: {accepted} accepted, {json_forms} JSON forms rejected"
            ));
        }
    }

    #[test]
    fn one_signature_of_a_json_serialization_is_accepted_in_compact_serialization() {
        let Some(folder) = folder("RFC 7520 section 4.8") else { return };
        let example: Value = vectors::read(&folder.join("jws/4_8.multiple_signatures.json"));
        let first = &example["signing"][0];
        let token = format!("{}.{}", text(&first["sig-input"]), text(&first["sig"]));
        for &backend in Backend::ALL {
            let jwks = set_of(&keys(&folder), backend);
            let verified = verify_jws(&jwks, &any_algorithm(), &token).expect("a valid signature");
            assert_eq!(verified.algorithm(), Algorithm::Rs256);
        }
        vectors::say("RFC 7520 section 4.8: the RS256 signature verifies");
    }

    #[test]
    fn a_nested_token_is_rejected_but_the_jws_inside_its_jwe_is_accepted() {
        let Some(folder) = folder("RFC 7520 section 6") else { return };
        let example: Value = vectors::read(&folder.join("6.nesting_signatures_and_encryption.json"));
        let key = &example["sign"]["input"]["key"];
        let key = Jwk::from_rsa_base64url(text(&key["n"]), text(&key["e"])).expect("a key");
        let inside = text(&example["sign"]["output"]["compact"]);
        let outside = text(&example["encrypt"]["output"]["compact"]);
        for &backend in Backend::ALL {
            let jwks = JwkSet::from_keys_with([key.clone()], backend).expect("a key set");
            let policy = any_algorithm().issuers(["hobbiton.example"]).token_type("JWT").time(1300819379);
            let verified = verify_token(&jwks, &policy, inside).expect("a valid token");
            assert_eq!(verified.payload(), text(&example["sign"]["input"]["payload"]));
            assert_eq!(verified.algorithm(), Algorithm::Ps256);
            assert_eq!(kind(verify_token(&jwks, &policy, outside)).0, ErrorKind::EncryptedToken);
        }
        vectors::say("RFC 7520 section 6: the JWE is rejected, the JWS inside it is accepted");
    }

    #[test]
    fn every_jwe_of_rfc_7520_is_rejected_in_every_form() {
        let Some(folder) = folder("RFC 7520 section 5") else { return };
        let (mut compact, mut json_forms) = (0, 0);
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("jwe"))
            .expect("jwe")
            .map(|entry| entry.expect("a file").path())
            .collect();
        files.push(folder.join("curve25519/ecdh-es.json"));
        for file in files {
            let example: Value = vectors::read(&file);
            for &backend in Backend::ALL {
                for (form, token) in example["output"].as_object().expect("an object") {
                    let token = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
                    let expected = if form == "compact" {
                        compact += 1;
                        ErrorKind::EncryptedToken
                    } else {
                        json_forms += 1;
                        ErrorKind::MalformedToken
                    };
                    assert_eq!(
                        kind(jws(RFC7515_A2_KEY, backend, &token)).0,
                        expected,
                        "{} {form}",
                        file.display()
                    );
                }
            }
        }
        let backends = Backend::ALL.len();
        assert_eq!((compact, json_forms), (10 * backends, 27 * backends));
        vectors::say(&format!(
            "RFC 7520 section 5: {compact} JWE rejected as encrypted, {json_forms} as malformed"
        ));
    }

    #[test]
    fn ed25519_is_accepted_and_x25519_is_rejected() {
        let Some(folder) = folder("RFC 8037 in the cookbook") else { return };
        let example: Value = vectors::read(&folder.join("curve25519/jws.json"));
        let output = &example["output"];
        assert_eq!(text(&output["compact"]), RFC8037_A4);
        for &backend in Backend::ALL {
            for form in ["json", "json_flat"] {
                let verdict = jws(RFC8037_KEY, backend, &output[form].to_string());
                assert_eq!(kind(verdict).0, ErrorKind::MalformedToken);
            }
        }
        let key = &example["input"]["key"];
        let error = Jwk::from_slice(key.to_string().as_bytes()).expect_err("a private key");
        assert_eq!(error.detail(), "a private key: it has \"d\"");
        let agreement: Value = vectors::read(&folder.join("curve25519/ecdh-es.json"));
        let mut key = agreement["input"]["key"].clone();
        for (without, detail) in
            [("d", "\"use\" is \"enc\", not \"sig\""), ("use", "\"crv\" is \"X25519\", not Ed25519")]
        {
            key.as_object_mut().expect("an object").remove(without);
            let error = Jwk::from_slice(key.to_string().as_bytes()).expect_err("X25519");
            assert_eq!(error.detail(), detail);
        }
        vectors::say("RFC 8037 in the cookbook: Ed25519 verifies, X25519 is rejected");
    }

    #[test]
    fn rfc_7797_unencoded_payloads_are_rejected() {
        let Some(folder) = folder("RFC 7797") else { return };
        let mut rejected = 0;
        for name in ["4.2.hmac-sha2_b64_false.json", "hmac-sha2_b64_false.json"] {
            let example: Value = vectors::read(&folder.join("rfc7797").join(name));
            for &backend in Backend::ALL {
                for (form, token) in example["output"].as_object().expect("an object") {
                    let token = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
                    let verdict = jws(RFC8037_KEY, backend, &token);
                    assert_eq!(kind(verdict).0, ErrorKind::MalformedToken, "{name} {form}");
                    rejected += 1;
                }
                // The tokens above fail because of their payload. So try the published header with
                // a payload in base64url.
                let header = text(&example["output"]["json_flat"]["protected"]);
                let token = format!("{header}.{}.AAAA", base64url("unencoded"));
                let (kind, parameter) = kind(jws(RFC8037_KEY, backend, &token));
                let expected = if name.starts_with("4.2") { "b64" } else { "crit" };
                assert_eq!(
                    (kind, parameter.as_deref()),
                    (ErrorKind::UnsupportedHeader, Some(expected)),
                    "{name}"
                );
                rejected += 1;
            }
        }
        assert_eq!(rejected, 7 * Backend::ALL.len());
        vectors::say(&format!("RFC 7797: {rejected} forms rejected"));
    }
}
