//! JWS Compact Serialization (RFC 7515 §3.1, §7.1).

use super::header::MAX_HEADER_LEN;
use super::hints;
use crate::encoding::base64url;
use crate::error::{Error, ErrorKind, Result};

/// The parts of a token, still encoded. It is not verified, and parsing promises no more than its shape:
/// three parts of the characters that base64url has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompactJws<'a> {
    pub(crate) header: &'a [u8],
    pub(crate) payload: &'a [u8],
    pub(crate) signature: &'a [u8],
    /// Header and payload with the dot between them: the JWS Signing Input.
    pub(crate) signing_input: &'a [u8],
}

impl<'a> CompactJws<'a> {
    /// Splits `token` at its first and its last dot, without looking at what is between them.
    pub(crate) fn split_outer(token: &'a [u8]) -> Option<Self> {
        let (first, second) = (memchr::memchr(b'.', token)?, memchr::memrchr(b'.', token)?);
        Some(Self {
            header: token.get(..first)?,
            payload: token.get(first + 1..second)?,
            signature: token.get(second + 1..)?,
            signing_input: token.get(..second)?,
        })
    }

    /// Splits `token`; nothing is decoded, so a hostile token costs one pass over at most `max_len` bytes.
    pub(crate) fn parse(token: &'a [u8], max_len: usize) -> Result<Self> {
        if token.len() > max_len {
            let detail = format!("{} bytes; the policy allows {max_len}", token.len());
            return Err(Error::new(ErrorKind::TokenTooLarge, "").with_detail(detail));
        }
        if !is_token_text(token) {
            return Err(Error::new(ErrorKind::MalformedToken, hints::why_no_token_text(token)));
        }
        let mut dots = memchr::memchr_iter(b'.', token);
        let (Some(first), Some(second)) = (dots.next(), dots.next()) else { return Err(wrong_parts(token)) };
        match dots.count() {
            0 => {}
            2 => return Err(Error::new(ErrorKind::EncryptedToken, "five parts are a JWE")),
            _ => return Err(wrong_parts(token)),
        }
        if first == 0 {
            return Err(Error::new(ErrorKind::MalformedToken, "no header"));
        }
        let header_len = base64url::decoded_len(first);
        if header_len > MAX_HEADER_LEN {
            let detail = format!("{header_len} bytes; at most {MAX_HEADER_LEN}, whatever the policy allows");
            return Err(Error::new(ErrorKind::MalformedHeader, "").with_detail(detail));
        }
        let part = |range| token.get(range).ok_or_else(|| wrong_parts(token));
        Ok(Self {
            header: part(0..first)?,
            payload: part(first + 1..second)?,
            signature: part(second + 1..token.len())?,
            signing_input: part(0..second)?,
        })
    }
}

#[cold]
fn wrong_parts(token: &[u8]) -> Error {
    let error = Error::new(ErrorKind::MalformedToken, "not a JWT: three parts separated by dots");
    match memchr::memchr_iter(b'.', token).count() {
        _ if token.is_empty() => error.with_detail("the token is empty"),
        0 => error.with_detail("not a JWT: it has no dots. An opaque token cannot be verified with keys"),
        dots => error.with_detail(format!("not a JWT: {} parts separated by dots, not three", dots + 1)),
    }
}

/// Whether `bytes` are of the characters a compact JWS has: base64url's and the dot.
pub(crate) fn is_token_text(bytes: &[u8]) -> bool {
    // No early exit and no table, so that the compiler turns it into SIMD.
    bytes.iter().fold(true, |all, &byte| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        all & (letter | digit | (byte == b'-') | (byte == b'_') | (byte == b'.'))
    })
}

/// A part of the token is not canonical base64url.
pub(crate) const NOT_BASE64URL: Error =
    Error::new(ErrorKind::MalformedToken, "a part is not canonical base64url");

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(token: &str) -> ErrorKind {
        CompactJws::parse(token.as_bytes(), 100).unwrap_err().kind()
    }

    #[test]
    fn a_token_has_three_parts() {
        let jws = CompactJws::parse(b"aa.bbb.c", 8).unwrap();
        assert_eq!((jws.header, jws.payload, jws.signature), (&b"aa"[..], &b"bbb"[..], &b"c"[..]));
        assert_eq!(jws.signing_input, b"aa.bbb");
        for token in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e.f", "....."] {
            assert_eq!(kind(token), ErrorKind::MalformedToken, "{token}");
        }
        assert_eq!(kind("a.b.c.d.e"), ErrorKind::EncryptedToken);
        assert_eq!(kind("...."), ErrorKind::EncryptedToken);
    }

    #[test]
    fn size_comes_before_everything_and_characters_before_parts() {
        let error = CompactJws::parse(b"aa.b.c!", 6).unwrap_err();
        assert_eq!(error.to_string(), "the token is too large: 7 bytes; the policy allows 6");
        assert_eq!(error.kind(), ErrorKind::TokenTooLarge);
        for byte in 0..=255u8 {
            let allowed = byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            assert_eq!(is_token_text(&[byte]), allowed, "{byte}");
            assert_eq!(is_token_text(&[b"a".repeat(100), vec![byte], b"a".repeat(100)].concat()), allowed);
        }
    }
}
