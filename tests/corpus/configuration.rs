//! Configuration documents of verifiers: which entry a token gets, and which documents are
//! rejected.
//!
//! A document cannot set the time, so these cases are verified at the system's time. Their tokens
//! expire in the year 2100.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::case::quote;
use super::keys::{jwk, set};
use super::signer::{b64, compact, signing_input, with_signature};

const A: &str = "https://a.example/";
const B: &str = "https://b.example/";
const EXP: i64 = 4_102_444_800;

pub(crate) struct Case {
    pub(crate) id: &'static str,
    why: &'static str,
    configuration: &'static str,
    token: Option<String>,
    expect: Value,
}

pub(crate) struct File {
    pub(crate) class: &'static str,
    about: &'static str,
    configurations: Vec<(&'static str, String)>,
    pub(crate) cases: Vec<Case>,
}

impl File {
    pub(crate) fn json(&self) -> String {
        for (name, _) in &self.configurations {
            assert!(self.cases.iter().any(|case| case.configuration == *name), "no case uses {name}");
        }
        let mut out = String::from("{\n");
        let mut line = |text: String| writeln!(out, "{text}").expect("writing to a string");
        line(format!(" \"class\": {},", quote(self.class)));
        line(format!(" \"about\": {},", quote(self.about)));
        line(" \"configurations\": {".to_owned());
        for (i, (name, text)) in self.configurations.iter().enumerate() {
            let comma = if i + 1 < self.configurations.len() { "," } else { "" };
            line(format!("  {}: {}{comma}", quote(name), quote(text)));
        }
        line(" },\n \"cases\": [".to_owned());
        for (i, case) in self.cases.iter().enumerate() {
            assert!(self.configurations.iter().any(|(name, _)| *name == case.configuration), "{}", case.id);
            line("  {".to_owned());
            line(format!("   \"id\": {},", quote(case.id)));
            line(format!("   \"why\": {},", quote(case.why)));
            line(format!("   \"configuration\": {},", quote(case.configuration)));
            if let Some(token) = &case.token {
                line(format!("   \"token\": {},", quote(token)));
            }
            line(format!("   \"expect\": {}", case.expect));
            line(if i + 1 < self.cases.len() { "  }," } else { "  }" }.to_owned());
        }
        line(" ]\n}".to_owned());
        out
    }
}

pub(crate) fn files() -> Vec<File> {
    vec![issuers(), documents()]
}

/// Signs claims with a header that has this kid.
fn token(key: &str, kid: &str, claims: &Value) -> String {
    compact(key, "RS256", format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#), claims.to_string())
}

fn claims(iss: &str) -> Value {
    json!({"iss": iss, "aud": "orders", "sub": "s", "exp": EXP})
}

fn ok(claims: &Value) -> Value {
    json!({"status": "ok", "claims": claims})
}

fn rejected(status: &str, claim: &str) -> Value {
    match claim {
        "" => json!({"status": status}),
        claim => json!({"status": status, "claim": claim}),
    }
}

/// Returns an entry with these keys, as JSON text. `rules` are members of the entry.
fn entry(rules: &str, keys: &[super::keys::Jwk]) -> String {
    format!(r#"{{{rules}, "keys": {{"jwks": {}}}}}"#, set(keys))
}

fn accept(entries: &[String]) -> String {
    format!(r#"{{"accept": [{}]}}"#, entries.join(", "))
}

fn issuers() -> File {
    let rules = |issuer: &str| format!(r#""issuers": ["{issuer}"], "audiences": ["orders"]"#);
    // Both issuers use the same kid. B's key set also lists A's key, under another kid.
    let a = || entry(&rules(A), &[jwk("rsa-2048-a").kid("1"), jwk("rsa-2048-c").kid("shared")]);
    let b = || {
        let keys =
            [jwk("rsa-2048-b").kid("1"), jwk("rsa-2048-a").kid("of-a"), jwk("rsa-2048-c").kid("shared")];
        entry(&rules(B), &keys)
    };
    let dcos = || entry(r#""profile": "dcos""#, &[jwk("rsa-2048-d")]);
    let any = || entry(r#""any_issuer": true, "any_audience": true"#, &[jwk("rsa-2048-d")]);
    let template = || {
        let rules = r#""issuers": ["https://login.example/{tid}/v2.0"], "audiences": ["orders"]"#;
        entry(rules, &[jwk("rsa-2048-a").kid("1")])
    };
    let tenants = || {
        let rules = r#""issuers": ["https://login.example/{tenant}/"], "tenants": ["x", "y"], "audiences": ["orders"]"#;
        entry(rules, &[jwk("rsa-2048-a").kid("1")])
    };
    let of_tenant = |iss: &str, tid: Value| json!({"iss": iss, "tid": tid, "aud": "orders", "exp": EXP});
    let dcos_claims = json!({"uid": "peter", "exp": EXP});
    let no_kid =
        |claims: &Value| compact("rsa-2048-d", "RS256", r#"{"typ":"JWT","alg":"RS256"}"#, claims.to_string());
    let case = |id, why, configuration, token: String, expect| Case {
        id,
        why,
        configuration,
        token: Some(token),
        expect,
    };
    let long = json!({"filler": "x".repeat(900), "iss": B, "aud": "orders", "exp": EXP});
    let escaped = format!(
        r#"{{"nested":{{"iss":"{A}"}},"text":"\"iss\":\"{A}\"","\u0069ss":"https:\/\/b.example\/","aud":"orders","exp":{EXP}}}"#
    );
    let twice = format!(r#"{{"iss":"{A}","iss":"{B}","aud":"orders","exp":{EXP}}}"#);
    let header = |kid: &str| format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#);
    let selects = "\"iss\" selects the entry";
    let isolated = "an entry uses only its own keys";
    let unknown = "no entry accepts the issuer, so nothing is fetched or verified";
    let cases = vec![
        case(
            "the_issuer_selects_the_first_entry",
            selects,
            "two",
            token("rsa-2048-a", "1", &claims(A)),
            ok(&claims(A)),
        ),
        case(
            "the_issuer_selects_the_second_entry",
            selects,
            "two",
            token("rsa-2048-b", "1", &claims(B)),
            ok(&claims(B)),
        ),
        case(
            "a_token_of_a_signed_by_the_key_of_b_is_rejected",
            isolated,
            "two",
            token("rsa-2048-b", "1", &claims(A)),
            rejected("invalid_signature", ""),
        ),
        case(
            "a_token_of_b_signed_by_the_key_of_a_is_rejected",
            isolated,
            "two",
            token("rsa-2048-a", "1", &claims(B)),
            rejected("invalid_signature", ""),
        ),
        case(
            "a_kid_that_only_b_has_does_not_verify_a_token_of_a",
            "B's key set lists A's key, which must not help a token of A",
            "two",
            token("rsa-2048-a", "of-a", &claims(A)),
            rejected("no_matching_key", ""),
        ),
        case(
            "the_key_of_a_in_the_key_set_of_b_verifies_tokens_of_b",
            "an issuer may list any key: it then speaks only for itself",
            "two",
            token("rsa-2048-a", "of-a", &claims(B)),
            ok(&claims(B)),
        ),
        case(
            "a_shared_key_signs_for_the_issuer_that_the_token_names",
            isolated,
            "two",
            token("rsa-2048-c", "shared", &claims(B)),
            ok(&claims(B)),
        ),
        case(
            "an_audience_of_another_entry_is_rejected",
            "each entry has its own policy",
            "two",
            token("rsa-2048-a", "1", &json!({"iss": A, "aud": "other", "exp": EXP})),
            rejected("wrong_audience", "aud"),
        ),
        case(
            "an_unknown_issuer_is_rejected_before_its_key",
            unknown,
            "two",
            token("rsa-2048-a", "unknown", &claims("https://c.example/")),
            rejected("wrong_issuer", "iss"),
        ),
        case(
            "an_issuer_without_its_trailing_slash_is_unknown",
            "RFC 7519 section 4.1.1: issuers are compared character for character",
            "two",
            token("rsa-2048-a", "1", &claims("https://a.example")),
            rejected("wrong_issuer", "iss"),
        ),
        case(
            "an_empty_issuer_is_unknown",
            unknown,
            "two",
            token("rsa-2048-a", "1", &claims("")),
            rejected("wrong_issuer", "iss"),
        ),
        case(
            "a_token_without_iss_is_rejected_if_no_entry_is_for_it",
            "every entry has issuers",
            "two",
            token("rsa-2048-a", "1", &json!({"aud": "orders", "exp": EXP})),
            rejected("missing_claim", "iss"),
        ),
        case(
            "a_null_iss_counts_as_absent",
            "null counts as absent",
            "two",
            token("rsa-2048-a", "1", &json!({"iss": null, "aud": "orders", "exp": EXP})),
            rejected("missing_claim", "iss"),
        ),
        case(
            "an_iss_that_is_a_list_selects_no_entry",
            "RFC 7519 section 4.1.1: iss is a string",
            "two",
            token("rsa-2048-a", "1", &json!({"iss": [A], "aud": "orders", "exp": EXP})),
            rejected("malformed_claims", "iss"),
        ),
        case(
            "an_iss_far_from_the_front_selects_the_entry",
            "the payload is read to its end",
            "two",
            token("rsa-2048-b", "1", &long),
            ok(&long),
        ),
        case(
            "an_iss_with_escapes_selects_the_entry_and_a_nested_one_does_not",
            "only the member iss of the Claims Set counts",
            "two",
            compact("rsa-2048-b", "RS256", header("1"), &escaped),
            ok(&serde_json::from_str(&escaped).expect("JSON")),
        ),
        case(
            "a_token_with_two_issuers_is_rejected_by_the_first_one",
            "duplicate names are rejected after the signature",
            "two",
            compact("rsa-2048-a", "RS256", header("1"), &twice),
            rejected("malformed_claims", ""),
        ),
        case(
            "a_payload_that_is_not_json_has_no_issuer",
            "the fault of the payload is found before any key is used",
            "two",
            compact("rsa-2048-a", "RS256", header("1"), "no JSON"),
            rejected("malformed_claims", ""),
        ),
        case(
            "a_payload_that_is_not_base64url_has_no_issuer",
            "the fault of the payload is found before any key is used",
            "two",
            format!("{}.a.c2ln", b64(header("1"))),
            rejected("malformed_token", ""),
        ),
        case(
            "an_unknown_issuer_does_not_hide_a_bad_header",
            "form and header are checked before the issuer",
            "two",
            with_signature(&signing_input(r#"{"alg":"none"}"#, claims("https://c.example/").to_string()), ""),
            rejected("unsupported_algorithm", "alg"),
        ),
        case(
            "a_text_with_two_dots_is_not_a_token",
            "form and header are checked before the issuer",
            "two",
            "..".to_owned(),
            rejected("malformed_token", ""),
        ),
        case(
            "a_token_without_iss_gets_the_entry_without_issuers",
            "tokens of DC/OS have no iss",
            "with_dcos",
            no_kid(&dcos_claims),
            ok(&dcos_claims),
        ),
        case(
            "the_entry_without_issuers_does_not_get_a_token_of_a_named_issuer",
            isolated,
            "with_dcos",
            compact("rsa-2048-d", "RS256", r#"{"alg":"RS256"}"#, claims(A).to_string()),
            rejected("invalid_signature", ""),
        ),
        case(
            "the_entry_without_issuers_does_not_get_a_token_of_an_unknown_issuer",
            "only any_issuer accepts an issuer that no entry names",
            "with_dcos",
            no_kid(&json!({"uid": "peter", "iss": "https://c.example/", "exp": EXP})),
            rejected("wrong_issuer", "iss"),
        ),
        case(
            "a_token_of_a_without_iss_does_not_get_the_entry_of_a",
            selects,
            "with_dcos",
            token("rsa-2048-a", "1", &json!({"uid": "peter", "exp": EXP})),
            rejected("invalid_signature", ""),
        ),
        case(
            "any_issuer_gets_a_token_of_an_unknown_issuer",
            "any_issuer accepts an issuer that no entry names",
            "with_any",
            no_kid(&claims("https://c.example/")),
            ok(&claims("https://c.example/")),
        ),
        case(
            "any_issuer_does_not_get_a_token_of_a_named_issuer",
            isolated,
            "with_any",
            no_kid(&claims(A)),
            rejected("invalid_signature", ""),
        ),
        case(
            "a_single_entry_gets_every_token",
            "with a single entry, only its policy decides",
            "dcos_alone",
            no_kid(&json!({"uid": "peter", "iss": "https://c.example/", "exp": EXP})),
            ok(&json!({"uid": "peter", "iss": "https://c.example/", "exp": EXP})),
        ),
        case(
            "an_issuer_that_fits_a_template_is_accepted_with_its_own_claim",
            "the placeholder stands for the claim tid",
            "template",
            token("rsa-2048-a", "1", &of_tenant("https://login.example/t1/v2.0", json!("t1"))),
            ok(&of_tenant("https://login.example/t1/v2.0", json!("t1"))),
        ),
        case(
            "an_issuer_with_the_tenant_of_another_claim_is_rejected",
            "the placeholder stands for the claim tid",
            "template",
            token("rsa-2048-a", "1", &of_tenant("https://login.example/t1/v2.0", json!("t2"))),
            rejected("wrong_issuer", "iss"),
        ),
        case(
            "a_template_needs_the_claim_to_be_a_string",
            "the placeholder stands for the claim tid",
            "template",
            token("rsa-2048-a", "1", &of_tenant("https://login.example/1/v2.0", json!(1))),
            rejected("wrong_issuer", "iss"),
        ),
        case(
            "a_placeholder_does_not_match_a_slash",
            "the placeholder is one segment of a path",
            "template",
            token("rsa-2048-a", "1", &of_tenant("https://login.example/a/b/v2.0", json!("a/b"))),
            rejected("wrong_issuer", "iss"),
        ),
        case(
            "a_placeholder_is_not_empty",
            "the placeholder is one segment of a path",
            "template",
            token("rsa-2048-a", "1", &of_tenant("https://login.example//v2.0", json!(""))),
            rejected("wrong_issuer", "iss"),
        ),
        case(
            "the_template_itself_is_not_an_issuer",
            "the placeholder stands for a value",
            "template",
            token("rsa-2048-a", "1", &of_tenant("https://login.example/{tid}/v2.0", json!("x"))),
            rejected("wrong_issuer", "iss"),
        ),
        case(
            "each_tenant_of_the_list_is_an_issuer",
            "tenants replaces the placeholder {tenant}",
            "tenants",
            token("rsa-2048-a", "1", &claims("https://login.example/y/")),
            ok(&claims("https://login.example/y/")),
        ),
        case(
            "a_tenant_that_is_not_in_the_list_is_rejected",
            "tenants replaces the placeholder {tenant}",
            "tenants",
            token("rsa-2048-a", "1", &claims("https://login.example/z/")),
            rejected("wrong_issuer", "iss"),
        ),
    ];
    File {
        class: "issuers",
        about: "RFC 7519 section 4.1.1: a verifier with several entries, whose keys and policies stay apart",
        configurations: vec![
            ("two", accept(&[a(), b()])),
            ("with_dcos", accept(&[a(), dcos()])),
            ("with_any", accept(&[any(), a()])),
            ("dcos_alone", accept(&[dcos()])),
            ("template", accept(&[template()])),
            ("tenants", accept(&[tenants()])),
        ],
        cases,
    }
}

fn documents() -> File {
    let keys = format!(r#""keys": {{"jwks": {}}}"#, set(&[jwk("rsa-2048-a")]));
    let entry = |members: &str| format!(r#"{{{members}, {keys}}}"#);
    let a = r#""issuers": ["a"]"#;
    let mut configurations = Vec::new();
    let mut cases = Vec::new();
    let mut bad = |id: &'static str, why: &'static str, text: String, expect: Value| {
        configurations.push((id, text));
        cases.push(Case { id, why, configuration: id, token: None, expect });
    };
    let invalid = |claim: &str| rejected("invalid_argument", claim);
    bad("a_document_is_strict_json", "RFC 8259", r#"{"accept": [],}"#.to_owned(), invalid(""));
    bad("a_document_is_an_object", "docs/settings.md", "[]".to_owned(), invalid(""));
    bad("a_document_has_entries", "docs/settings.md", "{}".to_owned(), invalid("accept"));
    bad(
        "the_list_of_entries_is_not_empty",
        "docs/settings.md",
        r#"{"accept": []}"#.to_owned(),
        invalid("accept"),
    );
    bad("accept_is_a_list", "docs/settings.md", r#"{"accept": {}}"#.to_owned(), invalid("accept"));
    bad("an_entry_is_an_object", "docs/settings.md", r#"{"accept": ["a"]}"#.to_owned(), invalid("accept[0]"));
    bad("an_unknown_setting_is_an_error", "docs/settings.md", r#"{"accpet": []}"#.to_owned(), invalid(""));
    bad(
        "an_unknown_setting_of_an_entry_names_the_entry",
        "docs/settings.md",
        accept(&[entry(a), entry(r#""issuers": ["b"], "audience": ["c"]"#)]),
        invalid("accept[1]"),
    );
    bad(
        "an_unknown_setting_of_keys_names_the_keys",
        "docs/settings.md",
        accept(&[format!(r#"{{{a}, "keys": {{"ulr": "https://a/"}}}}"#)]),
        invalid("accept[0].keys"),
    );
    bad(
        "a_value_of_the_wrong_type_has_a_path",
        "docs/settings.md",
        accept(&[entry(a), entry(r#""issuers": ["b"], "leeway": 30"#)]),
        invalid("accept[1].leeway"),
    );
    bad(
        "an_item_of_a_list_has_a_path",
        "docs/settings.md",
        accept(&[entry(r#""issuers": ["a", ""]"#)]),
        invalid("accept[0].issuers[1]"),
    );
    bad(
        "null_is_an_error",
        "docs/settings.md",
        accept(&[entry(r#""issuers": null"#)]),
        invalid("accept[0].issuers"),
    );
    bad(
        "the_time_is_not_for_documents",
        "docs/settings.md",
        accept(&[entry(&format!(r#"{a}, "time": 1"#))]),
        invalid("accept[0].time"),
    );
    bad(
        "an_entry_names_issuers_or_none",
        "docs/settings.md",
        accept(&[entry(r#""leeway": "1s""#)]),
        invalid("accept[0].issuers"),
    );
    bad(
        "two_entries_do_not_accept_the_same_issuer",
        "a token has exactly one entry",
        accept(&[entry(a), entry(r#""issuers": ["b", "a"]"#)]),
        invalid("accept[1].issuers"),
    );
    bad(
        "two_entries_do_not_have_the_same_template",
        "a token has exactly one entry",
        accept(&[entry(r#""issuers": ["https://a/{x}"]"#), entry(r#""issuers": ["https://a/{x}"]"#)]),
        invalid("accept[1].issuers"),
    );
    bad(
        "only_one_entry_is_without_issuers",
        "a token has exactly one entry",
        accept(&[entry(r#""profile": "dcos""#), entry(r#""any_issuer": true"#)]),
        invalid("accept[1].issuers"),
    );
    bad(
        "a_template_has_one_placeholder",
        "docs/settings.md",
        accept(&[entry(r#""issuers": ["https://a/{x}/{y}"]"#)]),
        invalid("accept[0]"),
    );
    bad(
        "tenants_need_a_placeholder",
        "docs/settings.md",
        accept(&[entry(&format!(r#"{a}, "tenants": ["x"]"#))]),
        invalid("accept[0].tenants"),
    );
    bad(
        "a_placeholder_for_tenants_needs_the_list",
        "a forgotten list must not accept every tenant",
        accept(&[entry(r#""issuers": ["https://a/{tenant}/"]"#)]),
        invalid("accept[0].tenants"),
    );
    bad(
        "two_entries_do_not_have_templates_for_the_same_issuer",
        "a token has exactly one entry",
        accept(&[entry(r#""issuers": ["https://a/{x}"]"#), entry(r#""issuers": ["https://a/{y}-b"]"#)]),
        invalid("accept[1].issuers"),
    );
    bad(
        "keys_of_an_issuer_and_a_template_are_not_discovered",
        "the metadata of one issuer must not give the keys of others",
        accept(&[r#"{"issuers": ["https://a/", "https://b/{tid}/"]}"#.to_owned()]),
        invalid("accept[0].keys.url"),
    );
    bad(
        "tenants_with_their_own_keys_have_no_common_seed",
        "entries share no keys",
        accept(&[r#"{"issuers": ["https://a/{tenant}/"], "tenants": ["x", "y"], "keys": {"seed": "{}"}}"#
            .to_owned()]),
        invalid("accept[0].keys.seed"),
    );
    bad(
        "an_inline_key_set_is_an_object",
        "RFC 7517 section 5",
        accept(&[format!(r#"{{{a}, "keys": {{"jwks": "{{}}"}}}}"#)]),
        invalid("accept[0].keys.jwks"),
    );
    bad(
        "an_inline_key_set_must_be_usable",
        "RFC 7517 section 5",
        accept(&[format!(r#"{{{a}, "keys": {{"jwks": {{"keys": []}}}}}}"#)]),
        rejected("no_usable_key", "accept[0].keys.jwks"),
    );
    bad(
        "a_file_of_keys_must_exist",
        "docs/settings.md",
        accept(&[format!(r#"{{{a}, "keys": {{"file": "/nowhere/jwks.json"}}}}"#)]),
        invalid("accept[0].keys.file"),
    );
    bad(
        "an_inline_key_set_has_no_lifetime",
        "docs/settings.md",
        accept(&[format!(r#"{{{a}, "keys": {{"jwks": {{"keys": []}}, "ttl": "1h"}}}}"#)]),
        invalid("accept[0].keys.ttl"),
    );
    bad(
        "keys_of_several_issuers_are_not_discovered",
        "docs/settings.md",
        accept(&[r#"{"issuers": ["https://a/", "https://b/"]}"#.to_owned()]),
        invalid("accept[0].keys.url"),
    );
    bad(
        "an_http_url_of_keys_is_rejected",
        "docs/settings.md",
        accept(&[format!(r#"{{{a}, "keys": {{"url": "http://keys.example/"}}}}"#)]),
        invalid("accept[0].keys.url"),
    );
    bad(
        "two_entries_do_not_write_the_same_file",
        "docs/settings.md",
        accept(&[
            format!(r#"{{{a}, "keys": {{"url": "https://a/", "lazy": true, "last_good_file": "/nowhere/f"}}}}"#),
            r#"{"issuers": ["b"], "keys": {"url": "https://b/", "lazy": true, "last_good_file": "/nowhere/f"}}"#
                .to_owned(),
        ]),
        invalid("accept[1].keys.last_good_file"),
    );
    bad(
        "a_cache_has_a_limit",
        "docs/settings.md",
        format!(r#"{{"accept": [{}], "cache": 1048577}}"#, entry(a)),
        invalid("cache"),
    );
    File {
        class: "documents",
        about: "Configuration documents that are rejected as a whole, with the path of the fault",
        configurations,
        cases,
    }
}
