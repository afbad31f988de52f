//! Claims as C types, parsed once for each token.

use super::text::bouncer_str;
use crate::{Error, ErrorKind, Result};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The claims of one token by their names.
pub(super) struct TypedClaims(BTreeMap<String, Claim>);

enum Claim {
    Integer(i64),
    Strings(Strings),
    /// The members are claims too: `realm_access.roles`.
    Object(TypedClaims),
    /// Counts as absent.
    Null,
    /// Any other type: readable as JSON text only.
    Other,
}

/// One string or an array of strings. `views` are the same strings for C. They point to heap memory
/// that is never changed, so they stay valid when this struct moves.
struct Strings {
    is_array: bool,
    texts: Vec<String>,
    views: Vec<bouncer_str>,
}

impl TypedClaims {
    /// Parses the claims of a verified payload, which is a strict JSON object.
    pub(super) fn read(payload: &str) -> Self {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(payload).unwrap_or_default();
        Self(members.into_iter().map(|(name, value)| (name, Claim::read(value.get()))).collect())
    }

    pub(super) fn string(&self, name: &str) -> Result<&str> {
        match self.get(name)? {
            Claim::Strings(Strings { is_array: false, texts, .. }) => {
                Ok(texts.first().map_or("", |text| text))
            }
            _ => Err(mistyped(name, "not a string")),
        }
    }

    pub(super) fn integer(&self, name: &str) -> Result<i64> {
        match self.get(name)? {
            Claim::Integer(integer) => Ok(*integer),
            _ => Err(mistyped(name, "not a 64-bit integer")),
        }
    }

    pub(super) fn strings(&self, name: &str) -> Result<&[bouncer_str]> {
        match self.get(name)? {
            Claim::Strings(strings) => Ok(&strings.views),
            _ => Err(mistyped(name, "neither an array of strings nor a string")),
        }
    }

    fn get(&self, name: &str) -> Result<&Claim> {
        match self.find(name) {
            None | Some(Claim::Null) => Err(Error::about_required(ErrorKind::MissingClaim, name, "")),
            Some(claim) => Ok(claim),
        }
    }

    /// Finds a claim as [`crate::VerifiedToken::claim`] does: at each object, the longest member
    /// name that fits is taken.
    fn find(&self, path: &str) -> Option<&Claim> {
        if let Some(claim) = self.0.get(path) {
            return Some(claim);
        }
        let member = |(dot, _)| Some((self.0.get(path.get(..dot)?)?, path.get(dot + 1..)?));
        match path.rmatch_indices('.').find_map(member)? {
            (Claim::Object(members), rest) => members.find(rest),
            _ => None,
        }
    }
}

fn mistyped(name: &str, why: &'static str) -> Error {
    Error::about_required(ErrorKind::MalformedClaims, name, why)
}

impl Claim {
    /// Parses a claim from JSON text.
    fn read(json: &str) -> Self {
        if json.starts_with('{') {
            return Self::Object(TypedClaims::read(json));
        }
        if let Ok(text) = serde_json::from_str::<Option<String>>(json) {
            return text.map_or(Self::Null, |text| Self::Strings(Strings::new(false, vec![text])));
        }
        if let Ok(texts) = serde_json::from_str(json) {
            Self::Strings(Strings::new(true, texts))
        } else if let Ok(integer) = serde_json::from_str(json) {
            Self::Integer(integer)
        } else {
            serde_json::from_str(json).ok().and_then(whole).map_or(Self::Other, Self::Integer)
        }
    }
}

/// Converts a number to an integer. Returns `None` if it has a fraction or is beyond ±2^53, where a
/// double is not exact.
fn whole(number: f64) -> Option<i64> {
    const MAX: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= MAX).then_some(number as i64)
}

impl Strings {
    fn new(is_array: bool, texts: Vec<String>) -> Self {
        let views = texts.iter().map(|text| text.as_str().into()).collect();
        Self { is_array, texts, views }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_claim_and_a_claim_of_the_wrong_type_are_different_errors() {
        let claims = TypedClaims::read(
            r#"{"s":"a\"\u00e9","e":"","n":null,"i":-5,"w":1.0,"x":1e3,"f":1.5,"big":9223372036854775808,
               "max":9223372036854775807,"a":["x","y"],"none":[],"mixed":["x",1],"o":{"s":"x"},"t":true}"#,
        );
        assert_eq!((claims.string("s"), claims.string("e")), (Ok("a\"é"), Ok("")));
        let integers = ["i", "w", "x", "max"].map(|name| claims.integer(name).ok());
        assert_eq!(integers, [Some(-5), Some(1), Some(1000), Some(i64::MAX)]);
        let count = |name| claims.strings(name).map(<[_]>::len);
        assert_eq!((count("a"), count("none"), count("s")), (Ok(2), Ok(0), Ok(1)));

        for absent in ["n", "nothing", "", "S"] {
            let kinds = [
                claims.string(absent).unwrap_err().kind(),
                claims.integer(absent).unwrap_err().kind(),
                count(absent).unwrap_err().kind(),
            ];
            assert_eq!(kinds, [ErrorKind::MissingClaim; 3], "{absent}");
        }
        for other in ["i", "a", "none", "mixed", "o", "t", "f"] {
            let error = claims.string(other).unwrap_err();
            let text = format!("the token's claims are malformed: \"{other}\": not a string");
            assert_eq!((error.kind(), error.to_string()), (ErrorKind::MalformedClaims, text));
        }
        for other in ["s", "a", "o", "t", "f", "big"] {
            assert_eq!(claims.integer(other).unwrap_err().kind(), ErrorKind::MalformedClaims, "{other}");
        }
        for other in ["i", "mixed", "o", "t"] {
            assert_eq!(count(other).unwrap_err().kind(), ErrorKind::MalformedClaims, "{other}");
        }
    }

    #[test]
    fn a_nested_claim_is_found_at_the_longest_name() {
        let claims = TypedClaims::read(
            r#"{"a":{"b":{"c":"1"},"d":["x","y"]},"a.b":{"c":"2"},"n":{"m":null},"n.m":null,
               "https://x.example/id":7,"s":"a"}"#,
        );
        assert_eq!((claims.string("a.b.c"), claims.integer("https://x.example/id")), (Ok("2"), Ok(7)));
        assert_eq!(claims.strings("a.d").map(<[_]>::len), Ok(2));
        for absent in ["a.b.x", "a.c", "n.m", "s.a", "b", "a.", ".a", "https://x"] {
            assert_eq!(claims.string(absent).unwrap_err().kind(), ErrorKind::MissingClaim, "{absent}");
        }
        assert_eq!(claims.string("a").unwrap_err().kind(), ErrorKind::MalformedClaims);
    }
}
