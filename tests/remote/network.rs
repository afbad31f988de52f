//! Proxies, content encodings, redirects and unusual servers.

use crate::server::{Reply, Server};
use crate::{TIMEOUT, builder, jwks, token};
use bouncer_verify::{FetchError, FetchFailure, Policy, RemoteJwkSet, TokenRenewer, Verifier};
use flate2::Compression;
use flate2::read::GzEncoder;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

fn body() -> String {
    jwks(&[("rsa-2048-a", "a")])
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzEncoder::new(text, Compression::best()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Fetches the keys from a server that sends `reply`. If that succeeds, checks that a token
/// verifies.
fn fetched(reply: Reply) -> Result<(), FetchError> {
    let server = Server::saying(reply);
    let keys = builder(&server).lazy().build().unwrap();
    keys.refresh(TIMEOUT)?;
    let verifier = Verifier::new(keys, Policy::dcos());
    assert!(verifier.verify(token("rsa-2048-a", Some("a"))).is_ok());
    Ok(())
}

#[test]
fn plain_and_compressed_responses_are_decoded() {
    let marked = format!("\u{feff}{}", body());
    for reply in [
        Reply::json(body()),
        Reply::Answer(203, Vec::new(), body().into()),
        Reply::json(marked.clone()),
        Reply::json(gzip(body().as_bytes())).with("Content-Encoding", "gzip"),
        Reply::json(gzip(marked.as_bytes())).with("Content-Encoding", "x-gzip"),
        Reply::json(body()).with("Content-Encoding", ""),
        Reply::json(body()).with("Content-Encoding", "identity"),
        Reply::json(body()).with("Content-Encoding", "none"),
        Reply::json(body()).with("Content-Encoding", "utf-8"),
    ] {
        assert_eq!(fetched(reply.clone()), Ok(()), "{reply:?}");
    }
    let server = Server::saying(Reply::json(body()));
    builder(&server).build().unwrap().wait_ready(TIMEOUT).unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.header("accept-encoding"), Some("identity"));
    assert_eq!(request.header("accept"), Some("application/jwk-set+json, application/json"));
}

#[test]
fn a_login_response_is_decompressed_too() {
    for body in [
        gzip(br#"{"access_token":"abc","token_type":"Bearer"}"#),
        gzip(b"\xef\xbb\xbf{\"access_token\":\"abc\",\"token_type\":\"Bearer\"}"),
    ] {
        let server = Server::saying(Reply::json(body).with("Content-Encoding", "gzip"));
        let renewer =
            TokenRenewer::client_credentials(&server.url(), "me").client_secret("secret").build().unwrap();
        assert_eq!(renewer.token().unwrap().authorization(), "Bearer abc");
        assert_eq!(server.requests()[0].header("accept-encoding"), Some("identity"));
    }
}

#[test]
fn the_error_for_an_unusable_response_contains_the_cause() {
    let bomb = gzip(&vec![b' '; 20 << 20]);
    assert!(bomb.len() < 64 << 10);
    for (reply, failure, expected) in [
        (
            Reply::json(body()).with("Content-Encoding", "br"),
            FetchFailure::Protocol,
            "invalid HTTP response: unsupported Content-Encoding br (only gzip and deflate are decoded)",
        ),
        (
            Reply::json(bomb).with("Content-Encoding", "gzip"),
            FetchFailure::TooLarge,
            "too large: the body is larger than max_document_len, 1048576 bytes",
        ),
        (
            Reply::Flood("HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n", 1 << 20),
            FetchFailure::TooLarge,
            "too large: the body has 104857600 bytes, but max_document_len is 1048576",
        ),
        (
            Reply::Flood("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 10 << 20),
            FetchFailure::TooLarge,
            "too large: the body is larger than max_document_len, 1048576 bytes",
        ),
        (
            Reply::Answer(200, vec![("Content-Type", "text/html".into())], b"\n<html>secret".to_vec()),
            FetchFailure::Document,
            "unusable document: the response is HTML or XML, not JSON (Content-Type: text/html): check the URL",
        ),
        (
            Reply::Answer(200, Vec::new(), b"oops".to_vec()),
            FetchFailure::Document,
            "unusable document: the response is not JSON: check the URL",
        ),
        (Reply::status(503), FetchFailure::Status, "unexpected status: HTTP 503"),
        (
            Reply::status(404).with("Content-Encoding", "br"),
            FetchFailure::Status,
            "unexpected status: HTTP 404: check the URL",
        ),
    ] {
        let server = Server::saying(reply);
        let keys = builder(&server).lazy().build().unwrap();
        let error = keys.refresh(TIMEOUT).unwrap_err();
        assert_eq!((error.failure(), error.to_string().as_str()), (failure, expected));
        // current() and wait_ready() return the same error.
        let unavailable = format!("no keys are available: keys of {}: {expected}", server.url());
        assert_eq!(keys.current().unwrap_err().to_string(), unavailable);
        assert_eq!(keys.wait_ready(Duration::ZERO).unwrap_err().to_string(), unavailable);
    }
}

#[test]
fn the_error_for_a_server_of_another_protocol_says_that_the_response_is_not_http() {
    for greeting in
        ["SSH-2.0-OpenSSH_9.6\r\n\r\n", "220 mail.example ESMTP ready\r\n\r\n", "\u{1}\u{2}\r\n\r\n"]
    {
        let error = fetched(Reply::Bytes(greeting.into())).unwrap_err();
        assert_eq!(error.failure(), FetchFailure::Protocol, "{greeting:?}");
        let start = "the response is not HTTP: check the URL's port (";
        assert!(error.detail().starts_with(start), "{error}");
        assert!(!error.detail().contains("parse fail") && !error.detail().contains("example"), "{error}");
    }
}

#[test]
fn the_error_for_a_redirect_contains_its_target() {
    for (location, expected) in [
        ("/jwks/?secret=1", "to ORIGIN/jwks/ (the same origin): set same_origin_redirects to follow it"),
        (
            "https://idp.example/jwks?secret=1",
            "to https://idp.example/jwks (another origin): configure this URL",
        ),
        ("//idp.example:8/", "to http://idp.example:8/ (another origin): configure this URL"),
        ("file:///etc/passwd", "the Location is not an http or https URL"),
    ] {
        let server = Server::saying(Reply::status(302).with("Location", location));
        let error = builder(&server).lazy().build().unwrap().refresh(TIMEOUT).unwrap_err();
        assert_eq!(
            (error.failure(), error.detail()),
            (FetchFailure::Redirect, &*expected.replace("ORIGIN", &server.origin))
        );
    }
    let server = Server::saying(Reply::status(302).with("Location", "/jwks"));
    let keys = builder(&server).lazy().same_origin_redirects().build().unwrap();
    assert_eq!(
        keys.refresh(TIMEOUT).unwrap_err().to_string(),
        "redirect not followed: more than 3 redirects: is there a redirect loop?"
    );
    assert_eq!(server.count(), 4);
}

#[test]
fn a_redirect_is_resolved_before_its_origin_is_compared() {
    for location in
        ["?v=2", "../set", "../../../set", "./set", "set", "/set#top", "//HOST/set", "http://HOST/a/../set"]
    {
        let server = Server::saying(Reply::status(500));
        let location = location.replace("HOST", server.origin.trim_start_matches("http://"));
        server.behave(move |request| match request.path.as_str() {
            "/a/b/jwks" => Reply::status(302).with("Location", location.clone()),
            _ => Reply::json(body()),
        });
        let url = format!("{}/a/b/jwks", server.origin);
        let keys = RemoteJwkSet::builder(&url).lazy().same_origin_redirects().build().unwrap();
        assert_eq!(keys.refresh(TIMEOUT), Ok(()));
        assert_eq!(server.count(), 2);
    }
}

/// Starts a proxy that connects every CONNECT request to `port` on this machine. Returns the URL of
/// the proxy.
fn tunnel_to(port: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let mut reader = BufReader::new(client.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|read| read > 0) {}
            assert!(head.starts_with("CONNECT idp.invalid:443 HTTP/1.1\r\n"), "{head}");
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            (&client).write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            for (mut from, mut to) in
                [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
            {
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
            }
        }
    });
    origin
}

#[test]
fn https_uses_a_proxy_tunnel_and_verifies_the_servers_certificate() {
    let authority = crate::authority::Authority::new();
    let config = authority.server("idp.invalid", crate::authority::tomorrow());
    let server = Server::start_tls(config, |_| Reply::json(body()));
    let proxy = tunnel_to(server.port());
    let file = authority.file("tunnel");
    let keys = RemoteJwkSet::builder("https://idp.invalid/jwks").ca_file(&file).proxy(&proxy).lazy();
    let keys = keys.build().unwrap();
    assert_eq!(keys.refresh(TIMEOUT), Ok(()));
    assert_eq!(server.requests()[0].path, "/jwks");

    // This server's certificate is for another host, so it is rejected.
    let other = Server::start_tls(authority.server("other.invalid", crate::authority::tomorrow()), |_| {
        Reply::json(body())
    });
    let proxy = tunnel_to(other.port());
    let keys = RemoteJwkSet::builder("https://idp.invalid/jwks").ca_file(&file).proxy(&proxy).lazy();
    let error = keys.build().unwrap().refresh(TIMEOUT).unwrap_err();
    assert_eq!(error.failure(), FetchFailure::Tls);
    let why = "(from the proxy setting): the server's certificate is not for idp.invalid, but for other.invalid: check the URL";
    assert!(error.detail().ends_with(why), "{error}");
    assert_eq!(other.count(), 0);
}

#[test]
fn http_requests_are_sent_to_the_proxy_in_absolute_form() {
    let proxy = Server::saying(Reply::json(body()));
    let url = proxy.origin.replace("//", "//me:p%40ss@");
    let keys = RemoteJwkSet::builder("http://idp.invalid:81/jwks?a=b").allow_http().proxy(&url).lazy();
    assert_eq!(keys.build().unwrap().refresh(TIMEOUT), Ok(()));
    let request = &proxy.requests()[0];
    assert_eq!(request.path, "http://idp.invalid:81/jwks?a=b");
    assert_eq!(request.header("host"), Some("idp.invalid:81"));
    assert_eq!(request.header("proxy-authorization"), Some("Basic bWU6cEBzcw=="));

    // A login goes through the proxy too, with an unchanged body.
    proxy.say(Reply::json(r#"{"access_token":"abc","token_type":"Bearer"}"#));
    let renewer = TokenRenewer::client_credentials("http://idp.invalid/token", "me").client_secret("secret");
    let renewer = renewer.allow_http().proxy(&proxy.origin).build().unwrap();
    assert_eq!(renewer.token().unwrap().authorization(), "Bearer abc");
    let request = &proxy.requests()[1];
    assert_eq!(
        (request.path.as_str(), &request.body[..]),
        ("http://idp.invalid/token", &b"grant_type=client_credentials"[..])
    );
    assert_eq!(request.header("proxy-authorization"), None);

    // The connection to the proxy may use TLS.
    let authority = crate::authority::Authority::new();
    let config = authority.server("localhost", crate::authority::tomorrow());
    let proxy = Server::start_tls(config, |_| Reply::json(body()));
    let keys = RemoteJwkSet::builder("http://idp.invalid/jwks").allow_http().proxy(&proxy.origin).lazy();
    let keys = keys.ca_file(authority.file("proxy")).build().unwrap();
    assert_eq!(keys.refresh(TIMEOUT), Ok(()));
    assert_eq!(proxy.requests()[0].path, "http://idp.invalid/jwks");
}

#[test]
fn the_proxy_handshake_is_limited_by_timeout_and_not_by_connect_timeout() {
    // The proxy responds after 2.5 s, and connect_timeout is 2 s.
    let slow = Server::saying(Reply::status(502).late(Duration::from_millis(2500)));
    let keys = RemoteJwkSet::builder("https://idp.invalid/jwks").proxy(&slow.origin).lazy().build().unwrap();
    let error = keys.refresh(TIMEOUT).unwrap_err();
    assert_eq!(error.failure(), FetchFailure::Connect);
    let start =
        format!("through the proxy {} (from the proxy setting): ", slow.origin.trim_start_matches("http://"));
    assert!(error.detail().starts_with(&start) && error.detail().ends_with(" 502"), "{error}");

    // A proxy that sends one byte at a time does not extend the timeout.
    let drip = Reply::Drip(b"HTTP/1.1 200 OK\r\nX: ".repeat(100), Duration::from_millis(100));
    for reply in [Reply::Hang, drip] {
        let proxy = Server::saying(reply);
        let keys = RemoteJwkSet::builder("https://idp.invalid/jwks").proxy(&proxy.origin).lazy();
        let keys = keys.timeout(Duration::from_secs(1)).build().unwrap();
        let start = Instant::now();
        assert_eq!(keys.refresh(TIMEOUT).unwrap_err().failure(), FetchFailure::Timeout);
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }
}

/// Runs the test `name` of this file in a new process. The environment of the process contains
/// `variables`, and BOUNCER_TEST_ROLE with the value `role`.
fn in_environment(name: &str, role: &str, variables: &[(&str, &str)]) {
    let mut test = Command::new(std::env::current_exe().unwrap());
    for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "REQUEST_METHOD"] {
        test.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    test.args(["--exact", &format!("network::{name}"), "--test-threads=1"]);
    test.env("BOUNCER_TEST_ROLE", role).envs(variables.iter().copied());
    let output = test.output().unwrap();
    assert!(output.status.success(), "{variables:?}\n{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_environment_selects_the_proxy_for_each_url() {
    const NAME: &str = "the_environment_selects_the_proxy_for_each_url";
    if let Ok(role) = std::env::var("BOUNCER_TEST_ROLE") {
        let (url, expected) = role.split_once(' ').unwrap();
        let timeout = Duration::from_millis(500);
        let keys = RemoteJwkSet::builder(url).allow_http().timeout(timeout).lazy().build();
        match expected.strip_prefix("rejected: ") {
            Some(why) => {
                let error = keys.unwrap_err();
                assert_eq!(error.kind(), bouncer_verify::ErrorKind::InvalidArgument);
                assert!(error.detail().starts_with(why), "{error}");
                assert!(!error.to_string().contains("secret"), "{error}");
                let without = RemoteJwkSet::builder(url).allow_http().no_proxy().lazy();
                assert!(without.build().is_ok());
            }
            None => drop(keys.unwrap().refresh(TIMEOUT)),
        }
        return;
    }
    let proxy = Server::saying(Reply::json(body()));
    let server = Server::saying(Reply::json(body()));
    let own = proxy.origin.as_str();
    let spaced = format!(" {own}\n");
    let bare = own.trim_start_matches("http://");
    // Names in .invalid never resolve, so only the proxy can receive requests for them.
    let local = server.url();
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);
    let cases: &[Case<'_>] = &[
        (&[("HTTP_PROXY", own)], "http://idp.invalid/", "proxy"),
        (&[("HTTP_PROXY", &spaced)], "http://idp.invalid/", "proxy"),
        (&[("HTTP_PROXY", bare)], "http://idp.invalid/", "proxy"),
        (&[("HTTPS_PROXY", own)], "https://idp.invalid/", "proxy"),
        (&[("ALL_PROXY", own)], "https://idp.invalid/", "proxy"),
        (&[("http_proxy", own), ("HTTP_PROXY", "http://127.0.0.1:1")], "http://idp.invalid/", "proxy"),
        (&[("HTTP_PROXY", own), ("ALL_PROXY", "socks5://127.0.0.1:1")], "http://idp.invalid/", "proxy"),
        (&[("HTTP_PROXY", own)], "https://idp.invalid/", "direct"),
        (&[("HTTPS_PROXY", own)], "http://idp.invalid/", "direct"),
        (&[("HTTP_PROXY", own), ("REQUEST_METHOD", "GET")], "http://idp.invalid/", "direct"),
        (&[("HTTP_PROXY", own), ("NO_PROXY", "idp.invalid:80")], "http://idp.invalid/", "direct"),
        (&[("HTTP_PROXY", own), ("NO_PROXY", "a invalid")], "http://idp.invalid/", "direct"),
        (&[("HTTP_PROXY", own), ("no_proxy", "*")], "http://idp.invalid/", "direct"),
        (
            &[("ALL_PROXY", "socks5h://127.0.0.1:1"), ("NO_PROXY", "idp.invalid")],
            "https://idp.invalid/",
            "direct",
        ),
        (&[("ALL_PROXY", "socks5h://127.0.0.1:1")], &local, "direct"),
        (&[("ALL_PROXY", own)], &local, "direct"),
        (
            &[("ALL_PROXY", "socks5://me:secret@127.0.0.1:1")],
            "https://idp.invalid/",
            "rejected: ALL_PROXY names a SOCKS proxy",
        ),
        (
            &[("https_proxy", "ftp://me:secret@127.0.0.1:1")],
            "https://idp.invalid/",
            "rejected: https_proxy has a scheme other than http and https",
        ),
    ];
    for (environment, url, expected) in cases {
        let before = proxy.count();
        in_environment(NAME, &format!("{url} {expected}"), environment);
        assert_eq!(proxy.count() > before, *expected == "proxy", "{environment:?} {url}");
    }
    assert_eq!(server.count(), 2);
}

#[test]
fn each_key_set_reads_the_environment_once_when_it_is_built() {
    const NAME: &str = "each_key_set_reads_the_environment_once_when_it_is_built";
    let authority = crate::authority::Authority::new();
    let config = authority.server("localhost", crate::authority::tomorrow());
    if let Ok(url) = std::env::var("BOUNCER_TEST_ROLE") {
        let early = RemoteJwkSet::builder(&url).lazy().build().unwrap();
        let proxied = RemoteJwkSet::builder("http://idp.invalid/").allow_http().lazy().build().unwrap();
        let proxy = std::env::var("NEXT_PROXY").unwrap();
        // SAFETY: this process runs one test, and no other thread reads the environment yet.
        #[expect(unsafe_code)]
        unsafe {
            std::env::remove_var("SSL_CERT_FILE");
        }
        // SAFETY: see above: one test, and no other thread reads the environment yet.
        #[expect(unsafe_code)]
        unsafe {
            std::env::set_var("HTTP_PROXY", proxy);
        }
        let late = RemoteJwkSet::builder(&url).lazy().build().unwrap();
        assert_eq!(early.refresh(TIMEOUT), Ok(()));
        let error = late.refresh(TIMEOUT).unwrap_err();
        let why = "TLS failed: no trusted CA signed the server's certificate: set ca_file to its CA";
        assert_eq!((error.failure(), error.to_string().as_str()), (FetchFailure::Tls, why));
        assert!(proxied.refresh(TIMEOUT).is_err());
        return;
    }
    let server = Server::start_tls(config, |_| Reply::json(body()));
    let proxy = Server::saying(Reply::json(body()));
    let file = authority.file("environment");
    let variables = [("SSL_CERT_FILE", file.to_str().unwrap()), ("NEXT_PROXY", proxy.origin.as_str())];
    in_environment(NAME, &server.url(), &variables);
    assert_eq!((server.count(), proxy.count()), (1, 0));
}

#[test]
fn an_unreadable_ssl_cert_file_is_part_of_the_error_for_an_untrusted_server() {
    const NAME: &str = "an_unreadable_ssl_cert_file_is_part_of_the_error_for_an_untrusted_server";
    if let Ok(url) = std::env::var("BOUNCER_TEST_ROLE") {
        let error = RemoteJwkSet::builder(&url).lazy().build().unwrap().refresh(TIMEOUT).unwrap_err();
        let why = "TLS failed: no trusted CA signed the server's certificate: set ca_file to its CA; SSL_CERT_FILE /nonexistent/ca.pem: \
                   No such file or directory (os error 2)";
        assert_eq!((error.failure(), error.to_string().as_str()), (FetchFailure::Tls, why));
        return;
    }
    let authority = crate::authority::Authority::new();
    let config = authority.server("localhost", crate::authority::tomorrow());
    let server = Server::start_tls(config, |_| Reply::json(body()));
    in_environment(NAME, &server.url(), &[("SSL_CERT_FILE", "/nonexistent/ca.pem")]);
    assert_eq!((server.count(), server.connections()), (0, 1));
}
