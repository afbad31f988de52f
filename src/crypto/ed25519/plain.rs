//! Checks an equation without vector instructions.

use super::equation::Equation;
use super::field::FieldElement;
use super::point::Extended;
use super::table::{Multiple, Term};
use super::tables::Pair;

/// Returns whether the equation holds.
pub(super) fn holds(tables: &Pair, equation: &Equation) -> bool {
    let sum = Extended::NEUTRAL;
    let sum = add_all(sum, &tables.generator.multiple(&equation.s));
    let sum = add_all(sum, &tables.minus_key.multiple(&equation.k));
    equation.is_solved_by(&sum.x.to_number(), &sum.y.to_number(), &sum.z.to_number())
}

#[inline(always)]
fn add_all(mut sum: Extended, multiple: &Multiple<'_>) -> Extended {
    for i in 0..multiple.terms() {
        sum = add_term(&sum, &multiple.term(i));
    }
    sum
}

/// As [`Extended::add`], with a point of a table: 7 products.
#[inline(always)]
fn add_term(sum: &Extended, term: &Term<'_>) -> Extended {
    // -(x, y) = (-x, y), so y + x and y - x are exchanged and 2 d x y is negated.
    let (numbers, _) = term.entry.plus_and_minus.as_chunks();
    let negative = usize::from(term.negative);
    let plus = FieldElement::from_number(&numbers[negative]);
    let minus = FieldElement::from_number(&numbers[1 - negative]);
    let a = sum.y.sub(&sum.x).multiply(&minus);
    let b = sum.y.add(&sum.x).multiply(&plus);
    let c = sum.t.multiply(&FieldElement::from_number(&term.entry.t)).negate_if(term.negative);
    let d = sum.z.add(&sum.z);
    Extended::from_parts(&a, &b, &c, &d)
}
