//! Decides which responses mean that a server rejected the service's own token.

/// Whether a response rejects the token of its request: HTTP 401, or gRPC status 16
/// (UNAUTHENTICATED), which comes with HTTP 200. If so, call [`crate::TokenRenewer::reject`] for a
/// new token.
///
/// A 401 rejects the token if WWW-Authenticate is missing or empty, or if it contains a scheme of
/// DC/OS (`acsjwt`, `oauthjwt`) or `Bearer`. If WWW-Authenticate contains only other schemes, such
/// as `Basic`, the 401 does not reject the token. Services behind DC/OS's Admin Router may send
/// such schemes, and a new token would not help. A 403 never rejects the token: the caller is
/// authenticated, but not allowed.
///
/// ```
/// use bouncer_verify::is_token_rejection;
///
/// assert!(is_token_rejection(401, Some("acsjwt"), None));
/// assert!(is_token_rejection(200, None, Some("16")));
/// assert!(!is_token_rejection(401, Some("Basic realm=\"app\""), None));
/// assert!(!is_token_rejection(403, None, None));
/// ```
pub fn is_token_rejection(
    http_status: u16,
    www_authenticate: Option<&str>,
    grpc_status: Option<&str>,
) -> bool {
    if grpc_status.is_some_and(|status| status.trim() == "16") {
        return true;
    }
    http_status == 401
        && www_authenticate
            .is_none_or(|challenges| challenges.trim().is_empty() || requests_token(challenges))
}

/// Whether one of the challenges in WWW-Authenticate requests a token.
fn requests_token(challenges: &str) -> bool {
    // RFC 9110 §11.6.1: a list of challenges. The first word of an item is a scheme or the name of
    // a parameter. Quoted text is neither.
    let outside_quotes: String = challenges.split('"').step_by(2).collect();
    outside_quotes.split(',').any(|item| {
        let word = item.split_whitespace().next().unwrap_or_default();
        ["acsjwt", "oauthjwt", "Bearer"].iter().any(|scheme| scheme.eq_ignore_ascii_case(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_401_rejects_the_token_unless_it_requests_only_other_schemes() {
        for (status, challenge, grpc, expected) in [
            (401, Some("acsjwt"), None, true),
            (401, Some("oauthjwt"), None, true),
            (401, Some("Bearer realm=\"a, b\", error=\"invalid_token\""), None, true),
            (401, Some("Basic realm=\"x\", bearer"), None, true),
            (401, None, None, true),
            (401, Some("Basic realm=\"x\""), None, false),
            (401, Some("Basic realm=\"the Bearer, bearer service\""), None, false),
            (401, Some("Basic realm = Bearer"), None, false),
            (401, Some("Basic realm=\"x\" , Bearer error=\"y\""), None, true),
            (401, Some("Digest realm=\"x\", nonce=\"y\""), None, false),
            // Some proxies and client libraries send an empty header field instead of none.
            (401, Some(""), None, true),
            (401, Some(" "), None, true),
            (401, Some(","), None, false),
            (403, Some(""), None, false),
            (403, Some("acsjwt"), None, false),
            (200, None, None, false),
            (200, None, Some("16"), true),
            (200, None, Some("7"), false),
            (200, None, Some("0"), false),
            (503, None, None, false),
        ] {
            assert_eq!(
                is_token_rejection(status, challenge, grpc),
                expected,
                "{status} {challenge:?} {grpc:?}"
            );
        }
    }
}
