//! RS256 by the kernel in [`super::ifma`], under the eyes of aws-lc.
//!
//! aws-lc verifies again a sample of what the kernel accepts, and what it rejects within a budget.
//! Where the two differ, aws-lc is right, and no key of this process is verified by the kernel any
//! more.
//!
//! A second opinion costs four times as much as the kernel, so a flood of forged signatures must
//! not get one each. Every signature that the kernel looks at pays for one part in [`PRICE`] of a
//! second opinion, and some are in reserve: 16 for each of 16 groups of threads. So:
//!
//! - A service that is sent fewer than one wrong signature in 256, and no long bursts of them, has
//!   every rejection verified again. Whatever the kernel rejects wrongly is accepted then, and ends
//!   its use.
//! - In a flood the cost is one second opinion for 256 signatures: 2 %. What a faulty kernel
//!   rejects wrongly in the flood stays rejected with a probability of 255 in 256, and is found out
//!   after 256 such tokens on average. Nothing is ever accepted because the budget is spent.
//!
//! There is no clock in it: a flood that lasts longer is also looked at more often.

use super::ifma::key as ifma;
use super::message::Message;
use super::verdict::{InvalidSignature, KeyVerdict};
use crate::jose::public_key::PublicKey;
use crate::striped::Striped;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// One in so many signatures that are accepted is verified again, which costs 0.4 % of the time.
const SAMPLE: u32 = 1024;
/// So many signatures pay for a second opinion on one that is rejected.
const PRICE: u32 = 256;
/// So many second opinions may be had before they are paid for.
const RESERVE: u32 = 16;

/// Whether the kernel agreed with aws-lc each time that both were asked.
pub(super) struct Trust(AtomicBool);

/// Of this process, whatever key sets come and go: a CPU or a kernel that is wrong for one key is
/// no better for the next.
static IN_THIS_PROCESS: Trust = Trust::new();

impl Trust {
    const fn new() -> Self {
        Self(AtomicBool::new(true))
    }

    fn holds(&self) -> bool {
        self.0.load(Relaxed)
    }
}

pub(super) struct Accelerated {
    kernel: ifma::Key,
    trust: &'static Trust,
    watch: Striped<Watch>,
}

#[derive(Default)]
struct Watch {
    accepted: AtomicU32,
    /// What the second opinions on rejections have cost and is not paid for yet. Threads that share
    /// it may overwrite each other's payments: the budget is then a little smaller or larger, which
    /// is harmless.
    debt: AtomicU32,
}

impl Watch {
    fn pay(&self) {
        let debt = self.debt.load(Relaxed);
        if debt > 0 {
            self.debt.store(debt - 1, Relaxed);
        }
    }

    fn can_afford_a_second_opinion(&self) -> bool {
        let debt = self.debt.load(Relaxed);
        let can = debt <= (RESERVE - 1) * PRICE;
        if can {
            self.debt.store(debt + PRICE, Relaxed);
        }
        can
    }

    fn is_in_sample(&self) -> bool {
        self.accepted.fetch_add(1, Relaxed) % SAMPLE == SAMPLE - 1
    }
}

impl Accelerated {
    /// `None`: the kernel does not take this key, this CPU has not the instructions, the kernel was
    /// wrong before, or the build is not optimised: then the kernel is slower than aws-lc, and
    /// takes a megabyte of stack.
    pub(super) fn new(key: &PublicKey) -> Option<Self> {
        Self::trusted_by(&IN_THIS_PROCESS, key)
    }

    fn trusted_by(trust: &'static Trust, key: &PublicKey) -> Option<Self> {
        if cfg!(unoptimised) || !trust.holds() {
            return None;
        }
        let PublicKey::Rsa { n, e } = key else { return None };
        Some(Self { kernel: ifma::Key::new(n, e)?, trust, watch: Striped::default() })
    }

    /// Whether the kernel was never wrong.
    pub(super) fn is_trusted(&self) -> bool {
        self.trust.holds()
    }

    /// The kernel, for several signatures at once. Its answer for each goes through
    /// [`Accelerated::judge`].
    pub(super) fn kernel(&self) -> &ifma::Key {
        &self.kernel
    }

    /// `reference` is the verdict of aws-lc.
    pub(super) fn verify(
        &self,
        message: &Message<'_>,
        signature: &[u8],
        reference: impl FnOnce() -> Result<(), InvalidSignature>,
    ) -> KeyVerdict {
        if !self.is_trusted() {
            return reference().into();
        }
        self.judge(self.kernel.verify(message.sha256(), signature), reference)
    }

    /// The verdict where the kernel `accepts` the signature, or rejects it.
    pub(super) fn judge(
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
            self.distrust("accepts", "refuses");
        }
        verdict.into()
    }

    /// The second opinion on [`KeyVerdict::RejectedByKernel`], if there is one to be had.
    pub(super) fn verify_again(
        &self,
        reference: impl FnOnce() -> Result<(), InvalidSignature>,
    ) -> Result<(), InvalidSignature> {
        // A kernel that is no longer trusted rejected it just before that was known.
        if self.is_trusted() && !self.watch.mine().can_afford_a_second_opinion() {
            return Err(InvalidSignature);
        }
        let verdict = reference();
        if verdict.is_ok() {
            self.distrust("refuses", "accepts");
        }
        verdict
    }

    #[cfg_attr(not(feature = "remote"), expect(unused_variables, reason = "there is no log"))]
    fn distrust(&self, kernel: &str, aws_lc: &str) {
        self.trust.0.store(false, Relaxed);
        #[cfg(feature = "remote")]
        log::error!(
            "the accelerated RS256 arithmetic {kernel} what aws-lc {aws_lc}: aws-lc alone verifies from now on. \
             Please report this with the CPU's name"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::base64url;
    use crate::jose::jwk::Jwk;

    /// A trust of its own: other tests of this process need theirs.
    fn trust() -> &'static Trust {
        Box::leak(Box::new(Trust::new()))
    }

    fn key() -> PublicKey {
        let mut n = vec![0xff; 256];
        n[100] = 0x55;
        PublicKey::rsa(&n, &[1, 0, 1]).unwrap()
    }

    /// `None`: this CPU has not the instructions.
    fn accelerated() -> Option<Accelerated> {
        let accelerated = Accelerated::trusted_by(trust(), &key());
        if accelerated.is_none() {
            eprintln!("skipped: this CPU has no AVX-512 IFMA");
        }
        accelerated
    }

    fn refuse(accelerated: &Accelerated, reference: Result<(), InvalidSignature>) -> (bool, bool) {
        assert_eq!(
            accelerated.judge(false, || panic!("not before all keys are tried")),
            KeyVerdict::RejectedByKernel
        );
        let mut asked = false;
        let verdict = accelerated.verify_again(|| {
            asked = true;
            reference
        });
        (asked, verdict.is_ok())
    }

    #[test]
    fn what_the_kernel_refuses_is_verified_again_and_a_difference_is_its_last() {
        let Some(accelerated) = accelerated() else { return };
        assert_eq!(refuse(&accelerated, Err(InvalidSignature)), (true, false));
        assert!(accelerated.is_trusted());
        assert_eq!(refuse(&accelerated, Ok(())), (true, true));
        assert!(!accelerated.is_trusted());
        // From now on only aws-lc is asked.
        let message = Message::new(b"");
        assert_eq!(accelerated.verify(&message, &[0; 256], || Ok(())), KeyVerdict::Valid);
        assert_eq!(accelerated.verify(&message, &[0; 256], || Err(InvalidSignature)), KeyVerdict::Invalid);
        // Of lanes that were under way, too, and without a budget.
        assert_eq!(accelerated.judge(true, || Err(InvalidSignature)), KeyVerdict::Invalid);
        for _ in 0..10 * RESERVE {
            assert_eq!(refuse(&accelerated, Ok(())), (true, true));
        }
    }

    #[test]
    fn a_difference_is_the_kernels_last_for_every_key_of_the_process() {
        let trust = trust();
        let other = || Accelerated::trusted_by(trust, &key());
        let (Some(one), Some(before)) = (other(), other()) else { return };
        assert_eq!(refuse(&one, Ok(())), (true, true));
        assert!(!before.is_trusted());
        // The keys that the next fetch brings.
        assert!(other().is_none());
        // No test has spoilt it for the others.
        assert!(IN_THIS_PROCESS.holds());
    }

    #[test]
    fn a_flood_of_wrong_signatures_gets_one_second_opinion_for_256() {
        let Some(accelerated) = accelerated() else { return };
        let opinions =
            |count: u32| (0..count).filter(|_| refuse(&accelerated, Err(InvalidSignature)).0).count() as u32;
        assert_eq!(opinions(RESERVE), RESERVE);
        let flood = 100 * PRICE;
        let second = opinions(flood);
        assert!((99..=101).contains(&second), "{second}");
        assert!(accelerated.is_trusted());
        // What is accepted pays as well, until the reserve is full.
        for (accepted, expected) in [(PRICE, 1), (4 * PRICE, 4), (1000 * PRICE, RESERVE)] {
            for _ in 0..accepted {
                assert_eq!(accelerated.judge(true, || Ok(())), KeyVerdict::Valid);
            }
            let second = opinions(RESERVE + 5);
            assert!((expected..=expected + 1).contains(&second), "{second} for {accepted} accepted ones");
        }
    }

    #[test]
    fn a_kernel_that_refuses_everything_is_found_out_in_a_flood() {
        let Some(accelerated) = accelerated() else { return };
        // One in ten is valid. The order is random to neither side: this one never meets the 256th
        // by its number.
        let mut wrongly_refused = 0;
        for i in 0_u32.. {
            let is_valid = i.wrapping_mul(0x9e37_79b9) >> 16 & 0xff < 26;
            let (_, passes) = refuse(&accelerated, if is_valid { Ok(()) } else { Err(InvalidSignature) });
            if passes {
                break;
            }
            wrongly_refused += u32::from(is_valid);
        }
        assert!(!accelerated.is_trusted());
        assert!(wrongly_refused < 10 * PRICE, "{wrongly_refused}");
    }

    #[test]
    fn a_sample_of_what_is_accepted_is_verified_again_and_a_difference_is_its_last() {
        let Some(accelerated) = accelerated() else { return };
        let mut asked = 0;
        for _ in 0..4 * SAMPLE {
            let reference = || {
                asked += 1;
                Ok(())
            };
            assert_eq!(accelerated.judge(true, reference), KeyVerdict::Valid);
        }
        assert_eq!(asked, 4);
        assert!(accelerated.is_trusted());
        let verdicts: Vec<_> =
            (0..SAMPLE).map(|_| accelerated.judge(true, || Err(InvalidSignature))).collect();
        assert_eq!(verdicts.iter().filter(|&&verdict| verdict == KeyVerdict::Invalid).count(), 1);
        assert!(!accelerated.is_trusted());
    }

    #[test]
    fn what_the_kernel_accepts_is_not_verified_again() {
        let document: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/data/document_jwks.json")).unwrap();
        let jwk = Jwk::from_slice(document["keys"][0].to_string().as_bytes()).unwrap();
        let Some(accelerated) = Accelerated::trusted_by(trust(), jwk.public_key()) else { return };
        let token = include_str!("../../tests/data/document_token.txt").trim();
        let (input, signature) = token.rsplit_once('.').unwrap();
        let signature = base64url::decode(signature.as_bytes()).unwrap();
        let message = Message::new(input.as_bytes());
        assert_eq!(accelerated.verify(&message, &signature, || Err(InvalidSignature)), KeyVerdict::Valid);
        assert!(accelerated.is_trusted());
    }
}
