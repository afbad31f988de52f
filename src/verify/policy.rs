//! The rules for tokens, apart from the signature.

use super::accepted_values::{issuer_of_metadata, shown};
use super::claim_rules::{ClaimRule, ClaimTest, check_names_of_scopes};
use super::clock::Clock;
use super::issuer_template::IssuerTemplate;
use crate::error::{Error, ErrorKind, Result};
use crate::jose::algorithm::Algorithm;
use crate::jose::claims::UncheckedClaims;
use crate::jose::header::JoseHeader;
use crate::jose::jws::TokenForm;
use std::time::Duration;

/// The rules for tokens. Start from [`Policy::for_issuer`], [`Policy::access_token`] or
/// [`Policy::dcos`].
///
/// By default, only `RS256` is allowed and `exp` is required. The leeway is 0, but `nbf` may lie up
/// to 60 seconds in the future, because the clocks of two machines always differ.
///
/// ```
/// use bouncer_verify::{Algorithm, Policy};
/// use std::time::Duration;
///
/// let policy = Policy::for_issuer("https://idp.example/", "https://api.example/")
///     .algorithms([Algorithm::Rs256, Algorithm::Es256])
///     .leeway(Duration::from_secs(30))?
///     .required_claims(["tenant"]);
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Policy {
    /// One bit for each allowed algorithm.
    algorithms: u16,
    pub(super) issuers: Vec<Box<str>>,
    issuer_templates: Vec<IssuerTemplate>,
    /// If there are neither issuers nor templates, "iss" is not checked. This says whether a
    /// verifier with several entries may also use the policy for tokens that have "iss".
    any_issuer: bool,
    /// If empty, a token with "aud" is rejected unless `any_audience` is set.
    pub(super) audiences: Vec<Box<str>>,
    pub(super) any_audience: bool,
    pub(super) subject: Option<Box<str>>,
    pub(super) optional_exp: bool,
    /// Whether the claims of RFC 9068 §2.2 are required.
    pub(super) is_access_token: bool,
    /// The claim that names the user; it is required. `None` is "sub", which is not required.
    pub(super) identity: Option<Box<str>>,
    pub(super) required_strings: Vec<Box<str>>,
    pub(super) required: Vec<Box<str>>,
    pub(super) claim_rules: Vec<ClaimRule>,
    /// The claims that contain scopes. `None` is "scope" and "scp".
    pub(super) scope_claims: Option<Box<[Box<str>]>>,
    pub(super) required_scopes: Vec<Box<str>>,
    pub(super) unchecked_claims: UncheckedClaims,
    token_type: Option<Box<str>>,
    pub(super) leeway: i64,
    pub(super) max_token_age: Option<i64>,
    /// Whether `nbf` gets only the leeway, without the tolerance of 60 seconds.
    pub(super) exact_nbf: bool,
    pub(super) form: TokenForm,
    pub(super) clock: Clock,
    /// The error of the first invalid setting, or `None` if all settings are valid.
    fault: Option<Box<Error>>,
}

impl Policy {
    /// The default maximum length of a token, in bytes: 16 KiB.
    pub const DEFAULT_MAX_TOKEN_LEN: usize = 16 * 1024;
    /// The upper limit of [`Policy::max_token_len`], in bytes: 1 MiB.
    pub const MAX_TOKEN_LEN: usize = 1024 * 1024;
    /// The maximum leeway: 300 seconds.
    pub const MAX_LEEWAY: Duration = Duration::from_secs(300);

    /// Creates the policy for tokens of DC/OS's Bouncer. It allows RS256 and requires `exp`. `iss`
    /// is not checked. The [`Policy::identity_claim`] is `uid`, so `uid` is required.
    pub fn dcos() -> Self {
        Self::new().identity_claim("uid")
    }

    /// Creates the policy for OAuth 2.0 access tokens of `issuer` for `audience` (RFC 9068). The
    /// [`Policy::token_type`] is `at+jwt`. Required are `iss`, `exp`, `aud`, `iat`, and non-empty
    /// strings `sub`, `client_id` and `jti`, whatever else is set.
    pub fn access_token(issuer: &str, audience: &str) -> Self {
        Self::for_issuer(issuer, audience).access_tokens()
    }

    /// Requires the type and the claims of RFC 9068 §2.
    pub(crate) fn access_tokens(self) -> Self {
        Self { is_access_token: true, ..self.token_type("at+jwt") }
    }

    /// Creates the policy for tokens of `issuer` for `audience`. `iss` and `aud` are required and
    /// must match character for character. Neither argument may be empty ([`Policy::check`]).
    pub fn for_issuer(issuer: &str, audience: &str) -> Self {
        Self::new().issuers([issuer]).audiences([audience])
    }

    /// Creates a policy that checks only the signature and the times. It accepts any token that a
    /// key of the set has signed and that has no `aud`. If your tokens have `iss` and `aud`, use
    /// [`Policy::for_issuer`] instead.
    pub fn any_issuer() -> Self {
        Self::new().with_any_issuer()
    }

    pub(crate) fn with_any_issuer(self) -> Self {
        Self { any_issuer: true, ..self }
    }

    /// Creates a policy that does not check "iss", for tokens without "iss".
    pub(crate) fn new() -> Self {
        Self {
            algorithms: Algorithm::Rs256.bit(),
            issuers: Vec::new(),
            issuer_templates: Vec::new(),
            any_issuer: false,
            audiences: Vec::new(),
            any_audience: false,
            subject: None,
            optional_exp: false,
            is_access_token: false,
            identity: None,
            required_strings: Vec::new(),
            required: Vec::new(),
            claim_rules: Vec::new(),
            scope_claims: None,
            required_scopes: Vec::new(),
            unchecked_claims: UncheckedClaims::default(),
            token_type: None,
            leeway: 0,
            max_token_age: None,
            exact_nbf: false,
            form: TokenForm { max_len: Self::DEFAULT_MAX_TOKEN_LEN, padded: false },
            clock: Clock::system(),
            fault: None,
        }
    }

    /// Returns an error if a setting is invalid. Such a policy also rejects every token with this
    /// error. Call this function at start-up, to find an issuer or audience from an unset variable.
    ///
    /// ```
    /// use bouncer_verify::Policy;
    ///
    /// let policy = Policy::for_issuer("https://idp.example/", "");
    /// assert_eq!(policy.check().unwrap_err().detail(), "the audience is empty");
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]:
    /// - An issuer, an audience, the subject, the token type, a scope, or the name or value of a
    ///   claim rule is empty.
    /// - An issuer is the address of the issuer's metadata.
    /// - The list of issuers, audiences, algorithms, scope claims, or values of a claim rule is
    ///   empty.
    /// - A required scope contains a space.
    /// - [`Policy::unchecked_claims`] names a claim other than `sub`, `iat` and `jti`.
    #[inline]
    pub fn check(&self) -> Result<()> {
        match &self.fault {
            None => Ok(()),
            Some(fault) => Err((**fault).clone()),
        }
    }

    fn fault_if(&mut self, is_fault: bool, fault: &'static str) {
        if is_fault {
            self.set_fault(Error::new(ErrorKind::InvalidArgument, fault));
        }
    }

    fn set_fault(&mut self, error: Error) {
        self.fault.get_or_insert_with(|| Box::new(error));
    }

    /// Allows exactly these algorithms instead of RS256.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().fold(0, |bits, algorithm| bits | algorithm.bit());
        self.fault_if(self.algorithms == 0, "no algorithm is allowed");
        self
    }

    /// Accepts exactly these issuers. `iss` is required and must be one of them (RFC 7519 §4.1.1).
    ///
    /// An issuer may contain one placeholder with the name of a claim, for issuers with many
    /// tenants: `"https://login.example/{tid}/v2.0"`. The placeholder stands for the token's own
    /// value of that claim, which must be a string without a slash. Restrict that claim too, unless
    /// every tenant of the issuer may use your service.
    pub fn issuers(mut self, issuers: impl IntoIterator<Item: AsRef<str>>) -> Self {
        let (templates, issuers): (Vec<_>, _) =
            boxed(issuers).into_iter().partition(|issuer| IssuerTemplate::is_template(issuer));
        self.issuers = issuers;
        self.issuer_templates = templates.iter().filter_map(|text| IssuerTemplate::parse(text)).collect();
        self.any_issuer = false;
        self.fault_if(
            self.issuer_templates.len() != templates.len(),
            "an issuer may contain one placeholder, the name of a claim in braces, after other text",
        );
        self.fault_if(!self.checks_issuer(), "no issuer is accepted");
        self.fault_if(self.issuers.iter().any(|issuer| issuer.is_empty()), "the issuer is empty");
        if let Some(issuer) = self.issuers.iter().find_map(|issuer| issuer_of_metadata(issuer)) {
            let issuer = shown(&issuer);
            let detail =
                format!("it is the address of the issuer's metadata: use the issuer itself, {issuer}");
            self.set_fault(Error::about(ErrorKind::InvalidArgument, "issuers", "").with_detail(detail));
        }
        self
    }

    /// Accepts exactly these audiences. `aud` is required, and one of its values must be one of
    /// them (RFC 7519 §4.1.3).
    pub fn audiences(mut self, audiences: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.audiences = boxed(audiences);
        self.fault_if(self.audiences.is_empty(), "no audience is accepted");
        self.fault_if(self.audiences.iter().any(|audience| audience.is_empty()), "the audience is empty");
        self
    }

    /// Accepts tokens for any audience, even if [`Policy::audiences`] is set too. If neither is
    /// set, a token that has `aud` is rejected, because it is meant for another service.
    pub fn any_audience(mut self) -> Self {
        self.any_audience = true;
        self
    }

    /// Accepts only tokens of this subject. `sub` is required and must match character for
    /// character (RFC 7519 §4.1.2). For services that have a single client.
    pub fn subject(mut self, subject: &str) -> Self {
        self.fault_if(subject.is_empty(), "the subject is empty");
        self.subject = Some(subject.into());
        self
    }

    /// Accepts tokens without `exp`, which never expire. A token that has `exp` is still rejected
    /// once it has expired.
    pub fn optional_exp(mut self) -> Self {
        self.optional_exp = true;
        self
    }

    /// Requires exactly these claims, with any value except null. They are checked in this order.
    ///
    /// A name with dots may name a nested claim: `realm_access.roles`. A claim whose own name has
    /// dots is found too: at each object, the longest member name that fits is taken. All settings
    /// that name a claim, and [`VerifiedToken::claim`], find it in this way.
    ///
    /// [`VerifiedToken::claim`]: crate::VerifiedToken::claim
    pub fn required_claims(mut self, names: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.required = boxed(names);
        self
    }

    /// Requires exactly these claims to be non-empty strings. They are checked before
    /// [`Policy::required_claims`], in this order. [`Policy::dcos`] also requires `uid`.
    pub fn required_string_claims(mut self, names: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.required_strings = boxed(names);
        self
    }

    /// Requires the claim `name` to equal one of `texts`: a string character for character, a
    /// number or a boolean by its JSON text. An array is never equal.
    ///
    /// Each call sets this rule for one claim. The rules are checked after
    /// [`Policy::required_claims`]: first all of `claim_is`, then `claim_has`, `claim_has_any` and
    /// `claim_starts_with`, each in the order of the names. An error contains the texts, never the
    /// value of the token.
    ///
    /// ```
    /// use bouncer_verify::Policy;
    ///
    /// let policy = Policy::for_issuer("https://idp.example/", "https://api.example/")
    ///     .claim_is("tid", ["a", "b"])
    ///     .claim_has("realm_access.roles", ["admin"]);
    /// ```
    pub fn claim_is(self, name: &str, texts: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.claim_rule(ClaimTest::Is, name, texts)
    }

    /// Requires the claim `name` to contain all of `texts`. The claim is an array of strings, or a
    /// space-separated string. See [`Policy::claim_is`].
    pub fn claim_has(self, name: &str, texts: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.claim_rule(ClaimTest::Has, name, texts)
    }

    /// Requires the claim `name` to contain at least one of `texts`. See [`Policy::claim_has`].
    pub fn claim_has_any(self, name: &str, texts: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.claim_rule(ClaimTest::HasAny, name, texts)
    }

    /// Requires the claim `name` to be a string that begins with one of `texts`. See
    /// [`Policy::claim_is`].
    pub fn claim_starts_with(self, name: &str, texts: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.claim_rule(ClaimTest::StartsWith, name, texts)
    }

    pub(crate) fn claim_rule(
        mut self,
        test: ClaimTest,
        name: &str,
        texts: impl IntoIterator<Item: AsRef<str>>,
    ) -> Self {
        match ClaimRule::new(test, name, boxed(texts)) {
            Ok(rule) => rule.add_to(&mut self.claim_rules),
            Err(fault) => self.set_fault(fault),
        }
        self
    }

    /// Sets the claim that [`VerifiedToken::identity`] returns, and requires it to be a non-empty
    /// string. If it is not set, the identity is `sub`, which is not required.
    ///
    /// [`VerifiedToken::identity`]: crate::VerifiedToken::identity
    pub fn identity_claim(mut self, name: &str) -> Self {
        self.fault_if(name.is_empty(), "the name of the identity claim is empty");
        self.identity = Some(name.into());
        self
    }

    /// Sets the claims that contain scopes, instead of `scope` and `scp`. A claim is a
    /// space-separated string (RFC 6749 §3.3) or an array of strings. A claim of another type
    /// contains no scope.
    pub fn scope_claims(mut self, names: impl IntoIterator<Item: AsRef<str>>) -> Self {
        let names = boxed(names);
        self.fault_if(names.is_empty(), "no claim contains the scopes");
        self.fault_if(names.iter().any(|name| name.is_empty()), "the name of a scope claim is empty");
        self.scope_claims = Some(names.into());
        self
    }

    /// Requires all of these scopes. This is the last check. Its error is
    /// [`ErrorKind::InsufficientScope`], with HTTP status 403 (RFC 6750 §3.1). For a scope that
    /// only some requests need, see [`VerifiedToken::has_scope`].
    ///
    /// [`VerifiedToken::has_scope`]: crate::VerifiedToken::has_scope
    pub fn required_scopes(mut self, scopes: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.required_scopes = boxed(scopes);
        if let Err(fault) = check_names_of_scopes(&self.required_scopes) {
            self.set_fault(fault);
        }
        self
    }

    /// Skips the check of the JSON type for exactly these registered claims. For issuers that break
    /// RFC 7519, for example with an integer `sub`. If the claim has the wrong type, it counts as
    /// absent; [`VerifiedToken::claim`] still returns its JSON text.
    ///
    /// Only `sub`, `iat` and `jti` are allowed here. A token whose `exp`, `nbf`, `aud` or `iss` has
    /// the wrong type is always rejected.
    ///
    /// [`VerifiedToken::claim`]: crate::VerifiedToken::claim
    pub fn unchecked_claims(mut self, names: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.unchecked_claims = UncheckedClaims::default();
        for name in names {
            let is_possible = self.unchecked_claims.insert(name.as_ref());
            self.fault_if(!is_possible, "unchecked_claims takes only sub, iat and jti");
        }
        self
    }

    /// Requires the header parameter `typ` to be this media type (RFC 8725 §3.11), for example
    /// `"at+jwt"`. ASCII case does not matter, and `application/` may be left out.
    pub fn token_type(mut self, token_type: &str) -> Self {
        self.fault_if(token_type.is_empty(), "the token type is empty");
        self.token_type = Some(token_type.into());
        self
    }

    /// Allows for clocks that differ. A token is accepted until `leeway` after `exp` and from
    /// `leeway` before `nbf`. For `nbf`, the leeway is at least 60 seconds. `leeway` is rounded
    /// down to whole seconds.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: `leeway` is over 300 seconds.
    pub fn leeway(mut self, leeway: Duration) -> Result<Self> {
        if leeway > Self::MAX_LEEWAY {
            let detail = format!("leeway is {} s; at most 300 s", leeway.as_secs_f64());
            return Err(Error::new(ErrorKind::InvalidArgument, "").with_detail(detail));
        }
        self.leeway = leeway.as_secs() as i64;
        Ok(self)
    }

    /// Rejects tokens that were issued longer ago than `age` plus the leeway, even if `exp` has not
    /// passed. `iat` is then required (RFC 7519 §4.1.6) and may lie no further in the future than
    /// `nbf` may. `age` is rounded down to whole seconds.
    pub fn max_token_age(mut self, age: Duration) -> Self {
        self.max_token_age = Some(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
        self
    }

    /// Applies only the leeway to `nbf`, without the 60 seconds. For interfaces that promise the
    /// behaviour of another library.
    #[doc(hidden)]
    pub fn exact_nbf(mut self) -> Self {
        self.exact_nbf = true;
        self
    }

    /// Rejects tokens longer than `bytes`. This is the first check.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: `bytes` is over 1 MiB.
    pub fn max_token_len(mut self, bytes: usize) -> Result<Self> {
        if bytes > Self::MAX_TOKEN_LEN {
            let detail = format!("max_token_len is {bytes} bytes; at most {}", Self::MAX_TOKEN_LEN);
            return Err(Error::new(ErrorKind::InvalidArgument, "").with_detail(detail));
        }
        self.form.max_len = bytes;
        Ok(self)
    }

    /// Expects the parts of a token to be padded with `=`, which RFC 7515 §2 forbids. For the
    /// tokens that an AWS Application Load Balancer sends in `x-amzn-oidc-data`.
    ///
    /// Each part must have its complete padding, so that a token still has exactly one spelling.
    /// The signature is verified over the text with its padding. A token without padding is
    /// rejected, unless it needs none.
    pub fn padded_tokens(mut self) -> Self {
        self.form.padded = true;
        self
    }

    /// Takes the time from `clock` instead of the system's clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Verifies at a fixed time, `seconds` since 1970-01-01T00:00:00Z. Sets the clock to
    /// [`Clock::fixed`].
    pub fn time(self, seconds: i64) -> Self {
        self.clock(Clock::fixed(seconds))
    }

    /// Returns the current time of the policy's clock, in seconds since 1970-01-01T00:00:00Z.
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Returns the only accepted issuer, whose keys can then be discovered. Not part of the stable
    /// interface.
    #[doc(hidden)]
    pub fn single_issuer(&self) -> Option<&str> {
        let ([issuer], []) = (&*self.issuers, self.issuer_templates()) else { return None };
        Some(issuer)
    }

    /// Returns the accepted issuers that are not templates.
    pub(crate) fn issuers_without_template(&self) -> &[Box<str>] {
        &self.issuers
    }

    pub(super) fn issuer_templates(&self) -> &[IssuerTemplate] {
        &self.issuer_templates
    }

    /// Returns all accepted issuers, for errors.
    pub(crate) fn accepted_issuers(&self) -> Vec<Box<str>> {
        let templates = self.issuer_templates.iter().map(|template| template.to_string().into());
        self.issuers.iter().cloned().chain(templates).collect()
    }

    pub(super) fn is_any_issuer(&self) -> bool {
        self.any_issuer
    }

    pub(super) fn checks_issuer(&self) -> bool {
        !(self.issuers.is_empty() && self.issuer_templates.is_empty())
    }

    /// Checks the algorithm and the token type in the header.
    pub(super) fn check_header(&self, header: &JoseHeader<'_>) -> Result<()> {
        self.check_algorithm(header)?;
        self.check_token_type(header)
    }

    pub(super) fn check_algorithm(&self, header: &JoseHeader<'_>) -> Result<()> {
        match self.algorithms & header.algorithm.bit() {
            0 => Err(self.algorithm_not_allowed(header.algorithm)),
            _ => Ok(()),
        }
    }

    pub(super) fn check_token_type(&self, header: &JoseHeader<'_>) -> Result<()> {
        match &self.token_type {
            Some(expected) if !header.typ.as_ref().is_some_and(|typ| same_media_type(typ, expected)) => {
                let has = if header.typ.is_some() { "another value" } else { "none" };
                let detail = format!("expected {}, the token has {has}", shown(expected));
                Err(Error::about(ErrorKind::WrongTokenType, "typ", "").with_detail(detail))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn required_token_type(&self) -> Option<&str> {
        self.token_type.as_deref()
    }

    pub(super) fn allowed_algorithms(&self) -> Vec<Algorithm> {
        Algorithm::ALL.into_iter().filter(|allowed| self.algorithms & allowed.bit() != 0).collect()
    }

    #[cold]
    fn algorithm_not_allowed(&self, algorithm: Algorithm) -> Error {
        let allowed: Vec<_> = self.allowed_algorithms().into_iter().map(Algorithm::as_str).collect();
        let detail = format!("the token has {algorithm}, the policy's algorithms are {}", allowed.join(", "));
        Error::about(ErrorKind::AlgorithmNotAllowed, "alg", "").with_detail(detail)
    }
}

fn boxed(texts: impl IntoIterator<Item: AsRef<str>>) -> Vec<Box<str>> {
    texts.into_iter().map(|text| text.as_ref().into()).collect()
}

/// Compares media types without regard to ASCII case. A type without a slash gets the prefix
/// "application/" (RFC 7515 §4.1.9).
fn same_media_type(a: &str, b: &str) -> bool {
    fn subtype(media_type: &str) -> &str {
        const APPLICATION: &str = "application/";
        match media_type.split_at_checked(APPLICATION.len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case(APPLICATION) && !rest.contains('/') => rest,
            _ => media_type,
        }
    }
    subtype(a).eq_ignore_ascii_case(subtype(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_compared_as_rfc_7515_requires() {
        for (a, b) in
            [("JWT", "jwt"), ("at+jwt", "application/at+jwt"), ("APPLICATION/JWT", "JWT"), ("a/b", "A/B")]
        {
            assert!(same_media_type(a, b) && same_media_type(b, a), "{a} {b}");
        }
        for (a, b) in
            [("JWT", "at+jwt"), ("a/b", "b"), ("application/a/b", "a/b"), ("", "JWT"), ("text/jwt", "jwt")]
        {
            assert!(!same_media_type(a, b) && !same_media_type(b, a), "{a} {b}");
        }
    }

    #[test]
    fn an_empty_setting_is_an_error() {
        let any = Policy::any_issuer;
        for (policy, detail) in [
            (Policy::for_issuer("", "b"), "the issuer is empty"),
            (Policy::for_issuer("a", ""), "the audience is empty"),
            (Policy::for_issuer("", ""), "the issuer is empty"),
            (any().issuers(["a", ""]), "the issuer is empty"),
            (any().issuers([""; 0]), "no issuer is accepted"),
            (any().audiences([""]).any_audience(), "the audience is empty"),
            (any().audiences([""; 0]), "no audience is accepted"),
            (any().token_type(""), "the token type is empty"),
            (any().algorithms([]), "no algorithm is allowed"),
            (any().identity_claim(""), "the name of the identity claim is empty"),
            (any().scope_claims([""; 0]), "no claim contains the scopes"),
            (any().scope_claims(["a", ""]), "the name of a scope claim is empty"),
            (any().required_scopes(["a b"]), "a required scope is empty or contains a space"),
            (any().claim_is("", ["a"]), "the name of the claim is empty"),
            (any().claim_has("a", [""; 0]), "it has no value"),
            (any().claim_starts_with("a", [""]), "a value is empty"),
            (any().unchecked_claims(["sub", "exp"]), "unchecked_claims takes only sub, iat and jti"),
        ] {
            let error = policy.optional_exp().time(0).check().unwrap_err();
            assert_eq!((error.kind(), error.detail()), (ErrorKind::InvalidArgument, detail));
        }
        assert_eq!(Policy::for_issuer("a", "b").token_type("JWT").check(), Ok(()));
    }

    #[test]
    fn the_address_of_metadata_is_not_an_issuer() {
        for (address, issuer) in [
            ("https://idp.example/.well-known/openid-configuration", "https://idp.example"),
            ("https://idp.example/a/.well-known/openid-configuration/", "https://idp.example/a"),
            ("https://idp.example/.well-known/oauth-authorization-server/a/b", "https://idp.example/a/b"),
        ] {
            let error = Policy::for_issuer(address, "b").check().unwrap_err();
            let expected = format!(
                "invalid argument: \"issuers\": it is the address of the issuer's metadata: use the issuer \
                 itself, \"{issuer}\""
            );
            assert_eq!(error.to_string(), expected);
            assert!(Policy::any_issuer().issuers(["a", address]).check().is_err());
        }
        assert_eq!(Policy::for_issuer("https://idp.example/well-known/", "b").check(), Ok(()));
    }

    #[test]
    fn the_limits_of_leeway_and_token_length_are_enforced() {
        assert!(Policy::dcos().leeway(Duration::from_secs(300)).is_ok());
        let error = Policy::dcos().leeway(Duration::from_millis(300_001)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(Policy::dcos().max_token_len(1 << 20).is_ok());
        assert!(Policy::dcos().max_token_len((1 << 20) + 1).is_err());
    }
}
