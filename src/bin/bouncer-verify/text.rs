//! Text for a terminal: escapes untrusted text, and aligns columns.

use crate::json;
use std::borrow::Cow;

/// Makes untrusted text safe for a terminal. Plain text stays as it is; other text becomes a JSON
/// string. Text that starts with a quote is always quoted, so the two forms cannot be confused.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    let is_plain = !text.is_empty()
        && text != NOTHING
        && !text.starts_with('"')
        && text.trim() == text
        && !text.contains(json::is_deceptive);
    if is_plain { Cow::Borrowed(text) } else { Cow::Owned(json::quote(text)) }
}

/// The text of a table cell without a value.
pub(crate) const NOTHING: &str = "-";

/// Returns [`shown`] text, or [`NOTHING`].
pub(crate) fn maybe_shown(text: Option<&str>) -> String {
    text.map_or(NOTHING.to_owned(), |text| shown(text).into_owned())
}

/// Aligns the rows in columns that are two spaces apart.
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
    fn plain_text_is_not_quoted() {
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
