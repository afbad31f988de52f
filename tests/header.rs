//! The committed header compiles as every C and C++ in use. That it is what the sources say is a test of
//! `tests/generated`.

use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

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
