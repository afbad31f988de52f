//! The service's own token.

use super::panic::read;
use super::text::bouncer_str;
use crate::OwnToken;
use std::mem::MaybeUninit;

/// A token that the service sends in its own requests. It is secret. Immutable; any number of
/// threads may read it. Its memory is wiped once no handle and no renewer uses it.
pub struct bouncer_own_token(OwnToken);

impl From<OwnToken> for bouncer_own_token {
    fn from(token: OwnToken) -> Self {
        Self(token)
    }
}

/// Returns the token. Returns no text if `token` is NULL. Valid until `token` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_own_token_text(token: Option<&bouncer_own_token>) -> bouncer_str {
    read(bouncer_str::NONE, || token.map(|token| token.0.as_str()).into())
}

/// Returns the value of the Authorization header: "token=<token>" or "Bearer <token>". Returns no
/// text if `token` is NULL. Valid until `token` is freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_own_token_authorization(token: Option<&bouncer_own_token>) -> bouncer_str {
    read(bouncer_str::NONE, || token.map(|token| token.0.authorization()).into())
}

/// Reads the token's "exp". Returns 1 and puts the seconds since 1970-01-01T00:00:00Z in
/// `*seconds`. Returns 0 and does not write `*seconds` if the token has no "exp" or an argument is
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_own_token_expires_at(
    token: Option<&bouncer_own_token>,
    seconds: Option<&mut MaybeUninit<i64>>,
) -> i32 {
    read(0, || match (token.and_then(|token| token.0.expires_at()), seconds) {
        (Some(time), Some(seconds)) => {
            seconds.write(time);
            1
        }
        _ => 0,
    })
}

/// Returns the generation of the token: 1 for the first token of its renewer, then one more for
/// each new token. Returns 0 if `token` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_own_token_generation(token: Option<&bouncer_own_token>) -> u64 {
    read(0, || token.map_or(0, |token| token.0.generation()))
}

/// Frees a token. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_own_token_free(token: Option<Box<bouncer_own_token>>) {
    read((), || drop(token));
}
