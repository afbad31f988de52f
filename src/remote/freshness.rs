//! The freshness lifetime of a response (RFC 9111 §4.2), and Retry-After.

use super::transport::HttpResponse;
use std::time::{Duration, SystemTime};

/// Minimum lifetime, even if the response states less. This minimum limits how often the server
/// receives a request.
const SHORTEST: Duration = Duration::from_secs(60);
/// Maximum pause that Retry-After can request. A longer pause is shortened to this.
const LONGEST_RETRY: Duration = Duration::from_secs(300);

/// Returns how long the response is fresh from now, according to Cache-Control, Age, Expires and
/// Date. The result is at most `max_ttl`. It is at least 60 s, or `max_ttl` if that is shorter.
/// Returns `None` if the response states no lifetime.
pub(super) fn lifetime(response: &HttpResponse, now: SystemTime, max_ttl: Duration) -> Option<Duration> {
    let shortest = SHORTEST.min(max_ttl);
    let mut max_age = None;
    for directive in response.values("cache-control").flat_map(|value| value.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return Some(shortest),
            "max-age" => max_age = max_age.or(Some(seconds(value.trim().trim_matches('"')))),
            _ => {}
        }
    }
    let fresh = match max_age {
        Some(max_age) => max_age,
        None => {
            let expires = response.values("expires").next()?;
            let date = response.values("date").next().and_then(|date| httpdate::parse_http_date(date).ok());
            // RFC 9111 §5.3: an invalid date counts as a time in the past.
            let expires = httpdate::parse_http_date(expires).unwrap_or(SystemTime::UNIX_EPOCH);
            expires.duration_since(date.unwrap_or(now)).unwrap_or_default()
        }
    };
    let age = response.values("age").next().map(seconds).unwrap_or_default();
    Some(fresh.saturating_sub(age).clamp(shortest, max_ttl))
}

/// Returns the pause that Retry-After requests (RFC 9110 §10.2.3), at most five minutes.
pub(super) fn retry_after(response: &HttpResponse, now: SystemTime) -> Option<Duration> {
    let value = response.values("retry-after").next()?.trim();
    let pause = match httpdate::parse_http_date(value) {
        Ok(date) => date.duration_since(now).unwrap_or_default(),
        Err(_) if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) => return None,
        Err(_) => value.parse().map_or(LONGEST_RETRY, Duration::from_secs),
    };
    Some(pause.min(LONGEST_RETRY))
}

/// Parses a number of seconds. A number that is too large counts as the maximum (RFC 9111 §1.2.2).
/// An invalid number counts as 0 (§4.2.1).
fn seconds(digits: &str) -> Duration {
    let digits = digits.trim();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Duration::ZERO;
    }
    digits.parse().map_or(Duration::MAX, Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn response(headers: &[(&str, &str)]) -> HttpResponse {
        let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        HttpResponse::new(200, headers, Vec::new())
    }

    #[test]
    fn the_lifetime_comes_from_the_response_headers_and_stays_within_the_limits() {
        const DATE: (&str, &str) = ("Date", "Fri, 08 Jul 2016 13:44:26 GMT");
        type Headers<'a> = &'a [(&'a str, &'a str)];
        let cases: &[(Headers<'_>, Option<u64>)] = &[
            (&[], None),
            (&[("Cache-Control", "public")], None),
            (&[("Cache-Control", "max-age=3600")], Some(3600)),
            (&[("cache-control", "public, Max-Age = \"3600\"")], Some(3600)),
            (&[("Cache-Control", "public"), ("Cache-Control", "max-age=3600")], Some(3600)),
            (&[("Cache-Control", "max-age=3600, max-age=7200")], Some(3600)),
            (&[("Cache-Control", "max-age=3600"), ("Age", "600")], Some(3000)),
            (&[("Cache-Control", "max-age=3600"), ("Age", "3599")], Some(60)),
            (&[("Cache-Control", "max-age=15")], Some(60)),
            (&[("Cache-Control", "max-age=0")], Some(60)),
            (&[("Cache-Control", "max-age=-1")], Some(60)),
            (&[("Cache-Control", "max-age=99999999999999999999999")], Some(86400)),
            (&[("Cache-Control", "max-age=3600, no-store")], Some(60)),
            (&[("Cache-Control", "no-cache")], Some(60)),
            (&[("Expires", "Fri, 08 Jul 2016 14:44:26 GMT"), DATE], Some(3600)),
            (&[("Expires", "Fri, 08 Jul 2016 14:44:26 GMT")], Some(3600 - 26)),
            (&[("Expires", "Fri, 08 Jul 2016 14:44:26 GMT"), DATE, ("Age", "1000")], Some(2600)),
            (&[("Expires", "Fri, 08 Jul 2016 12:44:26 GMT"), DATE], Some(60)),
            (&[("Expires", "0")], Some(60)),
            (&[("Cache-Control", "max-age=300"), ("Expires", "Fri, 08 Jul 2016 14:44:26 GMT")], Some(300)),
        ];
        for (headers, expected) in cases {
            let lifetime = lifetime(&response(headers), at(1467985466 + 26), Duration::from_secs(86400));
            assert_eq!(lifetime, expected.map(Duration::from_secs), "{headers:?}");
        }
    }

    #[test]
    fn max_ttl_limits_the_lifetime_that_the_server_states() {
        for (max_ttl, stated, expected) in [
            (3600, "max-age=86400", 3600),
            (3600, "max-age=600", 600),
            (10, "max-age=600", 10),
            (10, "no-store", 10),
        ] {
            let max_ttl = Duration::from_secs(max_ttl);
            let lifetime = lifetime(&response(&[("Cache-Control", stated)]), at(0), max_ttl);
            assert_eq!(lifetime, Some(Duration::from_secs(expected)), "{max_ttl:?} {stated}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_up_to_five_minutes() {
        for (value, expected) in [
            ("7", Some(7)),
            ("0", Some(0)),
            ("100000", Some(300)),
            ("Fri, 08 Jul 2016 13:44:46 GMT", Some(20)),
            ("Fri, 08 Jul 2016 13:44:06 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("+5", None),
            ("99999999999999999999999", Some(300)),
        ] {
            let pause = retry_after(&response(&[("Retry-After", value)]), at(1467985466));
            assert_eq!(pause, expected.map(Duration::from_secs), "{value}");
        }
        assert_eq!(retry_after(&response(&[]), at(0)), None);
    }
}
