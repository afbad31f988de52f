//! Why a key cannot verify tokens.

use crate::error::{Error, ErrorKind};
use std::borrow::Cow;
use std::fmt;

/// Declares [`SkipReason`]. Each row has the documentation, variant, stable name and message.
macro_rules! skip_reasons {
    ($($(#[$doc:meta])+ $reason:ident, $name:literal, $message:literal;)+) => {
        /// Why a key is unusable. A key set skips such a key and lists it; a single key is rejected
        /// with an error.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum SkipReason { $($(#[$doc])+ $reason,)+ }

        impl SkipReason {
            /// Every reason, in the order in which a key is checked. There is one exception:
            /// `OverLimit` is checked before the back end checks the point (`BadPoint`).
            pub const ALL: &'static [SkipReason] = &[$(SkipReason::$reason,)+];

            /// Returns the stable name, for example `"wrong_use"`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$reason => $name,)+ }
            }

            /// Returns a short description.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$reason => $message,)+ }
            }
        }
    };
}

skip_reasons! {
    /// The JWK is not an object, a required member is missing, or a member has the wrong type.
    NotAJwk, "not_a_jwk", "not a JWK: a member is missing or of the wrong type";
    /// "kty" is "oct": anyone who can verify with such a key can also sign.
    Symmetric, "symmetric", "a symmetric key";
    /// The JWK has private members. A published private key is no longer secret.
    Private, "private", "a private key";
    /// "kty" is not RSA, EC or OKP.
    UnsupportedKeyType, "unsupported_key_type", "the key type is not supported";
    /// "use" is not "sig", or "key_ops" lacks "verify".
    WrongUse, "wrong_use", "not for verifying signatures (use, key_ops)";
    /// "alg" is not a supported algorithm.
    UnsupportedAlgorithm, "unsupported_algorithm", "the algorithm is not supported";
    /// "crv" is not P-256, P-384, P-521 or Ed25519.
    UnsupportedCurve, "unsupported_curve", "the curve is not supported";
    /// "alg" does not fit the key type or the curve.
    AlgorithmMismatch, "algorithm_mismatch", "the algorithm does not fit the key";
    /// A number or coordinate is not base64url, or the PEM, DER or certificate is damaged.
    BadEncoding, "bad_encoding", "the encoding of the key is invalid";
    /// The RSA modulus has under 2048 or over 8192 bits.
    RsaModulusSize, "rsa_modulus_size", "the RSA modulus does not have 2048 to 8192 bits";
    /// The RSA modulus is even.
    RsaModulusEven, "rsa_modulus_even", "the RSA modulus is even";
    /// The RSA exponent is even, below 3, or longer than 33 bits.
    RsaExponent, "rsa_exponent", "the RSA exponent is even or does not have 2 to 33 bits";
    /// The RSA modulus comes from the flawed generator of CVE-2017-15361 (ROCA).
    RsaRoca, "rsa_roca", "the RSA key is broken by ROCA (CVE-2017-15361)";
    /// The point has the wrong length, is not on the curve, or is of small order.
    BadPoint, "bad_point", "the point is not on the curve";
    /// The set already has the maximum number of usable keys (100 by default). The back end then
    /// does not check the point of this key.
    OverLimit, "over_limit", "over the limit of usable keys";
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl From<SkipReason> for Error {
    fn from(reason: SkipReason) -> Self {
        Error::new(ErrorKind::UnusableKey, reason.message())
    }
}

/// A [`SkipReason`] and a message with details, such as the member or the number of bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unusable {
    pub(crate) reason: SkipReason,
    pub(crate) message: Cow<'static, str>,
}

impl Unusable {
    /// `message` may contain names of JWK members and sizes, but never key bytes.
    pub(crate) fn new(reason: SkipReason, message: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, message: message.into() }
    }
}

impl From<SkipReason> for Unusable {
    fn from(reason: SkipReason) -> Self {
        Self::new(reason, reason.message())
    }
}

impl From<Unusable> for Error {
    fn from(unusable: Unusable) -> Self {
        Error::new(ErrorKind::UnusableKey, "").with_detail(unusable.message)
    }
}
