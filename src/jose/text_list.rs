//! Claims that contain several texts, such as scopes, roles and groups.

use crate::encoding::json::Value;
use std::borrow::Cow;

/// Calls `each` with each text of an array of strings or a space-separated string (RFC 6749 §3.3).
/// Empty texts are skipped. Returns `None` if the value has another type. Then discard everything
/// that `each` has collected.
pub(crate) fn texts<'a>(value: Value<'a>, mut each: impl FnMut(Cow<'a, str>)) -> Option<()> {
    let words = |text: &str| !text.is_empty();
    match value.as_str() {
        Some(Cow::Borrowed(text)) => {
            text.split(' ').filter(|text| words(text)).for_each(|text| each(text.into()))
        }
        Some(Cow::Owned(text)) => {
            text.split(' ').filter(|text| words(text)).for_each(|text| each(text.to_owned().into()));
        }
        None => {
            let mut are_strings = true;
            value.elements(|element| match element.as_str() {
                Some(text) if text.is_empty() => {}
                Some(text) => each(text),
                None => are_strings = false,
            })?;
            return are_strings.then_some(());
        }
    }
    Some(())
}

/// Returns whether `text` is one of the [`texts`] of `value`.
pub(crate) fn contains(value: Value<'_>, text: &str) -> bool {
    let mut found = false;
    texts(value, |own| found |= *own == *text).is_some() && found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::json;

    fn read(text: &str) -> Option<Vec<String>> {
        let mut found = Vec::new();
        texts(json::value(text)?, |text| found.push(text.into_owned()))?;
        Some(found)
    }

    #[test]
    fn texts_are_an_array_of_strings_or_a_space_separated_string() {
        for (json, expected) in [
            (r#""""#, &[][..]),
            (r#"" ""#, &[]),
            (r#""a""#, &["a"]),
            (r#"" a  b ""#, &["a", "b"]),
            (r#""a a""#, &["a", "a"]),
            (r#""a\tb c,d""#, &["a\tb", "c,d"]),
            (r#""a\u0020b""#, &["a", "b"]),
            ("[]", &[]),
            (r#"["a","b c","","\u0064"]"#, &["a", "b c", "d"]),
        ] {
            assert_eq!(read(json).unwrap(), expected, "{json}");
        }
        for json in
            ["1", "true", "null", "{}", r#"{"a":"a"}"#, "[1]", r#"["a",1]"#, r#"["a",["b"]]"#, "[null]"]
        {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn a_text_is_contained_only_as_a_whole_and_in_its_case() {
        let contains = |json: &str, text: &str| contains(json::value(json).unwrap(), text);
        for json in [r#""read write""#, r#"["read","write"]"#] {
            assert!(contains(json, "read") && contains(json, "write"), "{json}");
            for other in ["", " ", "rea", "ead", "READ", "read write", "reads"] {
                assert!(!contains(json, other), "{json} {other:?}");
            }
        }
        assert!(contains(r#"["read write"]"#, "read write") && !contains(r#"["read write"]"#, "read"));
        assert!(!contains(r#"["read",1]"#, "read") && !contains(r#"[""]"#, ""));
    }
}
