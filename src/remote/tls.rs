//! Trusted certificates for TLS, and the error texts for failed TLS connections.

use super::ca_bundle;
use super::transport::printable_path;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme,
};
use spki::der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use spki::der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// Returns the cryptography provider for TLS. Does not use the process's default provider, which
/// belongs to the program.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// The locations of trusted certificates. The environment is read once. The files are read for each
/// exchange, so that they can be replaced.
pub(super) struct TrustStore {
    ca_file: Option<PathBuf>,
    /// From the environment variable SSL_CERT_FILE.
    ssl_cert_file: Option<PathBuf>,
    /// From the environment variable SSL_CERT_DIR.
    ssl_cert_dirs: Vec<PathBuf>,
    system: System,
}

#[cfg(all(unix, not(target_os = "macos")))]
type System = Vec<(Option<PathBuf>, Option<PathBuf>)>;
#[cfg(not(all(unix, not(target_os = "macos"))))]
type System = ();

/// The trusted certificates for one exchange.
struct TrustedCertificates {
    roots: RootCertStore,
    certificates: Vec<CertificateDer<'static>>,
    /// The reasons why files or entries were skipped.
    warnings: Vec<String>,
}

impl TrustStore {
    pub(super) fn new(ca_file: Option<PathBuf>) -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let ssl_cert_file = variable("SSL_CERT_FILE").map(PathBuf::from);
        let ssl_cert_dirs: Vec<_> = variable("SSL_CERT_DIR")
            .map(|folders| {
                std::env::split_paths(&folders).filter(|path| !path.as_os_str().is_empty()).collect()
            })
            .unwrap_or_default();
        Self { ca_file, ssl_cert_file, ssl_cert_dirs, system: system_paths() }
    }

    /// Reads the CA file once and logs its warnings, so that an error is reported when the program
    /// starts.
    ///
    /// # Errors
    /// The error text contains the path and the cause.
    pub(super) fn check(&self) -> Result<(), String> {
        // The warnings are logged here, on the caller's thread. They are not logged for each fetch,
        // because a log handler may be slow.
        self.read_ca_file()?.warnings.iter().for_each(|warning| log::warn!("{warning}"));
        Ok(())
    }

    fn read_ca_file(&self) -> Result<TrustedCertificates, String> {
        let mut trusted = TrustedCertificates::new();
        if let Some(path) = &self.ca_file {
            let bundle =
                ca_bundle::read(path).map_err(|why| format!("ca_file {}: {why}", printable_path(path)))?;
            if bundle.certificates.is_empty() {
                return Err(format!("ca_file {}: {}", printable_path(path), bundle.why_empty()));
            }
            trusted.add("ca_file", path, bundle);
        }
        Ok(trusted)
    }

    /// Returns the certificate verifier for one exchange.
    ///
    /// # Errors
    /// The CA file cannot be read. The error text contains the path and the cause.
    pub(super) fn verifier(&self, provider: Arc<CryptoProvider>) -> Result<Verifier, String> {
        let mut trusted = self.read_ca_file()?;
        self.add_system(&mut trusted);
        let (certificates, warnings) = (trusted.certificates, trusted.warnings);
        let web_pki = match trusted.roots.is_empty() {
            true => None,
            false => {
                WebPkiServerVerifier::builder_with_provider(Arc::new(trusted.roots), Arc::clone(&provider))
                    .build()
                    .map(Some)
                    .map_err(|error| error.to_string())?
            }
        };
        Ok(Verifier { web_pki, certificates, provider, warnings })
    }

    fn add_system(&self, trusted: &mut TrustedCertificates) {
        if self.ssl_cert_file.is_none() && self.ssl_cert_dirs.is_empty() {
            return trusted.add_certificates(self.system_certificates());
        }
        if let Some(path) = &self.ssl_cert_file {
            match ca_bundle::read(path) {
                Ok(bundle) => trusted.add("SSL_CERT_FILE", path, bundle),
                Err(why) => trusted.warnings.push(format!("SSL_CERT_FILE {}: {why}", printable_path(path))),
            }
        }
        for folder in &self.ssl_cert_dirs {
            trusted.add_certificates(rustls_native_certs::load_certs_from_paths(None, Some(folder)).certs);
        }
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    fn system_certificates(&self) -> Vec<CertificateDer<'static>> {
        let load = |(file, folder): &(Option<PathBuf>, Option<PathBuf>)| {
            rustls_native_certs::load_certs_from_paths(file.as_deref(), folder.as_deref()).certs
        };
        self.system.iter().flat_map(load).collect()
    }

    #[cfg(not(all(unix, not(target_os = "macos"))))]
    fn system_certificates(&self) -> Vec<CertificateDer<'static>> {
        let () = self.system;
        rustls_native_certs::load_native_certs().certs
    }
}

/// Returns the paths of the system's CA certificates.
#[cfg(all(unix, not(target_os = "macos")))]
fn system_paths() -> System {
    let found = openssl_probe::probe();
    let mut folders = found.cert_dir.into_iter();
    let first = (found.cert_file, folders.next());
    std::iter::once(first).chain(folders.map(|folder| (None, Some(folder)))).collect()
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn system_paths() -> System {}

impl TrustedCertificates {
    fn new() -> Self {
        Self { roots: RootCertStore::empty(), certificates: Vec::new(), warnings: Vec::new() }
    }

    fn add(&mut self, source: &str, path: &Path, bundle: ca_bundle::Bundle) {
        let path = printable_path(path);
        let skipped = |why| format!("{source} {path}: {why} and was skipped: fix or remove it");
        let warnings = bundle.skipped.iter().map(skipped);
        self.warnings.extend(warnings);
        self.roots.extend(bundle.anchors);
        self.certificates.extend(bundle.certificates);
    }

    fn add_certificates(&mut self, certificates: Vec<CertificateDer<'static>>) {
        self.roots.add_parsable_certificates(certificates.iter().cloned());
        self.certificates.extend(certificates);
    }
}

/// Applies WebPKI's rules with one addition: a server certificate that is itself a trusted
/// certificate needs no CA.
///
/// This allows self-signed certificates, and certificates of an unknown CA. WebPKI alone rejects
/// self-signed certificates that `openssl req -x509` makes, because these are marked as CA
/// certificates.
#[derive(Debug)]
pub(super) struct Verifier {
    /// `None` if there are no trusted roots.
    web_pki: Option<Arc<WebPkiServerVerifier>>,
    certificates: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
    /// The reasons why trusted certificates were skipped.
    pub(super) warnings: Vec<String>,
}

impl Verifier {
    /// Returns the TLS settings for an exchange. `certificate` is the client certificate.
    pub(super) fn client_config(
        self: &Arc<Self>,
        certificate: Option<Arc<CertifiedKey>>,
    ) -> Result<ClientConfig, Error> {
        let verifier = Arc::clone(self);
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        Ok(match certificate {
            Some(pair) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(pair))),
            None => builder.with_no_client_auth(),
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = match &self.web_pki {
            Some(web_pki) => {
                web_pki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        if verified.is_ok() || !self.certificates.iter().any(|trusted| trusted == end_entity) {
            return verified;
        }
        // The name and the dates must still be valid.
        verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
        let (not_before, not_after) = validity(end_entity).ok_or(CertificateError::BadEncoding)?;
        if now < not_before {
            return Err(CertificateError::NotValidYetContext { time: now, not_before }.into());
        }
        if now > not_after {
            return Err(CertificateError::ExpiredContext { time: now, not_after }.into());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Returns notBefore and notAfter (RFC 5280 §4.1.2.5). WebPKI has no function for that.
fn validity(certificate: &[u8]) -> Option<(UnixTime, UnixTime)> {
    fn inside<'a>(reader: &mut SliceReader<'a>) -> Option<SliceReader<'a>> {
        SliceReader::new(AnyRef::decode(reader).ok()?.value()).ok()
    }
    fn time(reader: &mut SliceReader<'_>) -> Option<UnixTime> {
        let time = AnyRef::decode(reader).ok()?;
        let since_1970 = match time.tag() {
            Tag::UtcTime => time.decode_as::<UtcTime>().ok()?.to_unix_duration(),
            _ => time.decode_as::<GeneralizedTime>().ok()?.to_unix_duration(),
        };
        Some(UnixTime::since_unix_epoch(since_1970))
    }
    let mut to_be_signed = inside(&mut inside(&mut SliceReader::new(certificate).ok()?)?)?;
    // Skips the version, which is optional and has the tag 0, then serialNumber, signature and
    // issuer.
    let has_version = to_be_signed.peek_byte() == Some(0xa0);
    for _ in 0..3 + usize::from(has_version) {
        to_be_signed.tlv_bytes().ok()?;
    }
    let mut validity = inside(&mut to_be_signed)?;
    Some((time(&mut validity)?, time(&mut validity)?))
}

/// Describes for an operator why TLS with `host` failed.
pub(super) fn explain(error: &Error, host: &str) -> String {
    let date = |time: &UnixTime| match UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs())) {
        // The format of HTTP dates has only four digits for the year.
        Some(time) if time < UNIX_EPOCH + Duration::from_secs(253_402_300_800) => {
            httpdate::fmt_http_date(time)
        }
        _ => "an unknown date".to_owned(),
    };
    match error {
        Error::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer => {
                "no trusted CA signed the server's certificate: set ca_file to its CA".to_owned()
            }
            CertificateError::Expired => "the server's certificate has expired: renew it".to_owned(),
            CertificateError::ExpiredContext { not_after, .. } => {
                format!("the server's certificate expired on {}: renew it", date(not_after))
            }
            CertificateError::NotValidYet => {
                "the server's certificate is not valid yet: check this machine's clock".to_owned()
            }
            CertificateError::NotValidYetContext { not_before, .. } => {
                let date = date(not_before);
                format!("the server's certificate is not valid before {date}: check this machine's clock")
            }
            CertificateError::NotValidForName => {
                format!("the server's certificate is not for {host}: check the URL")
            }
            CertificateError::NotValidForNameContext { presented, .. } => {
                let names: Vec<_> = presented.iter().take(3).map(|name| dns_name(name)).collect();
                let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
                format!("the server's certificate is not for {host}, but for {names}: check the URL")
            }
            CertificateError::Other(why) if format!("{why:?}").contains("CaUsedAsEndEntity") => {
                "the server's certificate is a CA certificate: add it to ca_file to trust it".to_owned()
            }
            why => format!("the server's certificate is not acceptable: {why}"),
        },
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server requires a client certificate: set client_certificate_file".to_owned()
        }
        Error::AlertReceived(
            alert @ (AlertDescription::AccessDenied
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::UnsupportedCertificate),
        ) => format!("the server rejected the client certificate ({alert:?}): check client_certificate_file"),
        Error::AlertReceived(alert) => format!("the server aborted the TLS handshake: {alert:?}"),
        Error::InvalidMessage(_) => "the server does not speak TLS: check the URL's port".to_owned(),
        Error::PeerIncompatible(why) => {
            format!("no TLS version or cipher suite in common with the server: {why:?}")
        }
        other => other.to_string(),
    }
}

/// Returns the name `idp.example` from WebPKI's text `DnsName("idp.example")`.
fn dns_name(listed: &str) -> &str {
    listed.strip_prefix("DnsName(\"").and_then(|name| name.strip_suffix("\")")).unwrap_or(listed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use std::time::SystemTime;

    const DAY: Duration = Duration::from_secs(86400);

    fn unix(time: SystemTime) -> UnixTime {
        UnixTime::since_unix_epoch(time.duration_since(UNIX_EPOCH).unwrap())
    }

    fn params(is_ca: bool, from: SystemTime, until: SystemTime) -> CertificateParams {
        let mut params = CertificateParams::new(["idp.example".to_owned()]).unwrap();
        params.is_ca = if is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::NoCa };
        (params.not_before, params.not_after) = (from.into(), until.into());
        params
    }

    fn verifier(trusted: &[&CertificateDer<'static>]) -> Verifier {
        let mut all = TrustedCertificates::new();
        all.add_certificates(trusted.iter().map(|&certificate| certificate.clone()).collect());
        let provider = provider();
        let web_pki = WebPkiServerVerifier::builder_with_provider(Arc::new(all.roots), Arc::clone(&provider));
        let (web_pki, certificates) = (web_pki.build().ok(), all.certificates);
        Verifier { web_pki, certificates, provider, warnings: Vec::new() }
    }

    fn result(verifier: &Verifier, certificate: &CertificateDer<'_>, host: &str, now: SystemTime) -> String {
        let name = ServerName::try_from(host.to_owned()).unwrap();
        match verifier.verify_server_cert(certificate, &[], &name, &[], unix(now)) {
            Ok(_) => "trusted".to_owned(),
            Err(error) => explain(&error, host),
        }
    }

    #[test]
    fn a_trusted_server_certificate_is_accepted_only_for_its_name_and_dates() {
        let now = SystemTime::now();
        let (from, until) = (now - DAY, now + DAY);
        let ca_key = KeyPair::generate().unwrap();
        let ca_params = params(true, from, until);
        let ca = Issuer::from_params(&ca_params, &ca_key);
        let key = KeyPair::generate().unwrap();
        let self_signed = |is_ca| params(is_ca, from, until).self_signed(&key).unwrap().der().clone();
        let of_unknown_ca = params(false, from, until).signed_by(&key, &ca).unwrap().der().clone();
        for named in [self_signed(false), self_signed(true), of_unknown_ca] {
            let trusts = verifier(&[&named]);
            assert_eq!(result(&trusts, &named, "idp.example", now), "trusted");
            let other = result(&trusts, &named, "other.example", now);
            assert!(other.starts_with("the server's certificate is not for other.example"), "{other}");
            let late = result(&trusts, &named, "idp.example", now + 2 * DAY);
            assert!(late.starts_with("the server's certificate expired on "), "{late}");
            let early = result(&trusts, &named, "idp.example", now - 2 * DAY);
            assert!(early.starts_with("the server's certificate is not valid"), "{early}");

            // A trusted certificate with the same name and another key is not enough.
            let twin = params(true, from, until + DAY).self_signed(&KeyPair::generate().unwrap()).unwrap();
            for trusts in [verifier(&[twin.der()]), verifier(&[])] {
                let rejected = result(&trusts, &named, "idp.example", now);
                let why = ["no trusted CA signed the server's certificate", "the server's certificate is"];
                assert!(why.iter().any(|why| rejected.starts_with(why)), "{rejected}");
            }
        }
    }

    #[test]
    fn utc_time_and_generalized_time_are_read() {
        let year = |year: u64| UNIX_EPOCH + (year - 1970) as u32 * 365 * DAY + 500 * DAY;
        for (from, until) in [(year(1971), year(2040)), (year(2000), year(2100))] {
            let certificate = params(true, from, until).self_signed(&KeyPair::generate().unwrap()).unwrap();
            let (not_before, not_after) = validity(certificate.der()).unwrap();
            assert_eq!((not_before, not_after), (unix(from), unix(until)));
        }
        for nonsense in [&b""[..], &[0x30], &[0x30, 0], &[0x30, 2, 0x30, 0], &[0x30, 4, 0x30, 2, 0xa0, 0]] {
            assert_eq!(validity(nonsense), None);
        }
    }
}
