//! Bytes from files and from standard input, never without a bound.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

/// More than the longest token or key set of the library, which refuses what was cut off here for its length.
const MAX_LEN: u64 = 2 * 1024 * 1024;

/// Where bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

impl Source {
    /// `-` is standard input, here as in every command.
    pub(crate) fn at(path: &Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path.to_owned()) }
    }

    /// All bytes up to [`MAX_LEN`]; `what` they are is for the error's text.
    pub(crate) fn read(&self, what: &str) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let read = match self {
            Self::Stdin => {
                let stdin = io::stdin().lock();
                if stdin.is_terminal() {
                    // Silence would look like a command that hangs. Nothing is lost where nobody sees it.
                    let _ = io::Write::write_fmt(
                        &mut io::stderr(),
                        format_args!("{what} from standard input:\n"),
                    );
                }
                stdin.take(MAX_LEN).read_to_end(&mut bytes)
            }
            Self::File(path) => File::open(path).and_then(|file| file.take(MAX_LEN).read_to_end(&mut bytes)),
        };
        match (read, self) {
            (Ok(_), _) => Ok(bytes),
            (Err(error), Self::Stdin) => Err(format!("cannot read {what} from standard input: {error}")),
            (Err(error), Self::File(path)) => Err(format!("cannot read {what} {path:?}: {error}")),
        }
    }
}
