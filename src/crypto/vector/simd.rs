//! The vector operations. A vector has eight lanes of 64 bits. The multiply-add instructions
//! multiply 52-bit numbers, so a limb has 52 bits.

use super::block::{Block, LANES};

/// An implementation of the vector operations: the CPU ([`super::avx512::Avx512`]) or, in tests,
/// plain Rust.
///
/// The implementation for the CPU is `#[inline(always)]`, and so are the functions that compute
/// with an implementation. The whole algorithm is thus inlined into [`Simd::run`], where the
/// compiler may use the instructions. The implementation in plain Rust needs no inlining.
pub(in crate::crypto) trait Simd: Copy {
    /// A vector of eight lanes.
    type V: Copy;

    /// Whether every carry takes the rare path, in which carries continue over several limbs. Tests
    /// set this to cover that path.
    const ALWAYS_RIPPLE: bool;

    /// Returns `x` in every lane.
    fn splat(self, x: u64) -> Self::V;
    fn load(self, from: &Block) -> Self::V;
    fn store(self, to: &mut Block, x: Self::V);

    /// Returns `sum` + the low 52 bits of `a` * `b`. Only the low 52 bits of `a` and `b` are used.
    fn madd52lo(self, sum: Self::V, a: Self::V, b: Self::V) -> Self::V;
    /// Returns `sum` + the high 52 bits of `a` * `b`. Only the low 52 bits of `a` and `b` are used.
    fn madd52hi(self, sum: Self::V, a: Self::V, b: Self::V) -> Self::V;
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// Returns `a` - `b`, in two's complement if it is negative.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// Returns `a` - `b` in the lanes in which `sign` is negative, and `a` in the others.
    fn sub_where_negative(self, sign: Self::V, a: Self::V, b: Self::V) -> Self::V;
    /// Returns `a` - `b` in the lanes whose bit is set in `lanes`, and `a` + `b` in the others.
    fn add_or_sub(self, lanes: u8, a: Self::V, b: Self::V) -> Self::V;
    /// Returns `b` in the lanes whose bit is set in `lanes`, and `a` in the others.
    fn blend(self, lanes: u8, a: Self::V, b: Self::V) -> Self::V;
    fn and(self, a: Self::V, b: Self::V) -> Self::V;
    fn or(self, a: Self::V, b: Self::V) -> Self::V;
    fn xor(self, a: Self::V, b: Self::V) -> Self::V;
    fn shift_left<const BITS: u32>(self, x: Self::V) -> Self::V;
    fn shift_right<const BITS: u32>(self, x: Self::V) -> Self::V;
    /// Shifts signed numbers: copies the sign bit.
    fn shift_right_signed<const BITS: u32>(self, x: Self::V) -> Self::V;
    /// Returns the low 64 bits of (`low` + 2^64 * `high`) >> `BITS`. All 64 bits of a lane count.
    fn shift_right_pair<const BITS: u32>(self, low: Self::V, high: Self::V) -> Self::V;

    /// Returns `a` + `b` mod 2^64. The lanes are words without a sign, here and in the next two.
    fn add_words(self, a: Self::V, b: Self::V) -> Self::V;
    fn shift_right_word<const BITS: u32>(self, x: Self::V) -> Self::V;
    fn rotate_right<const BITS: i32>(self, x: Self::V) -> Self::V;

    /// Moves the lanes of `x` up by one. The last lane of `below` becomes the first.
    fn lanes_up(self, x: Self::V, below: Self::V) -> Self::V;
    /// Returns lane `lane` of `x` in every lane.
    fn broadcast(self, x: Self::V, lane: usize) -> Self::V;
    /// Returns lane `from[i]` of `x` in lane i.
    fn permute(self, x: Self::V, from: Self::V) -> Self::V;
    /// Returns lane i of vector j in lane j of vector i.
    fn transpose(self, rows: [Self::V; LANES]) -> [Self::V; LANES];
    /// Returns word i of row j in lane j of vector i.
    fn transpose_rows_of_four(self, rows: [&[u64; 4]; LANES]) -> [Self::V; 4];
    /// Returns a mask in which bit i is set if lane i is zero.
    fn zero_lanes(self, x: Self::V) -> u8;

    /// Computes nothing, but the compiler cannot move multiply-adds across it. Otherwise the
    /// compiler puts all multiply-adds of a sum into one chain, in which each waits for the
    /// previous one.
    fn fence<const N: usize>(self, x: &mut [Self::V; N]);
    /// Returns the same reference, but hides its target from the compiler. Reads through it then
    /// stay memory reads. Otherwise the compiler replaces them with shuffles of the stored
    /// registers.
    fn opaque<T>(self, x: &T) -> &T;

    /// Starts to load the cache line that contains the first byte of `x`.
    fn prefetch<T>(self, x: &T);

    /// Runs `operation` with these instructions.
    fn run<O: Operation>(self, operation: O) -> O::Output;
}

/// A computation to run with some [`Simd`].
pub(in crate::crypto) trait Operation {
    type Output;

    fn with<S: Simd>(self, simd: S) -> Self::Output;
}
