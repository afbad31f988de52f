//! The results of verifying a signature.

/// The signature is invalid. There is no reason, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidSignature;

/// The first result of verifying a signature with one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyVerdict {
    Valid,
    Invalid,
    /// Rejected by the kernel, but not yet by the reference. If no other key verifies the
    /// signature, [`super::verifying_key::VerifyingKey::verify_again`] decides.
    #[cfg_attr(not(ifma), expect(dead_code, reason = "there is no kernel"))]
    RejectedByKernel,
}

impl From<Result<(), InvalidSignature>> for KeyVerdict {
    fn from(result: Result<(), InvalidSignature>) -> Self {
        if result.is_ok() { Self::Valid } else { Self::Invalid }
    }
}
