//! A secret that is configured as text or as a file.

use super::lenient::without_bom;
use crate::error::{Error, ErrorKind, Result};
use crate::remote::transport::{FetchError, FetchFailure, printable_path};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Maximum size of a secret file, in bytes.
const MAX_FILE_LEN: u64 = 64 * 1024;

pub(super) fn unusable(detail: &'static str) -> Error {
    Error::new(ErrorKind::UnusableCredentials, detail)
}

/// Returns the error of a login whose secret is not usable.
pub(super) fn failed(error: &Error) -> FetchError {
    FetchError::new(FetchFailure::Credentials, error.detail().to_owned())
}

/// A secret, or the file that contains it.
#[derive(Clone)]
pub(super) enum SecretText {
    Text(Arc<Zeroizing<String>>),
    /// Read for each login, so that replacing the file needs no restart.
    File(PathBuf),
}

impl SecretText {
    pub(super) fn new(text: &str) -> Self {
        Self::Text(Arc::new(Zeroizing::new(text.to_owned())))
    }

    /// Returns the secret. `setting` is the name of the file's setting, for errors.
    ///
    /// # Errors
    /// [`ErrorKind::UnusableCredentials`]: the file cannot be read, is too large or is not UTF-8.
    pub(super) fn read(&self, setting: &str) -> Result<Arc<Zeroizing<String>>> {
        match self {
            Self::Text(text) => Ok(Arc::clone(text)),
            Self::File(path) => read(path).map(Arc::new).map_err(|why| in_file(setting, path, &why)),
        }
    }

    /// If the secret is in a file, adds setting and path to an error about its contents.
    pub(super) fn named(&self, setting: &str, error: Error) -> Error {
        match self {
            Self::Text(_) => error,
            Self::File(path) => in_file(setting, path, error.detail()),
        }
    }
}

fn in_file(setting: &str, path: &Path, why: &str) -> Error {
    unusable("").with_detail(format!("{setting} {}: {why}", printable_path(path)))
}

/// Returns the text of a file, without a byte order mark and without trailing line ends. The error
/// contains no bytes of the file.
fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_LEN + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > MAX_FILE_LEN {
        return Err(format!("larger than the limit of {MAX_FILE_LEN} bytes"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| "is not UTF-8".to_owned())?;
    Ok(Zeroizing::new(without_bom(text).trim_end_matches(['\n', '\r']).to_owned()))
}
