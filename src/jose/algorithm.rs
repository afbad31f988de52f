//! The signature algorithms, by their JWA names (RFC 7518 §3.1, RFC 8037, RFC 9864).

use crate::error::{Error, ErrorKind, Result};
use std::fmt;
use std::str::FromStr;

/// A signature algorithm. There is no value for "none" or for the symmetric HS algorithms, so no
/// policy or key can allow them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256. DC/OS's Bouncer signs with it.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256, 32 bytes of salt.
    Ps256,
    /// RSASSA-PSS with SHA-384, MGF1 with SHA-384, 48 bytes of salt.
    Ps384,
    /// RSASSA-PSS with SHA-512, MGF1 with SHA-512, 64 bytes of salt.
    Ps512,
    /// ECDSA on P-256 with SHA-256; the signature is R and S, 32 bytes each.
    Es256,
    /// ECDSA on P-384 with SHA-384; the signature is R and S, 48 bytes each.
    Es384,
    /// ECDSA on P-521 with SHA-512; the signature is R and S, 66 bytes each.
    Es512,
    /// Ed25519. The old name "EdDSA" is accepted too.
    Ed25519,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Algorithm; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Ed25519,
    ];

    /// Returns the "alg" value, for example `"RS256"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// Returns the algorithm with exactly this name. For "EdDSA", returns Ed25519.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if name == "EdDSA" {
            return Some(Self::Ed25519);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// Returns why the unknown algorithm `name` is not supported, and a supported name if possible.
    #[cold]
    pub(crate) fn why_unsupported(name: &str) -> &'static str {
        const SPELLED: [(Algorithm, &str); 10] = [
            (Algorithm::Rs256, "names are case-sensitive: use RS256"),
            (Algorithm::Rs384, "names are case-sensitive: use RS384"),
            (Algorithm::Rs512, "names are case-sensitive: use RS512"),
            (Algorithm::Ps256, "names are case-sensitive: use PS256"),
            (Algorithm::Ps384, "names are case-sensitive: use PS384"),
            (Algorithm::Ps512, "names are case-sensitive: use PS512"),
            (Algorithm::Es256, "names are case-sensitive: use ES256"),
            (Algorithm::Es384, "names are case-sensitive: use ES384"),
            (Algorithm::Es512, "names are case-sensitive: use ES512"),
            (Algorithm::Ed25519, "names are case-sensitive: use Ed25519 or EdDSA"),
        ];
        if ["HS256", "HS384", "HS512"].iter().any(|symmetric| name.eq_ignore_ascii_case(symmetric)) {
            return "symmetric algorithms (HS256, HS384, HS512) are not supported";
        }
        if name.eq_ignore_ascii_case("none") {
            return "tokens without a signature (none) are never accepted";
        }
        let has_other_case = |&&(algorithm, _): &&(Self, &str)| {
            name.eq_ignore_ascii_case(algorithm.as_str())
                || algorithm == Self::Ed25519 && name.eq_ignore_ascii_case("EdDSA")
        };
        if let Some((_, why)) = SPELLED.iter().find(has_other_case) {
            return why;
        }
        match name {
            "" => "the name is empty",
            "ES256K" => "ES256K (secp256k1) is not supported",
            "Ed448" => "Ed448 is not supported",
            "ML-DSA-44" | "ML-DSA-65" | "ML-DSA-87" => "ML-DSA is not supported",
            _ => "use RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or Ed25519",
        }
    }

    /// Returns the bit of this algorithm in a bit set.
    pub(crate) const fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::named(name).ok_or_else(|| {
            let detail = format!("no such algorithm: {}", Self::why_unsupported(name));
            Error::new(ErrorKind::InvalidArgument, "").with_detail(detail)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithm_names_are_case_sensitive() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
            let small = algorithm.as_str().to_lowercase();
            assert_eq!(Algorithm::named(&small), None);
            assert!(Algorithm::why_unsupported(&small).contains(algorithm.as_str()));
        }
        assert_eq!("EdDSA".parse(), Ok(Algorithm::Ed25519));
        for name in ["", "none", "None", "HS256", "RS256 ", "RS2560", "ES256K", "Ed448", "RSA-OAEP"] {
            assert_eq!(Algorithm::named(name), None, "{name}");
        }
    }
}
