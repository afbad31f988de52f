//! Results of a batch as columns, for data pipelines.

use super::verified_token::VerifiedToken;
use crate::error::Result;

/// The results of a batch as columns in the layout of Apache Arrow ("Columnar Format", 1.0). Arrow
/// can use the buffers without copying them.
///
/// In a validity bitmap, bit i is set if row i has a value. Bit 0 is the lowest bit of the first
/// byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenColumns {
    /// The status of each row, a UInt32 column without nulls: 0 for an accepted token, else
    /// [`crate::ErrorKind::number`].
    pub status: Vec<u32>,
    /// "exp" of the accepted tokens in seconds since 1970, an Int64 column; 0 in rows that are
    /// null.
    pub exp: Vec<i64>,
    /// Which rows of `exp` are not null.
    pub exp_validity: Vec<u8>,
    /// Start of each row's "uid" in `uid_data`, then the end of the last one: the offsets of a
    /// LargeUtf8 column.
    pub uid_offsets: Vec<i64>,
    /// The "uid"s of the accepted tokens, one after the other.
    pub uid_data: String,
    /// Which rows of the uid column are not null.
    pub uid_validity: Vec<u8>,
}

impl TokenColumns {
    /// Builds the columns, with one row for each result.
    pub fn of(verdicts: &[Result<VerifiedToken>]) -> Self {
        Self::of_rows(verdicts.iter().map(|verdict| verdict.as_ref().map_err(|error| error.kind().number())))
    }

    /// Builds the columns from accepted tokens and the status numbers of rejected ones. For the C
    /// interface.
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
