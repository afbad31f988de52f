//! Finds a claim by its name, at the top level or in nested objects.
//!
//! A name with dots may name a nested claim: `realm_access.roles`. A member whose own name has dots
//! is found too: `https://a.example/roles`. At each object, the longest member name that fits is
//! taken. There is no second attempt with a shorter one, so a path always means the same member.

use crate::encoding::json::{self, Value};
use std::ops::Range;

/// Returns the value at `path` in `object`, which is a strict JSON object.
pub(crate) fn lookup<'a>(object: &'a str, path: &str) -> Option<Value<'a>> {
    let mut longest = Longest::new(path);
    json::members(object, |name, value| longest.offer(name, value)).ok()?;
    longest.value()
}

/// The members of an object, read once for several lookups.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    /// All names, one after the other.
    names: Vec<u8>,
    members: Vec<(Range<usize>, Value<'a>)>,
}

impl<'a> Members<'a> {
    /// Reads the members of `object`. An invalid object has none.
    pub(crate) fn read(object: &'a str) -> Self {
        let (mut names, mut members) = (Vec::new(), Vec::new());
        let read = json::members(object, |name, value| {
            let start = names.len();
            names.extend_from_slice(name);
            members.push((start..names.len(), value));
        });
        if read.is_err() {
            members.clear();
        }
        Self { names, members }
    }

    /// Returns the value at `path`, as [`lookup`] does.
    pub(crate) fn lookup(&self, path: &str) -> Option<Value<'a>> {
        let mut longest = Longest::new(path);
        for (name, value) in &self.members {
            longest.offer(self.names.get(name.clone())?, *value);
        }
        longest.value()
    }
}

/// The member with the longest name that fits a path.
struct Longest<'a, 'p> {
    path: &'p str,
    /// Its value, and the rest of the path. `None` as the rest if the name is the whole path.
    found: Option<(Value<'a>, Option<&'p str>)>,
    len: usize,
}

impl<'a, 'p> Longest<'a, 'p> {
    fn new(path: &'p str) -> Self {
        Self { path, found: None, len: 0 }
    }

    fn offer(&mut self, name: &[u8], value: Value<'a>) {
        let Some(rest) = self.path.as_bytes().strip_prefix(name) else { return };
        if self.found.is_some() && name.len() < self.len {
            return;
        }
        let rest = match rest.first() {
            None => None,
            Some(b'.') => self.path.get(name.len() + 1..),
            Some(_) => return,
        };
        (self.found, self.len) = (Some((value, rest)), name.len());
    }

    fn value(self) -> Option<Value<'a>> {
        match self.found? {
            (value, None) => Some(value),
            (value, Some(rest)) => lookup(value.text(), rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the JSON text at `path`. Both ways to look it up must agree.
    fn at(object: &str, path: &str) -> Option<String> {
        let text = lookup(object, path).map(|value| value.text().to_owned());
        assert_eq!(Members::read(object).lookup(path).map(|value| value.text().to_owned()), text, "{path}");
        text
    }

    #[test]
    fn a_name_is_a_member_or_a_path_to_a_nested_member() {
        let object = r#"{"a":1,"b":{"c":{"d":2},"c.d":3},"https://x.example/roles":4,"e":[{"f":5}],
                         "\u0067":{"\u0068":6},"":{"":7},"n":null,"s":"{\"t\":8}","é":{"ü":9}}"#;
        for (path, value) in [
            ("a", Some("1")),
            ("b.c", Some(r#"{"d":2}"#)),
            ("b.c.d", Some("3")),
            ("https://x.example/roles", Some("4")),
            ("g.h", Some("6")),
            ("", Some(r#"{"":7}"#)),
            (".", Some("7")),
            ("n", Some("null")),
            ("é.ü", Some("9")),
            ("A", None),
            ("a.b", None),
            ("a.", None),
            (".a", None),
            ("b.d", None),
            ("b..c", None),
            ("b.c.d.e", None),
            ("c", None),
            ("https://x", None),
            ("roles", None),
            ("e.f", None),
            ("e.0", None),
            ("n.a", None),
            ("s.t", None),
        ] {
            assert_eq!(at(object, path).as_deref(), value, "{path}");
        }
    }

    #[test]
    fn the_longest_member_name_is_taken_wherever_it_stands() {
        let longer_first = r#"{"a.b":{"c":1},"a":{"b":{"c":2,"d":3}}}"#;
        let longer_last = r#"{"a":{"b":{"c":2,"d":3}},"a.b":{"c":1}}"#;
        for object in [longer_first, longer_last] {
            assert_eq!(at(object, "a.b.c").as_deref(), Some("1"));
            assert_eq!(at(object, "a.b").as_deref(), Some(r#"{"c":1}"#));
            assert_eq!(at(object, "a.b.d"), None, "a shorter name is not tried");
            assert_eq!(at(object, "a").as_deref(), Some(r#"{"b":{"c":2,"d":3}}"#));
        }
        assert_eq!(at(r#"{"a":{"b":1},"a.b":null}"#, "a.b").as_deref(), Some("null"));
    }

    #[test]
    fn an_invalid_object_has_no_members() {
        for object in ["", "[]", r#"{"a":1,"a":2}"#, r#"{"a":1"#] {
            assert_eq!(at(object, "a"), None);
        }
    }
}
