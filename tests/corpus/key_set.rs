//! Loading a key set: valid and invalid documents, and the reasons for skipped keys.

use rsa::BigUint;

use super::case::{CLAIMS, Case, File, Policy, case};
use super::keys::{Jwk, jwk, rsa_key, set};
use super::signer::{b64, compact, padded};

/// The modulus of `rejectsKeyWithRocaVulnerability`, C2SP/wycheproof json_web_key_test.json tcId 7
/// (Apache-2.0).
const ROCA_MODULUS: &str = "AanFpofbj7KjD4Lf-N2hVMKR7yewSyXhhbirIMTGpfYEhZ_lnt5UoK98DnKIgArXGTu3MaW_HhFw16HGaTDUHqPrId7fe4r11CqRw09yBFuW79V8sYIwHdzCaWflUI6auImYbVfoN9_nD5n8N8SY9DwXw7mwZM9wREPXoDPgOoIWl6q_MPsp7n0zs3Z5ZaiQWOOzl1S9OhwAfSiiOwz6efnXEaxuTEtPd7BjSx7NaFka8Dx9U7YqXy2RFj1O9PjyaDGuRh7YXsX3iMUSP_wSyHQg_c_qHRtKUsNSGCT7OZg0hzm2KphtjnayKJvC64vAbROBR4Ubg6Bxg9IQVZ-QYyE";

pub(crate) fn file() -> File {
    File::new(
        "key_set",
        "RFC 7517, RFC 7518 section 6, RFC 8037: the JWK Set, its usable keys, and why other keys are skipped",
    )
    .cases(documents())
    .cases(not_a_jwk())
    .cases(purposes())
    .cases(algorithms())
    .cases(rsa_numbers())
    .cases(points())
    .cases(usable())
    .cases(mixtures())
}

/// A usable key that is in the set together with the tested key. It is an Ed25519 key, because its
/// JWK is small and most tested keys have another type.
fn good() -> Jwk {
    jwk("ed25519-a").kid("good")
}

fn good_token() -> String {
    compact("ed25519-a", "Ed25519", r#"{"alg":"Ed25519","kid":"good"}"#, CLAIMS)
}

/// Makes a case with a document and a token of the good key. The token is accepted if the document
/// is valid and contains this key.
fn document(id: impl Into<String>, why: &str, text: impl Into<String>) -> Case {
    case(id, why)
        .own_keys(text)
        .policy(Policy::dcos().algorithms(&["Ed25519"]))
        .token(good_token())
        .kid("good")
        .alg("Ed25519")
}

/// Makes a case in which the first key is skipped, and the good key is used.
fn skipped_json(id: impl Into<String>, why: &str, json: &str, reason: &'static str) -> Case {
    document(id, why, format!("{{\"keys\":[{json},{}]}}", good().json())).loads(1, &[(0, reason)]).ok(CLAIMS)
}

fn skipped(id: impl Into<String>, why: &str, key: &Jwk, reason: &'static str) -> Case {
    skipped_json(id, why, &key.json(), reason)
}

/// Makes a case in which the first key is usable, and the good key too.
fn kept(id: &str, why: &str, key: &Jwk) -> Case {
    document(id, why, set(&[key.clone(), good()])).loads(2, &[]).ok(CLAIMS)
}

fn rsa() -> Jwk {
    jwk("rsa-2048-a")
}

fn documents() -> Vec<Case> {
    let why = "RFC 7517 section 5: a JSON object with one array of keys";
    let limit = "a key set has at most 1000 members, and the first 100 usable keys are used";
    let none = "a set without a usable key is an error";
    let malformed = |id: &str, text: &str| document(id, why, text).rejected("malformed_jwk_set");
    let key = good().json();
    let many = |count: usize| {
        let mut keys = vec![r#"{"kty":"x"}"#.to_owned(); count - 1];
        keys.push(key.clone());
        format!("{{\"keys\":[{}]}}", keys.join(","))
    };
    let unknown: Vec<(usize, &str)> = (0..999).map(|index| (index, "unsupported_key_type")).collect();
    let usable =
        |count: usize| -> Vec<Jwk> { (0..count).map(|i| jwk("ed25519-b").kid(&i.to_string())).collect() };
    let among = |mut keys: Vec<Jwk>, index: usize| {
        keys.insert(index, good());
        set(&keys)
    };
    let for_encryption: Vec<Jwk> = usable(100).into_iter().map(|key| key.text("use", "enc")).collect();
    let skipped: Vec<(usize, &str)> = (0..100).map(|index| (index, "wrong_use")).collect();
    let private = |index: usize| usable(index).into_iter().chain([jwk("p256-a").text("d", "AQAB")]).collect();
    vec![
        malformed("a_document_without_keys_is_malformed", "{}"),
        malformed("a_key_without_a_set_is_malformed", &key),
        malformed("an_array_of_keys_is_malformed", &format!("[{key}]")),
        malformed("keys_that_are_an_object_are_malformed", &format!("{{\"keys\":{{\"good\":{key}}}}}")),
        malformed("keys_that_are_one_key_are_malformed", &format!("{{\"keys\":{key}}}")),
        malformed("keys_that_are_null_are_malformed", r#"{"keys":null}"#),
        malformed("keys_that_are_a_string_are_malformed", r#"{"keys":"[]"}"#),
        malformed("keys_in_capitals_are_no_keys", &format!("{{\"Keys\":[{key}]}}")),
        malformed("an_empty_document_is_malformed", ""),
        malformed("a_pem_file_is_malformed", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"),
        malformed("a_page_of_html_is_malformed", "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"),
        malformed(
            "a_map_of_certificates_is_malformed",
            r#"{"good":"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"}"#,
        ),
        document("a_thousand_members_are_a_set", limit, many(1000)).loads(1, &unknown).ok(CLAIMS),
        document("a_thousand_and_one_members_are_malformed", limit, many(1001)).rejected("malformed_jwk_set"),
        document("a_hundred_usable_keys_are_used", limit, among(usable(99), 99)).loads(100, &[]).ok(CLAIMS),
        document("the_hundredth_of_many_usable_keys_is_used", limit, among(usable(101), 99))
            .loads(100, &[(100, "over_limit"), (101, "over_limit")])
            .ok(CLAIMS),
        document("the_hundred_and_first_usable_key_is_skipped", limit, among(usable(100), 100))
            .loads(100, &[(100, "over_limit")])
            .rejected("no_matching_key"),
        document("keys_that_are_not_usable_do_not_count", limit, among(for_encryption, 100))
            .loads(1, &skipped)
            .ok(CLAIMS),
        document("a_key_over_the_limit_has_its_own_reason_first", limit, among(private(100), 0))
            .loads(100, &[(100, "over_limit"), (101, "private")])
            .ok(CLAIMS),
        document(
            "unknown_members_of_the_set_are_ignored",
            "RFC 7517 section 5: unknown members are ignored",
            format!("{{\"issuer\":\"x\",\"keys\":[{key}],\"n\":null,\"private\":{{\"d\":\"AQAB\"}}}}"),
        )
        .loads(1, &[])
        .ok(CLAIMS),
        document(
            "an_escaped_keys_member_is_its_unescaped_self",
            "RFC 8259 section 8.3: strings are compared unescaped",
            format!("{{\"\\u006beys\":[{key}]}}"),
        )
        .loads(1, &[])
        .ok(CLAIMS),
        document("an_empty_set_has_no_usable_key", none, r#"{"keys":[]}"#).rejected("no_usable_key"),
        document("a_set_of_no_keys_but_members_has_no_usable_key", none, r#"{"keys":[null,1,"x",[],{}]}"#)
            .rejected("no_usable_key"),
        document("a_set_of_a_private_key_has_no_usable_key", none, set(&[good().text("d", "AQAB")]))
            .rejected("no_usable_key"),
        document("a_set_of_a_small_key_has_no_usable_key", none, set(&[jwk("rsa-1024")]))
            .rejected("no_usable_key"),
        document("a_set_of_an_encryption_key_has_no_usable_key", none, set(&[good().text("use", "enc")]))
            .rejected("no_usable_key"),
    ]
}

fn not_a_jwk() -> Vec<Case> {
    let why = "RFC 7517 section 4: a JWK is an object with a kty and the members that its type needs";
    let mut cases = Vec::new();
    for (id, json) in [
        ("null", "null"),
        ("a_number", "1"),
        ("a_string", "\"key\""),
        ("an_array", "[]"),
        ("an_empty_object", "{}"),
    ] {
        cases.push(skipped_json(format!("{id}_is_not_a_jwk"), why, json, "not_a_jwk"));
    }
    let ec = jwk("p256-a");
    let okp = jwk("ed25519-b");
    let missing: [(&str, Jwk); 8] = [
        ("an_rsa_key_without_kty", rsa().without("kty")),
        ("an_rsa_key_without_n", rsa().without("n")),
        ("an_rsa_key_without_e", rsa().without("e")),
        ("an_ec_key_without_crv", ec.clone().without("crv")),
        ("an_ec_key_without_x", ec.clone().without("x")),
        ("an_ec_key_without_y", ec.clone().without("y")),
        ("an_okp_key_without_crv", okp.clone().without("crv")),
        ("an_okp_key_without_x", okp.without("x")),
    ];
    for (id, key) in &missing {
        cases.push(skipped(format!("{id}_is_not_a_jwk"), why, key, "not_a_jwk"));
    }
    for (id, name, json) in [
        ("a_kty_that_is_null", "kty", "null"),
        ("an_empty_array_as_kid", "kid", "[]"),
        ("a_kid_that_is_false", "kid", "false"),
        ("a_use_that_is_an_empty_array", "use", "[]"),
        ("an_alg_that_is_a_number", "alg", "256"),
        ("key_ops_that_are_an_object", "key_ops", "{}"),
        ("key_ops_with_null", "key_ops", r#"["verify",null]"#),
        ("a_kty_that_is_a_number", "kty", "1"),
        ("a_modulus_that_is_a_number", "n", "65537"),
        ("a_modulus_that_is_null", "n", "null"),
        ("an_exponent_that_is_a_number", "e", "65537"),
        ("an_exponent_that_is_an_array", "e", "[1,0,1]"),
        ("a_kid_that_is_a_number", "kid", "1"),
        ("a_use_that_is_an_array", "use", r#"["sig"]"#),
        ("an_alg_that_is_an_array", "alg", r#"["RS256"]"#),
        ("key_ops_that_are_a_string", "key_ops", r#""verify""#),
        ("key_ops_with_a_number", "key_ops", r#"["verify",1]"#),
        ("key_ops_that_repeat", "key_ops", r#"["verify","verify"]"#),
        ("key_ops_that_repeat_in_an_escape", "key_ops", r#"["verify","v\u0065rify"]"#),
    ] {
        cases.push(skipped(
            format!("a_key_with_{id}_is_not_a_jwk"),
            why,
            &rsa().set(name, json),
            "not_a_jwk",
        ));
    }
    let absent = "some serializers write null, an empty string or an empty array for an absent member; these count as absent";
    for (id, name, json) in [
        ("a_kid_that_is_null", "kid", "null"),
        ("a_kid_that_is_empty", "kid", r#""""#),
        ("a_use_that_is_null", "use", "null"),
        ("a_use_that_is_empty", "use", r#""""#),
        ("an_alg_that_is_null", "alg", "null"),
        ("an_alg_that_is_empty", "alg", r#""""#),
        ("key_ops_that_are_null", "key_ops", "null"),
        ("key_ops_that_are_empty", "key_ops", "[]"),
        ("key_ops_that_are_an_empty_string", "key_ops", r#""""#),
        ("an_x5c_that_is_null", "x5c", "null"),
    ] {
        cases.push(kept(&format!("a_key_with_{id}_is_usable"), absent, &rsa().set(name, json)));
    }
    let operations = |count: usize| {
        let more: Vec<String> = (1..count).map(|i| format!(r#""op-{i}""#)).collect();
        rsa().set("key_ops", &format!(r#"["verify",{}]"#, more.join(",")))
    };
    let many = "key_ops has at most 64 operations; RFC 7517 section 4.3 defines eight";
    cases.extend([
        kept("a_key_with_64_key_ops_is_usable", many, &operations(64)),
        skipped("a_key_with_65_key_ops_is_not_a_jwk", many, &operations(65), "not_a_jwk"),
        skipped("an_ec_key_with_a_y_that_is_a_number_is_not_a_jwk", why, &ec.set("y", "1"), "not_a_jwk"),
        skipped(
            "a_key_with_a_kid_of_1025_bytes_is_not_a_jwk",
            "a kid has at most 1024 bytes",
            &rsa().kid(&"k".repeat(1025)),
            "not_a_jwk",
        ),
        kept(
            "a_key_with_a_kid_of_1024_bytes_is_usable",
            "a kid has at most 1024 bytes",
            &rsa().kid(&"k".repeat(1024)),
        ),
        skipped(
            "a_private_key_without_n_is_not_a_jwk",
            "the first reason in the table of README.md is reported",
            &rsa().without("n").text("d", "AQAB"),
            "not_a_jwk",
        ),
    ]);
    cases
}

fn purposes() -> Vec<Case> {
    let symmetric =
        "RFC 7518 section 6.4: a symmetric key is a secret, so it does not belong in a public key set";
    let private = "RFC 7518 section 6: a private member in a key set means that the key has leaked";
    let empty = "a private member counts as present only if it is a non-empty string or a non-empty array";
    let kind = "RFC 7517 section 5: a key of an unknown type is ignored";
    let purpose = "RFC 7517 sections 4.2 and 4.3: a key that is not for signatures is not used";
    let oct = Jwk::new("oct").text("k", "AQAB");
    let mut cases = vec![
        skipped("a_symmetric_key_is_skipped", symmetric, &oct, "symmetric"),
        skipped(
            "a_symmetric_key_of_hs256_is_skipped",
            symmetric,
            &oct.clone().alg("HS256").text("use", "sig"),
            "symmetric",
        ),
        skipped(
            "a_symmetric_key_for_encryption_is_skipped_as_symmetric",
            "the first reason in the table of README.md is reported",
            &oct.text("use", "enc"),
            "symmetric",
        ),
    ];
    for member in ["d", "p", "q", "dp", "dq", "qi", "k"] {
        cases.push(skipped(
            format!("an_rsa_key_with_{member}_is_private"),
            private,
            &rsa().text(member, "AQAB"),
            "private",
        ));
    }
    cases.extend([
        skipped(
            "an_rsa_key_with_oth_is_private",
            private,
            &rsa().set("oth", r#"[{"r":"AQAB","d":"AQAB","t":"AQAB"}]"#),
            "private",
        ),
        kept("an_rsa_key_with_an_empty_oth_is_usable", empty, &rsa().set("oth", "[]")),
        kept("an_rsa_key_with_a_null_oth_is_usable", empty, &rsa().set("oth", "null")),
        kept("an_rsa_key_with_a_null_d_is_usable", empty, &rsa().set("d", "null")),
        kept("an_rsa_key_with_an_empty_d_is_usable", empty, &rsa().text("d", "")),
        kept("an_rsa_key_with_a_d_that_is_a_number_is_usable", empty, &rsa().set("d", "1")),
        kept(
            "an_rsa_key_with_every_private_member_empty_is_usable",
            empty,
            &["d", "p", "q", "dp", "dq", "qi", "k"].iter().fold(rsa(), |key, name| key.text(name, "")),
        ),
        skipped("an_rsa_key_with_a_d_of_a_blank_is_private", private, &rsa().text("d", " "), "private"),
        skipped(
            "an_empty_member_does_not_hide_a_private_one",
            private,
            &rsa().text("d", "").text("p", "AQAB"),
            "private",
        ),
        skipped("an_ec_key_with_d_is_private", private, &jwk("p256-a").text("d", "AQAB"), "private"),
        skipped("an_okp_key_with_d_is_private", private, &jwk("ed25519-b").text("d", "AQAB"), "private"),
        skipped(
            "a_private_key_for_encryption_is_private",
            "the first reason in the table of README.md is reported",
            &rsa().text("d", "AQAB").text("use", "enc"),
            "private",
        ),
        skipped(
            "a_key_type_in_small_letters_is_unsupported",
            kind,
            &rsa().text("kty", "rsa"),
            "unsupported_key_type",
        ),
        skipped(
            "an_unknown_key_type_is_unsupported",
            kind,
            &Jwk::new("AKP").alg("ML-DSA-44").text("pub", "AQAB"),
            "unsupported_key_type",
        ),
        skipped("an_empty_key_type_is_unsupported", kind, &Jwk::new(""), "unsupported_key_type"),
        skipped(
            "an_unknown_key_type_for_encryption_is_an_unsupported_key_type",
            "the first reason in the table of README.md is reported",
            &Jwk::new("x").text("use", "enc"),
            "unsupported_key_type",
        ),
        skipped("a_key_for_encryption_is_skipped", purpose, &rsa().text("use", "enc"), "wrong_use"),
        skipped("a_use_in_capitals_is_skipped", purpose, &rsa().text("use", "SIG"), "wrong_use"),
        skipped("an_unknown_use_is_skipped", purpose, &rsa().text("use", "tls"), "wrong_use"),
        skipped("a_use_of_a_blank_is_skipped", purpose, &rsa().text("use", " "), "wrong_use"),
        skipped(
            "key_ops_without_verify_are_skipped",
            purpose,
            &rsa().set("key_ops", r#"["sign"]"#),
            "wrong_use",
        ),
        skipped(
            "key_ops_of_encryption_are_skipped",
            purpose,
            &rsa().set("key_ops", r#"["encrypt","wrapKey"]"#),
            "wrong_use",
        ),
        skipped(
            "key_ops_of_an_empty_string_are_skipped",
            purpose,
            &rsa().set("key_ops", r#"[""]"#),
            "wrong_use",
        ),
        skipped(
            "key_ops_in_capitals_are_skipped",
            purpose,
            &rsa().set("key_ops", r#"["VERIFY"]"#),
            "wrong_use",
        ),
        skipped(
            "a_signature_key_with_key_ops_of_encryption_is_skipped",
            purpose,
            &rsa().text("use", "sig").set("key_ops", r#"["encrypt"]"#),
            "wrong_use",
        ),
        skipped(
            "an_encryption_key_with_key_ops_of_verify_is_skipped",
            purpose,
            &rsa().text("use", "enc").set("key_ops", r#"["verify"]"#),
            "wrong_use",
        ),
        kept("a_key_for_signatures_is_usable", purpose, &rsa().text("use", "sig")),
        kept("key_ops_of_verify_are_usable", purpose, &rsa().set("key_ops", r#"["verify"]"#)),
        kept(
            "key_ops_with_verify_and_more_are_usable",
            purpose,
            &rsa().set("key_ops", r#"["sign","verify","x"]"#),
        ),
        kept(
            "use_and_key_ops_that_agree_are_usable",
            purpose,
            &rsa().text("use", "sig").set("key_ops", r#"["verify"]"#),
        ),
    ]);
    cases
}

fn algorithms() -> Vec<Case> {
    let unknown = "RFC 7517 section 4.4: the key's alg is not one of the ten supported algorithms";
    let curve =
        "RFC 7518 section 6.2.1.1, RFC 8037 section 2: only P-256, P-384, P-521 and Ed25519 are supported";
    let fit = "RFC 8725 section 3.1: a key whose alg does not fit its type is skipped";
    let (ec, okp) = (jwk("p256-a"), jwk("ed25519-b"));
    let mut cases = Vec::new();
    for (id, alg) in [
        ("hs256", "HS256"),
        ("none", "none"),
        ("rsa_oaep", "RSA-OAEP"),
        ("rs1", "RS1"),
        ("rs256_in_small_letters", "rs256"),
        ("a_blank", " "),
    ] {
        cases.push(skipped(
            format!("an_rsa_key_of_{id}_has_an_unsupported_algorithm"),
            unknown,
            &rsa().alg(alg),
            "unsupported_algorithm",
        ));
    }
    cases.extend([
        skipped(
            "an_ec_key_of_es521_has_an_unsupported_algorithm",
            unknown,
            &jwk("p521").alg("ES521"),
            "unsupported_algorithm",
        ),
        skipped(
            "an_ec_key_of_ecdh_has_an_unsupported_algorithm",
            unknown,
            &ec.clone().alg("ECDH-ES"),
            "unsupported_algorithm",
        ),
        skipped(
            "an_ec_key_of_es256k_has_an_unsupported_algorithm",
            "the first reason in the table of README.md is reported",
            &ec.clone().text("crv", "secp256k1").alg("ES256K"),
            "unsupported_algorithm",
        ),
        skipped(
            "a_key_of_an_unknown_algorithm_for_encryption_has_the_wrong_use",
            "the first reason in the table of README.md is reported",
            &rsa().alg("RSA-OAEP").text("use", "enc"),
            "wrong_use",
        ),
        skipped(
            "the_curve_secp256k1_is_unsupported",
            curve,
            &ec.clone().text("crv", "secp256k1"),
            "unsupported_curve",
        ),
        skipped(
            "a_curve_in_small_letters_is_unsupported",
            curve,
            &ec.clone().text("crv", "p-256"),
            "unsupported_curve",
        ),
        skipped("an_empty_curve_is_unsupported", curve, &ec.clone().text("crv", ""), "unsupported_curve"),
        skipped(
            "an_ec_key_on_ed25519_is_unsupported",
            curve,
            &ec.clone().text("crv", "Ed25519"),
            "unsupported_curve",
        ),
        skipped(
            "an_okp_key_on_p_256_is_unsupported",
            curve,
            &okp.clone().text("crv", "P-256"),
            "unsupported_curve",
        ),
        skipped(
            "the_curve_x25519_is_unsupported",
            curve,
            &okp.clone().text("crv", "X25519"),
            "unsupported_curve",
        ),
        skipped(
            "the_curve_ed448_is_unsupported",
            curve,
            &okp.clone().text("crv", "Ed448"),
            "unsupported_curve",
        ),
        skipped(
            "ed25519_in_small_letters_is_unsupported",
            curve,
            &okp.clone().text("crv", "ed25519"),
            "unsupported_curve",
        ),
        skipped(
            "an_unknown_curve_with_a_known_algorithm_is_an_unsupported_curve",
            "the first reason in the table of README.md is reported",
            &ec.clone().text("crv", "secp256k1").alg("ES256"),
            "unsupported_curve",
        ),
        skipped("an_rsa_key_of_es256_does_not_fit", fit, &rsa().alg("ES256"), "algorithm_mismatch"),
        skipped("an_rsa_key_of_eddsa_does_not_fit", fit, &rsa().alg("EdDSA"), "algorithm_mismatch"),
        skipped("a_p_256_key_of_rs256_does_not_fit", fit, &ec.clone().alg("RS256"), "algorithm_mismatch"),
        skipped("a_p_256_key_of_es384_does_not_fit", fit, &ec.clone().alg("ES384"), "algorithm_mismatch"),
        skipped("a_p_384_key_of_es256_does_not_fit", fit, &jwk("p384").alg("ES256"), "algorithm_mismatch"),
        skipped("a_p_521_key_of_es384_does_not_fit", fit, &jwk("p521").alg("ES384"), "algorithm_mismatch"),
        skipped("a_p_256_key_of_ed25519_does_not_fit", fit, &ec.clone().alg("Ed25519"), "algorithm_mismatch"),
        skipped("an_ed25519_key_of_es256_does_not_fit", fit, &okp.clone().alg("ES256"), "algorithm_mismatch"),
        skipped(
            "a_small_rsa_key_of_es256_does_not_fit",
            "the first reason in the table of README.md is reported",
            &jwk("rsa-1024").alg("ES256"),
            "algorithm_mismatch",
        ),
        kept("a_p_256_key_of_es256_fits", fit, &ec.alg("ES256")),
        kept("an_ed25519_key_of_ed25519_fits", fit, &okp.clone().alg("Ed25519")),
        kept("an_ed25519_key_of_eddsa_fits", fit, &okp.alg("EdDSA")),
    ]);
    cases
}

fn rsa_numbers() -> Vec<Case> {
    let encoding = "RFC 7518 section 2: n and e are Base64urlUInt values; one leading zero octet, padding and the standard alphabet are tolerated";
    let size = "RFC 7518 section 3.3: n has 2048 bits or more; more than 8192 bits would allow a denial of service (CVE-2023-29409)";
    let exponent =
        "RFC 8017 section 3.1: e is odd and at least 3; with e = 1 every message is its own signature";
    let key = rsa_key("rsa-2048-a");
    let n = |bytes: &[u8]| rsa().text("n", &b64(bytes));
    let e = |bytes: &[u8]| rsa().text("e", &b64(bytes));
    let bits = |n: &BigUint| Jwk::rsa(n, &key.e);
    let modulus = key.n.to_bytes_be();
    let n_text = b64(&modulus);
    let standard = n_text.replace('-', "+").replace('_', "/");
    assert_ne!(standard, n_text);
    let one = BigUint::from(1_u8);
    let oversize = (&rsa_key("rsa-8192").n << 1) + &one;
    assert_eq!(oversize.bits(), 8193);
    let mut trailing_bits = n_text.clone();
    assert!(matches!(trailing_bits.pop(), Some('A' | 'Q' | 'g' | 'w')));
    trailing_bits.push('B');
    let right = |id: &str, key: Jwk| {
        // The tolerated key verifies a token, so its number was decoded correctly.
        case(id, encoding)
            .own_keys(set(&[key.kid("key-1")]))
            .token(compact("rsa-2048-a", "RS256", r#"{"alg":"RS256","kid":"key-1"}"#, CLAIMS))
            .kid("key-1")
            .loads(1, &[])
            .ok(CLAIMS)
    };
    let bad = |id: &str, key: &Jwk| skipped(id, encoding, key, "bad_encoding");
    vec![
        right("a_modulus_with_one_leading_zero_is_tolerated", n(&padded(&key.n, 257))),
        right("a_modulus_with_padding_is_tolerated", rsa().text("n", &format!("{n_text}=="))),
        right("a_modulus_in_the_standard_alphabet_is_tolerated", rsa().text("n", &standard)),
        right(
            "a_modulus_in_the_standard_alphabet_with_padding_is_tolerated",
            rsa().text("n", &format!("{standard}==")),
        ),
        right("an_exponent_with_one_leading_zero_is_tolerated", e(&[0, 1, 0, 1])),
        kept("an_exponent_of_three_with_padding_is_tolerated", encoding, &rsa().text("e", "Aw==")),
        bad("an_exponent_with_half_of_its_padding_has_a_bad_encoding", &rsa().text("e", "Aw=")),
        bad("an_exponent_with_too_much_padding_has_a_bad_encoding", &rsa().text("e", "Aw===")),
        bad("an_exponent_of_padding_alone_has_a_bad_encoding", &rsa().text("e", "====")),
        bad("an_exponent_that_needs_no_padding_has_a_bad_encoding_with_it", &rsa().text("e", "AQAB=")),
        bad("an_empty_exponent_has_a_bad_encoding", &rsa().text("e", "")),
        bad("a_modulus_with_half_of_its_padding_has_a_bad_encoding", &rsa().text("n", &format!("{n_text}="))),
        bad("an_exponent_with_two_leading_zeros_has_a_bad_encoding", &e(&[0, 0, 1, 0, 1])),
        bad("a_modulus_with_two_leading_zeros_has_a_bad_encoding", &n(&padded(&key.n, 258))),
        bad("a_modulus_with_a_blank_has_a_bad_encoding", &rsa().text("n", &format!("{n_text} "))),
        bad(
            "a_modulus_with_a_newline_has_a_bad_encoding",
            &rsa().text("n", &format!("{}\n{}", &n_text[..64], &n_text[64..])),
        ),
        bad(
            "a_modulus_with_another_character_has_a_bad_encoding",
            &rsa().text("n", &format!("*{}", &n_text[1..])),
        ),
        bad("a_modulus_of_impossible_length_has_a_bad_encoding", &rsa().text("n", &format!("{n_text}AAA"))),
        bad("a_modulus_with_trailing_bits_has_a_bad_encoding", &rsa().text("n", &trailing_bits)),
        bad("a_modulus_in_hexadecimal_with_colons_has_a_bad_encoding", &rsa().text("n", "00:d5:b3:7c")),
        bad("an_exponent_of_one_character_has_a_bad_encoding", &rsa().text("e", "A")),
        bad("an_exponent_with_another_character_has_a_bad_encoding", &rsa().text("e", "AQA!")),
        skipped("a_modulus_of_1024_bits_is_too_small", size, &jwk("rsa-1024"), "rsa_modulus_size"),
        skipped("a_modulus_of_2047_bits_is_too_small", size, &jwk("rsa-2047"), "rsa_modulus_size"),
        skipped(
            "a_modulus_of_2047_bits_with_a_leading_zero_octet_is_too_small",
            size,
            &jwk("rsa-2047").text("n", &b64(padded(&rsa_key("rsa-2047").n, 257))),
            "rsa_modulus_size",
        ),
        skipped("a_modulus_of_8193_bits_is_too_large", size, &bits(&oversize), "rsa_modulus_size"),
        skipped("a_modulus_of_zero_is_too_small", size, &rsa().text("n", "AA"), "rsa_modulus_size"),
        skipped("a_modulus_of_one_is_too_small", size, &rsa().text("n", "AQ"), "rsa_modulus_size"),
        skipped(
            "a_small_even_modulus_is_too_small",
            "the first reason in the table of README.md is reported",
            &rsa().text("n", "Ag"),
            "rsa_modulus_size",
        ),
        kept("a_modulus_of_2049_bits_is_usable", size, &jwk("rsa-2049")),
        kept("a_modulus_of_3072_bits_is_usable", size, &jwk("rsa-3072")),
        skipped(
            "an_even_modulus_is_skipped",
            "RFC 8017 section 3.1: n is a product of odd primes, so it is odd",
            &bits(&(&key.n - &one)),
            "rsa_modulus_even",
        ),
        skipped(
            "an_even_modulus_with_an_even_exponent_is_an_even_modulus",
            "the first reason in the table of README.md is reported",
            &bits(&(&key.n - &one)).text("e", "Ag"),
            "rsa_modulus_even",
        ),
        skipped("an_exponent_of_zero_is_skipped", exponent, &e(&[0]), "rsa_exponent"),
        skipped("an_exponent_of_one_is_skipped", exponent, &e(&[1]), "rsa_exponent"),
        skipped("an_exponent_of_two_is_skipped", exponent, &e(&[2]), "rsa_exponent"),
        skipped("an_exponent_of_65536_is_skipped", exponent, &e(&[1, 0, 0]), "rsa_exponent"),
        skipped(
            "an_exponent_of_two_to_the_33_and_one_is_skipped",
            exponent,
            &e(&[2, 0, 0, 0, 1]),
            "rsa_exponent",
        ),
        skipped(
            "an_exponent_of_64_bits_and_one_is_skipped",
            exponent,
            &e(&[1, 0, 0, 0, 0, 0, 0, 0, 3]),
            "rsa_exponent",
        ),
        skipped("an_exponent_as_long_as_the_modulus_is_skipped", exponent, &e(&modulus), "rsa_exponent"),
        kept("an_exponent_of_three_is_usable", exponent, &jwk("rsa-2048-e3")),
        kept("an_exponent_of_33_bits_is_usable", exponent, &e(&[1, 0xff, 0xff, 0xff, 0xff])),
        skipped(
            "a_roca_modulus_is_skipped",
            "CVE-2017-15361: keys with this fingerprint come from a weak generator and can be factored",
            &rsa().text("n", ROCA_MODULUS).alg("RS256").text("use", "sig"),
            "rsa_roca",
        ),
        skipped(
            "a_roca_modulus_with_an_exponent_of_one_has_a_bad_exponent",
            "the first reason in the table of README.md is reported",
            &rsa().text("n", ROCA_MODULUS).text("e", "AQ"),
            "rsa_exponent",
        ),
    ]
}

fn points() -> Vec<Case> {
    let length = "RFC 7518 section 6.2.1.2: a coordinate has the full length of the curve's field; too few or too many leading zeros are tolerated";
    let curve = "RFC 8725 section 3.4: a point that is not on the curve is rejected";
    let encoding = "RFC 7518 section 6.2.1.2: a coordinate is base64url";
    let okp = "RFC 8037 section 2, RFC 8032 section 5.1.3: x is 32 octets, the canonical encoding of a point of large order";
    let mut cases = Vec::new();
    for (name, crv, len) in [("p256-a", "p256", 32), ("p384", "p384", 48), ("p521", "p521", 66)] {
        let key = jwk(name);
        let bytes = |member: &str| {
            use base64::Engine as _;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(key.value(member)).expect("base64url")
        };
        let (x, y) = (bytes("x"), bytes("y"));
        let mut off = y.clone();
        off[len - 1] ^= 1;
        let bad = |id: &str, why: &str, key: Jwk| {
            skipped(format!("a_{crv}_point_{id}_is_bad"), why, &key, "bad_point")
        };
        cases.extend([
            bad("with_a_short_x", length, key.clone().text("x", &b64(&x[1..]))),
            bad("with_a_short_y", length, key.clone().text("y", &b64(&y[..len - 1]))),
            bad("with_a_one_before_x", length, key.clone().text("x", &b64([&[1], &x[..]].concat()))),
            bad("with_a_zero_behind_x", length, key.clone().text("x", &b64([&x[..], &[0]].concat()))),
            bad("with_an_empty_y", length, key.clone().text("y", "")),
            bad("off_the_curve", curve, key.clone().text("y", &b64(&off))),
            bad("with_x_and_y_exchanged", curve, key.clone().text("x", &b64(&y)).text("y", &b64(&x))),
            bad("of_zeros", curve, key.clone().text("x", &b64(vec![0; len])).text("y", &b64(vec![0; len]))),
            bad("beyond_the_field", curve, key.clone().text("x", &b64(vec![0xff; len]))),
        ]);
        // The tolerated key verifies a token, so its point was decoded correctly.
        let alg = match len {
            32 => "ES256",
            48 => "ES384",
            _ => "ES512",
        };
        let right = |id: &str, key: Jwk| {
            case(format!("a_{crv}_point_{id}_is_tolerated"), length)
                .own_keys(set(&[key.kid("key-1")]))
                .policy(Policy::dcos().algorithms(&[alg]))
                .token(compact(name, alg, format!(r#"{{"alg":"{alg}","kid":"key-1"}}"#), CLAIMS))
                .kid("key-1")
                .alg(alg)
                .loads(1, &[])
                .ok(CLAIMS)
        };
        let standard = |bytes: &[u8]| {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(bytes)
        };
        let zeros = |count: usize, bytes: &[u8]| b64([&vec![0; count][..], bytes].concat());
        cases.extend([
            right("with_a_zero_before_x", key.clone().text("x", &zeros(1, &x))),
            right("with_a_zero_before_y", key.clone().text("y", &zeros(1, &y))),
            right(
                "with_three_zeros_before_both",
                key.clone().text("x", &zeros(3, &x)).text("y", &zeros(3, &y)),
            ),
            right("in_the_standard_alphabet", key.clone().text("x", &standard(&x)).text("y", &standard(&y))),
        ]);
    }
    // Both coordinates of this key begin with a zero octet.
    let short = jwk("p256-short");
    let without_zeros = |key: Jwk, name: &str| {
        use base64::Engine as _;
        let octets =
            base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(short.value(name)).expect("base64url");
        let zeros = octets.iter().take_while(|&&octet| octet == 0).count();
        assert!(zeros > 0);
        key.text(name, &b64(&octets[zeros..]))
    };
    let short_token = |id: &str, key: Jwk| {
        case(id, length)
            .own_keys(set(&[key.kid("key-1")]))
            .policy(Policy::dcos().algorithms(&["ES256"]))
            .token(compact("p256-short", "ES256", r#"{"alg":"ES256","kid":"key-1"}"#, CLAIMS))
            .kid("key-1")
            .alg("ES256")
            .loads(1, &[])
            .ok(CLAIMS)
    };
    cases.extend([
        short_token("a_point_that_begins_with_zeros_is_usable", short.clone()),
        short_token("a_point_whose_x_lacks_its_leading_zero_is_tolerated", without_zeros(short.clone(), "x")),
        short_token(
            "a_point_whose_x_and_y_lack_their_leading_zeros_is_tolerated",
            without_zeros(without_zeros(short.clone(), "x"), "y"),
        ),
    ]);
    let p256 = jwk("p256-a");
    let padded_x = format!("{}=", p256.value("x"));
    let ed = |bytes: [u8; 32]| jwk("ed25519-b").text("x", &b64(bytes));
    let little = |first: u8, rest: u8, last: u8| {
        let mut bytes = [rest; 32];
        bytes[0] = first;
        bytes[31] = last;
        ed(bytes)
    };
    let small = |id: &str, key: Jwk| skipped(id, okp, &key, "bad_point");
    let order_eight = {
        let mut bytes = [0; 32];
        // The y-coordinate of a point of order eight, little-endian.
        let text = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal");
        }
        bytes
    };
    cases.extend([
        skipped(
            "a_p256_key_named_p384_is_a_bad_point",
            length,
            &p256.clone().text("crv", "P-384"),
            "bad_point",
        ),
        skipped(
            "a_p384_key_named_p256_is_a_bad_point",
            length,
            &jwk("p384").text("crv", "P-256"),
            "bad_point",
        ),
        kept("a_padded_coordinate_is_tolerated", encoding, &p256.clone().text("x", &padded_x)),
        skipped(
            "a_coordinate_with_too_much_padding_has_a_bad_encoding",
            encoding,
            &p256.clone().text("x", &format!("{padded_x}=")),
            "bad_encoding",
        ),
        skipped(
            "a_coordinate_with_another_character_has_a_bad_encoding",
            encoding,
            &p256.clone().text("y", &format!("*{}", &p256.value("y")[1..])),
            "bad_encoding",
        ),
        skipped(
            "a_coordinate_with_a_blank_has_a_bad_encoding",
            encoding,
            &p256.clone().text("y", &format!("{} ", p256.value("y"))),
            "bad_encoding",
        ),
        kept(
            "an_ed25519_key_with_padding_is_tolerated",
            encoding,
            &jwk("ed25519-b").text("x", &format!("{}=", jwk("ed25519-b").value("x"))),
        ),
        kept(
            "an_ed25519_key_in_the_standard_alphabet_is_tolerated",
            encoding,
            &jwk("ed25519-b").text("x", &jwk("ed25519-b").value("x").replace('-', "+").replace('_', "/")),
        ),
        skipped(
            "an_ed25519_key_with_too_much_padding_has_a_bad_encoding",
            encoding,
            &jwk("ed25519-b").text("x", &format!("{}==", jwk("ed25519-b").value("x"))),
            "bad_encoding",
        ),
        small(
            "an_ed25519_key_with_a_leading_zero_is_bad",
            jwk("ed25519-b").text("x", &b64([&[0][..], &[7; 32]].concat())),
        ),
        small("an_ed25519_key_of_31_octets_is_bad", jwk("ed25519-b").text("x", &b64([7; 31]))),
        small("an_ed25519_key_of_33_octets_is_bad", jwk("ed25519-b").text("x", &b64([7; 33]))),
        small("an_empty_ed25519_key_is_bad", jwk("ed25519-b").text("x", "")),
        // Loading does not detect a point off the curve. But the key verifies no token.
        kept("an_ed25519_key_off_the_curve_is_kept", okp, &little(2, 0, 0)),
        case("nothing_verifies_under_an_ed25519_key_off_the_curve", okp)
            .own_keys(set(&[little(2, 0, 0).kid("good")]))
            .policy(Policy::dcos().algorithms(&["Ed25519"]))
            .token(good_token())
            .loads(1, &[])
            .rejected("invalid_signature"),
        small("the_ed25519_identity_is_bad", little(1, 0, 0)),
        small("the_ed25519_identity_of_the_other_sign_is_bad", little(1, 0, 0x80)),
        small("an_ed25519_key_of_order_two_is_bad", little(0xec, 0xff, 0x7f)),
        small("an_ed25519_key_of_order_four_is_bad", little(0, 0, 0)),
        small("an_ed25519_key_of_order_four_of_the_other_sign_is_bad", little(0, 0, 0x80)),
        small("an_ed25519_key_of_order_eight_is_bad", ed(order_eight)),
        // The y-coordinate is p + 3. Its canonical form 3 belongs to a point of large order.
        small("an_ed25519_key_beyond_the_field_is_bad", little(0xf0, 0xff, 0x7f)),
        kept("the_canonical_twin_of_that_key_is_usable", okp, &little(3, 0, 0)),
        small("an_ed25519_key_of_ones_is_bad", little(0xff, 0xff, 0xff)),
    ]);
    cases
}

fn usable() -> Vec<Case> {
    let why = "RFC 7517 section 4: unknown and unneeded members are ignored";
    let garbage = rsa()
        .set("x5c", r#"["not base64"]"#)
        .text("x5t", "AA")
        .text("x5u", "http://x")
        .set("ext", "true")
        .set("iat", "1e300");
    let key_token = || compact("rsa-2048-a", "RS256", r#"{"alg":"RS256"}"#, CLAIMS);
    vec![
        kept("an_rsa_key_of_three_members_is_usable", why, &rsa()),
        kept("a_p256_key_is_usable", why, &jwk("p256-a")),
        kept("a_p384_key_is_usable", why, &jwk("p384")),
        kept("a_p521_key_is_usable", why, &jwk("p521")),
        kept("an_ed25519_key_is_usable", why, &jwk("ed25519-b")),
        kept("an_ed25519_key_with_a_y_is_usable", why, &jwk("ed25519-b").text("y", "AQAB")),
        kept("an_rsa_key_with_a_crv_is_usable", why, &rsa().text("crv", "P-256")),
        kept("an_ec_key_with_n_and_e_is_usable", why, &jwk("p256-a").text("n", "AQ").text("e", "AQ")),
        kept(
            "certificates_of_a_key_are_not_read",
            "RFC 7517 section 4.7: the key is n and e, not the certificate",
            &garbage,
        ),
        kept(
            "escapes_in_a_key_are_unescaped",
            "RFC 8259 section 8.3: strings are compared unescaped",
            &jwk("ed25519-b").set("kty", r#""\u004fKP""#),
        ),
        case(
            "a_key_with_certificates_verifies_by_its_numbers",
            "RFC 7517 section 4.7: the key is n and e, not the certificate",
        )
        .own_keys(set(&[rsa().set("x5c", r#"["MIIB"]"#)]))
        .token(key_token())
        .loads(1, &[])
        .ok(CLAIMS),
    ]
}

fn mixtures() -> Vec<Case> {
    let why = "unusable keys are skipped, and the others are used (RFC 7517 section 5)";
    let mixed = set(&[
        Jwk::new("oct").text("k", "AQAB").kid("0"),
        rsa().kid("1"),
        rsa().text("use", "enc").kid("2"),
        jwk("p256-a").kid("3"),
        jwk("rsa-1024").kid("4"),
        jwk("p256-b").text("crv", "P-384").kid("5"),
        jwk("ed25519-b").text("d", "AQAB").kid("6"),
        Jwk::new("x").kid("7"),
        good(),
    ]);
    let reasons = [
        (0, "symmetric"),
        (2, "wrong_use"),
        (4, "rsa_modulus_size"),
        (5, "bad_point"),
        (6, "private"),
        (7, "unsupported_key_type"),
    ];
    let of = |id: &str, key: &str, alg: &'static str, kid: &str| {
        let header = format!(r#"{{"alg":"{alg}","kid":"{kid}"}}"#);
        case(id, why)
            .own_keys(mixed.clone())
            .policy(Policy::dcos().algorithms(&["RS256", "ES256", "Ed25519"]))
            .token(compact(key, alg, header, CLAIMS))
            .loads(3, &reasons)
            .kid(kid)
            .alg(alg)
    };
    vec![
        of("an_rsa_key_of_a_mixed_set_serves", "rsa-2048-a", "RS256", "1").ok(CLAIMS),
        of("an_ec_key_of_a_mixed_set_serves", "p256-a", "ES256", "3").ok(CLAIMS),
        of("an_ed25519_key_of_a_mixed_set_serves", "ed25519-a", "Ed25519", "good").ok(CLAIMS),
        of("an_encryption_key_of_a_mixed_set_does_not_serve", "rsa-2048-a", "RS256", "2")
            .rejected("no_matching_key"),
        of("a_small_key_of_a_mixed_set_does_not_serve", "rsa-1024", "RS256", "4").rejected("no_matching_key"),
        of("a_private_key_of_a_mixed_set_does_not_serve", "ed25519-b", "Ed25519", "6")
            .rejected("no_matching_key"),
        of("a_misnamed_key_of_a_mixed_set_does_not_serve", "p256-b", "ES256", "5")
            .rejected("no_matching_key"),
    ]
}
