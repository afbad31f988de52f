//! What is wrong with a setting, and where.

use crate::error::{Error, ErrorKind};

/// What is wrong, and the path of the setting at fault: "keys.max_stale"; empty if it is none that
/// exists.
#[derive(Debug)]
pub(super) struct Fault {
    path: String,
    detail: String,
}

impl Fault {
    pub(super) fn at(path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { path: path.into(), detail: detail.into() }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let error = match fault.path.as_str() {
            "" => Self::new(ErrorKind::InvalidArgument, ""),
            path => Self::about_required(ErrorKind::InvalidArgument, path, ""),
        };
        error.with_detail(fault.detail)
    }
}

/// The start of a text for a message.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// `error` with the setting that it is about.
pub(super) fn at(name: &str, error: &Error) -> Error {
    Error::about_required(error.kind(), name, "").with_detail(error.detail().to_owned())
}
