//! Numbers of 256 bits, for curves of that size.

#![allow(
    clippy::indexing_slicing,
    reason = "the indices are constants and loop counters; none comes from the input"
)]

/// Four words, the least significant first.
pub(super) type U256 = [u64; 4];

/// Returns a + b + carry, and the carry out.
#[inline(always)]
pub(super) const fn add_word(a: u64, b: u64, carry: u64) -> (u64, u64) {
    let sum = a as u128 + b as u128 + carry as u128;
    (sum as u64, (sum >> 64) as u64)
}

/// Returns a - b - borrow, and the borrow out (0 or 1).
#[inline(always)]
pub(super) const fn sub_word(a: u64, b: u64, borrow: u64) -> (u64, u64) {
    let difference = (a as u128).wrapping_sub(b as u128 + borrow as u128);
    (difference as u64, (difference >> 127) as u64)
}

/// Returns sum + a b + carry, which always fits in two words: the low word, and the high one.
#[inline(always)]
pub(super) const fn multiply_add(sum: u64, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let total = sum as u128 + a as u128 * b as u128 + carry as u128;
    (total as u64, (total >> 64) as u64)
}

/// Returns a + b, and the carry out.
#[inline(always)]
pub(super) const fn add(a: &U256, b: &U256) -> (U256, u64) {
    let (r0, c) = add_word(a[0], b[0], 0);
    let (r1, c) = add_word(a[1], b[1], c);
    let (r2, c) = add_word(a[2], b[2], c);
    let (r3, c) = add_word(a[3], b[3], c);
    ([r0, r1, r2, r3], c)
}

/// Returns a - b, and the borrow out (0 or 1).
#[inline(always)]
pub(super) const fn sub(a: &U256, b: &U256) -> (U256, u64) {
    let (r0, c) = sub_word(a[0], b[0], 0);
    let (r1, c) = sub_word(a[1], b[1], c);
    let (r2, c) = sub_word(a[2], b[2], c);
    let (r3, c) = sub_word(a[3], b[3], c);
    ([r0, r1, r2, r3], c)
}

#[inline(always)]
pub(super) const fn is_below(a: &U256, b: &U256) -> bool {
    sub(a, b).1 == 1
}

#[inline(always)]
pub(super) const fn is_zero(a: &U256) -> bool {
    a[0] | a[1] | a[2] | a[3] == 0
}

/// Returns the `count` bits from bit `from` on. Bits above bit 255 are 0. `count` is below 64.
#[inline(always)]
pub(super) const fn bits(a: &U256, from: usize, count: usize) -> u64 {
    let (word, shift) = (from / 64, from % 64);
    if word >= 4 {
        return 0;
    }
    let next = if word < 3 { a[word + 1] } else { 0 };
    (((next as u128) << 64 | a[word] as u128) >> shift) as u64 & ((1 << count) - 1)
}

#[inline]
pub(super) fn from_be_bytes(bytes: &[u8; 32]) -> U256 {
    let (words, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|i| u64::from_be_bytes(words[3 - i]))
}

pub(super) fn to_be_bytes(a: &U256) -> [u8; 32] {
    let mut bytes = to_le_bytes(a);
    bytes.reverse();
    bytes
}

#[inline]
pub(super) fn from_le_bytes(bytes: &[u8; 32]) -> U256 {
    let (words, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|i| u64::from_le_bytes(words[i]))
}

#[inline]
pub(super) fn to_le_bytes(a: &U256) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(a) {
        *chunk = word.to_le_bytes();
    }
    bytes
}

/// Returns 1 / x mod 2^64 of an odd x.
pub(super) const fn inverse_word(x: u64) -> u64 {
    // Each step of Newton's iteration doubles the number of correct bits: 1, 2, 4, 8, 16, 32, 64.
    let mut inverse = 1_u64;
    let mut i = 0;
    while i < 6 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(x.wrapping_mul(inverse)));
        i += 1;
    }
    inverse
}

/// Montgomery arithmetic modulo an odd number m.
pub(super) struct Montgomery {
    m: U256,
    /// -1/m mod 2^64.
    inverse: u64,
    /// 2^256 mod m.
    pub(super) r: U256,
    /// 2^512 mod m.
    pub(super) r_squared: U256,
}

impl Montgomery {
    pub(super) const fn new(m: U256) -> Self {
        // Doubles 1 mod m, 512 times.
        let (mut x, mut r) = ([1, 0, 0, 0], [0; 4]);
        let mut i = 0;
        while i < 512 {
            let (sum, carry) = add(&x, &x);
            let (reduced, borrow) = sub(&sum, &m);
            x = if carry < borrow { sum } else { reduced };
            if i == 255 {
                r = x;
            }
            i += 1;
        }
        Self { m, inverse: inverse_word(m[0]).wrapping_neg(), r, r_squared: x }
    }

    /// Returns a b / 2^256 mod m. Requires a b < 2^256 m.
    #[inline(always)]
    pub(super) const fn multiply(&self, a: &U256, b: &U256) -> U256 {
        let m = &self.m;
        let mut t = [0_u64; 4];
        let mut top = 0;
        let mut i = 0;
        while i < 4 {
            let (t0, c) = multiply_add(t[0], a[0], b[i], 0);
            let (t1, c) = multiply_add(t[1], a[1], b[i], c);
            let (t2, c) = multiply_add(t[2], a[2], b[i], c);
            let (t3, c) = multiply_add(t[3], a[3], b[i], c);
            let (t4, t5) = add_word(top, c, 0);
            let q = t0.wrapping_mul(self.inverse);
            let (_, c) = multiply_add(t0, q, m[0], 0);
            let (r0, c) = multiply_add(t1, q, m[1], c);
            let (r1, c) = multiply_add(t2, q, m[2], c);
            let (r2, c) = multiply_add(t3, q, m[3], c);
            let (r3, c) = add_word(t4, c, 0);
            t = [r0, r1, r2, r3];
            top = t5 + c;
            i += 1;
        }
        let (reduced, borrow) = sub(&t, m);
        if top < borrow { t } else { reduced }
    }
}
