//! What the arithmetic says of a signature.

/// The signature does not verify. There is nothing more to say of it, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidSignature;

/// What one key says of a signature at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyVerdict {
    Valid,
    Invalid,
    /// Invalid, but only the kernel says so. If no other key verifies it either,
    /// [`super::verifying_key::VerifyingKey::verify_again`] has the last word.
    #[cfg_attr(not(ifma), expect(dead_code, reason = "there is no kernel"))]
    RejectedByKernel,
}

impl From<Result<(), InvalidSignature>> for KeyVerdict {
    fn from(result: Result<(), InvalidSignature>) -> Self {
        if result.is_ok() { Self::Valid } else { Self::Invalid }
    }
}
