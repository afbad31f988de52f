//! PEM (RFC 7468) as it arrives from files, environment variables and JSON: the base64 in lines, in
//! one line, or with line ends that are spaces or the two characters `\n`.

use base64::engine::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One block, still encoded.
pub(crate) struct Block<'a> {
    pub(crate) label: &'a str,
    body: &'a str,
}

impl Block<'_> {
    /// The bytes, if the body is base64 with its padding.
    pub(crate) fn decode(&self) -> Option<Vec<u8>> {
        let mut base64 = self.body.replace("\\n", "").replace("\\r", "");
        base64.retain(|char| !char.is_ascii_whitespace());
        STANDARD.decode(base64).ok()
    }
}

/// The blocks of `text`, in order. What stands around them is ignored (RFC 7468 §2).
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
    fn line_ends_take_any_form() {
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
    fn blocks_come_in_order_and_a_broken_one_ends_them() {
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
