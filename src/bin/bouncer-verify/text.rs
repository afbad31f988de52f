//! Text for a terminal: escaped where others wrote it, and in columns.

use crate::json;
use std::borrow::Cow;

/// A text of others as a terminal may show it: itself where that is plain, else in quotes and escaped as in
/// JSON. One that starts with a quote is always quoted, so the two never look alike.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    let is_plain = !text.is_empty()
        && text != NOTHING
        && !text.starts_with('"')
        && text.trim() == text
        && !text.contains(json::is_deceptive);
    if is_plain { Cow::Borrowed(text) } else { Cow::Owned(json::quote(text)) }
}

/// What stands in a cell that has nothing to show.
pub(crate) const NOTHING: &str = "-";

/// [`shown`], or [`NOTHING`].
pub(crate) fn maybe_shown(text: Option<&str>) -> String {
    text.map_or(NOTHING.to_owned(), |text| shown(text).into_owned())
}

/// Lines of columns as wide as their widest cell, two spaces apart.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut out = String::new();
    for row in rows {
        let line: String = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}  ")).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_shows_as_itself() {
        for text in ["peter", "a b", r"CORP\peter", "é😀", "a\"b", "--"] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn deceptive_text_is_quoted_and_escaped() {
        for (text, expected) in [
            ("", r#""""#),
            ("-", r#""-""#),
            (" a", r#"" a""#),
            ("\"a\"", r#""\"a\"""#),
            ("a\nb", r#""a\nb""#),
            ("\u{1b}[2J", r#""\u001b[2J""#),
            ("\u{9b}2J", r#""\u009b2J""#),
            ("\u{7f}", r#""\u007f""#),
            ("a\u{202e}b", r#""a\u202eb""#),
            ("\u{e0041}", r#""\udb40\udc41""#),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn columns_align_and_end_without_spaces() {
        let rows = [["a", "bcd", "e"], ["fgh", "i", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(columns(&rows), "a    bcd  e\nfgh  i\n");
    }
}
