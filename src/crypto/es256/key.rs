//! The tables of a key. They verify its signatures.

use super::generator;
use super::point::AffinePoint;
use super::self_test::{self, Sample};
use super::signature::Verdict;
use super::table::{Entry, MAX_WINDOW, MIN_WINDOW, Radix, Table, TablePair};
#[cfg(ifma)]
use super::vector::verify::{Verify, VerifyLanes};
use super::words;
#[cfg(ifma)]
use crate::crypto::vector::avx512::Avx512;
#[cfg(ifma)]
use crate::crypto::vector::simd::Simd;

#[cfg(ifma)]
pub(in crate::crypto) use crate::crypto::vector::block::LANES;

/// An ES256 public key with tables of multiples of its point.
pub(in crate::crypto) struct Tables {
    tables: TablePair,
    /// `None`: the tables are for the code with 64-bit words.
    #[cfg(ifma)]
    simd: Option<Avx512>,
}

/// One signature of a batch.
#[cfg(ifma)]
pub(in crate::crypto) struct Lane<'a> {
    /// Made on a CPU with AVX-512 IFMA.
    pub(in crate::crypto) tables: &'a Tables,
    pub(in crate::crypto) digest: &'a [u8; 32],
    pub(in crate::crypto) signature: &'a [u8],
}

impl Tables {
    /// Returns the number of bytes that the tables of a key take. `window` is the number of bits in
    /// a window, from 5 to 8.
    pub(in crate::crypto) const fn memory(window: usize) -> usize {
        Table::entries(window) * size_of::<Entry>()
    }

    /// `x` and `y` are the coordinates of the public key, big-endian. `window` is from 5 to 8:
    /// larger windows take more memory and make the verification faster. Returns `None` if the
    /// point is not on the curve, if the self-test of this key fails, or for any other window.
    pub(in crate::crypto) fn new(x: &[u8; 32], y: &[u8; 32], window: usize) -> Option<Self> {
        #[cfg(ifma)]
        if let Some(simd) = Avx512::detect() {
            return Self::with_vectors(simd, x, y, window);
        }
        Self::with_words(x, y, window)
    }

    /// The same as [`Tables::new`], for the code with 64-bit words.
    pub(super) fn with_words(x: &[u8; 32], y: &[u8; 32], window: usize) -> Option<Self> {
        let (tables, sample) = prepare(x, y, window, Radix::Words)?;
        let verify = |sample: &Sample| words::verify(&tables, &sample.digest, &sample.signature);
        let passes = self_test::passes(&sample, verify);
        passes.then_some(Self {
            tables,
            #[cfg(ifma)]
            simd: None,
        })
    }

    /// The same as [`Tables::new`], for the code with vectors.
    #[cfg(ifma)]
    pub(super) fn with_vectors(simd: Avx512, x: &[u8; 32], y: &[u8; 32], window: usize) -> Option<Self> {
        let (tables, sample) = prepare(x, y, window, Radix::Limbs)?;
        passes_with_vectors(simd, &tables, &sample).then_some(Self { tables, simd: Some(simd) })
    }

    /// Returns whether `signature` (r || s, RFC 7518 §3.4) is valid for the message with this
    /// SHA-256 digest. Returns `None` if this code cannot decide that. Only signatures that were
    /// constructed for this purpose have this result, and some of them are valid.
    pub(in crate::crypto) fn verify(&self, digest: &[u8; 32], signature: &[u8]) -> Option<bool> {
        self.verdict(digest, signature).is_valid()
    }

    pub(super) fn verdict(&self, digest: &[u8; 32], signature: &[u8]) -> Verdict {
        #[cfg(ifma)]
        if let Some(simd) = self.simd {
            return simd.run(Verify { tables: &self.tables, digest, signature });
        }
        words::verify(&self.tables, digest, signature)
    }
}

/// Verifies up to [`LANES`] signatures at once. Each result is that of [`Tables::verify`]. The keys
/// and their windows may differ.
///
/// All tables must have been made on a CPU with AVX-512 IFMA. Otherwise the result is `None`.
#[cfg(ifma)]
pub(in crate::crypto) fn verify_lanes(batch: &[Lane<'_>]) -> [Option<bool>; LANES] {
    verdicts(batch).map(Verdict::is_valid)
}

#[cfg(ifma)]
pub(super) fn verdicts(batch: &[Lane<'_>]) -> [Verdict; LANES] {
    debug_assert!(batch.len() <= LANES && batch.iter().all(|lane| lane.tables.simd.is_some()));
    let Some(simd) = batch.first().and_then(|lane| lane.tables.simd) else {
        return [Verdict::Undecided; LANES];
    };
    let lanes = std::array::from_fn(|i| {
        let lane = batch.get(i).filter(|lane| lane.tables.simd.is_some())?;
        Some(Verify { tables: &lane.tables.tables, digest: lane.digest, signature: lane.signature })
    });
    simd.run(VerifyLanes { lanes })
}

/// Computes the tables, and a sample for the self-test.
fn prepare(x: &[u8; 32], y: &[u8; 32], window: usize, radix: Radix) -> Option<(TablePair, Sample)> {
    if !(MIN_WINDOW..=MAX_WINDOW).contains(&window) {
        return None;
    }
    let point = AffinePoint::new(x, y)?;
    let sample = Sample::new(&point)?;
    let key = Table::new(&point, window, radix);
    Some((TablePair { generator: generator::table(radix), key }, sample))
}

/// Tests one signature alone, and eight at once of which every other one is wrong.
#[cfg(ifma)]
pub(super) fn passes_with_vectors<S: Simd>(simd: S, tables: &TablePair, sample: &Sample) -> bool {
    let wrong: [Sample; LANES / 2] = std::array::from_fn(|i| sample.wrong(i));
    let lanes = std::array::from_fn(|i| {
        let sample = if i % 2 == 0 { sample } else { &wrong[i / 2] };
        Some(Verify { tables, digest: &sample.digest, signature: &sample.signature })
    });
    let expected = std::array::from_fn(|i| if i % 2 == 0 { Verdict::Valid } else { Verdict::Invalid });
    let verify =
        |sample: &Sample| simd.run(Verify { tables, digest: &sample.digest, signature: &sample.signature });
    self_test::passes(sample, verify) && simd.run(VerifyLanes { lanes }) == expected
}
