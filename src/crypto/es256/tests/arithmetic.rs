//! Tests of the arithmetic with 64-bit words, and of the inversion, against num-bigint.

use super::numbers::{Random, big, number, power_of_two};
use crate::crypto::es256::field::{Element, P, invert_all};
use crate::crypto::es256::order::{self, N};
use crate::crypto::invert::Modulus;

#[test]
fn the_field_agrees_with_num_bigint() {
    let p = big(&P);
    let r = power_of_two(256);
    let mut random = Random(1);
    for _ in 0..10_000 {
        let (x, y) = (random.number(&p), random.number(&p));
        let (a, b) = (Element(x), Element(y));
        let product = a.multiply(&b).0;
        assert!(big(&product) < p);
        assert_eq!(big(&product) * &r % &p, big(&x) * big(&y) % &p);
        assert_eq!(a.square(), a.multiply(&a));
        assert_eq!(big(&a.add(&b).0), (big(&x) + big(&y)) % &p);
        assert_eq!(big(&a.sub(&b).0), (big(&x) + &p - big(&y)) % &p);
        assert_eq!(a.add(&a.negate()), Element::ZERO);
        assert_eq!(Element::from_number(&x).to_number(), x);
        // A number of p or more is reduced.
        let any = random.number(&r);
        assert_eq!(big(&Element::from_number(&any).to_number()), big(&any) % &p);
    }
}

#[test]
fn an_inverse_times_the_number_is_one() {
    let mut random = Random(2);
    let p = big(&P);
    let numbers: Vec<_> =
        std::iter::repeat_with(|| Element(random.number(&p))).filter(|x| !x.is_zero()).take(300).collect();
    let mut inverses = numbers.clone();
    invert_all(&mut inverses);
    for (x, inverse) in numbers.iter().zip(inverses) {
        assert_eq!(x.multiply(&inverse), Element::ONE);
        assert_eq!(x.invert(), inverse);
    }
    assert_eq!(Element::ZERO.invert(), Element::ZERO);
}

#[test]
fn scalars_agree_with_num_bigint() {
    let n = big(&N);
    let r = power_of_two(256);
    let mut random = Random(3);
    for _ in 0..300 {
        let numbers = [(); 8].map(|()| random.number(&(&n - 1_u32))).map(|x| number(&(big(&x) + 1_u32)));
        let inverses = order::invert_all(&numbers).unwrap();
        for (x, inverse) in numbers.iter().zip(inverses) {
            assert_eq!(order::invert(x), Some(inverse));
            assert_eq!(big(x) * big(&inverse) % &n, &r % &n);
            assert_eq!(order::multiply(x, &inverse), [1, 0, 0, 0]);
        }
    }
    assert_eq!(order::invert(&[0; 4]), None);
    assert_eq!(order::invert_all(&[[1, 0, 0, 0], [0; 4]]), None);
}

#[test]
fn division_agrees_with_num_bigint() {
    let mut random = Random(4);
    let curve25519 = power_of_two(255) - 19_u32;
    let moduli = [big(&P), big(&N), curve25519, power_of_two(256) - 189_u32];
    for m in moduli {
        let modulus = Modulus::new(number(&m));
        for _ in 0..5_000 {
            let (c, x) = (random.number(&m), random.number(&m));
            let quotient = modulus.divide(&c, &x);
            if x == [0; 4] {
                assert_eq!(quotient, None);
                continue;
            }
            let quotient = big(&quotient.unwrap());
            assert!(quotient < m);
            assert_eq!(quotient * big(&x) % &m, big(&c));
        }
        let last = number(&(&m - 1_u32));
        assert_eq!(modulus.divide(&last, &last), Some([1, 0, 0, 0]));
        assert_eq!(modulus.divide(&[0; 4], &last), Some([0; 4]));
    }
}

#[test]
fn division_by_a_number_without_an_inverse_fails() {
    // 3 and 5 divide 2^256 - 1.
    let modulus = Modulus::new([u64::MAX; 4]);
    for x in [3, 5, 15, 30] {
        assert_eq!(modulus.divide(&[1, 0, 0, 0], &[x, 0, 0, 0]), None);
    }
    assert_eq!(modulus.divide(&[1, 0, 0, 0], &[2, 0, 0, 0]), Some([0, 0, 0, 1 << 63]));
}
