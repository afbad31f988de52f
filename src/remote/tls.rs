//! The verification of a TLS server's certificate, and the error texts for failed TLS connections.

use super::certificate::{date, validity};
use super::trace::Trace;
use super::trust_store::TrustedCertificates;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
};
use std::sync::Arc;

/// Returns the cryptography provider for TLS. Does not use the process's default provider, which
/// belongs to the program.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Applies WebPKI's rules with one addition: a server certificate that is itself a trusted
/// certificate needs no CA.
///
/// This allows self-signed certificates, and certificates of an unknown CA. WebPKI alone rejects
/// self-signed certificates that `openssl req -x509` makes, because these are marked as CA
/// certificates.
#[derive(Debug)]
pub(super) struct Verifier {
    /// The trusted certificates, in parts.
    trusted: Vec<Arc<TrustedCertificates>>,
    provider: Arc<CryptoProvider>,
    trace: Trace,
}

impl Verifier {
    pub(super) fn new(trusted: Vec<Arc<TrustedCertificates>>, provider: Arc<CryptoProvider>) -> Self {
        Self { trusted, provider, trace: Trace::default() }
    }

    /// Records the certificates that servers present.
    pub(super) fn with_trace(self, trace: Trace) -> Self {
        Self { trace, ..self }
    }

    /// Returns the reasons why trusted certificates were skipped.
    pub(super) fn warnings(&self) -> Vec<String> {
        self.trusted.iter().flat_map(|part| part.warnings.iter().cloned()).collect()
    }

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
        let mut config = match certificate {
            Some(pair) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(pair))),
            None => builder.with_no_client_auth(),
        };
        // These settings are used for one connection, so there is no session to resume.
        config.resumption = Resumption::disabled();
        Ok(config)
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
        self.trace.note(|exchange| exchange.certificate = Some(end_entity.to_vec()));
        let mut failure = Error::from(CertificateError::UnknownIssuer);
        for web_pki in self.trusted.iter().filter_map(|part| part.web_pki.as_ref()) {
            match web_pki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                Ok(verified) => return Ok(verified),
                // Report the part that has the certificate's CA.
                Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {}
                Err(error) => failure = error,
            }
        }
        if !self.trusted.iter().any(|part| part.certificates.iter().any(|trusted| trusted == end_entity)) {
            return Err(failure);
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

/// Describes for an operator why TLS with `host` failed.
pub(super) fn explain(error: &Error, host: &str) -> String {
    match error {
        Error::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer => {
                "no trusted CA signed the server's certificate: set ca_file to its CA".to_owned()
            }
            CertificateError::Expired => "the server's certificate has expired: renew it".to_owned(),
            CertificateError::ExpiredContext { not_after, .. } => {
                format!("the server's certificate expired on {}: renew it", date(*not_after))
            }
            CertificateError::NotValidYet => {
                "the server's certificate is not valid yet: check this machine's clock".to_owned()
            }
            CertificateError::NotValidYetContext { not_before, .. } => {
                let date = date(*not_before);
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
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
        let provider = provider();
        let certificates = trusted.iter().map(|&certificate| certificate.clone()).collect();
        let trusted = TrustedCertificates::of(certificates, &provider).unwrap();
        Verifier::new(vec![Arc::new(trusted)], provider)
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
    fn a_certificate_is_trusted_by_any_part_and_the_error_is_of_the_part_with_its_ca() {
        let now = SystemTime::now();
        let (ca_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let mut ca_params = params(true, now - DAY, now + DAY);
        ca_params.distinguished_name.push(rcgen::DnType::CommonName, "the CA");
        let ca_certificate = ca_params.self_signed(&ca_key).unwrap();
        let ca = Issuer::from_params(&ca_params, &ca_key);
        let server = params(false, now - DAY, now + DAY).signed_by(&key, &ca).unwrap();
        let other = params(true, now - DAY, now + DAY).self_signed(&KeyPair::generate().unwrap()).unwrap();
        let provider = provider();
        let part = |certificate: &CertificateDer<'static>| {
            Arc::new(TrustedCertificates::of(vec![certificate.clone()], &provider).unwrap())
        };
        let (good, bad) = (part(ca_certificate.der()), part(other.der()));
        for parts in [vec![good.clone(), bad.clone()], vec![bad.clone(), good.clone()], vec![good]] {
            let verifier = Verifier::new(parts, Arc::clone(&provider));
            assert_eq!(result(&verifier, server.der(), "idp.example", now), "trusted");
            let wrong_name = result(&verifier, server.der(), "other.example", now);
            assert!(wrong_name.starts_with("the server's certificate is not for "), "{wrong_name}");
        }
        for parts in [vec![bad.clone(), bad], Vec::new()] {
            let verifier = Verifier::new(parts, Arc::clone(&provider));
            let untrusted = result(&verifier, server.der(), "idp.example", now);
            assert!(untrusted.starts_with("no trusted CA signed"), "{untrusted}");
        }
    }
}
