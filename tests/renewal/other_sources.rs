//! OAuth 2.0 client credentials and custom sources of tokens.

use crate::iam::{foreign_token, now};
use crate::server::{Reply, Server};
use crate::{TIMEOUT, until};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bouncer_verify::{ErrorKind, FetchError, FetchFailure, NewToken, TokenRenewer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn a_client_credentials_request_follows_rfc_6749() {
    let server =
        Server::saying(Reply::json(r#"{"access_token":"opaque","token_type":"bearer","expires_in":3600}"#));
    let renewer = TokenRenewer::client_credentials(&server.url(), "my client")
        .client_secret("s:cret/é")
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
    // The base64 encoding of "my+client:s%3Acret%2F%C3%A9".
    assert_eq!(request.header("authorization"), Some("Basic bXkrY2xpZW50OnMlM0FjcmV0JTJGJUMzJUE5"));
}

#[test]
fn a_response_without_a_valid_token_is_a_failure() {
    for (reply, failure) in [
        (Reply::json(r#"{"access_token":"a","token_type":"a b"}"#), FetchFailure::Document),
        (Reply::json(r#"{"access_token":"a","expires_in":"soon"}"#), FetchFailure::Document),
        (Reply::json(r#"{"token_type":"Bearer"}"#), FetchFailure::Document),
        (Reply::json(r#"{"access_token":"a b","token_type":"Bearer"}"#), FetchFailure::Document),
        (Reply::status(401), FetchFailure::Rejected),
        (Reply::status(400), FetchFailure::Refused),
        (Reply::status(503), FetchFailure::Status),
    ] {
        let server = Server::saying(reply.clone());
        let renewer =
            TokenRenewer::client_credentials(&server.url(), "id").client_secret("secret").build().unwrap();
        assert!(renewer.wait_attempts(1, TIMEOUT));
        assert_eq!(renewer.status().last_error.unwrap().failure(), failure, "{reply:?}");
    }
    let error = TokenRenewer::client_credentials("http://idp.example/", "id")
        .client_secret("secret")
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn a_closure_can_be_a_token_source_and_its_panic_is_a_failure() {
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
fn a_program_can_use_its_own_transport_for_logins() {
    let renewer = TokenRenewer::client_credentials("https://idp.example/token", "id")
        .client_secret("secret")
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
    observed.wait_ready(TIMEOUT).unwrap();
    until("the login is observed", || seen.load(Ordering::SeqCst) == 1);
}

#[test]
fn the_authorization_scheme_is_the_token_type_of_the_response() {
    for (token_type, authorization) in [
        (r#""token_type":"Bearer","#, "Bearer opaque"),
        (r#""token_type":"BEARER","#, "Bearer opaque"),
        (r#""token_type":null,"#, "Bearer opaque"),
        (r#""type":"Bearer","#, "Bearer opaque"),
        ("", "Bearer opaque"),
        (r#""token_type":"BearerToken","#, "BearerToken opaque"),
        (r#""token_type":"DPoP","#, "DPoP opaque"),
    ] {
        let response = format!(r#"{{{token_type}"access_token":"opaque","expires_in":"1799"}}"#);
        let server = Server::saying(Reply::json(response));
        let client = || TokenRenewer::client_credentials(&server.url(), "id").client_secret("secret");
        let token = client().build().unwrap().token().unwrap();
        assert_eq!((token.as_str(), token.authorization()), ("opaque", authorization));
        // A scheme that the program sets has priority.
        let token = client().bearer().build().unwrap().token().unwrap();
        assert_eq!((token.as_str(), token.authorization()), ("opaque", "Bearer opaque"));
        let token = client().dcos_header().build().unwrap().token().unwrap();
        assert_eq!(token.authorization(), "token=opaque");
    }
}

#[test]
fn without_a_positive_expires_in_the_lifetime_comes_from_the_token() {
    for expires_in in ["-1", "0", "\"-1\"", "null"] {
        let response =
            |token: &str| Reply::json(format!(r#"{{"access_token":"{token}","expires_in":{expires_in}}}"#));
        let server = Server::saying(response("opaque"));
        let renewer =
            TokenRenewer::client_credentials(&server.url(), "id").client_secret("secret").build().unwrap();
        assert!(renewer.wait_attempts(1, TIMEOUT));
        let status = renewer.status();
        assert_eq!((status.state.as_str(), status.expires_in), ("valid", None), "{expires_in}");
        server.say(response(&foreign_token(now() + 600)));
        renewer.renew(TIMEOUT).unwrap();
        let life = renewer.status().expires_in.unwrap().as_secs();
        assert!((590..=600).contains(&life), "{expires_in}: {life}");
        assert_eq!(server.count(), 2);
    }
}

#[test]
fn the_lifetime_comes_from_exp_and_the_issuers_clock_only() {
    for claims in ["\"aud\":null,", "\"nbf\":null,", "\"sub\":7,", "\"iat\":\"soon\",", ""] {
        for skew in [0, 3600, -3600] {
            let issuers_now = now() + skew;
            let payload = format!("{{{claims}\"exp\":{}}}", issuers_now + 120);
            let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload));
            let date = std::time::UNIX_EPOCH + Duration::from_secs(issuers_now as u64);
            let reply = Reply::json(format!("{{\"access_token\":\"{token}\"}}"));
            let server = Server::saying(reply.with("Date", httpdate::fmt_http_date(date)));
            let renewer = TokenRenewer::client_credentials(&server.url(), "id")
                .client_secret("secret")
                .build()
                .unwrap();
            assert!(renewer.wait_attempts(1, TIMEOUT));
            let status = renewer.status();
            let life = status.expires_in.expect("it expires").as_secs();
            assert!((110..=120).contains(&life), "{claims} {skew}: {life}");
            assert!(status.next_attempt < Duration::from_secs(97), "{claims} {skew}");
        }
    }
}

/// Starts a token endpoint that accepts only this pair of id and secret.
fn server_for(pair: &'static str) -> Server {
    Server::start(move |request| {
        let basic = request.header("authorization").unwrap().strip_prefix("Basic ").unwrap();
        match STANDARD.decode(basic).unwrap() == pair.as_bytes() {
            true => Reply::json(r#"{"access_token":"t","expires_in":3600}"#),
            false => Reply::Answer(401, Vec::new(), br#"{"error":"invalid_client"}"#.to_vec()),
        }
    })
}

#[test]
fn id_and_secret_are_sent_without_encoding_after_a_server_rejected_them_encoded() {
    let login = |server: &Server, secret: &str| {
        TokenRenewer::client_credentials(&server.url(), "my client").client_secret(secret).build().unwrap()
    };
    // The server decodes as in RFC 6749: one request for each login.
    let server = server_for("my+client:s3cr%25t%2F%2B%3A%26");
    let renewer = login(&server, "s3cr%t/+:&");
    renewer.wait_ready(TIMEOUT).unwrap();
    renewer.renew(TIMEOUT).unwrap();
    assert_eq!(server.count(), 2);
    // The server does not decode: the first login takes two requests, later logins one.
    let server = server_for("my client:s3cr%t/+:&");
    let renewer = login(&server, "s3cr%t/+:&");
    renewer.wait_ready(TIMEOUT).unwrap();
    assert_eq!((server.count(), renewer.status().attempts), (2, 1));
    renewer.renew(TIMEOUT).unwrap();
    assert_eq!(server.count(), 3);
    // A wrong secret is sent at most twice in an attempt, and once if the encoding does not change
    // it.
    let renewer = login(&server, "wrong");
    assert_eq!(renewer.wait_ready(TIMEOUT).unwrap_err().kind(), ErrorKind::LoginRejected);
    for _ in 0..1000 {
        assert!(renewer.token().is_err());
    }
    assert_eq!(server.count(), 5);
    let plain = TokenRenewer::client_credentials(&server.url(), "id").client_secret("wrong").build().unwrap();
    assert!(plain.wait_ready(TIMEOUT).is_err());
    assert_eq!(server.count(), 6);
    // After a success, a rejected request is not repeated.
    let server = server_for("my+client:a%2Fb");
    let renewer = login(&server, "a/b");
    renewer.wait_ready(TIMEOUT).unwrap();
    server.say(Reply::status(401));
    assert_eq!(renewer.renew(TIMEOUT).unwrap_err().failure(), FetchFailure::Rejected);
    assert_eq!(server.count(), 2);
}

#[test]
fn a_client_secret_with_a_trailing_line_end_is_rejected_by_build() {
    let server = Server::saying(Reply::json("{}"));
    for (id, secret, why) in [
        ("id", "secret\n", "client_secret ends with a line end"),
        ("id", "secret\r\n", "client_secret ends with a line end"),
        ("id\n", "secret", "client_id ends with a line end"),
        ("", "secret", "client_id is empty"),
    ] {
        let error =
            TokenRenewer::client_credentials(&server.url(), id).client_secret(secret).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(why), "{error}");
    }
    assert_eq!(server.count(), 0);
}

#[test]
fn the_error_for_a_rejected_login_contains_its_error_code_but_no_other_text_of_the_response() {
    for (status, body, kind, text) in [
        (
            400,
            r#"{"error":"invalid_client","error_description":"hidden"}"#,
            ErrorKind::LoginRejected,
            "HTTP 400, invalid_client: check client_id, client_secret and auth_method",
        ),
        (
            401,
            r#"{"error":"invalid_client","error_uri":"hidden"}"#,
            ErrorKind::LoginRejected,
            "HTTP 401, invalid_client: check client_id, client_secret and auth_method",
        ),
        (
            400,
            r#"{"error":"invalid_scope"}"#,
            ErrorKind::LoginRejected,
            "HTTP 400, invalid_scope: check the URL, the grant and the parameters",
        ),
        (
            400,
            r#"{"error":"unauthorized_client"}"#,
            ErrorKind::LoginRejected,
            "HTTP 400, unauthorized_client",
        ),
        (400, r#"{"error":"hidden"}"#, ErrorKind::LoginRejected, "HTTP 400: check"),
        (404, "<html>hidden</html>", ErrorKind::LoginRejected, "HTTP 404: check the URL"),
        (
            503,
            r#"{"error":"temporarily_unavailable"}"#,
            ErrorKind::LoginUnavailable,
            "HTTP 503, temporarily_unavailable",
        ),
        (
            200,
            r#"{"error":"invalid_grant"}"#,
            ErrorKind::LoginUnavailable,
            "has no \"access_token\", but the error invalid_grant",
        ),
        (200, "<html>hidden</html>", ErrorKind::LoginUnavailable, "HTML"),
    ] {
        let server = Server::saying(Reply::Answer(status, Vec::new(), body.into()));
        let client = TokenRenewer::client_credentials(&server.url(), "id").client_secret("secret");
        let renewer = client.max_wait(Duration::ZERO).build().unwrap();
        assert!(renewer.wait_attempts(1, TIMEOUT));
        let error = renewer.token().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(text) && !error.to_string().contains("hidden"), "{error}");
        assert!(error.to_string().contains(&server.url()), "{error}");
    }
}
