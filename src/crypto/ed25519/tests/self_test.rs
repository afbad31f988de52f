//! The self-test finds a fault.

use super::cases::Signer;
use super::numbers::Random;
use crate::crypto::ed25519::equation::Equation;
use crate::crypto::ed25519::plain;
use crate::crypto::ed25519::self_test::{equations, passes};

#[test]
fn the_self_test_fails_for_wrong_verdicts() {
    let mut random = Random(20);
    let key = Signer::new(&mut random).key;
    let equations = equations(&key.encoded).unwrap();
    let pair = &key.tables[0].pair;
    assert!(passes(&equations, |equation| plain::holds(pair, equation)));
    assert!(!passes(&equations, |_| true));
    assert!(!passes(&equations, |_| false));
    // A verifier that ignores one of the three numbers.
    let [valid, ..] = equations;
    assert!(!passes(&equations, |equation| plain::holds(pair, &Equation { s: valid.s, ..*equation })));
    assert!(!passes(&equations, |equation| plain::holds(pair, &Equation { k: valid.k, ..*equation })));
    assert!(!passes(&equations, |equation| plain::holds(pair, &Equation { r: valid.r, ..*equation })));
    // Tables of another key.
    let other = Signer::new(&mut random).key;
    assert!(!passes(&equations, |equation| plain::holds(&other.tables[0].pair, equation)));
}

#[cfg(ifma)]
#[test]
fn the_self_test_of_the_lanes_fails_for_wrong_verdicts() {
    use crate::crypto::ed25519::self_test::lanes_pass;
    let mut random = Random(21);
    let key = Signer::new(&mut random).key;
    let equations = equations(&key.encoded).unwrap();
    let pair = &key.tables[0].pair;
    let verdicts =
        |lanes: &[Equation; 8]| (0..8).map(|i| u8::from(plain::holds(pair, &lanes[i])) << i).sum::<u8>();
    assert!(lanes_pass(&equations, verdicts));
    for i in 0..8 {
        assert!(!lanes_pass(&equations, |lanes| verdicts(lanes) ^ 1 << i));
    }
}
