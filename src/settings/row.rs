//! A row of the tables: the complete definition of a setting.

use super::value::{Given, SettingType as Type};
use crate::error::Result;
use std::time::Duration;

/// The description of a setting, for documentation and for other languages.
#[derive(Debug)]
#[non_exhaustive]
pub struct Setting {
    /// The name, the same in every language, in that language's case.
    pub name: &'static str,
    /// The type of the value.
    pub kind: Type,
    /// The default, as text. Empty if the setting has no default, or if the help
    /// explains it.
    pub default: &'static str,
    /// The description of the setting, in whole sentences.
    pub help: &'static str,
    /// A combination of [`Setting::SECRET`] and the other flags.
    pub flags: u32,
    /// The first version with this setting.
    pub since: &'static str,
}

impl Setting {
    /// The value is never shown. A document cannot set it.
    pub const SECRET: u32 = 1;
    /// The value can only be set in code. A document cannot set it.
    pub const CODE_ONLY: u32 = 2;
    /// The setting accepts something that is rejected by default.
    pub const WEAKENS: u32 = 4;
    /// Its value is a list; [`crate::Settings::add`] appends an item.
    pub const LIST: u32 = 8;
    /// The setting has been renamed, and this is the old name.
    pub const DEPRECATED: u32 = 16;
    /// Its value is a URL, which is secret if it contains a user and password.
    pub const PASSWORD: u32 = 32;

    /// Returns whether the setting has all of `flags`.
    pub const fn has(&self, flags: u32) -> bool {
        self.flags & flags == flags
    }

    /// Returns whether `value` must not be shown.
    pub(super) fn is_secret(&self, value: &str) -> bool {
        self.has(Self::SECRET) || self.has(Self::PASSWORD) && value.contains('@')
    }
}

/// A setting, and the function that applies it to the typed builder `B`. The function is called
/// once with all values, if the setting has a value or a default. For a flag, it is called only if
/// the value is `true`.
pub(super) struct Row<B: 'static> {
    pub(super) setting: Setting,
    pub(super) set: fn(B, &Given<'_>) -> Result<B>,
}

pub(super) const fn row<B>(
    name: &'static str,
    kind: Type,
    default: &'static str,
    help: &'static str,
    set: fn(B, &Given<'_>) -> Result<B>,
) -> Row<B> {
    let flags = if kind.is_list() { Setting::LIST } else { 0 };
    Row { setting: Setting { name, kind, default, help, flags, since: "0.1.0" }, set }
}

pub(super) const fn flagged<B>(flags: u32, mut row: Row<B>) -> Row<B> {
    row.setting.flags |= flags;
    row
}

pub(super) const fn duration(min: Duration, max: Duration) -> Type {
    Type::Duration { min, max }
}
