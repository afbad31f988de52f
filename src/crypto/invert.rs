//! Division modulo an odd number of 256 bits, in variable time.
//!
//! This is the binary algorithm of Euclid, 62 bits at a time. As in Lehmer's algorithm, a batch of
//! steps is decided on one word of each end of the two numbers: the low ends show the parity, and
//! the high ends which number is larger. The effect of a batch is a matrix of two rows and two
//! columns with entries of at most 62 bits. It is applied to the whole numbers at once.
//!
//! The high ends are approximations, so the smaller number may be subtracted from the larger one or
//! the other way around. The result is then negative, and its sign is changed after the batch. The
//! relations in [`Modulus::divide`] hold in any case. docs/ec.md shows that no sum overflows.

#![allow(
    clippy::indexing_slicing,
    reason = "the indices are constants and loop counters; none comes from the input"
)]

use super::wide::{U256, inverse_word, is_below, sub};
use std::hint::select_unpredictable;

/// A mask for the bits of a limb.
const MASK: i64 = (1 << LIMB_BITS) - 1;
const LIMB_BITS: u32 = 62;
/// Random numbers of 256 bits need 7 batches at most. The algorithm does not rely on an end.
const MAX_BATCHES: usize = 20;

/// Five limbs of 62 bits. The last limb has the sign, and the others are not negative.
type Signed = [i64; 5];

/// The effect of a batch on two numbers.
type Matrix = [[i64; 2]; 2];

pub(super) struct Modulus {
    m: U256,
    limbs: Signed,
    /// 1/m mod 2^62.
    inverse: u64,
}

impl Modulus {
    /// `m` must be odd.
    pub(super) const fn new(m: U256) -> Self {
        Self { m, limbs: to_limbs(&m), inverse: inverse_word(m[0]) }
    }

    /// Returns c / x mod m. Requires x < m and c < m. Returns `None` if x has no inverse, or if the
    /// algorithm has not ended.
    #[inline(always)]
    pub(super) fn divide(&self, c: &U256, x: &U256) -> Option<U256> {
        // a = (da / c) x and b = (db / c) x mod m at all times. b is odd.
        let (mut a, mut b) = (to_limbs(x), self.limbs);
        let (mut da, mut db) = (to_limbs(c), [0; 5]);
        for _ in 0..MAX_BATCHES {
            let mut matrix = batch(&a, &b);
            (a, b) = apply(&matrix, &a, &b);
            if a[4] < 0 {
                negate(&mut a);
                matrix[0] = matrix[0].map(|entry| -entry);
            }
            if b[4] < 0 {
                negate(&mut b);
                matrix[1] = matrix[1].map(|entry| -entry);
            }
            (da, db) = self.apply(&matrix, &da, &db);
            if a == [0; 5] {
                return (b == [1, 0, 0, 0, 0]).then(|| self.canonical(&db));
            }
        }
        None
    }

    /// Returns the product of `matrix` and (d, e), divided by 2^62 mod m. The absolute values of
    /// the results are at most the maximum of |d| and |e|, plus m / 2.
    ///
    /// This function and [`apply`] are not inlined. Otherwise the compiler knows that most limbs
    /// are not negative. It then multiplies a signed by an unsigned number, with twice as many
    /// instructions on some CPUs.
    #[inline(never)]
    fn apply(&self, matrix: &Matrix, d: &Signed, e: &Signed) -> (Signed, Signed) {
        let row = |[u, v]: [i64; 2]| {
            // q m makes the sum a multiple of 2^62. -2^61 <= q < 2^61.
            let low = (u.wrapping_mul(d[0])).wrapping_add(v.wrapping_mul(e[0])) as u64;
            let q = ((low.wrapping_mul(self.inverse).wrapping_neg() << 2) as i64) >> 2;
            let term = |i: usize| wide(u, d[i]) + wide(v, e[i]) + wide(q, self.limbs[i]);
            shifted(term)
        };
        (row(matrix[0]), row(matrix[1]))
    }

    /// Returns d mod m. Requires -11 m < d < 11 m.
    fn canonical(&self, d: &Signed) -> U256 {
        let mut d = *d;
        while d[4] < 0 {
            let mut carry = 0;
            for (d, m) in d.iter_mut().zip(self.limbs) {
                let sum = *d + m + carry;
                *d = sum & MASK;
                carry = sum >> 62;
            }
            d[4] |= carry << 62;
        }
        let words = d.map(|limb| limb as u64);
        let mut top = words[4] >> 8;
        let mut x = [
            words[0] | words[1] << 62,
            words[1] >> 2 | words[2] << 60,
            words[2] >> 4 | words[3] << 58,
            words[3] >> 6 | words[4] << 56,
        ];
        while top > 0 || !is_below(&x, &self.m) {
            let (difference, borrow) = sub(&x, &self.m);
            x = difference;
            top -= borrow;
        }
        x
    }
}

const fn to_limbs(x: &U256) -> Signed {
    [
        x[0] as i64 & MASK,
        (x[0] >> 62 | x[1] << 2) as i64 & MASK,
        (x[1] >> 60 | x[2] << 4) as i64 & MASK,
        (x[2] >> 58 | x[3] << 6) as i64 & MASK,
        (x[3] >> 56) as i64,
    ]
}

#[inline(always)]
fn wide(a: i64, b: i64) -> i128 {
    i128::from(a) * i128::from(b)
}

/// Returns the matrix of the next 62 halvings. The absolute values in a row add up to at most 2^62.
#[inline(always)]
fn batch(a: &Signed, b: &Signed) -> Matrix {
    // The 64 bits from the highest bit of both numbers on.
    let mut top = 4;
    while top > 0 && a[top] | b[top] == 0 {
        top -= 1;
    }
    let (mut high_a, mut high_b) = (a[0] as u64, b[0] as u64);
    if top > 0 {
        let zeros = (a[top] | b[top]).leading_zeros();
        let high = |x: &Signed| (x[top] as u64) << zeros | (x[top - 1] as u64) << 2 >> (64 - zeros);
        (high_a, high_b) = (high(a), high(b));
    }
    let (mut low_a, mut low_b) = (a[0] as u64, b[0] as u64);
    let (mut ua, mut va, mut ub, mut vb) = (1_u64, 0_u64, 0_u64, 1_u64);
    // Has its bit where the last of the 62 zeros would be.
    let mut end = 1 << 62;
    // Has as many trailing zeros as `low_a`, and is known earlier.
    let mut zeros_of = low_a;
    loop {
        let zeros = (zeros_of | end).trailing_zeros();
        low_a >>= zeros;
        high_a >>= zeros;
        ub <<= zeros;
        vb <<= zeros;
        end >>= zeros;
        if end == 1 {
            return [[ua as i64, va as i64], [ub as i64, vb as i64]];
        }
        // b becomes the smaller number, and a the difference. A branch would be mispredicted half
        // of the time.
        let swap = high_a < high_b;
        let choose = |yes: u64, no: u64| select_unpredictable(swap, yes, no);
        let step = |a: &mut u64, b: &mut u64| {
            let (plus, minus) = (a.wrapping_sub(*b), b.wrapping_sub(*a));
            *b = choose(*a, *b);
            *a = choose(minus, plus);
        };
        zeros_of = low_a.wrapping_sub(low_b);
        step(&mut low_a, &mut low_b);
        step(&mut high_a, &mut high_b);
        step(&mut ua, &mut ub);
        step(&mut va, &mut vb);
    }
}

/// Returns the product of `matrix` and (a, b), divided by 2^62, which divides it.
#[inline(never)]
fn apply(matrix: &Matrix, a: &Signed, b: &Signed) -> (Signed, Signed) {
    let row = |[u, v]: [i64; 2]| shifted(|i| wide(u, a[i]) + wide(v, b[i]));
    (row(matrix[0]), row(matrix[1]))
}

/// Returns the sum of term(i) 2^(62 i), divided by 2^62. Terms are below 2^126 in absolute value.
#[inline(always)]
fn shifted(term: impl Fn(usize) -> i128) -> Signed {
    let mut sum = term(0) >> LIMB_BITS;
    let mut result = [0; 5];
    for i in 1..5 {
        sum += term(i);
        result[i - 1] = sum as i64 & MASK;
        sum >>= LIMB_BITS;
    }
    result[4] = sum as i64;
    result
}

/// Changes the sign.
#[cold]
fn negate(x: &mut Signed) {
    let mut carry = 0;
    for limb in &mut x[..4] {
        let negative = carry - *limb;
        *limb = negative & MASK;
        carry = negative >> 62;
    }
    x[4] = carry - x[4];
}
