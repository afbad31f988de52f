//! Finds the entry for a token by its "iss" (RFC 7519 §4.1.1).
//!
//! Nothing is verified here. "iss" only selects an entry: the token must then pass that entry's
//! policy, which accepts only its own issuers, with a signature of that entry's keys.

use super::accepted_values::{expected, not_accepted};
use super::entry::Entry;
use super::issuer_template::IssuerTemplate;
use crate::encoding::base64url::{self, Scratch};
use crate::encoding::json::{Value, first_member};
use crate::error::{Error, ErrorKind, Result};
use crate::jose::claims::{ClaimsSet, UncheckedClaims};
use crate::jose::jws::{Part, TokenForm};
use crate::keys::parsed_token::ParsedToken;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// The part of the payload that is decoded first, in characters. Issuers put "iss" near the front.
const FRONT: usize = 384;
const FRONT_DECODED: usize = base64url::decoded_len(FRONT);

/// Which entry of a verifier accepts the tokens of an issuer. The values are indexes.
#[derive(Debug)]
pub(super) struct Issuers {
    by_issuer: HashMap<Box<str>, usize>,
    by_template: Vec<(IssuerTemplate, usize)>,
    /// For tokens without "iss".
    without_issuer: Option<usize>,
    /// For tokens with an "iss" that no other entry names.
    any_issuer: Option<usize>,
    /// All accepted issuers, for errors.
    names: Vec<Box<str>>,
    /// The forms of tokens that the entries accept.
    forms: Vec<TokenForm>,
}

impl Issuers {
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: two entries accept the same issuer, or two entries have no
    /// issuers. The name of the error is the path of the later entry.
    pub(super) fn new(entries: &[Arc<Entry>], paths: &[String]) -> Result<Self> {
        let mut issuers = Self {
            by_issuer: HashMap::new(),
            by_template: Vec::new(),
            without_issuer: None,
            any_issuer: None,
            names: Vec::new(),
            forms: Vec::new(),
        };
        for (index, entry) in entries.iter().enumerate() {
            issuers.add(index, entry).map_err(|twice| twice.error(paths))?;
        }
        Ok(issuers)
    }

    fn add(&mut self, index: usize, entry: &Entry) -> Result<(), Twice> {
        let policy = &entry.policy;
        self.names.extend(policy.accepted_issuers());
        for issuer in policy.issuers_without_template() {
            if let Some(other) = self.by_issuer.insert(issuer.clone(), index).filter(|other| *other != index)
            {
                return Err(Twice { index, other, why: format!("it also accepts {issuer:?}") });
            }
        }
        for template in policy.issuer_templates() {
            let mut others = self.by_template.iter().filter(|(_, other)| *other != index);
            if let Some((own, other)) = others.find(|(other, _)| other.overlaps(template)) {
                let why = format!("\"{own}\" and \"{template}\" fit the same issuers");
                return Err(Twice { index, other: *other, why });
            }
            self.by_template.push((template.clone(), index));
        }
        if policy.issuers_without_template().is_empty() && policy.issuer_templates().is_empty() {
            if let Some(other) = self.without_issuer.replace(index) {
                let why = "it has no issuers either, and only one entry may have none".to_owned();
                return Err(Twice { index, other, why });
            }
            self.any_issuer = policy.is_any_issuer().then_some(index);
        }
        if self.forms.iter().all(|form| form.padded != policy.form.padded) {
            self.forms.push(policy.form);
        }
        for form in self.forms.iter_mut().filter(|form| form.padded == policy.form.padded) {
            form.max_len = form.max_len.max(policy.form.max_len);
        }
        Ok(())
    }

    /// Returns the index of the entry for `token`.
    ///
    /// # Errors
    /// [`ErrorKind::WrongIssuer`]: no entry accepts the issuer. [`ErrorKind::MissingClaim`]: the
    /// token has no "iss", and no entry is for such tokens. Or the token has no readable payload:
    /// the errors of its form, its header and its claims.
    pub(super) fn select(&self, token: &[u8]) -> Result<usize> {
        self.find(token).ok_or_else(|| self.why_none(token))
    }

    fn find(&self, token: &[u8]) -> Option<usize> {
        if self.forms.iter().all(|form| token.len() > form.max_len) {
            return None;
        }
        let mut dots = memchr::memchr_iter(b'.', token);
        let payload = token.get(dots.next()? + 1..dots.next()?)?;
        if let Some(front) = payload.get(..FRONT) {
            // It fails if the padding of a short payload is in the front.
            let mut decoded = [0; FRONT_DECODED];
            if let Ok(decoded) = base64url::decode_into(front, &mut decoded)
                && let Ok(Some(iss)) = first_member(valid_start(decoded), "iss")
            {
                return self.entry_of(Some(iss));
            }
        }
        let end = payload.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
        let payload = base64url::decode(payload.get(..end)?).ok()?;
        self.entry_of(first_member(std::str::from_utf8(&payload).ok()?, "iss").ok()?)
    }

    fn entry_of(&self, iss: Option<Value<'_>>) -> Option<usize> {
        let Some(iss) = iss.filter(|iss| !iss.is_null()) else { return self.without_issuer };
        let iss = iss.as_str()?;
        let of_template = || {
            let mut templates = self.by_template.iter();
            templates.find(|(template, _)| template.value(&iss).is_some()).map(|(_, index)| *index)
        };
        self.by_issuer.get(&*iss).copied().or_else(of_template).or(self.any_issuer)
    }

    /// Returns why no entry is for `token`. The faults of its form and header come first, as for
    /// any token.
    #[cold]
    pub(super) fn why_none(&self, token: &[u8]) -> Error {
        match self.issuer_of(token) {
            Err(error) => error,
            Ok(None) => Error::about(ErrorKind::MissingClaim, "iss", "").with_detail(expected(&self.names)),
            Ok(Some(iss)) => {
                Error::about(ErrorKind::WrongIssuer, "iss", "").with_detail(not_accepted(&self.names, &[iss]))
            }
        }
    }

    /// Reads "iss" with all checks that need neither a key nor a policy.
    pub(super) fn issuer_of(&self, token: &[u8]) -> Result<Option<String>> {
        let mut scratch = [const { Scratch::new() }; 2];
        let mut read = self.forms.iter().zip(&mut scratch).map(|(form, scratch)| {
            ParsedToken::parse(token, *form, None, scratch).map(|token| token.jws.payload)
        });
        let payload = match (read.next(), read.next()) {
            (Some(Ok(payload)), _) | (_, Some(Ok(payload))) => payload,
            (Some(Err(error)), _) => return Err(error),
            (None, _) => return Ok(None),
        };
        let payload = base64url::decode(payload).map_err(|_| Part::Payload.not_base64url())?;
        let payload =
            String::from_utf8(payload).map_err(|_| Error::new(ErrorKind::MalformedClaims, "not UTF-8"))?;
        let claims = ClaimsSet::parse(&payload, UncheckedClaims::default())?;
        Ok(claims.iss.map(Cow::into_owned))
    }
}

/// Two entries are for the same tokens.
struct Twice {
    index: usize,
    other: usize,
    why: String,
}

impl Twice {
    fn error(self, paths: &[String]) -> Error {
        let path = |index| paths.get(index).map_or("", String::as_str);
        Error::about_required(ErrorKind::InvalidArgument, &format!("{}.issuers", path(self.index)), "")
            .with_detail(format!("{} is for the same tokens: {}", path(self.other), self.why))
    }
}

/// Returns the longest start of `bytes` that is UTF-8.
fn valid_start(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(valid).unwrap_or_default()
        }
    }
}
