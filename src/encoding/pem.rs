//! PEM (RFC 7468) from files, environment variables and JSON. The base64 may have any number of
//! lines. A line end may also be a space or the two characters `\n`.

use base64::engine::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One block, still encoded.
pub(crate) struct Block<'a> {
    pub(crate) label: &'a str,
    body: &'a str,
}

impl Block<'_> {
    /// Decodes the body. Returns `None` if it is not base64 with complete padding.
    pub(crate) fn decode(&self) -> Option<Vec<u8>> {
        let mut base64 = self.body.replace("\\n", "").replace("\\r", "");
        base64.retain(|char| !char.is_ascii_whitespace());
        STANDARD.decode(base64).ok()
    }
}

/// Returns the blocks of `text` in order. Text around them is ignored (RFC 7468 §2).
pub(crate) fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once("-----BEGIN ")?;
        let (label, after) = after.split_once("-----")?;
        let (body, after) = after.split_once("-----END ")?;
        rest = after.strip_prefix(label)?.strip_prefix("-----")?;
        Some(Block { label, body })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(&str, Option<Vec<u8>>)> {
        blocks(text).map(|block| (block.label, block.decode())).collect()
    }

    #[test]
    fn any_form_of_line_end_is_accepted() {
        for body in [
            "\nAQID\nBAU=\n",
            "AQIDBAU=",
            " AQID BAU= ",
            "\r\nAQ\r\nIDBAU=\r\n",
            r"\nAQID\nBAU=\n",
            r"\r\nAQIDBAU=\r\n",
        ] {
            let text = format!("before -----BEGIN A B-----{body}-----END A B----- after\n");
            assert_eq!(read(&text), [("A B", Some(vec![1, 2, 3, 4, 5]))], "{body:?}");
        }
    }

    #[test]
    fn blocks_are_returned_in_order_up_to_the_first_broken_one() {
        let one = "-----BEGIN A-----AQ==-----END A-----\n-----BEGIN B-----Ag==-----END B-----";
        assert_eq!(read(one), [("A", Some(vec![1])), ("B", Some(vec![2]))]);
        for text in
            ["", "AQ==", "-----BEGIN A-----AQ==", "-----BEGIN A-----AQ==-----END B-----", "-----BEGIN A"]
        {
            assert!(read(text).is_empty(), "{text}");
        }
        for body in ["AQ", "AQ=", "A", "AQ==AQ==", "_-8=", "Proc-Type: 4,ENCRYPTED"] {
            let text = format!("-----BEGIN A-----{body}-----END A-----");
            assert_eq!(read(&text), [("A", None)], "{body}");
        }
    }
}
