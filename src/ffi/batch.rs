//! Verification of many tokens in one call.

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

/// The verdicts for many tokens, in input order. Immutable; any number of threads may read it.
pub struct bouncer_batch {
    rows: Vec<Row>,
    columns: OnceLock<TokenColumns>,
}

/// The verdict for one token.
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

/// Verifies each of the `count` JWTs in the array `tokens` as bouncer_verify_token() does.
///
/// `threads` is the maximum number of threads, including the calling thread; 0 means 1. Each
/// additional thread verifies at least 64 tokens.
///
/// On success puts the verdicts in `*out`; free them with bouncer_batch_free(). The call succeeds
/// even if every token is rejected. On failure: BOUNCER_STATUS_NULL_ARGUMENT or
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

/// Verifies each of the `count` JWTs in the array `tokens` as bouncer_verifier_verify() does. With
/// remote keys the whole batch waits for keys at most as long as a single token would. `threads`,
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

/// Verifies as bouncer_verifier_verify_batch() does, but never blocks. If the verdict for a token
/// depends on a fetch of keys, the status of that token is BOUNCER_STATUS_PENDING.
/// bouncer_batch_ticket() then returns the ticket of the fetch.
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

/// Converts an array of C texts to slices.
///
/// # Safety
/// Unless `count` is 0, `texts` must be NULL or an array of `count` texts. Each text must meet the
/// contract of [`bytes`] during `'a`.
unsafe fn texts<'a>(texts: *const bouncer_str, count: usize) -> Result<Vec<&'a [u8]>, Failure> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if texts.is_null() {
        return Err(Failure::NullArgument("tokens"));
    }
    if count > isize::MAX as usize / size_of::<bouncer_str>() {
        return Err(Error::new(ErrorKind::InvalidArgument, "a length is larger than PTRDIFF_MAX").into());
    }
    // SAFETY: `texts` is not NULL and not longer than PTRDIFF_MAX; the caller promises `count`
    // texts.
    let texts = unsafe { std::slice::from_raw_parts(texts, count) };
    // SAFETY: the caller promises that each text is readable for its length.
    texts.iter().map(|text| unsafe { bytes("tokens[].data", text.data.cast(), text.len) }).collect()
}

/// Returns the number of verdicts, or 0 if `batch` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_count(batch: Option<&bouncer_batch>) -> usize {
    read(0, || batch.map_or(0, |batch| batch.rows.len()))
}

/// Returns the status of the token at `index`: BOUNCER_STATUS_OK, the cause of the rejection, or
/// BOUNCER_STATUS_PENDING after bouncer_verifier_verify_batch_now(). Returns
/// BOUNCER_STATUS_INVALID_ARGUMENT if `index` is out of range, and BOUNCER_STATUS_NULL_ARGUMENT if
/// `batch` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_status(batch: Option<&bouncer_batch>, index: usize) -> bouncer_status {
    read(bouncer_status::Internal, || match batch {
        None => bouncer_status::NullArgument,
        Some(batch) => batch.rows.get(index).map_or(bouncer_status::InvalidArgument, Row::status),
    })
}

/// Returns the verified token at `index`. Returns NULL if the token is not accepted, `index` is out
/// of range, or `batch` is NULL. The token belongs to `batch`: do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_token(batch: Option<&bouncer_batch>, index: usize) -> Option<&bouncer_token> {
    read(None, || match bouncer_batch::row(batch, index)? {
        Row::Accepted(token) => Some(token),
        _ => None,
    })
}

/// Returns the error of the token at `index`. Returns NULL if the token is accepted or pending,
/// `index` is out of range, or `batch` is NULL. The error belongs to `batch`: do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_error(batch: Option<&bouncer_batch>, index: usize) -> Option<&bouncer_error> {
    read(None, || match bouncer_batch::row(batch, index)? {
        Row::Rejected(error) => Some(error),
        _ => None,
    })
}

/// Returns the ticket of the token at `index` if the token's status is BOUNCER_STATUS_PENDING,
/// otherwise 0. Wait for the fetch with bouncer_verifier_wait(). Then pass the ticket to
/// bouncer_verifier_verify_now() with the same token.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_ticket(batch: Option<&bouncer_batch>, index: usize) -> u64 {
    read(0, || match bouncer_batch::row(batch, index) {
        Some(Row::Pending(ticket)) => ticket.to_bits(),
        _ => 0,
    })
}

/// The verdicts of a batch as columns, in the memory layout of Apache Arrow ("Columnar Format",
/// 1.0). Arrow can use the buffers without copying. They belong to the batch.
///
/// In a validity bitmap, bit i is set if row i has a value. Bit 0 is the lowest bit of the first
/// byte.
#[repr(C)]
pub struct bouncer_columns {
    /// Number of rows, one for each token.
    pub rows: usize,
    /// The bouncer_status of each token: UInt32.
    pub status: *const u32,
    /// "exp" of the accepted tokens, in seconds since 1970-01-01T00:00:00Z: Int64. 0 in rows
    /// without a value.
    pub exp: *const i64,
    /// The validity bitmap of `exp`.
    pub exp_validity: *const u8,
    /// The offset in `uid_data` of the start of each "uid", then the end of the last "uid". These
    /// are the offsets of a LargeUtf8 array, one more than there are rows.
    pub uid_offsets: *const i64,
    /// The "uid" values of the accepted tokens, concatenated, in UTF-8.
    pub uid_data: *const c_char,
    /// The validity bitmap of the "uid" column.
    pub uid_validity: *const u8,
}

/// Puts the verdicts as columns in `*columns` and returns 1. Returns 0 and does not write
/// `*columns` if an argument is NULL. The columns are valid until `batch` is freed. With no rows,
/// only `uid_offsets` may be read.
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

/// Frees a batch with its tokens and errors. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_free(batch: Option<Box<bouncer_batch>>) {
    read((), || drop(batch));
}
