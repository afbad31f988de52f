//! Which keys of a set may have signed a token.

/// The most signatures tried for one token, so that a set of like keys does not multiply the cost of a
/// forgery.
const MAX_CANDIDATES: usize = 4;

/// Indices of the keys to try, without an allocation; what does not fit is not tried.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Candidates {
    indices: [usize; MAX_CANDIDATES],
    len: usize,
}

impl Candidates {
    pub(super) fn push(&mut self, index: usize) {
        if let Some(free) = self.indices.get_mut(self.len) {
            *free = index;
            self.len += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn as_slice(&self) -> &[usize] {
        self.indices.get(..self.len).unwrap_or_default()
    }
}
