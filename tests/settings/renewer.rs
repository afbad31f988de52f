//! Token renewers built from settings work like renewers built with the typed builder.

use crate::{loaded, name_and_detail, settings};
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bouncer_verify::{
    ErrorKind, FetchError, FetchFailure, HttpRequest, HttpResponse, NewToken, Settings, SettingsKind,
    TokenRenewer, TokenRenewerBuilder,
};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(20);

struct Request {
    url: String,
    body: String,
    authorization: String,
    timeout: Duration,
}

/// Makes a renewer whose server responds to every request with a token.
fn served(builder: TokenRenewerBuilder) -> (TokenRenewer, Receiver<Request>) {
    let (sender, requests) = channel();
    let sender = Mutex::new(sender);
    let transport = move |request: &HttpRequest<'_>| {
        let authorization = request.headers().iter().find(|(name, _)| *name == "authorization");
        let request_now = Request {
            url: request.url().to_owned(),
            body: String::from_utf8_lossy(request.body().unwrap_or_default()).into_owned(),
            authorization: authorization.map(|(_, value)| value.clone()).unwrap_or_default(),
            timeout: request.timeout(),
        };
        sender.lock().unwrap().send(request_now).unwrap();
        let body =
            r#"{"token":"e30.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln","access_token":"opaque","expires_in":3600}"#;
        Ok(HttpResponse::new(200, [], body.into()))
    };
    (builder.transport(transport).build().unwrap(), requests)
}

fn builder(settings: &Settings) -> TokenRenewerBuilder {
    TokenRenewerBuilder::from_settings(settings).unwrap()
}

fn of_client(more: &Value) -> Settings {
    let mut own = loaded("renewer", &json!({"token_url": "https://idp.example/token", "client_id": "me"}));
    own.set("client_secret", "hunter2").unwrap();
    own.load(&more.to_string()).unwrap();
    own
}

fn of_account() -> Settings {
    let pem = include_str!("../data/keys/rsa-2048-a.pem");
    let secret = json!({"uid": "me", "private_key": pem, "login_endpoint": "https://iam.example/login"});
    let mut own = settings("renewer");
    own.set("service_account", &secret.to_string()).unwrap();
    own
}

#[test]
fn every_source_and_setting_has_its_effect() {
    let (renewer, requests) = served(builder(&of_client(&json!({
        "parameters": {"scope": "read write", "resource": ["a", "b"]}, "timeout": "77s",
    }))));
    assert_eq!(renewer.token().unwrap().authorization(), "Bearer opaque");
    let request = requests.recv_timeout(TIMEOUT).unwrap();
    assert_eq!(
        (request.url.as_str(), request.timeout),
        ("https://idp.example/token", Duration::from_secs(77))
    );
    assert_eq!(request.authorization, "Basic bWU6aHVudGVyMg==");
    // Parameters keep the order of the document. `json!` sorts them by name.
    assert_eq!(request.body, "grant_type=client_credentials&resource=a&resource=b&scope=read+write");

    let file = format!("{}/settings-client-secret", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, "hunter2\r\n").unwrap();
    let client =
        json!({"token_url": "https://idp.example/token", "client_id": "me", "client_secret_file": file});
    let (renewer, requests) = served(builder(&loaded("renewer", &client)));
    renewer.wait_ready(TIMEOUT).unwrap();
    assert_eq!(requests.recv_timeout(TIMEOUT).unwrap().authorization, "Basic bWU6aHVudGVyMg==");

    let (renewer, requests) = served(builder(&of_client(&json!({"auth_method": "client_secret_post"}))));
    renewer.wait_ready(TIMEOUT).unwrap();
    let request = requests.recv_timeout(TIMEOUT).unwrap();
    assert_eq!(request.body, "grant_type=client_credentials&client_id=me&client_secret=hunter2");
    let mut signed = loaded(
        "renewer",
        &json!({"token_url": "https://idp.example/token", "client_id": "me",
                "auth_method": "private_key_jwt", "private_key_id": "k1"}),
    );
    signed.set("private_key", include_str!("../data/keys/rsa-2048-a.pem")).unwrap();
    let (renewer, requests) = served(builder(&signed));
    renewer.wait_ready(TIMEOUT).unwrap();
    let request = requests.recv_timeout(TIMEOUT).unwrap();
    let (_, assertion) = request.body.split_once("client_assertion=").unwrap();
    let header = base64::Engine::decode(&URL_SAFE_NO_PAD, assertion.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!((&header["alg"], &header["kid"]), (&json!("RS256"), &json!("k1")));

    let (renewer, requests) = served(builder(&of_account()));
    assert!(renewer.token().unwrap().authorization().starts_with("token="));
    assert_eq!(requests.recv_timeout(TIMEOUT).unwrap().url, "https://iam.example/login");
    let mut account = of_account();
    account.load(r#"{"login_endpoint": "https://other.example/login", "header": "bearer"}"#).unwrap();
    let (renewer, requests) = served(builder(&account));
    assert!(renewer.token().unwrap().authorization().starts_with("Bearer "));
    assert_eq!(requests.recv_timeout(TIMEOUT).unwrap().url, "https://other.example/login");
    let (renewer, _requests) = served(builder(&of_client(&json!({"header": "dcos"}))));
    assert_eq!(renewer.token().unwrap().authorization(), "token=opaque");

    let (_renewer, requests) = served(builder(&of_client(&json!({"lazy": true}))));
    assert!(requests.recv_timeout(Duration::from_millis(100)).is_err());

    let own = loaded("renewer", &json!({"supplied": "vault", "max_wait": "5s"}));
    let source = || Ok::<_, FetchError>(NewToken::new("mine")?.expires_in(TIMEOUT));
    let renewer = TokenRenewerBuilder::from_settings_and_source(&own, Some(source)).unwrap().build().unwrap();
    assert_eq!(renewer.token().unwrap().as_str(), "mine");
    assert_eq!(renewer.status().source, "vault");
}

#[test]
fn settings_that_the_builder_rejects_are_errors() {
    let build = |more: &Value| builder(&of_client(more)).build().unwrap_err();
    for (more, part) in [
        (json!({"ca_file": "/no/such/file.pem"}), "/no/such/file.pem"),
        (json!({"client_certificate_file": "/no/such/file.pem"}), "/no/such/file.pem"),
        (json!({"client_key_file": "/no/such/file.pem"}), "without client_certificate_file"),
        (json!({"proxy": "socks5://proxy.example"}), "proxy"),
        (json!({"token_url": "http://idp.example/"}), "http"),
        (json!({"login_endpoint": "https://a/"}), "login_endpoint"),
        (json!({"auth_method": "tls_client_auth"}), "client_secret is set, but auth_method"),
        (json!({"private_key_file": "key.pem"}), "private_key is set, but auth_method"),
        (json!({"private_key_id": "1"}), "private_key_id is set, but auth_method"),
    ] {
        let error = build(&more);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.detail().contains(part), "{error}");
    }
    let error = builder(&of_client(&json!({"connect_timeout": "1s"})))
        .transport(|_: &HttpRequest<'_>| Err(FetchError::new(FetchFailure::Connect, "refused")))
        .build()
        .unwrap_err();
    assert!(error.detail().starts_with("connect_timeout and a custom transport"), "{error}");
    let allowed =
        json!({"token_url": "http://idp.example/", "allow_http": true, "proxy": "none", "lazy": true});
    assert!(builder(&of_client(&allowed)).build().is_ok());
}

#[test]
fn exactly_one_source_is_required() {
    let client = json!({"token_url": "https://a/", "client_id": "me"});
    let with = |more: &Value| {
        let mut own = loaded("renewer", &client);
        own.load(&more.to_string()).unwrap();
        own
    };
    for (own, claim, detail) in [
        (
            settings("renewer"),
            "",
            "no token source is set: set one of service_account, service_account_file, service_account_env, token_url, supplied",
        ),
        (
            with(&json!({"service_account_file": "x"})),
            "token_url",
            "it cannot be combined with \"service_account_file\"",
        ),
        (
            loaded("renewer", &json!({"service_account_env": true, "supplied": "x"})),
            "supplied",
            "it cannot be combined with \"service_account_env\"",
        ),
        (
            loaded("renewer", &json!({"service_account_file": "x", "client_id": "me"})),
            "client_id",
            "it is only allowed with \"token_url\"",
        ),
        (loaded("renewer", &json!({"token_url": "https://a/"})), "client_id", "it is missing"),
        (
            loaded("renewer", &json!({"supplied": "vault"})),
            "supplied",
            "no token source is given for \"supplied\"",
        ),
    ] {
        let error = TokenRenewerBuilder::from_settings(&own).err().unwrap();
        assert_eq!(name_and_detail(&error), (claim, detail));
    }
    for (text, file) in [("client_secret", "client_secret_file"), ("private_key", "private_key_file")] {
        let mut both = with(&json!({ file: "x" }));
        both.set(text, "x").unwrap();
        let error = TokenRenewerBuilder::from_settings(&both).err().unwrap();
        assert_eq!(
            name_and_detail(&error),
            (file, format!("it cannot be combined with \"{text}\"").as_str())
        );
    }
    let error = builder(&with(&json!({}))).build().unwrap_err();
    assert_eq!(
        name_and_detail(&error),
        ("", "auth_method client_secret_basic needs client_secret or client_secret_file")
    );
    let error = builder(&with(&json!({"client_secret_file": "/no/such/file"}))).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnusableCredentials);
    assert!(error.detail().contains("/no/such/file"), "{error}");

    for (own, claim) in [
        (loaded("renewer", &json!({"service_account_env": true})), "service_account_env"),
        (
            {
                let mut own = settings("renewer");
                own.set("service_account", "{}").unwrap();
                own
            },
            "service_account",
        ),
    ] {
        let error = TokenRenewerBuilder::from_settings(&own).err().unwrap();
        assert_eq!((error.kind(), error.name()), (ErrorKind::UnusableCredentials, Some(claim)), "{error}");
    }
}

#[test]
fn every_setting_is_tested_here() {
    let tests = include_str!("renewer.rs");
    for setting in SettingsKind::Renewer.settings() {
        assert!(tests.contains(&format!("\"{}\"", setting.name)), "{} is not tested", setting.name);
    }
}
