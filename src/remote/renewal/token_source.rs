//! Gets new tokens for a renewer, for example with a login.

use super::lenient;
use crate::remote::transport::{FetchError, FetchFailure};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// Maximum length of a token, in bytes.
const MAX_TOKEN_LEN: usize = 64 * 1024;

/// Gets new tokens for a renewer. Implement it for a custom kind of login. Closures `Fn() ->
/// Result<NewToken, FetchError>` implement it too.
///
/// One background thread at a time calls [`TokenSource::login`], without a lock. The call may block
/// for some seconds. If it returns the token that was just rejected, `login` is called once more a
/// second later.
pub trait TokenSource: Send + Sync {
    /// Returns a new token.
    ///
    /// # Errors
    /// Returns the cause if there is no new token. The first retry follows after up to 1 s, or
    /// after 15 to 30 s if the error is [`FetchFailure::Rejected`], [`FetchFailure::Refused`] or
    /// [`FetchFailure::Credentials`].
    fn login(&self) -> Result<NewToken, FetchError>;

    /// Interrupts a login in flight, if possible. Called by another thread when the renewer is
    /// closed. The default does nothing.
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

/// A new token with its lifetime.
pub struct NewToken {
    pub(super) token: Zeroizing<String>,
    pub(super) expires_at: Option<i64>,
    lifetime: Option<Duration>,
    /// The issuer's time when the token was issued, in seconds since 1970.
    issued: Option<i64>,
    /// The scheme for the Authorization header; `None` for the default.
    pub(super) scheme: Option<String>,
}

impl NewToken {
    /// Makes a new token. A JWT expires at its "exp", unless [`NewToken::expires_in`] sets another
    /// lifetime. A token without "exp" and without such a lifetime does not expire.
    ///
    /// # Errors
    /// [`FetchFailure::Document`]: the token is empty, larger than 64 KiB, or contains a character
    /// that is invalid in a header.
    pub fn new(token: impl Into<String>) -> Result<Self, FetchError> {
        let token = Zeroizing::new(token.into());
        let malformed = |detail| FetchError::new(FetchFailure::Document, detail);
        if token.is_empty() || token.len() > MAX_TOKEN_LEN {
            return Err(malformed("the token is empty or larger than 64 KiB"));
        }
        // More tolerant than RFC 6750 §2.1: any visible ASCII character. None of these is white
        // space or ends a header field.
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(malformed("the token contains a character that is invalid in a header"));
        }
        let expires_at = expiry(&token);
        Ok(Self { token, expires_at, lifetime: None, issued: None, scheme: None })
    }

    /// Sets the lifetime from now (RFC 6749 §5.1, "expires_in"). It overrides the token's own
    /// "exp".
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Sets the issuer's current time. The token's expiry then does not depend on this machine's
    /// clock.
    #[must_use]
    pub(super) fn issued_at(mut self, issuer_time: Option<i64>) -> Self {
        self.issued = issuer_time;
        self
    }

    /// Sets the scheme, from "token_type" (RFC 6749 §7.1). `None` is the default scheme.
    #[must_use]
    pub(super) fn scheme(mut self, scheme: Option<String>) -> Self {
        self.scheme = scheme;
        self
    }

    /// Whether [`NewToken::lifetime`] comes from the token's own "exp".
    pub(super) fn expires_by_exp(&self) -> bool {
        self.lifetime.is_none()
    }

    /// Returns the lifetime from now. `None`: the token does not expire. Zero: it has expired.
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

/// Returns "exp" of a JWT; `None` if it is missing or not readable. The token comes from the issuer
/// itself, so nothing is verified. Other claims may have any form, and "exp" may be a string.
fn expiry(token: &str) -> Option<i64> {
    let [_, payload, _] = *token.split('.').collect::<Vec<_>>() else { return None };
    let payload = lenient::base64(payload)?;
    let Exp(exp) = serde_json::from_slice(&payload).ok()?;
    let exp = exp?.get().trim_matches('"').trim().parse::<f64>().ok()?.floor();
    // In old versions of DC/OS, "exp": 0 means that the token does not expire.
    (exp.is_finite() && exp != 0.0).then_some(exp as i64)
}

/// The last member "exp" of a JSON object. Other members are skipped.
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
    fn a_jwt_expires_at_its_exp() {
        let now = UNIX_EPOCH + Duration::from_secs(1000);
        let token = NewToken::new(jwt(r#"{"uid":"a","exp":1600}"#)).unwrap();
        assert_eq!((token.expires_at, token.lifetime(now)), (Some(1600), Some(Duration::from_secs(600))));
        // The issuer's clock is 100 s ahead of this machine's clock.
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
    fn the_lifetime_depends_only_on_exp_and_not_on_other_claims() {
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
            // Either base64 alphabet is accepted, with or without padding.
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
    fn an_opaque_token_expires_after_the_lifetime_that_is_set() {
        let token = NewToken::new("2YotnFZFEjr1zCsicMWpAA").unwrap();
        assert_eq!(token.lifetime(SystemTime::now()), None);
        let token = token.expires_in(Duration::from_secs(7));
        assert_eq!(token.lifetime(SystemTime::now()), Some(Duration::from_secs(7)));
        assert!(!format!("{token:?}").contains("2Yot"));
    }

    #[test]
    fn a_token_that_is_invalid_in_a_header_is_rejected() {
        for token in ["", "a b", "a\r\nX: y", "a\u{e9}", "a\0", &"x".repeat(65 * 1024)] {
            assert_eq!(NewToken::new(token).unwrap_err().failure(), FetchFailure::Document);
        }
    }
}
