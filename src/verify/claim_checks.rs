//! The checks of a token's claims, in their order.

use super::accepted_values::{accepts, expected, not_accepted, shown};
use super::claim_rules::{ClaimRule, check_scopes, scope_values};
use super::policy::Policy;
use crate::encoding::json;
use crate::error::{Error, ErrorKind, Result};
use crate::jose::claims::ClaimsSet;

/// Number of seconds that `nbf` may lie in the future, unless the leeway is longer.
const NBF_TOLERANCE: i64 = 60;

/// The claims that RFC 9068 §2.2 requires.
const ACCESS_TOKEN: [ClaimCheck<'_>; 7] = [
    ClaimCheck::Required("iss"),
    ClaimCheck::Required("exp"),
    ClaimCheck::Required("aud"),
    ClaimCheck::RequiredString("sub"),
    ClaimCheck::RequiredString("client_id"),
    ClaimCheck::Required("iat"),
    ClaimCheck::RequiredString("jti"),
];

/// One check. [`Policy::each_claim_check`] lists the checks of a policy.
#[derive(Debug, Clone, Copy)]
pub(super) enum ClaimCheck<'a> {
    /// "exp" has not passed.
    Exp,
    /// "nbf" is not in the future.
    Nbf,
    /// "iat" is at most this number of seconds ago.
    Age(i64),
    /// "iss" is one of the issuers.
    Issuer,
    /// "aud" contains one of the audiences.
    Audience,
    /// "sub" is this text.
    Subject(&'a str),
    /// The claim is a string that is not empty.
    RequiredString(&'a str),
    /// The claim is present and not null.
    Required(&'a str),
    /// A rule for the value of one claim.
    Rule(&'a ClaimRule),
    /// The token has the required scopes.
    Scopes,
}

impl Policy {
    /// Calls `run` with each check that this policy makes, in order, until one fails. Callers that
    /// only need the result use [`Policy::validate`].
    #[inline]
    pub(super) fn each_claim_check<'a>(
        &'a self,
        mut run: impl FnMut(ClaimCheck<'a>) -> Result<()>,
    ) -> Result<()> {
        run(ClaimCheck::Exp)?;
        run(ClaimCheck::Nbf)?;
        self.max_token_age.map_or(Ok(()), |max_age| run(ClaimCheck::Age(max_age)))?;
        run(ClaimCheck::Issuer)?;
        run(ClaimCheck::Audience)?;
        self.subject.iter().try_for_each(|subject| run(ClaimCheck::Subject(subject)))?;
        self.identity.iter().try_for_each(|name| run(ClaimCheck::RequiredString(name)))?;
        if self.is_access_token {
            ACCESS_TOKEN.into_iter().try_for_each(&mut run)?;
        }
        self.required_strings.iter().try_for_each(|name| run(ClaimCheck::RequiredString(name)))?;
        self.required.iter().try_for_each(|name| run(ClaimCheck::Required(name)))?;
        self.claim_rules.iter().try_for_each(|rule| run(ClaimCheck::Rule(rule)))?;
        if self.required_scopes.is_empty() { Ok(()) } else { run(ClaimCheck::Scopes) }
    }

    /// Checks the Claims Set of a token whose signature is valid (RFC 7519 §4.1).
    pub(super) fn validate(&self, claims: &ClaimsSet<'_>) -> Result<()> {
        let now = self.clock.now();
        self.each_claim_check(|check| self.run_claim_check(check, claims, now))
    }

    /// Makes one check.
    pub(super) fn run_claim_check(
        &self,
        check: ClaimCheck<'_>,
        claims: &ClaimsSet<'_>,
        now: i64,
    ) -> Result<()> {
        match check {
            ClaimCheck::Exp => self.check_exp(claims.exp, now),
            ClaimCheck::Nbf => self.check_nbf(claims.nbf, now),
            ClaimCheck::Age(max_age) => self.check_age(claims.iat, max_age, now),
            ClaimCheck::Issuer => self.check_issuer(claims),
            ClaimCheck::Audience => self.check_audience(claims),
            ClaimCheck::Subject(subject) => check_subject(claims, subject),
            ClaimCheck::RequiredString(name) => require_string(claims, name),
            ClaimCheck::Required(name) => require(claims, name).map(drop),
            ClaimCheck::Rule(rule) => {
                let add_expected = |error: Error| error.with_detail(rule.expected());
                require(claims, rule.name()).map_err(add_expected).and_then(|value| rule.check(value))
            }
            ClaimCheck::Scopes => {
                let values = scope_values(claims, self.scope_claims.as_deref());
                check_scopes(&self.required_scopes, &values)
            }
        }
    }

    /// Checks "exp", "nbf" and "iat". The result depends on the current time, so each cache hit is
    /// checked too.
    #[inline]
    pub(super) fn validate_times(&self, exp: Option<i64>, nbf: Option<i64>, iat: Option<i64>) -> Result<()> {
        let now = self.clock.now();
        self.check_exp(exp, now)?;
        self.check_nbf(nbf, now)?;
        self.max_token_age.map_or(Ok(()), |max_age| self.check_age(iat, max_age, now))
    }

    #[inline]
    fn check_exp(&self, exp: Option<i64>, now: i64) -> Result<()> {
        match exp {
            None if !self.optional_exp => Err(missing("exp")),
            Some(exp) if now >= exp.saturating_add(self.leeway) => Err(self.expired(exp, now)),
            _ => Ok(()),
        }
    }

    #[inline]
    fn check_nbf(&self, nbf: Option<i64>, now: i64) -> Result<()> {
        match nbf {
            Some(nbf) if now.saturating_add(self.nbf_tolerance()) < nbf => {
                Err(self.not_yet_valid("nbf", nbf, now))
            }
            _ => Ok(()),
        }
    }

    fn check_age(&self, iat: Option<i64>, max_age: i64, now: i64) -> Result<()> {
        let Some(iat) = iat else { return Err(missing("iat")) };
        if now.saturating_add(self.nbf_tolerance()) < iat {
            return Err(self.not_yet_valid("iat", iat, now));
        }
        let age = now.saturating_sub(iat);
        if age > max_age.saturating_add(self.leeway) {
            let detail = format!("issued {age} s ago{}; max_token_age is {max_age} s", in_days(age));
            return Err(Error::about(ErrorKind::Expired, "iat", "").with_detail(detail));
        }
        Ok(())
    }

    fn check_issuer(&self, claims: &ClaimsSet<'_>) -> Result<()> {
        match &claims.iss {
            _ if !self.checks_issuer() => Ok(()),
            None => Err(missing("iss").with_detail(expected(&self.accepted_issuers()))),
            Some(iss) if accepts(&self.issuers, iss) => Ok(()),
            Some(iss) if self.accepts_as_template(claims, iss) => Ok(()),
            Some(iss) => {
                let fitting = self.issuer_templates().iter().find(|template| template.value(iss).is_some());
                let detail = match fitting {
                    None => not_accepted(&self.accepted_issuers(), &[&**iss]),
                    Some(template) => format!(
                        "it fits \"{template}\", but the token has another value of {:?}, or none",
                        template.claim
                    ),
                };
                Err(Error::about(ErrorKind::WrongIssuer, "iss", "").with_detail(detail))
            }
        }
    }

    /// Returns whether `iss` equals a template with the token's own claim in it.
    fn accepts_as_template(&self, claims: &ClaimsSet<'_>, iss: &str) -> bool {
        self.issuer_templates().iter().any(|template| {
            let claim = claims.claim(&template.claim).and_then(json::Value::as_str);
            claim.is_some_and(|claim| template.value(iss) == Some(&*claim))
        })
    }

    fn check_audience(&self, claims: &ClaimsSet<'_>) -> Result<()> {
        let wrong = |detail| Err(Error::about(ErrorKind::WrongAudience, "aud", "").with_detail(detail));
        match claims.aud.as_slice() {
            _ if self.any_audience => Ok(()),
            None if self.audiences.is_empty() => Ok(()),
            None => Err(missing("aud").with_detail(expected(&self.audiences))),
            Some(_) if self.audiences.is_empty() => wrong(
                "the token has an audience, but the policy accepts none: set audiences or any_audience"
                    .to_owned(),
            ),
            Some(aud) if aud.iter().any(|one| accepts(&self.audiences, one)) => Ok(()),
            Some(aud) => wrong(not_accepted(&self.audiences, aud)),
        }
    }

    pub(super) fn nbf_tolerance(&self) -> i64 {
        if self.exact_nbf { self.leeway } else { self.leeway.max(NBF_TOLERANCE) }
    }

    #[cold]
    fn expired(&self, exp: i64, now: i64) -> Error {
        let ago = now.saturating_sub(exp);
        let mut detail = format!("{ago} s ago{}", in_days(ago));
        if self.leeway > 0 {
            detail += &format!(", the leeway is {} s", self.leeway);
        }
        Error::about(ErrorKind::Expired, "exp", "").with_detail(detail)
    }

    #[cold]
    fn not_yet_valid(&self, name: &'static str, from: i64, now: i64) -> Error {
        let ahead = from.saturating_sub(now);
        let days = in_days(ahead);
        let detail =
            format!("{ahead} s ahead of this clock{days}; at most {} s are accepted", self.nbf_tolerance());
        Error::about(ErrorKind::NotYetValid, name, "").with_detail(detail)
    }
}

fn check_subject(claims: &ClaimsSet<'_>, subject: &str) -> Result<()> {
    match &claims.sub {
        None => Err(missing("sub")),
        Some(sub) if *sub != *subject => {
            let detail = format!("expected {}", shown(subject));
            Err(Error::about(ErrorKind::ClaimNotAllowed, "sub", "").with_detail(detail))
        }
        Some(_) => Ok(()),
    }
}

/// Formats `seconds` as whole days for an error: `" (1206 days)"`. Returns an empty string if
/// `seconds` is less than one day.
#[cold]
fn in_days(seconds: i64) -> String {
    match seconds / 86_400 {
        ..1 => String::new(),
        1 => " (1 day)".to_owned(),
        days => format!(" ({days} days)"),
    }
}

fn missing(name: &'static str) -> Error {
    Error::about(ErrorKind::MissingClaim, name, "")
}

/// Returns the value of a claim that must be present and not null.
fn require<'a>(claims: &ClaimsSet<'a>, name: &str) -> Result<json::Value<'a>> {
    match claims.claim(name) {
        Some(value) if value.is_null() => {
            Err(Error::about_required(ErrorKind::MissingClaim, name, "it is null"))
        }
        Some(value) => Ok(value),
        None => Err(Error::about_required(ErrorKind::MissingClaim, name, "")),
    }
}

fn require_string(claims: &ClaimsSet<'_>, name: &str) -> Result<()> {
    let value = require(claims, name)?;
    let error = |detail| Error::about_required(ErrorKind::MalformedClaims, name, detail);
    match value.as_str() {
        Some(text) if !text.is_empty() => Ok(()),
        Some(_) => Err(error("it is an empty string")),
        None => Err(error("").with_detail(format!("{}, not a string", value.kind()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::claims::UncheckedClaims;
    use std::time::Duration;

    #[test]
    fn time_errors_contain_the_number_of_seconds_and_days() {
        let policy = Policy::any_issuer().time(1000);
        let text = |policy: &Policy, exp, nbf| {
            policy.validate_times(exp, nbf, None).map_err(|error| error.to_string())
        };
        assert_eq!(text(&policy, Some(993), None), Err("the token has expired: \"exp\": 7 s ago".to_owned()));
        assert_eq!(text(&policy, Some(1001), Some(1060)), Ok(()));
        let early =
            "the token is not valid yet: \"nbf\": 61 s ahead of this clock; at most 60 s are accepted";
        assert_eq!(text(&policy, Some(1001), Some(1061)), Err(early.to_owned()));
        let lenient = policy.clone().leeway(Duration::from_secs(90)).unwrap();
        let expired = "the token has expired: \"exp\": 90 s ago, the leeway is 90 s";
        assert_eq!(text(&lenient, Some(910), None), Err(expired.to_owned()));
        assert_eq!(text(&lenient, Some(2000), Some(1090)), Ok(()));
        assert!(text(&lenient, Some(2000), Some(1091)).is_err());
        let extremes = text(&policy, Some(i64::MIN), None).unwrap_err();
        assert!(extremes.ends_with("9223372036854775807 s ago (106751991167300 days)"), "{extremes}");
        for (seconds, days) in
            [(86_399, ""), (86_400, " (1 day)"), (172_799, " (1 day)"), (172_800, " (2 days)")]
        {
            let expired = format!("the token has expired: \"exp\": {seconds} s ago{days}");
            assert_eq!(text(&policy, Some(1000 - seconds), None), Err(expired));
        }
    }

    #[test]
    fn an_exact_nbf_gets_only_the_leeway() {
        for (leeway, reaches) in [(0, 0), (5, 5), (90, 90)] {
            let policy =
                Policy::any_issuer().exact_nbf().leeway(Duration::from_secs(leeway)).unwrap().time(1000);
            assert!(policy.validate_times(Some(2000), Some(1000 + reaches), None).is_ok());
            assert!(policy.validate_times(Some(2000), Some(1001 + reaches), None).is_err());
        }
    }

    fn result(policy: &Policy, payload: &str) -> Result<(), (ErrorKind, String)> {
        let claims = ClaimsSet::parse(payload, UncheckedClaims::default()).unwrap();
        let name = |error: &Error| error.name().unwrap_or_default().to_owned();
        policy.validate(&claims).map_err(|error| (error.kind(), name(&error)))
    }

    #[test]
    fn scopes_are_checked_after_all_other_rules() {
        let policy = Policy::any_issuer()
            .time(1)
            .required_scopes(["read"])
            .claim_is("tid", ["a"])
            .identity_claim("email")
            .required_claims(["x"]);
        let mut payload = r#"{"exp":2"#.to_owned();
        for (failed, name, added) in [
            (ErrorKind::MissingClaim, "email", r#","email":"e""#),
            (ErrorKind::MissingClaim, "x", r#","x":1"#),
            (ErrorKind::MissingClaim, "tid", r#","tid":"a""#),
            (ErrorKind::InsufficientScope, "scope", r#","scp":["read"]"#),
        ] {
            let error = Err((failed, name.to_owned()));
            assert_eq!(result(&policy, &format!("{payload}}}")), error);
            payload += added;
        }
        assert_eq!(result(&policy, &format!("{payload}}}")), Ok(()));
        assert!(result(&policy.scope_claims(["scope"]), &format!("{payload}}}")).is_err());
    }

    #[test]
    fn the_last_rule_for_a_claim_and_a_test_replaces_the_earlier_ones() {
        let policy = Policy::any_issuer().optional_exp().claim_is("a", ["1"]).claim_is("a", ["2"]);
        assert!(result(&policy, r#"{"a":1}"#).is_err() && result(&policy, r#"{"a":2}"#).is_ok());
        let both = policy.claim_starts_with("a", ["x"]);
        assert!(result(&both, r#"{"a":2}"#).is_err() && result(&both, r#"{"a":"x"}"#).is_err());
        let any = Policy::any_issuer().optional_exp();
        let ordered = any.claim_starts_with("a", ["x"]).claim_has("c", ["x"]).claim_is("d", ["x"]);
        for (payload, name) in [("{}", "d"), (r#"{"d":"x"}"#, "c"), (r#"{"d":"x","c":"x"}"#, "a")] {
            assert_eq!(result(&ordered, payload), Err((ErrorKind::MissingClaim, name.to_owned())));
        }
    }

    #[test]
    fn a_missing_claim_of_a_rule_is_reported_with_the_accepted_values() {
        let policy = Policy::any_issuer().optional_exp().claim_has("realm_access.roles", ["admin"]);
        let claims = ClaimsSet::parse(r#"{"realm_access":{}}"#, UncheckedClaims::default()).unwrap();
        let text = "a required claim is missing: \"realm_access.roles\": it must contain \"admin\"";
        assert_eq!(policy.validate(&claims).unwrap_err().to_string(), text);
        assert_eq!(result(&policy, r#"{"realm_access":{"roles":["admin"]}}"#), Ok(()));
    }
}
