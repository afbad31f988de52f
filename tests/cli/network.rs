//! The command fetches keys, shares them between processes, and logs in.

use super::server::{Reply, Server};
use super::*;

#[test]
fn keys_come_from_a_url_or_an_issuer() {
    let server = issuer();
    let verify = |arguments: &[&str]| {
        let more = [VALID, "--token-file", TOKEN_FILE];
        run(&[&["verify", DCOS], arguments, &more].concat())
    };
    let valid = verify(&["--jwks", &server.url()]);
    assert_eq!((valid.code, valid.first_line(), server.count()), (0, "valid", 1), "{}", valid.stderr);
    assert_eq!(verify(&["--discover", &server.origin, "--any-issuer"]).code, 0);
    assert_eq!(server.count(), 3);
    // --discover implies --issuer, but this token has no "iss".
    let implied = verify(&["--discover", &server.origin]);
    assert_eq!((implied.code, implied.first_line()), (1, ""));
    assert!(
        implied.stderr.starts_with("invalid: a required claim is missing: \"iss\""),
        "{}",
        implied.stderr
    );

    // Metadata of another issuer, a missing key set, and no server.
    for (arguments, why) in [
        (["--discover", &format!("{}/", server.origin)], "issuer mismatch: configured"),
        (["--jwks", &format!("{}/nowhere", server.origin)], "unexpected status: HTTP 404"),
        (["--jwks", "http://127.0.0.1:9/jwks"], "no connection"),
    ] {
        let run = verify(&arguments);
        assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{why}");
        let expected = format!("error: no keys are available: keys of {}: {why}", arguments[1]);
        assert!(run.stderr.starts_with(&expected), "{}", run.stderr);
    }
    let json = verify(&["--jwks", &format!("{}/nowhere", server.origin), "--json"]);
    assert_eq!((json.code, json.json()["status"].as_str()), (3, Some("keys_unavailable")));

    let list = run(&["jwks", &server.url(), "--json"]);
    assert_eq!((list.code, list.json()["keys"][0]["kid"].as_str().map(str::len)), (0, Some(64)));
}

/// A server with the metadata and the key set of an issuer. It counts requests.
fn issuer() -> Server {
    let server = Server::saying(Reply::status(404));
    let origin = server.origin.clone();
    server.behave(move |request| match request.path.as_str() {
        "/jwks" => Reply::json(fs::read(JWKS).unwrap()),
        "/.well-known/openid-configuration" => {
            Reply::json(format!(r#"{{"issuer":"{origin}","jwks_uri":"{origin}/jwks"}}"#))
        }
        _ => Reply::status(404),
    });
    server
}

/// Returns the path of a file that does not exist. No other test may use the same `name`.
fn no_file(name: &str) -> String {
    let path = file(name, "");
    fs::remove_file(&path).unwrap();
    path
}

#[test]
fn processes_share_one_fetch_through_the_last_good_file() {
    let server = issuer();
    let path = no_file("last-good.json");
    let verify = || {
        let keys = ["--discover", &server.origin, "--any-issuer", "--last-good-file", &path];
        run(&[&["verify", DCOS, VALID, "--token-file", TOKEN_FILE], &keys[..]].concat())
    };
    for _ in 0..3 {
        let run = verify();
        assert_eq!((run.code, run.first_line(), run.stderr.as_str()), (0, "valid", ""));
    }
    assert_eq!(server.count(), 2, "one fetch of the metadata and one of the keys, for all processes");
    let list = || run(&["jwks", "--discover", &server.origin, "--last-good-file", &path]);
    assert_eq!((list().code, server.count()), (0, 2));

    // The issuer is down: the fresh file is used.
    server.say(Reply::status(503));
    assert_eq!((verify().code, list().code, server.count()), (0, 0, 2));
    // A token whose key is missing causes a fetch. If the fetch fails, the exit code is 3 (no
    // keys), not 1 (invalid token).
    let (_, unknown) = signed("unknown", r#"{"exp":2000000000,"uid":"u"}"#);
    let unknown = run(&[
        "verify",
        DCOS,
        "--algorithm=Ed25519",
        "--time=1900000000",
        "--any-issuer",
        "--discover",
        &server.origin,
        "--last-good-file",
        &path,
        &unknown,
    ]);
    assert_eq!(unknown.code, 3, "{}", unknown.stderr);
    assert!(server.count() > 2);

    // If the file is stale, the keys are fetched. If that fails, the file is used with a warning.
    let text = fs::read_to_string(&path).unwrap();
    let stale = text.replace("\"lifetime\":600", "\"lifetime\":0");
    assert_ne!(text, stale);
    fs::write(&path, stale).unwrap();
    let before = server.count();
    let stale = verify();
    assert_eq!((stale.code, stale.first_line()), (0, "valid"), "{}", stale.stderr);
    assert!(stale.stderr.starts_with("warning: the keys of the last-good file"), "{}", stale.stderr);
    assert!(stale.stderr.contains("HTTP 503"), "{}", stale.stderr);
    assert_eq!((stale.stderr.lines().count(), server.count()), (1, before + 1));
}

#[test]
fn an_unusable_last_good_file_causes_a_warning() {
    let server = issuer();
    let with = |path: &str, more: &[&str]| {
        let keys = ["--jwks", &server.url(), "--last-good-file", path];
        run(&[&["verify", DCOS, VALID, "--token-file", TOKEN_FILE], &keys[..], more].concat())
    };
    let unwritable = with("/nonexistent/last-good.json", &[]);
    assert_eq!((unwritable.code, unwritable.first_line()), (0, "valid"));
    let warning = "the last-good file /nonexistent/last-good.json: No such file or directory";
    assert!(unwritable.stderr.starts_with("warning: "), "{}", unwritable.stderr);
    assert!(unwritable.stderr.contains(warning), "{}", unwritable.stderr);
    assert_eq!(unwritable.stderr.lines().count(), 1);
    let json = with("/nonexistent/last-good.json", &["--json"]);
    assert_eq!((json.json()["status"].as_str(), json.stderr), (Some("ok"), unwritable.stderr));

    let path = file("broken-last-good.json", "{");
    let broken = with(&path, &[]);
    assert_eq!((broken.code, broken.stderr.lines().count()), (0, 1));
    assert!(
        broken.stderr.contains("not written by this library: remove the file or change --last-good-file"),
        "{}",
        broken.stderr
    );
    // The fetch has replaced the broken file.
    assert_eq!((with(&path, &[]).stderr.as_str(), server.count()), ("", 3));
}

#[test]
fn the_form_of_a_token_is_checked_before_keys_are_fetched() {
    let server = Server::saying(Reply::status(503));
    let url = server.url();
    for (token, more, status) in [
        ("garbage", &[][..], "malformed_token"),
        ("", &[], "malformed_token"),
        ("", &["--authorization"], "malformed_authorization"),
        ("Basic eA==", &["--authorization"], "malformed_authorization"),
    ] {
        let run = run_with_stdin(&[&["verify", DCOS, "--json", "--jwks", &url], more].concat(), token);
        assert_eq!((run.code, run.json()["status"].as_str()), (1, Some(status)), "{token:?}");
        assert_eq!(run.json()["http_status"], 401);
    }
    assert_eq!(server.count(), 0);
    let down = run_with_stdin(&["verify", DCOS, "--json", "--jwks", &url], TOKEN);
    assert_eq!((down.code, down.json()["http_status"].as_u64()), (3, Some(503)));
}

#[test]
fn invalid_options_for_the_keys_exit_with_2() {
    let verify = |arguments: &[&str]| {
        let policy = if arguments.contains(&"--discover") { "--audience=a" } else { "--any-issuer" };
        run(&[&["verify", policy, "x.y.z"], arguments].concat())
    };
    for arguments in [
        &["--jwks", "http://idp.example/jwks"][..],
        &["--discover", "idp.example"],
        &["--discover", "https://idp.example/.well-known/openid-configuration"],
        &["--jwks", "https://idp.example/", "--ca-file", "/nonexistent/ca.pem"],
        &["--pem", "https://idp.example/key.pem"],
        &["--jwks", "https://idp.example/", "--timeout", "0s"],
        &["--jwks", "https://idp.example/", "--proxy", "socks5://p"],
        &["--jwks", JWKS, "--discover", "https://idp.example/"],
    ] {
        let run = verify(arguments);
        assert_eq!(run.code, 2, "{arguments:?} {}", run.stderr);
        if arguments.contains(&"--ca-file") {
            assert!(run.stderr.contains("/nonexistent/ca.pem"), "{}", run.stderr);
        }
    }
    assert_eq!(run(&["jwks", JWKS, "--watch"]).code, 2);
}

#[test]
fn watching_prints_a_line_for_each_attempt() {
    let server = Server::saying(Reply::status(503));
    let calls = std::sync::atomic::AtomicUsize::new(0);
    server.behave(move |_| match calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => Reply::status(503),
        _ => Reply::json(fs::read(JWKS).unwrap()),
    });
    for json in [false, true] {
        let mut arguments = vec!["jwks", "--watch"];
        let url = server.url();
        arguments.push(&url);
        arguments.extend(json.then_some("--json"));
        let mut child = command(&arguments).spawn().unwrap();
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        let mut next = || lines.next().unwrap().unwrap();
        if json {
            let status: Value = serde_json::from_str(&next()).unwrap();
            assert_eq!((status["state"].as_str(), status["generation"].as_u64()), (Some("fresh"), Some(1)));
        } else {
            let failed = next();
            assert!(
                failed.contains("  empty  generation 0") && failed.contains("unexpected status: HTTP 503"),
                "{failed}"
            );
            let found = next();
            assert!(found.contains("  fresh  generation 1, 1 usable, 0 skipped, next in 4"), "{found}");
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn a_login_prints_a_token_a_header_or_json() {
    let server = Server::saying(Reply::json(r#"{"token":"e30.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln"}"#));
    let pem =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/keys/rsa-2048-a.pem")).unwrap();
    let account =
        serde_json::json!({"uid": "me", "private_key": pem, "login_endpoint": server.url()}).to_string();
    let secret = file("secret.json", &account);
    let login = |more: &[&str]| run(&[&["login", "--service-account-file", &secret], more].concat());
    assert_eq!(login(&[]).stdout, "e30.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln\n");
    assert_eq!(
        login(&["--authorization"]).stdout,
        "Authorization: token=e30.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln\n"
    );
    let json = login(&["--json"]).json();
    assert_eq!((json["status"].as_str(), json["expires_at"].as_i64()), (Some("ok"), Some(4102444800)));
    for value in [&account, &secret] {
        let child = command(&["login"]).env("DCOS_SERVICE_ACCOUNT_CREDENTIAL", value).spawn().unwrap();
        assert_eq!(finish(child, b"").stdout, "e30.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln\n");
    }
    assert_eq!(server.count(), 5, "one request for each login");

    let oauth = Server::saying(Reply::json(r#"{"access_token":"opaque","token_type":"Bearer"}"#));
    let secret_file = file("client-secret.txt", "s3cret\n");
    let (url, client) = (oauth.url(), ["--client-id", "me", "--client-secret-file", &secret_file]);
    let arguments =
        [&["login", "--token-url", &url, "--parameter", "scope=read", "--authorization"], &client[..]]
            .concat();
    assert_eq!(run(&arguments).stdout, "Authorization: Bearer opaque\n");
    assert_eq!(oauth.requests()[0].header("authorization"), Some("Basic bWU6czNjcmV0"));
}

#[test]
fn a_failed_login_prints_the_cause_and_exits_with_4() {
    let server = Server::saying(Reply::status(401));
    let pem =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/keys/rsa-2048-a.pem")).unwrap();
    let account =
        serde_json::json!({"uid": "me", "private_key": pem, "login_endpoint": server.url()}).to_string();
    let secret = file("refused.json", account);
    let login = |more: &[&str]| run(&[&["login", "--service-account-file", &secret], more].concat());
    let refused = login(&[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (4, ""));
    assert_eq!(
        refused.stderr,
        "error: the issuer rejected the login: the login was rejected: HTTP 401: check that the account exists, and that its \
         public key matches this private key\n"
    );
    assert_eq!(login(&["--json"]).json()["status"].as_str(), Some("login_rejected"));
    server.say(Reply::status(503));
    assert_eq!(login(&["--json"]).json()["status"].as_str(), Some("login_unavailable"));
    let broken = file("broken.json", "{}");
    let unusable = run(&["login", "--service-account-file", &broken]);
    assert_eq!(
        (unusable.code, unusable.stderr.as_str()),
        (
            4,
            format!("error: the credentials are not usable: --service-account-file {broken}: private_key is missing\n")
                .as_str()
        )
    );
    for arguments in [
        &["login", "--service-account-file"][..],
        &["login", "--token-url", "https://idp.example/"],
        &["login", "--service-account-file", &secret, "--parameter", "scope=read"],
        &["login", "--service-account-file", &secret, "--login-endpoint", "http://idp.example/"],
    ] {
        assert_eq!(run(arguments).code, 2, "{arguments:?}");
    }
    let child = command(&["login"]).env_remove("DCOS_SERVICE_ACCOUNT_CREDENTIAL").spawn().unwrap();
    assert_eq!(finish(child, b"").code, 4);
}

#[test]
fn watching_a_login_prints_each_token() {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |_| {
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Reply::json(format!(r#"{{"access_token":"opaque-{call}","token_type":"Bearer","expires_in":2}}"#))
    });
    let secret_file = file("watch-secret.txt", "s3cret");
    let url = server.url();
    let mut child = command(&[
        "login",
        "--watch",
        "--token-url",
        &url,
        "--client-id",
        "me",
        "--client-secret-file",
        &secret_file,
    ])
    .spawn()
    .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    for call in 0..3 {
        assert_eq!(lines.next().unwrap().unwrap(), format!("opaque-{call}"));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
