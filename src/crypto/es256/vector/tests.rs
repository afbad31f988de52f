//! Tests of the arithmetic with the vector operations in plain Rust, against num-bigint. They also
//! check the bounds of docs/ec.md.

use super::arithmetic::{carry, fold, multiply, product, reduce, square};
use super::row::Row;
use super::sum::Sum;
use crate::crypto::es256::field::{Element, P};
use crate::crypto::es256::point::{AffinePoint, Point, to_affine};
use crate::crypto::es256::table::{Radix, Table};
use crate::crypto::es256::tests::numbers::{Random, big, number, power_of_two};
use crate::crypto::vector::block::{Block, LANES, MASK};
use crate::crypto::vector::five::{Five, Limbs, lanes};
use crate::crypto::vector::portable::Portable;
use num_bigint::BigUint;
use std::array::from_fn;

const SIMD: Portable = Portable;

/// Puts one number in each lane.
fn five(numbers: &[Limbs; LANES]) -> Five<Block> {
    from_fn(|i| numbers.map(|limbs| limbs[i]))
}

/// Returns the number in each lane. All its limbs must be below 2^52.
#[track_caller]
fn values(x: &Five<Block>) -> [BigUint; LANES] {
    lanes(SIMD, x).map(|limbs| {
        assert!(limbs.iter().all(|limb| *limb <= MASK), "{limbs:x?}");
        limbs.iter().rev().fold(BigUint::ZERO, |sum, &limb| (sum << 52_u32) + limb)
    })
}

/// Returns numbers below 2^260 with their limbs.
fn numbers(random: &mut Random, bound: &BigUint) -> [(BigUint, Limbs); LANES] {
    from_fn(|_| {
        let high = big(&random.number(&power_of_two(256))) << 4_u32;
        let x = (high + random.below(16)) % bound;
        (x.clone(), from_fn(|i| (&x >> (52 * i) & BigUint::from(MASK)).try_into().unwrap()))
    })
}

#[test]
fn products_agree_with_num_bigint() {
    let (p, r) = (big(&P), power_of_two(260));
    let mut random = Random(1);
    for round in 0..300 {
        // Both factors are below 6 p, or one of them is below 15 p.
        let (high, low) = if round % 2 == 0 { (6, 6) } else { (15, 2) };
        let a = numbers(&mut random, &(&p * BigUint::from(high as u32)));
        let b = numbers(&mut random, &(&p * BigUint::from(low as u32)));
        let (x, y) = (five(&a.each_ref().map(|(_, x)| *x)), five(&b.each_ref().map(|(_, x)| *x)));
        let result = values(&multiply(SIMD, &x, &y));
        let squares = values(&carry(SIMD, reduce(SIMD, square(SIMD, &x))));
        let same = values(&carry(SIMD, reduce(SIMD, product(SIMD, &x, &x))));
        assert_eq!(squares, same);
        for (((a, _), (b, _)), result) in a.iter().zip(&b).zip(result) {
            assert_eq!(&result * &r % &p, a * b % &p);
            // (a b + 2^260 p) / 2^260.
            assert!(result <= a * b / &r + &p);
        }
    }
}

#[test]
fn folding_keeps_the_number_mod_p() {
    let p = big(&P);
    let bound = power_of_two(256) + BigUint::from(7_u32) * power_of_two(224);
    let mut random = Random(2);
    for _ in 0..300 {
        let x = numbers(&mut random, &power_of_two(259)).map(|(x, _)| x);
        let limbs =
            x.each_ref().map(|x| from_fn(|i| (x >> (52 * i) & BigUint::from(MASK)).try_into().unwrap()));
        for (x, folded) in x.iter().zip(values(&fold(SIMD, five(&limbs)))) {
            assert_eq!(&folded % &p, x % &p);
            assert!(folded < bound);
        }
    }
}

/// Checks the bounds of a sum, and that each lane has the expected point. `y_bound` is the bound of
/// Y in thousandths of p.
fn check_sum(sum: &Sum<Block>, y_bound: u32, expected: &[AffinePoint; LANES], negative: bool) {
    let (p, r) = (big(&P), power_of_two(260));
    let inverse_of_r = r.modinv(&p).unwrap();
    let thousandths = [(&sum.x, 1001_u32), (&sum.y, y_bound), (&sum.zz, 1570), (&sum.zzz, 1570)];
    let [x, y, zz, zzz] = thousandths.map(|(limbs, bound)| {
        values(limbs).map(|value| {
            assert!(&value * 1000_u32 <= &p * bound, "{bound}: {value:x}");
            Element::from_number(&number(&(value * &inverse_of_r % &p)))
        })
    });
    for (i, expected) in expected.iter().enumerate() {
        let y = if negative { y[i].negate() } else { y[i] };
        assert_eq!(to_affine(&[Point { x: x[i], y, zz: zz[i], zzz: zzz[i] }]), [*expected]);
        assert_eq!(zz[i].square().multiply(&zz[i]), zzz[i].square());
    }
}

#[test]
fn sums_of_rows_are_right_and_within_their_bounds() {
    let tables = Table::new(&AffinePoint::GENERATOR, 5, Radix::Limbs);
    let plain = Table::new(&AffinePoint::GENERATOR, 5, Radix::Words);
    let mut random = Random(3);
    for _ in 0..20 {
        // The term of a window, from both tables. No two terms of a lane have the same window, and
        // they never add up to 0.
        let mut rows = Vec::new();
        let mut expected: [Option<Point>; LANES] = [None; LANES];
        let u: [_; LANES] = from_fn(|_| number(&(big(&random.number(&(power_of_two(255) - 1_u32))) + 1_u32)));
        for window in 0..tables.windows() {
            let mut row = Row::empty(0);
            for (lane, u) in u.iter().enumerate() {
                if window > 1 && random.below(4) == 0 {
                    continue;
                }
                row.set(lane, tables.term(&tables.digits(u), window));
                let term = plain.term(&plain.digits(u), window);
                let [a, b, c, d, e, f, g, h] = term.entry.0;
                let y = Element([e, f, g, h]);
                let y = if term.is_negative { y.negate() } else { y };
                let point = AffinePoint { x: Element([a, b, c, d]), y };
                expected[lane] = Some(match &expected[lane] {
                    None => Point::from_affine(&point),
                    Some(sum) => sum.add_affine(&point),
                });
            }
            rows.push(row);
            if window > 0 {
                let sum = Sum::of_rows(SIMD, &rows);
                let expected = expected.map(|point| to_affine(&[point.unwrap()])[0]);
                check_sum(&sum, 3000, &expected, rows.len() % 2 == 0);
            }
        }
        let sum = Sum::of_rows(SIMD, &rows).across_lanes(SIMD);
        let points = expected.map(|point| to_affine(&[point.unwrap()])[0]);
        let total =
            points[1..].iter().fold(Point::from_affine(&points[0]), |sum, point| sum.add_affine(point));
        // Only the first lane counts.
        let only_first = |x: &Five<Block>| x.map(|limbs| [limbs[0]; LANES]);
        let sum = Sum {
            x: only_first(&sum.x),
            y: only_first(&sum.y),
            zz: only_first(&sum.zz),
            zzz: only_first(&sum.zzz),
        };
        check_sum(&sum, 3700, &[to_affine(&[total])[0]; LANES], rows.len() % 2 == 0);
    }
}
