//! Tests that the committed header compiles in every C and C++ standard in use, and stays small.
//! `tests/generated` tests that it is up to date.

use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_header_compiles_without_a_warning_in_every_standard() {
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

#[test]
fn the_header_has_at_most_150_functions() {
    let header = std::fs::read_to_string(format!("{ROOT}/include/bouncer_verify.h")).unwrap();
    // A declaration begins at the start of a line. Names in comments and macros do not.
    let begins = |line: &str| line.starts_with(|c: char| c.is_ascii_lowercase());
    let functions =
        header.lines().filter(|line| begins(line) && line.contains("bouncer_") && line.contains('('));
    let functions = functions.filter(|line| !line.starts_with("typedef")).count();
    assert!(
        (100..=150).contains(&functions),
        "{functions} functions: a new setting or counter needs no function"
    );
}
