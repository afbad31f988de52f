//! The tables of a key. They verify one signature, or up to eight at once, without doublings.

use super::equation::Equation;
use super::table::{MAX_WINDOW, MIN_WINDOW, Table};
use super::tables::Pair;
#[cfg(ifma)]
use super::{
    lanes::LanesHold,
    sha512_lanes::{self, Parts},
    single::Holds,
};
use super::{plain, self_test};
#[cfg(ifma)]
use crate::crypto::vector::{avx512::Avx512, block::LANES, simd::Simd};

/// The tables of an Ed25519 public key.
pub(in crate::crypto) struct Tables {
    key: [u8; 32],
    pub(super) pair: Pair,
    /// If the CPU has AVX-512 IFMA, the vector code is used.
    #[cfg(ifma)]
    cpu: Option<Avx512>,
}

/// One signature of a batch.
#[cfg(ifma)]
pub(in crate::crypto) struct Lane<'a> {
    pub(in crate::crypto) tables: &'a Tables,
    pub(in crate::crypto) message: &'a [u8],
    pub(in crate::crypto) signature: &'a [u8],
}

impl Tables {
    /// Returns the number of bytes of one key's table. The table of the generator, which all keys
    /// share, is not included.
    pub(in crate::crypto) const fn memory(window: usize) -> usize {
        Table::memory(window)
    }

    /// `window` is from 5 to 8. Tables with a larger window are larger and faster. Returns `None`
    /// if `point` is not the canonical encoding of a point, or if the key fails the self-test. The
    /// neutral element always fails it.
    pub(in crate::crypto) fn new(point: &[u8; 32], window: usize) -> Option<Self> {
        Self::untested(point, window).filter(Self::passes_self_test)
    }

    /// As [`Tables::new`], without the self-test.
    pub(super) fn untested(point: &[u8; 32], window: usize) -> Option<Self> {
        if !(MIN_WINDOW..=MAX_WINDOW).contains(&window) {
            return None;
        }
        Some(Self {
            key: *point,
            pair: Pair::new(point, window)?,
            #[cfg(ifma)]
            cpu: Avx512::detect(),
        })
    }

    /// Returns whether `signature` is valid for `message`: whether it is R and S with S below L,
    /// and the equation of RFC 8032 §5.1.7 holds without the cofactor. The caller must have checked
    /// the rules of [`super::rules`].
    pub(in crate::crypto) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        Equation::new(&self.key, message, signature).is_some_and(|equation| self.holds(&equation))
    }

    fn holds(&self, equation: &Equation) -> bool {
        #[cfg(ifma)]
        if let Some(cpu) = self.cpu {
            return cpu.run(Holds { tables: &self.pair, equation });
        }
        plain::holds(&self.pair, equation)
    }

    fn passes_self_test(&self) -> bool {
        let Some(equations) = self_test::equations(&self.key) else { return false };
        #[cfg(ifma)]
        if let Some(cpu) = self.cpu {
            let lanes_hold = |equations: &[Equation; LANES]| {
                cpu.run(LanesHold { lanes: &equations.map(|equation| Some((&self.pair, equation))) })
            };
            if !self_test::lanes_pass(&equations, lanes_hold)
                || !sha512_lanes::passes_self_test(cpu, &self.key)
            {
                return false;
            }
        }
        self_test::passes(&equations, |equation| self.holds(equation))
    }
}

/// Verifies up to [`LANES`] signatures at once. Bit i of the result is set if signature i is valid.
/// The tables may have different windows.
#[cfg(ifma)]
pub(in crate::crypto) fn verify_lanes(batch: &[Lane<'_>]) -> u8 {
    debug_assert!(batch.len() <= LANES);
    match batch.first().and_then(|lane| lane.tables.cpu) {
        Some(cpu) => cpu.run(LanesHold { lanes: &equations(cpu, batch) }),
        None => one_by_one(batch),
    }
}

#[cfg(ifma)]
fn equations<'a>(cpu: Avx512, batch: &'a [Lane<'_>]) -> [Option<(&'a Pair, Equation)>; LANES] {
    let mut messages: [Parts<'_>; LANES] = [[&[]; 3]; LANES];
    let mut lanes = [None; LANES];
    for (i, Lane { tables, message, signature }) in batch.iter().enumerate().take(LANES) {
        let Some(equation) = Equation::without_k(signature) else { continue };
        messages[i] = [&signature[..32], &tables.key, message];
        lanes[i] = Some((&tables.pair, equation));
    }
    let digests = sha512_lanes::digests(cpu, &messages);
    for (lane, digest) in lanes.iter_mut().zip(&digests) {
        *lane = lane.map(|(pair, equation): (_, Equation)| (pair, equation.with_digest(digest)));
    }
    lanes
}

/// Used on a CPU without the instructions.
#[cfg(ifma)]
#[cold]
fn one_by_one(batch: &[Lane<'_>]) -> u8 {
    let verify = |lane: &Lane<'_>| lane.tables.verify(lane.message, lane.signature);
    batch.iter().enumerate().map(|(i, lane)| u8::from(verify(lane)) << i).sum()
}
