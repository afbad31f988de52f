//! What every generated file says of a setting.

use bouncer_verify::{Setting, SettingsKind};

/// The first line of each generated file, after that language's comment sign.
pub(crate) const DO_NOT_EDIT: &str = "Code generated from src/settings by tests/generated. DO NOT EDIT.";

/// The help of a setting with its range, default and flags, in sentences.
pub(crate) fn notes(setting: &Setting) -> String {
    let default = match setting.default {
        "" => String::new(),
        default => format!(" Default: {default}."),
    };
    with_default(setting, &default)
}

/// [`notes`] without the default, for a table that has a column for it.
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
        notes += " With a password it is secret.";
    }
    if setting.has(Setting::SECRET) || setting.has(Setting::CODE_ONLY) {
        notes += " Not in a document.";
    }
    if setting.has(Setting::DEPRECATED) {
        notes += " Deprecated.";
    }
    if setting.since != "0.1.0" {
        notes += &format!(" Since {}.", setting.since);
    }
    notes
}

/// What settings of a kind are for.
pub(crate) fn purpose(kind: SettingsKind) -> &'static str {
    match kind.as_str() {
        "policy" => "What a token must be.",
        "keys" => "Where an issuer's keys are, and how they are kept fresh.",
        "renewer" => "Where the service's own token comes from.",
        other => panic!("say what {other} is for"),
    }
}

/// `text` in lines of at most `width` characters.
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
