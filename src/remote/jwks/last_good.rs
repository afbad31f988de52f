//! The file that survives a restart: the last document that gave a set, with where and when it was fetched.

use super::super::transport::{FetchError, FetchFailure};
use serde_json::value::RawValue;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// More than a key set and its envelope can have.
const MAX_LEN: u64 = 1024 * 1024;

/// What the file holds.
pub(super) struct LastGood {
    pub(super) jwks: Vec<u8>,
    pub(super) fetched: SystemTime,
}

impl LastGood {
    /// How old it is; one from the future is new.
    pub(super) fn age(&self) -> Duration {
        SystemTime::now().duration_since(self.fetched).unwrap_or_default()
    }
}

fn failed(error: io::Error) -> FetchError {
    FetchError::new(FetchFailure::System, format!("the last-good file: {error}"))
}

/// Reads the file; `None` if it is not there, or is about another `source`.
///
/// A file that another user than this one or root owns, or others can write, is refused: whoever writes it chooses the
/// keys.
pub(super) fn read(path: &Path, source: &str) -> Result<Option<LastGood>, FetchError> {
    let invalid = |why| failed(io::Error::new(io::ErrorKind::InvalidData, why));
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // Opening a pipe would wait for a writer.
        Ok(about) if !about.is_file() => return Err(invalid("it is no file")),
        _ => {}
    }
    let file = File::open(path).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let about = file.metadata().map_err(failed)?;
        if about.mode() & 0o022 != 0 {
            return Err(invalid("others may write it"));
        }
        // The user of this process, where the system tells without a call of C.
        let own = fs::metadata("/proc/self").map(|own| own.uid());
        if own.is_ok_and(|own| about.uid() != own && about.uid() != 0) {
            return Err(invalid("it is another user's"));
        }
    }
    let mut text = String::new();
    file.take(MAX_LEN).read_to_string(&mut text).map_err(failed)?;
    let (mut found, mut fetched, mut jwks) = (None, None, None);
    crate::encoding::json::members(&text, |name, value| match name {
        b"source" => found = value.as_str(),
        b"fetched" => fetched = value.text().parse().ok(),
        b"jwks" => jwks = Some(value.text()),
        _ => {}
    })
    .map_err(|_| invalid("not what this library writes"))?;
    let (Some(found), Some(fetched), Some(jwks)) = (found, fetched, jwks) else {
        return Err(invalid("not what this library writes"));
    };
    if found != source {
        return Ok(None);
    }
    let fetched: u32 = fetched;
    let fetched = SystemTime::UNIX_EPOCH + Duration::from_secs(fetched.into());
    Ok(Some(LastGood { jwks: jwks.as_bytes().to_vec(), fetched }))
}

/// Writes the file, mode 0600, under another name first: whoever reads it sees the old or the new, whole.
pub(super) fn write(path: &Path, source: &str, jwks: &[u8], fetched: SystemTime) -> Result<(), FetchError> {
    let jwks: &RawValue = serde_json::from_slice(jwks).map_err(|error| failed(error.into()))?;
    let source = serde_json::to_string(source).map_err(|error| failed(error.into()))?;
    let fetched = fetched.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let text = format!("{{\"source\":{source},\"fetched\":{fetched},\"jwks\":{}}}\n", jwks.get());
    // Several keepers may write the same file, in one process or in containers where each is the first.
    let random = getrandom::u64().map_err(|error| failed(io::Error::other(error)))?;
    let mut new = path.as_os_str().to_owned();
    new.push(format!(".{random:016x}.new"));
    let new = PathBuf::from(new);
    let written = write_new(&new, text.as_bytes()).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written.map_err(failed)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
