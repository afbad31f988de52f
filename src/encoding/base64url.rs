//! Canonical base64url without padding. Rejects a length that is 1 modulo 4, padding, white space,
//! other alphabets and non-zero trailing bits.

#[cfg(avx512)]
use super::avx512;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, NO_PAD};
use base64::engine::simd::Simd;
use base64::engine::{DecodePaddingMode, Engine as _};
use std::sync::LazyLock;

/// Created once: building its tables costs more than decoding a header.
static ENGINE: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));

/// The text is not canonical base64url. The error contains no position, because an error must not
/// depend on the content of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotCanonical;

/// Returns the decoded length of `encoded_len` canonical characters.
pub(crate) const fn decoded_len(encoded_len: usize) -> usize {
    encoded_len / 4 * 3 + encoded_len % 4 * 3 / 4
}

/// Decodes into the front of `out` and returns that part. Fails if `out` is too short.
pub(crate) fn decode_into<'o>(text: &[u8], out: &'o mut [u8]) -> Result<&'o [u8], NotCanonical> {
    let out = out.get_mut(..decoded_len(text.len())).ok_or(NotCanonical)?;
    #[cfg(avx512)]
    if let Some(is_canonical) = avx512::decode_base64url(text, out) {
        return if is_canonical { Ok(out) } else { Err(NotCanonical) };
    }
    decode_on_any_cpu(text, out)
}

fn decode_on_any_cpu<'o>(text: &[u8], out: &'o mut [u8]) -> Result<&'o [u8], NotCanonical> {
    let written = ENGINE.decode_slice(text, out).map_err(|_| NotCanonical)?;
    out.get(..written).ok_or(NotCanonical)
}

/// A buffer for a decoded header or signature. Up to 512 bytes need no allocation. Nearly all
/// headers and signatures are shorter.
pub(crate) struct Scratch {
    /// Created by the first call that needs it, because filling it with zeros takes time.
    stack: Option<[u8; Self::STACK]>,
    heap: Vec<u8>,
}

impl Scratch {
    const STACK: usize = 512;

    pub(crate) const fn new() -> Self {
        Self { stack: None, heap: Vec::new() }
    }

    pub(crate) fn decode(&mut self, text: &[u8]) -> Result<&[u8], NotCanonical> {
        if decoded_len(text.len()) <= Self::STACK {
            return decode_into(text, self.stack.get_or_insert([0; Self::STACK]));
        }
        self.heap = decode(text)?;
        Ok(&self.heap)
    }
}

/// Decodes into a vector of exactly the decoded length.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, NotCanonical> {
    decode_with_room(text, 0)
}

/// Decodes into a vector with spare capacity for `room` bytes.
pub(crate) fn decode_with_room(text: &[u8], room: usize) -> Result<Vec<u8>, NotCanonical> {
    let len = decoded_len(text.len());
    let mut out = Vec::with_capacity(len + room);
    out.resize(len, 0);
    let written = decode_into(text, &mut out)?.len();
    out.truncate(written);
    Ok(out)
}

/// Decodes a number of a JWK. Some issuers use padding or the standard alphabet. Both are accepted,
/// because the operator trusts the document. Padding must be complete or absent, so that truncated
/// text is rejected. The second returned value is true if `text` is not canonical base64url.
pub(crate) fn decode_tolerant(text: &[u8]) -> Result<(Vec<u8>, bool), NotCanonical> {
    const UNPADDED: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireNone);
    const PADDED: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    if let Ok(bytes) = decode(text) {
        return Ok((bytes, false));
    }
    let config = if text.contains(&b'=') { PADDED } else { UNPADDED };
    [&alphabet::URL_SAFE, &alphabet::STANDARD]
        .into_iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok())
        .map(|bytes| (bytes, true))
        .ok_or(NotCanonical)
}

/// Encodes without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_exactly_one_accepted_encoding() {
        let alphabet: Vec<u8> = (0..=255).collect();
        for bytes in [&b""[..], b"f", b"fo", b"foo", b"foob", b"\xff\xfe"] {
            let text = encode(bytes);
            assert_eq!(decode(text.as_bytes()).unwrap(), bytes);
            if let Some((last, front)) = text.as_bytes().split_last() {
                let accepted =
                    alphabet.iter().filter(|&&c| decode(&[front, &[c]].concat()) == Ok(bytes.to_vec()));
                assert_eq!(accepted.collect::<Vec<_>>(), [last]);
            }
        }
    }

    #[test]
    fn wrong_lengths_padding_and_other_alphabets_are_rejected() {
        for text in
            ["A", "AAAAA", "Zg==", "Zm8=", "Zh", "Zm9", "Zm9v\n", " Zm9v", "Zm9v ", "Z+9v", "Z/9v", "Zm\0v"]
        {
            assert_eq!(decode(text.as_bytes()), Err(NotCanonical), "{text:?}");
        }
    }

    #[test]
    fn one_bad_character_anywhere_in_a_long_text_is_rejected() {
        for len in [0, 1, 2, 3, 47, 48, 63, 64, 65, 200, 256, 1000] {
            let bytes: Vec<u8> = (0..len).map(|i| (i * 7 % 256) as u8).collect();
            let text = encode(&bytes);
            assert_eq!(decode(text.as_bytes()).unwrap(), bytes);
            for at in 0..text.len() {
                for bad in [b'=', b'+', b'/', b'.', b' ', 0, 0x80] {
                    let mut text = text.clone().into_bytes();
                    text[at] = bad;
                    assert_eq!(decode(&text), Err(NotCanonical));
                }
            }
        }
    }

    #[cfg(avx512)]
    #[test]
    fn all_implementations_agree() {
        if !avx512::is_available() {
            return eprintln!("skipped: this CPU has no AVX-512 VBMI");
        }
        let assert_agree = |text: &[u8]| {
            let mut outs = [vec![0xaa; decoded_len(text.len())], vec![0x55; decoded_len(text.len())]];
            let [simd, any] = &mut outs;
            let verdicts = (avx512::decode_base64url(text, simd), decode_on_any_cpu(text, any).is_ok());
            assert_eq!(verdicts.0, Some(verdicts.1), "{text:?}");
            assert!(!verdicts.1 || simd == any, "{text:?}");
        };
        for len in 0..200 {
            let bytes: Vec<u8> = (0..len).map(|i| (i * i * 31 % 251) as u8).collect();
            let text = encode(&bytes).into_bytes();
            assert_agree(&text);
            for at in 0..text.len() {
                assert_agree(&text[..at]);
                for byte in
                    [text[at] ^ 1, text[at] ^ 0x20, text[at] ^ 0x80, b'=', b'/', b'+', b'@', b'[', 0xff]
                {
                    let mut text = text.clone();
                    text[at] = byte;
                    assert_agree(&text);
                }
            }
        }
        for pair in 0..=u16::MAX {
            assert_agree(&pair.to_be_bytes());
        }
    }

    #[test]
    fn a_short_buffer_is_an_error() {
        assert_eq!(decode_into(b"Zm9v", &mut [0; 2]), Err(NotCanonical));
    }

    #[test]
    fn a_jwk_may_use_padding_and_the_standard_alphabet() {
        assert_eq!(decode_tolerant(b"_-8").unwrap(), (vec![0xff, 0xef], false));
        for text in ["_-8=", "/+8", "/+8="] {
            assert_eq!(decode_tolerant(text.as_bytes()).unwrap(), (vec![0xff, 0xef], true), "{text}");
        }
        assert_eq!(decode_tolerant(b"Aw==").unwrap(), (vec![3], true));
        for text in ["/-8", "_-9", "/+8==", "_-8\n", "A", "Aw=", "Aw===", "=Aw=", "Aw==Aw==", "Zm9v=", "="] {
            assert_eq!(decode_tolerant(text.as_bytes()), Err(NotCanonical), "{text:?}");
        }
    }
}
