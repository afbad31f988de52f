//! An issuer with a placeholder: `https://login.example/{tid}/v2.0`.

use std::fmt;

/// An issuer whose text contains the value of a claim. A token's "iss" must equal the template with
/// the token's own value of that claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IssuerTemplate {
    before: Box<str>,
    pub(super) claim: Box<str>,
    after: Box<str>,
}

impl IssuerTemplate {
    /// Returns whether `issuer` is meant as a template.
    pub(super) fn is_template(issuer: &str) -> bool {
        issuer.contains(['{', '}'])
    }

    /// Returns `None` if `issuer` does not contain exactly one placeholder with a name, or if
    /// nothing stands before it.
    pub(super) fn parse(issuer: &str) -> Option<Self> {
        let (before, rest) = issuer.split_once('{')?;
        let (claim, after) = rest.split_once('}')?;
        let has_more = [before, claim, after].iter().any(|part| part.contains(['{', '}']));
        (!before.is_empty() && !claim.is_empty() && !has_more).then(|| Self {
            before: before.into(),
            claim: claim.into(),
            after: after.into(),
        })
    }

    /// Returns the text at the placeholder, or `None` if `issuer` does not fit. The text is not
    /// empty and has no slash, so it is a single segment of a URL's path.
    pub(super) fn value<'a>(&self, issuer: &'a str) -> Option<&'a str> {
        let value = issuer.strip_prefix(&*self.before)?.strip_suffix(&*self.after)?;
        (!value.is_empty() && !value.contains('/')).then_some(value)
    }
}

impl IssuerTemplate {
    /// Returns whether one issuer can fit both templates.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let is_start = self.before.starts_with(&*other.before) || other.before.starts_with(&*self.before);
        let is_end = self.after.ends_with(&*other.after) || other.after.ends_with(&*self.after);
        is_start && is_end
    }
}

impl fmt::Display for IssuerTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{{{}}}{}", self.before, self.claim, self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_exactly_one_named_placeholder_after_some_text() {
        let template = IssuerTemplate::parse("https://a/{tid}/v2").unwrap();
        assert_eq!((&*template.claim, template.to_string()), ("tid", "https://a/{tid}/v2".to_owned()));
        for text in ["https://a/", "https://a/{}", "https://a/{a}/{b}", "https://a/{a", "https://a/a}", "{a}"]
        {
            assert_eq!(IssuerTemplate::parse(text), None, "{text}");
        }
        for text in ["https://a/}{", "https://a/{{a}}", "https://a/{a}}"] {
            assert!(IssuerTemplate::is_template(text) && IssuerTemplate::parse(text).is_none(), "{text}");
        }
        assert!(!IssuerTemplate::is_template("https://a/"));
    }

    #[test]
    fn templates_overlap_if_an_issuer_can_fit_both() {
        let overlap = |one: &str, other: &str| {
            let [one, other] = [one, other].map(|text| IssuerTemplate::parse(text).unwrap());
            assert_eq!(one.overlaps(&other), other.overlaps(&one));
            one.overlaps(&other)
        };
        for (one, other) in [
            ("https://a/{x}/", "https://a/{y}/"),
            ("https://a/{x}", "https://a/{y}-b"),
            ("https://a/b{x}/", "https://a/{x}/"),
        ] {
            assert!(overlap(one, other), "{one} {other}");
        }
        for (one, other) in [("https://a/{x}/", "https://b/{x}/"), ("https://a/{x}/1", "https://a/{x}/2")] {
            assert!(!overlap(one, other), "{one} {other}");
        }
    }

    #[test]
    fn the_value_is_one_segment_and_everything_else_must_be_equal() {
        let template = IssuerTemplate::parse("https://a/{tid}/v2").unwrap();
        assert_eq!(template.value("https://a/x/v2"), Some("x"));
        for issuer in [
            "https://a//v2",
            "https://a/x/y/v2",
            "https://a/x/v2/",
            "https://a/x",
            "https://b/x/v2",
            "https://a/v2",
        ] {
            assert_eq!(template.value(issuer), None, "{issuer}");
        }
    }
}
