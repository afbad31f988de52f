//! Tests that are small enough for Miri: the RS256 example of RFC 7515 appendix A.2. They call no C
//! code. `make miri` runs them.

use crate::crypto::hash::Hash;
use crate::crypto::rsa::constants::Constants;
use crate::crypto::rsa::input::Input;
use crate::crypto::rsa::lanes::Lanes;
use crate::crypto::rsa::modulus::Modulus;
use crate::crypto::rsa::single::Single;
use crate::crypto::rsa::{limbs, pkcs1};
use crate::crypto::vector::block::LANES;
use crate::crypto::vector::portable::Portable;
use crate::crypto::vector::simd::Simd as _;
use crate::encoding::base64url;
use sha2::{Digest as _, Sha256};
use std::array::from_fn;

const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d\
                 4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexM\
                 dbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvU\
                 K-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_\
                         O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIA\
                         RNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPq\
                         vhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77\
                         Rw";
const MESSAGE: &[u8] =
    b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
                         cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn decode(text: &str) -> Vec<u8> {
    base64url::decode(text.as_bytes()).unwrap()
}

#[test]
fn miri_finds_no_undefined_behaviour() {
    let modulus = Modulus::<5>::new(limbs::from_be_bytes(&decode(N)), 2048);
    let key = Constants::new(&modulus, 2048);
    let digest: [u8; 32] = Sha256::digest(MESSAGE).into();
    // The genuine signature, a changed one, and a genuine one with another digest.
    let input = |i: usize| {
        let (mut signature, mut digest) = (decode(SIGNATURE), digest);
        signature[100] ^= u8::from(i % 4 == 2);
        digest[17] ^= u8::from(i % 4 == 3);
        let subtrahend = Some(pkcs1::subtrahend(Hash::Sha256, &digest));
        Input { key: &key, signature: limbs::from_be_bytes(&signature), subtrahend }
    };
    for i in 1..4 {
        assert_eq!(key.divides(&Portable::<false>.run(Single(&input(i)))), i == 1);
    }
    // Carries that ripple through all limbs.
    assert!(key.divides(&Portable::<true>.run(Single(&input(0)))));
    let results = Portable::<false>.run(Lanes(&from_fn(input)));
    assert_eq!(results.map(|result| key.divides(&result)), from_fn::<_, LANES, _>(|i| i % 4 < 2));
}
