//! Verifies signatures with this library's own code, and checks samples of its results with the
//! reference back end. That is aws-lc, or RustCrypto in a build without aws-lc.
//!
//! The reference verifies a sample of the accepted signatures again. It also verifies rejected
//! signatures again, within a budget. If the two results differ, the reference's result counts, and
//! the whole process stops using the code of that kind of key.
//!
//! A second verification takes 4 times (RSA) to 17 times (ES256) as long as the first one alone. In
//! a flood of forged signatures, most must therefore not be verified again. Each verified signature
//! adds 1/[`PRICE`] of a second verification to a budget. Each of 16 groups of threads has its own
//! budget, of at most 16 second verifications. So:
//!
//! - If fewer than one in 256 signatures is wrong, and there are no long bursts, every rejection is
//!   verified again. A signature that is rejected wrongly is then accepted, and the code is no
//!   longer used.
//! - In a flood, one in 256 signatures is verified again, which adds 2 % (RSA) to 7 % (ES256) to
//!   the time. A signature that faulty code rejects wrongly then stays rejected with a probability
//!   of 255/256. The fault is found after 256 such signatures on average. If the budget is spent,
//!   the rejection stands.
//!
//! The ES256 code cannot decide about some signatures that were constructed for this purpose: a
//! point is then added to itself or to its negative. The reference verifies these signatures. This
//! is not a difference, because the code has not accepted or rejected them.
//!
//! The budget does not depend on time, only on the number of verified signatures.

use super::acceleration::unsuitable_build;
use super::kernel::{Kernel, Kind};
use super::message::Message;
use super::verdict::{InvalidSignature, KeyVerdict};
use crate::jose::algorithm::Algorithm;
use crate::jose::public_key::PublicKey;
use crate::striped::Striped;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// One in `SAMPLE` accepted signatures is verified again, which adds 0.4 % (RSA) to 2 % (ES256) to
/// the time.
const SAMPLE: u32 = 1024;
/// Number of verified signatures after which the budget allows one more second verification of a
/// rejected signature.
const PRICE: u32 = 256;
/// Maximum budget of a group of threads, in second verifications.
const RESERVE: u32 = 16;

/// Whether all compared results of a kind of keys were the same so far.
pub(super) struct Trust(AtomicBool);

/// The state of the whole process for each kind of keys, independent of key sets: if the CPU or the
/// code is wrong for one key, it is not trusted for any other of that kind.
static IN_THIS_PROCESS: [Trust; Kind::COUNT] = [const { Trust::new() }; Kind::COUNT];

impl Trust {
    const fn new() -> Self {
        Self(AtomicBool::new(true))
    }

    fn holds(&self) -> bool {
        self.0.load(Relaxed)
    }
}

pub(super) struct Accelerated {
    kernel: Kernel,
    trust: &'static Trust,
    watch: Striped<Watch>,
}

#[derive(Default)]
struct Watch {
    accepted: AtomicU32,
    /// The spent part of the budget, in verified signatures: each second verification of a rejected
    /// signature adds [`PRICE`], and each verified signature subtracts 1. Threads that share this
    /// number may overwrite each other's changes. The budget is then slightly too small or too
    /// large, which is harmless.
    debt: AtomicU32,
}

impl Watch {
    fn pay(&self) {
        let debt = self.debt.load(Relaxed);
        if debt > 0 {
            self.debt.store(debt - 1, Relaxed);
        }
    }

    /// Takes a second verification from the budget. Returns false if the budget is spent.
    fn try_spend(&self) -> bool {
        let debt = self.debt.load(Relaxed);
        let is_within_budget = debt <= (RESERVE - 1) * PRICE;
        if is_within_budget {
            self.debt.store(debt + PRICE, Relaxed);
        }
        is_within_budget
    }

    fn is_in_sample(&self) -> bool {
        self.accepted.fetch_add(1, Relaxed) % SAMPLE == SAMPLE - 1
    }
}

impl Accelerated {
    /// Returns `None` in these cases:
    ///
    /// - There is no code for this kind of key, or the CPU lacks the instructions.
    /// - The code has returned a wrong result in this process.
    /// - The build is not suitable: [`unsuitable_build`].
    pub(super) fn new(key: &PublicKey, max_table_memory: usize) -> Option<Self> {
        if unsuitable_build().is_some() {
            return None;
        }
        Self::trusted_by(&IN_THIS_PROCESS, key, max_table_memory)
    }

    fn trusted_by(
        trust: &'static [Trust; Kind::COUNT],
        key: &PublicKey,
        max_table_memory: usize,
    ) -> Option<Self> {
        let kernel = Kernel::new(key, max_table_memory)?;
        let trust = trust.get(kernel.kind() as usize).filter(|trust| trust.holds())?;
        Some(Self { kernel, trust, watch: Striped::default() })
    }

    /// Returns false if any result of this kind of keys has differed from the reference's in this
    /// process.
    pub(super) fn is_trusted(&self) -> bool {
        self.trust.holds()
    }

    /// Returns whether this code verifies the next signature.
    pub(super) fn is_in_use(&self) -> bool {
        self.is_trusted() && self.kernel.is_ready()
    }

    /// Returns the code, for several signatures at once. Pass each of its results to
    /// [`Accelerated::confirm`].
    pub(super) fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// Verifies a signature. `reference` verifies it with the reference back end.
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        message: &Message<'_>,
        signature: &[u8],
        reference: impl FnOnce() -> Result<(), InvalidSignature>,
    ) -> KeyVerdict {
        if self.is_trusted()
            && let Some(accepts) = self.kernel.verify(algorithm, message, signature)
        {
            return self.confirm(accepts, reference);
        }
        let verdict = reference();
        if verdict.is_ok() && self.is_trusted() {
            self.kernel.count_use();
        }
        verdict.into()
    }

    /// Converts the code's result to a verdict. `accepts` is whether the code accepts the
    /// signature. Calls `reference` for a sample of accepted signatures.
    pub(super) fn confirm(
        &self,
        accepts: bool,
        reference: impl FnOnce() -> Result<(), InvalidSignature>,
    ) -> KeyVerdict {
        let watch = self.watch.mine();
        watch.pay();
        if !accepts {
            return KeyVerdict::RejectedByKernel;
        }
        if self.is_trusted() && !watch.is_in_sample() {
            return KeyVerdict::Valid;
        }
        let verdict = reference();
        if verdict.is_err() {
            self.distrust("accepts", "rejects");
        }
        verdict.into()
    }

    /// Verifies a signature again after [`KeyVerdict::RejectedByKernel`], if the budget allows it.
    pub(super) fn verify_again(
        &self,
        reference: impl FnOnce() -> Result<(), InvalidSignature>,
    ) -> Result<(), InvalidSignature> {
        // Another thread may have found a wrong result after the kernel rejected this signature.
        // The rejection is then not reliable: verify the signature again, without a budget.
        if self.is_trusted() && !self.watch.mine().try_spend() {
            return Err(InvalidSignature);
        }
        let verdict = reference();
        if verdict.is_ok() {
            self.distrust("rejects", "accepts");
        }
        verdict
    }

    #[cfg_attr(not(feature = "remote"), expect(unused_variables, reason = "there is no log"))]
    fn distrust(&self, own: &str, aws_lc: &str) {
        self.trust.0.store(false, Relaxed);
        #[cfg(feature = "remote")]
        log::error!(
            "the accelerated {kind} code {own} a signature that aws-lc {aws_lc}: only aws-lc is used for {kind} \
             from now on. Please report this with the name of the CPU",
            kind = self.kernel.kind(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::base64url;
    use crate::jose::jwk::Jwk;

    /// A separate `Trust`, so that other tests in this process still use the kernel.
    fn trust() -> &'static [Trust; Kind::COUNT] {
        Box::leak(Box::new([const { Trust::new() }; Kind::COUNT]))
    }

    /// The public key of RFC 8037 appendix A, whose tables need no instructions of the CPU.
    fn key() -> PublicKey {
        Jwk::from_slice(br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)
            .unwrap()
            .public_key()
            .clone()
    }

    fn accelerated() -> Accelerated {
        Accelerated::trusted_by(trust(), &key(), 1 << 30).unwrap()
    }

    fn reject(accelerated: &Accelerated, reference: Result<(), InvalidSignature>) -> (bool, bool) {
        assert_eq!(
            accelerated.confirm(false, || panic!("aws-lc must not run before all keys are tried")),
            KeyVerdict::RejectedByKernel
        );
        let mut called = false;
        let verdict = accelerated.verify_again(|| {
            called = true;
            reference
        });
        (called, verdict.is_ok())
    }

    #[test]
    fn a_rejected_signature_is_verified_again_and_a_difference_disables_the_kernel() {
        let accelerated = accelerated();
        assert_eq!(reject(&accelerated, Err(InvalidSignature)), (true, false));
        assert!(accelerated.is_trusted());
        assert_eq!(reject(&accelerated, Ok(())), (true, true));
        assert!(!accelerated.is_trusted());
        // From now on only aws-lc is used.
        let message = Message::new(b"");
        assert_eq!(accelerated.verify(Algorithm::Ed25519, &message, &[1; 64], || Ok(())), KeyVerdict::Valid);
        assert_eq!(
            accelerated.verify(Algorithm::Ed25519, &message, &[1; 64], || Err(InvalidSignature)),
            KeyVerdict::Invalid
        );
        // Batches that the kernel had already started are verified again by aws-lc, without a
        // budget.
        assert_eq!(accelerated.confirm(true, || Err(InvalidSignature)), KeyVerdict::Invalid);
        for _ in 0..10 * RESERVE {
            assert_eq!(reject(&accelerated, Ok(())), (true, true));
        }
    }

    #[test]
    fn a_difference_disables_the_kernel_for_every_key_of_the_process() {
        let trust = trust();
        let other = || Accelerated::trusted_by(trust, &key(), 0);
        let (one, before) = (other().unwrap(), other().unwrap());
        assert_eq!(reject(&one, Ok(())), (true, true));
        assert!(!before.is_trusted());
        // Keys that are loaded later do not use the kernel either.
        assert!(other().is_none());
        // The trust of this test process does not change.
        assert!(IN_THIS_PROCESS.iter().all(Trust::holds));
    }

    #[test]
    fn in_a_flood_one_in_256_wrong_signatures_is_verified_again() {
        let accelerated = accelerated();
        let verified_again =
            |count: u32| (0..count).filter(|_| reject(&accelerated, Err(InvalidSignature)).0).count() as u32;
        assert_eq!(verified_again(RESERVE), RESERVE);
        let flood = 100 * PRICE;
        let second = verified_again(flood);
        assert!((99..=101).contains(&second), "{second}");
        assert!(accelerated.is_trusted());
        // Accepted signatures also add to the budget, up to its maximum.
        for (accepted, expected) in [(PRICE, 1), (4 * PRICE, 4), (1000 * PRICE, RESERVE)] {
            for _ in 0..accepted {
                assert_eq!(accelerated.confirm(true, || Ok(())), KeyVerdict::Valid);
            }
            let second = verified_again(RESERVE + 5);
            assert!((expected..=expected + 1).contains(&second), "{second} for {accepted} accepted ones");
        }
    }

    #[test]
    fn a_kernel_that_rejects_everything_is_disabled_even_in_a_flood() {
        let accelerated = accelerated();
        // One in ten signatures is valid, in a mixed order. In a regular order, every 256th
        // signature might never be a valid one.
        let mut wrongly_rejected = 0;
        for i in 0_u32.. {
            let is_valid = i.wrapping_mul(0x9e37_79b9) >> 16 & 0xff < 26;
            let (_, passes) = reject(&accelerated, if is_valid { Ok(()) } else { Err(InvalidSignature) });
            if passes {
                break;
            }
            wrongly_rejected += u32::from(is_valid);
        }
        assert!(!accelerated.is_trusted());
        assert!(wrongly_rejected < 10 * PRICE, "{wrongly_rejected}");
    }

    #[test]
    fn a_sample_of_accepted_signatures_is_verified_again_and_a_difference_disables_the_kernel() {
        let accelerated = accelerated();
        let mut calls = 0;
        for _ in 0..4 * SAMPLE {
            let reference = || {
                calls += 1;
                Ok(())
            };
            assert_eq!(accelerated.confirm(true, reference), KeyVerdict::Valid);
        }
        assert_eq!(calls, 4);
        assert!(accelerated.is_trusted());
        let verdicts: Vec<_> =
            (0..SAMPLE).map(|_| accelerated.confirm(true, || Err(InvalidSignature))).collect();
        assert_eq!(verdicts.iter().filter(|&&verdict| verdict == KeyVerdict::Invalid).count(), 1);
        assert!(!accelerated.is_trusted());
    }

    /// The signature of RFC 8037 appendix A.4.
    #[test]
    fn most_accepted_signatures_are_not_verified_again() {
        let accelerated = accelerated();
        accelerated.kernel().compute_tables();
        let message = Message::new(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
        let signature = base64url::decode(
            b"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        );
        let verdict =
            accelerated.verify(Algorithm::Ed25519, &message, &signature.unwrap(), || Err(InvalidSignature));
        assert_eq!(verdict, KeyVerdict::Valid);
        assert!(accelerated.is_trusted());
    }

    #[test]
    fn only_valid_signatures_earn_a_key_its_tables() {
        let accelerated = accelerated();
        let verify = |verdict: Result<(), InvalidSignature>| {
            accelerated.verify(Algorithm::Ed25519, &Message::new(b""), &[1; 64], || verdict)
        };
        for _ in 0..500 {
            assert_eq!(verify(Err(InvalidSignature)), KeyVerdict::Invalid);
        }
        assert!(!accelerated.is_in_use());
        for _ in 0..100 {
            assert!(!accelerated.is_in_use());
            assert_eq!(verify(Ok(())), KeyVerdict::Valid);
        }
        assert!(accelerated.is_in_use());
    }
}
