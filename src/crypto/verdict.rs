//! The results of verifying a signature.

/// The signature is invalid. This error deliberately contains no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidSignature;

/// The result of verifying a signature with one key. `RejectedByKernel` is not final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyVerdict {
    Valid,
    Invalid,
    /// This library's own code has rejected the signature, and the reference back end has not
    /// checked it. If no other key verifies the signature, call
    /// [`super::verifying_key::VerifyingKey::verify_again`].
    RejectedByKernel,
}

impl From<Result<(), InvalidSignature>> for KeyVerdict {
    fn from(result: Result<(), InvalidSignature>) -> Self {
        if result.is_ok() { Self::Valid } else { Self::Invalid }
    }
}
