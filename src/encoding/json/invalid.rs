//! The error for a document that is not strict JSON.

use std::fmt;

/// The rule that the document breaks, and the position in bytes, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub(super) rule: Rule,
    at: u32,
}

impl Invalid {
    #[cold]
    pub(super) fn new(rule: Rule, at: usize) -> Self {
        Self { rule, at: u32::try_from(at).unwrap_or(u32::MAX) }
    }

    #[cold]
    pub(super) fn err<T>(rule: Rule, at: usize) -> Result<T, Self> {
        Err(Self::new(rule, at))
    }

    /// Creates the error for an unexpected byte at `at`.
    #[cold]
    pub(super) fn unexpected(document: &str, at: usize) -> Self {
        let bytes = document.as_bytes();
        let rest = bytes.get(at..).unwrap_or_default();
        let rest_starts_with = |words: &[&str]| words.iter().any(|word| rest.starts_with(word.as_bytes()));
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let rule = match rest.first() {
            None => Rule::Truncated,
            Some(0) if rest.iter().all(|&byte| byte == 0) => Rule::NulAtEnd,
            _ if rest_starts_with(&["NaN", "Infinity", "-Infinity"]) => Rule::NotFinite,
            Some(b'0'..=b'9' | b'.' | b'+') if before.is_some_and(|byte| b":[,0123456789".contains(byte)) => {
                Rule::BadNumber
            }
            Some(b'e' | b'E' | b'x' | b'_') if before.is_some_and(u8::is_ascii_digit) => Rule::BadNumber,
            _ => Rule::Syntax,
        };
        Self::new(rule, at)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule.text())?;
        match self.rule.has_position() {
            true => write!(f, " at byte {}", self.at),
            false => Ok(()),
        }
    }
}

impl Invalid {
    /// Describes the error for a `document` that people write, with the line and the column. The
    /// result contains one character of the document at most.
    #[cold]
    pub(crate) fn explain(self, document: &str) -> String {
        let at = usize::try_from(self.at).unwrap_or(usize::MAX);
        let (before, rest) = document.split_at_checked(at).unwrap_or((document, ""));
        if self.rule == Rule::NotAnObject {
            return match rest.chars().next() {
                Some('\u{feff}') => "it begins with a byte order mark: save it without".to_owned(),
                Some('/' | '#') if rest.contains(['{', '\n']) => {
                    "it begins with a comment: JSON has none".to_owned()
                }
                // A path has neither lines nor braces.
                Some(first) if !document.contains(['{', '[', '\n']) => {
                    format!("it begins with {:?}: pass the text, not the file's name", first.to_string())
                }
                Some(first) => format!("it begins with {:?}, not with \"{{\"", first.to_string()),
                None => self.rule.text().to_owned(),
            };
        }
        let rule = match self.rule {
            Rule::Truncated if document.trim().is_empty() => return "it is empty".to_owned(),
            Rule::Syntax if rest.starts_with(['/', '#']) => "a comment (JSON has none)",
            rule => rule.text(),
        };
        if !self.rule.has_position() {
            return rule.to_owned();
        }
        let line = before.split('\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{rule} at line {line}, column {column}")
    }
}

/// The rules of strict JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    NotUtf8,
    NotAnObject,
    Truncated,
    NulAtEnd,
    Trailing,
    DuplicateName,
    TooDeep,
    NotFinite,
    BadNumber,
    NumberRange,
    ControlCharacter,
    BadEscape,
    LoneSurrogate,
    Syntax,
}

impl Rule {
    const fn has_position(self) -> bool {
        !matches!(self, Self::NulAtEnd | Self::NotAnObject)
    }

    const fn text(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not UTF-8",
            Self::NotAnObject => "not an object",
            Self::Truncated => "the text ends too early",
            Self::NulAtEnd => "a NUL byte at the end: is the length one too long?",
            Self::Trailing => "text after the end of the object",
            Self::DuplicateName => "duplicate member name",
            Self::TooDeep => "nested over 16 levels deep",
            Self::NotFinite => "NaN or Infinity (not a JSON number)",
            Self::BadNumber => "invalid number",
            Self::NumberRange => "number beyond the range of a double",
            Self::ControlCharacter => "unescaped control character in a string",
            Self::BadEscape => "invalid escape in a string",
            Self::LoneSurrogate => "lone surrogate in a string",
            Self::Syntax => "unexpected character",
        }
    }
}

/// Returns `bytes` as text.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Invalid> {
    std::str::from_utf8(bytes).map_err(|error| Invalid::new(Rule::NotUtf8, error.valid_up_to()))
}
