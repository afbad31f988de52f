//! Servers that require a client certificate (mTLS).

use crate::authority::{Authority, clients_of, server_config, tomorrow};
use crate::server::{Reply, Server};
use crate::{TIMEOUT, jwks};
use bouncer_verify::{ErrorKind, FetchFailure, RemoteJwkSet, RemoteJwkSetBuilder, TokenRenewer};
use std::fs;
use std::path::{Path, PathBuf};

fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("remote-client-{name}.pem"));
    fs::write(&path, text).unwrap();
    path
}

/// Starts a server that accepts only client certificates that `clients` issued.
fn server(own: &Authority, clients: &Authority) -> Server {
    let (certificate, key) = own.certificate("localhost", tomorrow());
    let config = server_config(certificate, &key, Some(clients_of(clients)));
    Server::start_tls(config, |_| Reply::json(jwks(&[("rsa-2048-a", "a")])))
}

fn builder(server: &Server, ca_file: &Path) -> RemoteJwkSetBuilder {
    RemoteJwkSet::builder(&server.url()).ca_file(ca_file).lazy()
}

#[test]
fn the_client_certificate_is_presented_and_reread_for_each_fetch() {
    let (own, clients) = (Authority::new(), Authority::new());
    let (server, ca_file) = (server(&own, &clients), own.file("mtls"));
    let (certificate, key) = clients.client();
    let stranger = Authority::new().client();
    let (certificate_file, key_file) = (file("certificate", &stranger.0), file("key", &stranger.1));
    let keys = builder(&server, &ca_file)
        .client_certificate_file(&certificate_file)
        .client_key_file(&key_file)
        .build()
        .unwrap();
    let error = keys.refresh(TIMEOUT).unwrap_err();
    assert_eq!(error.failure(), FetchFailure::Tls);
    assert!(error.detail().starts_with("the server rejected the client certificate ("), "{error}");
    assert_eq!(server.count(), 0);
    fs::write(&certificate_file, &certificate).unwrap();
    fs::write(&key_file, &key).unwrap();
    assert_eq!(keys.refresh(TIMEOUT), Ok(()));

    // Certificate and key in one file.
    let both = file("both", &format!("{certificate}{key}"));
    let keys = builder(&server, &ca_file).client_certificate_file(&both).build().unwrap();
    assert_eq!(keys.refresh(TIMEOUT), Ok(()));

    let error = builder(&server, &ca_file).build().unwrap().refresh(TIMEOUT).unwrap_err();
    assert_eq!(error.failure(), FetchFailure::Tls);
    assert_eq!(error.detail(), "the server requires a client certificate: set client_certificate_file");
}

#[test]
fn unusable_certificate_files_are_reported_by_build_and_by_later_fetches() {
    let (own, clients) = (Authority::new(), Authority::new());
    let (server, ca_file) = (server(&own, &clients), own.file("mtls-breaks"));
    let (certificate, key) = clients.client();
    let (certificate_file, key_file) = (file("breaks", &certificate), file("breaks-key", &key));
    let rejected = |builder: RemoteJwkSetBuilder| {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        error.detail().to_owned()
    };
    let missing = "/nonexistent/client.pem";
    let detail = rejected(builder(&server, &ca_file).client_certificate_file(missing));
    assert!(detail.starts_with("client_certificate_file /nonexistent/client.pem: "), "{detail}");
    let detail = rejected(builder(&server, &ca_file).client_key_file(&key_file));
    assert_eq!(detail, "client_key_file is set without client_certificate_file: set both");
    let other = file("breaks-other", &clients.client().1);
    let files = builder(&server, &ca_file).client_certificate_file(&certificate_file);
    let detail = rejected(files.clone().client_key_file(&other));
    assert!(detail.contains("does not match client_certificate_file"), "{detail}");
    let own_transport = TokenRenewer::client_credentials(&server.url(), "a")
        .client_secret("b")
        .client_certificate_file(&certificate_file)
        .transport(|_: &bouncer_verify::HttpRequest<'_>| unreachable!());
    assert!(own_transport.build().unwrap_err().detail().contains("mutually exclusive"));

    let keys = files.client_key_file(&key_file).build().unwrap();
    fs::remove_file(&key_file).unwrap();
    let error = keys.refresh(TIMEOUT).unwrap_err();
    assert_eq!(error.failure(), FetchFailure::System);
    assert!(error.detail().contains(key_file.to_str().unwrap()), "{error}");
    assert_eq!(server.connections(), 0);
    fs::write(&key_file, &key).unwrap();
    assert_eq!(keys.refresh(TIMEOUT), Ok(()));
}

#[test]
fn a_proxy_does_not_receive_the_client_certificate() {
    let (own, clients) = (Authority::new(), Authority::new());
    let (proxy, ca_file) = (server(&own, &clients), own.file("mtls-proxy"));
    let (certificate, key) = clients.client();
    let both = file("proxy", &format!("{certificate}{key}"));
    for url in ["https://idp.invalid/jwks", "http://idp.invalid/jwks"] {
        let keys = RemoteJwkSet::builder(url).allow_http().proxy(&proxy.origin).ca_file(&ca_file);
        let keys = keys.client_certificate_file(&both).lazy().build().unwrap();
        let error = keys.refresh(TIMEOUT).unwrap_err();
        assert!(error.detail().contains("the server requires a client certificate"), "{url}: {error}");
    }
    assert_eq!(proxy.count(), 0);
}
