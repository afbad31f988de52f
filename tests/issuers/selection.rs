//! The entry of a token, and that entries share nothing.

use super::server::{Reply, Server};
use super::{TIMEOUT, accept, entry, jwk, jwks, kind, token, verify_until_accepted};
use bouncer_verify::{ErrorKind, Ticket, Verdict, Verifier};
use serde_json::json;
use std::time::Duration;

#[test]
fn an_unknown_issuer_causes_no_fetch() {
    let server = Server::saying(Reply::json(jwks(0, "1").to_string()));
    let url = json!({"url": server.url()});
    let verifier = Verifier::from_config(&accept(&[
        entry("https://a.example", url.clone()),
        entry("https://b.example", json!({"jwks": jwks(1, "1")})),
    ]))
    .unwrap();
    verify_until_accepted(&verifier, &token(0, "1", "https://a.example"));
    assert_eq!(server.count(), 1);
    for kid in ["1", "2", "3"] {
        let result = verifier.verify(token(0, kid, "https://c.example"));
        assert_eq!(kind(result), Some(ErrorKind::WrongIssuer));
    }
    // The same kids of a known issuer cause a fetch.
    let result = verifier.verify(token(0, "2", "https://a.example"));
    assert_eq!(kind(result), Some(ErrorKind::NoMatchingKey));
    assert_eq!(server.count(), 2);
}

#[test]
fn forged_tokens_of_one_issuer_use_only_its_own_budget() {
    let [a, b] = [(); 2].map(|()| Server::saying(Reply::json(jwks(0, "1").to_string())));
    let verifier = Verifier::from_config(&accept(&[
        entry("https://a.example", json!({"url": a.url()})),
        entry("https://b.example", json!({"url": b.url()})),
    ]))
    .unwrap();
    for issuer in ["https://a.example", "https://b.example"] {
        verify_until_accepted(&verifier, &token(0, "1", issuer));
    }
    for i in 0..50 {
        assert!(verifier.verify(token(1, &format!("forged-{i}"), "https://a.example")).is_err());
    }
    assert_eq!((a.count(), b.count()), (1 + 2, 1));
    // A real rotation of the other issuer is found at once.
    b.say(Reply::json(jwks(1, "2").to_string()));
    assert!(verifier.verify(token(1, "2", "https://b.example")).is_ok());
    assert_eq!((a.count(), b.count()), (3, 2));
}

#[test]
fn a_ticket_belongs_to_the_entry_of_its_token() {
    let [hanging, prompt] =
        [Server::saying(Reply::Hang), Server::saying(Reply::json(jwks(0, "1").to_string()))];
    let verifier = Verifier::from_config(&accept(&[
        entry("https://a.example", json!({"url": hanging.url(), "timeout": "20s"})),
        entry("https://b.example", json!({"url": prompt.url()})),
    ]))
    .unwrap();
    let [a, b] = ["https://a.example", "https://b.example"].map(|issuer| token(0, "1", issuer));
    verify_until_accepted(&verifier, &b);
    let Verdict::Pending(of_a) = verifier.verify_now(&a) else { panic!("the issuer hangs") };
    let of_unknown_kid = token(0, "2", "https://b.example");
    let Verdict::Pending(of_b) = verifier.verify_now(&of_unknown_kid) else { panic!("the kid is unknown") };
    assert_ne!(of_a, of_b);
    assert_eq!(Ticket::from_bits(of_a.to_bits()), Some(of_a));
    assert!(verifier.wait(of_b, TIMEOUT));
    assert!(!verifier.wait(of_a, Duration::ZERO));
    let Verdict::Final(result) = verifier.resume(&of_unknown_kid, of_b) else { panic!("the fetch is over") };
    assert_eq!(kind(result), Some(ErrorKind::NoMatchingKey));
    // The fetch is not over, so the caller has stopped waiting.
    let Verdict::Final(result) = verifier.resume(&a, of_a) else { panic!("the last verdict") };
    assert_eq!(kind(result), Some(ErrorKind::KeysUnavailable));
    // A ticket of another entry gives a token no verdict of that entry.
    assert!(matches!(verifier.resume(&a, of_b), Verdict::Pending(_)));
}

#[test]
fn a_batch_waits_for_each_issuer_and_keeps_the_order() {
    let late = Reply::json(jwks(0, "1").to_string()).late(Duration::from_millis(300));
    let servers: Vec<Server> = (0..5).map(|_| Server::saying(late.clone())).collect();
    let issuer = |i: usize| format!("https://{i}.example");
    let entries =
        servers.iter().enumerate().map(|(i, server)| entry(&issuer(i), json!({"url": server.url()})));
    let verifier = Verifier::from_config(&accept(&entries.collect::<Vec<_>>())).unwrap();
    let tokens: Vec<String> = (0..200).map(|i| token(usize::from(i % 7 == 0), "1", &issuer(i % 6))).collect();
    let results = verifier.verify_batch(&tokens, 2);
    for (i, result) in results.iter().enumerate() {
        let expected = match (i % 6, i % 7) {
            (5, _) => Some(ErrorKind::WrongIssuer),
            (_, 0) => Some(ErrorKind::InvalidSignature),
            _ => None,
        };
        assert_eq!(result.as_ref().err().map(|error| error.kind()), expected, "{i}: {result:?}");
        if let Ok(token) = result {
            assert_eq!(token.issuer(), Some(&*issuer(i % 6)));
        }
    }
}

#[test]
fn wait_ready_waits_for_all_entries_and_names_a_failure() {
    let prompt = Server::saying(Reply::json(jwks(0, "1").to_string()));
    let failing = Server::saying(Reply::status(404));
    let good = entry("https://a.example", json!({"url": prompt.url()}));
    let verifier = Verifier::from_config(&accept(&[
        good.clone(),
        entry("https://b.example", json!({"jwks": jwks(0, "1")})),
    ]));
    let verifier = verifier.unwrap();
    verifier.wait_ready(TIMEOUT).unwrap();
    assert!(matches!(verifier.verify_now(token(0, "1", "https://a.example")), Verdict::Final(Ok(_))));
    let bad = entry("https://b.example", json!({"url": failing.url()}));
    let verifier = Verifier::from_config(&accept(&[good, bad])).unwrap();
    let error = verifier.wait_ready(Duration::from_millis(500)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
    assert!(error.detail().contains(&failing.url()), "{error}");
}

#[test]
fn entries_that_are_made_in_code_need_no_document() {
    let keys = |key, kid| bouncer_verify::JwkSet::from_slice(jwks(key, kid).to_string().as_bytes()).unwrap();
    let policy = |issuer: &str| {
        bouncer_verify::Policy::any_issuer().issuers([issuer]).algorithms([bouncer_verify::Algorithm::Es256])
    };
    let builder = Verifier::builder().accept(keys(0, "1"), policy("a")).accept(keys(1, "1"), policy("b"));
    let verifier = builder.cache(10).build().unwrap();
    for (key, issuer, is_ok) in [(0, "a", true), (1, "b", true), (1, "a", false), (0, "b", false)] {
        for _ in 0..2 {
            assert_eq!(verifier.verify(token(key, "1", issuer)).is_ok(), is_ok, "{key} {issuer}");
        }
    }
    assert_eq!(verifier.cache_stats().unwrap().hits(), 2);

    let error = Verifier::builder().build().unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::InvalidArgument, Some("accept")));
    let builder = Verifier::builder().accept(keys(0, "1"), policy("a")).accept(keys(1, "1"), policy("a"));
    assert_eq!(builder.build().unwrap_err().name(), Some("accept[1].issuers"));
    let builder = Verifier::builder().accept(keys(0, "1"), policy(""));
    assert_eq!(builder.build().unwrap_err().detail(), "the issuer is empty");
}

#[test]
fn the_error_says_that_the_issuer_of_a_template_has_another_claim() {
    let mut template = entry("https://login.example/{sub}/", json!({"jwks": jwks(0, "1")}));
    template["issuers"] = json!(["https://login.example/{sub}/"]);
    let verifier = Verifier::from_config(&accept(&[template])).unwrap();
    let error = verifier.verify(token(0, "1", "https://login.example/other/")).unwrap_err();
    assert_eq!(
        error.detail(),
        "it fits \"https://login.example/{sub}/\", but the token has another value of \"sub\", or none"
    );
    let error = verifier.verify(token(0, "1", "https://other.example/")).unwrap_err();
    assert_eq!(error.detail(), "expected \"https://login.example/{sub}/\"");
}

#[test]
fn settings_that_are_in_the_wrong_place_are_named() {
    for (entry, path, detail) in [
        (
            json!({"issuers": ["a"], "url": "https://a/"}),
            "accept[0]",
            "\"url\" is a setting of \"keys\": write it there",
        ),
        (
            json!({"issuers": ["a"], "keys": {"leeway": "1s"}}),
            "accept[0].keys",
            "\"leeway\" is a setting of the entry: write it beside \"keys\"",
        ),
        (
            json!({"issuers": ["a"], "keys": {"jwks_uri": "https://a/"}}),
            "accept[0].keys",
            "keys has no setting \"jwks_uri\": it is \"url\" here",
        ),
        (
            json!({"issuers": ["a"], "keys": "https://a/"}),
            "accept[0].keys",
            "it is a string, not an object: write {\"url\": \"https://…\"}",
        ),
        (
            json!({"issuers": ["a"], "keys": {"jwks": "https://a/"}}),
            "accept[0].keys.jwks",
            "it is a string, not an object: a source is \"url\" or \"file\"",
        ),
        (
            json!({"issuers": ["a"], "jwks_uri": "https://a/"}),
            "accept[0]",
            "an entry has no setting \"jwks_uri\": it is \"url\" in \"keys\" here",
        ),
        (json!({"iss": "a"}), "accept[0]", "an entry has no setting \"iss\": it is \"issuers\" here"),
        (
            json!({"issuers": ["a"], "scopes": ["read"]}),
            "accept[0]",
            "an entry has no setting \"scopes\": it is \"required_scopes\" here",
        ),
    ] {
        let error = Verifier::from_config(&accept(&[entry])).unwrap_err();
        assert_eq!((error.name(), error.detail()), (Some(path), detail));
    }
    for name in ["issuers", "leeway", "keys"] {
        let error = Verifier::from_config(&json!({ name: [] }).to_string()).unwrap_err();
        let detail = format!("{name:?} is a setting of an entry: write {{\"accept\": [{{...}}]}}");
        assert_eq!((error.name(), error.detail()), (None, &*detail));
    }
}

#[test]
fn a_padded_token_of_any_length_selects_its_entry() {
    let padded = |issuer: &str| {
        let mut entry = entry(issuer, json!({"jwks": jwks(0, "1")}));
        entry["padded_tokens"] = json!(true);
        entry
    };
    let verifier =
        Verifier::from_config(&accept(&[padded("https://a.example"), padded("https://b.example")]));
    let verifier = verifier.unwrap();
    let encode = |bytes: &[u8]| {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE.encode(bytes)
    };
    for filler in 180..260 {
        let claims = json!({"exp": super::EXP, "filler": "x".repeat(filler), "iss": "https://b.example"});
        let input =
            format!("{}.{}", encode(br#"{"alg":"ES256","kid":"1"}"#), encode(claims.to_string().as_bytes()));
        let signature = super::KEYS[0].sign(bouncer_verify::Algorithm::Es256, input.as_bytes());
        let token = format!("{input}.{}", encode(&signature));
        assert_eq!(kind(verifier.verify(&token)), None, "{filler}");
    }
}

#[test]
fn tenants_with_their_own_keys_have_their_own_entries() {
    let server = Server::start(|request| {
        let tenant = request.path.trim_start_matches('/').to_owned();
        Reply::json(json!({"keys": [jwk(usize::from(tenant == "y"), "1")]}).to_string())
    });
    let document = json!({"accept": [{
        "issuers": ["https://login.example/{tenant}/"],
        "tenants": ["x", "y"],
        "algorithms": ["ES256"],
        "keys": {"url": format!("{}/{{tenant}}", server.origin)},
    }]});
    let verifier = Verifier::from_config(&document.to_string()).unwrap();
    verify_until_accepted(&verifier, &token(0, "1", "https://login.example/x/"));
    verify_until_accepted(&verifier, &token(1, "1", "https://login.example/y/"));
    for (key, tenant, expected) in [(1, "x", ErrorKind::InvalidSignature), (0, "z", ErrorKind::WrongIssuer)] {
        let result = verifier.verify(token(key, "1", &format!("https://login.example/{tenant}/")));
        assert_eq!(kind(result), Some(expected));
    }
}
