//! What a text seems to be that is not what was asked for. An operator finds the mistake in the
//! error's one line. Each answer is a fixed sentence: nothing of the text is in it.

use crate::encoding::token_text;

/// What `text` seems to be, if it is neither JSON nor what the caller expects.
#[cold]
pub(crate) fn looks_like(text: &[u8]) -> Option<&'static str> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    let starts_with = |prefix: &str| {
        text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    if text.is_empty() {
        return Some("it is empty");
    }
    if starts_with("Bearer ") {
        return Some("it starts with \"Bearer \", like an Authorization header");
    }
    if starts_with("token=") {
        return Some("it starts with \"token=\", like an Authorization header");
    }
    if starts_with("eyJ") {
        return Some("it looks like a token");
    }
    if starts_with("-----BEGIN ") {
        return Some("it is PEM");
    }
    if starts_with("ssh-") || starts_with("ecdsa-sha2-") {
        return Some("it is an OpenSSH key");
    }
    if text.first() == Some(&b'<') {
        return Some("it is HTML or XML");
    }
    match text {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("it is UTF-16"),
        [0x30, 0x81 | 0x82, ..] => Some("it is DER"),
        _ => None,
    }
}

/// Why `token`, which has a character that no token has, may have it.
#[cold]
pub(crate) fn why_no_token_text(token: &[u8]) -> &'static str {
    let trimmed = token.trim_ascii();
    if let [front @ .., 0] = token
        && !front.contains(&0)
    {
        return "a NUL byte at the end: is the length one too long?";
    }
    if trimmed.len() < token.len() && token_text::dots(trimmed).is_some() {
        return "white space around the token";
    }
    match looks_like(token) {
        Some(text) if text.contains("Bearer") => return "it starts with \"Bearer \": pass the token alone",
        Some(text) if text.contains("token=") => return "it starts with \"token=\": pass the token alone",
        _ => {}
    }
    match trimmed {
        [b'{' | b'[', ..] => return "it is JSON: a token is three parts separated by dots",
        [b'"' | b'\'', .., b'"' | b'\''] => return "quotation marks around the token",
        [0xef, 0xbb, 0xbf, ..] => return "a byte order mark before the token",
        _ => {}
    }
    let has = |wanted: &[u8]| token.iter().any(|byte| wanted.contains(byte));
    if has(b"=") {
        return "padding (=): the base64url of a token has none";
    }
    if has(b"+/") {
        return "+ or /: a token is in the URL-safe alphabet of base64, with - and _";
    }
    if has(b",") {
        return "a comma: is it two headers in one?";
    }
    if has(b" \t\r\n") {
        return "white space within the token";
    }
    if has(b"~") {
        return "a tilde: selective-disclosure tokens (SD-JWT) are not supported";
    }
    if has(b"%") {
        return "a percent sign: is it still URL-encoded?";
    }
    "a character that no token has: only A-Z a-z 0-9 - _ . are allowed"
}

/// Why `value` is no value of an Authorization header with a token.
#[cold]
pub(crate) fn why_no_authorization(value: &[u8]) -> &'static str {
    let starts_with = |prefix: &str| {
        value.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    if value.is_empty() {
        "the header is empty or missing"
    } else if value.trim_ascii_start().len() < value.len() {
        "white space before the scheme"
    } else if starts_with("eyJ") {
        "a token without its scheme: neither token=<token> nor Bearer <token>"
    } else if starts_with("Basic ") {
        "the scheme is Basic: neither token=<token> nor Bearer <token>"
    } else if value.eq_ignore_ascii_case(b"Bearer") {
        "Bearer without a token"
    } else {
        "neither token=<token> nor Bearer <token>"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_known_by_its_start() {
        for (text, word) in [
            (&b""[..], "empty"),
            (b" \n", "empty"),
            (b"Bearer eyJ", "Bearer"),
            (b"bearer x", "Bearer"),
            (b"token=eyJ", "token="),
            (b"\xef\xbb\xbfeyJhbGci", "token"),
            (b"-----BEGIN PUBLIC KEY-----", "PEM"),
            (b"ssh-rsa AAAA", "OpenSSH"),
            (b"\n<!DOCTYPE html>", "HTML"),
            (b"\xff\xfe{\0", "UTF-16"),
            (b"\x30\x82\x01\x22", "DER"),
        ] {
            assert!(looks_like(text).is_some_and(|found| found.contains(word)), "{word}");
        }
        for text in [&b"{}"[..], b"[", b"Bearer", b"0", b"0 ", b"true"] {
            assert_eq!(looks_like(text), None);
        }
    }
}
