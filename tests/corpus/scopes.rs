//! Step 18 of the order of the checks: scopes. Also the identity claim of step 16.

use super::case::{Case, File, Policy, case};
use super::keys::only;
use super::signer::bouncer_token;

pub(crate) fn file() -> File {
    File::new("scopes", "RFC 6749 section 3.3, RFC 6750 section 3.1: scopes; and the identity claim")
        .key_set("rsa", only("rsa-2048-a"))
        .cases(required())
        .cases(listed())
        .cases(other_claims())
        .cases(identity())
}

const REJECTED: &str = "insufficient_scope";

fn with(id: impl Into<String>, why: &str, policy: Policy, members: &str) -> (Case, String) {
    let claims = format!(r#"{{"exp":1700003600{members}}}"#);
    (case(id, why).policy(policy).token(bouncer_token(&claims)), claims)
}

fn required() -> Vec<Case> {
    let why = "RFC 6750 section 3.1: the token must have all required scopes";
    let policy = || Policy::any_issuer().required_scopes(&["read", "write"]);
    let mut cases = Vec::new();
    for (id, members) in [
        ("a_string", r#","scope":"read write""#),
        ("a_string_in_another_order", r#","scope":"write read""#),
        ("a_string_with_others", r#","scope":"openid write profile read""#),
        ("a_string_with_two_spaces", r#","scope":"read  write""#),
        ("a_string_with_spaces_around", r#","scope":" read write ""#),
        ("a_string_with_duplicates", r#","scope":"read read write""#),
        ("a_string_with_an_escape", r#","scope":"r\u0065ad write""#),
        ("an_array", r#","scope":["read","write"]"#),
        ("an_array_with_an_empty_text", r#","scope":["","read","write"]"#),
        ("scp_as_an_array", r#","scp":["write","read"]"#),
        ("scp_as_a_string", r#","scp":"read write""#),
        ("scope_and_scp_together", r#","scope":"read","scp":["write"]"#),
        ("scp_if_scope_has_another_type", r#","scope":1,"scp":["read","write"]"#),
        ("scp_if_scope_is_null", r#","scope":null,"scp":["read","write"]"#),
        ("scp_if_scope_has_a_number_in_its_array", r#","scope":["read",1],"scp":["read","write"]"#),
    ] {
        let (case, claims) = with(format!("required_scopes_in_{id}_are_accepted"), why, policy(), members);
        cases.push(case.ok(&claims));
    }
    for (id, members) in [
        ("a_missing_claim", ""),
        ("a_null_claim", r#","scope":null"#),
        ("an_empty_string", r#","scope":"""#),
        ("an_empty_array", r#","scope":[]"#),
        ("one_of_two", r#","scope":"read""#),
        ("the_other_of_two", r#","scope":["write"]"#),
        ("a_longer_scope", r#","scope":"read:all write""#),
        ("a_shorter_scope", r#","scope":"rea write""#),
        ("another_case", r#","scope":"Read write""#),
        ("a_comma_between", r#","scope":"read,write""#),
        ("a_tab_between", r#","scope":"read\twrite""#),
        ("a_line_feed_between", r#","scope":"read\nwrite""#),
        ("a_no_break_space_between", ",\"scope\":\"read\u{a0}write\""),
        ("one_element_with_a_space", r#","scope":["read write"]"#),
        ("an_array_with_a_number", r#","scope":["read","write",1]"#),
        ("an_array_with_null", r#","scope":["read","write",null]"#),
        ("a_nested_array", r#","scope":[["read","write"]]"#),
        ("an_object", r#","scope":{"read":true,"write":true}"#),
        ("a_number", r#","scope":1"#),
        ("true", r#","scope":true"#),
        ("another_claim", r#","scopes":"read write""#),
        ("a_claim_in_another_case", r#","Scope":"read write""#),
        ("a_nested_claim", r#","x":{"scope":"read write"}"#),
    ] {
        let (case, _) = with(format!("required_scopes_with_{id}_are_refused"), why, policy(), members);
        cases.push(case.rejected(REJECTED));
    }
    let last = "scopes are checked last";
    let both = || policy().claim_rule("claim_starts_with", "x", &["a"]);
    cases.extend([
        with("a_rule_comes_before_the_scopes", last, both(), r#","x":"b""#)
            .0
            .rejected_naming("claim_not_allowed", "x"),
        with("the_scopes_come_after_the_rules", last, both(), r#","x":"a""#).0.rejected(REJECTED),
        with("exp_comes_before_the_scopes", last, policy(), "")
            .0
            .token(bouncer_token(r#"{"exp":1}"#))
            .rejected("expired"),
        with("the_uid_comes_before_the_scopes", last, Policy::dcos().required_scopes(&["read"]), "")
            .0
            .rejected_naming("missing_claim", "uid"),
    ]);
    cases
}

/// No scope is required. The expected scopes are those of `scope`, then those of `scp`.
fn listed() -> Vec<Case> {
    let why = "the scopes are part of the result, in the order of the token, also if none is required";
    [
        ("no_claim", ""),
        ("a_string", r#","scope":"read write""#),
        ("spaces_around", r#","scope":"  read   write ""#),
        ("duplicates", r#","scope":"a a b a""#),
        ("an_array", r#","scope":["read all","write",""]"#),
        ("an_escape", r#","scope":"https:\/\/a.example\/read \u00e9""#),
        ("scp_before_scope", r#","scp":["c"],"scope":"a b""#),
        ("another_type", r#","scope":{"a":1},"scp":[1,"a"]"#),
        ("an_empty_string", r#","scope":"","scp":[]"#),
    ]
    .into_iter()
    .map(|(id, members)| {
        let (case, claims) = with(format!("scopes_of_{id}_are_listed"), why, Policy::any_issuer(), members);
        case.ok(&claims)
    })
    .collect()
}

fn other_claims() -> Vec<Case> {
    let why = "scope_claims replaces scope and scp";
    let named = |claims: &[&str]| Policy::any_issuer().scope_claims(claims).required_scopes(&["read"]);
    let ok = |id: &str, policy: Policy, members: &str, scopes: &[&str]| {
        let (case, claims) = with(id, why, policy, members);
        case.ok(&claims).scopes(scopes)
    };
    let rejected =
        |id: &str, policy: Policy, members: &str| with(id, why, policy, members).0.rejected(REJECTED);
    vec![
        ok(
            "a_named_scope_claim_contains_the_scopes",
            named(&["permissions"]),
            r#","permissions":["read","write"]"#,
            &["read", "write"],
        ),
        rejected(
            "scope_is_not_read_if_another_claim_is_named",
            named(&["permissions"]),
            r#","scope":"read""#,
        ),
        rejected("scp_is_not_read_if_scope_is_named", named(&["scope"]), r#","scp":["read"]"#),
        ok(
            "only_the_named_claims_are_listed",
            named(&["scp"]),
            r#","scope":"openid","scp":"read""#,
            &["read"],
        ),
        ok(
            "the_order_of_the_named_claims_is_kept",
            named(&["b", "a"]),
            r#","a":["x"],"b":"y read""#,
            &["y", "read", "x"],
        ),
        ok(
            "a_nested_claim_may_contain_scopes",
            named(&["realm_access.roles"]),
            r#","realm_access":{"roles":["read"]}"#,
            &["read"],
        ),
        ok(
            "a_claim_with_dots_in_its_name_may_contain_scopes",
            named(&["https://a.example/scopes"]),
            r#","https://a.example/scopes":"read \u0061""#,
            &["read", "a"],
        ),
        ok(
            "a_named_claim_of_another_type_contains_no_scope",
            named(&["a", "b"]),
            r#","a":{"read":1},"b":["read"]"#,
            &["read"],
        ),
        rejected("named_claims_that_are_missing_contain_no_scope", named(&["a", "b"]), ""),
        rejected("a_named_claim_that_is_null_contains_no_scope", named(&["a"]), r#","a":null"#),
        ok(
            "five_claims_may_contain_scopes",
            Policy::any_issuer().scope_claims(&["a", "b", "c", "d", "e"]),
            r#","e":"5","d":["4"],"c":"3 3","b":"2","a":"1""#,
            &["1", "2", "3", "3", "4", "5"],
        ),
        ok(
            "no_scope_is_listed_if_the_named_claims_are_missing",
            Policy::any_issuer().scope_claims(&["a"]),
            r#","scope":"read""#,
            &[],
        ),
    ]
}

fn identity() -> Vec<Case> {
    let why = "identity_claim: a string that is not empty";
    let named = |claim: &str| Policy::any_issuer().identity_claim(claim);
    let ok = |id: &str, policy: Policy, members: &str, identity: &str| {
        let (case, claims) = with(id, why, policy, members);
        case.ok(&claims).identity(identity)
    };
    let rejected = |id: &str, policy: Policy, members: &str, status: &'static str, claim: &str| {
        with(id, why, policy, members).0.rejected_naming(status, claim)
    };
    let default = |id: &str, members: &str| {
        let (case, claims) =
            with(id, "the default identity is sub, which is not required", Policy::any_issuer(), members);
        case.ok(&claims)
    };
    vec![
        default("sub_is_the_default_identity", r#","sub":"alice","uid":"bob""#),
        default("a_token_without_sub_has_no_identity", r#","uid":"bob""#),
        default("an_empty_sub_is_no_identity", r#","sub":"""#),
        default("a_null_sub_is_no_identity", r#","sub":null"#),
        ok("another_claim_may_be_the_identity", named("email"), r#","sub":"s","email":"a@b""#, "a@b"),
        ok("an_escaped_identity_is_its_unescaped_self", named("email"), r#","email":"a\u0040\"b""#, "a@\"b"),
        ok("sub_may_be_named_as_the_identity", named("sub"), r#","sub":"s""#, "s"),
        ok("an_escaped_sub_may_be_the_identity", named("sub"), r#","sub":"\u0073""#, "s"),
        ok("uid_may_be_named_as_the_identity", named("uid"), r#","sub":"s","uid":"u""#, "u"),
        ok("iss_may_be_the_identity", named("iss"), r#","iss":"i""#, "i"),
        ok("a_nested_claim_may_be_the_identity", named("user.name"), r#","user":{"name":"n"}"#, "n"),
        ok(
            "a_claim_with_dots_may_be_the_identity",
            named("https://a.example/n"),
            r#","https://a.example/n":"n""#,
            "n",
        ),
        ok(
            "an_identity_claim_replaces_the_uid_of_dcos",
            Policy::dcos().identity_claim("sub"),
            r#","sub":"s""#,
            "s",
        ),
        rejected("a_missing_identity_is_refused", named("email"), r#","sub":"s""#, "missing_claim", "email"),
        rejected(
            "a_missing_sub_is_refused_if_it_is_named",
            named("sub"),
            r#","uid":"u""#,
            "missing_claim",
            "sub",
        ),
        rejected("a_null_identity_is_missing", named("email"), r#","email":null"#, "missing_claim", "email"),
        rejected(
            "an_empty_identity_is_malformed",
            named("email"),
            r#","email":"""#,
            "malformed_claims",
            "email",
        ),
        rejected(
            "an_empty_sub_is_malformed_if_it_is_named",
            named("sub"),
            r#","sub":"""#,
            "malformed_claims",
            "sub",
        ),
        rejected(
            "an_identity_that_is_a_number_is_malformed",
            named("email"),
            r#","email":1"#,
            "malformed_claims",
            "email",
        ),
        rejected(
            "an_identity_that_is_an_array_is_malformed",
            named("email"),
            r#","email":["a"]"#,
            "malformed_claims",
            "email",
        ),
        rejected(
            "the_identity_comes_before_required_strings",
            named("email").required_string_claims(&["dept"]),
            "",
            "missing_claim",
            "email",
        ),
    ]
}
