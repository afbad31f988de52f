//! JWS Compact Serialization (RFC 7515 §3.1, §7.1).

use super::header::MAX_HEADER_LEN;
use super::hints;
use crate::encoding::{base64url, token_text};
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
    /// The length of the signature in bytes.
    pub(crate) fn signature_len(&self) -> usize {
        base64url::decoded_len(self.signature.len())
    }

    /// Splits `token`; nothing is decoded, so a hostile token costs one pass over at most `max_len` bytes.
    pub(crate) fn parse(token: &'a [u8], max_len: usize) -> Result<Self> {
        if token.len() > max_len {
            let detail = format!("{} bytes; the policy allows {max_len}", token.len());
            return Err(Error::new(ErrorKind::TokenTooLarge, "").with_detail(detail));
        }
        let Some(dots) = token_text::dots(token) else {
            return Err(Error::new(ErrorKind::MalformedToken, hints::why_no_token_text(token)));
        };
        let [first, second] = dots.places;
        match dots.count {
            2 => {}
            4 => return Err(Error::new(ErrorKind::EncryptedToken, "five parts are a JWE")),
            dots => return Err(wrong_parts(token, dots)),
        }
        if first == 0 {
            return Err(Error::new(ErrorKind::MalformedToken, "no header"));
        }
        let header_len = base64url::decoded_len(first);
        if header_len > MAX_HEADER_LEN {
            let detail = format!("{header_len} bytes; at most {MAX_HEADER_LEN}, whatever the policy allows");
            return Err(Error::new(ErrorKind::MalformedHeader, "").with_detail(detail));
        }
        let part = |range| token.get(range).ok_or_else(|| wrong_parts(token, dots.count));
        Ok(Self {
            header: part(0..first)?,
            payload: part(first + 1..second)?,
            signature: part(second + 1..token.len())?,
            signing_input: part(0..second)?,
        })
    }
}

#[cold]
fn wrong_parts(token: &[u8], dots: usize) -> Error {
    let error = Error::new(ErrorKind::MalformedToken, "not a JWT: three parts separated by dots");
    match dots {
        _ if token.is_empty() => error.with_detail("the token is empty"),
        0 => error.with_detail("not a JWT: it has no dots. An opaque token cannot be verified with keys"),
        dots => error.with_detail(format!("not a JWT: {} parts separated by dots, not three", dots + 1)),
    }
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
    }
}
