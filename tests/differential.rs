//! Verifies the same tokens with the crate `jsonwebtoken` and with every back end. If this library
//! accepts a token, jsonwebtoken must accept it too. If only jsonwebtoken accepts it, a stricter
//! rule of this library must explain why. All back ends must return the same result and the same
//! error.
//!
//! The tokens are generated from fixed seeds. jsonwebtoken uses the system's clock, so all times
//! are before 2020, or in 2100 or later.

mod support {
    pub(crate) mod json;
    pub(crate) mod random;
    pub(crate) mod signer;
    pub(crate) mod vectors;
}

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bouncer_verify::{Algorithm, Backend, Clock, Error, ErrorKind, Jwk, JwkSet, Policy, verify_token};
use jsonwebtoken::{DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use support::json::Shape;
use support::random::Random;
use support::signer::{Key, base64url};
use support::vectors;

const ISSUER: &str = "https://issuer.example/";
const AUDIENCE: &str = "https://api.example/";
/// 2100-01-01.
const FUTURE: &str = "4102444800";

/// A signer: the name of the key, the algorithm, the "alg" of the header, and the kid and alg of
/// the JWK.
type SignerRow = (&'static str, Algorithm, &'static str, Option<&'static str>, Option<&'static str>);

const SIGNERS: &[SignerRow] = &[
    ("rsa-2048-a", Algorithm::Rs256, "RS256", Some("rsa"), Some("RS256")),
    ("rsa-2048-a", Algorithm::Rs512, "RS512", Some("rsa"), Some("RS256")),
    ("rsa-2048-b", Algorithm::Rs256, "RS256", None, None),
    ("rsa-2048-b", Algorithm::Rs384, "RS384", None, None),
    ("rsa-2048-b", Algorithm::Ps256, "PS256", None, None),
    ("rsa-2048-b", Algorithm::Ps512, "PS512", None, None),
    ("p256-a", Algorithm::Es256, "ES256", Some("ec"), None),
    ("p384", Algorithm::Es384, "ES384", Some("ec"), Some("ES384")),
    ("p521", Algorithm::Es512, "ES512", None, None),
    ("ed25519-a", Algorithm::Ed25519, "EdDSA", None, Some("EdDSA")),
    ("ed25519-a", Algorithm::Ed25519, "Ed25519", None, Some("EdDSA")),
];

/// Reasons why this library may accept a token that jsonwebtoken rejects. Each reason is a feature
/// that jsonwebtoken does not support. Any other such token fails the test.
const UNKNOWN_TO_JSONWEBTOKEN: &[(&str, Applies)] = &[
    ("the algorithm ES512", |parts| parts.header["alg"] == "ES512"),
    ("the alg Ed25519 (RFC 9864) in place of EdDSA", |parts| parts.header["alg"] == "Ed25519"),
    ("a null claim, which counts as absent", |parts| {
        let names = ["exp", "nbf", "iat", "iss", "sub", "aud", "jti"];
        names.iter().any(|&name| parts.claims.get(name).is_some_and(Value::is_null))
    }),
    ("an nbf before 1970", |parts| parts.claims["nbf"].as_f64().is_some_and(|nbf| nbf < 0.0)),
];

/// Returns whether a rule applies to a token.
type Applies = fn(&Parts) -> bool;

/// A rule of this library that rejects a token which jsonwebtoken accepts.
struct Stricter {
    kind: ErrorKind,
    name: Option<&'static str>,
    why: &'static str,
    /// Returns whether the token really breaks the rule.
    applies: Applies,
}

const STRICTER: &[Stricter] = &[
    Stricter {
        kind: ErrorKind::UnsupportedHeader,
        name: Some("crit"),
        why: "RFC 7515 section 4.1.11: jsonwebtoken ignores crit",
        applies: |parts| parts.header.get("crit").is_some(),
    },
    Stricter {
        kind: ErrorKind::UnsupportedHeader,
        name: Some("b64"),
        why: "RFC 7797 section 7: the payload of a JWT is always encoded",
        applies: |parts| parts.header.get("b64").is_some_and(|b64| *b64 != true),
    },
    Stricter {
        kind: ErrorKind::UnsupportedHeader,
        name: Some("enc"),
        why: "RFC 7516 section 9: enc marks a JWE",
        applies: |parts| parts.header.get("enc").is_some(),
    },
    Stricter {
        kind: ErrorKind::MalformedHeader,
        name: None,
        why: "a duplicate name, or more than 16 levels",
        applies: |parts| parts.header_shape.repeats_a_name || parts.header_shape.depth > 16,
    },
    Stricter {
        kind: ErrorKind::MalformedHeader,
        name: Some("kid"),
        why: "kid has more than 1024 bytes",
        applies: |parts| parts.header["kid"].as_str().is_some_and(|kid| kid.len() > 1024),
    },
    Stricter {
        kind: ErrorKind::NoMatchingKey,
        name: None,
        why: "RFC 8725 section 3.1: a key with alg verifies only that algorithm",
        applies: |parts| parts.header["kid"] == "rsa" && parts.header["alg"] != "RS256",
    },
    Stricter {
        kind: ErrorKind::InvalidSignature,
        name: None,
        why: "RFC 8725 section 3.1: without kid, a key without alg is tried, and it did not sign the token",
        applies: |parts| parts.header.get("kid").is_none() && parts.header["alg"] == "RS512",
    },
    Stricter {
        kind: ErrorKind::TokenTooLarge,
        name: None,
        why: "more than 16 KiB",
        applies: |parts| parts.len > 16 * 1024,
    },
    Stricter {
        kind: ErrorKind::MalformedClaims,
        name: None,
        why: "a duplicate name, or more than 16 levels",
        applies: |parts| parts.claims_shape.repeats_a_name || parts.claims_shape.depth > 16,
    },
    Stricter {
        kind: ErrorKind::MalformedClaims,
        name: Some("exp"),
        why: "exp is not in the range of a NumericDate",
        applies: |parts| parts.claims["exp"].as_f64().is_some_and(|exp| exp > 9.0e15),
    },
    Stricter {
        kind: ErrorKind::MalformedClaims,
        name: Some("iat"),
        why: "iat is not a number, or not in range",
        applies: |parts| parts.claims["iat"].as_f64().is_none_or(|iat| iat.abs() > 9.0e15),
    },
    Stricter {
        kind: ErrorKind::MalformedClaims,
        name: Some("iss"),
        why: "RFC 7519 section 4.1.1: iss is one string",
        applies: |parts| !parts.claims["iss"].is_string(),
    },
    Stricter {
        kind: ErrorKind::MalformedClaims,
        name: Some("sub"),
        why: "RFC 7519 section 4.1.2: sub is a string",
        applies: |parts| !parts.claims["sub"].is_string(),
    },
    Stricter {
        kind: ErrorKind::MalformedClaims,
        name: Some("jti"),
        why: "RFC 7519 section 4.1.7: jti is a string",
        applies: |parts| !parts.claims["jti"].is_string(),
    },
    Stricter {
        kind: ErrorKind::MalformedClaims,
        name: Some("aud"),
        why: "RFC 7519 section 4.1.3: aud is a string or an array of strings",
        applies: |parts| match &parts.claims["aud"] {
            Value::String(_) => false,
            Value::Array(values) => !values.iter().all(Value::is_string),
            _ => true,
        },
    },
    Stricter {
        kind: ErrorKind::MalformedClaims,
        name: Some("uid"),
        why: "uid is empty",
        applies: |parts| parts.claims["uid"] == "",
    },
];

/// A token that is parsed without the library, with serde_json.
struct Parts {
    len: usize,
    header: Value,
    header_shape: Shape,
    claims: Value,
    claims_shape: Shape,
}

impl Parts {
    fn of(token: &[u8]) -> Self {
        let mut parts = token.split(|&byte| byte == b'.').map(|part| {
            URL_SAFE_NO_PAD.decode(part).expect("base64url, because one of the libraries accepted it")
        });
        let mut part = || {
            let json = parts.next().expect("a part");
            (serde_json::from_slice(&json).expect("JSON"), Shape::of(&json).expect("JSON"))
        };
        let ((header, header_shape), (claims, claims_shape)) = (part(), part());
        Self { len: token.len(), header, header_shape, claims, claims_shape }
    }
}

/// Three policies and the equivalent settings for jsonwebtoken.
#[derive(Debug, Clone, Copy)]
enum Rules {
    Dcos,
    Issuer,
    SignatureAndTimes,
}

impl Rules {
    const ALL: [Self; 3] = [Self::Dcos, Self::Issuer, Self::SignatureAndTimes];

    fn policy(self) -> Policy {
        let policy = match self {
            Self::Dcos => Policy::dcos(),
            Self::Issuer => Policy::for_issuer(ISSUER, AUDIENCE),
            Self::SignatureAndTimes => Policy::any_issuer().any_audience().optional_exp(),
        };
        policy.algorithms(SIGNERS.iter().map(|row| row.1))
    }

    fn validation(self, algorithm: jsonwebtoken::Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = 0;
        validation.validate_nbf = true;
        match self {
            Self::Dcos => {}
            Self::Issuer => {
                validation.set_issuer(&[ISSUER]);
                validation.set_audience(&[AUDIENCE]);
                validation.set_required_spec_claims(&["exp", "iss", "aud"]);
            }
            Self::SignatureAndTimes => {
                validation.required_spec_claims.clear();
                validation.validate_aud = false;
            }
        }
        validation
    }
}

#[derive(Deserialize)]
struct WithUid {
    #[allow(dead_code, reason = "only the type matters")]
    uid: String,
}

/// Verifies with jsonwebtoken. It does not select keys by kid, so this type does, as a program that
/// uses jsonwebtoken must.
struct Oracle {
    keys: Vec<(Option<String>, DecodingKey)>,
}

impl Oracle {
    fn new(jwks: &str) -> Self {
        let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(jwks).expect("a key set");
        let key = |jwk: &jsonwebtoken::jwk::Jwk| {
            (jwk.common.key_id.clone(), DecodingKey::from_jwk(jwk).expect("a key"))
        };
        Self { keys: set.keys.iter().map(key).collect() }
    }

    /// Returns the claims if any of the keys verifies the token.
    fn verify(&self, rules: Rules, token: &[u8]) -> Option<Value> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let allowed = SIGNERS.iter().any(|row| format!("{:?}", header.alg) == row.2);
        let known = self.keys.iter().any(|(kid, _)| kid.is_some() && *kid == header.kid);
        let candidates = self.keys.iter().filter(|(kid, _)| match &header.kid {
            Some(_) if known => *kid == header.kid,
            Some(_) => kid.is_none(),
            None => true,
        });
        let mut verdicts = candidates.filter(|_| allowed).filter_map(|(_, key)| {
            let validation = rules.validation(header.alg);
            if let Rules::Dcos = rules {
                jsonwebtoken::decode::<WithUid>(token, key, &validation).ok()?;
            }
            Some(jsonwebtoken::decode::<Value>(token, key, &validation).ok()?.claims)
        });
        verdicts.next()
    }
}

/// Returns a JSON object with the members in random order and random white space between them.
fn object(random: &mut Random, mut members: Vec<String>) -> String {
    for i in (1..members.len()).rev() {
        members.swap(i, random.below(i + 1));
    }
    let gaps: [&str; 4] = if random.once_in(4) { ["", " ", "\r\n ", "\t"] } else { [""; 4] };
    let mut text = String::from("{");
    for (i, member) in members.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        text += &[comma, random.pick(&gaps), member, random.pick(&gaps)].concat();
    }
    text + "}"
}

fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

fn header(random: &mut Random, alg: &str, kid: Option<&str>) -> String {
    let alg = if random.once_in(12) {
        *random.pick(&[&"none", &"HS256", &"RS256", &"RS384", &"PS384", &"ES256", &"rs256", &"EdDSA", &""])
    } else {
        alg
    };
    let mut members = vec![if random.once_in(16) {
        let escaped: String = alg.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        format!(r#""\u0061lg":"{escaped}""#)
    } else {
        format!(r#""alg":"{alg}""#)
    }];
    let kid = if random.once_in(6) {
        *random.pick(&[&Some("rsa"), &Some("ec"), &Some("other"), &None])
    } else {
        kid
    };
    members.extend(kid.map(|kid| format!(r#""kid":"{kid}""#)));
    if random.once_in(2) {
        members.push(r#""typ":"JWT""#.into());
    }
    if random.once_in(4) {
        let kid_too_long = format!(r#""kid":"{}""#, "k".repeat(1025));
        let kid_just_right = format!(r#""kid":"{}""#, "k".repeat(1024));
        let deep = format!(r#""x":{}"#, nested(15));
        let too_deep = format!(r#""x":{}"#, nested(16));
        let odd = random.pick(&[
            r#""crit":["exp"]"#,
            r#""crit":[]"#,
            r#""crit":["b64"],"b64":true"#,
            r#""b64":true"#,
            r#""b64":false"#,
            r#""b64":null"#,
            r#""enc":"A128GCM""#,
            r#""zip":"DEF""#,
            r#""cty":"JWT""#,
            r#""jku":"https://attacker.example/jwks""#,
            r#""x5u":"https://attacker.example/cert""#,
            r#""x":1,"x":2"#,
            r#""alg":"RS256""#,
            r#""x":{"y":[1,{"z":1,"z":1}]}"#,
            r#""typ":"at+jwt""#,
            r#""typ":null"#,
            r#""typ":1"#,
            r#""kid":null"#,
            r#""kid":1"#,
            r#""x":1e400"#,
            r#""x":"\ud800""#,
            r#""x":01"#,
            &kid_too_long,
            &kid_just_right,
            &deep,
            &too_deep,
        ]);
        members.push(odd.to_owned());
    }
    object(random, members)
}

fn claims(random: &mut Random, rules: Rules) -> String {
    let exp = if random.once_in(5) {
        *random.pick(&[
            &"0",
            &"1",
            &"-1",
            &"1467985466",
            &"1467985466.9",
            &"4102444800.5",
            &"4.1024448e9",
            &"41024448000e-1",
            &"9007199254740992",
            &"9223372036854775807",
            &"9223372036854775808",
            &"18446744073709551615",
            &"1e15",
            &"1e16",
            &"1e300",
            &"1e400",
            &"-1e15",
            &r#""4102444800""#,
            &"null",
            &"true",
            &"[4102444800]",
            &"{}",
        ])
    } else {
        FUTURE
    };
    let mut members = vec![format!(r#""exp":{exp}"#)];
    if random.once_in(12) {
        members.clear();
    }
    if random.once_in(20) {
        members.push(format!(r#""\u0065xp":{FUTURE}"#));
    }
    let uid = if random.once_in(4) {
        *random.pick(&[&r#""p\u0065ter é""#, &r#""""#, &"null", &"1", &r#"["peter"]"#])
    } else {
        r#""peter""#
    };
    if !random.once_in(8) {
        members.push(format!(r#""uid":{uid}"#));
    }
    let string = |value: &str| format!(r#""{value}""#);
    let (issuer, audience) = (string(ISSUER), string(AUDIENCE));
    let (issuers, audiences) = (format!("[{issuer}]"), format!(r#"["other",{audience}]"#));
    let wrong = ["null", "1", "{}", "[]", "[1]", "true", r#""""#, r#""other""#];
    let mut maybe = |name: &str, often: bool, right: &[&str]| {
        if random.once_in(if often { 1 } else { 6 }) && !random.once_in(12) {
            let value = if random.once_in(6) { random.pick(&wrong) } else { random.pick(right) };
            members.push(format!(r#""{name}":{value}"#));
        }
    };
    let strict = matches!(rules, Rules::Issuer);
    maybe("iss", strict, &[&issuer, &issuer, &issuer, &issuers]);
    maybe("aud", strict, &[&audience, &audiences]);
    maybe("sub", false, &[r#""peter""#]);
    maybe("jti", false, &[r#""1""#]);
    maybe("iat", false, &["0", "1467985466.5", "1e15", "-1", "1e16"]);
    maybe(
        "nbf",
        false,
        &["0", "1467985466", "1467985466.5", FUTURE, "-1", "-1.5", "1e300", "9223372036854775807"],
    );
    if random.once_in(5) {
        let (deep, too_deep) = (format!(r#""x":{}"#, nested(15)), format!(r#""x":{}"#, nested(16)));
        let long = format!(r#""x":"{}""#, "long ".repeat(3000));
        let odd = random.pick(&[
            r#""x":1.5,"y":[true,null,"é😀\ud83d\ude00"]"#,
            r#""x":1,"x":1"#,
            r#""x":{"y":1,"\u0079":2}"#,
            r#""sub":"a","sub":"b""#,
            r#""":0"#,
            r#""x":123456789012345678901234567890"#,
            r#""x":1e400"#,
            r#""x":"\udead""#,
            r#""x":+1"#,
            "\"x\":\"\u{1}\"",
            r#""x":tru"#,
            &deep,
            &too_deep,
            &long,
        ]);
        members.push(odd.to_owned());
    }
    object(random, members)
}

/// Characters of each kind, to be inserted anywhere in a token.
const CHARACTERS: &[u8] = b"aZ09-_.=+/ \n\0\"%\x80\xff";

/// Returns a token whose encoded form is changed. It is not signed again.
fn mutated(random: &mut Random, token: &str) -> Vec<u8> {
    let mut bytes = token.as_bytes().to_vec();
    let at = random.below(bytes.len());
    let character = CHARACTERS[random.below(CHARACTERS.len())];
    let dots: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at] == b'.').collect();
    match random.below(9) {
        0 => bytes[at] = character,
        1 => bytes.insert(at, character),
        2 => drop(bytes.remove(at)),
        3 => bytes.truncate(at),
        4 => bytes[at] ^= 1 << random.below(8),
        // A lenient decoder ignores some bits of the last character of a part.
        5 => {
            let at = [dots[0], dots[1], bytes.len()][random.below(3)] - 1;
            bytes[at] = character;
        }
        6 => bytes.push(character),
        7 => bytes.truncate(dots[1] + 1),
        _ => bytes.swap(at, dots[random.below(2)]),
    }
    bytes
}

type Verdict = Result<(Value, Algorithm, Option<String>), Error>;

fn verdict(jwks: &JwkSet, policy: &Policy, token: &[u8]) -> Verdict {
    let verified = verify_token(jwks, policy, token)?;
    let claims = verified.claims().expect("a claims set is a JSON value");
    Ok((claims, verified.algorithm(), verified.kid().map(str::to_owned)))
}

struct Comparison {
    sets: Vec<JwkSet>,
    oracle: Oracle,
    both_accept: usize,
    both_reject: usize,
    stricter: BTreeMap<usize, usize>,
    unknown: BTreeMap<usize, usize>,
    kinds: BTreeMap<&'static str, usize>,
}

impl Comparison {
    fn new(jwks: &str) -> Self {
        Self {
            sets: Backend::ALL
                .iter()
                .map(|&backend| JwkSet::from_slice_with(jwks.as_bytes(), backend).expect("a key set"))
                .collect(),
            oracle: Oracle::new(jwks),
            both_accept: 0,
            both_reject: 0,
            stricter: BTreeMap::new(),
            unknown: BTreeMap::new(),
            kinds: BTreeMap::new(),
        }
    }

    fn compare(&mut self, rules: Rules, token: &[u8]) {
        // All back ends use the same time, because the error of an expired token depends on it.
        let policy = rules.policy().time(Clock::system().now());
        let mut verdicts = self.sets.iter().map(|jwks| verdict(jwks, &policy, token));
        let ours = verdicts.next().expect("a back end");
        for other in verdicts {
            assert_eq!(ours, other, "the back ends differ: {rules:?} {}", token.escape_ascii());
        }
        let theirs = self.oracle.verify(rules, token);
        match (ours, theirs) {
            (Ok((claims, ..)), Some(theirs)) => {
                assert_eq!(claims, theirs, "the claims differ: {}", token.escape_ascii());
                self.both_accept += 1;
            }
            (Err(error), None) => {
                *self.kinds.entry(error.kind().as_str()).or_default() += 1;
                self.both_reject += 1;
            }
            (Ok(_), None) => {
                let parts = Parts::of(token);
                let row = UNKNOWN_TO_JSONWEBTOKEN.iter().position(|(_, applies)| applies(&parts));
                let row = row.unwrap_or_else(|| {
                    panic!("accepted only by this library: {rules:?} {}", token.escape_ascii())
                });
                *self.unknown.entry(row).or_default() += 1;
            }
            (Err(error), Some(_)) => {
                let parts = Parts::of(token);
                let row = STRICTER.iter().position(|row| {
                    row.kind == error.kind() && row.name == error.name() && (row.applies)(&parts)
                });
                let row = row.unwrap_or_else(|| {
                    panic!("rejected only by this library ({error}): {rules:?} {}", token.escape_ascii())
                });
                *self.stricter.entry(row).or_default() += 1;
            }
        }
    }
}

/// Returns the JWK Set of all signers, with each key once.
fn jwk_set() -> String {
    let mut keys: BTreeMap<&str, String> = BTreeMap::new();
    for &(name, _, _, kid, alg) in SIGNERS {
        let jwk = Jwk::from_der(&Key::load(name).public_der()).expect("a key").to_json();
        let mut jwk: Value = serde_json::from_str(&jwk).expect("JSON");
        for (member, value) in [("kid", kid), ("alg", alg)] {
            if let Some(value) = value {
                jwk[member] = value.into();
            }
        }
        keys.insert(name, jwk.to_string());
    }
    format!(r#"{{"keys":[{}]}}"#, keys.into_values().collect::<Vec<_>>().join(","))
}

#[test]
fn each_difference_from_jsonwebtoken_is_a_stricter_rule_or_a_feature_that_it_lacks() {
    const TOKENS: usize = 2500;
    let mut random = Random::new(7519);
    let keys: BTreeMap<&str, Key> = SIGNERS.iter().map(|row| (row.0, Key::load(row.0))).collect();
    let mut comparison = Comparison::new(&jwk_set());
    for i in 0..TOKENS {
        let rules = Rules::ALL[random.below(3)];
        let &(name, algorithm, alg, kid, _) = &SIGNERS[i % SIGNERS.len()];
        let (header, claims) = (header(&mut random, alg, kid), claims(&mut random, rules));
        let token = keys[name].token(algorithm, &header, &claims);
        comparison.compare(rules, token.as_bytes());
        for _ in 0..2 {
            comparison.compare(rules, &mutated(&mut random, &token));
        }
    }
    let Comparison { both_accept, both_reject, stricter, unknown, kinds, .. } = comparison;
    vectors::say(&format!(
        "differential: {} tokens, {both_accept} accepted by both, {both_reject} rejected by both, {} rejected by a stricter \
         rule, {} with a feature that jsonwebtoken lacks",
        3 * TOKENS,
        stricter.values().sum::<usize>(),
        unknown.values().sum::<usize>(),
    ));
    println!("stricter {stricter:?}\nunknown {unknown:?}\nkinds {kinds:?}");
    for (i, row) in STRICTER.iter().enumerate() {
        assert!(stricter.contains_key(&i), "no token broke the rule: {}", row.why);
    }
    for (i, (what, _)) in UNKNOWN_TO_JSONWEBTOKEN.iter().enumerate() {
        assert!(unknown.contains_key(&i), "no token had {what}");
    }
    assert!(both_accept > TOKENS / 10, "too few tokens were accepted: {both_accept}");
}

/// Most keys are invalid in a way that only arithmetic can detect: a point that is not on the
/// curve, or a modulus that is not a product of two primes. Some have unusual sizes.
#[test]
fn the_back_ends_agree_on_which_keys_are_usable() {
    let mut random = Random::new(7517);
    let mut bytes = |len: usize| (0..len).map(|_| random.next() as u8).collect::<Vec<_>>();
    let mut keys = Vec::new();
    for _ in 0..100 {
        for (crv, len) in [("P-256", 32), ("P-384", 48), ("P-521", 66)] {
            let (x, y) = (base64url(bytes(len)), base64url(bytes(len)));
            keys.push(format!(r#"{{"kty":"EC","crv":"{crv}","x":"{x}","y":"{y}"}}"#));
        }
        keys.push(format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, base64url(bytes(32))));
        let mut n = bytes(256);
        n[0] |= 0x80;
        n[255] |= 1;
        let mut e = bytes(1 + keys.len() % 5);
        e[0] = 1;
        *e.last_mut().expect("an octet") |= 1;
        keys.push(format!(r#"{{"kty":"RSA","n":"{}","e":"{}"}}"#, base64url(n), base64url(e)));
    }
    // A valid point with one bit changed, and coordinates that are 0, 1 or all ones.
    for name in ["p256-a", "p384", "p521"] {
        let der = Key::load(name).public_der();
        let curve = Jwk::from_der(&der).expect(name);
        let len = curve.bits().div_ceil(8);
        let (x, y) = der[der.len() - 2 * len..].split_at(len);
        let (mut off, ones) = (y.to_vec(), vec![0xff; len]);
        off[len - 1] ^= 1;
        let (zero, mut one) = (vec![0; len], vec![0; len]);
        one[len - 1] = 1;
        for (x, y) in [
            (x, y),
            (x, &off),
            (y, x),
            (x, &zero),
            (&zero, y),
            (&zero, &zero),
            (&zero, &one),
            (&one, &one),
            (&ones, y),
        ] {
            let crv = curve.curve().expect("a curve");
            let (x, y) = (base64url(x), base64url(y));
            keys.push(format!(r#"{{"kty":"EC","crv":"{crv}","x":"{x}","y":"{y}"}}"#));
        }
    }
    let mut usable = 0;
    for key in &keys {
        let set = format!(r#"{{"keys":[{key}]}}"#);
        let mut verdicts = Backend::ALL.iter().map(|&backend| {
            JwkSet::from_slice_with(set.as_bytes(), backend).map(|jwks| jwks.keys()[0].to_json())
        });
        let first = verdicts.next().expect("a back end");
        usable += usize::from(first.is_ok());
        for other in verdicts {
            assert_eq!(first, other, "{key}");
        }
    }
    vectors::say(&format!(
        "differential: the back ends agree on {} keys, {usable} of them usable",
        keys.len()
    ));
}
