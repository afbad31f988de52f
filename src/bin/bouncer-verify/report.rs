//! What a command has to say: text, errors and the exit code, written at the very end and in one place.

use crate::json::Object;
use crate::text::shown;
use bouncer_verify::{Error, ErrorCategory, ErrorKind};
use std::io::{self, Write};
use std::process::ExitCode;

/// The exit codes. They are an interface: scripts depend on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Success = 0,
    InvalidToken = 1,
    Usage = 2,
    NoKeys = 3,
    NoLogin = 4,
}

/// All output of one run.
pub(crate) struct Report {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) exit: Exit,
}

impl Report {
    pub(crate) fn success(stdout: String) -> Self {
        Self { stdout, stderr: String::new(), exit: Exit::Success }
    }

    /// A reader that went away, as `head` does, has seen enough: the verdict stands. A full disk is told.
    pub(crate) fn print(self) -> ExitCode {
        let written = write_all(&mut io::stdout().lock(), &self.stdout);
        let mut exit = self.exit;
        let mut stderr = self.stderr;
        if let Err(error) = written {
            stderr.push_str(&format!("error: cannot write the output: {error}\n"));
            if exit == Exit::Success {
                exit = Exit::Usage;
            }
        }
        // Where stderr fails there is nobody left to tell.
        let _ = write_all(&mut io::stderr().lock(), &stderr);
        ExitCode::from(exit as u8)
    }
}

/// Prints a warning on stderr at once. It is not lost if the command fails later.
pub(crate) fn warn(message: &str) {
    // If stderr cannot be written, there is no other place to report it.
    let _ = write_all(&mut io::stderr().lock(), &format!("warning: {}\n", shown(message)));
}

fn write_all(stream: &mut impl Write, text: &str) -> io::Result<()> {
    match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Why a command has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line asks for what cannot be done.
    Usage(String),
    /// A file with keys cannot be read.
    UnreadableKeys(String),
    /// The keys, the token or the policy are refused.
    Refused(Refusal),
}

/// A refusal by its stable name: an [`Error`] of the library, or one of its kinds.
#[derive(Debug)]
pub(crate) struct Refusal {
    kind: ErrorKind,
    name: Option<String>,
    message: String,
}

impl Refusal {
    /// A refusal for which the library has the kind but `detail` is found here.
    pub(crate) fn new(kind: ErrorKind, detail: &str) -> Self {
        Self { kind, name: None, message: format!("{}: {detail}", kind.message()) }
    }

    pub(crate) fn with_message(self, message: String) -> Self {
        Self { message, ..self }
    }

    pub(crate) fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// `invalid:` is said of tokens only: without keys nothing is known of the token.
    pub(crate) fn line(&self) -> String {
        let word = if self.exit() == Exit::InvalidToken { "invalid" } else { "error" };
        format!("{word}: {}\n", self.message)
    }

    pub(crate) fn json(&self) -> Object {
        Object::new()
            .string("status", self.kind.as_str())
            .raw("http_status", &self.kind.http_status().to_string())
            .maybe_string("challenge", self.kind.challenge())
            .maybe_string("claim", self.name.as_deref())
            .string("message", &self.message)
    }

    pub(crate) fn exit(&self) -> Exit {
        match self.kind.category() {
            ErrorCategory::Token => Exit::InvalidToken,
            ErrorCategory::Keys => Exit::NoKeys,
            ErrorCategory::Login => Exit::NoLogin,
            _ => Exit::Usage,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { kind: error.kind(), name: error.name().map(Into::into), message: error.to_string() }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error.into())
    }
}

impl Failure {
    /// The report of this failure: with `json` an object on stdout, otherwise text on stderr.
    pub(crate) fn report(self, json: bool) -> Report {
        let (kind, message, exit) = match self {
            Self::Refused(refusal) if json => {
                return Report { exit: refusal.exit(), ..Report::success(refusal.json().line()) };
            }
            Self::Refused(refusal) => {
                return Report { stdout: String::new(), stderr: refusal.line(), exit: refusal.exit() };
            }
            Self::Usage(message) => (ErrorKind::InvalidArgument, message, Exit::Usage),
            Self::UnreadableKeys(message) => (ErrorKind::KeysUnavailable, message, Exit::NoKeys),
        };
        match json {
            true => Report { exit, ..Report::success(Refusal::new(kind, &message).json().line()) },
            false => Report::error(&message, exit),
        }
    }
}

impl Report {
    fn error(message: &str, exit: Exit) -> Self {
        Self { stdout: String::new(), stderr: format!("error: {message}\n"), exit }
    }
}
