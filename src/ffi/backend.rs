//! The choice of the back end.

use super::failure::Failure;
use crate::{Backend, Error, ErrorKind};

/// The back end: the implementation that verifies signatures. The verdicts do not depend on it.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum bouncer_backend {
    /// Uses this library's own code where it is faster, and aws-lc for the rest. The own code is 3
    /// to 17 times as fast. It verifies signatures of RSA keys of 2048, 3072 and 4096 bits on CPUs
    /// with AVX-512 IFMA. On any CPU it verifies ES256 and Ed25519, after 100 valid tokens of a
    /// key. aws-lc verifies samples of the accepted and the rejected signatures again. After the
    /// first different result, the whole process verifies signatures of that kind with aws-lc only.
    ///
    /// This is the default. If the environment variable BOUNCER_VERIFY_NO_ACCELERATION has a value
    /// other than 0 or the empty string, the default is aws-lc. The variable is read when the
    /// process first loads keys.
    Accelerated = 0,
    /// Uses aws-lc only.
    AwsLc = 1,
}

/// Converts a bouncer_backend number from C to a back end. Fails if the number is unknown.
pub(super) fn backend(number: u32) -> Result<Backend, Failure> {
    const ALL: [(bouncer_backend, Backend); 2] =
        [(bouncer_backend::Accelerated, Backend::Accelerated), (bouncer_backend::AwsLc, Backend::AwsLc)];
    let found = ALL.into_iter().find(|(own, _)| *own as u32 == number);
    Ok(found
        .ok_or(Error::new(ErrorKind::InvalidArgument, "unknown back end: use a BOUNCER_BACKEND_ value"))?
        .1)
}
