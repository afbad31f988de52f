//! Step 5 of the order of the checks: the algorithm must be supported, and the policy must allow
//! it. The algorithm must also fit the key (step 7).

use super::case::{CLAIMS, Case, File, Policy, case, quote};
use super::keys::{Jwk, jwk, only, set};
use super::signer::{b64, compact, signing_input, with_signature};

const RSA_ALGORITHMS: [&str; 6] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
/// Every algorithm, with the name of the key that signs its tokens.
const ALGORITHMS: [(&str, &str); 10] = [
    ("RS256", "rsa-2048-a"),
    ("RS384", "rsa-2048-a"),
    ("RS512", "rsa-2048-a"),
    ("PS256", "rsa-2048-a"),
    ("PS384", "rsa-2048-a"),
    ("PS512", "rsa-2048-a"),
    ("ES256", "p256-a"),
    ("ES384", "p384"),
    ("ES512", "p521"),
    ("Ed25519", "ed25519-a"),
];
const FAMILIES: [&str; 5] = ["rsa-2048-a", "p256-a", "p384", "p521", "ed25519-a"];

pub(crate) fn file() -> File {
    let all: Vec<Jwk> = FAMILIES.iter().map(|name| jwk(name)).collect();
    let mut file = File::new(
        "algorithm",
        "RFC 8725 section 3.1: the algorithm must be allowed by the policy, and must fit the key's type and the key's own alg",
    )
    .key_set("rsa", only("rsa-2048-a"))
    .key_set("all", set(&all))
    .cases(each_algorithm())
    .cases(not_in_the_policy())
    .cases(none())
    .cases(unknown());
    for (family, name) in FAMILIES.iter().zip(WITHOUT) {
        let others: Vec<Jwk> =
            FAMILIES.iter().filter(|other| *other != family).map(|name| jwk(name)).collect();
        file = file.key_set(name, set(&others));
    }
    for (alg, name) in RSA_ALGORITHMS.iter().zip(BOUND) {
        file = file.key_set(name, set(&[jwk("rsa-2048-a").alg(alg)]));
    }
    file.cases(without_a_fitting_key()).cases(bound_to_the_key()).cases(policies())
}

/// Names of the key sets. Each one lacks one key of `FAMILIES`, in this order.
const WITHOUT: [&str; 5] = ["without rsa", "without p256", "without p384", "without p521", "without ed25519"];
/// Names of the key sets with one RSA key. Its `alg` is one of `RSA_ALGORITHMS`, in this order.
const BOUND: [&str; 6] = ["RS256 key", "RS384 key", "RS512 key", "PS256 key", "PS384 key", "PS512 key"];

fn header(alg: &str) -> String {
    format!(r#"{{"alg":{}}}"#, quote(alg))
}

fn token(alg: &str, key: &str) -> String {
    compact(key, alg, header(alg), CLAIMS)
}

fn every_algorithm() -> Policy {
    Policy::dcos().algorithms(&ALGORITHMS.map(|(alg, _)| alg))
}

fn each_algorithm() -> Vec<Case> {
    let mut cases = Vec::new();
    for (alg, key) in ALGORITHMS {
        let name = alg.to_lowercase();
        let good = token(alg, key);
        let tampered = good.replace(&b64(CLAIMS), &b64(CLAIMS.replace("peter", "admin")));
        cases.push(
            case(
                format!("a_token_of_{name}_is_accepted"),
                "RFC 7518 section 3.1, RFC 9864: one of the ten supported algorithms",
            )
            .keys("all")
            .policy(every_algorithm())
            .token(good)
            .alg(alg)
            .ok(CLAIMS),
        );
        cases.push(
            case(
                format!("a_tampered_token_of_{name}_is_refused"),
                "RFC 7515 section 5.2: the signature covers the payload",
            )
            .keys("all")
            .policy(every_algorithm())
            .token(tampered)
            .rejected("invalid_signature"),
        );
    }
    let eddsa = || compact("ed25519-a", "EdDSA", header("EdDSA"), CLAIMS);
    let why = "RFC 9864 section 2.2: EdDSA is the old name of Ed25519";
    let one = |alg: &str| set(&[jwk("ed25519-a").alg(alg)]);
    let policy = || Policy::dcos().algorithms(&["Ed25519"]);
    cases.extend([
        case("a_token_of_eddsa_is_one_of_ed25519", why)
            .keys("all")
            .policy(every_algorithm())
            .token(eddsa())
            .alg("Ed25519")
            .ok(CLAIMS),
        case("a_token_of_eddsa_fits_a_key_of_ed25519", why)
            .own_keys(one("Ed25519"))
            .policy(policy())
            .token(eddsa())
            .alg("Ed25519")
            .ok(CLAIMS),
        case("a_token_of_ed25519_fits_a_key_of_eddsa", why)
            .own_keys(one("EdDSA"))
            .policy(policy())
            .token(token("Ed25519", "ed25519-a"))
            .alg("Ed25519")
            .ok(CLAIMS),
        case("a_token_of_eddsa_is_not_in_bouncers_policy", why)
            .keys("all")
            .token(eddsa())
            .rejected("algorithm_not_allowed"),
    ]);
    // All key sizes.
    for (size, key) in
        [("2049", "rsa-2049"), ("3072", "rsa-3072"), ("4096", "rsa-4096"), ("8192", "rsa-8192")]
    {
        for alg in ["RS256", "PS256"] {
            cases.push(
                case(
                    format!("a_token_of_{}_with_{size}_bits_is_accepted", alg.to_lowercase()),
                    "RFC 7518 section 3.3: RSA keys have 2048 bits or more; at most 8192 bits are supported",
                )
                .own_keys(only(key))
                .policy(Policy::dcos().algorithms(&[alg]))
                .token(token(alg, key))
                .alg(alg)
                .loads(1, &[])
                .ok(CLAIMS),
            );
        }
    }
    cases
}

fn not_in_the_policy() -> Vec<Case> {
    ALGORITHMS
        .iter()
        .filter(|(alg, _)| *alg != "RS256")
        .map(|(alg, key)| {
            case(
                format!("{}_is_not_in_bouncers_policy", alg.to_lowercase()),
                "RFC 8725 section 3.1: only the algorithms that the policy allows are accepted",
            )
            .keys("all")
            .token(token(alg, key))
            .rejected("algorithm_not_allowed")
        })
        .collect()
}

fn none() -> Vec<Case> {
    let why =
        "RFC 8725 section 3.2, CVE-2015-9235: an unsecured token is rejected, however \"none\" is spelled";
    let mut cases = Vec::new();
    for bits in 0..16_u32 {
        let spelled: String = "none"
            .char_indices()
            .map(|(i, c)| if bits >> i & 1 == 1 { c.to_ascii_uppercase() } else { c })
            .collect();
        // A binary digit of the id is 1 if its letter is a capital. The last letter comes first.
        let id = if bits == 0 {
            "alg_none_is_refused".to_owned()
        } else {
            format!("alg_none_with_capitals_{bits:04b}_is_refused")
        };
        cases.push(
            case(id, why)
                .token(with_signature(&signing_input(header(&spelled), CLAIMS), b""))
                .rejected("unsupported_algorithm"),
        );
    }
    let look_alikes = [
        ("with_a_nul", "none\0"),
        ("with_a_space", "none "),
        ("with_a_leading_space", " none"),
        ("in_fullwidth_letters", "\u{ff4e}\u{ff4f}\u{ff4e}\u{ff45}"),
        ("with_a_zero_width_space", "none\u{200b}"),
        ("of_no_letters", ""),
    ];
    for (id, alg) in look_alikes {
        cases.push(
            case(format!("alg_none_{id}_is_refused"), why)
                .token(with_signature(&signing_input(header(alg), CLAIMS), b""))
                .rejected("unsupported_algorithm"),
        );
    }
    cases.push(
        case("alg_none_with_a_valid_rsa_signature_is_refused", why)
            .token(compact("rsa-2048-a", "RS256", header("none"), CLAIMS))
            .rejected("unsupported_algorithm"),
    );
    cases.push(
        case("alg_none_is_refused_when_every_algorithm_is_allowed", why)
            .keys("all")
            .policy(every_algorithm())
            .token(with_signature(&signing_input(header("none"), CLAIMS), b""))
            .rejected("unsupported_algorithm"),
    );
    cases
}

fn unknown() -> Vec<Case> {
    let why =
        "RFC 8725 section 3.1: only the ten supported algorithms are accepted; names are compared exactly";
    // All tokens have a valid RS256 signature: a verifier that corrects the name would accept them.
    let names = [
        ("rs256", "in_small_letters"),
        ("Rs256", "in_mixed_letters"),
        ("RS256 ", "followed_by_a_space"),
        (" RS256", "after_a_space"),
        ("RS256\n", "followed_by_a_newline"),
        ("RS256\0", "followed_by_a_nul"),
        ("RS256,none", "in_a_list"),
        ("RS\u{ff12}56", "with_a_fullwidth_digit"),
        ("RSA256", "misspelled"),
        ("SHA256withRSA", "of_java"),
        ("RS1", "with_sha_1"),
        ("RSA-OAEP", "for_encryption"),
        ("dir", "for_a_direct_key"),
    ];
    let mut cases: Vec<Case> = names
        .into_iter()
        .map(|(alg, id)| {
            case(format!("an_algorithm_name_{id}_is_unsupported"), why)
                .token(compact("rsa-2048-a", "RS256", header(alg), CLAIMS))
                .rejected("unsupported_algorithm")
        })
        .collect();
    for (alg, key, signed_as) in [
        ("ES256K", "p256-a", "ES256"),
        ("ES521", "p521", "ES512"),
        ("es256", "p256-a", "ES256"),
        ("ed25519", "ed25519-a", "Ed25519"),
        ("Ed448", "ed25519-a", "Ed25519"),
        ("ESP256", "p256-a", "ES256"),
    ] {
        let id = if alg == "ed25519" {
            "ed25519_in_small_letters".to_owned()
        } else {
            format!("{}{}", alg.to_lowercase(), if alg == "es256" { "_in_small_letters" } else { "" })
        };
        cases.push(
            case(format!("the_algorithm_{id}_is_unsupported"), why)
                .keys("all")
                .policy(every_algorithm())
                .token(compact(key, signed_as, header(alg), CLAIMS))
                .rejected("unsupported_algorithm"),
        );
    }
    cases
}

fn without_a_fitting_key() -> Vec<Case> {
    let why = "RFC 7518 section 6, CVE-2026-22817: the key's type and curve determine its algorithms";
    ALGORITHMS
        .iter()
        .map(|(alg, key)| {
            let family = FAMILIES.iter().position(|family| family == key).expect("a family");
            case(format!("a_token_of_{}_fits_no_key_of_another_type", alg.to_lowercase()), why)
                .keys(WITHOUT[family])
                .policy(every_algorithm())
                .token(token(alg, key))
                .rejected("no_matching_key")
        })
        .collect()
}

fn bound_to_the_key() -> Vec<Case> {
    let why = "RFC 8725 section 3.1, CVE-2026-48523: a key with alg verifies only tokens of that algorithm";
    let mut cases = Vec::new();
    for (bound, key_set) in RSA_ALGORITHMS.iter().zip(BOUND) {
        for alg in RSA_ALGORITHMS {
            let (key, token_alg) = (bound.to_lowercase(), alg.to_lowercase());
            let signed = token(alg, "rsa-2048-a");
            let pair = |verdict: &str| format!("a_token_of_{token_alg}_with_a_key_of_{key}_is_{verdict}");
            cases.push(if *bound == alg {
                case(pair("accepted"), why)
                    .keys(key_set)
                    .policy(every_algorithm())
                    .token(signed)
                    .alg(alg)
                    .ok(CLAIMS)
            } else {
                case(pair("refused"), why)
                    .keys(key_set)
                    .policy(every_algorithm())
                    .token(signed)
                    .rejected("no_matching_key")
            });
        }
    }
    for (curve, alg, name) in
        [("P-256", "ES256", "p256-a"), ("P-384", "ES384", "p384"), ("P-521", "ES512", "p521")]
    {
        let lower = alg.to_lowercase();
        cases.push(
            case(
                format!(
                    "a_token_of_{lower}_with_a_{}_key_of_{lower}_is_accepted",
                    curve.to_lowercase().replace('-', "")
                ),
                why,
            )
            .own_keys(set(&[jwk(name).alg(alg)]))
            .policy(every_algorithm())
            .token(token(alg, name))
            .alg(alg)
            .ok(CLAIMS),
        );
    }
    cases
}

fn policies() -> Vec<Case> {
    let why = "RFC 8725 section 3.1: the policy must allow the header's algorithm, whatever the keys are";
    let four = [ALGORITHMS[0], ALGORITHMS[3], ALGORITHMS[6], ALGORITHMS[9]];
    let mut cases = Vec::new();
    for (allowed, _) in four {
        for (alg, key) in four {
            let (policy, token_alg) = (allowed.to_lowercase(), alg.to_lowercase());
            let made = |verdict: &str| {
                case(format!("a_token_of_{token_alg}_under_a_policy_of_{policy}_is_{verdict}"), why)
                    .keys("all")
                    .policy(Policy::dcos().algorithms(&[allowed]))
                    .token(token(alg, key))
            };
            cases.push(if allowed == alg {
                made("accepted").alg(alg).ok(CLAIMS)
            } else {
                made("refused").rejected("algorithm_not_allowed")
            });
        }
    }
    let two = || Policy::dcos().algorithms(&["ES256", "PS384"]);
    cases.extend([
        case("the_first_of_two_allowed_algorithms_is_accepted", why)
            .keys("all")
            .policy(two())
            .token(token("ES256", "p256-a"))
            .alg("ES256")
            .ok(CLAIMS),
        case("the_second_of_two_allowed_algorithms_is_accepted", why)
            .keys("all")
            .policy(two())
            .token(token("PS384", "rsa-2048-a"))
            .alg("PS384")
            .ok(CLAIMS),
        case("the_default_algorithm_is_replaced_by_those_of_the_policy", why)
            .keys("all")
            .policy(two())
            .token(token("RS256", "rsa-2048-a"))
            .rejected("algorithm_not_allowed"),
    ]);
    cases
}
