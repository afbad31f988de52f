//! Where a fetch may go.

use std::net::{Ipv4Addr, Ipv6Addr};
use ureq::http::Uri;

/// A URL that may be fetched: absolute, https, or http to this machine or where the caller allowed it.
///
/// The error is a few words.
pub(super) fn check(url: &str, allow_http: bool) -> Result<Uri, &'static str> {
    let uri: Uri = url.parse().map_err(|_| "not a URL")?;
    let authority = uri.authority().ok_or("not an absolute URL")?;
    if authority.as_str().contains('@') {
        // It would end in logs and in the memory of every process.
        return Err("credentials in a URL");
    }
    if authority.host().is_empty() {
        return Err("a URL without a host");
    }
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if allow_http || is_loopback(authority.host()) => Ok(uri),
        Some("http") => Err("http is allowed to this machine alone, unless the settings say otherwise"),
        _ => Err("neither https nor http"),
    }
}

/// Whether `host` is this machine, by its name or address.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
        || bare.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback())
}

/// Where a redirect from `from` leads, if that is the same origin.
pub(super) fn same_origin(from: &Uri, location: &str) -> Option<Uri> {
    let to: Uri = match location.strip_prefix('/') {
        Some(rest) if !rest.starts_with(['/', '\\']) => {
            format!("{}://{}{location}", from.scheme_str()?, from.authority()?).parse().ok()?
        }
        _ => location.parse().ok()?,
    };
    (to.scheme() == from.scheme() && to.authority() == from.authority()).then_some(to)
}

/// The URL without its query, for logs: a query may hold a secret.
pub(super) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_to_this_machine() {
        for url in [
            "https://idp.example/jwks",
            "https://idp.example:8443",
            "http://127.0.0.1:8101/acs/api/v1/auth/jwks",
            "http://127.9.9.9/",
            "http://localhost/",
            "http://LOCALHOST:1/",
            "http://[::1]:80/",
        ] {
            assert!(check(url, false).is_ok(), "{url}");
        }
        for url in [
            "",
            "/jwks",
            "idp.example",
            "idp.example/jwks",
            "http://idp.example/",
            "http://master.mesos/",
            "http://localhost.example/",
            "http://128.0.0.1/",
            "http://0x7f.1/",
            "http://[::2]/",
            "http://127.0.0.1.example/",
            "https://user:secret@idp.example/",
            "http://127.0.0.1@idp.example/",
            "file:///etc/passwd",
            "ftp://localhost/",
            "https://",
            "https:///jwks",
            "https://ex ample/",
        ] {
            assert!(check(url, false).is_err(), "{url}");
        }
        assert!(check("http://master.mesos/", true).is_ok());
        assert!(check("file:///etc/passwd", true).is_err());
    }

    #[test]
    fn a_redirect_stays_at_its_origin() {
        let from = check("https://idp.example:8443/a/b?c", false).unwrap();
        for (location, expected) in [
            ("/jwks", Some("https://idp.example:8443/jwks")),
            ("https://idp.example:8443/jwks?x", Some("https://idp.example:8443/jwks?x")),
            ("http://idp.example:8443/jwks", None),
            ("https://idp.example/jwks", None),
            ("https://evil.example:8443/jwks", None),
            ("https://idp.example:8443@evil.example/", None),
            ("//evil.example/jwks", None),
            ("/\\evil.example/jwks", None),
            ("file:///etc/passwd", None),
            ("jwks", None),
            ("", None),
        ] {
            let to = same_origin(&from, location).map(|uri| uri.to_string());
            assert_eq!(to.as_deref(), expected, "{location}");
        }
    }

    #[test]
    fn logs_do_not_show_the_query() {
        assert_eq!(without_query("https://idp.example/jwks?key=secret"), "https://idp.example/jwks");
    }
}
