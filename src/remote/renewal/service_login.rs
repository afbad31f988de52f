//! The login of a DC/OS service account.

use super::issuer_clock::IssuerClock;
use super::login_response::{self, LIMIT, LoginKind, date};
use super::secret_text::{SecretText, failed};
use super::service_account::ServiceAccount;
use super::token_source::{NewToken, TokenSource};
use crate::error::{Error, ErrorKind};
use crate::remote::transport::{FetchError, FetchFailure, HttpRequest, HttpResponse, Transport};
use crate::remote::url;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The name of the setting for the secret's file, for errors.
const FILE_SETTING: &str = "service_account_file";

/// A service account, or the secret to read it from.
#[derive(Clone)]
pub(super) enum Credential {
    /// The account, already read.
    Account(Arc<ServiceAccount>),
    /// The secret, read for each login.
    Secret(SecretText),
}

impl Credential {
    pub(super) fn account(&self) -> Result<Arc<ServiceAccount>, Error> {
        match self {
            Self::Account(account) => Ok(Arc::clone(account)),
            Self::Secret(secret) => {
                let text = secret.read(FILE_SETTING)?;
                let account = ServiceAccount::from_json(&text);
                account.map(Arc::new).map_err(|error| secret.named(FILE_SETTING, error))
            }
        }
    }
}

/// Returns the error for a login without a URL: neither the secret nor a setting contains it.
pub(super) fn no_endpoint() -> Error {
    Error::new(
        ErrorKind::UnusableCredentials,
        "login_endpoint is missing in the secret: add it there, or set login_endpoint",
    )
}

pub(super) struct ServiceLogin {
    pub(super) credential: Credential,
    /// Replaces the account's `login_endpoint`.
    pub(super) endpoint: Option<String>,
    pub(super) allow_http: bool,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) timeout: Duration,
    pub(super) clock: IssuerClock,
    pub(super) has_succeeded: AtomicBool,
}

impl ServiceLogin {
    fn post(&self, account: &ServiceAccount, url: &str) -> Result<HttpResponse, FetchError> {
        let body = account.login_request(self.clock.now()).map_err(|error| failed(&error))?;
        let headers =
            vec![("content-type", "application/json".to_owned()), ("accept", "application/json".to_owned())];
        self.transport.exchange(&HttpRequest {
            url,
            headers,
            body: Some(&body),
            timeout: self.timeout,
            body_limit: LIMIT,
        })
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
        // DC/OS sends the same response for an expired login token and for a wrong key. Only the
        // Date shows that this machine's clock is wrong.
        if self.clock.learn(&response) && response.status == 401 {
            response = self.post(&account, url)?;
        }
        if !login_response::is_success(response.status) {
            let has_succeeded = self.has_succeeded.load(Ordering::Relaxed);
            return Err(login_response::login_error(&response, LoginKind::ServiceAccount, has_succeeded));
        }
        let token = NewToken::new(login_response::token(&response.body, "token")?)?;
        self.has_succeeded.store(true, Ordering::Relaxed);
        Ok(token.issued_at(date(&response)))
    }

    fn interrupt(&self) {
        self.transport.interrupt();
    }
}
