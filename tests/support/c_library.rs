//! Builds the shared C library, and programs that use it. `cargo test` does not build the library,
//! because Cargo.toml sets only the crate type `lib`.
//!
//! If the tests are built for another target, the environment variable `BOUNCER_TEST_TARGET` names
//! it. tests/support/cross.sh sets it. The compiler and the emulator are in the variables in which
//! the crate cc and cargo expect them.

#![allow(dead_code, reason = "each test binary uses only a part of this file")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Returns the target of the tests, or `None` if it is the one of the compiler `cc`.
pub(crate) fn target() -> Option<String> {
    std::env::var("BOUNCER_TEST_TARGET").ok()
}

/// Returns the folder with libbouncer_verify.so and the symbolic link of its SONAME. Builds them on
/// the first call, like `make lib` but with the debug profile. Cargo's own lock serializes
/// concurrent builds.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let own_folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let cargo_folder = if target().is_some() { own_folder.parent().unwrap() } else { own_folder };
        let mut build = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/bindings/c/build.sh"));
        build.args(["shared", "--quiet"]).env("CARGO_TARGET_DIR", cargo_folder);
        let status = build
            .args(target().iter().flat_map(|target| ["--target", target]))
            .status()
            .unwrap_or_else(|error| panic!("bindings/c/build.sh: {error}"));
        assert!(status.success(), "building the shared library failed");
        own_folder.join("debug")
    })
}

/// Returns the C compiler.
pub(crate) fn compiler() -> Command {
    Command::new(target().map_or("cc".to_owned(), |target| variable(&format!("CC_{target}"))))
}

/// Returns the command that runs programs of the target. Empty if the system runs them itself.
fn runner() -> String {
    let name = |target: String| format!("CARGO_TARGET_{}_RUNNER", target.to_uppercase());
    target().map(|target| variable(&name(target))).unwrap_or_default()
}

/// Returns the number of threads that the emulator adds to each process.
pub(crate) fn emulator_threads() -> usize {
    usize::from(runner().starts_with("qemu-"))
}

/// Returns whether the C programs fork children: tests/capi/children.h forks none under qemu.
pub(crate) fn programs_fork() -> bool {
    emulator_threads() == 0
}

/// Returns the command that runs a program of the compiler, without program arguments.
pub(crate) fn run(program: &Path) -> Command {
    let runner = runner();
    let mut words = runner.split_whitespace();
    let Some(emulator) = words.next() else { return Command::new(program) };
    let mut command = Command::new(emulator);
    // cargo's value has the folders of this computer's libraries.
    command.args(words).arg(program).env_remove("LD_LIBRARY_PATH");
    command
}

/// Returns the environment variable, whose name has no hyphens.
fn variable(name: &str) -> String {
    let name = name.replace('-', "_");
    std::env::var(&name).unwrap_or_else(|error| panic!("{name}: {error}"))
}
