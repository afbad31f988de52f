//! Tests public keys in PEM, in the forms that files, environment variables and other libraries
//! contain.

mod support {
    pub(crate) mod signer;
}

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bouncer_verify::{ErrorKind, Jwk};
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use support::signer::Key;

fn pem(label: &str, der: &[u8], line_end: &str) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let body = lines.join(line_end);
    format!("-----BEGIN {label}-----{line_end}{body}{line_end}-----END {label}-----{line_end}")
}

#[test]
fn any_form_of_line_end_is_accepted() {
    for name in ["rsa-2048-a", "p256-a", "p521", "ed25519-a"] {
        let der = Key::load(name).public_der();
        let key = Jwk::from_der(&der).unwrap();
        for line_end in ["\n", "\r\n", "", " ", r"\n", r"\r\n"] {
            let text = pem("PUBLIC KEY", &der, line_end);
            for text in
                [text.clone(), format!("\u{feff}{text}"), format!("\"{text}\""), format!("# a key\n{text}\n")]
            {
                assert_eq!(Jwk::from_pem(text.as_bytes()).as_ref(), Ok(&key), "{text}");
            }
        }
    }
}

#[test]
fn a_pkcs1_key_is_accepted() {
    let Key::Rsa(private) = Key::load("rsa-2048-a") else { panic!("an RSA key") };
    let der = rsa::pkcs1::EncodeRsaPublicKey::to_pkcs1_der(&private.to_public_key()).unwrap();
    let key = Jwk::from_der(&Key::load("rsa-2048-a").public_der()).unwrap();
    assert_eq!(Jwk::from_pem(pem("RSA PUBLIC KEY", der.as_bytes(), "\n").as_bytes()), Ok(key));
    // The same key with the wrong label.
    assert!(Jwk::from_pem(pem("PUBLIC KEY", der.as_bytes(), "\n").as_bytes()).is_err());
}

#[test]
fn the_key_of_a_certificate_is_accepted() {
    let leaf = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["idp.example".to_owned()]).unwrap().self_signed(&leaf).unwrap();
    let key = Jwk::from_der(&leaf.subject_public_key_info()).unwrap();
    assert_eq!((key.key_type(), key.curve()), ("EC", Some("P-256")));
    assert_eq!(Jwk::from_pem(certificate.pem().as_bytes()), Ok(key.clone()));
    // In a chain, the leaf is the first certificate.
    let issuer = KeyPair::generate().unwrap();
    let other = CertificateParams::new(Vec::new()).unwrap().self_signed(&issuer).unwrap();
    let chain = certificate.pem() + &other.pem();
    assert_eq!(Jwk::from_pem(chain.as_bytes()), Ok(key));
    let der = certificate.der();
    for len in 0..der.len() {
        assert!(Jwk::from_pem(pem("CERTIFICATE", &der[..len], "\n").as_bytes()).is_err());
    }
    for at in 0..der.len().min(200) {
        let mut damaged = der.to_vec();
        damaged[at] ^= 0x20;
        drop(Jwk::from_pem(pem("CERTIFICATE", &damaged, "\n").as_bytes()));
    }
}

#[test]
fn a_file_with_several_keys_or_a_private_key_is_rejected() {
    let public = pem("PUBLIC KEY", &Key::load("p256-a").public_der(), "\n");
    let private =
        std::fs::read_to_string(format!("{}/tests/data/keys/p256-a.pem", env!("CARGO_MANIFEST_DIR")));
    let private = private.unwrap();
    assert!(Jwk::from_pem(public.as_bytes()).is_ok());
    for (text, word) in [
        (public.clone() + &public, "2 PEM blocks"),
        (private.clone(), "a private key"),
        (public.clone() + &private, "a private key"),
        (private + &public, "a private key"),
    ] {
        let error = Jwk::from_pem(text.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnusableKey);
        assert!(error.detail().contains(word), "{error}");
    }
}
