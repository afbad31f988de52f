//! Step 10 of the order of the checks: the Claims Set and the types of the registered claims.

use super::case::{Case, File, NOW, Policy, case};
use super::keys::only;
use super::signer::{b64, bouncer_token};

pub(crate) fn file() -> File {
    File::new(
        "claims",
        "RFC 7519 section 4: a registered claim is absent, valid or malformed; a malformed claim is always an error",
    )
    .key_set("rsa", only("rsa-2048-a"))
    .cases(types())
    .cases(absent())
    .cases(contents())
    .cases(unchecked())
}

fn claims(members: &str) -> String {
    format!(r#"{{"uid":"peter","exp":1700003600,{members}}}"#)
}

fn any_audience() -> Policy {
    Policy::dcos().any_audience()
}

fn types() -> Vec<Case> {
    let why = "RFC 7519 section 4.1, CVE-2026-25537: a claim of the wrong type is malformed; it does not count as absent";
    let mut cases = Vec::new();
    let strings: &[(&str, &str)] =
        &[("a_number", "1"), ("a_boolean", "true"), ("an_array", r#"["x"]"#), ("an_object", r#"{"x":"x"}"#)];
    let dates: &[(&str, &str)] = &[
        ("null_in_words", r#""null""#),
        ("a_string", r#""1700003600""#),
        ("an_empty_string", r#""""#),
        ("a_boolean", "true"),
        ("an_array", "[1700003600]"),
        ("an_object", r#"{"$date":1700003600}"#),
    ];
    let audiences: &[(&str, &str)] = &[
        ("a_number", "1"),
        ("a_boolean", "false"),
        ("an_object", r#"{"x":true}"#),
        ("an_array_with_a_number", r#"["x",1]"#),
        ("an_array_with_null", r#"[null]"#),
        ("an_array_within_an_array", r#"[["x"]]"#),
    ];
    for (claim, kinds) in [
        ("iss", strings),
        ("sub", strings),
        ("jti", strings),
        ("aud", audiences),
        ("exp", dates),
        ("nbf", dates),
        ("iat", dates),
    ] {
        for (kind, value) in kinds {
            let set = if claim == "exp" {
                format!(r#"{{"uid":"peter","exp":{value}}}"#)
            } else {
                claims(&format!(r#""{claim}":{value}"#))
            };
            cases.push(
                case(format!("{claim}_as_{kind}_is_malformed"), why)
                    .policy(any_audience())
                    .token(bouncer_token(set))
                    .rejected_naming("malformed_claims", claim),
            );
        }
    }
    for (id, members) in [
        ("an_iss_that_is_a_string_is_accepted", r#""iss":"x""#),
        ("an_iss_that_is_empty_is_accepted", r#""iss":"""#),
        ("an_iss_with_a_colon_that_is_no_uri_is_accepted", r#""iss":":""#),
        ("a_sub_that_is_a_string_is_accepted", r#""sub":"x""#),
        ("a_jti_that_is_a_string_is_accepted", r#""jti":"x""#),
        ("an_iat_that_is_a_number_is_accepted", r#""iat":1.5"#),
        ("an_nbf_that_is_a_number_is_accepted", r#""nbf":0"#),
        ("an_aud_that_is_a_string_is_accepted", r#""aud":"x""#),
        ("an_aud_that_is_empty_is_accepted", r#""aud":"""#),
        ("an_aud_that_is_an_array_is_accepted", r#""aud":["x","y"]"#),
        ("an_aud_that_is_an_empty_array_is_accepted", r#""aud":[]"#),
        ("an_aud_that_repeats_is_accepted", r#""aud":["x","x"]"#),
    ] {
        cases.push(
            case(id, "RFC 7519 section 4.1: the claim has the correct type")
                .policy(any_audience())
                .token(bouncer_token(claims(members)))
                .ok(&claims(members)),
        );
    }
    let similar_names = r#""Iss":1,"SUB":null,"Exp":"x","nBf":[],"AUD":{}"#;
    cases.push(
        case("names_like_registered_ones_are_private_claims", "RFC 7519 section 4: names are case-sensitive")
            .token(bouncer_token(claims(similar_names)))
            .ok(&claims(similar_names)),
    );
    cases.push(
        case(
            "an_escaped_registered_name_is_the_registered_claim",
            "RFC 8259 section 8.3: strings are compared unescaped",
        )
        .token(bouncer_token(claims(r#""i\u0073s":1"#)))
        .rejected_naming("malformed_claims", "iss"),
    );
    cases.push(
        case(
            "a_registered_name_below_the_top_level_is_no_claim",
            "RFC 7519 section 4: claims are the members of the outermost object",
        )
        .token(bouncer_token(claims(r#""x":{"iss":1,"exp":"x","aud":null}"#)))
        .ok(&claims(r#""x":{"iss":1,"exp":"x","aud":null}"#)),
    );
    cases
}

/// Some serializers write null for an absent claim. Null counts as absent in every check.
fn absent() -> Vec<Case> {
    let why = "some serializers write null for an absent claim, so null counts as absent";
    let mut cases = Vec::new();
    for claim in ["iss", "sub", "jti", "aud", "nbf", "iat"] {
        let set = claims(&format!(r#""{claim}":null"#));
        cases.push(case(format!("{claim}_as_null_is_absent"), why).token(bouncer_token(&set)).ok(&set));
    }
    let all = r#"{"exp":null,"nbf":null,"iat":null,"iss":null,"sub":null,"aud":null,"jti":null,"uid":null}"#;
    cases.extend([
        case("exp_as_null_is_missing", why)
            .token(bouncer_token(r#"{"uid":"peter","exp":null}"#))
            .rejected_naming("missing_claim", "exp"),
        case("a_claims_set_of_nulls_is_an_empty_one", why)
            .policy(Policy::any_issuer().optional_exp())
            .token(bouncer_token(all))
            .ok(all),
        case("an_escaped_null_claim_is_absent", why)
            .token(bouncer_token(claims(r#""i\u0073s":null"#)))
            .ok(&claims(r#""iss":null"#)),
    ]);
    cases
}

fn contents() -> Vec<Case> {
    let why = "RFC 7519 section 4.3: private claims may have any value";
    let open = || Policy::any_issuer().optional_exp();
    let accepted =
        |id: &str, members: &str| case(id, why).token(bouncer_token(claims(members))).ok(&claims(members));
    let many: Vec<String> = (0..100).map(|i| format!(r#""claim-{i}":{i}"#)).collect();
    let nested_token = bouncer_token(r#"{"exp":1700003600}"#);
    vec![
        accepted(
            "an_array_of_objects_is_accepted",
            r#""groups":[{"name":"a","ids":[1,2,3]},{"name":"b","ids":[]}]"#,
        ),
        accepted("a_claim_that_is_null_is_accepted", r#""x":null"#),
        accepted("a_claim_named_by_a_uri_is_accepted", r#""https://example.com/is_root":true"#),
        accepted("a_claim_with_an_empty_name_is_accepted", r#""":1"#),
        accepted("a_claim_of_another_script_is_accepted", "\"\u{540d}\u{524d}\":\"\u{5c71}\u{7530}\""),
        accepted("a_long_claim_is_accepted", &format!(r#""x":"{}""#, "x".repeat(2000))),
        accepted("a_hundred_claims_are_accepted", &many.join(",")),
        accepted(
            "claims_named_like_prototypes_are_accepted",
            r#""__proto__":{"uid":"root"},"constructor":1"#,
        ),
        accepted("two_names_of_different_normalization_are_two_claims", "\"cl\u{e9}\":1,\"cle\u{301}\":2"),
        case(
            "an_escaped_value_is_its_unescaped_self",
            "RFC 8259 section 8.3: strings are compared unescaped",
        )
        .token(bouncer_token(r#"{"uid":"p\u0065ter","\u0065xp":1700003600}"#))
        .ok(r#"{"uid":"peter","exp":1700003600}"#),
        case(
            "an_empty_claims_set_is_accepted_where_nothing_is_required",
            "RFC 7519 section 4: a claim is mandatory only if the policy requires it",
        )
        .policy(open())
        .token(bouncer_token("{}"))
        .ok("{}"),
        case("an_empty_claims_set_lacks_exp", "the policy requires exp")
            .token(bouncer_token("{}"))
            .rejected_naming("missing_claim", "exp"),
        case(
            "text_in_place_of_the_claims_set_is_malformed",
            "RFC 7519 section 7.2: the payload must be a JSON object",
        )
        .policy(open())
        .token(bouncer_token("It's a dangerous business, Frodo"))
        .rejected("malformed_claims"),
        case("a_nested_token_is_malformed", "RFC 7519 section 5.2: nested tokens are not supported")
            .policy(open())
            .token(bouncer_token(&nested_token))
            .rejected("malformed_claims"),
        case(
            "a_token_as_a_json_string_is_malformed",
            "RFC 7519 section 7.2: the payload must be a JSON object",
        )
        .policy(open())
        .token(bouncer_token(format!("\"{nested_token}\"")))
        .rejected("malformed_claims"),
        case(
            "a_claims_set_encoded_twice_is_malformed",
            "RFC 7519 section 7.2: the payload must be a JSON object",
        )
        .policy(open())
        .token(bouncer_token(b64(claims(r#""x":1"#))))
        .rejected("malformed_claims"),
        case("a_compressed_claims_set_is_malformed", "RFC 8725 section 3.6: compression is not supported")
            .policy(open())
            .token(bouncer_token([0x78, 0x9c, 0xab, 0xae, 0x05, 0x00, 0x01, 0x75, 0x00, 0xf9]))
            .rejected("malformed_claims"),
        case(
            "a_claims_set_with_a_time_of_its_own_is_not_asked",
            "the token cannot set the time or the leeway",
        )
        .time(NOW + 3600)
        .token(bouncer_token(claims(r#""now":1,"leeway":300"#)))
        .rejected("expired"),
    ]
}

fn unchecked() -> Vec<Case> {
    let why = "unchecked_claims: a claim of the wrong JSON type counts as absent";
    let policy = |claim: &str| Policy::dcos().with("unchecked_claims", format!("[\"{claim}\"]"));
    let token = |id: String, claim: &str, members: &str| {
        case(id, why).policy(policy(claim)).token(bouncer_token(claims(members)))
    };
    let mut cases = Vec::new();
    for (claim, value) in [("sub", "1"), ("iat", "{}"), ("jti", "[\"x\"]")] {
        let members = format!("\"{claim}\":{value}");
        let id = format!("an_unchecked_{claim}_of_another_type_is_accepted");
        cases.push(token(id, claim, &members).ok(&claims(&members)));
        let id = format!("an_unchecked_{claim}_of_another_type_is_no_required_string");
        let required = policy(claim).with("required_string_claims", format!("[\"{claim}\"]"));
        cases.push(token(id, claim, &members).policy(required).rejected_naming("malformed_claims", claim));
        let other = if claim == "sub" { "jti" } else { "sub" };
        let id = format!("beside_an_unchecked_{claim}_another_claim_is_checked");
        cases.push(token(id, claim, &format!("\"{other}\":1")).rejected_naming("malformed_claims", other));
    }
    cases.push(
        token("an_unchecked_sub_does_not_uncheck_exp".to_owned(), "sub", "\"nbf\":\"1700000000\"")
            .rejected_naming("malformed_claims", "nbf"),
    );
    cases
}
