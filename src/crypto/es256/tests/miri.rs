//! Tests that are small enough for Miri: the ES256 example of RFC 7515 appendix A.3, with the
//! smallest window. They call no C code. `make miri` runs them.

use crate::crypto::es256::point::AffinePoint;
use crate::crypto::es256::signature::Verdict;
use crate::crypto::es256::table::{MIN_WINDOW, Radix, Table, TablePair};
use crate::crypto::es256::words;
use crate::encoding::base64url;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

const MESSAGE: &[u8] = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9\
                         leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn decode<const LEN: usize>(text: &str) -> [u8; LEN] {
    base64url::decode(text.as_bytes()).unwrap().try_into().unwrap()
}

fn point() -> AffinePoint {
    let x = decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
    let y = decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    AffinePoint::new(&x, &y).unwrap()
}

/// Returns a digest and a signature. They are genuine, except in the second half of each four:
/// there, one bit of r or of the digest is flipped.
fn example(i: usize) -> ([u8; 32], [u8; 64]) {
    let mut digest: [u8; 32] = Sha256::digest(MESSAGE).into();
    let mut signature: [u8; 64] =
        decode("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
    match i % 4 {
        2 => signature[17] ^= 1,
        3 => digest[17] ^= 1,
        _ => {}
    }
    (digest, signature)
}

fn expected(i: usize) -> Verdict {
    if i % 4 < 2 { Verdict::Valid } else { Verdict::Invalid }
}

#[test]
fn miri_finds_no_undefined_behaviour_with_64_bit_words() {
    let generator = Arc::new(Table::new(&AffinePoint::GENERATOR, MIN_WINDOW, Radix::Words));
    let tables = TablePair { generator, key: Table::new(&point(), MIN_WINDOW, Radix::Words) };
    for i in 1..4 {
        let (digest, signature) = example(i);
        assert_eq!(words::verify(&tables, &digest, &signature), expected(i));
    }
}

#[cfg(ifma)]
#[test]
fn miri_finds_no_undefined_behaviour_with_vectors() {
    use crate::crypto::es256::generator;
    use crate::crypto::es256::vector::verify::{Verify, VerifyLanes};
    use crate::crypto::vector::block::LANES;
    use crate::crypto::vector::portable::Portable;
    use crate::crypto::vector::simd::Simd as _;
    use std::array::from_fn;

    let key = Table::new(&point(), MIN_WINDOW, Radix::Limbs);
    let tables = TablePair { generator: generator::table(Radix::Limbs), key };
    let examples: [_; LANES] = from_fn(example);
    let verify = |i: usize| {
        let (digest, signature) = &examples[i];
        Verify { tables: &tables, digest, signature }
    };
    for i in 1..4 {
        assert_eq!(Portable::<false>.run(verify(i)), expected(i));
    }
    // One lane is empty.
    let lanes = from_fn(|i| (i != 5).then(|| verify(i)));
    let expected = from_fn(|i| if i == 5 { Verdict::Invalid } else { expected(i) });
    assert_eq!(Portable::<false>.run(VerifyLanes { lanes }), expected);
}
