//! The output of a command: text, errors and the exit code. [`Report::print`] writes the output
//! when the command ends. Only warnings are written earlier.

use crate::json::Object;
use crate::text::shown;
use bouncer_verify::{Error, ErrorCategory, ErrorKind};
use std::io::{self, Write};
use std::process::ExitCode;

/// The exit codes. Scripts depend on the numbers, so they are permanent.
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

    /// Prints the report. If the reader closes the pipe early, like `head`, the exit code stays the
    /// same. Any other write error, such as a full disk, is reported.
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
        // A failure to write to stderr cannot be reported anywhere.
        let _ = write_all(&mut io::stderr().lock(), &stderr);
        ExitCode::from(exit as u8)
    }
}

/// Prints a warning on stderr immediately, so that it is not lost if the command fails later.
pub(crate) fn warn(message: &str) {
    // A failure to write to stderr cannot be reported anywhere.
    let _ = write_all(&mut io::stderr().lock(), &format!("warning: {}\n", shown(message)));
}

fn write_all(stream: &mut impl Write, text: &str) -> io::Result<()> {
    match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is invalid.
    Usage(String),
    /// A file with keys cannot be read.
    UnreadableKeys(String),
    /// The keys, the token or the policy are rejected.
    Refused(Refusal),
}

/// An [`Error`] of the library, or an error that the command itself found. Both have an
/// [`ErrorKind`] of the library.
#[derive(Debug)]
pub(crate) struct Refusal {
    kind: ErrorKind,
    name: Option<String>,
    message: String,
}

impl Refusal {
    /// Creates an error of `kind` that the command itself found.
    pub(crate) fn new(kind: ErrorKind, detail: &str) -> Self {
        Self { kind, name: None, message: format!("{}: {detail}", kind.message()) }
    }

    pub(crate) fn with_message(self, message: String) -> Self {
        Self { message, ..self }
    }

    /// Returns the error as a line of text. Only errors about a token start with `invalid:`. If no
    /// keys are available, the token may be valid, so the line starts with `error:`.
    pub(crate) fn line(&self) -> String {
        let word = if self.exit() == Exit::InvalidToken { "invalid" } else { "error" };
        format!("{word}: {}\n", self.message)
    }

    pub(crate) fn json(&self) -> Object {
        self.members(Object::new())
    }

    /// Adds the error to an object.
    pub(crate) fn members(&self, object: Object) -> Object {
        object
            .string("status", self.kind.as_str())
            .raw("http_status", &self.kind.http_status().to_string())
            .maybe_string("challenge", self.kind.challenge())
            .maybe_string("claim", self.name.as_deref())
            .string("message", &self.message)
    }

    pub(crate) fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
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
    /// Converts the failure to an error with a name.
    pub(crate) fn into_refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Usage(message) => Refusal::new(ErrorKind::InvalidArgument, &message),
            Self::UnreadableKeys(message) => Refusal::new(ErrorKind::KeysUnavailable, &message),
        }
    }

    /// Returns the report of this failure: a JSON object on stdout if `json` is true, otherwise
    /// text on stderr.
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
