//! Reads the members of a document.

use super::invalid::{Invalid, Rule};
use super::scanner::Scanner;
use super::value::{Kind, Value};

/// Checks `document`, which must be a single object, and calls `each` with each of its members in
/// order. The name is UTF-8 with its escapes resolved. If the result is an error, discard
/// everything that `each` has collected: a later part of the document is invalid.
#[inline]
pub(crate) fn members<'a>(document: &'a str, mut each: impl FnMut(&[u8], Value<'a>)) -> Result<(), Invalid> {
    let mut scanner = at_object(document)?;
    scanner.object(1, &mut each)?;
    scanner.end()
}

/// Like [`members`], but if the member named `array` is an array, calls `element` with the text of
/// each of its elements. In an element, only matching brackets and the ends of strings are checked.
/// The caller must check each element, so that one bad element does not affect the others. Returns
/// whether `document` has that array.
pub(crate) fn members_and_elements<'a>(
    document: &'a str,
    array: &str,
    mut element: impl FnMut(&'a str),
    mut each: impl FnMut(&[u8], Value<'a>),
) -> Result<bool, Invalid> {
    let mut scanner = at_object(document)?;
    let mut found = false;
    scanner.object_with(1, &mut |name: &[u8], scanner: &mut Scanner<'a>| {
        if *name == *array.as_bytes() && scanner.peek() == Some(b'[') {
            found = true;
            return scanner.delimited_elements(&mut element);
        }
        each(name, scanner.value(1)?);
        Ok(())
    })?;
    scanner.end().map(|()| found)
}

/// Returns the first member `wanted` of the object at the start of `document`. Nothing after that
/// member is read, so `document` may be cut there, and may be invalid.
pub(crate) fn first_member<'a>(document: &'a str, wanted: &str) -> Result<Option<Value<'a>>, Invalid> {
    let mut found = None;
    let mut scanner = at_object(document)?;
    let read = scanner.object_with(1, &mut |name: &[u8], scanner: &mut Scanner<'a>| {
        let value = scanner.value(1)?;
        if *name != *wanted.as_bytes() {
            return Ok(());
        }
        found = Some(value);
        // Any error ends the search.
        Invalid::err(Rule::Trailing, scanner.at)
    });
    if found.is_some() { Ok(found) } else { read.map(|()| None) }
}

/// Returns the value that `text` consists of, or `None` if it is not exactly one value.
pub(crate) fn value(text: &str) -> Option<Value<'_>> {
    let mut scanner = Scanner::new(text);
    scanner.skip_white_space();
    let value = scanner.value(0).ok()?;
    scanner.end().ok().map(|()| value)
}

impl<'a> Value<'a> {
    /// Calls `each` with every element. Returns `None` if the value is not an array.
    pub(crate) fn elements(self, mut each: impl FnMut(Value<'a>)) -> Option<()> {
        (self.kind == Kind::Array).then_some(())?;
        Scanner::new(self.text()).array(1, &mut each).ok()
    }
}

#[inline]
fn at_object(document: &str) -> Result<Scanner<'_>, Invalid> {
    let mut scanner = Scanner::new(document);
    scanner.skip_white_space();
    match scanner.peek() {
        Some(b'{') => Ok(scanner),
        _ => Err(not_an_object(document, scanner.at)),
    }
}

#[cold]
fn not_an_object(document: &str, at: usize) -> Invalid {
    match Invalid::unexpected(document, at) {
        invalid @ Invalid { rule: Rule::Truncated | Rule::NulAtEnd, .. } => invalid,
        _ => Invalid::new(Rule::NotAnObject, at),
    }
}

#[cfg(test)]
mod tests {
    use super::super::invalid::utf8;
    use super::super::scanner::MAX_DEPTH;
    use super::*;
    use std::borrow::Cow;

    fn read(document: &str) -> Result<Vec<(String, &str)>, Invalid> {
        let mut found = Vec::new();
        members(document, |name, value| {
            found.push((String::from_utf8(name.to_vec()).unwrap(), value.text()));
        })?;
        Ok(found)
    }

    fn rule(document: &str) -> Option<Rule> {
        read(document).err().map(|invalid| invalid.rule)
    }

    #[test]
    fn members_are_returned_in_order_with_their_exact_text() {
        let found = read(" {\"a\" : 1.50, \"b\":\"x\\ny\",\n\"c\":[1, {\"d\":null}] , \"\":{} } ").unwrap();
        let expected = [("a", "1.50"), ("b", "\"x\\ny\""), ("c", "[1, {\"d\":null}]"), ("", "{}")];
        assert_eq!(found, expected.map(|(name, text)| (name.to_owned(), text)));
    }

    #[test]
    fn the_first_member_of_a_name_is_found_in_a_document_that_is_cut_after_it() {
        let find = |document| first_member(document, "iss").map(|value| value.map(|value| value.text()));
        for document in [
            r#"{"iss":"a"}"#,
            r#"{"x":{"iss":"b"},"iss":"a""#,
            r#" { "x":"\"iss\":1" , "iss" : "a" , "iss":"b" "#,
            r#"{"i\u0073s":"a","#,
        ] {
            assert_eq!(find(document).unwrap(), Some("\"a\""), "{document}");
        }
        assert_eq!(find(r#"{"x":{"iss":"b"}}"#).unwrap(), None);
        for document in [r#"{"x":{"iss":"b"}"#, r#"{"iss":"a"#, r#"["iss","a"]"#, "", r#"{"a":1,"a":2,"iss""#]
        {
            assert!(find(document).is_err(), "{document}");
        }
    }

    #[test]
    fn a_document_must_be_exactly_one_object() {
        for text in
            ["", " ", "[]", "1", "\"a\"", "null", "{}{}", "{} x", "\u{feff}{}", "{", "{\"a\"", "{\"a\":"]
        {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_text_is_one_value_or_none() {
        for (text, inner) in [("1", "1"), (" \"a\" ", "\"a\""), ("[{}]", "[{}]"), ("null", "null")] {
            assert_eq!(value(text).map(Value::text), Some(inner));
        }
        for text in ["", " ", "1 2", "[", "{\"a\":1,\"a\":2}", "nul"] {
            assert_eq!(value(text), None, "{text:?}");
        }
    }

    #[test]
    fn duplicate_names_are_rejected_at_every_depth_even_with_escapes() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"alg":1,"al\u0067":2}"#,
            r#"{"al\u0067":1,"alg":2}"#,
            r#"{"x":{"a":1,"b":2,"a":3}}"#,
            r#"{"x":[{"a":1,"a":3}]}"#,
            r#"{"":1,"":2}"#,
        ] {
            assert_eq!(rule(text), Some(Rule::DuplicateName), "{text}");
        }
        assert!(read(r#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}"#).is_ok());
    }

    #[test]
    fn a_duplicate_is_found_among_any_number_of_names() {
        for count in [2, 15, 16, 17, 18, 40, 1000] {
            for (first, second) in [(0, count - 1), (0, 1), (count / 2, count - 1), (count - 2, count - 1)] {
                let mut names: Vec<String> = (0..count).map(|i| format!("\"n{i}\":0")).collect();
                assert!(read(&format!("{{{}}}", names.join(","))).is_ok());
                if first != second {
                    names[second] = names[first].clone();
                    let text = format!("{{{}}}", names.join(","));
                    let before: usize = names[..second].iter().map(|name| name.len() + 1).sum();
                    let twice = Invalid::new(Rule::DuplicateName, 1 + before);
                    assert_eq!(read(&text), Err(twice), "{count} {first} {second}");
                }
            }
        }
    }

    #[test]
    fn the_nesting_depth_is_limited() {
        let nested =
            |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(read(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(rule(&nested(MAX_DEPTH + 1)), Some(Rule::TooDeep));
        assert_eq!(rule(&nested(100_000)), Some(Rule::TooDeep));
    }

    #[test]
    fn numbers_follow_rfc_8259_and_fit_in_a_double() {
        let zeros = "0".repeat(400);
        for text in [
            "0",
            "-0",
            "10",
            "1.5",
            "1e3",
            "1E+3",
            "1e-3",
            "-1.25e2",
            "1e308",
            "1.7976931348623157e308",
            "17976931348623157e292",
            "0.1e309",
            "1e-400",
            "0e999999999",
            "0e99999999999999999999",
            "1e-99999999999999999999",
            &"9".repeat(300),
            &format!("1{}", &zeros[..308]),
            &format!("1{zeros}e-400"),
            &format!("0.{zeros}1e700"),
        ] {
            assert!(read(&format!("{{\"a\":{text}}}")).is_ok(), "{text}");
        }
        for text in [
            "01",
            "-",
            "+1",
            "1.",
            ".5",
            "1e",
            "1e+",
            "0x1",
            "NaN",
            "Infinity",
            "1_0",
            "--1",
            "1e400",
            "-1e400",
            "1e309",
            "10e308",
            "0.1e310",
            "1.7976931348623158e308",
            "17976931348623159e292",
            "1e99999999999999999999",
            &"9".repeat(309),
            &"9".repeat(400),
        ] {
            assert!(read(&format!("{{\"a\":{text}}}")).is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_names_the_rule_and_the_byte() {
        let deep = format!("{{\"a\":{}", "[".repeat(16));
        let many = (0..40).map(|i| format!("\"n{i}\":0")).collect::<Vec<_>>().join(",");
        for (text, expected) in [
            ("", "the text ends too early at byte 0"),
            (r#"{"a":1"#, "the text ends too early at byte 6"),
            (r#"{"a":"b"#, "the text ends too early at byte 7"),
            (r#"{"a":"b\"#, "the text ends too early at byte 8"),
            ("[]", "not an object"),
            ("{}\0", "a NUL byte at the end: is the length one too long?"),
            ("\0", "a NUL byte at the end: is the length one too long?"),
            ("{}{}", "text after the end of the object at byte 2"),
            (r#"{"a":1,"a":2}"#, "duplicate member name at byte 7"),
            (r#"{"a":{"b":1,"\u0062":2}}"#, "duplicate member name at byte 12"),
            (&format!("{{{many},\"n39\":1}}"), "duplicate member name at byte 311"),
            (&deep, "nested over 16 levels deep at byte 20"),
            (r#"{"a":NaN}"#, "NaN or Infinity (not a JSON number) at byte 5"),
            (r#"{"a":-Infinity}"#, "NaN or Infinity (not a JSON number) at byte 6"),
            (r#"{"a":01}"#, "invalid number at byte 6"),
            (r#"{"a":+1}"#, "invalid number at byte 5"),
            (r#"{"a":1.}"#, "invalid number at byte 5"),
            (r#"{"a":1e999}"#, "number beyond the range of a double at byte 5"),
            ("{\"a\":\"b\n\"}", "unescaped control character in a string at byte 7"),
            ("{\"a\":\"\\t\n\"}", "unescaped control character in a string at byte 8"),
            (r#"{"a":"\x41"}"#, "invalid escape in a string at byte 6"),
            (r#"{"a":"\u00g0"}"#, "invalid escape in a string at byte 6"),
            (r#"{"a":"x\ud83d"}"#, "lone surrogate in a string at byte 7"),
            (r#"{"a":"\ud83d\ude00\ude00"}"#, "lone surrogate in a string at byte 18"),
            (r#"{"a":nul}"#, "unexpected character at byte 5"),
            (r#"{'a':1}"#, "unexpected character at byte 1"),
            (r#"{"a":1,}"#, "unexpected character at byte 7"),
            (r#"{"a" 1}"#, "unexpected character at byte 5"),
            (r#"{"a":[1}}"#, "unexpected character at byte 7"),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), expected, "{text:?}");
        }
        assert_eq!(utf8(b"{\"\xff\"}").unwrap_err().to_string(), "not UTF-8 at byte 2");
    }

    #[test]
    fn an_explanation_names_the_line_and_the_column() {
        for (text, expected) in [
            ("", "it is empty"),
            (" \n", "it is empty"),
            ("{\n\"a\": 1", "the text ends too early at line 2, column 7"),
            ("{\r\n  \"é\": x}", "unexpected character at line 2, column 8"),
            ("{\n // a\n}", "a comment (JSON has none) at line 2, column 2"),
            ("{} # a", "text after the end of the object at line 1, column 4"),
            ("{}\0", "a NUL byte at the end: is the length one too long?"),
            ("\u{feff}{}", "it begins with a byte order mark: save it without"),
            ("# a\n{}", "it begins with a comment: JSON has none"),
            ("/etc/a.json", "it begins with \"/\": pass the text, not the file's name"),
            ("config.json", "it begins with \"c\": pass the text, not the file's name"),
            ("accept:\n  - x", "it begins with \"a\", not with \"{\""),
            ("\u{1b}[2J", "it begins with \"\\u{1b}\", not with \"{\""),
        ] {
            assert_eq!(read(text).unwrap_err().explain(text), expected, "{text:?}");
        }
    }

    #[test]
    fn elements_are_delimited_but_not_checked() {
        let read = |document: &str| {
            let (mut elements, mut others) = (Vec::new(), Vec::new());
            members_and_elements(
                document,
                "keys",
                |element| elements.push(element.to_owned()),
                |name, value| {
                    others.push((String::from_utf8(name.to_vec()).unwrap(), value.text().to_owned()))
                },
            )?;
            Ok::<_, Invalid>((elements, others))
        };
        let deep = "[".repeat(5000) + &"]".repeat(5000);
        for element in [
            "{}",
            "null",
            "1e999",
            "NaN",
            r#""\ud800""#,
            r#""a,b]}""#,
            r#"{"a":1,"a":{"b":[1,2,"]"]}}"#,
            r#"{"a":"\"}"}"#,
            r#"{"a":"\\"}"#,
            r#"{"a" 1}"#,
            "{\"é\":\"\u{1}\"}",
            &deep,
        ] {
            let document = format!("{{\"x\":[1], \"keys\" : [ {element} , {element}\n] }} ");
            let expected = vec![element.to_owned(), element.to_owned()];
            assert_eq!(
                read(&document),
                Ok((expected, vec![("x".to_owned(), "[1]".to_owned())])),
                "{element}"
            );
        }
        assert_eq!(read(r#"{"\u006beys":[1,2]}"#).unwrap().0, ["1", "2"]);
        assert_eq!(read(r#"{"keys":[]}"#), Ok((vec![], vec![])));
        assert_eq!(read("{}"), Ok((vec![], vec![])));
        assert_eq!(read(r#"{"keys":{"a":1}}"#).unwrap().1, [("keys".to_owned(), r#"{"a":1}"#.to_owned())]);
        for document in [
            r#"{"keys":[1,]}"#,
            r#"{"keys":[,1]}"#,
            r#"{"keys":[1 2]}"#,
            r#"{"keys":[{]}"#,
            r#"{"keys":[{]}]}"#,
            r#"{"keys":[[}]]}"#,
            r#"{"keys":[1}"#,
            r#"{"keys":["a]}"#,
            r#"{"keys":["a\"]}"#,
            r#"{"keys":[1]"#,
            r#"{"keys":[1]}}"#,
            r#"{"keys":[1],"keys":[2]}"#,
            r#"{"keys":[1],"\u006beys":2}"#,
            r#"{"keys":[1],"x":1e999}"#,
            r#"{"keys":[1],"x":{"a":1,"a":2}}"#,
            r#"{"keys":[1],"x":"\ud800"}"#,
            "[]",
            "",
        ] {
            assert!(read(document).is_err(), "{document}");
        }
    }

    #[test]
    fn escapes_are_resolved_and_invalid_strings_are_rejected() {
        let value = |text: &str| {
            let document = format!("{{\"a\":\"{text}\"}}");
            let mut value = None;
            members(&document, |_, v| value = v.as_str().map(Cow::into_owned)).ok()?;
            value
        };
        assert_eq!(value("plain é").as_deref(), Some("plain é"));
        assert_eq!(
            value(r#"\"\\\/\b\f\n\r\t\u0041\ud83d\ude00"#).as_deref(),
            Some("\"\\/\u{8}\u{c}\n\r\tA😀")
        );
        for text in [r"\ud800", r"\udc00", r"\ud800\u0041", r"\x41", r"\u00g0", "\u{0}", "\n", "\u{1f}", "\\"]
        {
            assert_eq!(value(text), None, "{text:?}");
        }
    }
}
