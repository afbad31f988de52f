//! Certificates for TLS servers on loopback and for their clients.

#![allow(dead_code, reason = "each test binary uses only a part of this file")]

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

/// A certificate authority for one test.
pub(crate) struct Authority(pub(crate) CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        // Each authority has a different name. With equal names, a peer could verify a certificate
        // with the key of the wrong authority.
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let mut params = CertificateParams::default();
        let name = format!("authority {}", NUMBER.fetch_add(1, Ordering::Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Writes the authority's certificate to a PEM file and returns its path.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("remote-{name}.pem"));
        fs::write(&path, self.0.pem()).unwrap();
        path
    }

    /// Makes a client certificate. Returns the certificate and its key in PEM.
    pub(crate) fn client(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["client.example".to_owned()]).unwrap();
        params.not_after = tomorrow().into();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }

    /// Returns the configuration of a TLS server for `host`. Its certificate is valid in the 24
    /// hours before `until`.
    pub(crate) fn server(&self, host: &str, until: SystemTime) -> ServerConfig {
        let (certificate, key) = self.certificate(host, until);
        server_config(certificate, &key, None)
    }

    pub(crate) fn certificate(&self, host: &str, until: SystemTime) -> (CertificateDer<'static>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.not_before = (until - Duration::from_secs(86400)).into();
        params.not_after = until.into();
        (params.signed_by(&key, &self.0).unwrap().der().clone(), key)
    }
}

/// Returns the configuration of a TLS server. `clients` verifies client certificates. If it is
/// `None`, the server requests no client certificate.
pub(crate) fn server_config(
    certificate: CertificateDer<'static>,
    key: &KeyPair,
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> ServerConfig {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let builder =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap();
    match clients {
        Some(clients) => builder.with_client_cert_verifier(clients),
        None => builder.with_no_client_auth(),
    }
    .with_single_cert(vec![certificate], key)
    .unwrap()
}

/// Returns the time in 12 hours.
pub(crate) fn tomorrow() -> SystemTime {
    SystemTime::now() + Duration::from_secs(86400 / 2)
}

/// Returns a verifier that accepts only client certificates of this authority.
pub(crate) fn clients_of(authority: &Authority) -> Arc<dyn ClientCertVerifier> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap()
}
