//! Where a renewer gets its tokens.

use super::lenient;
use crate::remote::transport::{FetchError, FetchFailure};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// The longest accepted token, in bytes.
const MAX_TOKEN_LEN: usize = 64 * 1024;

/// Where a renewer gets its tokens. Closures `Fn() -> Result<NewToken, FetchError>` are sources.
///
/// One background thread at a time calls it, without a lock, and it may block for some seconds. If
/// it returns the token that was just rejected, it is called once more a second later.
pub trait TokenSource: Send + Sync {
    /// Returns a new token.
    ///
    /// # Errors
    /// Why there is none. After [`FetchFailure::Rejected`], [`FetchFailure::Refused`] and
    /// [`FetchFailure::Credentials`] the first pause is 15 to 30 s, otherwise up to 1 s.
    fn login(&self) -> Result<NewToken, FetchError>;

    /// Interrupts a login in flight, if it can. Another thread calls it when the renewer is closed.
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

/// A token from a source, with its lifetime.
pub struct NewToken {
    pub(super) token: Zeroizing<String>,
    pub(super) expires_at: Option<i64>,
    lifetime: Option<Duration>,
    /// The issuer's time when it issued the token, in seconds since 1970.
    issued: Option<i64>,
    /// The scheme in the Authorization header, if it is not the usual one.
    pub(super) scheme: Option<String>,
}

impl NewToken {
    /// A token. If it is a JWT with "exp", it expires then. [`NewToken::expires_in`] sets another
    /// lifetime. Without either it does not expire.
    ///
    /// # Errors
    /// [`FetchFailure::Document`]: it is empty, over 64 KiB, or has a character that is invalid in
    /// a header.
    pub fn new(token: impl Into<String>) -> Result<Self, FetchError> {
        let token = Zeroizing::new(token.into());
        let malformed = |detail| FetchError::new(FetchFailure::Document, detail);
        if token.is_empty() || token.len() > MAX_TOKEN_LEN {
            return Err(malformed("the token is empty or over 64 KiB"));
        }
        // RFC 6750 §2.1 allows fewer characters; none of these ends a header field or is white
        // space.
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(malformed("the token has a character that is invalid in a header"));
        }
        let expires_at = expiry(&token);
        Ok(Self { token, expires_at, lifetime: None, issued: None, scheme: None })
    }

    /// The token expires after `lifetime` from now (RFC 6749 §5.1, "expires_in"), whatever its own
    /// "exp" is.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// The issuer's time now. With it, the token's expiry does not depend on this machine's clock.
    #[must_use]
    pub(super) fn issued_at(mut self, issuer_time: Option<i64>) -> Self {
        self.issued = issuer_time;
        self
    }

    /// "token_type" of RFC 6749 §7.1; `None` for the usual scheme.
    #[must_use]
    pub(super) fn scheme(mut self, scheme: Option<String>) -> Self {
        self.scheme = scheme;
        self
    }

    /// Whether [`NewToken::lifetime`] is from the token's own "exp".
    pub(super) fn lives_by_exp(&self) -> bool {
        self.lifetime.is_none()
    }

    /// Its lifetime from now. `None`: it does not expire. Zero: it has expired.
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

/// "exp" of a JWT. The token comes from the issuer itself, so nothing is verified: other claims may
/// have any form, and "exp" may be in quotes. `None` if there is none that can be read.
fn expiry(token: &str) -> Option<i64> {
    let [_, payload, _] = *token.split('.').collect::<Vec<_>>() else { return None };
    let payload = lenient::base64(payload)?;
    let Exp(exp) = serde_json::from_slice(&payload).ok()?;
    let exp = exp?.get().trim_matches('"').trim().parse::<f64>().ok()?.floor();
    // In old versions of DC/OS, "exp": 0 is a token without expiry.
    (exp.is_finite() && exp != 0.0).then_some(exp as i64)
}

/// The member "exp" of a JSON object, the last one of that name. Other members are skipped.
struct Exp(Option<Box<RawValue>>);

impl<'de> Deserialize<'de> for Exp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Exp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Exp, A::Error> {
                let mut exp = None;
                while let Some(name) = members.next_key::<String>()? {
                    match name.as_str() {
                        "exp" => exp = Some(members.next_value()?),
                        _ => drop(members.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Exp(exp))
            }
        }

        from.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::base64url::encode;
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

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
        for payload in
            [r#"{"uid":"a"}"#, r#"{"exp":0}"#, r#"{"exp":"soon"}"#, r#"{"exp":null}"#, "[]", "", "7"]
        {
            assert_eq!(NewToken::new(jwt(payload)).unwrap().lifetime(now), None, "{payload}");
        }
    }

    #[test]
    fn the_life_is_read_from_exp_alone() {
        for payload in [
            r#"{"sub":7,"exp":1600}"#,
            r#"{"aud":null,"exp":1600,"nbf":null,"iat":null,"iss":null,"jti":null}"#,
            r#"{"exp":1600,"aud":[7,null],"nbf":"soon","iat":"2026-01-01","iss":{},"jti":[]}"#,
            r#"{"a":1e999,"b":"\ud800","a":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]],"exp":1600}"#,
            r#"{"exp":1600.9}"#,
            r#"{"exp":1.6e3}"#,
            r#"{"exp":"1600"}"#,
            r#"{ "\u0065xp" : 1600 }"#,
        ] {
            assert_eq!(NewToken::new(jwt(payload)).unwrap().expires_at, Some(1600), "{payload}");
            // The spelling of base64 is of no interest either.
            for encode in [|text| STANDARD.encode(text), |text| URL_SAFE.encode(text)] {
                let (header, payload): (String, String) = (encode("{}"), encode(payload));
                let token = format!("{header}.{payload}.c2ln");
                assert_eq!(NewToken::new(token).unwrap().expires_at, Some(1600), "{payload}");
            }
        }
        for (payload, exp) in
            [(r#"{"exp":1e300}"#, i64::MAX), (r#"{"exp":-7}"#, -7), (r#"{"exp":-1e300}"#, i64::MIN)]
        {
            assert_eq!(NewToken::new(jwt(payload)).unwrap().expires_at, Some(exp), "{payload}");
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
