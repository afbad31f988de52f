//! The builder of a token renewer.

use super::account_secret;
use super::auth_method::AuthMethod;
use super::client::Client;
use super::client_credentials::ClientCredentials;
use super::issuer_clock::IssuerClock;
use super::renewal_job::{Prefix, RenewalJob};
use super::secret_text::SecretText;
use super::service_account::ServiceAccount;
use super::service_login::{Credential, ServiceLogin, no_endpoint};
use super::status::TokenRenewerStatus;
use super::token_renewer::TokenRenewer;
use super::token_source::TokenSource;
use crate::error::{Error, ErrorKind, Result};
use crate::remote::events::Observer;
use crate::remote::http_settings::{HttpSettings, MAX_TIMEOUT, check_range, http_builder_functions, invalid};
use crate::remote::url;
use crate::remote::worker::Worker;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use zeroize::Zeroizing;

/// The environment variable in which DC/OS passes a service account to a service. It contains the
/// secret or the path of a file with the secret.
const CREDENTIAL_VARIABLE: &str = "DCOS_SERVICE_ACCOUNT_CREDENTIAL";

impl TokenRenewer {
    /// Returns a builder for tokens of a DC/OS service account.
    pub fn service_account(account: ServiceAccount) -> TokenRenewerBuilder {
        TokenRenewerBuilder::new(Source::Account(Credential::Account(Arc::new(account))))
    }

    /// Returns a builder for tokens of the DC/OS service account whose secret is in this file. The
    /// file is read for each login. It may have any format that [`ServiceAccount::from_json`]
    /// accepts.
    pub fn service_account_file(path: impl Into<PathBuf>) -> TokenRenewerBuilder {
        TokenRenewerBuilder::new(Source::Account(Credential::Secret(SecretText::File(path.into()))))
    }

    /// Returns a builder for tokens of the DC/OS service account in the environment variable
    /// `DCOS_SERVICE_ACCOUNT_CREDENTIAL`. It contains the secret or the path of a file with the
    /// secret.
    ///
    /// # Errors
    /// [`ErrorKind::UnusableCredentials`]: the variable is not set, or the secret is not usable.
    pub fn service_account_from_env() -> Result<TokenRenewerBuilder> {
        let missing =
            |_| Error::new(ErrorKind::UnusableCredentials, "DCOS_SERVICE_ACCOUNT_CREDENTIAL is not set");
        let value = Zeroizing::new(std::env::var(CREDENTIAL_VARIABLE).map_err(missing)?);
        // A path never looks like a secret. A value that looks like a secret is parsed as a secret
        // even if it is invalid: the error then describes the secret, not a missing file.
        let is_secret =
            account_secret::object(&value).is_ok() || value.trim_start().starts_with(['{', '"', '\'', '-']);
        match is_secret {
            true => Ok(Self::service_account(ServiceAccount::from_json(&value)?)),
            false => Ok(Self::service_account_file(value.trim())),
        }
    }

    /// Returns a builder for tokens of an OAuth 2.0 client, from the token endpoint at `token_url`.
    /// It uses the client credentials grant (RFC 6749 §4.4). The client authenticates with
    /// [`TokenRenewerBuilder::client_secret`] and HTTP Basic, unless
    /// [`TokenRenewerBuilder::auth_method`] is set.
    ///
    /// The scheme of the Authorization header is the response's `token_type`, or `Bearer` if that
    /// is missing. [`TokenRenewerBuilder::bearer`] always sets `Bearer`.
    pub fn client_credentials(token_url: &str, client_id: &str) -> TokenRenewerBuilder {
        let client = Client { id: client_id.to_owned(), ..Client::default() };
        TokenRenewerBuilder::new(Source::Client { token_url: token_url.to_owned(), client })
    }

    /// Returns a builder for tokens from a custom source. `name` appears in logs.
    pub fn source(name: &str, source: impl TokenSource + 'static) -> TokenRenewerBuilder {
        TokenRenewerBuilder::new(Source::Custom { name: name.to_owned(), source: Arc::new(source) })
    }
}

/// A builder for a [`TokenRenewer`].
#[derive(Clone)]
#[must_use]
pub struct TokenRenewerBuilder {
    source: Source,
    http: HttpSettings,
    login_endpoint: Option<String>,
    bearer: Option<bool>,
    /// A setting that does not apply to the source, and the source that it applies to.
    conflicting_option: Option<(&'static str, &'static str)>,
    max_wait: Duration,
    lazy: bool,
    observer: Option<Observer<TokenRenewerStatus>>,
}

#[derive(Clone)]
enum Source {
    Account(Credential),
    Client { token_url: String, client: Client },
    Custom { name: String, source: Arc<dyn TokenSource> },
}

impl TokenRenewerBuilder {
    http_builder_functions!("10");

    fn new(source: Source) -> Self {
        Self {
            source,
            http: HttpSettings::with_timeout(Duration::from_secs(10)),
            login_endpoint: None,
            bearer: None,
            conflicting_option: None,
            max_wait: Duration::from_secs(10),
            lazy: false,
            observer: None,
        }
    }

    /// Logs in at this URL instead of the service account's `login_endpoint`, which may then be
    /// missing.
    pub fn login_endpoint(mut self, url: &str) -> Self {
        match self.source {
            Source::Account(_) => self.login_endpoint = Some(url.to_owned()),
            _ => self.conflicting_option = Some(("login_endpoint", "a service account")),
        }
        self
    }

    /// Sets how the client authenticates at the token endpoint: [`AuthMethod::ClientSecretBasic`]
    /// by default.
    ///
    /// With `client_secret_basic`, id and secret are form-encoded (RFC 6749 §2.3.1). Some servers
    /// do not decode them. So until the first success, a rejected request is repeated without the
    /// encoding, if the encoding changes id or secret.
    ///
    /// With `private_key_jwt`, the client signs an assertion for each login with
    /// [`TokenRenewerBuilder::private_key`]. "iss" and "sub" are the client's id, "aud" is the
    /// token endpoint's URL, and "jti" is random. The assertion expires after 60 s.
    ///
    /// With `tls_client_auth`, the body contains the client's id, and the certificate in
    /// `client_certificate_file` authenticates the client.
    pub fn auth_method(self, method: AuthMethod) -> Self {
        self.client("auth_method", |client| client.auth_method = method)
    }

    /// Sets the client's secret, for `client_secret_basic` and `client_secret_post`.
    pub fn client_secret(self, secret: &str) -> Self {
        self.client("client_secret", |client| client.secret = Some(SecretText::new(secret)))
    }

    /// Sets a file with the client's secret, instead of [`TokenRenewerBuilder::client_secret`]. It
    /// is read for each login, so it can be replaced. Trailing line ends are ignored.
    pub fn client_secret_file(self, path: impl Into<PathBuf>) -> Self {
        self.client("client_secret_file", |client| client.secret = Some(SecretText::File(path.into())))
    }

    /// Sets the private key that signs the assertions of `private_key_jwt`, in PEM and not
    /// encrypted. An RSA key of at least 2048 bits signs with RS256, an EC key on P-256 with ES256.
    /// The key for TLS is a different setting, `client_key_file`.
    pub fn private_key(self, pem: &str) -> Self {
        self.client("private_key", |client| client.private_key = Some(SecretText::new(pem)))
    }

    /// Sets a file with the private key, instead of [`TokenRenewerBuilder::private_key`]. It is
    /// read for each login, so it can be replaced.
    pub fn private_key_file(self, path: impl Into<PathBuf>) -> Self {
        self.client("private_key_file", |client| client.private_key = Some(SecretText::File(path.into())))
    }

    /// Sets "kid" in the header of the assertions of `private_key_jwt`, for servers that have
    /// several keys of the client. No "kid" by default.
    pub fn private_key_id(self, kid: &str) -> Self {
        self.client("private_key_id", |client| client.private_key_id = Some(kid.to_owned()))
    }

    fn client(mut self, setting: &'static str, change: impl FnOnce(&mut Client)) -> Self {
        match &mut self.source {
            Source::Client { client, .. } => change(client),
            _ => self.conflicting_option = Some((setting, "client credentials")),
        }
        self
    }

    /// Adds a parameter to the request of the client credentials grant, such as "scope", "audience"
    /// or "resource".
    pub fn parameter(self, name: &str, value: &str) -> Self {
        self.client("parameter", |client| client.parameters.push((name.to_owned(), value.to_owned())))
    }

    /// Sets the Authorization header to `Bearer <token>`: the default, except for DC/OS. This also
    /// overrides a different `token_type` in the response, such as "BearerToken" of Apigee.
    pub fn bearer(mut self) -> Self {
        self.bearer = Some(true);
        self
    }

    /// Sets the Authorization header to `token=<token>`: the default for DC/OS.
    pub fn dcos_header(mut self) -> Self {
        self.bearer = Some(false);
        self
    }

    /// Sets how long [`TokenRenewer::token`] and [`TokenRenewer::reject`] wait at most: 0 to 300 s,
    /// 10 s by default.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Starts the first login when a token is first needed, not in [`TokenRenewerBuilder::build`].
    /// For programs that fork after their setup.
    pub fn lazy(mut self) -> Self {
        self.lazy = true;
        self
    }

    /// Calls `observer` after each login, in order, on a separate thread. The observer may block,
    /// and may use the renewer. If it is slow, up to 256 calls are queued; then the oldest are
    /// dropped. Log records of logins are delivered to the `log` crate in the same way. They
    /// contain no tokens and no secrets.
    pub fn observer(mut self, observer: impl Fn(&TokenRenewerStatus) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Makes the renewer. The first login starts at once, in the background, unless
    /// [`TokenRenewerBuilder::lazy`] is set.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: a setting or URL is invalid, or a CA or certificate file is
    /// not usable. [`ErrorKind::UnusableCredentials`]: the secret, the private key or its file is
    /// not usable.
    pub fn build(self) -> Result<TokenRenewer> {
        check_range("max_wait", self.max_wait, Duration::ZERO..=MAX_TIMEOUT)?;
        if let Some((setting, source)) = self.conflicting_option {
            return Err(invalid(format!("{setting} can only be set for {source}")));
        }
        let transport = self.http.transport()?;
        let timeout = self.http.timeout;
        let is_dcos = matches!(self.source, Source::Account(_));
        let (name, source): (String, Arc<dyn TokenSource>) = match self.source {
            Source::Custom { name, source } => (name, source),
            Source::Client { token_url, client } => {
                self.http.check("token_url", &token_url)?;
                client.check(self.http.client_certificate_file.is_some() || self.http.transport.is_some())?;
                let source = ClientCredentials::new(token_url.clone(), client, transport, timeout);
                (token_url, Arc::new(source))
            }
            Source::Account(credential) => {
                // Read the secret now, so that a wrong one is reported when the program starts.
                let account = credential.account()?;
                let endpoint = self.login_endpoint.as_deref().or(account.login_endpoint());
                let endpoint = endpoint.ok_or_else(no_endpoint)?.to_owned();
                self.http.check("login_endpoint", &endpoint)?;
                let login = ServiceLogin {
                    credential,
                    endpoint: self.login_endpoint,
                    allow_http: self.http.allow_http,
                    transport,
                    timeout,
                    clock: IssuerClock::default(),
                    has_succeeded: AtomicBool::new(false),
                };
                (endpoint, Arc::new(login))
            }
        };
        let text = if self.bearer.unwrap_or(!is_dcos) { "Bearer " } else { "token=" };
        let prefix = Prefix { text, is_set: self.bearer.is_some() };
        let name = url::without_query(&name).to_owned();
        let worker = Worker::new(RenewalJob::new(source, name, prefix, self.observer));
        if !self.lazy {
            worker.start();
        }
        Ok(TokenRenewer::new(worker, self.max_wait))
    }
}
