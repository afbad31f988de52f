//! Step 6 of the order of the checks: the header parameter typ, if the policy has a token type.

use super::case::{CLAIMS, Case, File, Policy, case, quote};
use super::keys::only;
use super::signer::compact;

pub(crate) fn file() -> File {
    File::new("token_type", "RFC 7515 section 4.1.9, RFC 8725 section 3.11: typ, compared as media types")
        .key_set("rsa", only("rsa-2048-a"))
        .cases(cases())
}

fn cases() -> Vec<Case> {
    let why = "RFC 8725 section 3.11: with explicit typing, one kind of token is not accepted as another";
    let made = |id: String, policy: &str, header: String| {
        case(id, why).policy(Policy::dcos().token_type(policy)).token(compact(
            "rsa-2048-a",
            "RS256",
            header,
            CLAIMS,
        ))
    };
    let typed = |typ: &str| format!(r#"{{"alg":"RS256","typ":{}}}"#, quote(typ));
    let mut cases = Vec::new();
    for (id, policy, typ) in [
        ("jwt", "JWT", "JWT"),
        ("jwt_in_small_letters", "JWT", "jwt"),
        ("jwt_in_mixed_letters", "jwt", "Jwt"),
        ("jwt_with_its_prefix", "JWT", "application/jwt"),
        ("jwt_with_its_prefix_in_the_policy", "application/jwt", "JWT"),
        ("jwt_with_its_prefix_in_capitals", "application/jwt", "APPLICATION/JWT"),
        ("at_jwt", "at+jwt", "at+jwt"),
        ("at_jwt_in_capitals", "at+jwt", "AT+JWT"),
        ("at_jwt_with_its_prefix", "at+jwt", "application/at+jwt"),
        ("at_jwt_with_its_prefix_in_the_policy", "application/at+jwt", "at+jwt"),
        ("a_type_outside_application", "example/token", "Example/Token"),
    ] {
        cases.push(made(format!("a_typ_of_{id}_is_accepted"), policy, typed(typ)).ok(CLAIMS));
    }
    for (id, policy, typ) in [
        ("jwt_for_at_jwt", "at+jwt", "JWT"),
        ("at_jwt_for_jwt", "JWT", "at+jwt"),
        ("a_security_event_for_at_jwt", "at+jwt", "secevent+jwt"),
        ("a_logout_token_for_jwt", "JWT", "logout+jwt"),
        ("nothing_for_jwt", "JWT", ""),
        ("a_bare_prefix_for_jwt", "JWT", "application/"),
        ("another_type_for_jwt", "JWT", "text/jwt"),
        ("a_doubled_prefix_for_jwt", "JWT", "application/application/jwt"),
        ("jwt_and_a_parameter_for_jwt", "JWT", "application/jwt; charset=utf-8"),
        ("jwt_and_a_space_for_jwt", "JWT", "JWT "),
        ("jwt_after_a_slash_for_jwt", "JWT", "/jwt"),
        ("jwt_with_a_nul_for_jwt", "JWT", "JWT\0"),
        ("fullwidth_jwt_for_jwt", "JWT", "\u{ff2a}\u{ff37}\u{ff34}"),
        ("a_name_of_a_type_outside_application", "example/token", "token"),
        // A Unicode comparison that ignores case takes U+212A, the Kelvin sign, for k.
        ("a_kelvin_sign_for_k", "kb+jwt", "\u{212a}b+jwt"),
    ] {
        cases
            .push(made(format!("a_typ_of_{id}_is_refused"), policy, typed(typ)).rejected("wrong_token_type"));
    }
    let none = || r#"{"alg":"RS256"}"#.to_owned();
    cases.extend([
        made("a_missing_typ_is_refused".into(), "JWT", none()).rejected("wrong_token_type"),
        made(
            "a_null_typ_is_missing_where_a_type_is_expected".into(),
            "JWT",
            r#"{"alg":"RS256","typ":null}"#.into(),
        )
        .rejected("wrong_token_type"),
        made(
            "an_escaped_typ_is_its_unescaped_self".into(),
            "JWT",
            r#"{"alg":"RS256","typ":"\u004aWT"}"#.into(),
        )
        .ok(CLAIMS),
        made("a_cty_is_no_typ".into(), "JWT", r#"{"alg":"RS256","cty":"JWT"}"#.into())
            .rejected("wrong_token_type"),
        made("a_typ_claim_is_no_typ".into(), "JWT", none())
            .token(compact("rsa-2048-a", "RS256", none(), r#"{"uid":"peter","exp":1700003600,"typ":"JWT"}"#))
            .rejected("wrong_token_type"),
        case("a_missing_typ_is_accepted_where_no_type_is_expected", why)
            .token(compact("rsa-2048-a", "RS256", none(), CLAIMS))
            .ok(CLAIMS),
        case("another_typ_is_accepted_where_no_type_is_expected", why)
            .token(compact("rsa-2048-a", "RS256", typed("at+jwt"), CLAIMS))
            .ok(CLAIMS),
    ]);
    cases
}
