//! The vector operations that the kernel is written in: eight lanes of 64 bits, and the
//! multiply-add of 52-bit numbers from which the limbs have their size.

use super::limbs::Block;

/// Something that does vector operations: the CPU ([`super::avx512::Avx512`]) or, in tests, plain
/// Rust.
///
/// Implementations are `#[inline(always)]`, as are all functions generic over them: so the whole
/// algorithm ends up in the one function that may use the instructions, [`Simd::run`].
pub(super) trait Simd: Copy {
    /// A vector of eight lanes.
    type V: Copy;

    /// Whether carries always take the rare path, for the tests of it.
    const ALWAYS_RIPPLE: bool;

    /// `x` in every lane.
    fn splat(self, x: u64) -> Self::V;
    fn load(self, from: &Block) -> Self::V;
    fn store(self, to: &mut Block, x: Self::V);

    /// `sum` + the low 52 bits of `a` * `b`, of which the low 52 bits count.
    fn madd52lo(self, sum: Self::V, a: Self::V, b: Self::V) -> Self::V;
    /// `sum` + the high 52 bits of `a` * `b`, of which the low 52 bits count.
    fn madd52hi(self, sum: Self::V, a: Self::V, b: Self::V) -> Self::V;
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a` - `b`, in two's complement where it is negative.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a` - `b` in the lanes where `sign` is negative, `a` in the others.
    fn sub_where_negative(self, sign: Self::V, a: Self::V, b: Self::V) -> Self::V;
    fn and(self, a: Self::V, b: Self::V) -> Self::V;
    fn or(self, a: Self::V, b: Self::V) -> Self::V;
    fn xor(self, a: Self::V, b: Self::V) -> Self::V;
    fn shift_left<const BITS: u32>(self, x: Self::V) -> Self::V;
    fn shift_right<const BITS: u32>(self, x: Self::V) -> Self::V;
    /// The same of signed numbers.
    fn shift_right_signed<const BITS: u32>(self, x: Self::V) -> Self::V;

    /// The lanes of `x` moved up by one; the last lane of `below` becomes the first.
    fn lanes_up(self, x: Self::V, below: Self::V) -> Self::V;
    /// Lane `lane` of `x` in every lane.
    fn broadcast(self, x: Self::V, lane: usize) -> Self::V;
    /// Bit i is set where lane i is zero.
    fn zero_lanes(self, x: Self::V) -> u8;

    /// Computes nothing. The multiply-adds before it stay before it: left alone, the compiler
    /// gathers all those of one sum into a chain in which each waits for the last.
    fn fence<const N: usize>(self, x: &mut [Self::V; N]);
    /// The same reference, of which the compiler no longer knows what it refers to: reads through
    /// it stay reads, and do not become shuffles of the registers that were stored there.
    fn opaque<T>(self, x: &T) -> &T;

    /// Runs `operation` with these instructions.
    fn run<O: Operation>(self, operation: O) -> O::Output;
}

/// A computation to run with some [`Simd`].
pub(super) trait Operation {
    type Output;

    fn with<S: Simd>(self, simd: S) -> Self::Output;
}
