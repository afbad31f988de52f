//! The client credentials grant of OAuth 2.0 (RFC 6749 §4.4).

use super::super::transport::{FetchError, FetchFailure, HttpRequest, Transport};
use super::service_login::{MAX_ANSWER_LEN, member, refusal};
use super::token_source::{NewToken, TokenSource};
use crate::encoding::json;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

pub(super) struct ClientCredentials {
    pub(super) token_url: String,
    pub(super) client: Client,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) timeout: Duration,
}

/// Who asks for what.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: Arc<Zeroizing<String>>,
    /// "scope", "audience", "resource" …
    pub(super) parameters: Vec<(String, String)>,
}

impl TokenSource for ClientCredentials {
    fn login(&self) -> Result<NewToken, FetchError> {
        // RFC 6749 §2.3.1: form-encoded before they are put together.
        let pair = Zeroizing::new(format!("{}:{}", form(&self.client.id), form(&self.client.secret)));
        let mut body = "grant_type=client_credentials".to_owned();
        for (name, value) in &self.client.parameters {
            body += &format!("&{}={}", form(name), form(value));
        }
        let headers = vec![
            ("authorization", format!("Basic {}", STANDARD.encode(pair.as_bytes()))),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("accept", "application/json".to_owned()),
        ];
        let response = self.transport.exchange(&HttpRequest {
            url: &self.token_url,
            headers,
            body: Some(body.as_bytes()),
            timeout: self.timeout,
            max_body_len: MAX_ANSWER_LEN,
        })?;
        if response.status != 200 {
            return Err(refusal(&response));
        }
        let kind = member(&response.body, "token_type")?;
        if !kind.eq_ignore_ascii_case("bearer") {
            return Err(FetchError::new(FetchFailure::Document, "a token_type other than Bearer"));
        }
        let token = NewToken::new(member(&response.body, "access_token")?)?;
        Ok(match expires_in(&response.body) {
            Some(seconds) => token.expires_in(Duration::from_secs(seconds)),
            None => token,
        })
    }

    fn interrupt(&self) {
        self.transport.interrupt();
    }
}

fn expires_in(answer: &[u8]) -> Option<u64> {
    let mut seconds = None;
    let text = std::str::from_utf8(answer).ok()?;
    json::members(text, |name, value| {
        if name == b"expires_in" {
            // A number, which some servers put in quotes.
            seconds = value.as_number().and_then(|number| number.parse::<u32>().ok());
            seconds = seconds.or_else(|| value.as_str()?.parse().ok());
        }
    })
    .ok()?;
    seconds.map(u64::from)
}

/// application/x-www-form-urlencoded.
fn form(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_form_encoded() {
        assert_eq!(form("a b&c=d/é~"), "a+b%26c%3Dd%2F%C3%A9%7E");
    }

    #[test]
    fn a_lifetime_is_a_number_of_seconds() {
        for (answer, expected) in [
            (r#"{"expires_in":3600}"#, Some(3600)),
            (r#"{"expires_in":"3600"}"#, Some(3600)),
            (r#"{"expires_in":-1}"#, None),
            (r#"{"expires_in":1.5}"#, None),
            ("{}", None),
        ] {
            assert_eq!(expires_in(answer.as_bytes()), expected, "{answer}");
        }
    }
}
