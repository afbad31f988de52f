//! Finds the URL of an issuer's JWK Set (OpenID Connect Discovery 1.0 and RFC 8414).

use crate::encoding::json;
use crate::remote::transport::{FetchError, FetchFailure, printable};
use crate::verify::accepted_values::{
    OAUTH_METADATA as OAUTH, OPENID_METADATA as OPENID, issuer_of_metadata,
};

/// Maximum length of an issuer in an error, in characters.
const MAX_SHOWN: usize = 150;

/// Returns the possible URLs of the metadata of `issuer`, in the order in which they are tried.
pub(super) fn metadata_urls(issuer: &str) -> Vec<String> {
    // Many users configure the URL of the metadata instead of the issuer.
    if issuer_of_metadata(issuer).is_some() {
        return vec![issuer.to_owned()];
    }
    // OpenID Connect Discovery §4: remove a trailing slash first.
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    let mut urls = vec![format!("{issuer}{OPENID}")];
    let path_start = issuer.split_once("://").and_then(|(scheme, rest)| {
        let path = rest.find('/')?;
        Some(scheme.len() + "://".len() + path)
    });
    let (origin, path) = issuer.split_at_checked(path_start.unwrap_or(issuer.len())).unwrap_or((issuer, ""));
    // RFC 8414 §3.1 and §5: the well-known path comes between host and path.
    urls.push(format!("{origin}{OAUTH}{path}"));
    if !path.is_empty() {
        urls.push(format!("{origin}{OPENID}{path}"));
    }
    urls
}

/// Returns the "jwks_uri" of the metadata. The "issuer" of the metadata must equal `issuer`
/// character by character (OpenID Connect Discovery §4.3). Otherwise the metadata of another issuer
/// could supply other keys. If `issuer` is the URL of the metadata, the comparison ignores a
/// trailing slash.
pub(super) fn jwks_uri(metadata: &[u8], issuer: &str) -> Result<String, FetchError> {
    let malformed = |detail| FetchError::new(FetchFailure::Document, detail);
    let text = std::str::from_utf8(metadata)
        .map_err(|_| malformed("the metadata is not UTF-8: check the issuer"))?;
    let [mut named, mut jwks_uri] = [None; 2];
    json::members(text, |name, value| match name {
        b"issuer" => named = Some(value),
        b"jwks_uri" => jwks_uri = Some(value),
        _ => {}
    })
    .map_err(|_| malformed("the metadata is not a strict JSON object: check the issuer"))?;
    let named = named.and_then(|value| value.as_str());
    let is_same = match (named.as_deref(), issuer_of_metadata(issuer)) {
        (Some(named), None) => named == issuer,
        (Some(named), Some(configured)) => named.strip_suffix('/').unwrap_or(named) == configured,
        (None, _) => false,
    };
    if !is_same {
        return Err(FetchError::new(FetchFailure::Issuer, mismatch(issuer, named.as_deref())));
    }
    let jwks_uri = jwks_uri
        .and_then(|value| value.as_str())
        .ok_or(malformed("the metadata has no jwks_uri: set the URL of the key set instead"))?;
    Ok(jwks_uri.into_owned())
}

fn mismatch(configured: &str, named: Option<&str>) -> String {
    let configured_shown = printable(configured, MAX_SHOWN);
    let Some(named) = named else {
        return format!("configured {configured_shown}, metadata has no issuer");
    };
    let hint = match named {
        _ if named.trim_end_matches('/') == configured.trim_end_matches('/') => {
            " (they differ only in the trailing slash)"
        }
        // Microsoft Entra returns a template for "common", "organizations" and "consumers".
        _ if named.contains('{') => " (a template for many issuers: configure the issuer of one tenant)",
        _ => "",
    };
    format!("configured {configured_shown}, metadata says {}{hint}", printable(named, MAX_SHOWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_path_is_first_appended_and_then_inserted_after_the_host() {
        for (issuer, expected) in [
            (
                "https://idp.example/a/b",
                &[
                    "https://idp.example/a/b/.well-known/openid-configuration",
                    "https://idp.example/.well-known/oauth-authorization-server/a/b",
                    "https://idp.example/.well-known/openid-configuration/a/b",
                ][..],
            ),
            (
                "https://idp.example:8443/",
                &[
                    "https://idp.example:8443/.well-known/openid-configuration",
                    "https://idp.example:8443/.well-known/oauth-authorization-server",
                ],
            ),
            (
                "https://idp.example/a/",
                &[
                    "https://idp.example/a/.well-known/openid-configuration",
                    "https://idp.example/.well-known/oauth-authorization-server/a",
                    "https://idp.example/.well-known/openid-configuration/a",
                ],
            ),
            // The issuer is the URL of its metadata.
            (
                "https://idp.example/a/.well-known/openid-configuration",
                &["https://idp.example/a/.well-known/openid-configuration"],
            ),
            (
                "https://idp.example/.well-known/oauth-authorization-server/a",
                &["https://idp.example/.well-known/oauth-authorization-server/a"],
            ),
        ] {
            assert_eq!(metadata_urls(issuer), expected, "{issuer}");
        }
    }

    #[test]
    fn the_issuer_must_match_character_by_character() {
        let metadata = br#"{"issuer":"https:\/\/idp.example/","jwks_uri":"https://keys.example/k"}"#;
        assert_eq!(jwks_uri(metadata, "https://idp.example/").unwrap(), "https://keys.example/k");
        for other in ["https://idp.example", "https://IDP.example/", "https://idp.example/a", ""] {
            assert_eq!(jwks_uri(metadata, other).unwrap_err().failure(), FetchFailure::Issuer, "{other}");
        }
    }

    #[test]
    fn if_the_metadata_url_is_configured_the_issuer_in_the_metadata_must_match_that_url() {
        let named = |issuer: &str| format!(r#"{{"issuer":"{issuer}","jwks_uri":"u"}}"#);
        for (address, issuer, expected) in [
            ("https://a/.well-known/openid-configuration", "https://a", true),
            ("https://a/.well-known/openid-configuration", "https://a/", true),
            ("https://a/b/.well-known/openid-configuration", "https://a/b", true),
            ("https://a/.well-known/oauth-authorization-server/b", "https://a/b", true),
            ("https://a/.well-known/openid-configuration/b/", "https://a/b/", true),
            ("https://a/.well-known/openid-configuration", "https://a//", false),
            ("https://a/.well-known/openid-configuration", "https://b", false),
            ("https://a/b/.well-known/openid-configuration", "https://a", false),
            // After the well-known path, the URL must end or continue with a slash.
            ("https://a/.well-known/openid-configurations", "https://a", false),
        ] {
            let found = jwks_uri(named(issuer).as_bytes(), address);
            assert_eq!(found.is_ok(), expected, "{address} {issuer}");
        }
    }

    #[test]
    fn an_issuer_mismatch_reports_both_issuers() {
        let reported = |named: &str, configured: &str| {
            jwks_uri(format!(r#"{{"issuer":{named}}}"#).as_bytes(), configured).unwrap_err().to_string()
        };
        for (named, configured, expected) in [
            (r#""https://a""#, "https://b", "configured https://b, metadata says https://a"),
            (
                r#""https://a""#,
                "https://a/",
                "configured https://a/, metadata says https://a (they differ only in the trailing slash)",
            ),
            (
                r#""https://a/{tenantid}/v2.0""#,
                "https://a/common/v2.0",
                "configured https://a/common/v2.0, metadata says https://a/{tenantid}/v2.0 (a template for many \
                 issuers: configure the issuer of one tenant)",
            ),
            ("7", "https://a", "configured https://a, metadata has no issuer"),
            (r#""a\u0007\nb""#, "https://a", "configured https://a, metadata says ab"),
        ] {
            assert_eq!(reported(named, configured), format!("issuer mismatch: {expected}"));
        }
        assert!(reported(&format!("\"{}\"", "x".repeat(5000)), "https://a").chars().count() < 250);
    }

    #[test]
    fn metadata_without_a_jwks_uri_is_rejected() {
        for metadata in [
            r#"{"issuer":"i"}"#,
            r#"{"issuer":"i","jwks_uri":7}"#,
            r#"{"issuer":"i","issuer":"i","jwks_uri":"u"}"#,
            "[]",
            "",
        ] {
            let error = jwks_uri(metadata.as_bytes(), "i").unwrap_err();
            assert_eq!(error.failure(), FetchFailure::Document, "{metadata}");
        }
        let nameless = jwks_uri(br#"{"jwks_uri":"u"}"#, "i").unwrap_err();
        assert_eq!(nameless.failure(), FetchFailure::Issuer);
    }
}
