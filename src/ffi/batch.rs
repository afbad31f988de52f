//! Many tokens in one call.

use super::boundary::{Failure, bytes, call, handle, read};
use super::error::bouncer_error;
use super::jwks::bouncer_jwks;
use super::policy::bouncer_policy;
use super::status::bouncer_status;
use super::text::{address_of, bouncer_str};
use super::token::bouncer_token;
use super::verifier::bouncer_verifier;
use crate::{Error, ErrorKind, FetchTicket, Result, TokenColumns, VerifiedToken, verify_tokens};
use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

/// The verdicts on many tokens, in the order of the tokens. Immutable; any number of threads may read it.
pub struct bouncer_batch {
    verdicts: Vec<Result<bouncer_token, bouncer_error>>,
    /// What could change each verdict. Empty where none can change.
    tickets: Vec<Option<FetchTicket>>,
    columns: OnceLock<TokenColumns>,
}

fn handles(verdict: Result<VerifiedToken>) -> Result<bouncer_token, bouncer_error> {
    verdict.map(bouncer_token::from).map_err(|error| bouncer_error::new(error.into()))
}

impl From<Vec<Result<VerifiedToken>>> for bouncer_batch {
    fn from(verdicts: Vec<Result<VerifiedToken>>) -> Self {
        let verdicts = verdicts.into_iter().map(handles).collect();
        Self { verdicts, tickets: Vec::new(), columns: OnceLock::new() }
    }
}

impl From<Vec<(Result<VerifiedToken>, Option<FetchTicket>)>> for bouncer_batch {
    fn from(judged: Vec<(Result<VerifiedToken>, Option<FetchTicket>)>) -> Self {
        let (verdicts, tickets) =
            judged.into_iter().map(|(verdict, ticket)| (handles(verdict), ticket)).unzip();
        Self { verdicts, tickets, columns: OnceLock::new() }
    }
}

/// Verifies `count` JWTs as bouncer_verify_token() does each of them; `tokens` is an array of that many. They are
/// not kept.
///
/// `threads` bounds how many threads work on it, the calling one included; a thread is started for no fewer than
/// 64 tokens. 0 is as 1.
///
/// On success, which says nothing of any token, puts the verdicts in `*out`; free them with bouncer_batch_free().
/// On failure: BOUNCER_STATUS_NULL_ARGUMENT or BOUNCER_STATUS_INVALID_ARGUMENT.
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
        Ok(verify_tokens(&jwks.set, &policy.0, &tokens, threads).into())
    })
}

/// Verifies `count` JWTs as bouncer_verifier_verify() does each of them; `tokens` is an array of that many. They
/// are not kept. With remote keys, the whole of it waits for keys no longer than one token would. `threads`, the result and
/// the failures are as for bouncer_verify_tokens().
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
        Ok(verifier.0.verify_batch(&tokens, threads).into())
    })
}

/// Verifies as bouncer_verifier_verify_batch() does, but never waits: for callers that must not block a thread. The verdicts
/// that a fetch of keys could change have a ticket: bouncer_batch_ticket().
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
        Ok(verifier.0.verify_batch_now(&tokens, threads).into())
    })
}

/// The texts of an array.
///
/// # Safety
/// Unless `count` is 0, `texts` must be NULL or an array of `count`, each of them as [`bytes`] demands, during `'a`.
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

/// The number of verdicts; 0 if `batch` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_count(batch: Option<&bouncer_batch>) -> usize {
    read(0, || batch.map_or(0, |batch| batch.verdicts.len()))
}

/// The verdict at `index`: BOUNCER_STATUS_OK, or why the token is refused. BOUNCER_STATUS_INVALID_ARGUMENT if there
/// is none, BOUNCER_STATUS_NULL_ARGUMENT if `batch` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_status(batch: Option<&bouncer_batch>, index: usize) -> bouncer_status {
    read(bouncer_status::Internal, || match batch {
        None => bouncer_status::NullArgument,
        Some(batch) => batch.verdicts.get(index).map_or(bouncer_status::InvalidArgument, |verdict| {
            verdict.as_ref().map_or_else(|error| error.status, |_| bouncer_status::Ok)
        }),
    })
}

/// The verified token at `index`; NULL if it is refused, there is none, or `batch` is NULL. It belongs to `batch` and
/// is valid as long as that: do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_token(batch: Option<&bouncer_batch>, index: usize) -> Option<&bouncer_token> {
    read(None, || batch?.verdicts.get(index)?.as_ref().ok())
}

/// Why the token at `index` is refused; NULL if it is not, there is none, or `batch` is NULL. It belongs to `batch` and
/// is valid as long as that: do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_error(batch: Option<&bouncer_batch>, index: usize) -> Option<&bouncer_error> {
    read(None, || batch?.verdicts.get(index)?.as_ref().err())
}

/// The ticket of the fetch that could change the verdict at `index` of bouncer_verifier_verify_batch_now(): wait for it
/// (bouncer_verifier_wait()) and give it to bouncer_verifier_verify_now() with the same token. 0 if the verdict is final,
/// there is none, or `batch` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_ticket(batch: Option<&bouncer_batch>, index: usize) -> u64 {
    let ticket = || batch?.tickets.get(index).copied().flatten();
    read(0, || ticket().map_or(0, FetchTicket::to_bits))
}

/// The verdicts of a batch in columns, laid out as Apache Arrow does (its "Columnar Format", 1.0): buffers that may be
/// handed to it as they are. They belong to the batch.
///
/// In a validity bitmap the bit i, counted from the lowest of the first byte, is set where row i has a value.
#[repr(C)]
pub struct bouncer_columns {
    /// The number of rows, one for each token.
    pub rows: usize,
    /// The bouncer_status of each: UInt32.
    pub status: *const u32,
    /// "exp" of the tokens that passed, in seconds since 1970-01-01T00:00:00Z: Int64; 0 where there is none.
    pub exp: *const i64,
    /// Which rows have an "exp".
    pub exp_validity: *const u8,
    /// Where in `uid_data` the "uid" of each begins, and one value more for the end: the offsets of a LargeUtf8.
    pub uid_offsets: *const i64,
    /// The "uid"s of the tokens that passed, one behind the other, in UTF-8.
    pub uid_data: *const c_char,
    /// Which rows have a "uid".
    pub uid_validity: *const u8,
}

/// Puts the verdicts as columns in `*columns` and gives 1; gives 0 and leaves it alone if an argument is NULL. Valid as
/// long as `batch`. With no rows, only `uid_offsets` may be read.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_batch_columns(
    batch: Option<&bouncer_batch>,
    columns: Option<&mut MaybeUninit<bouncer_columns>>,
) -> i32 {
    read(0, || {
        let (Some(batch), Some(columns)) = (batch, columns) else { return 0 };
        let made = batch.columns.get_or_init(|| {
            let verdicts = batch.verdicts.iter();
            TokenColumns::of_rows(verdicts.map(|verdict| match verdict {
                Ok(token) => Ok(&token.token),
                Err(error) => Err(error.status as u32),
            }))
        });
        columns.write(bouncer_columns {
            rows: batch.verdicts.len(),
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
