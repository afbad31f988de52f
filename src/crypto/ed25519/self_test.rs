//! The self-test of each key on this CPU: compares sums of table entries with plain double-and-add.
//! The tables of a key that fails the test are not used.

use super::equation::{Equation, reduced};
use super::point::{Affine, Extended, GENERATOR};
use crate::crypto::hash;
#[cfg(ifma)]
use crate::crypto::vector::block::LANES;
use crate::crypto::wide;

/// Which of [`equations`] each lane checks.
#[cfg(ifma)]
const IN_LANES: [usize; LANES] = [0, 1, 0, 2, 3, 0, 4, 0];

/// Returns an equation that holds, and four that do not.
///
/// There is no message: S and k are pseudorandom numbers that depend only on the key, and R is the
/// result of S B - k A. In each of the other equations, one bit of S, k or R is flipped. If A is
/// the neutral element, k has no effect.
pub(super) fn equations(key: &[u8; 32]) -> Option<[Equation; 5]> {
    let digest = hash::sha512(&[key]);
    let (s, k) = (reduced(&digest), reduced(&hash::sha512(&[&digest])));
    let generator = Affine::decode(&GENERATOR)?;
    let minus_key = Affine::decode(key)?.negate();
    let s_b = Extended::from_affine(&generator).multiply(&s);
    let minus_k_a = Extended::from_affine(&minus_key).multiply(&k);
    let r = wide::from_le_bytes(&s_b.add(&minus_k_a).encode()?);
    let mut equations = [Equation { s, k, r }; 5];
    // S and k may be above L then. They stay below 2^253, which is enough for the tables.
    equations[1].s[0] ^= 1 << 1;
    equations[2].k[0] ^= 1;
    equations[3].r[1] ^= 1 << 20;
    // The sign of x.
    equations[4].r[3] ^= 1 << 63;
    Some(equations)
}

/// Returns whether `holds` is true for the first equation only.
pub(super) fn passes(equations: &[Equation; 5], holds: impl Fn(&Equation) -> bool) -> bool {
    equations.iter().enumerate().all(|(i, equation)| holds(equation) == (i == 0))
}

/// As [`passes`], for eight equations at once.
#[cfg(ifma)]
pub(super) fn lanes_pass(equations: &[Equation; 5], lanes_hold: impl Fn(&[Equation; LANES]) -> u8) -> bool {
    let expected: u8 = IN_LANES.iter().enumerate().map(|(i, &which)| u8::from(which == 0) << i).sum();
    lanes_hold(&IN_LANES.map(|which| equations[which])) == expected
}
