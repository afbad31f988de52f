//! Builds the shared C library. `cargo test` does not build it, because Cargo.toml sets only the
//! crate type `lib`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Returns the folder with libbouncer_verify.so and the symbolic link of its SONAME. Builds them on
/// the first call, like `make lib` but with the debug profile. Cargo's own lock serializes
/// concurrent builds.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let status = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/bindings/c/build.sh"))
            .args(["shared", "--quiet"])
            .env("CARGO_TARGET_DIR", target)
            .status()
            .unwrap_or_else(|error| panic!("bindings/c/build.sh: {error}"));
        assert!(status.success(), "building the shared library failed");
        target.join("debug")
    })
}
