//! Counters and states of a verifier, a remote key set and a token renewer: one row for each of
//! them. They are available in every language, as text for Prometheus and as JSON.

use crate::error::ErrorKind;
use crate::verify::cache::CacheStats;
use crate::verify::counts::Counts;
use crate::verify::entry::Entry;
use crate::verify::verifier::Verifier;
use std::collections::HashMap;
use std::fmt::Write as _;
#[cfg(feature = "remote")]
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(feature = "remote")]
use crate::remote::jwks::remote_jwk_set::RemoteJwkSet;
#[cfg(feature = "remote")]
use crate::remote::jwks::status::RemoteJwkSetStatus;
#[cfg(feature = "remote")]
use crate::remote::renewal::status::TokenRenewerStatus;
#[cfg(feature = "remote")]
use crate::remote::renewal::token_renewer::TokenRenewer;
#[cfg(feature = "remote")]
use crate::remote::transport::FetchError;

/// The kind of a [`Stat`], which determines the unit of its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatKind {
    /// A count in this process that only grows.
    Counter,
    /// A current count, which may also shrink.
    Gauge,
    /// A point in time, in seconds since 1970-01-01T00:00:00Z.
    Time,
    /// Text.
    Text,
    /// A duration in seconds.
    Duration,
}

impl StatKind {
    /// The stable name, the same in every language.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Time => "time",
            Self::Text => "text",
            Self::Duration => "duration",
        }
    }
}

/// The value of a [`Stat`] at one moment.
#[derive(Debug, Clone, PartialEq)]
pub enum StatValue {
    /// In the unit of the [`StatKind`].
    Number(f64),
    /// For [`StatKind::Text`].
    Text(String),
}

/// One row of [`Stats`].
#[derive(Debug, Clone, PartialEq)]
pub struct Stat {
    /// The stable name: `"keys_attempts_total"`.
    pub name: &'static str,
    /// The kind, which determines the unit.
    pub kind: StatKind,
    /// The description, in one sentence.
    pub help: &'static str,
    /// For a key set, its URL without its query, or its issuer. For a renewer, the source of its
    /// tokens. For a verifier, the first issuer of the entry, or `no issuer`. Empty for a stat of
    /// the whole verifier.
    pub source: String,
    /// The status of the verifications that are counted: `ok`, or the name of an error. Empty for
    /// other stats.
    pub status: &'static str,
    /// `None` if there is no value at this moment.
    pub value: Option<StatValue>,
}

/// A snapshot of counters and states, for metrics, logs and health checks.
///
/// ```
/// use bouncer_verify::{JwkSet, Policy, Stats, Verifier};
/// # let document = include_bytes!("../../tests/data/document_jwks.json");
///
/// let verifier = Verifier::new(JwkSet::from_slice(document)?, Policy::dcos()).with_cache(1000);
/// let stats = Stats::from(&verifier);
/// assert_eq!(stats.number("cache_hits_total"), Some(0.0));
/// assert!(stats.prometheus().contains("\nbouncer_cache_hits_total 0\n"));
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stats(Vec<Stat>);

/// A row of the table: the constant part of a [`Stat`], and how to read its value from a `T`.
pub struct StatRow<T: ?Sized + 'static> {
    /// The stable name.
    pub name: &'static str,
    /// The kind, which determines the unit.
    pub kind: StatKind,
    /// The description, in one sentence.
    pub help: &'static str,
    get: fn(&T) -> Option<StatValue>,
}

const fn row<T>(
    name: &'static str,
    kind: StatKind,
    help: &'static str,
    get: fn(&T) -> Option<StatValue>,
) -> StatRow<T> {
    StatRow { name, kind, help, get }
}

fn count(count: u64) -> Option<StatValue> {
    Some(StatValue::Number(count as f64))
}

#[cfg(any(feature = "remote", test))]
fn text(text: &str) -> Option<StatValue> {
    Some(StatValue::Text(text.to_owned()))
}

#[cfg(feature = "remote")]
fn duration(duration: Duration) -> Option<StatValue> {
    Some(StatValue::Number(duration.as_millis() as f64 / 1000.0))
}

#[cfg(feature = "remote")]
fn time(time: Option<SystemTime>) -> Option<StatValue> {
    let since = time?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(StatValue::Number(since.as_millis() as f64 / 1000.0))
}

#[cfg(feature = "remote")]
fn message(error: Option<&FetchError>) -> Option<StatValue> {
    error.map(|error| StatValue::Text(error.to_string()))
}

use StatKind::{Counter, Gauge};
#[cfg(feature = "remote")]
use StatKind::{Duration as Span, Text, Time};

/// The stats of a verifier's cache.
pub const CACHE_STATS: &[StatRow<CacheStats>] = &[
    row("cache_hits_total", Counter, "Tokens accepted from the cache.", |c| count(c.hits())),
    row("cache_misses_total", Counter, "Cache lookups that did not find the token.", |c| count(c.misses())),
    row("cache_capacity", Gauge, "Maximum number of tokens in the cache.", |c| count(c.capacity() as u64)),
];

/// The stat of a verifier that has one row for each status.
pub const VERIFICATIONS: StatRow<()> = row(
    "verifications_total",
    Counter,
    "Verifications by status: ok, or the name of the error. Tokens that no entry is for have no source.",
    |()| None,
);

/// The stats of a remote key set.
#[cfg(feature = "remote")]
pub const KEYS_STATS: &[StatRow<RemoteJwkSetStatus>] = &[
    row("keys_state", Text, "One of empty, fresh, stale, too_old and closed.", |k| text(k.state.as_str())),
    row(
        "keys_generation",
        Gauge,
        "Number of the key set in use: grows by one with each change; 0 before the first keys.",
        |k| count(k.generation),
    ),
    row("keys_sha256", Text, "SHA-256 of the JWK Set in use, in hex.", |k| text(k.sha256.as_deref()?)),
    row("keys_usable", Gauge, "Keys that can verify tokens.", |k| count(k.usable_keys as u64)),
    row("keys_skipped", Gauge, "Keys of the JWK Set that cannot be used.", |k| count(k.skipped_keys as u64)),
    row("keys_accelerated", Gauge, "Keys whose signatures the library's own code verifies now.", |k| {
        count(k.accelerated_keys as u64)
    }),
    row("keys_table_bytes", Gauge, "Memory of the tables for ES256 and Ed25519 keys.", |k| {
        count(k.table_memory as u64)
    }),
    row("keys_last_success_seconds", Time, "Time when the issuer last confirmed the keys in use.", |k| {
        time(k.last_success)
    }),
    row("keys_age_seconds", Span, "Time since the issuer last confirmed the keys in use.", |k| {
        duration(k.age?)
    }),
    row("keys_next_attempt_seconds", Span, "Time until the next scheduled fetch.", |k| {
        duration(k.next_attempt)
    }),
    row("keys_attempts_total", Counter, "Completed fetches, successful or not.", |k| count(k.attempts)),
    row("keys_failures_total", Counter, "Failed fetches.", |k| count(k.failures)),
    row("keys_failures_in_row", Gauge, "Scheduled fetches that failed since the last success.", |k| {
        count(k.failures_in_row.into())
    }),
    row("keys_scheduled_total", Counter, "Fetches started on schedule.", |k| count(k.scheduled)),
    row("keys_retries_total", Counter, "Fetches started because the previous scheduled fetch failed.", |k| {
        count(k.retries)
    }),
    row("keys_unknown_kid_total", Counter, "Fetches started for a token with an unknown kid.", |k| {
        count(k.unknown_kid)
    }),
    row("keys_without_kid_total", Counter, "Fetches started for a token that no key verified.", |k| {
        count(k.without_kid)
    }),
    row("keys_requested_total", Counter, "Fetches started because the program requested them.", |k| {
        count(k.requested)
    }),
    row(
        "keys_suppressed_total",
        Counter,
        "Tokens whose key was missing, but for which the limit allowed no fetch.",
        |k| count(k.suppressed),
    ),
    row("keys_last_error", Text, "Latest failure; kept after a later success.", |k| {
        message(k.last_error.as_ref())
    }),
    row("keys_last_error_name", Text, "Stable name of the latest failure.", |k| {
        text(k.last_error.as_ref()?.failure().as_str())
    }),
    row("keys_last_error_seconds", Time, "Time of the latest failure.", |k| time(k.last_error_at)),
    row("keys_last_good_error", Text, "Why the last-good file could not be read or written.", |k| {
        message(k.last_good_error.as_ref())
    }),
];

/// The stats of a token renewer.
#[cfg(feature = "remote")]
pub const RENEWER_STATS: &[StatRow<TokenRenewerStatus>] = &[
    row("renewer_state", Text, "One of empty, valid, expiring, expired and closed.", |r| {
        text(r.state.as_str())
    }),
    row(
        "renewer_generation",
        Gauge,
        "Number of the token in use: grows by one with each login; 0 before the first token.",
        |r| count(r.generation),
    ),
    row("renewer_expires_in_seconds", Span, "Time until the token expires.", |r| duration(r.expires_in?)),
    row("renewer_next_attempt_seconds", Span, "Time until the next scheduled login.", |r| {
        duration(r.next_attempt)
    }),
    row("renewer_attempts_total", Counter, "Completed logins, successful or not.", |r| count(r.attempts)),
    row("renewer_failures_total", Counter, "Failed logins.", |r| count(r.failures)),
    row("renewer_failures_in_row", Gauge, "Scheduled logins that failed since the last success.", |r| {
        count(r.failures_in_row.into())
    }),
    row("renewer_scheduled_total", Counter, "Logins started on schedule.", |r| count(r.scheduled)),
    row(
        "renewer_retries_total",
        Counter,
        "Logins started because the previous scheduled login failed.",
        |r| count(r.retries),
    ),
    row("renewer_rejections_total", Counter, "Logins started because a server rejected the token.", |r| {
        count(r.rejections)
    }),
    row("renewer_requested_total", Counter, "Logins started because the program requested them.", |r| {
        count(r.requested)
    }),
    row(
        "renewer_suppressed_total",
        Counter,
        "Rejections that caused no login, because of the limit or of Retry-After.",
        |r| count(r.suppressed),
    ),
    row("renewer_last_error", Text, "Latest failure; kept after a later success.", |r| {
        message(r.last_error.as_ref())
    }),
    row("renewer_last_error_name", Text, "Stable name of the latest failure.", |r| {
        text(r.last_error.as_ref()?.failure().as_str())
    }),
    row("renewer_last_error_seconds", Time, "Time of the latest failure.", |r| time(r.last_error_at)),
];

impl Stats {
    fn of<T>(table: &[StatRow<T>], source: &str, of: Option<&T>) -> Self {
        let stat = |row: &StatRow<T>| Stat {
            name: row.name,
            kind: row.kind,
            help: row.help,
            source: source.to_owned(),
            status: "",
            value: of.and_then(row.get),
        };
        Self(table.iter().map(stat).collect())
    }

    /// Returns the rows, in the order of the documentation.
    pub fn rows(&self) -> &[Stat] {
        &self.0
    }

    /// Returns the number called `name` of the first source that has this number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.0.iter().filter(|stat| stat.name == name).find_map(|stat| match stat.value {
            Some(StatValue::Number(number)) => Some(number),
            _ => None,
        })
    }

    /// Returns the text called `name` of the first source that has this text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().filter(|stat| stat.name == name).find_map(|stat| match &stat.value {
            Some(StatValue::Text(text)) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Returns the text format of Prometheus, version 0.0.4. Names begin with `bouncer_`. The
    /// source and the status are labels. Text becomes the label `value` of a metric whose name ends
    /// in `_info`. A row without a value has no line.
    pub fn prometheus(&self) -> String {
        // All lines of a metric must follow each other, whatever their source is.
        let mut families: Vec<(&Stat, String)> = Vec::new();
        let mut index: HashMap<&str, usize> = HashMap::new();
        for stat in &self.0 {
            let Some(value) = &stat.value else { continue };
            let family = *index.entry(stat.name).or_insert_with(|| {
                families.push((stat, String::new()));
                families.len() - 1
            });
            if let Some((_, lines)) = families.get_mut(family) {
                stat.write_line(value, lines);
            }
        }
        let mut out = String::new();
        for (Stat { kind, help, .. }, lines) in &families {
            let name = lines.split(['{', ' ']).next().unwrap_or_default();
            let kind = if *kind == StatKind::Counter { "counter" } else { "gauge" };
            let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{lines}");
        }
        out
    }

    /// Returns a JSON array with an object for each source. Each row of the source is a member of
    /// the object. Rows with a status are members of an object with the name of the row. A row
    /// without a value is `null`.
    pub fn json(&self) -> String {
        let mut objects: Vec<serde_json::Map<String, serde_json::Value>> = Vec::new();
        let mut of = None;
        for stat in &self.0 {
            if of.replace(&stat.source) != Some(&stat.source) {
                objects.push([("source".to_owned(), stat.source.as_str().into())].into_iter().collect());
            }
            let value = match &stat.value {
                None => serde_json::Value::Null,
                Some(StatValue::Text(text)) => text.as_str().into(),
                Some(StatValue::Number(number)) if number.fract() == 0.0 => (*number as i64).into(),
                Some(StatValue::Number(number)) => (*number).into(),
            };
            let Some(object) = objects.last_mut() else { continue };
            if stat.status.is_empty() {
                object.insert(stat.name.to_owned(), value);
            } else if let Some(statuses) =
                object.entry(stat.name).or_insert_with(|| serde_json::json!({})).as_object_mut()
            {
                statuses.insert(stat.status.to_owned(), value);
            }
        }
        serde_json::to_string(&objects).unwrap_or_default()
    }
}

impl Stat {
    fn write_line(&self, value: &StatValue, out: &mut String) {
        let mut labels = Vec::new();
        if !self.source.is_empty() {
            labels.push(format!("source=\"{}\"", escape_label(&self.source)));
        }
        if !self.status.is_empty() {
            labels.push(format!("status=\"{}\"", self.status));
        }
        let (suffix, number) = match value {
            StatValue::Number(number) => ("", *number),
            StatValue::Text(text) => {
                labels.push(format!("value=\"{}\"", escape_label(text)));
                ("_info", 1.0)
            }
        };
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(out, "bouncer_{}{suffix}{labels} {number}", self.name);
    }
}

impl From<&Verifier> for Stats {
    fn from(verifier: &Verifier) -> Self {
        let entries = verifier.entries();
        let mut stats = Self::of(CACHE_STATS, "", verifier.cache_stats().as_ref());
        stats.add_verifications("", &entries.unassigned, false);
        for entry in &entries.all {
            let source = source_of(entry);
            stats.add_verifications(&source, &entry.counts, true);
            #[cfg(feature = "remote")]
            if let Some(keys) = entry.keys.source::<RemoteJwkSet>() {
                stats.0.extend(Self::of(KEYS_STATS, &source, Some(&keys.status())).0);
            }
        }
        stats
    }
}

/// Returns the name of an entry in the stats. No two entries of a verifier have the same name, and
/// none is empty: a row with the labels of another one would make the text of Prometheus invalid.
fn source_of(entry: &Entry) -> String {
    let issuers = entry.policy.accepted_issuers();
    issuers.first().map_or("no issuer", |issuer| issuer).to_owned()
}

impl Stats {
    /// Adds the row `verifications_total` for each status that has occurred. If `with_ok`, also
    /// adds the row for "ok" if it is 0.
    fn add_verifications(&mut self, source: &str, counts: &Counts, with_ok: bool) {
        let accepted = [("ok", counts.accepted())];
        let rejected = ErrorKind::ALL.iter().map(|kind| (kind.as_str(), counts.rejected(*kind)));
        let is_shown = |(status, count): &(&str, u64)| *count > 0 || (*status == "ok" && with_ok);
        for (status, number) in accepted.into_iter().chain(rejected).filter(is_shown) {
            self.0.push(Stat {
                name: VERIFICATIONS.name,
                kind: VERIFICATIONS.kind,
                help: VERIFICATIONS.help,
                source: source.to_owned(),
                status,
                value: count(number),
            });
        }
    }
}

#[cfg(feature = "remote")]
impl From<&RemoteJwkSet> for Stats {
    fn from(keys: &RemoteJwkSet) -> Self {
        let status = keys.status();
        Self::of(KEYS_STATS, &status.source, Some(&status))
    }
}

#[cfg(feature = "remote")]
impl From<&TokenRenewer> for Stats {
    fn from(renewer: &TokenRenewer) -> Self {
        let status = renewer.status();
        Self::of(RENEWER_STATS, &status.source, Some(&status))
    }
}

/// Escapes backslash, double quote and line feed, as a label's value requires.
fn escape_label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(name: &'static str, kind: StatKind, source: &str, value: Option<StatValue>) -> Stat {
        Stat { name, kind, help: "Help.", source: source.to_owned(), status: "", value }
    }

    #[test]
    fn prometheus_text_describes_each_metric_once_and_escapes_labels() {
        let number = |number| Some(StatValue::Number(number));
        let stats = Stats(vec![
            stat("hits_total", StatKind::Counter, "", number(3.0)),
            stat("age_seconds", StatKind::Duration, "https://a/", number(1.5)),
            stat("other", StatKind::Gauge, "https://a/", number(7.0)),
            stat("age_seconds", StatKind::Duration, "https://b/", number(2.0)),
            Stat { status: "ok", ..stat("other", StatKind::Gauge, "https://b/", number(8.0)) },
            stat("absent", StatKind::Gauge, "", None),
            stat("error", StatKind::Text, "s", text("a \"b\" \\ \n")),
        ]);
        let expected = "# HELP bouncer_hits_total Help.\n\
            # TYPE bouncer_hits_total counter\n\
            bouncer_hits_total 3\n\
            # HELP bouncer_age_seconds Help.\n\
            # TYPE bouncer_age_seconds gauge\n\
            bouncer_age_seconds{source=\"https://a/\"} 1.5\n\
            bouncer_age_seconds{source=\"https://b/\"} 2\n\
            # HELP bouncer_other Help.\n\
            # TYPE bouncer_other gauge\n\
            bouncer_other{source=\"https://a/\"} 7\n\
            bouncer_other{source=\"https://b/\",status=\"ok\"} 8\n\
            # HELP bouncer_error_info Help.\n\
            # TYPE bouncer_error_info gauge\n\
            bouncer_error_info{source=\"s\",value=\"a \\\"b\\\" \\\\ \\n\"} 1\n";
        assert_eq!(stats.prometheus(), expected);
    }

    #[test]
    fn json_has_an_object_for_each_source() {
        let stats = Stats(vec![
            stat("hits_total", StatKind::Counter, "", Some(StatValue::Number(3.0))),
            stat("absent", StatKind::Gauge, "", None),
            stat("age_seconds", StatKind::Duration, "a", Some(StatValue::Number(1.5))),
            Stat { status: "ok", ..stat("n_total", StatKind::Counter, "a", count(4)) },
            Stat { status: "expired", ..stat("n_total", StatKind::Counter, "a", count(5)) },
        ]);
        let json: serde_json::Value = serde_json::from_str(&stats.json()).unwrap();
        let expected = serde_json::json!([
            {"source": "", "hits_total": 3, "absent": null},
            {"source": "a", "age_seconds": 1.5, "n_total": {"ok": 4, "expired": 5}},
        ]);
        assert_eq!(json, expected);
    }

    #[test]
    fn names_end_in_their_units() {
        fn check<T>(table: &[StatRow<T>], prefix: &str) {
            for row in table {
                assert!(row.name.starts_with(prefix), "{}", row.name);
                assert_eq!(row.kind == StatKind::Counter, row.name.ends_with("_total"), "{}", row.name);
                let seconds = matches!(row.kind, StatKind::Time | StatKind::Duration);
                assert_eq!(seconds, row.name.ends_with("_seconds"), "{}", row.name);
                assert!(row.help.ends_with('.'), "{}", row.name);
            }
        }
        check(CACHE_STATS, "cache_");
        #[cfg(feature = "remote")]
        check(KEYS_STATS, "keys_");
        #[cfg(feature = "remote")]
        check(RENEWER_STATS, "renewer_");
    }
}
