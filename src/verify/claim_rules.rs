//! Rules for the value of one claim, and for scopes.

use super::accepted_values::{all_of, one_of};
use crate::encoding::json::Value;
use crate::error::{Error, ErrorKind, Result};
use crate::jose::claims::ClaimsSet;
use crate::jose::text_list::contains;

/// What a rule requires of its claim. Rules are checked in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ClaimTest {
    /// The claim equals one of the texts.
    Is,
    /// The claim contains all texts.
    Has,
    /// The claim contains at least one of the texts.
    HasAny,
    /// The claim begins with one of the texts.
    StartsWith,
}

impl ClaimTest {
    /// Returns the name of the setting.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Is => "claim_is",
            Self::Has => "claim_has",
            Self::HasAny => "claim_has_any",
            Self::StartsWith => "claim_starts_with",
        }
    }
}

/// A rule for the claim `name`.
#[derive(Debug, Clone)]
pub(super) struct ClaimRule {
    test: ClaimTest,
    name: Box<str>,
    texts: Vec<Box<str>>,
}

impl ClaimRule {
    /// Creates a rule. Returns an error if it could never be met.
    pub(super) fn new(test: ClaimTest, name: &str, texts: Vec<Box<str>>) -> Result<Self> {
        let fault = match (name, texts.is_empty()) {
            ("", _) => "the name of the claim is empty",
            (_, true) => "it has no value",
            _ if texts.iter().any(|text| text.is_empty()) => "a value is empty",
            _ => return Ok(Self { test, name: name.into(), texts }),
        };
        let setting = format!("{}.{name}", test.as_str());
        Err(Error::about_required(ErrorKind::InvalidArgument, &setting, fault))
    }

    /// Returns the name of the claim.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Adds the rule to `rules`, which are sorted by test and name: a map of rules has no other
    /// order in most languages. It replaces an earlier rule with the same test and name.
    pub(super) fn add_to(self, rules: &mut Vec<Self>) {
        let place = rules.partition_point(|other| (other.test, &other.name) < (self.test, &self.name));
        match rules.get_mut(place) {
            Some(same) if (same.test, &same.name) == (self.test, &self.name) => *same = self,
            _ => rules.insert(place, self),
        }
    }

    /// Checks the value of the claim.
    pub(super) fn check(&self, value: Value<'_>) -> Result<()> {
        if self.accepts(value) {
            return Ok(());
        }
        let mut detail = self.expected();
        if !self.fits(value) {
            detail += &format!("; it is {}", value.kind());
        }
        Err(Error::about_required(ErrorKind::ClaimNotAllowed, &self.name, "").with_detail(detail))
    }

    fn accepts(&self, value: Value<'_>) -> bool {
        let mut texts = self.texts.iter().map(|text| &**text);
        match self.test {
            ClaimTest::Is => {
                let own = value.as_str().or_else(|| value.as_scalar().map(Into::into));
                own.is_some_and(|own| texts.any(|text| *own == *text))
            }
            ClaimTest::Has => texts.all(|text| contains(value, text)),
            ClaimTest::HasAny => texts.any(|text| contains(value, text)),
            ClaimTest::StartsWith => {
                value.as_str().is_some_and(|own| texts.any(|text| own.starts_with(text)))
            }
        }
    }

    /// Returns whether the claim's type is one that the test can accept.
    fn fits(&self, value: Value<'_>) -> bool {
        let is_string = value.as_str().is_some();
        match self.test {
            ClaimTest::Is => is_string || value.as_scalar().is_some(),
            ClaimTest::Has | ClaimTest::HasAny => is_string || value.kind() == "an array",
            ClaimTest::StartsWith => is_string,
        }
    }

    /// Describes the values that the rule accepts.
    #[cold]
    pub(super) fn expected(&self) -> String {
        match self.test {
            ClaimTest::Is => format!("expected {}", one_of(&self.texts)),
            ClaimTest::Has => format!("it must contain {}", all_of(&self.texts)),
            ClaimTest::HasAny => format!("it must contain {}", one_of(&self.texts)),
            ClaimTest::StartsWith => format!("it must begin with {}", one_of(&self.texts)),
        }
    }
}

/// Returns the values of the claims that contain scopes: those of `names`, or else "scope" and
/// "scp".
pub(super) fn scope_values<'a>(claims: &ClaimsSet<'a>, names: Option<&[Box<str>]>) -> Vec<Value<'a>> {
    match names {
        None => claims.scopes.into_iter().flatten().collect(),
        Some(names) => names.iter().filter_map(|name| claims.claim(name)).collect(),
    }
}

/// Returns an error if one of the `required` scopes is in none of the `claims`.
pub(super) fn check_scopes(required: &[Box<str>], claims: &[Value<'_>]) -> Result<()> {
    let has = |scope: &str| claims.iter().any(|claim| contains(*claim, scope));
    let missing: Vec<Box<str>> = required.iter().filter(|scope| !has(scope)).cloned().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let detail = format!("the token lacks {}", all_of(&missing));
    Err(Error::about(ErrorKind::InsufficientScope, "scope", "").with_detail(detail))
}

/// Returns an error if a required scope could be in no token (RFC 6749 §3.3).
pub(super) fn check_names_of_scopes(required: &[Box<str>]) -> Result<()> {
    match required.iter().any(|scope| scope.is_empty() || scope.contains(' ')) {
        true => Err(Error::new(ErrorKind::InvalidArgument, "a required scope is empty or contains a space")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::json;

    fn rule(test: ClaimTest, texts: &[&str]) -> ClaimRule {
        ClaimRule::new(test, "x", texts.iter().map(|text| (*text).into()).collect()).unwrap()
    }

    #[track_caller]
    fn assert_accepts(test: ClaimTest, texts: &[&str], accepted: &[&str], rejected: &[&str]) {
        let rule = rule(test, texts);
        for (values, is_accepted) in [(accepted, true), (rejected, false)] {
            for value in values {
                let result = rule.check(json::value(value).unwrap());
                assert_eq!(result.is_ok(), is_accepted, "{test:?} {texts:?} {value}");
            }
        }
    }

    #[test]
    fn claim_is_compares_a_string_a_number_or_a_boolean() {
        let accepted = [r#""a""#, r#""\u0061""#, r#""true""#, "true", "5", r#""5""#];
        let rejected = [r#""A""#, r#""""#, r#""a ""#, "false", "5.0", "50", r#"["a"]"#, r#"{"a":1}"#, "null"];
        assert_accepts(ClaimTest::Is, &["a", "true", "5"], &accepted, &rejected);
        assert_accepts(ClaimTest::Is, &["null", "[]"], &[r#""null""#, r#""[]""#], &["null", "[]"]);
    }

    #[test]
    fn claim_has_requires_every_text_and_claim_has_any_requires_one() {
        let both = [r#""a b""#, r#""b  a c""#, r#"["b","c","a"]"#];
        let one = [r#""a""#, r#""b c""#, r#"["a"]"#, r#"["ab","b"]"#];
        let none = [
            r#""ab""#,
            r#""A B""#,
            r#""""#,
            "[]",
            "1",
            "true",
            r#"{"a":"b"}"#,
            r#"["a","b",1]"#,
            r#"["a b"]"#,
        ];
        let all_others: Vec<_> = one.into_iter().chain(none).collect();
        let any: Vec<_> = both.into_iter().chain(one).collect();
        assert_accepts(ClaimTest::Has, &["a", "b"], &both, &all_others);
        assert_accepts(ClaimTest::HasAny, &["a", "b"], &any, &none);
    }

    #[test]
    fn claim_starts_with_takes_only_strings() {
        let accepted = [r#""ab""#, r#""abc""#, r#""xy""#, r#""\u0061b""#];
        let rejected = [r#""a""#, r#"" ab""#, r#""Ab""#, r#""""#, r#"["ab"]"#, "1", "true", r#"{"ab":1}"#];
        assert_accepts(ClaimTest::StartsWith, &["ab", "x"], &accepted, &rejected);
    }

    #[test]
    fn an_error_contains_the_accepted_values_and_the_type_but_not_the_value() {
        let text = |test, value: &str| {
            rule(test, &["a", "b"]).check(json::value(value).unwrap()).unwrap_err().to_string()
        };
        let start = "a claim of the token is not allowed: \"x\": ";
        for (test, value, end) in [
            (ClaimTest::Is, r#""secret""#, r#"expected "a" or "b""#),
            (ClaimTest::Is, r#"["a"]"#, r#"expected "a" or "b"; it is an array"#),
            (ClaimTest::Has, r#""secret""#, r#"it must contain "a" and "b""#),
            (ClaimTest::HasAny, "17", r#"it must contain "a" or "b"; it is a number"#),
            (ClaimTest::StartsWith, "[]", r#"it must begin with "a" or "b"; it is an array"#),
        ] {
            assert_eq!(text(test, value), format!("{start}{end}"));
        }
    }

    #[test]
    fn a_rule_that_no_token_can_meet_is_an_error() {
        for (name, texts, error) in [
            ("", vec!["a".into()], "invalid argument: \"claim_has.\": the name of the claim is empty"),
            ("x", vec![], "invalid argument: \"claim_has.x\": it has no value"),
            ("x", vec!["a".into(), "".into()], "invalid argument: \"claim_has.x\": a value is empty"),
        ] {
            assert_eq!(ClaimRule::new(ClaimTest::Has, name, texts).unwrap_err().to_string(), error);
        }
        for (scope, is_possible) in [("a", true), ("", false), ("a b", false), ("a:b/c", true)] {
            assert_eq!(check_names_of_scopes(&[scope.into()]).is_ok(), is_possible);
        }
    }

    #[test]
    fn scopes_may_be_spread_over_several_claims() {
        let claims = [r#""read write""#, r#"["admin"]"#, "1"].map(|json| json::value(json).unwrap());
        let check = |scopes: &[&str]| {
            let scopes: Vec<Box<str>> = scopes.iter().map(|scope| (*scope).into()).collect();
            check_scopes(&scopes, &claims).map_err(|error| error.to_string())
        };
        assert_eq!(check(&["read", "admin", "write"]), Ok(()));
        let error = "a required scope is missing: \"scope\": the token lacks \"Read\" and \"1\"";
        assert_eq!(check(&["read", "Read", "1"]), Err(error.to_owned()));
    }
}
