//! The committed header is what cbindgen writes from `src/ffi`, and it compiles as every C and C++ in use.

use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn header_is_what_the_sources_say() {
    let config = cbindgen::Config::from_file(format!("{ROOT}/src/ffi/cbindgen.toml")).unwrap();
    // The files one by one, in the order of their `mod` lines: the rest of the crate is not C's business.
    let modules = std::fs::read_to_string(format!("{ROOT}/src/ffi/mod.rs")).unwrap();
    let modules = modules.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let sources = modules.map(|module| format!("{ROOT}/src/ffi/{module}.rs"));
    let builder = cbindgen::Builder::new().with_config(config);
    let bindings = sources.fold(builder, cbindgen::Builder::with_src).generate().unwrap();
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    let generated = String::from_utf8(generated).unwrap();
    // Rust's contract for callers in Rust; C has the preamble.
    let generated = generated
        .replace(" *\n *  # Safety\n *  The rules of the header's preamble.\n", "")
        .replace(" *\n * # Safety\n * The rules of the header's preamble.\n", "");
    assert!(!generated.contains("# Safety"));

    let path = Path::new(ROOT).join("include/bouncer_verify.h");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "include/bouncer_verify.h is out of date: BLESS=1 cargo test --test header"
    );
}

#[test]
fn header_compiles_without_a_warning_in_every_standard() {
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("header.c");
    std::fs::write(
        &source,
        "#include <bouncer_verify.h>\n#include <bouncer_verify.h>\nint main(void) { return 0; }\n",
    )
    .unwrap();
    for (compiler, language, standards, warnings) in [
        ("cc", "c", &["c99", "c11", "c2x"][..], &["-Wstrict-prototypes"][..]),
        ("c++", "c++", &["c++17", "c++20"], &[]),
    ] {
        for standard in standards {
            let status = Command::new(compiler)
                .args(["-x", language, &format!("-std={standard}"), "-fsyntax-only"])
                .args(["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"])
                .args(warnings)
                .arg(format!("-I{ROOT}/include"))
                .arg(&source)
                .status()
                .unwrap_or_else(|error| panic!("{compiler}: {error}"));
            assert!(status.success(), "{compiler} -std={standard}");
        }
    }
}
