//! Recognizes common mistakes in input, so that an error names the likely mistake. Each hint is a
//! fixed text: it never contains a part of the input.

use crate::encoding::token_text;

/// Describes `text` if it is a common wrong input, for example PEM. Otherwise returns `None`.
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
    if starts_with("Authorization:") {
        return Some("it starts with \"Authorization:\", like a line of an HTTP request");
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

/// Returns the likely mistake in `token`, which contains an invalid character.
#[cold]
pub(crate) fn why_no_token_text(token: &[u8]) -> &'static str {
    let trimmed = token.trim_ascii();
    if let [front @ .., 0] = token
        && !front.contains(&0)
    {
        return "a NUL byte at the end: is the length one too long?";
    }
    if trimmed.len() < token.len() && token_text::dots(trimmed).is_some() {
        return "white space around the token: remove it";
    }
    match looks_like(token) {
        Some(text) if text.contains("Bearer") => return "it starts with \"Bearer \": pass the token alone",
        Some(text) if text.contains("token=") => return "it starts with \"token=\": pass the token alone",
        Some(text) if text.contains("Authorization:") => {
            return "it starts with \"Authorization:\": pass the token alone";
        }
        Some(text) if text.contains("UTF-16") => return "it is UTF-16: pass the token as ASCII",
        _ if is_binary(token) => return BINARY,
        _ => {}
    }
    match trimmed {
        [b'{' | b'[', ..] => return "it is JSON: a token is three parts separated by dots",
        [b'"' | b'\'', .., b'"' | b'\''] => return "quotation marks around the token: remove them",
        [0xef, 0xbb, 0xbf, ..] => return "a byte order mark before the token: remove it",
        _ => {}
    }
    let has = |wanted: &[u8]| token.iter().any(|byte| wanted.contains(byte));
    if has(b"=") {
        return "padding (=), which a JWT must not have. For an AWS load balancer's tokens set padded_tokens";
    }
    if has(b"+/") {
        return "+ or /: a token uses the URL-safe base64 alphabet, with - and _ instead";
    }
    if has(b",") {
        return "a comma: are there two tokens in one value?";
    }
    if has(b" \t\r\n") {
        return "white space within the token: was it broken into lines?";
    }
    if has(b"~") {
        return "a tilde: selective-disclosure tokens (SD-JWT) are not supported";
    }
    if has(b"%") {
        return "a percent sign: is it still URL-encoded?";
    }
    "an invalid character: only A-Z a-z 0-9 - _ . are allowed"
}

const BINARY: &str =
    "it is binary data, not text: a token is three parts of ASCII text with dots between them";

fn is_binary(text: &[u8]) -> bool {
    let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    std::str::from_utf8(text).is_err() || text.iter().any(is_control)
}

/// Returns the likely mistake in `token`, the part of an Authorization header after its scheme. It
/// contains an invalid character.
#[cold]
pub(crate) fn why_no_token_after_scheme(token: &[u8]) -> &'static str {
    match looks_like(token) {
        Some(text) if text.contains("Bearer") || text.contains("token=") => {
            "the scheme is there twice; expected Bearer <token> or token=<token>"
        }
        _ => why_no_token_text(token),
    }
}

/// Other schemes that clients send, each with its hint.
const OTHER_SCHEMES: &[(&str, &str)] = &[
    ("Basic ", "the scheme is Basic; expected Bearer <token> or token=<token>"),
    ("DPoP ", "the scheme is DPoP; expected Bearer <token> or token=<token>"),
    ("Digest ", "the scheme is Digest; expected Bearer <token> or token=<token>"),
    ("Negotiate ", "the scheme is Negotiate; expected Bearer <token> or token=<token>"),
];

/// Returns the likely mistake in `value`, which is not a valid Authorization header with a token.
#[cold]
pub(crate) fn why_no_authorization(value: &[u8]) -> &'static str {
    let starts_with = |prefix: &str| {
        value.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    if value.is_empty() {
        "the header is empty or missing"
    } else if value.trim_ascii_start().len() < value.len() {
        "white space before the scheme: remove it"
    } else if starts_with("Authorization:") {
        "it starts with \"Authorization:\": leave out the header's name and pass its value alone"
    } else if starts_with("eyJ") {
        "a token without its scheme; expected Bearer <token> or token=<token>"
    } else if let Some((_, text)) = OTHER_SCHEMES.iter().find(|(scheme, _)| starts_with(scheme)) {
        text
    } else if value.eq_ignore_ascii_case(b"Bearer") {
        "Bearer without a token"
    } else if is_binary(value) {
        "it is binary data, not text; expected Bearer <token> or token=<token>"
    } else {
        "expected Bearer <token> or token=<token>"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_recognized_by_its_start() {
        for (text, word) in [
            (&b""[..], "empty"),
            (b" \n", "empty"),
            (b"Bearer eyJ", "Bearer"),
            (b"bearer x", "Bearer"),
            (b"token=eyJ", "token="),
            (b"authorization: Bearer eyJ", "Authorization:"),
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
