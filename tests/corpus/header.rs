//! Step 4 of the order of the checks: header parameters that are read, rejected or ignored.

use super::case::{CLAIMS, Case, File, Policy, case, quote};
use super::keys::{jwk, only, set};
use super::signer::{b64, compact};

pub(crate) fn file() -> File {
    File::new("header", "RFC 7515 section 4: header parameters that are read, rejected or ignored")
        .key_set("rsa", only("rsa-2048-a"))
        .key_set("named", set(&[jwk("rsa-2048-a").kid("key-1")]))
        .cases(types())
        .cases(absent())
        .cases(extensions())
        .cases(embedded_keys())
        .cases(ignored())
}

/// Returns a token whose header has `alg` and these members, signed by the key of the key set.
fn token_with(members: &str) -> String {
    compact("rsa-2048-a", "RS256", format!(r#"{{"alg":"RS256",{members}}}"#), CLAIMS)
}

fn types() -> Vec<Case> {
    let signed = |header: &str| compact("rsa-2048-a", "RS256", header, CLAIMS);
    let mut cases = vec![
        case(
            "a_header_of_alg_alone_is_accepted",
            "RFC 7515 section 4.1.1: alg is the only required parameter",
        )
        .token(signed(r#"{"alg":"RS256"}"#))
        .ok(CLAIMS),
        case("a_missing_alg_is_malformed", "RFC 7515 section 4.1.1: alg MUST be present")
            .token(signed("{}"))
            .rejected_naming("malformed_header", "alg"),
        case("an_alg_in_capitals_is_no_alg", "RFC 7515 section 4: names are case-sensitive")
            .token(signed(r#"{"ALG":"RS256"}"#))
            .rejected_naming("malformed_header", "alg"),
        case(
            "an_escaped_parameter_name_is_its_unescaped_self",
            "RFC 8259 section 8.3: names are compared unescaped",
        )
        .token(signed(r#"{"\u0061lg":"RS256"}"#))
        .ok(CLAIMS),
        case(
            "an_escaped_alg_value_is_its_unescaped_self",
            "RFC 8259 section 8.3: strings are compared unescaped",
        )
        .token(signed(r#"{"alg":"RS\u0032\u00356"}"#))
        .ok(CLAIMS),
    ];
    let values = [
        ("a_number", "256"),
        ("true", "true"),
        ("an_array", r#"["RS256"]"#),
        ("an_object", r#"{"RS256":1}"#),
    ];
    for (kind, value) in values {
        cases.push(
            case(format!("an_alg_that_is_{kind}_is_malformed"), "RFC 7515 section 4.1.1: alg is a string")
                .token(signed(&format!(r#"{{"alg":{value}}}"#)))
                .rejected_naming("malformed_header", "alg"),
        );
        cases.push(
            case(
                format!("a_kid_that_is_{kind}_is_malformed"),
                "RFC 7515 section 4.1.4: kid MUST be a string",
            )
            .token(token_with(&format!(r#""kid":{value}"#)))
            .rejected_naming("malformed_header", "kid"),
        );
        cases.push(
            case(format!("a_typ_that_is_{kind}_is_malformed"), "RFC 7515 section 4.1.9: typ is a string")
                .token(token_with(&format!(r#""typ":{value}"#)))
                .rejected_naming("malformed_header", "typ"),
        );
    }
    cases
}

/// Values that some serializers write for an absent parameter.
fn absent() -> Vec<Case> {
    let why = "some serializers write null for an absent member, so null counts as absent";
    let empty = "an empty kid counts as absent";
    let typed = || Policy::dcos().token_type("JWT");
    vec![
        case("an_alg_that_is_null_is_missing", "RFC 7515 section 4.1.1: alg MUST be present")
            .token(compact("rsa-2048-a", "RS256", r#"{"alg":null}"#, CLAIMS))
            .rejected_naming("malformed_header", "alg"),
        case(
            "an_alg_that_is_empty_is_unsupported",
            "RFC 7515 section 4.1.1: an empty alg is an unknown algorithm",
        )
        .token(compact("rsa-2048-a", "RS256", r#"{"alg":""}"#, CLAIMS))
        .rejected("unsupported_algorithm"),
        case("a_kid_that_is_null_is_absent", why).token(token_with(r#""kid":null"#)).ok(CLAIMS),
        case("a_kid_that_is_null_is_absent_where_keys_have_one", why)
            .keys("named")
            .token(token_with(r#""kid":null"#))
            .kid("key-1")
            .ok(CLAIMS),
        case("a_kid_that_is_null_in_words_is_a_kid", why)
            .keys("named")
            .token(token_with(r#""kid":"null""#))
            .rejected("no_matching_key"),
        case("a_kid_that_is_empty_is_absent_where_keys_have_one", empty)
            .keys("named")
            .token(token_with(r#""kid":"""#))
            .kid("key-1")
            .ok(CLAIMS),
        case("a_kid_of_a_blank_is_a_kid", empty)
            .keys("named")
            .token(token_with(r#""kid":" ""#))
            .rejected("no_matching_key"),
        case("a_typ_that_is_null_is_absent", why).token(token_with(r#""typ":null"#)).ok(CLAIMS),
        case("a_typ_that_is_null_is_absent_where_the_policy_names_one", why)
            .policy(typed())
            .token(token_with(r#""typ":null"#))
            .rejected("wrong_token_type"),
        case("an_enc_that_is_null_is_absent", why).token(token_with(r#""enc":null"#)).ok(CLAIMS),
    ]
}

fn extensions() -> Vec<Case> {
    let crit = "RFC 7515 section 4.1.11: no extension is supported, so any crit is rejected (CVE-2026-32597)";
    let b64_why = "RFC 7797 section 7: a JWT must not use b64 false (CVE-2026-48525)";
    let enc = "RFC 7516 section 4.1.2: enc belongs to a JWE (CVE-2023-51774)";
    let rejected = |id: &str, why: &str, members: &str, name: &str| {
        case(id, why).token(token_with(members)).rejected_naming("unsupported_header", name)
    };
    vec![
        rejected(
            "a_crit_of_an_unknown_extension_is_refused",
            crit,
            r#""crit":["http://example.com/UNDEFINED"],"http://example.com/UNDEFINED":true"#,
            "crit",
        ),
        rejected("a_crit_of_an_absent_parameter_is_refused", crit, r#""crit":["exp"]"#, "crit"),
        rejected("a_crit_of_b64_true_is_refused", crit, r#""b64":true,"crit":["b64"]"#, "crit"),
        rejected("a_crit_of_a_registered_parameter_is_refused", crit, r#""crit":["alg"]"#, "crit"),
        rejected("an_empty_crit_is_refused", crit, r#""crit":[]"#, "crit"),
        rejected("a_crit_that_is_null_is_refused", crit, r#""crit":null"#, "crit"),
        rejected("a_crit_that_is_a_string_is_refused", crit, r#""crit":"exp""#, "crit"),
        rejected("a_crit_that_is_false_is_refused", crit, r#""crit":false"#, "crit"),
        rejected("an_escaped_crit_is_refused", crit, r#""cr\u0069t":["exp"]"#, "crit"),
        rejected("a_b64_of_false_is_refused", b64_why, r#""b64":false"#, "b64"),
        rejected("a_b64_that_is_null_is_refused", b64_why, r#""b64":null"#, "b64"),
        rejected("a_b64_that_is_a_string_is_refused", b64_why, r#""b64":"true""#, "b64"),
        rejected("a_b64_that_is_a_number_is_refused", b64_why, r#""b64":1"#, "b64"),
        rejected("an_enc_is_refused", enc, r#""enc":"A256GCM""#, "enc"),
        rejected("an_enc_that_is_empty_is_refused", enc, r#""enc":"""#, "enc"),
        case("a_b64_of_true_is_accepted", "RFC 7797 section 3: true is the default")
            .token(token_with(r#""b64":true"#))
            .ok(CLAIMS),
        case("a_parameter_named_like_crit_is_ignored", "RFC 7515 section 4: names are case-sensitive")
            .token(token_with(r#""Crit":["exp"]"#))
            .ok(CLAIMS),
        case("a_crit_below_the_top_level_is_ignored", "RFC 7515 section 4.1.11: crit is a header parameter")
            .token(token_with(r#""x":{"crit":["exp"],"b64":false,"enc":"A256GCM"}"#))
            .ok(CLAIMS),
    ]
}

fn embedded_keys() -> Vec<Case> {
    let why = "CVE-2018-0114, CVE-2026-27962: a key in the token is never trusted";
    let attacker = jwk("rsa-2048-b");
    let x5c = r#"["MIIBszCCAVmgAwIBAgIUAAAAAAAAAAAAAAAAAAAAAAAAAAAwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHYXR0YWNrMB4XDQ=="]"#;
    let parameters = [
        ("jwk", attacker.clone().kid("key-1").json()),
        ("jku", quote("https://attacker.example/jwks.json")),
        ("jku_of_a_file", quote("file:///dev/null")),
        ("x5u", quote("https://attacker.example/chain.pem")),
        ("x5c", x5c.to_owned()),
        ("x5t", quote(&b64([0x5a; 20]))),
        ("x5t_s256", quote(&b64([0x5a; 32]))),
    ];
    let mut cases = Vec::new();
    for (id, value) in parameters {
        let name = match id {
            "jku_of_a_file" => "jku",
            "x5t_s256" => "x5t#S256",
            name => name,
        };
        let member = format!("{}:{value}", quote(name));
        let forged = compact("rsa-2048-b", "RS256", format!(r#"{{"alg":"RS256",{member}}}"#), CLAIMS);
        cases.push(
            case(format!("an_attackers_key_with_{id}_is_refused"), why)
                .token(forged)
                .rejected("invalid_signature"),
        );
        cases.push(
            case(format!("the_right_key_with_{id}_is_accepted"), "the parameter is ignored")
                .token(token_with(&member))
                .ok(CLAIMS),
        );
    }
    let header =
        |kid: &str| format!(r#"{{"alg":"RS256","kid":"{kid}","jwk":{}}}"#, attacker.clone().kid(kid).json());
    let forged = |kid: &str| compact("rsa-2048-b", "RS256", header(kid), CLAIMS);
    cases.push(
        case("an_embedded_key_of_an_unknown_kid_is_no_key", why)
            .keys("named")
            .token(forged("key-2"))
            .rejected("no_matching_key"),
    );
    cases.push(
        case("an_embedded_key_of_a_known_kid_is_refused", why)
            .keys("named")
            .token(forged("key-1"))
            .rejected("invalid_signature"),
    );
    cases
}

fn ignored() -> Vec<Case> {
    let why = "RFC 7515 section 4: a parameter that is not understood is ignored";
    let accepted = |id: &str, members: &str| case(id, why).token(token_with(members)).ok(CLAIMS);
    vec![
        accepted("unknown_parameters_are_ignored", r#""x":1,"http://example.com/x":{"a":[null]}"#),
        accepted(
            "parameters_of_a_jwe_other_than_enc_are_ignored",
            r#""zip":"DEF","epk":{},"p2c":2147483647,"p2s":"AA""#,
        ),
        accepted("a_cty_is_ignored", r#""cty":"text/plain""#),
        accepted("claims_in_the_header_are_ignored", r#""exp":1,"iss":1,"uid":null,"aud":"x""#),
        accepted("an_embedded_key_of_a_wrong_type_is_ignored", r#""jwk":"none","jku":0,"x5c":{},"x5u":null"#),
        accepted(
            "a_typ_of_any_value_is_accepted_when_the_policy_names_none",
            r#""typ":"application/secevent+jwt""#,
        ),
        accepted("an_empty_typ_is_accepted_when_the_policy_names_none", r#""typ":"""#),
        accepted("a_url_parameter_and_a_nonce_are_ignored", r#""url":"https://example.com/","nonce":"x""#),
    ]
}
