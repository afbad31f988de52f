//! How an OAuth 2.0 client authenticates at the token endpoint.

use crate::TIMEOUT;
use crate::authority::{Authority, clients_of, server_config, tomorrow};
use crate::iam::now;
use crate::server::{Reply, Request, Server};
use crate::signer::Key;
use bouncer_verify::{
    AuthMethod, ErrorKind, FetchFailure, Jwk, JwkSet, Policy, TokenRenewer, TokenRenewerBuilder, verify_token,
};
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

fn success() -> Reply {
    Reply::json(r#"{"access_token":"t","expires_in":3600}"#)
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("renewal-auth-{name}"));
    fs::write(&path, text).unwrap();
    path
}

fn pem(key: &str) -> String {
    fs::read_to_string(format!("{}/tests/data/keys/{key}.pem", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Returns the decoded parameters of a form.
fn form(request: &Request) -> HashMap<String, String> {
    let decoded = |text: &str| {
        let mut bytes = text.bytes();
        let mut out = Vec::new();
        while let Some(byte) = bytes.next() {
            out.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                byte => byte,
            });
        }
        String::from_utf8(out).unwrap()
    };
    let body = String::from_utf8(request.body.clone()).unwrap();
    body.split('&').map(|pair| pair.split_once('=').unwrap()).map(|(n, v)| (decoded(n), decoded(v))).collect()
}

fn client(server: &Server) -> TokenRenewerBuilder {
    TokenRenewer::client_credentials(&server.url(), "my client").parameter("scope", "read")
}

#[test]
fn client_secret_post_sends_id_and_secret_in_the_body_and_rereads_the_secret_file() {
    let server = Server::saying(success());
    let renewer = client(&server).auth_method(AuthMethod::ClientSecretPost).client_secret("s:cret/é&");
    renewer.build().unwrap().wait_ready(TIMEOUT).unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.header("authorization"), None);
    let expected = [
        ("grant_type", "client_credentials"),
        ("scope", "read"),
        ("client_id", "my client"),
        ("client_secret", "s:cret/é&"),
    ];
    assert_eq!(
        form(request),
        HashMap::from(expected.map(|(name, value)| (name.to_owned(), value.to_owned())))
    );

    let path = file("secret", "\u{feff}first\r\n");
    let renewer = client(&server).auth_method(AuthMethod::ClientSecretPost).client_secret_file(&path);
    let renewer = renewer.build().unwrap();
    renewer.wait_ready(TIMEOUT).unwrap();
    fs::write(&path, "second").unwrap();
    renewer.renew(TIMEOUT).unwrap();
    let sent: Vec<_> =
        server.requests()[1..].iter().map(|request| form(request)["client_secret"].clone()).collect();
    assert_eq!(sent, ["first", "second"]);
    fs::remove_file(&path).unwrap();
    let error = renewer.renew(TIMEOUT).unwrap_err();
    assert_eq!(error.failure(), FetchFailure::Credentials);
    let expected = format!("client_secret_file {}: cannot be read: ", path.display());
    assert!(error.detail().starts_with(&expected), "{error}");
    assert_eq!(server.count(), 3);
}

/// Returns true if a server accepts the assertion in `request`. `now` is the time of the server's
/// clock. The server verifies with this library and `Policy::for_issuer`.
fn is_valid_assertion(request: &Request, url: &str, key: &str, now: i64) -> bool {
    let jwks = JwkSet::from_keys([Jwk::from_der(&Key::load(key).public_der()).unwrap()]).unwrap();
    let algorithm = if key.starts_with("rsa") { "RS256" } else { "ES256" };
    let policy = Policy::for_issuer("my client", url).algorithms([algorithm.parse().unwrap()]).time(now);
    let form = form(request);
    assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert_eq!((form["client_id"].as_str(), request.header("authorization")), ("my client", None));
    match verify_token(&jwks, &policy, &form["client_assertion"]) {
        Ok(token) => {
            let claims: serde_json::Value = token.claims().unwrap();
            assert_eq!(claims["sub"], "my client");
            assert!(claims["jti"].is_string());
            // The server rejects an assertion that is valid for much longer than a minute.
            claims["exp"].as_i64().unwrap() <= now + 90
        }
        Err(_) => false,
    }
}

#[test]
fn private_key_jwt_signs_a_new_assertion_for_each_login() {
    for (key, kid) in [("rsa-2048-a", None), ("p256-a", Some("key-7"))] {
        let server = Server::saying(success());
        let path = file("private-key.pem", &pem(key));
        let builder = client(&server).auth_method(AuthMethod::PrivateKeyJwt).private_key_file(&path);
        let builder = if let Some(kid) = kid { builder.private_key_id(kid) } else { builder };
        let renewer = builder.build().unwrap();
        renewer.wait_ready(TIMEOUT).unwrap();
        renewer.renew(TIMEOUT).unwrap();
        let requests = server.requests();
        let assertions: Vec<_> =
            requests.iter().map(|request| form(request)["client_assertion"].clone()).collect();
        assert_eq!(assertions.len(), 2);
        assert_ne!(assertions[0], assertions[1], "jti makes each assertion unique");
        for request in &requests {
            assert!(is_valid_assertion(request, &server.url(), key, now()), "{key}");
            assert!(!is_valid_assertion(request, &server.url(), key, now() + 61), "it expires after 60 s");
            assert!(!is_valid_assertion(request, "https://other.example/", key, now()));
        }
        let jwks = JwkSet::from_keys([Jwk::from_der(&Key::load(key).public_der()).unwrap()]).unwrap();
        let algorithm = if key.starts_with("rsa") { "RS256" } else { "ES256" };
        let policy = Policy::for_issuer("my client", &server.url()).algorithms([algorithm.parse().unwrap()]);
        let token = verify_token(&jwks, &policy, &assertions[0]).unwrap();
        let kid = kid.map_or(String::new(), |kid| format!(r#","kid":"{kid}""#));
        assert_eq!(token.header(), format!(r#"{{"typ":"JWT","alg":"{algorithm}"{kid}}}"#));
    }
}

#[test]
fn after_one_rejection_assertions_use_the_time_of_the_servers_clock() {
    for skew in [3600, -3600] {
        let server = Server::start(|_| success());
        let url = server.url();
        server.behave(move |request| {
            let its_now = now() + skew;
            let date = SystemTime::UNIX_EPOCH + Duration::from_secs(its_now as u64);
            let reply = match is_valid_assertion(request, &url, "p256-a", its_now) {
                true => success(),
                false => Reply::Answer(401, Vec::new(), br#"{"error":"invalid_client"}"#.to_vec()),
            };
            reply.with("Date", httpdate::fmt_http_date(date))
        });
        let renewer = client(&server).auth_method(AuthMethod::PrivateKeyJwt).private_key(&pem("p256-a"));
        let renewer = renewer.build().unwrap();
        renewer.wait_ready(TIMEOUT).unwrap();
        renewer.renew(TIMEOUT).unwrap();
        // If this machine's clock is behind, the server sees an expired assertion. If this
        // machine's clock is ahead, the assertion is valid for too long. So the first login takes
        // two requests.
        assert_eq!((server.count(), renewer.status().failures), (3, 0), "{skew}");
    }
}

#[test]
fn the_error_for_a_rejected_client_contains_what_to_check() {
    let server = Server::saying(Reply::Answer(400, Vec::new(), br#"{"error":"invalid_client"}"#.to_vec()));
    let basic = client(&server).client_secret("secret");
    let post = client(&server).client_secret("secret").auth_method(AuthMethod::ClientSecretPost);
    let jwt = client(&server).private_key(&pem("rsa-2048-a")).auth_method(AuthMethod::PrivateKeyJwt);
    for (renewer, expected) in [
        (basic, "HTTP 400, invalid_client: check client_id, client_secret and auth_method"),
        (post, "HTTP 400, invalid_client: check client_id, client_secret and auth_method"),
        (
            jwt,
            "HTTP 400, invalid_client: check client_id, and that the server has the public key of private_key",
        ),
    ] {
        let renewer = renewer.lazy().build().unwrap();
        let error = renewer.renew(TIMEOUT).unwrap_err();
        assert_eq!((error.failure(), error.detail()), (FetchFailure::Rejected, expected));
    }
}

#[test]
fn unusable_settings_are_rejected_by_build() {
    let server = Server::saying(success());
    let key = file("unusable.pem", "secret");
    let missing = "/nonexistent/secret";
    for (renewer, kind, expected) in [
        (
            client(&server),
            ErrorKind::InvalidArgument,
            "auth_method client_secret_basic needs client_secret or client_secret_file".to_owned(),
        ),
        (
            client(&server).auth_method(AuthMethod::TlsClientAuth),
            ErrorKind::InvalidArgument,
            "auth_method tls_client_auth needs client_certificate_file".to_owned(),
        ),
        (
            client(&server).auth_method(AuthMethod::PrivateKeyJwt).private_key_file(&key),
            ErrorKind::UnusableCredentials,
            format!("private_key_file {}: the private key is not in PEM", key.display()),
        ),
        (
            client(&server).client_secret_file(missing),
            ErrorKind::UnusableCredentials,
            format!("client_secret_file {missing}: cannot be read: No such file or directory (os error 2)"),
        ),
        (
            TokenRenewer::source("vault", || unreachable!()).auth_method(AuthMethod::ClientSecretPost),
            ErrorKind::InvalidArgument,
            "auth_method can only be set for client credentials".to_owned(),
        ),
    ] {
        let error = renewer.lazy().build().unwrap_err();
        assert_eq!((error.kind(), error.detail()), (kind, expected.as_str()));
    }
    assert_eq!(server.count(), 0);
}

#[test]
fn tls_client_auth_sends_the_id_and_presents_the_certificate() {
    let (own, clients) = (Authority::new(), Authority::new());
    let (certificate, key) = own.certificate("localhost", tomorrow());
    let server =
        Server::start_tls(server_config(certificate, &key, Some(clients_of(&clients))), |_| success());
    let (certificate, key) = clients.client();
    let (certificate, key) = (file("client.pem", &certificate), file("client-key.pem", &key));
    let renewer = client(&server)
        .auth_method(AuthMethod::TlsClientAuth)
        .ca_file(own.file("auth-method"))
        .client_certificate_file(certificate)
        .client_key_file(key)
        .build()
        .unwrap();
    assert_eq!(renewer.token().unwrap().as_str(), "t");
    let request = &server.requests()[0];
    assert_eq!(request.header("authorization"), None);
    let sent = form(request);
    assert_eq!((sent.len(), sent["client_id"].as_str()), (3, "my client"));
}

#[test]
fn auth_methods_have_their_registered_names() {
    let names: Vec<_> = AuthMethod::ALL.iter().map(|method| method.as_str()).collect();
    assert_eq!(names, ["client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth"]);
    assert_eq!(AuthMethod::default(), AuthMethod::ClientSecretBasic);
}
