//! A token with a valid form and a parsed header.

use super::known_headers::{KnownHeader, KnownHeaders};
use crate::encoding::base64url::Scratch;
use crate::error::Result;
use crate::jose::header::JoseHeader;
use crate::jose::jws::{CompactJws, Part, TokenForm};
use std::ops::Deref;

/// A token with a valid form and a parsed header. Neither its signature nor its claims are verified
/// yet.
pub(crate) struct ParsedToken<'a> {
    pub(crate) jws: CompactJws<'a>,
    pub(crate) header: TokenHeader<'a>,
}

/// The header of a token.
pub(crate) enum TokenHeader<'a> {
    /// The key set has already verified a token with exactly these header bytes.
    Known(&'a KnownHeader),
    Parsed(JoseHeader<'a>),
}

impl<'a> ParsedToken<'a> {
    /// Checks the form of `token` and parses its header. A header in the cache `known` is not
    /// parsed again. Any other header is decoded into `scratch`.
    pub(crate) fn parse(
        token: &'a [u8],
        form: TokenForm,
        known: Option<&'a KnownHeaders>,
        scratch: &'a mut Scratch,
    ) -> Result<Self> {
        let jws = CompactJws::parse(token, form)?;
        let header = match known.and_then(|known| known.lookup(jws.header, jws.signature_len())) {
            Some(known) => TokenHeader::Known(known),
            None => {
                let json = scratch.decode(jws.header).map_err(|_| Part::Header.not_base64url())?;
                TokenHeader::Parsed(JoseHeader::parse(json)?)
            }
        };
        Ok(Self { jws, header })
    }

    /// Like [`Self::parse`], but only for a token whose header is in `known`. Returns `None` if the
    /// header is not in `known` or the form is invalid.
    pub(crate) fn parse_known(token: &'a [u8], form: TokenForm, known: &'a KnownHeaders) -> Option<Self> {
        let jws = CompactJws::parse(token, form).ok()?;
        let header = TokenHeader::Known(known.lookup(jws.header, jws.signature_len())?);
        Some(Self { jws, header })
    }
}

impl<'a> Deref for TokenHeader<'a> {
    type Target = JoseHeader<'a>;

    fn deref(&self) -> &JoseHeader<'a> {
        match self {
            Self::Known(known) => &known.header,
            Self::Parsed(header) => header,
        }
    }
}
