//! A long test with many signatures. It is split into two halves, so that the test runner uses two
//! threads:
//!
//! ```text
//! BOUNCER_CAMPAIGN_SIGNATURES=1000000 \
//!     cargo test --release --lib ed25519::tests::campaign -- --ignored --nocapture
//! ```

use super::cases::{ConstructedKey, Signer, points_of_small_order, special_factors, times_generator};
use super::numbers::Random;
use super::verifiers::Counts;

/// Total number of signatures. The variable is read when the tests are compiled.
const SIGNATURES: Option<&str> = option_env!("BOUNCER_CAMPAIGN_SIGNATURES");
const DEFAULT_SIGNATURES: usize = 1_000_000;
/// Number of signatures of a pair of keys: a random key, and a constructed one.
const SIGNATURES_PER_PAIR: usize = 1000;
/// One in `CONSTRUCTED` signatures is of the constructed key.
const CONSTRUCTED: usize = 8;

#[test]
#[ignore = "takes minutes to hours"]
fn the_first_half_of_the_signatures_has_the_same_verdict_everywhere() {
    campaign(0x1234_5678_9abc_def1);
}

#[test]
#[ignore = "takes minutes to hours"]
fn the_second_half_of_the_signatures_has_the_same_verdict_everywhere() {
    campaign(0x0fed_cba9_8765_4321);
}

/// Half of the signatures of the random keys are changed. The constructed keys and their
/// commitments have parts of small order.
fn campaign(seed: u64) {
    let signatures = SIGNATURES.map_or(DEFAULT_SIGNATURES, |count| count.parse().unwrap()) / 2;
    let mut random = Random(seed);
    let torsion = points_of_small_order();
    let factors = special_factors(&mut random, 64);
    let commitments: Vec<_> = factors.iter().map(times_generator).collect();
    let (mut counts, mut done, mut keys) = (Counts::default(), 0, 0);
    while done < signatures {
        let signer = Signer::new(&mut random);
        let secret = special_factors(&mut random, 64)[random.below(64)];
        let constructed = ConstructedKey::new(&secret, &torsion[random.below(8)]);
        keys += 2;
        let mut cases = Vec::new();
        for i in 0..SIGNATURES_PER_PAIR.min(signatures - done) {
            if i % CONSTRUCTED > 0 {
                cases.push(signer.random_case(&mut random));
                continue;
            }
            let (nonce, part) = (random.below(factors.len()), &torsion[random.below(8)]);
            let len = random.below(200);
            let message = random.message(len);
            cases.push(constructed.sign(&message, &factors[nonce], &commitments[nonce].add(part)));
        }
        done += cases.len();
        counts.verify(&cases);
    }
    let Counts { accepted, rejected, differences } = counts;
    println!(
        "{done} signatures, {keys} keys: {accepted} accepted, {rejected} rejected, {differences} differences"
    );
    assert_eq!((accepted + rejected, differences), (signatures, 0));
}
