//! Step 17 of the order of the checks: rules for the values of claims, and how a claim is found by
//! its name.

use super::case::{Case, File, Policy, case};
use super::keys::only;
use super::signer::bouncer_token;

pub(crate) fn file() -> File {
    File::new("claim_rules", "The policy's rules for the values of claims, also of nested ones")
        .key_set("rsa", only("rsa-2048-a"))
        .cases(claim_is())
        .cases(claim_has())
        .cases(claim_starts_with())
        .cases(several())
        .cases(names())
}

const REJECTED: &str = "claim_not_allowed";

/// Returns a case for each id and value of the claim `x`, with the rule `setting` for `x`.
fn each(
    setting: &'static str,
    why: &str,
    texts: &[&str],
    accepted: &[(&str, &str)],
    rejected: &[(&str, &str)],
) -> Vec<Case> {
    let made = |id: &str, end: &str, value: &str| {
        let claims = format!(r#"{{"exp":1700003600,"x":{value}}}"#);
        let policy = Policy::any_issuer().claim_rule(setting, "x", texts);
        (case(format!("{setting}_{id}_{end}"), why).policy(policy).token(bouncer_token(&claims)), claims)
    };
    let accepted = accepted.iter().map(|(id, value)| {
        let (case, claims) = made(id, "is_accepted", value);
        case.ok(&claims)
    });
    let rejected = rejected.iter().map(|(id, value)| {
        let status = if *value == "null" { "missing_claim" } else { REJECTED };
        made(id, "is_refused", value).0.rejected_naming(status, "x")
    });
    accepted.chain(rejected).collect()
}

fn claim_is() -> Vec<Case> {
    let mut cases = each(
        "claim_is",
        "claim_is: a string equals one of the texts, or the JSON text of a number or a boolean does",
        &["a", "b c", "true", "5", "1.0", "null", "[]"],
        &[
            ("the_first_text", r#""a""#),
            ("the_second_text", r#""b c""#),
            ("an_escaped_text", r#""\u0061""#),
            ("true_as_a_boolean", "true"),
            ("true_as_a_string", r#""true""#),
            ("a_number", "5"),
            ("a_number_as_a_string", r#""5""#),
            ("a_number_in_the_same_spelling", "1.0"),
            ("null_as_a_string", r#""null""#),
        ],
        &[
            ("another_text", r#""d""#),
            ("a_text_in_another_case", r#""A""#),
            ("a_text_with_a_space_at_its_end", r#""a ""#),
            ("a_longer_text", r#""ab""#),
            ("a_shorter_text", r#""b""#),
            ("one_word_of_a_text", r#""c""#),
            ("a_text_with_a_nul", r#""a\u0000""#),
            ("an_empty_text", r#""""#),
            ("false", "false"),
            ("another_number", "50"),
            ("a_number_in_another_spelling", "5.0"),
            ("a_shorter_spelling_of_a_number", "1"),
            ("a_negative_number", "-5"),
            ("null", "null"),
            ("an_array_of_the_text", r#"["a"]"#),
            ("an_empty_array", "[]"),
            ("an_object", r#"{"a":"a"}"#),
        ],
    );
    let why = "claim_is: the rule may be for a registered claim";
    let open = Policy::any_issuer;
    let made = |id: &str, policy: Policy, members: &str| {
        case(id, why).policy(policy).token(bouncer_token(format!(r#"{{"exp":1700003600{members}}}"#)))
    };
    cases.extend([
        made("claim_is_a_missing_claim_is_refused", open().claim_rule("claim_is", "x", &["a"]), "")
            .rejected_naming("missing_claim", "x"),
        made(
            "claim_is_a_claim_in_another_case_is_missing",
            open().claim_rule("claim_is", "x", &["a"]),
            r#","X":"a""#,
        )
        .rejected_naming("missing_claim", "x"),
        made(
            "claim_is_for_sub_accepts_it",
            open().claim_rule("claim_is", "sub", &["s", "t"]),
            r#","sub":"t""#,
        )
        .ok(r#"{"exp":1700003600,"sub":"t"}"#),
        made(
            "claim_is_for_sub_refuses_another",
            open().claim_rule("claim_is", "sub", &["s", "t"]),
            r#","sub":"u""#,
        )
        .rejected_naming(REJECTED, "sub"),
        made(
            "claim_is_for_uid_accepts_it",
            Policy::dcos().claim_rule("claim_is", "uid", &["peter"]),
            r#","uid":"peter""#,
        )
        .ok(r#"{"exp":1700003600,"uid":"peter"}"#),
        made(
            "claim_is_for_uid_refuses_another",
            Policy::dcos().claim_rule("claim_is", "uid", &["peter"]),
            r#","uid":"paul""#,
        )
        .rejected_naming(REJECTED, "uid"),
        made("claim_is_for_exp_compares_its_text", open().claim_rule("claim_is", "exp", &["1700003600"]), "")
            .ok(r#"{"exp":1700003600}"#),
        made("claim_is_for_exp_refuses_another", open().claim_rule("claim_is", "exp", &["1700003600.0"]), "")
            .rejected_naming(REJECTED, "exp"),
        made(
            "claim_is_true_in_the_policy_is_its_text",
            open().with("claim_is", r#"{ "x": true }"#.to_owned()),
            r#","x":true"#,
        )
        .ok(r#"{"exp":1700003600,"x":true}"#),
        made(
            "claim_is_true_in_the_policy_refuses_false",
            open().with("claim_is", r#"{ "x": true }"#.to_owned()),
            r#","x":false"#,
        )
        .rejected_naming(REJECTED, "x"),
        made(
            "claim_is_a_number_in_the_policy_refuses_another",
            open().with("claim_is", r#"{ "x": [1, 2] }"#.to_owned()),
            r#","x":3"#,
        )
        .rejected_naming(REJECTED, "x"),
        made(
            "claim_is_a_number_in_the_policy_accepts_it",
            open().with("claim_is", r#"{ "x": [1, 2] }"#.to_owned()),
            r#","x":2"#,
        )
        .ok(r#"{"exp":1700003600,"x":2}"#),
    ]);
    cases
}

fn claim_has() -> Vec<Case> {
    let both: &[(&str, &str)] = &[
        ("both_in_a_string", r#""a b""#),
        ("both_in_a_string_in_another_order", r#""b a""#),
        ("both_in_a_string_with_others", r#""c b d a""#),
        ("both_in_a_string_with_two_spaces", r#""a  b""#),
        ("both_in_a_string_with_spaces_around", r#"" a b ""#),
        ("both_twice_in_a_string", r#""a a b b""#),
        ("both_in_an_array", r#"["a","b"]"#),
        ("both_in_an_array_with_others", r#"["c","b","","a"]"#),
        ("both_in_an_array_with_escapes", r#"["\u0061","b"]"#),
        ("both_in_a_string_with_an_escaped_space", r#""a\u0020b""#),
    ];
    let one: &[(&str, &str)] = &[
        ("one_in_a_string", r#""a""#),
        ("one_in_a_string_with_others", r#""b c""#),
        ("one_in_an_array", r#"["a"]"#),
        ("one_and_a_longer_text_in_an_array", r#"["ab","b"]"#),
    ];
    let none: &[(&str, &str)] = &[
        ("a_longer_text", r#""ab""#),
        ("texts_with_a_comma", r#""a,b""#),
        ("texts_with_a_tab", r#""a\tb""#),
        ("texts_in_another_case", r#""A B""#),
        ("an_empty_string", r#""""#),
        ("a_string_of_spaces", r#""  ""#),
        ("an_empty_array", "[]"),
        ("one_element_with_both", r#"["a b"]"#),
        ("elements_in_another_case", r#"["A","B"]"#),
        ("an_array_with_a_number", r#"["a","b",1]"#),
        ("an_array_with_null", r#"["a","b",null]"#),
        ("a_nested_array", r#"[["a","b"]]"#),
        ("an_object", r#"{"a":true,"b":true}"#),
        ("a_number", "1"),
        ("true", "true"),
        ("null", "null"),
    ];
    let mut cases = each(
        "claim_has",
        "claim_has: an array of strings or a space-separated string contains all texts",
        &["a", "b"],
        both,
        &[one, none].concat(),
    );
    cases.extend(each(
        "claim_has_any",
        "claim_has_any: an array of strings or a space-separated string contains one of the texts",
        &["a", "b"],
        &[both, one].concat(),
        none,
    ));
    cases.extend(each(
        "claim_has",
        "claim_has: a text with a space is an element of an array, and never part of a string",
        &["dev ops"],
        &[("an_element_with_a_space", r#"["dev ops"]"#)],
        &[("two_words_for_a_text_with_a_space", r#""dev ops""#), ("two_elements", r#"["dev","ops"]"#)],
    ));
    for setting in ["claim_has", "claim_has_any"] {
        cases.push(
            case(format!("{setting}_a_missing_claim_is_refused"), "a rule requires its claim")
                .policy(Policy::any_issuer().claim_rule(setting, "x", &["a"]))
                .token(bouncer_token(r#"{"exp":1700003600,"y":["a"]}"#))
                .rejected_naming("missing_claim", "x"),
        );
    }
    cases
}

fn claim_starts_with() -> Vec<Case> {
    let mut cases = each(
        "claim_starts_with",
        "claim_starts_with: a string starts with one of the texts, character for character",
        &["ab", "x:"],
        &[
            ("the_prefix_alone", r#""ab""#),
            ("a_longer_text", r#""abc""#),
            ("the_second_prefix", r#""x:y""#),
            ("an_escaped_prefix", r#""\u0061bc""#),
            ("a_prefix_before_a_space", r#""ab c""#),
        ],
        &[
            ("a_part_of_the_prefix", r#""a""#),
            ("the_prefix_in_another_case", r#""ABc""#),
            ("the_prefix_after_a_space", r#"" ab""#),
            ("the_prefix_in_the_middle", r#""cab""#),
            ("the_second_prefix_without_its_end", r#""xy""#),
            ("an_empty_string", r#""""#),
            ("an_array_of_the_prefix", r#"["ab"]"#),
            ("an_object", r#"{"ab":"ab"}"#),
            ("a_number", "1"),
            ("true", "true"),
            ("null", "null"),
        ],
    );
    cases.push(
        case("claim_starts_with_a_missing_claim_is_refused", "a rule requires its claim")
            .policy(Policy::any_issuer().claim_rule("claim_starts_with", "x", &["a"]))
            .token(bouncer_token(r#"{"exp":1700003600}"#))
            .rejected_naming("missing_claim", "x"),
    );
    let digits = Policy::any_issuer().claim_rule("claim_starts_with", "x", &["1"]);
    cases.push(
        case("claim_starts_with_does_not_read_the_text_of_a_number", "only a string has a beginning")
            .policy(digits)
            .token(bouncer_token(r#"{"exp":1700003600,"x":12}"#))
            .rejected_naming(REJECTED, "x"),
    );
    cases
}

fn several() -> Vec<Case> {
    let order = "rules are checked in the order claim_is, claim_has, claim_has_any, claim_starts_with";
    let all = || {
        Policy::any_issuer()
            .claim_rule("claim_starts_with", "a", &["x"])
            .claim_rule("claim_has_any", "b", &["x"])
            .claim_rule("claim_has", "c", &["x"])
            .with("claim_is", r#"{ "e": "x", "d": ["x"] }"#.to_owned())
            .required_claims(&["f"])
    };
    let with = |id: &str, members: &str| {
        case(id, order).policy(all()).token(bouncer_token(format!(r#"{{"exp":1700003600{members}}}"#)))
    };
    let whole = r#"{"exp":1700003600,"f":1,"e":"x","d":"x","c":"x","b":"x","a":"x"}"#;
    vec![
        with("required_claims_come_before_the_rules", "").rejected_naming("missing_claim", "f"),
        with("the_first_name_of_claim_is_comes_first", r#","f":1,"a":1"#)
            .rejected_naming("missing_claim", "d"),
        with("the_second_name_of_claim_is_comes_second", r#","f":1,"e":"y","d":"x""#)
            .rejected_naming(REJECTED, "e"),
        with("claim_has_comes_after_claim_is", r#","f":1,"e":"x","d":"x""#)
            .rejected_naming("missing_claim", "c"),
        with("claim_has_any_comes_after_claim_has", r#","f":1,"e":"x","d":"x","c":"x","b":"y""#)
            .rejected_naming(REJECTED, "b"),
        with("claim_starts_with_comes_last", r#","f":1,"e":"x","d":"x","c":"x","b":"x","a":"y""#)
            .rejected_naming(REJECTED, "a"),
        with("a_token_that_meets_all_rules_is_accepted", r#","f":1,"e":"x","d":"x","c":"x","b":"x","a":"x""#)
            .ok(whole),
        case("two_rules_for_one_claim_must_both_accept_it", "each rule is checked")
            .policy(Policy::any_issuer().claim_rule("claim_has_any", "x", &["a", "b"]).claim_rule(
                "claim_starts_with",
                "x",
                &["c"],
            ))
            .token(bouncer_token(r#"{"exp":1700003600,"x":"a c"}"#))
            .rejected_naming(REJECTED, "x"),
        case("two_rules_for_one_claim_may_both_accept_it", "each rule is checked")
            .policy(Policy::any_issuer().claim_rule("claim_has_any", "x", &["a", "b"]).claim_rule(
                "claim_starts_with",
                "x",
                &["c"],
            ))
            .token(bouncer_token(r#"{"exp":1700003600,"x":"c a"}"#))
            .ok(r#"{"exp":1700003600,"x":"c a"}"#),
    ]
}

/// The names of claims: nested, with dots, and both.
fn names() -> Vec<Case> {
    let why = "a claim is found by the longest member name that fits, at each object";
    let roles = "realm_access.roles";
    let has = |claim: &str| Policy::any_issuer().claim_rule("claim_has", claim, &["admin"]);
    let with = |id: &str, policy: Policy, members: &str| {
        case(id, why).policy(policy).token(bouncer_token(format!(r#"{{"exp":1700003600,{members}}}"#)))
    };
    let ok = |id: &str, policy: Policy, members: &str| {
        with(id, policy, members).ok(&format!(r#"{{"exp":1700003600,{members}}}"#))
    };
    let namespaced = "https://a.example/roles";
    let client = "resource_access.my.client.roles";
    vec![
        ok("a_nested_claim_is_found", has(roles), r#""realm_access":{"roles":["dev","admin"]}"#),
        with("a_nested_claim_may_be_refused", has(roles), r#""realm_access":{"roles":["dev"]}"#)
            .rejected_naming(REJECTED, roles),
        with("a_nested_claim_may_be_missing", has(roles), r#""realm_access":{"role":["admin"]}"#)
            .rejected_naming("missing_claim", roles),
        with("a_nested_claim_may_be_null", has(roles), r#""realm_access":{"roles":null}"#)
            .rejected_naming("missing_claim", roles),
        with("the_object_of_a_nested_claim_may_be_missing", has(roles), r#""roles":["admin"]"#)
            .rejected_naming("missing_claim", roles),
        with("the_object_of_a_nested_claim_may_be_null", has(roles), r#""realm_access":null"#)
            .rejected_naming("missing_claim", roles),
        with("the_object_of_a_nested_claim_may_be_text", has(roles), r#""realm_access":"roles admin""#)
            .rejected_naming("missing_claim", roles),
        with("a_text_with_json_is_no_object", has(roles), r#""realm_access":"{\"roles\":[\"admin\"]}""#)
            .rejected_naming("missing_claim", roles),
        with("an_array_of_objects_is_no_object", has(roles), r#""realm_access":[{"roles":["admin"]}]"#)
            .rejected_naming("missing_claim", roles),
        ok("a_name_with_dots_is_found_as_it_is", has(namespaced), r#""https://a.example/roles":["admin"]"#),
        with("a_name_with_dots_may_be_refused", has(namespaced), r#""https://a.example/roles":["dev"]"#)
            .rejected_naming(REJECTED, namespaced),
        with("another_name_with_dots_is_missing", has(namespaced), r#""https://b.example/roles":["admin"]"#)
            .rejected_naming("missing_claim", namespaced),
        ok(
            "a_name_with_dots_may_also_be_a_path",
            has(namespaced),
            r#""https://a":{"example/roles":["admin"]}"#,
        ),
        ok(
            "a_claim_in_an_object_with_dots_in_its_name_is_found",
            has("https://a.example/access.roles"),
            r#""https://a.example/access":{"roles":["admin"]}"#,
        ),
        ok(
            "a_member_with_dots_below_an_object_is_found",
            has(client),
            r#""resource_access":{"my.client":{"roles":["admin"]}}"#,
        ),
        ok(
            "the_longest_name_is_taken",
            has(client),
            r#""resource_access":{"my":{"client":{"roles":["dev"]}},"my.client":{"roles":["admin"]}}"#,
        ),
        with(
            "a_shorter_name_is_not_tried_if_the_longest_is_refused",
            has(client),
            r#""resource_access":{"my.client":{"roles":["dev"]},"my":{"client":{"roles":["admin"]}}}"#,
        )
        .rejected_naming(REJECTED, client),
        with(
            "a_shorter_name_is_not_tried_if_the_longest_is_a_dead_end",
            has(client),
            r#""resource_access":{"my.client":{},"my":{"client":{"roles":["admin"]}}}"#,
        )
        .rejected_naming("missing_claim", client),
        with(
            "a_whole_name_that_is_null_hides_a_path",
            has(roles),
            r#""realm_access":{"roles":["admin"]},"realm_access.roles":null"#,
        )
        .rejected_naming("missing_claim", roles),
        ok(
            "an_escaped_name_is_its_unescaped_self_in_a_path",
            has(roles),
            r#""realm\u005faccess":{"r\u006fles":["admin"]}"#,
        ),
        ok("a_path_may_be_deep", has("a.b.c.d.e"), r#""a":{"b":{"c":{"d":{"e":"admin"}}}}"#),
        with("a_path_with_a_dot_at_its_end_is_missing", has("a.b."), r#""a":{"b":["admin"]}"#)
            .rejected_naming("missing_claim", "a.b."),
        ok("an_empty_member_name_is_a_name", has("a..b"), r#""a":{"":{"b":["admin"]}}"#),
        ok(
            "a_required_claim_may_be_nested",
            Policy::any_issuer().required_claims(&["a.b"]),
            r#""a":{"b":false}"#,
        ),
        with(
            "a_required_nested_claim_may_be_missing",
            Policy::any_issuer().required_claims(&["a.b"]),
            r#""a":{"c":1},"b":1"#,
        )
        .rejected_naming("missing_claim", "a.b"),
        ok(
            "a_required_string_may_be_nested",
            Policy::any_issuer().required_string_claims(&["a.b"]),
            r#""a":{"b":"x"}"#,
        ),
        with(
            "a_required_nested_string_may_be_malformed",
            Policy::any_issuer().required_string_claims(&["a.b"]),
            r#""a":{"b":""}"#,
        )
        .rejected_naming("malformed_claims", "a.b"),
        ok(
            "claim_is_may_be_for_a_nested_claim",
            Policy::any_issuer().claim_rule("claim_is", "a.b", &["x"]),
            r#""a":{"b":"x"}"#,
        ),
        ok(
            "claim_starts_with_may_be_for_a_nested_claim",
            Policy::any_issuer().claim_rule("claim_starts_with", "a.b", &["x"]),
            r#""a":{"b":"xy"}"#,
        ),
    ]
}
