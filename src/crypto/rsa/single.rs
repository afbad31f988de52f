//! Verifies one signature. Lane j of vector i is limb 8 i + j of a number. docs/rsa.md describes
//! the steps and their bounds.

use super::constants::Constants;
use super::input::Input;
use super::limbs::{self, Number};
use super::pkcs1;
use crate::crypto::vector::block::{Block, LANES, LIMB_BITS, MASK};
use crate::crypto::vector::simd::{Operation, Simd};

/// Computes the result for one signature. It is below (N + 1) n.
pub(super) struct Single<'a, const N: usize>(pub(super) &'a Input<'a, N>);

impl<const N: usize> Operation for Single<'_, N> {
    type Output = Number<N>;

    #[inline(always)]
    fn with<S: Simd>(self, simd: S) -> Number<N> {
        let Input { key, signature, subtrahend } = self.0;
        let mut spill = Spill(limbs::zero());
        let signature = load(simd, signature);
        let mut power = signature;
        if subtrahend.is_none() {
            let converted = product(simd, &signature, &load(simd, &key.r_squared), &mut spill);
            power = reduce(simd, converted, key, &mut spill);
        }
        for _ in 0..16 {
            let square = square(simd, &power, &mut spill);
            power = reduce(simd, square, key, &mut spill);
        }
        let mut sum = product(simd, &power, &signature, &mut spill);
        if let Some(subtrahend) = subtrahend {
            subtract_message(simd, &mut sum, subtrahend, key);
        }
        store(simd, &reduce(simd, sum, key, &mut spill))
    }
}

/// Memory for a number. A limb in memory can be loaded into all lanes of a vector.
#[repr(C, align(64))]
pub(super) struct Spill<const N: usize>(Number<N>);

impl<const N: usize> Spill<N> {
    #[inline(always)]
    fn write<S: Simd, const M: usize>(&mut self, simd: S, x: &[S::V; M]) -> &Number<N> {
        unroll!(for i in 0..M {
            simd.store(&mut self.0[i], x[i]);
        });
        simd.opaque(&self.0)
    }
}

/// A sum of products in 2 N vectors. Its limbs may have more than 52 bits.
pub(super) struct Wide<V, const N: usize> {
    low: [V; N],
    high: [V; N],
}

impl<V: Copy, const N: usize> Wide<V, N> {
    #[inline(always)]
    fn at(&mut self, i: usize) -> &mut V {
        if i < N { &mut self.low[i] } else { &mut self.high[i - N] }
    }
}

#[inline(always)]
pub(super) fn load<S: Simd, const N: usize>(simd: S, number: &Number<N>) -> [S::V; N] {
    let mut x = [simd.splat(0); N];
    unroll!(for i in 0..N {
        x[i] = simd.load(&number[i]);
    });
    x
}

#[inline(always)]
fn store<S: Simd, const N: usize>(simd: S, x: &[S::V; N]) -> Number<N> {
    let mut number = limbs::zero();
    unroll!(for i in 0..N {
        simd.store(&mut number[i], x[i]);
    });
    number
}

/// Moves all limbs up by one; the last limb of `below` becomes the first.
#[inline(always)]
fn limbs_up<S: Simd, const N: usize>(simd: S, x: &mut [S::V; N], below: S::V) {
    unroll!(for i in 0..N {
        let i = N - 1 - i;
        x[i] = simd.lanes_up(x[i], if i > 0 { x[i - 1] } else { below });
    });
}

/// Returns a^2.
///
/// a^2 is a sum of rows. Row i is block i of `a` times (block i + twice the blocks above).
#[inline(always)]
pub(super) fn square<S: Simd, const N: usize>(simd: S, a: &[S::V; N], spill: &mut Spill<N>) -> Wide<S::V, N> {
    let limbs = spill.write(simd, a);
    let zero = simd.splat(0);
    let mask = simd.splat(MASK);

    // 2 a, with and without the carry from the block below. In each row, the lowest doubled block
    // needs the version without the carry.
    let mut doubled = [zero; N];
    let mut doubled_first = [zero; N];
    unroll!(for j in 1..N {
        let low = simd.and(simd.shift_left::<1>(a[j]), mask);
        let (high, below) = (simd.shift_right::<51>(a[j]), simd.shift_right::<51>(a[j - 1]));
        doubled_first[j] = simd.or(low, simd.lanes_up(high, zero));
        doubled[j] = simd.or(low, simd.lanes_up(high, below));
    });

    let mut sum = Wide { low: [zero; N], high: [zero; N] };
    // In columns with several rows, odd rows have their own sums, so that fewer multiply-adds wait
    // for each other. Element j of `odd` is the sum for column j + 2.
    let mut odd = [zero; N];
    macro_rules! row {
        ($madd:ident, $limb:expr) => {
            unroll!(for i in 0..N {
                let y = simd.splat(limbs[i][$limb]);
                unroll!(for j in i..N {
                    let x = match j - i {
                        0 => a[j],
                        1 => doubled_first[j],
                        _ => doubled[j],
                    };
                    let column = i + j;
                    let is_odd = i % 2 == 1 && column < N + 2;
                    let sum = if is_odd { &mut odd[column - 2] } else { sum.at(column) };
                    *sum = simd.$madd(*sum, x, y);
                });
            });
        };
    }
    macro_rules! join {
        () => {
            unroll!(for j in 0..N {
                let sum = sum.at(j + 2);
                *sum = simd.add(*sum, odd[j]);
            });
        };
    }
    // Horner's scheme over the limbs of the blocks, from the last limb to the first. The high half
    // of a product belongs to the next higher limb.
    row!(madd52hi, LANES - 1);
    for limb in (0..LANES).rev() {
        join!();
        odd = [zero; N];
        limbs_up(simd, &mut sum.high, sum.low[N - 1]);
        limbs_up(simd, &mut sum.low, zero);
        row!(madd52lo, limb);
        if limb > 0 {
            row!(madd52hi, limb - 1);
        }
        simd.fence(&mut sum.low);
        simd.fence(&mut sum.high);
        simd.fence(&mut odd);
    }
    join!();
    sum
}

/// Returns a * b.
#[inline(always)]
pub(super) fn product<S: Simd, const N: usize>(
    simd: S,
    a: &[S::V; N],
    b: &[S::V; N],
    spill: &mut Spill<N>,
) -> Wide<S::V, N> {
    let limbs = spill.write(simd, a);
    let zero = simd.splat(0);
    let mut sum = Wide { low: [zero; N], high: [zero; N] };
    macro_rules! row {
        ($madd:ident, $limb:expr) => {
            unroll!(for i in 0..N {
                let y = simd.splat(limbs[i][$limb]);
                unroll!(for j in 0..N {
                    let sum = sum.at(i + j);
                    *sum = simd.$madd(*sum, b[j], y);
                });
            });
            simd.fence(&mut sum.low);
            simd.fence(&mut sum.high);
        };
    }
    row!(madd52hi, LANES - 1);
    for limb in (0..LANES).rev() {
        limbs_up(simd, &mut sum.high, sum.low[N - 1]);
        limbs_up(simd, &mut sum.low, zero);
        row!(madd52lo, limb);
        if limb > 0 {
            row!(madd52hi, limb - 1);
        }
    }
    sum
}

/// Adds `subtrahend` * `factor` + `padding`. This subtracts the encoded message times `factor`, mod
/// n.
#[inline(always)]
fn subtract_message<S: Simd, const N: usize>(
    simd: S,
    sum: &mut Wide<S::V, N>,
    subtrahend: &Number<{ pkcs1::BLOCKS }>,
    key: &Constants<N>,
) {
    let zero = simd.splat(0);
    let factor = load(simd, &key.factor);
    // With SHA-256, the second block is 0.
    let blocks = if subtrahend[1] == [0; LANES] { &subtrahend[..1] } else { subtrahend };
    let (mut low, mut high) = ([zero; N], [zero; pkcs1::BLOCKS]);
    macro_rules! row {
        ($madd:ident, $limb:expr) => {
            let y = simd.splat($limb);
            unroll!(for j in 0..N {
                low[j] = simd.$madd(low[j], factor[j], y);
            });
        };
    }
    let mut above = 0;
    for &limb in blocks.as_flattened().iter().rev() {
        row!(madd52lo, above);
        row!(madd52hi, limb);
        limbs_up(simd, &mut high, low[N - 1]);
        limbs_up(simd, &mut low, zero);
        above = limb;
    }
    row!(madd52lo, above);
    unroll!(for j in 0..N {
        sum.low[j] = simd.add(sum.low[j], simd.add(low[j], simd.load(&key.padding[j])));
    });
    unroll!(for j in 0..(pkcs1::BLOCKS) {
        sum.high[j] = simd.add(sum.high[j], high[j]);
    });
}

/// Returns t / R mod n in limbs of 52 bits. The result is below (N + 1) n if t < ((N + 1) n)^2.
#[inline(always)]
pub(super) fn reduce<S: Simd, const N: usize>(
    simd: S,
    t: Wide<S::V, N>,
    key: &Constants<N>,
    spill: &mut Spill<N>,
) -> [S::V; N] {
    // Prevents the compiler from keeping the key in registers between two reductions.
    let key = simd.opaque(key);
    let zero = simd.splat(0);

    // Replace blocks 0 to N - 2 of t with an equal value (mod n) in blocks N - 1 to 2 N - 1.
    let mut low = t.low;
    low[N - 1] = zero;
    let carry = normalize(simd, &mut low, N - 1, zero);
    let limbs = spill.write(simd, &low);
    let (mut even, mut odd, mut top) = ([zero; N], [zero; N], zero);
    macro_rules! row {
        ($madd:ident, $limb:expr) => {
            unroll!(for i in 0..N {
                if i < N - 1 {
                    let y = simd.splat(limbs[i][$limb]);
                    unroll!(for j in 0..N {
                        let x = simd.load(&key.fold[i][j]);
                        let sum = if i.is_multiple_of(2) { &mut even[j] } else { &mut odd[j] };
                        *sum = simd.$madd(*sum, x, y);
                    });
                }
            });
        };
    }
    macro_rules! join {
        () => {
            unroll!(for j in 0..N {
                even[j] = simd.add(even[j], odd[j]);
            });
        };
    }
    row!(madd52hi, LANES - 1);
    for limb in (0..LANES).rev() {
        join!();
        odd = [zero; N];
        top = simd.lanes_up(top, even[N - 1]);
        limbs_up(simd, &mut even, zero);
        row!(madd52lo, limb);
        if limb > 0 {
            row!(madd52hi, limb - 1);
        }
        simd.fence(&mut even);
        simd.fence(&mut odd);
    }
    join!();
    let mut lowest = [simd.add(simd.add(even[0], t.low[N - 1]), carry)];
    let mut above = t.high;
    unroll!(for j in 1..N {
        above[j - 1] = simd.add(above[j - 1], even[j]);
    });
    above[N - 1] = simd.add(above[N - 1], top);

    // One step of Montgomery's reduction, by a whole block. The omitted products would be
    // multiplications by zero.
    let carry = normalize(simd, &mut lowest, 1, zero);
    above[0] = simd.add(above[0], carry);
    let mut sums = [zero; 4];
    unroll!(for i in 0..LANES {
        let y = simd.broadcast(lowest[0], i);
        sums[i % 4] = simd.madd52lo(sums[i % 4], simd.load(key.shifted_inverse(i)), y);
        if i + 1 < LANES {
            let x = simd.load(key.shifted_inverse(i + 1));
            sums[(i + 2) % 4] = simd.madd52hi(sums[(i + 2) % 4], x, y);
        }
    });
    let mut quotient = [simd.add(simd.add(sums[0], sums[1]), simd.add(sums[2], sums[3]))];
    normalize(simd, &mut quotient, 1, zero);
    unroll!(for i in 0..LANES {
        let y = simd.broadcast(quotient[0], i);
        lowest[0] = simd.madd52lo(lowest[0], simd.load(key.shifted_n(i, 0)), y);
        unroll!(for j in 0..N {
            if i > 0 || j + 1 < N {
                above[j] = simd.madd52lo(above[j], simd.load(key.shifted_n(i, j + 1)), y);
            }
        });
        if i + 1 < LANES {
            lowest[0] = simd.madd52hi(lowest[0], simd.load(key.shifted_n(i + 1, 0)), y);
        }
        unroll!(for j in 0..N {
            above[j] = simd.madd52hi(above[j], simd.load(key.shifted_n(i + 1, j + 1)), y);
        });
        simd.fence(&mut lowest);
        simd.fence(&mut above);
    });
    // The lowest block is now a multiple of 2^416, and its last limb is less than 18 below a
    // multiple of 2^52.
    let carry = simd.shift_right::<{ LIMB_BITS as u32 }>(simd.add(lowest[0], simd.splat(255)));
    normalize(simd, &mut above, N, carry);
    above
}

/// Normalizes the first `len` vectors to limbs of 52 bits. The last lane of `carry` is the carry
/// in. The result contains the carry out in its first lane.
///
/// One pass moves the bits above 52 to the next limb. In about one of 2^40 cases, a limb then has
/// 53 bits, and the carry continues.
#[inline(always)]
pub(super) fn normalize<S: Simd, const N: usize>(
    simd: S,
    x: &mut [S::V; N],
    len: usize,
    carry: S::V,
) -> S::V {
    let zero = simd.splat(0);
    let mask = simd.splat(MASK);
    let (mut below, mut union) = (carry, zero);
    unroll!(for i in 0..len {
        let above = simd.shift_right::<{ LIMB_BITS as u32 }>(x[i]);
        x[i] = simd.add(simd.and(x[i], mask), simd.lanes_up(above, below));
        below = above;
        union = simd.or(union, x[i]);
    });
    let mut carry = simd.lanes_up(zero, below);
    if S::ALWAYS_RIPPLE || simd.zero_lanes(simd.and(union, simd.splat(!MASK))) != u8::MAX {
        let mut number = limbs::zero::<N>();
        unroll!(for i in 0..len {
            simd.store(&mut number[i], x[i]);
        });
        let more = simd.load(&ripple(&mut number[..len]));
        unroll!(for i in 0..len {
            x[i] = simd.load(&number[i]);
        });
        carry = simd.add(carry, more);
    }
    carry
}

/// Carries limb by limb. Returns the carry out in the first lane.
#[cold]
#[inline(never)]
fn ripple(number: &mut [Block]) -> Block {
    let mut carry = 0;
    for limb in number.as_flattened_mut() {
        let sum = *limb + carry;
        *limb = sum & MASK;
        carry = sum >> LIMB_BITS;
    }
    [carry, 0, 0, 0, 0, 0, 0, 0]
}

/// Returns the powers of x that a verification with `squarings` squarings computes: x^2 / R, x^4 /
/// R^3, and so on. The last power is the product of the previous power and x / R.
#[cfg(test)]
#[inline(always)]
pub(super) fn powers<S: Simd, const N: usize>(
    simd: S,
    x: &Number<N>,
    squarings: usize,
    key: &Constants<N>,
) -> Vec<Number<N>> {
    let mut spill = Spill(limbs::zero());
    let x = load(simd, x);
    let mut powers = vec![x];
    for i in 0..=squarings {
        let wide = if i < squarings {
            square(simd, &powers[i], &mut spill)
        } else {
            product(simd, &powers[i], &x, &mut spill)
        };
        powers.push(reduce(simd, wide, key, &mut spill));
    }
    powers[1..].iter().map(|power| store(simd, power)).collect()
}
