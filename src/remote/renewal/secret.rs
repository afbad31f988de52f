//! A service account's secret as it arrives. On its way through templates, shells, environment variables and secret
//! stores a secret is wrapped and its line ends are lost. What is in it is all there, so it is read.
//!
//! | what happens to it | what is done |
//! |---|---|
//! | a byte order mark, white space or single quotes around it | skipped |
//! | a JSON string that holds the JSON, or base64 of it | opened, up to [`MAX_WRAPPINGS`] times |
//! | line ends within the JSON's strings | read as spaces |
//! | the private key's line ends are missing, escaped, or spaces; lines are indented | ignored |
//! | the private key is base64 of PEM, or the DER without PEM's first and last line | opened |

use super::lenient::{base64, without_bom};
use crate::error::{Error, ErrorKind, Result};
use pkcs8::PrivateKeyInfoRef;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

/// How many wrappings are opened.
const MAX_WRAPPINGS: usize = 4;

pub(super) fn unusable(detail: &'static str) -> Error {
    Error::new(ErrorKind::UnusableCredentials, detail)
}

/// The JSON object of a secret. Whether it is strict JSON is not checked here.
pub(super) fn object(secret: &str) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(secret.to_owned());
    for _ in 0..=MAX_WRAPPINGS {
        let trimmed = without_bom(text.trim()).trim();
        let inner = match trimmed.chars().next() {
            None => return Err(unusable("the secret is empty")),
            Some('{') => {
                // JSON has none of these within a string, and elsewhere they are the same.
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
    Err(unusable("the secret is no JSON object, and no base64 or JSON string of one"))
}

/// Why `object` is not strict JSON, with the position and without its text.
pub(super) fn not_strict(object: &str) -> Error {
    let error = unusable("");
    match serde_json::from_str::<IgnoredAny>(object) {
        Err(fault) => {
            error.with_detail(format!("the secret is not strict JSON, from character {}", fault.column()))
        }
        Ok(_) => error.with_detail("the secret is not strict JSON: a member twice, or too deep"),
    }
}

/// The RSA key of a PEM text, in PKCS #1: "PRIVATE KEY" is PKCS #8, "RSA PRIVATE KEY" is PKCS #1.
pub(super) fn rsa_private_key(text: &str) -> Result<Zeroizing<Vec<u8>>> {
    if text.contains("-----BEGIN") {
        return key_in_pem(text);
    }
    let der = base64(&without_line_ends(text)).ok_or(unusable("the private key is not in PEM"))?;
    match std::str::from_utf8(&der) {
        Ok(text) if text.contains("-----BEGIN") => key_in_pem(text),
        _ if PrivateKeyInfoRef::try_from(&der[..]).is_ok() => key_in_pkcs8(&der),
        // Whether it is PKCS #1, the signer finds out. Other text is rarely base64, and never a DER sequence.
        _ if der.first() == Some(&0x30) => Ok(der),
        _ => Err(unusable("the private key is not in PEM")),
    }
}

fn key_in_pem(text: &str) -> Result<Zeroizing<Vec<u8>>> {
    let mut rest = text;
    let mut found = None;
    while let Some((_, block)) = rest.split_once("-----BEGIN") {
        let Some((label, block)) = block.split_once("-----") else { break };
        let Some((body, after)) = block.split_once("-----END") else {
            return Err(unusable("the private key in PEM has no END line: is it cut off?"));
        };
        rest = after;
        let label: String = label.chars().filter(|c| !c.is_whitespace()).collect();
        let is_pkcs8 = match label.as_str() {
            "PRIVATEKEY" => true,
            "RSAPRIVATEKEY" => false,
            other => {
                found.get_or_insert(named(other));
                continue;
            }
        };
        if body.contains("ENCRYPTED") {
            return Err(unusable("the private key is encrypted"));
        }
        let der = base64(&without_line_ends(body))
            .ok_or(unusable("the private key in PEM is not base64 between its first and last line"))?;
        return if is_pkcs8 { key_in_pkcs8(&der) } else { Ok(der) };
    }
    Err(unusable(found.unwrap_or("the private key is not in PEM")))
}

/// What a PEM text with this label is. Labels of a closed list alone: anything may stand in a file.
fn named(label: &str) -> &'static str {
    match label {
        "ENCRYPTEDPRIVATEKEY" => "the private key is encrypted",
        "ECPRIVATEKEY" | "ECPARAMETERS" => {
            "the private key is neither PKCS #8 nor PKCS #1: an EC key, not RSA"
        }
        "OPENSSHPRIVATEKEY" => "the private key is neither PKCS #8 nor PKCS #1: a key of OpenSSH's own form",
        "PUBLICKEY" | "RSAPUBLICKEY" => "the private key is neither PKCS #8 nor PKCS #1: a public key",
        "CERTIFICATE" => "the private key is neither PKCS #8 nor PKCS #1: a certificate",
        _ => "the private key is neither PKCS #8 nor PKCS #1",
    }
}

fn key_in_pkcs8(der: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let info = PrivateKeyInfoRef::try_from(der)
        .map_err(|_| unusable("the private key is not PKCS #8: is it cut off?"))?;
    if info.algorithm.oid != pkcs1::ALGORITHM_OID {
        return Err(unusable("the private key is not RSA"));
    }
    Ok(Zeroizing::new(info.private_key.as_bytes().to_vec()))
}

/// The text without white space and without escaped line ends, however often they were escaped.
fn without_line_ends(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if character == '\\' {
            while rest.next_if_eq(&'\\').is_some() {}
            let _ = rest.next_if(|c| matches!(c, 'n' | 'r' | 't'));
        } else if !character.is_whitespace() {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::renewal::service_account::ServiceAccount;
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
    use proptest::prelude::*;
    use std::sync::LazyLock;

    const PEM: &str = include_str!("../../../tests/data/keys/rsa-2048-a.pem");
    static KEY: LazyLock<Vec<u8>> = LazyLock::new(|| rsa_private_key(PEM).unwrap().to_vec());

    fn body() -> String {
        PEM.lines().filter(|line| !line.starts_with("-----")).collect()
    }

    #[test]
    fn a_private_key_is_read_whatever_became_of_its_line_ends() {
        let [first, last] = ["-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"];
        let body = body();
        let unpadded = body.trim_end_matches('=');
        let bag = "Bag Attributes\n    friendlyName: x\nKey Attributes: <No Attributes>\n";
        let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        for text in [
            PEM.replace('\n', ""),
            PEM.replace('\n', " "),
            PEM.replace('\n', "\r\n"),
            PEM.replace('\n', "\r"),
            PEM.replace('\n', "\\n"),
            PEM.replace('\n', "\\r\\n"),
            PEM.replace('\n', "\\\\n"),
            PEM.replace('\n', "\\\n"),
            PEM.replace('\n', "\n\n"),
            PEM.replace('\n', "\n    "),
            PEM.replace('\n', " \t\n\t"),
            PEM.replace([' ', '\n'], ""),
            format!("\u{feff}{PEM}"),
            format!("{bag}{PEM}"),
            format!("{certificate}{PEM}"),
            format!("{first}{body}{last}"),
            format!("{first}\n{unpadded}\n{last}"),
            STANDARD.encode(PEM),
            body.clone(),
            PEM.lines().filter(|line| !line.starts_with("-----")).collect::<Vec<_>>().join("\n"),
        ] {
            assert!(rsa_private_key(&text).unwrap()[..] == KEY[..], "{}…", &text[..40]);
        }
    }

    proptest! {
        #[test]
        fn any_mangling_of_line_ends_yields_the_same_key(
            ends in prop::collection::vec("([ \t]{0,3}(\n|\r\n|\r|\\\\{1,3}n|\\\\r\\\\n|\\\\\n|)[ \t]{0,5}){1,2}", 60),
        ) {
            let mut text = String::new();
            for (line, end) in PEM.lines().zip(ends.iter().cycle()) {
                text += line;
                text += end;
            }
            prop_assert!(rsa_private_key(&text).unwrap()[..] == KEY[..]);
            // And so within a secret, whose line ends may be escaped or not.
            let escaped = serde_json::Value::from(text.as_str()).to_string();
            let mut keys = vec![escaped];
            if !text.contains('\\') {
                keys.push(format!("\"{text}\""));
            }
            for key in keys {
                let secret = format!(r#"{{"uid":"a","private_key":{key},"login_endpoint":"https://m/"}}"#);
                let account = ServiceAccount::from_json(&secret);
                prop_assert!(account.is_ok(), "{account:?}");
            }
        }

        #[test]
        fn nothing_makes_it_panic(text in "\\PC*", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for text in [text, String::from_utf8_lossy(&bytes).into_owned(), STANDARD.encode(&bytes)] {
                let _ = (object(&text), rsa_private_key(&text), ServiceAccount::from_json(&text));
                let framed = format!("-----BEGIN RSA PRIVATE KEY-----{text}-----END RSA PRIVATE KEY-----");
                let _ = rsa_private_key(&framed);
            }
        }
    }

    #[test]
    fn what_is_no_private_key_is_named() {
        let with_label = |label: &str| PEM.replace("PRIVATE KEY", label);
        let openssl =
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMAA=\n-----END RSA PRIVATE KEY-----";
        for (text, why) in [
            (String::new(), "not in PEM"),
            ("/run/secrets/key".to_owned(), "not in PEM"),
            ("-----BEGIN PRIVATE KEY".to_owned(), "not in PEM"),
            (PEM[..PEM.len() - 30].to_owned(), "no END line"),
            (PEM.replace("MII", "M~I"), "not base64"),
            (PEM.replacen(&body()[64..128], "", 1), "cut off"),
            (with_label("ENCRYPTED PRIVATE KEY"), "encrypted"),
            (openssl.to_owned(), "encrypted"),
            (with_label("EC PRIVATE KEY"), "EC key"),
            (with_label("PUBLIC KEY"), "a public key"),
            (with_label("CERTIFICATE"), "a certificate"),
            (with_label("OPENSSH PRIVATE KEY"), "OpenSSH"),
            (with_label("OTHER"), "neither"),
        ] {
            let error = rsa_private_key(&text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnusableCredentials);
            assert!(error.to_string().contains(why), "{why}: {error}");
        }
    }

    #[test]
    fn a_secret_is_taken_out_of_what_it_is_wrapped_in() {
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
            ("[]", "no JSON object"),
            ("\"", "no JSON object"),
            ("'", "no JSON object"),
            ("/run/secrets/account.json", "no JSON object"),
            (&deep, "no JSON object"),
            (PEM, "a key in PEM"),
        ] {
            let error = object(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_fault_of_the_json_is_placed_and_not_shown() {
        for (object, why) in [
            (r#"{"uid":"hidden","x":hidden}"#, "character 21"),
            (r#"{"uid":"hidden"} hidden"#, "character 18"),
            (r#"{"uid":"hidden","uid":"hidden"}"#, "a member twice"),
        ] {
            let error = ServiceAccount::from_json(object).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("hidden"), "{error}");
        }
    }
}
