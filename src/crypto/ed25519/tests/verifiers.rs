//! All verifiers of a key: the tables with each window, and independent implementations.

use crate::crypto::ed25519::equation::Equation;
use crate::crypto::ed25519::key::Tables;
#[cfg(ifma)]
use crate::crypto::ed25519::key::{Lane, verify_lanes};
use crate::crypto::ed25519::plain;
#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs::signature::{ED25519, ParsedPublicKey};
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};

pub(super) const WINDOWS: [usize; 4] = [5, 6, 7, 8];

pub(super) struct Key {
    pub(super) encoded: [u8; 32],
    /// With each of [`WINDOWS`].
    pub(super) tables: Vec<Tables>,
    pub(super) references: References,
}

impl Key {
    /// Without the self-test, which the neutral element fails.
    pub(super) fn new(encoded: &[u8; 32]) -> Option<Self> {
        let tables = WINDOWS.map(|window| Tables::untested(encoded, window));
        let tables = tables.into_iter().collect::<Option<_>>()?;
        Some(Self { encoded: *encoded, tables, references: References::new(encoded) })
    }
}

/// A signature to verify.
pub(super) struct Case<'a> {
    pub(super) key: &'a Key,
    pub(super) message: Vec<u8>,
    pub(super) signature: [u8; 64],
}

/// aws-lc and ed25519-dalek. A key that they reject verifies no signature.
pub(super) struct References {
    #[cfg(feature = "aws-lc-rs")]
    aws_lc: Option<ParsedPublicKey>,
    dalek: Option<VerifyingKey>,
}

impl References {
    pub(super) fn new(encoded: &[u8; 32]) -> Self {
        Self {
            #[cfg(feature = "aws-lc-rs")]
            aws_lc: ParsedPublicKey::new(&ED25519, encoded).ok(),
            dalek: VerifyingKey::from_bytes(encoded).ok(),
        }
    }

    pub(super) fn aws_lc(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        #[cfg(feature = "aws-lc-rs")]
        return self.aws_lc.as_ref().is_some_and(|key| key.verify_sig(message, signature).is_ok());
        #[cfg(not(feature = "aws-lc-rs"))]
        self.dalek(message, signature)
    }

    /// `verify_strict` also rejects points of small order. `verify` checks only the equation.
    pub(super) fn dalek(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        self.dalek.is_some_and(|key| key.verify(message, &signature).is_ok())
    }
}

/// What verifying many signatures has shown.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) accepted: usize,
    pub(super) rejected: usize,
    pub(super) differences: usize,
}

impl Counts {
    /// Verifies each signature with each window, alone and in a batch, with and without vectors.
    /// Counts the signatures for which a verdict differs from that of aws-lc or ed25519-dalek.
    pub(super) fn verify(&mut self, cases: &[Case<'_>]) {
        for batch in cases.chunks(8) {
            let expected: Vec<_> =
                batch.iter().map(|case| case.key.references.aws_lc(&case.message, &case.signature)).collect();
            let mut same = expected.clone();
            for (i, case) in batch.iter().enumerate() {
                same[i] = case.key.references.dalek(&case.message, &case.signature) == expected[i]
                    && case.key.tables.iter().all(|tables| {
                        let equation = Equation::new(&case.key.encoded, &case.message, &case.signature);
                        let plain = equation.is_some_and(|equation| plain::holds(&tables.pair, &equation));
                        plain == expected[i] && tables.verify(&case.message, &case.signature) == expected[i]
                    });
            }
            #[cfg(ifma)]
            for shift in 0..WINDOWS.len() {
                // The lanes have different windows.
                let lanes = batch.iter().enumerate().map(|(i, case)| Lane {
                    tables: &case.key.tables[(i + shift) % WINDOWS.len()],
                    message: &case.message,
                    signature: &case.signature,
                });
                let verdicts = verify_lanes(&lanes.collect::<Vec<_>>());
                for (i, &expected) in expected.iter().enumerate() {
                    same[i] &= (verdicts >> i & 1 == 1) == expected;
                }
            }
            for ((case, expected), same) in batch.iter().zip(expected).zip(same) {
                *if expected { &mut self.accepted } else { &mut self.rejected } += 1;
                if !same {
                    self.differences += 1;
                    println!("{:x?} {:x?} {:x?}", case.key.encoded, case.message, case.signature);
                }
            }
        }
    }
}
