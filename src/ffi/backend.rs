//! Which arithmetic verifies.

use super::failure::Failure;
use crate::{Backend, Error, ErrorKind};

/// Which arithmetic verifies signatures. The verdicts are the same.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum bouncer_backend {
    /// aws-lc, and for RS256 this library's own AVX-512 IFMA arithmetic where the CPU has the
    /// instructions and the key is of a size that it takes: three to four times as fast. aws-lc
    /// watches it: it verifies again samples of what is accepted and refused, and on the first
    /// difference it alone decides in the whole process.
    ///
    /// The default, unless the environment variable BOUNCER_VERIFY_NO_ACCELERATION is set, to
    /// anything but nothing or 0, when the process first loads keys.
    Accelerated = 0,
    /// aws-lc alone.
    AwsLc = 1,
}

/// The back end of a number that C gave.
pub(super) fn backend(number: u32) -> Result<Backend, Failure> {
    const ALL: [(bouncer_backend, Backend); 2] =
        [(bouncer_backend::Accelerated, Backend::Accelerated), (bouncer_backend::AwsLc, Backend::AwsLc)];
    let found = ALL.into_iter().find(|(own, _)| *own as u32 == number);
    Ok(found.ok_or(Error::new(ErrorKind::InvalidArgument, "no such back end"))?.1)
}
