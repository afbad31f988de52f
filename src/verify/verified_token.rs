//! A token that passed all checks.

use super::claim_rules::scope_values;
use super::policy::Policy;
use crate::encoding::{base64url, json};
use crate::error::{Error, ErrorKind, Result};
use crate::jose::algorithm::Algorithm;
use crate::jose::claim_path;
use crate::jose::claims::ClaimsSet;
use crate::jose::jwk::Jwk;
use crate::jose::jws::Part;
use crate::jose::text_list::{contains, texts};
use crate::keys::parsed_token::ParsedToken;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;

/// The claims of a verified token. Only a successful verification creates one.
#[derive(Clone)]
pub struct VerifiedToken {
    /// Payload, header, kid and unescaped strings, one after the other, in one allocation.
    text: String,
    payload_len: usize,
    header: Span,
    kid: Option<Span>,
    uid: Option<Span>,
    iss: Option<Span>,
    sub: Option<Span>,
    jti: Option<Span>,
    identity: Option<Span>,
    aud: Audience,
    scope_claims: ScopeClaims,
    exp: Option<i64>,
    nbf: Option<i64>,
    iat: Option<i64>,
    algorithm: Algorithm,
}

/// A part of the text. 32 bits are enough: no token is longer than 1 MiB.
#[derive(Clone, Copy)]
struct Span {
    start: u32,
    /// The end plus 1. It is never 0, so that an `Option<Span>` is no larger: each cache hit copies
    /// the token.
    past_end: NonZeroU32,
}

#[derive(Clone)]
enum Audience {
    Absent,
    One(Span),
    Many(Box<[Span]>),
}

/// The JSON texts of the claims that contain scopes.
#[derive(Clone)]
enum ScopeClaims {
    /// "scope" and "scp". They cost no allocation.
    Default([Option<Span>; 2]),
    /// The claims that the policy names.
    Named(Box<[Span]>),
}

impl VerifiedToken {
    /// Decodes the payload of `token`, whose signature `key` verifies, and checks its claims
    /// against `policy`.
    pub(super) fn read(token: &ParsedToken<'_>, policy: &Policy, key: &Jwk) -> Result<Self> {
        let ParsedToken { jws, header } = token;
        let kid = key.kid().unwrap_or_default();
        let payload = base64url::decode_with_room(jws.payload, header.json.len() + kid.len())
            .map_err(|_| Part::Payload.not_base64url())?;
        let mut text =
            String::from_utf8(payload).map_err(|_| Error::new(ErrorKind::MalformedClaims, "not UTF-8"))?;
        let payload_len = text.len();
        let claims = ClaimsSet::parse(&text, policy.unchecked_claims)?;
        policy.validate(&claims)?;

        let header_span = Span::new(payload_len, header.json.len());
        let kid_span = Span::new(payload_len + header.json.len(), kid.len());
        let mut pieces = Pieces { payload: &text, escaped: String::new(), escaped_at: kid_span.end() };
        let [uid, iss, sub, jti] = [&claims.uid(), &claims.iss, &claims.sub, &claims.jti]
            .map(|claim| claim.as_ref().map(|text| pieces.span(text)));
        let aud = match claims.aud.as_slice() {
            None => Audience::Absent,
            Some([one]) => Audience::One(pieces.span(one)),
            Some(many) => Audience::Many(many.iter().map(|one| pieces.span(one)).collect()),
        };
        let identity = match policy.identity.as_deref() {
            None | Some("sub") => sub,
            Some("uid") => uid,
            Some(name) => {
                claims.claim(name).and_then(json::Value::as_str).map(|identity| pieces.span(&identity))
            }
        };
        let mut json = |value: json::Value<'_>| pieces.span(&Cow::Borrowed(value.text()));
        let scope_claims = match policy.scope_claims.as_deref() {
            None => ScopeClaims::Default(claims.scopes.map(|claim| claim.map(&mut json))),
            names => ScopeClaims::Named(scope_values(&claims, names).into_iter().map(json).collect()),
        };
        let (exp, nbf, iat, escaped) = (claims.exp, claims.nbf, claims.iat, pieces.escaped);
        for piece in [&*header.json, kid, &escaped] {
            text.push_str(piece);
        }
        Ok(Self {
            text,
            payload_len,
            header: header_span,
            kid: key.kid().map(|_| kid_span),
            uid,
            iss,
            sub,
            jti,
            identity: identity.filter(|span| (span.start as usize) < span.end()),
            aud,
            scope_claims,
            exp,
            nbf,
            iat,
            algorithm: header.algorithm,
        })
    }

    /// Checks the token's times again.
    pub(super) fn validate_times(&self, policy: &Policy) -> Result<()> {
        policy.validate_times(self.exp, self.nbf, self.iat)
    }

    fn at(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end()).unwrap_or_default()
    }

    /// Returns "uid" if it is a string: the user or service in a DC/OS token.
    pub fn uid(&self) -> Option<&str> {
        self.uid.map(|uid| self.at(uid))
    }

    /// Returns the user or service: the string of the policy's [`Policy::identity_claim`], or else
    /// of "sub". It is never empty.
    pub fn identity(&self) -> Option<&str> {
        self.identity.map(|identity| self.at(identity))
    }

    /// Returns whether `scope` is one of [`VerifiedToken::scopes`]. Case matters.
    ///
    /// ```
    /// # use bouncer_verify::{ErrorKind, VerifiedToken};
    /// fn delete_order(token: &VerifiedToken) -> Result<(), ErrorKind> {
    ///     if !token.has_scope("orders:delete") {
    ///         return Err(ErrorKind::InsufficientScope); // HTTP 403
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope_claims().filter_map(json::value).any(|claim| contains(claim, scope))
    }

    /// Returns the scopes of the claims `scope` and `scp`, or of the policy's
    /// [`Policy::scope_claims`]. A claim is a space-separated string (RFC 6749 §3.3) or an array of
    /// strings.
    pub fn scopes(&self) -> Vec<Cow<'_, str>> {
        let mut scopes = Vec::new();
        for claim in self.scope_claims().filter_map(json::value) {
            let len = scopes.len();
            if texts(claim, |scope| scopes.push(scope)).is_none() {
                scopes.truncate(len);
            }
        }
        scopes
    }

    /// Returns the JSON texts of the claims that contain scopes. For other languages, which read
    /// the scopes when they need them.
    #[doc(hidden)]
    pub fn scope_claims(&self) -> impl Iterator<Item = &str> {
        let (default, named) = match &self.scope_claims {
            ScopeClaims::Default(default) => (&default[..], &[][..]),
            ScopeClaims::Named(named) => (&[][..], &**named),
        };
        default.iter().flatten().chain(named).map(|&claim| self.at(claim))
    }

    /// Returns "iss" (RFC 7519 §4.1.1).
    pub fn issuer(&self) -> Option<&str> {
        self.iss.map(|iss| self.at(iss))
    }

    /// Returns "sub" (RFC 7519 §4.1.2).
    pub fn subject(&self) -> Option<&str> {
        self.sub.map(|sub| self.at(sub))
    }

    /// Returns "aud" (RFC 7519 §4.1.3): the single string, or the strings of the array.
    pub fn audience(&self) -> impl ExactSizeIterator<Item = &str> {
        let spans = match &self.aud {
            Audience::Absent => &[],
            Audience::One(one) => std::slice::from_ref(one),
            Audience::Many(many) => &**many,
        };
        spans.iter().map(|&span| self.at(span))
    }

    /// Returns "exp" (RFC 7519 §4.1.4) in seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn expires_at(&self) -> Option<i64> {
        self.exp
    }

    /// Returns "nbf" (RFC 7519 §4.1.5) in seconds since 1970-01-01T00:00:00Z, rounded up.
    pub fn not_before(&self) -> Option<i64> {
        self.nbf
    }

    /// Returns "iat" (RFC 7519 §4.1.6) in seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn issued_at(&self) -> Option<i64> {
        self.iat
    }

    /// Returns "jti" (RFC 7519 §4.1.7).
    pub fn token_id(&self) -> Option<&str> {
        self.jti.map(|jti| self.at(jti))
    }

    /// Returns the JSON text of any claim, as it was signed. A name with dots may name a nested
    /// claim, as in [`Policy::required_claims`]. Each call parses the payload again.
    pub fn claim(&self, name: &str) -> Option<&str> {
        claim_path::lookup(self.payload(), name).map(|value| value.text())
    }

    /// Deserializes the whole Claims Set into a type of your own.
    ///
    /// # Errors
    /// [`ErrorKind::MalformedClaims`]: the claims do not fit the type.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(self.payload())
            .map_err(|_| Error::new(ErrorKind::MalformedClaims, "the claims do not fit the requested type"))
    }

    /// Returns the JWS Payload: the Claims Set's JSON, exactly the bytes that were signed.
    pub fn payload(&self) -> &str {
        self.text.get(..self.payload_len).unwrap_or_default()
    }

    /// Returns the JOSE Header's JSON.
    pub fn header(&self) -> &str {
        self.at(self.header)
    }

    /// Returns the algorithm of the signature.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the "kid" of the key that verified the token, if that key has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.map(|kid| self.at(kid))
    }
}

/// Prints no claim, because debug output in a log must not contain personal data.
impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

impl Span {
    fn new(start: usize, len: usize) -> Self {
        Self { start: start as u32, past_end: NonZeroU32::MIN.saturating_add((start + len) as u32) }
    }

    fn end(self) -> usize {
        self.past_end.get() as usize - 1
    }
}

/// Locates the strings of the claims in the payload. If a string has escapes in the payload, its
/// unescaped text is collected in `escaped` instead.
struct Pieces<'a> {
    payload: &'a str,
    escaped: String,
    escaped_at: usize,
}

impl Pieces<'_> {
    #[expect(clippy::ptr_arg, reason = "a borrowed string lies in the payload")]
    fn span(&mut self, piece: &Cow<'_, str>) -> Span {
        let start = match piece {
            Cow::Borrowed(piece) => piece.as_ptr().addr() - self.payload.as_ptr().addr(),
            Cow::Owned(piece) => {
                let start = self.escaped_at + self.escaped.len();
                self.escaped.push_str(piece);
                start
            }
        };
        Span::new(start, piece.len())
    }
}
