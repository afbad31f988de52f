//! The generated files are what the tables say: settings, stats, `ErrorKind::ALL`. `BLESS=1 cargo test --test
//! generated` writes them. Without the feature `capi`, so that src/ffi need not compile while its list of
//! statuses lacks a new kind. A language is a file here, with a function `generate() -> Vec<(path, text)>`.
#![cfg(feature = "remote")]

mod c;
mod cpp;
mod docs;
mod go;
mod names;
mod notes;
mod python;
mod status;

use bouncer_verify::{SettingType, SettingsKind};
use std::path::Path;

const WRITE: &str = "BLESS=1 cargo test --test generated";

/// The files of a language: where they are, and what must be in them.
type Generator = fn() -> Vec<(&'static str, String)>;

/// In this order: the header is made of the statuses.
const GENERATORS: [Generator; 6] =
    [status::generate, c::generate, cpp::generate, docs::generate, go::generate, python::generate];

#[test]
fn generated_files_are_what_the_tables_say() {
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
    assert!(stale.is_empty(), "{stale:?}: out of date; {WRITE}");
}

#[test]
fn every_row_is_documented_in_plain_sentences() {
    for setting in SettingsKind::ALL.iter().flat_map(|kind| kind.settings()) {
        assert!(setting.help.ends_with('.'), "{}: {}", setting.name, setting.help);
        assert!(setting.help.is_ascii() && !setting.help.contains("*/"), "{}", setting.name);
        assert!(!setting.help.contains('|'), "{}: it stands in a table", setting.name);
        if matches!(setting.kind, SettingType::Flag) {
            assert_eq!(setting.default, "", "{}: a flag is false by default", setting.name);
        }
    }
}
