//! Steps 1 to 3, 8 and 9 of the order of the checks: size, characters, parts and base64url.

use super::case::{CLAIMS, Case, File, Policy, case};
use super::keys::{jwk, only, set};
use super::signer::{BOUNCER_HEADER, b64, bouncer_token, compact, compact_parts, sign};

pub(crate) fn file() -> File {
    File::new(
        "form",
        "RFC 7515 sections 2 and 7.1: size, characters and base64url of the compact serialization",
    )
    .key_set("rsa", only("rsa-2048-a"))
    .key_set("ec", set(&[jwk("p256-a")]))
    .cases(sizes())
    .cases(characters())
    .cases(parts())
    .cases(encodings())
    .cases(padded())
}

/// Returns a valid token of exactly `len` bytes and its Claims Set. A private claim fills the token
/// to this length.
fn token_of(len: usize) -> (String, String) {
    // The three encoded headers have different lengths. So a token can have every length.
    for header in [BOUNCER_HEADER.to_owned(), format!("{BOUNCER_HEADER} "), format!("{BOUNCER_HEADER}  ")] {
        let claims =
            |fill: usize| format!(r#"{{"uid":"peter","exp":1700003600,"pad":"{}"}}"#, "x".repeat(fill));
        let token = |fill: usize| compact("rsa-2048-a", "RS256", &header, claims(fill));
        let missing = len - token(0).len();
        for fill in (missing * 3 / 4).saturating_sub(4)..missing * 3 / 4 + 4 {
            let token = token(fill);
            if token.len() == len {
                return (token, claims(fill));
            }
        }
    }
    panic!("no token of {len} bytes");
}

fn sizes() -> Vec<Case> {
    let why = "a token is at most 16384 bytes unless the policy sets another maximum (CVE-2025-30204, CVE-2025-61920)";
    let header_why =
        "a decoded header is at most 8192 bytes, because it is parsed before the signature is verified";
    let accepted = |id: &str, why: &str, len: usize| {
        let (token, claims) = token_of(len);
        case(id, why).token(token).ok(&claims)
    };
    let too_large =
        |id: &str, why: &str, len: usize| case(id, why).token(token_of(len).0).rejected("token_too_large");
    let limit = |bytes: usize| Policy::dcos().max_token_len(bytes);
    let with_header = |len: usize| {
        let empty = r#"{"alg":"RS256","x":""}"#;
        let header = format!(r#"{{"alg":"RS256","x":"{}"}}"#, "x".repeat(len - empty.len()));
        assert_eq!(header.len(), len);
        compact("rsa-2048-a", "RS256", header, CLAIMS)
    };
    vec![
        accepted("a_token_of_the_largest_size_is_accepted", why, 16_384),
        too_large("a_token_one_byte_over_the_largest_size_is_too_large", why, 16_385),
        accepted(
            "a_raised_maximum_admits_a_larger_token",
            "max_token_len replaces the default maximum",
            16_385,
        )
        .policy(limit(16_385)),
        too_large(
            "a_raised_maximum_is_still_a_maximum",
            "max_token_len replaces the default maximum",
            16_387,
        )
        .policy(limit(16_386)),
        accepted(
            "a_lowered_maximum_admits_a_token_of_its_size",
            "max_token_len replaces the default maximum",
            512,
        )
        .policy(limit(512)),
        too_large(
            "a_lowered_maximum_refuses_a_larger_token",
            "max_token_len replaces the default maximum",
            513,
        )
        .policy(limit(512)),
        case(
            "a_lowered_maximum_refuses_a_token_with_a_well_known_header",
            "the length is checked even if the header is cached",
        )
        .policy(Policy::dcos().max_token_len(256))
        .token(bouncer_token(CLAIMS))
        .rejected("token_too_large"),
        case("a_header_of_8192_bytes_is_accepted", header_why).token(with_header(8192)).ok(CLAIMS),
        case("a_header_of_8193_bytes_is_malformed", header_why)
            .token(with_header(8193))
            .rejected("malformed_header"),
        case("a_header_of_8192_bytes_is_accepted_under_a_raised_maximum", header_why)
            .policy(limit(1_048_576))
            .token(with_header(8192))
            .ok(CLAIMS),
        case("a_raised_maximum_does_not_admit_a_longer_header", header_why)
            .policy(limit(1_048_576))
            .token(with_header(8193))
            .rejected("malformed_header"),
        case("the_length_of_a_header_comes_before_its_encoding", header_why)
            .token(format!("{}A.AAAA.AAAA", "A".repeat(10_928)))
            .rejected("malformed_header"),
        case(
            "a_token_of_dots_is_malformed",
            "split amplification (CVE-2025-27144): a token has three parts, not thousands",
        )
        .token(".".repeat(4000))
        .rejected("malformed_token"),
    ]
}

fn characters() -> Vec<Case> {
    let good = bouncer_token(CLAIMS);
    let why = "RFC 7515 section 2: only base64url characters and dots; a second spelling of a token would bypass deny lists";
    let bent = |id: &str, token: String| case(id, why).token(token).rejected("malformed_token");
    let mut cases = vec![
        case("a_plain_token_is_accepted", "accepted, unlike the changed spellings")
            .token(good.clone())
            .ok(CLAIMS),
        bent("a_newline_after_the_token_is_refused", format!("{good}\n")),
        bent("a_carriage_return_and_newline_after_the_token_are_refused", format!("{good}\r\n")),
        bent("a_space_before_the_token_is_refused", format!(" {good}")),
        bent("a_space_after_the_token_is_refused", format!("{good} ")),
        bent("a_tab_in_the_token_is_refused", good.replacen('.', ".\t", 1)),
        bent("a_nul_after_the_token_is_refused", format!("{good}\0")),
        bent("a_nul_and_more_after_the_token_are_refused", format!("{good}\0.AAAA")),
        bent("a_line_folded_token_is_refused", format!("{}\n{}", &good[..76], &good[76..])),
        bent("a_bearer_prefix_is_refused", format!("Bearer {good}")),
        bent("a_token_prefix_is_refused", format!("token={good}")),
        bent("a_quoted_token_is_refused", format!("\"{good}\"")),
        bent("a_percent_encoded_dot_is_refused", good.replacen('.', "%2E", 1)),
        bent("a_question_mark_in_the_signature_is_refused", format!("{}?", &good[..good.len() - 1])),
        bent("a_fullwidth_dot_is_refused", good.replacen('.', "\u{ff0e}", 1)),
        bent("a_cyrillic_letter_in_the_token_is_refused", good.replacen('e', "\u{0435}", 1)),
        bent("a_byte_order_mark_before_the_token_is_refused", format!("\u{feff}{good}")),
        bent("a_tilde_of_a_selective_disclosure_token_is_refused", format!("{good}~")),
        bent("a_flattened_json_serialization_is_refused", {
            let parts: Vec<&str> = good.split('.').collect();
            format!(r#"{{"protected":"{}","payload":"{}","signature":"{}"}}"#, parts[0], parts[1], parts[2])
        }),
        bent("a_general_json_serialization_is_refused", {
            let parts: Vec<&str> = good.split('.').collect();
            format!(
                r#"{{"payload":"{}","signatures":[{{"protected":"{}","signature":"{}"}}]}}"#,
                parts[1], parts[0], parts[2]
            )
        }),
        // CVE-2022-39227: a JSON text that has three parts when it is split at dots.
        bent("a_json_and_compact_polyglot_is_refused", {
            let parts: Vec<&str> = good.split('.').collect();
            format!(
                r#"{{"  {}.{}.{}":"","protected":"{}","payload":"e30","signature":"{}"}}"#,
                parts[0], parts[1], parts[2], parts[0], parts[2]
            )
        }),
    ];
    let mut bytes = good.clone().into_bytes();
    bytes.push(0xff);
    cases.push(case("a_byte_that_is_not_utf8_is_refused", why).token(bytes).rejected("malformed_token"));
    let mut bytes = good.into_bytes();
    bytes[0] |= 0x80;
    cases.push(case("a_byte_with_its_high_bit_set_is_refused", why).token(bytes).rejected("malformed_token"));
    cases
}

fn parts() -> Vec<Case> {
    let good = bouncer_token(CLAIMS);
    let parts: Vec<&str> = good.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    let why = "RFC 7515 section 7.1: a compact JWS has exactly three parts";
    let bent = |id: &str, token: String| case(id, why).token(token).rejected("malformed_token");
    let jwe = r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#;
    vec![
        bent("an_empty_token_is_refused", String::new()),
        bent("one_part_is_refused", header.to_owned()),
        bent("two_parts_are_refused", format!("{header}.{payload}")),
        bent("four_parts_are_refused", format!("{good}.{signature}")),
        bent("six_parts_are_refused", format!("{good}.{good}")),
        bent("a_dot_after_the_token_is_refused", format!("{good}.")),
        bent("a_dot_before_the_token_is_refused", format!(".{good}")),
        bent("two_dots_alone_are_refused", "..".to_owned()),
        bent("three_dots_alone_are_refused", "...".to_owned()),
        bent("an_empty_header_is_refused", compact_parts("rsa-2048-a", "RS256", "", payload)),
        case("an_empty_payload_is_no_claims_set", "RFC 7519 section 7.2: the payload must be a JSON object")
            .token(bouncer_token(""))
            .rejected("malformed_claims"),
        case("a_stripped_signature_is_invalid", "CVE-2020-28042: an empty signature is invalid")
            .token(format!("{header}.{payload}."))
            .rejected("invalid_signature"),
        // RFC 7797 and RFC 7515 appendix F: a JWS with a detached payload is not a JWT.
        case("a_detached_payload_is_invalid", "RFC 7515 appendix F: detached payloads are not supported")
            .token(format!("{header}..{signature}"))
            .rejected("invalid_signature"),
        case(
            "five_parts_are_an_encrypted_token",
            "RFC 7516 section 9: five parts are a JWE (CVE-2026-29000)",
        )
        .token(format!("{}.AAAA.AAAA.AAAA.AAAA", b64(jwe)))
        .rejected("encrypted_token"),
        case(
            "five_parts_with_a_direct_key_are_an_encrypted_token",
            "RFC 7516 section 9: five parts are a JWE",
        )
        .token(format!("{}..AAAA.{payload}.AAAA", b64(r#"{"alg":"dir","enc":"A128GCM","zip":"DEF"}"#)))
        .rejected("encrypted_token"),
        case(
            "four_dots_alone_are_an_encrypted_token",
            "RFC 7516 section 9: five parts are a JWE, whatever they contain",
        )
        .token("....")
        .rejected("encrypted_token"),
        case(
            "a_jws_with_two_more_parts_is_an_encrypted_token",
            "RFC 7516 section 9: five parts are a JWE, whatever they contain",
        )
        .token(format!("{good}.AAAA.AAAA"))
        .rejected("encrypted_token"),
    ]
}

/// Sets the lowest bit of the last character, which is unused if the length is not a multiple of
/// four.
fn with_trailing_bit(part: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    assert!(!part.len().is_multiple_of(4), "a part without spare bits");
    let (head, last) = part.split_at(part.len() - 1);
    let value = ALPHABET.find(last).expect("a base64url character");
    format!("{head}{}", &ALPHABET[value + 1..value + 2])
}

fn encodings() -> Vec<Case> {
    let why = "RFC 7515 section 2: base64url without padding; RFC 4648 section 3.5: each value has only one spelling";
    let signed = |id: &str, header: &str, payload: &str| {
        // The changed spelling is signed, so a lenient decoder would accept the token.
        case(id, why).token(compact_parts("rsa-2048-a", "RS256", header, payload)).rejected("malformed_token")
    };
    let header = b64(BOUNCER_HEADER);
    let payload = b64(CLAIMS);
    // The same texts with a space at the end. If one encoding has no unused bits, the other has.
    let odd_header = b64(format!("{BOUNCER_HEADER} "));
    let odd_payload = b64(format!("{CLAIMS} "));
    let long_header =
        format!("{}A", b64(format!("{BOUNCER_HEADER}{}", " ".repeat((3 - BOUNCER_HEADER.len() % 3) % 3))));
    let long_payload = format!("{}A", b64(format!("{CLAIMS}{}", " ".repeat((3 - CLAIMS.len() % 3) % 3))));
    let spare = |a: &str, b: &str| if a.len().is_multiple_of(4) { b.to_owned() } else { a.to_owned() };
    let (spare_header, spare_payload) = (spare(&header, &odd_header), spare(&payload, &odd_payload));

    let input = format!("{header}.{payload}");
    let rsa = b64(sign("rsa-2048-a", "RS256", input.as_bytes()));
    let ec_input = format!("{}.{payload}", b64(r#"{"alg":"ES256"}"#));
    let ec = b64(sign("p256-a", "ES256", ec_input.as_bytes()));
    let es256 = || Policy::dcos().algorithms(&["ES256"]);
    let respelled = |id: &str, signature: String| {
        case(id, why).token(format!("{input}.{signature}")).rejected("malformed_token")
    };
    // '?' and '>' are encoded with '/' and '+' in the standard alphabet.
    let standard = |part: &str| part.replace('_', "/").replace('-', "+");
    let slashed_header = b64(r#"{"alg":"RS256","x":"???>>>"}"#);
    let slashed_payload = b64(r#"{"uid":"???>>>","exp":1700003600}"#);
    assert_ne!(standard(&slashed_header), slashed_header);
    assert_ne!(standard(&slashed_payload), slashed_payload);

    vec![
        signed("a_padded_header_is_refused", &format!("{spare_header}="), &payload),
        signed("a_header_in_the_standard_alphabet_is_refused", &standard(&slashed_header), &payload),
        signed("a_header_with_trailing_bits_is_refused", &with_trailing_bit(&spare_header), &payload),
        signed("a_header_of_impossible_length_is_refused", &long_header, &payload),
        signed("a_header_of_one_character_is_refused", "e", &payload),
        signed("a_header_with_a_newline_is_refused", &format!("{header}\n"), &payload),
        signed("a_padded_payload_is_refused", &header, &format!("{spare_payload}=")),
        signed("a_payload_in_the_standard_alphabet_is_refused", &header, &standard(&slashed_payload)),
        signed("a_payload_with_trailing_bits_is_refused", &header, &with_trailing_bit(&spare_payload)),
        signed("a_payload_of_impossible_length_is_refused", &header, &long_payload),
        signed("a_payload_with_a_newline_is_refused", &header, &format!("{payload}\n")),
        signed("a_payload_that_is_not_encoded_is_refused", &header, CLAIMS),
        respelled("a_padded_signature_is_refused", format!("{rsa}==")),
        respelled("a_signature_in_the_standard_alphabet_is_refused", {
            assert_ne!(standard(&rsa), rsa);
            standard(&rsa)
        }),
        respelled("a_signature_with_trailing_bits_is_refused", with_trailing_bit(&rsa)),
        respelled("a_signature_of_impossible_length_is_refused", format!("{rsa}AAA")),
        respelled("a_signature_of_one_character_is_refused", "A".to_owned()),
        case(
            "a_header_and_a_payload_with_minus_and_underscore_are_accepted",
            "RFC 4648 section 5: the URL-safe alphabet",
        )
        .token(compact_parts("rsa-2048-a", "RS256", &slashed_header, &slashed_payload))
        .ok(r#"{"uid":"???>>>","exp":1700003600}"#),
        case("an_ecdsa_signature_is_accepted_in_its_one_spelling", "accepted, unlike the changed spellings")
            .keys("ec")
            .policy(es256())
            .token(format!("{ec_input}.{ec}"))
            .alg("ES256")
            .ok(CLAIMS),
        case("an_ecdsa_signature_with_trailing_bits_is_refused", why)
            .keys("ec")
            .policy(es256())
            .token(format!("{ec_input}.{}", with_trailing_bit(&ec)))
            .rejected("malformed_token"),
        case("a_padded_ecdsa_signature_is_refused", why)
            .keys("ec")
            .policy(es256())
            .token(format!("{ec_input}.{ec}=="))
            .rejected("malformed_token"),
    ]
}

fn padded() -> Vec<Case> {
    let why = "padded_tokens: AWS load balancers pad each part, and sign the padding";
    let policy = || Policy::dcos().with("padded_tokens", "true".to_owned());
    let pad = |part: &str| format!("{part}{}", "=".repeat((4 - part.len() % 4) % 4));
    let (header, claims) = (pad(&b64(BOUNCER_HEADER)), pad(&b64(CLAIMS)));
    assert!(header.len() + claims.len() > b64(BOUNCER_HEADER).len() + b64(CLAIMS).len(), "there is padding");
    let token = compact_parts("rsa-2048-a", "RS256", &header, &claims);
    let (input, signature) = token.rsplit_once('.').expect("three parts");
    let token = format!("{input}.{}", pad(signature));
    let without = |part: &str| part.trim_end_matches('=').to_owned();
    vec![
        case("a_padded_token_is_accepted_where_it_is_expected", why)
            .policy(policy())
            .token(&*token)
            .ok(CLAIMS),
        case("a_padded_token_is_malformed_by_default", "RFC 7515 section 2: base64url without padding")
            .token(&*token)
            .rejected("malformed_token"),
        case("a_token_without_its_padding_is_malformed_where_padding_is_expected", why)
            .policy(policy())
            .token(bouncer_token(CLAIMS))
            .rejected("malformed_token"),
        case("a_padded_token_whose_signature_lost_its_padding_is_malformed", why)
            .policy(policy())
            .token(without(&token))
            .rejected("malformed_token"),
        case("a_padded_token_with_padding_to_spare_is_malformed", why)
            .policy(policy())
            .token(format!("{token}===="))
            .rejected("malformed_token"),
    ]
}
