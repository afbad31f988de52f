//! The client credentials grant of OAuth 2.0 (RFC 6749 §4.4).

use super::auth_method::AuthMethod;
use super::client::{Client, Form, Proof};
use super::issuer_clock::IssuerClock;
use super::login_answer::{self, LoginKind, MAX_ANSWER_LEN, date, member};
use super::secret_text::failed;
use super::token_source::{NewToken, TokenSource};
use crate::remote::transport::{FetchError, FetchFailure, HttpRequest, HttpResponse, Transport};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The longest accepted token_type, in bytes.
const MAX_SCHEME_LEN: usize = 64;

pub(super) struct ClientCredentials {
    token_url: String,
    client: Client,
    transport: Arc<dyn Transport>,
    timeout: Duration,
    clock: IssuerClock,
    has_succeeded: AtomicBool,
    /// The server expects id and secret as they are, not form-encoded.
    takes_plain: AtomicBool,
}

impl ClientCredentials {
    pub(super) fn new(
        token_url: String,
        client: Client,
        transport: Arc<dyn Transport>,
        timeout: Duration,
    ) -> Self {
        let [has_succeeded, takes_plain] = [false, false].map(AtomicBool::new);
        Self {
            token_url,
            client,
            transport,
            timeout,
            clock: IssuerClock::default(),
            has_succeeded,
            takes_plain,
        }
    }

    fn post(&self, plain: bool) -> Result<HttpResponse, FetchError> {
        let mut body = Form::default();
        body.add("grant_type", "client_credentials");
        for (name, value) in &self.client.parameters {
            body.add(name, value);
        }
        let mut headers = vec![
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("accept", "application/json".to_owned()),
        ];
        let proof = self.client.proof(&self.token_url, &self.clock, plain).map_err(|error| failed(&error))?;
        match proof {
            Proof::Header(value) => headers.push(("authorization", value)),
            Proof::Members(members) => members.iter().for_each(|(name, value)| body.add(name, value)),
        }
        self.transport.exchange(&HttpRequest {
            url: &self.token_url,
            headers,
            body: Some(body.0.as_bytes()),
            timeout: self.timeout,
            max_body_len: MAX_ANSWER_LEN,
        })
    }

    fn login_error(&self, response: &HttpResponse) -> FetchError {
        let kind = LoginKind::Client(self.client.auth_method);
        login_answer::login_error(response, kind, self.has_succeeded.load(Ordering::Relaxed))
    }

    /// Posts once more where `response` rejects the client and another form of the same proof may
    /// be accepted.
    fn post_again(&self, response: &HttpResponse) -> Option<HttpResponse> {
        let clock_was_wrong = self.clock.learn(response);
        let is_rejected = !login_answer::is_success(response.status)
            && self.login_error(response).failure() == FetchFailure::Rejected;
        match self.client.auth_method {
            _ if !is_rejected => None,
            // Some servers do not decode the pair of HTTP Basic. Until a login has succeeded, a
            // pair that the encoding has changed is sent once more as it is.
            AuthMethod::ClientSecretBasic
                if !self.has_succeeded.load(Ordering::Relaxed) && self.client.is_changed_by_encoding() =>
            {
                let second = self.post(true).ok().filter(|second| login_answer::is_success(second.status))?;
                self.takes_plain.store(true, Ordering::Relaxed);
                Some(second)
            }
            // An assertion that is expired by the server's clock is answered like a wrong key.
            AuthMethod::PrivateKeyJwt if clock_was_wrong => self.post(false).ok(),
            _ => None,
        }
    }
}

impl TokenSource for ClientCredentials {
    fn login(&self) -> Result<NewToken, FetchError> {
        let first = self.post(self.takes_plain.load(Ordering::Relaxed))?;
        let response = self.post_again(&first).unwrap_or(first);
        if !login_answer::is_success(response.status) {
            return Err(self.login_error(&response));
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

/// The scheme of the Authorization header, from token_type (RFC 6749 §7.1). `None` is Bearer, in
/// any case of letters, or if it is missing.
fn scheme(answer: &[u8]) -> Result<Option<String>, FetchError> {
    let Some(value) = member(answer, "token_type")? else { return Ok(None) };
    let text = value.as_str().unwrap_or_default();
    let word = text.trim();
    // RFC 9110 §5.6.2: the characters of a scheme.
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if value.as_str().is_none() || word.len() > MAX_SCHEME_LEN || !word.bytes().all(may_stand) {
        return Err(FetchError::new(
            FetchFailure::Document,
            "token_type is not the name of an authentication scheme",
        ));
    }
    let is_usual = word.is_empty() || word.eq_ignore_ascii_case("bearer");
    Ok((!is_usual).then(|| word.to_owned()))
}

/// The token's lifetime, if the response states it. 0 and less do not: some servers send -1 for a
/// token without expiry. A value that cannot be read is an error, not "no expiry".
fn expires_in(answer: &[u8]) -> Result<Option<Duration>, FetchError> {
    let malformed = || FetchError::new(FetchFailure::Document, "expires_in is not a number of seconds");
    let Some(value) = member(answer, "expires_in")? else { return Ok(None) };
    // Some servers put the number in quotes.
    let quoted = value.as_str();
    let number = value.as_number().or(quoted.as_deref()).and_then(|text| text.trim().parse::<f64>().ok());
    let seconds = number.filter(|seconds| seconds.is_finite()).ok_or_else(malformed)?;
    // 2^32 seconds are more than a century.
    Ok((seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(u32::MAX.into()))))
}

#[cfg(test)]
mod tests {
    use super::*;

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
