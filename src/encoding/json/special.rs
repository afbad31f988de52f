//! Where a plain run of a string ends, for 64 characters at once.

#[cfg(avx512)]
use super::super::avx512;

/// The [`special_bits`] of the 64 bytes from `window`, or of those that there are.
pub(super) fn special_bits_from(bytes: &[u8], window: usize) -> u64 {
    let rest = bytes.get(window..).unwrap_or_default();
    #[cfg(avx512)]
    if let Some(bits) = avx512::json_special_bits(rest) {
        return bits;
    }
    special_bits_on_any_cpu(bytes, rest)
}

/// The same, of the `rest` of `bytes`.
fn special_bits_on_any_cpu(bytes: &[u8], rest: &[u8]) -> u64 {
    if let Some(chunk) = rest.first_chunk() {
        special_bits(chunk)
    } else if let Some(last) = bytes.last_chunk() {
        // Of a string that does not end, there may be nothing left.
        special_bits(last).checked_shr(64 - rest.len() as u32).unwrap_or(0)
    } else {
        let mut padded = [b' '; 64];
        padded.iter_mut().zip(rest).for_each(|(padded, &byte)| *padded = byte);
        special_bits(&padded)
    }
}

/// Which of 64 bytes end a plain run of a string, as bits: quotation marks, backslashes, control
/// characters. Most of a token is such runs, so they are found all at once; the loops are shaped
/// for the compiler's SIMD.
fn special_bits(bytes: &[u8; 64]) -> u64 {
    // Gathers the lowest bits of eight bytes in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut flags = [0; 64];
    for (flag, &byte) in flags.iter_mut().zip(bytes) {
        *flag = u8::from((byte == b'"') | (byte == b'\\') | (byte < 0x20));
    }
    let (eights, _) = flags.as_chunks::<8>();
    let eight_bits = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56;
    // Shifts that do not wait for one another.
    eights.iter().enumerate().fold(0, |bits, (i, eight)| bits | eight_bits(eight) << (8 * i))
}

#[cfg(all(test, avx512))]
mod tests {
    use super::*;

    #[test]
    fn every_implementation_finds_the_same_special_bytes() {
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
