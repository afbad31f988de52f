//! Properties that must hold for every input, tested with many generated inputs and every back end.
//! The seed is fixed, so that each run is the same.

mod support {
    pub(crate) mod json;
    pub(crate) mod signer;
    pub(crate) mod vectors;
}

use bouncer_verify::{
    Algorithm, Backend, Error, ErrorKind, Jwk, JwkSet, Policy, token_from_authorization, verify_jws,
    verify_token,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{RngSeed, TestRunner};
use std::cell::Cell;
use std::collections::HashSet;
use std::sync::LazyLock;
use support::json::Shape;
use support::signer::{Key, base64url};
use support::vectors;

/// Uses the same cases in every run and writes nothing to disk.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7519),
        ..ProptestConfig::default()
    }
}

const NOW: i64 = 1_700_000_000;

/// A signer with its key set in every back end.
struct Issuer {
    key: Key,
    algorithms: &'static [Algorithm],
    jwks: Vec<JwkSet>,
}

impl Issuer {
    fn new(name: &str, algorithms: &'static [Algorithm]) -> Self {
        let key = Key::load(name);
        let jwk = Jwk::from_der(&key.public_der()).expect(name);
        let set = |&backend| JwkSet::from_keys_with([jwk.clone()], backend).expect(name);
        Self { jwks: Backend::ALL.iter().map(set).collect(), key, algorithms }
    }
}

static ISSUERS: LazyLock<Vec<Issuer>> = LazyLock::new(|| {
    use Algorithm::*;
    vec![
        Issuer::new("ed25519-a", &[Ed25519]),
        Issuer::new("p256-a", &[Es256]),
        Issuer::new("p384", &[Es384]),
        Issuer::new("p521", &[Es512]),
        Issuer::new("rsa-2048-a", &[Rs256, Rs384, Rs512, Ps256, Ps384, Ps512]),
    ]
});

/// Returns the issuer that signs fastest.
fn ed25519() -> &'static Issuer {
    &ISSUERS[0]
}

fn ed25519_token(claims: impl AsRef<[u8]>) -> String {
    ed25519().key.token(Algorithm::Ed25519, r#"{"alg":"EdDSA"}"#, claims)
}

fn ed25519_policy() -> Policy {
    Policy::dcos().algorithms([Algorithm::Ed25519]).time(NOW)
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn a_token_is_accepted_only_if_the_policy_allows_its_algorithm(
        allowed in proptest::sample::subsequence(Algorithm::ALL.to_vec(), 0..=10),
        signer in 0..5_usize,
        which in any::<Index>(),
    ) {
        let issuer = &ISSUERS[signer];
        let algorithm = issuer.algorithms[which.index(issuer.algorithms.len())];
        let token = issuer.key.token(algorithm, format!(r#"{{"alg":"{algorithm}"}}"#), r#"{"exp":1800000000,"uid":"peter"}"#);
        let policy = Policy::dcos().algorithms(allowed.iter().copied()).time(NOW);
        for jwks in &issuer.jwks {
            match verify_token(jwks, &policy, &token) {
                Ok(verified) => {
                    prop_assert!(allowed.contains(&verified.algorithm()));
                    prop_assert_eq!(verified.algorithm(), algorithm);
                }
                Err(error) => {
                    let expected = match allowed.is_empty() {
                        true => ErrorKind::InvalidArgument,
                        false => ErrorKind::AlgorithmNotAllowed,
                    };
                    prop_assert_eq!(error.kind(), expected);
                    prop_assert!(!allowed.contains(&algorithm));
                }
            }
        }
    }

    /// The header may contain any algorithm, but the key determines which signatures are valid.
    #[test]
    fn a_signature_is_never_accepted_for_another_algorithm(
        signer in 0..5_usize,
        which in any::<Index>(),
        claimed in select(Algorithm::ALL.to_vec()),
    ) {
        let issuer = &ISSUERS[signer];
        let algorithm = issuer.algorithms[which.index(issuer.algorithms.len())];
        let token = issuer.key.token(algorithm, format!(r#"{{"alg":"{claimed}"}}"#), "{}");
        let policy = Policy::any_issuer().algorithms(Algorithm::ALL);
        for other in ISSUERS.iter() {
            for jwks in &other.jwks {
                let accepted = verify_jws(jwks, &policy, &token).is_ok();
                prop_assert_eq!(accepted, claimed == algorithm && std::ptr::eq(other, issuer));
            }
        }
    }
}

/// Returns whether `token` is accepted. All back ends must agree.
fn accepted(issuer: &Issuer, policy: &Policy, token: &[u8]) -> bool {
    let mut verdicts = issuer.jwks.iter().map(|jwks| verify_token(jwks, policy, token).is_ok());
    let first = verdicts.next().expect("a back end");
    assert!(verdicts.all(|other| other == first), "the back ends differ: {}", token.escape_ascii());
    first
}

#[test]
fn a_token_with_one_changed_byte_is_rejected() {
    const EXPIRES: &str = r#"{"exp":1800000000,"uid":"peter"}"#;
    let es256 = ISSUERS[1].key.token(Algorithm::Es256, r#"{"alg":"ES256","typ":"JWT"}"#, EXPIRES);
    let dcos = Issuer {
        key: Key::load("rsa-2048-a"),
        algorithms: &[],
        jwks: vec![JwkSet::from_slice(include_bytes!("data/document_jwks.json")).expect("a key set")],
    };
    let cases = [
        (ed25519(), ed25519_policy(), ed25519_token(EXPIRES)),
        (&ISSUERS[1], Policy::dcos().algorithms([Algorithm::Es256]).time(NOW), es256),
        (&dcos, Policy::dcos().time(1467985465), include_str!("data/document_token.txt").trim().to_owned()),
    ];
    for (issuer, policy, token) in cases {
        let token = token.into_bytes();
        assert!(accepted(issuer, &policy, &token));
        let mut tried = 0;
        let mut reject = |changed: &[u8]| {
            tried += 1;
            assert!(!accepted(issuer, &policy, changed), "accepted: {}", changed.escape_ascii());
        };
        for at in 0..token.len() {
            let mut changed = token.clone();
            for byte in (0..=255).filter(|&byte| byte != token[at]) {
                changed[at] = byte;
                reject(&changed);
            }
            let mut changed = token.clone();
            changed.remove(at);
            reject(&changed);
        }
        for at in 0..=token.len() {
            for byte in *b"Aa0-_.= \n\0" {
                let mut changed = token.clone();
                changed.insert(at, byte);
                reject(&changed);
            }
        }
        vectors::say(&format!("properties: {tried} tokens with one changed byte rejected"));
    }
}

/// Generates a valid document with 1 to 5 changes. Such input reaches deeper parts of a parser than
/// random bytes.
fn changed(original: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<Index>(), any::<u8>(), 0..4_u8);
    vec(change, 1..6).prop_map(move |changes| {
        let mut bytes = original.clone();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << (byte % 8),
                2 => bytes.insert(at, byte),
                _ if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => {}
            }
        }
        bytes
    })
}

fn noise() -> impl Strategy<Value = Vec<u8>> {
    let bytes = vec(any::<u8>(), 0..300);
    let token_text = "[A-Za-z0-9_-]{0,60}(\\.[A-Za-z0-9_-]{0,60}){0,5}".prop_map(String::into_bytes);
    let json_text = "[{}\\[\\]:,\"\\\\0-9a-fu.eE+\\- \\n]{0,80}".prop_map(String::into_bytes);
    prop_oneof![bytes, token_text, json_text]
}

/// Passes `bytes` to every function that parses untrusted input. None of them may panic. Other
/// tests check most of the results.
fn parse_with_everything(bytes: &[u8]) {
    for &backend in Backend::ALL {
        if let Ok(jwks) = JwkSet::from_slice_with(bytes, backend) {
            assert!(!jwks.keys().is_empty());
        }
    }
    drop(JwkSet::skipped_in(bytes));
    for jwks in &ed25519().jwks {
        drop(verify_token(jwks, &ed25519_policy(), bytes));
        drop(verify_jws(jwks, &ed25519_policy(), bytes));
        drop(verify_token(jwks, &ed25519_policy(), ed25519_token(bytes)));
        drop(verify_token(jwks, &ed25519_policy(), ed25519().key.token(Algorithm::Ed25519, bytes, "{}")));
    }
    if let Ok(token) = token_from_authorization(bytes) {
        assert!(bytes.ends_with(token.as_bytes()) && !token.is_empty());
    }
    for key in [Jwk::from_slice(bytes), Jwk::from_pem(bytes), Jwk::from_der(bytes)].into_iter().flatten() {
        // A parsed key can be encoded and parsed again.
        assert_eq!(Jwk::from_der(&key.to_der()).map(|key| key.to_der()), Ok(key.to_der()));
        let again = Jwk::from_slice(key.to_json().as_bytes()).expect("its own JSON");
        assert_eq!(
            (again.to_der(), again.kid(), again.algorithm()),
            (key.to_der(), key.kid(), key.algorithm())
        );
        assert!(!again.is_tolerated(), "the encoded key must follow RFC 7518");
    }
    let text = String::from_utf8_lossy(bytes);
    drop(Jwk::from_rsa_base64url(&text, "AQAB"));
    drop(Jwk::from_rsa_components(bytes, bytes));
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn random_bytes_are_rejected_without_a_panic(bytes in noise()) {
        parse_with_everything(&bytes);
    }

    #[test]
    fn damaged_tokens_and_headers_are_rejected_without_a_panic(
        bytes in changed(format!("token={}", ed25519_token(r#"{"exp":1800000000,"uid":"peter"}"#)).into_bytes()),
    ) {
        parse_with_everything(&bytes);
        parse_with_everything(bytes.strip_prefix(b"token=").unwrap_or(&bytes));
    }

    #[test]
    fn damaged_key_sets_are_parsed_without_a_panic(
        bytes in changed(include_bytes!("data/document_jwks.json").to_vec()),
    ) {
        parse_with_everything(&bytes);
    }

    #[test]
    fn damaged_keys_are_parsed_without_a_panic(
        bytes in select(ISSUERS.iter().flat_map(|issuer| {
            let key = Jwk::from_der(&issuer.key.public_der()).expect("a key");
            [key.to_der(), key.to_pem().into_bytes(), key.to_json().into_bytes()]
        }).collect::<Vec<_>>()).prop_flat_map(changed),
    ) {
        parse_with_everything(&bytes);
    }
}

/// Generates a token that is rejected, and the secrets in it. The secrets are in all places that a
/// sender controls. No error may contain them.
fn rejected_token() -> impl Strategy<Value = (String, Vec<String>)> {
    let secret = "[A-Za-z0-9]{8,24}";
    let claims = select(vec![
        r#"{"exp":1,"uid":"SECRET"}"#,
        r#"{"exp":1800000000,"uid":"SECRET""#,
        r#"{"exp":1800000000,"uid":["SECRET"]}"#,
        r#"{"exp":"SECRET","uid":"SECRET"}"#,
        r#"{"exp":1800000000,"nbf":1700007200,"uid":"SECRET"}"#,
        r#"{"exp":1800000000,"aud":"SECRET","uid":"SECRET"}"#,
        r#"{"exp":1800000000,"iss":["SECRET"],"uid":"peter"}"#,
        r#"{"exp":1800000000,"SECRET":1,"SECRET":2}"#,
        r#"{"SECRET":"SECRET"}"#,
        r#"["SECRET"]"#,
        "SECRET",
    ]);
    let header = select(vec![
        r#"{"alg":"EdDSA"}"#,
        r#"{"alg":"EdDSA","kid":"SECRET"}"#,
        r#"{"alg":"SECRET"}"#,
        r#"{"alg":["SECRET"]}"#,
        r#"{"alg":"EdDSA","typ":"SECRET","crit":["SECRET"]}"#,
        r#"{"alg":"EdDSA","SECRET":"SECRET","SECRET":1}"#,
        r#"{"alg":"RS256","kid":"SECRET"}"#,
    ]);
    let damage = select(vec!["", "=", " ", ".SECRET", ".SECRET.SECRET", "A"]);
    (header, claims, damage, secret, secret, secret).prop_map(|(header, claims, damage, a, b, c)| {
        let header = header.replace("SECRET", &a);
        let claims = claims.replace("SECRET", &b);
        let damage = damage.replace("SECRET", &c);
        let token = ed25519().key.token(Algorithm::Ed25519, &header, &claims) + &damage;
        (token.clone(), vec![token, header, claims, a, b, c])
    })
}

/// All sequences of 8 bytes in secret texts. No error may contain one of them.
struct Secrets<'a>(HashSet<&'a [u8]>);

impl<'a> Secrets<'a> {
    const LEN: usize = 8;

    fn new(texts: &'a [String]) -> Self {
        Self(texts.iter().flat_map(|text| text.as_bytes().windows(Self::LEN)).collect())
    }

    fn assert_absent(&self, shown: &str) {
        let found = shown.as_bytes().windows(Self::LEN).find(|window| self.0.contains(window));
        assert!(found.is_none(), "{shown:?} contains {:?}", found.map(String::from_utf8_lossy));
    }
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn no_error_contains_a_part_of_the_token_or_of_a_claim((token, secrets) in rejected_token()) {
        let secrets = Secrets::new(&secrets);
        let check = |error: &Error| {
            secrets.assert_absent(&format!("{error} {error:?} {error:#?} {}", error.detail()));
        };
        for jwks in &ed25519().jwks {
            for policy in [ed25519_policy(), ed25519_policy().issuers(["us"]).token_type("JWT")] {
                match verify_token(jwks, &policy, &token) {
                    Ok(verified) => secrets.assert_absent(&format!("{verified:?} {verified:#?}")),
                    Err(error) => check(&error),
                }
                if let Err(error) = verify_jws(jwks, &policy, &token) {
                    check(&error);
                }
            }
        }
        for value in [format!("Basic {token}"), format!("Bearer {token}"), format!("{token}, {token}")] {
            if let Err(error) = token_from_authorization(value.as_bytes()) {
                check(&error);
            }
        }
        for error in [
            JwkSet::from_slice(token.as_bytes()).err(),
            JwkSet::from_slice(format!(r#"{{"keys":[{{"kty":"{token}"}}]}}"#).as_bytes()).err(),
            Jwk::from_slice(token.as_bytes()).err(),
            Jwk::from_pem(token.as_bytes()).err(),
            Jwk::from_der(token.as_bytes()).err(),
            Jwk::from_rsa_base64url(&token, "AQAB").err(),
        ] {
            check(&error.expect("it is not a key"));
        }
    }
}

/// Generates JSON objects. Their names come from a short list, so that duplicates are common. Some
/// objects are deeply nested, and some have one changed byte.
fn json_object() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?",
        Just("1e308".to_owned()),
        Just("1e309".to_owned()),
        "0[0-9]",
    ];
    let string = "\"([ -!#-\\[\\]-~é😀]|\\\\u[0-9a-f]{4}|\\\\[\"\\\\/bfnrt]){0,24}\"";
    let leaf = prop_oneof![
        4 => number,
        4 => string,
        1 => select(vec!["true", "false", "null"]).prop_map(str::to_owned),
        1 => (1..18_usize).prop_map(|levels| "[".repeat(levels) + &"]".repeat(levels)),
    ];
    let name =
        select(vec!["a", "b", "c", "\\u0061", "\\u0062", "é", "", "long name", "\\ud83d\\ude00", "😀"]);
    let gap = || select(vec!["", "", "", " ", "\n", "\t\r "]);
    let members = move |value: BoxedStrategy<String>| {
        vec((name.clone(), value, gap(), gap()), 0..6).prop_map(|members| {
            let members = members
                .iter()
                .map(|(name, value, before, after)| format!("{before}\"{name}\"{after}:{before}{value}"));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        })
    };
    let inner = members.clone();
    let value = leaf.prop_recursive(4, 24, 4, move |value| {
        prop_oneof![
            vec(value.clone(), 0..4).prop_map(|values| format!("[{}]", values.join(" ,"))),
            inner(value.boxed()),
        ]
    });
    let damage = prop_oneof![
        6 => Just(None),
        1 => (any::<Index>(), select(b"{}[]:,\"\\ \t0-+.eEtnf\x00\x1f\x80\xc3".to_vec())).prop_map(Some),
    ];
    (members(value.boxed()), damage).prop_map(|(text, damage)| {
        let mut bytes = text.into_bytes();
        if let Some((at, byte)) = damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

/// This library has three rules that serde_json does not have: the text is an object, its names are
/// distinct, and it has at most 16 levels. Otherwise both accept the same texts.
#[test]
fn json_is_accepted_if_serde_json_accepts_it_as_an_object_with_distinct_names_and_16_levels() {
    let policy = Policy::any_issuer().algorithms([Algorithm::Ed25519]).optional_exp();
    let (accepted, rejected) = (Cell::new(0), Cell::new(0));
    let outcome = TestRunner::new(config(4000)).run(&json_object(), |json| {
        let read: Option<serde_json::Value> = serde_json::from_slice(&json).ok();
        let shape = Shape::of(&json);
        let expected = read.as_ref().is_some_and(serde_json::Value::is_object)
            && shape.is_some_and(|shape| !shape.repeats_a_name && shape.depth <= 16);
        let count = if expected { &accepted } else { &rejected };
        count.set(count.get() + 1);
        let token = ed25519_token(&json);
        for jwks in &ed25519().jwks {
            match verify_token(jwks, &policy, &token) {
                Ok(verified) => {
                    prop_assert!(expected, "accepted: {}", json.escape_ascii());
                    prop_assert_eq!(verified.payload().as_bytes(), &*json);
                    for (name, value) in
                        read.as_ref().and_then(serde_json::Value::as_object).into_iter().flatten()
                    {
                        let claim = verified.claim(name).expect("a claim");
                        prop_assert_eq!(
                            &serde_json::from_str::<serde_json::Value>(claim).expect("JSON"),
                            value
                        );
                    }
                }
                Err(error) => {
                    prop_assert_eq!((error.kind(), error.name()), (ErrorKind::MalformedClaims, None));
                    prop_assert!(!expected, "rejected: {}", json.escape_ascii());
                }
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let (accepted, rejected) = (accepted.get(), rejected.get());
    vectors::say(&format!(
        "properties: {accepted} JSON texts accepted and {rejected} rejected, as serde_json predicts"
    ));
    assert!(accepted > 500 && rejected > 500, "too few accepted or too few rejected texts");
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn the_token_of_an_authorization_header_is_returned_unchanged(
        scheme in select(vec!["token=", "Bearer ", "bearer  ", "BEARER   "]),
        token in "[A-Za-z0-9_.-]{1,40}",
        other in "[^A-Za-z0-9_.-]",
        at in any::<Index>(),
    ) {
        let value = format!("{scheme}{token}");
        prop_assert_eq!(token_from_authorization(value.as_bytes()), Ok(&*token));
        // No other character is accepted at any position. Spaces after "Bearer" belong to the
        // scheme.
        let at = at.index(token.len() + 1);
        let value = format!("{scheme}{}{other}{}", &token[..at], &token[at..]);
        let is_space_of_bearer = other == " " && at == 0 && scheme != "token=";
        prop_assert_eq!(token_from_authorization(value.as_bytes()).is_ok(), is_space_of_bearer);
    }
}

#[test]
fn only_one_last_character_of_the_payload_is_accepted() {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // Claims of three consecutive lengths, so that the part ends in 0, 2 and 4 unused bits.
    for uid in ["peter", "petera", "peteraa"] {
        let header = base64url(r#"{"alg":"EdDSA"}"#);
        let claims = base64url(format!(r#"{{"exp":1800000000,"uid":"{uid}"}}"#));
        let (front, last) = claims.split_at(claims.len() - 1);
        let spellings = ALPHABET.iter().filter(|&&byte| {
            // The signature is over exactly these characters, so only the decoder can reject them.
            let input = format!("{header}.{front}{}", char::from(byte));
            let signature = ed25519().key.sign(Algorithm::Ed25519, input.as_bytes());
            let token = format!("{input}.{}", base64url(signature));
            let verdict = ed25519().jwks.iter().map(|jwks| verify_token(jwks, &ed25519_policy(), &token));
            let verdicts: Vec<_> =
                verdict.map(|verdict| verdict.map(|verified| verified.payload().to_owned())).collect();
            verdicts.iter().all(|verdict| verdict.as_ref().is_ok_and(|payload| payload.contains(uid)))
        });
        assert_eq!(spellings.copied().collect::<Vec<_>>(), last.as_bytes(), "{uid}");
    }
}

/// An AWS Application Load Balancer makes such tokens: each part has padding, and the signature
/// covers the padding.
#[test]
fn a_padded_token_is_verified_with_its_padding_and_has_one_accepted_form() {
    let padded = |bytes: &[u8]| {
        let text = base64url(bytes);
        format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4))
    };
    let plain = Policy::any_issuer().algorithms(Algorithm::ALL).time(NOW);
    let policy = plain.clone().padded_tokens();
    for issuer in &*ISSUERS {
        let algorithm = issuer.algorithms[0];
        let header = format!("{{\"alg\":\"{algorithm}\"}} ");
        let payload = format!("{{\"sub\":\"peter\",\"exp\":{}}}", NOW + 60);
        let input = format!("{}.{}", padded(header.as_bytes()), padded(payload.as_bytes()));
        let token = format!("{input}.{}", padded(&issuer.key.sign(algorithm, input.as_bytes())));
        assert!(token.contains('='), "{algorithm}");
        let stripped = token.replace('=', "");
        for jwks in &issuer.jwks {
            // Verify twice: the second time, the header is a cache hit.
            for _ in 0..2 {
                assert_eq!(verify_token(jwks, &policy, &token).unwrap().subject(), Some("peter"));
            }
            let kind = |policy: &Policy, token: &str| verify_token(jwks, policy, token).unwrap_err().kind();
            assert_eq!(kind(&plain, &token), ErrorKind::MalformedToken);
            assert_eq!(kind(&plain, &stripped), ErrorKind::InvalidSignature);
            assert_eq!(kind(&policy, &stripped), ErrorKind::MalformedToken);
            assert_eq!(kind(&policy, &format!("{token}====")), ErrorKind::MalformedToken);
        }
    }
}

/// `unchecked_claims` makes it possible to accept the tokens of an issuer that breaks RFC 7519.
#[test]
fn unchecked_claims_accepts_an_integer_sub() {
    let issuer = &ISSUERS[0];
    let payload = format!("{{\"sub\":7,\"exp\":{}}}", NOW + 60);
    let token = issuer.key.token(issuer.algorithms[0], r#"{"alg":"Ed25519"}"#, payload);
    let policy = Policy::any_issuer().algorithms(Algorithm::ALL).time(NOW);
    let unchecked = policy.clone().unchecked_claims(["sub"]);
    for jwks in &issuer.jwks {
        let error = verify_token(jwks, &policy, &token).unwrap_err();
        assert_eq!((error.kind(), error.name()), (ErrorKind::MalformedClaims, Some("sub")));
        let verified = verify_token(jwks, &unchecked, &token).unwrap();
        assert_eq!((verified.subject(), verified.claim("sub")), (None, Some("7")));
        let error =
            verify_token(jwks, &unchecked.clone().required_string_claims(["sub"]), &token).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MalformedClaims);
    }
}
