//! Tests that the generated files are up to date with the tables: settings, stats,
//! `ErrorKind::ALL`. `BLESS=1 cargo test --test generated` writes them.
//!
//! Each language has a file here, with a function `generate() -> Vec<(path, text)>`. The test must
//! not need the feature `capi`. After a new `ErrorKind`, src/ffi does not compile until this test
//! has written its new list of statuses.
#![cfg(feature = "remote")]

mod c;
mod cpp;
mod docs;
mod go;
mod messages;
mod names;
mod notes;
mod python;
mod status;

use bouncer_verify::{SettingType, SettingsKind};
use std::path::Path;

const WRITE: &str = "BLESS=1 cargo test --test generated";

/// Returns the files of a language: path and content.
type Generator = fn() -> Vec<(&'static str, String)>;

/// The order matters: the header is generated from the statuses, and the list of messages from all
/// source files.
const GENERATORS: [Generator; 7] = [
    status::generate,
    c::generate,
    cpp::generate,
    docs::generate,
    go::generate,
    python::generate,
    messages::generate,
];

/// The kinds of settings that are types in C++, Go and Python. In these languages, a verifier is
/// made from a document, or from keys and policies.
fn typed_kinds() -> impl Iterator<Item = SettingsKind> {
    SettingsKind::ALL.iter().copied().filter(|kind| *kind != SettingsKind::Verifier)
}

#[test]
fn generated_files_are_up_to_date() {
    let mut stale = Vec::new();
    for (name, text) in GENERATORS.iter().flat_map(|generate| generate()) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != text {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "{stale:?}: out of date; run {WRITE}");
}

#[test]
fn every_row_is_documented_in_plain_sentences() {
    for setting in SettingsKind::ALL.iter().flat_map(|kind| kind.settings()) {
        assert!(setting.help.ends_with('.'), "{}: {}", setting.name, setting.help);
        assert!(setting.help.is_ascii() && !setting.help.contains("*/"), "{}", setting.name);
        assert!(!setting.help.contains('|'), "{}: not allowed in a cell of a table", setting.name);
        if matches!(setting.kind, SettingType::Flag) {
            assert_eq!(setting.default, "", "{}: a flag is false by default", setting.name);
        }
    }
}
