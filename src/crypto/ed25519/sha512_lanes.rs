//! SHA-512 (FIPS 180-4 §6.4) of eight messages, one in each lane.

use crate::crypto::hash;
use crate::crypto::vector::block::LANES;
use crate::crypto::vector::simd::{Operation, Simd};
use std::array::from_fn;

/// Number of bytes of a block of SHA-512.
const BLOCK_LEN: usize = 128;
/// Number of bytes of the length at the end of the last block.
const LENGTH_LEN: usize = 16;
/// The digest of the empty prefix.
const START: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// A message in three parts: R, A and M of a signature.
pub(super) type Parts<'a> = [&'a [u8]; 3];

/// Returns the digest of the concatenation of each lane's parts. An empty lane has empty parts.
pub(super) fn digests<S: Simd>(simd: S, messages: &[Parts<'_>; LANES]) -> [[u8; 64]; LANES] {
    // A block in all lanes takes as long as two blocks in one. So a single long message is hashed
    // alone.
    let blocks = messages.map(|parts| blocks_of(length(&parts)));
    let (all, longest) = (blocks.iter().sum::<usize>(), blocks.into_iter().max().unwrap_or(0));
    if all < 2 * longest {
        return messages.map(|parts| hash::sha512(&parts));
    }
    simd.run(Sha512 { messages })
}

/// Returns whether the digests of eight messages of different lengths are correct. They depend only
/// on the key.
pub(super) fn passes_self_test<S: Simd>(simd: S, key: &[u8; 32]) -> bool {
    let text = [*key; 8];
    let messages: [Parts<'_>; LANES] = from_fn(|i| [&key[..], &key[i..], &text.as_flattened()[..32 * i]]);
    simd.run(Sha512 { messages: &messages }) == messages.map(|parts| hash::sha512(&parts))
}

struct Sha512<'a> {
    messages: &'a [Parts<'a>; LANES],
}

impl Operation for Sha512<'_> {
    type Output = [[u8; 64]; LANES];

    #[inline(always)]
    fn with<S: Simd>(self, simd: S) -> [[u8; 64]; LANES] {
        let mut readers = self.messages.map(Reader::new);
        let blocks = self.messages.map(|parts| blocks_of(length(&parts)));
        let mut state = START.map(|word| simd.splat(word));
        for i in 0..blocks.into_iter().max().unwrap_or(0) {
            let mut words = [[0; 16]; LANES];
            let mut done = 0;
            for (lane, words) in words.iter_mut().enumerate() {
                if i < blocks[lane] {
                    *words = readers[lane].next_block();
                } else {
                    done |= 1 << lane;
                }
            }
            let next = compress(simd, &state, &words);
            // The digest of a shorter message stays as it is.
            state = from_fn(|j| simd.blend(done, next[j], state[j]));
        }
        let mut columns = [[0; LANES]; 8];
        for i in 0..8 {
            simd.store(&mut columns[i], state[i]);
        }
        from_fn(|lane| {
            let mut digest = [0; 64];
            for (bytes, column) in digest.as_chunks_mut::<8>().0.iter_mut().zip(columns) {
                *bytes = column[lane].to_be_bytes();
            }
            digest
        })
    }
}

fn length(parts: &Parts<'_>) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

/// Returns the number of blocks: the message, a byte, zeros and the length.
fn blocks_of(len: usize) -> usize {
    (len + 1 + LENGTH_LEN).div_ceil(BLOCK_LEN)
}

/// Reads a padded message.
struct Reader<'a> {
    parts: Parts<'a>,
    len: usize,
    /// Number of bytes that have been read, with the padding.
    position: usize,
}

impl<'a> Reader<'a> {
    fn new(parts: Parts<'a>) -> Self {
        Self { parts, len: length(&parts), position: 0 }
    }

    fn next_block(&mut self) -> [u64; 16] {
        let mut block = [0; BLOCK_LEN];
        let mut filled = 0;
        for part in &mut self.parts {
            let count = part.len().min(BLOCK_LEN - filled);
            let (taken, rest) = part.split_at(count);
            block[filled..filled + count].copy_from_slice(taken);
            filled += count;
            *part = rest;
        }
        let end = self.position + BLOCK_LEN;
        if (self.position..end).contains(&self.len) {
            block[self.len - self.position] = 0x80;
        }
        self.position = end;
        if self.len + 1 + LENGTH_LEN <= end {
            block[BLOCK_LEN - 8..].copy_from_slice(&(8 * self.len as u64).to_be_bytes());
        }
        let (words, _) = block.as_chunks();
        from_fn(|i| u64::from_be_bytes(words[i]))
    }
}

/// Adds a block to the state of each lane.
#[inline(always)]
fn compress<S: Simd>(simd: S, state: &[S::V; 8], blocks: &[[u64; 16]; LANES]) -> [S::V; 8] {
    let half = |at: usize| -> [S::V; LANES] {
        simd.transpose(from_fn(|lane| simd.load(&from_fn::<_, LANES, _>(|i| blocks[lane][at + i]))))
    };
    let (low, high) = (half(0), half(LANES));
    // The last sixteen words of the schedule.
    let mut w: [S::V; 16] = from_fn(|i| if i < LANES { low[i] } else { high[i - LANES] });
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for round in (0..80).step_by(16) {
        for i in 0..16 {
            if round > 0 {
                let (x, y) = (w[(i + 1) % 16], w[(i + 14) % 16]);
                let s0 = simd.xor(
                    simd.xor(simd.rotate_right::<1>(x), simd.rotate_right::<8>(x)),
                    simd.shift_right_word::<7>(x),
                );
                let s1 = simd.xor(
                    simd.xor(simd.rotate_right::<19>(y), simd.rotate_right::<61>(y)),
                    simd.shift_right_word::<6>(y),
                );
                let sum = simd.add_words(simd.add_words(w[i], s0), simd.add_words(w[(i + 9) % 16], s1));
                w[i] = sum;
            }
            let sum_e = simd.xor(
                simd.xor(simd.rotate_right::<14>(e), simd.rotate_right::<18>(e)),
                simd.rotate_right::<41>(e),
            );
            let choice = simd.xor(g, simd.and(e, simd.xor(f, g)));
            let constant = simd.splat(ROUND_CONSTANTS[round + i]);
            let first = simd
                .add_words(simd.add_words(h, simd.add_words(constant, w[i])), simd.add_words(sum_e, choice));
            let sum_a = simd.xor(
                simd.xor(simd.rotate_right::<28>(a), simd.rotate_right::<34>(a)),
                simd.rotate_right::<39>(a),
            );
            let majority = simd.or(simd.and(a, b), simd.and(c, simd.or(a, b)));
            (h, g, f, e) = (g, f, e, simd.add_words(d, first));
            (d, c, b, a) = (c, b, a, simd.add_words(first, simd.add_words(sum_a, majority)));
        }
    }
    let end = [a, b, c, d, e, f, g, h];
    from_fn(|i| simd.add_words(state[i], end[i]))
}

/// The first 64 bits of the fractional parts of the cube roots of the first 80 primes.
#[rustfmt::skip]
const ROUND_CONSTANTS: [u64; 80] = [
    0x428a_2f98_d728_ae22, 0x7137_4491_23ef_65cd, 0xb5c0_fbcf_ec4d_3b2f, 0xe9b5_dba5_8189_dbbc,
    0x3956_c25b_f348_b538, 0x59f1_11f1_b605_d019, 0x923f_82a4_af19_4f9b, 0xab1c_5ed5_da6d_8118,
    0xd807_aa98_a303_0242, 0x1283_5b01_4570_6fbe, 0x2431_85be_4ee4_b28c, 0x550c_7dc3_d5ff_b4e2,
    0x72be_5d74_f27b_896f, 0x80de_b1fe_3b16_96b1, 0x9bdc_06a7_25c7_1235, 0xc19b_f174_cf69_2694,
    0xe49b_69c1_9ef1_4ad2, 0xefbe_4786_384f_25e3, 0x0fc1_9dc6_8b8c_d5b5, 0x240c_a1cc_77ac_9c65,
    0x2de9_2c6f_592b_0275, 0x4a74_84aa_6ea6_e483, 0x5cb0_a9dc_bd41_fbd4, 0x76f9_88da_8311_53b5,
    0x983e_5152_ee66_dfab, 0xa831_c66d_2db4_3210, 0xb003_27c8_98fb_213f, 0xbf59_7fc7_beef_0ee4,
    0xc6e0_0bf3_3da8_8fc2, 0xd5a7_9147_930a_a725, 0x06ca_6351_e003_826f, 0x1429_2967_0a0e_6e70,
    0x27b7_0a85_46d2_2ffc, 0x2e1b_2138_5c26_c926, 0x4d2c_6dfc_5ac4_2aed, 0x5338_0d13_9d95_b3df,
    0x650a_7354_8baf_63de, 0x766a_0abb_3c77_b2a8, 0x81c2_c92e_47ed_aee6, 0x9272_2c85_1482_353b,
    0xa2bf_e8a1_4cf1_0364, 0xa81a_664b_bc42_3001, 0xc24b_8b70_d0f8_9791, 0xc76c_51a3_0654_be30,
    0xd192_e819_d6ef_5218, 0xd699_0624_5565_a910, 0xf40e_3585_5771_202a, 0x106a_a070_32bb_d1b8,
    0x19a4_c116_b8d2_d0c8, 0x1e37_6c08_5141_ab53, 0x2748_774c_df8e_eb99, 0x34b0_bcb5_e19b_48a8,
    0x391c_0cb3_c5c9_5a63, 0x4ed8_aa4a_e341_8acb, 0x5b9c_ca4f_7763_e373, 0x682e_6ff3_d6b2_b8a3,
    0x748f_82ee_5def_b2fc, 0x78a5_636f_4317_2f60, 0x84c8_7814_a1f0_ab72, 0x8cc7_0208_1a64_39ec,
    0x90be_fffa_2363_1e28, 0xa450_6ceb_de82_bde9, 0xbef9_a3f7_b2c6_7915, 0xc671_78f2_e372_532b,
    0xca27_3ece_ea26_619c, 0xd186_b8c7_21c0_c207, 0xeada_7dd6_cde0_eb1e, 0xf57d_4f7f_ee6e_d178,
    0x06f0_67aa_7217_6fba, 0x0a63_7dc5_a2c8_98a6, 0x113f_9804_bef9_0dae, 0x1b71_0b35_131c_471b,
    0x28db_77f5_2304_7d84, 0x32ca_ab7b_40c7_2493, 0x3c9e_be0a_15c9_bebc, 0x431d_67c4_9c10_0d4c,
    0x4cc5_d4be_cb3e_42b6, 0x597f_299c_fc65_7e2a, 0x5fcb_6fab_3ad6_faec, 0x6c44_198c_4a47_5817,
];
