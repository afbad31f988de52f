//! Finds where array elements end. Checks only that brackets match and that strings end.

use super::invalid::{Invalid, Rule};
use super::scanner::Scanner;

impl<'a> Scanner<'a> {
    /// Calls `element` with the text of each element of the array that begins here. The elements
    /// are not checked.
    pub(super) fn delimited_elements(&mut self, element: &mut impl FnMut(&'a str)) -> Result<(), Invalid> {
        self.expect(b'[')?;
        self.skip_white_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_white_space();
            let start = self.at;
            self.skip_delimited()?;
            match self.document.get(start..self.at) {
                Some(text) if !text.is_empty() => element(text),
                _ => return Err(Invalid::unexpected(self.document, start)),
            }
            if self.closes(b']')? {
                return Ok(());
            }
        }
    }

    /// Skips a value. Checks only that brackets match outside strings and that strings end. It does
    /// not recurse, so brackets may be nested to any depth.
    fn skip_delimited(&mut self) -> Result<(), Invalid> {
        let mut open = Vec::new();
        loop {
            let at = self.at;
            let Some(byte) = self.peek() else { return Invalid::err(Rule::Truncated, at) };
            match byte {
                b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r' if open.is_empty() => return Ok(()),
                b'"' => {
                    self.skip_delimited_string()?;
                    if open.is_empty() {
                        return Ok(());
                    }
                    continue;
                }
                b'{' => open.push(b'}'),
                b'[' => open.push(b']'),
                b'}' | b']' => {
                    if open.pop() != Some(byte) {
                        return Err(Invalid::unexpected(self.document, at));
                    }
                    if open.is_empty() {
                        self.at += 1;
                        return Ok(());
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    fn skip_delimited_string(&mut self) -> Result<(), Invalid> {
        self.at += 1;
        loop {
            let rest = self.bytes().get(self.at..).unwrap_or_default();
            let Some(next) = memchr::memchr2(b'"', b'\\', rest) else {
                return Invalid::err(Rule::Truncated, self.document.len());
            };
            let is_end = rest.get(next) == Some(&b'"');
            self.at += next + if is_end { 1 } else { 2 };
            if is_end {
                return Ok(());
            }
        }
    }
}
