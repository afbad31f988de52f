//! A token that passed everything.

use crate::error::{Error, ErrorKind, Result};
use crate::jose::algorithm::Algorithm;
use crate::jose::claims::{self, ClaimsSet};
use crate::jose::jwk::Jwk;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// The claims of a token that is verified. Only a verification makes one, so holding it is the proof.
pub struct VerifiedToken {
    /// Payload, header, kid and unescaped strings, one behind the other: one allocation for all that is
    /// kept.
    text: String,
    payload_len: usize,
    header: Range<usize>,
    kid: Option<Range<usize>>,
    uid: Option<Range<usize>>,
    iss: Option<Range<usize>>,
    sub: Option<Range<usize>>,
    jti: Option<Range<usize>>,
    aud: Places,
    exp: Option<i64>,
    nbf: Option<i64>,
    iat: Option<i64>,
    algorithm: Algorithm,
}

enum Places {
    None,
    One(Range<usize>),
    Many(Box<[Range<usize>]>),
}

impl VerifiedToken {
    pub(super) fn room_beside_payload(header_json: &[u8], key: &Jwk) -> usize {
        header_json.len() + key.kid().map_or(0, str::len)
    }

    /// `payload` is the text that `places` was made of.
    pub(super) fn new(
        payload: String,
        places: ClaimPlaces,
        header_json: &[u8],
        algorithm: Algorithm,
        key: &Jwk,
    ) -> Self {
        let payload_len = payload.len();
        let mut text = payload;
        let mut keep = |piece: &str| {
            let start = text.len();
            text.push_str(piece);
            start..text.len()
        };
        // The header was read as UTF-8 already.
        let header = keep(std::str::from_utf8(header_json).unwrap_or_default());
        let kid = key.kid().map(&mut keep);
        let mut settle = |place: Place| match place {
            Place::InPayload(range) => range,
            Place::Unescaped(unescaped) => keep(&unescaped),
        };
        Self {
            header,
            kid,
            uid: places.uid.map(&mut settle),
            iss: places.iss.map(&mut settle),
            sub: places.sub.map(&mut settle),
            jti: places.jti.map(&mut settle),
            aud: match places.aud {
                AudiencePlaces::None => Places::None,
                AudiencePlaces::One(one) => Places::One(settle(one)),
                AudiencePlaces::Many(many) => Places::Many(many.into_iter().map(settle).collect()),
            },
            exp: places.exp,
            nbf: places.nbf,
            iat: places.iat,
            algorithm,
            payload_len,
            text,
        }
    }

    fn at(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn maybe_at(&self, range: &Option<Range<usize>>) -> Option<&str> {
        range.as_ref().map(|range| self.at(range))
    }

    /// "uid", the user or service that DC/OS names, if it is a string.
    pub fn uid(&self) -> Option<&str> {
        self.maybe_at(&self.uid)
    }

    /// "iss" (RFC 7519 §4.1.1).
    pub fn issuer(&self) -> Option<&str> {
        self.maybe_at(&self.iss)
    }

    /// "sub" (RFC 7519 §4.1.2).
    pub fn subject(&self) -> Option<&str> {
        self.maybe_at(&self.sub)
    }

    /// "aud" (RFC 7519 §4.1.3): its one string, or those of its array.
    pub fn audience(&self) -> impl ExactSizeIterator<Item = &str> {
        let places = match &self.aud {
            Places::None => &[],
            Places::One(one) => std::slice::from_ref(one),
            Places::Many(many) => many,
        };
        places.iter().map(|place| self.at(place))
    }

    /// "exp" (RFC 7519 §4.1.4) in seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn expires_at(&self) -> Option<i64> {
        self.exp
    }

    /// "nbf" (RFC 7519 §4.1.5) in seconds since 1970-01-01T00:00:00Z, rounded up.
    pub fn not_before(&self) -> Option<i64> {
        self.nbf
    }

    /// "iat" (RFC 7519 §4.1.6) in seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn issued_at(&self) -> Option<i64> {
        self.iat
    }

    /// "jti" (RFC 7519 §4.1.7).
    pub fn token_id(&self) -> Option<&str> {
        self.maybe_at(&self.jti)
    }

    /// The JSON text of any claim, as it was signed; reads the payload again.
    pub fn claim(&self, name: &str) -> Option<&str> {
        claims::claim(self.payload(), name).map(|value| value.text())
    }

    /// The whole Claims Set as a type of the caller's.
    ///
    /// # Errors
    /// [`ErrorKind::MalformedClaims`]: the claims do not have that shape.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(self.payload())
            .map_err(|_| Error::new(ErrorKind::MalformedClaims, "not of the requested type"))
    }

    /// The JWS Payload: the Claims Set's JSON, the very bytes that were signed.
    pub fn payload(&self) -> &str {
        self.at(&(0..self.payload_len))
    }

    /// The JOSE Header's JSON.
    pub fn header(&self) -> &str {
        self.at(&self.header)
    }

    /// The algorithm of the signature.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The "kid" of the key that verified the token, if that key has one.
    pub fn kid(&self) -> Option<&str> {
        self.maybe_at(&self.kid)
    }
}

/// Shows no claim: a debug print in a log must not hold personal data.
impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

/// Where in the payload each claim stands: what a [`ClaimsSet`] knows, without its borrow.
pub(super) struct ClaimPlaces {
    uid: Option<Place>,
    iss: Option<Place>,
    sub: Option<Place>,
    jti: Option<Place>,
    aud: AudiencePlaces,
    exp: Option<i64>,
    nbf: Option<i64>,
    iat: Option<i64>,
}

enum Place {
    InPayload(Range<usize>),
    /// The payload spells it with escapes.
    Unescaped(String),
}

enum AudiencePlaces {
    None,
    One(Place),
    Many(Vec<Place>),
}

impl ClaimPlaces {
    pub(super) fn of(claims: &ClaimsSet<'_>, payload: &str) -> Self {
        let place = |text: &Cow<'_, str>| match text {
            Cow::Borrowed(text) => {
                let start = text.as_ptr().addr() - payload.as_ptr().addr();
                Place::InPayload(start..start + text.len())
            }
            Cow::Owned(text) => Place::Unescaped(text.clone()),
        };
        Self {
            uid: claims.uid().as_ref().map(place),
            iss: claims.iss.as_ref().map(place),
            sub: claims.sub.as_ref().map(place),
            jti: claims.jti.as_ref().map(place),
            aud: match claims.aud.as_slice() {
                None => AudiencePlaces::None,
                Some([one]) => AudiencePlaces::One(place(one)),
                Some(many) => AudiencePlaces::Many(many.iter().map(place).collect()),
            },
            exp: claims.exp,
            nbf: claims.nbf,
            iat: claims.iat,
        }
    }
}
