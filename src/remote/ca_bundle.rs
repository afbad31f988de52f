//! Reads certificates from PEM files, entry by entry. An invalid entry is skipped, and the other
//! entries are used.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use spki::der::asn1::AnyRef;
use spki::der::{Decode as _, Reader as _, SliceReader};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Maximum size of a file, in bytes. The bundles of Linux distributions have about 300 KB.
const MAX_FILE_LEN: u64 = 16 << 20;

/// As tolerant as OpenSSL: ignores trailing bits and padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The DER encodings of id-kp-serverAuth and anyExtendedKeyUsage.
const FOR_SERVERS: [&[u8]; 2] = [&[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1], &[6, 4, 0x55, 0x1d, 0x25, 0]];

/// The certificates in a file.
#[derive(Default)]
pub(super) struct Bundle {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) anchors: Vec<TrustAnchor<'static>>,
    /// Why entries were skipped, for example `"entry 3 is not base64"`. The texts contain no bytes
    /// of the file.
    pub(super) skipped: Vec<String>,
}

/// Reads a file.
///
/// # Errors
/// Returns the error text of the operating system, or a text with the limit if the file is too
/// large.
pub(super) fn read(path: &Path) -> Result<Bundle, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).and_then(|file| file.take(MAX_FILE_LEN + 1).read_to_end(&mut bytes));
    match file {
        Err(error) => Err(error.to_string()),
        Ok(_) if bytes.len() as u64 > MAX_FILE_LEN => {
            Err(format!("larger than the limit of {MAX_FILE_LEN} bytes"))
        }
        Ok(_) => Ok(parse(&bytes)),
    }
}

fn parse(bytes: &[u8]) -> Bundle {
    let mut bundle = Bundle::default();
    // One certificate in DER.
    if bytes.first() == Some(&0x30) {
        bundle.add(bytes, "the file is not a DER certificate");
        return bundle;
    }
    // Concatenated files may have no line end between two entries, so do not split into lines.
    let text = String::from_utf8_lossy(bytes);
    for (i, entry) in text.split("-----BEGIN ").skip(1).enumerate() {
        let number = i + 1;
        let label = entry.split_once("-----").filter(|(label, _)| !label.contains('\n'));
        let Some((label, rest)) = label else {
            bundle.skipped.push(format!("entry {number} has an incomplete BEGIN line"));
            continue;
        };
        let is_trusted = label == "TRUSTED CERTIFICATE";
        if !is_trusted && label != "CERTIFICATE" && label != "X509 CERTIFICATE" {
            continue;
        }
        let Some((body, _)) = rest.split_once("-----END ") else {
            bundle.skipped.push(format!("entry {number} has no END line"));
            continue;
        };
        // RFC 1421 allows header fields before the base64.
        let lines = body.lines().filter(|line| !line.contains(':'));
        let base64: String = lines.flat_map(|line| line.chars()).filter(|c| !c.is_whitespace()).collect();
        match BASE64.decode(base64) {
            Err(_) => bundle.skipped.push(format!("entry {number} is not base64")),
            Ok(der) if is_trusted && !is_for_servers(&der) => {
                bundle.skipped.push(format!("entry {number} is not trusted for TLS servers"));
            }
            Ok(der) => bundle.add(&der, &format!("entry {number} is not a certificate")),
        }
    }
    bundle
}

impl Bundle {
    fn add(&mut self, der: &[u8], otherwise: &str) {
        let mut store = RootCertStore::empty();
        // In a TRUSTED CERTIFICATE, OpenSSL appends the trusted purposes to the certificate. So
        // only the first DER value is the certificate.
        let first = SliceReader::new(der).and_then(|mut reader| reader.tlv_bytes().map(<[u8]>::to_vec));
        match first.map(CertificateDer::from) {
            Ok(certificate) if store.add(certificate.clone()).is_ok() => {
                self.anchors.append(&mut store.roots);
                self.certificates.push(certificate);
            }
            _ => self.skipped.push(otherwise.to_owned()),
        }
    }

    /// Returns why the bundle contains no certificate.
    pub(super) fn why_empty(&self) -> String {
        match self.skipped.first() {
            Some(first) => format!("the file has no usable certificate ({first})"),
            None => "the file has no CERTIFICATE entry".to_owned(),
        }
    }
}

/// Returns whether a TRUSTED CERTIFICATE is trusted for servers. OpenSSL appends an
/// `X509_CERT_AUX`: the trusted purposes and, with tag 0, the rejected purposes. Linux
/// distributions use the rejected purposes to distrust certificates.
fn is_for_servers(der: &[u8]) -> bool {
    let purposes = || {
        let mut reader = SliceReader::new(der).ok()?;
        reader.tlv_bytes().ok()?;
        let mut lists = [None, None];
        if !reader.is_finished() {
            let auxiliary = AnyRef::decode(&mut reader).ok()?;
            let mut members = SliceReader::new(auxiliary.value()).ok()?;
            while !members.is_finished() {
                let (tag, list) = (members.peek_byte(), AnyRef::decode(&mut members).ok()?);
                match (tag, &mut lists) {
                    (Some(0x30), [trusted, _]) => *trusted = Some(list.value()),
                    (Some(0xa0), [_, rejected]) => *rejected = Some(list.value()),
                    _ => {}
                }
            }
        }
        Some(lists)
    };
    let names_servers = |list: &[u8]| {
        let mut reader = SliceReader::new(list).ok()?;
        let mut found = false;
        while !reader.is_finished() {
            found |= FOR_SERVERS.contains(&reader.tlv_bytes().ok()?);
        }
        Some(found)
    };
    let Some([trusted, rejected]) = purposes() else { return false };
    let is_trusted = trusted.is_none_or(|list| names_servers(list) == Some(true));
    is_trusted && rejected.is_none_or(|list| names_servers(list) == Some(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    fn certificate() -> Vec<u8> {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    fn pem(label: &str, der: &[u8], line_end: &str) -> String {
        let base64 = STANDARD.encode(der);
        let lines: Vec<_> =
            base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let body = lines.join(line_end);
        format!("-----BEGIN {label}-----{line_end}{body}{line_end}-----END {label}-----")
    }

    /// `X509_CERT_AUX` with the given lists of purposes.
    fn auxiliary(trusted: Option<&[u8]>, rejected: Option<&[u8]>) -> Vec<u8> {
        let list = |tag: u8, oids: &[u8]| [&[tag, oids.len() as u8], oids].concat();
        let trusted = trusted.map(|oids| list(0x30, oids)).unwrap_or_default();
        let rejected = rejected.map(|oids| list(0xa0, oids)).unwrap_or_default();
        list(0x30, &[trusted, rejected].concat())
    }

    #[test]
    fn every_format_of_a_bundle_is_read() {
        let [a, b] = [certificate(), certificate()];
        let one = pem("CERTIFICATE", &a, "\n");
        for (form, text, expected) in [
            ("one", one.clone(), 1),
            ("a byte order mark", format!("\u{feff}{one}\n"), 1),
            ("CRLF", pem("CERTIFICATE", &a, "\r\n"), 1),
            ("CR", pem("CERTIFICATE", &a, "\r"), 1),
            ("comments", format!("# Root\nsubject=CN: x\n{one}\n\nBag attributes\n{one}\n"), 2),
            ("joined without a line end", format!("{one}{}", pem("CERTIFICATE", &b, "\n")), 2),
            ("indented", one.replace('\n', "\n   "), 1),
            ("one line", one.replace("-----\n", "----- ").replace('\n', " "), 1),
            ("X509 CERTIFICATE", pem("X509 CERTIFICATE", &a, "\n"), 1),
            ("a key before it", format!("{}\n{one}", pem("PRIVATE KEY", b"secret", "\n")), 1),
            (
                "TRUSTED CERTIFICATE",
                pem("TRUSTED CERTIFICATE", &[a.clone(), auxiliary(None, None)].concat(), "\n"),
                1,
            ),
            ("TRUSTED CERTIFICATE alone", pem("TRUSTED CERTIFICATE", &a, "\n"), 1),
        ] {
            let bundle = parse(text.as_bytes());
            assert_eq!((bundle.certificates.len(), bundle.anchors.len()), (expected, expected), "{form}");
            assert!(bundle.skipped.is_empty(), "{form}: {:?}", bundle.skipped);
            assert_eq!(&*bundle.certificates[0], &a, "{form}");
        }
        assert_eq!(parse(&a).certificates.len(), 1, "DER");
    }

    #[test]
    fn an_invalid_entry_is_skipped_and_reported_with_its_number() {
        let good = pem("CERTIFICATE", &certificate(), "\n");
        for (broken, expected) in [
            (
                "-----BEGIN CERTIFICATE-----\nnot base64 !!\n-----END CERTIFICATE-----\n",
                "entry 2 is not base64",
            ),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "entry 2 is not a certificate",
            ),
            ("-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----\n", "entry 2 is not a certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "entry 2 has no END line"),
            ("-----BEGIN CERTIFICATE\nAAAA\n", "entry 2 has an incomplete BEGIN line"),
            (
                "-----BEGIN CERTIFICATE\nAA\n-----END CERTIFICATE-----\n",
                "entry 2 has an incomplete BEGIN line",
            ),
        ] {
            let bundle = parse(format!("{good}\n{broken}").as_bytes());
            assert_eq!(bundle.certificates.len(), 1, "{broken}");
            assert_eq!(bundle.skipped, [expected], "{broken}");
            // A broken entry before the good one does not hide it.
            let bundle = parse(format!("{broken}\n{good}").as_bytes());
            assert_eq!((bundle.certificates.len(), bundle.skipped.len()), (1, 1), "{broken}");
        }
        for nothing in
            ["", "garbage", "\u{feff}", "0", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
        {
            let bundle = parse(nothing.as_bytes());
            assert!(bundle.certificates.is_empty() && bundle.why_empty().starts_with("the file has no "));
        }
    }

    #[test]
    fn a_certificate_that_openssl_does_not_trust_for_servers_is_skipped() {
        let [server, any] = FOR_SERVERS;
        let email: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 4];
        let both = [email, server].concat();
        for (trusted, rejected, expected) in [
            (None, None, true),
            (Some(server), None, true),
            (Some(any), None, true),
            (Some(&both[..]), Some(email), true),
            (Some(email), None, false),
            (Some(&[][..]), None, false),
            (None, Some(email), true),
            (None, Some(server), false),
            (None, Some(any), false),
            (Some(server), Some(&both[..]), false),
            (None, Some(&[6, 9][..]), false),
        ] {
            let der = [certificate(), auxiliary(trusted, rejected)].concat();
            let bundle = parse(pem("TRUSTED CERTIFICATE", &der, "\n").as_bytes());
            assert_eq!(bundle.certificates.len() == 1, expected, "{trusted:?} {rejected:?}");
            assert_eq!(bundle.skipped.is_empty(), expected);
        }
    }
}
