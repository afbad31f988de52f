//! Command-line options for the settings of the library: one option for each setting.

use crate::report::{Failure, Refusal};
use crate::time;
use bouncer_verify::{Error, Setting, SettingType, Settings, SettingsKind};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint};
use std::marker::PhantomData;

/// A kind of settings, and the settings of this kind that have no option.
pub(crate) trait Kind {
    const KIND: SettingsKind;
    const HEADING: &str;
    /// Settings without an option: the command sets them, or takes them from other arguments.
    const NO_OPTIONS: &[&str];
    /// Settings of [`Kind::NO_OPTIONS`] that other arguments set, and the names of those arguments.
    const ARGUMENTS: &[(&str, &str)] = &[];
}

/// The rules for tokens.
pub(crate) enum Policy {}

impl Kind for Policy {
    const KIND: SettingsKind = SettingsKind::Policy;
    const HEADING: &str = "Policy";
    const NO_OPTIONS: &[&str] = &[];
}

/// How to fetch keys.
pub(crate) enum Keys {}

impl Kind for Keys {
    const KIND: SettingsKind = SettingsKind::Keys;
    const HEADING: &str = "Network";
    // The command verifies too few tokens for tables.
    const NO_OPTIONS: &[&str] = &["url", "discover", "lazy", "seed", "max_table_memory"];
    const ARGUMENTS: &[(&str, &str)] = &[("url", "the URL"), ("discover", "--discover")];
}

/// How to log in.
pub(crate) enum Renewer {}

impl Kind for Renewer {
    const KIND: SettingsKind = SettingsKind::Renewer;
    const HEADING: &str = "Login";
    const NO_OPTIONS: &[&str] = &["supplied", "lazy"];
}

/// The settings that the command line sets.
pub(crate) struct Options<K> {
    pub(crate) settings: Settings,
    kind: PhantomData<K>,
}

impl<K: Kind> Options<K> {
    /// Returns the settings that have an option.
    fn table() -> impl Iterator<Item = &'static Setting> {
        let is_option = |setting: &&Setting| !K::NO_OPTIONS.contains(&setting.name);
        K::KIND.settings().into_iter().filter(has_option).filter(is_option)
    }

    /// Returns the name of the first option that is given.
    pub(crate) fn first_given(&self) -> Option<String> {
        Self::table().find(|setting| self.settings.is_set(setting.name)).map(long_name)
    }
}

impl<K: Kind> Args for Options<K> {
    fn augment_args(command: Command) -> Command {
        Self::table().fold(command.next_help_heading(K::HEADING), |command, setting| {
            command.arg(option(K::KIND, setting))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<K: Kind> FromArgMatches for Options<K> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut settings = Settings::new(K::KIND);
        for setting in Self::table() {
            if setting.kind == SettingType::Flag {
                if matches.get_flag(setting.name) {
                    set(&mut settings, setting, "true")?;
                }
                continue;
            }
            for value in matches.get_many::<String>(setting.name).into_iter().flatten() {
                set(&mut settings, setting, value)?;
            }
        }
        Ok(Self { settings, kind: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Returns the option's name: `max-token-len`. The option of a list is given once for each item, so
/// its name is in the singular: `issuer` for `issuers`. `claim-is` and `claim-has` have no plural.
pub(crate) fn long_name(setting: &Setting) -> String {
    let name = setting.name.replace('_', "-");
    let is_plural = setting.kind.is_list() && !name.ends_with("-is") && !name.ends_with("-has");
    if is_plural { name.strip_suffix('s').unwrap_or(&name).to_owned() } else { name }
}

/// Converts `error` to a failure. In its message, replaces the names of settings by the names of
/// their options: `"issuers"` by `--issuer`.
pub(crate) fn naming_options<K: Kind>(error: Error) -> Failure {
    // Errors contain the names of settings in quotes.
    let unquoted = |word: &str| Some(word.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    let message = with_options(K::KIND, K::ARGUMENTS, &error.to_string(), unquoted);
    Failure::Refused(Refusal::from(error).with_message(message))
}

/// Replaces the unquoted names of settings in `text` by the names of their options.
pub(crate) fn option_names<K: Kind>(text: &str) -> String {
    with_options(K::KIND, &[], text, |_| None)
}

/// Replaces the names of settings in `text` by the names of their options. `arguments` contains the
/// replacements for settings without an option. `name_of` returns the name in a quoted word.
fn with_options(
    kind: SettingsKind,
    arguments: &[(&str, &str)],
    text: &str,
    name_of: fn(&str) -> Option<String>,
) -> String {
    let option_of = |name: &str| {
        let argument = arguments.iter().find(|(setting, _)| *setting == name);
        let option = || Some(format!("--{}", long_name(kind.setting(name).filter(has_option)?)));
        argument.map(|(_, argument)| (*argument).to_owned()).or_else(option)
    };
    let mut before = "";
    let word = |word| {
        let is_named = matches!(std::mem::replace(&mut before, word), "set " | "raise ");
        let bare = word.trim_end_matches([' ', ',', ';', ':', '.']);
        // Without quotes, a word is the name of a setting if it contains an underscore or follows
        // "set" or "raise". Elsewhere "time" may be an English word.
        let plain = || ((bare.contains('_') || is_named) && !bare.contains('"')).then(|| bare.to_owned());
        match name_of(bare).or_else(plain).as_deref().and_then(option_of) {
            Some(option) => option + word.get(bare.len()..).unwrap_or_default(),
            None => word.to_owned(),
        }
    };
    text.split_inclusive(' ').map(word).collect()
}

/// Secrets have no option: every user of the machine can see the arguments of a command.
fn has_option(setting: &&'static Setting) -> bool {
    !setting.has(Setting::SECRET)
}

fn option(kind: SettingsKind, setting: &'static Setting) -> Arg {
    let is_list = setting.kind.is_list();
    let arg = Arg::new(setting.name).long(long_name(setting)).help(help(kind, setting));
    if setting.kind == SettingType::Flag {
        return arg.action(ArgAction::SetTrue);
    }
    let value_name = match setting.kind {
        _ if setting.name.ends_with("_file") => "FILE",
        SettingType::Text if setting.name.ends_with("url") || setting.name == "proxy" => "URL",
        SettingType::Duration { .. } => "DURATION",
        SettingType::Size { .. } => "BYTES",
        SettingType::Count { .. } => "COUNT",
        SettingType::Time => "TIME",
        SettingType::Map => "NAME=VALUE",
        _ => "VALUE",
    };
    let hint = if value_name == "FILE" { ValueHint::FilePath } else { ValueHint::Other };
    arg.value_name(value_name)
        .value_hint(hint)
        .action(if is_list { ArgAction::Append } else { ArgAction::Set })
        .allow_negative_numbers(true)
        .value_parser(move |text: &str| {
            let text = of_command_line(setting, text)?;
            let mut settings = Settings::new(kind);
            match set(&mut settings, setting, &text) {
                Ok(()) => Ok(text),
                Err(error) => Err(algorithm_tip(setting, &text).unwrap_or_else(|| {
                    settings.error().map_or(error.to_string(), |e| e.detail().to_owned())
                })),
            }
        })
}

/// Converts a time in RFC 3339 to seconds. Other values stay as they are.
fn of_command_line(setting: &Setting, text: &str) -> Result<String, String> {
    match setting.kind {
        SettingType::Time => time::parse(text).map(|seconds| seconds.to_string()),
        _ => Ok(text.to_owned()),
    }
}

/// Sets a value, or appends it to a list.
fn set(settings: &mut Settings, setting: &Setting, value: &str) -> Result<(), clap::Error> {
    let done = match setting.kind {
        SettingType::Map => match value.split_once('=') {
            Some((member, value)) => settings.add(&format!("{}.{member}", setting.name), value),
            None => {
                let text = "write NAME=VALUE\n".to_owned();
                return Err(clap::Error::raw(ErrorKind::ValueValidation, text));
            }
        },
        kind if kind.is_list() => settings.add(setting.name, value),
        _ => settings.set(setting.name, value),
    };
    done.map_err(|error| clap::Error::raw(ErrorKind::ValueValidation, format!("{error}\n")))
}

fn help(kind: SettingsKind, setting: &Setting) -> String {
    let mut help = with_options(kind, &[], setting.help, |_| None);
    let words = match setting.kind {
        SettingType::Choice(words) | SettingType::Choices(words) => words.join(", "),
        kind => kind.range(),
    };
    if !words.is_empty() {
        help += &format!(" [{words}]");
    }
    if !setting.default.is_empty() {
        help += &format!(" [default: {}]", setting.default);
    }
    if setting.kind.is_list() {
        help += " May be repeated.";
    }
    help
}

/// Explains why an algorithm that other libraries support is not supported.
fn algorithm_tip(setting: &Setting, name: &str) -> Option<String> {
    let SettingType::Choices(words) = setting.kind else { return None };
    if !words.contains(&"RS256") {
        return None;
    }
    if name.eq_ignore_ascii_case("none") {
        return Some("unsigned tokens are never accepted".to_owned());
    }
    let is_symmetric = name.get(..2).is_some_and(|family| family.eq_ignore_ascii_case("HS"));
    let why =
        "symmetric algorithms are not supported: anyone who can verify with a shared secret can also sign";
    is_symmetric.then(|| why.to_owned())
}
