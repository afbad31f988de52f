//! The client certificate for the TLS handshake (mTLS).

use super::transport::printable_path;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use zeroize::Zeroizing;

/// Maximum size of a file, in bytes.
const MAX_FILE_LEN: u64 = 1 << 20;
/// If the certificate and the key do not match, both files are read again after this pause. An
/// operator replaces the files one after the other, so they may not match for a moment.
const REREAD_PAUSE: Duration = Duration::from_millis(100);
const ENCRYPTED: &str = "the private key is encrypted: decrypt it first (openssl pkey)";

/// The files of the certificate and its key. Both are read for each HTTP exchange, so that
/// short-lived certificates can be replaced while the program runs.
#[derive(Clone)]
pub(super) struct ClientCertificate {
    pub(super) certificate_file: PathBuf,
    /// May be the same as `certificate_file`.
    pub(super) key_file: PathBuf,
}

impl ClientCertificate {
    /// Reads both files. If they do not match, reads both again after [`REREAD_PAUSE`].
    ///
    /// # Errors
    /// The error text contains the setting's name, the path and the cause. It contains no bytes of
    /// a file.
    pub(super) fn load(&self, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, String> {
        let mut loaded = self.read(provider)?;
        if matches!(loaded, Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch))) {
            thread::sleep(REREAD_PAUSE);
            loaded = self.read(provider)?;
        }
        loaded.map(Arc::new).map_err(|error| match error {
            Error::InconsistentKeys(_) => format!(
                "client_key_file {} does not match client_certificate_file {}: set the key of this certificate",
                printable_path(&self.key_file),
                printable_path(&self.certificate_file)
            ),
            Error::InvalidCertificate(_) => {
                failed("client_certificate_file", &self.certificate_file, "not an X.509 certificate")
            }
            // The error text of aws-lc does not contain the cause.
            _ => failed("client_key_file", &self.key_file, "not a usable RSA, ECDSA or Ed25519 key"),
        })
    }

    fn read(&self, provider: &CryptoProvider) -> Result<Result<CertifiedKey, Error>, String> {
        let name = "client_certificate_file";
        let text = read(name, &self.certificate_file)?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<_, _>>()
            .map_err(|error| failed(name, &self.certificate_file, pem_fault(&error)))?;
        if chain.is_empty() {
            return Err(failed(name, &self.certificate_file, "the file has no CERTIFICATE entry"));
        }
        let name = "client_key_file";
        let text = read(name, &self.key_file)?;
        let key = PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
            let encrypted = text.windows(9).any(|word| word == b"ENCRYPTED");
            let why = if encrypted { ENCRYPTED } else { pem_fault(&error) };
            failed(name, &self.key_file, why)
        })?;
        Ok(CertifiedKey::from_der(chain, key, provider))
    }
}

fn read(name: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_LEN + 1).read_to_end(&mut bytes))
        .map_err(|error| failed(name, path, error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE_LEN {
        return Err(failed(name, path, format!("larger than the limit of {MAX_FILE_LEN} bytes")));
    }
    // The PEM parser would not recognize the first line after a byte order mark.
    Ok(match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(text) => Zeroizing::new(text.to_vec()),
        None => bytes,
    })
}

fn failed(name: &str, path: &Path, why: impl AsRef<str>) -> String {
    format!("{name} {}: {}", printable_path(path), why.as_ref())
}

/// Returns the text for an error of the PEM parser. The parser's own text can contain bytes of the
/// file.
fn pem_fault(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::NoItemsFound => "the file has no PRIVATE KEY entry",
        pem::Error::MissingSectionEnd { .. } => "a PEM entry has no END line: is the file truncated?",
        pem::Error::Base64Decode(_) => "a PEM entry is not base64",
        _ => "not PEM",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};
    use std::fs;

    /// Returns a certificate and its key in PEM.
    fn pair() -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["client.example".to_owned()]).unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn file(name: &str, text: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("bouncer-client-certificate-{name}.pem"));
        fs::write(&path, text).unwrap();
        path
    }

    fn load(certificate_file: &Path, key_file: &Path) -> Result<usize, String> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let files =
            ClientCertificate { certificate_file: certificate_file.into(), key_file: key_file.into() };
        files.load(&provider).map(|pair| pair.cert.len())
    }

    #[test]
    fn a_chain_and_its_key_are_read_from_one_file_or_two() {
        let ((certificate, key), (issuer, _)) = (pair(), pair());
        let chain = file("chain", &format!("\u{feff}{certificate}{issuer}"));
        assert_eq!(load(&chain, &file("key", &format!("\u{feff}{key}"))), Ok(2));
        let both = file("both", &format!("{key}{certificate}"));
        assert_eq!(load(&both, &both), Ok(1));
    }

    #[test]
    fn an_error_contains_setting_path_and_cause_but_no_bytes_of_the_file() {
        let ((certificate, key), (_, other)) = (pair(), pair());
        let (good, key_file) = (file("good", &certificate), file("good-key", &key));
        let missing = Path::new("/nonexistent/client.pem");
        let text = load(missing, &key_file).unwrap_err();
        assert_eq!(
            text,
            "client_certificate_file /nonexistent/client.pem: No such file or directory (os error 2)"
        );
        assert!(load(&good, missing).unwrap_err().starts_with("client_key_file /nonexistent/client.pem: "));
        for (text, why) in [
            ("", "the file has no CERTIFICATE entry"),
            ("secret", "the file has no CERTIFICATE entry"),
            ("-----BEGIN CERTIFICATE-----\n!secret\n-----END CERTIFICATE-----\n", "not base64"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "no END line"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "not an X.509 certificate"),
        ] {
            let path = file("broken", text);
            let error = load(&path, &key_file).unwrap_err();
            assert!(error.starts_with(&format!("client_certificate_file {}: ", path.display())), "{error}");
            assert!(error.contains(why) && !error.contains("secret"), "{text}: {error}");
        }
        for (text, why) in [
            (certificate.clone(), "the file has no PRIVATE KEY entry"),
            (key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"), ENCRYPTED),
            (key.replace('M', "!"), "not base64"),
            (key.replace('M', "A"), "not a usable RSA, ECDSA or Ed25519 key"),
            (other, "does not match client_certificate_file"),
        ] {
            let path = file("broken-key", &text);
            let error = load(&good, &path).unwrap_err();
            assert!(error.starts_with(&format!("client_key_file {}", path.display())), "{error}");
            assert!(error.contains(why), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_larger_than_the_limit_is_rejected_without_reading_it_all() {
        let error = load(Path::new("/dev/zero"), Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error, "client_certificate_file /dev/zero: larger than the limit of 1048576 bytes");
    }

    #[test]
    fn files_that_do_not_match_are_read_again_while_they_are_replaced() {
        let ((certificate, _), (_, new_key)) = (pair(), pair());
        let (certificate_file, key_file) = (file("old", &certificate), file("new-key", &new_key));
        let (new_certificate, path) = (pair(), certificate_file.clone());
        fs::write(&key_file, &new_certificate.1).unwrap();
        let writer = thread::spawn(move || {
            thread::sleep(REREAD_PAUSE / 4);
            fs::write(path, new_certificate.0).unwrap();
        });
        assert_eq!(load(&certificate_file, &key_file), Ok(1));
        writer.join().unwrap();
    }
}
