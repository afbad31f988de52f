//! Makes the tokens and keys that all drivers read: `fixtures KEYS FOLDER`.
//!
//! Each case is a folder with three files:
//!
//! - `tokens` has 64 lines, or 100 in the case `es256_keys_in_turn`. Each line is the expected
//!   result, a space and the token.
//! - `jwks.json` is the JWK Set of the issuer.
//! - `key.pem` is the public key of the signer. In the case `keys_in_turn` this key signs only
//!   every second token, and in `es256_keys_in_turn` every hundredth.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use bench_driver::{AUDIENCE, ISSUER};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

const KID: &str = "2026-11-key";
const NEVER: i64 = 4_102_444_800;
const LONG_AGO: i64 = 1_700_000_000;

fn main() {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(keys), Some(folder)) = (arguments.next(), arguments.next()) else {
        panic!("usage: fixtures KEYS FOLDER");
    };
    let load = |name: &str| {
        let pem = fs::read(keys.join(name).with_extension("pem")).expect(name);
        PKey::private_key_from_pem(&pem).expect(name)
    };
    let rsa = load("rsa-2048-a");
    let others: Vec<String> = (1..100)
        .map(|i| {
            let key = Rsa::generate(2048).and_then(PKey::from_rsa).expect("a key");
            jwk(&key, &format!("2026-11-other-{i:02}"))
        })
        .collect();
    let set = |others: &[String]| key_set(others.iter().cloned().chain([jwk(&rsa, KID)]));
    let alone = set(&[]);

    let oidc = |key: &PKey<Private>, kid: &str, exp: i64| -> Vec<String> {
        (0..64).map(|i| sign(key, &header(algorithm(key), kid), &oidc_claims(i, exp))).collect()
    };
    let subjects: Vec<String> = (0..64).map(subject).collect();
    let rejected = |reason: &str| vec![format!("!{reason}"); 64];

    let write = |name: &str, key: &PKey<Private>, jwks: &str, expected: &[String], tokens: &[String]| {
        write_case(&folder.join(name), key, jwks, expected, tokens);
    };
    let uids: Vec<String> = (0..64).map(uid).collect();
    let of_bouncer = |key: &PKey<Private>, i: usize| {
        sign(key, r#"{"typ":"JWT","alg":"RS256"}"#, &format!(r#"{{"exp":{NEVER},"uid":"{}"}}"#, uid(i)))
    };
    let bouncer: Vec<String> = (0..64).map(|i| of_bouncer(&rsa, i)).collect();
    write("bouncer", &rsa, &alone, &uids, &bouncer);
    let first = load("rsa-2048-b");
    let two = set(&[jwk(&first, "2026-10-key")]);
    write("second_key", &rsa, &two, &uids, &bouncer);
    let in_turn: Vec<String> =
        (0..64).map(|i| of_bouncer(if i % 2 == 0 { &first } else { &rsa }, i)).collect();
    write("keys_in_turn", &rsa, &two, &uids, &in_turn);

    let valid = oidc(&rsa, KID, NEVER);
    write("oidc", &rsa, &alone, &subjects, &valid);
    write("jwks_2", &rsa, &set(&others[..1]), &subjects, &valid);
    write("jwks_100", &rsa, &set(&others), &subjects, &valid);
    let tampered: Vec<String> = valid.iter().map(|token| tampered(token)).collect();
    write("tampered", &rsa, &alone, &rejected("invalid_signature"), &tampered);
    write("expired", &rsa, &alone, &rejected("expired"), &oidc(&rsa, KID, LONG_AGO));
    write("unknown_kid", &rsa, &alone, &rejected("unknown_key"), &oidc(&rsa, "2026-10-key", NEVER));
    let garbage: Vec<String> = valid.iter().map(|token| garbage(token)).collect();
    write("garbage", &rsa, &alone, &rejected("malformed"), &garbage);

    for (name, file) in
        [("rsa_3072", "rsa-3072"), ("rsa_4096", "rsa-4096"), ("es256", "p256-a"), ("ed25519", "ed25519-a")]
    {
        let key = load(file);
        write(name, &key, &key_set([jwk(&key, KID)]), &subjects, &oidc(&key, KID, NEVER));
    }
    for name in ["es256", "ed25519"] {
        let key = load(if name == "es256" { "p256-a" } else { "ed25519-a" });
        let tampered: Vec<String> =
            oidc(&key, KID, NEVER).iter().map(|token| self::tampered(token)).collect();
        let (name, jwks) = (format!("{name}_tampered"), key_set([jwk(&key, KID)]));
        write(&name, &key, &jwks, &rejected("invalid_signature"), &tampered);
    }
    for (name, alg) in [("rs384", "RS384"), ("rs512", "RS512"), ("ps256", "PS256")] {
        let tokens: Vec<String> =
            (0..64).map(|i| sign(&rsa, &header(alg, KID), &oidc_claims(i, NEVER))).collect();
        write(name, &rsa, &key_set([jwk_for(&rsa, alg, KID)]), &subjects, &tokens);
    }
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("P-256");
    let keys: Vec<_> =
        (0..100).map(|_| EcKey::generate(&group).and_then(PKey::from_ec_key).expect("a key")).collect();
    let kid = |i: usize| format!("2026-11-curve-{i:02}");
    let in_turn: Vec<String> = keys
        .iter()
        .enumerate()
        .map(|(i, key)| sign(key, &header("ES256", &kid(i)), &oidc_claims(i, NEVER)))
        .collect();
    let jwks = key_set(keys.iter().enumerate().map(|(i, key)| jwk(key, &kid(i))));
    let subjects: Vec<String> = (0..100).map(subject).collect();
    write("es256_keys_in_turn", &keys[0], &jwks, &subjects, &in_turn);
}

fn uid(i: usize) -> String {
    format!("user-{i:05}")
}

fn subject(i: usize) -> String {
    format!("f1d2d2f9-24e9-86ac-86fd-{i:012}")
}

fn oidc_claims(i: usize, exp: i64) -> String {
    let subject = subject(i);
    format!(
        concat!(
            r#"{{"iss":"{ISSUER}","sub":"{subject}","aud":"{AUDIENCE}","#,
            r#""exp":{exp},"nbf":1600000000,"iat":1600000000,"jti":"9b2e6f0a-5c1d-4e8b-a7f3-2d4c6b8e0f1a","#,
            r#""azp":"web-shop","scope":"openid profile email orders:read orders:write","email":"user@example.com","#,
            r#""email_verified":true,"name":"Some User With A Rather Long Full Name Indeed"}}"#
        ),
        ISSUER = ISSUER,
        subject = subject,
        AUDIENCE = AUDIENCE,
        exp = exp
    )
}

fn algorithm(key: &PKey<Private>) -> &'static str {
    match key.id() {
        Id::RSA => "RS256",
        Id::EC => "ES256",
        _ => "EdDSA",
    }
}

fn header(alg: &str, kid: &str) -> String {
    format!(r#"{{"alg":"{alg}","typ":"JWT","kid":"{kid}"}}"#)
}

fn sign(key: &PKey<Private>, header: &str, claims: &str) -> String {
    let input = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(claims));
    let signature = match key.id() {
        Id::ED25519 => {
            Signer::new_without_digest(key).and_then(|mut s| s.sign_oneshot_to_vec(input.as_bytes()))
        }
        _ => Signer::new(digest(header), key).and_then(|mut s| {
            if header.contains("PS256") {
                s.set_rsa_padding(Padding::PKCS1_PSS)?;
                s.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
            }
            s.sign_oneshot_to_vec(input.as_bytes())
        }),
    };
    let mut signature = signature.expect("a signature");
    if key.id() == Id::EC {
        let parts = EcdsaSig::from_der(&signature).expect("a signature");
        signature = [padded(parts.r(), 32), padded(parts.s(), 32)].concat();
    }
    format!("{input}.{}", BASE64URL.encode(signature))
}

fn digest(header: &str) -> MessageDigest {
    match () {
        () if header.contains("RS384") => MessageDigest::sha384(),
        () if header.contains("RS512") => MessageDigest::sha512(),
        () => MessageDigest::sha256(),
    }
}

/// Changes one bit of the token's signature.
fn tampered(token: &str) -> String {
    let (input, signature) = token.rsplit_once('.').expect("three parts");
    let mut signature = BASE64URL.decode(signature).expect("base64url");
    let middle = signature.len() / 2 - 10;
    signature[middle] ^= 4;
    format!("{input}.{}", BASE64URL.encode(signature))
}

/// Returns text that has three parts and the length of the token, but does not decode to JSON.
fn garbage(token: &str) -> String {
    token.split('.').map(|part| part.chars().rev().collect::<String>()).collect::<Vec<_>>().join(".")
}

fn jwk(key: &PKey<Private>, kid: &str) -> String {
    jwk_for(key, algorithm(key), kid)
}

fn jwk_for(key: &PKey<Private>, alg: &str, kid: &str) -> String {
    let common = format!(r#""use":"sig","alg":"{alg}","kid":"{kid}""#);
    match key.id() {
        Id::RSA => {
            let rsa = key.rsa().expect("an RSA key");
            let (n, e) = (BASE64URL.encode(rsa.n().to_vec()), BASE64URL.encode(rsa.e().to_vec()));
            format!(r#"{{"kty":"RSA",{common},"n":"{n}","e":"{e}"}}"#)
        }
        Id::EC => {
            let ec = key.ec_key().expect("a key of an elliptic curve");
            let mut context = BigNumContext::new().expect("memory");
            let (mut x, mut y) = (BigNum::new().expect("memory"), BigNum::new().expect("memory"));
            ec.public_key().affine_coordinates(ec.group(), &mut x, &mut y, &mut context).expect("a point");
            let (x, y) = (BASE64URL.encode(padded(&x, 32)), BASE64URL.encode(padded(&y, 32)));
            format!(r#"{{"kty":"EC","crv":"P-256",{common},"x":"{x}","y":"{y}"}}"#)
        }
        _ => {
            let x = BASE64URL.encode(key.raw_public_key().expect("an Ed25519 key"));
            format!(r#"{{"kty":"OKP","crv":"Ed25519",{common},"x":"{x}"}}"#)
        }
    }
}

fn key_set(keys: impl IntoIterator<Item = String>) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.into_iter().collect::<Vec<_>>().join(","))
}

fn padded(number: &openssl::bn::BigNumRef, len: i32) -> Vec<u8> {
    number.to_vec_padded(len).expect("a number that fits")
}

fn write_case(folder: &Path, key: &PKey<Private>, jwks: &str, expected: &[String], tokens: &[String]) {
    fs::create_dir_all(folder).expect("the folder");
    let lines: String =
        expected.iter().zip(tokens).map(|(expected, token)| format!("{expected} {token}\n")).collect();
    fs::write(folder.join("tokens"), lines).expect("tokens");
    fs::write(folder.join("jwks.json"), jwks).expect("jwks.json");
    fs::write(folder.join("key.pem"), key.public_key_to_pem().expect("PEM")).expect("key.pem");
}
