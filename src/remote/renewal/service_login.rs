//! The login of a DC/OS service account.

use super::super::transport::{FetchError, FetchFailure, HttpRequest, HttpResponse, Transport};
use super::super::{freshness, url};
use super::service_account::ServiceAccount;
use super::token_source::{NewToken, TokenSource};
use crate::encoding::json;
use crate::error::Error;
use crate::verify::clock::Clock;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// The largest answer that is read, in bytes.
pub(super) const MAX_ANSWER_LEN: usize = 128 * 1024;
/// Clocks that differ by less, in seconds, are right: the login token is valid for minutes.
const SKEW_THAT_MATTERS: i64 = 30;

/// Where a service account's secret is.
#[derive(Clone)]
pub(super) enum Credential {
    /// The secret itself.
    Account(Arc<ServiceAccount>),
    /// A file with it, which is read for each login: whoever replaces it needs no restart.
    File(PathBuf),
}

impl Credential {
    pub(super) fn account(&self) -> Result<Arc<ServiceAccount>, Error> {
        match self {
            Self::Account(account) => Ok(Arc::clone(account)),
            Self::File(path) => {
                let unreadable =
                    |_| Error::new(crate::ErrorKind::UnusableCredentials, "the secret's file cannot be read");
                let secret = Zeroizing::new(fs::read_to_string(path).map_err(unreadable)?);
                Ok(Arc::new(ServiceAccount::from_json(&secret)?))
            }
        }
    }
}

pub(super) struct ServiceLogin {
    pub(super) credential: Credential,
    /// In place of the account's.
    pub(super) endpoint: Option<String>,
    pub(super) allow_http: bool,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) timeout: Duration,
    /// The issuer's clock minus this machine's, in seconds, where that matters.
    pub(super) skew: AtomicI64,
}

impl ServiceLogin {
    fn post(&self, account: &ServiceAccount, url: &str) -> Result<HttpResponse, FetchError> {
        let now = Clock::system().now().saturating_add(self.skew.load(Ordering::Relaxed));
        let body = account.login_request(now).map_err(|error| unusable(&error))?;
        let headers =
            vec![("content-type", "application/json".to_owned()), ("accept", "application/json".to_owned())];
        self.transport.exchange(&HttpRequest {
            url,
            headers,
            body: Some(&body),
            timeout: self.timeout,
            max_body_len: MAX_ANSWER_LEN,
        })
    }

    /// Learns from the answer's Date how far the clocks are apart. True if that changes the next login.
    fn correct_clock(&self, response: &HttpResponse) -> bool {
        let Some(issuers) = date(response) else { return false };
        let difference = issuers.saturating_sub(Clock::system().now());
        let skew = if difference.abs() > SKEW_THAT_MATTERS { difference } else { 0 };
        let before = self.skew.swap(skew, Ordering::Relaxed);
        skew.abs_diff(before) > SKEW_THAT_MATTERS.unsigned_abs()
    }
}

impl TokenSource for ServiceLogin {
    fn login(&self) -> Result<NewToken, FetchError> {
        let account = self.credential.account().map_err(|error| unusable(&error))?;
        let url = self.endpoint.as_deref().unwrap_or(account.login_endpoint());
        url::check(url, self.allow_http)
            .map_err(|why| FetchError::new(FetchFailure::Credentials, format!("login_endpoint: {why}")))?;
        let mut response = self.post(&account, url)?;
        // DC/OS answers an expired login token like a wrong key. Only the Date tells a wrong clock.
        if self.correct_clock(&response) && response.status == 401 {
            response = self.post(&account, url)?;
        }
        if response.status != 200 {
            return Err(refusal(&response));
        }
        NewToken::new(member(&response.body, "token")?).map(|token| token.issued_at(date(&response)))
    }

    fn interrupt(&self) {
        self.transport.interrupt();
    }
}

fn unusable(error: &Error) -> FetchError {
    FetchError::new(FetchFailure::Credentials, error.detail().to_owned())
}

/// The answer's Date, in seconds since 1970.
fn date(response: &HttpResponse) -> Option<i64> {
    let date = httpdate::parse_http_date(response.values("date").next()?).ok()?;
    i64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// A string member of the answer, which is otherwise of no interest.
pub(super) fn member(answer: &[u8], name: &'static str) -> Result<String, FetchError> {
    let malformed = || FetchError::new(FetchFailure::Document, "the login's answer has no token");
    if answer.len() > MAX_ANSWER_LEN {
        return Err(FetchError::new(FetchFailure::TooLarge, ""));
    }
    let text = std::str::from_utf8(answer).map_err(|_| malformed())?;
    let mut found = None;
    json::members(text, |member, value| {
        if member == name.as_bytes() {
            found = value.as_str().map(std::borrow::Cow::into_owned);
        }
    })
    .map_err(|_| malformed())?;
    found.ok_or_else(malformed)
}

/// Why a login with this status failed.
pub(super) fn refusal(response: &HttpResponse) -> FetchError {
    let failure = match response.status {
        401 => FetchFailure::Rejected,
        400 | 403 | 404 | 405 | 406 | 415 => FetchFailure::Refused,
        _ => FetchFailure::Status,
    };
    let mut error = FetchError::new(failure, response.status.to_string());
    error.retry_after = freshness::retry_after(response, SystemTime::now());
    error
}
