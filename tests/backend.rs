//! Tests of the choice of the back end: the default, the setting, and the environment variable.

mod support {
    pub(crate) mod signer;
}

use bouncer_verify::{Algorithm, Backend, Jwk, JwkSet, Policy, verify_token};
use std::process::Command;
use support::signer::Key;

const SWITCH: &str = "BOUNCER_VERIFY_NO_ACCELERATION";

fn jwks(name: &str, backend: Backend) -> JwkSet {
    JwkSet::from_keys_with([Jwk::from_der(&Key::load(name).public_der()).unwrap()], backend).unwrap()
}

#[cfg(all(feature = "avx512", target_arch = "x86_64"))]
fn cpu_accelerates() -> bool {
    is_x86_feature_detected!("avx512ifma") && is_x86_feature_detected!("avx512dq")
}

#[cfg(not(all(feature = "avx512", target_arch = "x86_64")))]
fn cpu_accelerates() -> bool {
    false
}

#[test]
fn keys_of_the_usual_sizes_are_accelerated_if_the_cpu_supports_it() {
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
        ("p256-a", false),
    ] {
        let expected = usize::from(takes && cpu_accelerates());
        assert_eq!(jwks(name, Backend::Accelerated).accelerated_keys(), expected, "{name}");
        for &backend in Backend::ALL.iter().filter(|&&backend| backend != Backend::Accelerated) {
            assert_eq!(jwks(name, backend).accelerated_keys(), 0, "{name}");
        }
    }
}

#[test]
fn a_key_for_another_algorithm_is_not_accelerated() {
    let json = Jwk::from_der(&Key::load("rsa-2048-a").public_der()).unwrap().to_json();
    for (alg, takes) in [("RS256", true), ("RS384", false), ("PS256", false)] {
        let set = format!("{{\"keys\":[{}]}}", json.replacen('{', &format!("{{\"alg\":\"{alg}\","), 1));
        let set = JwkSet::from_slice_with(set.as_bytes(), Backend::Accelerated).unwrap();
        assert_eq!(set.accelerated_keys(), usize::from(takes && cpu_accelerates()), "{alg}");
    }
}

#[test]
fn a_key_accelerated_for_rs256_also_verifies_other_algorithms() {
    let key = Key::load("rsa-2048-a");
    let jwks = jwks("rsa-2048-a", Backend::Accelerated);
    for algorithm in
        [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps512]
    {
        let policy = Policy::dcos().algorithms([algorithm]).time(1);
        let header = format!("{{\"alg\":\"{algorithm}\"}}");
        let token = key.token(algorithm, header, r#"{"exp":2,"uid":"peter"}"#);
        assert!(verify_token(&jwks, &policy, &token).is_ok(), "{algorithm}");
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
