//! JWS Compact Serialization (RFC 7515 §3.1, §7.1).

use super::header::MAX_HEADER_LEN;
use super::hints;
use crate::encoding::{base64url, token_text};
use crate::error::{Error, ErrorKind, Result};
use std::borrow::Cow;

/// The parts of a token, still encoded and not verified. Parsing guarantees only that there are
/// three parts of base64url characters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompactJws<'a> {
    pub(crate) header: &'a [u8],
    pub(crate) payload: &'a [u8],
    pub(crate) signature: &'a [u8],
    /// The JWS Signing Input: header and payload with the dot between them.
    pub(crate) signing_input: &'a [u8],
}

/// The accepted form of a token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenForm {
    /// Maximum length of a token, in bytes.
    pub(crate) max_len: usize,
    /// Whether each part must have the padding of RFC 4648 §5, which RFC 7515 §2 forbids.
    pub(crate) padded: bool,
}

impl<'a> CompactJws<'a> {
    /// Returns the length of the decoded signature in bytes.
    pub(crate) fn signature_len(&self) -> usize {
        base64url::decoded_len(self.signature.len())
    }

    /// Splits `token` without decoding it. The time is linear in the length of the token, which is
    /// at most `form.max_len` bytes.
    pub(crate) fn parse(token: &'a [u8], form: TokenForm) -> Result<Self> {
        if token.len() > form.max_len {
            let detail = format!("{} bytes; max_token_len is {}", token.len(), form.max_len);
            return Err(Error::new(ErrorKind::TokenTooLarge, "").with_detail(detail));
        }
        if form.padded {
            return Self::parse_padded(token);
        }
        let Some(dots) = token_text::dots(token) else {
            return Err(Error::new(ErrorKind::MalformedToken, hints::why_no_token_text(token)));
        };
        if dots.count != 2 {
            return Err(wrong_parts(token, dots.count));
        }
        Self::split(token, dots.places)
    }

    /// Splits a token whose parts are padded. Each part must have its complete padding, so that
    /// each token has only one accepted form. The padding is signed, so the signing input keeps it.
    fn parse_padded(token: &'a [u8]) -> Result<Self> {
        let mut dots = memchr::memchr_iter(b'.', token);
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(wrong_parts(token, memchr::memchr_iter(b'.', token).count()));
        };
        let jws = Self::split(token, [first, second])?;
        Ok(Self {
            header: without_padding(jws.header).ok_or_else(|| Part::Header.not_padded())?,
            payload: without_padding(jws.payload).ok_or_else(|| Part::Payload.not_padded())?,
            signature: without_padding(jws.signature).ok_or_else(|| Part::Signature.not_padded())?,
            ..jws
        })
    }

    fn split(token: &'a [u8], [first, second]: [usize; 2]) -> Result<Self> {
        if first == 0 {
            return Err(Error::new(ErrorKind::MalformedToken, "the header is empty"));
        }
        let header_len = base64url::decoded_len(first);
        if header_len > MAX_HEADER_LEN {
            let detail =
                format!("{header_len} bytes; at most {MAX_HEADER_LEN}: a policy cannot raise this limit");
            return Err(Error::new(ErrorKind::MalformedHeader, "").with_detail(detail));
        }
        let part = |range| token.get(range).ok_or_else(|| wrong_parts(token, 2));
        Ok(Self {
            header: part(0..first)?,
            payload: part(first + 1..second)?,
            signature: part(second + 1..token.len())?,
            signing_input: part(0..second)?,
        })
    }
}

/// Returns `part` without its padding, or `None` if the padding is missing or incomplete.
fn without_padding(part: &[u8]) -> Option<&[u8]> {
    let text = part.strip_suffix(b"==").or(part.strip_suffix(b"=")).unwrap_or(part);
    (part.len().is_multiple_of(4) && token_text::dots(text).is_some()).then_some(text)
}

#[cold]
fn wrong_parts(token: &[u8], dots: usize) -> Error {
    let detail: Cow<'static, str> = match dots {
        _ if token.is_empty() => "the token is empty".into(),
        4 => return Error::new(ErrorKind::EncryptedToken, "it has five parts, so it is a JWE"),
        0 => "not a JWT: it has no dots. If it is an opaque token, only its issuer can check it".into(),
        dots => format!("not a JWT: it has {} parts separated by dots, not three", dots + 1).into(),
    };
    Error::new(ErrorKind::MalformedToken, "").with_detail(detail)
}

/// A part of a token, for errors about its encoding.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    Header,
    Payload,
    Signature,
}

impl Part {
    /// Returns the error for a part that is not canonical base64url.
    #[cold]
    pub(crate) fn not_base64url(self) -> Error {
        let detail = match self {
            Self::Header => "the header is not valid base64url: was the token cut or altered?",
            Self::Payload => "the payload is not valid base64url: was the token cut or altered?",
            Self::Signature => "the signature is not valid base64url: was the token cut or altered?",
        };
        Error::new(ErrorKind::MalformedToken, detail)
    }

    /// Returns the error for a part without the complete padding that the policy expects.
    #[cold]
    fn not_padded(self) -> Error {
        let detail = match self {
            Self::Header => "the header is not base64url with complete padding, which padded_tokens expects",
            Self::Payload => {
                "the payload is not base64url with complete padding, which padded_tokens expects"
            }
            Self::Signature => {
                "the signature is not base64url with complete padding, which padded_tokens expects"
            }
        };
        Error::new(ErrorKind::MalformedToken, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(max_len: usize) -> TokenForm {
        TokenForm { max_len, padded: false }
    }

    fn kind(token: &str) -> ErrorKind {
        CompactJws::parse(token.as_bytes(), form(100)).unwrap_err().kind()
    }

    #[test]
    fn a_token_has_three_parts() {
        let jws = CompactJws::parse(b"aa.bbb.c", form(8)).unwrap();
        assert_eq!((jws.header, jws.payload, jws.signature), (&b"aa"[..], &b"bbb"[..], &b"c"[..]));
        assert_eq!(jws.signing_input, b"aa.bbb");
        for token in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e.f", "....."] {
            assert_eq!(kind(token), ErrorKind::MalformedToken, "{token}");
        }
        assert_eq!(kind("a.b.c.d.e"), ErrorKind::EncryptedToken);
        assert_eq!(kind("...."), ErrorKind::EncryptedToken);
    }

    #[test]
    fn the_length_is_checked_first() {
        let error = CompactJws::parse(b"aa.b.c!", form(6)).unwrap_err();
        assert_eq!(error.to_string(), "the token is too large: 7 bytes; max_token_len is 6");
        assert_eq!(error.kind(), ErrorKind::TokenTooLarge);
    }

    #[test]
    fn each_part_must_be_fully_padded_and_the_padding_is_signed() {
        let parse = |token: &'static str| {
            CompactJws::parse(token.as_bytes(), TokenForm { max_len: 100, padded: true })
                .map(|jws| (jws.header, jws.payload, jws.signature, jws.signing_input))
        };
        let parts = (&b"aa"[..], &b"bbb"[..], &b"cccc"[..], &b"aa==.bbb="[..]);
        assert_eq!(parse("aa==.bbb=.cccc"), Ok(parts));
        for token in [
            "aa.bbb=.cccc",
            "aa=.bbb=.cccc",
            "aa==.bbb.cccc",
            "aa==.bbb=.cccc=",
            "aa==.bbb=.cccc====",
            "aa==.bbb=.c===",
            "aa==.bbb=.====",
            "aa==.b=bb.cccc",
            "aa==.bbb+.cccc",
            "aa==.bbb=",
            "aa==.bbb=.cccc.",
            ".bbb=.cccc",
            "",
        ] {
            assert_eq!(parse(token).unwrap_err().kind(), ErrorKind::MalformedToken, "{token}");
        }
        assert_eq!(kind("aa==.bbb=.cccc"), ErrorKind::MalformedToken);
        assert_eq!(parse("a.b.c.d.e").unwrap_err().kind(), ErrorKind::EncryptedToken);
    }
}
