//! Policies built from settings equal policies built with the typed builder.

use crate::{loaded, name_and_detail, settings};
use bouncer_verify::{Algorithm, Policy, SettingsKind};
use serde_json::{Value, json};
use std::time::Duration;

fn policy(document: &Value) -> Policy {
    Policy::from_settings(&loaded("policy", document)).unwrap()
}

#[test]
fn every_setting_has_the_effect_of_its_builder_function() {
    let any = Policy::any_issuer;
    let with =
        |name: &str, value: Value| (name.to_owned(), policy(&json!({"any_issuer": true, name: value})));
    let mut seen = vec!["any_issuer".to_owned(), "issuers".to_owned(), "time".to_owned()];
    for ((name, policy), expected) in [
        (with("profile", json!("dcos")), any().identity_claim("uid")),
        (with("profile", json!("jwt")), any()),
        (with("audiences", json!(["a", "b"])), any().audiences(["a", "b"])),
        (with("any_audience", json!(true)), any().any_audience()),
        (with("any_audience", json!(false)), any()),
        (
            with("algorithms", json!(["ES256", "EdDSA"])),
            any().algorithms([Algorithm::Es256, Algorithm::Ed25519]),
        ),
        (with("token_type", json!("at+jwt")), any().token_type("at+jwt")),
        (with("required_claims", json!(["a", "b"])), any().required_claims(["a", "b"])),
        (with("required_string_claims", json!(["a", "b"])), any().required_string_claims(["a", "b"])),
        (with("identity_claim", json!("email")), any().identity_claim("email")),
        (
            with(
                "claim_is",
                json!({"email_verified": true, "https://a.example/n": [1, 2.5], "tid": ["a", "b"]}),
            ),
            any()
                .claim_is("email_verified", ["true"])
                .claim_is("https://a.example/n", ["1", "2.5"])
                .claim_is("tid", ["a", "b"]),
        ),
        (
            with("claim_has", json!({"groups": ["a", "b"], "realm_access.roles": "admin"})),
            any().claim_has("groups", ["a", "b"]).claim_has("realm_access.roles", ["admin"]),
        ),
        (with("claim_has_any", json!({"x": ["a", "b"]})), any().claim_has_any("x", ["a", "b"])),
        (with("claim_starts_with", json!({"x": "a"})), any().claim_starts_with("x", ["a"])),
        (with("scope_claims", json!(["a", "b"])), any().scope_claims(["a", "b"])),
        (with("required_scopes", json!(["a", "b"])), any().required_scopes(["a", "b"])),
        (with("optional_exp", json!(true)), any().optional_exp()),
        (with("leeway", json!("30s")), any().leeway(Duration::from_secs(30)).unwrap()),
        (with("max_token_len", json!("1KiB")), any().max_token_len(1024).unwrap()),
    ] {
        assert_eq!(format!("{policy:?}"), format!("{expected:?}"), "{name}");
        seen.push(name);
    }
    // The conformance cases test the other settings: their policies are settings documents.
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let corpus: String = files.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let policies: Vec<_> = corpus.lines().filter(|line| line.starts_with("   \"policy\": ")).collect();
    let in_corpus = |name: &str| policies.iter().any(|policy| policy.contains(&format!("\"{name}\":")));
    for setting in SettingsKind::Policy.settings() {
        let is_tested = seen.iter().any(|name| name == setting.name) || in_corpus(setting.name);
        assert!(is_tested, "{} is not tested", setting.name);
    }

    let for_issuer = policy(&json!({"issuers": ["a"], "audiences": ["b"]}));
    assert_eq!(format!("{for_issuer:?}"), format!("{:?}", Policy::for_issuer("a", "b")));
    let access_token = json!({"profile": "access_token", "issuers": ["a"], "audiences": ["b"]});
    let expected = Policy::access_token("a", "b");
    assert_eq!(format!("{:?}", policy(&access_token)), format!("{expected:?}"));
    let dcos = policy(&json!({"profile": "dcos", "identity_claim": "email"}));
    assert_eq!(format!("{dcos:?}"), format!("{:?}", Policy::dcos().identity_claim("email")));
    let dcos = policy(&json!({"profile": "dcos", "required_string_claims": ["dept"]}));
    assert_eq!(format!("{dcos:?}"), format!("{:?}", Policy::dcos().required_string_claims(["dept"])));
    let dcos = policy(&json!({"profile": "dcos", "issuers": ["a"]}));
    assert_eq!(format!("{dcos:?}"), format!("{:?}", Policy::dcos().issuers(["a"])));
    let mut own = settings("policy");
    own.set("any_issuer", "true").unwrap();
    own.set("time", "-5").unwrap();
    let at = Policy::from_settings(&own).unwrap();
    assert_eq!(format!("{at:?}"), format!("{:?}", any().time(-5)));
}

#[test]
fn a_member_of_a_rule_is_added_by_its_name_with_dots() {
    let mut own = settings("policy");
    own.set("any_issuer", "true").unwrap();
    own.add("claim_has.realm_access.roles", "admin").unwrap();
    own.add("claim_has.realm_access.roles", "dev ops").unwrap();
    own.set("claim_is.tid", "a").unwrap();
    let expected =
        Policy::any_issuer().claim_is("tid", ["a"]).claim_has("realm_access.roles", ["admin", "dev ops"]);
    assert_eq!(format!("{:?}", Policy::from_settings(&own).unwrap()), format!("{expected:?}"));
}

#[test]
fn the_profile_access_token_needs_an_audience() {
    let own = loaded("policy", &json!({"profile": "access_token", "issuers": ["a"]}));
    let detail = "it is missing: the profile \"access_token\" needs it, or \"any_audience\"";
    assert_eq!(name_and_detail(&Policy::from_settings(&own).unwrap_err()), ("audiences", detail));
    let document = json!({"profile": "access_token", "issuers": ["a"], "any_audience": true});
    assert!(Policy::from_settings(&loaded("policy", &document)).is_ok());
    let own = loaded("policy", &json!({"any_issuer": true, "required_scopes": ["a b"]}));
    let detail = "a required scope is empty or contains a space";
    assert_eq!(Policy::from_settings(&own).unwrap_err().detail(), detail);
}

#[test]
fn a_policy_must_have_an_issuer_or_allow_any_issuer() {
    let missing = "it is missing: set it, or \"any_issuer\", or the profile \"dcos\"";
    for (document, claim, detail) in [
        (json!({}), "issuers", missing),
        (json!({"audiences": ["a"]}), "issuers", missing),
        (json!({"any_issuer": false}), "issuers", missing),
        (json!({"profile": "jwt"}), "issuers", missing),
        (
            json!({"any_issuer": true, "issuers": ["a"]}),
            "any_issuer",
            "it cannot be combined with \"issuers\"",
        ),
    ] {
        let error = Policy::from_settings(&loaded("policy", &document)).unwrap_err();
        assert_eq!(name_and_detail(&error), (claim, detail), "{document}");
    }
}

#[cfg(feature = "remote")]
#[test]
fn settings_of_another_kind_are_an_error() {
    let error = Policy::from_settings(&settings("keys")).unwrap_err();
    assert_eq!(name_and_detail(&error), ("", "the settings are of kind keys, not policy"));
}
