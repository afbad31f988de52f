//! Step 8 of the order of the checks: almost valid signatures, for each kind of algorithm.

use rsa::BigUint;

use super::case::{CLAIMS, Case, File, Policy, case};
use super::keys::{Key, jwk, key, only, rsa_key, set};
use super::signer::{
    BOUNCER_HEADER, digest, digest_info, padded, pkcs1_block, pss_encoding, rsa_private, sign, signing_input,
    with_signature,
};

pub(crate) fn file() -> File {
    File::new(
        "signature",
        "RFC 8017 sections 8.1 and 8.2, RFC 7518 section 3.4, RFC 8032 section 5.1.7: the exact form of a signature",
    )
    .key_set("rsa", only("rsa-2048-a"))
    .key_set("e3", set(&[jwk("rsa-2048-e3")]))
    .key_set("p256", only("p256-a"))
    .key_set("p384", only("p384"))
    .key_set("p521", only("p521"))
    .key_set("ed25519", only("ed25519-a"))
    .cases(rsa_lengths())
    .cases(rsa_encodings())
    .cases(pss())
    .cases(ecdsa())
    .cases(ed25519())
}

/// Makes a case in which an RS256 token in Bouncer's form with this signature is rejected.
fn rs256(id: &str, why: &str, signature: impl AsRef<[u8]>) -> Case {
    let input = signing_input(BOUNCER_HEADER, CLAIMS);
    case(id, why).token(with_signature(&input, signature)).rejected("invalid_signature")
}

fn rsa_lengths() -> Vec<Case> {
    let why = "RFC 8017 section 8.2.2 step 1: the signature is as long as the modulus, and its value is less than the modulus";
    let key = rsa_key("rsa-2048-a");
    let input = signing_input(BOUNCER_HEADER, CLAIMS);
    let good = sign("rsa-2048-a", "RS256", input.as_bytes());
    let mut flipped_first = good.clone();
    flipped_first[0] ^= 1;
    let mut flipped_last = good.clone();
    flipped_last[255] ^= 1;
    let other_key = sign("rsa-2048-b", "RS256", input.as_bytes());
    let other_token = sign("rsa-2048-a", "RS256", signing_input(BOUNCER_HEADER, "{}").as_bytes());
    let payload_only = sign("rsa-2048-a", "RS256", CLAIMS.as_bytes());
    let text = [input.as_bytes(), b"."].concat();
    let mut cases = vec![
        case("a_signature_of_rs256_is_accepted", "accepted, unlike the changed signatures")
            .token(with_signature(&input, &good))
            .ok(CLAIMS),
        rs256("a_signature_without_its_last_byte_is_refused", why, &good[..255]),
        rs256("a_signature_without_its_first_byte_is_refused", why, &good[1..]),
        rs256("a_signature_after_a_zero_byte_is_refused", why, [&[0], &good[..]].concat()),
        rs256("a_signature_with_a_byte_more_is_refused", why, [&good[..], &[0]].concat()),
        rs256("a_signature_twice_is_refused", why, [&good[..], &good].concat()),
        rs256("a_signature_of_one_byte_is_refused", why, [0]),
        rs256("a_signature_with_its_first_bit_changed_is_refused", why, flipped_first),
        rs256("a_signature_with_its_last_bit_changed_is_refused", why, flipped_last),
        rs256("a_signature_of_zeros_is_refused", why, [0; 256]),
        rs256("a_signature_of_one_is_refused", why, padded(&BigUint::from(1_u8), 256)),
        rs256("a_signature_that_is_the_modulus_is_refused", why, padded(&key.n, 256)),
        rs256("a_signature_that_is_the_modulus_less_one_is_refused", why, padded(&(&key.n - 1_u8), 256)),
        rs256("a_signature_of_ones_is_refused", why, [0xff; 256]),
        rs256("a_signature_in_reverse_is_refused", why, good.iter().rev().copied().collect::<Vec<u8>>()),
        rs256("a_signature_of_another_key_is_refused", why, other_key),
        rs256("a_signature_of_another_token_is_refused", why, other_token),
        rs256(
            "a_signature_of_the_payload_alone_is_refused",
            "RFC 7515 section 5.1: header and payload are signed",
            payload_only,
        ),
        rs256(
            "a_signature_of_one_dot_more_is_refused",
            "RFC 7515 section 5.1: the signing input has one dot",
            sign("rsa-2048-a", "RS256", &text),
        ),
        rs256(
            "a_signature_of_the_decoded_parts_is_refused",
            "RFC 7515 section 5.1: the encoded parts are signed",
            sign("rsa-2048-a", "RS256", format!("{BOUNCER_HEADER}.{CLAIMS}").as_bytes()),
        ),
        rs256("a_signature_as_long_as_a_buffer_is_not_is_refused", why, [0x5a; 4096]),
    ];
    // s + n and s are equal modulo n. Find a token for which s + n also has the length of the
    // modulus.
    let (claims, input, raised) = (0..)
        .find_map(|jti| {
            let claims = format!(r#"{{"uid":"peter","exp":1700003600,"jti":"{jti}"}}"#);
            let input = signing_input(BOUNCER_HEADER, &claims);
            let s = BigUint::from_bytes_be(&sign("rsa-2048-a", "RS256", input.as_bytes()));
            let raised = s + &key.n;
            (raised.bits() <= 2048).then_some((claims, input, raised))
        })
        .expect("a token for which s + n has at most 2048 bits");
    cases.push(
        case("a_signature_raised_by_the_modulus_is_refused", why)
            .token(with_signature(&input, padded(&raised, 256)))
            .rejected("invalid_signature"),
    );
    cases.push(
        case("the_same_signature_not_raised_is_accepted", why)
            .token(with_signature(&input, padded(&(raised - &key.n), 256)))
            .ok(&claims),
    );
    cases
}

fn rsa_encodings() -> Vec<Case> {
    let why = "RFC 8017 section 8.2.2 step 4: the whole encoded message is compared (CVE-2014-1568, CVE-2016-1494, CVE-2022-24771)";
    let key = rsa_key("rsa-2048-a");
    let input = signing_input(BOUNCER_HEADER, CLAIMS);
    let hash = digest("SHA-256", input.as_bytes());
    let info = digest_info("SHA-256", &hash);
    let block = |tail: &[u8]| pkcs1_block(256, tail);
    let signed = |id: &str, encoded: &[u8]| rs256(id, why, rsa_private(key, encoded));

    // DigestInfo without the NULL of its AlgorithmIdentifier, with corrected lengths.
    let mut missing_null = info.clone();
    missing_null.drain(15..17);
    missing_null[1] -= 2;
    missing_null[3] -= 2;
    let mut ber_length = info.clone();
    ber_length.splice(1..2, [0x81, 0x31]);
    let mut short_padding = vec![0x00, 0x01];
    short_padding.extend([0xff; 8]);
    short_padding.push(0x00);
    short_padding.extend(&info);
    short_padding.resize(256, 0x00);
    let mut zero_first = block(&info);
    zero_first[1] = 0x00;
    let mut type_two = block(&info);
    type_two[1] = 0x02;
    let mut broken_padding = block(&info);
    broken_padding[100] = 0xfe;
    let mut garbage_in_padding = block(&info);
    garbage_in_padding[20..24].copy_from_slice(b"evil");
    let mut other_hash_id = info.clone();
    other_hash_id[14] = 3;
    let mut hash_not_all = block(&info);
    hash_not_all[255] ^= 1;

    let mut cases = vec![
        signed("an_encoding_without_digest_info_is_refused", &block(&hash)),
        signed("a_digest_info_without_its_null_is_refused", &block(&missing_null)),
        signed("a_digest_info_with_a_long_length_is_refused", &block(&ber_length)),
        signed("a_digest_info_of_another_hash_is_refused", &block(&other_hash_id)),
        signed(
            "a_digest_info_of_sha_384_is_refused",
            &block(&digest_info("SHA-384", &digest("SHA-384", input.as_bytes()))),
        ),
        signed(
            "a_digest_info_of_sha_512_is_refused",
            &block(&digest_info("SHA-512", &digest("SHA-512", input.as_bytes()))),
        ),
        signed("short_padding_and_a_tail_are_refused", &short_padding),
        signed("a_tail_after_the_hash_is_refused", &block(&[&info[..], &[0x00]].concat())),
        signed("block_type_zero_is_refused", &zero_first),
        signed("block_type_two_is_refused", &type_two),
        signed("a_gap_in_the_padding_is_refused", &broken_padding),
        signed("text_in_the_padding_is_refused", &garbage_in_padding),
        signed("a_hash_wrong_in_its_last_bit_is_refused", &hash_not_all),
        // If e were 1, this encoding would be its own valid signature.
        rs256("an_encoding_that_is_not_signed_is_refused", why, block(&info)),
    ];

    let e3 = || rsa_key("rsa-2048-e3");
    let mut prefix = vec![0x00, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00];
    prefix.extend(&info);
    prefix.resize(256, 0x00);
    let forged = cube_root_above(&BigUint::from_bytes_be(&prefix));
    let head = padded(&(&forged * &forged * &forged), 256);
    assert_eq!(head[..62], prefix[..62], "the cube starts like the encoded message");
    cases.extend([
        case("a_key_with_exponent_three_verifies", "RFC 8017 section 3.1: e is odd and at least 3")
            .keys("e3")
            .token(with_signature(&input, sign("rsa-2048-e3", "RS256", input.as_bytes())))
            .loads(1, &[])
            .ok(CLAIMS),
        case(
            "a_cube_root_forgery_is_refused",
            "Bleichenbacher 2006, CVE-2026-22866: a cube that starts like the encoded message",
        )
        .keys("e3")
        .token(with_signature(&input, padded(&forged, 256)))
        .rejected("invalid_signature"),
        case("a_tail_after_the_hash_is_refused_with_exponent_three", why)
            .keys("e3")
            .token(with_signature(&input, rsa_private(e3(), &short_padding)))
            .rejected("invalid_signature"),
    ]);
    cases
}

/// Returns the smallest number whose cube is at least `target`, by bisection.
fn cube_root_above(target: &BigUint) -> BigUint {
    let (mut low, mut high) = (BigUint::from(0_u8), BigUint::from(1_u8) << (target.bits() / 3 + 1));
    while &high - &low > BigUint::from(1_u8) {
        let middle = (&low + &high) >> 1;
        if &middle * &middle * &middle < *target {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

fn pss() -> Vec<Case> {
    let why = "RFC 7518 section 3.5: the salt is as long as the hash, and MGF1 uses the same hash";
    let key = rsa_key("rsa-2048-a");
    let policy = || Policy::dcos().algorithms(&["RS256", "RS384", "PS256", "PS384"]);
    let header = |alg: &str| format!(r#"{{"alg":"{alg}"}}"#);
    let rejected = |id: &str, why: &str, alg: &str, signature: Vec<u8>| {
        let input = signing_input(header(alg), CLAIMS);
        case(id, why).policy(policy()).token(with_signature(&input, signature)).rejected("invalid_signature")
    };
    let input = |alg: &str| signing_input(header(alg), CLAIMS);
    let ps256 = input("PS256");
    let salted = |len: usize| rsa_private(key, &pss_encoding(key, "SHA-256", len, ps256.as_bytes()));
    let mut no_trailer = pss_encoding(key, "SHA-256", 32, ps256.as_bytes());
    no_trailer[255] = 0xcc;
    let mut high_bit = pss_encoding(key, "SHA-256", 32, ps256.as_bytes());
    high_bit[0] ^= 0x01;
    let good = salted(32);
    let (ps, rs) = (
        "RFC 7518 section 3.1: PS and RS are different algorithms",
        "RFC 7518 section 3.3: the algorithm determines the hash",
    );
    vec![
        case("a_salt_of_the_hash_length_is_accepted", why)
            .policy(policy())
            .token(with_signature(&ps256, &good))
            .alg("PS256")
            .ok(CLAIMS),
        rejected("an_empty_salt_is_refused", why, "PS256", salted(0)),
        rejected("a_salt_of_twenty_bytes_is_refused", why, "PS256", salted(20)),
        rejected("a_salt_one_byte_short_is_refused", why, "PS256", salted(31)),
        rejected("a_salt_one_byte_long_is_refused", why, "PS256", salted(33)),
        rejected("a_salt_of_the_largest_length_is_refused", why, "PS256", salted(222)),
        rejected(
            "another_trailer_is_refused",
            "RFC 8017 section 9.1.2 step 4: the trailer is BC",
            "PS256",
            rsa_private(key, &no_trailer),
        ),
        rejected(
            "a_masked_bit_that_is_changed_is_refused",
            "RFC 8017 section 9.1.2",
            "PS256",
            rsa_private(key, &high_bit),
        ),
        rejected(
            "a_pss_signature_without_its_last_byte_is_refused",
            "RFC 8017 section 8.1.2 step 1",
            "PS256",
            good[..255].to_vec(),
        ),
        rejected(
            "a_pss_signature_after_a_zero_byte_is_refused",
            "RFC 8017 section 8.1.2 step 1",
            "PS256",
            [&[0], &good[..]].concat(),
        ),
        rejected(
            "a_pss_signature_under_the_name_of_rs256_is_refused",
            ps,
            "RS256",
            sign("rsa-2048-a", "PS256", input("RS256").as_bytes()),
        ),
        rejected(
            "a_pkcs1_signature_under_the_name_of_ps256_is_refused",
            ps,
            "PS256",
            sign("rsa-2048-a", "RS256", ps256.as_bytes()),
        ),
        rejected(
            "a_signature_of_rs384_under_the_name_of_rs256_is_refused",
            rs,
            "RS256",
            sign("rsa-2048-a", "RS384", input("RS256").as_bytes()),
        ),
        rejected(
            "a_signature_of_rs256_under_the_name_of_rs384_is_refused",
            rs,
            "RS384",
            sign("rsa-2048-a", "RS256", input("RS384").as_bytes()),
        ),
        rejected(
            "a_signature_of_ps384_under_the_name_of_ps256_is_refused",
            rs,
            "PS256",
            sign("rsa-2048-a", "PS384", ps256.as_bytes()),
        ),
        rejected(
            "a_signature_of_ps256_under_the_name_of_ps384_is_refused",
            rs,
            "PS384",
            sign("rsa-2048-a", "PS256", input("PS384").as_bytes()),
        ),
    ]
}

/// Returns an ECDSA signature in DER, as in X.509.
fn der(r: &BigUint, s: &BigUint) -> Vec<u8> {
    let integer = |number: &BigUint| {
        let mut bytes = number.to_bytes_be();
        if bytes[0] & 0x80 != 0 {
            bytes.insert(0, 0);
        }
        [&[0x02, bytes.len() as u8], &bytes[..]].concat()
    };
    let body = [integer(r), integer(s)].concat();
    let length = if body.len() < 0x80 { vec![body.len() as u8] } else { vec![0x81, body.len() as u8] };
    [&[0x30], &length[..], &body].concat()
}

/// SEC 2 section 2: the orders of P-256, P-384 and P-521.
const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const P384_ORDER: &str =
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
const P521_ORDER: &str = "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409";

fn ecdsa() -> Vec<Case> {
    let range = "FIPS 186-5 section 6.4.2, CVE-2022-21449: r and s lie between 1 and n - 1";
    let form = "RFC 7518 section 3.4: r followed by s, each with the full length of the curve";
    let mut cases = Vec::new();
    for (key_set, key, alg, order, len) in [
        ("p256", "p256-a", "ES256", P256_ORDER, 32),
        ("p384", "p384", "ES384", P384_ORDER, 48),
        ("p521", "p521", "ES512", P521_ORDER, 66),
    ] {
        let name = alg.to_lowercase();
        let n = BigUint::parse_bytes(order.as_bytes(), 16).expect("an order");
        let input = signing_input(format!(r#"{{"alg":"{alg}"}}"#), CLAIMS);
        let good = sign(key, alg, input.as_bytes());
        let (r, s) = (BigUint::from_bytes_be(&good[..len]), BigUint::from_bytes_be(&good[len..]));
        let (zero, one) = (BigUint::from(0_u8), BigUint::from(1_u8));
        let pair = |r: &BigUint, s: &BigUint| [padded(r, len), padded(s, len)].concat();
        let made = |id: &str, why: &str, signature: &[u8]| {
            case(format!("{name}_{id}"), why)
                .keys(key_set)
                .policy(Policy::dcos().algorithms(&[alg]))
                .token(with_signature(&input, signature))
        };
        let rejected =
            |id: &str, why: &str, signature: &[u8]| made(id, why, signature).rejected("invalid_signature");
        let negated = pair(&r, &(&n - &s));
        let all_ones = vec![0xff; 2 * len];
        cases.extend([
            made("r_and_s_are_accepted", form, &good).alg(alg).ok(CLAIMS),
            // RFC 7518 allows n - s in place of s, so both forms of a signature are valid.
            made("r_and_n_less_s_are_accepted", "FIPS 186-5 section 6.4.2: a high s is allowed", &negated)
                .alg(alg)
                .ok(CLAIMS),
            rejected("of_zeros_is_refused", range, &vec![0; 2 * len]),
            rejected("with_r_zero_is_refused", range, &pair(&zero, &s)),
            rejected("with_s_zero_is_refused", range, &pair(&r, &zero)),
            rejected("with_r_and_s_one_is_refused", range, &pair(&one, &one)),
            rejected("with_r_the_order_is_refused", range, &pair(&n, &s)),
            rejected("with_s_the_order_is_refused", range, &pair(&r, &n)),
            rejected("with_r_and_s_the_order_is_refused", range, &pair(&n, &n)),
            rejected("of_ones_is_refused", range, &all_ones),
            rejected("with_r_and_s_exchanged_is_refused", form, &pair(&s, &r)),
            rejected("in_der_is_refused", form, &der(&r, &s)),
            rejected("without_its_last_byte_is_refused", form, &good[..2 * len - 1]),
            rejected("with_a_byte_more_is_refused", form, &[&good[..], &[0]].concat()),
            rejected(
                "with_each_half_after_a_zero_is_refused",
                form,
                &[padded(&r, len + 1), padded(&s, len + 1)].concat(),
            ),
            rejected("that_is_empty_is_refused", form, b""),
            rejected("of_r_alone_is_refused", form, &good[..len]),
        ]);
    }
    let long = [0x30; 686];
    let input = signing_input(r#"{"alg":"ES256"}"#, CLAIMS);
    cases.push(
        case(
            "es256_of_a_buffers_length_is_refused",
            "this length overflows a fixed DER buffer in other verifiers",
        )
        .keys("p256")
        .policy(Policy::dcos().algorithms(&["ES256"]))
        .token(with_signature(&input, long))
        .rejected("invalid_signature"),
    );
    let other = sign("p256-b", "ES256", input.as_bytes());
    cases.push(
        case("es256_of_another_key_is_refused", "RFC 7515 section 5.2")
            .keys("p256")
            .policy(Policy::dcos().algorithms(&["ES256"]))
            .token(with_signature(&input, other))
            .rejected("invalid_signature"),
    );
    cases
}

/// Returns a signature by `ed25519-a` with the nonce 0. R is the neutral element and S = k a, so
/// the equation S B = R + k A holds (RFC 8032 sections 5.1.5 and 5.1.6).
fn with_neutral_commitment(input: &str, order: &BigUint) -> Vec<u8> {
    let Key::Ed25519(key) = key("ed25519-a") else { panic!("an Ed25519 key") };
    let mut a = digest("SHA-512", key.as_bytes());
    a.truncate(32);
    a[0] &= 0xf8;
    a[31] = a[31] & 0x3f | 0x40;
    let mut r = [0; 32];
    r[0] = 1;
    let k = digest("SHA-512", &[&r, key.verifying_key().as_bytes(), input.as_bytes()].concat());
    let s = BigUint::from_bytes_le(&k) * BigUint::from_bytes_le(&a) % order;
    let mut s = s.to_bytes_le();
    s.resize(32, 0);
    [&r[..], &s].concat()
}

fn ed25519() -> Vec<Case> {
    let range = "RFC 8032 section 5.1.7: S is less than L, so a signature has only one encoding";
    let form = "RFC 8032 section 5.1.6: a signature has 64 octets";
    let input = signing_input(r#"{"alg":"Ed25519"}"#, CLAIMS);
    let good = sign("ed25519-a", "Ed25519", input.as_bytes());
    let order = (BigUint::from(1_u8) << 252)
        + BigUint::parse_bytes(b"27742317777372353535851937790883648493", 10).expect("a number");
    let s = BigUint::from_bytes_le(&good[32..]);
    let with_s = |s: &BigUint| {
        let mut bytes = s.to_bytes_le();
        bytes.resize(32, 0);
        [&good[..32], &bytes].concat()
    };
    let mut other_r = good.clone();
    other_r[31] ^= 0x80;
    let made = |id: &str, why: &str, signature: &[u8]| {
        case(id, why)
            .keys("ed25519")
            .policy(Policy::dcos().algorithms(&["Ed25519"]))
            .token(with_signature(&input, signature))
    };
    let rejected =
        |id: &str, why: &str, signature: &[u8]| made(id, why, signature).rejected("invalid_signature");
    vec![
        made("ed25519_in_its_one_spelling_is_accepted", form, &good).alg("Ed25519").ok(CLAIMS),
        rejected("ed25519_with_s_raised_by_the_order_is_refused", range, &with_s(&(&s + &order))),
        rejected("ed25519_with_s_the_order_is_refused", range, &with_s(&order)),
        rejected("ed25519_with_s_zero_is_refused", range, &with_s(&BigUint::from(0_u8))),
        rejected(
            "ed25519_with_a_high_bit_of_s_is_refused",
            range,
            &with_s(&(&s + (BigUint::from(1_u8) << 255))),
        ),
        rejected("ed25519_with_r_of_the_other_sign_is_refused", form, &other_r),
        rejected(
            "ed25519_with_a_commitment_of_small_order_is_refused",
            "implementations disagree on an R of small order; it is rejected, although the cofactorless equation holds",
            &with_neutral_commitment(&input, &order),
        ),
        rejected("ed25519_of_zeros_is_refused", form, &[0; 64]),
        rejected("ed25519_of_ones_is_refused", form, &[0xff; 64]),
        rejected("ed25519_without_its_last_byte_is_refused", form, &good[..63]),
        rejected("ed25519_with_a_byte_more_is_refused", form, &[&good[..], &[0]].concat()),
        rejected("ed25519_that_is_empty_is_refused", form, b""),
        rejected("ed25519_with_its_halves_exchanged_is_refused", form, &[&good[32..], &good[..32]].concat()),
        rejected(
            "ed25519_of_another_key_is_refused",
            "RFC 7515 section 5.2",
            &sign("ed25519-b", "Ed25519", input.as_bytes()),
        ),
    ]
}
