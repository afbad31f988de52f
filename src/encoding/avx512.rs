//! Text processing with AVX-512, 64 characters at a time; a mask handles the tail. Decodes
//! base64url, and finds the dots of a token and the special bytes of JSON strings.
#![allow(clippy::indexing_slicing, reason = "the tables are built at compile time")]
#![allow(
    unsafe_code,
    reason = "masked SIMD loads and stores, and calls that need CPU features; each block states why it is sound"
)]

use super::dots::Dots;
use std::arch::x86_64::*;

/// The top bit marks a character that is not in the alphabet.
const INVALID: i8 = -128;

/// The base64url value of each ASCII character.
const VALUES: [i8; 128] = {
    let mut values = [INVALID; 128];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut i = 0;
    while i < alphabet.len() {
        values[alphabet[i] as usize] = i as i8;
        i += 1;
    }
    values
};

/// For each decoded byte, its index in the vector before packing. Each group of four bytes of that
/// vector holds three decoded bytes in reverse order; the fourth byte is unused.
const PACKED: [u8; 64] = {
    let mut order = [0; 64];
    let mut i = 0;
    while i < 48 {
        order[i] = (i / 3 * 4 + 2 - i % 3) as u8;
        i += 1;
    }
    order
};

/// Returns whether the CPU has the instructions of this module: AVX-512 F, BW and VBMI.
#[inline]
pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
}

/// Returns a bit for each of the first 64 `bytes` that is a quotation mark, a backslash or a
/// control character. Returns `None` if the CPU lacks the instructions.
pub(super) fn json_special_bits(bytes: &[u8]) -> Option<u64> {
    // SAFETY: the CPU has the three features.
    is_available().then(|| unsafe { special_bits(bytes) })
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn special_bits(bytes: &[u8]) -> u64 {
    let there = if bytes.len() < 64 { first(bytes.len()) } else { !0 };
    // SAFETY: the masked load reads only the bytes that `bytes` has.
    let bytes = unsafe { _mm512_maskz_loadu_epi8(there, bytes.as_ptr().cast()) };
    let is = |byte: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte as i8));
    let control = _mm512_mask_cmplt_epu8_mask(there, bytes, _mm512_set1_epi8(0x20));
    is(b'"') | is(b'\\') | control
}

/// Returns `None` if the CPU lacks the instructions. Otherwise returns the dots of `text`, or
/// `Some(None)` if `text` contains characters other than dots and base64url characters.
pub(super) fn dots(text: &[u8]) -> Option<Option<Dots>> {
    // SAFETY: the CPU has the three features.
    is_available().then(|| unsafe { dots_of_blocks(text) })
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn dots_of_blocks(text: &[u8]) -> Option<Dots> {
    let [low, high] = [table(VALUES.first_chunk()), table(VALUES.last_chunk())];
    let mut found = Dots::default();
    let mut faults = _mm512_setzero_si512();
    let mut scan = |start: usize, characters: __m512i| {
        let dots = _mm512_cmpeq_epi8_mask(characters, _mm512_set1_epi8(b'.' as i8));
        let values = _mm512_permutex2var_epi8(low, characters, high);
        let fault = _mm512_or_si512(characters, values);
        faults = _mm512_or_si512(faults, _mm512_maskz_mov_epi8(!dots, fault));
        if dots != 0 {
            found.add(start, dots);
        }
    };
    let (blocks, tail) = text.as_chunks::<64>();
    for (i, block) in blocks.iter().enumerate() {
        // SAFETY: `block` has the 64 bytes that are read.
        scan(64 * i, unsafe { _mm512_loadu_si512(block.as_ptr().cast()) });
    }
    let padding = _mm512_set1_epi8(b'A' as i8);
    // SAFETY: the masked load reads only the bytes that `tail` has.
    let characters = unsafe { _mm512_mask_loadu_epi8(padding, first(tail.len()), tail.as_ptr().cast()) };
    scan(64 * blocks.len(), characters);
    (_mm512_movepi8_mask(faults) == 0).then_some(found)
}

/// Decodes `text` into `out`, which must have exactly the decoded length. Returns whether `text` is
/// canonical base64url, or `None` if the CPU lacks the instructions. The algorithm is from W. Muła
/// and D. Lemire, "Base64 encoding and decoding at almost the speed of a memory copy" (2019).
pub(super) fn decode_base64url(text: &[u8], out: &mut [u8]) -> Option<bool> {
    // SAFETY: the CPU has the three features.
    is_available().then(|| unsafe { decode_blocks(text, out) })
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn decode_blocks(text: &[u8], out: &mut [u8]) -> bool {
    if text.len() % 4 == 1 {
        return false;
    }
    let [low, high] = [table(VALUES.first_chunk()), table(VALUES.last_chunk())];
    let order = table(Some(&PACKED));
    let mut faults = _mm512_setzero_si512();
    let mut decode = |characters: __m512i| {
        let values = _mm512_permutex2var_epi8(low, characters, high);
        faults = _mm512_or_si512(faults, _mm512_or_si512(characters, values));
        let pairs = _mm512_maddubs_epi16(values, _mm512_set1_epi32(0x0140_0140));
        let quads = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x0001_1000));
        _mm512_permutexvar_epi8(order, quads)
    };
    let (blocks, tail) = text.as_chunks::<64>();
    let mut rest = out;
    for block in blocks {
        // SAFETY: `block` has the 64 bytes that are read.
        let bytes = decode(unsafe { _mm512_loadu_si512(block.as_ptr().cast()) });
        if let Some(room) = rest.first_chunk_mut::<64>() {
            // Only the first 48 of the 64 stored bytes are decoded bytes. The next store overwrites
            // the other 16. A masked store would be slower.
            // SAFETY: `room` has the 64 bytes that are written.
            unsafe { _mm512_storeu_si512(room.as_mut_ptr().cast(), bytes) };
        } else if let Some(room) = rest.first_chunk_mut::<48>() {
            // SAFETY: `room` has the 48 bytes that the masked store writes.
            unsafe { _mm512_mask_storeu_epi8(room.as_mut_ptr().cast(), first(48), bytes) };
        }
        rest = rest.get_mut(48..).unwrap_or_default();
    }
    let padding = _mm512_set1_epi8(b'A' as i8);
    // SAFETY: the masked load reads only the bytes that `tail` has.
    let characters = unsafe { _mm512_mask_loadu_epi8(padding, first(tail.len()), tail.as_ptr().cast()) };
    let bytes = decode(characters);
    let kept = first(rest.len());
    // SAFETY: the masked store writes only the bytes that `rest` has.
    unsafe { _mm512_mask_storeu_epi8(rest.as_mut_ptr().cast(), kept, bytes) };
    // The unused bits of the last character must be zero.
    let left_over = _mm512_test_epi8_mask(bytes, bytes) & first(48) & !kept;
    _mm512_movepi8_mask(faults) | left_over == 0
}

/// Returns a mask with a bit for each of the first `len` bytes. `len` must be below 64.
fn first(len: usize) -> u64 {
    (1 << (len & 63)) - 1
}

#[target_feature(enable = "avx512f")]
fn table<T>(bytes: Option<&[T; 64]>) -> __m512i {
    const { assert!(size_of::<T>() == 1) }
    let Some(bytes) = bytes else { return _mm512_setzero_si512() };
    // SAFETY: `bytes` has 64 values of one byte each, as the assertion checks.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}
