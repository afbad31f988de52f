//! Steps 13 to 15 of the order of the checks: iss, aud and sub.

use super::case::{Case, File, Policy, case, quote};
use super::keys::only;
use super::signer::bouncer_token;

const ISSUER: &str = "https://issuer.example/";
const AUDIENCE: &str = "https://api.example";

pub(crate) fn file() -> File {
    File::new(
        "issuer_audience",
        "RFC 7519 sections 4.1.1 and 4.1.3, RFC 8725 sections 3.8 and 3.9: iss and aud are compared exactly, and required if the policy has values for them",
    )
    .key_set("rsa", only("rsa-2048-a"))
    .cases(issuers())
    .cases(audiences())
    .cases(without_expectation())
    .cases(subjects())
}

fn claims(members: &str) -> String {
    format!(r#"{{"uid":"peter","exp":1700003600{}{members}}}"#, if members.is_empty() { "" } else { "," })
}

/// Makes a case whose policy has one issuer and one audience.
fn made(id: impl Into<String>, why: &str, members: &str) -> Case {
    case(id, why).policy(Policy::issuer(ISSUER, AUDIENCE)).token(bouncer_token(claims(members)))
}

fn issuers() -> Vec<Case> {
    let why = "RFC 7519 section 4.1.1: iss is compared character for character (CVE-2024-53861)";
    let iss = |value: &str| format!(r#""iss":{},"aud":"{AUDIENCE}""#, quote(value));
    let mut cases = vec![
        made("the_expected_iss_is_accepted", why, &iss(ISSUER)).ok(&claims(&iss(ISSUER))),
        made(
            "a_missing_iss_is_refused",
            "iss is required if the policy has issuers",
            &format!(r#""aud":"{AUDIENCE}""#),
        )
        .rejected_naming("missing_claim", "iss"),
        made(
            "an_escaped_iss_is_its_unescaped_self",
            "RFC 8259 section 8.3: strings are compared unescaped",
            &format!(r#""iss":"https:\/\/issuer.ex\u0061mple\/","aud":"{AUDIENCE}""#),
        )
        .ok(&claims(&iss(ISSUER))),
        made(
            "an_iss_that_is_an_array_is_malformed",
            "RFC 7519 section 4.1.1: iss is a string (CVE-2025-30144)",
            &format!(r#""iss":["{ISSUER}"],"aud":"{AUDIENCE}""#),
        )
        .rejected_naming("malformed_claims", "iss"),
        made(
            "an_iss_that_is_null_is_missing",
            "null counts as absent, and iss is required if the policy has issuers",
            &format!(r#""iss":null,"aud":"{AUDIENCE}""#),
        )
        .rejected_naming("missing_claim", "iss"),
    ];
    for (id, value) in [
        ("another_iss", "https://attacker.example/"),
        ("an_iss_in_another_case", "https://Issuer.example/"),
        ("an_iss_of_another_scheme", "http://issuer.example/"),
        ("an_iss_without_its_slash", "https://issuer.example"),
        ("an_iss_with_a_slash_more", "https://issuer.example//"),
        ("an_iss_with_its_port", "https://issuer.example:443/"),
        ("an_iss_with_a_dot_segment", "https://issuer.example/."),
        ("an_iss_with_a_percent_escape", "https://issuer.ex%61mple/"),
        ("an_iss_that_is_a_prefix", "https://issuer.exam"),
        ("an_iss_that_is_longer", "https://issuer.example/a"),
        ("an_iss_with_a_blank", "https://issuer.example/ "),
        ("an_iss_with_a_nul", "https://issuer.example/\0"),
        ("an_iss_with_a_look_alike", "https://issu\u{0435}r.example/"),
        ("an_empty_iss", ""),
    ] {
        cases.push(made(format!("{id}_is_refused"), why, &iss(value)).rejected("wrong_issuer"));
    }
    let two = || Policy::issuer(ISSUER, AUDIENCE).issuers(&[ISSUER, "b", "cl\u{e9}"]);
    let under_two =
        |id: &str, value: &str| made(id, "the policy accepts several issuers", &iss(value)).policy(two());
    cases.extend([
        under_two("the_first_of_several_issuers_is_accepted", ISSUER).ok(&claims(&iss(ISSUER))),
        under_two("another_of_several_issuers_is_accepted", "b").ok(&claims(&iss("b"))),
        under_two("an_issuer_of_the_same_normalization_is_accepted", "cl\u{e9}")
            .ok(&claims(&iss("cl\u{e9}"))),
        under_two("an_issuer_of_another_normalization_is_refused", "cle\u{301}").rejected("wrong_issuer"),
        under_two("none_of_several_issuers_is_refused", "B").rejected("wrong_issuer"),
    ]);
    cases
}

fn audiences() -> Vec<Case> {
    let why = "RFC 7519 section 4.1.3: the policy must accept one of the token's audiences; audiences are compared character for character";
    let aud = |json: &str| format!(r#""iss":"{ISSUER}","aud":{json}"#);
    let own = quote(AUDIENCE);
    let mut cases = vec![
        made(
            "a_missing_aud_is_refused",
            "aud is required if the policy has audiences (CVE-2023-22482)",
            &format!(r#""iss":"{ISSUER}""#),
        )
        .rejected_naming("missing_claim", "aud"),
        made(
            "an_aud_that_is_null_is_missing",
            "null counts as absent, and aud is required if the policy has audiences",
            &aud("null"),
        )
        .rejected_naming("missing_claim", "aud"),
        made(
            "an_aud_with_a_number_beside_the_expected_one_is_malformed",
            "RFC 7519 section 4.1.3: each audience is a string (CVE-2020-26160)",
            &aud(&format!("[{own},1]")),
        )
        .rejected_naming("malformed_claims", "aud"),
    ];
    let accepted = [
        ("the_expected_aud", own.clone()),
        ("an_array_of_the_expected_aud", format!("[{own}]")),
        ("an_array_with_the_expected_aud_first", format!("[{own},\"x\"]")),
        ("an_array_with_the_expected_aud_last", format!("[\"x\",\"\",{own}]")),
        ("an_array_with_the_expected_aud_twice", format!("[{own},{own}]")),
    ];
    for (id, json) in accepted {
        cases.push(made(format!("{id}_is_accepted"), why, &aud(&json)).ok(&claims(&aud(&json))));
    }
    for (id, json) in [
        ("another_aud", r#""https://other.example""#),
        ("an_aud_in_another_case", r#""https://API.example""#),
        ("an_aud_with_a_slash_more", r#""https://api.example/""#),
        ("an_aud_that_is_a_prefix", r#""https://api""#),
        ("an_aud_that_is_longer", r#""https://api.example.attacker.example""#),
        ("an_empty_aud", r#""""#),
        ("an_empty_array_of_aud", "[]"),
        ("an_array_of_other_aud", r#"["x","https://other.example"]"#),
        ("an_array_of_an_empty_aud", r#"[""]"#),
        ("an_aud_of_a_list_in_one_string", r#""https://api.example x""#),
        ("an_aud_that_is_a_wildcard", r#""*""#),
    ] {
        cases.push(made(format!("{id}_is_refused"), why, &aud(json)).rejected("wrong_audience"));
    }
    let two = || Policy::issuer(ISSUER, AUDIENCE).audiences(&[AUDIENCE, "b"]);
    let under_two =
        |id: &str, json: &str| made(id, "the policy has several audiences", &aud(json)).policy(two());
    cases.extend([
        under_two("the_first_of_several_audiences_is_accepted", &own).ok(&claims(&aud(&own))),
        under_two("another_of_several_audiences_is_accepted", r#"["x","b"]"#)
            .ok(&claims(&aud(r#"["x","b"]"#))),
        under_two("none_of_several_audiences_is_refused", r#"["x","c"]"#).rejected("wrong_audience"),
    ]);
    cases
}

fn without_expectation() -> Vec<Case> {
    let why = "RFC 7519 section 4.1.3: a policy without audiences rejects a token with an audience";
    let bouncer = |id: &str, members: &str| case(id, why).token(bouncer_token(claims(members)));
    let any = |id: &str, members: &str| {
        case(id, "any_audience: the audience is not checked")
            .policy(Policy::dcos().any_audience())
            .token(bouncer_token(claims(members)))
            .ok(&claims(members))
    };
    let policies = |id: &str, policy: Policy, members: &str| {
        case(id, "the policy's issuers and audiences are checked")
            .policy(policy)
            .token(bouncer_token(claims(members)))
    };
    vec![
        bouncer("an_aud_under_bouncers_policy_is_refused", r#""aud":"x""#).rejected("wrong_audience"),
        bouncer("an_array_of_aud_under_bouncers_policy_is_refused", r#""aud":["x"]"#)
            .rejected("wrong_audience"),
        bouncer("an_empty_array_of_aud_under_bouncers_policy_is_refused", r#""aud":[]"#)
            .rejected("wrong_audience"),
        bouncer("an_empty_aud_under_bouncers_policy_is_refused", r#""aud":"""#).rejected("wrong_audience"),
        bouncer("no_aud_under_bouncers_policy_is_accepted", "").ok(&claims("")),
        bouncer("an_iss_under_bouncers_policy_is_accepted", r#""iss":"anyone""#)
            .ok(&claims(r#""iss":"anyone""#)),
        any("an_aud_is_accepted_where_any_is", r#""aud":"x""#),
        any("no_aud_is_accepted_where_any_is", ""),
        bouncer("a_null_aud_under_bouncers_policy_is_accepted", r#""aud":null"#).ok(&claims(r#""aud":null"#)),
        policies(
            "an_audience_beside_any_audience_is_not_compared",
            Policy::dcos().audiences(&["b"]).any_audience(),
            r#""aud":"x""#,
        )
        .ok(&claims(r#""aud":"x""#)),
        policies(
            "an_audience_beside_any_audience_is_not_required",
            Policy::dcos().audiences(&["b"]).any_audience(),
            "",
        )
        .ok(&claims("")),
        any("an_empty_array_of_aud_is_accepted_where_any_is", r#""aud":[]"#),
        policies("an_aud_under_the_policy_of_any_issuer_is_refused", Policy::any_issuer(), r#""aud":"x""#)
            .rejected("wrong_audience"),
        policies(
            "an_iss_under_the_policy_of_any_issuer_is_accepted",
            Policy::any_issuer(),
            r#""iss":"anyone""#,
        )
        .ok(&claims(r#""iss":"anyone""#)),
        policies("an_issuer_added_to_bouncers_policy_is_expected", Policy::dcos().issuers(&["b"]), "")
            .rejected_naming("missing_claim", "iss"),
        policies(
            "an_issuer_added_to_bouncers_policy_is_compared",
            Policy::dcos().issuers(&["b"]),
            r#""iss":"c""#,
        )
        .rejected("wrong_issuer"),
        policies(
            "an_issuer_added_to_bouncers_policy_is_accepted",
            Policy::dcos().issuers(&["b"]),
            r#""iss":"b""#,
        )
        .ok(&claims(r#""iss":"b""#)),
        policies("an_audience_added_to_bouncers_policy_is_expected", Policy::dcos().audiences(&["b"]), "")
            .rejected_naming("missing_claim", "aud"),
        policies(
            "an_audience_added_to_bouncers_policy_is_compared",
            Policy::dcos().audiences(&["b"]),
            r#""aud":"c""#,
        )
        .rejected("wrong_audience"),
        policies(
            "an_audience_added_to_bouncers_policy_is_accepted",
            Policy::dcos().audiences(&["b"]),
            r#""aud":"b""#,
        )
        .ok(&claims(r#""aud":"b""#)),
        policies("a_uid_is_not_required_of_an_issuers_token", Policy::issuer("a", "b"), "")
            .token(bouncer_token(r#"{"exp":1700003600,"iss":"a","aud":"b"}"#))
            .ok(r#"{"exp":1700003600,"iss":"a","aud":"b"}"#),
    ]
}

fn subjects() -> Vec<Case> {
    let why = "subject: sub must be equal to the policy's subject, character for character";
    let policy = || Policy::issuer(ISSUER, AUDIENCE).with("subject", "\"peter\"".to_owned());
    let members = |sub: &str| claims(&format!(r#""iss":"{ISSUER}","aud":"{AUDIENCE}"{sub}"#));
    let of = |id: &str, sub: &str| case(id, why).policy(policy()).token(bouncer_token(members(sub)));
    vec![
        of("the_subject_is_accepted", r#","sub":"peter""#).ok(&members(r#","sub":"peter""#)),
        of("another_subject_is_not_allowed", r#","sub":"paul""#).rejected_naming("claim_not_allowed", "sub"),
        of("a_subject_in_another_case_is_not_allowed", r#","sub":"Peter""#)
            .rejected_naming("claim_not_allowed", "sub"),
        of("an_empty_subject_is_not_allowed", r#","sub":"""#).rejected_naming("claim_not_allowed", "sub"),
        of("a_missing_subject_is_missing", "").rejected_naming("missing_claim", "sub"),
        case("a_wrong_issuer_comes_before_the_subject", why)
            .policy(policy())
            .token(bouncer_token(claims(&format!(r#""iss":"x","aud":"{AUDIENCE}","sub":"paul""#))))
            .rejected("wrong_issuer"),
    ]
}
