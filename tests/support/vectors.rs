//! Where the published vectors are that no crate carries, and how a test says what it ran.

#![allow(dead_code, reason = "each test binary uses a part")]

use bouncer_verify::Backend;
use serde::de::DeserializeOwned;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The folder of the published vectors, or `None` after saying loudly that `test` is skipped.
pub(crate) fn folder(test: &str) -> Option<PathBuf> {
    let folder = match std::env::var_os("BOUNCER_VECTORS") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"),
    };
    if folder.is_dir() {
        return Some(folder);
    }
    say(&format!("SKIPPED: {test}: no vectors at {}; set BOUNCER_VECTORS", folder.display()));
    None
}

/// Writes to the real standard error, which the test harness does not capture: what ran, and what
/// did not, shows in every run.
pub(crate) fn say(line: &str) {
    // One write, so that lines of parallel tests do not mix. A closed standard error is no reason
    // to fail.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Reads a JSON file of the vectors.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> T {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Bytes from hexadecimal digits.
pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2) && text.is_ascii(), "hexadecimal digits");
    let octet = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits");
    (0..text.len()).step_by(2).map(octet).collect()
}

/// What was run, what it should have given and what it gave instead; fails at the end with
/// everything at once.
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

    /// Counts one vector, and notes `id` when it was accepted but should not have been, or the
    /// reverse.
    pub(crate) fn check(&mut self, id: impl FnOnce() -> String, should_accept: bool, accepted: bool) {
        if should_accept {
            self.valid += 1;
        } else {
            self.invalid += 1;
        }
        if should_accept != accepted {
            let wrong = if accepted { "accepted" } else { "refused" };
            self.failures.push(format!("{} was {wrong}", id()));
        }
    }

    /// Says what ran; fails on any difference, and when fewer or more vectors ran than are known to
    /// exist.
    pub(crate) fn finish(self, valid: usize, invalid: usize) {
        let Self { test, valid: ran_valid, invalid: ran_invalid, failures } = self;
        say(&format!(
            "{test}: {ran_valid} valid accepted, {ran_invalid} invalid refused, {} wrong",
            failures.len()
        ));
        assert!(failures.is_empty(), "{test}: {} wrong:\n{}", failures.len(), failures.join("\n"));
        assert_eq!((ran_valid, ran_invalid), (valid, invalid), "{test}: not the known number of vectors");
    }
}
