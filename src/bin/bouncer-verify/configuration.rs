//! The configuration document of a verifier, which `--config` names.

use crate::input::Source;
use crate::options::{self, Options};
use crate::report::Failure;
use bouncer_verify::{Settings, SettingsKind};
use std::path::Path;

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

/// Reads the document. Its entries may still be rejected. `is_token_stdin` says whether the token
/// comes from standard input.
pub(crate) fn read(path: &Path, is_token_stdin: bool) -> Result<Settings, Failure> {
    let source = Source::at(path);
    if source == Source::Stdin && is_token_stdin {
        let why = "token and configuration cannot both come from standard input";
        return Err(Failure::Usage(why.to_owned()));
    }
    let document = source.read("the configuration").map_err(Failure::Usage)?;
    let document = String::from_utf8(document)
        .map_err(|_| Failure::Usage(format!("the configuration {path:?} is not UTF-8")))?;
    let mut settings = Settings::new(SettingsKind::Verifier);
    settings.load(&document)?;
    Ok(settings)
}
