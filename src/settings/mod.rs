//! Settings as text and as JSON documents, against one table: what C, the command, files and the
//! other languages set. Rust's typed builders stand beside it.
//!
//! A setting is a row of `table.rs`: its name, type, default, help and the builder's function.
//! Reading, documents, introspection, the C constants, the other languages' types and the
//! documentation follow from the row.

mod document;
#[cfg(feature = "remote")]
mod keys;
mod near;
mod policy;
#[cfg(feature = "remote")]
mod renewer;
#[expect(clippy::module_inception, reason = "the file of the type Settings")]
pub(crate) mod settings;
pub(crate) mod stats;
pub(crate) mod table;
pub(crate) mod value;

use crate::error::{Error, ErrorKind};

/// What is wrong, and the path of the setting at fault: "keys.max_stale"; empty if it is none that
/// exists.
#[derive(Debug)]
struct Fault {
    path: String,
    detail: String,
}

impl Fault {
    fn at(path: impl Into<String>, detail: impl Into<String>) -> Self {
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
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}
