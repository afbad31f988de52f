//! Tolerant decoding of base64 and of text with a byte order mark. Only for input from the issuer
//! or the operator. Tokens to verify are decoded strictly, by `encoding`.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

const ANY_BITS: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::RequireNone);

/// Decodes base64 in the standard or the URL-safe alphabet. Padding and white space are ignored.
pub(super) fn base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    plain.extend(text.chars().filter(|c| !c.is_whitespace()).map(|c| match c {
        '-' => '+',
        '_' => '/',
        other => other,
    }));
    let engine = GeneralPurpose::new(&alphabet::STANDARD, ANY_BITS);
    engine.decode(plain.trim_end_matches('=')).ok().map(Zeroizing::new)
}

/// Returns the text without its byte order mark, if it has one.
pub(super) fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded_in_either_alphabet_with_or_without_padding() {
        for text in ["/+8=", "_-8", "_-8=", "/+8", "/ +\r\n8 =\n", "/+9"] {
            assert_eq!(base64(text).unwrap()[..], [0xff, 0xef], "{text:?}");
        }
        for text in ["/+8!", "A", "=/+8", "{}"] {
            assert!(base64(text).is_none(), "{text:?}");
        }
        assert_eq!(without_bom("\u{feff}{}"), "{}");
    }
}
