//! The vector operations in plain Rust. They run the same algorithm on every machine and under
//! Miri, and assert the bounds of docs/rsa.md and docs/ec.md.

use super::block::{Block, LANES, MASK};
use super::simd::{Operation, Simd};
use std::array::from_fn;

#[derive(Debug, Clone, Copy)]
pub(in crate::crypto) struct Portable<const ALWAYS_RIPPLE: bool = false>;

/// Asserts that the sum is strictly between -2^61 and 2^61.
fn bounded(sum: u64) -> u64 {
    assert!(sum.cast_signed().unsigned_abs() < 1 << 61, "{sum:#x}");
    sum
}

fn not_negative(x: u64) -> u64 {
    assert!(x.cast_signed() >= 0, "{x:#x}");
    x
}

/// Returns the product of the low 52 bits of `a` and a limb.
fn multiply(a: u64, limb: u64) -> u128 {
    assert!(limb <= MASK, "{limb:#x}");
    u128::from(a & MASK) * u128::from(limb)
}

impl<const ALWAYS_RIPPLE: bool> Simd for Portable<ALWAYS_RIPPLE> {
    type V = Block;

    const ALWAYS_RIPPLE: bool = ALWAYS_RIPPLE;

    #[inline(never)]
    fn splat(self, x: u64) -> Block {
        [x; LANES]
    }

    #[inline(never)]
    fn load(self, from: &Block) -> Block {
        *from
    }

    #[inline(never)]
    fn store(self, to: &mut Block, x: Block) {
        *to = x;
    }

    #[inline(never)]
    fn madd52lo(self, sum: Block, a: Block, b: Block) -> Block {
        from_fn(|i| bounded(sum[i].wrapping_add(multiply(a[i], b[i]) as u64 & MASK)))
    }

    #[inline(never)]
    fn madd52hi(self, sum: Block, a: Block, b: Block) -> Block {
        from_fn(|i| bounded(sum[i].wrapping_add((multiply(a[i], b[i]) >> 52) as u64)))
    }

    #[inline(never)]
    fn add(self, a: Block, b: Block) -> Block {
        from_fn(|i| bounded(a[i].wrapping_add(b[i])))
    }

    #[inline(never)]
    fn sub(self, a: Block, b: Block) -> Block {
        from_fn(|i| bounded(a[i].wrapping_sub(b[i])))
    }

    #[inline(never)]
    fn sub_where_negative(self, sign: Block, a: Block, b: Block) -> Block {
        let difference = self.sub(a, b);
        from_fn(|i| if sign[i].cast_signed() < 0 { difference[i] } else { a[i] })
    }

    #[inline(never)]
    fn add_or_sub(self, lanes: u8, a: Block, b: Block) -> Block {
        from_fn(|i| {
            bounded(if lanes >> i & 1 == 1 { a[i].wrapping_sub(b[i]) } else { a[i].wrapping_add(b[i]) })
        })
    }

    #[inline(never)]
    fn blend(self, lanes: u8, a: Block, b: Block) -> Block {
        from_fn(|i| if lanes >> i & 1 == 1 { b[i] } else { a[i] })
    }

    #[inline(never)]
    fn and(self, a: Block, b: Block) -> Block {
        from_fn(|i| a[i] & b[i])
    }

    #[inline(never)]
    fn or(self, a: Block, b: Block) -> Block {
        from_fn(|i| a[i] | b[i])
    }

    #[inline(never)]
    fn xor(self, a: Block, b: Block) -> Block {
        from_fn(|i| a[i] ^ b[i])
    }

    #[inline(never)]
    fn shift_left<const BITS: u32>(self, x: Block) -> Block {
        x.map(|x| {
            let shifted = x.cast_signed() << BITS;
            assert_eq!(shifted >> BITS, x.cast_signed(), "{x:#x}");
            shifted.cast_unsigned()
        })
    }

    #[inline(never)]
    fn shift_right<const BITS: u32>(self, x: Block) -> Block {
        x.map(|x| not_negative(x) >> BITS)
    }

    #[inline(never)]
    fn shift_right_signed<const BITS: u32>(self, x: Block) -> Block {
        x.map(|x| (x.cast_signed() >> BITS).cast_unsigned())
    }

    #[inline(never)]
    fn shift_right_pair<const BITS: u32>(self, low: Block, high: Block) -> Block {
        from_fn(|i| low[i] >> BITS | high[i] << (64 - BITS))
    }

    #[inline(never)]
    fn add_words(self, a: Block, b: Block) -> Block {
        from_fn(|i| a[i].wrapping_add(b[i]))
    }

    #[inline(never)]
    fn shift_right_word<const BITS: u32>(self, x: Block) -> Block {
        x.map(|x| x >> BITS)
    }

    #[inline(never)]
    fn rotate_right<const BITS: i32>(self, x: Block) -> Block {
        x.map(|x| x.rotate_right(BITS.unsigned_abs()))
    }

    #[inline(never)]
    fn lanes_up(self, x: Block, below: Block) -> Block {
        from_fn(|i| if i == 0 { below[LANES - 1] } else { x[i - 1] })
    }

    #[inline(never)]
    fn broadcast(self, x: Block, lane: usize) -> Block {
        [x[lane]; LANES]
    }

    #[inline(never)]
    fn permute(self, x: Block, from: Block) -> Block {
        from.map(|lane| x[lane as usize])
    }

    #[inline(never)]
    fn transpose(self, rows: [Block; LANES]) -> [Block; LANES] {
        from_fn(|i| rows.map(|row| row[i]))
    }

    #[inline(never)]
    fn transpose_rows_of_four(self, rows: [&[u64; 4]; LANES]) -> [Block; 4] {
        from_fn(|i| rows.map(|row| row[i]))
    }

    #[inline(never)]
    fn zero_lanes(self, x: Block) -> u8 {
        (0..LANES).filter(|&i| x[i] == 0).map(|i| 1 << i).sum()
    }

    #[inline(never)]
    fn fence<const N: usize>(self, _: &mut [Block; N]) {}

    #[inline(never)]
    fn opaque<T>(self, x: &T) -> &T {
        x
    }

    #[inline(never)]
    fn prefetch<T>(self, _: &T) {}

    #[inline(never)]
    fn run<O: Operation>(self, operation: O) -> O::Output {
        operation.with(self)
    }
}
