//! Uses arbitrary bytes as the response to two logins: to an OAuth 2.0 server and to DC/OS. The
//! first two bytes, modulo 1000, are the HTTP status. The other bytes are the body. A login must
//! return a token that is valid in an Authorization header, or an error text of one line.
//!
//! `cargo +nightly fuzz run login_answer`

#![no_main]

use bouncer_verify::{
    FetchError, HttpRequest, HttpResponse, ServiceAccount, TokenRenewer, TokenRenewerBuilder,
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use std::time::Duration;

const DATE: &str = "Sun, 22 Nov 2026 15:07:46 GMT";

static SECRET: LazyLock<String> = LazyLock::new(|| {
    serde_json::json!({
        "uid": "fuzz",
        "private_key": include_str!("../../tests/data/keys/rsa-2048-a.pem"),
        "login_endpoint": "https://m.example/login",
    })
    .to_string()
});

fn login(settings: TokenRenewerBuilder, status: u16, body: &[u8]) {
    let body = body.to_vec();
    let transport = move |_: &HttpRequest<'_>| -> Result<HttpResponse, FetchError> {
        Ok(HttpResponse::new(status, [("Date".to_owned(), DATE.to_owned())], body.clone()))
    };
    let renewer = settings.transport(transport).lazy().max_wait(Duration::ZERO).build().expect("settings");
    match renewer.renew(Duration::from_secs(30)) {
        Ok(()) => {
            assert!(matches!(status, 200 | 201 | 203));
            // A token with a very short lifetime may have expired already.
            if let Ok(token) = renewer.token() {
                assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
                assert!(token.authorization().ends_with(token.as_str()));
                assert!(token.authorization().bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
            }
        }
        Err(error) => {
            let line = error.to_string();
            assert!(line.len() < 400 && !line.chars().any(char::is_control), "{line}");
            assert!(renewer.token().is_err());
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((status, body)) = data.split_first_chunk::<2>() else { return };
    let status = u16::from_be_bytes(*status) % 1000;
    login(
        TokenRenewer::client_credentials("https://idp.example/token", "id").client_secret("s/cret"),
        status,
        body,
    );
    let account = ServiceAccount::from_json(&SECRET).expect("the secret");
    login(TokenRenewer::service_account(account), status, body);
});
