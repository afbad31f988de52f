//! Checks for optional tools that a test suite needs.

use std::io::Write;
use std::process::{Command, Stdio};

/// Returns whether `program` can be run. If not, prints that the suite is skipped, and the remedy.
/// With CI=true this panics instead, because a skipped suite is a failure there.
pub(crate) fn is_installed(program: &str, remedy: &str) -> bool {
    let found =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        let message = format!("SKIPPED: {program} is not installed: {remedy}\n");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
        // Writes to standard error directly, because the test harness captures eprintln!.
        let _ = std::io::stderr().write_all(message.as_bytes());
    }
    found
}
