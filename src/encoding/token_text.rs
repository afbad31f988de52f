//! The text of a compact JWS: base64url characters, and dots between the parts.

#[cfg(avx512)]
use super::avx512;
use super::dots::Dots;

/// Finds the dots of `text`. Returns `None` if it contains characters other than dots and base64url
/// characters.
pub(crate) fn dots(text: &[u8]) -> Option<Dots> {
    #[cfg(avx512)]
    if let Some(dots) = avx512::dots(text) {
        return dots;
    }
    dots_on_any_cpu(text)
}

fn dots_on_any_cpu(text: &[u8]) -> Option<Dots> {
    // No early exit and no table, so that the compiler can use SIMD.
    let is_token_text = text.iter().fold(true, |all, &byte| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        all & (letter | digit | (byte == b'-') | (byte == b'_') | (byte == b'.'))
    });
    if !is_token_text {
        return None;
    }
    let mut found = Dots::default();
    let mut rest = memchr::memchr_iter(b'.', text);
    for (place, at) in found.places.iter_mut().zip(&mut rest) {
        *place = at;
        found.count += 1;
    }
    found.count += rest.count();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_found_and_invalid_characters_are_rejected() {
        assert_eq!(dots(b"aa.b.c.d"), Some(Dots { count: 3, places: [2, 4] }));
        assert_eq!(dots(b""), Some(Dots::default()));
        for byte in 0..=255u8 {
            let allowed = byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            assert_eq!(dots(&[byte]).is_some(), allowed, "{byte}");
            assert_eq!(dots(&[b"a".repeat(100), vec![byte], b"a".repeat(100)].concat()).is_some(), allowed);
        }
    }

    #[cfg(avx512)]
    #[test]
    fn all_implementations_find_the_same_dots() {
        if avx512::dots(b"").is_none() {
            return eprintln!("skipped: this CPU has no AVX-512 VBMI");
        }
        for len in 0..200 {
            let mut text: Vec<u8> = (0..len).map(|i| b"aZ09-_"[i % 6]).collect();
            for at in 0..len {
                let before = text[at];
                for byte in [b'.', b'+', 0x80 | before, 0] {
                    text[at] = byte;
                    text[len / 2] = if at % 2 == 0 { b'.' } else { text[len / 2] };
                    assert_eq!(avx512::dots(&text), Some(dots_on_any_cpu(&text)), "{text:?}");
                }
                text[at] = if at % 7 == 0 { b'.' } else { before };
            }
        }
    }
}
