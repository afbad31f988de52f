//! Tests that are small enough for Miri: the example of RFC 8037 appendix A.4, with the smallest
//! window. They call no C code. `make miri` runs them.

use crate::crypto::ed25519::equation::Equation;
use crate::crypto::ed25519::table::MIN_WINDOW;
use crate::crypto::ed25519::tables::Pair;
use crate::crypto::ed25519::{plain, rules};
use crate::encoding::base64url;
use sha2::{Digest as _, Sha512};

const MESSAGE: &[u8] = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";

fn decode<const LEN: usize>(text: &str) -> [u8; LEN] {
    base64url::decode(text.as_bytes()).unwrap().try_into().unwrap()
}

fn key() -> [u8; 32] {
    decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
}

/// Returns a signature. It is genuine, except in the second half of each four: there, one bit of R
/// or S is flipped.
fn signature(i: usize) -> [u8; 64] {
    let mut signature: [u8; 64] =
        decode("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
    match i % 4 {
        2 => signature[17] ^= 1,
        3 => signature[49] ^= 1,
        _ => {}
    }
    signature
}

fn is_genuine(i: usize) -> bool {
    i % 4 < 2
}

fn digest(signature: &[u8; 64]) -> [u8; 64] {
    Sha512::new().chain_update(&signature[..32]).chain_update(key()).chain_update(MESSAGE).finalize().into()
}

fn equation(i: usize) -> Equation {
    let signature = signature(i);
    assert!(rules::has_sound_commitment(&signature));
    Equation::without_k(&signature).unwrap().with_digest(&digest(&signature))
}

#[test]
fn miri_finds_no_undefined_behaviour_with_64_bit_words() {
    let tables = Pair::new(&key(), MIN_WINDOW).unwrap();
    for i in 1..4 {
        assert_eq!(plain::holds(&tables, &equation(i)), is_genuine(i));
    }
}

#[cfg(ifma)]
#[test]
fn miri_finds_no_undefined_behaviour_with_vectors() {
    use crate::crypto::ed25519::lanes::LanesHold;
    use crate::crypto::ed25519::sha512_lanes::digests;
    use crate::crypto::ed25519::single::Holds;
    use crate::crypto::vector::block::LANES;
    use crate::crypto::vector::portable::Portable;
    use crate::crypto::vector::simd::Simd as _;
    use std::array::from_fn;

    let tables = Pair::new(&key(), MIN_WINDOW).unwrap();
    let (key, signatures): (_, [_; LANES]) = (key(), from_fn(signature));
    let messages = signatures.each_ref().map(|signature| [&signature[..32], &key, MESSAGE]);
    assert_eq!(digests(Portable::<false>, &messages), signatures.each_ref().map(digest));
    for i in 1..4 {
        let holds = Portable::<false>.run(Holds { tables: &tables, equation: &equation(i) });
        assert_eq!(holds, is_genuine(i));
    }
    // One lane is empty.
    let lanes = from_fn(|i| (i != 5).then(|| (&tables, equation(i))));
    let expected = (0..LANES).map(|i| u8::from(i != 5 && is_genuine(i)) << i).sum::<u8>();
    assert_eq!(Portable::<false>.run(LanesHold { lanes: &lanes }), expected);
}
