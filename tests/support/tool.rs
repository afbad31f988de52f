//! Tools that a suite needs and a machine may lack.

use std::io::Write;
use std::process::{Command, Stdio};

/// Whether `program` can be run. If not, says aloud that the suite is skipped and what would help;
/// with CI=true a suite that is skipped is a failure.
pub(crate) fn is_installed(program: &str, remedy: &str) -> bool {
    let found =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        let message = format!("SKIPPED: {program} is not installed: {remedy}\n");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{message}");
        // The real standard error, which the test harness does not capture.
        let _ = std::io::stderr().write_all(message.as_bytes());
    }
    found
}
