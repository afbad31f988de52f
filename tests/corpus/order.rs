//! The order of the checks: a token with two faults is rejected for the first one.

use super::case::{CLAIMS, Case, File, NOW, Policy, case};
use super::keys::{jwk, only, set};
use super::signer::{b64, bouncer_token, compact, compact_parts, signing_input, with_signature};

const WHY: &str = "the first failed check determines the result";

pub(crate) fn file() -> File {
    File::new("order", "The order of the checks: the result for a token with several faults")
        .key_set("rsa", only("rsa-2048-a"))
        .key_set("named", set(&[jwk("rsa-2048-a").kid("key-1")]))
        .cases(key_set_first())
        .cases(form())
        .cases(header())
        .cases(signature())
        .cases(claims())
}

fn signed(header: &str, claims: &str) -> String {
    compact("rsa-2048-a", "RS256", header, claims)
}

/// Returns a token that another key signed.
fn forged(header: &str, claims: &str) -> String {
    compact("rsa-2048-b", "RS256", header, claims)
}

fn key_set_first() -> Vec<Case> {
    vec![
        case("a_malformed_key_set_comes_before_a_malformed_token", WHY)
            .own_keys("{")
            .token("!")
            .rejected("malformed_jwk_set"),
        case("an_unusable_key_set_comes_before_a_malformed_token", WHY)
            .own_keys(r#"{"keys":[]}"#)
            .token("!")
            .rejected("no_usable_key"),
        case("an_unusable_key_set_comes_before_a_token_too_large", WHY)
            .own_keys(r#"{"keys":[]}"#)
            .policy(Policy::dcos().max_token_len(8))
            .token("a".repeat(9))
            .rejected("no_usable_key"),
    ]
}

fn form() -> Vec<Case> {
    let small = || Policy::dcos().max_token_len(8);
    let none = b64(r#"{"alg":"none"}"#);
    let jwe = b64(r#"{"alg":"dir","enc":"A128GCM"}"#);
    vec![
        case("size_comes_before_characters", WHY)
            .policy(small())
            .token("!!!!!!!!!")
            .rejected("token_too_large"),
        case("size_comes_before_parts", WHY).policy(small()).token(".........").rejected("token_too_large"),
        case("size_comes_before_encryption", WHY)
            .policy(small())
            .token("a.a.a.a.a")
            .rejected("token_too_large"),
        case("size_comes_before_the_header", WHY)
            .policy(small())
            .token("AAAA.AA.A")
            .rejected("token_too_large"),
        case("a_token_of_the_largest_size_is_read_on", WHY)
            .policy(small())
            .token("AAAA.A.A")
            .rejected("malformed_header"),
        case("characters_come_before_encryption", WHY)
            .token(format!("{jwe}.AAAA.AAAA.AAAA.AAA="))
            .rejected("malformed_token"),
        case("encryption_comes_before_the_header_encoding", WHY)
            .token("A.AAAA.AAAA.AAAA.AAAA")
            .rejected("encrypted_token"),
        case("encryption_comes_before_the_header", WHY)
            .token("AAAA.AAAA.AAAA.AAAA.AAAA")
            .rejected("encrypted_token"),
        case("encryption_comes_before_an_unsupported_parameter", WHY)
            .token(format!("{jwe}.AAAA.AAAA.AAAA.AAAA"))
            .rejected("encrypted_token"),
        case("parts_come_before_the_header", WHY).token("AAAA.AAAA").rejected("malformed_token"),
        case("the_header_encoding_comes_before_the_header", WHY).token("AAAAA..").rejected("malformed_token"),
        // The encoding of {"alg":"none"} has unused bits; one of them is set.
        case("the_header_encoding_comes_before_the_algorithm", WHY)
            .token(format!("{}1.e30.", none.trim_end_matches('0')))
            .rejected("malformed_token"),
        case("the_header_comes_before_the_signature_encoding", WHY)
            .token("AAAA.AAAA.A")
            .rejected("malformed_header"),
        case("the_algorithm_comes_before_the_payload_encoding", WHY)
            .token(format!("{none}.A."))
            .rejected("unsupported_algorithm"),
        case("the_algorithm_comes_before_the_signature_encoding", WHY)
            .token(format!("{none}.e30.A"))
            .rejected("unsupported_algorithm"),
    ]
}

fn header() -> Vec<Case> {
    let made = |id: &str, header: &str| case(id, WHY).token(signed(header, CLAIMS));
    let typed = |id: &str, header: &str| made(id, header).policy(Policy::dcos().token_type("at+jwt"));
    vec![
        made("a_duplicate_name_comes_before_a_missing_alg", r#"{"kid":1,"kid":1}"#)
            .rejected("malformed_header"),
        made(
            "a_duplicate_name_comes_before_an_unsupported_parameter",
            r#"{"alg":"RS256","crit":[],"crit":[]}"#,
        )
        .rejected("malformed_header"),
        made("a_fault_at_the_end_comes_before_an_alg_of_the_wrong_type", r#"{"alg":1,"x":01}"#)
            .rejected("malformed_header"),
        made("alg_comes_before_kid", r#"{"kid":1,"typ":1,"crit":[]}"#)
            .rejected_naming("malformed_header", "alg"),
        made("kid_comes_before_typ", r#"{"typ":1,"kid":1,"alg":"none"}"#)
            .rejected_naming("malformed_header", "kid"),
        made(
            "a_kid_too_long_comes_before_typ",
            &format!(r#"{{"typ":1,"kid":"{}","alg":"RS256"}}"#, "k".repeat(1025)),
        )
        .rejected_naming("malformed_header", "kid"),
        made("typ_comes_before_crit", r#"{"crit":["x"],"alg":"RS256","typ":1}"#)
            .rejected_naming("malformed_header", "typ"),
        made("an_alg_of_the_wrong_type_comes_before_crit", r#"{"crit":["x"],"alg":null}"#)
            .rejected_naming("malformed_header", "alg"),
        made("crit_comes_before_b64", r#"{"enc":"x","b64":false,"crit":["b64"],"alg":"RS256"}"#)
            .rejected_naming("unsupported_header", "crit"),
        made("b64_comes_before_enc", r#"{"enc":"x","b64":false,"alg":"RS256"}"#)
            .rejected_naming("unsupported_header", "b64"),
        made("crit_comes_before_an_unsupported_algorithm", r#"{"alg":"none","crit":["x"]}"#)
            .rejected_naming("unsupported_header", "crit"),
        made("enc_comes_before_an_unsupported_algorithm", r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#)
            .rejected_naming("unsupported_header", "enc"),
        made("enc_comes_before_an_algorithm_outside_the_policy", r#"{"alg":"ES256","enc":"A256GCM"}"#)
            .rejected_naming("unsupported_header", "enc"),
        typed("an_unsupported_algorithm_comes_before_the_type", r#"{"alg":"HS256","typ":"JWT"}"#)
            .rejected("unsupported_algorithm"),
        typed("an_algorithm_outside_the_policy_comes_before_the_type", r#"{"alg":"ES256","typ":"JWT"}"#)
            .rejected("algorithm_not_allowed"),
        typed("the_type_comes_before_the_key", r#"{"alg":"RS256","kid":"x"}"#)
            .keys("named")
            .rejected("wrong_token_type"),
        made("an_algorithm_outside_the_policy_comes_before_the_key", r#"{"alg":"ES256","kid":"x"}"#)
            .keys("named")
            .rejected("algorithm_not_allowed"),
        made("an_unsupported_algorithm_comes_before_the_key", r#"{"alg":"HS256","kid":"x"}"#)
            .keys("named")
            .rejected("unsupported_algorithm"),
        case("the_type_comes_before_the_signature", WHY)
            .policy(Policy::dcos().token_type("at+jwt"))
            .token(forged(r#"{"alg":"RS256"}"#, CLAIMS))
            .rejected("wrong_token_type"),
        case("the_header_comes_before_the_claims", WHY)
            .token(signed(r#"{"alg":"RS256","crit":[]}"#, "{"))
            .rejected_naming("unsupported_header", "crit"),
    ]
}

fn signature() -> Vec<Case> {
    let plain = r#"{"alg":"RS256"}"#;
    let stranger = r#"{"alg":"RS256","kid":"x"}"#;
    let input = signing_input(stranger, CLAIMS);
    vec![
        case("the_key_comes_before_the_signature_encoding", WHY)
            .keys("named")
            .token(format!("{input}.A"))
            .rejected("no_matching_key"),
        case("the_key_comes_before_the_signature", WHY)
            .keys("named")
            .token(with_signature(&input, b""))
            .rejected("no_matching_key"),
        case("the_key_comes_before_the_claims", WHY)
            .keys("named")
            .token(signed(stranger, "{"))
            .rejected("no_matching_key"),
        case("the_signature_encoding_comes_before_the_claims", WHY)
            .token(format!("{}.A", signing_input(plain, "{")))
            .rejected("malformed_token"),
        case("the_signature_comes_before_the_payload_encoding", WHY)
            .token(compact_parts("rsa-2048-b", "RS256", &b64(plain), "A"))
            .rejected("invalid_signature"),
        case("the_signature_comes_before_the_claims_set", WHY)
            .token(forged(plain, "{"))
            .rejected("invalid_signature"),
        case("the_signature_comes_before_the_type_of_a_claim", WHY)
            .token(forged(plain, r#"{"exp":"x"}"#))
            .rejected("invalid_signature"),
        case("the_signature_comes_before_exp", WHY)
            .token(forged(plain, r#"{"uid":"peter","exp":1}"#))
            .rejected("invalid_signature"),
        case("the_signature_comes_before_nbf", WHY)
            .token(forged(plain, r#"{"uid":"peter","exp":1700003600,"nbf":1700003600}"#))
            .rejected("invalid_signature"),
        case("the_signature_comes_before_the_uid", WHY)
            .token(forged(plain, r#"{"exp":1700003600}"#))
            .rejected("invalid_signature"),
        case("the_payload_encoding_comes_before_the_claims_set", WHY)
            .token(compact_parts("rsa-2048-a", "RS256", &b64(plain), "AAAAA"))
            .rejected("malformed_token"),
    ]
}

fn claims() -> Vec<Case> {
    let issuer = || Policy::issuer("a", "b").required_claims(&["uid"]);
    let bouncer = |id: &str, claims: &str| case(id, WHY).token(bouncer_token(claims));
    let under = |id: &str, claims: &str| bouncer(id, claims).policy(issuer());
    let mut cases = vec![
        bouncer("a_duplicate_name_comes_before_the_type_of_a_claim", r#"{"exp":"x","exp":"x"}"#)
            .rejected("malformed_claims"),
        bouncer("a_fault_at_the_end_comes_before_the_type_of_a_claim", r#"{"exp":"x","x":NaN}"#)
            .rejected("malformed_claims"),
        bouncer("a_fault_at_the_end_comes_before_exp", r#"{"uid":"peter","exp":1,"x":{"a":1,"a":1}}"#)
            .rejected("malformed_claims"),
        bouncer("the_type_of_a_claim_comes_before_a_missing_exp", r#"{"uid":"peter","sub":1}"#)
            .rejected_naming("malformed_claims", "sub"),
        bouncer("the_type_of_a_claim_comes_before_exp", r#"{"uid":"peter","exp":1,"jti":1}"#)
            .rejected_naming("malformed_claims", "jti"),
        bouncer("the_type_of_a_claim_comes_before_the_uid", r#"{"exp":1700003600,"iss":1}"#)
            .rejected_naming("malformed_claims", "iss"),
        bouncer("a_missing_exp_comes_before_nbf", r#"{"uid":"peter","nbf":1700003600}"#)
            .rejected_naming("missing_claim", "exp"),
        bouncer("a_missing_exp_comes_before_a_missing_uid", r#"{"x":1}"#)
            .rejected_naming("missing_claim", "exp"),
        under("a_missing_exp_comes_before_iss", r#"{"iss":"x","aud":"x"}"#)
            .rejected_naming("missing_claim", "exp"),
        bouncer("exp_comes_before_nbf", r#"{"uid":"peter","exp":1,"nbf":1700003600}"#).rejected("expired"),
        under("exp_comes_before_iss", r#"{"exp":1,"iss":"x","aud":"x"}"#).rejected("expired"),
        bouncer("exp_comes_before_the_uid", r#"{"exp":1}"#).rejected("expired"),
        under("nbf_comes_before_a_missing_iss", r#"{"exp":1700003600,"nbf":1700003600}"#)
            .rejected("not_yet_valid"),
        under("nbf_comes_before_iss", r#"{"exp":1700003600,"nbf":1700003600,"iss":"x","aud":"x"}"#)
            .rejected("not_yet_valid"),
        under("a_missing_iss_comes_before_aud", r#"{"exp":1700003600,"aud":"x"}"#)
            .rejected_naming("missing_claim", "iss"),
        under("iss_comes_before_a_missing_aud", r#"{"exp":1700003600,"iss":"x"}"#).rejected("wrong_issuer"),
        under("iss_comes_before_aud", r#"{"exp":1700003600,"iss":"x","aud":"x"}"#).rejected("wrong_issuer"),
        under("a_missing_aud_comes_before_a_required_claim", r#"{"exp":1700003600,"iss":"a"}"#)
            .rejected_naming("missing_claim", "aud"),
        under("aud_comes_before_a_required_claim", r#"{"exp":1700003600,"iss":"a","aud":"x"}"#)
            .rejected("wrong_audience"),
        under("a_required_claim_comes_last", r#"{"exp":1700003600,"iss":"a","aud":"b"}"#)
            .rejected_naming("missing_claim", "uid"),
        bouncer("an_unexpected_aud_comes_before_the_uid", r#"{"exp":1700003600,"aud":"x"}"#)
            .rejected("wrong_audience"),
        case("leeway_for_exp_does_not_hide_nbf", WHY)
            .time(NOW)
            .policy(Policy::dcos().leeway(60))
            .token(bouncer_token(r#"{"uid":"peter","exp":1699999999,"nbf":1700000061}"#))
            .rejected("not_yet_valid"),
    ];
    // In each case, one of these claims and all later ones in this list are malformed. The Claims
    // Set has them in reverse order.
    let registered = ["exp", "nbf", "iat", "iss", "sub", "aud", "jti"];
    for (i, claim) in registered.iter().enumerate().take(6) {
        let mut members: Vec<String> =
            registered[i..].iter().rev().map(|name| format!(r#""{name}":{{}}"#)).collect();
        if i > 0 {
            members.push(r#""exp":1700003600"#.to_owned());
        }
        cases.push(
            bouncer(
                &format!("{claim}_is_the_first_of_the_malformed_claims_from_it_on"),
                &format!("{{{}}}", members.join(",")),
            )
            .rejected_naming("malformed_claims", claim),
        );
    }
    cases
}
