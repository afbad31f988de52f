//! The error type of the library. Every layer may use this module. It uses no other layer.

use std::borrow::Cow;
use std::ffi::CStr;
use std::fmt;

/// A `Result` whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a key set, a key or a token was rejected, or a call failed.
///
/// An error never contains a token, a claim value or key bytes, so it may be logged. It may contain
/// the name of a claim, header parameter or setting ([`Error::name`]). If the signature is valid,
/// the error may contain the seconds since the token expired, or the seconds until it becomes
/// valid.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    name: Option<Cow<'static, str>>,
    detail: Cow<'static, str>,
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind, detail: &'static str) -> Self {
        Self { kind, name: None, detail: Cow::Borrowed(detail) }
    }

    /// An error about the claim, header parameter or setting `name`. The name comes from the
    /// policy, an RFC or the table of settings, never from a token.
    pub(crate) const fn about(kind: ErrorKind, name: &'static str, detail: &'static str) -> Self {
        Self { kind, name: Some(Cow::Borrowed(name)), detail: Cow::Borrowed(detail) }
    }

    /// Like [`Error::about`], for a name that is known only at run time.
    pub(crate) fn about_required(kind: ErrorKind, name: &str, detail: &'static str) -> Self {
        Self { kind, name: Some(Cow::Owned(name.to_owned())), detail: Cow::Borrowed(detail) }
    }

    /// Replaces the detail. It may contain numbers, positions and the caller's own settings, but no
    /// text of an unverified token.
    pub(crate) fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Puts `path` before the name: `accept[1]` and `leeway` become `accept[1].leeway`.
    pub(crate) fn within(self, path: &str) -> Self {
        let name = self.name.map_or_else(|| path.to_owned(), |name| format!("{path}.{name}"));
        Self { name: Some(name.into()), ..self }
    }

    /// Returns the cause, to match on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the name of the claim, header parameter or setting that the error is about, for
    /// example `"exp"`, `"crit"` or `"issuers"`. Returns `None` if there is none.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns details of the cause, in a few words. Empty if [`ErrorKind::message`] is exact
    /// enough. The text may change between versions.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns the HTTP status for the response, the same as [`ErrorKind::http_status`].
    pub fn http_status(&self) -> u16 {
        self.kind.http_status()
    }

    /// Returns the value of the response's `WWW-Authenticate` header (RFC 6750 §3), the same as
    /// [`ErrorKind::challenge`].
    pub fn challenge(&self) -> Option<&'static str> {
        self.kind.challenge()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.message())?;
        if let Some(name) = &self.name {
            write!(f, ": {name:?}")?;
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

impl std::error::Error for Error {}

/// Who must act on an error. It determines the HTTP status of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorCategory {
    /// The calling program: an argument or a policy is invalid. HTTP 500.
    Caller,
    /// The operator: no keys are available. HTTP 503, never 401.
    Keys,
    /// The sender of the token. HTTP 401, or 403 if the token lacks a required scope.
    Token,
    /// The operator: this service cannot get a token of its own. HTTP 503.
    Login,
}

const fn c_str(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => c"",
    }
}

/// Declares [`ErrorKind`]. Every kind must have a number, a category, a stable name and a message.
macro_rules! error_kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $number:literal, $category:ident, $name:literal, $message:literal;)+) => {
        /// The cause of an [`Error`]. Each kind is one status number in C, and one exception,
        /// sentinel or code in the other languages. The numbers are permanent.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind { $($(#[doc = $doc])+ $kind,)+ }

        impl ErrorKind {
            /// Every kind, in the order of the C status numbers.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$kind,)+];

            /// Returns the permanent number. It is the status in C. It is the same in every
            /// language.
            pub const fn number(self) -> u32 {
                match self { $(Self::$kind => $number,)+ }
            }

            /// Returns the stable name, for example `"expired"`. It is the same in every language.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// Returns the stable name for C.
            #[doc(hidden)]
            pub const fn as_c_str(self) -> &'static CStr {
                match self { $(Self::$kind => c_str(concat!($name, "\0")),)+ }
            }

            /// Returns the doc comment of the kind, for the documentation of other languages.
            #[doc(hidden)]
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$kind => concat!($($doc),+),)+ }
            }

            /// Returns one sentence without a full stop, for example `"the token has expired"`.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$kind => $message,)+ }
            }

            /// Returns the value of the `WWW-Authenticate` header for HTTP status 401 or 403 (RFC
            /// 6750 §3). Returns `None` for other statuses:
            ///
            /// - Only `Bearer`, if the request contains no token.
            /// - `Bearer error="insufficient_scope"`, if the status is 403.
            /// - Otherwise `error="invalid_token"` and the stable name.
            pub const fn challenge(self) -> Option<&'static str> {
                if !matches!(self.category(), ErrorCategory::Token) {
                    return None;
                }
                match self {
                    Self::MalformedAuthorization => return Some("Bearer"),
                    Self::InsufficientScope => return Some("Bearer error=\"insufficient_scope\""),
                    _ => {}
                }
                Some(match self {
                    $(Self::$kind => {
                        concat!("Bearer error=\"invalid_token\", error_description=\"", $name, "\"")
                    })+
                })
            }

            /// Returns who must act.
            pub const fn category(self) -> ErrorCategory {
                match self { $(Self::$kind => ErrorCategory::$category,)+ }
            }
        }
    };
}

error_kinds! {
    /// An argument or a setting is invalid. The detail contains the reason.
    InvalidArgument = 3, Caller, "invalid_argument", "invalid argument";
    /// The document is not a JWK Set (RFC 7517 §5), or it is too large.
    MalformedJwkSet = 100, Keys, "malformed_jwk_set", "the document is not a JWK Set";
    /// The JWK Set has no usable key. The detail contains why the first key was skipped.
    NoUsableKey = 101, Keys, "no_usable_key", "the JWK Set has no usable key";
    /// A single key (JWK, PEM, DER or components) cannot be used. The detail contains the reason.
    UnusableKey = 102, Keys, "unusable_key", "the key is not usable";
    /// A remote JWK Set was never fetched, is closed, or was last fetched too long ago. Also
    /// returned if the fetch that could find the token's key failed or timed out. The detail
    /// contains the reason.
    KeysUnavailable = 103, Keys, "keys_unavailable", "no keys are available";
    /// The token is longer than the policy allows.
    TokenTooLarge = 200, Token, "token_too_large", "the token is too large";
    /// The token is not a JWS in Compact Serialization (RFC 7515 §3.1).
    MalformedToken = 201, Token, "malformed_token", "the token is malformed";
    /// The token has five parts: it is a JWE (RFC 7516), which is not supported.
    EncryptedToken = 202, Token, "encrypted_token", "the token is encrypted";
    /// The JOSE Header is not strict JSON, or a parameter has the wrong type (RFC 7515 §4).
    MalformedHeader = 203, Token, "malformed_header", "the token's header is malformed";
    /// "alg" is not implemented. "none" and the HS family are never supported.
    UnsupportedAlgorithm = 204, Token, "unsupported_algorithm", "the token's algorithm is not supported";
    /// "alg" is implemented, but the policy does not allow it.
    AlgorithmNotAllowed = 205, Token, "algorithm_not_allowed", "the token's algorithm is not allowed";
    /// The header requires an extension that is not supported: crit, b64, enc.
    UnsupportedHeader = 206, Token, "unsupported_header", "the token's header requires an unsupported extension";
    /// "typ" is not the type that the policy requires (RFC 8725 §3.11).
    WrongTokenType = 207, Token, "wrong_token_type", "the token is of another type";
    /// No key of the set matches the token's "kid" and "alg".
    NoMatchingKey = 208, Token, "no_matching_key", "no key matches the token";
    /// No key verifies the signature. At most four matching keys are tried, which limits the cost
    /// of a forged token. If more keys match, the detail reports that.
    InvalidSignature = 209, Token, "invalid_signature", "the token's signature is invalid";
    /// The value of the Authorization header contains no token.
    MalformedAuthorization = 210, Token, "malformed_authorization", "the Authorization header is malformed";
    /// The Claims Set is not strict JSON, or a claim has the wrong type (RFC 7519 §4).
    MalformedClaims = 300, Token, "malformed_claims", "the token's claims are malformed";
    /// A claim that the policy requires is missing.
    MissingClaim = 301, Token, "missing_claim", "a required claim is missing";
    /// "exp" has passed (RFC 7519 §4.1.4).
    Expired = 302, Token, "expired", "the token has expired";
    /// "nbf" is in the future, by more than the tolerance (RFC 7519 §4.1.5).
    NotYetValid = 303, Token, "not_yet_valid", "the token is not valid yet";
    /// "iss" is not an accepted issuer (RFC 7519 §4.1.1).
    WrongIssuer = 304, Token, "wrong_issuer", "the token is from another issuer";
    /// "aud" contains no accepted audience, or the policy accepts none (RFC 7519 §4.1.3).
    WrongAudience = 305, Token, "wrong_audience", "the token is for another audience";
    /// A claim has a value that the policy does not allow.
    ClaimNotAllowed = 306, Token, "claim_not_allowed", "a claim of the token is not allowed";
    /// The token lacks a scope that the policy requires (RFC 6750 §3.1). HTTP 403.
    InsufficientScope = 307, Token, "insufficient_scope", "a required scope is missing";
    /// The secret, key or certificate of the service's own login cannot be read or used. The detail
    /// contains the reason.
    UnusableCredentials = 400, Login, "unusable_credentials", "the credentials are not usable";
    /// The issuer rejected the login: unknown account, wrong key or wrong request.
    LoginRejected = 401, Login, "login_rejected", "the issuer rejected the login";
    /// The service has no usable token of its own: its login failed, has not finished, or is not
    /// allowed yet.
    LoginUnavailable = 402, Login, "login_unavailable", "no valid token can be obtained now";
}

impl ErrorKind {
    /// Returns the HTTP status for the response:
    ///
    /// - 401 if the sender of the token must act.
    /// - 403 if the token is valid, but lacks a required scope.
    /// - 500 if the program must be fixed.
    /// - 503 if the operator must act: there are no keys, or the service has no token of its own.
    pub const fn http_status(self) -> u16 {
        match self.category() {
            ErrorCategory::Token if matches!(self, Self::InsufficientScope) => 403,
            ErrorCategory::Token => 401,
            ErrorCategory::Keys | ErrorCategory::Login => 503,
            ErrorCategory::Caller => 500,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_errors_with_status_401_or_403_have_a_challenge() {
        for &kind in ErrorKind::ALL {
            assert_eq!(matches!(kind.http_status(), 401 | 403), kind.challenge().is_some(), "{kind}");
            let is_scope = kind == ErrorKind::InsufficientScope;
            assert_eq!(kind.http_status() == 403, is_scope, "{kind}");
            let challenge = kind.challenge().unwrap_or_default();
            assert_eq!(challenge == r#"Bearer error="insufficient_scope""#, is_scope, "{kind}");
        }
        let challenge = r#"Bearer error="invalid_token", error_description="expired""#;
        assert_eq!(ErrorKind::Expired.challenge(), Some(challenge));
        assert_eq!(ErrorKind::MalformedAuthorization.challenge(), Some("Bearer"));
        assert_eq!(ErrorKind::KeysUnavailable.http_status(), 503);
        assert_eq!(ErrorKind::InvalidArgument.http_status(), 500);
    }

    #[test]
    fn the_text_is_the_message_then_the_name_then_the_detail() {
        let error = Error::about(ErrorKind::Expired, "exp", "").with_detail(format!("{} s ago", 7));
        assert_eq!(error.to_string(), "the token has expired: \"exp\": 7 s ago");
        assert_eq!(error.detail(), "7 s ago");
    }
}
