//! Settings by name: every row, every error, and the same results as with the typed builders.

#[cfg(feature = "remote")]
mod keys;
mod policy;
#[cfg(feature = "remote")]
mod renewer;
#[path = "../generated/sample.rs"]
mod sample;

use bouncer_verify::{
    Algorithm, Error, ErrorKind, JwkSet, Policy, Setting, SettingType, Settings, SettingsKind,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn settings(kind: &str) -> Settings {
    let kind = SettingsKind::ALL.iter().find(|known| known.as_str() == kind);
    Settings::new(*kind.unwrap())
}

/// Makes settings of a kind from a document.
fn loaded(kind: &str, document: &Value) -> Settings {
    let mut settings = settings(kind);
    settings.load(&document.to_string()).unwrap();
    settings
}

fn document(settings: &Settings) -> Value {
    serde_json::from_str(&settings.document()).unwrap()
}

/// Returns the name of the setting in an error, and the detail.
fn name_and_detail(error: &Error) -> (&str, &str) {
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    (error.name().unwrap_or_default(), error.detail())
}

fn every_setting() -> impl Iterator<Item = (SettingsKind, &'static Setting)> {
    SettingsKind::ALL.iter().flat_map(|kind| kind.settings().into_iter().map(|setting| (*kind, setting)))
}

#[test]
fn the_document_contains_every_setting_as_it_was_set() {
    // A document sets the entries of a verifier: see the next test.
    let by_text = |(_, setting): &(_, &Setting)| setting.kind != SettingType::Entries;
    for (kind, setting) in every_setting().filter(by_text) {
        let mut own = Settings::new(kind);
        for (name, text) in sample::texts(setting) {
            let set = if setting.kind.is_list() { Settings::add } else { Settings::set };
            set(&mut own, &name, &text).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert_eq!(document(&own), json!({ setting.name: sample::json(setting) }));
        assert!(own.is_set(setting.name));

        let again = Settings::new(kind).load(&own.document());
        if setting.has(Setting::SECRET) || setting.has(Setting::CODE_ONLY) {
            let error = again.unwrap_err();
            assert_eq!(
                name_and_detail(&error),
                (setting.name, "it can only be set in code, not in a document")
            );
        } else {
            again.unwrap_or_else(|error| panic!("{}: {error}", setting.name));
            assert_eq!(document(&loaded(kind.as_str(), &document(&own))), document(&own));
        }
    }
}

#[test]
fn the_document_contains_the_entries_of_a_verifier_as_they_were_set() {
    let text = json!({
        "accept": [
            {
                "issuers": ["https://login.example/{tenant}/"], "tenants": ["a", "b"], "leeway": "30s",
                "claim_is": {"tid": ["x", "y"]},
                "keys": {"url": "https://login.example/{tenant}/jwks", "max_stale": "2h", "lazy": true},
            },
            {"profile": "dcos", "keys": {"jwks": {"keys": [{"kty": "RSA"}]}, "max_keys": 5}},
            {"issuers": ["a"], "keys": {"file": "/keys.json"}},
            {"issuers": ["b"]},
        ],
        "cache": 7,
    });
    let mut own = Settings::new(SettingsKind::Verifier);
    own.load(&text.to_string()).unwrap();
    assert_eq!(document(&own), text);
    // A later document replaces all entries.
    own.load(r#"{"accept": [{"issuers": ["c"]}]}"#).unwrap();
    assert_eq!(document(&own), json!({"accept": [{"issuers": ["c"]}], "cache": 7}));
    let mut own = Settings::new(SettingsKind::Verifier);
    for change in [Settings::set, Settings::add] {
        let error = change(&mut own.clone(), "accept", "x").unwrap_err();
        assert_eq!(name_and_detail(&error).0, "accept");
    }
    let jwks = JwkSet::from_slice(include_bytes!("../data/document_jwks.json")).unwrap();
    let jwks = std::sync::Arc::new(jwks);
    own.accept(jwks.clone(), Policy::dcos()).unwrap();
    assert_eq!(document(&own), json!({"accept": ["(made in code)"]}));
    assert!(Settings::new(SettingsKind::Policy).accept(jwks, Policy::dcos()).is_err());
}

#[test]
fn the_settings_table_is_consistent() {
    for (kind, setting) in every_setting() {
        assert_eq!(kind.setting(setting.name).map(|found| found.help), Some(setting.help));
        assert_eq!(setting.has(Setting::LIST), setting.kind.is_list(), "{}", setting.name);
        if !setting.default.is_empty() {
            let mut own = Settings::new(kind);
            own.set(setting.name, setting.default).unwrap_or_else(|error| panic!("{error}"));
        }
    }
    for kind in SettingsKind::ALL {
        assert_eq!(SettingsKind::of_number(kind.number()), Some(*kind));
    }
    assert_eq!(SettingsKind::of_number(3), None);
    let Some(SettingType::Choices(words)) =
        SettingsKind::Policy.setting("algorithms").map(|setting| setting.kind)
    else {
        panic!("the setting algorithms is not a list of words")
    };
    assert!(words.iter().all(|word| word.parse::<Algorithm>().is_ok()));
    assert!(Algorithm::ALL.iter().all(|algorithm| words.contains(&algorithm.as_str())));
}

#[test]
fn errors_name_the_setting_and_the_cause() {
    let version = env!("CARGO_PKG_VERSION");
    let unknown = |hint: &str| format!("policy has no setting {hint} (version {version})");
    let set: &dyn Fn(&mut Settings, &str, &str) -> _ = &|settings, name, text| settings.set(name, text);
    let add: &dyn Fn(&mut Settings, &str, &str) -> _ = &|settings, name, text| settings.add(name, text);
    for (how, name, text, claim, detail) in [
        (set, "leewya", "30s", "", unknown("\"leewya\": did you mean \"leeway\"?")),
        (set, "audience", "x", "", unknown("\"audience\": did you mean \"audiences\"?")),
        (add, "isuers", "x", "", unknown("\"isuers\": did you mean \"issuers\"?")),
        (set, "", "x", "", unknown("\"\"")),
        (set, "Leeway", "1s", "", unknown("\"Leeway\": did you mean \"leeway\"?")),
        (set, "leeway.x", "1s", "", unknown("\"leeway.x\": did you mean \"leeway\"?")),
        (set, "a\nb", "x", "", unknown("\"a\\nb\"")),
        (set, "leeway", "30", "leeway", "\"30\" has no unit: write \"30s\" or \"30ms\"".to_owned()),
        (set, "leeway", "30 s", "leeway", "\"30 s\" has an unknown unit: use ms, s, m, h or d".to_owned()),
        (set, "leeway", "10m", "leeway", "\"10m\" is not in the range 0s to 5m".to_owned()),
        (
            set,
            "leeway",
            "99999999999999999999s",
            "leeway",
            "\"99999999999999999999s\" is too long".to_owned(),
        ),
        (
            set,
            "leeway",
            "-1s",
            "leeway",
            "\"-1s\" is not a duration: write a whole number and a unit, for example \"30s\"".to_owned(),
        ),
        (set, "max_token_len", "-1", "max_token_len", "\"-1\" is not a size: write a whole number of bytes, or one with KiB, MiB or GiB, for example \"32MiB\"".to_owned()),
        (set, "max_token_len", "1.5MiB", "max_token_len", "\"1.5MiB\" is not a size: write a whole number of bytes, or one with KiB, MiB or GiB, for example \"32MiB\"".to_owned()),
        (set, "max_token_len", "2MiB", "max_token_len", "\"2MiB\" is not in the range 0 to 1MiB".to_owned()),
        (
            set,
            "max_token_len",
            "18446744073709551616",
            "max_token_len",
            "\"18446744073709551616\" is not in the range 0 to 1MiB".to_owned(),
        ),
        (
            set,
            "max_token_len",
            "18446744073709551615KiB",
            "max_token_len",
            "\"18446744073709551615KiB\" is not in the range 0 to 1MiB".to_owned(),
        ),
        (set, "time", "noon", "time", "\"noon\" is not a number of seconds since 1970".to_owned()),
        (set, "time", "1e3", "time", "\"1e3\" is not a number of seconds since 1970".to_owned()),
        (set, "any_issuer", "yes", "any_issuer", "\"yes\" is neither \"true\" nor \"false\"".to_owned()),
        (set, "issuers", "", "issuers", "it is empty".to_owned()),
        (
            set,
            "profile",
            "DCOS",
            "profile",
            "\"DCOS\" is not one of jwt, access_token, dcos: did you mean \"dcos\"?".to_owned(),
        ),
        (add, "leeway", "1s", "leeway", "it is not a list: set it instead".to_owned()),
    ] {
        let mut own = settings("policy");
        let error = how(&mut own, name, text).unwrap_err();
        assert_eq!(name_and_detail(&error), (claim, &*detail));
        assert_eq!(own.error(), Some(&error));
    }
    let error = settings("policy").set("algorithms", "RS256 ES256").unwrap_err();
    assert!(error.detail().starts_with("\"RS256 ES256\" is not one of RS256, RS384,"), "{error}");
    let long = "x".repeat(10_000);
    let error = settings("policy").set("leeway", &long).unwrap_err();
    assert!(error.to_string().len() < 300, "{error}");
    assert!(settings("policy").set(&long, "x").unwrap_err().to_string().len() < 300);
}

#[cfg(feature = "remote")]
#[test]
fn errors_explain_settings_of_another_kind_and_members_of_maps() {
    let version = env!("CARGO_PKG_VERSION");
    for (kind, name, claim, detail) in [
        (
            "policy",
            "max_stale",
            "",
            &*format!("policy has no setting \"max_stale\": it is a setting of keys (version {version})"),
        ),
        ("renewer", "parameters", "parameters", "set its members by name: \"parameters.NAME\""),
        ("renewer", "parameters.", "parameters", "a name must follow the dot"),
    ] {
        assert_eq!(name_and_detail(&settings(kind).set(name, "x").unwrap_err()), (claim, detail));
    }
}

#[test]
fn errors_about_a_document_contain_the_position() {
    let version = env!("CARGO_PKG_VERSION");
    let hint = format!("policy has no setting \"profil\": did you mean \"profile\"? (version {version})");
    for (text, claim, detail) in [
        (r#"{"issuers": []}"#, "issuers", "it is an empty list: remove it"),
        (r#"{"issuers": "a"}"#, "issuers", "it is a string, not a list: write [...]"),
        (r#"{"issuers": ["a", 1]}"#, "issuers[1]", "it is a number, not text"),
        (r#"{"issuers": ["a", ""]}"#, "issuers[1]", "it is empty"),
        (r#"{"issuers": ["a", null]}"#, "issuers[1]", "it is null, not text"),
        (r#"{"issuers": null}"#, "issuers", "it is null, not a list: write [...]"),
        (r#"{"leeway": null}"#, "leeway", "it is null, not a duration"),
        (r#"{"leeway": 30}"#, "leeway", "\"30\" has no unit: write \"30s\" or \"30ms\""),
        (r#"{"leeway": ["30s"]}"#, "leeway", "it is an array, not a duration"),
        (r#"{"any_issuer": "true"}"#, "any_issuer", "it is a flag: write it without quotes"),
        (r#"{"any_issuer": 1}"#, "any_issuer", "it is a number, not a flag"),
        (
            r#"{"max_token_len": -1}"#,
            "max_token_len",
            "\"-1\" is not a size: write a whole number of bytes, or one with KiB, MiB or GiB, for example \"32MiB\"",
        ),
        (
            r#"{"max_token_len": 1e3}"#,
            "max_token_len",
            "\"1e3\" is not a size: write a whole number of bytes, or one with KiB, MiB or GiB, for example \"32MiB\"",
        ),
        (r#"{"profile": {}}"#, "profile", "it is an object, not one of jwt, access_token, dcos"),
        (r#"{"time": 1}"#, "time", "it can only be set in code, not in a document"),
        (r#"{"profil": "dcos"}"#, "", &hint),
        (
            r#"{"leeway": "1s", "leew\u0061y": "2s"}"#,
            "",
            "the document is not strict JSON: duplicate member name at line 1, column 18",
        ),
        (r#"["a"]"#, "", "the document is not strict JSON: it begins with \"[\", not with \"{\""),
        (
            "{\n  \"é\": \"1s\",}",
            "",
            "the document is not strict JSON: unexpected character at line 2, column 13",
        ),
        ("", "", "the document is not strict JSON: it is empty"),
        (
            r#"{"claim_has": {"realm_access": {"roles": "a"}}}"#,
            "claim_has.realm_access",
            "it is an object: write the nested claim as \"realm_access.roles\"",
        ),
        (
            r#"{"claim_has": {"a": {"b": {"c": ["d"]}}}}"#,
            "claim_has.a",
            "it is an object: write the nested claim as \"a.b.c\"",
        ),
        (
            r#"{"claim_has": {"a": {}}}"#,
            "claim_has.a",
            "it is an object: write the nested claim as \"a.NAME\"",
        ),
        (r#"{"claim_has": "a"}"#, "claim_has", "it is a string, not an object: write {\"CLAIM\": \"VALUE\"}"),
    ] {
        let error = settings("policy").load(text).unwrap_err();
        assert_eq!(name_and_detail(&error), (claim, detail), "{text}");
    }
}

#[test]
fn the_first_error_stays_and_the_settings_cannot_be_used() {
    let mut own = settings("policy");
    let first = own.set("isuers", "https://id.example").unwrap_err();
    assert_eq!(own.set("any_issuer", "true").unwrap_err(), first);
    assert_eq!(own.add("issuers", "https://id.example").unwrap_err(), first);
    assert_eq!(own.load(r#"{"profile": "dcos"}"#).unwrap_err(), first);
    assert_eq!(own.load("no JSON").unwrap_err(), first);
    assert_eq!((own.document(), own.error()), ("{}".to_owned(), Some(&first)));
    assert_eq!(bouncer_verify::Policy::from_settings(&own).unwrap_err(), first);
    assert_eq!(bouncer_verify::Policy::from_settings(&own.clone()).unwrap_err(), first);
}

#[test]
fn a_document_sets_all_or_nothing() {
    let mut own = settings("policy");
    own.set("leeway", "1s").unwrap();
    own.load(r#"{"$schema": "settings.schema.json", "issuers": ["a", "b"]}"#).unwrap();
    // A document replaces lists.
    own.load(r#"{"issuers": ["c"]}"#).unwrap();
    assert_eq!(document(&own), json!({"issuers": ["c"], "leeway": "1s"}));
    own.load(r#"{"leeway": "30s", "audiences": ["x"], "profil": "dcos"}"#).unwrap_err();
    assert_eq!(document(&own), json!({"issuers": ["c"], "leeway": "1s"}));
}

#[test]
fn set_replaces_and_add_appends() {
    let mut own = settings("policy");
    for item in ["a", "b,c", " d "] {
        own.add("issuers", item).unwrap();
    }
    assert_eq!(document(&own), json!({"issuers": ["a", "b,c", " d "]}));
    own.set("issuers", "e").unwrap();
    own.set("leeway", "60s").unwrap();
    own.set("leeway", "0s").unwrap();
    own.set("any_issuer", "false").unwrap();
    assert_eq!(document(&own), json!({"issuers": ["e"], "leeway": "0s", "any_issuer": false}));
    assert!(!own.is_set("any_issuer") && own.is_set("leeway"));
}

#[cfg(feature = "remote")]
#[test]
fn a_map_has_members_and_a_member_may_have_several_values() {
    let mut own = settings("renewer");
    own.set("parameters.scope", "read").unwrap();
    own.set("parameters.scope", "write").unwrap();
    own.add("parameters.a.b", "1").unwrap();
    own.add("parameters.a.b", "2").unwrap();
    assert_eq!(document(&own), json!({"parameters": {"scope": "write", "a.b": ["1", "2"]}}));
    own.load(r#"{"parameters": {"a.b": "3"}}"#).unwrap();
    assert_eq!(document(&own), json!({"parameters": {"scope": "write", "a.b": "3"}}));
    for (text, claim, detail) in [
        (r#"{"parameters": []}"#, "parameters", "it is an array, not an object"),
        (r#"{"parameters": {"a": []}}"#, "parameters.a", "it is an empty list: remove it"),
        (r#"{"parameters": {"a": ["x", null]}}"#, "parameters.a[1]", "it is null, not text"),
        (r#"{"parameters": {"a": {"b": "x"}}}"#, "parameters.a", "it is an object, not text"),
        (r#"{"parameters": {"": "x"}}"#, "parameters", "a member's name is empty"),
        (r#"{"parameters.a": "x"}"#, "parameters.a", "in a document, write it as a member of an object"),
    ] {
        assert_eq!(name_and_detail(&settings("renewer").load(text).unwrap_err()), (claim, detail));
    }
}

#[cfg(feature = "remote")]
#[test]
fn secrets_are_never_shown() {
    const SECRET: &str = "hunter2";
    let mut shown = Vec::new();
    for (kind, setting) in every_setting() {
        let secret = match setting.name {
            "proxy" => "http://user:hunter2@proxy.example:8080".to_owned(),
            name if setting.has(Setting::SECRET) => format!("{name} hunter2"),
            _ => continue,
        };
        let name = setting.name;
        let mut own = Settings::new(kind);
        own.set(name, &secret).unwrap();
        assert_eq!(document(&own), json!({ name: "(set, not shown)" }));
        shown.push(format!("{own:?} {own:#?} {}", own.document()));
        // Each of the following calls fails. Its error must not contain the secret.
        shown.push(format!("{:?}", Settings::new(kind).add(name, &secret).unwrap_err()));
        let text = json!({ name: secret }).to_string();
        shown.push(format!("{:?}", Settings::new(kind).load(&text).unwrap_err()));
        let text = json!({ format!("{name}x"): secret }).to_string();
        shown.push(format!("{:?}", Settings::new(kind).load(&text).unwrap_err()));
        let misspelt = Settings::new(kind).set(&format!("{name}x"), &secret);
        shown.push(format!("{:?}", misspelt.unwrap_err()));
        for made in [
            bouncer_verify::RemoteJwkSetBuilder::from_settings(&own).map(drop),
            bouncer_verify::TokenRenewerBuilder::from_settings(&own).map(drop),
        ] {
            shown.push(format!("{:?}", made.unwrap_err()));
        }
    }
    assert_eq!(shown.len(), 5 * 7, "service_account, client_secret, private_key and two proxies");
    assert!(shown.iter().all(|text| !text.contains(SECRET)), "{shown:?}");
    // A proxy without a password is not secret.
    let proxy = json!({"proxy": "http://proxy.example:8080"});
    assert_eq!(document(&loaded("keys", &proxy)), proxy);
}

/// Generates any JSON value. Names and values of the settings table are frequent.
fn any_json() -> impl Strategy<Value = Value> {
    let names: Vec<_> = every_setting().map(|(_, setting)| setting.name.to_owned()).collect();
    let name = prop_oneof![prop::sample::select(names), "\\PC{0,6}", Just("$schema".to_owned())];
    let texts = ["true", "30s", "1MiB", "RS256", "dcos", "", "10", "none", "aws-lc"].map(str::to_owned);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(texts.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(name.clone(), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_document_sets_all_settings_or_none(json in any_json()) {
        for kind in SettingsKind::ALL {
            let mut own = Settings::new(*kind);
            match own.load(&json.to_string()) {
                // Loading the resulting document again gives the same document.
                Ok(()) => {
                    let document = own.document();
                    let mut again = Settings::new(*kind);
                    again.load(&document).unwrap();
                    prop_assert_eq!(again.document(), document);
                }
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::InvalidArgument);
                    prop_assert_eq!(own.document(), "{}");
                }
            }
        }
    }

    #[test]
    fn any_text_is_accepted_or_is_an_error(name in "[a-z_.]{0,12}|leeway|time|max_token_len|algorithms", text in "\\PC{0,12}|[0-9]{1,24}(ms|s|m|h|d|KiB|MiB|GiB)?") {
        for kind in SettingsKind::ALL {
            let mut own = Settings::new(*kind);
            let taken = own.set(&name, &text).is_ok();
            prop_assert_eq!(taken, own.error().is_none());
            prop_assert_eq!(taken, own.document() != "{}");
        }
    }
}
