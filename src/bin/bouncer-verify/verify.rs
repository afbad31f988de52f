//! `bouncer-verify verify`: verifies a token, and prints its main claims.

use crate::arguments::{KeySource, VerifyArguments};
use crate::json::{Members, Object, quote};
use crate::options::{self, option_names};
use crate::report::{Failure, Refusal, Report};
use crate::text::{columns, shown};
use crate::time::{utc, utc_and_distance};
use bouncer_verify::{
    CurrentKeys, Error, ErrorKind, Policy, VerifiedJws, VerifiedToken, Verifier, verify_jws,
};

pub(crate) fn run(arguments: &VerifyArguments) -> Result<Report, Failure> {
    // Report invalid arguments before keys are fetched.
    let source = arguments.keys.open(&arguments.fetch, &arguments.token)?;
    let policy = arguments.policy()?;
    let token = arguments.token.read()?;
    if let KeySource::Remote(_) = source {
        check_form(&policy, &token)?;
    }
    let (keys, jwks) = source.load()?;
    // Read the clock once. The verification and the printed time differences use the same time.
    let now = policy.now();
    let policy = policy.time(now);
    match Verifier::new(keys, policy.clone()).verify(&token) {
        Ok(verified) if arguments.json => Ok(Report::success(json(&verified))),
        Ok(verified) => {
            let mut rows = rows(&verified, now);
            if arguments.policy.settings.is_set("time") {
                rows.push(row("time", &utc(now)));
            }
            Ok(Report::success(format!("valid\n{}", columns(&rows))))
        }
        Err(error) => {
            let refusal = refusal(error);
            let exit = refusal.exit();
            let signed = verify_jws(&source.current(jwks), &policy, &token).ok();
            if arguments.json {
                let stdout = with_signed_parts(refusal.json(), signed.as_ref()).line();
                return Ok(Report { exit, ..Report::success(stdout) });
            }
            let rows = signed.map(|signed| signed_rows(&signed, now)).unwrap_or_default();
            let stderr = refusal.line() + &columns(&rows);
            Ok(Report { stdout: String::new(), stderr, exit })
        }
    }
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
struct NoKeys;

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
