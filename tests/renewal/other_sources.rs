//! Tokens from elsewhere than DC/OS.

use crate::server::{Reply, Server};
use crate::{PATIENCE, until};
use bouncer_verify::{ErrorKind, FetchError, FetchFailure, NewToken, TokenRenewer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn client_credentials_are_asked_for_as_rfc_6749_has_it() {
    let server =
        Server::saying(Reply::json(r#"{"access_token":"opaque","token_type":"bearer","expires_in":3600}"#));
    let renewer = TokenRenewer::client_credentials(&server.url(), "my client", "s:cret/é")
        .parameter("scope", "read write")
        .parameter("audience", "https://api.example/")
        .build()
        .unwrap();
    let token = renewer.token().unwrap();
    assert_eq!((token.as_str(), token.authorization()), ("opaque", "Bearer opaque"));
    let life = renewer.status().expires_in.unwrap();
    assert!(life > Duration::from_secs(3590) && life <= Duration::from_secs(3600));
    let request = &server.requests()[0];
    assert_eq!(
        String::from_utf8_lossy(&request.body),
        "grant_type=client_credentials&scope=read+write&audience=https%3A%2F%2Fapi.example%2F"
    );
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    // base64 of "my+client:s%3Acret%2F%C3%A9"
    assert_eq!(request.header("authorization"), Some("Basic bXkrY2xpZW50OnMlM0FjcmV0JTJGJUMzJUE5"));
}

#[test]
fn an_answer_that_is_no_bearer_token_is_a_failure() {
    for (reply, failure) in [
        (Reply::json(r#"{"access_token":"a","token_type":"mac"}"#), FetchFailure::Document),
        (Reply::json(r#"{"token_type":"Bearer"}"#), FetchFailure::Document),
        (Reply::json(r#"{"access_token":"a b","token_type":"Bearer"}"#), FetchFailure::Document),
        (Reply::status(401), FetchFailure::Rejected),
        (Reply::status(400), FetchFailure::Refused),
        (Reply::status(503), FetchFailure::Status),
    ] {
        let server = Server::saying(reply.clone());
        let renewer = TokenRenewer::client_credentials(&server.url(), "id", "secret").build().unwrap();
        assert!(renewer.wait_attempts(1, PATIENCE));
        assert_eq!(renewer.status().last_error.unwrap().failure(), failure, "{reply:?}");
    }
    let error = TokenRenewer::client_credentials("http://idp.example/", "id", "secret").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn any_function_is_a_source_and_its_panic_is_a_failure() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let renewer = TokenRenewer::source("vault", move || match counted.fetch_add(1, Ordering::SeqCst) {
        0 => panic!("a bug of the program"),
        1 => Err(FetchError::new(FetchFailure::Other, "not yet")),
        _ => Ok(NewToken::new("opaque")?.expires_in(Duration::from_secs(600))),
    })
    .build()
    .unwrap();
    assert_eq!(renewer.token().unwrap().authorization(), "Bearer opaque");
    let status = renewer.status();
    assert_eq!((status.source.as_str(), status.attempts, status.retries), ("vault", 3, 2));
}

#[test]
fn a_program_can_bring_its_own_transport_for_logins_too() {
    let renewer = TokenRenewer::client_credentials("https://idp.example/token", "id", "secret")
        .transport(|request: &bouncer_verify::HttpRequest<'_>| {
            assert_eq!((request.method(), request.url()), ("POST", "https://idp.example/token"));
            assert_eq!(request.body(), Some(&b"grant_type=client_credentials"[..]));
            let body = br#"{"access_token":"mine","token_type":"Bearer"}"#;
            Ok(bouncer_verify::HttpResponse::new(200, [], body.to_vec()))
        })
        .build()
        .unwrap();
    assert_eq!(renewer.token().unwrap().as_str(), "mine");
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    let observed = TokenRenewer::source("test", || NewToken::new("t"))
        .observer(move |status| {
            assert_eq!(status.generation, 1);
            counted.fetch_add(1, Ordering::SeqCst);
        })
        .build()
        .unwrap();
    observed.wait_ready(PATIENCE).unwrap();
    until("it is observed", || seen.load(Ordering::SeqCst) == 1);
}
