//! Reads and writes JSON. Numbers keep their spelling, and members keep their order.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Returns whether `c` can deceive a reader of a terminal. Control characters start escape
/// sequences; invisible and direction-changing characters make one text look like another.
pub(crate) fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// An object that is being written.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Self {
        Self(String::new())
    }

    /// Adds a member whose value is `json`, which must be valid.
    pub(crate) fn raw(mut self, name: &str, json: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(&quote(name));
        self.0.push(':');
        self.0.push_str(&compact(json));
        self
    }

    pub(crate) fn string(self, name: &str, value: &str) -> Self {
        let json = quote(value);
        self.raw(name, &json)
    }

    /// Adds a member if there is JSON text for it.
    pub(crate) fn maybe_raw(self, name: &str, json: Option<&str>) -> Self {
        match json {
            Some(json) => self.raw(name, json),
            None => self,
        }
    }

    /// Adds a member if there is a value.
    pub(crate) fn maybe_string(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.string(name, value),
            None => self,
        }
    }

    pub(crate) fn objects(self, name: &str, values: impl IntoIterator<Item = Object>) -> Self {
        let values: Vec<_> = values.into_iter().map(Object::finish).collect();
        self.raw(name, &format!("[{}]", values.join(",")))
    }

    fn finish(self) -> String {
        format!("{{{}}}", self.0)
    }

    /// Returns the object as one line.
    pub(crate) fn line(self) -> String {
        self.finish() + "\n"
    }
}

/// Returns a text as a JSON string that is safe on a terminal.
pub(crate) fn quote(text: &str) -> String {
    compact(&serde_json::Value::from(text).to_string())
}

/// Formats valid JSON on one line.
pub(crate) fn compact(json: &str) -> String {
    respell(json, Layout::Compact)
}

/// Formats valid JSON with a line for each member and element.
pub(crate) fn pretty(json: &str) -> String {
    respell(json, Layout::Pretty)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Compact,
    Pretty,
}

/// Maximum depth of indentation. Deeper levels share a line. Otherwise the output for deeply nested
/// brackets would grow quadratically.
const DEEPEST_INDENT: usize = 16;

/// Changes white space and escapes deceptive characters, and nothing else. Valid JSON contains
/// deceptive characters only in strings.
fn respell(json: &str, layout: Layout) -> String {
    let mut out = String::with_capacity(json.len());
    let break_line = |out: &mut String, depth: usize, inside: usize| {
        if layout == Layout::Pretty && inside <= DEEPEST_INDENT {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        }
    };
    let is_space = |c: &char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let mut depth = 0usize;
    let mut in_string = false;
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
            }
            '"' => {
                in_string = !in_string;
                out.push(c);
            }
            c if in_string && is_deceptive(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c if in_string => out.push(c),
            c if is_space(&c) => {}
            '{' | '[' => {
                out.push(c);
                depth += 1;
                while chars.next_if(is_space).is_some() {}
                if !matches!(chars.peek(), Some('}' | ']')) {
                    break_line(&mut out, depth, depth);
                }
            }
            '}' | ']' => {
                if !out.ends_with(['{', '[']) {
                    break_line(&mut out, depth.saturating_sub(1), depth);
                }
                depth = depth.saturating_sub(1);
                out.push(c);
            }
            ',' => {
                out.push(c);
                break_line(&mut out, depth, depth);
            }
            ':' if layout == Layout::Pretty => out.push_str(": "),
            c => out.push(c),
        }
    }
    out
}

/// The members of an object in order, each with the JSON text of its value.
#[derive(Default)]
pub(crate) struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Returns `None` if `json` is not an object.
    pub(crate) fn parse(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.get())
    }

    /// Returns the string `name`, or the strings of the array `name`.
    pub(crate) fn strings(&self, name: &str) -> Vec<String> {
        let json = self.get(name).unwrap_or("null");
        serde_json::from_str(json)
            .map(|one| vec![one])
            .or_else(|_| serde_json::from_str(json))
            .unwrap_or_default()
    }

    /// Returns the NumericDate `name` in whole seconds.
    pub(crate) fn numeric_date(&self, name: &str) -> Option<i64> {
        let json = self.get(name)?;
        json.parse().ok().or_else(|| {
            let seconds = json.parse::<f64>().ok()?.floor();
            (seconds.abs() <= (1i64 << 53) as f64).then_some(seconds as i64)
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members::default())
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Members<'a> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(member) = map.next_entry()? {
            self.0.push(member);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_spelling_and_members_their_order() {
        let json = "{ \"b\" : 1.50 ,\n\"a\":[ ] , \"c\":{\"d\":\"x\\\"y, z\\\\\"}, \"e\":[1,{ }] }";
        assert_eq!(compact(json), r#"{"b":1.50,"a":[],"c":{"d":"x\"y, z\\"},"e":[1,{}]}"#);
        let expected = "{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": {\n    \"d\": \"x\\\"y, z\\\\\"\n  },\n  \
                        \"e\": [\n    1,\n    {}\n  ]\n}";
        assert_eq!(pretty(json), expected);
        assert_eq!(compact(expected), compact(json));
    }

    #[test]
    fn escaping_deceptive_characters_keeps_the_value() {
        let json = "{\"\u{9b}\":\"\u{202e}\u{e0041}\"}";
        assert_eq!(compact(json), r#"{"\u009b":"\u202e\udb40\udc41"}"#);
        let value = |json| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(value(&compact(json)), value(json));
    }

    #[test]
    fn indentation_of_deep_nesting_stays_small() {
        let levels = 200_000;
        let json = "[".repeat(levels) + &"]".repeat(levels);
        assert!(pretty(&json).len() < json.len() + 2000);
        assert_eq!(compact(&pretty(&json)), json);
    }

    #[test]
    fn members_of_the_wrong_type_are_ignored() {
        let json = r#"{"exp":1.9,"nbf":-5,"iat":"1","big":1e300,"aud":["a","b"],"iss":"c","sub":1}"#;
        let members = Members::parse(json).unwrap();
        let date = |name| members.numeric_date(name);
        assert_eq!([date("exp"), date("nbf"), date("iat"), date("big")], [Some(1), Some(-5), None, None]);
        assert_eq!(members.strings("aud"), ["a", "b"]);
        assert_eq!(members.strings("iss"), ["c"]);
        assert!(members.strings("sub").is_empty() && members.strings("none").is_empty());
        assert!(Members::parse("[]").is_none() && Members::parse("{} x").is_none());
    }
}
