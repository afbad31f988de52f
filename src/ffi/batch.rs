//! Many tokens in one call.

use super::boundary::{bytes, call, handle};
use super::error::bouncer_error;
use super::failure::Failure;
use super::jwks::bouncer_jwks;
use super::panic::read;
use super::policy::bouncer_policy;
use super::status::bouncer_status;
use super::text::{address_of, bouncer_str};
use super::token::bouncer_token;
use super::verifier::bouncer_verifier;
use crate::{Error, ErrorKind, Result, Ticket, TokenColumns, Verdict, VerifiedToken, verify_tokens};
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

/// The verdicts on many tokens, in input order. Immutable; any number of threads may read it.
pub struct bouncer_batch {
    rows: Vec<Row>,
    columns: OnceLock<TokenColumns>,
}

/// The verdict on one token.
enum Row {
    Accepted(bouncer_token),
    Rejected(bouncer_error),
    Pending(Ticket),
}

impl Row {
    fn status(&self) -> bouncer_status {
        match self {
            Self::Accepted(_) => bouncer_status::Ok,
            Self::Rejected(error) => error.status,
            Self::Pending(_) => bouncer_status::Pending,
        }
    }
}

impl From<Result<VerifiedToken>> for Row {
    fn from(result: Result<VerifiedToken>) -> Self {
        match result {
            Ok(token) => Self::Accepted(token.into()),
            Err(error) => Self::Rejected(bouncer_error::new(error.into())),
        }
    }
}

impl From<Verdict> for Row {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Final(result) => result.into(),
            Verdict::Pending(ticket) => Self::Pending(ticket),
        }
    }
}

impl bouncer_batch {
    fn new(verdicts: Vec<impl Into<Row>>) -> Self {
        Self { rows: verdicts.into_iter().map(Into::into).collect(), columns: OnceLock::new() }
    }

    fn row(batch: Option<&Self>, index: usize) -> Option<&Row> {
        batch?.rows.get(index)
    }
}

/// Verifies `count` JWTs, each as bouncer_verify_token() does. `tokens` is an array of that many.
///
/// `threads` is an upper bound, the calling thread included; 0 means 1. Each thread gets 64 tokens
/// at least.
///
/// On success puts the verdicts in `*out`; free them with bouncer_batch_free(). Success says
/// nothing about any token. On failure: BOUNCER_STATUS_NULL_ARGUMENT or
/// BOUNCER_STATUS_INVALID_ARGUMENT.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_verify_tokens(
    jwks: Option<&bouncer_jwks>,
    policy: Option<&bouncer_policy>,
    tokens: *const bouncer_str,
    count: usize,
    threads: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_batch>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        let jwks = handle("jwks", jwks)?;
        let policy = handle("policy", policy)?;
        // SAFETY: the caller promises `count` texts at `tokens`, each readable for its length.
        let tokens = unsafe { texts(tokens, count) }?;
        Ok(bouncer_batch::new(verify_tokens(&jwks.set, &policy.0, &tokens, threads)))
    })
}

/// Verifies `count` JWTs, each as bouncer_verifier_verify() does. `tokens` is an array of that
/// many. With remote keys the whole batch waits for keys no longer than one token would. `threads`,
/// the result and the failures are as for bouncer_verify_tokens().
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_verifier_verify_batch(
    verifier: Option<&bouncer_verifier>,
    tokens: *const bouncer_str,
    count: usize,
    threads: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_batch>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        let verifier = handle("verifier", verifier)?;
        // SAFETY: the caller promises `count` texts at `tokens`, each readable for its length.
        let tokens = unsafe { texts(tokens, count) }?;
        Ok(bouncer_batch::new(verifier.0.verify_batch(&tokens, threads)))
    })
}

/// Verifies as bouncer_verifier_verify_batch() does, but never blocks. Where a fetch decides about
/// a token's key, the status of that token is BOUNCER_STATUS_PENDING and bouncer_batch_ticket()
/// returns its ticket.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_verifier_verify_batch_now(
    verifier: Option<&bouncer_verifier>,
    tokens: *const bouncer_str,
    count: usize,
    threads: usize,
    out: Option<&mut MaybeUninit<*mut bouncer_batch>>,
    err: Option<&mut MaybeUninit<*mut bouncer_error>>,
) -> bouncer_status {
    call(out, err, || {
        let verifier = handle("verifier", verifier)?;
        // SAFETY: the caller promises `count` texts at `tokens`, each readable for its length.
        let tokens = unsafe { texts(tokens, count) }?;
        Ok(bouncer_batch::new(verifier.0.verify_batch_now(&tokens, threads)))
    })
}

/// The texts of an array.
///
/// # Safety
/// Unless `count` is 0, `texts` must be NULL or an array of `count`, each of them as [`bytes`]
/// demands, during `'a`.
unsafe fn texts<'a>(texts: *const bouncer_str, count: usize) -> Result<Vec<&'a [u8]>, Failure> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if texts.is_null() {
        return Err(Failure::NullArgument("tokens"));
    }
    if count > isize::MAX as usize / size_of::<bouncer_str>() {
        return Err(Error::new(ErrorKind::InvalidArgument, "a length over PTRDIFF_MAX").into());
    }
    // SAFETY: not NULL, not longer than any object can be; the caller promises `count` of them.
    let texts = unsafe { std::slice::from_raw_parts(texts, count) };
    // SAFETY: the caller promises that each is readable for its length.
    texts.iter().map(|text| unsafe { bytes("tokens[].data", text.data.cast(), text.len) }).collect()
}

/// Returns the number of verdicts; 0 if `batch` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_count(batch: Option<&bouncer_batch>) -> usize {
    read(0, || batch.map_or(0, |batch| batch.rows.len()))
}

/// Returns the verdict at `index`: BOUNCER_STATUS_OK, why the token is rejected, or
/// BOUNCER_STATUS_PENDING after bouncer_verifier_verify_batch_now().
/// BOUNCER_STATUS_INVALID_ARGUMENT if there is no such index, BOUNCER_STATUS_NULL_ARGUMENT if
/// `batch` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_status(batch: Option<&bouncer_batch>, index: usize) -> bouncer_status {
    read(bouncer_status::Internal, || match batch {
        None => bouncer_status::NullArgument,
        Some(batch) => batch.rows.get(index).map_or(bouncer_status::InvalidArgument, Row::status),
    })
}

/// Returns the verified token at `index`; NULL if its status is not BOUNCER_STATUS_OK or `batch` is
/// NULL. It belongs to `batch` and lives as long: do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_token(batch: Option<&bouncer_batch>, index: usize) -> Option<&bouncer_token> {
    read(None, || match bouncer_batch::row(batch, index)? {
        Row::Accepted(token) => Some(token),
        _ => None,
    })
}

/// Returns why the token at `index` is rejected; NULL if it is accepted or pending, there is no
/// such index, or `batch` is NULL. It belongs to `batch` and lives as long: do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_error(batch: Option<&bouncer_batch>, index: usize) -> Option<&bouncer_error> {
    read(None, || match bouncer_batch::row(batch, index)? {
        Row::Rejected(error) => Some(error),
        _ => None,
    })
}

/// Returns the ticket of the token at `index` if its status is BOUNCER_STATUS_PENDING, else 0. Wait
/// for it with bouncer_verifier_wait(), then pass it to bouncer_verifier_verify_now() with the same
/// token.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_ticket(batch: Option<&bouncer_batch>, index: usize) -> u64 {
    read(0, || match bouncer_batch::row(batch, index) {
        Some(Row::Pending(ticket)) => ticket.to_bits(),
        _ => 0,
    })
}

/// The verdicts of a batch in columns, in the layout of Apache Arrow ("Columnar Format", 1.0). The
/// buffers can be handed to Arrow as they are. They belong to the batch.
///
/// In a validity bitmap bit i, counted from the lowest of the first byte, is set if row i has a
/// value.
#[repr(C)]
pub struct bouncer_columns {
    /// The number of rows, one for each token.
    pub rows: usize,
    /// The bouncer_status of each: UInt32.
    pub status: *const u32,
    /// "exp" of the tokens that passed, in seconds since 1970-01-01T00:00:00Z: Int64; 0 where there
    /// is none.
    pub exp: *const i64,
    /// Which rows have an "exp".
    pub exp_validity: *const u8,
    /// Where in `uid_data` the "uid" of each begins, and one value more for the end: the offsets of
    /// a LargeUtf8.
    pub uid_offsets: *const i64,
    /// The "uid"s of the tokens that passed, one behind the other, in UTF-8.
    pub uid_data: *const c_char,
    /// Which rows have a "uid".
    pub uid_validity: *const u8,
}

/// Puts the verdicts as columns in `*columns` and returns 1. Returns 0 and does not write it if an
/// argument is NULL. Valid as long as `batch`. With no rows, only `uid_offsets` may be read.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_columns(
    batch: Option<&bouncer_batch>,
    columns: Option<&mut MaybeUninit<bouncer_columns>>,
) -> i32 {
    read(0, || {
        let (Some(batch), Some(columns)) = (batch, columns) else { return 0 };
        let made = batch.columns.get_or_init(|| {
            TokenColumns::of_rows(batch.rows.iter().map(|row| match row {
                Row::Accepted(token) => Ok(&token.token),
                rejected => Err(rejected.status() as u32),
            }))
        });
        columns.write(bouncer_columns {
            rows: batch.rows.len(),
            status: address_of(&made.status),
            exp: address_of(&made.exp),
            exp_validity: address_of(&made.exp_validity),
            uid_offsets: address_of(&made.uid_offsets),
            uid_data: address_of(made.uid_data.as_bytes()).cast(),
            uid_validity: address_of(&made.uid_validity),
        });
        1
    })
}

/// Frees the verdicts with their tokens and errors. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_free(batch: Option<Box<bouncer_batch>>) {
    read((), || drop(batch));
}
