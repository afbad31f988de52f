//! A long test with many signatures. It is split into two halves, so that the test runner uses two
//! threads:
//!
//! ```text
//! BOUNCER_CAMPAIGN_SIGNATURES=1000000 \
//!     cargo test --release --lib es256::tests::campaign -- --ignored --nocapture
//! ```

use super::cases::{constructed, edges, random_case, reference, special_scalars, special_secrets};
use super::codes::{Counts, Key, Of, compare};
use super::numbers::Random;
use super::signer::{Reference, Signer};

/// Total number of signatures. The variable is read when the tests are compiled.
const SIGNATURES: Option<&str> = option_env!("BOUNCER_CAMPAIGN_SIGNATURES");
const DEFAULT_SIGNATURES: usize = 1_000_000;
/// One in `CONSTRUCTED` batches is constructed from special scalars.
const CONSTRUCTED: usize = 8;
const BATCH: usize = 64;
const SIGNERS_OF_EACH_WINDOW: usize = 10;

#[test]
#[ignore = "takes minutes to hours"]
fn the_first_half_of_the_signatures_has_the_right_verdicts() {
    campaign(1);
}

#[test]
#[ignore = "takes minutes to hours"]
fn the_second_half_of_the_signatures_has_the_right_verdicts() {
    campaign(2);
}

/// aws-lc and the crate p256 must have the same verdict as each code: with 64-bit words, with one
/// signature in the lanes, and with a signature in each lane. The keys of a batch have different
/// windows.
fn campaign(seed: u64) {
    let signatures = SIGNATURES.map_or(DEFAULT_SIGNATURES, |count| count.parse().unwrap()) / 2;
    let mut random = Random(seed);
    let signers: Vec<_> = (0..4 * SIGNERS_OF_EACH_WINDOW).map(|_| Signer::new(&random.bytes())).collect();
    let keys: Vec<_> =
        signers.iter().enumerate().map(|(i, signer)| Key::new(&signer.reference, 5 + i % 4)).collect();
    let secrets = special_secrets();
    let references: Vec<Reference> = secrets.iter().map(reference).collect();
    let special_keys: Vec<Vec<_>> = references
        .iter()
        .map(|reference| (5..=8).map(|window| Key::new(reference, window)).collect())
        .collect();
    let (edges, scalars) = (edges(), special_scalars());

    let (mut normal, mut special) = (Counts::default(), Counts::default());
    while normal.valid + normal.invalid + special.valid + special.invalid < signatures {
        if random.below(CONSTRUCTED) > 0 {
            let mut all = Vec::new();
            for _ in 0..BATCH {
                let which = random.below(keys.len());
                let (digest, signature) = random_case(&mut random, &signers[which], &edges);
                all.push((&keys[which], digest, signature));
            }
            compare(&all, &mut normal);
        } else {
            let mut all: Vec<Of<'_>> = Vec::new();
            while all.len() < BATCH {
                let which = random.below(secrets.len());
                let key = &special_keys[which][random.below(4)];
                let (u1, u2) = (random.below(scalars.len()), 1 + random.below(scalars.len() - 1));
                let cases = constructed(&secrets[which], &scalars[u1], &scalars[u2]);
                all.extend(cases.into_iter().map(|(digest, signature)| (key, digest, signature)));
            }
            compare(&all, &mut special);
        }
    }
    println!("random and altered: {normal:?}");
    println!("constructed: {special:?}");
    assert_eq!((normal.differences, normal.undecided), (0, [0; 3]));
    assert_eq!(special.differences, 0);
}
