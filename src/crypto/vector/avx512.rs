//! The vector operations of a CPU with AVX-512 IFMA. All `unsafe` code of the verification of
//! signatures is in this file.

use super::block::{Block, LANES};
use super::simd::{Operation, Simd};
use std::arch::asm;
use std::arch::is_x86_feature_detected;
use std::arch::x86_64::*;

/// A proof that this CPU and its operating system support the instructions. Only [`Avx512::detect`]
/// creates one.
#[derive(Debug, Clone, Copy)]
pub(in crate::crypto) struct Avx512<const ALWAYS_RIPPLE: bool = false>(());

impl<const ALWAYS_RIPPLE: bool> Avx512<ALWAYS_RIPPLE> {
    pub(in crate::crypto) fn detect() -> Option<Self> {
        features().iter().all(|(_, found)| *found).then_some(Self(()))
    }

    /// Returns the names of the features that this CPU or its operating system lacks.
    pub(in crate::crypto) fn missing() -> impl Iterator<Item = &'static str> {
        features().into_iter().filter(|(_, found)| !found).map(|(name, _)| name)
    }
}

macro_rules! detected {
    ($($name:tt)*) => { [$(($name, is_x86_feature_detected!($name))),*] };
}

/// The features in each `target_feature` of this file, and whether each was found.
fn features() -> [(&'static str, bool); 7] {
    detected!["avx512f" "avx512ifma" "avx512vl" "avx512dq" "avx512vbmi2" "bmi1" "bmi2"]
}

/// The compiler may use these instructions in all code that it inlines into this function.
#[target_feature(enable = "avx512f,avx512ifma,avx512vl,avx512dq,avx512vbmi2,bmi1,bmi2")]
fn enter<O: Operation, S: Simd>(simd: S, operation: O) -> O::Output {
    operation.with(simd)
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vl,avx512dq,avx512vbmi2,bmi1,bmi2")]
fn fence_register(x: &mut __m512i) {
    let mut register = *x;
    // SAFETY: the assembly is only a comment, so no instruction is executed.
    unsafe { asm!("/* {0} */", inout(zmm_reg) register, options(nomem, nostack, preserves_flags)) };
    *x = register;
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vl,avx512dq,avx512vbmi2,bmi1,bmi2")]
fn transpose(rows: [__m512i; LANES]) -> [__m512i; LANES] {
    let [a, b, c, d, e, f, g, h] = rows;
    let even = [
        _mm512_unpacklo_epi64(a, b),
        _mm512_unpacklo_epi64(c, d),
        _mm512_unpacklo_epi64(e, f),
        _mm512_unpacklo_epi64(g, h),
    ];
    let odd = [
        _mm512_unpackhi_epi64(a, b),
        _mm512_unpackhi_epi64(c, d),
        _mm512_unpackhi_epi64(e, f),
        _mm512_unpackhi_epi64(g, h),
    ];
    let ([c0, c2, c4, c6], [c1, c3, c5, c7]) = (transpose_pairs(even), transpose_pairs(odd));
    [c0, c1, c2, c3, c4, c5, c6, c7]
}

/// Transposes a matrix of four rows, whose elements are pairs of lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vl,avx512dq,avx512vbmi2,bmi1,bmi2")]
fn transpose_pairs(rows: [__m512i; 4]) -> [__m512i; 4] {
    const EVEN: i32 = 0b10_00_10_00;
    const ODD: i32 = 0b11_01_11_01;
    let [a, b, c, d] = rows;
    let (ab_even, ab_odd) = (_mm512_shuffle_i64x2::<EVEN>(a, b), _mm512_shuffle_i64x2::<ODD>(a, b));
    let (cd_even, cd_odd) = (_mm512_shuffle_i64x2::<EVEN>(c, d), _mm512_shuffle_i64x2::<ODD>(c, d));
    [
        _mm512_shuffle_i64x2::<EVEN>(ab_even, cd_even),
        _mm512_shuffle_i64x2::<EVEN>(ab_odd, cd_odd),
        _mm512_shuffle_i64x2::<ODD>(ab_even, cd_even),
        _mm512_shuffle_i64x2::<ODD>(ab_odd, cd_odd),
    ]
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vl,avx512dq,avx512vbmi2,bmi1,bmi2")]
fn transpose_rows_of_four(rows: [&[u64; 4]; LANES]) -> [__m512i; 4] {
    let [a, b, c, d, e, f, g, h] = rows.map(|row| {
        // SAFETY: a row is 32 bytes, and the instruction accepts any alignment.
        unsafe { _mm256_loadu_si256(row.as_ptr().cast()) }
    });
    // Row i, then row i + 4.
    let joined = |low, high| _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high);
    let (ae, bf, cg, dh) = (joined(a, e), joined(b, f), joined(c, g), joined(d, h));
    let lower = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    let upper = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    let (even_ab, odd_ab) = (_mm512_unpacklo_epi64(ae, bf), _mm512_unpackhi_epi64(ae, bf));
    let (even_cd, odd_cd) = (_mm512_unpacklo_epi64(cg, dh), _mm512_unpackhi_epi64(cg, dh));
    [
        _mm512_permutex2var_epi64(even_ab, lower, even_cd),
        _mm512_permutex2var_epi64(odd_ab, lower, odd_cd),
        _mm512_permutex2var_epi64(even_ab, upper, even_cd),
        _mm512_permutex2var_epi64(odd_ab, upper, odd_cd),
    ]
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
    instruction!(
        shift_right_pair<const BITS>(low, high),
        _mm512_shrdv_epi64(low, high, _mm512_set1_epi64(i64::from(BITS)))
    );
    instruction!(add_words(a, b), _mm512_add_epi64(a, b));
    instruction!(shift_right_word<const BITS>(x), _mm512_srli_epi64::<BITS>(x));
    instruction!(permute(x, from), _mm512_permutexvar_epi64(from, x));
    instruction!(lanes_up(x, below), _mm512_alignr_epi64::<7>(x, below));

    #[inline(always)]
    fn rotate_right<const BITS: i32>(self, x: __m512i) -> __m512i {
        // SAFETY: `self` proves that the CPU has the instruction.
        unsafe { _mm512_ror_epi64::<BITS>(x) }
    }

    #[inline(always)]
    fn add_or_sub(self, lanes: u8, a: __m512i, b: __m512i) -> __m512i {
        let sum = self.add(a, b);
        // SAFETY: `self` proves that the CPU has the instruction.
        unsafe { _mm512_mask_sub_epi64(sum, lanes, a, b) }
    }

    #[inline(always)]
    fn blend(self, lanes: u8, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: `self` proves that the CPU has the instruction.
        unsafe { _mm512_mask_blend_epi64(lanes, a, b) }
    }

    #[inline(always)]
    fn transpose(self, rows: [__m512i; LANES]) -> [__m512i; LANES] {
        // SAFETY: `self` proves that the CPU has the instructions.
        unsafe { transpose(rows) }
    }

    #[inline(always)]
    fn transpose_rows_of_four(self, rows: [&[u64; 4]; LANES]) -> [__m512i; 4] {
        // SAFETY: `self` proves that the CPU has the instructions.
        unsafe { transpose_rows_of_four(rows) }
    }

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
    fn prefetch<T>(self, x: &T) {
        let address: *const T = x;
        // SAFETY: a prefetch reads nothing that the program can see, and cannot fault.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }

    #[inline(always)]
    fn run<O: Operation>(self, operation: O) -> O::Output {
        // SAFETY: `self` proves that the CPU has the instructions.
        unsafe { enter(self, operation) }
    }
}
