//! TLS: whom a fetch believes.

use crate::server::{Reply, Server};
use crate::{PATIENCE, jwks, token, until};
use bouncer_verify::{FetchFailure, Policy, RemoteJwkSet, Verifier};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A certificate authority made for the test.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// The PEM file to trust.
    fn file(&self, name: &str) -> PathBuf {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("remote-{name}.pem"));
        fs::write(&path, self.0.pem()).unwrap();
        path
    }

    /// A server for `host`, with a certificate valid until then.
    fn server(&self, host: &str, until: SystemTime) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.not_before = (until - Duration::from_secs(86400)).into();
        params.not_after = until.into();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap()
    }
}

fn tomorrow() -> SystemTime {
    SystemTime::now() + Duration::from_secs(86400 / 2)
}

fn body() -> Reply {
    Reply::json(jwks(&[("rsa-2048-a", "a")]))
}

fn failure(server: &Server, ca_file: Option<PathBuf>) -> FetchFailure {
    let mut builder = RemoteJwkSet::builder(&server.url());
    if let Some(file) = ca_file {
        builder = builder.ca_file(file);
    }
    let keys = builder.build().unwrap();
    let failure = keys.refresh(PATIENCE).unwrap_err().failure();
    assert!(keys.current().is_err());
    failure
}

#[test]
fn a_server_of_the_given_authority_is_believed_and_others_are_not() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.server("localhost", tomorrow()), |_| body());
    let keys = RemoteJwkSet::builder(&server.url()).ca_file(authority.file("good")).build().unwrap();
    keys.wait_ready(PATIENCE).unwrap();
    assert!(Verifier::new(keys, Policy::bouncer()).verify(token("rsa-2048-a", Some("a"))).is_ok());

    let before = server.count();
    assert_eq!(failure(&server, None), FetchFailure::Tls, "the system does not know it");
    assert_eq!(failure(&server, Some(Authority::new().file("other"))), FetchFailure::Tls);
    assert_eq!(server.count(), before, "nothing was asked of a server that is not believed");
}

#[test]
fn a_certificate_for_another_host_or_that_has_expired_is_refused() {
    let authority = Authority::new();
    let file = authority.file("strict");
    let wrong_host = Server::start_tls(authority.server("idp.example", tomorrow()), |_| body());
    assert_eq!(failure(&wrong_host, Some(file.clone())), FetchFailure::Tls);
    let yesterday = SystemTime::now() - Duration::from_secs(3600);
    let expired = Server::start_tls(authority.server("localhost", yesterday), |_| body());
    assert_eq!(failure(&expired, Some(file)), FetchFailure::Tls);
}

#[test]
fn a_bundle_that_is_replaced_counts_from_the_next_fetch() {
    let (old, new) = (Authority::new(), Authority::new());
    let file = old.file("replaced");
    let server = Server::start_tls(new.server("localhost", tomorrow()), |_| body());
    let keys = RemoteJwkSet::builder(&server.url()).ca_file(&file).build().unwrap();
    assert_eq!(keys.refresh(PATIENCE).unwrap_err().failure(), FetchFailure::Tls);
    fs::write(&file, new.0.pem()).unwrap();
    assert_eq!(keys.refresh(PATIENCE), Ok(()));
}

#[test]
fn a_bundle_that_is_no_bundle_is_a_failure_of_this_machine() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.server("localhost", tomorrow()), |_| body());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("remote-no-bundle.pem");
    assert_eq!(failure(&server, Some("/nonexistent".into())), FetchFailure::System);
    for text in ["", "garbage", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        fs::write(&path, text).unwrap();
        assert_eq!(failure(&server, Some(path.clone())), FetchFailure::System, "{text}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn keys_stay_when_tls_breaks() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.server("localhost", tomorrow()), |_| body());
    let keys = RemoteJwkSet::builder(&server.url())
        .ca_file(authority.file("breaks"))
        .timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    keys.wait_ready(PATIENCE).unwrap();
    // Cut off in the middle of the body, without the alert that ends a TLS stream. A part of a JSON object is
    // never one, so this is found at the latest by reading it.
    server.say(Reply::Bytes(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"keys\":[".to_vec()));
    let failure = keys.refresh(PATIENCE).unwrap_err().failure();
    assert!(matches!(failure, FetchFailure::Protocol | FetchFailure::Document), "{failure}");
    assert!(keys.current().is_ok());

    // Plain HTTP where TLS is expected.
    let plain = Server::saying(body());
    let url = format!("https://localhost:{}/jwks", plain.port());
    let keys = RemoteJwkSet::builder(&url).ca_file(authority.file("plain")).build().unwrap();
    let failure = keys.refresh(PATIENCE).unwrap_err().failure();
    assert!(
        matches!(failure, FetchFailure::Tls | FetchFailure::Protocol | FetchFailure::Connect),
        "{failure}"
    );
    until("it was tried", || plain.connections() >= 1);
}
