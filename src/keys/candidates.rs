//! Which keys of a set may have signed a token.

/// The most signatures verified for one token, so that a set of like keys does not multiply the
/// cost of a forgery.
pub(crate) const MAX_CANDIDATES: usize = 4;

/// Indices of the keys to try, without an allocation.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Candidates {
    /// Of the token's signature: keys whose signatures have another length cannot have made it.
    pub(super) signature_len: usize,
    indices: [usize; MAX_CANDIDATES],
    len: usize,
    has_match: bool,
    has_more: bool,
}

impl Candidates {
    pub(super) fn for_signature_of(signature_len: usize) -> Self {
        Self { signature_len, ..Self::default() }
    }

    /// Takes note of a key that the token's header names; `index` is `None` if its signatures have
    /// another length.
    pub(super) fn push(&mut self, index: Option<usize>) {
        self.has_match = true;
        let Some(index) = index else { return };
        match self.indices.get_mut(self.len) {
            Some(free) => {
                *free = index;
                self.len += 1;
            }
            None => self.has_more = true,
        }
    }

    /// No key matches the token's header.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_match
    }

    /// Some keys are not tried, because of [`MAX_CANDIDATES`].
    pub(super) fn has_more(&self) -> bool {
        self.has_more
    }

    pub(crate) fn as_slice(&self) -> &[usize] {
        self.indices.get(..self.len).unwrap_or_default()
    }

    /// The same keys, to be tried in another order: `index` comes first, if it is among them.
    pub(super) fn starting_with(mut self, index: usize) -> Self {
        let indices = self.indices.get_mut(..self.len).unwrap_or_default();
        if let Some(at) = indices.iter().position(|&other| other == index) {
            indices.swap(0, at);
        }
        self
    }
}
