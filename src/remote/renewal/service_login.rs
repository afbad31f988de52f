//! The login of a DC/OS service account.

use super::super::transport::{FetchError, FetchFailure, HttpRequest, HttpResponse, Transport};
use super::super::url;
use super::login_answer::{self, MAX_ANSWER_LEN, Who, date};
use super::secret::unusable;
use super::service_account::ServiceAccount;
use super::token_source::{NewToken, TokenSource};
use crate::error::{Error, ErrorKind};
use crate::verify::clock::Clock;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;
use zeroize::Zeroizing;

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
            Self::File(path) => in_file(path).map(Arc::new).map_err(|why| {
                unusable("").with_detail(format!("the secret's file {}: {why}", path.display()))
            }),
        }
    }
}

/// The account of a file, or why there is none. The path and the system's error are the operator's own; of the file's
/// bytes none is shown.
fn in_file(path: &Path) -> Result<ServiceAccount, String> {
    let bytes = Zeroizing::new(fs::read(path).map_err(|error| format!("cannot be read: {error}"))?);
    let secret = std::str::from_utf8(&bytes).map_err(|_| "is not UTF-8".to_owned())?;
    ServiceAccount::from_json(secret).map_err(|error| error.detail().to_owned())
}

/// What is wrong where neither the secret nor a setting says where to log in.
pub(super) fn no_endpoint() -> Error {
    Error::new(ErrorKind::UnusableCredentials, "no login_endpoint in the secret, and none is set")
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
    pub(super) has_succeeded: AtomicBool,
}

impl ServiceLogin {
    fn post(&self, account: &ServiceAccount, url: &str) -> Result<HttpResponse, FetchError> {
        let now = Clock::system().now().saturating_add(self.skew.load(Ordering::Relaxed));
        let body = account.login_request(now).map_err(|error| failed(&error))?;
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
        let account = self.credential.account().map_err(|error| failed(&error))?;
        let url = self.endpoint.as_deref().or(account.login_endpoint());
        let url = url.ok_or_else(|| failed(&no_endpoint()))?;
        url::check(url, self.allow_http)
            .map_err(|why| FetchError::new(FetchFailure::Credentials, format!("login_endpoint: {why}")))?;
        let mut response = self.post(&account, url)?;
        // DC/OS answers an expired login token like a wrong key. Only the Date tells a wrong clock.
        if self.correct_clock(&response) && response.status == 401 {
            response = self.post(&account, url)?;
        }
        if !login_answer::is_success(response.status) {
            let has_succeeded = self.has_succeeded.load(Ordering::Relaxed);
            return Err(login_answer::refusal(&response, Who::ServiceAccount, has_succeeded));
        }
        let token = NewToken::new(login_answer::token(&response.body, "token")?)?;
        self.has_succeeded.store(true, Ordering::Relaxed);
        Ok(token.issued_at(date(&response)))
    }

    fn interrupt(&self) {
        self.transport.interrupt();
    }
}

fn failed(error: &Error) -> FetchError {
    FetchError::new(FetchFailure::Credentials, error.detail().to_owned())
}
