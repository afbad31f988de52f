//! Bounded reads from files and standard input.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

/// Maximum number of bytes that are read. The library's limits for tokens and key sets are lower,
/// so it rejects input that is truncated here.
const MAX_LEN: u64 = 2 * 1024 * 1024;

/// A source of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

impl Source {
    /// The source at `path`; `-` is standard input.
    pub(crate) fn at(path: &Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path.to_owned()) }
    }

    /// Reads all bytes up to [`MAX_LEN`]. `what` names them in errors.
    pub(crate) fn read(&self, what: &str) -> Result<Vec<u8>, String> {
        self.read_up_to(MAX_LEN, what)
    }

    /// Reads all bytes up to `max_len`. `what` names them in errors.
    pub(crate) fn read_up_to(&self, max_len: u64, what: &str) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let read = match self {
            Self::Stdin => {
                let stdin = io::stdin().lock();
                if stdin.is_terminal() {
                    // Without a prompt, the command would seem to hang. A failure to print it does
                    // not matter.
                    let _ = io::Write::write_fmt(
                        &mut io::stderr(),
                        format_args!("{what} from standard input:\n"),
                    );
                }
                stdin.take(max_len).read_to_end(&mut bytes)
            }
            Self::File(path) => File::open(path).and_then(|file| file.take(max_len).read_to_end(&mut bytes)),
        };
        match (read, self) {
            (Ok(_), _) => Ok(bytes),
            (Err(error), Self::Stdin) => Err(format!("cannot read {what} from standard input: {error}")),
            (Err(error), Self::File(path)) => Err(format!("cannot read {what} {path:?}: {error}")),
        }
    }
}
