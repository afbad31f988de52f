//! RS256 by the kernel in [`super::ifma`], under the eyes of aws-lc.
//!
//! A signature that the kernel refuses is verified again, and so is a sample of those that it lets pass. Where the two
//! differ, aws-lc is right, and the kernel is not asked for this key again, as long as the set is in use.

use super::InvalidSignature;
#[cfg(target_arch = "x86_64")]
use super::ifma;
use crate::jose::public_key::PublicKey;
use crate::striped::Striped;
use aws_lc_rs::digest::{SHA256, digest};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// One in so many signatures that pass is verified again, which costs 0.4 % of the time.
const SAMPLE: u32 = 1024;

pub(super) struct Accelerated {
    kernel: ifma::Key,
    differed: AtomicBool,
    passed: Striped<AtomicU32>,
}

impl Accelerated {
    /// `None`: the kernel does not take this key, this CPU has not the instructions, or the build is not optimised:
    /// then the kernel is slower than aws-lc, and takes a megabyte of stack.
    pub(super) fn new(key: &PublicKey) -> Option<Self> {
        if cfg!(unoptimised) {
            return None;
        }
        let PublicKey::Rsa { n, e } = key else { return None };
        let kernel = ifma::Key::new(n, e)?;
        Some(Self { kernel, differed: AtomicBool::new(false), passed: Striped::default() })
    }

    /// Whether the kernel was never wrong.
    pub(super) fn is_trusted(&self) -> bool {
        !self.differed.load(Relaxed)
    }

    /// `reference` is the verdict of aws-lc.
    pub(super) fn verify(
        &self,
        signing_input: &[u8],
        signature: &[u8],
        reference: impl FnOnce() -> Result<(), InvalidSignature>,
    ) -> Result<(), InvalidSignature> {
        if !self.is_trusted() {
            return reference();
        }
        let passes = sha256(signing_input).is_some_and(|digest| self.kernel.verify(&digest, signature));
        self.judge(passes, reference)
    }

    /// The kernel, for several signatures at once. What it says of each goes through [`Accelerated::judge`].
    #[cfg(target_arch = "x86_64")]
    pub(super) fn kernel(&self) -> &ifma::Key {
        &self.kernel
    }

    pub(super) fn judge(
        &self,
        passes: bool,
        reference: impl FnOnce() -> Result<(), InvalidSignature>,
    ) -> Result<(), InvalidSignature> {
        if passes && self.is_trusted() && !self.is_in_sample() {
            return Ok(());
        }
        let verdict = reference();
        if verdict.is_ok() != passes {
            self.differed.store(true, Relaxed);
            #[cfg(feature = "remote")]
            log::error!(
                "the accelerated RS256 arithmetic {} what aws-lc {}: this key is verified by aws-lc alone from now on. \
                 Please report this with the CPU's name",
                if passes { "accepts" } else { "refuses" },
                if passes { "refuses" } else { "accepts" }
            );
        }
        verdict
    }

    fn is_in_sample(&self) -> bool {
        self.passed.mine().fetch_add(1, Relaxed) % SAMPLE == SAMPLE - 1
    }
}

fn sha256(message: &[u8]) -> Option<[u8; 32]> {
    digest(&SHA256, message).as_ref().try_into().ok()
}

/// The kernel's place on a CPU for which there is none.
#[cfg(not(target_arch = "x86_64"))]
mod ifma {
    pub(super) enum Key {}

    impl Key {
        pub(super) fn new(_n: &[u8], _e: &[u8]) -> Option<Self> {
            None
        }

        pub(super) fn verify(&self, _digest: &[u8; 32], _signature: &[u8]) -> bool {
            match *self {}
        }
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use crate::crypto::jwk_set::JwkSet;
    use crate::encoding::base64url;

    /// `None`: this CPU has not the instructions.
    fn accelerated() -> Option<Accelerated> {
        let mut n = vec![0xff; 256];
        n[100] = 0x55;
        let accelerated = Accelerated::new(&PublicKey::rsa(&n, &[1, 0, 1]).unwrap());
        if accelerated.is_none() {
            eprintln!("skipped: this CPU has no AVX-512 IFMA");
        }
        accelerated
    }

    #[test]
    fn what_the_kernel_refuses_is_verified_again_and_a_difference_is_its_last() {
        let Some(accelerated) = accelerated() else { return };
        assert_eq!(accelerated.judge(false, || Err(InvalidSignature)), Err(InvalidSignature));
        assert!(accelerated.is_trusted());
        assert_eq!(accelerated.judge(false, || Ok(())), Ok(()));
        assert!(!accelerated.is_trusted());
        // From now on only aws-lc is asked.
        assert_eq!(accelerated.verify(b"", &[0; 256], || Ok(())), Ok(()));
        assert_eq!(accelerated.verify(b"", &[0; 256], || Err(InvalidSignature)), Err(InvalidSignature));
        // Of lanes that were under way, too.
        assert_eq!(accelerated.judge(true, || Err(InvalidSignature)), Err(InvalidSignature));
    }

    #[test]
    fn a_sample_of_what_passes_is_verified_again_and_a_difference_is_its_last() {
        let Some(accelerated) = accelerated() else { return };
        let mut asked = 0;
        for _ in 0..4 * SAMPLE {
            let reference = || {
                asked += 1;
                Ok(())
            };
            assert_eq!(accelerated.judge(true, reference), Ok(()));
        }
        assert_eq!(asked, 4);
        assert!(accelerated.is_trusted());
        let verdicts: Vec<_> =
            (0..SAMPLE).map(|_| accelerated.judge(true, || Err(InvalidSignature))).collect();
        assert_eq!(verdicts.iter().filter(|verdict| verdict.is_err()).count(), 1);
        assert!(!accelerated.is_trusted());
    }

    #[test]
    fn what_the_kernel_lets_pass_is_not_verified_again() {
        let jwks = JwkSet::from_slice(include_bytes!("../../tests/data/document_jwks.json")).unwrap();
        let Some(accelerated) = Accelerated::new(jwks.keys()[0].public_key()) else { return };
        let token = include_str!("../../tests/data/document_token.txt").trim();
        let (input, signature) = token.rsplit_once('.').unwrap();
        let signature = base64url::decode(signature.as_bytes()).unwrap();
        assert_eq!(accelerated.verify(input.as_bytes(), &signature, || Err(InvalidSignature)), Ok(()));
        assert!(accelerated.is_trusted());
    }
}
