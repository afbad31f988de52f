//! The service's own token, always valid.

use super::super::http_settings::{HttpSettings, MAX_TIMEOUT, check_range, http_builder_functions, invalid};
use super::super::transport::{FetchError, FetchFailure};
use super::super::url;
use super::super::worker::{Reason, State, Worker, deadline};
use super::account_secret;
use super::auth_method::AuthMethod;
use super::client::Client;
use super::client_credentials::ClientCredentials;
use super::issuer_clock::IssuerClock;
use super::own_token::OwnToken;
use super::renewal_job::{Book, Observer, Prefix, RenewalJob};
use super::secret_text::SecretText;
use super::service_account::ServiceAccount;
use super::service_login::{Credential, ServiceLogin, no_endpoint};
use super::status::TokenRenewerStatus;
use super::token_source::TokenSource;
use crate::error::{Error, ErrorKind, Result};
use crate::verify::ticket::Ticket;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant, SystemTime};
use zeroize::Zeroizing;

/// The environment variable in which DC/OS gives a service its account: the secret, or the path of a file with it.
const CREDENTIAL_VARIABLE: &str = "DCOS_SERVICE_ACCOUNT_CREDENTIAL";
/// So many failures in a row are waited for by callers who have no token; then they are told at once.
const QUICK_TRIES: u32 = 4;

/// Keeps the service's own token valid: logs in, hands the token out without latency, renews it before it
/// expires, and again when a server does not accept it.
///
/// Make one for each account and clone it: clones share everything.
///
/// - [`TokenRenewer::token`] reads the token in use through one atomic pointer. Callers wait only where there is
///   none, or in the last seconds of one that could be renewed.
/// - The token is renewed at 70 to 80 % of the life that it says itself, at half of one under 60 s, in the background. A
///   renewal that fails displaces nothing: it is tried again with growing pauses, and the token in use is used up to its
///   expiry. A second is between two logins at least.
/// - [`TokenRenewer::reject`] after a 401: any number of callers with the same token cause one login, and one
///   login in 30 seconds at most. If it gives the very token that was rejected, as two logins of DC/OS within a second do,
///   there is one more a second later.
/// - A wall clock that is set forward causes a login and does not end a token that is valid by the monotonic clock.
/// - After a fork, each process renews for itself: nothing needs to be done.
///
/// ```no_run
/// use bouncer_verify::TokenRenewer;
///
/// let renewer = TokenRenewer::service_account_file("/run/secrets/service-account.json").build()?;
/// // For every request that the service makes:
/// let token = renewer.token()?;
/// println!("Authorization: {}", token.authorization());
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
#[derive(Clone)]
pub struct TokenRenewer(Arc<Handle>);

/// What all clones share. The worker's thread has the worker alone, so the last clone can end it.
struct Handle {
    worker: Arc<Worker<RenewalJob>>,
    patience: Duration,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.worker.close();
    }
}

impl TokenRenewer {
    /// Tokens of a DC/OS service account.
    pub fn service_account(account: ServiceAccount) -> TokenRenewerBuilder {
        TokenRenewerBuilder::new(From::Account(Credential::Account(Arc::new(account))))
    }

    /// Tokens of the DC/OS service account whose secret is in this file, which is read for each login. Its forms are those
    /// of [`ServiceAccount::from_json`].
    pub fn service_account_file(path: impl Into<PathBuf>) -> TokenRenewerBuilder {
        TokenRenewerBuilder::new(From::Account(Credential::Secret(SecretText::File(path.into()))))
    }

    /// Tokens of the DC/OS service account in the environment variable `DCOS_SERVICE_ACCOUNT_CREDENTIAL`, which
    /// holds the secret or the path of a file with it.
    ///
    /// # Errors
    /// [`ErrorKind::UnusableCredentials`]: it is not set, or holds a secret that is none.
    pub fn service_account_from_env() -> Result<TokenRenewerBuilder> {
        let missing =
            |_| Error::new(ErrorKind::UnusableCredentials, "DCOS_SERVICE_ACCOUNT_CREDENTIAL is not set");
        let value = Zeroizing::new(std::env::var(CREDENTIAL_VARIABLE).map_err(missing)?);
        // No path is a JSON object, in whatever it may be wrapped. A secret that is none says more as a secret.
        let is_secret =
            account_secret::object(&value).is_ok() || value.trim_start().starts_with(['{', '"', '\'', '-']);
        match is_secret {
            true => Ok(Self::service_account(ServiceAccount::from_json(&value)?)),
            false => Ok(Self::service_account_file(value.trim())),
        }
    }

    /// Tokens of an OAuth 2.0 client by the client credentials grant (RFC 6749 §4.4), from the token endpoint at
    /// `token_url`. The client authenticates with [`TokenRenewerBuilder::client_secret`] by HTTP Basic, unless
    /// [`TokenRenewerBuilder::auth_method`] is set.
    ///
    /// The answer's `token_type` is the word before the token, `Bearer` if it is missing; [`TokenRenewerBuilder::bearer`]
    /// writes `Bearer` whatever it says.
    pub fn client_credentials(token_url: &str, client_id: &str) -> TokenRenewerBuilder {
        let client = Client { id: client_id.to_owned(), ..Client::default() };
        TokenRenewerBuilder::new(From::Client { token_url: token_url.to_owned(), client })
    }

    /// Tokens from anywhere. `name` stands for it in logs.
    pub fn source(name: &str, source: impl TokenSource + 'static) -> TokenRenewerBuilder {
        TokenRenewerBuilder::new(From::Source { name: name.to_owned(), source: Arc::new(source) })
    }

    /// A valid token.
    ///
    /// It waits where there is none and one may come soon, 10 seconds at most unless set otherwise, and in the
    /// last seconds of one for its renewal; in an outage, not at all.
    ///
    /// # Errors
    /// [`ErrorKind::LoginRejected`], [`ErrorKind::UnusableCredentials`]: the operator has to act.
    /// [`ErrorKind::LoginUnavailable`]: there is no valid token and no login succeeds now.
    pub fn token(&self) -> Result<OwnToken> {
        self.waiting(|ticket| self.token_now(ticket))
    }

    /// As [`TokenRenewer::token`] without ever waiting, for callers that must not block a thread.
    ///
    /// `ticket` is `None` at first. If it is `Some` afterwards, there may be a better answer once that login is
    /// over: wait for it ([`TokenRenewer::wait`] on another thread) and call again with it. A call before that login is
    /// over returns the final answer, and leaves `None`.
    ///
    /// # Errors
    /// As [`TokenRenewer::token`].
    pub fn token_now(&self, ticket: &mut Option<Ticket>) -> Result<OwnToken> {
        self.with_last_look(ticket, |ticket| self.look_up(ticket))
    }

    fn look_up(&self, ticket: &mut Option<Ticket>) -> Result<OwnToken> {
        let worker = &self.0.worker;
        let before = ticket.take();
        let (now, wall) = (Instant::now(), SystemTime::now());
        let in_use = worker.job.in_use();
        if let Some(holding) = &*in_use {
            if now >= holding.renew_at {
                // The thread should be at it. After a fork, there is none.
                worker.start();
            }
            if holding.is_ample(now, wall) {
                return Ok(holding.token.clone());
            }
        }
        if worker.is_closed() {
            return Err(self.no_token());
        }
        drop(in_use);
        let valid = worker.with(|books| {
            // A login may have ended since. From here on, either it has, or it is under way: a login puts its token in
            // use before it is done.
            let in_use = worker.job.in_use();
            let valid = in_use.as_ref().filter(|holding| holding.is_valid(now, wall));
            if !valid.is_some_and(|holding| holding.is_ample(now, wall)) {
                let is_recent = in_use.as_ref().is_some_and(|holding| holding.is_recent(now));
                *ticket = next_attempt(books, valid.is_some(), is_recent, before);
            }
            valid.map(|holding| holding.token.clone())
        });
        valid.ok_or_else(|| self.no_token())
    }

    /// A server did not accept `token` ([`crate::is_token_rejection`]): gives another.
    ///
    /// If there is a newer one already, that is it. Otherwise one login serves all that ask; there is one at
    /// once and then one in 30 seconds at most. Until it succeeds the token stays in use for others.
    ///
    /// # Errors
    /// As [`TokenRenewer::token`]; [`ErrorKind::LoginUnavailable`] also if there is no newer one.
    pub fn reject(&self, token: &str) -> Result<OwnToken> {
        self.waiting(|ticket| self.reject_now(token, ticket))
    }

    /// As [`TokenRenewer::reject`] without ever waiting; `ticket` is as for [`TokenRenewer::token_now`].
    ///
    /// # Errors
    /// As [`TokenRenewer::reject`].
    pub fn reject_now(&self, token: &str, ticket: &mut Option<Ticket>) -> Result<OwnToken> {
        self.with_last_look(ticket, |ticket| self.look_up_another(token, ticket))
    }

    fn look_up_another(&self, token: &str, ticket: &mut Option<Ticket>) -> Result<OwnToken> {
        let worker = &self.0.worker;
        let is_it = worker.job.in_use().as_ref().is_some_and(|holding| holding.token.as_str() == token);
        if !is_it || worker.is_closed() {
            return self.look_up(ticket);
        }
        let before = ticket.take();
        let newer = worker.with(|books| {
            // As in token_now(): the newer token may be there by now.
            let in_use = worker.job.in_use();
            let newer = in_use.as_ref().filter(|holding| holding.token.as_str() != token);
            if newer.is_none() {
                *ticket = next_after_rejection(books, before);
            }
            newer.map(|holding| holding.token.clone())
        });
        newer.ok_or_else(|| self.rejected())
    }

    /// Waits until the login that `ticket` stands for is done; false if it is not after `timeout`, or will not
    /// be.
    pub fn wait(&self, ticket: Ticket, timeout: Duration) -> bool {
        self.0.worker.wait_for(ticket.attempt(), timeout)
    }

    /// Waits until there is a valid token. The error says why the last login failed.
    ///
    /// # Errors
    /// As [`TokenRenewer::token`]: after `timeout`, or at once where waiting does not mend it, as when the login is rejected.
    pub fn wait_ready(&self, timeout: Duration) -> Result<()> {
        let deadline = deadline(timeout);
        loop {
            let next = self.0.worker.read(|books| books.done) + 1;
            // In this order: what comes in between is found by the next round.
            match self.token_now(&mut None) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() != ErrorKind::LoginUnavailable => return Err(error),
                // It is in use a moment before the login is done.
                Err(_) if !self.0.worker.wait(next, deadline) => return self.token_now(&mut None).map(drop),
                Err(_) => {}
            }
        }
    }

    /// Logs in now, for operators; several callers share one login.
    ///
    /// # Errors
    /// Why the login failed; [`crate::FetchFailure::Timeout`]: it is not done after `timeout`. The token in use stays.
    pub fn renew(&self, timeout: Duration) -> Result<(), FetchError> {
        self.0.worker.attempt_now(timeout)
    }

    /// What it is doing.
    pub fn status(&self) -> TokenRenewerStatus {
        TokenRenewerStatus::of(&self.0.worker)
    }

    /// Waits until `attempts` logins have been tried ([`TokenRenewerStatus::attempts`]); false if that is not so
    /// after `timeout`, or will not be. For those who watch it.
    pub fn wait_attempts(&self, attempts: u64, timeout: Duration) -> bool {
        self.0.worker.wait_for(attempts, timeout)
    }

    /// Ends it, for all clones: a login under way is cut off, the threads end, and from now on there is no token. It waits
    /// until they have ended, one second at most: a source or transport of the program's own that does not return is left
    /// behind. So does the drop of the last clone.
    pub fn close(&self) {
        self.0.worker.close();
    }

    fn waiting(&self, mut ask: impl FnMut(&mut Option<Ticket>) -> Result<OwnToken>) -> Result<OwnToken> {
        let mut ticket = None;
        let mut began = None;
        loop {
            let answer = ask(&mut ticket);
            let Some(login) = ticket else { return answer };
            let waited = began.get_or_insert_with(Instant::now).elapsed();
            self.wait(login, self.0.patience.saturating_sub(waited));
        }
    }

    /// Calls `ask`. If the login of `ticket` is not over, the caller waits no longer: whatever `ask` answers is final. It
    /// may have the token by then, which is in use a moment before the login is over.
    fn with_last_look(
        &self,
        ticket: &mut Option<Ticket>,
        ask: impl FnOnce(&mut Option<Ticket>) -> Result<OwnToken>,
    ) -> Result<OwnToken> {
        let is_last = ticket.is_some_and(|before| !self.wait(before, Duration::ZERO));
        *ticket = ticket.map(|before| before.returned(!is_last));
        let answer = ask(ticket);
        if is_last {
            *ticket = None;
        }
        answer
    }

    fn no_token(&self) -> Error {
        if self.0.worker.is_closed() {
            return Error::new(ErrorKind::LoginUnavailable, "closed");
        }
        let job = &self.0.worker.job;
        let failure = self.0.worker.read(|books| books.last_error.clone().filter(|_| books.failed));
        match failure {
            Some((error, _)) => {
                Error::new(error.login_kind(), "").with_detail(format!("{}: {error}", job.name()))
            }
            None if job.in_use().is_none() => Error::new(ErrorKind::LoginUnavailable, "not logged in yet"),
            None => Error::new(
                ErrorKind::LoginUnavailable,
                "the token has expired, and the login is not done yet",
            ),
        }
    }

    fn rejected(&self) -> Error {
        let in_outage = self.0.worker.read(|books| books.in_outage());
        match in_outage {
            true => self.no_token(),
            false => Error::new(
                ErrorKind::LoginUnavailable,
                "the token was rejected, and there is no newer one yet",
            ),
        }
    }
}

/// What a caller who needs a better token waits for.
fn next_attempt(
    books: &mut State<Book>,
    has_valid: bool,
    is_recent: bool,
    before: Option<Ticket>,
) -> Option<Ticket> {
    let ticket = |attempt| Some(Ticket::new(attempt));
    if has_valid && (books.failed || is_recent || before.is_some()) {
        // A valid token is good enough once its renewal was tried.
        return None;
    }
    let hopeless = books.last_error.as_ref().is_some_and(|(error, _)| {
        matches!(error.failure(), FetchFailure::Rejected | FetchFailure::Refused | FetchFailure::Credentials)
    });
    if books.failed && (hopeless || books.failures_in_row >= QUICK_TRIES) {
        return None;
    }
    match books.under_way() {
        Some(attempt) => ticket(attempt),
        // The background will try again in a moment.
        None if books.failed || is_recent => ticket(books.done + 1),
        None => ticket(books.want(Reason::Schedule)),
    }
}

/// What a caller whose token was rejected waits for.
fn next_after_rejection(books: &mut State<Book>, before: Option<Ticket>) -> Option<Ticket> {
    // A login that began before the rejection may be the one that gave this very token.
    if before.is_some_and(Ticket::is_last) {
        return None;
    }
    if let Some(attempt) =
        books.under_way().filter(|attempt| before.is_none_or(|old| old.attempt() < *attempt))
    {
        return (!books.in_outage()).then_some(Ticket::new(attempt));
    }
    let now = Instant::now();
    let is_held = books.hold_until.is_some_and(|until| now < until);
    let attempt = match books.wanted() {
        Some(attempt) => attempt,
        None if !is_held && books.book.rejections.spend(now) => books.want(Reason::Rejection),
        None => {
            books.book.suppressed += 1;
            return None;
        }
    };
    Some(Ticket::last(attempt))
}

impl fmt::Debug for TokenRenewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenRenewer").field(&self.0.worker.job.name()).finish()
    }
}

/// The settings of a [`TokenRenewer`].
#[derive(Clone)]
#[must_use]
pub struct TokenRenewerBuilder {
    from: From,
    http: HttpSettings,
    login_endpoint: Option<String>,
    bearer: Option<bool>,
    /// A setting that the source does not have, and which source has it.
    misfit: Option<(&'static str, &'static str)>,
    patience: Duration,
    prefetch: bool,
    observer: Option<Observer>,
}

#[derive(Clone)]
enum From {
    Account(Credential),
    Client { token_url: String, client: Client },
    Source { name: String, source: Arc<dyn TokenSource> },
}

impl TokenRenewerBuilder {
    http_builder_functions!("10");

    fn new(from: From) -> Self {
        Self {
            from,
            http: HttpSettings::with_timeout(Duration::from_secs(10)),
            login_endpoint: None,
            bearer: None,
            misfit: None,
            patience: Duration::from_secs(10),
            prefetch: true,
            observer: None,
        }
    }

    /// Logs in at this URL, in place of the service account's `login_endpoint`, which may then be missing.
    pub fn login_endpoint(mut self, url: &str) -> Self {
        match self.from {
            From::Account(_) => self.login_endpoint = Some(url.to_owned()),
            _ => self.misfit = Some(("login_endpoint", "a service account")),
        }
        self
    }

    /// How the client authenticates at the token endpoint: [`AuthMethod::ClientSecretBasic`] by default.
    ///
    /// With `client_secret_basic` id and secret are form-encoded, as RFC 6749 §2.3.1 has it. Until the first success, a
    /// rejected pair that the encoding changes is sent once more without it: some servers do not decode it.
    ///
    /// With `private_key_jwt` the client signs an assertion for each login with [`TokenRenewerBuilder::private_key`]: "iss"
    /// and "sub" are the client's id, "aud" is the token endpoint's URL, "jti" is random, and it expires after 60 s.
    ///
    /// With `tls_client_auth` the client's id is in the body, and `client_certificate_file` proves it.
    pub fn auth_method(self, method: AuthMethod) -> Self {
        self.client("auth_method", |client| client.auth_method = method)
    }

    /// The client's secret, for `client_secret_basic` and `client_secret_post`.
    pub fn client_secret(self, secret: &str) -> Self {
        self.client("client_secret", |client| client.secret = Some(SecretText::new(secret)))
    }

    /// A file with the client's secret, in place of [`TokenRenewerBuilder::client_secret`]. It is read for each login, so it
    /// may be replaced. Line ends after the secret are not part of it.
    pub fn client_secret_file(self, path: impl Into<PathBuf>) -> Self {
        self.client("client_secret_file", |client| client.secret = Some(SecretText::File(path.into())))
    }

    /// The private key that signs the assertions of `private_key_jwt`, in PEM and not encrypted. An RSA key of at least 2048
    /// bits signs with RS256, an EC key on P-256 with ES256. It is not the key of TLS: that is `client_key_file`.
    pub fn private_key(self, pem: &str) -> Self {
        self.client("private_key", |client| client.private_key = Some(SecretText::new(pem)))
    }

    /// A file with the private key, in place of [`TokenRenewerBuilder::private_key`]. It is read for each login, so it may be
    /// replaced.
    pub fn private_key_file(self, path: impl Into<PathBuf>) -> Self {
        self.client("private_key_file", |client| client.private_key = Some(SecretText::File(path.into())))
    }

    /// The "kid" in the header of `private_key_jwt`'s assertions, for servers that know several keys of the client. By
    /// default there is none.
    pub fn private_key_id(self, kid: &str) -> Self {
        self.client("private_key_id", |client| client.private_key_id = Some(kid.to_owned()))
    }

    fn client(mut self, setting: &'static str, change: impl FnOnce(&mut Client)) -> Self {
        match &mut self.from {
            From::Client { client, .. } => change(client),
            _ => self.misfit = Some((setting, "client credentials")),
        }
        self
    }

    /// Sends this parameter with the client credentials: "scope", "audience", "resource".
    pub fn parameter(self, name: &str, value: &str) -> Self {
        self.client("parameter", |client| client.parameters.push((name.to_owned(), value.to_owned())))
    }

    /// Writes `Bearer <token>` in the Authorization header: the default but for DC/OS. Set, it also stands where the login's
    /// answer has another `token_type`, such as Apigee's "BearerToken".
    pub fn bearer(mut self) -> Self {
        self.bearer = Some(true);
        self
    }

    /// Writes `token=<token>` in the Authorization header: the default for DC/OS.
    pub fn dcos_header(mut self) -> Self {
        self.bearer = Some(false);
        self
    }

    /// How long [`TokenRenewer::token`] and [`TokenRenewer::reject`] wait at most: 0 to 300 s, by default 10 s.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.patience = max_wait;
        self
    }

    /// Logs in with the first call, not at once. For programs that fork after they set up.
    pub fn lazy(mut self) -> Self {
        self.prefetch = false;
        self
    }

    /// Calls `observer` after each login, on a thread of its own, in order: it may block, and may ask the renewer. Of those
    /// that wait for a slow one, 256 are kept and the oldest are dropped. What happens is
    /// also reported through the `log` crate, on the same thread; tokens and secrets never are.
    pub fn observer(mut self, observer: impl Fn(&TokenRenewerStatus) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// The renewer.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: a setting, or a URL. [`ErrorKind::UnusableCredentials`]: the secret's file.
    pub fn build(self) -> Result<TokenRenewer> {
        check_range("max_wait", self.patience, Duration::ZERO..=MAX_TIMEOUT)?;
        if let Some((setting, source)) = self.misfit {
            return Err(invalid(format!("{setting} goes with {source} alone")));
        }
        let transport = self.http.transport()?;
        let timeout = self.http.timeout;
        let is_dcos = matches!(self.from, From::Account(_));
        let (name, source): (String, Arc<dyn TokenSource>) = match self.from {
            From::Source { name, source } => (name, source),
            From::Client { token_url, client } => {
                self.http.check(&token_url)?;
                client.check(self.http.client_certificate_file.is_some() || self.http.transport.is_some())?;
                let source = ClientCredentials::new(token_url.clone(), client, transport, timeout);
                (token_url, Arc::new(source))
            }
            From::Account(credential) => {
                // A secret that is wrong at the start is a mistake of the set-up; later, an incident.
                let account = credential.account()?;
                let endpoint = self.login_endpoint.as_deref().or(account.login_endpoint());
                let endpoint = endpoint.ok_or_else(no_endpoint)?.to_owned();
                self.http.check(&endpoint)?;
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
        if self.prefetch {
            worker.start();
        }
        Ok(TokenRenewer(Arc::new(Handle { worker, patience: self.patience })))
    }
}

#[cfg(test)]
mod tests {
    use super::super::holding::Holding;
    use super::super::token_source::NewToken;
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A renewer whose logins fail, except those that `answers` has; and how many there were.
    fn renewer(answers: Vec<NewToken>) -> (TokenRenewer, Arc<AtomicUsize>) {
        let logins = Arc::new(AtomicUsize::new(0));
        let (counted, answers) = (Arc::clone(&logins), std::sync::Mutex::new(answers));
        let source = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            answers.lock().unwrap().pop().ok_or(FetchError::new(FetchFailure::Connect, "refused"))
        };
        (TokenRenewer::source("test", source).lazy().build().unwrap(), logins)
    }

    fn put_in_use(renewer: &TokenRenewer, wall_is_ahead_by: Duration) {
        let token = OwnToken::new("Bearer ", "old", None, 1);
        let (holding, _) = Holding::new(token, Some(Duration::from_secs(600)), true);
        renewer.0.worker.job.put_in_use(holding.long_ago().with_wall_clock_ahead(wall_is_ahead_by));
    }

    #[test]
    fn a_wall_clock_that_is_set_forward_by_a_day_costs_one_login() {
        let new = || NewToken::new("new").unwrap().expires_in(Duration::from_secs(600));
        let (renewer, logins) = renewer(vec![new()]);
        put_in_use(&renewer, Duration::from_secs(86_400));
        for _ in 0..1000 {
            assert_eq!(renewer.token().unwrap().as_str(), "new");
        }
        assert_eq!(logins.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_wall_clock_that_is_set_forward_does_not_end_a_valid_token_in_an_outage() {
        let (renewer, logins) = renewer(Vec::new());
        put_in_use(&renewer, Duration::from_secs(86_400));
        let start = Instant::now();
        for _ in 0..1000 {
            assert_eq!(renewer.token().unwrap().as_str(), "old");
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert!((1..=4).contains(&logins.load(Ordering::SeqCst)), "{logins:?}");
        assert_eq!(renewer.status().state.as_str(), "expiring");
    }
}
