//! `bouncer-verify verify`: the verdict, and at a glance whose token it is and how long it lasts.

use crate::arguments::VerifyArguments;
use crate::json::{Members, Object};
use crate::report::{Failure, Refusal, Report};
use crate::text::{columns, shown};
use crate::time::{utc, utc_and_distance};
use bouncer_verify::{VerifiedJws, VerifiedToken, verify_jws, verify_token};

pub(crate) fn run(arguments: &VerifyArguments) -> Result<Report, Failure> {
    // Before the fetch: what is misused needs no network to say so.
    let policy = arguments.policy()?;
    let jwks = arguments.keys.load(&arguments.fetch, &arguments.token)?;
    // One reading of the clock for the verdict and for the distances shown.
    let now = policy.now();
    let policy = policy.time(now);
    let token = arguments.token.read()?;
    match verify_token(&jwks, &policy, &token) {
        Ok(verified) if arguments.json => Ok(Report::success(json(&verified))),
        Ok(verified) => {
            let mut rows = rows(&verified, now);
            if arguments.policy.settings.is_set("time") {
                rows.push(row("time", &utc(now)));
            }
            Ok(Report::success(format!("valid\n{}", columns(&rows))))
        }
        Err(error) => {
            let refusal = Refusal::from(error);
            let exit = refusal.exit();
            let signed = verify_jws(&jwks, &policy, &token).ok();
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

fn json(verified: &VerifiedToken) -> String {
    Object::new()
        .string("status", "ok")
        .maybe_string("uid", verified.uid())
        .raw("claims", verified.payload())
        .raw("header", verified.header())
        .maybe_string("kid", verified.kid())
        .string("alg", verified.algorithm().as_str())
        .line()
}

type Row = [String; 2];

fn row(name: &str, text: &str) -> Row {
    [name.to_owned(), text.to_owned()]
}

fn rows(verified: &VerifiedToken, now: i64) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |name, value: Option<&str>| rows.extend(value.map(|value| row(name, &shown(value))));
    add("uid", verified.uid());
    add("iss", verified.issuer());
    add("sub", verified.subject());
    verified.audience().for_each(|audience| add("aud", Some(audience)));
    for (name, time) in [("exp", verified.expires_at()), ("nbf", verified.not_before())] {
        add(name, time.map(|time| utc_and_distance(time, now)).as_deref());
    }
    add("kid", verified.kid());
    add("alg", Some(verified.algorithm().as_str()));
    rows
}

/// What is known of a rejected token: its header and claims where the signature holds, else nothing. They answer the
/// next question, "expired when?" or "from whom, then?".
fn with_signed_parts(refusal: Object, signed: Option<&VerifiedJws>) -> Object {
    let Some(signed) = signed else { return refusal };
    [("claims", signed.payload()), ("header", signed.header())]
        .into_iter()
        .filter_map(|(name, bytes)| Some((name, str::from_utf8(bytes).ok()?)))
        // The signature holds over any bytes; what is not JSON would spoil the object.
        .filter(|(_, text)| serde_json::from_str::<serde_json::Map<_, _>>(text).is_ok())
        .fold(refusal, |refusal, (name, json)| refusal.raw(name, json))
}

/// The same at a glance.
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

/// The NumericDates among `claims`.
pub(crate) fn time_rows(claims: &Members<'_>, names: &[&str], now: i64) -> Vec<Row> {
    let date = |&name: &&str| Some(row(name, &utc_and_distance(claims.numeric_date(name)?, now)));
    names.iter().filter_map(date).collect()
}
