//! Finds the special bytes of a string, 64 bytes at a time.

#[cfg(avx512)]
use super::super::avx512;

/// Returns the [`special_bits`] of the 64 bytes at position `window`, or of fewer bytes at the end
/// of `bytes`.
pub(super) fn special_bits_from(bytes: &[u8], window: usize) -> u64 {
    let rest = bytes.get(window..).unwrap_or_default();
    #[cfg(avx512)]
    if let Some(bits) = avx512::json_special_bits(rest) {
        return bits;
    }
    special_bits_on_any_cpu(bytes, rest)
}

/// Like [`special_bits_from`], for any CPU. `rest` is the part of `bytes` that begins at `window`.
fn special_bits_on_any_cpu(bytes: &[u8], rest: &[u8]) -> u64 {
    if let Some(chunk) = rest.first_chunk() {
        special_bits(chunk)
    } else if let Some(last) = bytes.last_chunk() {
        // If the string has no closing quotation mark, `rest` may be empty. A shift by 64 bits then
        // overflows, and the result is 0.
        special_bits(last).checked_shr(64 - rest.len() as u32).unwrap_or(0)
    } else {
        let mut padded = [b' '; 64];
        padded.iter_mut().zip(rest).for_each(|(padded, &byte)| *padded = byte);
        special_bits(&padded)
    }
}

/// Returns a bit for each of 64 bytes that is special in a string: a quotation mark, a backslash or
/// a control character. Most bytes of a token are not special, so 64 are checked at once. The loops
/// are written so that the compiler can use SIMD.
fn special_bits(bytes: &[u8; 64]) -> u64 {
    // A multiplication by this number moves the lowest bit of each of eight bytes into the highest
    // byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut flags = [0; 64];
    for (flag, &byte) in flags.iter_mut().zip(bytes) {
        *flag = u8::from((byte == b'"') | (byte == b'\\') | (byte < 0x20));
    }
    let (eights, _) = flags.as_chunks::<8>();
    let eight_bits = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56;
    // These shifts do not depend on each other.
    eights.iter().enumerate().fold(0, |bits, (i, eight)| bits | eight_bits(eight) << (8 * i))
}

#[cfg(all(test, avx512))]
mod tests {
    use super::*;

    #[test]
    fn all_implementations_find_the_same_special_bytes() {
        if !avx512::is_available() {
            return eprintln!("skipped: this CPU has no AVX-512 VBMI");
        }
        for len in 0..200 {
            for step in [1, 7, 89] {
                let text: Vec<u8> = (0..len).map(|i| (i * step % 256) as u8).collect();
                for window in (0..=len).step_by(64) {
                    let rest = &text[window..];
                    let bits = special_bits_on_any_cpu(&text, rest);
                    assert_eq!(avx512::json_special_bits(rest), Some(bits), "{len} {step} {window}");
                }
            }
        }
    }
}
