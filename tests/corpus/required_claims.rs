//! Step 16 of the order of the checks: the claims that a policy requires.

use super::case::{CLAIMS, Case, File, Policy, case};
use super::keys::only;
use super::signer::bouncer_token;

pub(crate) fn file() -> File {
    File::new(
        "required_claims",
        "RFC 7519 section 4: the policy determines the required claims; the profile dcos requires uid",
    )
    .key_set("rsa", only("rsa-2048-a"))
    .cases(uid())
    .cases(required())
}

fn uid() -> Vec<Case> {
    let why = "profile dcos: uid must be a non-empty string";
    let with = |id: &str, members: &str| {
        case(id, why).token(bouncer_token(format!(r#"{{"exp":1700003600{members}}}"#)))
    };
    vec![
        with("a_uid_is_accepted", r#","uid":"peter""#).ok(CLAIMS),
        with("a_missing_uid_is_refused", "").rejected_naming("missing_claim", "uid"),
        with("a_null_uid_is_missing", r#","uid":null"#).rejected_naming("missing_claim", "uid"),
        with("an_empty_uid_is_malformed", r#","uid":"""#).rejected_naming("malformed_claims", "uid"),
        with("a_uid_that_is_a_number_is_malformed", r#","uid":1000"#)
            .rejected_naming("malformed_claims", "uid"),
        with("a_uid_that_is_zero_is_malformed", r#","uid":0"#).rejected_naming("malformed_claims", "uid"),
        with("a_uid_that_is_false_is_malformed", r#","uid":false"#)
            .rejected_naming("malformed_claims", "uid"),
        with("a_uid_that_is_an_array_is_malformed", r#","uid":["peter"]"#)
            .rejected_naming("malformed_claims", "uid"),
        with("a_uid_that_is_an_object_is_malformed", r#","uid":{"name":"peter"}"#)
            .rejected_naming("malformed_claims", "uid"),
        with("a_uid_in_capitals_is_no_uid", r#","UID":"peter""#).rejected_naming("missing_claim", "uid"),
        with("a_nested_uid_is_no_uid", r#","x":{"uid":"peter"}"#).rejected_naming("missing_claim", "uid"),
        with("a_sub_is_no_uid", r#","sub":"peter""#).rejected_naming("missing_claim", "uid"),
        with("an_escaped_uid_is_its_unescaped_self", r#","u\u0069d":"\u0070eter""#).ok(CLAIMS),
        with("a_uid_of_a_space_is_accepted", r#","uid":" ""#).ok(r#"{"exp":1700003600,"uid":" "}"#),
        with("a_uid_with_a_nul_is_accepted_whole", r#","uid":"peter\u0000root""#)
            .ok(r#"{"exp":1700003600,"uid":"peter\u0000root"}"#),
        with("a_uid_of_another_script_is_accepted", ",\"uid\":\"\u{0440}eter\"")
            .ok("{\"exp\":1700003600,\"uid\":\"\u{0440}eter\"}"),
        with("a_uid_beyond_the_basic_plane_is_accepted", r#","uid":"\ud83d\ude00""#)
            .ok("{\"exp\":1700003600,\"uid\":\"\u{1f600}\"}"),
        case("a_uid_is_told_where_it_is_not_required", "the string claim uid is part of the result")
            .policy(Policy::any_issuer())
            .token(bouncer_token(CLAIMS))
            .ok(CLAIMS),
        case(
            "a_uid_of_any_type_is_accepted_where_it_is_not_required",
            "uid is a private claim, so it may have any type if the policy does not require it",
        )
        .policy(Policy::any_issuer())
        .token(bouncer_token(r#"{"uid":1,"exp":1700003600}"#))
        .ok(r#"{"uid":1,"exp":1700003600}"#),
    ]
}

fn required() -> Vec<Case> {
    let why = "required_claims: the claim must be present and not null";
    let string = "required_string_claims: the claim must be a non-empty string";
    let order = "required claims are checked in the policy's order";
    let any = Policy::any_issuer;
    let with = |id: &str, why: &str, policy: Policy, members: &str| {
        case(id, why).policy(policy).token(bouncer_token(format!(r#"{{"exp":1700003600{members}}}"#)))
    };
    let ok = |id: &str, why: &str, policy: Policy, members: &str| {
        with(id, why, policy, members).ok(&format!(r#"{{"exp":1700003600{members}}}"#))
    };
    vec![
        ok(
            "a_required_claim_that_is_present_is_accepted",
            why,
            any().required_claims(&["dept"]),
            r#","dept":"a""#,
        ),
        ok("a_required_claim_may_be_a_number", why, any().required_claims(&["dept"]), r#","dept":0"#),
        ok("a_required_claim_may_be_false", why, any().required_claims(&["dept"]), r#","dept":false"#),
        ok("a_required_claim_may_be_empty", why, any().required_claims(&["dept"]), r#","dept":"""#),
        ok("a_required_claim_may_be_an_empty_object", why, any().required_claims(&["dept"]), r#","dept":{}"#),
        with("a_required_claim_that_is_missing_is_refused", why, any().required_claims(&["dept"]), "")
            .rejected_naming("missing_claim", "dept"),
        with(
            "a_required_claim_that_is_null_is_missing",
            why,
            any().required_claims(&["dept"]),
            r#","dept":null"#,
        )
        .rejected_naming("missing_claim", "dept"),
        with(
            "a_required_claim_in_another_case_is_missing",
            why,
            any().required_claims(&["dept"]),
            r#","Dept":1"#,
        )
        .rejected_naming("missing_claim", "dept"),
        with(
            "a_required_claim_below_the_top_level_is_missing",
            why,
            any().required_claims(&["dept"]),
            r#","x":{"dept":1}"#,
        )
        .rejected_naming("missing_claim", "dept"),
        ok(
            "a_required_sub_that_is_present_is_accepted",
            why,
            any().required_claims(&["sub"]),
            r#","sub":"peter""#,
        ),
        with("a_required_sub_that_is_missing_is_refused", why, any().required_claims(&["sub"]), "")
            .rejected_naming("missing_claim", "sub"),
        with(
            "a_required_sub_that_is_null_is_missing",
            "null counts as absent in a registered claim too",
            any().required_claims(&["sub"]),
            r#","sub":null"#,
        )
        .rejected_naming("missing_claim", "sub"),
        with(
            "a_required_string_sub_that_is_null_is_missing",
            "null counts as absent in a registered claim too",
            any().required_string_claims(&["sub"]),
            r#","sub":null"#,
        )
        .rejected_naming("missing_claim", "sub"),
        with(
            "a_required_sub_that_is_a_number_is_malformed",
            "the type of a registered claim is checked before required claims",
            any().required_claims(&["sub"]),
            r#","sub":4"#,
        )
        .rejected_naming("malformed_claims", "sub"),
        with("a_required_iat_that_is_missing_is_refused", why, any().required_claims(&["iat"]), "")
            .rejected_naming("missing_claim", "iat"),
        ok(
            "a_required_iat_that_is_present_is_accepted",
            why,
            any().required_claims(&["iat"]),
            r#","iat":1700000000"#,
        ),
        with(
            "a_required_exp_is_required_though_exp_is_optional",
            why,
            any().optional_exp().required_claims(&["exp"]),
            "",
        )
        .token(bouncer_token("{}"))
        .rejected_naming("missing_claim", "exp"),
        ok(
            "a_required_string_that_is_present_is_accepted",
            string,
            any().required_string_claims(&["dept"]),
            r#","dept":"a""#,
        ),
        with(
            "a_required_string_that_is_missing_is_refused",
            string,
            any().required_string_claims(&["dept"]),
            "",
        )
        .rejected_naming("missing_claim", "dept"),
        with(
            "a_required_string_that_is_null_is_missing",
            string,
            any().required_string_claims(&["dept"]),
            r#","dept":null"#,
        )
        .rejected_naming("missing_claim", "dept"),
        with(
            "a_required_string_that_is_empty_is_malformed",
            string,
            any().required_string_claims(&["dept"]),
            r#","dept":"""#,
        )
        .rejected_naming("malformed_claims", "dept"),
        with(
            "a_required_string_that_is_a_number_is_malformed",
            string,
            any().required_string_claims(&["dept"]),
            r#","dept":1"#,
        )
        .rejected_naming("malformed_claims", "dept"),
        with(
            "a_required_string_that_is_an_array_is_malformed",
            string,
            any().required_string_claims(&["dept"]),
            r#","dept":["a"]"#,
        )
        .rejected_naming("malformed_claims", "dept"),
        with(
            "a_required_string_sub_that_is_empty_is_malformed",
            string,
            any().required_string_claims(&["sub"]),
            r#","sub":"""#,
        )
        .rejected_naming("malformed_claims", "sub"),
        with("the_first_missing_of_two_is_named", order, any().required_claims(&["b", "a"]), "")
            .rejected_naming("missing_claim", "b"),
        with("the_second_missing_of_two_is_named", order, any().required_claims(&["b", "a"]), r#","b":1"#)
            .rejected_naming("missing_claim", "a"),
        with(
            "the_first_malformed_of_two_strings_is_named",
            order,
            any().required_string_claims(&["b", "a"]),
            r#","a":1,"b":2"#,
        )
        .rejected_naming("malformed_claims", "b"),
        with(
            "a_malformed_first_string_comes_before_a_missing_second",
            order,
            any().required_string_claims(&["b", "a"]),
            r#","b":2"#,
        )
        .rejected_naming("malformed_claims", "b"),
        with(
            "bouncers_uid_comes_before_further_claims",
            order,
            Policy::dcos().required_claims(&["dept"]),
            "",
        )
        .rejected_naming("missing_claim", "uid"),
        with(
            "a_further_claim_of_bouncers_policy_is_required",
            order,
            Policy::dcos().required_claims(&["dept"]),
            r#","uid":"peter""#,
        )
        .rejected_naming("missing_claim", "dept"),
    ]
}
