//! The values of `iss` and `aud` that a policy accepts: how they are compared, and their texts in
//! errors.

/// Returns whether `value` equals one of `accepted`, character for character. The empty string is
/// never accepted: a setting left empty must not match an empty claim.
#[inline]
pub(super) fn accepts(accepted: &[Box<str>], value: &str) -> bool {
    !value.is_empty() && accepted.iter().any(|own| **own == *value)
}

/// Lists the policy's own values for an error: at most five, each cut if it is long.
#[cold]
pub(super) fn expected(accepted: &[Box<str>]) -> String {
    const MOST: usize = 5;
    let values: Vec<_> = accepted.iter().take(MOST).map(|value| shown(value)).collect();
    let more = match accepted.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" or one of {more} more"),
    };
    format!("expected {}{more}", values.join(" or "))
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

/// Returns the issuer if `url` is the address of an issuer's metadata.
#[doc(hidden)]
pub fn issuer_of_metadata(url: &str) -> Option<String> {
    let (origin, path) = url.split_once("/.well-known/")?;
    // OpenID Connect Discovery 1.0 appends /.well-known/ to the issuer. RFC 8414 inserts it before
    // the path of the issuer.
    Some(match path.split_once('/') {
        Some((_, path)) if !path.trim_matches('/').is_empty() => format!("{origin}/{path}"),
        _ => origin.to_owned(),
    })
}
