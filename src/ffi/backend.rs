//! The choice of the arithmetic that verifies signatures.

use super::failure::Failure;
use crate::{Backend, Error, ErrorKind};

/// The arithmetic that verifies signatures. The verdicts do not depend on it.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum bouncer_backend {
    /// Uses aws-lc. If the CPU and the key size allow, RS256 uses this library's own AVX-512 IFMA
    /// arithmetic, which is three to four times as fast. aws-lc re-checks samples of the accepted
    /// and the rejected signatures. At the first difference the whole process falls back to aws-lc.
    ///
    /// This is the default. The environment variable BOUNCER_VERIFY_NO_ACCELERATION, set to
    /// anything but an empty value or 0, changes the default to aws-lc. It is read when the process
    /// first loads keys.
    Accelerated = 0,
    /// Uses aws-lc only.
    AwsLc = 1,
}

/// Converts C's number to a back end.
pub(super) fn backend(number: u32) -> Result<Backend, Failure> {
    const ALL: [(bouncer_backend, Backend); 2] =
        [(bouncer_backend::Accelerated, Backend::Accelerated), (bouncer_backend::AwsLc, Backend::AwsLc)];
    let found = ALL.into_iter().find(|(own, _)| *own as u32 == number);
    Ok(found
        .ok_or(Error::new(ErrorKind::InvalidArgument, "unknown back end: use a BOUNCER_BACKEND_ value"))?
        .1)
}
