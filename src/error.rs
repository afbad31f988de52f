//! The one error type. Every layer may name it; it names nothing.

use std::borrow::Cow;
use std::ffi::CStr;
use std::fmt;

/// A `Result` whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a key set, a key or a token was refused.
///
/// An error never contains a token, a claim value or key bytes, so it may be logged. It may name a
/// claim or a header parameter ([`Error::name`]), and say by how many seconds a verified token is expired or early.
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

    /// An error about the claim or header parameter `name`. Its text is written by the policy or by
    /// an RFC, never by a token.
    pub(crate) const fn about(kind: ErrorKind, name: &'static str, detail: &'static str) -> Self {
        Self { kind, name: Some(Cow::Borrowed(name)), detail: Cow::Borrowed(detail) }
    }

    pub(crate) fn about_required(kind: ErrorKind, name: &str, detail: &'static str) -> Self {
        Self { kind, name: Some(Cow::Owned(name.to_owned())), detail: Cow::Borrowed(detail) }
    }

    /// The same error with a detail made at run time: numbers, settings of the caller's own, positions. Never text of
    /// an unverified token.
    pub(crate) fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// The cause, to match on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The claim or header parameter at fault, if there is one: `"exp"`, `"crit"`.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What exactly is wrong, in a few words; empty where [`ErrorKind::message`] says it all. The words may change
    /// between versions.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The HTTP status that answers a request which failed so; the same as [`ErrorKind::http_status`].
    pub fn http_status(&self) -> u16 {
        self.kind.http_status()
    }

    /// The value of the `WWW-Authenticate` header for the answer (RFC 6750 §3); the same as
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

/// Who has to act on an error, and so which HTTP status answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorCategory {
    /// The program that calls: an argument or a policy is not usable. HTTP 500.
    Caller,
    /// The operator: there are no keys to judge with. HTTP 503, never 401.
    Keys,
    /// The sender of the token. HTTP 401.
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

/// Declares [`ErrorKind`] with its stable name and sentence, so that no kind can lack one.
macro_rules! error_kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $number:literal, $category:ident, $name:literal, $message:literal;)+) => {
        /// The cause of an [`Error`]. In C each is one status number, for ever; in the other languages one
        /// exception, sentinel or code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind { $($(#[doc = $doc])+ $kind,)+ }

        impl ErrorKind {
            /// Every kind, in the order of the C status numbers.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$kind,)+];

            /// The permanent number, the same in every language: that of C's status.
            pub const fn number(self) -> u32 {
                match self { $(Self::$kind => $number,)+ }
            }

            /// The stable name, the same in every language: `"expired"`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// The same name, for C.
            #[doc(hidden)]
            pub const fn as_c_str(self) -> &'static CStr {
                match self { $(Self::$kind => c_str(concat!($name, "\0")),)+ }
            }

            /// What its documentation says, for the documentation of other languages.
            #[doc(hidden)]
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$kind => concat!($($doc),+),)+ }
            }

            /// One sentence, without a full stop: `"the token has expired"`.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$kind => $message,)+ }
            }

            /// The value of the `WWW-Authenticate` header that goes with HTTP status 401 (RFC 6750 §3): a bare
            /// challenge where the request holds no token, otherwise `error="invalid_token"` and the stable name of
            /// the cause. `None` where the status is another.
            pub const fn challenge(self) -> Option<&'static str> {
                if !matches!(self.category(), ErrorCategory::Token) {
                    return None;
                }
                if matches!(self, Self::MalformedAuthorization) {
                    return Some("Bearer");
                }
                Some(match self {
                    $(Self::$kind => {
                        concat!("Bearer error=\"invalid_token\", error_description=\"", $name, "\"")
                    })+
                })
            }

            /// Who has to act.
            pub const fn category(self) -> ErrorCategory {
                match self { $(Self::$kind => ErrorCategory::$category,)+ }
            }
        }
    };
}

error_kinds! {
    /// An argument or a setting is not usable.
    InvalidArgument = 3, Caller, "invalid_argument", "an argument is not usable";
    /// The document is not a JWK Set (RFC 7517 §5), or it is too large.
    MalformedJwkSet = 100, Keys, "malformed_jwk_set", "the document is not a JWK Set";
    /// The JWK Set has no key that could verify a token. Each skipped key says why.
    NoUsableKey = 101, Keys, "no_usable_key", "the JWK Set has no usable key";
    /// A single key (JWK, PEM, DER or components) cannot be used. The detail says why.
    UnusableKey = 102, Keys, "unusable_key", "the key is not usable";
    /// A remote JWK Set has not been fetched yet, or the latest success is too long ago. Or the fetch that
    /// decides about the token's key failed, or was not over in time. The detail says which, and why.
    KeysUnavailable = 103, Keys, "keys_unavailable", "no keys are available to judge with";
    /// The token is longer than the policy allows.
    TokenTooLarge = 200, Token, "token_too_large", "the token is too large";
    /// The token is not a JWS in Compact Serialization (RFC 7515 §3.1).
    MalformedToken = 201, Token, "malformed_token", "the token is malformed";
    /// The token has five parts: a JWE (RFC 7516), which is not for verification.
    EncryptedToken = 202, Token, "encrypted_token", "the token is encrypted";
    /// The JOSE Header is not strict JSON, or a parameter has the wrong type (RFC 7515 §4).
    MalformedHeader = 203, Token, "malformed_header", "the token's header is malformed";
    /// "alg" is none of those implemented; "none" and the HS family never are.
    UnsupportedAlgorithm = 204, Token, "unsupported_algorithm", "the token's algorithm is not supported";
    /// "alg" is implemented, but not in the policy.
    AlgorithmNotAllowed = 205, Token, "algorithm_not_allowed", "the token's algorithm is not allowed";
    /// The header demands something that is not done here: crit, b64, enc.
    UnsupportedHeader = 206, Token, "unsupported_header", "the token's header demands an unsupported extension";
    /// "typ" is not the type that the policy asks for (RFC 8725 §3.11).
    WrongTokenType = 207, Token, "wrong_token_type", "the token is of another type";
    /// No key of the set fits the token's "kid" and "alg".
    NoMatchingKey = 208, Token, "no_matching_key", "no key matches the token";
    /// No candidate key verifies the signature. On purpose the detail says at most that not all keys
    /// were tried.
    InvalidSignature = 209, Token, "invalid_signature", "the token's signature is invalid";
    /// The value of the Authorization header holds no token.
    MalformedAuthorization = 210, Token, "malformed_authorization", "the Authorization header is malformed";
    /// The Claims Set is not strict JSON, or a claim has the wrong type (RFC 7519 §4).
    MalformedClaims = 300, Token, "malformed_claims", "the token's claims are malformed";
    /// A claim that the policy requires is missing.
    MissingClaim = 301, Token, "missing_claim", "a required claim is missing";
    /// "exp" has passed (RFC 7519 §4.1.4).
    Expired = 302, Token, "expired", "the token has expired";
    /// "nbf" lies further ahead than is tolerated (RFC 7519 §4.1.5).
    NotYetValid = 303, Token, "not_yet_valid", "the token is not valid yet";
    /// "iss" is none of the accepted issuers (RFC 7519 §4.1.1).
    WrongIssuer = 304, Token, "wrong_issuer", "the token is from another issuer";
    /// "aud" names none of the accepted audiences, or the policy has none (RFC 7519 §4.1.3).
    WrongAudience = 305, Token, "wrong_audience", "the token is for another audience";
    /// A claim has a value that the policy does not allow.
    ClaimNotAllowed = 306, Token, "claim_not_allowed", "a claim of the token is not allowed";
    /// The secret, key or certificate of the service's own login cannot be read, or is not usable. The
    /// detail says why.
    UnusableCredentials = 400, Login, "unusable_credentials", "the credentials are not usable";
    /// The issuer refuses the login: unknown account, wrong key, or a wrong request.
    LoginRejected = 401, Login, "login_rejected", "the issuer refuses the login";
    /// There is no valid token of the service's own, and no login succeeds now.
    LoginUnavailable = 402, Login, "login_unavailable", "no valid token can be obtained now";
}

impl ErrorKind {
    /// The HTTP status that answers a request which failed so: 401 where the sender of the token has to act, 503
    /// where the operator has to (no keys, no token of the service's own), 500 where the program has to.
    pub const fn http_status(self) -> u16 {
        match self.category() {
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
    fn the_sender_gets_401_with_a_challenge_and_nobody_else_does() {
        for &kind in ErrorKind::ALL {
            assert_eq!(kind.http_status() == 401, kind.challenge().is_some(), "{kind}");
        }
        let challenge = r#"Bearer error="invalid_token", error_description="expired""#;
        assert_eq!(ErrorKind::Expired.challenge(), Some(challenge));
        assert_eq!(ErrorKind::MalformedAuthorization.challenge(), Some("Bearer"));
        assert_eq!(ErrorKind::KeysUnavailable.http_status(), 503);
        assert_eq!(ErrorKind::InvalidArgument.http_status(), 500);
    }

    #[test]
    fn a_detail_made_at_run_time_ends_the_text() {
        let error = Error::about(ErrorKind::Expired, "exp", "").with_detail(format!("{} s ago", 7));
        assert_eq!(error.to_string(), "the token has expired: \"exp\": 7 s ago");
        assert_eq!(error.detail(), "7 s ago");
    }
}
