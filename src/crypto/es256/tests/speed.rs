//! Prints how long a verification takes, for each code and for aws-lc:
//!
//! ```text
//! cargo test --release --lib es256::tests::speed -- --ignored --nocapture
//! ```

use super::signer::Signer;
use crate::crypto::es256::key::Tables;
use crate::crypto::hash::sha256;
use std::hint::black_box;
use std::time::Instant;

const MESSAGES: usize = 64;
const ROUNDS: usize = 400;

#[test]
#[ignore = "measures and prints times"]
fn times_are_printed() {
    let signer = Signer::new(&[7; 32]);
    let messages: Vec<Vec<u8>> =
        (0..MESSAGES).map(|i| (0..300).map(|j| (7 * i + j) as u8).collect()).collect();
    let signatures: Vec<[u8; 64]> = messages.iter().map(|message| signer.sign(&sha256(message))).collect();
    let words = Tables::with_words(&signer.reference.x, &signer.reference.y, 8).unwrap();
    let new = Tables::new(&signer.reference.x, &signer.reference.y, 8).unwrap();

    type Run<'a> = Box<dyn Fn(usize) -> bool + 'a>;
    #[cfg_attr(not(ifma), expect(unused_mut, reason = "there are no lanes"))]
    let mut codes: Vec<(&str, usize, Run<'_>)> = vec![
        (
            "aws-lc",
            4,
            Box::new(|i| signer.reference.aws_lc.verify_sig(black_box(&messages[i]), &signatures[i]).is_ok()),
        ),
        (
            "64-bit words",
            8,
            Box::new(|i| words.verify(&sha256(black_box(&messages[i])), &signatures[i]) == Some(true)),
        ),
        (
            "the code for this CPU",
            16,
            Box::new(|i| new.verify(&sha256(black_box(&messages[i])), &signatures[i]) == Some(true)),
        ),
    ];
    #[cfg(ifma)]
    if super::cpu::cpu().is_some() {
        use crate::crypto::es256::key::{LANES, Lane, verify_lanes};
        codes.push((
            "eight lanes, for each",
            MESSAGES,
            Box::new(|i| {
                if i % LANES > 0 {
                    return true;
                }
                let digests: [_; LANES] = std::array::from_fn(|lane| sha256(black_box(&messages[i + lane])));
                let lanes: [_; LANES] = std::array::from_fn(|lane| Lane {
                    tables: &new,
                    digest: &digests[lane],
                    signature: &signatures[i + lane],
                });
                verify_lanes(&lanes) == [Some(true); LANES]
            }),
        ));
    }
    let mut times = vec![Vec::new(); codes.len()];
    for round in 0..ROUNDS {
        for ((_, count, verify), times) in codes.iter().zip(&mut times) {
            let first = round * count % MESSAGES;
            // One untimed pass loads the code and the tables into the caches.
            assert!((first..first + count).all(verify));
            let start = Instant::now();
            assert!((first..first + count).all(verify));
            times.push(start.elapsed().as_secs_f64() * 1e6 / *count as f64);
        }
    }
    for ((name, ..), times) in codes.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        println!(
            "{name:24} median {:7.3} us, fastest tenth {:7.3} us",
            times[ROUNDS / 2],
            times[ROUNDS / 10]
        );
    }
}
