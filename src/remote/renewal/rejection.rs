//! Which responses mean that the service's own token was rejected.

/// Whether a response rejects the token of its request, so that [`crate::TokenRenewer::reject`] may
/// help: HTTP 401, or gRPC status 16 (UNAUTHENTICATED), which comes with HTTP 200.
///
/// A 401 counts if WWW-Authenticate names DC/OS's schemes (`acsjwt`, `oauthjwt`) or `Bearer`, or if
/// it is missing or empty. Services behind DC/OS's Admin Router may send a 401 of their own, such
/// as `Basic`: a new token would not change that. 403 never counts: the caller is known, and not
/// allowed.
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
            .is_none_or(|challenges| challenges.trim().is_empty() || asks_for_a_token(challenges))
}

/// Whether one of the challenges of a WWW-Authenticate field asks for a token.
fn asks_for_a_token(challenges: &str) -> bool {
    // RFC 9110 §11.6.1: a list of challenges. What stands at the beginning of an item is a scheme
    // or the name of a parameter; what is quoted is neither.
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
    fn only_a_401_that_asks_for_a_token_counts() {
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
            // A header field without a value, as some proxies and client libraries write one that
            // is missing.
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
