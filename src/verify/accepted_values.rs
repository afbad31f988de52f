//! The values of `iss` and `aud` that a policy accepts: how they are compared, and their texts in
//! errors.

/// Returns whether `value` equals one of `accepted`, character for character. The empty string is
/// never accepted: a setting left empty must not match an empty claim.
#[inline]
pub(super) fn accepts(accepted: &[Box<str>], value: &str) -> bool {
    !value.is_empty() && accepted.iter().any(|own| **own == *value)
}

/// Names the policy's own values for an error.
#[cold]
pub(super) fn expected(accepted: &[Box<str>]) -> String {
    format!("expected {}", one_of(accepted))
}

/// Lists the policy's own values, of which one is required.
#[cold]
pub(super) fn one_of(values: &[Box<str>]) -> String {
    listed(values, " or ", "one of ")
}

/// Lists the policy's own values, of which all are required.
#[cold]
pub(super) fn all_of(values: &[Box<str>]) -> String {
    listed(values, " and ", "")
}

/// Lists at most five values, each cut if it is long.
fn listed(values: &[Box<str>], joint: &str, before_more: &str) -> String {
    const MOST: usize = 5;
    let shown: Vec<_> = values.iter().take(MOST).map(|value| shown(value)).collect();
    let more = match values.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!("{joint}{before_more}{more} more"),
    };
    shown.join(joint) + &more
}

/// Lists the policy's own values, after none of the token's `values` was accepted. Names the cause
/// if a value differs from one of them only in one trailing slash.
#[cold]
pub(super) fn not_accepted(accepted: &[Box<str>], values: &[impl AsRef<str>]) -> String {
    let differs_in_slash =
        |own: &str, value: &str| own.strip_suffix('/') == Some(value) || value.strip_suffix('/') == Some(own);
    let is_close = |value: &str| accepted.iter().any(|own| differs_in_slash(own, value));
    let hint = match values.iter().any(|value| is_close(value.as_ref())) {
        true => " (the token's value differs only in the trailing slash)",
        false => "",
    };
    expected(accepted) + hint
}

/// Quotes a value of the policy. Cuts it if it is long.
pub(super) fn shown(value: &str) -> String {
    const LONGEST: usize = 200;
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", value.get(..end).unwrap_or_default()),
        None => format!("{value:?}"),
    }
}

/// The path of an issuer's metadata in OpenID Connect Discovery 1.0.
pub(crate) const OPENID_METADATA: &str = "/.well-known/openid-configuration";
/// The path of an issuer's metadata in RFC 8414.
pub(crate) const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";

/// Returns the issuer, without a trailing slash, if `url` is the address of an issuer's metadata.
#[doc(hidden)]
pub fn issuer_of_metadata(url: &str) -> Option<String> {
    [OPENID_METADATA, OAUTH_METADATA].iter().find_map(|well_known| {
        // OpenID Connect Discovery 1.0 appends the path to the issuer. RFC 8414 inserts it before
        // the path of the issuer.
        let (before, after) = url.split_once(well_known)?;
        (after.is_empty() || after.starts_with('/'))
            .then(|| format!("{before}{}", after.trim_end_matches('/')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_url_with_a_well_known_metadata_path_is_a_metadata_address() {
        for (url, issuer) in [
            ("https://a/.well-known/openid-configuration", Some("https://a")),
            ("https://a/b/.well-known/openid-configuration/", Some("https://a/b")),
            ("https://a/.well-known/oauth-authorization-server/b", Some("https://a/b")),
            ("https://a/.well-known/openid-configurations", None),
            ("https://a/.well-known/issuers/b", None),
            ("https://a/.well-known/", None),
            ("https://a/b", None),
        ] {
            assert_eq!(issuer_of_metadata(url).as_deref(), issuer, "{url}");
        }
    }
}
