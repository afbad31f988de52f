//! `bouncer-verify verify`: verifies a token, and prints its main claims.

use crate::arguments::{KeySource, VerifyArguments};
use crate::configuration;
use crate::fetch::LONGEST;
use crate::json::{Members, Object, quote};
use crate::options::{self, option_names};
use crate::report::{Failure, Refusal, Report};
use crate::text::{columns, shown};
use crate::time::{utc, utc_and_distance};
use bouncer_verify::{
    Clock, CurrentKeys, Error, ErrorKind, Policy, Verdict, VerifiedJws, VerifiedToken, Verifier, verify_jws,
};
use std::path::Path;

pub(crate) fn run(arguments: &VerifyArguments) -> Result<Report, Failure> {
    if let Some(path) = &arguments.keys.config {
        configuration::check_exclusive(&arguments.policy, &arguments.fetch)?;
        return run_configured(arguments, path);
    }
    // Report invalid arguments before keys are fetched.
    let source = arguments.keys.open(&arguments.fetch, &arguments.token)?;
    let policy = arguments.keys.policy(&arguments.policy)?;
    let token = arguments.token.read()?;
    if let KeySource::Remote(_) = source {
        check_form(&policy, &token)?;
    }
    let (keys, jwks) = source.load()?;
    // Read the clock once. The verification and the printed time differences use the same time.
    let now = policy.now();
    let policy = policy.time(now);
    match Verifier::new(keys, policy.clone()).verify(&token) {
        Ok(verified) => {
            let time = arguments.policy.settings.is_set("time").then(|| row("time", &utc(now)));
            Ok(accepted(&verified, arguments.json, now, time))
        }
        Err(error) => {
            let signed = verify_jws(&source.current(jwks), &policy, &token).ok();
            Ok(rejected(refusal(error), arguments.json, now, signed.as_ref()))
        }
    }
}

/// Verifies with the configuration document at `path`. Only the keys of the token's issuer are
/// fetched.
fn run_configured(arguments: &VerifyArguments, path: &Path) -> Result<Report, Failure> {
    let verifier = configuration::read(path, arguments.token.is_stdin()).and_then(|mut settings| {
        settings.make_lazy();
        Ok(Verifier::from_settings(&settings)?)
    });
    let verifier = verifier.map_err(|failure| configuration::naming(path, failure))?;
    let token = arguments.token.read()?;
    let now = Clock::system().now();
    let mut verdict = verifier.verify_now(&token);
    let result = loop {
        match verdict {
            Verdict::Final(result) => break result,
            Verdict::Pending(ticket) => {
                verifier.wait(ticket, LONGEST);
                verdict = verifier.resume(&token, ticket);
            }
        }
    };
    Ok(match result {
        Ok(verified) => accepted(&verified, arguments.json, now, None),
        Err(error) => {
            let signed = verifier.explain(&token).signed;
            rejected(error.into(), arguments.json, now, signed.as_ref())
        }
    })
}

fn accepted(verified: &VerifiedToken, is_json: bool, now: i64, time: Option<Row>) -> Report {
    if is_json {
        return Report::success(json(verified));
    }
    let mut rows = rows(verified, now);
    rows.extend(time);
    Report::success(format!("valid\n{}", columns(&rows)))
}

/// `signed` is the content of the token, if its signature is valid.
fn rejected(refusal: Refusal, is_json: bool, now: i64, signed: Option<&VerifiedJws>) -> Report {
    let exit = refusal.exit();
    if is_json {
        let stdout = with_signed_parts(refusal.json(), signed).line();
        return Report { exit, ..Report::success(stdout) };
    }
    let rows = signed.map(|signed| signed_rows(signed, now)).unwrap_or_default();
    let stderr = refusal.line() + &columns(&rows);
    Report { stdout: String::new(), stderr, exit }
}

/// Checks the token as far as possible without keys. A malformed token is therefore rejected even
/// if the issuer is down.
fn check_form(policy: &Policy, token: &[u8]) -> Result<(), Failure> {
    match Verifier::new(NoKeys, policy.clone()).verify(token) {
        Err(error) if error.kind() != ErrorKind::KeysUnavailable => Err(refusal(error).into()),
        _ => Ok(()),
    }
}

/// A key source without keys. A verifier with this source checks only the form of a token.
#[derive(Debug)]
pub(crate) struct NoKeys;

impl bouncer_verify::KeySource for NoKeys {
    fn current_keys(&self) -> CurrentKeys {
        CurrentKeys::none()
    }
}

/// Converts the error of a verification. In its message, replaces the names of settings by the
/// names of their options.
fn refusal(error: Error) -> Refusal {
    let message = option_names::<options::Keys>(&option_names::<options::Policy>(&error.to_string()));
    Refusal::from(error).with_message(message)
}

fn json(verified: &VerifiedToken) -> String {
    Object::new()
        .string("status", "ok")
        .raw("http_status", "200")
        .maybe_string("uid", verified.uid())
        .maybe_string("identity", verified.identity())
        .maybe_raw("scopes", scopes(verified).as_deref())
        .maybe_string("iss", verified.issuer())
        .maybe_string("sub", verified.subject())
        .raw("claims", verified.payload())
        .raw("header", verified.header())
        .maybe_string("kid", verified.kid())
        .string("alg", verified.algorithm().as_str())
        .line()
}

/// Returns the scopes as a JSON array, or `None` if there are none.
fn scopes(verified: &VerifiedToken) -> Option<String> {
    let scopes = verified.scopes();
    let array: Vec<_> = scopes.iter().map(|scope| quote(scope)).collect();
    (!scopes.is_empty()).then(|| format!("[{}]", array.join(",")))
}

type Row = [String; 2];

fn row(name: &str, text: &str) -> Row {
    [name.to_owned(), text.to_owned()]
}

fn rows(verified: &VerifiedToken, now: i64) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |name, value: Option<&str>| rows.extend(value.map(|value| row(name, &shown(value))));
    let is_new = |identity: &&str| ![verified.uid(), verified.subject()].contains(&Some(*identity));
    add("identity", verified.identity().filter(is_new));
    add("uid", verified.uid());
    add("iss", verified.issuer());
    add("sub", verified.subject());
    verified.audience().for_each(|audience| add("aud", Some(audience)));
    verified.scopes().iter().for_each(|scope| add("scope", Some(scope)));
    for (name, time) in [("exp", verified.expires_at()), ("nbf", verified.not_before())] {
        add(name, time.map(|time| utc_and_distance(time, now)).as_deref());
    }
    add("kid", verified.kid());
    add("alg", Some(verified.algorithm().as_str()));
    rows
}

/// Adds the header and claims of a rejected token to the JSON object, if its signature is valid.
/// They show, for example, the issuer of the token, or when it expired.
fn with_signed_parts(refusal: Object, signed: Option<&VerifiedJws>) -> Object {
    let Some(signed) = signed else { return refusal };
    // The member is not called "claims": a script that reads "claims" must not accept a rejected
    // token.
    [("rejected_claims", signed.payload()), ("header", signed.header())]
        .into_iter()
        .filter_map(|(name, bytes)| Some((name, str::from_utf8(bytes).ok()?)))
        // A valid signature may cover bytes that are not JSON, which would break the object.
        .filter(|(_, text)| serde_json::from_str::<serde_json::Map<_, _>>(text).is_ok())
        .fold(refusal, |refusal, (name, json)| refusal.raw(name, json))
}

/// Returns the main claims of a rejected token as rows.
fn signed_rows(signed: &VerifiedJws, now: i64) -> Vec<Row> {
    let payload = str::from_utf8(signed.payload()).unwrap_or_default();
    let claims = Members::parse(payload).unwrap_or_default();
    let mut rows = Vec::new();
    for name in ["uid", "iss", "sub", "aud"] {
        rows.extend(claims.strings(name).iter().map(|text| row(name, &shown(text))));
    }
    rows.extend(time_rows(&claims, &["exp", "nbf"], now));
    rows
}

/// Returns a row for each claim of `names` whose value is a NumericDate (RFC 7519 §2).
pub(crate) fn time_rows(claims: &Members<'_>, names: &[&str], now: i64) -> Vec<Row> {
    let date = |&name: &&str| Some(row(name, &utc_and_distance(claims.numeric_date(name)?, now)));
    names.iter().filter_map(date).collect()
}
