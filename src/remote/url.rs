//! Checks which URLs may be fetched.

use std::net::{Ipv4Addr, Ipv6Addr};
use ureq::http::Uri;

/// Parses a URL and checks that it may be fetched: https to any host, http to this machine.
/// `allow_http` allows http to any host.
pub(super) fn check(url: &str, allow_http: bool) -> Result<Uri, &'static str> {
    let uri: Uri = url.parse().map_err(|_| "not a URL: expected https://host/path")?;
    let authority = uri.authority().ok_or("not an absolute URL: expected https://host/path")?;
    if authority.as_str().contains('@') {
        // Credentials in a URL would appear in logs.
        return Err("the URL contains a user name or password: remove it");
    }
    if authority.host().is_empty() {
        return Err("the URL has no host");
    }
    if !has_valid_port(authority.as_str()) {
        return Err("the URL's port is not a number from 0 to 65535");
    }
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if allow_http || is_loopback(authority.host()) => Ok(uri),
        Some("http") => Err("http is only allowed to this machine: use https, or set allow_http"),
        None => Err("the URL has no scheme: expected https://host/path"),
        Some(_) => Err("the URL's scheme is neither https nor http: expected https://host/path"),
    }
}

/// Whether the port is valid or missing. `Uri` accepts any digits, and returns no port if they are
/// invalid.
pub(super) fn has_valid_port(authority: &str) -> bool {
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    let port = host_and_port.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
    port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// Whether `host` is a name or address of this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
        || bare.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback())
}

/// Returns the URL without its query, for logs: a query may contain a secret.
pub(super) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_allowed_to_any_host_and_http_only_to_this_machine() {
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
            "https://idp.example:99999/",
            "https://idp.example:/",
        ] {
            assert!(check(url, false).is_err(), "{url}");
        }
        assert!(check("http://master.mesos/", true).is_ok());
        assert!(check("file:///etc/passwd", true).is_err());
    }

    #[test]
    fn logs_do_not_show_the_query() {
        assert_eq!(without_query("https://idp.example/jwks?key=secret"), "https://idp.example/jwks");
    }
}
