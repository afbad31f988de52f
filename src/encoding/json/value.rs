//! A value of a document, as a slice of it.

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

/// A value of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    pub(super) document: &'a str,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
}

impl<'a> Value<'a> {
    /// The exact JSON text.
    pub(crate) fn text(self) -> &'a str {
        self.document.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn is_null(self) -> bool {
        self.kind == Kind::Null
    }

    pub(crate) fn is_true(self) -> bool {
        self.kind == Kind::True
    }

    /// What sort of value it is, for an error: "a number".
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

    /// The value as JSON spells it, if it is a number.
    pub(crate) fn as_number(self) -> Option<&'a str> {
        (self.kind == Kind::Number).then(|| self.text())
    }

    /// The characters, if it is a string; copied only where the text has escapes.
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
