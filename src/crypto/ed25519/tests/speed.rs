//! Compares the speed of all verifiers in one run:
//!
//! ```text
//! cargo test --release --lib ed25519::tests::speed -- --ignored --nocapture
//! ```

use super::cases::Signer;
use super::numbers::Random;
use crate::crypto::ed25519::equation::Equation;
use crate::crypto::ed25519::key::{Lane, Tables, verify_lanes};
use crate::crypto::ed25519::plain;
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 400;
const SIGNATURES: usize = 32;
const MESSAGE_LEN: usize = 300;

/// The verifiers take turns, so that all of them run at the same clock frequency and load.
#[test]
#[ignore = "measures the time"]
fn speed() {
    let mut random = Random(40);
    let signer = Signer::new(&mut random);
    let key = &signer.key;
    let messages: Vec<_> = (0..SIGNATURES).map(|_| random.message(MESSAGE_LEN)).collect();
    let signatures: Vec<_> = messages.iter().map(|message| signer.sign(message)).collect();
    let pairs = || messages.iter().zip(&signatures);
    let tables = &key.tables[3];

    let mut times: [Vec<f64>; 5] = Default::default();
    let mut measure = |i: usize, count: usize, run: &dyn Fn()| {
        let start = Instant::now();
        run();
        times[i].push(start.elapsed().as_secs_f64() * 1e6 / count as f64);
    };
    for _ in 0..ROUNDS {
        measure(0, 8, &|| {
            for (message, signature) in pairs().take(8) {
                assert!(key.references.aws_lc(black_box(message), signature));
            }
        });
        measure(1, SIGNATURES, &|| {
            for (message, signature) in pairs() {
                let equation = Equation::new(&key.encoded, black_box(message), signature);
                assert!(plain::holds(&tables.pair, &equation.unwrap()));
            }
        });
        measure(2, SIGNATURES, &|| {
            for (message, signature) in pairs() {
                assert!(tables.verify(black_box(message), signature));
            }
        });
        measure(3, SIGNATURES, &|| {
            for i in (0..SIGNATURES).step_by(8) {
                let batch: [_; 8] = std::array::from_fn(|j| Lane {
                    tables,
                    message: black_box(&messages[i + j]),
                    signature: &signatures[i + j],
                });
                assert_eq!(verify_lanes(&batch), 0xff);
            }
        });
        measure(4, 1, &|| {
            assert!(Tables::new(black_box(&key.encoded), 8).is_some());
        });
    }
    let medians = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    let [aws_lc, plain, single, lanes, tables] = medians;
    println!("aws-lc         {aws_lc:7.2} us");
    println!("plain          {plain:7.2} us, {:.3} of aws-lc", plain / aws_lc);
    println!("one signature  {single:7.2} us, {:.3} of aws-lc", single / aws_lc);
    println!("each of eight  {lanes:7.2} us, {:.3} of one", lanes / single);
    println!("new tables     {tables:7.2} us");
}
