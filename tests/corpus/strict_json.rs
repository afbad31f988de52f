//! Strict JSON in the three places where JSON is parsed: the header, the Claims Set and the key
//! set.

use super::case::{CLAIMS, Case, File, case};
use super::keys::{jwk, only};
use super::signer::{bouncer_token, compact};

pub(crate) fn file() -> File {
    let mut file = File::new(
        "strict_json",
        "RFC 8259, UTF-8, no duplicate names, at most 16 levels, no number outside the range of a double: header, Claims Set, key set",
    )
    .key_set("rsa", only("rsa-2048-a"));
    for place in [Place::Header, Place::Claims, Place::KeySet] {
        file = file.cases(bad_values(place)).cases(bad_documents(place)).cases(accepted(place));
    }
    file.cases(duplicates()).cases(members())
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Header,
    Claims,
    KeySet,
}

impl Place {
    fn noun(self) -> &'static str {
        match self {
            Place::Header => "header",
            Place::Claims => "claims_set",
            Place::KeySet => "key_set",
        }
    }

    /// Returns a document in which the member `x` has this value. The library ignores `x`.
    fn document(self, value: &str) -> String {
        match self {
            Place::Header => format!(r#"{{"alg":"RS256","x":{value}}}"#),
            Place::Claims => format!(r#"{{"uid":"peter","exp":1700003600,"x":{value}}}"#),
            Place::KeySet => format!(r#"{{"keys":[{}],"x":{value}}}"#, jwk("rsa-2048-a").json()),
        }
    }

    /// Makes a case with this document in this place. Everything else is valid.
    fn case(self, id: String, why: &str, document: impl AsRef<[u8]>) -> Case {
        let document = document.as_ref();
        let case = case(id, why);
        match self {
            Place::Header => case.token(compact("rsa-2048-a", "RS256", document, CLAIMS)),
            Place::Claims => case.token(bouncer_token(document)),
            Place::KeySet => case
                .own_keys(str::from_utf8(document).expect("a key set in a corpus file is text"))
                .token(bouncer_token(CLAIMS)),
        }
    }

    fn rejected(self, id: String, why: &str, document: impl AsRef<[u8]>) -> Case {
        self.case(id, why, document).rejected(match self {
            Place::Header => "malformed_header",
            Place::Claims => "malformed_claims",
            Place::KeySet => "malformed_jwk_set",
        })
    }
}

/// Returns `levels` nested arrays.
fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

fn bad_values(place: Place) -> Vec<Case> {
    let number = "RFC 8259 section 6: the grammar of a number";
    let string = "RFC 8259 section 7: the grammar of a string";
    let grammar = "RFC 8259 section 3: the grammar of a value";
    let surrogate = "RFC 8259 section 8.2: an unpaired surrogate is not a character";
    let duplicate = "RFC 7515 section 4, RFC 7519 section 4: names are unique, at every depth";
    let double = "a number outside the range of a double is rejected: parsers disagree on its value";
    let long = format!("1{}", "0".repeat(309));
    let deep = nested(16);
    let deep_objects = format!("{}1{}", r#"{"a":"#.repeat(16), "}".repeat(16));
    let values: &[(&str, &str, &str)] = &[
        ("nan", "NaN", grammar),
        ("infinity", "Infinity", grammar),
        ("minus_infinity", "-Infinity", grammar),
        ("a_number_with_a_leading_zero", "01", number),
        ("a_negative_number_with_a_leading_zero", "-01", number),
        ("a_number_with_a_plus_sign", "+1", number),
        ("a_number_ending_in_a_point", "1.", number),
        ("a_number_beginning_with_a_point", ".5", number),
        ("an_exponent_without_digits", "1e", number),
        ("a_signed_exponent_without_digits", "1e+", number),
        ("a_hexadecimal_number", "0x10", number),
        ("a_lone_minus_sign", "-", number),
        ("a_number_with_a_separator", "1_000", number),
        ("true_in_capitals", "True", grammar),
        ("an_unquoted_word", "peter", grammar),
        ("a_missing_value", "", grammar),
        ("a_single_quoted_string", "'peter'", string),
        ("a_hexadecimal_escape", r#""\x41""#, string),
        ("an_incomplete_unicode_escape", r#""\u12""#, string),
        ("a_unicode_escape_of_no_digits", r#""\u00zz""#, string),
        ("a_capital_unicode_escape", r#""\U00000041""#, string),
        ("an_escaped_newline_character", "\"\\\n\"", string),
        ("a_raw_newline_in_a_string", "\"\n\"", string),
        ("a_raw_tab_in_a_string", "\"\t\"", string),
        ("a_raw_nul_in_a_string", "\"\0\"", string),
        ("a_raw_unit_separator_in_a_string", "\"\u{1f}\"", string),
        ("an_unterminated_string", "\"peter", string),
        ("a_lone_high_surrogate", r#""\ud800""#, surrogate),
        ("a_lone_low_surrogate", r#""\udc00""#, surrogate),
        ("a_reversed_surrogate_pair", r#""\ude00\ud83d""#, surrogate),
        ("a_high_surrogate_before_a_letter", r#""\ud83d\u0041""#, surrogate),
        ("a_lone_surrogate_in_a_name", r#"{"\ud800":1}"#, surrogate),
        ("a_comma_after_the_last_element", "[1,]", grammar),
        ("a_comma_before_the_first_element", "[,1]", grammar),
        ("two_elements_without_a_comma", "[1 2]", grammar),
        ("a_comma_after_the_last_member", r#"{"a":1,}"#, grammar),
        ("a_name_that_is_no_string", "{1:1}", grammar),
        ("a_member_without_a_colon", r#"{"a" 1}"#, grammar),
        ("a_mismatched_bracket", "[1}", grammar),
        ("a_comment", "/* 1 */ 1", grammar),
        ("a_vertical_tab_as_blank", "\u{b}1", grammar),
        ("a_no_break_space_as_blank", "\u{a0}1", grammar),
        ("nested_duplicate_names", r#"{"a":1,"a":1}"#, duplicate),
        ("nested_duplicate_names_once_escaped", r#"{"a":1,"\u0061":2}"#, duplicate),
        ("duplicate_names_within_an_array", r#"[{"a":1,"a":1}]"#, duplicate),
        ("duplicate_empty_names", r#"{"":1,"":1}"#, duplicate),
        ("a_number_beyond_a_double", "1e309", double),
        ("a_negative_number_beyond_a_double", "-1.5E+400", double),
        ("an_integer_beyond_a_double", &long, double),
        ("an_exponent_of_many_digits", "1e99999999999999999999", double),
        (
            "seventeen_levels_of_arrays",
            &deep,
            "at most 16 levels, the outermost object included (CVE-2025-53864)",
        ),
        ("seventeen_levels_of_objects", &deep_objects, "at most 16 levels, the outermost object included"),
    ];
    values
        .iter()
        .map(|(id, value, why)| {
            place.rejected(format!("{id}_in_the_{}_is_refused", place.noun()), why, place.document(value))
        })
        .collect()
}

fn bad_documents(place: Place) -> Vec<Case> {
    let whole = place.document("1");
    let grammar = "RFC 8259 section 2: one JSON text and nothing else";
    let object = "RFC 7515 section 4, RFC 7519 section 4, RFC 7517 section 5: a JSON object";
    let utf8 = "RFC 8259 section 8.1: UTF-8 without a byte order mark";
    let mut documents: Vec<(&str, &str, Vec<u8>)> = vec![
        ("a_second_text_after", grammar, format!("{whole}{{}}").into()),
        ("a_comma_after", grammar, format!("{whole},").into()),
        ("a_nul_after", grammar, format!("{whole}\0").into()),
        ("a_comment_after", grammar, format!("{whole}//").into()),
        ("a_form_feed_before", grammar, format!("\u{c}{whole}").into()),
        ("a_missing_brace_at_the_end_of", grammar, whole[..whole.len() - 1].into()),
        ("a_brace_too_many_after", grammar, format!("{whole}}}").into()),
        ("a_comma_before_the_brace_of", grammar, format!("{},}}", &whole[..whole.len() - 1]).into()),
        ("an_array_in_place_of", object, format!("[{whole}]").into()),
        ("a_string_in_place_of", object, b"\"RS256\"".to_vec()),
        ("null_in_place_of", object, b"null".to_vec()),
        ("true_in_place_of", object, b"true".to_vec()),
        ("a_number_in_place_of", object, b"1".to_vec()),
        ("a_blank_in_place_of", grammar, b" ".to_vec()),
    ];
    if place != Place::KeySet {
        // A corpus file contains key sets as text, so it cannot contain these bytes in a key set.
        let bytes = |value: &[u8]| {
            let (head, tail) = whole.rsplit_once('1').expect("the member x");
            [head.as_bytes(), b"\"", value, b"\"", tail.as_bytes()].concat()
        };
        let utf16: Vec<u8> = whole.encode_utf16().flat_map(u16::to_le_bytes).collect();
        documents.extend([
            ("a_byte_order_mark_before", utf8, format!("\u{feff}{whole}").into()),
            ("a_byte_that_is_not_utf8_in", utf8, bytes(b"\xff")),
            ("a_truncated_utf8_sequence_in", utf8, bytes(b"\xe2\x82")),
            ("an_overlong_utf8_sequence_in", utf8, bytes(b"\xc0\xaf")),
            ("a_surrogate_encoded_as_utf8_in", utf8, bytes(b"\xed\xa0\x80")),
            ("a_code_point_beyond_unicode_in", utf8, bytes(b"\xf4\x90\x80\x80")),
            ("utf16_in_place_of", utf8, utf16),
        ]);
    }
    documents
        .into_iter()
        .map(|(id, why, document)| {
            place.rejected(format!("{id}_the_{}_is_refused", place.noun()), why, document)
        })
        .collect()
}

fn accepted(place: Place) -> Vec<Case> {
    let deep = nested(15);
    let deep_objects = format!("{}1{}", r#"{"a":"#.repeat(15), "}".repeat(15));
    let values: &[(&str, &str)] = &[
        ("minus_zero", "-0"),
        ("an_exponent", "1E+5"),
        ("a_decimal_with_an_exponent", "-1.5e-3"),
        ("a_number_within_a_double", "1e308"),
        ("a_surrogate_pair", r#""\ud83d\ude00""#),
        ("an_escaped_nul", r#""\u0000""#),
        ("every_short_escape", r#""\"\\\/\b\f\n\r\t""#),
        ("a_raw_delete_character", "\"\u{7f}\""),
        ("a_noncharacter", "\"\u{ffff}\""),
        ("a_character_beyond_the_basic_plane", "\"\u{1f600}\""),
        ("an_empty_name", r#"{"":0}"#),
        ("names_that_differ_in_case", r#"{"a":1,"A":1}"#),
        ("the_same_name_in_two_objects", r#"[{"a":1},{"a":1}]"#),
        ("empty_containers", "[[],{},[{}]]"),
        ("literals", "[null,true,false]"),
        ("sixteen_levels_of_arrays", &deep),
        ("sixteen_levels_of_objects", &deep_objects),
        ("blanks_between_tokens", " [ 1 ,\t{ \"a\"\r\n: 1 } ]\n"),
    ];
    let mut cases: Vec<Case> = values
        .iter()
        .map(|(id, value)| {
            let claims = if place == Place::Claims {
                place.document(&value.replace(['\n', '\r', '\t'], " "))
            } else {
                CLAIMS.to_owned()
            };
            place
                .case(
                    format!("{id}_in_the_{}_is_accepted", place.noun()),
                    "RFC 8259: valid JSON in an ignored member",
                    place.document(value),
                )
                .ok(&claims)
        })
        .collect();
    let document = place.document("1");
    let claims = if place == Place::Claims { document.as_str() } else { CLAIMS };
    cases.push(
        place
            .case(
                format!("blanks_around_the_{}_are_accepted", place.noun()),
                "RFC 8259 section 2: white space is allowed around the text",
                format!(" \t\r\n{document}\r\n\t "),
            )
            .ok(claims),
    );
    if place != Place::KeySet {
        cases.push(
            place
                .case(
                    format!("an_integer_of_thirty_digits_in_the_{}_is_accepted", place.noun()),
                    "RFC 8259 section 6: the number is in the range of a double",
                    place.document("123456789012345678901234567890"),
                )
                .ok(&if place == Place::Claims {
                    place.document("123456789012345678901234567890")
                } else {
                    CLAIMS.to_owned()
                }),
        );
    }
    cases
}

/// Duplicates of names that the library uses. Some parsers take the first value, others the last.
fn duplicates() -> Vec<Case> {
    let why = "RFC 7515 section 4, RFC 7517 section 4, RFC 7519 section 4: a duplicate name is an error (CVE-2017-12635)";
    let key = jwk("rsa-2048-a").json();
    let key_with = |member: &str| format!(r#"{{"keys":[{{{member},{}]}}"#, &key[1..]);
    let documents = [
        (Place::Header, "two_algs", r#"{"alg":"none","alg":"RS256"}"#.to_owned()),
        (Place::Header, "two_equal_algs", r#"{"alg":"RS256","alg":"RS256"}"#.to_owned()),
        (Place::Header, "two_algs_once_escaped", r#"{"alg":"RS256","al\u0067":"none"}"#.to_owned()),
        (Place::Header, "two_kids", r#"{"alg":"RS256","kid":"a","kid":"b"}"#.to_owned()),
        (Place::Header, "two_typs", r#"{"alg":"RS256","typ":"JWT","typ":"at+jwt"}"#.to_owned()),
        (Place::Claims, "two_exps", r#"{"uid":"peter","exp":1,"exp":1700003600}"#.to_owned()),
        (
            Place::Claims,
            "two_exps_once_escaped",
            r#"{"uid":"peter","exp":1700003600,"e\u0078p":1}"#.to_owned(),
        ),
        (Place::Claims, "two_uids", r#"{"uid":"peter","exp":1700003600,"uid":"root"}"#.to_owned()),
        (Place::Claims, "two_auds", r#"{"uid":"peter","exp":1700003600,"aud":"a","aud":"b"}"#.to_owned()),
        (Place::KeySet, "two_keys_members", format!(r#"{{"keys":[],"keys":[{key}]}}"#)),
        (Place::KeySet, "two_keys_members_once_escaped", format!(r#"{{"keys":[{key}],"\u006beys":[]}}"#)),
    ];
    let mut cases: Vec<Case> = documents
        .into_iter()
        .map(|(place, id, document)| {
            place.rejected(format!("{id}_in_the_{}_are_refused", place.noun()), why, document)
        })
        .collect();
    // A key with a duplicate name is skipped. Here the set has no other key, so no key is usable.
    for (id, member) in [
        ("two_moduli", r#""n":"AQAB""#),
        ("two_exponents", r#""e":"Aw""#),
        ("two_key_types", r#""kty":"oct""#),
        ("two_unknown_members_of_a_key", r#""x":1,"x":1"#),
    ] {
        cases.push(
            case(format!("{id}_in_the_key_set_are_refused"), why)
                .own_keys(key_with(member))
                .token(bouncer_token(CLAIMS))
                .rejected("no_usable_key"),
        );
    }
    cases
}

/// A fault inside a member of "keys" skips only that member, even if its JSON is invalid. If the
/// end of a member is not clear, the document is rejected.
fn members() -> Vec<Case> {
    let why =
        "the members of keys are parsed one by one: invalid JSON inside a member skips only that member";
    let outer = "the document is rejected if the end of a member of keys is not clear";
    let good = jwk("rsa-2048-a").json();
    let small = &jwk("ed25519-a").json();
    let with = |member: &str| format!("{},{member}}}", &small[..small.len() - 1]);
    let deep = nested(16);
    let very_deep = nested(5000);
    let long = format!("1{}", "0".repeat(309));
    let mut cases = Vec::new();
    for (id, member) in [
        ("two_members_of_a_name", r#""x":"AQAB""#.to_owned()),
        ("two_vendor_members_of_a_name", r#""v":1,"v":1"#.to_owned()),
        ("two_names_that_are_one_unescaped", r#""v":1,"\u0076":1"#.to_owned()),
        ("a_duplicate_name_within_a_vendor_member", r#""v":{"a":1,"a":1}"#.to_owned()),
        ("seventeen_levels", format!(r#""v":{deep}"#)),
        ("five_thousand_levels", format!(r#""v":{very_deep}"#)),
        ("a_number_beyond_a_double", r#""v":1e999"#.to_owned()),
        ("a_long_number_beyond_a_double", format!(r#""v":{long}"#)),
        ("nan", r#""v":NaN"#.to_owned()),
        ("a_lone_surrogate", r#""v":"\ud83d""#.to_owned()),
        ("a_lone_surrogate_in_a_name", r#""\ud83d":1"#.to_owned()),
        ("a_raw_newline_in_a_string", "\"v\":\"\n\"".to_owned()),
        ("an_unknown_escape", r#""v":"\x41""#.to_owned()),
        ("a_leading_zero", r#""v":01"#.to_owned()),
        ("a_missing_colon", r#""v" 1"#.to_owned()),
        ("a_comma_too_many", r#""v":1,"#.to_owned()),
    ] {
        cases.push(
            case(format!("a_key_with_{id}_is_skipped_alone"), why)
                .own_keys(format!("{{\"keys\":[{},{good}]}}", with(&member)))
                .token(bouncer_token(CLAIMS))
                .loads(1, &[(0, "not_a_jwk")])
                .ok(CLAIMS),
        );
    }
    for (id, member) in [
        ("brackets_in_a_string", r#""v":"]}[{,""#),
        ("an_escaped_quotation_mark", r#""v":"\"]},{\"""#),
        ("a_backslash_at_the_end_of_a_string", r#""v":"\\""#),
        ("fifteen_levels", r#""v":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]"#),
        ("the_largest_number", r#""v":1e308"#),
        ("a_surrogate_pair", r#""v":"\ud83d\ude00""#),
    ] {
        cases.push(
            case(format!("a_key_with_{id}_is_usable"), why)
                .own_keys(format!("{{\"keys\":[{},{good}]}}", with(member)))
                .token(bouncer_token(CLAIMS))
                .loads(2, &[])
                .ok(CLAIMS),
        );
    }
    for (id, document) in [
        ("a_key_without_its_last_brace", format!(r#"{{"keys":[{},{good}]}}"#, &small[..small.len() - 1])),
        ("a_key_with_a_brace_too_many", format!(r#"{{"keys":[{small}}},{good}]}}"#)),
        ("a_key_with_a_mismatched_bracket", format!(r#"{{"keys":[{},{good}]}}"#, with(r#""v":[}"#))),
        ("a_key_with_an_unterminated_string", format!(r#"{{"keys":[{},{good}]}}"#, with(r#""v":"x"#))),
        ("two_keys_without_a_comma", format!(r#"{{"keys":[{small} {good}]}}"#)),
        ("a_comma_after_the_last_key", format!(r#"{{"keys":[{small},{good},]}}"#)),
        ("a_comma_before_the_first_key", format!(r#"{{"keys":[,{small},{good}]}}"#)),
        ("an_array_of_keys_without_its_end", format!(r#"{{"keys":[{small},{good}}}"#)),
    ] {
        cases.push(Place::KeySet.rejected(format!("{id}_refuses_the_key_set"), outer, document));
    }
    cases.push(
        Place::KeySet
            .case(
                "a_byte_order_mark_before_the_key_set_is_accepted".to_owned(),
                "RFC 8259 section 8.1: a parser may ignore a byte order mark, which some editors write",
                format!("\u{feff}{}", Place::KeySet.document("1")),
            )
            .ok(CLAIMS),
    );
    cases.push(Place::KeySet.rejected(
        "two_byte_order_marks_before_the_key_set_are_refused".to_owned(),
        "RFC 8259 section 8.1: one byte order mark is ignored",
        format!("\u{feff}\u{feff}{}", Place::KeySet.document("1")),
    ));
    cases
}
