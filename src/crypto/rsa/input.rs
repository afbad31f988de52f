//! The input of the kernel for one signature.

use super::constants::Constants;
use super::limbs::{self, Number};
use super::pkcs1;

/// The result is a number that is congruent to the following, mod n:
///
/// - (signature^65537 - encoded message) / R^65536, if there is a subtrahend.
/// - signature^65537, if there is none.
#[derive(Clone, Copy)]
pub(super) struct Input<'a, const N: usize> {
    pub(super) key: &'a Constants<N>,
    /// Below n.
    pub(super) signature: Number<N>,
    /// The subtrahend of the encoded message with EMSA-PKCS1-v1_5.
    pub(super) subtrahend: Option<Number<{ pkcs1::BLOCKS }>>,
}

impl<'a, const N: usize> Input<'a, N> {
    /// The input of an unused lane.
    pub(super) fn unused(key: &'a Constants<N>) -> Self {
        Self { key, signature: limbs::zero(), subtrahend: Some(limbs::zero()) }
    }
}
