//! The settings of a token renewer, and how one is made.

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

/// The environment variable in which DC/OS gives a service its account: the secret, or the path of
/// a file with it.
const CREDENTIAL_VARIABLE: &str = "DCOS_SERVICE_ACCOUNT_CREDENTIAL";

impl TokenRenewer {
    /// Tokens of a DC/OS service account.
    pub fn service_account(account: ServiceAccount) -> TokenRenewerBuilder {
        TokenRenewerBuilder::new(Source::Account(Credential::Account(Arc::new(account))))
    }

    /// Tokens of the DC/OS service account whose secret is in this file. It is read for each login,
    /// in the forms of [`ServiceAccount::from_json`].
    pub fn service_account_file(path: impl Into<PathBuf>) -> TokenRenewerBuilder {
        TokenRenewerBuilder::new(Source::Account(Credential::Secret(SecretText::File(path.into()))))
    }

    /// Tokens of the DC/OS service account in the environment variable
    /// `DCOS_SERVICE_ACCOUNT_CREDENTIAL`, which holds the secret or the path of a file with it.
    ///
    /// # Errors
    /// [`ErrorKind::UnusableCredentials`]: it is not set, or is not a usable secret.
    pub fn service_account_from_env() -> Result<TokenRenewerBuilder> {
        let missing =
            |_| Error::new(ErrorKind::UnusableCredentials, "DCOS_SERVICE_ACCOUNT_CREDENTIAL is not set");
        let value = Zeroizing::new(std::env::var(CREDENTIAL_VARIABLE).map_err(missing)?);
        // No path is a JSON object or looks like one. An unusable secret has the better error as a
        // secret.
        let is_secret =
            account_secret::object(&value).is_ok() || value.trim_start().starts_with(['{', '"', '\'', '-']);
        match is_secret {
            true => Ok(Self::service_account(ServiceAccount::from_json(&value)?)),
            false => Ok(Self::service_account_file(value.trim())),
        }
    }

    /// Tokens of an OAuth 2.0 client by the client credentials grant (RFC 6749 §4.4), from the
    /// token endpoint at `token_url`. The client authenticates with
    /// [`TokenRenewerBuilder::client_secret`] by HTTP Basic, unless
    /// [`TokenRenewerBuilder::auth_method`] is set.
    ///
    /// The response's `token_type` is the scheme of the Authorization header, `Bearer` if it is
    /// missing. [`TokenRenewerBuilder::bearer`] always writes `Bearer`.
    pub fn client_credentials(token_url: &str, client_id: &str) -> TokenRenewerBuilder {
        let client = Client { id: client_id.to_owned(), ..Client::default() };
        TokenRenewerBuilder::new(Source::Client { token_url: token_url.to_owned(), client })
    }

    /// Tokens from anywhere. `name` stands for it in logs.
    pub fn source(name: &str, source: impl TokenSource + 'static) -> TokenRenewerBuilder {
        TokenRenewerBuilder::new(Source::Custom { name: name.to_owned(), source: Arc::new(source) })
    }
}

/// The settings of a [`TokenRenewer`].
#[derive(Clone)]
#[must_use]
pub struct TokenRenewerBuilder {
    source: Source,
    http: HttpSettings,
    login_endpoint: Option<String>,
    bearer: Option<bool>,
    /// A setting that the source does not have, and which source has it.
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

    /// Logs in at this URL, in place of the service account's `login_endpoint`, which may then be
    /// missing.
    pub fn login_endpoint(mut self, url: &str) -> Self {
        match self.source {
            Source::Account(_) => self.login_endpoint = Some(url.to_owned()),
            _ => self.conflicting_option = Some(("login_endpoint", "a service account")),
        }
        self
    }

    /// How the client authenticates at the token endpoint: [`AuthMethod::ClientSecretBasic`] by
    /// default.
    ///
    /// With `client_secret_basic` id and secret are form-encoded, as RFC 6749 §2.3.1 has it. Until
    /// the first success, a rejected pair that the encoding changes is sent once more without it:
    /// some servers do not decode it.
    ///
    /// With `private_key_jwt` the client signs an assertion for each login with
    /// [`TokenRenewerBuilder::private_key`]: "iss" and "sub" are the client's id, "aud" is the
    /// token endpoint's URL, "jti" is random, and it expires after 60 s.
    ///
    /// With `tls_client_auth` the client's id is in the body, and `client_certificate_file` proves
    /// it.
    pub fn auth_method(self, method: AuthMethod) -> Self {
        self.client("auth_method", |client| client.auth_method = method)
    }

    /// The client's secret, for `client_secret_basic` and `client_secret_post`.
    pub fn client_secret(self, secret: &str) -> Self {
        self.client("client_secret", |client| client.secret = Some(SecretText::new(secret)))
    }

    /// A file with the client's secret, in place of [`TokenRenewerBuilder::client_secret`]. It is
    /// read for each login, so it may be replaced. Line ends after the secret are not part of it.
    pub fn client_secret_file(self, path: impl Into<PathBuf>) -> Self {
        self.client("client_secret_file", |client| client.secret = Some(SecretText::File(path.into())))
    }

    /// The private key that signs the assertions of `private_key_jwt`, in PEM and not encrypted. An
    /// RSA key of at least 2048 bits signs with RS256, an EC key on P-256 with ES256. It is not the
    /// key of TLS: that is `client_key_file`.
    pub fn private_key(self, pem: &str) -> Self {
        self.client("private_key", |client| client.private_key = Some(SecretText::new(pem)))
    }

    /// A file with the private key, in place of [`TokenRenewerBuilder::private_key`]. It is read
    /// for each login, so it may be replaced.
    pub fn private_key_file(self, path: impl Into<PathBuf>) -> Self {
        self.client("private_key_file", |client| client.private_key = Some(SecretText::File(path.into())))
    }

    /// The "kid" in the header of `private_key_jwt`'s assertions, for servers that know several
    /// keys of the client. By default there is none.
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

    /// Sends this parameter with the client credentials: "scope", "audience", "resource".
    pub fn parameter(self, name: &str, value: &str) -> Self {
        self.client("parameter", |client| client.parameters.push((name.to_owned(), value.to_owned())))
    }

    /// Writes `Bearer <token>` in the Authorization header: the default except for DC/OS. If it is
    /// set, another `token_type` in the response does not count, such as Apigee's "BearerToken".
    pub fn bearer(mut self) -> Self {
        self.bearer = Some(true);
        self
    }

    /// Writes `token=<token>` in the Authorization header: the default for DC/OS.
    pub fn dcos_header(mut self) -> Self {
        self.bearer = Some(false);
        self
    }

    /// How long [`TokenRenewer::token`] and [`TokenRenewer::reject`] wait at most: 0 to 300 s, by
    /// default 10 s.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Starts to log in with the first call, not at once. For programs that fork after their setup.
    pub fn lazy(mut self) -> Self {
        self.lazy = true;
        self
    }

    /// Calls `observer` after each login, in order, on a thread of its own. It may block, and may
    /// use the renewer. If it is slow, 256 calls are queued, and the oldest are dropped. The same
    /// thread reports logins through the `log` crate, never with tokens or secrets.
    pub fn observer(mut self, observer: impl Fn(&TokenRenewerStatus) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Makes the renewer. The first login starts at once, unless [`TokenRenewerBuilder::lazy`] is
    /// set.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: a setting, a URL, or a CA or certificate file.
    /// [`ErrorKind::UnusableCredentials`]: the secret or private key, or its file.
    pub fn build(self) -> Result<TokenRenewer> {
        check_range("max_wait", self.max_wait, Duration::ZERO..=MAX_TIMEOUT)?;
        if let Some((setting, source)) = self.conflicting_option {
            return Err(invalid(format!("{setting} goes with {source} alone")));
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
                // Found here, a wrong secret is a mistake of the setup; later, it is an incident.
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
