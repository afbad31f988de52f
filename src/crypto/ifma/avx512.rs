//! The vector operations of a CPU with AVX-512 IFMA. All `unsafe` code of the kernel is in this
//! file.

use super::limbs::Block;
use super::simd::{Operation, Simd};
use std::arch::asm;
use std::arch::is_x86_feature_detected;
use std::arch::x86_64::*;

/// A proof that this CPU and its operating system support the instructions. Only [`Avx512::detect`]
/// creates one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx512<const ALWAYS_RIPPLE: bool = false>(());

impl<const ALWAYS_RIPPLE: bool> Avx512<ALWAYS_RIPPLE> {
    pub(super) fn detect() -> Option<Self> {
        // The same features as in `enter` and `fence_register`.
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512ifma")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("bmi2");
        found.then_some(Self(()))
    }
}

/// The compiler may use these instructions in all code that it inlines into this function.
#[target_feature(enable = "avx512f,avx512ifma,avx512vl,avx512dq,bmi2")]
fn enter<O: Operation, S: Simd>(simd: S, operation: O) -> O::Output {
    operation.with(simd)
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vl,avx512dq,bmi2")]
fn fence_register(x: &mut __m512i) {
    let mut register = *x;
    // SAFETY: the assembly is only a comment, so no instruction is executed.
    unsafe { asm!("/* {0} */", inout(zmm_reg) register, options(nomem, nostack, preserves_flags)) };
    *x = register;
}

/// Defines a method of the trait as a single intrinsic.
macro_rules! instruction {
    ($name:ident $(<const $bits:ident>)? ($($x:ident),*), $intrinsic:expr) => {
        #[inline(always)]
        fn $name $(<const $bits: u32>)? (self, $($x: __m512i),*) -> __m512i {
            // SAFETY: `self` proves that the CPU has the instruction.
            unsafe { $intrinsic }
        }
    };
}

impl<const ALWAYS_RIPPLE: bool> Simd for Avx512<ALWAYS_RIPPLE> {
    type V = __m512i;

    const ALWAYS_RIPPLE: bool = ALWAYS_RIPPLE;

    #[inline(always)]
    fn splat(self, x: u64) -> __m512i {
        // SAFETY: `self` proves that the CPU has the instruction.
        unsafe { _mm512_set1_epi64(x.cast_signed()) }
    }

    #[inline(always)]
    fn load(self, from: &Block) -> __m512i {
        // SAFETY: `self` proves that the CPU has the instruction. A block is 64 bytes, and the
        // instruction accepts any alignment.
        unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store(self, to: &mut Block, x: __m512i) {
        // SAFETY: `self` proves that the CPU has the instruction. A block is 64 bytes, and the
        // instruction accepts any alignment.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), x) }
    }

    instruction!(madd52lo(sum, a, b), _mm512_madd52lo_epu64(sum, a, b));
    instruction!(madd52hi(sum, a, b), _mm512_madd52hi_epu64(sum, a, b));
    instruction!(add(a, b), _mm512_add_epi64(a, b));
    instruction!(sub(a, b), _mm512_sub_epi64(a, b));
    instruction!(sub_where_negative(sign, a, b), _mm512_mask_sub_epi64(a, _mm512_movepi64_mask(sign), a, b));
    instruction!(and(a, b), _mm512_and_si512(a, b));
    instruction!(or(a, b), _mm512_or_si512(a, b));
    instruction!(xor(a, b), _mm512_xor_si512(a, b));
    instruction!(shift_left<const BITS>(x), _mm512_slli_epi64::<BITS>(x));
    instruction!(shift_right<const BITS>(x), _mm512_srli_epi64::<BITS>(x));
    instruction!(shift_right_signed<const BITS>(x), _mm512_srai_epi64::<BITS>(x));
    instruction!(lanes_up(x, below), _mm512_alignr_epi64::<7>(x, below));

    #[inline(always)]
    fn broadcast(self, x: __m512i, lane: usize) -> __m512i {
        let lanes = self.splat(lane as u64);
        // SAFETY: `self` proves that the CPU has the instruction.
        unsafe { _mm512_permutexvar_epi64(lanes, x) }
    }

    #[inline(always)]
    fn zero_lanes(self, x: __m512i) -> u8 {
        // SAFETY: `self` proves that the CPU has the instruction.
        unsafe { _mm512_testn_epi64_mask(x, x) }
    }

    #[inline(always)]
    fn fence<const N: usize>(self, x: &mut [__m512i; N]) {
        for x in x {
            // SAFETY: `self` proves that the CPU has the registers.
            unsafe { fence_register(x) }
        }
    }

    #[inline(always)]
    fn opaque<T>(self, x: &T) -> &T {
        let mut address: *const T = x;
        // SAFETY: the assembly is only a comment, so no instruction is executed and `address` does
        // not change.
        unsafe { asm!("/* {0} */", inout(reg) address, options(nostack, preserves_flags)) };
        // SAFETY: `address` is the address of `x`, and the result has the lifetime of `x`.
        unsafe { &*address }
    }

    #[inline(always)]
    fn run<O: Operation>(self, operation: O) -> O::Output {
        // SAFETY: `self` proves that the CPU has the instructions.
        unsafe { enter(self, operation) }
    }
}
