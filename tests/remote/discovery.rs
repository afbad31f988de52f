//! Finding the keys of an issuer (OpenID Connect Discovery 1.0).

use crate::server::{Reply, Server};
use crate::{TIMEOUT, jwks, token};
use bouncer_verify::{ErrorKind, FetchFailure, Policy, RemoteJwkSet, Verifier};
use std::time::{Duration, Instant};

/// Starts an issuer whose metadata contains `issuer` and `jwks_uri`. If one of the two is a path,
/// which begins with a slash, the metadata contains the server's origin and the path.
fn issuer(issuer: &'static str, jwks_uri: &'static str) -> Server {
    let server = Server::saying(Reply::status(503));
    let origin = server.origin.clone();
    server.behave(move |request| {
        let own =
            |text: &str| if text.starts_with('/') { format!("{origin}{text}") } else { text.to_owned() };
        match request.path.as_str() {
            "/realm/.well-known/openid-configuration" => Reply::json(format!(
                r#"{{"issuer":"{}","jwks_uri":"{}","extra":[]}}"#,
                own(issuer),
                own(jwks_uri)
            )),
            "/keys" => Reply::json(jwks(&[("rsa-2048-a", "a")])),
            _ => Reply::status(404),
        }
    });
    server
}

#[test]
fn keys_are_found_through_the_metadata_which_is_reused() {
    let server = issuer("/realm", "/keys");
    let keys = RemoteJwkSet::discover(&format!("{}/realm", server.origin));
    let keys = keys.ttl(std::time::Duration::from_secs(1)).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    assert!(keys.wait_attempts(3, TIMEOUT));
    let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths[..4], ["/realm/.well-known/openid-configuration", "/keys", "/keys", "/keys"]);
    // An unscheduled fetch reads the metadata again.
    keys.refresh(TIMEOUT).unwrap();
    let is_metadata = |request: &crate::server::Request| request.path.ends_with("openid-configuration");
    assert_eq!(server.requests().iter().filter(|request| is_metadata(request)).count(), 2);
    let verifier = Verifier::new(keys, Policy::dcos());
    assert!(verifier.verify(token("rsa-2048-a", Some("a"))).is_ok());
}

#[test]
fn metadata_of_another_issuer_is_rejected() {
    for name in ["/realm/", "/other", "https://idp.example/realm", ""] {
        let server = issuer(name, "/keys");
        let keys = RemoteJwkSet::discover(&format!("{}/realm", server.origin)).build().unwrap();
        assert_eq!(keys.refresh(TIMEOUT).unwrap_err().failure(), FetchFailure::Issuer, "{name}");
        assert_eq!(keys.current().unwrap_err().kind(), ErrorKind::KeysUnavailable);
        assert!(server.requests().iter().all(|request| request.path != "/keys"));
    }
}

#[test]
fn an_invalid_or_unsafe_jwks_uri_is_rejected() {
    for jwks_uri in
        ["file:///etc/passwd", "http://idp.example/keys", "keys", "https://me:secret@idp.example/"]
    {
        let server = issuer("/realm", jwks_uri);
        let keys = RemoteJwkSet::discover(&format!("{}/realm", server.origin)).build().unwrap();
        let error = keys.refresh(TIMEOUT).unwrap_err();
        assert_eq!(error.failure(), FetchFailure::Document, "{jwks_uri}");
        assert!(!error.to_string().contains("secret"));
    }
}

#[test]
fn wait_ready_returns_at_once_if_the_metadata_contains_another_issuer() {
    let server = Server::start(|_| Reply::json(r#"{"issuer":"https://other.example","jwks_uri":"x"}"#));
    for is_lazy in [false, true] {
        let builder = RemoteJwkSet::discover(&server.origin);
        let keys = if is_lazy { builder.lazy() } else { builder }.build().unwrap();
        // Before and after the first attempt.
        for _ in 0..2 {
            let start = Instant::now();
            let error = keys.wait_ready(Duration::from_secs(60)).unwrap_err();
            assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
            assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
            assert!(error.detail().contains("issuer mismatch"), "{error}");
        }
        assert!(!keys.may_become_ready());
        assert!(!Verifier::new(keys, Policy::dcos()).may_become_ready());
    }
    // Another failure may end by itself.
    server.say(Reply::status(503));
    let keys = RemoteJwkSet::discover(&server.origin).build().unwrap();
    let start = Instant::now();
    assert!(keys.wait_ready(Duration::from_secs(1)).is_err());
    assert!(start.elapsed() >= Duration::from_secs(1));
    let verifier = Verifier::new(keys.clone(), Policy::dcos());
    assert!(keys.may_become_ready() && verifier.may_become_ready());
    keys.close();
    assert!(!keys.may_become_ready() && !verifier.may_become_ready());
    // The first entry without keys decides.
    let waiting = RemoteJwkSet::discover(&server.origin).build().unwrap();
    let policy = |issuer| Policy::for_issuer(issuer, "orders");
    for (first, second, expected) in [(&waiting, &keys, true), (&keys, &waiting, false)] {
        let verifier = Verifier::builder()
            .accept(first.clone(), policy("https://a.example/"))
            .accept(second.clone(), policy("https://b.example/"))
            .build()
            .unwrap();
        assert_eq!(verifier.may_become_ready(), expected);
    }
}

#[test]
fn keys_at_a_new_jwks_uri_are_found_through_the_metadata() {
    let server = issuer("/realm", "/keys");
    let keys = RemoteJwkSet::discover(&format!("{}/realm", server.origin)).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    assert_eq!(keys.status().generation, 1);
    let origin = server.origin.clone();
    server.behave(move |request| match request.path.as_str() {
        "/new" => Reply::json(jwks(&[("rsa-2048-b", "b")])),
        "/keys" => Reply::status(410),
        _ => Reply::json(format!(r#"{{"issuer":"{origin}/realm","jwks_uri":"{origin}/new"}}"#)),
    });
    keys.refresh(TIMEOUT).unwrap();
    assert_eq!(keys.status().generation, 2);
}

#[test]
fn the_jwks_uri_of_an_https_issuer_must_be_https_even_on_this_machine() {
    use bouncer_verify::{HttpRequest, HttpResponse};
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let jwks_uri = server.url();
    let transport = move |request: &HttpRequest<'_>| {
        assert_eq!(request.url(), "https://idp.example/.well-known/openid-configuration");
        let metadata = format!(r#"{{"issuer":"https://idp.example","jwks_uri":"{jwks_uri}"}}"#);
        Ok(HttpResponse::new(200, [], metadata.into_bytes()))
    };
    let keys = RemoteJwkSet::discover("https://idp.example").transport(transport).build().unwrap();
    assert_eq!(keys.refresh(TIMEOUT).unwrap_err().failure(), FetchFailure::Document);
    for issuer in ["https://idp.example/?a", "https://idp.example/#a"] {
        assert_eq!(RemoteJwkSet::discover(issuer).build().unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}

/// Starts an issuer whose metadata is only at `path` and contains `issuer`.
fn with_metadata_at(path: &'static str, issuer: &'static str) -> Server {
    let server = Server::saying(Reply::status(503));
    let origin = server.origin.clone();
    server.behave(move |request| match request.path.as_str() {
        "/keys" => Reply::json(jwks(&[("rsa-2048-a", "a")])),
        requested if requested == path => {
            Reply::json(format!("\u{feff}{{\"issuer\":\"{origin}{issuer}\",\"jwks_uri\":\"{origin}/keys\"}}"))
        }
        _ => Reply::status(404),
    });
    server
}

#[test]
fn all_metadata_urls_are_tried_in_order() {
    const OPENID: &str = "/.well-known/openid-configuration";
    const OAUTH: &str = "/.well-known/oauth-authorization-server";
    for (issuer, at, requests) in [
        ("", OPENID, 1),
        ("", OAUTH, 2),
        ("/a/b", "/a/b/.well-known/openid-configuration", 1),
        ("/a/b", "/.well-known/oauth-authorization-server/a/b", 2),
        ("/a/b", "/.well-known/openid-configuration/a/b", 3),
    ] {
        let server = with_metadata_at(at, issuer);
        let keys = RemoteJwkSet::discover(&format!("{}{issuer}", server.origin)).lazy().build().unwrap();
        assert_eq!(keys.refresh(TIMEOUT), Ok(()), "{at}");
        assert_eq!(server.count(), requests + 1, "{at}");
    }
    // If no URL has metadata, the error contains each URL once.
    let server = Server::saying(Reply::status(404));
    let origin = &server.origin;
    let keys = RemoteJwkSet::discover(&format!("{origin}/a")).lazy().build().unwrap();
    let expected = format!(
        "unexpected status: HTTP 404 at {origin}/a{OPENID}, HTTP 404 at {origin}{OAUTH}/a, HTTP 404 at {origin}{OPENID}/a: check the issuer"
    );
    assert_eq!(keys.refresh(TIMEOUT).unwrap_err().to_string(), expected);
    assert_eq!(server.count(), 3);
    // HTTP 503 at the first URL is an outage: the other URLs are not tried.
    server.say(Reply::status(503));
    assert_eq!(keys.refresh(TIMEOUT).unwrap_err().detail(), "HTTP 503");
    assert_eq!(server.count(), 4);
}

#[test]
fn an_issuer_may_be_given_as_the_url_of_its_metadata() {
    for (issuer, at) in [
        ("", "/.well-known/openid-configuration"),
        ("/", "/.well-known/openid-configuration"),
        ("/a", "/a/.well-known/openid-configuration"),
        ("/a", "/.well-known/oauth-authorization-server/a"),
    ] {
        let server = with_metadata_at(at, issuer);
        let keys = RemoteJwkSet::discover(&format!("{}{at}", server.origin)).lazy().build().unwrap();
        assert_eq!(keys.refresh(TIMEOUT), Ok(()), "{at}");
        assert_eq!(server.count(), 2, "{at}");
    }
    let server = with_metadata_at("/a/.well-known/openid-configuration", "/b");
    let address = format!("{}/a/.well-known/openid-configuration", server.origin);
    let keys = RemoteJwkSet::discover(&address).lazy().build().unwrap();
    assert_eq!(keys.refresh(TIMEOUT).unwrap_err().failure(), FetchFailure::Issuer);
}

#[test]
fn every_error_for_an_issuer_mismatch_contains_both_issuers() {
    let server = issuer("/{tenantid}/v2.0", "/keys");
    let keys = RemoteJwkSet::discover(&format!("{}/realm", server.origin)).lazy().build().unwrap();
    let error = keys.refresh(TIMEOUT).unwrap_err();
    let expected = format!(
        "issuer mismatch: configured {0}/realm, metadata says {0}/{{tenantid}}/v2.0 (a template for many issuers: \
         configure the issuer of one tenant)",
        server.origin
    );
    assert_eq!(error.to_string(), expected);
    assert!(keys.current().unwrap_err().to_string().ends_with(&expected));

    let html = Server::saying(Reply::Answer(200, Vec::new(), b"<!DOCTYPE html>".to_vec()));
    let keys = RemoteJwkSet::discover(&html.origin).lazy().build().unwrap();
    assert_eq!(
        keys.refresh(TIMEOUT).unwrap_err().to_string(),
        "unusable document: metadata: the response is HTML or XML, not JSON: check the URL"
    );
}
