//! The login with the client credentials grant of OAuth 2.0 (RFC 6749 §4.4).

use super::auth_method::AuthMethod;
use super::client::{Client, Form, Proof};
use super::issuer_clock::IssuerClock;
use super::login_response::{self, LIMIT, LoginKind, date, member};
use super::secret_text::failed;
use super::token_source::{NewToken, TokenSource};
use crate::remote::transport::{FetchError, FetchFailure, HttpRequest, HttpResponse, Transport};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Maximum length of token_type, in bytes.
const MAX_SCHEME_LEN: usize = 64;

pub(super) struct ClientCredentials {
    token_url: String,
    client: Client,
    transport: Arc<dyn Transport>,
    timeout: Duration,
    clock: IssuerClock,
    has_succeeded: AtomicBool,
    /// Whether the server expects id and secret without form-encoding.
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
            body_limit: LIMIT,
        })
    }

    fn login_error(&self, response: &HttpResponse) -> FetchError {
        let kind = LoginKind::Client(self.client.auth_method);
        login_response::login_error(response, kind, self.has_succeeded.load(Ordering::Relaxed))
    }

    /// Repeats the request if `response` rejects the client and a second request may succeed. The
    /// second request omits the form-encoding, or uses the corrected clock. Returns `None` if the
    /// first response is the final one.
    fn post_again(&self, response: &HttpResponse) -> Option<HttpResponse> {
        let clock_was_wrong = self.clock.learn(response);
        let is_rejected = !login_response::is_success(response.status)
            && self.login_error(response).failure() == FetchFailure::Rejected;
        match self.client.auth_method {
            _ if !is_rejected => None,
            // Some servers do not decode id and secret in HTTP Basic. If no login has succeeded yet
            // and the encoding changes id or secret, repeat the login without the encoding.
            AuthMethod::ClientSecretBasic
                if !self.has_succeeded.load(Ordering::Relaxed) && self.client.is_changed_by_encoding() =>
            {
                let second =
                    self.post(true).ok().filter(|second| login_response::is_success(second.status))?;
                self.takes_plain.store(true, Ordering::Relaxed);
                Some(second)
            }
            // A server rejects an assertion that has expired by the server's clock. Its response is
            // the same as for a wrong key.
            AuthMethod::PrivateKeyJwt if clock_was_wrong => self.post(false).ok(),
            _ => None,
        }
    }
}

impl TokenSource for ClientCredentials {
    fn login(&self) -> Result<NewToken, FetchError> {
        let first = self.post(self.takes_plain.load(Ordering::Relaxed))?;
        let response = self.post_again(&first).unwrap_or(first);
        if !login_response::is_success(response.status) {
            return Err(self.login_error(&response));
        }
        let token = NewToken::new(login_response::token(&response.body, "access_token")?)?;
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

/// Returns the scheme for the Authorization header, from token_type (RFC 6749 §7.1). `None` means
/// Bearer: token_type is missing or is "bearer" in any case.
fn scheme(body: &[u8]) -> Result<Option<String>, FetchError> {
    let Some(value) = member(body, "token_type")? else { return Ok(None) };
    let text = value.as_str().unwrap_or_default();
    let word = text.trim();
    // The characters of a scheme (RFC 9110 §5.6.2).
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if value.as_str().is_none() || word.len() > MAX_SCHEME_LEN || !word.bytes().all(is_allowed) {
        return Err(FetchError::new(
            FetchFailure::Document,
            "token_type is not the name of an authentication scheme",
        ));
    }
    let is_usual = word.is_empty() || word.eq_ignore_ascii_case("bearer");
    Ok((!is_usual).then(|| word.to_owned()))
}

/// Returns the token's lifetime, if the response contains it. 0 and negative numbers count as
/// missing, because some servers send -1 for a token without expiry. An invalid value is an error:
/// it must not count as "no expiry".
fn expires_in(body: &[u8]) -> Result<Option<Duration>, FetchError> {
    let malformed = || FetchError::new(FetchFailure::Document, "expires_in is not a number of seconds");
    let Some(value) = member(body, "expires_in")? else { return Ok(None) };
    // Some servers send the number as a string.
    let quoted = value.as_str();
    let number = value.as_number().or(quoted.as_deref()).and_then(|text| text.trim().parse::<f64>().ok());
    let seconds = number.filter(|seconds| seconds.is_finite()).ok_or_else(malformed)?;
    // The limit of 2^32 seconds is more than a century.
    Ok((seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(u32::MAX.into()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_type_must_be_the_name_of_a_scheme() {
        for (body, expected) in [
            ("{}", None),
            (r#"{"type":"mac"}"#, None),
            (r#"{"token_type":null}"#, None),
            (r#"{"token_type":""}"#, None),
            (r#"{"token_type":"Bearer"}"#, None),
            (r#"{"token_type":"bEARER "}"#, None),
            (r#"{"token_type":"BearerToken"}"#, Some("BearerToken")),
            (r#"{"token_type":"DPoP"}"#, Some("DPoP")),
        ] {
            assert_eq!(scheme(body.as_bytes()).unwrap().as_deref(), expected, "{body}");
        }
        let long = format!(r#"{{"token_type":"{}"}}"#, "x".repeat(65));
        for body in [
            r#"{"token_type":7}"#,
            r#"{"token_type":"a b"}"#,
            r#"{"token_type":"a\r\nX:"}"#,
            r#"{"token_type":"é"}"#,
            &long,
        ] {
            assert_eq!(scheme(body.as_bytes()).unwrap_err().failure(), FetchFailure::Document, "{body}");
        }
    }

    #[test]
    fn expires_in_must_be_a_number_of_seconds() {
        for (body, expected) in [
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
            assert_eq!(expires_in(body.as_bytes()).unwrap(), expected, "{body}");
        }
        let part = expires_in(br#"{"expires_in":0.5}"#).unwrap();
        assert_eq!(part, Some(Duration::from_millis(500)));
        for body in [
            r#"{"expires_in":"1h"}"#,
            r#"{"expires_in":"nan"}"#,
            r#"{"expires_in":[]}"#,
            r#"{"expires_in":true}"#,
        ] {
            assert_eq!(expires_in(body.as_bytes()).unwrap_err().failure(), FetchFailure::Document, "{body}");
        }
    }
}
