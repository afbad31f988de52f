//! The stats of a verifier, by entry.

use super::server::{Reply, Server};
use super::{accept, entry, jwks, token, verify_until_accepted};
use bouncer_verify::{Algorithm, StatValue, Stats, Verifier};
use serde_json::{Value, json};

#[test]
fn each_entry_has_its_own_stats() {
    let server = Server::saying(Reply::json(jwks(0, "1").to_string()));
    let entries = [
        entry("https://a.example", json!({"url": server.url()})),
        entry("b \"quoted\"", json!({"jwks": jwks(1, "1")})),
    ];
    let document = json!({"accept": entries, "cache": 10}).to_string();
    let verifier = Verifier::from_config(&document).unwrap();
    let a = token(0, "1", "https://a.example");
    verifier.wait_ready(super::TIMEOUT).unwrap();
    verify_until_accepted(&verifier, &a);
    assert!(verifier.verify(&a).is_ok());
    assert!(verifier.verify(token(1, "1", "https://a.example")).is_err());
    assert!(verifier.verify(token(1, "1", "https://c.example")).is_err());
    assert!(verifier.verify("no token").is_err());

    let stats = Stats::from(&verifier);
    let number = |source: &str, status: &str| {
        let row = stats
            .rows()
            .iter()
            .find(|row| row.name == "verifications_total" && row.source == source && row.status == status);
        row.map(|row| row.value.clone().unwrap())
    };
    let count = |n: u32| Some(StatValue::Number(f64::from(n)));
    assert_eq!(number("https://a.example", "ok"), count(2));
    assert_eq!(number("https://a.example", "invalid_signature"), count(1));
    assert_eq!(number("b \"quoted\"", "ok"), count(0));
    assert_eq!(number("b \"quoted\"", "invalid_signature"), None);
    assert_eq!((number("", "wrong_issuer"), number("", "malformed_token")), (count(1), count(1)));
    assert_eq!(stats.number("cache_hits_total"), Some(1.0));

    let text = stats.prometheus();
    for line in [
        r#"bouncer_verifications_total{source="https://a.example",status="ok"} 2"#,
        r#"bouncer_verifications_total{source="b \"quoted\"",status="ok"} 0"#,
        r#"bouncer_verifications_total{status="wrong_issuer"} 1"#,
        r#"bouncer_keys_usable{source="https://a.example"} 1"#,
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
    // The lines of a metric follow each other, after its only description.
    let names: Vec<&str> = text
        .lines()
        .map(|line| line.split([' ', '{']).nth(usize::from(line.starts_with('#')) * 2).unwrap())
        .collect();
    let mut seen = Vec::new();
    for name in names {
        if seen.last() != Some(&name) {
            assert!(!seen.contains(&name), "{name} is not in one piece");
            seen.push(name);
        }
    }

    let json: Vec<Value> = serde_json::from_str(&stats.json()).unwrap();
    let of = |source: &str| json.iter().find(|object| object["source"] == source).unwrap();
    assert_eq!(of("https://a.example")["verifications_total"]["invalid_signature"], 1);
    assert_eq!(of("https://a.example")["keys_state"], "fresh");
    assert_eq!(of("")["cache_hits_total"], 1);
}

#[test]
fn no_two_lines_of_the_metrics_have_the_same_labels() {
    let dcos = json!({"profile": "dcos", "algorithms": ["ES256"], "keys": {"jwks": jwks(0, "1")}});
    let entries = [entry("a", json!({"jwks": jwks(0, "1")})), dcos];
    let verifier = Verifier::from_config(&accept(&entries)).unwrap();
    // The same errors, of a token that no entry is for and of one for the entry without issuers.
    for header in [r#"{"alg":"HS256"}"#, r#"{"alg":"ES256"}"#] {
        for claims in [r#"{"iss":"b"}"#, r#"{"uid":"peter"}"#] {
            let token = super::KEYS[0].token(Algorithm::Es256, header, claims);
            assert!(verifier.verify(&token).is_err());
        }
    }
    let text = Stats::from(&verifier).prometheus();
    let mut lines: Vec<&str> = text.lines().filter_map(|line| Some(line.rsplit_once(' ')?.0)).collect();
    assert!(lines.iter().any(|line| line.contains(r#"source="no issuer",status="unsupported_algorithm""#)));
    assert!(lines.contains(&r#"bouncer_verifications_total{status="unsupported_algorithm"}"#));
    let all = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), all, "{text}");
}

#[test]
fn a_verifier_with_one_entry_counts_its_verifications() {
    let server = Server::saying(Reply::json(jwks(0, "1").to_string()));
    let verifier = Verifier::from_config(&accept(&[entry("a", json!({"url": server.url()}))])).unwrap();
    verify_until_accepted(&verifier, &token(0, "1", "a"));
    let verifications: f64 = Stats::from(&verifier)
        .rows()
        .iter()
        .filter(|row| row.status == "ok")
        .map(|row| match row.value {
            Some(StatValue::Number(number)) => number,
            _ => 0.0,
        })
        .sum();
    assert_eq!(verifications, 1.0);
}
