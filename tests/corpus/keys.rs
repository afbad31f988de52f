//! The fixed private keys in `tests/data/keys`, and their JWKs and JWK Sets.

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use rsa::BigUint;
use rsa::pkcs1::RsaPrivateKey;
use rsa::pkcs8::{PrivateKeyInfo, SecretDocument};

use super::case::{quote, root};
use super::signer::b64;

pub(crate) enum Key {
    Rsa(Rsa),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

/// An RSA private key as numbers (RFC 8017 §3.2). The corpus signs with key sizes, exponents and
/// paddings that RSA libraries reject.
pub(crate) struct Rsa {
    pub(crate) n: BigUint,
    pub(crate) e: BigUint,
    p: BigUint,
    q: BigUint,
    dp: BigUint,
    dq: BigUint,
    qinv: BigUint,
}

impl Rsa {
    fn from_pem(pem: &str) -> Rsa {
        let (_, document) = SecretDocument::from_pem(pem).expect("a PEM file");
        let info = PrivateKeyInfo::try_from(document.as_bytes()).expect("PKCS #8");
        let key = RsaPrivateKey::try_from(info.private_key).expect("PKCS #1");
        let number = |bytes: &[u8]| BigUint::from_bytes_be(bytes);
        Rsa {
            n: number(key.modulus.as_bytes()),
            e: number(key.public_exponent.as_bytes()),
            p: number(key.prime1.as_bytes()),
            q: number(key.prime2.as_bytes()),
            dp: number(key.exponent1.as_bytes()),
            dq: number(key.exponent2.as_bytes()),
            qinv: number(key.coefficient.as_bytes()),
        }
    }

    /// Computes RSASP1 (RFC 8017 §5.2.1) with the Chinese remainder theorem.
    pub(crate) fn private(&self, message: &BigUint) -> BigUint {
        let m1 = message.modpow(&self.dp, &self.p);
        let m2 = message.modpow(&self.dq, &self.q);
        let difference = (&m1 + &self.p - (&m2 % &self.p)) % &self.p;
        m2 + (difference * &self.qinv % &self.p) * &self.q
    }

    /// Returns the length of the modulus in bytes.
    pub(crate) fn len(&self) -> usize {
        self.n.bits().div_ceil(8)
    }
}

static KEYS: LazyLock<BTreeMap<String, Key>> = LazyLock::new(|| {
    let directory = root().join("tests/data/keys");
    let mut keys = BTreeMap::new();
    for entry in fs::read_dir(&directory).expect("tests/data/keys") {
        let path = entry.expect("an entry of tests/data/keys").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let pem = fs::read_to_string(&path).expect("a PEM file");
        let key = match name.split('-').next() {
            Some("rsa") => Key::Rsa(Rsa::from_pem(&pem)),
            Some("p256") => Key::P256(p256::ecdsa::SigningKey::from_pkcs8_pem(&pem).expect("P-256")),
            Some("p384") => Key::P384(p384::ecdsa::SigningKey::from_pkcs8_pem(&pem).expect("P-384")),
            Some("p521") => Key::P521(p521::ecdsa::SigningKey::from_pkcs8_pem(&pem).expect("P-521")),
            _ => Key::Ed25519(ed25519_dalek::SigningKey::from_pkcs8_pem(&pem).expect("Ed25519")),
        };
        keys.insert(name, key);
    }
    keys
});

/// Returns the key of `tests/data/keys/<name>.pem`.
pub(crate) fn key(name: &str) -> &'static Key {
    KEYS.get(name).unwrap_or_else(|| panic!("tests/data/keys has no {name}.pem"))
}

/// Returns the RSA key of `tests/data/keys/<name>.pem`.
pub(crate) fn rsa_key(name: &str) -> &'static Rsa {
    match key(name) {
        Key::Rsa(rsa) => rsa,
        _ => panic!("{name} is not an RSA key"),
    }
}

/// A JWK as an ordered list of members. Each member is a name and the JSON text of its value. A
/// test case can change any member.
#[derive(Clone)]
pub(crate) struct Jwk(Vec<(String, String)>);

impl Jwk {
    pub(crate) fn new(kty: &str) -> Jwk {
        Jwk(Vec::new()).text("kty", kty)
    }

    /// Makes an RSA JWK from the given numbers, which are encoded without leading zeros.
    pub(crate) fn rsa(n: &BigUint, e: &BigUint) -> Jwk {
        Jwk::new("RSA").text("n", &b64(n.to_bytes_be())).text("e", &b64(e.to_bytes_be()))
    }

    /// Sets the value of a member to a JSON text. Appends the member if it is absent.
    pub(crate) fn set(mut self, name: &str, json: &str) -> Jwk {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, value)) => *value = json.to_owned(),
            None => self.0.push((name.to_owned(), json.to_owned())),
        }
        self
    }

    pub(crate) fn text(self, name: &str, value: &str) -> Jwk {
        let json = quote(value);
        self.set(name, &json)
    }

    pub(crate) fn kid(self, kid: &str) -> Jwk {
        self.text("kid", kid)
    }

    pub(crate) fn alg(self, alg: &str) -> Jwk {
        self.text("alg", alg)
    }

    pub(crate) fn without(mut self, name: &str) -> Jwk {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// Returns the value of a member, which must be a string without escapes.
    pub(crate) fn value(&self, name: &str) -> &str {
        let (_, json) = self.0.iter().find(|(known, _)| known == name).expect("a member");
        json.trim_matches('"')
    }

    pub(crate) fn json(&self) -> String {
        let members: Vec<String> =
            self.0.iter().map(|(name, value)| format!("{}:{value}", quote(name))).collect();
        format!("{{{}}}", members.join(","))
    }
}

/// Returns the public JWK of a key. It contains `kty`, `crv` for curves, and the public numbers.
pub(crate) fn jwk(name: &str) -> Jwk {
    let ec = |crv: &str, point: &[u8]| {
        let (x, y) = point[1..].split_at(point.len() / 2);
        Jwk::new("EC").text("crv", crv).text("x", &b64(x)).text("y", &b64(y))
    };
    match key(name) {
        Key::Rsa(key) => Jwk::rsa(&key.n, &key.e),
        Key::P256(key) => ec("P-256", &key.verifying_key().to_sec1_bytes()),
        Key::P384(key) => ec("P-384", &key.verifying_key().to_sec1_bytes()),
        Key::P521(key) => ec("P-521", &key.verifying_key().to_sec1_bytes()),
        Key::Ed25519(key) => {
            Jwk::new("OKP").text("crv", "Ed25519").text("x", &b64(key.verifying_key().as_bytes()))
        }
    }
}

/// Returns a JWK Set with the given keys.
pub(crate) fn set(keys: &[Jwk]) -> String {
    let keys: Vec<String> = keys.iter().map(Jwk::json).collect();
    format!("{{\"keys\":[{}]}}", keys.join(","))
}

/// Returns a JWK Set with one key, which has no `kid` and no `alg`.
pub(crate) fn only(name: &str) -> String {
    set(&[jwk(name)])
}
