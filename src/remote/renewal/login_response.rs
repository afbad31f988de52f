//! The response of a login endpoint: a token or an error.

use super::auth_method::AuthMethod;
use super::lenient::without_bom;
use crate::encoding::json;
use crate::remote::transport::{BodyLimit, FetchError, FetchFailure, HttpResponse};
use crate::remote::{decode, freshness};
use std::time::{SystemTime, UNIX_EPOCH};

/// Maximum size of a response body.
pub(super) const LIMIT: BodyLimit = BodyLimit { name: "the limit", bytes: 128 * 1024 };

/// The error codes that may appear in error texts. They come from RFC 6749 §4.1.2.1 and §5.2, RFC
/// 8707, RFC 9449 and DC/OS. All other text of a response may be secret, so errors omit it.
const CODES: [&str; 14] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "access_denied",
    "server_error",
    "temporarily_unavailable",
    "invalid_target",
    "invalid_dpop_proof",
    "use_dpop_nonce",
    "ERR_INVALID_CREDENTIALS",
    "ERR_INVALID_DATA",
];

/// Whether a login with this status succeeded. Some token endpoints respond with 201. A proxy that
/// changes a response sets 203 (RFC 9110 §15.3.4).
pub(super) fn is_success(status: u16) -> bool {
    matches!(status, 200 | 201 | 203)
}

/// Returns the member `name` of a response body; `None` if it is null or missing.
pub(super) fn member<'a>(body: &'a [u8], name: &str) -> Result<Option<json::Value<'a>>, FetchError> {
    if body.len() > LIMIT.bytes {
        return Err(decode::too_large(Some(body.len() as u64), LIMIT));
    }
    let malformed = |detail| FetchError::new(FetchFailure::Document, detail);
    let text =
        std::str::from_utf8(body).map_err(|_| malformed("the response is not UTF-8: check the URL"))?;
    let text = without_bom(text);
    let mut found = None;
    json::members(text, |member, value| {
        if member == name.as_bytes() && !value.is_null() {
            found = Some(value);
        }
    })
    .map_err(|_| match text.trim_start().starts_with('<') {
        true => malformed("the response is HTML or XML, not JSON: check the URL"),
        false => malformed("the response is not a strict JSON object: check the URL"),
    })?;
    Ok(found)
}

/// Returns the token in a response body.
pub(super) fn token(body: &[u8], name: &str) -> Result<String, FetchError> {
    let value = member(body, name)?;
    if let Some(token) = value.and_then(|value| value.as_str()) {
        return Ok(token.into_owned());
    }
    let detail = match (value, error_code(body)) {
        (Some(_), _) => format!("\"{name}\" in the response is not a string"),
        (None, Some(code)) => format!("the response has no \"{name}\", but the error {code}"),
        (None, None) => format!("the response has no \"{name}\": check the URL"),
    };
    Err(FetchError::new(FetchFailure::Document, detail))
}

/// Returns the error code of a response body, if it is in [`CODES`].
pub(super) fn error_code(body: &[u8]) -> Option<&'static str> {
    ["error", "code"].iter().find_map(|name| {
        let code = member(body, name).ok()??.as_str()?;
        CODES.into_iter().find(|known| *known == code)
    })
}

/// Returns the `Date` header of a response, in seconds since 1970.
pub(super) fn date(response: &HttpResponse) -> Option<i64> {
    let date = httpdate::parse_http_date(response.values("date").next()?).ok()?;
    i64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// The kind of login. The advice in an error text depends on it.
#[derive(Clone, Copy)]
pub(super) enum LoginKind {
    ServiceAccount,
    Client(AuthMethod),
}

/// Returns the error for a failed login with this response. `has_succeeded` is true if a login with
/// the same settings has succeeded before.
pub(super) fn login_error(response: &HttpResponse, kind: LoginKind, has_succeeded: bool) -> FetchError {
    let status = response.status;
    let code = error_code(&response.body);
    let failure = match (status, code) {
        (400..500, Some("temporarily_unavailable" | "server_error")) => FetchFailure::Status,
        // RFC 6749 §5.2 allows both statuses for a rejected client.
        (401, _) | (400, Some("invalid_client")) => FetchFailure::Rejected,
        // The URL was correct before. A gateway responds with 403 or 404 while the service behind
        // it starts.
        (403 | 404, _) if has_succeeded => FetchFailure::Status,
        (400 | 403 | 404 | 405 | 406 | 415, _) => FetchFailure::Refused,
        _ => FetchFailure::Status,
    };
    let advice = match (failure, kind) {
        (FetchFailure::Rejected, LoginKind::ServiceAccount) => {
            ": check that the account exists, and that its public key matches this private key"
        }
        (FetchFailure::Rejected, LoginKind::Client(AuthMethod::PrivateKeyJwt)) => {
            ": check client_id, and that the server has the public key of private_key"
        }
        (FetchFailure::Rejected, LoginKind::Client(AuthMethod::TlsClientAuth)) => {
            ": check client_id, and that the server accepts the certificate of this client"
        }
        (FetchFailure::Rejected, LoginKind::Client(_)) => ": check client_id, client_secret and auth_method",
        (FetchFailure::Refused, _) if matches!(status, 404 | 405) => ": check the URL",
        (FetchFailure::Refused, LoginKind::Client(_)) => ": check the URL, the grant and the parameters",
        (FetchFailure::Refused, LoginKind::ServiceAccount) => ": check the URL and the account's permissions",
        _ => "",
    };
    let code = code.map(|code| format!(", {code}")).unwrap_or_default();
    let mut error = FetchError::new(failure, format!("HTTP {status}{code}{advice}"));
    error.retry_after = freshness::retry_after(response, SystemTime::now());
    error.server_time = date(response);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: LoginKind = LoginKind::Client(AuthMethod::ClientSecretBasic);

    fn response(status: u16, body: &str) -> HttpResponse {
        HttpResponse::new(status, [], body.as_bytes().to_vec())
    }

    #[test]
    fn the_token_is_returned_or_the_error_describes_the_response() {
        assert_eq!(token(b"{\"token\":\"t\"}", "token").unwrap(), "t");
        assert_eq!(token("\u{feff} {\"token\":\"t\",\"x\":null}\r\n".as_bytes(), "token").unwrap(), "t");
        for (body, why) in [
            ("{}", "has no \"token\""),
            (r#"{"token":null}"#, "has no \"token\""),
            (r#"{"token":7}"#, "not a string"),
            (r#"{"error":"invalid_scope"}"#, "but the error invalid_scope"),
            (r#"{"error":"hidden"}"#, "has no \"token\""),
            ("<html>hidden</html>", "HTML"),
            ("hidden", "not a strict JSON object"),
            ("", "not a strict JSON object"),
        ] {
            let error = token(body.as_bytes(), "token").unwrap_err();
            assert_eq!(error.failure(), FetchFailure::Document);
            assert!(error.to_string().contains(why) && !error.to_string().contains("hidden"), "{error}");
        }
        assert_eq!(
            token(&vec![b' '; LIMIT.bytes + 1], "token").unwrap_err().failure(),
            FetchFailure::TooLarge
        );
    }

    #[test]
    fn a_failed_login_reports_status_error_code_and_what_to_check() {
        use FetchFailure::{Refused, Rejected, Status};
        for (status, body, kind, failure, text) in [
            (
                401,
                r#"{"error":"invalid_client"}"#,
                CLIENT,
                Rejected,
                "HTTP 401, invalid_client: check client_id, client_secret and auth_method",
            ),
            (
                400,
                r#"{"error":"invalid_client","error_description":"hidden"}"#,
                CLIENT,
                Rejected,
                "HTTP 400, invalid_client",
            ),
            (
                400,
                r#"{"error":"invalid_scope"}"#,
                CLIENT,
                Refused,
                "HTTP 400, invalid_scope: check the URL, the grant",
            ),
            (400, r#"{"error":"hidden"}"#, CLIENT, Refused, "HTTP 400: check"),
            (400, r#"{"error":{"a":"hidden"}}"#, CLIENT, Refused, "HTTP 400: check"),
            (
                400,
                r#"{"error":"temporarily_unavailable"}"#,
                CLIENT,
                Status,
                "HTTP 400, temporarily_unavailable",
            ),
            (
                401,
                r#"{"title":"hidden","code":"ERR_INVALID_CREDENTIALS"}"#,
                LoginKind::ServiceAccount,
                Rejected,
                "HTTP 401, ERR_INVALID_CREDENTIALS: check that the account",
            ),
            (404, "<html>hidden", LoginKind::ServiceAccount, Refused, "HTTP 404: check the URL"),
            (403, "", LoginKind::ServiceAccount, Refused, "HTTP 403: check the URL"),
            (503, "hidden", CLIENT, Status, "HTTP 503"),
            (302, "", CLIENT, Status, "HTTP 302"),
        ] {
            let error = login_error(&response(status, body), kind, false);
            assert_eq!(error.failure(), failure, "{status} {body}");
            assert!(error.detail().starts_with(text) && !error.detail().contains("hidden"), "{error}");
        }
    }

    #[test]
    fn after_a_successful_login_403_and_404_are_an_outage() {
        for (status, failure) in [
            (403, FetchFailure::Status),
            (404, FetchFailure::Status),
            (400, FetchFailure::Refused),
            (415, FetchFailure::Refused),
            (401, FetchFailure::Rejected),
        ] {
            let error = login_error(&response(status, ""), CLIENT, true);
            assert_eq!(error.failure(), failure, "{status}");
        }
    }
}
