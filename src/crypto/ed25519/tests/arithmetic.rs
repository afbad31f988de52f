//! The arithmetic, compared with num-bigint and curve25519-dalek.

use super::numbers::{Random, big, edges, l, number, p};
use crate::crypto::ed25519::equation::{L, reduced};
use crate::crypto::ed25519::field::{FieldElement, P, divide};
use crate::crypto::ed25519::point::{
    Affine, D, DOUBLE_D, DOUBLE_D_INVERSE, Extended, GENERATOR, ROOT_OF_MINUS_ONE,
};
use crate::crypto::ed25519::table::{MAX_TERMS, MAX_WINDOW, MIN_WINDOW, Table, terms_of};
use crate::crypto::ed25519::{generator, key::Tables};
use num_bigint::BigUint;
use std::sync::Arc;

#[test]
fn constants_are_what_their_names_say() {
    let p = p();
    let inverse = |x: &BigUint| x.modpow(&(&p - 2_u32), &p);
    assert_eq!(big(&P), p);
    assert_eq!(big(&L), l());
    let d = (&p - 121_665_u32) * inverse(&121_666_u32.into()) % &p;
    assert_eq!(big(&D), d);
    let double_d = d * 2_u32 % &p;
    assert_eq!(big(&DOUBLE_D), double_d);
    assert_eq!(big(&DOUBLE_D_INVERSE), inverse(&double_d));
    let root = BigUint::from(2_u32).modpow(&((&p - 1_u32) / 4_u32), &p);
    assert_eq!(big(&ROOT_OF_MINUS_ONE), root);
    assert_eq!(&root * &root % &p, &p - 1_u32);
    let y = Affine::decode(&GENERATOR).unwrap().y.to_number();
    assert_eq!(big(&y) * 5_u32 % &p, 4_u32.into());
}

#[test]
fn field_operations_agree_with_integers() {
    let p = p();
    let mut random = Random(1);
    let mut numbers = edges(&p);
    numbers.extend((0..60).map(|_| number(&(big(&random.number()) % &p))));
    for a in &numbers {
        let element = FieldElement::from_number(a);
        assert_eq!(element.to_number(), *a);
        assert_eq!(element.negate().to_number(), number(&((&p - big(a)) % &p)));
        assert_eq!(element.negate_if(false).to_number(), *a);
        assert_eq!(element.negate_if(true).to_number(), element.negate().to_number());
        for b in &numbers {
            let (sum, difference) = (big(a) + big(b), &p + big(a) - big(b));
            let other = FieldElement::from_number(b);
            let equals = |element: FieldElement, expected: &BigUint| {
                assert_eq!(big(&element.to_number()), expected % &p, "{a:x?} {b:x?}");
            };
            equals(element.add(&other), &sum);
            equals(element.sub(&other), &difference);
            equals(element.multiply(&other), &(big(a) * big(b)));
            // The largest factors that occur.
            let large = element.add(&other).add(&other);
            let larger = element.add(&other).sub(&other.add(&element));
            equals(large.multiply(&larger), &BigUint::ZERO);
            equals(larger.sub(&large).square(), &((&sum + big(b)) * (&sum + big(b))));
        }
    }
    for (a, b) in numbers.iter().zip(numbers.iter().rev()) {
        match divide(a, b) {
            Some(quotient) => assert_eq!(big(&quotient) * big(b) % &p, big(a)),
            None => assert_eq!(*b, [0; 4]),
        }
    }
}

#[test]
fn the_largest_limbs_do_not_overflow() {
    let p = p();
    // 2^54 - 1 in each limb: a debug build panics if a sum overflows.
    let limb = (1_u64 << 54) - 1;
    let value = (0..5).fold(BigUint::ZERO, |sum, i| sum + (BigUint::from(limb) << (51 * i)));
    let largest = FieldElement::from_limbs([limb; 5]);
    assert_eq!(big(&largest.to_number()), &value % &p);
    assert_eq!(big(&largest.multiply(&largest).to_number()), &value * &value % &p);
    for limb in largest.multiply(&largest).limbs() {
        assert!(limb < (1 << 51) + (1 << 13));
    }
}

#[test]
fn digests_are_reduced_mod_l() {
    let mut random = Random(2);
    let mut digests: Vec<[u8; 64]> = (0..300).map(|_| random.bytes()).collect();
    digests.extend([[0; 64], [0xff; 64]]);
    for factor in [1_u32, 2, 3, 0xffff] {
        for add in 0_u32..2 {
            let mut digest = [0; 64];
            let multiple: BigUint = (l() << 240) * factor + l() * factor - 1_u32 + add;
            multiple.to_bytes_le().iter().zip(&mut digest).for_each(|(byte, to)| *to = *byte);
            digests.push(digest);
        }
    }
    for digest in digests {
        assert_eq!(big(&reduced(&digest)), BigUint::from_bytes_le(&digest) % l());
    }
}

#[test]
fn tables_contain_multiples_and_their_sums_are_correct() {
    let mut random = Random(3);
    let generator = Affine::decode(&GENERATOR).unwrap();
    let point = Extended::from_affine(&generator);
    for window in MIN_WINDOW..=MAX_WINDOW {
        let table = Table::new(&generator, window).unwrap();
        assert_eq!(table.bytes(), Table::memory(window));
        assert_eq!(Tables::memory(window), Table::memory(window));
        assert!(terms_of(window) <= MAX_TERMS);
        let half = FieldElement::from_number(&[2, 0, 0, 0]).invert().unwrap();
        let mut factors = edges(&l());
        factors.extend((0..20).map(|_| number(&(big(&random.number()) % l()))));
        for factor in factors {
            let multiple = table.multiple(&factor);
            assert_eq!(multiple.terms(), terms_of(window));
            let mut sum = Extended::NEUTRAL;
            for i in 0..multiple.terms() {
                let term = multiple.term(i);
                let [plus, minus] =
                    [0, 1].map(|i| FieldElement::from_number(&term.entry.plus_and_minus.as_chunks().0[i]));
                let x = plus.sub(&minus).multiply(&half);
                let entry = Affine { x, y: plus.add(&minus).multiply(&half) };
                let t = entry.x.multiply(&entry.y).multiply(&FieldElement::from_number(&DOUBLE_D));
                assert_eq!(t.to_number(), term.entry.t);
                let entry = if term.negative { entry.negate() } else { entry };
                sum = sum.add(&Extended::from_affine(&entry));
            }
            assert_eq!(sum.encode(), point.multiply(&factor).encode());
        }
    }
}

#[test]
fn all_keys_share_the_generators_table() {
    let [first, second] = [(); 2].map(|()| generator::table().unwrap());
    assert!(Arc::ptr_eq(&first, &second));
}
