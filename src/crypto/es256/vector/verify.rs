//! The verification of one signature, or of up to eight at once.

use super::row::Row;
use super::sum::Sum;
use crate::crypto::es256::field::{Element, P};
use crate::crypto::es256::order;
use crate::crypto::es256::signature::{Signature, Verdict};
use crate::crypto::es256::table::{MAX_WINDOW, MIN_WINDOW, Table, TablePair};
use crate::crypto::vector::block::LANES;
use crate::crypto::vector::five::{Limbs, lanes};
use crate::crypto::vector::simd::{Operation, Simd};
use crate::crypto::wide::{U256, is_below, sub};

/// Maximum number of terms of a sum, for keys with the smallest windows.
const MAX_TERMS: usize = Table::windows_of(MAX_WINDOW) + Table::windows_of(MIN_WINDOW);

/// Verifies one signature. The tables must have [`crate::crypto::es256::table::Radix::Limbs`].
pub(in crate::crypto::es256) struct Verify<'a> {
    pub(in crate::crypto::es256) tables: &'a TablePair,
    pub(in crate::crypto::es256) digest: &'a [u8; 32],
    pub(in crate::crypto::es256) signature: &'a [u8],
}

impl Operation for Verify<'_> {
    type Output = Verdict;

    /// The terms are spread over the lanes. The sums of the lanes are added at the end.
    #[inline(always)]
    fn with<S: Simd>(self, simd: S) -> Verdict {
        let Some(signature) = Signature::new(self.digest, self.signature) else { return Verdict::Invalid };
        let Some(inverse) = order::invert(&signature.s) else { return Verdict::Undecided };
        let Some((u1, u2)) = signature.scalars(&inverse) else { return Verdict::Undecided };
        let mut rows = [Row::empty(0); MAX_TERMS.div_ceil(LANES)];
        let mut count = 0;
        for (table, u) in [(&*self.tables.generator, &u1), (&self.tables.key, &u2)] {
            let digits = table.digits(u);
            for i in 0..table.windows() {
                let term = table.term(&digits, i);
                simd.prefetch(term.entry);
                rows[count / LANES].set(count % LANES, term);
                count += 1;
            }
        }
        let sum = Sum::of_rows(simd, &rows[..count.div_ceil(LANES)]).across_lanes(simd);
        let (x, zz) = (lanes(simd, &sum.x), lanes(simd, &sum.zz));
        signature.check(&element(&x[0]), &element(&zz[0]))
    }
}

/// Verifies up to eight signatures, one in each lane.
pub(in crate::crypto::es256) struct VerifyLanes<'a> {
    pub(in crate::crypto::es256) lanes: [Option<Verify<'a>>; LANES],
}

impl Operation for VerifyLanes<'_> {
    type Output = [Verdict; LANES];

    #[inline(always)]
    fn with<S: Simd>(self, simd: S) -> [Verdict; LANES] {
        let mut verdicts = [Verdict::Invalid; LANES];
        // Lanes without a signature take part in the inversion with s = 1.
        let mut signatures = [None; LANES];
        let mut s = [[1, 0, 0, 0]; LANES];
        for (i, lane) in self.lanes.iter().enumerate() {
            let Some(lane) = lane else { continue };
            signatures[i] = Signature::new(lane.digest, lane.signature);
            if let Some(signature) = &signatures[i] {
                s[i] = signature.s;
            }
        }
        let Some(inverses) = order::invert_all(&s) else { return [Verdict::Undecided; LANES] };
        let mut scalars = [None; LANES];
        let mut unused = 0;
        for i in 0..LANES {
            scalars[i] = signatures[i].and_then(|signature| signature.scalars(&inverses[i]));
            unused |= u8::from(scalars[i].is_none()) << i;
        }
        let mut rows = [Row::empty(unused); MAX_TERMS];
        let mut count = 2;
        for (i, lane) in self.lanes.iter().enumerate() {
            let (Some(lane), Some((u1, u2))) = (lane, &scalars[i]) else { continue };
            let (generator, key) = (&*lane.tables.generator, &lane.tables.key);
            let (u1, u2) = (generator.digits(u1), key.digits(u2));
            // A term of the key comes first. Otherwise anyone could choose a u1 for which the sum
            // of the generator's terms has an exceptional addition.
            rows[0].set(i, key.term(&u2, 0));
            for window in 0..generator.windows() {
                rows[1 + window].set(i, generator.term(&u1, window));
            }
            for window in 1..key.windows() {
                rows[generator.windows() + window].set(i, key.term(&u2, window));
            }
            count = count.max(generator.windows() + key.windows());
        }
        let sum = Sum::of_rows(simd, &rows[..count]);
        let (x, zz) = (lanes(simd, &sum.x), lanes(simd, &sum.zz));
        for i in 0..LANES {
            if let Some(signature) = &signatures[i] {
                verdicts[i] = match scalars[i] {
                    Some(_) => signature.check(&element(&x[i]), &element(&zz[i])),
                    None => Verdict::Undecided,
                };
            }
        }
        verdicts
    }
}

/// Returns the same number below p, without a conversion: the words have the factor 2^260 and not
/// 2^256. Requires x < 2 p.
#[inline(always)]
fn element(x: &Limbs) -> Element {
    let words: U256 =
        [x[0] | x[1] << 52, x[1] >> 12 | x[2] << 40, x[2] >> 24 | x[3] << 28, x[3] >> 36 | x[4] << 16];
    let is_below_p = x[4] >> 48 == 0 && is_below(&words, &P);
    Element(if is_below_p { words } else { sub(&words, &P).0 })
}
