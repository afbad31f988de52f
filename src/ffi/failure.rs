//! The causes of a failed call.

use crate::{Error, ErrorKind};

/// The cause of a failed call.
pub(super) enum Failure {
    NullArgument(&'static str),
    Panicked,
    /// Not a failure: the verdict depends on a fetch in flight.
    Pending,
    Core(Error),
    /// The operating system refused a resource. Contains the text.
    System(String),
    /// A failed fetch or login, with its text.
    Fetch(ErrorKind, String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}
