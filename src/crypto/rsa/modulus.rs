//! Montgomery arithmetic in plain Rust, one limb at a time. It computes the constants of a key. The
//! self-test of each key compares the kernel with this arithmetic.

use super::limbs::{self, BLOCK_BITS, Number};
use crate::crypto::vector::block::{LANES, LIMB_BITS, MASK};
use crate::crypto::wide::inverse_word;
use std::array::from_fn;

/// An odd modulus. In this file, R is 2^(416 N).
pub(super) struct Modulus<const N: usize> {
    n: Number<N>,
    /// -1/n mod 2^52.
    n0_inverse: u64,
    /// R^2 mod n.
    r_squared: Number<N>,
}

impl<const N: usize> Modulus<N> {
    /// `n` must be odd and have exactly `bits` bits.
    pub(super) fn new(n: Number<N>, bits: usize) -> Self {
        let n0_inverse = inverse_word(n[0][0]).wrapping_neg() & MASK;
        let mut modulus = Self { n, n0_inverse, r_squared: limbs::zero() };
        // 2^bits - n equals 2^bits mod n, because n is more than half of 2^bits. Doubling gives R
        // and then 2^(13 N) R. Five Montgomery squarings of that number give 2^(32 * 13 N) R = R^2.
        let mut x = difference(&power_of_two(bits), &n);
        for _ in bits..BLOCK_BITS * N + 13 * N {
            x = modulus.add(&x, &x);
        }
        for _ in 0..5 {
            x = modulus.multiply(&x, &x);
        }
        modulus.r_squared = x;
        modulus
    }

    pub(super) fn n(&self) -> &Number<N> {
        &self.n
    }

    pub(super) fn r_squared(&self) -> &Number<N> {
        &self.r_squared
    }

    pub(super) fn n0_inverse(&self) -> u64 {
        self.n0_inverse
    }

    /// Returns a b / R mod n. Requires a b < n R.
    pub(super) fn multiply(&self, a: &Number<N>, b: &Number<N>) -> Number<N> {
        self.quotient_and_product(a, b).1
    }

    /// Returns a R mod n. Requires a < n.
    pub(super) fn times_r(&self, a: &Number<N>) -> Number<N> {
        self.multiply(a, &self.r_squared)
    }

    /// Returns x^65537 mod n. Requires x < n.
    pub(super) fn power(&self, x: &Number<N>) -> Number<N> {
        let power = (0..16).fold(self.times_r(x), |power, _| self.multiply(&power, &power));
        self.multiply(&power, x)
    }

    /// Returns q and (a b + q n) / R mod n, where q = -a b / n mod R.
    ///
    /// The products are added column by column. A column has at most 160 products below 2^104 and a
    /// carry, so it stays below 2^112.
    fn quotient_and_product(&self, a: &Number<N>, b: &Number<N>) -> (Number<N>, Number<N>) {
        let (a, b, n) = (a.as_flattened(), b.as_flattened(), self.n.as_flattened());
        let limbs = n.len();
        let (mut quotient, mut product) = (limbs::zero(), limbs::zero());
        let q = quotient.as_flattened_mut();
        let column = |q: &[u64], from: usize, to: usize, k: usize| {
            let (a, q) = (&a[from..to], &q[from..to]);
            let (b, n) = (&b[k + 1 - to..k + 1 - from], &n[k + 1 - to..k + 1 - from]);
            // The CPU can compute the two independent sums in parallel.
            let rows = a.iter().zip(b.iter().rev()).zip(q.iter().zip(n.iter().rev()));
            let (ab, qn) =
                rows.fold((0, 0), |(ab, qn), ((&a, &b), (&q, &n))| (ab + wide(a, b), qn + wide(q, n)));
            ab + qn
        };
        let mut sum = 0;
        for k in 0..limbs {
            sum += column(q, 0, k + 1, k);
            q[k] = (sum as u64).wrapping_mul(self.n0_inverse) & MASK;
            sum += wide(q[k], n[0]);
            sum >>= LIMB_BITS;
        }
        for (k, limb) in (limbs..).zip(product.as_flattened_mut()) {
            sum += column(q, k + 1 - limbs, limbs, k);
            *limb = sum as u64 & MASK;
            sum >>= LIMB_BITS;
        }
        (quotient, self.reduce_once(product))
    }

    /// Returns -1/n mod 2^416, which is the quotient of 1 times 1.
    pub(super) fn block_inverse(&self) -> [u64; LANES] {
        let one = power_of_two(0);
        self.quotient_and_product(&one, &one).0[0]
    }

    /// Returns a + b mod n. Requires a < n and b < n.
    pub(super) fn add(&self, a: &Number<N>, b: &Number<N>) -> Number<N> {
        self.reduce_once(sum(a, b))
    }

    /// Returns a - b mod n. Requires a < n and b < n.
    pub(super) fn subtract(&self, a: &Number<N>, b: &Number<N>) -> Number<N> {
        self.reduce_once(difference(&sum(a, &self.n), b))
    }

    fn reduce_once(&self, a: Number<N>) -> Number<N> {
        if limbs::is_below(&a, &self.n) { a } else { difference(&a, &self.n) }
    }
}

fn wide(a: u64, b: u64) -> u128 {
    u128::from(a) * u128::from(b)
}

/// Returns 2^exponent.
pub(super) fn power_of_two<const N: usize>(exponent: usize) -> Number<N> {
    let mut power = limbs::zero();
    power.as_flattened_mut()[exponent / LIMB_BITS] = 1 << (exponent % LIMB_BITS);
    power
}

/// Returns a + b, which must be below 2^(416 N).
pub(super) fn sum<const N: usize>(a: &Number<N>, b: &Number<N>) -> Number<N> {
    let mut carry = 0;
    from_fn(|i| {
        from_fn(|j| {
            let sum = a[i][j] + b[i][j] + carry;
            carry = sum >> LIMB_BITS;
            sum & MASK
        })
    })
}

/// Returns a - b. Requires a >= b.
pub(super) fn difference<const N: usize>(a: &Number<N>, b: &Number<N>) -> Number<N> {
    let mut borrow = 0;
    from_fn(|i| {
        from_fn(|j| {
            let difference = a[i][j].wrapping_sub(b[i][j] + borrow);
            borrow = difference >> 63;
            difference & MASK
        })
    })
}
