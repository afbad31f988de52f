//! Decodes the numbers of a JWK.

use super::public_key::trim_leading_zeros;
use super::skip_reason::{SkipReason, Unusable};
use crate::encoding::base64url;

/// Decodes the member `name`. Also returns whether its encoding breaks RFC 7518 and was tolerated.
pub(super) fn decode(name: &str, text: &str) -> Result<(Vec<u8>, bool), Unusable> {
    base64url::decode_tolerant(text.as_bytes())
        .map_err(|_| Unusable::new(SkipReason::BadEncoding, format!("{name:?} is not base64url")))
}

/// A decoded Base64urlUInt of a JWK (RFC 7518 §2), without leading zeros; or a decoded coordinate.
pub(super) struct Integer {
    pub(super) octets: Vec<u8>,
    pub(super) tolerated: bool,
}

impl Integer {
    pub(super) fn decode(name: &str, text: &str) -> Result<Self, Unusable> {
        let bad = |what: &str| Err(Unusable::new(SkipReason::BadEncoding, format!("{name:?} {what}")));
        let (mut octets, tolerated) = decode(name, text)?;
        match *octets.as_slice() {
            [] => bad("is empty"),
            // "AA" is zero. Some issuers write one leading zero octet, as DER does; no known issuer
            // writes more.
            [0, 0, ..] => bad("has more than one leading zero octet"),
            [0, _, ..] => {
                octets.remove(0);
                Ok(Self { octets, tolerated: true })
            }
            _ => Ok(Self { octets, tolerated }),
        }
    }

    /// Decodes a coordinate of `len` octets (RFC 7518 §6.2.1.2). Missing or extra leading zeros are
    /// tolerated, because some issuers write a coordinate as an integer. If more than `len` octets
    /// remain, they are returned unchanged.
    pub(super) fn coordinate(name: &str, text: &str, len: usize) -> Result<Self, Unusable> {
        let (octets, tolerated) = decode(name, text)?;
        if octets.is_empty() {
            return Err(Unusable::new(SkipReason::BadPoint, format!("{name:?} is empty")));
        }
        if octets.len() == len {
            return Ok(Self { octets, tolerated });
        }
        let significant = trim_leading_zeros(&octets);
        let mut padded = vec![0; len.saturating_sub(significant.len())];
        padded.extend_from_slice(significant);
        Ok(Self { octets: padded, tolerated: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coordinate_is_padded_to_the_length_of_its_curve() {
        let coordinate = |text| {
            let read = Integer::coordinate("x", text, 3).map(|read| (read.octets, read.tolerated));
            read.map_err(|unusable| unusable.reason)
        };
        assert_eq!(coordinate("AQAB"), Ok((vec![1, 0, 1], false)));
        assert_eq!(coordinate("AAAB"), Ok((vec![0, 0, 1], false)));
        assert_eq!(coordinate("AAAA"), Ok((vec![0, 0, 0], false)));
        for text in ["AQ", "AQ==", "AAE", "AAE=", "AAAAAAE"] {
            assert_eq!(coordinate(text), Ok((vec![0, 0, 1], true)), "{text}");
        }
        // Too long: `PublicKey::ec` rejects it.
        assert_eq!(coordinate("AQABAQ"), Ok((vec![1, 0, 1, 1], true)));
        assert_eq!(coordinate(""), Err(SkipReason::BadPoint));
        assert_eq!(coordinate("AQ="), Err(SkipReason::BadEncoding));
    }

    #[test]
    fn one_leading_zero_octet_of_an_integer_is_tolerated() {
        let decode = |text| {
            let decoded = Integer::decode("n", text).map(|integer| (integer.octets, integer.tolerated));
            decoded.map_err(|unusable| unusable.reason)
        };
        assert_eq!(decode("AQAB"), Ok((vec![1, 0, 1], false)));
        assert_eq!(decode("AAEAAQ"), Ok((vec![1, 0, 1], true)));
        assert_eq!(decode("AA"), Ok((vec![0], false)));
        for text in ["", "AAAA", "AAABAAE", "A", "AQAB\n"] {
            assert_eq!(decode(text), Err(SkipReason::BadEncoding), "{text}");
        }
    }
}
