//! The result of one step of a check that is made for people.

use crate::error::Error;
use std::borrow::Cow;

/// One step: what was expected, what was found, and whether that is good.
///
/// For the command and for web pages. Not part of the stable interface.
#[derive(Debug, Clone)]
pub struct Step {
    /// What the step is about: `dns`, `signature`, or the name of a claim.
    pub name: Cow<'static, str>,
    /// Whether the step succeeded.
    pub verdict: StepVerdict,
    /// What is accepted. Empty if any value is accepted.
    pub expected: String,
    /// What was found. Empty if nothing was found. It may contain text from the network or from a
    /// token that is not verified.
    pub found: String,
    /// The error that a service would return.
    pub error: Option<Error>,
    /// The stable name of the reason: of a failed fetch (`tls`) or of a skipped key (`wrong_use`).
    pub reason: Option<&'static str>,
}

/// The verdict of a [`Step`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepVerdict {
    /// As expected.
    Ok,
    /// Works now, but something is wrong.
    Warning,
    /// The step failed, and [`Step::error`] contains the cause.
    Failed,
    /// Not made, or not used.
    Skipped,
}

impl StepVerdict {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl Step {
    /// Makes a step that succeeded.
    pub(crate) fn ok(name: impl Into<Cow<'static, str>>, found: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            verdict: StepVerdict::Ok,
            expected: String::new(),
            found: found.into(),
            error: None,
            reason: None,
        }
    }

    /// Makes a step that was not made. `why` is the reason.
    pub(crate) fn skipped(name: impl Into<Cow<'static, str>>, why: impl Into<String>) -> Self {
        Self { verdict: StepVerdict::Skipped, ..Self::ok(name, why) }
    }

    /// Makes a step that works now, but is probably not what is wanted.
    pub(crate) fn warning(name: impl Into<Cow<'static, str>>, found: impl Into<String>) -> Self {
        Self { verdict: StepVerdict::Warning, ..Self::ok(name, found) }
    }

    /// Sets what is accepted.
    pub(crate) fn expecting(self, expected: impl Into<String>) -> Self {
        Self { expected: expected.into(), ..self }
    }

    /// Makes the step a failure if there is an error.
    pub(crate) fn with_error(self, error: Option<Error>) -> Self {
        match error {
            Some(error) => Self { verdict: StepVerdict::Failed, error: Some(error), ..self },
            None => self,
        }
    }
}
