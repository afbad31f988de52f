//! The configuration document of a verifier, which `--config` names.

use crate::input::Source;
use crate::options::{self, Options};
use crate::report::Failure;
use bouncer_verify::{Settings, SettingsKind};
use std::path::Path;

/// Maximum length of a document, in bytes. The library has no limit.
const MAX_LEN: u64 = 64 * 1024 * 1024;

/// Checks that no other option sets what the document contains.
pub(crate) fn check_exclusive(
    policy: &Options<options::Policy>,
    keys: &Options<options::Keys>,
) -> Result<(), Failure> {
    match policy.first_given().or_else(|| keys.first_given()) {
        None => Ok(()),
        Some(option) => Err(Failure::Usage(format!(
            "--config and --{option} are mutually exclusive: write the setting in the document"
        ))),
    }
}

/// Adds the path of the document to its error.
pub(crate) fn naming(path: &Path, failure: Failure) -> Failure {
    match failure {
        Failure::Refused(refusal) => {
            let message = format!("the configuration {path:?}: {}", refusal.message());
            refusal.with_message(message).into()
        }
        // These already contain the path.
        failure => failure,
    }
}

/// Reads the document. Its entries may still be rejected. `is_token_stdin` says whether the token
/// comes from standard input.
pub(crate) fn read(path: &Path, is_token_stdin: bool) -> Result<Settings, Failure> {
    let source = Source::at(path);
    if source == Source::Stdin && is_token_stdin {
        let why = "token and configuration cannot both come from standard input";
        return Err(Failure::Usage(why.to_owned()));
    }
    let document = source.read_up_to(MAX_LEN + 1, "the configuration").map_err(Failure::Usage)?;
    if document.len() as u64 > MAX_LEN {
        return Err(Failure::Usage(format!("the configuration {path:?} is larger than 64 MiB")));
    }
    let document = String::from_utf8(document)
        .map_err(|_| Failure::Usage(format!("the configuration {path:?} is not UTF-8")))?;
    let mut settings = Settings::new(SettingsKind::Verifier);
    settings.load(&document)?;
    Ok(settings)
}
