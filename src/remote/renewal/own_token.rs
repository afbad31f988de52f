//! The service's own token. Its text never appears in a log.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The service's own token. Cheap to clone. Dropping the last clone wipes the token from memory.
///
/// It dereferences to the token's text. [`OwnToken::authorization`] returns the value of the
/// Authorization header. `Debug` shows neither.
#[derive(Clone)]
pub struct OwnToken(Arc<Inner>);

struct Inner {
    /// The value of the Authorization header. It ends with the token.
    authorization: Zeroizing<String>,
    token_at: usize,
    expires_at: Option<i64>,
    generation: u64,
}

impl OwnToken {
    pub(super) fn new(prefix: &str, token: &str, expires_at: Option<i64>, generation: u64) -> Self {
        let mut authorization = Zeroizing::new(String::with_capacity(prefix.len() + token.len()));
        authorization.push_str(prefix);
        authorization.push_str(token);
        Self(Arc::new(Inner { authorization, token_at: prefix.len(), expires_at, generation }))
    }

    /// Returns the token's text.
    pub fn as_str(&self) -> &str {
        self.0.authorization.get(self.0.token_at..).unwrap_or_default()
    }

    /// Returns the value of the Authorization header: by default `token=<token>` for DC/OS, and
    /// `Bearer <token>` otherwise.
    pub fn authorization(&self) -> &str {
        &self.0.authorization
    }

    /// Returns the token's own "exp", in seconds since 1970 by the issuer's clock. `None` if the
    /// token has no "exp", even if its source set a lifetime. For that lifetime see
    /// [`crate::TokenRenewerStatus::expires_in`].
    pub fn expires_at(&self) -> Option<i64> {
        self.0.expires_at
    }

    /// Returns the number of the token: 1 for the first token of a renewer, and one more for each
    /// new one.
    pub fn generation(&self) -> u64 {
        self.0.generation
    }
}

impl Deref for OwnToken {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for OwnToken {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for OwnToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnToken").field("expires_at", &self.0.expires_at).finish_non_exhaustive()
    }
}
