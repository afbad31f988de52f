//! Anything that gives a token.

use super::super::transport::{FetchError, FetchFailure};
use crate::encoding::base64url;
use crate::jose::claims::ClaimsSet;
use crate::jose::jws::CompactJws;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// The longest token that is taken, in bytes.
const MAX_TOKEN_LEN: usize = 64 * 1024;

/// Where a renewer gets its tokens from. Closures `Fn() -> Result<NewToken, FetchError>` are sources.
///
/// It is called by one background thread at a time, with no lock held, and may block for some seconds.
pub trait TokenSource: Send + Sync {
    /// Gets a new token.
    ///
    /// # Errors
    /// Why there is none. [`FetchFailure::Rejected`] and [`FetchFailure::Refused`] are tried again at long
    /// intervals alone, everything else soon.
    fn login(&self) -> Result<NewToken, FetchError>;

    /// Ends a login that is under way, if it can. Called from another thread when the renewer is closed.
    fn interrupt(&self) {}
}

impl<F> TokenSource for F
where
    F: Fn() -> Result<NewToken, FetchError> + Send + Sync,
{
    fn login(&self) -> Result<NewToken, FetchError> {
        self()
    }
}

impl<T: TokenSource + ?Sized> TokenSource for Arc<T> {
    fn login(&self) -> Result<NewToken, FetchError> {
        (**self).login()
    }

    fn interrupt(&self) {
        (**self).interrupt();
    }
}

/// A token from a source, with how long it lives.
pub struct NewToken {
    pub(super) token: Zeroizing<String>,
    pub(super) expires_at: Option<i64>,
    lifetime: Option<Duration>,
    /// The issuer's time when it gave the token, in seconds since 1970.
    issued: Option<i64>,
}

impl NewToken {
    /// A token. If it is a JWT with "exp", it lives until then; otherwise as long as
    /// [`NewToken::expires_in`] says, or for ever.
    ///
    /// # Errors
    /// [`FetchFailure::Document`]: it is empty, over 64 KiB, or has a character that cannot stand in an
    /// Authorization header.
    pub fn new(token: impl Into<String>) -> Result<Self, FetchError> {
        let token = Zeroizing::new(token.into());
        let malformed = |detail| FetchError::new(FetchFailure::Document, detail);
        if token.is_empty() || token.len() > MAX_TOKEN_LEN {
            return Err(malformed("a token that is empty or over 64 KiB"));
        }
        // RFC 6750 §2.1 allows fewer; none of these ends a header field or is white space.
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(malformed("a token with a character that no header can hold"));
        }
        let expires_at = expiry(&token);
        Ok(Self { token, expires_at, lifetime: None, issued: None })
    }

    /// The token lives for `lifetime` from now (RFC 6749 §5.1, "expires_in"), whatever it says itself.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// The issuer's time at this moment: with it, the token's expiry needs no clock that is right here.
    #[must_use]
    pub(super) fn issued_at(mut self, issuer_time: Option<i64>) -> Self {
        self.issued = issuer_time;
        self
    }

    /// How long it lives from now; `None`: for ever. Zero: it has expired.
    pub(super) fn lifetime(&self, now: SystemTime) -> Option<Duration> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = self.issued.unwrap_or(i64::try_from(now).unwrap_or(i64::MAX));
        let own = || Some(Duration::from_secs(self.expires_at?.saturating_sub(now).max(0).unsigned_abs()));
        self.lifetime.or_else(own)
    }
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// "exp" of a JWT. The token is the service's own, from the issuer's hand: nothing is verified, and what cannot be
/// read does not expire as far as is known.
fn expiry(token: &str) -> Option<i64> {
    let jws = CompactJws::parse(token.as_bytes(), MAX_TOKEN_LEN).ok()?;
    let payload = Zeroizing::new(base64url::decode(jws.payload).ok()?);
    let claims = ClaimsSet::parse(std::str::from_utf8(&payload).ok()?).ok()?;
    // A legacy of DC/OS: "exp": 0 is a token without expiry.
    claims.exp.filter(|exp| *exp != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::base64url::encode;

    fn jwt(payload: &str) -> String {
        format!("{}.{}.c2ln", encode(b"{}"), encode(payload.as_bytes()))
    }

    #[test]
    fn a_jwt_says_when_it_expires() {
        let now = UNIX_EPOCH + Duration::from_secs(1000);
        let token = NewToken::new(jwt(r#"{"uid":"a","exp":1600}"#)).unwrap();
        assert_eq!((token.expires_at, token.lifetime(now)), (Some(1600), Some(Duration::from_secs(600))));
        // By the issuer's clock, which is 100 s ahead of this machine's.
        assert_eq!(token.issued_at(Some(1100)).lifetime(now), Some(Duration::from_secs(500)));
        let expired = NewToken::new(jwt(r#"{"exp":999}"#)).unwrap();
        assert_eq!(expired.lifetime(now), Some(Duration::ZERO));
        for payload in [r#"{"uid":"a"}"#, r#"{"exp":0}"#, r#"{"exp":"soon"}"#, "[]"] {
            assert_eq!(NewToken::new(jwt(payload)).unwrap().lifetime(now), None, "{payload}");
        }
    }

    #[test]
    fn an_opaque_token_lives_as_long_as_is_said() {
        let token = NewToken::new("2YotnFZFEjr1zCsicMWpAA").unwrap();
        assert_eq!(token.lifetime(SystemTime::now()), None);
        let token = token.expires_in(Duration::from_secs(7));
        assert_eq!(token.lifetime(SystemTime::now()), Some(Duration::from_secs(7)));
        assert!(!format!("{token:?}").contains("2Yot"));
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_no_token() {
        for token in ["", "a b", "a\r\nX: y", "a\u{e9}", "a\0", &"x".repeat(65 * 1024)] {
            assert_eq!(NewToken::new(token).unwrap_err().failure(), FetchFailure::Document);
        }
    }
}
