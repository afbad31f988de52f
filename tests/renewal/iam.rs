//! A loopback server with DC/OS's login endpoint and a protected service, with configurable faults.
//! It verifies service login tokens with an independent library.

use crate::server::{Reply, Request, Server};
use crate::signer::Key;
use base64::Engine as _;
use bouncer_verify::Algorithm;
use rsa::pkcs1::EncodeRsaPublicKey as _;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

pub(crate) const UID: &str = "my-service";
pub(crate) const LOGIN: &str = "/acs/api/v1/auth/login";

pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64
}

fn key(name: &'static str) -> &'static Key {
    static KEYS: [OnceLock<Key>; 2] = [OnceLock::new(), OnceLock::new()];
    let slot = if name == "rsa-2048-a" { &KEYS[0] } else { &KEYS[1] };
    slot.get_or_init(|| Key::load(name))
}

/// How the server behaves.
#[derive(Clone)]
pub(crate) struct Behaviour {
    /// Lifetime of its tokens, in seconds.
    pub(crate) life: i64,
    /// Its clock minus the real clock, in seconds.
    pub(crate) skew: i64,
    /// If set, the response to every login instead of a token.
    pub(crate) fault: Option<Reply>,
    /// The delay of every response.
    pub(crate) pause: Duration,
}

pub(crate) struct Iam {
    pub(crate) server: Server,
    behaviour: Arc<Mutex<Behaviour>>,
    accepted: Arc<Mutex<HashSet<String>>>,
}

impl Iam {
    pub(crate) fn start() -> Self {
        let behaviour = Behaviour { life: 432_000, skew: 0, fault: None, pause: Duration::ZERO };
        let behaviour = Arc::new(Mutex::new(behaviour));
        let accepted = Arc::new(Mutex::new(HashSet::new()));
        let (its, tokens) = (Arc::clone(&behaviour), Arc::clone(&accepted));
        let server = Server::start(move |request| {
            let behaviour = its.lock().unwrap().clone();
            let reply = match request.path.as_str() {
                LOGIN => match behaviour.fault.clone() {
                    Some(fault) => fault,
                    None => login(request, &behaviour, &tokens),
                },
                _ => protected(request, &tokens),
            };
            // A Duration has no sign, but `skew` may be negative. It is at most 100 000 s.
            let date = SystemTime::now() + Duration::from_secs(100_000);
            let date = date - Duration::from_secs((100_000 - behaviour.skew) as u64);
            reply.with("Date", httpdate::fmt_http_date(date)).late(behaviour.pause)
        });
        Self { server, behaviour, accepted }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.behaviour.lock().unwrap());
    }

    pub(crate) fn login_url(&self) -> String {
        format!("{}{LOGIN}", self.server.origin)
    }

    /// Returns the number of login requests so far.
    pub(crate) fn logins(&self) -> usize {
        self.server.requests().iter().filter(|request| request.path == LOGIN).count()
    }

    /// Rejects all tokens that were issued so far, as after a reinstallation of the cluster.
    pub(crate) fn forget_tokens(&self) {
        self.accepted.lock().unwrap().clear();
    }

    pub(crate) fn accepts(&self, token: &str) -> bool {
        self.accepted.lock().unwrap().contains(token)
    }

    /// Returns the secret of the server's only service account.
    pub(crate) fn secret(&self) -> String {
        secret_of("rsa-2048-a", &self.login_url())
    }
}

pub(crate) fn secret_of(key: &str, login_url: &str) -> String {
    let pem = std::fs::read_to_string(format!("{}/tests/data/keys/{key}.pem", env!("CARGO_MANIFEST_DIR")));
    serde_json::json!({
        "scheme": "RS256", "uid": UID, "private_key": pem.unwrap(), "login_endpoint": login_url,
    })
    .to_string()
}

fn login(request: &Request, behaviour: &Behaviour, accepted: &Mutex<HashSet<String>>) -> Reply {
    let problem = |status: u16, code: &str| {
        Reply::Answer(
            status,
            vec![("WWW-Authenticate", "acsjwt".into())],
            format!("{{\"code\":\"{code}\"}}").into(),
        )
    };
    if request.header("content-type") != Some("application/json") {
        return problem(415, "");
    }
    let Ok(body) = serde_json::from_slice::<serde_json::Value>(&request.body) else {
        return problem(400, "");
    };
    let (Some(uid), Some(token)) = (body["uid"].as_str(), body["token"].as_str()) else {
        return problem(400, "ERR_INVALID_DATA");
    };
    assert_eq!(body.as_object().unwrap().len(), 2, "the request contains only uid and token");
    if uid != UID || !is_valid_login_token(token, now() + behaviour.skew) {
        return problem(401, "ERR_INVALID_CREDENTIALS");
    }
    let mut accepted = accepted.lock().unwrap();
    // The serial number makes the tokens of two logins within one second different.
    static SERIAL: AtomicUsize = AtomicUsize::new(0);
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let payload =
        format!("{{\"uid\":\"{UID}\",\"exp\":{},\"n\":{serial}}}", now() + behaviour.skew + behaviour.life);
    let token = key("rsa-2048-b").token(Algorithm::Rs256, r#"{"typ":"JWT","alg":"RS256"}"#, payload);
    accepted.insert(token.clone());
    Reply::json(format!("{{\n  \"token\": \"{token}\"\n}}")).with("Set-Cookie", "dcos-acs-auth-cookie=x")
}

/// Verifies like DC/OS, which uses PyJWT without leeway and rejects login tokens that are valid for
/// more than ten minutes.
fn is_valid_login_token(token: &str, now: i64) -> bool {
    let Key::Rsa(private) = key("rsa-2048-a") else { unreachable!() };
    let der = private.to_public_key().to_pkcs1_der().unwrap();
    let public = jsonwebtoken::DecodingKey::from_rsa_der(der.as_bytes());
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    let Ok(data) = jsonwebtoken::decode::<serde_json::Value>(token, &public, &validation) else {
        return false;
    };
    let exp = data.claims["exp"].as_i64().unwrap();
    data.claims["uid"] == UID && exp > now && exp <= now + 600
}

fn protected(request: &Request, accepted: &Mutex<HashSet<String>>) -> Reply {
    let header = request.header("authorization").unwrap_or_default();
    match header.strip_prefix("token=") {
        Some(token) if accepted.lock().unwrap().contains(token) => Reply::json("{}"),
        _ => Reply::status(401).with("WWW-Authenticate", "acsjwt"),
    }
}

/// Returns a token of another issuer.
pub(crate) fn foreign_token(exp: i64) -> String {
    let b64 = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.c2ln", b64("{}"), b64(&format!("{{\"exp\":{exp}}}")))
}
