//! Reads a private key that signs JWTs for logins. Many formats are accepted.
//!
//! | change to the key | handling |
//! |---|---|
//! | line ends are missing, escaped or replaced by spaces; lines are indented | ignored |
//! | base64 of the PEM text | decoded |
//! | PEM of PKCS #8 or PKCS #1 without its first and last line | decoded |

use super::lenient::base64;
use super::secret_text::unusable;
use crate::encoding::base64url;
use crate::error::Result;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use jsonwebtoken::{Algorithm, Header};
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use zeroize::Zeroizing;

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// A private key. RSA keys sign with RS256, EC keys on P-256 with ES256.
pub(super) enum SigningKey {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

/// A private key in DER.
enum Der {
    Pkcs1(Zeroizing<Vec<u8>>),
    Pkcs8(Zeroizing<Vec<u8>>),
    Sec1(Zeroizing<Vec<u8>>),
}

impl SigningKey {
    /// Reads a key in PEM: "PRIVATE KEY" (PKCS #8), "RSA PRIVATE KEY" (PKCS #1) or "EC PRIVATE KEY"
    /// (SEC 1).
    ///
    /// # Errors
    /// [`crate::ErrorKind::UnusableCredentials`]: the key is not usable. The detail contains the
    /// cause, and no part of the key.
    pub(super) fn from_pem(text: &str) -> Result<Self> {
        match der(text)? {
            Der::Pkcs1(der) => Self::rsa(&der),
            Der::Sec1(der) => {
                Self::p256(EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).ok())
            }
            Der::Pkcs8(der) => {
                let info = PrivateKeyInfoRef::try_from(&der[..])
                    .map_err(|_| unusable("the private key is not valid PKCS #8: is it truncated?"))?;
                match info.algorithm.oid {
                    pkcs1::ALGORITHM_OID => Self::rsa(info.private_key.as_bytes()),
                    EC => Self::p256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).ok()),
                    _ => Err(unusable("the private key is neither RSA nor EC: use RSA, or EC on P-256")),
                }
            }
        }
    }

    fn rsa(pkcs1: &[u8]) -> Result<Self> {
        RsaKeyPair::from_der(pkcs1)
            .map(Self::Rsa)
            .map_err(|_| unusable("the private key is not an RSA key of 2048 bits or more"))
    }

    fn p256(pair: Option<EcdsaKeyPair>) -> Result<Self> {
        pair.map(Self::P256).ok_or(unusable("the private key is not an EC key on P-256"))
    }

    /// Returns a JWT that is signed with this key. `claims` is a JSON object.
    ///
    /// Does not call jsonwebtoken's `encode`, because that function uses the process's default
    /// provider of cryptography. The program may have set any provider. If none is set, `encode`
    /// panics.
    pub(super) fn jwt(&self, key_id: Option<&str>, claims: &str) -> Result<Zeroizing<String>> {
        let signing_failed = || unusable("signing with the private key failed");
        let algorithm = match self {
            Self::Rsa(_) => Algorithm::RS256,
            Self::P256(_) => Algorithm::ES256,
        };
        let header = Header { kid: key_id.map(str::to_owned), ..Header::new(algorithm) };
        let header = serde_json::to_vec(&header).map_err(|_| signing_failed())?;
        let input = format!("{}.{}", base64url::encode(&header), base64url::encode(claims.as_bytes()));
        let signature = self.sign(input.as_bytes()).ok_or_else(signing_failed)?;
        Ok(Zeroizing::new(format!("{input}.{}", base64url::encode(&signature))))
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
                Some(signature)
            }
            Self::P256(pair) => Some(pair.sign(&SystemRandom::new(), message).ok()?.as_ref().to_vec()),
        }
    }
}

fn der(text: &str) -> Result<Der> {
    if text.contains("-----BEGIN") {
        return der_in_pem(text);
    }
    let der = base64(&without_line_ends(text)).ok_or(unusable("the private key is not in PEM"))?;
    match std::str::from_utf8(&der) {
        Ok(text) if text.contains("-----BEGIN") => der_in_pem(text),
        _ if PrivateKeyInfoRef::try_from(&der[..]).is_ok() => Ok(Der::Pkcs8(der)),
        // 0x30 starts a DER sequence, so this is probably PKCS #1. If it is not, the caller's
        // parser rejects it.
        _ if der.first() == Some(&0x30) => Ok(Der::Pkcs1(der)),
        _ => Err(unusable("the private key is not in PEM")),
    }
}

fn der_in_pem(text: &str) -> Result<Der> {
    let mut rest = text;
    let mut found = None;
    while let Some((_, block)) = rest.split_once("-----BEGIN") {
        let Some((label, block)) = block.split_once("-----") else { break };
        let Some((body, after)) = block.split_once("-----END") else {
            return Err(unusable("the private key in PEM has no END line: is it truncated?"));
        };
        rest = after;
        let label: String = label.chars().filter(|c| !c.is_whitespace()).collect();
        let form = match label.as_str() {
            "PRIVATEKEY" => Der::Pkcs8,
            "RSAPRIVATEKEY" => Der::Pkcs1,
            "ECPRIVATEKEY" => Der::Sec1,
            other => {
                found.get_or_insert(error_for_label(other));
                continue;
            }
        };
        if body.contains("ENCRYPTED") {
            return Err(unusable(ENCRYPTED));
        }
        return base64(&without_line_ends(body))
            .map(form)
            .ok_or(unusable("the private key in PEM is not base64 between its first and last line"));
    }
    Err(unusable(found.unwrap_or("the private key is not in PEM")))
}

const ENCRYPTED: &str = "the private key is encrypted: use a key without a passphrase";

/// Returns the error text for a PEM block with this label. An unknown label does not appear in the
/// error text, because it may be secret.
fn error_for_label(label: &str) -> &'static str {
    match label {
        "ENCRYPTEDPRIVATEKEY" => ENCRYPTED,
        "OPENSSHPRIVATEKEY" => {
            "the private key is in OpenSSH's format: convert it to PKCS #8 (ssh-keygen -p -m PKCS8)"
        }
        "PUBLICKEY" | "RSAPUBLICKEY" => "a public key is given; the private key is needed",
        "CERTIFICATE" => "a certificate is given; its private key is needed",
        _ => "no PRIVATE KEY in the PEM text",
    }
}

/// Removes white space and its escapes. An escape is one or more backslashes, and an n, r or t that
/// may follow them.
fn without_line_ends(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if character == '\\' {
            while rest.next_if_eq(&'\\').is_some() {}
            let _ = rest.next_if(|c| matches!(c, 'n' | 'r' | 't'));
        } else if !character.is_whitespace() {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::jose::algorithm::Algorithm as Alg;
    use crate::jose::jwk::Jwk;
    use crate::keys::jwk_set::JwkSet;
    use crate::remote::renewal::service_account::ServiceAccount;
    use crate::verify::policy::Policy;
    use crate::verify::verify_token::verify_token;
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::STANDARD;
    use ::rsa::pkcs1::EncodeRsaPrivateKey as _;
    use ::rsa::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
    use proptest::prelude::*;
    use std::sync::LazyLock;

    const PEM: &str = include_str!("../../../tests/data/keys/rsa-2048-a.pem");
    const P256: &str = include_str!("../../../tests/data/keys/p256-a.pem");
    static KEY: LazyLock<Vec<u8>> = LazyLock::new(|| pkcs8(PEM));

    /// Returns the DER of a key in PKCS #8.
    fn pkcs8(text: &str) -> Vec<u8> {
        match der(text).unwrap() {
            Der::Pkcs8(der) => der.to_vec(),
            _ => panic!("not PKCS #8"),
        }
    }

    /// Signs a JWT with the private key, and verifies it with the public key. Returns true, or
    /// panics.
    fn signs(pem: &str, public: &[u8], algorithm: Alg) -> bool {
        let jwt = SigningKey::from_pem(pem).unwrap().jwt(Some("k"), r#"{"exp":1300}"#).unwrap();
        let jwks = JwkSet::from_keys([Jwk::from_der(public).unwrap()]).unwrap();
        let policy = Policy::any_issuer().algorithms([algorithm]).time(1000);
        let token = verify_token(&jwks, &policy, &*jwt).unwrap();
        assert_eq!(token.header(), format!(r#"{{"typ":"JWT","alg":"{algorithm}","kid":"k"}}"#));
        true
    }

    #[test]
    fn rsa_and_p256_keys_of_every_format_can_sign() {
        let rsa = ::rsa::RsaPrivateKey::from_pkcs8_pem(PEM).unwrap();
        let public = rsa.to_public_key().to_public_key_der().unwrap();
        let pkcs1 = rsa.to_pkcs1_pem(Default::default()).unwrap();
        for pem in [PEM, &pkcs1] {
            assert!(signs(pem, public.as_bytes(), Alg::Rs256));
        }
        let p256 = <p256::SecretKey as p256::pkcs8::DecodePrivateKey>::from_pkcs8_pem(P256).unwrap();
        let public = p256::pkcs8::EncodePublicKey::to_public_key_der(&p256.public_key()).unwrap();
        let sec1 = p256.to_sec1_pem(Default::default()).unwrap();
        let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
        for pem in [P256, &sec1, &format!("{parameters}{}", &*sec1)] {
            assert!(signs(pem, public.as_bytes(), Alg::Es256));
        }
        let other = include_str!("../../../tests/data/keys/p384.pem");
        let error = SigningKey::from_pem(other).err().unwrap();
        assert_eq!(error.detail(), "the private key is not an EC key on P-256");
        let other = include_str!("../../../tests/data/keys/ed25519-a.pem");
        assert_eq!(
            SigningKey::from_pem(other).err().unwrap().detail(),
            "the private key is neither RSA nor EC: use RSA, or EC on P-256"
        );
    }

    fn body() -> String {
        PEM.lines().filter(|line| !line.starts_with("-----")).collect()
    }

    #[test]
    fn a_private_key_is_read_with_changed_or_missing_line_ends() {
        let [first, last] = ["-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"];
        let body = body();
        let unpadded = body.trim_end_matches('=');
        let bag = "Bag Attributes\n    friendlyName: x\nKey Attributes: <No Attributes>\n";
        let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        for text in [
            PEM.replace('\n', ""),
            PEM.replace('\n', " "),
            PEM.replace('\n', "\r\n"),
            PEM.replace('\n', "\r"),
            PEM.replace('\n', "\\n"),
            PEM.replace('\n', "\\r\\n"),
            PEM.replace('\n', "\\\\n"),
            PEM.replace('\n', "\\\n"),
            PEM.replace('\n', "\n\n"),
            PEM.replace('\n', "\n    "),
            PEM.replace('\n', " \t\n\t"),
            PEM.replace([' ', '\n'], ""),
            format!("\u{feff}{PEM}"),
            format!("{bag}{PEM}"),
            format!("{certificate}{PEM}"),
            format!("{first}{body}{last}"),
            format!("{first}\n{unpadded}\n{last}"),
            STANDARD.encode(PEM),
            body.clone(),
            PEM.lines().filter(|line| !line.starts_with("-----")).collect::<Vec<_>>().join("\n"),
        ] {
            assert!(pkcs8(&text) == *KEY, "{}…", &text[..40]);
        }
    }

    proptest! {
        #[test]
        fn random_changes_of_line_ends_do_not_change_the_key(
            ends in prop::collection::vec("([ \t]{0,3}(\n|\r\n|\r|\\\\{1,3}n|\\\\r\\\\n|\\\\\n|)[ \t]{0,5}){1,2}", 60),
        ) {
            let mut text = String::new();
            for (line, end) in PEM.lines().zip(ends.iter().cycle()) {
                text += line;
                text += end;
            }
            prop_assert!(pkcs8(&text) == *KEY);
            // A secret may contain the same key, with or without escapes for the line ends.
            let escaped = serde_json::Value::from(text.as_str()).to_string();
            let mut keys = vec![escaped];
            if !text.contains('\\') {
                keys.push(format!("\"{text}\""));
            }
            for key in keys {
                let secret = format!(r#"{{"uid":"a","private_key":{key},"login_endpoint":"https://m/"}}"#);
                let account = ServiceAccount::from_json(&secret);
                prop_assert!(account.is_ok(), "{account:?}");
            }
        }

        #[test]
        fn no_input_causes_a_panic(text in "\\PC*", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for text in [text, String::from_utf8_lossy(&bytes).into_owned(), STANDARD.encode(&bytes)] {
                let _ = (SigningKey::from_pem(&text), ServiceAccount::from_json(&text));
                let framed = format!("-----BEGIN RSA PRIVATE KEY-----{text}-----END RSA PRIVATE KEY-----");
                let _ = SigningKey::from_pem(&framed);
            }
        }
    }

    #[test]
    fn a_text_that_is_not_a_private_key_causes_an_error_with_the_reason() {
        let with_label = |label: &str| PEM.replace("PRIVATE KEY", label);
        let openssl =
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMAA=\n-----END RSA PRIVATE KEY-----";
        for (text, why) in [
            (String::new(), "not in PEM"),
            ("/run/secrets/key".to_owned(), "not in PEM"),
            ("-----BEGIN PRIVATE KEY".to_owned(), "not in PEM"),
            (PEM[..PEM.len() - 30].to_owned(), "no END line"),
            (PEM.replace("MII", "M~I"), "not base64"),
            (PEM.replacen(&body()[64..128], "", 1), "truncated"),
            (with_label("ENCRYPTED PRIVATE KEY"), "encrypted"),
            (openssl.to_owned(), "encrypted"),
            (with_label("EC PRIVATE KEY"), "not an EC key on P-256"),
            (with_label("PUBLIC KEY"), "a public key"),
            (with_label("CERTIFICATE"), "a certificate"),
            (with_label("OPENSSH PRIVATE KEY"), "OpenSSH"),
            (with_label("OTHER"), "no PRIVATE KEY"),
        ] {
            let error = SigningKey::from_pem(&text).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::UnusableCredentials);
            assert!(error.to_string().contains(why), "{why}: {error}");
        }
    }
}
