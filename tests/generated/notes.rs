//! Text about settings that all generated files share.

use bouncer_verify::{Setting, SettingsKind};

/// The first line of each generated file, in a comment of its language.
pub(crate) const DO_NOT_EDIT: &str = "Code generated from src/settings by tests/generated. DO NOT EDIT.";

/// Returns the help of a setting with its range, default and flags, in sentences.
pub(crate) fn notes(setting: &Setting) -> String {
    let default = match setting.default {
        "" => String::new(),
        default => format!(" Default: {default}."),
    };
    with_default(setting, &default)
}

/// Like [`notes`], but without the default. For a table that has a column for the default.
pub(crate) fn notes_without_default(setting: &Setting) -> String {
    with_default(setting, "")
}

fn with_default(setting: &Setting, default: &str) -> String {
    let mut notes = setting.help.to_owned();
    if !setting.kind.range().is_empty() {
        notes += &format!(" Range: {}.", setting.kind.range());
    }
    notes += default;
    if setting.has(Setting::SECRET) {
        notes += " Secret.";
    }
    if setting.has(Setting::PASSWORD) {
        notes += " Secret if it contains a password.";
    }
    if setting.has(Setting::SECRET) || setting.has(Setting::CODE_ONLY) {
        notes += " A document cannot set it.";
    }
    if setting.has(Setting::DEPRECATED) {
        notes += " Deprecated.";
    }
    if setting.since != "0.1.0" {
        notes += &format!(" Since {}.", setting.since);
    }
    notes
}

/// Returns a sentence that describes a kind of settings.
pub(crate) fn purpose(kind: SettingsKind) -> &'static str {
    match kind.as_str() {
        "policy" => "The rules for tokens.",
        "keys" => "Where an issuer's keys are fetched, and how they are refreshed.",
        "verifier" => "The entries that accept tokens, each for one issuer or several.",
        "renewer" => "How the service gets its own token.",
        other => panic!("the purpose of {other} is missing"),
    }
}

/// Breaks `text` into lines of at most `width` characters.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().unwrap();
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            *line += " ";
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
