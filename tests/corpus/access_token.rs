//! The profile access_token: step 6, and the required claims of step 16.

use super::case::{Case, File, Policy, case, quote};
use super::keys::only;
use super::signer::compact;

pub(crate) fn file() -> File {
    File::new("access_token", "RFC 9068: the profile for JWT access tokens")
        .key_set("rsa", only("rsa-2048-a"))
        .cases(types())
        .cases(required())
}

/// The claims that RFC 9068 section 2.2 requires.
const REQUIRED: [(&str, &str); 7] = [
    ("iss", r#""https://idp.example/""#),
    ("exp", "1700003600"),
    ("aud", r#""https://api.example/""#),
    ("sub", r#""5ba552d67""#),
    ("client_id", r#""s6BhdRkqt3""#),
    ("iat", "1700000000"),
    ("jti", r#""dbe39bf3a3ba4238a513f51d6e1691c4""#),
];

/// Returns the claims, with another JSON text for the claim `name`, or without it.
fn claims(name: &str, json: Option<&str>) -> String {
    let members = REQUIRED.iter().filter_map(|(own, value)| {
        let value = if *own == name { json? } else { value };
        Some(format!("\"{own}\":{value}"))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn token(typ: &str, claims: &str) -> String {
    compact("rsa-2048-a", "RS256", format!(r#"{{"typ":{},"alg":"RS256"}}"#, quote(typ)), claims)
}

fn types() -> Vec<Case> {
    let why = "RFC 9068 section 2.1 and 4: typ is at+jwt or application/at+jwt";
    let whole = claims("", None);
    let typed = |id: &str, typ: &str| case(id, why).policy(Policy::access_token()).token(token(typ, &whole));
    let mut cases = vec![
        typed("an_access_token_of_at_jwt_is_accepted", "at+jwt").ok(&whole),
        typed("an_access_token_of_application_at_jwt_is_accepted", "application/at+jwt").ok(&whole),
        typed("an_access_token_of_at_jwt_in_capitals_is_accepted", "AT+JWT").ok(&whole),
        typed("an_access_token_of_application_at_jwt_in_capitals_is_accepted", "Application/AT+JWT")
            .ok(&whole),
    ];
    for (id, typ) in [
        ("jwt", "JWT"),
        ("application_jwt", "application/jwt"),
        ("a_logout_token", "logout+jwt"),
        ("at_jwt_without_the_plus", "atjwt"),
        ("at_jwt_with_a_space", "at+jwt "),
        ("another_media_type", "text/at+jwt"),
        ("nothing", ""),
    ] {
        cases.push(
            typed(&format!("an_access_token_with_the_type_of_{id}_is_refused"), typ)
                .rejected("wrong_token_type"),
        );
    }
    cases.extend([
        case("an_access_token_without_typ_is_refused", why)
            .policy(Policy::access_token())
            .token(compact("rsa-2048-a", "RS256", r#"{"alg":"RS256"}"#, &whole))
            .rejected("wrong_token_type"),
        case("a_token_type_replaces_that_of_the_profile", "token_type is the more exact setting")
            .policy(Policy::access_token().token_type("JWT"))
            .token(token("JWT", &whole))
            .ok(&whole),
        case(
            "a_token_type_that_replaces_that_of_the_profile_is_checked",
            "token_type is the more exact setting",
        )
        .policy(Policy::access_token().token_type("JWT"))
        .token(token("at+jwt", &whole))
        .rejected("wrong_token_type"),
    ]);
    cases
}

fn required() -> Vec<Case> {
    let why = "RFC 9068 section 2.2: iss, exp, aud, sub, client_id, iat and jti are required";
    let with = |id: String, name: &str, json: Option<&str>| {
        case(id, why).policy(Policy::access_token()).token(token("at+jwt", &claims(name, json)))
    };
    let mut cases = Vec::new();
    for (name, _) in REQUIRED {
        cases.push(
            with(format!("an_access_token_without_{name}_is_refused"), name, None)
                .rejected_naming("missing_claim", name),
        );
        cases.push(
            with(format!("an_access_token_with_a_null_{name}_is_refused"), name, Some("null"))
                .rejected_naming("missing_claim", name),
        );
    }
    for name in ["sub", "client_id", "jti"] {
        cases.push(
            with(format!("an_access_token_with_an_empty_{name}_is_refused"), name, Some("\"\""))
                .rejected_naming("malformed_claims", name),
        );
        cases.push(
            with(format!("an_access_token_with_a_number_as_{name}_is_refused"), name, Some("1"))
                .rejected_naming("malformed_claims", name),
        );
    }
    let open = || Policy::any_issuer().with("profile", quote("access_token")).any_audience().optional_exp();
    for name in ["iss", "exp", "aud"] {
        cases.push(
            case(format!("an_access_token_without_{name}_is_refused_whatever_the_policy_accepts"), why)
                .policy(open())
                .token(token("at+jwt", &claims(name, None)))
                .rejected_naming("missing_claim", name),
        );
    }
    let array = claims("aud", Some(r#"["x","https://api.example/"]"#));
    let order = "RFC 9068 section 2.2: the claims are checked in the order of the RFC";
    let nothing = r#"{"iss":"https://idp.example/","exp":1700003600,"aud":"https://api.example/"}"#;
    let issuer = claims("iss", Some(r#""https://idp.example""#));
    cases.extend([
        case("an_access_token_of_any_issuer_and_audience_is_accepted", why)
            .policy(open())
            .token(token("at+jwt", &issuer))
            .ok(&issuer),
        case("an_access_token_for_several_audiences_is_accepted", why)
            .policy(Policy::access_token())
            .token(token("at+jwt", &array))
            .ok(&array),
        with("an_access_token_of_another_issuer_is_refused".into(), "iss", Some(r#""https://idp.example""#))
            .rejected("wrong_issuer"),
        with(
            "an_access_token_for_another_audience_is_refused".into(),
            "aud",
            Some(r#""https://api.example""#),
        )
        .rejected("wrong_audience"),
        case("the_sub_of_an_access_token_is_checked_before_its_client_id", order)
            .policy(Policy::access_token())
            .token(token("at+jwt", nothing))
            .rejected_naming("missing_claim", "sub"),
        case("an_identity_claim_does_not_replace_the_sub_of_an_access_token", why)
            .policy(Policy::access_token().identity_claim("client_id"))
            .token(token("at+jwt", &claims("sub", None)))
            .rejected_naming("missing_claim", "sub"),
        case("an_identity_claim_of_an_access_token_is_the_identity", why)
            .policy(Policy::access_token().identity_claim("client_id"))
            .token(token("at+jwt", &claims("", None)))
            .ok(&claims("", None))
            .identity("s6BhdRkqt3"),
        case("an_access_token_comes_before_required_strings", order)
            .policy(Policy::access_token().required_string_claims(&["dept"]))
            .token(token("at+jwt", &claims("jti", None)))
            .rejected_naming("missing_claim", "jti"),
        case("a_required_string_of_an_access_token_is_checked", order)
            .policy(Policy::access_token().required_string_claims(&["dept"]))
            .token(token("at+jwt", &claims("", None)))
            .rejected_naming("missing_claim", "dept"),
        case("an_expired_access_token_is_refused", why)
            .policy(Policy::access_token())
            .time(1_700_003_600)
            .token(token("at+jwt", &claims("", None)))
            .rejected("expired"),
    ]);
    cases
}
