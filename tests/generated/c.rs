//! C: the header, which cbindgen generates from `src/ffi`, with the names of all settings and
//! stats.

use super::notes::{DO_NOT_EDIT, notes, purpose, wrap};
use bouncer_verify::{CACHE_STATS, KEYS_STATS, RENEWER_STATS, SettingsKind, StatRow, VERIFICATIONS};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

pub(crate) fn generate() -> Vec<(&'static str, String)> {
    let header = header();
    // A Go module must contain every file that it includes.
    let copy = format!("/* Generated: a copy of include/bouncer_verify.h. DO NOT EDIT. */\n{header}");
    vec![("include/bouncer_verify.h", header), ("bindings/go/internal/native/bouncer_verify.h", copy)]
}

fn header() -> String {
    let mut config = cbindgen::Config::from_file(format!("{ROOT}/src/ffi/cbindgen.toml")).unwrap();
    config.after_includes = Some(format!("{}\n{}", config.after_includes.unwrap(), names()));
    // Only the files of src/ffi, in the order of their `mod` lines.
    let modules = std::fs::read_to_string(format!("{ROOT}/src/ffi/mod.rs")).unwrap();
    let modules = modules.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let sources = modules.map(|module| format!("{ROOT}/src/ffi/{module}.rs"));
    let builder = cbindgen::Builder::new().with_config(config);
    let bindings = sources.fold(builder, cbindgen::Builder::with_src).generate().unwrap();
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    let generated = String::from_utf8(generated).unwrap();
    // The sections "Safety" are for callers in Rust. For C, the preamble contains these rules.
    let generated = generated
        .replace(" *\n *  # Safety\n *  The rules of the header's preamble.\n", "")
        .replace(" *\n * # Safety\n * The rules of the header's preamble.\n", "");
    assert!(!generated.contains("# Safety"));
    generated
}

/// Returns a macro for each name, so that a misspelt name does not compile.
fn names() -> String {
    let mut names = format!("\n/* {DO_NOT_EDIT} */\n");
    for &kind in SettingsKind::ALL {
        let upper = kind.as_str().to_uppercase();
        define(
            &mut names,
            &format!("A kind of settings. {}", purpose(kind)),
            &format!("BOUNCER_KIND_{upper} {}", kind.number()),
        );
        for setting in kind.settings() {
            let name = setting.name.to_uppercase();
            let doc = format!("{}: {}", setting.kind.name(), notes(setting));
            define(&mut names, &doc, &format!("BOUNCER_{upper}_{name} \"{}\"", setting.name));
        }
    }
    stat_names(&mut names, CACHE_STATS);
    stat_names(&mut names, &[VERIFICATIONS]);
    stat_names(&mut names, KEYS_STATS);
    stat_names(&mut names, RENEWER_STATS);
    names
}

fn stat_names<T>(names: &mut String, rows: &[StatRow<T>]) {
    for row in rows {
        let doc = format!("{}: {}", row.kind.as_str(), row.help);
        define(names, &doc, &format!("BOUNCER_STAT_{} \"{}\"", row.name.to_uppercase(), row.name));
    }
}

fn define(names: &mut String, doc: &str, definition: &str) {
    let doc = wrap(doc, 92).join("\n *  ");
    *names += &format!("\n/** {doc} */\n#define {definition}\n");
}
