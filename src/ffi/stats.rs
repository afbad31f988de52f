//! Counters and states of a verifier, a remote key set or a token renewer.

use super::boundary::{bytes, call, handle};
use super::error::bouncer_error;
use super::failure::Failure;
use super::panic::read;
use super::remote_jwks::bouncer_remote_jwks;
use super::renewer::bouncer_renewer;
use super::status::bouncer_status;
use super::text::bouncer_str;
use super::verifier::bouncer_verifier;
use crate::{StatKind, StatValue, Stats};
use std::ffi::{CStr, CString, c_char};
use std::mem::MaybeUninit;
use std::ptr;

/// A snapshot of counters and states, for metrics, logs and health checks. Immutable; any number of
/// threads may read it.
pub struct bouncer_stats {
    rows: Box<[bouncer_stat]>,
    prometheus: String,
    json: String,
    /// Owns the texts that the rows point to.
    stats: Stats,
    _names: Vec<CString>,
}

// SAFETY: the pointers in the rows point into memory that the snapshot owns and never changes.
unsafe impl Send for bouncer_stats {}
// SAFETY: the pointers in the rows point into memory that the snapshot owns and never changes.
unsafe impl Sync for bouncer_stats {}

/// One row of a snapshot, which owns the row. Later versions may add members at the end, so use
/// this struct only through a pointer.
#[repr(C)]
pub struct bouncer_stat {
    /// A BOUNCER_STAT_ name, NUL-terminated.
    pub name: *const c_char,
    /// A description in one sentence, NUL-terminated.
    pub help: *const c_char,
    /// A bouncer_stat_kind: the meaning and unit of `number`.
    pub kind: u32,
    /// 1 if the row has a value now, otherwise 0.
    pub present: i32,
    /// The value; 0 if there is no value or it is text.
    pub number: f64,
    /// The value if `kind` is BOUNCER_STAT_KIND_TEXT, otherwise no text.
    pub text: bouncer_str,
    /// The source. For a key set: its URL without its query, or its issuer. For a renewer: the
    /// origin of its tokens. For a verifier: the first issuer of the entry, or "no issuer". Empty
    /// in rows of the whole verifier.
    pub source: bouncer_str,
    /// The status of the verifications that are counted: "ok", or the name of an error. Empty in
    /// other rows.
    pub status: bouncer_str,
}

/// The meaning of a bouncer_stat.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum bouncer_stat_kind {
    /// A count that only increases. It counts events of this process only.
    Counter = 1,
    /// A current number.
    Gauge = 2,
    /// A point in time, in seconds since 1970-01-01T00:00:00Z.
    Time = 3,
    /// Text.
    Text = 4,
    /// A duration in seconds.
    Duration = 5,
}

impl From<StatKind> for bouncer_stat_kind {
    fn from(kind: StatKind) -> Self {
        match kind {
            StatKind::Counter => Self::Counter,
            StatKind::Gauge => Self::Gauge,
            StatKind::Time => Self::Time,
            StatKind::Text => Self::Text,
            StatKind::Duration => Self::Duration,
        }
    }
}

impl From<Stats> for bouncer_stats {
    fn from(stats: Stats) -> Self {
        let mut names = Vec::new();
        let mut kept = |text: &str| {
            // The names and descriptions in the table contain no NUL.
            let text = CString::new(text).unwrap_or_default();
            let pointer = text.as_ptr();
            names.push(text);
            pointer
        };
        let rows = stats.rows().iter().map(|stat| bouncer_stat {
            name: kept(stat.name),
            help: kept(stat.help),
            kind: bouncer_stat_kind::from(stat.kind) as u32,
            present: stat.value.is_some().into(),
            number: match stat.value {
                Some(StatValue::Number(number)) => number,
                _ => 0.0,
            },
            text: match &stat.value {
                Some(StatValue::Text(text)) => text.as_str().into(),
                _ => bouncer_str::NONE,
            },
            source: stat.source.as_str().into(),
            status: stat.status.into(),
        });
        let rows = rows.collect();
        Self { rows, prometheus: stats.prometheus(), json: stats.json(), stats, _names: names }
    }
}

/// Takes a snapshot of a verifier. The BOUNCER_STAT_CACHE_ rows have no value if the verifier has
/// no cache. Each entry has BOUNCER_STAT_VERIFICATIONS_TOTAL rows, one for each status that has
/// occurred. An entry with remote keys also has the BOUNCER_STAT_KEYS_ rows.
///
/// On success puts the snapshot in `*out`; free it with bouncer_stats_free(). On failure:
/// BOUNCER_STATUS_NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_verifier_stats(
    verifier: Option<&bouncer_verifier>,
    out: Option<&mut MaybeUninit<*mut bouncer_stats>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || Ok(Stats::from(&handle("verifier", verifier)?.0).into()))
}

/// Takes a snapshot of a remote key set: the BOUNCER_STAT_KEYS_ rows.
///
/// On success puts the snapshot in `*out`; free it with bouncer_stats_free(). On failure:
/// BOUNCER_STATUS_NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_remote_jwks_stats(
    keys: Option<&bouncer_remote_jwks>,
    out: Option<&mut MaybeUninit<*mut bouncer_stats>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || Ok(Stats::from(&handle("keys", keys)?.0).into()))
}

/// Takes a snapshot of a token renewer: the BOUNCER_STAT_RENEWER_ rows.
///
/// On success puts the snapshot in `*out`; free it with bouncer_stats_free(). On failure:
/// BOUNCER_STATUS_NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_renewer_stats(
    renewer: Option<&bouncer_renewer>,
    out: Option<&mut MaybeUninit<*mut bouncer_stats>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || Ok(Stats::from(&handle("renewer", renewer)?.renewer).into()))
}

/// Returns the row after `previous`, or the first row if `previous` is NULL. Returns NULL after the
/// last row. Valid until `stats` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_stats_next<'a>(
    stats: Option<&'a bouncer_stats>,
    previous: Option<&bouncer_stat>,
) -> Option<&'a bouncer_stat> {
    read(None, || {
        let rows = &*stats?.rows;
        // The address tells the position. A search would make a loop over all rows quadratic.
        let offset = |row| ptr::from_ref::<bouncer_stat>(row).addr().checked_sub(rows.as_ptr().addr());
        let next = match previous {
            Some(previous) => offset(previous)? / size_of::<bouncer_stat>() + 1,
            None => 0,
        };
        rows.get(next)
    })
}

/// Returns the row with the name `name`, a BOUNCER_STAT_ name, and the source `source`. If `source`
/// is empty, returns the first row with that name. Returns NULL if there is no such row. Valid
/// until `stats` is freed.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_stats_find(
    stats: Option<&bouncer_stats>,
    name: *const c_char,
    source: *const c_char,
    source_len: usize,
) -> Option<&bouncer_stat> {
    read(None, || {
        let stats = stats?;
        if name.is_null() {
            return None;
        }
        // SAFETY: `name` is not NULL, and NUL-terminated by the caller's promise.
        let name = unsafe { CStr::from_ptr(name) };
        // SAFETY: the caller promises `source` is readable for `source_len` bytes.
        let source: Result<_, Failure> = unsafe { bytes("source", source.cast(), source_len) };
        let source = source.ok()?;
        let of = stats.stats.rows().iter().zip(&stats.rows);
        let mut found = of.filter(|(stat, _)| {
            stat.name.as_bytes() == name.to_bytes() && (source.is_empty() || stat.source.as_bytes() == source)
        });
        found.next().map(|(_, row)| row)
    })
}

/// Returns the snapshot in the Prometheus text format, version 0.0.4. Metric names begin with
/// "bouncer_". A row of kind BOUNCER_STAT_KIND_TEXT becomes a metric whose name ends in "_info",
/// with the text in the label "value". Rows without a value are omitted. Valid until `stats` is
/// freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_stats_prometheus(stats: Option<&bouncer_stats>) -> bouncer_str {
    read(bouncer_str::NONE, || stats.map(|stats| stats.prometheus.as_str()).into())
}

/// Returns the snapshot as JSON: an array with one object for each source. Each row is a member of
/// its source's object, under the row's name. Rows with a status are members of an object under
/// that name. A row without a value is null. Valid until `stats` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_stats_json(stats: Option<&bouncer_stats>) -> bouncer_str {
    read(bouncer_str::NONE, || stats.map(|stats| stats.json.as_str()).into())
}

/// Frees a snapshot. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_stats_free(stats: Option<Box<bouncer_stats>>) {
    read((), || drop(stats));
}
