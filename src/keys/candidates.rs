//! The keys of a set that may have signed a token: the candidates.

/// Maximum number of keys tried for one token. This limit bounds the cost of a forged token if many
/// keys of a set match.
pub(crate) const MAX_CANDIDATES: usize = 4;

/// Indices of the keys to try. The array is inline, so this type needs no heap allocation.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Candidates {
    /// Length of the token's signature. A key whose signatures have another length cannot have
    /// signed the token.
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

    /// Adds a key that matches the token's header. `index` is `None` if the key's signatures have
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

    /// Returns true if no key matches the token's header.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_match
    }

    /// Returns whether more than [`MAX_CANDIDATES`] keys match.
    pub(super) fn has_more(&self) -> bool {
        self.has_more
    }

    pub(crate) fn as_slice(&self) -> &[usize] {
        self.indices.get(..self.len).unwrap_or_default()
    }

    /// Moves `index` to the front if it is among the candidates.
    pub(super) fn starting_with(mut self, index: usize) -> Self {
        let indices = self.indices.get_mut(..self.len).unwrap_or_default();
        if let Some(at) = indices.iter().position(|&other| other == index) {
            indices.swap(0, at);
        }
        self
    }
}
