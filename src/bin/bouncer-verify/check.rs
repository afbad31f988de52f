//! `bouncer-verify check`: makes each step from the configuration to the rules of a policy, and
//! prints what was expected and what was found.

use crate::arguments::CheckArguments;
use crate::configuration;
use crate::fetch::Location;
use crate::input::Source;
use crate::options::{self, naming_options};
use crate::report::{Failure, Refusal, Report};
use crate::steps::{self, Part, Style};
use crate::verify::NoKeys;
use bouncer_verify::{
    Clock, ConfiguredEntry, ConfiguredKeys, ErrorKind, Jwk, JwkSet, Keys, Policy, Probe, RemoteJwkSetBuilder,
    Settings, SkippedKey, Step, StepVerdict, Verifier, VerifierBuilder, explain_keys,
};
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// Number of entries whose keys are fetched at the same time.
const AT_ONCE: usize = 32;

/// An entry whose keys are checked, and perhaps fetched.
struct CheckedEntry {
    name: String,
    policy: Policy,
    keys: Keys,
}

pub(crate) fn run(arguments: &CheckArguments) -> Result<Report, Failure> {
    // A token that cannot be read is reported before anything is fetched.
    let token = arguments.token.is_given().then(|| arguments.token.read()).transpose()?;
    let mut parts = Vec::new();
    let entries = match &arguments.keys.config {
        Some(path) => {
            configuration::check_exclusive(&arguments.policy, &arguments.fetch)?;
            of_document(path, arguments, &mut parts)?
        }
        None => Some(vec![of_options(arguments, &mut parts)?]),
    };
    if let Some(token) = &token {
        let mut part = Part::new("token", "");
        match entries {
            Some(entries) => check_token(&mut part, entries, token),
            None => part.skipped("rules", "the configuration is not valid"),
        }
        parts.push(part);
    }
    let exit = steps::exit(&parts);
    let stdout = match arguments.json {
        true => steps::json(&parts),
        false => {
            let has_colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            let style = if has_colours { Style::Colours } else { Style::Ascii };
            steps::text(&parts, style) + &summary(&parts, token.is_some())
        }
    };
    Ok(Report { exit, ..Report::success(stdout) })
}

/// Returns the result in one line. If the token and its issuer are not the cause, another line is
/// about the token.
fn summary(parts: &[Part], has_token: bool) -> String {
    let Some(first) = parts.iter().find(|part| part.failures() > 0) else {
        let what = if has_token { "the token is accepted" } else { "all steps succeeded" };
        return format!("result: {what}\n");
    };
    let of_token = parts.iter().rfind(|part| part.name == "token" && first.name != "token");
    let of_token = of_token.filter(|token| token.is_decided());
    let of_token = of_token.map_or(String::new(), |token| match verdict(token) {
        Some(verdict) => format!("token: {verdict}\n"),
        None if token.is_checked("signature") => "token: the token is accepted\n".to_owned(),
        None => String::new(),
    });
    let more = match parts.iter().map(Part::failures).sum::<usize>() {
        1 => String::new(),
        failures => format!("; {failures} steps failed"),
    };
    format!("{of_token}result: {}{more}\n", verdict(first).unwrap_or_default())
}

/// Describes the first failure of a part: `expired: the token is rejected, HTTP 401`.
fn verdict(part: &Part) -> Option<String> {
    let kind = part.failure()?.kind();
    let (status, http) = (kind.as_str(), kind.http_status());
    Some(match kind {
        ErrorKind::InvalidArgument => format!("{status}: the configuration is rejected"),
        _ if kind.challenge().is_some() => format!("{status}: the token is rejected, HTTP {http}"),
        _ if part.name.starts_with("accept") => {
            format!("{status}: tokens of {} cannot be verified, HTTP {http}", part.name)
        }
        _ => format!("{status}: tokens cannot be verified, HTTP {http}"),
    })
}

/// Checks the document at `path` and its entries. Returns `None` if it is rejected.
fn of_document(
    path: &Path,
    arguments: &CheckArguments,
    parts: &mut Vec<Part>,
) -> Result<Option<Vec<CheckedEntry>>, Failure> {
    let is_token_stdin = arguments.token.is_given() && arguments.token.is_stdin();
    let mut document = Part::new("document", path.display().to_string());
    let read = configuration::read(path, is_token_stdin).and_then(|settings| {
        let entries = settings.configured_entries()?;
        match entries.is_empty() {
            // Returns the error for a document without entries.
            true => Verifier::from_settings(&settings).map(|_| entries).map_err(Failure::from),
            false => Ok(entries),
        }
    });
    let entries = match read {
        Ok(entries) => entries,
        Err(failure) => {
            document.failed("document", "", failure.into_refusal());
            parts.push(document);
            return Ok(None);
        }
    };
    let plural = if entries.len() == 1 { "entry" } else { "entries" };
    let (mut valid, mut checked) = (Vec::new(), Vec::new());
    let total = entries.len();
    for (name, entry) in entries {
        match entry {
            Ok(entry) => valid.push((name, entry)),
            Err(error) => document.failed(&name, "", error.into()),
        }
    }
    let is_valid = document.failures() == 0;
    if is_valid {
        document.ok("document", format!("{total} {plural}"));
    }
    let place = parts.len();
    parts.push(document);
    while !valid.is_empty() {
        let some: Vec<_> = valid.drain(..valid.len().min(AT_ONCE)).collect();
        for (part, entry) in check_entries(some) {
            parts.push(part);
            checked.push(entry);
        }
    }
    // If all entries are rejected, each error is a step already.
    let overlap = if checked.is_empty() { None } else { verifier(&checked).err() };
    if let (Some(error), Some(document)) = (&overlap, parts.get_mut(place)) {
        document.failed("entries", "", error.clone().into());
    }
    Ok((is_valid && overlap.is_none()).then_some(checked))
}

/// Makes the verifier of these entries.
fn verifier(entries: &[CheckedEntry]) -> bouncer_verify::Result<Verifier> {
    let accept = |builder: VerifierBuilder, entry: &CheckedEntry| {
        builder.accept(entry.keys.clone(), entry.policy.clone())
    };
    entries.iter().fold(Verifier::builder(), accept).build()
}

/// Checks the keys of all these entries at the same time.
fn check_entries(entries: Vec<(String, ConfiguredEntry)>) -> Vec<(Part, CheckedEntry)> {
    let check = |(name, entry): (String, ConfiguredEntry)| {
        let ConfiguredEntry { issuers, policy, keys, .. } = entry;
        let title = if issuers.is_empty() { "iss is not checked".to_owned() } else { issuers.join(", ") };
        let mut part = Part::new(name.clone(), title);
        part.extend(policy.warnings(), policy.now());
        let keys = match keys {
            ConfiguredKeys::Fixed(jwks, file) => {
                let source = file.as_deref().unwrap_or("in the document");
                fixed(&mut part, source, Ok(jwks), policy.now())
            }
            ConfiguredKeys::Remote(builder) => {
                remote(&mut part, builder.probe().map_err(Failure::from), policy.now())
            }
        };
        (part, CheckedEntry { name, policy, keys })
    };
    thread::scope(|scope| {
        let threads: Vec<_> = entries.into_iter().map(|entry| scope.spawn(move || check(entry))).collect();
        // A thread panics only after a bug, which must not be hidden.
        let result = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(result).collect()
    })
}

/// Checks the keys and the policy of the options.
fn of_options(arguments: &CheckArguments, parts: &mut Vec<Part>) -> Result<CheckedEntry, Failure> {
    let policy = arguments.keys.policy(&arguments.policy)?;
    policy.check().map_err(naming_options::<options::Policy>)?;
    let location = match (arguments.keys.is_given(), policy.single_issuer()) {
        (true, _) => arguments.keys.location()?,
        (false, Some(issuer)) => Location::Issuer(issuer.to_owned()),
        (false, None) => {
            let why = "no keys are given: add --config, --jwks, --discover or --pem, or exactly one --issuer";
            return Err(Failure::Usage(why.to_owned()));
        }
    };
    let now = policy.now();
    let network = &arguments.fetch.settings;
    let (mut part, keys) = match location {
        Location::Source(source) => {
            let is_token_stdin = arguments.token.is_given() && arguments.token.is_stdin();
            if source == Source::Stdin && is_token_stdin {
                let why = "token and keys cannot both come from standard input";
                return Err(Failure::Usage(why.to_owned()));
            }
            let title = match &source {
                Source::Stdin => "standard input".to_owned(),
                Source::File(path) => path.display().to_string(),
            };
            let mut part = Part::new("keys", title.clone());
            let read = source.read("the keys").map_err(Failure::UnreadableKeys);
            let jwks = match (read, arguments.keys.is_pem()) {
                (Err(failure), _) => Err((failure.into_refusal(), Vec::new())),
                (Ok(text), true) => {
                    let keys = Jwk::from_pem(&text).and_then(|key| JwkSet::from_keys([key]));
                    keys.map_err(|error| (error.into(), Vec::new()))
                }
                (Ok(text), false) => JwkSet::from_slice(&text)
                    .map_err(|error| (error.into(), JwkSet::skipped_in(&text).unwrap_or_default())),
            };
            let keys = fixed(&mut part, &title, jwks.map(Arc::new), now);
            (part, keys)
        }
        Location::Url(url) => of_network(network, "url", &url, now),
        Location::Issuer(issuer) => of_network(network, "discover", &issuer, now),
    };
    part.extend(policy.warnings(), now);
    parts.push(part);
    Ok(CheckedEntry { name: "keys".to_owned(), policy, keys })
}

fn of_network(network: &Settings, setting: &str, location: &str, now: i64) -> (Part, Keys) {
    let mut part = Part::new("keys", location);
    let mut settings = network.clone();
    let probe = settings
        .set(setting, location)
        .and_then(|()| RemoteJwkSetBuilder::from_settings(&settings))
        .and_then(RemoteJwkSetBuilder::probe)
        .map_err(naming_options::<options::Keys>);
    let keys = remote(&mut part, probe, now);
    (part, keys)
}

/// Adds the steps of keys that are not fetched. An error comes with the skipped keys.
fn fixed(
    part: &mut Part,
    source: &str,
    jwks: Result<Arc<JwkSet>, (Refusal, Vec<SkippedKey>)>,
    now: i64,
) -> Keys {
    match jwks {
        Ok(jwks) => {
            part.ok("jwks", source);
            part.extend(explain_keys(jwks.keys(), jwks.skipped()), now);
            jwks.into()
        }
        Err((refusal, skipped)) => {
            part.failed("jwks", source, refusal);
            part.extend(explain_keys(&[], &skipped), now);
            NoKeys.into()
        }
    }
}

/// Adds the steps of a fetch.
fn remote(part: &mut Part, probe: Result<Probe, Failure>, now: i64) -> Keys {
    match probe {
        Ok(Probe { steps, keys, .. }) => {
            part.extend(steps, now);
            keys.map_or_else(|| NoKeys.into(), Keys::from)
        }
        Err(failure) => {
            part.failed("settings", "", failure.into_refusal());
            NoKeys.into()
        }
    }
}

fn check_token(part: &mut Part, entries: Vec<CheckedEntry>, token: &[u8]) {
    let verifier = match verifier(&entries) {
        Ok(verifier) => verifier,
        Err(error) => return part.failed("entries", "", error.into()),
    };
    let explanation = verifier.explain(token);
    let entry = explanation.entry.and_then(|index| entries.get(index));
    let now = entry.map_or_else(|| Clock::system().now(), |entry| entry.policy.now());
    let mut steps = explanation.steps;
    for step in &mut steps {
        match (&*step.name, entry) {
            ("entry", Some(entry)) => step.found = format!("{}: {}", entry.name, step.found),
            // The failure is already a step of the keys.
            ("key", _) if is_without_keys(step) => {
                step.error = None;
                step.verdict = StepVerdict::Skipped;
                step.found = format!("{}: there are no keys, see above", step.expected);
                step.expected.clear();
            }
            _ => {}
        }
    }
    part.extend(steps, now);
}

fn is_without_keys(step: &Step) -> bool {
    step.error.as_ref().is_some_and(|error| error.kind() == ErrorKind::KeysUnavailable)
}
