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
        Ok(match expires_in(&response.body)? {
            Some(lifetime) => token.expires_in(lifetime),
            None => token,
        })
    }

    fn interrupt(&self) {
        self.transport.interrupt();
    }
}

/// The token's life, rounded down to seconds, if the answer says. A life that cannot be read is never taken for one without
/// end.
fn expires_in(answer: &[u8]) -> Result<Option<Duration>, FetchError> {
    let malformed = || FetchError::new(FetchFailure::Document, "an expires_in that is no number of seconds");
    let mut found = None;
    let text = std::str::from_utf8(answer).map_err(|_| malformed())?;
    json::members(text, |name, value| {
        if name == b"expires_in" && !value.is_null() {
            found = Some(value);
        }
    })
    .map_err(|_| malformed())?;
    let Some(value) = found else { return Ok(None) };
    // Some servers put the number in quotes.
    let quoted = value.as_str();
    let number = value.as_number().or(quoted.as_deref()).and_then(|text| text.parse::<f64>().ok());
    let seconds = number.filter(|seconds| seconds.is_finite()).ok_or_else(malformed)?;
    // Below 0 is 0, and all that 32 bits do not hold is more than a century.
    Ok(Some(Duration::from_secs((seconds as u32).into())))
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
            (r#"{"expires_in":3600.9}"#, Some(3600)),
            (r#"{"expires_in":3.6e3}"#, Some(3600)),
            (r#"{"expires_in":-1}"#, Some(0)),
            (r#"{"expires_in":5000000000}"#, Some(u32::MAX.into())),
            (r#"{"expires_in":null}"#, None),
            ("{}", None),
        ] {
            let expected = expected.map(Duration::from_secs);
            assert_eq!(expires_in(answer.as_bytes()).unwrap(), expected, "{answer}");
        }
        for answer in [
            r#"{"expires_in":"1h"}"#,
            r#"{"expires_in":"nan"}"#,
            r#"{"expires_in":[]}"#,
            r#"{"expires_in":true}"#,
        ] {
            assert_eq!(
                expires_in(answer.as_bytes()).unwrap_err().failure(),
                FetchFailure::Document,
                "{answer}"
            );
        }
    }
}
