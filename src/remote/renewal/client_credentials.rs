//! The client credentials grant of OAuth 2.0 (RFC 6749 §4.4).

use super::super::transport::{FetchError, FetchFailure, HttpRequest, HttpResponse, Transport};
use super::login_answer::{self, MAX_ANSWER_LEN, Who, date, member};
use super::token_source::{NewToken, TokenSource};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use zeroize::Zeroizing;

/// The longest token_type that is taken, in bytes.
const MAX_SCHEME_LEN: usize = 64;

pub(super) struct ClientCredentials {
    pub(super) token_url: String,
    pub(super) client: Client,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) timeout: Duration,
    pub(super) has_succeeded: AtomicBool,
    /// The server takes id and secret as they are, not form-encoded.
    pub(super) takes_plain: AtomicBool,
}

/// Who asks for what.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: Arc<Zeroizing<String>>,
    /// "scope", "audience", "resource" …
    pub(super) parameters: Vec<(String, String)>,
}

impl Client {
    /// What makes id or secret unusable, if anything does. A line end comes from a file that was read whole.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let is_control = |c: char| c.is_ascii_control();
        if self.id.is_empty() {
            Some("the client id is empty")
        } else if self.secret.ends_with(['\n', '\r']) {
            Some("the client secret ends with a line end: trim what is read from a file")
        } else if self.id.ends_with(['\n', '\r']) {
            Some("the client id ends with a line end: trim what is read from a file")
        } else if self.id.contains(is_control) || self.secret.contains(is_control) {
            Some("the client id or the client secret has a control character")
        } else {
            None
        }
    }

    /// Whether form-encoding changes the pair, and a server that does not decode it would see another.
    fn is_changed_by_encoding(&self) -> bool {
        let is_changed = |text: &str| form(text) != text;
        !self.id.contains(':') && (is_changed(&self.id) || is_changed(&self.secret))
    }
}

impl ClientCredentials {
    /// RFC 6749 §2.3.1: id and secret are form-encoded before they are put together, unless `plain`.
    fn post(&self, plain: bool) -> Result<HttpResponse, FetchError> {
        let Client { id, secret, parameters } = &self.client;
        let pair = Zeroizing::new(match plain {
            true => format!("{id}:{}", ***secret),
            false => format!("{}:{}", form(id), *Zeroizing::new(form(secret))),
        });
        let mut body = "grant_type=client_credentials".to_owned();
        for (name, value) in parameters {
            body += &format!("&{}={}", form(name), form(value));
        }
        let headers = vec![
            ("authorization", format!("Basic {}", STANDARD.encode(pair.as_bytes()))),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("accept", "application/json".to_owned()),
        ];
        self.transport.exchange(&HttpRequest {
            url: &self.token_url,
            headers,
            body: Some(body.as_bytes()),
            timeout: self.timeout,
            max_body_len: MAX_ANSWER_LEN,
        })
    }

    fn refusal(&self, response: &HttpResponse) -> FetchError {
        login_answer::refusal(response, Who::Client, self.has_succeeded.load(Ordering::Relaxed))
    }
}

impl TokenSource for ClientCredentials {
    fn login(&self) -> Result<NewToken, FetchError> {
        let mut response = self.post(self.takes_plain.load(Ordering::Relaxed))?;
        // Some servers do not decode the pair. Until a login has succeeded, a refused pair that the encoding has changed is
        // sent once more as it is.
        if !self.has_succeeded.load(Ordering::Relaxed)
            && self.client.is_changed_by_encoding()
            && !login_answer::is_success(response.status)
            && self.refusal(&response).failure() == FetchFailure::Rejected
            && let Ok(second) = self.post(true)
            && login_answer::is_success(second.status)
        {
            self.takes_plain.store(true, Ordering::Relaxed);
            response = second;
        }
        if !login_answer::is_success(response.status) {
            return Err(self.refusal(&response));
        }
        let token = NewToken::new(login_answer::token(&response.body, "access_token")?)?;
        let token = token.scheme(scheme(&response.body)?).issued_at(date(&response));
        let lifetime = expires_in(&response.body)?;
        self.has_succeeded.store(true, Ordering::Relaxed);
        Ok(match lifetime {
            Some(lifetime) => token.expires_in(lifetime),
            None => token,
        })
    }

    fn interrupt(&self) {
        self.transport.interrupt();
    }
}

/// The word before the token, from token_type (RFC 6749 §7.1), compared without case. `None` is Bearer, also where it is
/// missing.
fn scheme(answer: &[u8]) -> Result<Option<String>, FetchError> {
    let Some(value) = member(answer, "token_type")? else { return Ok(None) };
    let text = value.as_str().unwrap_or_default();
    let word = text.trim();
    // RFC 9110 §5.6.2: what a scheme may be spelt with.
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if value.as_str().is_none() || word.len() > MAX_SCHEME_LEN || !word.bytes().all(may_stand) {
        return Err(FetchError::new(FetchFailure::Document, "a token_type that is no scheme's name"));
    }
    let is_usual = word.is_empty() || word.eq_ignore_ascii_case("bearer");
    Ok((!is_usual).then(|| word.to_owned()))
}

/// The token's life, if the answer says. 0 and less say nothing: some servers write -1 for a token without expiry. A life
/// that cannot be read is never taken for one without end.
fn expires_in(answer: &[u8]) -> Result<Option<Duration>, FetchError> {
    let malformed = || FetchError::new(FetchFailure::Document, "an expires_in that is no number of seconds");
    let Some(value) = member(answer, "expires_in")? else { return Ok(None) };
    // Some servers put the number in quotes.
    let quoted = value.as_str();
    let number = value.as_number().or(quoted.as_deref()).and_then(|text| text.trim().parse::<f64>().ok());
    let seconds = number.filter(|seconds| seconds.is_finite()).ok_or_else(malformed)?;
    // What 32 bits do not hold is more than a century.
    Ok((seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(u32::MAX.into()))))
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
    fn an_id_and_a_secret_that_no_server_can_take_are_named() {
        let fault = |id: &str, secret: &str| {
            let secret = Arc::new(Zeroizing::new(secret.to_owned()));
            Client { id: id.to_owned(), secret, parameters: Vec::new() }.fault()
        };
        assert_eq!(fault("my client", "s:cret/é% "), None);
        assert_eq!(fault("id", ""), None, "RFC 6749 §2.3.1 allows it");
        for (id, secret, why) in [
            ("", "secret", "the client id is empty"),
            ("id", "secret\n", "secret ends with a line end"),
            ("id", "secret\r\n", "secret ends with a line end"),
            ("id\n", "secret", "id ends with a line end"),
            ("id", "se\ncret", "control character"),
            ("id", "secret\0", "control character"),
            ("i\td", "secret", "control character"),
        ] {
            assert!(fault(id, secret).is_some_and(|fault| fault.contains(why)), "{id:?} {secret:?}");
        }
    }

    #[test]
    fn a_token_type_is_bearer_or_the_name_of_a_scheme() {
        for (answer, expected) in [
            ("{}", None),
            (r#"{"type":"mac"}"#, None),
            (r#"{"token_type":null}"#, None),
            (r#"{"token_type":""}"#, None),
            (r#"{"token_type":"Bearer"}"#, None),
            (r#"{"token_type":"bEARER "}"#, None),
            (r#"{"token_type":"BearerToken"}"#, Some("BearerToken")),
            (r#"{"token_type":"DPoP"}"#, Some("DPoP")),
        ] {
            assert_eq!(scheme(answer.as_bytes()).unwrap().as_deref(), expected, "{answer}");
        }
        let long = format!(r#"{{"token_type":"{}"}}"#, "x".repeat(65));
        for answer in [
            r#"{"token_type":7}"#,
            r#"{"token_type":"a b"}"#,
            r#"{"token_type":"a\r\nX:"}"#,
            r#"{"token_type":"é"}"#,
            &long,
        ] {
            assert_eq!(scheme(answer.as_bytes()).unwrap_err().failure(), FetchFailure::Document, "{answer}");
        }
    }

    #[test]
    fn a_lifetime_is_a_number_of_seconds() {
        for (answer, expected) in [
            (r#"{"expires_in":3600}"#, Some(3600)),
            (r#"{"expires_in":"3600"}"#, Some(3600)),
            (r#"{"expires_in":3.6e3}"#, Some(3600)),
            (r#"{"expires_in":" 3600 "}"#, Some(3600)),
            (r#"{"expires_in":0}"#, None),
            (r#"{"expires_in":-1}"#, None),
            (r#"{"expires_in":"-1"}"#, None),
            (r#"{"expires_in":-1e300}"#, None),
            (r#"{"expires_in":5000000000}"#, Some(u32::MAX.into())),
            (r#"{"expires_in":null}"#, None),
            ("{}", None),
        ] {
            let expected = expected.map(Duration::from_secs);
            assert_eq!(expires_in(answer.as_bytes()).unwrap(), expected, "{answer}");
        }
        let part = expires_in(br#"{"expires_in":0.5}"#).unwrap();
        assert_eq!(part, Some(Duration::from_millis(500)));
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
