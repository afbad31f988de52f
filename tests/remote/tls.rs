//! TLS: which servers are trusted.

use crate::authority::{Authority, server_config, tomorrow};
use crate::server::{Reply, Server};
use crate::{TIMEOUT, jwks, token, until};
use bouncer_verify::{ErrorKind, FetchError, FetchFailure, Policy, RemoteJwkSet, Verifier};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

fn body() -> Reply {
    Reply::json(jwks(&[("rsa-2048-a", "a")]))
}

fn failed(server: &Server, ca_file: Option<PathBuf>) -> FetchError {
    let mut builder = RemoteJwkSet::builder(&server.url());
    if let Some(file) = ca_file {
        builder = builder.ca_file(file);
    }
    let keys = builder.build().unwrap();
    let error = keys.refresh(TIMEOUT).unwrap_err();
    assert!(keys.current().is_err());
    error
}

fn failure(server: &Server, ca_file: Option<PathBuf>) -> FetchFailure {
    failed(server, ca_file).failure()
}

#[test]
fn a_server_is_trusted_only_if_a_ca_of_ca_file_signed_its_certificate() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.server("localhost", tomorrow()), |_| body());
    let keys = RemoteJwkSet::builder(&server.url()).ca_file(authority.file("good")).build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    assert!(Verifier::new(keys, Policy::dcos()).verify(token("rsa-2048-a", Some("a"))).is_ok());

    let before = server.count();
    assert_eq!(failure(&server, None), FetchFailure::Tls, "the system does not trust the CA");
    assert_eq!(failure(&server, Some(Authority::new().file("other"))), FetchFailure::Tls);
    assert_eq!(server.count(), before, "an untrusted server gets no request");
}

#[test]
fn the_error_for_an_untrusted_certificate_contains_the_cause() {
    let authority = Authority::new();
    let file = authority.file("strict");
    let yesterday = SystemTime::now() - Duration::from_secs(3600);
    let next_week = SystemTime::now() + Duration::from_secs(7 * 86400);
    for (host, until, file, expected) in [
        (
            "idp.example",
            tomorrow(),
            Some(file.clone()),
            "the server's certificate is not for localhost, but for idp.example",
        ),
        ("localhost", yesterday, Some(file.clone()), "the server's certificate expired on "),
        ("localhost", next_week, Some(file), "the server's certificate is not valid before "),
        ("localhost", tomorrow(), None, "no trusted CA signed the server's certificate"),
    ] {
        let server = Server::start_tls(authority.server(host, until), |_| body());
        let error = failed(&server, file);
        assert_eq!(error.failure(), FetchFailure::Tls);
        assert!(error.to_string().starts_with(&format!("TLS failed: {expected}")), "{error}");
        assert_eq!(server.count(), 0);
    }
}

#[test]
fn a_server_certificate_in_ca_file_is_trusted_for_its_host() {
    // Three kinds of certificates: self-signed, self-signed and marked as a CA (`openssl req -x509`
    // makes these), and signed by a CA that is not in ca_file.
    let key = || KeyPair::generate().unwrap();
    let params = |host: &str, is_ca| {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.is_ca = if is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::NoCa };
        params
    };
    for (name, host, is_ca, is_signed, is_trusted) in [
        ("self-signed", "localhost", false, false, true),
        ("self-signed-ca", "localhost", true, false, true),
        ("unknown-ca", "localhost", false, true, true),
        ("self-signed-other", "idp.example", true, false, false),
    ] {
        let key = key();
        let certificate = match is_signed {
            true => params(host, is_ca).signed_by(&key, &Authority::new().0).unwrap(),
            false => params(host, is_ca).self_signed(&key).unwrap(),
        };
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("remote-exact-{name}.pem"));
        fs::write(&path, certificate.pem()).unwrap();
        let server = Server::start_tls(server_config(certificate.der().clone(), &key, None), |_| body());
        let keys = RemoteJwkSet::builder(&server.url()).ca_file(&path).lazy().build().unwrap();
        assert_eq!(keys.refresh(TIMEOUT).map_err(|error| error.failure()).is_ok(), is_trusted, "{name}");
        // Without the certificate in ca_file, it is not trusted.
        assert_eq!(failure(&server, Some(Authority::new().file("exact-other"))), FetchFailure::Tls, "{name}");
    }
}

#[test]
fn invalid_entries_of_ca_file_are_skipped() {
    let (good, other) = (Authority::new(), Authority::new());
    let server = Server::start_tls(good.server("localhost", tomorrow()), |_| body());
    let (good, other) = (good.0.pem(), other.0.pem());
    let broken = "-----BEGIN CERTIFICATE-----\nnot base64 !!\n-----END CERTIFICATE-----\n";
    for (name, text) in [
        ("bom", format!("\u{feff}{good}")),
        ("crlf", good.replace("\r\n", "\n").replace('\n', "\r\n")),
        ("joined", format!("{}{good}", other.trim_end())),
        ("broken-after", format!("{good}{broken}")),
        ("broken-before", format!("{broken}{good}")),
        ("trusted", good.replace("CERTIFICATE", "TRUSTED CERTIFICATE")),
    ] {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("remote-bundle-{name}.pem"));
        fs::write(&path, text).unwrap();
        let keys = RemoteJwkSet::builder(&server.url()).ca_file(&path).lazy().build().unwrap();
        assert_eq!(keys.refresh(TIMEOUT), Ok(()), "{name}");
    }
}

#[test]
fn a_replaced_ca_file_is_used_by_the_next_fetch() {
    let (old, new) = (Authority::new(), Authority::new());
    let file = old.file("replaced");
    let server = Server::start_tls(new.server("localhost", tomorrow()), |_| body());
    let keys = RemoteJwkSet::builder(&server.url()).ca_file(&file).build().unwrap();
    assert_eq!(keys.refresh(TIMEOUT).unwrap_err().failure(), FetchFailure::Tls);
    fs::write(&file, new.0.pem()).unwrap();
    assert_eq!(keys.refresh(TIMEOUT), Ok(()));
}

#[test]
fn the_error_for_an_unusable_ca_file_contains_its_path_but_none_of_its_bytes() {
    let build = |path: &std::path::Path| RemoteJwkSet::builder("https://localhost:1/").ca_file(path).build();
    let missing = build("/nonexistent/ca.pem".as_ref()).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::InvalidArgument);
    assert_eq!(missing.detail(), "ca_file /nonexistent/ca.pem: No such file or directory (os error 2)");
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("remote-no-bundle.pem");
    for (text, why) in [
        ("", "the file has no CERTIFICATE entry"),
        ("secret", "the file has no CERTIFICATE entry"),
        (
            "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n",
            "the file has no CERTIFICATE entry",
        ),
        (
            "-----BEGIN CERTIFICATE-----\n!secret\n-----END CERTIFICATE-----\n",
            "the file has no usable certificate (entry 1 is not base64)",
        ),
        ("-----BEGIN secret", "the file has no usable certificate (entry 1 has an incomplete BEGIN line)"),
    ] {
        fs::write(&path, text).unwrap();
        let error = build(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(error.detail(), format!("ca_file {}: {why}", path.display()));
        let renewer =
            bouncer_verify::TokenRenewer::client_credentials("https://localhost:1/", "a").client_secret("b");
        assert_eq!(renewer.ca_file(&path).build().unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn a_ca_file_that_disappears_is_a_system_failure() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.server("localhost", tomorrow()), |_| body());
    let path = authority.file("breaks-later");
    let keys = RemoteJwkSet::builder(&server.url()).ca_file(&path).lazy().build().unwrap();
    fs::remove_file(&path).unwrap();
    let error = keys.refresh(TIMEOUT).unwrap_err();
    assert_eq!(error.failure(), FetchFailure::System);
    assert!(error.detail().contains(path.to_str().unwrap()), "{error}");
    assert_eq!(server.connections(), 0);
}

#[test]
fn keys_are_kept_if_tls_fails() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.server("localhost", tomorrow()), |_| body());
    let keys = RemoteJwkSet::builder(&server.url())
        .ca_file(authority.file("breaks"))
        .timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    // The body is truncated, without the alert that ends a TLS stream. If the TLS layer does not
    // detect this, the JSON parser does: a truncated JSON object is never valid.
    server.say(Reply::Bytes(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"keys\":[".to_vec()));
    let failure = keys.refresh(TIMEOUT).unwrap_err().failure();
    assert!(matches!(failure, FetchFailure::Protocol | FetchFailure::Document), "{failure}");
    assert!(keys.current().is_ok());

    // A plain HTTP server where TLS is expected.
    let plain = Server::saying(body());
    let url = format!("https://localhost:{}/jwks", plain.port());
    let keys = RemoteJwkSet::builder(&url).ca_file(authority.file("plain")).build().unwrap();
    let failure = keys.refresh(TIMEOUT).unwrap_err().failure();
    assert!(
        matches!(failure, FetchFailure::Tls | FetchFailure::Protocol | FetchFailure::Connect),
        "{failure}"
    );
    let why = keys.status().last_error.unwrap().to_string();
    assert!(why.starts_with("TLS failed: "), "{why}");
    until("there was a connection", || plain.connections() >= 1);
}
