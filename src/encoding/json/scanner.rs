//! Scans and checks JSON from front to back.

use super::decimal::number_end;
use super::invalid::{Invalid, Rule};
use super::names::Names;
use super::special::special_bits_from;
use super::value::{Kind, Value};
use std::borrow::Cow;

/// Maximum nesting depth. The outermost object or array is level 1.
pub(super) const MAX_DEPTH: usize = 16;

/// A position in `document`. Each method moves it past the text that it has read. Methods for rare
/// or long work take a copy of the scanner and return the new position. So the original stays in
/// registers.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'a> {
    pub(super) document: &'a str,
    pub(super) at: usize,
    /// The result of [`special_bits_from`] for the 64 bytes at `window`. `window` is a multiple of
    /// 64, or `usize::MAX` before the first use.
    special: u64,
    window: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(document: &'a str) -> Self {
        Self { document, at: 0, special: 0, window: usize::MAX }
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.document.as_bytes()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    #[inline]
    pub(super) fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Invalid> {
        if self.peek() != Some(byte) {
            return Err(Invalid::unexpected(self.document, self.at));
        }
        self.at += 1;
        Ok(())
    }

    /// Checks that only white space follows.
    pub(super) fn end(&mut self) -> Result<(), Invalid> {
        self.skip_white_space();
        if self.peek().is_none() {
            return Ok(());
        }
        match Invalid::unexpected(self.document, self.at) {
            nul @ Invalid { rule: Rule::NulAtEnd, .. } => Err(nul),
            _ => Invalid::err(Rule::Trailing, self.at),
        }
    }

    /// Reads the byte after a member or an element: a comma, or the closing bracket `close`.
    /// Returns whether it was `close`.
    pub(super) fn closes(&mut self, close: u8) -> Result<bool, Invalid> {
        self.skip_white_space();
        match self.next() {
            Some(b',') => Ok(false),
            Some(byte) if byte == close => Ok(true),
            Some(_) => Err(Invalid::unexpected(self.document, self.at - 1)),
            None => Err(Invalid::unexpected(self.document, self.at)),
        }
    }

    /// Calls `each` with each member of the object that begins here.
    #[inline(always)]
    pub(super) fn object<F: FnMut(&[u8], Value<'a>)>(
        &mut self,
        depth: usize,
        each: &mut F,
    ) -> Result<(), Invalid> {
        self.object_with(depth, &mut |name: &[u8], scanner: &mut Self| {
            each(name, scanner.value(depth)?);
            Ok(())
        })
    }

    /// Calls `read_value` with the name of each member and with the scanner at the member's value.
    #[inline(always)]
    pub(super) fn object_with<F: FnMut(&[u8], &mut Self) -> Result<(), Invalid>>(
        &mut self,
        depth: usize,
        read_value: &mut F,
    ) -> Result<(), Invalid> {
        if depth > MAX_DEPTH {
            return Invalid::err(Rule::TooDeep, self.at);
        }
        self.expect(b'{')?;
        self.skip_white_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut names = Names::new();
        loop {
            self.skip_white_space();
            let start = self.at;
            let name = self.name()?;
            if !names.add(&name, start) {
                return Invalid::err(Rule::DuplicateName, start);
            }
            self.skip_white_space();
            self.expect(b':')?;
            self.skip_white_space();
            read_value(&name, self)?;
            if self.closes(b'}')? {
                return names.all_differ();
            }
        }
    }

    pub(super) fn array<F: FnMut(Value<'a>)>(&mut self, depth: usize, each: &mut F) -> Result<(), Invalid> {
        if depth > MAX_DEPTH {
            return Invalid::err(Rule::TooDeep, self.at);
        }
        self.expect(b'[')?;
        self.skip_white_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_white_space();
            each(self.value(depth)?);
            if self.closes(b']')? {
                return Ok(());
            }
        }
    }

    /// Reads a value inside an object or array of level `depth`.
    #[inline(always)]
    pub(super) fn value(&mut self, depth: usize) -> Result<Value<'a>, Invalid> {
        let start = self.at;
        let kind = match self.peek().unwrap_or(0) {
            b'"' => Kind::String { escaped: self.string()? },
            b'-' | b'0'..=b'9' => {
                self.at = number_end(self.document, self.at)?;
                Kind::Number
            }
            _ => {
                let (kind, end) = self.rarer_value(depth)?;
                self.at = end;
                kind
            }
        };
        Ok(Value { document: self.document, start, end: self.at, kind })
    }

    /// Reads any value except a string or a number. Returns its kind and its end.
    fn rarer_value(mut self, depth: usize) -> Result<(Kind, usize), Invalid> {
        let kind = match self.peek().unwrap_or(0) {
            b'{' => {
                self.object(depth + 1, &mut |_, _| {})?;
                Kind::Object
            }
            b'[' => {
                self.array(depth + 1, &mut |_| {})?;
                Kind::Array
            }
            b'n' => self.word("null", Kind::Null)?,
            b'f' => self.word("false", Kind::False)?,
            b't' => self.word("true", Kind::True)?,
            _ => return Err(Invalid::unexpected(self.document, self.at)),
        };
        Ok((kind, self.at))
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<Kind, Invalid> {
        let rest = self.bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(Invalid::unexpected(self.document, self.at));
        }
        self.at += word.len();
        Ok(kind)
    }

    /// Reads the name of a member.
    #[inline(always)]
    fn name(&mut self) -> Result<Cow<'a, [u8]>, Invalid> {
        let start = self.at;
        if self.string()? {
            let text = self.document.get(start..self.at).unwrap_or_default();
            let name: String =
                serde_json::from_str(text).map_err(|_| Invalid::unexpected(self.document, start))?;
            return Ok(Cow::Owned(name.into_bytes()));
        }
        let name = self.bytes().get(start + 1..self.at - 1);
        name.map(Cow::Borrowed).ok_or_else(|| Invalid::new(Rule::Syntax, 0))
    }

    /// Reads a string and returns whether it has escapes.
    #[inline(always)]
    fn string(&mut self) -> Result<bool, Invalid> {
        let start = self.at;
        self.expect(b'"')?;
        self.skip_plain();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(false);
        }
        self.at = self.end_of_string_with_escapes(start)?;
        Ok(true)
    }

    /// Returns the end of the string that begins at `start`. The scanner is at the first escape or
    /// invalid byte.
    fn end_of_string_with_escapes(mut self, start: usize) -> Result<usize, Invalid> {
        loop {
            let at = self.at;
            match (self.next(), self.next()) {
                (Some(b'"'), _) => {
                    self.at = at + 1;
                    break;
                }
                (Some(b'\\'), Some(_)) => {}
                (None, _) | (Some(b'\\'), None) => return Invalid::err(Rule::Truncated, self.document.len()),
                _ => return Invalid::err(Rule::ControlCharacter, at),
            }
            self.skip_plain();
        }
        // Escapes are rare and hard to check, mainly because of surrogates. So serde_json checks
        // them.
        let text = self.document.get(start..self.at).unwrap_or_default();
        match serde_json::from_str::<String>(text) {
            Ok(_) => Ok(self.at),
            Err(_) => Err(wrong_in_string(text, start)),
        }
    }

    /// Moves to the next quotation mark, backslash or control character, or to the end.
    #[inline(always)]
    fn skip_plain(&mut self) {
        loop {
            let window = self.at & !63;
            if self.window != window {
                self.special = special_bits_from(self.bytes(), window);
                self.window = window;
            }
            let ahead = self.special >> (self.at & 63);
            if ahead != 0 {
                self.at += ahead.trailing_zeros() as usize;
                return;
            }
            self.at = window + 64;
            if self.at >= self.document.len() {
                self.at = self.document.len();
                return;
            }
        }
    }
}

/// Returns the error in `text`, an invalid string that begins at byte `start` of the document.
#[cold]
fn wrong_in_string(text: &str, start: usize) -> Invalid {
    let bytes = text.as_bytes();
    let unit_at = |at: usize| match bytes.get(at..at + 6)? {
        [b'\\', b'u', digits @ ..] if digits.iter().all(u8::is_ascii_hexdigit) => {
            u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        }
        _ => None,
    };
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += match (byte, bytes.get(at + 1)) {
            (b'\\', Some(b'u')) => match (unit_at(at), unit_at(at + 6)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
                (Some(0xd800..=0xdfff), _) => return Invalid::new(Rule::LoneSurrogate, start + at),
                (Some(_), _) => 6,
                (None, _) => return Invalid::new(Rule::BadEscape, start + at),
            },
            (b'\\', Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => 2,
            (b'\\', _) => return Invalid::new(Rule::BadEscape, start + at),
            (0..0x20, _) => return Invalid::new(Rule::ControlCharacter, start + at),
            _ => 1,
        };
    }
    Invalid::new(Rule::BadEscape, start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skip_plain_stops_at_the_first_special_byte() {
        for special in 0..=127u8 {
            let ends = special == b'"' || special == b'\\' || special < 0x20;
            for len in [0, 1, 63, 64, 65, 130, 200] {
                for at in [0, 1, 7, 8, 31, 62, 63, 64, 65, 127, 128, 150].into_iter().filter(|&at| at < len) {
                    let mut text = "a".repeat(len);
                    text.replace_range(at..=at, char::from(special).encode_utf8(&mut [0; 4]));
                    for start in [0, at / 2, at, at + 1] {
                        let mut scanner = Scanner { at: start, ..Scanner::new(&text) };
                        scanner.skip_plain();
                        assert_eq!(scanner.at, if ends && start <= at { at } else { len }, "{special} {len}");
                    }
                }
            }
        }
    }
}
