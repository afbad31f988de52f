//! Verdicts as columns, for data pipelines.

use super::verified_token::VerifiedToken;
use crate::error::Result;

/// The verdicts of a batch in columns, laid out as Apache Arrow does (its "Columnar Format", 1.0):
/// buffers that may be handed to it as they are.
///
/// In a validity bitmap the bit i, counted from the lowest of the first byte, is set where row i
/// has a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenColumns {
    /// The number of the verdict of each row, a UInt32 column without nulls: 0 for a token that
    /// passed, else [`crate::ErrorKind::number`].
    pub status: Vec<u32>,
    /// "exp" of the tokens that passed in seconds since 1970, an Int64 column; 0 where it is null.
    pub exp: Vec<i64>,
    /// Which rows of `exp` are not null.
    pub exp_validity: Vec<u8>,
    /// Where in `uid_data` the "uid" of each row begins, and one more value for the end: the
    /// offsets of a LargeUtf8 column.
    pub uid_offsets: Vec<i64>,
    /// The "uid"s of the tokens that passed, one behind the other.
    pub uid_data: String,
    /// Which rows of the uid column are not null.
    pub uid_validity: Vec<u8>,
}

impl TokenColumns {
    /// The columns of these verdicts, a row each.
    pub fn of(verdicts: &[Result<VerifiedToken>]) -> Self {
        Self::of_rows(verdicts.iter().map(|verdict| verdict.as_ref().map_err(|error| error.kind().number())))
    }

    /// The columns of tokens that passed and the numbers of those that did not: for C.
    #[doc(hidden)]
    pub fn of_rows<'a>(rows: impl ExactSizeIterator<Item = Result<&'a VerifiedToken, u32>>) -> Self {
        let bitmap_len = rows.len().div_ceil(8);
        let mut columns = Self {
            exp_validity: vec![0; bitmap_len],
            uid_validity: vec![0; bitmap_len],
            uid_offsets: vec![0],
            ..Self::default()
        };
        for (i, row) in rows.enumerate() {
            columns.status.push(row.err().unwrap_or(0));
            let exp = row.ok().and_then(VerifiedToken::expires_at);
            columns.exp.push(exp.unwrap_or_default());
            set_bit(&mut columns.exp_validity, i, exp.is_some());
            let uid = row.ok().and_then(VerifiedToken::uid);
            columns.uid_data.push_str(uid.unwrap_or_default());
            columns.uid_offsets.push(columns.uid_data.len() as i64);
            set_bit(&mut columns.uid_validity, i, uid.is_some());
        }
        columns
    }
}

fn set_bit(bitmap: &mut [u8], i: usize, set: bool) {
    if let Some(byte) = bitmap.get_mut(i / 8) {
        *byte |= u8::from(set) << (i % 8);
    }
}
