//! A DC/OS service account: reads its secret and makes service login tokens.

use super::account_secret;
use super::secret_text::unusable;
use super::signing_key::SigningKey;
use crate::encoding::json;
use crate::error::Result;
use std::fmt;
use zeroize::Zeroizing;

/// Lifetime of a service login token, in seconds. DC/OS accepts up to ten minutes. With five
/// minutes, the clocks may differ by up to five minutes in either direction.
const LOGIN_TOKEN_LIFETIME: i64 = 300;

/// A service account of DC/OS, read from its secret. Dropping the account wipes its private key
/// from memory, but reading the secret leaves a copy of the key in freed memory.
///
/// ```text
/// {"uid": "my-service", "private_key": "-----BEGIN PRIVATE KEY-----\n…",
///  "login_endpoint": "https://master.mesos/acs/api/v1/auth/login", "scheme": "RS256"}
/// ```
pub struct ServiceAccount {
    uid: String,
    login_endpoint: Option<String>,
    key: SigningKey,
}

impl ServiceAccount {
    /// Reads the secret. `uid` and `private_key` (RSA in PEM, PKCS #8 or PKCS #1) are required. A
    /// renewer also needs `login_endpoint`, unless [`crate::TokenRenewerBuilder::login_endpoint`]
    /// is set. `scheme` is optional and must be "RS256". Other members are ignored.
    ///
    /// The JSON may also be encoded in base64 or as a JSON string, and may have a byte order mark.
    /// The line ends of the private key may be missing, escaped, or replaced by spaces.
    ///
    /// # Errors
    /// [`crate::ErrorKind::UnusableCredentials`]: the secret is not usable. The detail contains the
    /// cause.
    pub fn from_json(secret: &str) -> Result<Self> {
        let object = account_secret::object(secret)?;
        let [mut uid, mut private_key, mut login_endpoint, mut scheme] = [None; 4];
        json::members(&object, |name, value| match name {
            b"uid" => uid = Some(value),
            b"private_key" => private_key = Some(value),
            b"login_endpoint" => login_endpoint = Some(value),
            b"scheme" => scheme = Some(value),
            _ => {}
        })
        .map_err(|_| account_secret::not_strict(&object))?;
        if scheme.is_some_and(|scheme| !scheme.is_null() && scheme.as_str().as_deref() != Some("RS256")) {
            return Err(unusable("scheme is not RS256, the only supported one"));
        }
        let private_key = text(private_key, "private_key")?.ok_or(unusable("private_key is missing"))?;
        Ok(Self {
            uid: text(uid, "uid")?.ok_or(unusable("uid is missing"))?.to_string(),
            login_endpoint: text(login_endpoint, "login_endpoint")?.map(|url| url.trim().to_owned()),
            key: rsa_key(&private_key)?,
        })
    }

    /// Returns the account's name.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// Returns the URL of the login, if the secret contains it.
    pub fn login_endpoint(&self) -> Option<&str> {
        self.login_endpoint.as_deref()
    }

    /// Returns the body of a login request. `now` is the issuer's time, in seconds since 1970.
    pub(super) fn login_request(&self, now: i64) -> Result<Zeroizing<Vec<u8>>> {
        let uid = serde_json::Value::from(self.uid.as_str());
        let claims = format!("{{\"uid\":{uid},\"exp\":{}}}", now.saturating_add(LOGIN_TOKEN_LIFETIME));
        let token = self.key.jwt(None, &claims)?;
        Ok(Zeroizing::new(format!("{{\"uid\":{uid},\"token\":\"{}\"}}", *token).into_bytes()))
    }
}

/// Returns the text of a member; `None` if it is null, empty or missing.
fn text(value: Option<json::Value<'_>>, name: &str) -> Result<Option<Zeroizing<String>>> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let not_text = || unusable("").with_detail(format!("{name} is not a string"));
    let text = Zeroizing::new(value.as_str().ok_or_else(not_text)?.into_owned());
    Ok((!text.is_empty()).then_some(text))
}

fn rsa_key(pem: &str) -> Result<SigningKey> {
    match SigningKey::from_pem(pem)? {
        key @ SigningKey::Rsa(_) => Ok(key),
        SigningKey::P256(_) => Err(unusable("the private key is an EC key; DC/OS needs an RSA key")),
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("uid", &self.uid)
            .field("login_endpoint", &self.login_endpoint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::jose::jwk::Jwk;
    use crate::keys::jwk_set::JwkSet;
    use crate::verify::clock::Clock;
    use crate::verify::policy::Policy;
    use crate::verify::verify_token::verify_token;
    use rsa::pkcs1::EncodeRsaPrivateKey as _;
    use rsa::pkcs8::DecodePrivateKey as _;

    const PEM: &str = include_str!("../../../tests/data/keys/rsa-2048-a.pem");

    fn secret(private_key: &str) -> String {
        let private_key = serde_json::Value::from(private_key);
        format!(
            r#"{{"scheme":"RS256","uid":"my \"service\"","private_key":{private_key},"login_endpoint":"https://m/","public_key":"x"}}"#
        )
    }

    fn pkcs1() -> String {
        let key = rsa::RsaPrivateKey::from_pkcs8_pem(PEM).unwrap();
        key.to_pkcs1_pem(rsa::pkcs8::LineEnding::LF).unwrap().to_string()
    }

    #[test]
    fn the_login_token_is_valid_for_five_minutes_with_either_key_format() {
        use rsa::pkcs8::EncodePublicKey as _;
        let public = rsa::RsaPrivateKey::from_pkcs8_pem(PEM).unwrap().to_public_key();
        let jwk = Jwk::from_der(public.to_public_key_der().unwrap().as_bytes()).unwrap();
        let jwks = JwkSet::from_keys([jwk]).unwrap();
        for private_key in [PEM, &pkcs1(), &PEM.replace('\n', "\r\n"), &format!("\n{PEM}\n")] {
            let account = ServiceAccount::from_json(&secret(private_key)).unwrap();
            let request = account.login_request(1000).unwrap();
            let request: serde_json::Value = serde_json::from_slice(&request).unwrap();
            assert_eq!(request["uid"], "my \"service\"");
            assert_eq!(request.as_object().unwrap().len(), 2, "uid and token, nothing else");
            let policy = Policy::dcos().clock(Clock::fixed(1299));
            let token = verify_token(&jwks, &policy, request["token"].as_str().unwrap()).unwrap();
            assert_eq!((token.uid(), token.expires_at()), (Some("my \"service\""), Some(1300)));
            assert_eq!(token.header(), r#"{"typ":"JWT","alg":"RS256"}"#);
        }
    }

    #[test]
    fn an_unusable_secret_is_an_error_with_its_cause_and_no_secret_text() {
        let good = secret(PEM);
        let small = include_str!("../../../tests/data/keys/rsa-1024.pem");
        let other = include_str!("../../../tests/data/keys/p256-a.pem");
        for (secret, why) in [
            ("", "empty"),
            ("[]", "not a JSON object"),
            (r#"{"uid":"a","uid":"b"}"#, "a repeated member name"),
            (&good.replace("\"uid\"", "\"gid\""), "uid is missing"),
            (&good.replace("private_key", "key"), "private_key is missing"),
            (&good.replace(r#""my \"service\"""#, "7"), "uid is not a string"),
            (&good.replace(r#""https://m/""#, "[]"), "login_endpoint is not a string"),
            (&good.replace("RS256", "HS256"), "scheme"),
            (&secret("secret"), "not in PEM"),
            (&secret(small), "2048 bits"),
            (&secret(other), "needs an RSA key"),
            (&secret(&PEM.replace("PRIVATE", "PUBLIC")), "a public key"),
        ] {
            let error = ServiceAccount::from_json(secret).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnusableCredentials, "{why}");
            assert!(error.to_string().contains(why), "{error}");
        }
        let account = ServiceAccount::from_json(&good.replace("\"RS256\"", "null")).unwrap();
        let shown = format!("{account:?}");
        assert_eq!(account.login_endpoint(), Some("https://m/"));
        for without in [good.replace("login_endpoint", "endpoint"), good.replace("https://m/", "")] {
            assert_eq!(ServiceAccount::from_json(&without).unwrap().login_endpoint(), None);
        }
        assert!(shown.contains("https://m/") && !shown.contains("MII") && !shown.contains("PRIVATE"));
    }
}
