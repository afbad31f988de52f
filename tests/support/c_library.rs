//! The shared library for C, which no `cargo test` builds: the crate is a Rust library alone.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The folder with libbouncer_verify.so and the link of its SONAME, built by now as `make lib`
/// builds it, but for its profile. Cargo's own lock keeps test programs that run at once apart.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let status = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/bindings/c/build.sh"))
            .args(["shared", "--quiet"])
            .env("CARGO_TARGET_DIR", target)
            .status()
            .unwrap_or_else(|error| panic!("bindings/c/build.sh: {error}"));
        assert!(status.success(), "the shared library does not build");
        target.join("debug")
    })
}
