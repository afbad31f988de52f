//! Checks numbers from their digits, without converting them to doubles.

use super::invalid::{Invalid, Rule};

/// Returns the position after the number that begins at `start`. Checks its syntax and that it fits
/// in a double.
pub(super) fn number_end(document: &str, start: usize) -> Result<usize, Invalid> {
    let byte_at = |at: usize| document.as_bytes().get(at).copied();
    // Skips one or more digits.
    let past_digits = |from: usize| {
        let rest = document.as_bytes().get(from..).unwrap_or_default();
        match rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len()) {
            0 => Err(match Invalid::unexpected(document, from) {
                cause @ Invalid { rule: Rule::NotFinite | Rule::Truncated, .. } => cause,
                _ => Invalid::new(Rule::BadNumber, start),
            }),
            count => Ok(from + count),
        }
    };
    let mut end = start + usize::from(byte_at(start) == Some(b'-'));
    end = if byte_at(end) == Some(b'0') { end + 1 } else { past_digits(end)? };
    if byte_at(end) == Some(b'.') {
        end = past_digits(end + 1)?;
    }
    let has_exponent = matches!(byte_at(end), Some(b'e' | b'E'));
    if has_exponent {
        let has_sign = matches!(byte_at(end + 1), Some(b'+' | b'-'));
        end = past_digits(end + 1 + usize::from(has_sign))?;
    }
    // Nearly every number is short. Without an exponent, 300 characters cannot exceed the range.
    if end - start <= 300 && !has_exponent {
        return Ok(end);
    }
    let text = document.get(start..end).unwrap_or_default();
    if Decimal::of(text).is_within_a_double() { Ok(end) } else { Invalid::err(Rule::NumberRange, start) }
}

/// The parts of a JSON number: `integer.fraction` times ten to the power of `exponent`. The digits
/// are checked without parsing a double, because that can cost as much as verifying a signature if
/// the number is hostile.
pub(crate) struct Decimal<'a> {
    pub(crate) negative: bool,
    pub(crate) integer: &'a str,
    fraction: &'a str,
    /// Saturates. 0 if the number has no exponent.
    pub(crate) exponent: i64,
}

impl<'a> Decimal<'a> {
    /// Splits `number`, which must be a valid JSON number.
    pub(crate) fn of(number: &'a str) -> Self {
        let (negative, number) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, ""));
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let out_of_range = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
        let exponent = if exponent.is_empty() { 0 } else { exponent.parse().unwrap_or(out_of_range) };
        Self { negative, integer, fraction, exponent }
    }

    /// Returns the values of all digits: those of the integer, then those of the fraction.
    pub(crate) fn digits(&self) -> impl Iterator<Item = u8> {
        self.integer.bytes().chain(self.fraction.bytes()).map(|digit| digit.wrapping_sub(b'0'))
    }

    /// Returns whether the magnitude is below 1.7976931348623158e308, the largest double rounded up
    /// to 17 digits.
    fn is_within_a_double(&self) -> bool {
        const LARGEST_ORDER: i64 = 308;
        const END: u64 = 17_976_931_348_623_158;
        let zeros = self.digits().take_while(|&digit| digit == 0).count();
        let mut significant = self.digits().skip(zeros).peekable();
        if significant.peek().is_none() {
            return true;
        }
        // The power of ten of the first significant digit.
        let order = (self.integer.len() as i64 - zeros as i64 - 1).saturating_add(self.exponent);
        let leading = significant.chain(std::iter::repeat(0)).take(17);
        let leading = leading.fold(0, |number, digit| number * 10 + u64::from(digit));
        order < LARGEST_ORDER || order == LARGEST_ORDER && leading < END
    }
}
