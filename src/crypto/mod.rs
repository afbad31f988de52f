//! L2: a key, a signing input and a signature to valid or not, with no reason given. May name: error,
//! encoding, jose. No policy and no clock.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
mod ed25519;
#[cfg(all(feature = "aws-lc-rs", target_arch = "x86_64"))]
#[allow(dead_code, reason = "not used yet")]
mod ifma;
pub(crate) mod jwk_set;
#[cfg(feature = "rust-crypto")]
mod rust_crypto;

use crate::error::{Error, ErrorKind, Result};
use crate::jose::algorithm::Algorithm;
use crate::jose::jwk::Jwk;
use crate::jose::public_key::PublicKey;
use crate::jose::skip_reason::SkipReason;

#[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
compile_error!("bouncer_verify needs a back end: turn on the feature aws-lc-rs (the default) or rust-crypto");

/// Which implementation does the arithmetic of a [`crate::JwkSet`]. The verdicts are the same; a test holds
/// them to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// aws-lc, through aws-lc-rs: the fastest.
    #[cfg(feature = "aws-lc-rs")]
    AwsLc,
    /// The RustCrypto crates: no C compiler needed, 4 to 12 times slower.
    #[cfg(feature = "rust-crypto")]
    RustCrypto,
}

impl Backend {
    /// The back ends of this build; the first is the default.
    pub const ALL: &'static [Backend] = &[
        #[cfg(feature = "aws-lc-rs")]
        Backend::AwsLc,
        #[cfg(feature = "rust-crypto")]
        Backend::RustCrypto,
    ];
}

impl Default for Backend {
    /// aws-lc where it is built in.
    #[allow(unreachable_code, reason = "with both back ends built in, the first returns")]
    fn default() -> Self {
        #[cfg(feature = "aws-lc-rs")]
        return Self::AwsLc;
        #[cfg(feature = "rust-crypto")]
        return Self::RustCrypto;
    }
}

/// The signature does not verify. There is nothing more to say of it, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidSignature;

/// A key that is parsed and ready, for each algorithm it may be used with.
pub(crate) struct VerifyingKey {
    prepared: Prepared,
    signature_len: usize,
}

enum Prepared {
    #[cfg(feature = "aws-lc-rs")]
    AwsLc(aws_lc::Key),
    #[cfg(feature = "rust-crypto")]
    RustCrypto(rust_crypto::Key),
}

impl VerifyingKey {
    pub(crate) fn new(backend: Backend, jwk: &Jwk) -> Result<Self, SkipReason> {
        let key = jwk.public_key();
        let signature_len = match key {
            PublicKey::Rsa { n, .. } => n.len(),
            PublicKey::Ec { curve, .. } => 2 * curve.coordinate_len(),
            PublicKey::Ed25519 { x } if !ed25519::is_sound(x) => return Err(SkipReason::BadPoint),
            PublicKey::Ed25519 { .. } => ed25519::SIGNATURE_LEN,
        };
        let prepared = match backend {
            #[cfg(feature = "aws-lc-rs")]
            Backend::AwsLc => Prepared::AwsLc(aws_lc::Key::new(key, |algorithm| jwk.fits(algorithm))?),
            #[cfg(feature = "rust-crypto")]
            Backend::RustCrypto => Prepared::RustCrypto(rust_crypto::Key::new(key)?),
        };
        Ok(Self { prepared, signature_len })
    }

    /// Verifies with `algorithm`, which must be one that the key's [`Jwk`] fits.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        // One length per key: a shorter or padded spelling of the same number is not the same signature.
        if signature.len() != self.signature_len {
            return Err(InvalidSignature);
        }
        if algorithm == Algorithm::Ed25519 && !ed25519::has_sound_commitment(signature) {
            return Err(InvalidSignature);
        }
        match &self.prepared {
            #[cfg(feature = "aws-lc-rs")]
            Prepared::AwsLc(key) => key.verify(algorithm, signing_input, signature),
            #[cfg(feature = "rust-crypto")]
            Prepared::RustCrypto(key) => key.verify(algorithm, signing_input, signature),
        }
    }
}

/// Verifies one signature over `message`, with no token around it: the layer at which published test vectors
/// speak, whose messages are no JWS signing inputs. Verify tokens with [`crate::verify_token`]. No promise is
/// made to keep this function.
///
/// # Errors
/// [`ErrorKind::UnusableKey`]: the back end refuses the key. [`ErrorKind::AlgorithmNotAllowed`]: the key does not fit the
/// algorithm. [`ErrorKind::InvalidSignature`].
#[doc(hidden)]
pub fn verify_signature(
    jwk: &Jwk,
    backend: Backend,
    algorithm: Algorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<()> {
    let key = VerifyingKey::new(backend, jwk)?;
    if !jwk.fits(algorithm) {
        return Err(Error::new(ErrorKind::AlgorithmNotAllowed, ""));
    }
    key.verify(algorithm, message, signature)
        .map_err(|InvalidSignature| Error::new(ErrorKind::InvalidSignature, ""))
}
