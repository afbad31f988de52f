//! Checks for optional tools that a test suite needs.

#![allow(dead_code, reason = "each test binary uses only a part of this file")]

use std::io::Write;
use std::process::{Command, Stdio};

/// Returns whether `program` can be run. If not, prints that the suite is skipped, and the remedy.
/// With CI=true this panics instead, because a skipped suite is a failure there.
pub(crate) fn is_installed(program: &str, remedy: &str) -> bool {
    let found =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    found_or_skipped(program, remedy, found)
}

/// Like [`is_installed`], for a header of C or C++.
pub(crate) fn has_header(header: &str, flags: &[&str], remedy: &str) -> bool {
    let mut compiler = Command::new("c++");
    compiler.args(flags).args(["-E", "-P", "-x", "c++", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = compiler.spawn().unwrap_or_else(|error| panic!("c++: {error}"));
    let text = format!("#if __has_include(<{header}>)\nfound\n#endif\n");
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    found_or_skipped(header, remedy, output.stdout.starts_with(b"found"))
}

fn found_or_skipped(what: &str, remedy: &str, found: bool) -> bool {
    if !found {
        let message = format!("SKIPPED: {what} is not installed: {remedy}\n");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
        // Writes to standard error directly, because the test harness captures eprintln!.
        let _ = std::io::stderr().write_all(message.as_bytes());
    }
    found
}
