//! Python: the types of settings and stats, the exceptions, and the table of exceptions in
//! README.md. The native module looks up the names of settings in src/settings at run time.

use super::notes::{DO_NOT_EDIT, notes, purpose, wrap};
use super::typed_kinds;
use bouncer_verify::{
    CACHE_STATS, ErrorCategory, ErrorKind, KEYS_STATS, RENEWER_STATS, Setting, SettingType, SettingsKind,
    StatKind, StatRow, VERIFICATIONS,
};

/// Settings that constructors take by position, or that are part of a constructor's name.
const BY_POSITION: [&str; 9] = [
    "client_id",
    "client_secret",
    "discover",
    "service_account",
    "service_account_env",
    "service_account_file",
    "supplied",
    "token_url",
    "url",
];

/// Errors whose exception has PyJWT's name. The other names are made from the name of the error.
const NAMES: [(&str, &str); 9] = [
    ("algorithm_not_allowed", "InvalidAlgorithmError"),
    ("expired", "ExpiredSignatureError"),
    ("malformed_jwk_set", "MalformedKeySetError"),
    ("malformed_token", "DecodeError"),
    ("missing_claim", "MissingRequiredClaimError"),
    ("not_yet_valid", "ImmatureSignatureError"),
    ("unusable_key", "InvalidKeyError"),
    ("wrong_audience", "InvalidAudienceError"),
    ("wrong_issuer", "InvalidIssuerError"),
];

/// Errors whose exception is derived from another exception, as in PyJWT.
const BASES: [(&str, &str); 8] = [
    ("encrypted_token", "DecodeError"),
    ("invalid_signature", "DecodeError"),
    ("malformed_authorization", "DecodeError"),
    ("malformed_claims", "DecodeError"),
    ("malformed_header", "DecodeError"),
    ("token_too_large", "DecodeError"),
    ("unsupported_algorithm", "InvalidAlgorithmError"),
    ("unsupported_header", "DecodeError"),
];

/// The classes that are written by hand, in `_exception_groups.py`.
const GROUPS: [&str; 4] = ["BouncerError", "InvalidTokenError", "KeySetError", "LoginError"];

pub(crate) fn generate() -> Vec<(&'static str, String)> {
    vec![
        ("python/bouncer_verify/types.py", settings()),
        ("python/bouncer_verify/exceptions.py", exceptions()),
        ("python/bouncer_verify/__init__.py", package()),
        ("python/README.md", readme()),
    ]
}

fn settings() -> String {
    let mut file = format!(
        "# {DO_NOT_EDIT}\n\
         \"\"\"The types of settings, of configuration documents and of stats: for type checkers.\"\"\"\n\n\
         from __future__ import annotations\n\n\
         from collections.abc import Iterable, Mapping, Sequence\n\
         from datetime import timedelta\n\
         from os import PathLike\n\
         from typing import Any, Literal, TypedDict\n"
    );
    for kind in typed_kinds() {
        let fields = kind.settings().into_iter().filter(|setting| !BY_POSITION.contains(&setting.name));
        let fields =
            fields.map(|setting| (setting.name, format!("{} | None", taken(setting)), notes(setting)));
        let about = format!("{} Keyword arguments; None means that the setting is not set.", purpose(kind));
        file += &class(&format!("{}Settings", camel(kind.as_str())), ", total=False", &about, fields);
    }
    let values = SettingsKind::Policy.settings();
    let values = values.into_iter().map(|setting| (setting.name, returned(setting), String::new()));
    let about = "The result of `Policy.settings`: each value that is set, or the default, or None.";
    file += &class("PolicyValues", "", about, values);
    file += &configuration();
    file += &verifier_stats();
    file += &stats("KeysStats", "The result of `RemoteJwkSet.stats()`.", true, KEYS_STATS);
    file += &stats("RenewerStats", "The result of `TokenRenewer.stats()`.", true, RENEWER_STATS);
    file
}

/// Returns the types of a configuration document, which docs/settings.md describes.
fn configuration() -> String {
    let field = |name, of: &str| (name, of.to_owned(), String::new());
    let fields = |kind: SettingsKind| {
        let of_document =
            |setting: &&Setting| !setting.has(Setting::SECRET) && !setting.has(Setting::CODE_ONLY);
        let settings = kind.settings().into_iter().filter(of_document);
        settings.map(|setting| (setting.name, in_document(setting), String::new()))
    };
    let of_keys = [field("jwks", "Mapping[str, Any]"), field("file", "str")];
    let of_entry = [field("keys", "ConfigurationKeys"), field("tenants", "list[str]")];
    let class = |name, about, fields: &mut dyn Iterator<Item = (&'static str, String, String)>| {
        class(name, ", total=False", about, fields)
    };
    let keys = "The keys of an entry: the settings of remote keys, or \"jwks\", or \"file\".";
    let entry = "An entry: the settings of a policy, \"keys\" and \"tenants\".";
    let about = "The configuration document of a verifier, for `Verifier.from_config()`.";
    [
        class("ConfigurationKeys", keys, &mut fields(SettingsKind::Keys).chain(of_keys)),
        class("ConfigurationEntry", entry, &mut fields(SettingsKind::Policy).chain(of_entry)),
        class("Configuration", about, &mut fields(SettingsKind::Verifier)),
    ]
    .concat()
}

/// Returns the type of a value in a configuration document.
fn in_document(setting: &Setting) -> String {
    match setting.kind {
        SettingType::Flag => "bool".to_owned(),
        SettingType::Text | SettingType::Duration { .. } => "str".to_owned(),
        SettingType::Texts | SettingType::Choices(_) => "list[str]".to_owned(),
        SettingType::Choice(words) => literal(words),
        SettingType::Size { .. } => "int | str".to_owned(),
        SettingType::Count { .. } | SettingType::Time => "int".to_owned(),
        SettingType::Entries => "list[ConfigurationEntry]".to_owned(),
        SettingType::Map => "Mapping[str, str | float | Sequence[str | float]]".to_owned(),
    }
}

fn verifier_stats() -> String {
    let counts = || "dict[str, int]".to_owned();
    let (status, _) = VERIFICATIONS.help.split_once(". ").unwrap();
    let of_entry = [
        ("source", "str".to_owned(), "The first issuer, or the source of the keys, or empty.".to_owned()),
        (VERIFICATIONS.name, counts(), format!("{status}.")),
        ("keys", "KeysStats | None".to_owned(), "The stats of remote keys.".to_owned()),
    ];
    let unassigned = "Tokens that no entry is for, by the name of the error.";
    let of_verifier = [
        ("unassigned_total", counts(), unassigned.to_owned()),
        ("entries", "list[EntryStats]".to_owned(), String::new()),
    ];
    let rows = stat_fields(false, CACHE_STATS).chain(of_verifier);
    class("EntryStats", "", "The stats of an entry of a verifier.", of_entry.into_iter())
        + &class("VerifierStats", "", "The result of `Verifier.stats()`.", rows)
}

fn stats<T>(name: &str, about: &str, has_source: bool, rows: &'static [StatRow<T>]) -> String {
    class(name, "", about, stat_fields(has_source, rows))
}

fn stat_fields<T>(
    has_source: bool,
    rows: &'static [StatRow<T>],
) -> impl Iterator<Item = (&'static str, String, String)> {
    let source = has_source.then(|| {
        let help = "The URL without its query, the issuer, or the source of the tokens.";
        ("source", "str".to_owned(), help.to_owned())
    });
    let rows = rows.iter().map(move |row| {
        let number = match row.kind {
            // Without a cache, its counters are None.
            StatKind::Counter | StatKind::Gauge if has_source => "int",
            StatKind::Counter | StatKind::Gauge => "int | None",
            StatKind::Time | StatKind::Duration => "float | None",
            StatKind::Text => "str | None",
        };
        (row.name, number.to_owned(), row.help.to_owned())
    });
    source.into_iter().chain(rows)
}

/// Returns a class derived from TypedDict.
fn class<'a>(
    name: &str,
    total: &str,
    about: &str,
    fields: impl Iterator<Item = (&'a str, String, String)>,
) -> String {
    let mut class = format!("\n\nclass {name}(TypedDict{total}):\n{}\n", docstring(about));
    for (name, of, help) in fields {
        // Ruff breaks a long line in the same way.
        let field = format!("    {name}: {of}\n");
        class += &if field.len() <= 111 { field } else { format!("    {name}: (\n        {of}\n    )\n") };
        if !help.is_empty() {
            class += &docstring(&help);
        }
    }
    class
}

fn docstring(text: &str) -> String {
    let text = text.replace('\\', "\\\\");
    let mut lines = wrap(&text, 90);
    if text.starts_with('"') {
        // Separates the text from the quotes of the docstring.
        lines[0].insert(0, ' ');
    }
    match lines.as_slice() {
        [line] => format!("    \"\"\"{line}\"\"\"\n"),
        lines => format!("    \"\"\"{}\n    \"\"\"\n", lines.join("\n    ")),
    }
}

/// Returns the Python type of a keyword argument.
fn taken(setting: &Setting) -> String {
    match setting.kind {
        SettingType::Flag => "bool".to_owned(),
        SettingType::Text if setting.name.ends_with("_file") => "str | PathLike[str]".to_owned(),
        SettingType::Text => "str | bytes".to_owned(),
        SettingType::Texts | SettingType::Choices(_) => "str | Iterable[str]".to_owned(),
        SettingType::Choice(words) => literal(words),
        SettingType::Duration { .. } => "float | str | timedelta".to_owned(),
        SettingType::Size { .. } => "int | str".to_owned(),
        SettingType::Count { .. } | SettingType::Time => "int".to_owned(),
        SettingType::Entries => unreachable!("a verifier has no keyword arguments"),
        SettingType::Map => "Mapping[str, str | int | Iterable[str | int]]".to_owned(),
    }
}

fn literal(words: &[&str]) -> String {
    format!("Literal[\"{}\"]", words.join("\", \""))
}

/// Returns the type of a value of `Policy.settings`.
fn returned(setting: &Setting) -> String {
    let choices;
    let of = match setting.kind {
        SettingType::Flag => return "bool".to_owned(),
        SettingType::Text => "str",
        SettingType::Choice(words) => {
            choices = literal(words);
            &choices
        }
        SettingType::Texts | SettingType::Choices(_) => "tuple[str, ...]",
        SettingType::Duration { .. } => "float",
        SettingType::Size { .. } | SettingType::Count { .. } | SettingType::Time => "int",
        SettingType::Entries => unreachable!("a verifier has no keyword arguments"),
        SettingType::Map => "dict[str, str | list[str]]",
    };
    if setting.default.is_empty() { format!("{of} | None") } else { of.to_owned() }
}

struct Exception {
    code: &'static str,
    name: String,
    base: &'static str,
    kind: ErrorKind,
}

/// Returns the exceptions, each after its base class.
fn tree() -> Vec<Exception> {
    let mut exceptions: Vec<_> = ErrorKind::ALL.iter().map(|&kind| exception(kind)).collect();
    let is_base = |name: &str| BASES.iter().any(|(_, base)| *base == name);
    exceptions.sort_by_key(|exception| !is_base(&exception.name));
    exceptions.sort_by_key(|exception| exception.kind.category() as u8);
    exceptions
}

fn exception(kind: ErrorKind) -> Exception {
    let code = kind.as_str();
    let of = |table: &[(&str, &'static str)]| {
        table.iter().find_map(|(other, name)| (*other == code).then_some(*name))
    };
    let group = match kind.category() {
        ErrorCategory::Caller => "BouncerError, ValueError",
        ErrorCategory::Keys => "KeySetError",
        ErrorCategory::Login => "LoginError",
        ErrorCategory::Token => "InvalidTokenError",
        other => panic!("the base class of {other:?} is missing"),
    };
    let name = of(&NAMES).map_or_else(|| format!("{}Error", camel(code)), str::to_owned);
    Exception { code, name, base: of(&BASES).unwrap_or(group), kind }
}

/// Returns the sorted names of all exceptions, each formatted by `line`.
fn lines(line: fn(&str) -> String) -> String {
    let mut names: Vec<_> = tree().into_iter().map(|exception| exception.name).collect();
    names.extend(GROUPS.map(str::to_owned));
    names.sort();
    names.iter().map(|name| line(name)).collect()
}

fn exceptions() -> String {
    let names = lines(|name| format!("    \"{name}\",\n"));
    let mut file = format!(
        "# {DO_NOT_EDIT}\n\
         \"\"\"The exceptions.\n\n\
         Each class is one cause. It has a stable `code`, the same in every language of bouncer_verify, and\n\
         the `http_status` and `challenge` for the response. If PyJWT has an exception for the cause, the\n\
         class has its name. The texts contain no token, claim value or key bytes, so they may be logged.\n\
         \"\"\"\n\n\
         from __future__ import annotations\n\n\
         from ._exception_groups import {}, by_code\n\n\
         __all__ = [\n{names}]\n",
        GROUPS.join(", ")
    );
    for Exception { code, name, base, kind } in tree() {
        let mut message = kind.message().to_owned();
        message[..1].make_ascii_uppercase();
        file += &format!("\n\nclass {name}({base}):\n{}\n", docstring(&format!("{message}.")));
        file += &format!("    code = \"{code}\"\n");
        // The group has the status of its other errors.
        if kind.http_status() == 403 {
            file += "    http_status = 403\n";
        }
        if let Some(challenge) = kind.challenge() {
            let quote = if challenge.contains('"') { '\'' } else { '"' };
            file += &format!("    challenge: str | None = {quote}{challenge}{quote}\n");
        }
    }
    file += "\n\nBY_CODE = by_code()\n\"\"\"The exception that the native module raises for each error code.\"\"\"\n";
    file
}

/// Returns `__init__.py` with the names of the exceptions.
fn package() -> String {
    let file = with(
        "bouncer_verify/__init__.py",
        "from .exceptions import (\n",
        ")\n",
        &lines(|name| format!("    {name},\n")),
    );
    between(&file, "__all__ += [\n", "]\n", &lines(|name| format!("    \"{name}\",\n")))
}

/// Returns README.md with the table of exceptions.
fn readme() -> String {
    let mut rows = vec!["| | `BouncerError` | `Exception` |".to_owned()];
    rows.extend(GROUPS[1..].iter().map(|group| format!("| | `{group}` | `BouncerError` |")));
    rows.extend(tree().iter().map(|Exception { code, name, base, .. }| {
        format!("| `{code}` | `{name}` | `{}` |", base.replace(", ", "`, `"))
    }));
    with("README.md", "| code | exception | base class |\n|---|---|---|\n", "\n\n", &rows.join("\n"))
}

/// Returns the file with `text` between `start` and `end`.
fn with(path: &str, start: &str, end: &str, text: &str) -> String {
    let file = std::fs::read_to_string(format!("{}/python/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    between(&file, start, end, text)
}

fn between(file: &str, start: &str, end: &str, text: &str) -> String {
    let (before, rest) = file.split_once(start).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    format!("{before}{start}{text}{end}{after}")
}

/// Converts `token_too_large` to `TokenTooLarge`.
fn camel(name: &str) -> String {
    let capitalised = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').map(capitalised).collect()
}
