//! The generated files are what the table of settings says. `BLESS=1 cargo test --features
//! rust-crypto,cli,capi --test generated` writes them. A language is a file here, with a function
//! `generate() -> Vec<(path, text)>`.
#![cfg(feature = "remote")]

mod c;
mod cpp;
mod docs;
mod go;
mod notes;
mod python;

use bouncer_verify::{SettingType, SettingsKind};
use std::path::Path;

/// Every generated file: where it is, and what must be in it.
fn files() -> Vec<(&'static str, String)> {
    [c::generate(), cpp::generate(), docs::generate(), go::generate(), python::generate()].concat()
}

#[test]
fn generated_files_are_what_the_table_says() {
    let mut stale = Vec::new();
    for (name, text) in files() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != text {
            stale.push(name);
        }
    }
    assert!(
        stale.is_empty(),
        "{stale:?}: out of date; BLESS=1 cargo test --features rust-crypto,cli,capi --test generated"
    );
}

#[test]
fn every_name_can_be_a_name_in_every_language() {
    // A name is a method in C++, a field in Go and a keyword argument in Python.
    const RESERVED: [&str; 30] = [
        "and",
        "auto",
        "bool",
        "case",
        "class",
        "const",
        "default",
        "delete",
        "double",
        "export",
        "for",
        "from",
        "func",
        "global",
        "import",
        "int",
        "lambda",
        "namespace",
        "new",
        "not",
        "operator",
        "or",
        "private",
        "public",
        "range",
        "register",
        "short",
        "switch",
        "template",
        "type",
    ];
    for kind in SettingsKind::ALL {
        for setting in kind.settings() {
            let name = setting.name;
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            assert!(!RESERVED.contains(&name), "{name}");
            // What the generated classes have themselves.
            assert!(!["add", "document", "error", "handle", "kind", "load", "set"].contains(&name), "{name}");
        }
        let mut names: Vec<_> = kind.settings().iter().map(|setting| setting.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), kind.settings().len(), "{}: a name comes twice", kind.as_str());
    }
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
