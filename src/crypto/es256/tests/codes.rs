//! A public key with the tables of each code, and the comparison of their verdicts with aws-lc and
//! the crate p256.

use super::signer::Reference;
use crate::crypto::es256::key::Tables;
use crate::crypto::es256::signature::Verdict;

#[cfg(ifma)]
use super::cpu::cpu;
#[cfg(ifma)]
use crate::crypto::es256::generator;
#[cfg(ifma)]
use crate::crypto::es256::key::{LANES, Lane, verdicts};
#[cfg(ifma)]
use crate::crypto::es256::point::AffinePoint;
#[cfg(ifma)]
use crate::crypto::es256::table::{Radix, Table, TablePair};
#[cfg(ifma)]
use crate::crypto::es256::vector::verify::{Verify, VerifyLanes};
#[cfg(ifma)]
use crate::crypto::vector::{portable::Portable, simd::Simd as _};

/// A public key with the tables of each code.
pub(super) struct Key<'a> {
    pub(super) reference: &'a Reference,
    pub(super) words: Tables,
    /// `None` on a CPU without AVX-512 IFMA.
    #[cfg(ifma)]
    pub(super) cpu: Option<Tables>,
    #[cfg(ifma)]
    pub(super) limbs: TablePair,
}

impl<'a> Key<'a> {
    pub(super) fn new(reference: &'a Reference, window: usize) -> Self {
        let (x, y) = (&reference.x, &reference.y);
        Self {
            words: Tables::with_words(x, y, window).unwrap(),
            #[cfg(ifma)]
            cpu: cpu().map(|cpu| Tables::with_vectors(cpu, x, y, window).unwrap()),
            #[cfg(ifma)]
            limbs: TablePair {
                generator: generator::table(Radix::Limbs),
                key: Table::new(&AffinePoint::new(x, y).unwrap(), window, Radix::Limbs),
            },
            reference,
        }
    }
}

/// A key, a digest and a signature.
pub(super) type Of<'a> = (&'a Key<'a>, [u8; 32], [u8; 64]);

/// Numbers of verdicts.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) valid: usize,
    pub(super) invalid: usize,
    pub(super) differences: usize,
    /// With 64-bit words, with one signature in the lanes, and with a signature in each lane.
    pub(super) undecided: [usize; 3],
}

impl Counts {
    fn add(&mut self, code: usize, verdict: Verdict, is_valid: bool) {
        match verdict {
            Verdict::Undecided => self.undecided[code] += 1,
            Verdict::Valid => self.differences += usize::from(!is_valid),
            Verdict::Invalid => self.differences += usize::from(is_valid),
        }
    }
}

/// Verifies all signatures with each code and compares the verdicts.
pub(super) fn compare(all: &[Of<'_>], counts: &mut Counts) {
    let is_valid: Vec<bool> =
        all.iter().map(|(key, digest, signature)| key.reference.verify(digest, signature)).collect();
    counts.valid += is_valid.iter().filter(|is_valid| **is_valid).count();
    counts.invalid += is_valid.iter().filter(|is_valid| !**is_valid).count();
    for ((key, digest, signature), is_valid) in all.iter().zip(&is_valid) {
        counts.add(0, key.words.verdict(digest, signature), *is_valid);
        #[cfg(ifma)]
        if let Some(tables) = &key.cpu {
            counts.add(1, tables.verdict(digest, signature), *is_valid);
        }
    }
    #[cfg(ifma)]
    for (all, is_valid) in all.chunks(LANES).zip(is_valid.chunks(LANES)) {
        let lanes: Option<Vec<_>> = all
            .iter()
            .map(|(key, digest, signature)| Some(Lane { tables: key.cpu.as_ref()?, digest, signature }))
            .collect();
        let Some(lanes) = lanes else { return };
        for (verdict, is_valid) in verdicts(&lanes).into_iter().zip(is_valid) {
            counts.add(2, verdict, *is_valid);
        }
    }
}

/// The same with the vector code in plain Rust, which asserts the bounds. Slow.
#[cfg(ifma)]
pub(super) fn compare_portable(all: &[Of<'_>], counts: &mut Counts) {
    for all in all.chunks(LANES) {
        let lanes = std::array::from_fn(|i| {
            let (key, digest, signature) = all.get(i)?;
            Some(Verify { tables: &key.limbs, digest, signature })
        });
        let together = Portable::<false>.run(VerifyLanes { lanes });
        for ((key, digest, signature), verdict) in all.iter().zip(together) {
            let is_valid = key.reference.verify(digest, signature);
            let alone = Portable::<false>.run(Verify { tables: &key.limbs, digest, signature });
            counts.add(1, alone, is_valid);
            counts.add(2, verdict, is_valid);
        }
    }
}
