//! SHA-256 (FIPS 180-4) of two messages at once: each round waits for the one before, and two messages fill each
//! other's waits.

use std::arch::x86_64::*;

const BLOCK_LEN: usize = 64;

#[rustfmt::skip]
const ROUND_CONSTANTS: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// The state as the instructions have it: the words A, B, E, F and C, D, G, H, the first of each the highest.
type State = [__m128i; 2];

/// The digests of two messages.
#[target_feature(enable = "sha,sse4.1,ssse3,avx")]
pub(super) fn digests(messages: [&[u8]; 2]) -> [[u8; 32]; 2] {
    let initial = [
        words(0x6a09e667, 0xbb67ae85, 0x510e527f, 0x9b05688c),
        words(0x3c6ef372, 0xa54ff53a, 0x1f83d9ab, 0x5be0cd19),
    ];
    let mut states = [initial; 2];
    let padded = messages.map(Padded::new);
    let together = padded[0].len().min(padded[1].len());
    for i in 0..together {
        compress(&mut states, [padded[0].block(i), padded[1].block(i)]);
    }
    for (state, message) in states.iter_mut().zip(&padded) {
        for i in together..message.len() {
            compress(std::array::from_mut(state), [message.block(i)]);
        }
    }
    let [first, second] = states;
    [digest(first), digest(second)]
}

/// A message with its padding, in blocks.
struct Padded<'a> {
    whole: &'a [[u8; BLOCK_LEN]],
    tail: [[u8; BLOCK_LEN]; 2],
    tail_len: usize,
}

impl<'a> Padded<'a> {
    fn new(message: &'a [u8]) -> Self {
        let (whole, rest) = message.as_chunks();
        let mut tail = [[0; BLOCK_LEN]; 2];
        let bytes = tail.as_flattened_mut();
        bytes[..rest.len()].copy_from_slice(rest);
        bytes[rest.len()] = 0x80;
        let tail_len = if rest.len() < BLOCK_LEN - 8 { 1 } else { 2 };
        let bits = 8 * message.len() as u64;
        bytes[BLOCK_LEN * tail_len - 8..][..8].copy_from_slice(&bits.to_be_bytes());
        Self { whole, tail, tail_len }
    }

    fn len(&self) -> usize {
        self.whole.len() + self.tail_len
    }

    fn block(&self, i: usize) -> &[u8; BLOCK_LEN] {
        self.whole.get(i).unwrap_or_else(|| &self.tail[i - self.whole.len()])
    }
}

/// Puts one block of each of `M` messages into their states.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3,avx")]
fn compress<const M: usize>(states: &mut [State; M], blocks: [&[u8; BLOCK_LEN]; M]) {
    let before = *states;
    let mut schedules = [[_mm_setzero_si128(); 4]; M];
    for (schedule, block) in schedules.iter_mut().zip(blocks) {
        for (words, bytes) in schedule.iter_mut().zip(block.as_chunks().0) {
            *words = load(bytes);
        }
    }
    for i in 0..ROUND_CONSTANTS.len() / 4 {
        let [a, b, c, d] = ROUND_CONSTANTS.as_chunks().0[i];
        let constants = words(d, c, b, a);
        for (state, schedule) in states.iter_mut().zip(&mut schedules) {
            if i >= 4 {
                let sum = _mm_add_epi32(
                    _mm_sha256msg1_epu32(schedule[i % 4], schedule[(i + 1) % 4]),
                    _mm_alignr_epi8::<4>(schedule[(i + 3) % 4], schedule[(i + 2) % 4]),
                );
                schedule[i % 4] = _mm_sha256msg2_epu32(sum, schedule[(i + 3) % 4]);
            }
            let words = _mm_add_epi32(schedule[i % 4], constants);
            state[1] = _mm_sha256rnds2_epu32(state[1], state[0], words);
            state[0] = _mm_sha256rnds2_epu32(state[0], state[1], _mm_shuffle_epi32::<0x0e>(words));
        }
    }
    for (state, before) in states.iter_mut().zip(before) {
        *state = [_mm_add_epi32(state[0], before[0]), _mm_add_epi32(state[1], before[1])];
    }
}

/// Four words of a message, which are big-endian.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3,avx")]
fn load(bytes: &[u8; 16]) -> __m128i {
    let [low, high] = [0, 1].map(|i| i64::from_le_bytes(bytes.as_chunks().0[i]));
    let swap = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    _mm_shuffle_epi8(_mm_set_epi64x(high, low), swap)
}

/// A vector of four words, the highest first.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3,avx")]
fn words(a: u32, b: u32, c: u32, d: u32) -> __m128i {
    _mm_set_epi32(a.cast_signed(), b.cast_signed(), c.cast_signed(), d.cast_signed())
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3,avx")]
fn digest([abef, cdgh]: State) -> [u8; 32] {
    let words = [
        _mm_extract_epi32::<3>(abef),
        _mm_extract_epi32::<2>(abef),
        _mm_extract_epi32::<3>(cdgh),
        _mm_extract_epi32::<2>(cdgh),
        _mm_extract_epi32::<1>(abef),
        _mm_extract_epi32::<0>(abef),
        _mm_extract_epi32::<1>(cdgh),
        _mm_extract_epi32::<0>(cdgh),
    ];
    let mut digest = [0; 32];
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.to_be_bytes();
    }
    digest
}
