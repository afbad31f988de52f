//! Explains the verification of a token: makes every check, and not only those until the first
//! failure. For people, who want to see all faults at once.
//!
//! This file describes the checks. It decides nothing: the checks are those of a verification.

use super::accepted_values::{all_of, one_of, shown};
use super::claim_checks::ClaimCheck;
use super::claim_rules::scope_values;
use super::entries::Selection;
use super::keys::Source;
use super::policy::Policy;
use super::step::{Step, StepVerdict};
use super::verified_jws::VerifiedJws;
use super::verifier::Verifier;
use crate::encoding::base64url::{self, Scratch};
use crate::encoding::json;
use crate::error::{Error, ErrorKind, Result};
use crate::jose::algorithm::Algorithm;
use crate::jose::claims::ClaimsSet;
use crate::jose::header::JoseHeader;
use crate::jose::jwk::Jwk;
use crate::jose::jws::{CompactJws, Part};
use crate::keys::jwk_set::JwkSet;
use crate::keys::parsed_token::ParsedToken;
use crate::keys::skipped_key::SkippedKey;
use std::borrow::Cow;

/// The steps of one verification.
#[derive(Debug)]
pub struct Explanation {
    /// The index of the entry that the token selects.
    pub entry: Option<usize>,
    /// The steps in their order. The error of the first failed step is that of
    /// [`Verifier::verify`].
    pub steps: Vec<Step>,
    /// The token's content, if its signature is valid.
    pub signed: Option<VerifiedJws>,
}

impl Verifier {
    /// Makes all checks of a verification with the keys that are in memory. It fetches nothing,
    /// uses no cache and counts nothing.
    ///
    /// The steps contain values of the token, which may be forged. Show them only to the person who
    /// has the token. Not part of the stable interface.
    #[doc(hidden)]
    pub fn explain(&self, token: impl AsRef<[u8]>) -> Explanation {
        let token = token.as_ref();
        let entries = self.entries();
        let selection = entries.selection(token);
        let entry = selection.index.as_ref().ok().and_then(|index| entries.all.get(*index));
        let mut steps = Vec::new();
        let signed = match (&selection.index, entry) {
            (Err(error), _) => {
                unassigned(&selection, error, &mut steps);
                None
            }
            (Ok(_), None) => None,
            (Ok(_), Some(entry)) => {
                let selected = (entries.all.len() > 1).then(|| selected(&selection, &entry.policy));
                let explainer = Explainer { policy: &entry.policy, steps: &mut steps };
                match &entry.keys.0 {
                    Source::Fixed(jwks) => explainer.run(token, selected, Some(jwks), ""),
                    Source::Changing(source) => {
                        let keys = source.current_keys();
                        explainer.run(token, selected, keys.jwks(), &source.why_none())
                    }
                }
            }
        };
        Explanation { entry: selection.index.ok(), steps, signed }
    }
}

impl Policy {
    /// Returns a warning for each rule that is probably missing. Not part of the stable interface.
    #[doc(hidden)]
    pub fn warnings(&self) -> Vec<Step> {
        let mut warnings = Vec::new();
        for template in self.issuer_templates() {
            if !self.claim_rules.iter().any(|rule| *rule.name() == *template.claim) {
                let claim = &template.claim;
                let found = format!("{template}: every {claim:?} is accepted; claim_is can restrict it");
                warnings.push(Step::warning("issuers", found));
            }
        }
        if self.checks_issuer() && self.audiences.is_empty() && !self.any_audience {
            warnings.push(Step::warning("audiences", "none are set: tokens with \"aud\" are rejected"));
        }
        warnings
    }
}

/// Adds the steps for a token that no entry is for.
fn unassigned(selection: &Selection, error: &Error, steps: &mut Vec<Step>) {
    let failed = match error.kind() {
        ErrorKind::WrongIssuer | ErrorKind::MissingClaim => "entry",
        ErrorKind::MalformedClaims => "claims",
        kind if is_about_header(kind) => "header",
        _ => "form",
    };
    let mut has_failed = false;
    for name in ["form", "header", "claims", "entry"] {
        steps.push(match name == failed {
            true => {
                let issuer = selection.issuer.as_deref().map(|iss| format!("iss {}", shown(iss)));
                let found = issuer.filter(|_| name == "entry").unwrap_or_default();
                let expected = if name == "entry" { one_of(&selection.accepted) } else { String::new() };
                Step::ok(name, found).expecting(expected).with_error(Some(error.clone()))
            }
            false if has_failed => Step::skipped(name, ""),
            false => Step::ok(name, ""),
        });
        has_failed |= name == failed;
    }
    steps.push(Step::skipped("rules", "no entry is for this token"));
}

/// Describes why the token selects the entry with this policy.
fn selected(selection: &Selection, policy: &Policy) -> Step {
    let Some(iss) = &selection.issuer else {
        return Step::ok("entry", "the token has no \"iss\": it selects the entry without issuers");
    };
    let why = match policy.issuers_without_template() {
        issuers if issuers.iter().any(|own| **own == **iss) => "it is an issuer of this entry",
        _ if policy.checks_issuer() => "it fits a template of this entry",
        _ => "no other entry names it, and this entry has any_issuer",
    };
    Step::ok("entry", format!("iss {}: {why}", shown(iss)))
}

fn is_about_header(kind: ErrorKind) -> bool {
    use ErrorKind::{MalformedHeader, UnsupportedAlgorithm, UnsupportedHeader};
    matches!(kind, MalformedHeader | UnsupportedAlgorithm | UnsupportedHeader)
}

struct Explainer<'a> {
    policy: &'a Policy,
    steps: &'a mut Vec<Step>,
}

impl Explainer<'_> {
    fn run(
        mut self,
        token: &[u8],
        selected: Option<Step>,
        jwks: Option<&JwkSet>,
        why_no_keys: &str,
    ) -> Option<VerifiedJws> {
        if let Err(fault) = self.policy.check() {
            self.steps.push(Step::ok("policy", "").with_error(Some(fault)));
        }
        let form = self.policy.form;
        let expected = format!("header.payload.signature, at most {} bytes", form.max_len);
        let found = format!("{} bytes", token.len());
        let mut scratch = Scratch::new();
        let parsed = ParsedToken::parse(token, form, None, &mut scratch);
        let (about_header, about_form) = match parsed.as_ref().err().cloned() {
            Some(error) if is_about_header(error.kind()) => (Some(error), None),
            error => (None, error),
        };
        let is_form = about_form.is_none();
        self.steps.push(Step::ok("form", found).expecting(expected).with_error(about_form));
        if !is_form {
            self.steps.extend(["header", "key", "signature", "claims"].map(|name| Step::skipped(name, "")));
            return None;
        }
        let mut signed = None;
        match &parsed {
            Ok(parsed) => {
                self.header(&parsed.header);
                self.steps.extend(selected);
                signed = self.signature(parsed, jwks, why_no_keys);
            }
            Err(_) => {
                self.steps.push(Step::ok("header", "").with_error(about_header));
                self.steps.extend(selected);
                self.steps.extend(["key", "signature"].map(|name| Step::skipped(name, "")));
            }
        }
        if let Ok(jws) = CompactJws::parse(token, form) {
            self.claims(&jws);
        }
        signed
    }

    fn header(&mut self, header: &JoseHeader<'_>) {
        let algorithms = self.policy.allowed_algorithms();
        let algorithms: Vec<_> = algorithms.into_iter().map(Algorithm::as_str).collect();
        self.steps.push(
            Step::ok("alg", header.algorithm.as_str())
                .expecting(algorithms.join(" or "))
                .with_error(self.policy.check_algorithm(header).err()),
        );
        if let Some(token_type) = self.policy.required_token_type() {
            let found = header.typ.as_deref().map(shown).unwrap_or_default();
            let error = self.policy.check_token_type(header).err();
            self.steps.push(Step::ok("typ", found).expecting(shown(token_type)).with_error(error));
        }
    }

    fn signature(
        &mut self,
        token: &ParsedToken<'_>,
        jwks: Option<&JwkSet>,
        why_no_keys: &str,
    ) -> Option<VerifiedJws> {
        let header = &*token.header;
        let kid = match header.kid.as_deref() {
            Some(kid) => format!("kid {}, {}", shown(kid), header.algorithm),
            None => format!("{}, the token has no kid", header.algorithm),
        };
        let Some(jwks) = jwks else {
            let error = Error::new(ErrorKind::KeysUnavailable, "").with_detail(why_no_keys.to_owned());
            self.steps.push(Step::ok("key", "").expecting(kid).with_error(Some(error)));
            self.steps.push(Step::skipped("signature", "there is no key"));
            return None;
        };
        let candidates = jwks.candidates(token);
        let keys = candidates.as_slice().iter().filter_map(|index| jwks.keys().get(*index));
        let found: Vec<_> = keys.map(description).collect();
        let mut scratch = Scratch::new();
        let result = jwks.verify_signature(token, candidates, &mut scratch);
        let (about_key, about_signature) = match result.as_ref().err().cloned() {
            Some(error) if error.kind() == ErrorKind::NoMatchingKey => (Some(error), None),
            error => (None, error),
        };
        let has_key = about_key.is_none();
        self.steps.push(Step::ok("key", found.join(" or ")).expecting(kid).with_error(about_key));
        self.steps.push(match has_key {
            false => Step::skipped("signature", "there is no key"),
            true if about_signature.is_some() => Step::ok("signature", "").with_error(about_signature),
            true => Step::ok("signature", "valid"),
        });
        VerifiedJws::read(token, result.ok()?).ok()
    }

    fn claims(&mut self, jws: &CompactJws<'_>) {
        let payload = match payload(jws) {
            Ok(payload) => payload,
            Err(error) => return self.steps.push(Step::ok("claims", "").with_error(Some(error))),
        };
        let claims = match ClaimsSet::parse(&payload, self.policy.unchecked_claims) {
            Ok(claims) => claims,
            Err(error) => return self.steps.push(Step::ok("claims", "").with_error(Some(error))),
        };
        self.steps.push(Step::ok("claims", format!("{} bytes of JSON", payload.len())));
        let (policy, now) = (self.policy, self.policy.now());
        // The closure returns no error, so that all checks are made.
        let _ = policy.each_claim_check(|check| {
            let error = policy.run_claim_check(check, &claims, now).err();
            self.steps.push(described(policy, check, &claims).with_error(error));
            Ok(())
        });
    }
}

fn payload(jws: &CompactJws<'_>) -> Result<String> {
    let payload = base64url::decode(jws.payload).map_err(|_| Part::Payload.not_base64url())?;
    String::from_utf8(payload).map_err(|_| Error::new(ErrorKind::MalformedClaims, "not UTF-8"))
}

/// Describes a key: `kid "a" (RSA, 2048 bits)`.
fn description(key: &Jwk) -> String {
    let kind = [key.key_type()].into_iter().chain(key.curve()).collect::<Vec<_>>().join(" ");
    let kid = key.kid().map_or_else(|| "no kid".to_owned(), |kid| format!("kid {}", shown(kid)));
    format!("{kid} ({kind}, {} bits)", key.bits())
}

/// Describes a check of `claims`, without its result.
fn described(policy: &Policy, check: ClaimCheck<'_>, claims: &ClaimsSet<'_>) -> Step {
    let name: Cow<'static, str> = match check {
        ClaimCheck::Exp => "exp".into(),
        ClaimCheck::Nbf => "nbf".into(),
        ClaimCheck::Age(_) => "iat".into(),
        ClaimCheck::Issuer => "iss".into(),
        ClaimCheck::Audience => "aud".into(),
        ClaimCheck::Subject(_) => "sub".into(),
        ClaimCheck::RequiredString(name) | ClaimCheck::Required(name) => name.to_owned().into(),
        ClaimCheck::Rule(rule) => rule.name().to_owned().into(),
        ClaimCheck::Scopes => "scope".into(),
    };
    let is_any = match check {
        ClaimCheck::Issuer => !policy.checks_issuer(),
        ClaimCheck::Audience => policy.any_audience,
        _ => false,
    };
    let expected = match check {
        _ if is_any => "any value".to_owned(),
        ClaimCheck::Exp => match (policy.optional_exp, policy.leeway) {
            (true, 0) => "absent, or later than now".to_owned(),
            (true, leeway) => format!("absent, or later than {leeway} s ago"),
            (false, 0) => "later than now".to_owned(),
            (false, leeway) => format!("later than {leeway} s ago"),
        },
        ClaimCheck::Nbf => format!("absent, or at most {} s ahead", policy.nbf_tolerance()),
        ClaimCheck::Age(max_age) => format!("at most {} s ago", max_age.saturating_add(policy.leeway)),
        ClaimCheck::Issuer => one_of(&policy.accepted_issuers()),
        ClaimCheck::Audience if policy.audiences.is_empty() => "absent".to_owned(),
        ClaimCheck::Audience => one_of(&policy.audiences),
        ClaimCheck::Subject(subject) => shown(subject),
        ClaimCheck::RequiredString(_) => "a string that is not empty".to_owned(),
        ClaimCheck::Required(_) => "any value except null".to_owned(),
        ClaimCheck::Rule(rule) => {
            let expected = rule.expected();
            // A step begins with "expected", too.
            match expected.strip_prefix("it must ") {
                Some(rest) => format!("to {rest}"),
                None => expected.strip_prefix("expected ").unwrap_or(&expected).to_owned(),
            }
        }
        ClaimCheck::Scopes => all_of(&policy.required_scopes),
    };
    // A claim that is null counts as absent, but its text says more.
    let text = |name: &str| claims.claim(name).map(json::Value::text);
    let found = match check {
        ClaimCheck::Scopes => {
            let values = scope_values(claims, policy.scope_claims.as_deref());
            values.into_iter().map(json::Value::text).collect::<Vec<_>>().join(" and ")
        }
        _ => text(&name).unwrap_or_default().to_owned(),
    };
    let step = Step::ok(name, found).expecting(expected);
    if is_any { Step { verdict: StepVerdict::Skipped, ..step } } else { step }
}

/// Describes the keys of a set: a step for each usable key and each skipped key. Not part of the
/// stable interface.
#[doc(hidden)]
pub fn explain_keys(keys: &[Jwk], skipped: &[SkippedKey]) -> Vec<Step> {
    let usable = keys.iter().map(|key| {
        let algorithm = key.algorithm().map(|algorithm| format!(", {algorithm}")).unwrap_or_default();
        let note = if key.is_tolerated() { ", encoding violates RFC 7518, tolerated" } else { "" };
        Step::ok("key", format!("{}{algorithm}{note}", description(key)))
    });
    let skipped = skipped.iter().map(|key| {
        let kid = key.kid().map_or_else(|| "no kid".to_owned(), |kid| format!("kid {}", shown(kid)));
        let found = format!("{kid}, not used: {}", key.message());
        Step { reason: Some(key.reason().as_str()), ..Step::skipped("key", found) }
    });
    usable.chain(skipped).collect()
}
