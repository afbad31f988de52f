//! The whole verification beside the bare primitive: `make bench`.
//!
//! The machines this runs on are shared, and their clock moves by a third within minutes. So no candidate is
//! measured by itself: short slots of all of them take turns, each ratio is taken within one round, and the
//! medians over the rounds are printed with the tenth and the ninetieth percentile.

#![allow(unsafe_code, clippy::multiple_unsafe_ops_per_block, reason = "it calls the C interface as C does")]

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use bouncer_verify::{
    HttpRequest, HttpResponse, JwkSet, NewToken, Policy, RemoteJwkSet, TokenRenewer, Verifier, verify_token,
};
use rsa::pkcs8::DecodePrivateKey;
use rsa::sha2::{Digest, Sha256};
use rsa::traits::PublicKeyParts;
use std::ffi::{c_char, c_void};
use std::hint::black_box;
use std::time::{Duration, Instant};

const ROUNDS: usize = 201;
const SLOT: Duration = Duration::from_micros(600);
/// Different tokens in turn, so that the branch predictor cannot learn one.
const TOKENS: usize = 64;

fn main() {
    let key = include_str!("../tests/data/keys/rsa-2048-a.pem");
    let key = rsa::RsaPrivateKey::from_pkcs8_pem(key).expect("the test key");
    println!("RS256 with RSA-2048, one thread, key set loaded once; {ROUNDS} rounds of {SLOT:?} slots");
    measure("As Bouncer's", &key, r#"{"typ":"JWT","alg":"RS256"}"#, small);
    measure("As OpenID Connect's", &key, r#"{"alg":"RS256","typ":"JWT","kid":"2026-11-key"}"#, large);
    hand_out();
}

/// What a request pays for the service's own token while that is valid.
fn hand_out() {
    let source = || Ok(NewToken::new("x".repeat(430))?.expires_in(Duration::from_secs(3600)));
    let renewer = TokenRenewer::source("bench", source).build().expect("a renewer");
    renewer.wait_ready(Duration::from_secs(10)).expect("a token");
    let times = (0..ROUNDS).map(|_| {
        const CALLS: u32 = 10_000;
        let start = Instant::now();
        for _ in 0..CALLS {
            black_box(renewer.token().expect("a token"));
        }
        start.elapsed().as_secs_f64() / f64::from(CALLS) * 1e9
    });
    let time = Spread::of(times);
    println!("\nHanding out the own token: {:.0} ns ({:.0} .. {:.0})", time.median, time.p10, time.p90);
}

fn small(i: usize) -> String {
    format!(r#"{{"exp":4102444800,"uid":"user-{i:05}"}}"#)
}

fn large(i: usize) -> String {
    format!(
        concat!(
            r#"{{"iss":"https://idp.example.com/realms/production","sub":"f1d2d2f9-24e9-86ac-86fd-{:012}","aud":"api://orders","#,
            r#""exp":4102444800,"nbf":1700000000,"iat":1700000000,"jti":"9b2e6f0a-5c1d-4e8b-a7f3-2d4c6b8e0f1a","#,
            r#""azp":"web-shop","scope":"openid profile email orders:read orders:write","email":"user@example.com","#,
            r#""email_verified":true,"name":"Some User With A Rather Long Full Name Indeed"}}"#
        ),
        i
    )
}

type Candidate<'a> = (&'a str, Box<dyn FnMut(usize) -> bool + 'a>);

fn measure(name: &str, key: &rsa::RsaPrivateKey, header: &str, claims: fn(usize) -> String) {
    let (n, e) = (key.n().to_bytes_be(), key.e().to_bytes_be());
    let (n64, e64) = (BASE64URL.encode(&n), BASE64URL.encode(&e));
    let set = format!(
        r#"{{"keys":[{{"kty":"RSA","alg":"RS256","use":"sig","kid":"2026-11-key","n":"{n64}","e":"{e64}"}}]}}"#
    );
    let header = BASE64URL.encode(header);
    let tokens: Vec<String> = (0..TOKENS)
        .map(|i| {
            let input = format!("{header}.{}", BASE64URL.encode(claims(i).as_bytes()));
            let digest = Sha256::digest(input.as_bytes());
            let signature = key.sign(rsa::Pkcs1v15Sign::new::<Sha256>(), &digest).expect("a signature");
            format!("{input}.{}", BASE64URL.encode(&signature))
        })
        .collect();
    let parts: Vec<(&[u8], Vec<u8>)> = tokens
        .iter()
        .map(|token| {
            let (input, signature) = token.rsplit_once('.').expect("three parts");
            (input.as_bytes(), BASE64URL.decode(signature).expect("base64url"))
        })
        .collect();

    let bare: ParsedPublicKey = PublicKeyComponents { n: &n, e: &e }
        .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        .expect("the public key");
    let jwks = JwkSet::from_slice(set.as_bytes()).expect("the key set");
    let policy = Policy::any_issuer().accept_any_audience();
    let document = set.clone();
    let remote = RemoteJwkSet::builder("https://idp.example/jwks")
        .transport(move |_: &HttpRequest<'_>| Ok(HttpResponse::new(200, [], document.clone().into_bytes())))
        .build()
        .expect("remote keys");
    remote.wait_ready(Duration::from_secs(10)).expect("keys");
    let kept = Verifier::new(remote, policy.clone());
    let c = C::new(&set);
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.validate_aud = false;
    let decoding_key = jsonwebtoken::DecodingKey::from_rsa_components(&n64, &e64).expect("the public key");

    let token = |i: usize| tokens[i % TOKENS].as_bytes();
    let mut candidates: Vec<Candidate<'_>> = vec![
        (
            "bare aws-lc-rs, key parsed",
            Box::new(|i| {
                let (input, signature) = &parts[i % TOKENS];
                bare.verify_sig(input, signature).is_ok()
            }),
        ),
        ("bouncer_verify, Rust", Box::new(|i| black_box(verify_token(&jwks, &policy, token(i))).is_ok())),
        ("bouncer_verify, C", Box::new(|i| c.verify(token(i)))),
        ("bouncer_verify, remote keys", Box::new(|i| black_box(kept.verify(token(i))).is_ok())),
        (
            "jsonwebtoken 11, aws-lc-rs",
            Box::new(|i| {
                black_box(jsonwebtoken::decode::<serde_json::Value>(token(i), &decoding_key, &validation))
                    .is_ok()
            }),
        ),
    ];

    println!("\n{name} ({} bytes)\n", tokens[0].len());
    println!("| | x bare | p10 .. p90 | us | p10 .. p90 |");
    println!("|---|---|---|---|---|");
    let rounds = interleave(&mut candidates);
    for (which, (name, _)) in candidates.iter().enumerate() {
        let ratio = Spread::of(rounds.iter().map(|round| round[which] / round[0]));
        let time = Spread::of(rounds.iter().map(|round| round[which] * 1e6));
        println!(
            "| {name} | {:.3} | {:.3} .. {:.3} | {:.2} | {:.2} .. {:.2} |",
            ratio.median, ratio.p10, ratio.p90, time.median, time.p10, time.p90
        );
    }
    let through_c = Spread::of(rounds.iter().map(|round| (round[2] - round[1]) * 1e9));
    println!(
        "\nThrough C: {:+.0} ns over Rust ({:+.0} .. {:+.0})",
        through_c.median, through_c.p10, through_c.p90
    );
}

/// Seconds per call, for each round and candidate.
fn interleave(candidates: &mut [Candidate<'_>]) -> Vec<Vec<f64>> {
    let mut calls = 0;
    (0..ROUNDS + 5)
        .map(|_| {
            let one = |(_, run): &mut Candidate<'_>| {
                let start = Instant::now();
                let mut count = 0;
                while start.elapsed() < SLOT {
                    // Four calls to one look at the clock.
                    for _ in 0..4 {
                        assert!(run(calls), "a valid token was refused");
                        calls += 1;
                    }
                    count += 4;
                }
                start.elapsed().as_secs_f64() / f64::from(count)
            };
            candidates.iter_mut().map(one).collect()
        })
        .skip(5)
        .collect()
}

struct Spread {
    p10: f64,
    median: f64,
    p90: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |percent: usize| sorted[sorted.len() * percent / 100];
        Self { p10: at(10), median: at(50), p90: at(90) }
    }
}

/// The C interface as a C program sees it.
struct C {
    jwks: *mut c_void,
    policy: *mut c_void,
}

impl C {
    fn new(set: &str) -> Self {
        let mut jwks = std::ptr::null_mut();
        // SAFETY: the declarations below are those of the header, and the arguments are what it asks for.
        let policy = unsafe {
            assert_eq!(bouncer_jwks_load(set.as_ptr().cast(), set.len(), &mut jwks, std::ptr::null_mut()), 0);
            let policy = bouncer_policy_new_any_issuer();
            assert_eq!(bouncer_policy_set_any_audience(policy, std::ptr::null_mut()), 0);
            policy
        };
        Self { jwks, policy }
    }

    fn verify(&self, text: &[u8]) -> bool {
        let mut token = std::ptr::null_mut();
        // SAFETY: as in `new`; the token is freed once.
        unsafe {
            let (data, len) = (text.as_ptr().cast(), text.len());
            let status =
                bouncer_verify_token(self.jwks, self.policy, data, len, &mut token, std::ptr::null_mut());
            bouncer_token_free(token);
            status == 0
        }
    }
}

unsafe extern "C" {
    fn bouncer_jwks_load(
        json: *const c_char,
        len: usize,
        out: *mut *mut c_void,
        err: *mut *mut c_void,
    ) -> u32;
    fn bouncer_policy_new_any_issuer() -> *mut c_void;
    fn bouncer_policy_set_any_audience(policy: *mut c_void, err: *mut *mut c_void) -> u32;
    fn bouncer_verify_token(
        jwks: *const c_void,
        policy: *const c_void,
        token: *const c_char,
        len: usize,
        out: *mut *mut c_void,
        err: *mut *mut c_void,
    ) -> u32;
    fn bouncer_token_free(token: *mut c_void);
}
