//! The last-good file keeps the keys across restarts. It contains the last usable document, its
//! source, its fetch time and its freshness lifetime.

use crate::remote::transport::{FetchError, FetchFailure};
use serde_json::value::RawValue;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Maximum size of the file in bytes, without the document.
const MAX_ENVELOPE_LEN: u64 = 64 * 1024;

/// A temporary file of this age is treated as abandoned: its writer was killed.
const ABANDONED: Duration = Duration::from_secs(60);

const NOT_OURS: &str = "not written by this library: remove the file or change last_good_file";

/// The contents that were read from a file.
pub(super) struct LastGood {
    pub(super) jwks: Vec<u8>,
    pub(super) fetched: SystemTime,
    /// The time for which the keys are fresh, counted from `fetched`. Zero if the file does not
    /// contain it.
    pub(super) lifetime: Duration,
}

impl LastGood {
    /// Returns the age of the keys. `None` if `fetched` is in the future.
    pub(super) fn age(&self) -> Option<Duration> {
        SystemTime::now().duration_since(self.fetched).ok()
    }
}

/// The contents to write to a file.
pub(super) struct Contents<'a> {
    pub(super) source: &'a str,
    pub(super) jwks: &'a [u8],
    pub(super) fetched: SystemTime,
    pub(super) lifetime: Duration,
}

fn failed(error: io::Error) -> FetchError {
    FetchError::new(FetchFailure::System, error.to_string())
}

/// Reads the file. Returns `None` if it does not exist or contains the keys of another `source`.
///
/// Rejects a file that group or others can write, and a file whose owner is neither this user nor
/// root. Anyone who can write the file can choose the keys.
pub(super) fn read(
    path: &Path,
    source: &str,
    max_document_len: usize,
) -> Result<Option<LastGood>, FetchError> {
    let invalid = |why| failed(io::Error::new(io::ErrorKind::InvalidData, why));
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // Checked before opening, because opening a pipe would wait for a writer.
        Ok(about) if !about.is_file() => return Err(invalid("not a regular file: change last_good_file")),
        _ => {}
    }
    let file = File::open(path).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let about = file.metadata().map_err(failed)?;
        if about.mode() & 0o022 != 0 {
            return Err(invalid("group or others can write it: remove that permission (chmod go-w)"));
        }
        // Get the user of this process without calling a C function.
        let own = fs::metadata("/proc/self").map(|own| own.uid());
        if own.is_ok_and(|own| about.uid() != own && about.uid() != 0) {
            return Err(invalid("another user owns it: only this user or root may own it"));
        }
    }
    let mut text = String::new();
    file.take(max_document_len as u64 + MAX_ENVELOPE_LEN).read_to_string(&mut text).map_err(failed)?;
    let (mut found, mut fetched, mut lifetime, mut jwks) = (None, None, 0u32, None);
    crate::encoding::json::members(&text, |name, value| match name {
        b"source" => found = value.as_str(),
        b"fetched" => fetched = value.text().parse().ok(),
        b"lifetime" => lifetime = value.text().parse().unwrap_or_default(),
        b"jwks" => jwks = Some(value.text()),
        _ => {}
    })
    .map_err(|_| invalid(NOT_OURS))?;
    let (Some(found), Some(fetched), Some(jwks)) = (found, fetched, jwks) else {
        return Err(invalid(NOT_OURS));
    };
    if found != source {
        return Ok(None);
    }
    let fetched: u32 = fetched;
    let fetched = SystemTime::UNIX_EPOCH + Duration::from_secs(fetched.into());
    let lifetime = Duration::from_secs(lifetime.into());
    Ok(Some(LastGood { jwks: jwks.as_bytes().to_vec(), fetched, lifetime }))
}

/// Replaces the file atomically, with mode 0600. Readers see either the old file or the new one.
pub(super) fn write(path: &Path, contents: &Contents<'_>) -> Result<(), FetchError> {
    let jwks: &RawValue = serde_json::from_slice(contents.jwks).map_err(|error| failed(error.into()))?;
    let source = serde_json::to_string(contents.source).map_err(|error| failed(error.into()))?;
    let fetched = contents.fetched.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let lifetime = contents.lifetime.as_secs();
    let text = format!(
        "{{\"source\":{source},\"fetched\":{fetched},\"lifetime\":{lifetime},\"jwks\":{}}}\n",
        jwks.get()
    );
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    let published = match write_new(path, &new, text.as_bytes()) {
        Ok(true) => fs::rename(&new, path),
        // Another process is writing the file, and its document is equally good.
        Ok(false) => Ok(()),
        Err(error) => Err(error),
    };
    match published {
        // Another process has already renamed this process's file.
        Err(error) if error.kind() == ErrorKind::NotFound && path.exists() => Ok(()),
        published => published.map_err(failed),
    }
}

/// Writes `bytes` to a file named `new` in the same folder as `path`. Returns false if another
/// process is writing that file.
///
/// If the file system supports O_TMPFILE, the file gets the name `new` only after it is complete.
/// So a killed process leaves no partial file behind. If a process is killed between naming the
/// file and renaming it to `path`, the next writer renames that file.
#[cfg(target_os = "linux")]
fn write_new(path: &Path, new: &Path, bytes: &[u8]) -> io::Result<bool> {
    use std::os::unix::fs::OpenOptionsExt;

    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut options = OpenOptions::new();
    let unnamed = options.write(true).custom_flags(libc::O_TMPFILE).mode(0o600).open(folder);
    // Not every file system supports O_TMPFILE.
    let Ok(mut file) = unnamed else { return write_named(new, bytes) };
    file.write_all(bytes)?;
    file.sync_all()?;
    match crate::os::link(&file, new) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        // Giving the file a name needs /proc, which may not be mounted.
        Err(error) if error.kind() == ErrorKind::NotFound => return write_named(new, bytes),
        linked => return linked.map(|()| true),
    }
    // A complete file with this name exists. Its writer was killed, or is about to rename it.
    // Rename the file now. If the writer still runs, its `write` accepts that the file is already
    // renamed.
    match fs::rename(new, path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    match crate::os::link(&file, new) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        linked => linked.map(|()| true),
    }
}

#[cfg(not(target_os = "linux"))]
fn write_new(_: &Path, new: &Path, bytes: &[u8]) -> io::Result<bool> {
    write_named(new, bytes)
}

/// Like [`write_new`], but the file has the name `new` from the start.
fn write_named(new: &Path, bytes: &[u8]) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = match options.open(new) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let written = fs::symlink_metadata(new).and_then(|about| about.modified());
            let is_abandoned = written.is_ok_and(|at| at.elapsed().is_ok_and(|since| since >= ABANDONED));
            if !is_abandoned {
                return Ok(false);
            }
            // The writer of the old file was killed.
            fs::remove_file(new)?;
            options.open(new)?
        }
        opened => opened?,
    };
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(new);
    }
    written.map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("bouncer-last-good-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn the_file_contains_the_lifetime_and_a_missing_lifetime_is_read_as_zero() {
        let folder = folder("lifetime");
        let path = folder.join("keys.json");
        let (fetched, lifetime) = (SystemTime::now() - Duration::from_secs(30), Duration::from_secs(600));
        let contents = Contents { source: "s", jwks: b"{\"keys\":[]}", fetched, lifetime };
        write(&path, &contents).unwrap();
        let found = read(&path, "s", 1 << 20).unwrap().unwrap();
        assert_eq!((found.lifetime, &found.jwks[..]), (lifetime, contents.jwks));
        assert!(found.age().unwrap().as_secs().abs_diff(30) <= 2);
        let older = fs::read_to_string(&path).unwrap().replace(",\"lifetime\":600", "");
        fs::write(&path, older).unwrap();
        assert_eq!(read(&path, "s", 1 << 20).unwrap().unwrap().lifetime, Duration::ZERO);
    }

    #[test]
    fn a_temporary_file_of_a_killed_process_is_replaced() {
        let folder = folder("abandoned");
        let path = folder.join("keys.json");
        let new = folder.join("keys.json.new");
        let contents =
            Contents { source: "s", jwks: b"{}", fetched: SystemTime::now(), lifetime: Duration::ZERO };
        fs::write(&new, "half of a fi").unwrap();
        write(&path, &contents).unwrap();
        assert_eq!(names(&folder), ["keys.json"]);
        assert!(read(&path, "s", 1 << 20).unwrap().is_some());

        // Without O_TMPFILE, a recent temporary file is kept, and an old temporary file is
        // replaced.
        fs::write(&new, "half").unwrap();
        assert!(!write_named(&new, b"whole").unwrap());
        let old = SystemTime::now() - 2 * ABANDONED;
        File::options().write(true).open(&new).unwrap().set_modified(old).unwrap();
        assert!(write_named(&new, b"whole").unwrap());
        assert_eq!(fs::read(&new).unwrap(), b"whole");
    }
}
