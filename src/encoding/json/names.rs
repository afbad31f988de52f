//! Finds duplicate names in one object.

use super::invalid::{Invalid, Rule};
use std::borrow::Cow;

/// The names of one object. The first 16 names are compared as they are added, without an
/// allocation. Further names, and names with escapes, are sorted at the end, so that even 100,000
/// names do not take quadratic time.
pub(super) struct Names<'a> {
    few: [&'a [u8]; Names::FEW],
    len: usize,
    /// A set of 256 bits: the [`Names::bit`] of each name in `few`. If the bit of a name is not
    /// set, `few` does not contain the name.
    seen: [u64; 4],
    /// The other names, each with its position in the document.
    many: Vec<(Cow<'a, [u8]>, usize)>,
}

impl<'a> Names<'a> {
    const FEW: usize = 16;

    pub(super) fn new() -> Self {
        Self { few: [&[]; Names::FEW], len: 0, seen: [0; 4], many: Vec::new() }
    }

    /// Returns a cheap hash of the name: the index of its bit in `seen`.
    fn bit(name: &[u8]) -> u8 {
        let at = |i: usize| u32::from(name.get(i).copied().unwrap_or(0));
        let [first, middle, last] = [0, name.len() / 2, name.len().wrapping_sub(1)].map(at);
        let features = first | middle << 8 | last << 16 | (name.len() as u32) << 24;
        (features.wrapping_mul(0x9e37_79b9) >> 24) as u8
    }

    /// Adds the name that begins at `start`. Returns false if `few` already contains it.
    #[inline(always)]
    #[expect(clippy::ptr_arg, reason = "borrowed and owned names are stored in different places")]
    pub(super) fn add(&mut self, name: &Cow<'a, [u8]>, start: usize) -> bool {
        let bit = Self::bit(name);
        let mask = 1 << (bit % 64);
        let Some(seen) = self.seen.get_mut(usize::from(bit / 64)) else { return false };
        if *seen & mask != 0 && self.few.get(..self.len).unwrap_or_default().contains(&&**name) {
            return false;
        }
        match (name, self.few.get_mut(self.len)) {
            (Cow::Borrowed(name), Some(free)) if self.many.is_empty() => {
                *seen |= mask;
                *free = name;
                self.len += 1;
            }
            _ => self.many.push((name.clone(), start)),
        }
        true
    }

    /// Returns an error if a name of `many` is a duplicate. [`Names::add`] has checked `few`.
    pub(super) fn all_differ(&mut self) -> Result<(), Invalid> {
        self.many.sort_unstable();
        let twice = self.many.windows(2).find_map(|pair| match pair {
            [(a, _), (b, start)] if a == b => Some(*start),
            _ => None,
        });
        twice.map_or(Ok(()), |start| Invalid::err(Rule::DuplicateName, start))
    }
}
