//! OpenID Connect Discovery 1.0: from an issuer to its JWK Set's URL.

use super::super::transport::{FetchError, FetchFailure};
use crate::encoding::json;

/// Where the metadata of `issuer` are (§4): a slash at its end is removed first.
pub(super) fn configuration_url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer))
}

/// "jwks_uri" of the metadata, which must name `issuer`, character for character (§4.3): metadata of another
/// issuer would bring another's keys.
pub(super) fn jwks_uri(metadata: &[u8], issuer: &str) -> Result<String, FetchError> {
    let malformed = |detail| FetchError::new(FetchFailure::Document, detail);
    let text = std::str::from_utf8(metadata).map_err(|_| malformed("the metadata are not UTF-8"))?;
    let [mut named, mut jwks_uri] = [None; 2];
    json::members(text, |name, value| match name {
        b"issuer" => named = Some(value),
        b"jwks_uri" => jwks_uri = Some(value),
        _ => {}
    })
    .map_err(|_| malformed("the metadata are not a strict JSON object"))?;
    if named.and_then(|value| value.as_str()).as_deref() != Some(issuer) {
        return Err(FetchError::new(FetchFailure::Issuer, ""));
    }
    let jwks_uri = jwks_uri.and_then(|value| value.as_str()).ok_or(malformed("no jwks_uri"))?;
    Ok(jwks_uri.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metadata_are_found_below_the_issuer() {
        let expected = "https://idp.example/a/.well-known/openid-configuration";
        assert_eq!(configuration_url("https://idp.example/a"), expected);
        assert_eq!(configuration_url("https://idp.example/a/"), expected);
    }

    #[test]
    fn the_issuer_must_be_the_same_to_the_character() {
        let metadata = br#"{"issuer":"https:\/\/idp.example/","jwks_uri":"https://keys.example/k"}"#;
        assert_eq!(jwks_uri(metadata, "https://idp.example/").unwrap(), "https://keys.example/k");
        for other in ["https://idp.example", "https://IDP.example/", "https://idp.example/a", ""] {
            assert_eq!(jwks_uri(metadata, other).unwrap_err().failure(), FetchFailure::Issuer, "{other}");
        }
    }

    #[test]
    fn metadata_without_a_jwks_uri_are_of_no_use() {
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
