//! Resolves the target of a redirect (RFC 9110 §10.2.2).

use super::transport::printable;
use super::url;
use ureq::http::Uri;

/// Maximum length of a target in an error, in characters.
const MAX_SHOWN: usize = 200;

/// Resolves `location` against `base` (RFC 3986 §5.2). Returns `None` if `location` is empty or
/// contains a backslash. Also returns `None` if the result is not a valid http or https URL, or
/// contains user information.
pub(super) fn resolve(base: &Uri, location: &str) -> Option<Uri> {
    let location = location.trim_matches([' ', '\t']);
    // Browsers interpret a backslash as a slash, but RFC 3986 does not, so such a URL is ambiguous.
    if location.is_empty() || location.contains('\\') {
        return None;
    }
    let location: String = location.split('#').next()?.chars().map(percent_encoded).collect();
    let (scheme, authority) = (base.scheme_str()?, base.authority()?.as_str());
    let has_scheme = location.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    let absolute = if has_scheme {
        location
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else {
        let (path, query) = match location.split_once('?') {
            Some((path, query)) => (path, format!("?{query}")),
            None => (location.as_str(), String::new()),
        };
        let query =
            if location.is_empty() { base.query().map_or(query, |query| format!("?{query}")) } else { query };
        let path = match path {
            "" => base.path().to_owned(),
            path if path.starts_with('/') => remove_dot_segments(path),
            path => {
                let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
                remove_dot_segments(&format!("{folder}/{path}"))
            }
        };
        format!("{scheme}://{authority}{path}{query}")
    };
    let target: Uri = absolute.parse().ok()?;
    let authority = target.authority()?.as_str();
    let is_sound = !authority.contains('@') && url::has_valid_port(authority);
    (is_sound && matches!(target.scheme_str(), Some("http" | "https"))).then_some(target)
}

/// Percent-encodes characters that some servers send unencoded.
fn percent_encoded(c: char) -> String {
    match c {
        '\u{21}'..='\u{7e}' => c.to_string(),
        _ => c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect(),
    }
}

/// Removes the segments "." and ".." (RFC 3986 §5.2.4).
fn remove_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (i, segment) in segments.iter().enumerate() {
        let is_last = i + 1 == segments.len();
        match *segment {
            "." | ".." => {
                if *segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

/// Whether both URLs have the same scheme, host and port. A missing port is the scheme's default.
pub(super) fn is_same_origin(a: &Uri, b: &Uri) -> bool {
    let origin = |uri: &Uri| {
        let scheme = uri.scheme_str().unwrap_or_default().to_ascii_lowercase();
        let default_port = if scheme == "https" { 443 } else { 80 };
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        (scheme, host, uri.port_u16().unwrap_or(default_port))
    };
    origin(a) == origin(b)
}

/// Describes the target of a redirect for errors. Omits the query, which may contain a secret.
pub(super) fn describe_target(base: &Uri, location: &str) -> String {
    match resolve(base, location) {
        Some(target) => {
            let scheme = target.scheme_str().unwrap_or_default();
            let authority = target.authority().map_or("", |authority| authority.as_str());
            let shown = printable(&format!("{scheme}://{authority}{}", target.path()), MAX_SHOWN);
            let origin = match is_same_origin(base, &target) {
                true => "(the same origin)",
                false => "(another origin): configure this URL",
            };
            format!("to {shown} {origin}")
        }
        None if location.is_empty() => "the response has no Location".to_owned(),
        None => "the Location is not an http or https URL".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_resolved_against_the_request_url() {
        let from: Uri = "https://idp.example:8443/a/b?c".parse().unwrap();
        for (location, expected) in [
            ("/jwks", Some("https://idp.example:8443/jwks")),
            ("jwks", Some("https://idp.example:8443/a/jwks")),
            ("./jwks", Some("https://idp.example:8443/a/jwks")),
            ("../jwks", Some("https://idp.example:8443/jwks")),
            ("../../../jwks", Some("https://idp.example:8443/jwks")),
            ("..", Some("https://idp.example:8443/")),
            (".", Some("https://idp.example:8443/a/")),
            ("c/../d/", Some("https://idp.example:8443/a/d/")),
            ("/x/./y/../z?q=../r", Some("https://idp.example:8443/x/z?q=../r")),
            ("?v=2", Some("https://idp.example:8443/a/b?v=2")),
            ("#top", Some("https://idp.example:8443/a/b?c")),
            ("/jwks#top", Some("https://idp.example:8443/jwks")),
            ("a:b/c", None),
            ("./a:b", Some("https://idp.example:8443/a/a:b")),
            ("//idp.example:8443/jwks", Some("https://idp.example:8443/jwks")),
            ("//evil.example/jwks", Some("https://evil.example/jwks")),
            ("https://idp.example:8443/jwks?x#y", Some("https://idp.example:8443/jwks?x")),
            (" /jwks ", Some("https://idp.example:8443/jwks")),
            ("/key set", Some("https://idp.example:8443/key%20set")),
            ("/schl\u{fc}ssel", Some("https://idp.example:8443/schl%C3%BCssel")),
            ("/\\evil.example/jwks", None),
            ("\\\\evil.example/jwks", None),
            ("https://idp.example:8443@evil.example/", None),
            ("file:///etc/passwd", None),
            ("javascript:alert(1)", None),
            ("https://", None),
            ("https://idp.example:99999/", None),
            ("", None),
        ] {
            let to = resolve(&from, location).map(|uri| uri.to_string());
            assert_eq!(to.as_deref(), expected, "{location}");
        }
    }

    #[test]
    fn origins_are_equal_if_scheme_host_and_port_are_equal() {
        for (a, b, expected) in [
            ("https://idp.example/a", "https://idp.example:443/b", true),
            ("https://idp.example/a", "https://IDP.example/b", true),
            ("http://idp.example:80/", "http://idp.example/", true),
            ("http://idp.example/", "https://idp.example/", false),
            ("https://idp.example/", "https://idp.example:8443/", false),
            ("https://idp.example/", "https://a.idp.example/", false),
            ("https://idp.example:80/", "http://idp.example/", false),
        ] {
            assert_eq!(is_same_origin(&a.parse().unwrap(), &b.parse().unwrap()), expected, "{a} {b}");
        }
    }

    #[test]
    fn an_error_contains_the_target_without_its_query() {
        let from: Uri = "https://idp.example/jwks".parse().unwrap();
        for (location, expected) in [
            ("/jwks/?secret=1", "to https://idp.example/jwks/ (the same origin)"),
            ("http://idp.example/jwks", "to http://idp.example/jwks (another origin): configure this URL"),
            ("//evil.example:8/x", "to https://evil.example:8/x (another origin): configure this URL"),
            ("", "the response has no Location"),
            ("file:///etc/passwd", "the Location is not an http or https URL"),
        ] {
            assert_eq!(describe_target(&from, location), expected, "{location}");
        }
        assert!(describe_target(&from, &format!("/{}", "x".repeat(1000))).len() < 300);
    }
}
