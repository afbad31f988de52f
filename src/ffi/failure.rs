//! Why a call of C fails.

use crate::{Error, ErrorKind, FetchError};

/// Why a call failed.
pub(super) enum Failure {
    NullArgument(&'static str),
    Panicked,
    /// Not a failure: the verdict waits for a fetch.
    Pending,
    Core(Error),
    Fetch(ErrorKind, FetchError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}
