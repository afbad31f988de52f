//! Reads the dates of a certificate, which WebPKI does not offer, and its names for
//! `bouncer-verify check`. Nothing is verified here.

use rustls::pki_types::UnixTime;
use spki::der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use spki::der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _};
use std::time::{Duration, UNIX_EPOCH};

/// The parts of a certificate that an operator compares.
pub(super) struct CertificateNames {
    /// The names of the server, or its distinguished name if there are none.
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) not_before: UnixTime,
    pub(super) not_after: UnixTime,
}

/// The attributes of a distinguished name that are shown, by their object identifiers.
const ATTRIBUTES: [(&[u8], &str); 3] = [(&[85, 4, 3], "CN"), (&[85, 4, 10], "O"), (&[85, 4, 11], "OU")];
/// The object identifier of subjectAltName (RFC 5280 §4.2.1.6).
const SUBJECT_ALT_NAME: &[u8] = &[85, 29, 17];
/// The tag number of a DNS name in subjectAltName.
const DNS_NAME: u32 = 2;

impl CertificateNames {
    /// Returns `None` if the certificate is malformed.
    pub(super) fn read(certificate: &[u8]) -> Option<Self> {
        let Fields { issuer, validity, subject, extensions } = Fields::read(certificate)?;
        let (not_before, not_after) = dates(validity)?;
        let names = extensions.and_then(|extensions| dns_names(extensions.value())).unwrap_or_default();
        let subject = if names.is_empty() { distinguished(subject)? } else { names.join(", ") };
        Some(Self { subject, issuer: distinguished(issuer)?, not_before, not_after })
    }
}

/// Returns notBefore and notAfter. Returns `None` if the certificate is malformed.
pub(super) fn validity(certificate: &[u8]) -> Option<(UnixTime, UnixTime)> {
    dates(Fields::read(certificate)?.validity)
}

/// Formats a date for an operator.
pub(super) fn date(time: UnixTime) -> String {
    // The format of HTTP dates has only four digits for the year.
    match UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs())) {
        Some(date) if time.as_secs() < 253_402_300_800 => httpdate::fmt_http_date(date),
        _ => "an unknown date".to_owned(),
    }
}

/// Some fields of a TBSCertificate (RFC 5280 §4.1).
struct Fields<'a> {
    issuer: AnyRef<'a>,
    validity: AnyRef<'a>,
    subject: AnyRef<'a>,
    extensions: Option<AnyRef<'a>>,
}

impl<'a> Fields<'a> {
    fn read(certificate: &'a [u8]) -> Option<Self> {
        let to_be_signed = *children(AnyRef::from_der(certificate).ok()?.value())?.first()?;
        let mut fields = children(to_be_signed.value())?.into_iter();
        // The version is optional. serialNumber and signature follow.
        let has_version = is_context(fields.as_slice().first()?, 0);
        let issuer = fields.nth(2 + usize::from(has_version))?;
        let (validity, subject) = (fields.next()?, fields.next()?);
        let extensions = fields.find(|field| is_context(field, 3));
        Some(Self { issuer, validity, subject, extensions })
    }
}

fn dates(validity: AnyRef<'_>) -> Option<(UnixTime, UnixTime)> {
    let time = |time: &AnyRef<'_>| {
        let since_1970 = match time.tag() {
            Tag::UtcTime => time.decode_as::<UtcTime>().ok()?.to_unix_duration(),
            _ => time.decode_as::<GeneralizedTime>().ok()?.to_unix_duration(),
        };
        Some(UnixTime::since_unix_epoch(since_1970))
    };
    let [not_before, not_after] = &*children(validity.value())? else { return None };
    Some((time(not_before)?, time(not_after)?))
}

/// Returns whether the value has the context-specific tag `number`.
fn is_context(value: &AnyRef<'_>, number: u32) -> bool {
    matches!(value.tag(), Tag::ContextSpecific { number: own, .. } if own.value() == number)
}

/// Returns the values inside a constructed value.
fn children(content: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(content).ok()?;
    let mut found = Vec::new();
    while !reader.is_finished() {
        found.push(AnyRef::decode(&mut reader).ok()?);
    }
    Some(found)
}

/// Formats a distinguished name: `CN=R11, O=Let's Encrypt`.
fn distinguished(name: AnyRef<'_>) -> Option<String> {
    let mut shown = Vec::new();
    for set in children(name.value())? {
        for pair in children(set.value())? {
            let [id, value] = *children(pair.value())? else { continue };
            if let Some((_, attribute)) = ATTRIBUTES.iter().find(|(known, _)| *known == id.value()) {
                shown.push(format!("{attribute}={}", String::from_utf8_lossy(value.value())));
            }
        }
    }
    Some(if shown.is_empty() { "no name".to_owned() } else { shown.join(", ") })
}

/// Returns the first DNS names in the extensions.
fn dns_names(extensions: &[u8]) -> Option<Vec<String>> {
    const MOST: usize = 3;
    for extension in children(children(extensions)?.first()?.value())? {
        let parts = children(extension.value())?;
        let (Some(id), Some(value)) = (parts.first(), parts.last()) else { continue };
        if id.value() != SUBJECT_ALT_NAME {
            continue;
        }
        let names = children(AnyRef::from_der(value.value()).ok()?.value())?;
        let is_dns = |name: &AnyRef<'_>| is_context(name, DNS_NAME);
        let text = |name: AnyRef<'_>| String::from_utf8_lossy(name.value()).into_owned();
        return Some(names.into_iter().filter(is_dns).map(text).take(MOST).collect());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, Issuer, KeyPair};
    use std::time::SystemTime;

    #[test]
    fn the_names_are_those_of_the_server_and_its_ca() {
        let (ca_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let mut ca = CertificateParams::new([]).unwrap();
        ca.distinguished_name.push(DnType::CommonName, "the CA");
        ca.distinguished_name.push(DnType::OrganizationName, "An Organisation");
        let ca = Issuer::from_params(&ca, &ca_key);
        let names = |names: &[&str]| {
            let mut params =
                CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
                    .unwrap();
            params.distinguished_name.push(DnType::CommonName, "a server");
            CertificateNames::read(params.signed_by(&key, &ca).unwrap().der()).unwrap()
        };
        let one = names(&["a.example", "b.example", "c.example", "d.example"]);
        assert_eq!(one.subject, "a.example, b.example, c.example");
        assert!(
            one.issuer.contains("CN=the CA") && one.issuer.contains("O=An Organisation"),
            "{}",
            one.issuer
        );
        assert!(one.not_before.as_secs() < one.not_after.as_secs());
        assert!(names(&[]).subject.contains("CN=a server"));
    }

    #[test]
    fn utc_time_and_generalized_time_are_read() {
        let day = Duration::from_secs(86400);
        let year = |year: u64| UNIX_EPOCH + (year - 1970) as u32 * 365 * day + 500 * day;
        let unix = |time: SystemTime| UnixTime::since_unix_epoch(time.duration_since(UNIX_EPOCH).unwrap());
        for (from, until) in [(year(1971), year(2040)), (year(2000), year(2100))] {
            let mut params = CertificateParams::new([]).unwrap();
            (params.not_before, params.not_after) = (from.into(), until.into());
            let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            let (not_before, not_after) = validity(certificate.der()).unwrap();
            assert_eq!((not_before, not_after), (unix(from), unix(until)));
        }
    }

    #[test]
    fn a_malformed_certificate_has_no_names_and_no_dates() {
        for nonsense in [&b""[..], &[0x30], &[0x30, 0], &[0x30, 2, 0x30, 0], &[0x30, 4, 0x30, 2, 0xa0, 0]] {
            assert!(CertificateNames::read(nonsense).is_none() && validity(nonsense).is_none());
        }
    }
}
