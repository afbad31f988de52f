//! The Rust driver: `driver FIXTURES THREADS`.

mod bare;
mod c_abi;
mod ours;
mod peers;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use bench_driver::{Candidate, Case, serve};
use std::env;
use std::path::PathBuf;

/// Cases that run with every peer.
const EVERY_PEER: [&str; 4] = ["bouncer", "oidc", "tampered", "expired"];
/// Cases that run with one peer.
const ONE_PEER: [&str; 4] = ["unknown_kid", "garbage", "jwks_2", "jwks_100"];
/// Cases that run with this library only.
const NO_PEER: [&str; 2] = ["second_key", "keys_in_turn"];
/// Cases of ES256 and Ed25519 that run with this library only, each with the case whose tokens give
/// its keys their tables.
const CURVES: [(&str, &str); 3] = [
    ("es256_tampered", "es256"),
    ("ed25519_tampered", "ed25519"),
    ("es256_keys_in_turn", "es256_keys_in_turn"),
];
const BATCHES: [usize; 5] = [1, 7, 8, 64, 1000];
const OTHER_KEYS: [&str; 7] = ["rs384", "rs512", "ps256", "rsa_3072", "rsa_4096", "es256", "ed25519"];

fn main() {
    let mut arguments = env::args().skip(1);
    let (Some(folder), Some(threads)) = (arguments.next(), arguments.next()) else {
        panic!("usage: driver FIXTURES THREADS");
    };
    let folder = PathBuf::from(folder);
    let threads: usize = threads.parse().expect("a number of threads");
    let case = |name| Case::load(&folder, name);
    let mut candidates = Vec::new();
    if cfg!(not(feature = "avx512")) {
        for name in ["es256", "ed25519"] {
            candidates.push(ours::with_words(case(name)));
        }
    } else if threads > 1 {
        candidates.extend(whole(case("oidc")));
        candidates.extend(signature_alone(case("oidc")));
        candidates.push(ours::cached(case("oidc")));
        candidates.push(ours::batch(case("oidc"), 1000, threads));
    } else {
        for name in EVERY_PEER {
            candidates.extend(whole(case(name)));
            candidates.push(peers::josekit(case(name)));
        }
        for name in ["bouncer", "oidc"] {
            candidates.extend(signature_alone(case(name)));
        }
        for name in ONE_PEER {
            candidates.extend(whole(case(name)));
        }
        for name in OTHER_KEYS {
            candidates.extend(whole(case(name)));
            candidates.extend(signature_alone(case(name)));
        }
        for name in NO_PEER {
            candidates.push(ours::rust(case(name)));
            candidates.push(ours::without_avx512(case(name)));
        }
        for (name, valid) in CURVES {
            candidates.push(ours::after_use(case(name), case(valid)));
        }
        for name in ["es256", "ed25519"] {
            candidates.push(ours::without_tables(case(name)));
            candidates.push(ours::batch(case(name), 64, 1));
        }
        candidates.push(ours::remote(case("oidc")));
        candidates.push(ours::own_token());
        for name in ["bouncer", "oidc", "tampered", "rsa_3072", "rsa_4096"] {
            candidates.push(ours::without_avx512(case(name)));
        }
        candidates.push(ours::cached(case("oidc")));
        for tokens in BATCHES {
            candidates.push(ours::batch(case("oidc"), tokens, 1));
        }
    }
    serve(&candidates, &[], threads);
}

fn whole(case: &'static Case) -> [Candidate; 3] {
    [ours::rust(case), c_abi::ours(case), peers::jsonwebtoken(case)]
}

fn signature_alone(case: &'static Case) -> [Candidate; 3] {
    [bare::ours(case), bare::aws_lc(case), bare::openssl(case)]
}

/// Returns the "alg" of the tokens, which is the same in all tokens of a case. Returns RS256 if the
/// first token has no header that decodes.
fn algorithm(case: &Case) -> String {
    let header = case.tokens.first().and_then(|sample| sample.token.split('.').next());
    let header = header.and_then(|header| BASE64URL.decode(header).ok()).unwrap_or_default();
    let header = String::from_utf8(header).unwrap_or_default();
    let named = header.split_once(r#""alg":""#).and_then(|(_, rest)| rest.split('"').next());
    named.unwrap_or("RS256").to_owned()
}

/// Returns the version of a crate in this program's Cargo.lock.
fn version(name: &str) -> String {
    let lock = include_str!("../../../Cargo.lock");
    let entry = format!("name = \"{name}\"\nversion = \"");
    let (_, rest) = lock.split_once(&entry).expect(name);
    rest.split('"').next().unwrap_or_default().to_owned()
}
