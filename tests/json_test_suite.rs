//! JSONTestSuite (Nicolas Seriot, "Parsing JSON is a Minefield") in each of the three documents
//! that the library parses: the JOSE Header, the Claims Set and the JWK Set. The content of a file
//! becomes the value of an additional member. The rest of the document is valid.

mod support {
    pub(crate) mod signer;
    pub(crate) mod vectors;
}

use bouncer_verify::{Algorithm, Backend, Error, ErrorKind, Jwk, JwkSet, Policy, verify_token};
use std::collections::BTreeMap;
use std::fs;
use support::signer::Key;
use support::vectors::{self, Report};

/// Files that RFC 8259 allows and this library rejects on purpose.
const STRICTER: &[(&str, &str)] = &[
    ("y_object_duplicated_key.json", DUPLICATE_NAME),
    ("y_object_duplicated_key_and_value.json", DUPLICATE_NAME),
];

/// Files for which RFC 8259 leaves the choice to the implementation: whether this library accepts
/// them, and why.
#[rustfmt::skip]
const LEFT_OPEN: &[(&str, bool, &str)] = &[
    ("i_number_double_huge_neg_exp.json", true, TINY),
    ("i_number_huge_exp.json", false, BEYOND_A_DOUBLE),
    ("i_number_neg_int_huge_exp.json", false, BEYOND_A_DOUBLE),
    ("i_number_pos_double_huge_exp.json", false, BEYOND_A_DOUBLE),
    ("i_number_real_neg_overflow.json", false, BEYOND_A_DOUBLE),
    ("i_number_real_pos_overflow.json", false, BEYOND_A_DOUBLE),
    ("i_number_real_underflow.json", true, TINY),
    ("i_number_too_big_neg_int.json", true, LONG_INTEGER),
    ("i_number_too_big_pos_int.json", true, LONG_INTEGER),
    ("i_number_very_big_negative_int.json", true, LONG_INTEGER),
    ("i_object_key_lone_2nd_surrogate.json", false, LONE_SURROGATE),
    ("i_string_1st_surrogate_but_2nd_missing.json", false, LONE_SURROGATE),
    ("i_string_1st_valid_surrogate_2nd_invalid.json", false, LONE_SURROGATE),
    ("i_string_UTF-16LE_with_BOM.json", false, UTF_16),
    ("i_string_UTF-8_invalid_sequence.json", false, NOT_UTF_8),
    ("i_string_UTF8_surrogate_U+D800.json", false, NOT_UTF_8),
    ("i_string_incomplete_surrogate_and_escape_valid.json", false, LONE_SURROGATE),
    ("i_string_incomplete_surrogate_pair.json", false, LONE_SURROGATE),
    ("i_string_incomplete_surrogates_escape_valid.json", false, LONE_SURROGATE),
    ("i_string_invalid_lonely_surrogate.json", false, LONE_SURROGATE),
    ("i_string_invalid_surrogate.json", false, LONE_SURROGATE),
    ("i_string_invalid_utf-8.json", false, NOT_UTF_8),
    ("i_string_inverted_surrogates_U+1D11E.json", false, LONE_SURROGATE),
    ("i_string_iso_latin_1.json", false, NOT_UTF_8),
    ("i_string_lone_second_surrogate.json", false, LONE_SURROGATE),
    ("i_string_lone_utf8_continuation_byte.json", false, NOT_UTF_8),
    ("i_string_not_in_unicode_range.json", false, NOT_UTF_8),
    ("i_string_overlong_sequence_2_bytes.json", false, NOT_UTF_8),
    ("i_string_overlong_sequence_6_bytes.json", false, NOT_UTF_8),
    ("i_string_overlong_sequence_6_bytes_null.json", false, NOT_UTF_8),
    ("i_string_truncated-utf-8.json", false, NOT_UTF_8),
    ("i_string_utf16BE_no_BOM.json", false, UTF_16),
    ("i_string_utf16LE_no_BOM.json", false, UTF_16),
    ("i_structure_500_nested_arrays.json", false, DEPTH),
    ("i_structure_UTF-8_BOM_empty_object.json", false, BYTE_ORDER_MARK),
];

const DUPLICATE_NAME: &str = "RFC 7515 section 4 and RFC 7519 section 4 allow rejecting duplicate names";
const TINY: &str = "the nearest double is zero, which is a valid number";
const LONG_INTEGER: &str =
    "an integer that a double approximates; a claim that must be exact has its own range check";
const BEYOND_A_DOUBLE: &str =
    "the number is beyond the range of a double, and parsers disagree about its value";
const LONE_SURROGATE: &str = "half of a surrogate pair is not a character";
const NOT_UTF_8: &str = "RFC 8259 section 8.1: JSON is exchanged in UTF-8";
const UTF_16: &str = "RFC 8259 section 8.1: JSON is exchanged in UTF-8, not in UTF-16";
const BYTE_ORDER_MARK: &str = "RFC 8259 section 8.1: JSON has no byte order mark";
const DEPTH: &str = "at most 16 levels are accepted";

/// Builds the three documents around a value and verifies them.
struct Documents {
    key: Key,
    jwk: String,
    jwks: JwkSet,
    policy: Policy,
    backend: Backend,
}

impl Documents {
    fn new(backend: Backend) -> Self {
        let key = Key::load("ed25519-a");
        let jwk = Jwk::from_der(&key.public_der()).expect("a key").to_json();
        let jwks =
            JwkSet::from_slice_with(format!(r#"{{"keys":[{jwk}]}}"#).as_bytes(), backend).expect("a key set");
        let policy = Policy::dcos().algorithms([Algorithm::Ed25519]).time(1_700_000_000);
        // The longest file has 250 kB.
        let policy = policy.max_token_len(Policy::MAX_TOKEN_LEN).expect("it is within the limit");
        Self { key, jwk, jwks, policy, backend }
    }

    fn token(&self, header: &[u8], claims: &[u8]) -> Result<(), Error> {
        verify_token(&self.jwks, &self.policy, self.key.token(Algorithm::Ed25519, header, claims)).map(drop)
    }

    /// Returns whether `value` is accepted as a part of a document. All three documents must agree.
    fn accept(&self, value: &[u8]) -> Result<bool, String> {
        let around = |before: &str| [before.as_bytes(), value, b"}"].concat();
        let (header, claims) = (r#"{"alg":"Ed25519""#, r#"{"exp":1800000000,"uid":"peter""#);
        let in_header = self.token(&around(&format!("{header},\"x\":")), format!("{claims}}}").as_bytes());
        let in_claims = self.token(format!("{header}}}").as_bytes(), &around(&format!("{claims},\"x\":")));
        let set = around(&format!(r#"{{"keys":[{}],"x":"#, self.jwk));
        let in_set = JwkSet::from_slice_with(&set, self.backend).map(drop);
        match (in_header, in_claims, in_set) {
            (Ok(()), Ok(()), Ok(())) => Ok(true),
            (Err(a), Err(b), Err(c))
                if [
                    (&a, ErrorKind::MalformedHeader),
                    (&b, ErrorKind::MalformedClaims),
                    (&c, ErrorKind::MalformedJwkSet),
                ]
                .iter()
                .all(|(error, kind)| error.kind() == *kind && error.name().is_none()) =>
            {
                Ok(false)
            }
            differing => Err(format!("{differing:?}")),
        }
    }

    /// Returns whether `claims` is accepted as a whole Claims Set. The policy requires no claim.
    fn accept_alone(&self, claims: &[u8]) -> bool {
        let policy = Policy::any_issuer().algorithms([Algorithm::Ed25519]).optional_exp();
        let policy = policy.max_token_len(Policy::MAX_TOKEN_LEN).expect("it is within the limit");
        let token = self.key.token(Algorithm::Ed25519, r#"{"alg":"Ed25519"}"#, claims);
        match verify_token(&self.jwks, &policy, token) {
            Ok(verified) => verified.payload().as_bytes() == claims,
            Err(error) => {
                assert_eq!((error.kind(), error.name()), (ErrorKind::MalformedClaims, None));
                false
            }
        }
    }
}

#[test]
fn header_claims_and_key_set_accept_the_same_json() {
    let test = "JSONTestSuite";
    let Some(folder) = vectors::folder(test) else { return };
    let files: BTreeMap<String, Vec<u8>> = fs::read_dir(folder.join("JSONTestSuite/test_parsing"))
        .expect("test_parsing")
        .map(|entry| entry.expect("a file"))
        .map(|entry| {
            (entry.file_name().into_string().expect("a name"), fs::read(entry.path()).expect("a file"))
        })
        .collect();
    for &backend in Backend::ALL {
        let documents = Documents::new(backend);
        let mut report = Report::new(test, backend);
        let mut listed = 0;
        for (name, value) in &files {
            let accepted = documents.accept(value).unwrap_or_else(|verdicts| panic!("{name}: {verdicts}"));
            let (expected, why) = match &name[..2] {
                "y_" => match STRICTER.iter().find(|row| row.0 == name) {
                    Some((_, why)) => (false, *why),
                    None => (true, ""),
                },
                // Some files are invalid because text follows the value. This text never makes the
                // document around the value valid.
                "n_" => (false, ""),
                _ => {
                    let row = LEFT_OPEN.iter().find(|row| row.0 == name);
                    let (_, expected, why) = row.unwrap_or_else(|| panic!("{name} is in no table"));
                    (*expected, *why)
                }
            };
            listed += usize::from(!why.is_empty());
            report.check(|| format!("{name} ({why})"), expected, accepted);
            let is_object = value.trim_ascii_start().first() == Some(&b'{');
            assert_eq!(
                documents.accept_alone(value),
                accepted && is_object,
                "{name} as the whole Claims Set"
            );
        }
        assert_eq!(listed, STRICTER.len() + LEFT_OPEN.len(), "a table lists a file that does not exist");
        report.finish(98, 220);
    }
}
