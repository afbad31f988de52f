//! `bouncer-verify jwks`: lists the usable keys of a JWK Set, and why each other key is skipped.

use crate::arguments::JwksArguments;
use crate::fetch::{Location, RemoteKeys};
use crate::json::Object;
use crate::report::{Failure, Refusal, Report};
use crate::text::{NOTHING, columns, maybe_shown};
use bouncer_verify::{Algorithm, ErrorKind, Jwk, JwkSet, SkippedKey};
use std::sync::Arc;

pub(crate) fn run(arguments: &JwksArguments) -> Result<Report, Failure> {
    let (jwks, skipped, refusal) = match arguments.location()? {
        Location::Source(source) => {
            let document = source.read("the JWK Set").map_err(Failure::UnreadableKeys)?;
            match JwkSet::from_slice(&document) {
                Ok(jwks) => (Some(Arc::new(jwks)), Vec::new(), None),
                Err(error) if error.kind() == ErrorKind::NoUsableKey => {
                    (None, JwkSet::skipped_in(&document)?, Some(Refusal::from(error)))
                }
                Err(error) => return Err(error.into()),
            }
        }
        remote => (Some(RemoteKeys::open(&remote, &arguments.fetch)?.load()?), Vec::new(), None),
    };
    let (keys, skipped) = match &jwks {
        Some(jwks) => (jwks.keys(), jwks.skipped()),
        None => (&[][..], &*skipped),
    };
    let listing = Listing { keys: with_indices(keys, skipped), skipped };
    let stdout = match (arguments.json, arguments.pem) {
        (true, _) => listing.json(refusal.as_ref()),
        (_, true) => listing.pem(),
        _ => listing.text(),
    };
    Ok(match refusal {
        None => Report::success(stdout),
        Some(refusal) if arguments.json => Report { exit: refusal.exit(), ..Report::success(stdout) },
        Some(refusal) => Report { stdout, stderr: refusal.line(), exit: refusal.exit() },
    })
}

/// Returns each usable key with its index in the document. Skipped keys have the other indices.
fn with_indices<'k>(keys: &'k [Jwk], skipped: &[SkippedKey]) -> Vec<(usize, &'k Jwk)> {
    let is_usable = |index: &usize| !skipped.iter().any(|key| key.index() == *index);
    (0..).filter(is_usable).zip(keys).collect()
}

struct Listing<'k> {
    keys: Vec<(usize, &'k Jwk)>,
    skipped: &'k [SkippedKey],
}

impl Listing<'_> {
    fn text(&self) -> String {
        let mut out = String::new();
        if !self.keys.is_empty() {
            let head =
                ["#", "type", "bits", "alg", "kid", "thumbprint (SHA-256)", "notes"].map(str::to_owned);
            let rows = self.keys.iter().map(|&(index, key)| {
                [
                    index.to_string(),
                    key_type(key),
                    key.bits().to_string(),
                    key.algorithm().map_or(NOTHING, Algorithm::as_str).to_owned(),
                    maybe_shown(key.kid()),
                    key.thumbprint(),
                    notes(key),
                ]
            });
            out.push_str(&columns(&[head].into_iter().chain(rows).collect::<Vec<_>>()));
        }
        if !self.skipped.is_empty() {
            let head = ["#", "skipped", "kid"].map(str::to_owned);
            let rows = self
                .skipped
                .iter()
                .map(|key| [key.index().to_string(), key.message().to_owned(), maybe_shown(key.kid())]);
            let blank = if out.is_empty() { "" } else { "\n" };
            out.push_str(blank);
            out.push_str(&columns(&[head].into_iter().chain(rows).collect::<Vec<_>>()));
        }
        out
    }

    fn pem(&self) -> String {
        let key = |&(_, key): &(usize, &Jwk)| format!("# kid: {}\n{}", maybe_shown(key.kid()), key.to_pem());
        self.keys.iter().map(key).collect()
    }

    fn json(&self, refusal: Option<&Refusal>) -> String {
        let keys = self.keys.iter().map(|&(index, key)| {
            Object::new()
                .raw("index", &index.to_string())
                .string("kty", key.key_type())
                .maybe_string("crv", key.curve())
                .raw("bits", &key.bits().to_string())
                .maybe_string("alg", key.algorithm().map(Algorithm::as_str))
                .maybe_string("kid", key.kid())
                .string("thumbprint", &key.thumbprint())
                .maybe_string("dcos_kid", key.dcos_kid().as_deref())
                .raw("tolerated", if key.is_tolerated() { "true" } else { "false" })
        });
        let skipped = self.skipped.iter().map(|key| {
            Object::new()
                .raw("index", &key.index().to_string())
                .maybe_string("kid", key.kid())
                .string("reason", key.reason().as_str())
                .string("message", key.message())
        });
        refusal
            .map_or_else(|| Object::new().string("status", "ok"), Refusal::json)
            .objects("keys", keys)
            .objects("skipped", skipped)
            .line()
    }
}

fn key_type(key: &Jwk) -> String {
    [key.key_type()].into_iter().chain(key.curve()).collect::<Vec<_>>().join(" ")
}

fn notes(key: &Jwk) -> String {
    let is_bouncers = key.kid().is_some() && key.kid() == key.dcos_kid().as_deref();
    let notes =
        [(is_bouncers, "Bouncer's kid"), (key.is_tolerated(), "encoding violates RFC 7518, tolerated")];
    notes.into_iter().filter(|(applies, _)| *applies).map(|(_, note)| note).collect::<Vec<_>>().join("; ")
}
