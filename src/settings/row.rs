//! A row of the table: all that there is to say about a setting.

use super::value::{Given, SettingType as Type};
use crate::error::Result;
use std::time::Duration;

/// What a setting is, for documentation and for other languages.
#[derive(Debug)]
#[non_exhaustive]
pub struct Setting {
    /// The same in every language, in that language's case.
    pub name: &'static str,
    /// What its value may be.
    pub kind: Type,
    /// The default, as text; empty if there is none or the help says it.
    pub default: &'static str,
    /// What it does.
    pub help: &'static str,
    /// [`Setting::SECRET`] and the other flags.
    pub flags: u32,
    /// The version that has it first.
    pub since: &'static str,
}

impl Setting {
    /// The value is never shown, and not in a document.
    pub const SECRET: u32 = 1;
    /// It is set in code, not in a document.
    pub const CODE_ONLY: u32 = 2;
    /// It accepts what is refused without it.
    pub const WEAKENS: u32 = 4;
    /// It has items; [`crate::Settings::add`] appends one.
    pub const LIST: u32 = 8;
    /// It has another name now.
    pub const DEPRECATED: u32 = 16;
    /// A URL. With a user and password in it, it is secret.
    pub const PASSWORD: u32 = 32;

    /// Whether it has all of `flags`.
    pub const fn has(&self, flags: u32) -> bool {
        self.flags & flags == flags
    }

    /// Whether this value of it must not be shown.
    pub(super) fn is_secret(&self, value: &str) -> bool {
        self.has(Self::SECRET) || self.has(Self::PASSWORD) && value.contains('@')
    }
}

/// A setting and the function of the typed builder. It is called once, with all values, if any is
/// set or there is a default; for a flag, if it is `true`.
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
