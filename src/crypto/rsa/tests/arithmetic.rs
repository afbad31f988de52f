//! Tests of the numbers that the kernel computes, limb by limb.

use super::cpu::cpu;
use super::numbers::{Random, big, edge_inputs, edge_moduli, number, power_of_two};
use crate::crypto::rsa::constants::Constants;
use crate::crypto::rsa::input::Input;
use crate::crypto::rsa::lanes::Lanes;
use crate::crypto::rsa::limbs::{self, Number};
use crate::crypto::rsa::modulus::Modulus;
use crate::crypto::rsa::single::{self, Single, normalize};
use crate::crypto::rsa::{pkcs1, self_test};
use crate::crypto::vector::block::{Block, LANES, MASK};
use crate::crypto::vector::portable::Portable;
use crate::crypto::vector::simd::{Operation, Simd};
use num_bigint::BigUint;

/// A modulus under test, with its constants.
pub(super) struct Case<const N: usize> {
    pub(super) n: BigUint,
    pub(super) modulus: Modulus<N>,
    pub(super) constants: Constants<N>,
    /// R^-65536 mod n.
    pub(super) factor: BigUint,
}

impl<const N: usize> Case<N> {
    pub(super) fn new(n: BigUint) -> Self {
        let bits = n.bits() as usize;
        let modulus = Modulus::new(number(&n), bits);
        let constants = Constants::new(&modulus, bits);
        let inverse = (power_of_two(416 * N) % &n).modinv(&n).unwrap();
        let factor = inverse.modpow(&BigUint::from(65536_u32), &n);
        Self { n, modulus, constants, factor }
    }

    /// Returns the input for `x`. The second block of a short subtrahend is 0.
    pub(super) fn input(&self, x: &BigUint, kind: usize, random: &mut Random) -> Input<'_, N> {
        let subtrahend = match kind % 3 {
            0 => None,
            1 => Some(limbs::from_be_bytes(&random.bytes(52))),
            _ => Some(limbs::from_be_bytes(&random.bytes(84))),
        };
        Input { key: &self.constants, signature: number(x), subtrahend }
    }

    /// Returns the result of the kernel mod n, computed from x^65537 mod n.
    pub(super) fn expected(&self, input: &Input<'_, N>, power: BigUint) -> BigUint {
        let Some(subtrahend) = &input.subtrahend else { return power };
        let minuend = big(&pkcs1::minuend::<N>(self.n.bits() as usize / 8));
        (power + &self.n - minuend + big(subtrahend)) * &self.factor % &self.n
    }

    /// Asserts that `result` is correct and less than `multiple` n.
    #[track_caller]
    fn check(&self, input: &Input<'_, N>, result: &Number<N>, multiple: usize) {
        assert!(result.as_flattened().iter().all(|&limb| limb <= MASK));
        assert!(big(result) < &self.n * multiple);
        let x = big(&input.signature);
        let expected = self.expected(input, self.power(&x));
        assert_eq!(big(result) % &self.n, expected, "{x} mod {}", self.n);
        assert_eq!(big(&self.constants.remainder(result)), expected);
        assert_eq!(self.constants.divides(result), expected == BigUint::ZERO);
    }

    fn power(&self, x: &BigUint) -> BigUint {
        x.modpow(&BigUint::from(65537_u32), &self.n)
    }
}

#[test]
fn the_plain_arithmetic_agrees_with_num_bigint() {
    plain_arithmetic::<5>(2048, edge_moduli(2048));
    plain_arithmetic::<8>(3072, edge_moduli(3072).into_iter().step_by(4));
    plain_arithmetic::<10>(4096, edge_moduli(4096).into_iter().step_by(4));
}

fn plain_arithmetic<const N: usize>(bits: usize, moduli: impl IntoIterator<Item = BigUint>) {
    let mut random = Random(1);
    for n in moduli {
        let modulus = Modulus::<N>::new(number(&n), bits);
        let r = power_of_two(416 * N) % &n;
        let (a, b) = (random.below(&n), random.below(&n));
        let (x, y) = (number(&a), number(&b));
        assert_eq!(big(&modulus.multiply(&x, &y)) * &r % &n, &a * &b % &n);
        assert_eq!(big(&modulus.times_r(&x)), &a * &r % &n);
        assert_eq!(big(&modulus.add(&x, &y)), (&a + &b) % &n);
        assert_eq!(big(&modulus.subtract(&x, &y)), (&a + &n - &b) % &n);
        for a in [a, &n - 1_u32, BigUint::ZERO] {
            assert_eq!(big(&modulus.power(&number(&a))), a.modpow(&BigUint::from(65537_u32), &n));
        }
        let inverse = big(&[modulus.block_inverse()]);
        assert_eq!((inverse * &n + 1_u32) % power_of_two(416), BigUint::ZERO);
    }
}

#[test]
fn bytes_are_converted_to_limbs_and_back() {
    let mut random = Random(2);
    for len in [0, 1, 12, 13, 14, 32, 255, 256, 260] {
        let bytes = random.bytes(len);
        let number = limbs::from_be_bytes::<5>(&bytes);
        assert_eq!(big(&number), BigUint::from_bytes_be(&bytes), "{len} bytes");
        let mut written = vec![0xff; len];
        limbs::to_be_bytes(&number, &mut written);
        assert_eq!(written, bytes);
    }
}

#[test]
fn multiples_of_n_are_recognised_and_subtracted() {
    let mut random = Random(12);
    let case = Case::<5>::new(random.modulus(2048));
    let x = random.below(&case.n);
    for i in 0..=5_u32 {
        let multiple = &case.n * i;
        assert!(case.constants.divides(&number(&multiple)));
        assert!(!case.constants.divides(&number(&(&multiple + 1_u32))));
        for remainder in [&BigUint::ZERO, &BigUint::from(1_u32), &x, &(&case.n - 1_u32)] {
            assert_eq!(big(&case.constants.remainder(&number(&(&multiple + remainder)))), *remainder);
        }
    }
}

#[test]
fn is_below_compares_numbers() {
    let mut random = Random(3);
    let n = random.modulus(2048);
    for exponent in [0, 51, 52, 415, 416, 2047] {
        let step = power_of_two(exponent);
        assert!(limbs::is_below::<5>(&number(&(&n - &step)), &number(&n)));
        assert!(!limbs::is_below::<5>(&number(&n), &number(&(&n - &step))));
    }
    assert!(!limbs::is_below::<5>(&number(&n), &number(&n)));
}

/// Computes the powers of x up to x^65537 / R^65536 if `squarings` is 16. Fewer squarings compute
/// fewer powers.
struct Powers<'a, const N: usize> {
    key: &'a Constants<N>,
    x: &'a Number<N>,
    squarings: usize,
}

impl<const N: usize> Operation for Powers<'_, N> {
    type Output = Vec<Number<N>>;

    #[inline(always)]
    fn with<S: Simd>(self, simd: S) -> Vec<Number<N>> {
        single::powers(simd, self.x, self.squarings, self.key)
    }
}

fn single_power<S: Simd, const N: usize>(simd: S, case: &Case<N>, x: &BigUint) -> Vec<Number<N>> {
    let powers = simd.run(Powers { key: &case.constants, x: &number(x), squarings: 16 });
    for power in &powers {
        assert!(power.as_flattened().iter().all(|&limb| limb <= MASK), "{x}");
        assert!(big(power) < &case.n * (N + 1), "{x}");
    }
    assert_eq!(big(&powers[16]) % &case.n, case.power(x) * &case.factor % &case.n, "{x}");
    for kind in 0..3 {
        let input = case.input(x, kind, &mut Random(13));
        case.check(&input, &simd.run(Single(&input)), N + 1);
    }
    powers
}

fn lane_results<S: Simd, const N: usize>(
    simd: S,
    cases: [&Case<N>; LANES],
    signatures: &[BigUint],
) -> [Number<N>; LANES] {
    let mut random = Random(14);
    let mut inputs = [Input::unused(&cases[0].constants); LANES];
    for (i, x) in signatures.iter().enumerate() {
        inputs[i] = cases[i].input(x, i, &mut random);
    }
    let results = simd.run(Lanes(&inputs));
    for ((result, case), input) in results.iter().zip(cases).zip(&inputs) {
        case.check(input, result, 2);
    }
    // Only short subtrahends, as in a batch of RS256.
    for input in &mut inputs {
        input.subtrahend = Some([[7; LANES], [0; LANES]]);
    }
    for ((result, case), input) in simd.run(Lanes(&inputs)).iter().zip(cases).zip(&inputs) {
        case.check(input, result, 2);
    }
    results
}

fn edge_cases<const N: usize>(bits: usize) -> Vec<Case<N>> {
    edge_moduli(bits).into_iter().chain([Random(4).modulus(bits)]).map(Case::new).collect()
}

#[test]
fn powers_in_plain_rust_agree_with_num_bigint() {
    powers_in_plain_rust(edge_cases::<5>(2048).into_iter().step_by(2));
    powers_in_plain_rust([Case::<8>::new(power_of_two(3072) - 1_u32)]);
    powers_in_plain_rust([Case::<10>::new(power_of_two(4096) - 1_u32)]);
}

fn powers_in_plain_rust<const N: usize>(cases: impl IntoIterator<Item = Case<N>>) {
    for case in cases {
        let x = Random(5).below(&case.n);
        let inputs = [&case.n - 1_u32, power_of_two(2047) % &case.n, x];
        let rippled = single_power(Portable::<true>, &case, &inputs[2]);
        assert_eq!(single_power(Portable::<false>, &case, &inputs[2]), rippled);
        single_power(Portable::<false>, &case, &inputs[0]);
        lane_results(Portable::<false>, [&case; LANES], &inputs);
    }
}

#[test]
fn powers_on_the_cpu_agree_with_num_bigint() {
    powers_on_the_cpu(edge_cases::<5>(2048));
    powers_on_the_cpu(edge_cases::<8>(3072).into_iter().step_by(7));
    powers_on_the_cpu(edge_cases::<10>(4096).into_iter().step_by(7));
}

fn powers_on_the_cpu<const N: usize>(cases: impl IntoIterator<Item = Case<N>>) {
    let (Some(cpu), Some(rippling)) = (cpu::<false>(), cpu::<true>()) else { return };
    for case in cases {
        let inputs = edge_inputs(&case.n);
        for inputs in inputs.chunks(LANES) {
            lane_results(cpu, [&case; LANES], inputs);
            for x in inputs {
                assert_eq!(single_power(cpu, &case, x), single_power(rippling, &case, x));
            }
        }
    }
}

#[test]
fn the_cpu_computes_the_same_limbs_as_plain_rust() {
    same_limbs::<5>(2048);
    same_limbs::<8>(3072);
    same_limbs::<10>(4096);
}

fn same_limbs<const N: usize>(bits: usize) {
    let Some(cpu) = cpu::<false>() else { return };
    let cases = edge_cases::<N>(bits);
    let mixed = std::array::from_fn(|i| &cases[i]);
    let inputs: Vec<_> = mixed.iter().map(|case| Random(6).below(&case.n)).collect();
    assert_eq!(lane_results(cpu, mixed, &inputs), lane_results(Portable::<false>, mixed, &inputs));
    for (case, x) in mixed.iter().zip(&inputs).take(2) {
        assert_eq!(single_power(cpu, case, x), single_power(Portable::<false>, case, x));
    }
}

struct Normalize<'a>(&'a Number<4>);

impl Operation for Normalize<'_> {
    type Output = (Number<4>, Block);

    #[inline(always)]
    fn with<S: Simd>(self, simd: S) -> (Number<4>, Block) {
        let mut x = single::load(simd, self.0);
        let carry = normalize(simd, &mut x, 4, simd.splat(0));
        let (mut number, mut block) = (limbs::zero(), [0; LANES]);
        for (to, x) in number.iter_mut().zip(x) {
            simd.store(to, x);
        }
        simd.store(&mut block, carry);
        (number, block)
    }
}

/// Returns a number with limbs that often are 2^52 or more after one carry pass. The carry must
/// then continue to the next limb.
fn long_carries(random: &mut Random) -> Number<4> {
    let mut number = limbs::zero();
    for limb in number.as_flattened_mut() {
        let above = (random.word() & 0xff) << 52;
        *limb = match random.word() % 6 {
            0 => 0,
            1 => MASK,
            2 => MASK + 1,
            3 => above | MASK,
            4 => above | (MASK - (random.word() & 3)),
            _ => random.word() >> 5,
        };
    }
    number
}

fn carries_are_exact(simd: impl Simd, count: usize) {
    let mut random = Random(7);
    let mut rare = 0;
    for _ in 0..count {
        let number = long_carries(&mut random);
        let (normal, carry) = simd.run(Normalize(&number));
        assert!(normal.as_flattened().iter().all(|&limb| limb <= MASK));
        assert_eq!(carry[1..], [0; LANES - 1]);
        assert_eq!(big(&normal) + (BigUint::from(carry[0]) << (4 * 416_u32)), big(&number));
        let limbs = number.as_flattened();
        rare += u32::from(limbs.windows(2).any(|pair| (pair[1] & MASK) + (pair[0] >> 52) > MASK));
    }
    assert!(rare > count as u32 / 2, "only {rare} of {count} take the rare path");
}

#[test]
fn long_carries_are_not_lost() {
    carries_are_exact(Portable::<false>, 1000);
    if let Some(cpu) = cpu::<false>() {
        carries_are_exact(cpu, 10_000);
    }
}

#[test]
fn the_self_test_detects_a_wrong_constant() {
    let n = Random(8).modulus(2048);
    let Case { modulus, constants, .. } = Case::<5>::new(n);
    let passes = |constants: &Constants<5>| self_test::passes(Portable::<false>, &modulus, constants, 2048);
    assert!(passes(&constants));
    let changes: [fn(&mut Constants<5>); 6] = [
        |constants| constants.fold[1][2][3] ^= 1,
        |constants| constants.multiples[0][0][1] ^= 1,
        |constants| constants.padding[4][0] ^= 1,
        |constants| constants.factor[0][0] ^= 1,
        |constants| constants.r_squared[3][5] ^= 1,
        |constants| constants.n0_inverse ^= 1,
    ];
    for (i, change) in changes.iter().enumerate() {
        let mut constants = constants.clone();
        change(&mut constants);
        assert!(!passes(&constants), "{i}");
    }
}

/// Small enough for Miri, with carries that ripple: `make miri`.
#[test]
fn miri_finds_no_undefined_behaviour() {
    let mut random = Random(9);
    let modulus = Modulus::<5>::new(number(&random.modulus(2048)), 2048);
    let constants = Constants::new(&modulus, 2048);
    let x = limbs::from_be_bytes(&random.bytes(255));
    let powers = Portable::<true>.run(Powers { key: &constants, x: &x, squarings: 1 });
    let third_power = modulus.multiply(&modulus.multiply(&x, &x), &x);
    // `times_r` reduces both numbers mod n.
    assert_eq!(modulus.times_r(&powers[1]), modulus.times_r(&third_power));
}

#[test]
fn a_key_takes_5_to_15_kib() {
    let lens = [size_of::<Constants<5>>(), size_of::<Constants<8>>(), size_of::<Constants<10>>()];
    assert_eq!(lens.map(|len| (len + 512) / 1024), [5, 10, 15]);
}
