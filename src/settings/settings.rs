//! Settings of one kind, checked against the table.

use super::fault::{Fault, at, excerpt};
use super::kind::SettingsKind;
use super::near::did_you_mean;
use super::row::{Row, Setting};
use super::value::{Given, SettingType, Value};
use crate::error::{Error, Result};
#[cfg(feature = "remote")]
use crate::remote::jwks::remote_jwk_set_builder::RemoteJwkSetBuilder;
use crate::verify::keys::Keys;
use crate::verify::policy::Policy;
use std::fmt;

/// Settings by name, as text or from a JSON document: for configuration files and for other
/// languages. In Rust, the typed builders do the same.
///
/// The first error is kept: every later change and `from_settings` return it again. Each change
/// checks only its own value. `from_settings` adds the defaults, and checks combinations of
/// settings.
///
/// ```
/// use bouncer_verify::{Policy, Settings, SettingsKind};
///
/// let mut settings = Settings::new(SettingsKind::Policy);
/// settings.load(r#"{"issuers": ["https://id.example"], "leeway": "30s"}"#)?;
/// settings.add("audiences", "orders")?;
/// let policy = Policy::from_settings(&settings)?;
///
/// let error = settings.set("leewya", "30s").unwrap_err();
/// assert!(error.detail().starts_with("policy has no setting \"leewya\": did you mean \"leeway\"?"));
/// assert_eq!(Policy::from_settings(&settings).unwrap_err(), error);
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
#[derive(Clone)]
pub struct Settings {
    kind: SettingsKind,
    pub(super) entries: Vec<Entry>,
    /// The setting "accept" of a verifier.
    pub(super) accept: Vec<Accept>,
    /// Completes the builder of each remote key set of a verifier.
    #[cfg(feature = "remote")]
    pub(super) with_keys: Option<WithKeys>,
    error: Option<Error>,
}

/// See [`Settings::with_keys`].
#[cfg(feature = "remote")]
pub(super) type WithKeys = fn(RemoteJwkSetBuilder) -> RemoteJwkSetBuilder;

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) setting: &'static Setting,
    /// The member of a map. Empty for other settings.
    pub(super) member: Box<str>,
    pub(super) value: Value,
}

/// An entry of the setting "accept".
#[derive(Clone)]
pub(super) enum Accept {
    /// Made in code.
    Made(Keys, Box<Policy>),
    Configured(Box<AcceptSettings>),
}

/// The settings of an entry.
#[derive(Clone)]
pub(super) struct AcceptSettings {
    pub(super) policy: Settings,
    pub(super) tenants: Vec<String>,
    /// A JWK Set as JSON.
    pub(super) jwks: Option<String>,
    /// The path of a file with a JWK Set.
    pub(super) file: Option<String>,
    /// The other settings of "keys".
    pub(super) keys: Settings,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Set,
    Add,
}

impl Settings {
    /// Makes empty settings.
    pub fn new(kind: SettingsKind) -> Self {
        Self {
            kind,
            entries: Vec::new(),
            accept: Vec::new(),
            #[cfg(feature = "remote")]
            with_keys: None,
            error: None,
        }
    }

    /// Returns the kind of the settings.
    pub fn kind(&self) -> SettingsKind {
        self.kind
    }

    /// Sets `name` to `value`, and replaces earlier values. A list then has this one item.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`]: the name is unknown, the value is not usable, or an
    /// earlier change failed.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        self.change(|settings| settings.put(name, value, How::Set))
    }

    /// Appends an item to the list `name`. The value is one item: separators and escapes have no
    /// meaning.
    ///
    /// # Errors
    /// The same as [`Settings::set`]. Also if the setting is not a list.
    pub fn add(&mut self, name: &str, value: &str) -> Result<()> {
        self.change(|settings| settings.put(name, value, How::Add))
    }

    /// Calls `complete` for each remote key set that a verifier makes from these settings. For
    /// bindings, which add an observer for their own logs. Not part of the stable interface.
    #[cfg(feature = "remote")]
    #[doc(hidden)]
    pub fn with_keys(&mut self, complete: fn(RemoteJwkSetBuilder) -> RemoteJwkSetBuilder) {
        self.with_keys = Some(complete);
    }

    /// Returns the error of the first change that failed.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// Records an error that a caller found, such as a value that is not UTF-8. Returns the first
    /// error.
    #[doc(hidden)]
    pub fn fail(&mut self, error: Error) -> Error {
        self.error.get_or_insert(error).clone()
    }

    /// Returns the text that `name` is set to.
    #[doc(hidden)]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.entries.iter().find(|entry| entry.setting.name == name).and_then(|entry| match &entry.value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Returns whether `name` is set; for a flag, whether it is `true`.
    #[doc(hidden)]
    pub fn is_set(&self, name: &str) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| entry.setting.name == name && entry.value != Value::Flag(false))
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<()> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        change(self).map_err(|fault| self.fail(fault.into()))
    }

    /// Returns the setting with this name, and the member if the setting is a map.
    pub(super) fn find<'a>(&self, name: &'a str) -> Result<(&'static Setting, &'a str), Fault> {
        if let Some((map, member)) = name.split_once('.')
            && let Some(setting) = self.kind.setting(map)
            && setting.kind == SettingType::Map
        {
            return match member {
                "" => Err(Fault::at(map, "a name must follow the dot")),
                _ => Ok((setting, member)),
            };
        }
        self.kind.setting(name).map(|setting| (setting, "")).ok_or_else(|| self.unknown(name))
    }

    /// Returns the error for an unknown name. It does not contain the value: a misspelt name may
    /// have a secret as its value.
    fn unknown(&self, name: &str) -> Fault {
        let others = SettingsKind::ALL.iter().filter(|kind| **kind != self.kind);
        let hint = match others.clone().find(|kind| kind.setting(name).is_some()) {
            Some(kind) => format!(": it is a setting of {}", kind.as_str()),
            None => did_you_mean(name, self.kind.settings().iter().map(|setting| setting.name)),
        };
        let (kind, name, version) = (self.kind.as_str(), excerpt(name), env!("CARGO_PKG_VERSION"));
        Fault::at("", format!("{kind} has no setting {name}{hint} (version {version})"))
    }

    fn put(&mut self, name: &str, text: &str, how: How) -> Result<(), Fault> {
        let (setting, member) = self.find(name)?;
        if setting.kind == SettingType::Map && member.is_empty() {
            return Err(Fault::at(name, format!("set its members by name: \"{name}.NAME\"")));
        }
        if setting.kind == SettingType::Entries {
            return Err(Fault::at(name, "set it in a document, or add entries that are made in code"));
        }
        if how == How::Add && !setting.kind.is_list() {
            return Err(Fault::at(name, "it is not a list: set it instead"));
        }
        self.store(setting, member, text, how).map_err(|detail| Fault::at(name, detail))
    }

    pub(super) fn store(
        &mut self,
        setting: &'static Setting,
        member: &str,
        text: &str,
        how: How,
    ) -> Result<(), String> {
        let value = setting.kind.read(text, setting.is_secret(text))?;
        if how == How::Set {
            self.entries.retain(|entry| entry.setting.name != setting.name || *entry.member != *member);
        }
        self.entries.push(Entry { setting, member: member.into(), value });
        Ok(())
    }

    /// Returns these settings if they are of this kind and have no error.
    pub(super) fn usable(&self, kind: SettingsKind) -> Result<&Self> {
        match &self.error {
            Some(error) => Err(error.clone()),
            None if self.kind == kind => Ok(self),
            None => {
                let (own, wanted) = (self.kind.as_str(), kind.as_str());
                Err(Fault::at("", format!("the settings are of kind {own}, not {wanted}")).into())
            }
        }
    }

    /// Applies each row to `builder`, with the values that are set or the default.
    pub(super) fn apply<B>(&self, rows: &'static [Row<B>], mut builder: B) -> Result<B> {
        for Row { setting, set } in rows {
            let entries = self.entries.iter().filter(|entry| entry.setting.name == setting.name);
            let mut values: Vec<_> = entries.map(|entry| (&*entry.member, &entry.value)).collect();
            let default;
            if values.is_empty() && !setting.default.is_empty() {
                let read = setting.kind.read(setting.default, false);
                default = read.map_err(|detail| Fault::at(setting.name, detail))?;
                values.push(("", &default));
            }
            if values.is_empty() || values.iter().any(|(_, value)| **value == Value::Flag(false)) {
                continue;
            }
            builder = set(builder, &Given { values }).map_err(|error| at(setting.name, &error))?;
        }
        Ok(builder)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings({} {})", self.kind.as_str(), self.document())
    }
}
