//! `bouncer-verify check`: the steps, the exit codes, and the errors that it explains.

use super::authority::{Authority, tomorrow};
use super::server::{Reply, Server};
use super::*;
use std::time::{Duration, SystemTime};

/// The claims of a token for `origin`, valid until 2096.
fn claims(origin: &str) -> String {
    format!(r#"{{"iss":"{origin}","aud":"api","sub":"me","exp":4000000000}}"#)
}

/// Starts an issuer with an Ed25519 key called "k", and a symmetric one.
fn issuer() -> (Server, String) {
    let server = Server::saying(Reply::status(404));
    let (jwks, token) = signed("k", &claims(&server.origin));
    serve(&server, Reply::json(jwks).with("Cache-Control", "max-age=3600"), &server.origin);
    (server, token)
}

/// Serves metadata that names `issuer`, and `jwks`.
fn serve(server: &Server, jwks: Reply, issuer: &str) {
    let metadata = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{}"}}"#, server.url());
    server.behave(move |request| match request.path.as_str() {
        "/.well-known/openid-configuration" => Reply::json(metadata.clone()),
        "/jwks" => jwks.clone(),
        _ => Reply::status(404),
    });
}

fn check(server: &Server, more: &[&str]) -> Run {
    let issuer = format!("--issuer={}", server.origin);
    run(&[&["check", &issuer, "--audience=api", "--algorithm=Ed25519"], more].concat())
}

/// Returns the lines that begin with `mark` and `name`.
fn lines<'a>(run: &'a Run, mark: &str, name: &str) -> Vec<&'a str> {
    let fits = |line: &&str| line.split_whitespace().take(2).eq([mark, name]);
    run.stdout.lines().filter(fits).collect()
}

/// Checks that exactly one step has failed: `name`, with `status` and perhaps a reason.
#[track_caller]
fn assert_fails(run: &Run, code: i32, name: &str, status: &str) {
    let failed: Vec<_> = run.stdout.lines().filter(|line| line.starts_with("FAILED")).collect();
    assert!(failed.len() == 1 && failed[0].split_whitespace().nth(1) == Some(name), "{}", run.stdout);
    let below = run.stdout.lines().skip_while(|line| !line.starts_with("FAILED")).skip(1).collect::<Vec<_>>();
    assert!(below[0].trim_start().starts_with(&format!("{status}: ")), "{}", run.stdout);
    assert!(below[1].trim_start().starts_with("remedy: "), "{}", run.stdout);
    let kind = status.split(' ').next().unwrap();
    assert!(run.stdout.contains(&format!("\nresult: {kind}: ")), "{}", run.stdout);
    assert_eq!((run.code, run.stderr.as_str()), (code, ""));
}

#[test]
fn a_healthy_issuer_and_a_valid_token_fit_on_a_screen() {
    let (server, token) = issuer();
    let valid = check(&server, &[&token]);
    assert_eq!((valid.code, valid.stderr.as_str()), (0, ""), "{}", valid.stdout);
    assert!(valid.stdout.lines().count() <= 24, "{}", valid.stdout);
    assert!(!valid.stdout.contains("FAILED") && valid.stdout.is_ascii(), "{}", valid.stdout);
    assert!(valid.stdout.ends_with("result: the token is accepted\n"), "{}", valid.stdout);
    for text in [
        "skipped  dns        127.0.0.1 is an address",
        &format!("ok       tcp        127.0.0.1:{}", server.port()),
        "skipped  tls        the URL is http",
        &format!(
            "ok       metadata   {}/.well-known/openid-configuration: HTTP 200, application/json, ",
            server.origin
        ),
        &format!("ok       issuer     expected {0}; found {0}", server.origin),
        "application/json, ",
        ", fresh for 3600 s\n",
        "ok       key        kid \"k\" (OKP Ed25519, 256 bits)\n",
        "skipped  key        kid \"k\", not used: a symmetric key (symmetric). Such keys are never used",
        "ok       alg        expected Ed25519; found Ed25519",
        "ok       key        expected kid \"k\", Ed25519; found kid \"k\" (OKP Ed25519, 256 bits)",
        "ok       signature  valid",
        "ok       exp        expected later than now; found 4000000000, 2096-10-02T07:06:40Z (in ",
        "ok       nbf        expected absent, or at most 60 s ahead; found none",
        "ok       aud        expected \"api\"; found \"api\"",
    ] {
        assert!(valid.stdout.contains(text), "{text}\n{}", valid.stdout);
    }
    let signature = token.rsplit('.').next().unwrap();
    assert!(!valid.stdout.contains(signature) && !valid.stdout.contains(&token[..40]));
    assert_eq!(server.count(), 2, "one request for the metadata, one for the keys");

    let without = check(&server, &[]);
    assert_eq!((without.code, without.stdout.contains("\ntoken")), (0, false));
    assert!(without.stdout.ends_with("result: all steps succeeded\n"), "{}", without.stdout);
    let path = file("check-token.txt", format!("{token}\n"));
    for more in [&[&*format!("@{path}")][..], &["--token-file", &path]] {
        assert_eq!(check(&server, more).stdout, valid.stdout);
    }
    let arguments = ["check", "--discover", &server.origin, "--audience=api", "--algorithm=Ed25519", "-"];
    assert_eq!(run_with_stdin(&arguments, &token).stdout, valid.stdout);
    let named = check(&server, &[&path]);
    assert_eq!((named.code, named.stdout.as_str()), (1, ""));
    assert!(named.stderr.contains("a file of this name exists: "), "{}", named.stderr);
    let key_set = run(&["check", "--any-issuer", "--jwks", &server.url()]);
    let fresh = ", fresh for 600 s (the setting ttl: the server states no lifetime)\n";
    assert!(!key_set.stdout.contains("the setting ttl"), "{}", key_set.stdout);
    server.behave(|_| Reply::json(signed("k", "{}").0));
    let default = run(&["check", "--any-issuer", "--jwks", &server.url()]).stdout;
    assert!(default.contains(fresh), "{default}");
    assert_eq!((key_set.code, lines(&key_set, "ok", "jwks").len()), (0, 1), "{}", key_set.stdout);
}

#[test]
fn json_is_an_array_of_the_same_steps() {
    let (server, _) = issuer();
    let (_, expired) = signed("k", &claims(&server.origin).replace("4000000000", "1000000000"));
    let text = check(&server, &[&expired]);
    let json = check(&server, &["--json", &expired]);
    assert_eq!((json.code, json.stderr.as_str()), (1, ""));
    let steps = json.json();
    let steps = steps.as_array().unwrap();
    let is_step = |line: &&str| ["ok ", "FAILED ", "skipped "].iter().any(|mark| line.starts_with(mark));
    assert_eq!(steps.len(), text.stdout.lines().filter(is_step).count());
    let step = |part: &str, name: &str| {
        steps.iter().find(|step| step["part"] == part && step["name"] == name).unwrap()
    };
    let exp = step("token", "exp");
    assert_eq!([&exp["verdict"], &exp["status"], &exp["claim"]], ["failed", "expired", "exp"]);
    assert_eq!((exp["http_status"].as_u64(), &exp["expected"]), (Some(401), &Value::from("later than now")));
    assert!(exp["remedy"].as_str().unwrap().contains("compare the clocks"), "{exp}");
    assert_eq!(step("token", "signature")["found"], "valid");
    assert_eq!(step("keys", "issuer")["expected"], server.origin);
    assert_eq!(steps.iter().filter(|step| step["reason"] == "symmetric").count(), 1);
}

#[test]
fn metadata_of_another_issuer_is_shown_beside_the_configured_one() {
    let (server, token) = issuer();
    let other = format!("{}/", server.origin);
    serve(&server, Reply::status(500), &other);
    let mismatch = check(&server, &[]);
    assert_fails(&mismatch, 3, "issuer", "keys_unavailable (issuer)");
    let both = format!("issuer     expected {}; found {other}\n", server.origin);
    assert!(mismatch.stdout.contains(&both), "{}", mismatch.stdout);
    assert!(mismatch.stdout.contains("differ only in the trailing slash"), "{}", mismatch.stdout);
    assert!(mismatch.stdout.contains("Configure the issuer exactly as in the metadata"));
    assert_eq!(lines(&mismatch, "skipped", "jwks").len(), 1);
    assert_eq!(server.count(), 1, "the key set is not fetched");
    // The rules are checked even without keys.
    let with_token = check(&server, &[&token]);
    assert_eq!(with_token.code, 3);
    assert_eq!(lines(&with_token, "skipped", "key").len(), 1, "{}", with_token.stdout);
    assert_eq!(lines(&with_token, "ok", "exp").len(), 1, "{}", with_token.stdout);
    assert!(with_token.stdout.ends_with("\nresult: keys_unavailable: tokens cannot be verified, HTTP 503\n"));
    // Without keys, a service would not say that the token has expired.
    let (_, expired) = signed("k", &claims(&server.origin).replace("4000000000", "1000000000"));
    let expired = check(&server, &[&expired]).stdout;
    assert!(expired.contains("FAILED   exp ") && !expired.contains("\ntoken: "), "{expired}");
    assert!(expired.ends_with("HTTP 503; 2 steps failed\n"), "{expired}");
    // But it would reject another algorithm.
    let other = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#));
    let other = check(&server, &[&other]).stdout;
    assert!(other.contains("\ntoken: algorithm_not_allowed: the token is rejected, HTTP 401\n"), "{other}");
}

#[test]
fn the_certificate_of_an_unknown_authority_is_shown() {
    let authority = Authority::new();
    let (jwks, _) = signed("k", "{}");
    let server =
        Server::start_tls(authority.server("localhost", tomorrow()), move |_| Reply::json(jwks.clone()));
    let (url, no_issuer) = (server.url(), "--any-issuer");
    let untrusted = run(&["check", no_issuer, "--jwks", &url]);
    assert_fails(&untrusted, 3, "tls", "keys_unavailable (tls)");
    for text in [
        "tls        certificate for localhost, issued by CN=authority ",
        "no trusted CA signed the server's certificate: set ca_file to its CA",
        "set ca_file",
    ] {
        assert!(untrusted.stdout.contains(text), "{text}\n{}", untrusted.stdout);
    }
    assert_eq!(lines(&untrusted, "ok", "tcp").len(), 1);
    assert_eq!(lines(&untrusted, "skipped", "jwks").len(), 1);

    let ca = authority.file("check");
    let trusted = run(&["check", no_issuer, "--jwks", &url, "--ca-file", ca.to_str().unwrap()]);
    assert_eq!(trusted.code, 0, "{}", trusted.stdout);
    assert!(trusted.stdout.contains("tls        TLSv1.3, certificate for localhost"), "{}", trusted.stdout);
    assert_eq!(lines(&trusted, "ok", "dns").len(), 1);
}

#[test]
fn a_proxy_is_shown_with_the_setting_that_names_it() {
    let (jwks, _) = signed("k", "{}");
    let proxy = Server::saying(Reply::json(jwks));
    let address = format!("127.0.0.1:{}", proxy.port());
    let url = "http://keys.example/jwks";
    let check = |proxy: &str| {
        let proxy = format!("--proxy={proxy}");
        run(&["check", "--any-issuer", "--allow-http", &proxy, "--jwks", url])
    };
    let through = check(&format!("http://user:hunter2@{address}"));
    assert_eq!(through.code, 0, "{}", through.stdout);
    let line = format!("ok       proxy      {address}, {address} (from the proxy setting)\n");
    assert!(through.stdout.contains(&line) && !through.stdout.contains("hunter2"), "{}", through.stdout);
    assert_eq!((proxy.count(), proxy.requests()[0].path.as_str()), (1, url));
    let down = check("http://127.0.0.1:9");
    assert_fails(&down, 3, "proxy", "keys_unavailable (connect)");
    assert!(down.stdout.contains("through the proxy 127.0.0.1:9 (from the proxy setting): "));
}

#[test]
fn each_stage_of_a_connection_fails_under_its_own_name() {
    for (url, name, reason, text) in [
        ("https://keys.invalid/jwks", "dns", "connect", "keys.invalid:443: failed to lookup address"),
        ("http://127.0.0.1:9/jwks", "tcp", "connect", "127.0.0.1:9: Connection refused"),
    ] {
        let run = run(&["check", "--any-issuer", "--jwks", url]);
        assert_fails(&run, 3, name, &format!("keys_unavailable ({reason})"));
        assert!(run.stdout.contains(text), "{}", run.stdout);
        assert_eq!(lines(&run, "skipped", "jwks").len(), 1, "{}", run.stdout);
    }
    // A server that speaks http at an https URL.
    let server = Server::saying(Reply::status(404));
    let url = format!("https://localhost:{}/jwks", server.port());
    let run = run(&["check", "--any-issuer", "--jwks", &url]);
    assert_fails(&run, 3, "tls", "keys_unavailable (tls)");
}

#[test]
fn each_unusable_response_is_explained() {
    let server = Server::saying(Reply::status(404));
    let check = || run(&["check", "--any-issuer", "--jwks", &server.url()]);
    for (reply, reason, text) in [
        (Reply::status(404), "status", "HTTP 404"),
        (Reply::status(500), "status", "HTTP 500"),
        (Reply::json("<html>"), "document", "the response is HTML or XML, not JSON"),
        (Reply::json(r#"{"keys":[{"kty":"oct","k":"AA"}]}"#), "document", "(symmetric)"),
        (
            Reply::status(302).with("Location", "https://elsewhere.example/"),
            "redirect",
            "HTTP 302, redirect to https://elsewhere.example/",
        ),
        (Reply::Bytes(b"SSH-2.0\r\n".to_vec()), "protocol", "check the URL's port"),
    ] {
        server.say(reply);
        let run = check();
        assert!(!run.stdout.contains("remedy: The text"), "{}", run.stdout);
        assert_fails(&run, 3, "jwks", &format!("keys_unavailable ({reason})"));
        assert!(run.stdout.contains(text), "{text}\n{}", run.stdout);
        assert_eq!(lines(&run, "ok", "tcp").len(), 1, "{}", run.stdout);
    }
    server.say(Reply::status(404));
    let metadata = self::check(&server, &[]);
    assert_fails(&metadata, 3, "metadata", "keys_unavailable (status)");
    assert_eq!(lines(&metadata, "skipped", "metadata").len(), 1, "two URLs were tried: {}", metadata.stdout);
}

#[test]
fn a_clock_that_differs_is_a_warning() {
    let (jwks, _) = signed("k", "{}");
    let server = Server::saying(Reply::status(404));
    let date = |shift: Duration| httpdate::fmt_http_date(SystemTime::now() - shift);
    for (shift, age, mark) in [(0, "0", "ok"), (3600, "0", "WARNING"), (3600, "3600", "ok")] {
        let date = date(Duration::from_secs(shift));
        server.say(Reply::json(jwks.clone()).with("Date", date).with("Age", age));
        let run = run(&["check", "--any-issuer", "--jwks", &server.url()]);
        assert_eq!((run.code, lines(&run, mark, "clock").len()), (0, 1), "{}", run.stdout);
        let is_named = run.stdout.contains("this machine's clock is 360") && run.stdout.contains("s ahead");
        assert_eq!(is_named, mark == "WARNING", "{}", run.stdout);
    }
}

#[test]
fn each_fault_of_a_token_is_explained() {
    let (server, token) = issuer();
    let good = claims(&server.origin);
    let signed_claims = |from: &str, to: &str| signed("k", &good.replace(from, to)).1;
    let forged = {
        let (input, signature) = token.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { "B" } else { "A" };
        format!("{input}.{first}{}", &signature[1..])
    };
    for (token, name, status, text) in [
        (signed_claims("4000000000", "1000000000"), "exp", "expired", "2001-09-09T01:46:40Z ("),
        (signed_claims("\"api\"", "\"other\""), "aud", "wrong_audience", "expected \"api\"; found \"other\""),
        (signed_claims("\"iss\":", "\"xss\":"), "iss", "missing_claim", "; found none"),
        (signed("other", &good).1, "key", "no_matching_key", "expected kid \"other\", Ed25519; found none"),
        (forged, "signature", "invalid_signature", "skipped  key "),
        ("x".to_owned(), "form", "malformed_token", "not a JWT: it has no dots"),
        (format!("e30.{}", token.split_once('.').unwrap().1), "header", "malformed_header", "\"alg\""),
        (signed("k", "[]").1, "claims", "malformed_claims", "skipped  dns"),
    ] {
        let run = check(&server, &[&token]);
        assert_fails(&run, 1, name, status);
        assert!(run.stdout.contains(text), "{text}\n{}", run.stdout);
        let verify = self::run(&[
            "verify",
            "--json",
            "--discover",
            &server.origin,
            "--audience=api",
            "--algorithm=Ed25519",
            &token,
        ]);
        assert_eq!((verify.code, verify.json()["status"].as_str()), (1, Some(status)));
    }
}

#[test]
fn all_failing_rules_are_shown_and_not_only_the_first() {
    let (server, _) = issuer();
    let payload = claims(&server.origin)
        .replace("4000000000", "1000000000")
        .replace("\"api\"", "\"other\"")
        .replace("}", r#","tid":"x","scope":"read"}"#);
    let (_, token) = signed("unknown", &payload);
    let more =
        ["--claim-is=tid=a", "--claim-has=tid=b", "--required-scope=write", "--token-type=at+jwt", &token];
    let many = check(&server, &more);
    assert_eq!(many.code, 1);
    let failed: Vec<_> = many.stdout.lines().filter_map(|line| line.strip_prefix("FAILED")).collect();
    let names: Vec<_> = failed.iter().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, ["typ", "key", "exp", "aud", "tid", "tid", "scope"], "{}", many.stdout);
    for text in [
        "expected \"a\"; found \"x\"",
        "expected to contain \"b\"; found \"x\"",
        "expected \"write\"; found \"read\"",
    ] {
        assert!(many.stdout.contains(text), "{text}\n{}", many.stdout);
    }
    let result = "result: wrong_token_type: the token is rejected, HTTP 401; 7 steps failed\n";
    assert!(many.stdout.ends_with(result), "{}", many.stdout);
}

#[test]
fn a_configuration_is_checked_entry_by_entry() {
    let (server, token) = issuer();
    let (_, down) = signed("k", r#"{"iss":"https://down.example","aud":"api","exp":4000000000}"#);
    let entry = |issuer: &str, keys: &str| {
        format!(r#"{{"issuers":["{issuer}"],"audiences":["api"],"algorithms":["Ed25519"]{keys}}}"#)
    };
    let dead = r#","keys":{"url":"http://127.0.0.1:9/jwks"}"#;
    let write =
        |name: &str, entries: &[String]| file(name, format!(r#"{{"accept":[{}]}}"#, entries.join(",")));
    let check = |path: &str, more: &[&str]| run(&[&["check", "--config", path], more].concat());

    let good = write("check-good.json", &[entry(&server.origin, "")]);
    let valid = check(&good, &[&token]);
    assert_eq!(valid.code, 0, "{}", valid.stdout);
    assert!(valid.stdout.contains(&format!("\naccept[0] {}\n", server.origin)), "{}", valid.stdout);

    let two = write("check-two.json", &[entry("https://down.example", dead), entry(&server.origin, "")]);
    let one_is_down = check(&two, &[&token]);
    assert_fails(&one_is_down, 3, "tcp", "keys_unavailable (connect)");
    let selected = format!("entry      accept[1]: iss \"{}\": it is an issuer of this entry", server.origin);
    assert!(one_is_down.stdout.contains(&selected), "{}", one_is_down.stdout);
    assert_eq!(lines(&one_is_down, "ok", "signature").len(), 1);
    let result = "token: the token is accepted\nresult: keys_unavailable: tokens of accept[0] cannot be \
                  verified, HTTP 503\n";
    assert!(one_is_down.stdout.ends_with(result), "{}", one_is_down.stdout);
    let of_down = check(&two, &[&down]);
    let no_keys = "skipped  key        kid \"k\", Ed25519: there are no keys, see above\n";
    assert!(of_down.code == 3 && of_down.stdout.contains(no_keys), "{}", of_down.stdout);
    let (_, stranger) = signed("k", r#"{"iss":"https://c.example","exp":4000000000}"#);
    let stranger = check(&two, &[&stranger]);
    let not_selected = "expected \"https://down.example\" or ";
    assert!(stranger.stdout.contains(not_selected), "{}", stranger.stdout);
    let result =
        "\ntoken: wrong_issuer: the token is rejected, HTTP 401\nresult: keys_unavailable: tokens of ";
    assert!(stranger.stdout.contains(result), "{}", stranger.stdout);
    assert!(stranger.stdout.contains("; found iss \"https://c.example\"\n"), "{}", stranger.stdout);

    for (name, entries, claim, text) in [
        ("check-bad-1.json", vec![entry(&server.origin, r#","leeway":5"#)], "document", "accept[0].leeway"),
        (
            "check-bad-2.json",
            vec![entry("a", r#","keys":{"file":"/nonexistent/keys.json"}"#), entry(&server.origin, "")],
            "accept[0]",
            "accept[0].keys.file",
        ),
        (
            "check-bad-4.json",
            vec![entry("a", r#","keys":{"file":"/nonexistent/keys.json"}"#)],
            "accept[0]",
            "No such file",
        ),
        (
            "check-bad-3.json",
            vec![entry(&server.origin, ""), entry(&server.origin, "")],
            "entries",
            "accept[0] is for the same tokens",
        ),
    ] {
        let bad = check(&write(name, &entries), &[&token]);
        assert_fails(&bad, 2, claim, "invalid_argument");
        assert!(bad.stdout.contains(text), "{text}\n{}", bad.stdout);
        assert_eq!(lines(&bad, "skipped", "rules").len(), 1, "{}", bad.stdout);
    }
    let syntax = check(&file("check-syntax.json", "{\n// no comments\n}"), &[]);
    assert_fails(&syntax, 2, "document", "invalid_argument");
    assert!(syntax.stdout.contains("a comment (JSON has none) at line 2, column 1\n"), "{}", syntax.stdout);
    let missing = check("/nonexistent/verifier.json", &[]);
    assert_fails(&missing, 2, "document", "invalid_argument");
    let json = check("/nonexistent/verifier.json", &["--json"]);
    assert_eq!((json.code, json.json()[0]["status"].as_str()), (2, Some("invalid_argument")));
}

#[test]
fn a_rule_that_is_probably_missing_is_a_warning() {
    let check = |name: &str, entry: &str| {
        let jwks = fs::read_to_string(JWKS).unwrap();
        let document = format!(r#"{{"accept":[{{{entry},"keys":{{"jwks":{jwks}}}}}]}}"#);
        let run = run(&["check", "--config", &file(name, document)]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
        run.stdout.lines().filter(|line| line.starts_with("WARNING")).map(str::to_owned).collect::<Vec<_>>()
    };
    let audiences = "WARNING  audiences  none are set: tokens with \"aud\" are rejected";
    let template =
        "WARNING  issuers    https://a/{tid}/: every \"tid\" is accepted; claim_is can restrict it";
    for (name, entry, expected) in [
        ("warn-1.json", r#""issuers":["https://a/"]"#, &[audiences][..]),
        ("warn-2.json", r#""issuers":["https://a/"],"audiences":["api"]"#, &[]),
        ("warn-3.json", r#""issuers":["https://a/"],"any_audience":true"#, &[]),
        ("warn-4.json", r#""profile":"dcos""#, &[]),
        ("warn-5.json", r#""issuers":["https://a/{tid}/"]"#, &[template, audiences]),
        ("warn-6.json", r#""issuers":["https://a/{tid}/"],"audiences":["api"],"claim_is":{"tid":"b"}"#, &[]),
    ] {
        assert_eq!(check(name, entry), expected, "{entry}");
    }
    // The same for a policy of options.
    let run = run(&["check", "--issuer=https://a/", "--jwks", JWKS]);
    assert_eq!((run.code, lines(&run, "WARNING", "audiences").len()), (0, 1), "{}", run.stdout);
}

#[test]
fn wrong_usage_of_check_exits_with_2() {
    for arguments in [
        &["check"][..],
        &["check", "--any-issuer"],
        &["check", "--issuer=https://a/", "--issuer=https://b/"],
        &["check", "--issuer=https://a/{tid}/"],
        &["check", "--issuer=https://a/", "--leeway=301s"],
        &["check", "--any-issuer", "--jwks=http://127.0.0.1:9/", "@/nonexistent/token"],
        &["check", "--any-issuer", "--jwks=-", "-"],
    ] {
        let run = run(arguments);
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.is_empty()), (2, "", false), "{arguments:?}");
    }
    // A setting that the network options reject is a step.
    let rejected = run(&["check", "--any-issuer", "--jwks=http://idp.example/jwks"]);
    assert_fails(&rejected, 2, "settings", "invalid_argument");
    let help = run(&["check", "--help"]).stdout;
    assert!(help.contains("Examples:\n") && help.contains("Exit code: that of the first step that fails"));
}
