//! An OAuth 2.0 client and its authentication at the token endpoint.

use super::auth_method::AuthMethod;
use super::issuer_clock::IssuerClock;
use super::secret_text::SecretText;
use super::signing_key::SigningKey;
use crate::encoding::base64url;
use crate::error::{Error, ErrorKind, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Lifetime of an assertion, in seconds. It is short, because an assertion is sent immediately.
const ASSERTION_LIFETIME: i64 = 60;
/// The value of client_assertion_type (RFC 7523 §2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The names of the file settings, for errors.
const SECRET_FILE: &str = "client_secret_file";
const KEY_FILE: &str = "private_key_file";

/// The client's credentials and the parameters of its requests.
#[derive(Clone, Default)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) auth_method: AuthMethod,
    pub(super) secret: Option<SecretText>,
    pub(super) private_key: Option<SecretText>,
    /// The "kid" in the header of the assertion.
    pub(super) private_key_id: Option<String>,
    /// Additional parameters, such as "scope", "audience" and "resource".
    pub(super) parameters: Vec<(String, String)>,
}

/// How a request authenticates the client.
pub(super) enum Proof {
    /// The value of the Authorization header field.
    Header(String),
    /// Parameters in the body.
    Members(Vec<(&'static str, Zeroizing<String>)>),
}

fn invalid(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, "").with_detail(detail.into())
}

impl Client {
    /// Checks that this client can authenticate, so that errors are reported early.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: a setting is missing, contradicts another one or cannot be
    /// sent. [`ErrorKind::UnusableCredentials`]: a file or the private key is not usable.
    pub(super) fn check(&self, has_certificate: bool) -> Result<()> {
        use AuthMethod::{ClientSecretBasic, ClientSecretPost, PrivateKeyJwt, TlsClientAuth};
        let method = self.auth_method;
        let is_secret = matches!(method, ClientSecretBasic | ClientSecretPost);
        for (setting, is_set, is_needed) in [
            ("client_secret", self.secret.is_some(), is_secret),
            ("private_key", self.private_key.is_some(), method == PrivateKeyJwt),
        ] {
            if is_needed && !is_set {
                return Err(invalid(format!("auth_method {method} needs {setting} or {setting}_file")));
            }
            if is_set && !is_needed {
                return Err(invalid(format!("{setting} is set, but auth_method {method} does not use it")));
            }
        }
        if self.private_key_id.is_some() && method != PrivateKeyJwt {
            return Err(invalid(format!("private_key_id is set, but auth_method {method} does not use it")));
        }
        if method == TlsClientAuth && !has_certificate {
            return Err(invalid(format!("auth_method {method} needs client_certificate_file")));
        }
        if self.id.is_empty() {
            return Err(invalid("client_id is empty"));
        }
        check_text("client_id", &self.id)?;
        if let Some(secret) = &self.secret {
            check_text("client_secret", &secret.read(SECRET_FILE)?)?;
        }
        if let Some(private_key) = &self.private_key {
            signing_key(private_key)?;
        }
        Ok(())
    }

    /// Whether form-encoding changes the id or the secret in HTTP Basic. If it does, a server that
    /// does not decode them reads a wrong id or secret. Returns false if the id contains a colon:
    /// without encoding, the server could not separate id and secret.
    pub(super) fn is_changed_by_encoding(&self) -> bool {
        let is_changed = |text: &str| form(text) != text;
        let secret = self.secret.as_ref().and_then(|secret| secret.read(SECRET_FILE).ok());
        !self.id.contains(':') && (is_changed(&self.id) || secret.is_some_and(|secret| is_changed(&secret)))
    }

    /// Returns the authentication for a request to `token_url`. If `plain` is true, HTTP Basic is
    /// not form-encoded.
    pub(super) fn proof(&self, token_url: &str, clock: &IssuerClock, plain: bool) -> Result<Proof> {
        let id = ("client_id", Zeroizing::new(self.id.clone()));
        let secret = || match &self.secret {
            Some(secret) => secret.read(SECRET_FILE),
            None => Ok(Default::default()),
        };
        Ok(match (self.auth_method, &self.private_key) {
            (AuthMethod::ClientSecretBasic, _) => Proof::Header(basic(&self.id, &secret()?, plain)),
            (AuthMethod::ClientSecretPost, _) => {
                Proof::Members(vec![id, ("client_secret", Zeroizing::new(secret()?.to_string()))])
            }
            (AuthMethod::PrivateKeyJwt, Some(private_key)) => {
                let claims = assertion(&self.id, token_url, clock.now());
                let assertion = signing_key(private_key)?.jwt(self.private_key_id.as_deref(), &claims)?;
                let assertion_type = Zeroizing::new(ASSERTION_TYPE.to_owned());
                Proof::Members(vec![
                    id,
                    ("client_assertion_type", assertion_type),
                    ("client_assertion", assertion),
                ])
            }
            (AuthMethod::PrivateKeyJwt, None) | (AuthMethod::TlsClientAuth, _) => Proof::Members(vec![id]),
        })
    }
}

/// Rejects a text with control characters, because no server accepts it. A line end at its end is a
/// common mistake: programs read it from a file.
fn check_text(setting: &str, text: &str) -> Result<()> {
    if text.ends_with(['\n', '\r']) {
        return Err(invalid(format!("{setting} ends with a line end: remove it (files often end with one)")));
    }
    match text.contains(|c: char| c.is_ascii_control()) {
        true => Err(invalid(format!("{setting} contains a control character"))),
        false => Ok(()),
    }
}

fn signing_key(private_key: &SecretText) -> Result<SigningKey> {
    let text = private_key.read(KEY_FILE)?;
    SigningKey::from_pem(&text).map_err(|error| private_key.named(KEY_FILE, error))
}

/// Returns the value of the Authorization header. Unless `plain` is true, form-encodes id and
/// secret first (RFC 6749 §2.3.1).
fn basic(id: &str, secret: &str, plain: bool) -> String {
    let pair = Zeroizing::new(match plain {
        true => format!("{id}:{secret}"),
        false => format!("{}:{}", form(id), *Zeroizing::new(form(secret))),
    });
    format!("Basic {}", STANDARD.encode(pair.as_bytes()))
}

/// Returns the claims of an assertion (RFC 7523 §3).
fn assertion(client_id: &str, token_url: &str, now: i64) -> String {
    // With a unique "jti", a server can reject an assertion that it has already accepted. If the
    // random source fails, "jti" is constant, and a server may reject the second assertion.
    let unique = getrandom::u64().and_then(|high| Ok([high, getrandom::u64()?])).unwrap_or_default();
    let jti = base64url::encode(unique.map(u64::to_be_bytes).as_flattened());
    let [id, audience] = [client_id, token_url].map(serde_json::Value::from);
    let exp = now.saturating_add(ASSERTION_LIFETIME);
    format!(r#"{{"iss":{id},"sub":{id},"aud":{audience},"jti":"{jti}","iat":{now},"exp":{exp}}}"#)
}

/// A body in the format application/x-www-form-urlencoded. It may contain secrets.
#[derive(Default)]
pub(super) struct Form(pub(super) Zeroizing<String>);

impl Form {
    pub(super) fn add(&mut self, name: &str, value: &str) {
        let separator = if self.0.is_empty() { "" } else { "&" };
        let pair = Zeroizing::new(format!("{separator}{}={}", form(name), *Zeroizing::new(form(value))));
        self.0.push_str(&pair);
    }
}

fn form(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = include_str!("../../../tests/data/keys/p256-a.pem");

    #[test]
    fn text_is_form_encoded() {
        assert_eq!(form("a b&c=d/é~"), "a+b%26c%3Dd%2F%C3%A9%7E");
    }

    #[test]
    fn an_id_or_a_secret_that_no_server_accepts_is_rejected() {
        let check = |id: &str, secret: &str| {
            let secret = Some(SecretText::new(secret));
            Client { id: id.to_owned(), secret, ..Client::default() }.check(false)
        };
        assert_eq!(check("my client", "s:cret/é% "), Ok(()));
        assert_eq!(check("id", ""), Ok(()), "RFC 6749 §2.3.1 allows an empty secret");
        for (id, secret, why) in [
            ("", "secret", "client_id is empty"),
            ("id", "secret\n", "client_secret ends with a line end"),
            ("id", "secret\r\n", "client_secret ends with a line end"),
            ("id\n", "secret", "client_id ends with a line end"),
            ("id", "se\ncret", "client_secret contains a control character"),
            ("id", "secret\0", "client_secret contains a control character"),
            ("i\td", "secret", "client_id contains a control character"),
        ] {
            let error = check(id, secret).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.detail().contains(why), "{id:?} {secret:?}: {error}");
        }
    }

    #[test]
    fn each_method_requires_its_own_settings_and_rejects_others() {
        use AuthMethod::{ClientSecretBasic, ClientSecretPost, PrivateKeyJwt, TlsClientAuth};
        let check = |auth_method, has_secret: bool, has_key: bool, has_certificate| {
            let secret = has_secret.then(|| SecretText::new("secret"));
            let private_key = has_key.then(|| SecretText::new(KEY));
            let client =
                Client { id: "id".to_owned(), auth_method, secret, private_key, ..Client::default() };
            client.check(has_certificate).err().map(|error| error.detail().to_owned()).unwrap_or_default()
        };
        for (method, has_secret, has_key, has_certificate, expected) in [
            (ClientSecretBasic, true, false, true, ""),
            (ClientSecretPost, true, false, false, ""),
            (PrivateKeyJwt, false, true, false, ""),
            (TlsClientAuth, false, false, true, ""),
            (
                ClientSecretBasic,
                false,
                false,
                false,
                "auth_method client_secret_basic needs client_secret or client_secret_file",
            ),
            (
                PrivateKeyJwt,
                false,
                false,
                false,
                "auth_method private_key_jwt needs private_key or private_key_file",
            ),
            (
                PrivateKeyJwt,
                true,
                true,
                false,
                "client_secret is set, but auth_method private_key_jwt does not use it",
            ),
            (
                ClientSecretPost,
                true,
                true,
                false,
                "private_key is set, but auth_method client_secret_post does not use it",
            ),
            (TlsClientAuth, false, false, false, "auth_method tls_client_auth needs client_certificate_file"),
        ] {
            assert_eq!(check(method, has_secret, has_key, has_certificate), expected, "{method}");
        }
    }

    #[test]
    fn an_assertion_contains_client_and_endpoint_and_expires_after_a_minute() {
        let claims = || -> serde_json::Value {
            serde_json::from_str(&assertion("my \"client\"", "https://idp.example/token", 1000)).unwrap()
        };
        let [first, second] = [claims(), claims()];
        assert_eq!((&first["iss"], &first["sub"]), (&"my \"client\"".into(), &"my \"client\"".into()));
        assert_eq!(first["aud"], "https://idp.example/token");
        assert_eq!((&first["iat"], &first["exp"]), (&1000.into(), &1060.into()));
        assert!(first["jti"].as_str().unwrap().len() == 22 && first["jti"] != second["jti"]);
    }
}
