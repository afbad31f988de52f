//! Reads the secret of a service account. Templates, shells, environment variables and secret
//! stores often wrap a secret and lose its line ends. The content is still complete, so these
//! formats are accepted.
//!
//! | change to the secret | handling |
//! |---|---|
//! | a byte order mark, white space or single quotes around it | ignored |
//! | wrapped in a JSON string or base64 | decoded, up to [`MAX_WRAPPINGS`] times |
//! | line ends inside the strings of the JSON | replaced by spaces |

use super::lenient::{base64, without_bom};
use super::secret_text::unusable;
use crate::error::{Error, Result};
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

/// Maximum number of wrappings that are decoded.
const MAX_WRAPPINGS: usize = 4;

/// Returns the JSON object in a secret. The caller must check that it is strict JSON.
pub(super) fn object(secret: &str) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(secret.to_owned());
    for _ in 0..=MAX_WRAPPINGS {
        let trimmed = without_bom(text.trim()).trim();
        let inner = match trimmed.chars().next() {
            None => return Err(unusable("the secret is empty")),
            Some('{') => {
                // A string in valid JSON contains none of these characters. Outside strings, they
                // have the same meaning as a space.
                return Ok(Zeroizing::new(trimmed.replace(['\n', '\r', '\t'], " ")));
            }
            Some('"') => serde_json::from_str(trimmed).ok().map(Zeroizing::new),
            Some('\'') => trimmed
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''))
                .map(|inner| Zeroizing::new(inner.to_owned())),
            Some(_) if trimmed.starts_with("-----BEGIN") => {
                return Err(unusable("the secret is a key in PEM: JSON with uid and private_key is needed"));
            }
            Some(_) => base64(trimmed).and_then(|bytes| {
                std::str::from_utf8(&bytes).ok().map(|inner| Zeroizing::new(inner.to_owned()))
            }),
        };
        match inner {
            Some(inner) => text = inner,
            None => break,
        }
    }
    Err(unusable("the secret is not a JSON object (it may also be in base64 or in a JSON string)"))
}

/// Returns the error for an `object` that is not strict JSON. It contains the position, but no text
/// of the object.
pub(super) fn not_strict(object: &str) -> Error {
    let error = unusable("");
    match serde_json::from_str::<IgnoredAny>(object) {
        Err(fault) => error.with_detail(format!("the secret is not valid JSON at byte {}", fault.column())),
        Ok(_) => error.with_detail("the secret has a repeated member name, or is nested too deep"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::renewal::service_account::ServiceAccount;
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
    use proptest::prelude::*;

    const PEM: &str = include_str!("../../../tests/data/keys/rsa-2048-a.pem");

    proptest! {
        #[test]
        fn no_input_causes_a_panic(text in "\\PC*", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for text in [text, String::from_utf8_lossy(&bytes).into_owned(), STANDARD.encode(&bytes)] {
                let _ = object(&text);
            }
        }
    }

    #[test]
    fn a_wrapped_secret_is_decoded() {
        let secret = "{\"uid\": \"a\"}";
        let in_json = serde_json::Value::from(secret).to_string();
        for wrapped in [
            secret.to_owned(),
            format!("\u{feff}{secret}\r\n"),
            format!("\n\u{feff} {secret}"),
            format!("'{secret}'\n"),
            STANDARD.encode(secret),
            STANDARD_NO_PAD.encode(secret) + "\n",
            URL_SAFE.encode(format!("\u{feff}{secret}\n")),
            in_json.clone(),
            serde_json::Value::from(in_json.as_str()).to_string(),
            STANDARD.encode(&in_json),
            serde_json::Value::from(STANDARD.encode(secret)).to_string(),
        ] {
            assert_eq!(*object(&wrapped).unwrap(), secret, "{wrapped:?}");
        }
        let mut deep = secret.to_owned();
        (0..=MAX_WRAPPINGS).for_each(|_| deep = STANDARD.encode(&deep));
        for (text, why) in [
            ("", "empty"),
            ("\u{feff} \n", "empty"),
            ("[]", "not a JSON object"),
            ("\"", "not a JSON object"),
            ("'", "not a JSON object"),
            ("/run/secrets/account.json", "not a JSON object"),
            (&deep, "not a JSON object"),
            (PEM, "a key in PEM"),
        ] {
            let error = object(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_json_error_contains_the_position_but_no_text_of_the_secret() {
        for (object, why) in [
            (r#"{"uid":"hidden","x":hidden}"#, "byte 21"),
            (r#"{"uid":"hidden"} hidden"#, "byte 18"),
            (r#"{"uid":"hidden","uid":"hidden"}"#, "a repeated member name"),
        ] {
            let error = ServiceAccount::from_json(object).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("hidden"), "{error}");
        }
    }
}
