//! Steps 11 and 12 of the order of the checks: exp, nbf, leeway, and the forms of a NumericDate.

use super::case::{Case, File, NOW, Policy, case};
use super::keys::only;
use super::signer::bouncer_token;

pub(crate) fn file() -> File {
    File::new(
        "time",
        "RFC 7519 sections 2, 4.1.4, 4.1.5 and 4.1.6: exp, nbf, iat, leeway and the forms of a NumericDate",
    )
    .key_set("rsa", only("rsa-2048-a"))
    .cases(boundaries())
    .cases(leeway())
    .cases(skew())
    .cases(numeric_dates())
    .cases(out_of_range())
    .cases(age())
}

fn claims(members: &str) -> String {
    format!(r#"{{"uid":"peter",{members}}}"#)
}

fn at(id: impl Into<String>, why: &str, now: i64, members: &str) -> Case {
    case(id, why).time(now).token(bouncer_token(claims(members)))
}

fn boundaries() -> Vec<Case> {
    let exp = "RFC 7519 section 4.1.4: on or after exp MUST NOT be accepted";
    let nbf = "RFC 7519 section 4.1.5: before nbf MUST NOT be accepted";
    let ok = |id: &str, why: &str, now: i64, members: &str| at(id, why, now, members).ok(&claims(members));
    let optional = || Policy::dcos().optional_exp();
    vec![
        ok("the_second_before_exp_is_the_last_accepted", exp, NOW - 1, r#""exp":1700000000"#),
        at("exp_is_the_first_refused_second", exp, NOW, r#""exp":1700000000"#).rejected("expired"),
        at("the_second_after_exp_is_refused", exp, NOW + 1, r#""exp":1700000000"#).rejected("expired"),
        at("a_token_long_expired_is_refused", exp, NOW, r#""exp":1"#).rejected("expired"),
        ok("nbf_is_the_first_accepted_second", nbf, NOW, r#""exp":1700003600,"nbf":1700000000"#),
        ok("the_second_after_nbf_is_accepted", nbf, NOW + 1, r#""exp":1700003600,"nbf":1700000000"#),
        at("a_life_of_no_seconds_has_no_accepted_one", exp, NOW, r#""exp":1700000000,"nbf":1700000000"#)
            .rejected("expired"),
        ok(
            "an_exp_before_nbf_is_accepted_within_the_tolerance",
            "nbf is only compared with the time, never with exp",
            NOW - 31,
            r#""exp":1699999970,"nbf":1700000000"#,
        ),
        at(
            "an_exp_that_a_double_would_round_up_is_rounded_down",
            exp,
            NOW - 1,
            r#""exp":1699999999.99999999999999999999e0"#,
        )
        .rejected("expired"),
        at(
            "an_nbf_that_a_double_would_round_down_is_rounded_up",
            nbf,
            NOW - 60,
            r#""exp":1700003600,"nbf":1700000000.00000000000000000001e0"#,
        )
        .rejected("not_yet_valid"),
        ok("a_life_of_one_second_has_one", exp, NOW, r#""exp":1700000001,"nbf":1700000000"#),
        ok(
            "an_iat_in_the_future_is_no_fault",
            "RFC 7519 section 4.1.6: iat is not a limit by itself",
            NOW,
            r#""exp":1700003600,"iat":1700001000"#,
        ),
        ok(
            "an_iat_after_exp_is_no_fault",
            "RFC 7519 section 4.1.6: iat is not a limit by itself",
            NOW,
            r#""exp":1700003600,"iat":1800000000"#,
        ),
        ok("the_first_second_of_time_can_verify", exp, 0, r#""exp":1"#),
        at("the_first_second_of_time_can_be_too_late", exp, 0, r#""exp":0"#).rejected("expired"),
        ok(
            "a_time_after_2038_can_verify",
            "a time has more than 32 bits",
            4_294_967_296,
            r#""exp":4294967297"#,
        ),
        at(
            "a_time_after_2106_can_be_too_late",
            "a time has more than 32 bits",
            4_294_967_296,
            r#""exp":4294967296"#,
        )
        .rejected("expired"),
        case("a_missing_exp_is_refused", "exp is required (CVE-2020-26892)")
            .token(bouncer_token(r#"{"uid":"peter"}"#))
            .rejected_naming("missing_claim", "exp"),
        case("an_exp_in_capitals_is_no_exp", "RFC 7519 section 4: names are case-sensitive")
            .token(bouncer_token(claims(r#""EXP":1700003600"#)))
            .rejected_naming("missing_claim", "exp"),
        case(
            "a_nested_exp_is_no_exp",
            "RFC 7519 section 4.1.4: exp is a claim, not a member of another claim",
        )
        .token(bouncer_token(claims(r#""x":{"exp":1700003600}"#)))
        .rejected_naming("missing_claim", "exp"),
        case("a_missing_exp_is_accepted_where_it_is_optional", "the policy does not require exp")
            .policy(optional())
            .token(bouncer_token(r#"{"uid":"peter"}"#))
            .ok(r#"{"uid":"peter"}"#),
        at(
            "a_past_exp_is_refused_where_it_is_optional",
            "an exp that is present is checked",
            NOW,
            r#""exp":1700000000"#,
        )
        .policy(optional())
        .rejected("expired"),
        at(
            "a_malformed_exp_is_refused_where_it_is_optional",
            "CVE-2026-25537: a malformed claim does not count as absent",
            NOW,
            r#""exp":"1700003600""#,
        )
        .policy(optional())
        .rejected_naming("malformed_claims", "exp"),
        at(
            "a_null_exp_is_accepted_where_it_is_optional",
            "null counts as absent; any other value that is not a number is malformed",
            NOW,
            r#""exp":null"#,
        )
        .policy(optional())
        .ok(&claims(r#""exp":null"#)),
        at("a_null_exp_is_missing_where_it_is_required", "null counts as absent", NOW, r#""exp":null"#)
            .rejected_naming("missing_claim", "exp"),
        case("a_future_nbf_is_refused_without_exp", nbf)
            .policy(optional())
            .token(bouncer_token(claims(r#""nbf":1700000061"#)))
            .rejected("not_yet_valid"),
    ]
}

fn leeway() -> Vec<Case> {
    let why = "RFC 7519 sections 4.1.4 and 4.1.5: the leeway of the policy";
    let with = |id: &str, seconds: u32, now: i64, members: &str| {
        at(id, why, now, members).policy(Policy::dcos().leeway(seconds))
    };
    let exp = r#""exp":1700000000"#;
    let nbf = r#""exp":1700003600,"nbf":1700000000"#;
    vec![
        with("leeway_reaches_one_second_short_of_its_length", 60, NOW + 59, exp).ok(&claims(exp)),
        with("leeway_ends_on_its_last_second", 60, NOW + 60, exp).rejected("expired"),
        with("leeway_of_zero_is_none", 0, NOW, exp).rejected("expired"),
        with("leeway_of_zero_leaves_the_second_before_exp", 0, NOW - 1, exp).ok(&claims(exp)),
        with("leeway_of_one_second_is_one_second", 1, NOW, exp).ok(&claims(exp)),
        with("leeway_of_one_second_is_no_more", 1, NOW + 1, exp).rejected("expired"),
        with("the_largest_leeway_is_five_minutes", 300, NOW + 299, exp).ok(&claims(exp)),
        with("the_largest_leeway_ends", 300, NOW + 300, exp).rejected("expired"),
        with("leeway_reaches_back_from_nbf", 60, NOW - 60, nbf).ok(&claims(nbf)),
        with("leeway_reaches_back_no_further", 60, NOW - 61, nbf).rejected("not_yet_valid"),
        with("leeway_does_not_overflow_at_the_largest_exp", 300, NOW, r#""exp":9223372036854775807"#)
            .ok(&claims(r#""exp":9223372036854775807"#)),
        with("leeway_does_not_overflow_at_the_smallest_exp", 300, NOW, r#""exp":-9223372036854775808"#)
            .rejected("expired"),
        with(
            "leeway_does_not_overflow_at_the_largest_nbf",
            300,
            NOW,
            r#""exp":1700003600,"nbf":9223372036854775807"#,
        )
        .rejected("not_yet_valid"),
        with(
            "leeway_does_not_overflow_at_the_smallest_nbf",
            300,
            NOW,
            r#""exp":1700003600,"nbf":-9223372036854775808"#,
        )
        .ok(&claims(r#""exp":1700003600,"nbf":-9223372036854775808"#)),
    ]
}

/// Clocks differ, so nbf may be 60 seconds in the future. If the leeway is longer, it replaces the
/// 60 seconds. For exp, only the leeway is tolerated.
fn skew() -> Vec<Case> {
    let why = "RFC 7519 section 4.1.5: 60 seconds of clock skew are tolerated for nbf";
    let exp_why = "RFC 7519 section 4.1.4: no clock skew is tolerated for exp";
    let nbf = r#""exp":1700003600,"nbf":1700000000"#;
    let with = |id: &str, seconds: u32, ahead: i64| {
        at(id, why, NOW - ahead, nbf).policy(Policy::dcos().leeway(seconds))
    };
    vec![
        at("an_nbf_one_second_ahead_is_accepted", why, NOW - 1, nbf).ok(&claims(nbf)),
        at("an_nbf_59_seconds_ahead_is_accepted", why, NOW - 59, nbf).ok(&claims(nbf)),
        at("an_nbf_60_seconds_ahead_is_accepted", why, NOW - 60, nbf).ok(&claims(nbf)),
        at("an_nbf_61_seconds_ahead_is_refused", why, NOW - 61, nbf).rejected("not_yet_valid"),
        at("an_exp_59_seconds_ago_is_refused", exp_why, NOW + 59, r#""exp":1700000000"#).rejected("expired"),
        at(
            "an_exp_that_is_now_is_refused_whatever_nbf_is",
            exp_why,
            NOW,
            r#""exp":1700000000,"nbf":1700000030"#,
        )
        .rejected("expired"),
        with("a_leeway_of_zero_keeps_the_tolerance_of_nbf", 0, 60).ok(&claims(nbf)),
        with("a_leeway_of_zero_does_not_lengthen_the_tolerance_of_nbf", 0, 61).rejected("not_yet_valid"),
        with("a_shorter_leeway_keeps_the_tolerance_of_nbf", 30, 60).ok(&claims(nbf)),
        with("a_shorter_leeway_is_not_added_to_the_tolerance_of_nbf", 30, 61).rejected("not_yet_valid"),
        with("a_longer_leeway_reaches_back_from_nbf", 300, 300).ok(&claims(nbf)),
        with("a_longer_leeway_is_not_added_to_the_tolerance_of_nbf", 300, 301).rejected("not_yet_valid"),
    ]
}

/// Forms of a NumericDate. Most are tested in two consecutive seconds, between which the result
/// changes.
fn numeric_dates() -> Vec<Case> {
    let why = "RFC 7519 section 2: a NumericDate is a JSON number and may have a fraction; exp is rounded down, nbf up";
    // (name, form of exp, first second in which the token is expired)
    let exps = [
        ("a_decimal", "1700000000.0", NOW),
        ("a_decimal_of_many_zeros", "1700000000.000000000000000000000000", NOW),
        ("a_half_second", "1700000000.5", NOW),
        ("almost_the_next_second", "1700000000.999999", NOW),
        // A binary double would round this up to the next second.
        ("almost_the_next_second_beyond_a_double", "1700000000.99999999999999999999", NOW),
        ("a_small_exponent", "1.7e9", NOW),
        ("a_capital_exponent_with_a_plus_sign", "1.7E+09", NOW),
        ("a_negative_exponent", "17000000000000e-4", NOW),
        ("the_documents_date_with_an_exponent", "1.467985466e9", 1_467_985_466),
        ("a_fraction_with_an_exponent", "0.17000000005e10", NOW),
    ];
    let mut cases = Vec::new();
    for (id, form, first) in exps {
        let members = format!(r#""exp":{form}"#);
        cases.push(
            at(format!("exp_as_{id}_is_accepted_before"), why, first - 1, &members).ok(&claims(&members)),
        );
        cases.push(
            at(format!("exp_as_{id}_is_refused_from_its_second"), why, first, &members).rejected("expired"),
        );
    }
    // (name, form of nbf, first second in which the token is accepted)
    let nbfs = [
        ("a_decimal", "1700000000.0", NOW - 60),
        ("a_half_second", "1699999999.5", NOW - 60),
        ("a_tiny_fraction", "1699999999.000001", NOW - 60),
        // A binary double would round this down to the second before.
        ("a_fraction_beyond_a_double", "1699999999.00000000000000000001", NOW - 60),
        ("an_exponent", "1.7e9", NOW - 60),
    ];
    for (id, form, first) in nbfs {
        let members = format!(r#""exp":1700003600,"nbf":{form}"#);
        cases.push(
            at(format!("nbf_as_{id}_is_refused_before"), why, first - 1, &members).rejected("not_yet_valid"),
        );
        cases.push(
            at(format!("nbf_as_{id}_is_accepted_from_its_second"), why, first, &members)
                .ok(&claims(&members)),
        );
    }
    for (id, form) in [
        ("minus_zero", "-0"),
        ("minus_zero_as_a_decimal", "-0.0"),
        ("a_negative_number", "-1"),
        ("a_negative_fraction", "-0.5"),
        ("the_smallest_integer", "-9223372036854775808"),
        ("a_number_next_to_zero", "1e-400"),
        ("a_number_next_to_zero_by_a_huge_exponent", "1e-99999999999999999999"),
        ("zero_with_a_huge_exponent", "0e999999999"),
        ("the_smallest_decimal", "-9007199254740992.0"),
    ] {
        cases.push(
            at(format!("exp_as_{id}_is_a_date_of_the_past"), why, NOW, &format!(r#""exp":{form}"#))
                .rejected("expired"),
        );
    }
    for (id, form) in [
        ("the_largest_integer", "9223372036854775807"),
        ("an_integer_beyond_a_double", "9007199254740993"),
        ("the_largest_decimal", "9007199254740992.0"),
        ("the_largest_decimal_and_a_half", "9007199254740992.5"),
        ("the_largest_exponent_form", "9.007199254740992e15"),
    ] {
        let members = format!(r#""exp":{form}"#);
        cases.push(
            at(format!("exp_as_{id}_is_a_date_of_the_future"), why, NOW, &members).ok(&claims(&members)),
        );
    }
    cases
}

fn out_of_range() -> Vec<Case> {
    let why = "a NumericDate out of range is malformed; it is neither absent nor infinite";
    let mut cases = Vec::new();
    for (id, form) in [
        ("one_over_the_largest_integer", "9223372036854775808"),
        ("one_under_the_smallest_integer", "-9223372036854775809"),
        ("the_largest_unsigned_integer", "18446744073709551615"),
        ("a_number_of_thirty_digits", "123456789012345678901234567890"),
        ("the_largest_power_of_ten_of_a_double", "1e308"),
        ("the_largest_integer_as_a_decimal", "9223372036854775807.0"),
        ("the_largest_integer_as_an_exponent_form", "9.223372036854775807e18"),
        ("a_decimal_over_the_range", "9007199254740994.0"),
        // A binary double would round this into the range.
        ("a_decimal_just_over_the_range", "9007199254740993.0"),
        ("a_decimal_under_the_range", "-9007199254740994.0"),
    ] {
        for claim in ["exp", "nbf", "iat"] {
            let members = if claim == "exp" {
                format!(r#""exp":{form}"#)
            } else {
                format!(r#""exp":1700003600,"{claim}":{form}"#)
            };
            cases.push(
                at(format!("{claim}_as_{id}_is_malformed"), why, NOW, &members)
                    .rejected_naming("malformed_claims", claim),
            );
        }
    }
    // These are outside the range of a double, so the whole Claims Set is malformed, not one claim.
    for (id, form) in [
        ("an_exponent_beyond_a_double", "1e400"),
        ("a_negative_exponent_form_beyond_a_double", "-1e400"),
        ("an_exponent_of_many_digits", "1e99999999999999999999"),
    ] {
        cases.push(
            at(format!("exp_as_{id}_is_malformed"), why, NOW, &format!(r#""exp":{form}"#))
                .rejected("malformed_claims"),
        );
    }
    // The range is checked after rounding: up for nbf, down for exp.
    cases.push(
        at(
            "nbf_rounded_up_out_of_range_is_malformed",
            why,
            NOW,
            r#""exp":1700003600,"nbf":9007199254740992.5"#,
        )
        .rejected_naming("malformed_claims", "nbf"),
    );
    cases.push(
        at("exp_rounded_down_out_of_range_is_malformed", why, NOW, r#""exp":-9007199254740992.5"#)
            .rejected_naming("malformed_claims", "exp"),
    );
    cases
}

fn age() -> Vec<Case> {
    let why = "max_token_age: a token that was issued longer ago is expired, even if exp is later";
    let policy = || Policy::dcos().with("max_token_age", "\"60s\"".to_owned());
    let at = |id: &str, now: i64, policy: Policy, times: &str| at(id, why, now, times).policy(policy);
    let ok = |id: &str, now: i64, policy: Policy, times: &str| at(id, now, policy, times).ok(&claims(times));
    const IAT: &str = r#""exp":1700003600,"iat":1700000000"#;
    vec![
        ok("a_token_of_its_last_allowed_age_is_accepted", NOW + 60, policy(), IAT),
        at("a_token_older_than_allowed_is_expired", NOW + 61, policy(), IAT)
            .rejected_naming("expired", "iat"),
        ok("the_leeway_is_added_to_the_allowed_age", NOW + 90, policy().leeway(30), IAT),
        at("an_age_beyond_the_leeway_is_expired", NOW + 91, policy().leeway(30), IAT)
            .rejected_naming("expired", "iat"),
        at("a_token_of_unknown_age_lacks_iat", NOW, policy(), r#""exp":1700003600"#)
            .rejected_naming("missing_claim", "iat"),
        ok("an_iat_within_the_tolerance_has_an_age", NOW - 60, policy(), IAT),
        at("an_iat_beyond_the_tolerance_is_not_valid_yet", NOW - 61, policy(), IAT)
            .rejected_naming("not_yet_valid", "iat"),
        at("an_expired_token_is_expired_before_its_age_is_judged", NOW + 3600, policy(), IAT)
            .rejected("expired"),
    ]
}
