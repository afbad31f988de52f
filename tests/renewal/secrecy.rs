//! Logs, errors and debug output must not contain tokens or secrets.

use crate::iam::{Iam, secret_of};
use crate::server::{Reply, Server};
use crate::{TIMEOUT, builder};
use bouncer_verify::{ServiceAccount, TokenRenewer};
use log::{LevelFilter, Log, Metadata, Record};
use std::sync::{Mutex, OnceLock};

static LINES: OnceLock<Mutex<Vec<String>>> = OnceLock::new();

/// Stores all log records of this process. The level is Debug: at Trace, the HTTP client logs the
/// bytes that it sends and receives, which SECURITY.md describes.
struct Recorder;

impl Log for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        LINES.get_or_init(Default::default).lock().unwrap().push(format!(
            "{}: {}",
            record.target(),
            record.args()
        ));
    }

    fn flush(&self) {}
}

#[test]
fn logs_errors_and_debug_output_contain_no_secret() {
    static RECORDER: Recorder = Recorder;
    log::set_logger(&RECORDER).unwrap();
    log::set_max_level(LevelFilter::Debug);
    let mut shown = Vec::new();

    let iam = Iam::start();
    let renewer = builder(&iam).build().unwrap();
    let token = renewer.token().unwrap();
    shown.push(format!("{renewer:?} {token:?} {:?}", renewer.status()));
    for fault in [Reply::status(401), Reply::status(500), Reply::json("{\"token\":\"leaked token\"}")] {
        iam.change(|behaviour| behaviour.fault = Some(fault));
        let error = renewer.renew(TIMEOUT).unwrap_err();
        shown.push(format!("{error} {error:?} {:?}", renewer.status()));
        let rejected = renewer.reject(&token).unwrap_err();
        shown.push(format!("{rejected} {rejected:?}"));
    }
    let leaking = |body: &str| Reply::Answer(400, Vec::new(), body.as_bytes().to_vec());
    for body in
        [r#"{"error":"leaked code"}"#, r#"{"error":"invalid_grant","error_description":"leaked code"}"#]
    {
        let server = Server::saying(leaking(body));
        let rejected = TokenRenewer::client_credentials(&server.url(), "id")
            .client_secret("client-secret-1")
            .build()
            .unwrap();
        let error = rejected.token().unwrap_err();
        shown.push(format!("{error} {error:?} {:?}", rejected.status()));
    }
    let path = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("renewal-secrecy.json");
    let good = secret_of("rsa-2048-a", &iam.login_url());
    let cut = good.len() - 200;
    for text in [
        "leaked file",
        "{\"leaked file\"",
        "{\"uid\":\"leaked file\"}",
        &good[..cut],
        &good.replace("MII", "M!I"),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = TokenRenewer::service_account_file(&path).build().unwrap_err();
        shown.push(format!("{error} {error:?}"));
    }
    let account = ServiceAccount::from_json(&secret_of("rsa-2048-a", &iam.login_url())).unwrap();
    shown.push(format!("{account:?}"));
    let oauth = Server::saying(Reply::json(r#"{"access_token":"opaque-token-1","token_type":"Bearer"}"#));
    let client = TokenRenewer::client_credentials(&format!("{}?key=hidden", oauth.url()), "id")
        .client_secret("client-secret-1");
    let client = client.build().unwrap();
    let opaque = client.token().unwrap();
    shown.push(format!("{client:?} {opaque:?} {:?}", client.status()));

    let lines = LINES.get().unwrap().lock().unwrap().clone();
    assert!(lines.iter().any(|line| line.contains("renewed")), "the log records are stored");
    shown.extend(lines);
    let request = String::from_utf8(iam.server.requests()[0].body.clone()).unwrap();
    let login_token = request.split('"').nth(7).unwrap().to_owned();
    let pem =
        std::fs::read_to_string(format!("{}/tests/data/keys/rsa-2048-a.pem", env!("CARGO_MANIFEST_DIR")));
    let pem = pem.unwrap();
    let basic = oauth.requests()[0].header("authorization").unwrap()[6..].to_owned();
    for secret in [
        token.as_str().rsplit('.').next().unwrap(),
        token.as_str().split('.').nth(1).unwrap(),
        login_token.rsplit('.').next().unwrap(),
        pem.lines().nth(1).unwrap(),
        "opaque-token-1",
        "client-secret-1",
        "leaked token",
        "leaked code",
        "leaked file",
        "key=hidden",
        &basic,
    ] {
        let leak = shown.iter().find(|line| line.contains(secret));
        assert!(leak.is_none(), "a secret appears in the output: {leak:?}");
    }
}
