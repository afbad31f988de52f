//! Tests of the choice of the back end: the default, the setting, and the environment variable.

mod support {
    pub(crate) mod signer;
}

use bouncer_verify::{
    Algorithm, Backend, ErrorKind, Jwk, JwkSet, LoadOptions, Policy, SignatureVerifier, verify_token,
};
use num_bigint::BigUint;
use std::process::Command;
use support::signer::Key;

const SWITCH: &str = "BOUNCER_VERIFY_NO_ACCELERATION";

fn jwks(name: &str, backend: Backend) -> JwkSet {
    JwkSet::from_keys_with([Jwk::from_der(&Key::load(name).public_der()).unwrap()], backend).unwrap()
}

#[cfg(all(feature = "avx512", target_arch = "x86_64"))]
fn cpu_accelerates() -> bool {
    // The same features as in `Avx512::detect`.
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512ifma")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
}

#[cfg(not(all(feature = "avx512", target_arch = "x86_64")))]
fn cpu_accelerates() -> bool {
    false
}

#[test]
fn rsa_keys_of_the_usual_sizes_are_accelerated_if_the_cpu_supports_it() {
    if !cpu_accelerates() {
        eprintln!("this CPU has no AVX-512 IFMA, so no key is accelerated");
    }
    for (name, takes) in [
        ("rsa-2048-a", true),
        ("rsa-3072", true),
        ("rsa-4096", true),
        ("rsa-2048-e3", false),
        ("rsa-2049", false),
        ("rsa-8192", false),
        ("p384", false),
    ] {
        let expected = usize::from(takes && cpu_accelerates());
        assert_eq!(jwks(name, Backend::Accelerated).accelerated_keys(), expected, "{name}");
        for &backend in Backend::ALL.iter().filter(|&&backend| backend != Backend::Accelerated) {
            assert_eq!(jwks(name, backend).accelerated_keys(), 0, "{name}");
        }
    }
}

/// Returns a token of the key, and the policy that accepts it.
fn signed(name: &str) -> (String, Policy) {
    let algorithm = if name.starts_with("p256") { Algorithm::Es256 } else { Algorithm::Ed25519 };
    let header = format!("{{\"alg\":\"{algorithm}\"}}");
    let token = Key::load(name).token(algorithm, header, r#"{"exp":2,"uid":"peter"}"#);
    (token, Policy::dcos().algorithms([algorithm]).time(1))
}

fn verify_often(name: &str, jwks: &JwkSet, count: usize) {
    let (token, policy) = signed(name);
    for i in 1..=count {
        assert!(verify_token(jwks, &policy, &token).is_ok(), "{name}: use {i}");
    }
    verify_forged(name, jwks, 5);
}

fn verify_forged(name: &str, jwks: &JwkSet, count: usize) {
    let (token, policy) = signed(name);
    let forged = token.replacen(".eyJ", ".eyI", 1);
    for i in 1..=count {
        let error = verify_token(jwks, &policy, &forged).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSignature, "{name}: use {i}");
    }
}

/// On CPUs without 64-bit words, aws-lc verifies all signatures.
const HAS_64_BIT_WORDS: bool = cfg!(target_pointer_width = "64");

#[test]
fn keys_on_curves_of_256_bits_get_tables_when_they_are_used_often() {
    for name in ["p256-a", "p256-short", "ed25519-a"] {
        let jwks = jwks(name, Backend::Accelerated);
        verify_often(name, &jwks, 80);
        assert_eq!((jwks.accelerated_keys(), jwks.table_memory()), (0, 0), "{name}");
        verify_forged(name, &jwks, 300);
        assert_eq!(jwks.accelerated_keys(), 0, "{name}: forged tokens do not count");
        verify_often(name, &jwks, 100);
        let memory = jwks.table_memory();
        assert_eq!(jwks.accelerated_keys(), usize::from(HAS_64_BIT_WORDS), "{name}");
        let expected = if HAS_64_BIT_WORDS { 50_000..400_000 } else { 0..1 };
        assert!(expected.contains(&memory), "{name}: {memory}");
        for &backend in Backend::ALL.iter().filter(|&&backend| backend != Backend::Accelerated) {
            let jwks = self::jwks(name, backend);
            verify_often(name, &jwks, 200);
            assert_eq!((jwks.accelerated_keys(), jwks.table_memory()), (0, 0), "{name}");
        }
    }
}

#[test]
fn no_key_gets_tables_over_the_limit() {
    let jwk = |name| Jwk::from_der(&Key::load(name).public_der()).unwrap().to_json();
    let document = format!("{{\"keys\":[{},{}]}}", jwk("p256-a"), jwk("ed25519-a"));
    let jwks = JwkSet::load(document.as_bytes(), &LoadOptions::new().max_table_memory(0)).unwrap();
    verify_often("p256-a", &jwks, 250);
    verify_often("ed25519-a", &jwks, 250);
    assert_eq!((jwks.accelerated_keys(), jwks.table_memory()), (0, 0));
    let error = JwkSet::load(document.as_bytes(), &LoadOptions::new().max_table_memory((1 << 30) + 1));
    let detail = "max_table_memory is 1073741825; allowed are 0 to 1073741824";
    assert_eq!(error.unwrap_err().detail(), detail);
}

#[test]
fn an_rsa_key_verifies_all_algorithms() {
    let key = Key::load("rsa-2048-a");
    let jwks = jwks("rsa-2048-a", Backend::Accelerated);
    let algorithms = [
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
        Algorithm::Ps256,
        Algorithm::Ps384,
        Algorithm::Ps512,
    ];
    for algorithm in algorithms {
        let policy = Policy::dcos().algorithms([algorithm]).time(1);
        let header = format!("{{\"alg\":\"{algorithm}\"}}");
        let token = key.token(algorithm, header, r#"{"exp":2,"uid":"peter"}"#);
        assert!(verify_token(&jwks, &policy, &token).is_ok(), "{algorithm}");
    }
}

/// s + n has the same remainder as s, so an implementation without the check accepts it too.
#[test]
fn an_rsa_signature_that_is_not_below_n_is_rejected() {
    let key = Key::load("rsa-2048-a");
    let jwk = Jwk::from_der(&key.public_der()).unwrap();
    let n = BigUint::from_bytes_be(jwk.n().unwrap());
    for algorithm in [Algorithm::Rs256, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps512] {
        let sum_fits = |i: u32| {
            let message = i.to_string();
            let signature = key.sign(algorithm, message.as_bytes());
            let sum = BigUint::from_bytes_be(&signature) + &n;
            (sum.bits() <= 2048).then(|| (message, signature, sum.to_bytes_be()))
        };
        let (message, genuine, sum) = (0..1000).find_map(sum_fits).unwrap();
        for &backend in Backend::ALL {
            let verifier = SignatureVerifier::new(&jwk, backend).unwrap();
            assert!(verifier.verify(algorithm, message.as_bytes(), &genuine).is_ok());
            let verdict = verifier.verify(algorithm, message.as_bytes(), &sum);
            assert_eq!(verdict.unwrap_err().kind(), ErrorKind::InvalidSignature, "{algorithm} {backend:?}");
        }
    }
}

/// [`the_environment_variable_turns_acceleration_off`] runs this test in another process.
#[test]
fn the_default_depends_on_the_environment_variable() {
    let off = std::env::var_os(SWITCH).is_some_and(|value| !value.is_empty() && value != "0");
    let expected = if off { Backend::AwsLc } else { Backend::Accelerated };
    assert_eq!(Backend::default(), expected);
    assert_eq!(
        jwks("rsa-2048-a", Backend::default()).accelerated_keys(),
        usize::from(!off && cpu_accelerates())
    );
    println!("accelerated: {}", !off);
}

#[test]
fn the_environment_variable_turns_acceleration_off() {
    for (value, expected) in [
        (None, "true"),
        (Some(""), "true"),
        (Some("0"), "true"),
        (Some("1"), "false"),
        (Some("yes"), "false"),
    ] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "--nocapture", "the_default_depends_on_the_environment_variable"])
            .env_remove(SWITCH);
        let output = command.envs(value.map(|value| (SWITCH, value))).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{value:?}\n{printed}");
        assert!(printed.contains(&format!("accelerated: {expected}")), "{value:?}\n{printed}");
    }
}
