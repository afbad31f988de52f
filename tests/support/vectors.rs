//! Published test vectors that no crate contains, and reports of the tests that use them.

#![allow(dead_code, reason = "each test binary uses only a part of this file")]

use bouncer_verify::Backend;
use serde::de::DeserializeOwned;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Returns the folder of the published vectors. If it does not exist, prints that `test` is skipped
/// and returns `None`.
pub(crate) fn folder(test: &str) -> Option<PathBuf> {
    let folder = match std::env::var_os("BOUNCER_VECTORS") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"),
    };
    if folder.is_dir() {
        return Some(folder);
    }
    say(&format!("SKIPPED: {test}: no vectors at {}: set BOUNCER_VECTORS to their folder", folder.display()));
    None
}

/// Writes a line to standard error directly, because the test harness captures eprintln!. So each
/// run shows which vectors were tested.
pub(crate) fn say(line: &str) {
    // One write, so that the lines of parallel tests do not mix. If standard error is closed, the
    // line is lost, and the test goes on.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Reads a JSON file with vectors.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> T {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Decodes hexadecimal digits.
pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2) && text.is_ascii(), "hexadecimal digits");
    let octet = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits");
    (0..text.len()).step_by(2).map(octet).collect()
}

/// Counts the tested vectors and collects the failures, so that one panic at the end reports them
/// all.
pub(crate) struct Report {
    test: String,
    valid: usize,
    invalid: usize,
    failures: Vec<String>,
}

impl Report {
    pub(crate) fn new(test: &str, backend: Backend) -> Self {
        Self { test: format!("{test}, {backend:?}"), valid: 0, invalid: 0, failures: Vec::new() }
    }

    /// Counts one vector. Records `id` if `accepted` differs from `should_accept`.
    pub(crate) fn check(&mut self, id: impl FnOnce() -> String, should_accept: bool, accepted: bool) {
        if should_accept {
            self.valid += 1;
        } else {
            self.invalid += 1;
        }
        if should_accept != accepted {
            let wrong = if accepted { "accepted" } else { "rejected" };
            self.failures.push(format!("{} was {wrong}", id()));
        }
    }

    /// Prints the counts. Panics if there are failures, or if the number of vectors is not the
    /// expected one.
    pub(crate) fn finish(self, valid: usize, invalid: usize) {
        let Self { test, valid: ran_valid, invalid: ran_invalid, failures } = self;
        say(&format!(
            "{test}: {ran_valid} valid and {ran_invalid} invalid vectors tested, {} failures",
            failures.len()
        ));
        assert!(failures.is_empty(), "{test}: {} failures:\n{}", failures.len(), failures.join("\n"));
        assert_eq!((ran_valid, ran_invalid), (valid, invalid), "{test}: the number of vectors has changed");
    }
}
