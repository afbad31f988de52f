//! The JWT Claims Set (RFC 7519 §4). Each registered claim is absent, valid or malformed. A
//! malformed claim is an error; it never counts as absent. null counts as absent, because
//! serializers write it for a field without a value.

use super::claim_path::Members;
use crate::encoding::json::{self, Decimal, Value};
use crate::error::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::cell::OnceCell;

/// The registered claims of a payload. NumericDates are whole seconds since 1970.
#[derive(Debug)]
pub(crate) struct ClaimsSet<'a> {
    payload: &'a str,
    /// A fraction is rounded down, so that rounding never makes a token valid for longer.
    pub(crate) exp: Option<i64>,
    /// A fraction is rounded up, for the same reason.
    pub(crate) nbf: Option<i64>,
    pub(crate) iat: Option<i64>,
    pub(crate) iss: Option<Cow<'a, str>>,
    pub(crate) sub: Option<Cow<'a, str>>,
    pub(crate) aud: Audience<'a>,
    pub(crate) jti: Option<Cow<'a, str>>,
    /// Not a registered claim. DC/OS uses it for the subject. Its type is not checked here, because
    /// other issuers use this claim for other purposes.
    uid: Option<Value<'a>>,
    /// "scope" (RFC 9068 §2.2.3), and "scp", which some issuers use. Their types are not checked.
    pub(crate) scopes: [Option<Value<'a>>; 2],
    /// All claims, for the rules that name one. Read at the first use.
    members: OnceCell<Members<'a>>,
}

/// The "aud" claim: one string, or an array of strings.
#[derive(Debug)]
pub(crate) enum Audience<'a> {
    Absent,
    One(Cow<'a, str>),
    Many(Vec<Cow<'a, str>>),
}

impl<'a> Audience<'a> {
    pub(crate) fn as_slice(&self) -> Option<&[Cow<'a, str>]> {
        match self {
            Self::Absent => None,
            Self::One(one) => Some(std::slice::from_ref(one)),
            Self::Many(many) => Some(many),
        }
    }
}

/// Registered claims whose JSON type is not checked. Such a claim counts as absent if its type is
/// wrong.
///
/// Only "sub", "iat" and "jti" can be unchecked. If "exp", "nbf", "aud" or "iss" counted as absent,
/// a token could be valid for longer or for more services.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UncheckedClaims {
    sub: bool,
    iat: bool,
    jti: bool,
}

impl UncheckedClaims {
    /// Returns false if the claim `name` must always be checked.
    pub(crate) fn insert(&mut self, name: &str) -> bool {
        let claim = match name {
            "sub" => &mut self.sub,
            "iat" => &mut self.iat,
            "jti" => &mut self.jti,
            _ => return false,
        };
        *claim = true;
        true
    }
}

impl<'a> ClaimsSet<'a> {
    #[inline]
    pub(crate) fn parse(payload: &'a str, unchecked: UncheckedClaims) -> Result<Self> {
        let [mut exp, mut nbf, mut iat, mut iss, mut sub, mut aud, mut jti, mut uid] = [None; 8];
        let [mut scope, mut scp] = [None; 2];
        json::members(payload, |name, value| match name {
            b"exp" => exp = Some(value),
            b"nbf" => nbf = Some(value),
            b"iat" => iat = Some(value),
            b"iss" => iss = Some(value),
            b"sub" => sub = Some(value),
            b"aud" => aud = Some(value),
            b"jti" => jti = Some(value),
            b"uid" => uid = Some(value),
            b"scope" => scope = Some(value),
            b"scp" => scp = Some(value),
            _ => {}
        })
        .map_err(not_json)?;
        let date = |round| move |value: Value<'a>| numeric_date(value.as_number()?, round);
        Ok(Self {
            payload,
            exp: optional("exp", "not a NumericDate", exp, false, date(Round::Down))?,
            nbf: optional("nbf", "not a NumericDate", nbf, false, date(Round::Up))?,
            iat: optional("iat", "not a NumericDate", iat, unchecked.iat, date(Round::Down))?,
            iss: optional("iss", "not a string", iss, false, Value::as_str)?,
            sub: optional("sub", "not a string", sub, unchecked.sub, Value::as_str)?,
            aud: optional("aud", "not a string or an array of strings", aud, false, audience)?
                .unwrap_or(Audience::Absent),
            jti: optional("jti", "not a string", jti, unchecked.jti, Value::as_str)?,
            uid,
            scopes: [scope, scp],
            members: OnceCell::new(),
        })
    }

    /// Returns the claim "uid" if it is a string.
    pub(crate) fn uid(&self) -> Option<Cow<'a, str>> {
        self.uid?.as_str()
    }

    /// Returns the claim `name`, registered or not, as [`super::claim_path`] finds it.
    pub(crate) fn claim(&self, name: &str) -> Option<Value<'a>> {
        match name {
            "uid" => self.uid,
            _ => self.members.get_or_init(|| Members::read(self.payload)).lookup(name),
        }
    }
}

#[inline(always)]
fn optional<'a, T>(
    name: &'static str,
    expected: &'static str,
    value: Option<Value<'a>>,
    is_unchecked: bool,
    read: impl FnOnce(Value<'a>) -> Option<T>,
) -> Result<Option<T>> {
    match value {
        None => Ok(None),
        Some(value) => match read(value) {
            None if !value.is_null() && !is_unchecked => Err(wrong_type(name, expected, value)),
            read => Ok(read),
        },
    }
}

#[cold]
fn wrong_type(name: &'static str, expected: &'static str, value: Value<'_>) -> Error {
    let error = Error::about(ErrorKind::MalformedClaims, name, expected);
    match (expected, value.kind()) {
        ("not a NumericDate", "a number") => error.with_detail("a number out of the range of a NumericDate"),
        ("not a string or an array of strings", "an array") => {
            error.with_detail("an array with an element that is not a string")
        }
        (_, kind) => error.with_detail(format!("{kind}, {expected}")),
    }
}

#[cold]
pub(crate) fn not_json(invalid: json::Invalid) -> Error {
    Error::new(ErrorKind::MalformedClaims, "").with_detail(format!("not a strict JSON object: {invalid}"))
}

fn audience(value: Value<'_>) -> Option<Audience<'_>> {
    if let Some(one) = value.as_str() {
        return Some(Audience::One(one));
    }
    let mut many = Some(Vec::new());
    value.elements(|element| match (&mut many, element.as_str()) {
        (Some(many), Some(one)) => many.push(one),
        _ => many = None,
    })?;
    many.map(Audience::Many)
}

#[derive(Clone, Copy)]
enum Round {
    Down,
    Up,
}

/// Returns a NumericDate (RFC 7519 §2) in whole seconds. Any 64-bit integer is accepted. A number
/// with a fraction or an exponent is accepted from -2^53 to 2^53, where doubles are exact.
fn numeric_date(number: &str, round: Round) -> Option<i64> {
    const EXACT: i128 = 1 << 53;
    if let Ok(integer) = number.parse() {
        return Some(integer);
    }
    let decimal = Decimal::of(number);
    // Number of digits before the decimal point.
    let point = (decimal.integer.len() as i64).saturating_add(decimal.exponent);
    let mut whole = 0i128;
    let mut fractional = false;
    let mut count = 0;
    for digit in decimal.digits() {
        if count < point {
            whole = within_64_bits(whole * 10 + i128::from(digit))?;
        } else {
            fractional |= digit != 0;
        }
        count += 1;
    }
    while whole != 0 && count < point {
        whole = within_64_bits(whole * 10)?;
        count += 1;
    }
    let seconds = match (round, decimal.negative) {
        (Round::Down, true) => -whole - i128::from(fractional),
        (Round::Up, false) => whole + i128::from(fractional),
        (_, true) => -whole,
        (_, false) => whole,
    };
    if (-EXACT..=EXACT).contains(&seconds) { i64::try_from(seconds).ok() } else { None }
}

/// Returns `None` if `magnitude` is over 2^64, so that the caller stops before its `i128` can
/// overflow.
fn within_64_bits(magnitude: i128) -> Option<i128> {
    (magnitude <= 1 << 64).then_some(magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(payload: &str) -> Result<ClaimsSet<'_>> {
        ClaimsSet::parse(payload, UncheckedClaims::default())
    }

    #[test]
    fn rounding_a_numeric_date_never_extends_a_tokens_life() {
        let cases = [
            ("0", 0, 0),
            ("-0", 0, 0),
            ("1467985466", 1467985466, 1467985466),
            ("1467985466.0", 1467985466, 1467985466),
            ("1467985466.5", 1467985466, 1467985467),
            ("1467985465.99999999999999999999", 1467985465, 1467985466),
            ("1.467985466e9", 1467985466, 1467985466),
            ("1467985465.99999999999999999999e0", 1467985465, 1467985466),
            ("1467985466.00000000000000000001e0", 1467985466, 1467985467),
            ("1e-400", 0, 1),
            ("0e999999999", 0, 0),
            ("1e15", 1_000_000_000_000_000, 1_000_000_000_000_000),
            ("-9223372036854775808", i64::MIN, i64::MIN),
            ("14679854665e-1", 1467985466, 1467985467),
            ("-1.5", -2, -1),
            ("-0.5", -1, 0),
            ("-15e-1", -2, -1),
            ("9223372036854775807", i64::MAX, i64::MAX),
            ("9007199254740992.0", 1 << 53, 1 << 53),
        ];
        for (text, down, up) in cases {
            assert_eq!(numeric_date(text, Round::Down), Some(down), "{text}");
            assert_eq!(numeric_date(text, Round::Up), Some(up), "{text}");
        }
        for text in
            ["9223372036854775808", "-9223372036854775809", "9007199254740993.0", "1e16", "-1e300", "1e308"]
        {
            assert_eq!(numeric_date(text, Round::Down), None, "{text}");
        }
    }

    #[test]
    fn a_claim_of_the_wrong_type_is_an_error_and_null_is_absent() {
        for (name, values) in [
            ("exp", ["\"1\"", "\"\"", "[]", "{}", "true"]),
            ("nbf", ["\"1\"", "\"null\"", "[]", "{}", "false"]),
            ("iat", ["\"1\"", "[null]", "[]", "{}", "true"]),
            ("iss", ["1", "[null]", "[\"a\"]", "{}", "true"]),
            ("sub", ["1", "[]", "[\"a\"]", "{}", "true"]),
            ("jti", ["1", "0", "[\"a\"]", "{}", "true"]),
            ("aud", ["1", "[null]", "[1]", "{}", "[\"a\",null]"]),
        ] {
            let payload = format!("{{\"{name}\":null}}");
            assert!(parse(&payload).unwrap().is_bare(), "{name}");
            for value in values {
                let error = parse(&format!("{{\"{name}\":{value}}}")).unwrap_err();
                assert_eq!((error.kind(), error.name()), (ErrorKind::MalformedClaims, Some(name)), "{value}");
            }
        }
    }

    impl ClaimsSet<'_> {
        fn is_bare(&self) -> bool {
            self.exp.or(self.nbf).or(self.iat).is_none()
                && self.iss.as_ref().or(self.sub.as_ref()).or(self.jti.as_ref()).is_none()
                && self.aud.as_slice().is_none()
        }
    }

    #[test]
    fn an_unchecked_claim_of_the_wrong_type_is_absent_and_the_others_are_checked() {
        for name in ["sub", "iat", "jti"] {
            let mut unchecked = UncheckedClaims::default();
            assert!(unchecked.insert(name));
            let payload = format!("{{\"{name}\":[1]}}");
            let claims = ClaimsSet::parse(&payload, unchecked).unwrap();
            assert!(claims.is_bare() && claims.claim(name).is_some_and(|value| value.text() == "[1]"));
            for other in ["exp", "nbf", "iss", "aud", "sub", "iat", "jti"] {
                let payload = format!("{{\"{other}\":{{}}}}");
                assert_eq!(ClaimsSet::parse(&payload, unchecked).is_ok(), other == name, "{name} {other}");
            }
        }
        let payload = r#"{"sub":"a"}"#;
        let mut unchecked = UncheckedClaims::default();
        assert!(unchecked.insert("sub"));
        assert_eq!(ClaimsSet::parse(payload, unchecked).unwrap().sub.as_deref(), Some("a"));
        for name in ["exp", "nbf", "iss", "aud", "uid", ""] {
            assert!(!UncheckedClaims::default().insert(name), "{name}");
        }
    }

    #[test]
    fn an_audience_is_one_string_or_an_array_of_strings() {
        let audience = |payload: &'static str| {
            let claims = parse(payload).unwrap();
            claims.aud.as_slice().map(<[_]>::to_vec)
        };
        assert_eq!(audience("{}"), None);
        assert_eq!(audience(r#"{"aud":"\u0061"}"#), Some(vec!["a".into()]));
        assert_eq!(audience(r#"{"aud":[]}"#), Some(vec![]));
        assert_eq!(audience(r#"{"aud":["a","b"]}"#), Some(vec!["a".into(), "b".into()]));
    }
}
