//! A JSON value as a slice of its document.

use std::borrow::Cow;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    False,
    True,
    Number,
    String { escaped: bool },
    Array,
    Object,
}

/// A JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    pub(super) document: &'a str,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
}

impl<'a> Value<'a> {
    /// Returns the exact JSON text.
    pub(crate) fn text(self) -> &'a str {
        self.document.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn is_null(self) -> bool {
        self.kind == Kind::Null
    }

    pub(crate) fn is_true(self) -> bool {
        self.kind == Kind::True
    }

    /// Returns the type of the value for an error, for example "a number".
    pub(crate) fn kind(self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::False | Kind::True => "a boolean",
            Kind::Number => "a number",
            Kind::String { .. } => "a string",
            Kind::Array => "an array",
            Kind::Object => "an object",
        }
    }

    /// Returns the JSON text of a number, or `None` for another type.
    pub(crate) fn as_number(self) -> Option<&'a str> {
        (self.kind == Kind::Number).then(|| self.text())
    }

    /// Returns the JSON text of a number or a boolean, or `None` for another type.
    pub(crate) fn as_scalar(self) -> Option<&'a str> {
        matches!(self.kind, Kind::Number | Kind::True | Kind::False).then(|| self.text())
    }

    /// Returns the content of a string, or `None` for another type. Copies the content only if it
    /// has escapes.
    #[inline]
    pub(crate) fn as_str(self) -> Option<Cow<'a, str>> {
        match self.kind {
            Kind::String { escaped: false } => {
                self.document.get(self.start + 1..self.end - 1).map(Cow::Borrowed)
            }
            Kind::String { escaped: true } => serde_json::from_str(self.text()).ok().map(Cow::Owned),
            _ => None,
        }
    }
}
