//! The keys of a verifier's entry.

use super::key_source::KeySource;
use crate::keys::jwk_set::JwkSet;
use std::sync::Arc;

/// The keys of a [`crate::Verifier`]: a [`JwkSet`], which never changes, or a [`KeySource`] such as
/// `RemoteJwkSet`, whose keys may change. Both convert with `into()`.
#[derive(Debug, Clone)]
pub struct Keys(pub(super) Source);

#[derive(Debug, Clone)]
pub(super) enum Source {
    Fixed(Arc<JwkSet>),
    Changing(Arc<dyn KeySource>),
}

impl From<JwkSet> for Keys {
    fn from(keys: JwkSet) -> Self {
        Arc::new(keys).into()
    }
}

impl From<Arc<JwkSet>> for Keys {
    fn from(keys: Arc<JwkSet>) -> Self {
        Self(Source::Fixed(keys))
    }
}

impl<S: KeySource + 'static> From<S> for Keys {
    fn from(source: S) -> Self {
        Self(Source::Changing(Arc::new(source)))
    }
}

impl Keys {
    /// Returns whether another verifier or entry has the same source.
    #[cfg(feature = "remote")]
    pub(crate) fn is_shared(&self) -> bool {
        matches!(&self.0, Source::Changing(source) if Arc::strong_count(source) > 1)
    }

    /// Returns the source, if it is a `T`.
    #[cfg(feature = "remote")]
    pub(crate) fn source<T: KeySource + 'static>(&self) -> Option<&T> {
        match &self.0 {
            Source::Fixed(_) => None,
            Source::Changing(source) => (&**source as &dyn std::any::Any).downcast_ref(),
        }
    }
}
