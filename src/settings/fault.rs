//! Errors about a setting.

use crate::error::{Error, ErrorKind};

/// An error text, and the path of the setting: `parameters.scope`, `issuers[1]`. The path is empty
/// if the error is not about an existing setting.
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

impl Fault {
    /// Puts `path` before the path of the fault: `accept[1]` and `leeway` become
    /// `accept[1].leeway`.
    pub(super) fn within(self, path: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        Self { path: format!("{path}{dot}{}", self.path), ..self }
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

/// Returns the start of a text in quotes, for a message.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// Adds the name of a setting to `error`.
pub(super) fn at(name: &str, error: &Error) -> Error {
    Error::about_required(error.kind(), name, "").with_detail(error.detail().to_owned())
}
