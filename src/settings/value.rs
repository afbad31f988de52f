//! The types of a setting's value, and how values are written as text and in JSON.

use super::fault::{Fault, excerpt};
use super::near::did_you_mean;
use crate::encoding::json;
use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The text of a value. With the feature `remote`, which has secrets, the text is wiped from memory
/// when it is dropped.
#[cfg(feature = "remote")]
pub(super) type Text = zeroize::Zeroizing<String>;
#[cfg(not(feature = "remote"))]
pub(super) type Text = String;

/// The type of a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingType {
    /// `true` or `false`; the default is always `false`.
    Flag,
    /// Text that is not empty.
    Text,
    /// A list of texts.
    Texts,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of these words.
    Choices(&'static [&'static str]),
    /// A whole number with its unit: `30s`.
    Duration {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// A number of bytes: `16384`, `16KiB`, `1MiB`, `1GiB`.
    Size {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A whole number.
    Count {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// Seconds since 1970.
    Time,
    /// Texts by name: `parameters.scope`. A name may have several texts. In a document, a number or
    /// a boolean is its JSON text.
    Map,
    /// The entries of a verifier, which are objects in a document.
    Entries,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value {
    Flag(bool),
    Text(Text),
    Duration(Duration),
    Number(u64),
    Time(i64),
}

const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 60 * 60_000), ("d", 24 * 60 * 60_000)];
const SIZES: [(&str, u64); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

impl SettingType {
    /// Returns whether [`crate::Settings::add`] may append an item.
    pub const fn is_list(self) -> bool {
        matches!(self, Self::Texts | Self::Choices(_) | Self::Map)
    }

    /// Returns the name of the type: `duration`, `list of text`. The name of a choice lists its
    /// words.
    pub fn name(self) -> String {
        match self {
            Self::Flag => "flag".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Texts => "list of text".to_owned(),
            Self::Choice(words) => words.join("|"),
            Self::Choices(words) => format!("list of {}", words.join("|")),
            Self::Duration { .. } => "duration".to_owned(),
            Self::Size { .. } => "size".to_owned(),
            Self::Count { .. } => "count".to_owned(),
            Self::Time => "time".to_owned(),
            Self::Map => "map of text".to_owned(),
            Self::Entries => "list of objects".to_owned(),
        }
    }

    /// Returns the smallest and the largest value: `0s to 5m`. Empty if there are no limits.
    pub fn range(self) -> String {
        match self {
            Self::Duration { min, max } => format!("{} to {}", shown_duration(min), shown_duration(max)),
            Self::Size { min, max } => format!("{} to {}", shown_size(min), shown_size(max)),
            Self::Count { min, max } => format!("{min} to {max}"),
            _ => String::new(),
        }
    }

    /// Parses one value, or one item of a list. Errors do not contain the text if it is secret.
    pub(super) fn read(self, text: &str, is_secret: bool) -> Result<Value, String> {
        let shown = || if is_secret { "the value".to_owned() } else { excerpt(text) };
        match self {
            Self::Flag => match text {
                "true" => Ok(Value::Flag(true)),
                "false" => Ok(Value::Flag(false)),
                _ => Err(format!("{} is neither \"true\" nor \"false\"", shown())),
            },
            Self::Text | Self::Texts | Self::Map if text.is_empty() => Err("it is empty".to_owned()),
            Self::Text | Self::Texts | Self::Map => Ok(Value::Text(text.to_owned().into())),
            Self::Choice(words) | Self::Choices(words) if !words.contains(&text) => {
                let hint = did_you_mean(text, words.iter().copied());
                Err(format!("{} is not one of {}{hint}", shown(), words.join(", ")))
            }
            Self::Entries => Err("it is not text".to_owned()),
            Self::Choice(_) | Self::Choices(_) => Ok(Value::Text(text.to_owned().into())),
            Self::Duration { min, max } => {
                let value = duration(text).map_err(|why| format!("{} {why}", shown()))?;
                match value >= min && value <= max {
                    true => Ok(Value::Duration(value)),
                    false => Err(format!("{} is not in the range {}", shown(), self.range())),
                }
            }
            Self::Size { min, max } => {
                let unit = SIZES.iter().find_map(|(unit, size)| Some((text.strip_suffix(unit)?, *size)));
                let (digits, size) = unit.unwrap_or((text, 1));
                if whole(digits).is_none() {
                    let why = "is not a size: write a whole number of bytes, or one with KiB, MiB or GiB, for \
                               example \"32MiB\"";
                    return Err(format!("{} {why}", shown()));
                }
                self.number(digits, size, min..=max).map_err(|why| format!("{} {why}", shown()))
            }
            Self::Count { min, max } => {
                self.number(text, 1, min..=max).map_err(|why| format!("{} {why}", shown()))
            }
            Self::Time => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                let seconds = whole(digits).and_then(|_| text.parse().ok());
                let why = || format!("{} is not a number of seconds since 1970", shown());
                seconds.map(Value::Time).ok_or_else(why)
            }
        }
    }

    fn number(self, digits: &str, unit: u64, range: RangeInclusive<u64>) -> Result<Value, String> {
        whole(digits).ok_or("is not a whole number")?;
        let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
        match number {
            Some(number) if range.contains(&number) => Ok(Value::Number(number)),
            _ => Err(format!("is not in the range {}", self.range())),
        }
    }

    /// Converts a JSON value to the text that [`SettingType::read`] parses.
    pub(super) fn text_of_json<'a>(self, json: json::Value<'a>) -> Result<Cow<'a, str>, String> {
        match (self, json.kind(), json.as_str()) {
            (Self::Flag, "a boolean", _) => Ok(Cow::Borrowed(json.text())),
            (Self::Map, "a boolean" | "a number", _) => Ok(Cow::Borrowed(json.text())),
            // A JSON number has no unit, so it is not a duration. The error of `read` shows how to
            // write a duration.
            (Self::Size { .. } | Self::Count { .. } | Self::Time | Self::Duration { .. }, "a number", _) => {
                Ok(Cow::Borrowed(json.text()))
            }
            (Self::Flag | Self::Count { .. } | Self::Time, _, Some(_)) => {
                Err(format!("it is a {}: write it without quotes", self.name()))
            }
            (_, _, Some(text)) => Ok(text),
            (_, kind, None) => Err(format!("it is {kind}, not {}", self.with_article())),
        }
    }

    fn with_article(self) -> String {
        match self {
            Self::Choice(words) | Self::Choices(words) => format!("one of {}", words.join(", ")),
            Self::Text | Self::Texts | Self::Map => "text".to_owned(),
            other => format!("a {}", other.name()),
        }
    }
}

fn whole(digits: &str) -> Option<()> {
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(())
}

fn duration(text: &str) -> Result<Duration, String> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end).unwrap_or((text, ""));
    if digits.is_empty() {
        return Err("is not a duration: write a whole number and a unit, for example \"30s\"".to_owned());
    }
    if unit.is_empty() {
        let digits = if digits.len() > 10 { "30" } else { digits };
        return Err(format!("has no unit: write \"{digits}s\" or \"{digits}ms\""));
    }
    let known = UNITS.iter().find(|(name, _)| *name == unit);
    let (_, factor) = known.ok_or("has an unknown unit: use ms, s, m, h or d")?;
    let milliseconds = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(*factor));
    milliseconds.map(Duration::from_millis).ok_or_else(|| "is too long".to_owned())
}

pub(super) fn shown_duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    let fits =
        |unit: &&(&str, u64)| milliseconds.is_multiple_of(unit.1.into()) && milliseconds >= unit.1.into();
    match UNITS.iter().rev().find(fits) {
        Some((unit, factor)) => format!("{}{unit}", milliseconds / u128::from(*factor)),
        None => "0s".to_owned(),
    }
}

fn shown_size(bytes: u64) -> String {
    match SIZES.iter().rev().find(|(_, size)| bytes > 0 && bytes.is_multiple_of(*size)) {
        Some((unit, size)) => format!("{}{unit}", bytes / size),
        None => bytes.to_string(),
    }
}

impl Value {
    /// Returns the value as it is written in a document.
    pub(super) fn json(&self) -> serde_json::Value {
        match self {
            Self::Flag(flag) => (*flag).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Duration(duration) => shown_duration(*duration).into(),
            Self::Number(number) => (*number).into(),
            Self::Time(seconds) => (*seconds).into(),
        }
    }
}

/// The argument of a row's function: all values that are set, or the default.
pub(super) struct Given<'a> {
    /// Each value with its member, which is empty unless the setting is a map.
    pub(super) values: Vec<(&'a str, &'a Value)>,
}

/// Returns the error for a getter that does not match the row's type. Such a bug makes the tests of
/// all rows fail.
fn mismatch() -> Fault {
    Fault::at("", "a bug in bouncer_verify: please report it")
}

impl<'a> Given<'a> {
    fn one(&self) -> Option<&'a Value> {
        self.values.first().map(|(_, value)| *value)
    }

    pub(super) fn texts(&self) -> Vec<&'a str> {
        self.members().into_iter().map(|(_, text)| text).collect()
    }

    pub(super) fn members(&self) -> Vec<(&'a str, &'a str)> {
        let text = |(member, value): &(&'a str, &'a Value)| match value {
            Value::Text(text) => Some((*member, text.as_str())),
            _ => None,
        };
        self.values.iter().filter_map(text).collect()
    }

    /// Returns the texts of each member of a map.
    pub(super) fn lists(&self) -> Vec<(&'a str, Vec<&'a str>)> {
        let mut lists: Vec<(&str, Vec<&str>)> = Vec::new();
        for (member, text) in self.members() {
            match lists.iter_mut().find(|(name, _)| *name == member) {
                Some((_, texts)) => texts.push(text),
                None => lists.push((member, vec![text])),
            }
        }
        lists
    }

    pub(super) fn text(&self) -> Result<&'a str, crate::Error> {
        self.texts().first().copied().ok_or_else(|| mismatch().into())
    }

    pub(super) fn duration(&self) -> Result<Duration, crate::Error> {
        match self.one() {
            Some(Value::Duration(duration)) => Ok(*duration),
            _ => Err(mismatch().into()),
        }
    }

    pub(super) fn size(&self) -> Result<usize, crate::Error> {
        match self.one() {
            Some(Value::Number(number)) => Ok(usize::try_from(*number).unwrap_or(usize::MAX)),
            _ => Err(mismatch().into()),
        }
    }

    pub(super) fn time(&self) -> Result<i64, crate::Error> {
        match self.one() {
            Some(Value::Time(seconds)) => Ok(*seconds),
            _ => Err(mismatch().into()),
        }
    }
}
