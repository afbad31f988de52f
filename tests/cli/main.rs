//! The command `bouncer-verify`: exit codes, streams and text, and the conformance corpus.
#![cfg(feature = "cli")]

#[path = "../support/authority.rs"]
mod authority;
#[path = "../conformance/case.rs"]
mod case;
mod check;
mod configuration;
mod network;
#[path = "../support/server.rs"]
mod server;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bouncer_verify::{ErrorCategory, ErrorKind};
use case::{Case, Expect};
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::Value;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const JWKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/document_jwks.json");
const TOKEN_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/document_token.txt");
const TOKEN: &str = include_str!("../data/document_token.txt");
const DCOS: &str = "--profile=dcos";
/// The last second in which the token of DC/OS's documentation is valid.
const VALID: &str = "--time=1467985465";
const EXPIRED: &str = "--time=1467985466";

struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Run {
    fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{}", self.stdout);
        serde_json::from_str(&self.stdout).unwrap()
    }

    fn first_line(&self) -> &str {
        self.stdout.lines().next().unwrap_or_default()
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bouncer-verify"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Writes `stdin` to the command and waits until it exits. A failed write is ignored, because a
/// command that fails early may not read its input.
fn finish(mut child: Child, stdin: &[u8]) -> Run {
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn run_with_stdin(arguments: &[&str], stdin: impl AsRef<[u8]>) -> Run {
    finish(command(arguments).spawn().unwrap(), stdin.as_ref())
}

fn run(arguments: &[&str]) -> Run {
    run_with_stdin(arguments, "")
}

/// Writes a file for one test. No other test may use the same `name`.
fn file(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
    fs::write(&path, content).unwrap();
    path.into_os_string().into_string().unwrap()
}

#[test]
fn the_token_of_the_dcos_documentation_is_valid_until_it_expires() {
    let valid = run(&["verify", DCOS, "--jwks", JWKS, VALID, "--token-file", TOKEN_FILE]);
    assert_eq!((valid.code, valid.stderr.as_str()), (0, ""));
    assert_eq!(valid.first_line(), "valid");
    for line in
        ["uid   peter", "exp   2016-07-08T13:44:26Z (in 1 s)", "alg   RS256", "time  2016-07-08T13:44:25Z"]
    {
        assert!(valid.stdout.lines().any(|other| other == line), "{line}\n{}", valid.stdout);
    }

    let expired = run(&["verify", DCOS, "--jwks", JWKS, EXPIRED, "--token-file", TOKEN_FILE]);
    assert_eq!((expired.code, expired.stdout.as_str()), (1, ""));
    let mut lines = expired.stderr.lines();
    assert_eq!(lines.next(), Some("invalid: the token has expired: \"exp\": 0 s ago"));
    assert_eq!(lines.collect::<Vec<_>>(), ["uid  peter", "exp  2016-07-08T13:44:26Z (now)"]);
}

#[test]
fn the_token_of_the_dcos_documentation_is_expired_today() {
    let run = run(&["verify", DCOS, "--jwks", JWKS, "--token-file", TOKEN_FILE]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("years ago)"), "{}", run.stderr);
}

#[test]
fn a_token_is_read_from_an_argument_a_file_or_standard_input() {
    let verify = ["verify", DCOS, "--jwks", JWKS, "--time", "2016-07-08T13:44:25Z"];
    let with = |more: &[&str], stdin: &str| run_with_stdin(&[&verify, more].concat(), stdin).code;
    assert_eq!(with(&[TOKEN.trim()], ""), 0);
    for more in [&[][..], &["-"], &["--token-file", "-"]] {
        assert_eq!(with(more, TOKEN), 0, "{more:?}");
    }
    let header = format!("Bearer {TOKEN}");
    assert_eq!(with(&["--authorization"], &header), 0);
    assert_eq!(with(&["--authorization", header.trim()], ""), 0);
    assert_eq!(with(&["--authorization", &format!("token={}", TOKEN.trim())], ""), 0);
    assert_eq!(with(&[], &header), 1);

    let plain = run_with_stdin(&[&verify[..], &["--authorization", "--json"]].concat(), TOKEN);
    assert_eq!((plain.code, plain.json()["status"].as_str()), (1, Some("malformed_authorization")));
}

#[test]
fn only_one_line_end_may_follow_a_token_in_a_file() {
    let verify = ["verify", DCOS, "--jwks", JWKS, VALID];
    for (end, code) in
        [("", 0), ("\n", 0), ("\r\n", 0), ("\n\n", 1), (" ", 1), (" \n", 1), ("\r", 1), ("\n\r\n", 1)]
    {
        let token = format!("{}{end}", TOKEN.trim());
        assert_eq!(run_with_stdin(&verify, &token).code, code, "{end:?}");
        let path = file("line-end", &token);
        assert_eq!(run(&[&verify[..], &["--token-file", &path]].concat()).code, code, "{end:?}");
        let argument = run(&[&verify[..], &[&token]].concat());
        assert_eq!(argument.code, i32::from(!end.is_empty()), "{end:?}");
    }
}

#[test]
fn keys_may_come_from_standard_input() {
    let jwks = fs::read(JWKS).unwrap();
    assert_eq!(run_with_stdin(&["verify", DCOS, TOKEN.trim(), "--jwks", "-", VALID], &jwks).code, 0);
    assert_eq!(run_with_stdin(&["jwks", "-"], &jwks).code, 0);
}

#[test]
fn json_contains_the_status_and_the_claims_as_they_were_signed() {
    let valid = run(&["verify", DCOS, "--jwks", JWKS, VALID, "--token-file", TOKEN_FILE, "--json"]);
    assert_eq!((valid.code, valid.stderr.as_str()), (0, ""));
    assert!(valid.stdout.contains(r#""claims":{"exp":1467985466,"uid":"peter"},"header":{"typ":"JWT","#));
    let json = valid.json();
    assert_eq!([&json["status"], &json["uid"], &json["alg"]], ["ok", "peter", "RS256"]);
    assert!(json["kid"].as_str().unwrap().starts_with("55fb6104"));

    let expired = run(&["verify", DCOS, "--jwks", JWKS, EXPIRED, "--token-file", TOKEN_FILE, "--json"]);
    assert_eq!((expired.code, expired.stderr.as_str()), (1, ""));
    let json = expired.json();
    assert_eq!([&json["status"], &json["claim"]], ["expired", "exp"]);
    assert!(json["message"].as_str().unwrap().starts_with("the token has expired"));
    // The signature is valid, so the JSON contains the claims, as the text output does. They have
    // another name: a script that reads "claims" or "uid" must not accept this token.
    assert_eq!([&json["rejected_claims"]["uid"], &json["header"]["alg"]], ["peter", "RS256"]);
    assert_eq!((json.get("claims"), json.get("uid"), json.get("sub")), (None, None, None));
    assert_eq!(json["http_status"], 401);
    assert_eq!(json["challenge"], r#"Bearer error="invalid_token", error_description="expired""#);
}

#[test]
fn json_contains_the_issuer_and_subject_of_a_valid_token() {
    let (jwks, token) = signed("k", r#"{"exp":2000000000,"iss":"https://a/","sub":"me"}"#);
    let jwks = file("iss-sub.json", jwks);
    let verify =
        ["verify", "--issuer=https://a/", "--algorithm=Ed25519", "--time=1900000000", "--json", "--jwks"];
    let json = run(&[&verify[..], &[&jwks, &token]].concat()).json();
    assert_eq!([&json["status"], &json["iss"], &json["sub"]], ["ok", "https://a/", "me"]);
    assert_eq!((json["http_status"].as_u64(), json.get("challenge")), (Some(200), None));
}

#[test]
fn json_contains_no_part_of_a_token_with_an_invalid_signature() {
    let forged = TOKEN.trim().replace(".eyJ", ".eyK");
    let run = run_with_stdin(&["verify", DCOS, "--jwks", JWKS, VALID, "--json"], &forged);
    let json = run.json();
    assert_eq!((run.code, json["status"].as_str()), (1, Some("invalid_signature")));
    assert_eq!((json.get("rejected_claims"), json.get("header")), (None, None));
}

#[test]
fn an_unsupported_algorithm_is_explained() {
    for (name, expected) in [
        ("rs256", "did you mean \"RS256\"?"),
        ("HS256", "symmetric algorithms are not supported"),
        ("none", "unsigned tokens are never accepted"),
        ("RS1", "is not one of RS256, "),
    ] {
        let run = run(&["verify", DCOS, "x", "--jwks", JWKS, "--algorithm", name]);
        assert_eq!(run.code, 2, "{name}");
        assert!(run.stderr.contains(expected), "{name}: {}", run.stderr);
        assert!(!run.stderr.contains("'ES256'"), "{}", run.stderr);
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    let both_from_stdin = ["verify", DCOS, "--jwks", "-"];
    for arguments in [
        &["verify", DCOS, "x"][..],
        &["verify", DCOS, "x", "--jwks", JWKS, "--pem", JWKS],
        &["verify", DCOS, "x", "--jwks", JWKS, "--token-file", TOKEN_FILE],
        &["verify", DCOS, "--jwks", JWKS, "--token-file", "/nonexistent/token"],
        &["verify", DCOS, "--jwks", JWKS, "--token-file", "/"],
        &["verify", DCOS, "x", "--jwks", JWKS, "--time", "yesterday"],
        &["verify", DCOS, "x", "--jwks", JWKS, "--leeway", "301s"],
        &["verify", DCOS, "x", "--jwks", JWKS, "--leeway", "30"],
        &["verify", "x", "--jwks", JWKS],
        &["verify", DCOS, "x", "--jwks", JWKS, "--leeway", "-1"],
        &["verify", DCOS, "x", "--jwks", JWKS, "--max-token-len", "1048577"],
        &["verify", DCOS, "x", "--jwks", JWKS, "--algorithm", "none"],
        &["verify", DCOS, "x", "--jwks", JWKS, "--algorithm", "HS256"],
        &["verify", DCOS, "x", "--jwks", JWKS, "--issuer", "a", "--any-issuer"],
        &["inspect", "--token-file", "/nonexistent/token"],
        &["jwks"],
        &["jwks", JWKS, "--pem", "--json"],
        &["nonsense"],
        &[],
        &both_from_stdin,
    ] {
        let run = run_with_stdin(arguments, TOKEN);
        assert_eq!(run.code, 2, "{arguments:?}");
        if arguments.contains(&"--json") {
            assert_eq!((run.json()["status"].as_str(), run.stderr.as_str()), (Some("invalid_argument"), ""));
        } else {
            assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{arguments:?}");
        }
    }
}

#[test]
fn wrong_usage_with_json_prints_an_object() {
    for (arguments, claim, text) in [
        (&["verify", "--discover", ""][..], Some("discover"), "--discover: it is empty"),
        (&["verify", "x", "--discover=idp.example"], Some("discover"), "expected https://host/path"),
        (&["verify", "x"], None, "required arguments were not provided: <--jwks"),
        (&["verify", "x", "--jwks", JWKS, "--nonsense"], None, "unexpected argument '--nonsense' found"),
        (&["verify", "x", "--jwks", JWKS, DCOS, "--leeway=301s"], None, "is not in the range 0s to 5m"),
        (&["verify", DCOS, "--jwks=-"], None, "both come from standard input"),
        (
            &["verify", "--jwks", JWKS, "--token-file=/nonexistent"],
            Some("issuers"),
            "--issuer: it is missing",
        ),
        (&["verify", DCOS, "--jwks", JWKS, "--token-file=/nonexistent"], None, "cannot read the token"),
        (&["jwks", JWKS, "--watch"], None, "--watch takes a URL or --discover"),
        (&["login", "--nonsense"], None, "unexpected argument"),
    ] {
        let run = run(&[arguments, &["--json"]].concat());
        let json = run.json();
        assert_eq!(
            (run.code, run.stderr.as_str(), json["status"].as_str()),
            (2, "", Some("invalid_argument"))
        );
        let message = json["message"].as_str().unwrap();
        assert!(message.contains(text), "{message}");
        assert!(!message.contains("Usage") && !message.contains("--help"), "{message}");
        assert_eq!(json.get("claim").and_then(Value::as_str), claim, "{message}");
    }
    // Help is not an error.
    assert_eq!(run(&["verify", "--json", "--help"]).code, 0);
}

#[test]
fn errors_name_the_options_and_not_the_settings() {
    for (arguments, text) in [
        (
            &["verify", "x", "--jwks", JWKS][..],
            "error: invalid argument: --issuer: it is missing: set it, or --any-issuer, or the profile \"dcos\"\n",
        ),
        (
            &["verify", "x", "--jwks", JWKS, "--issuer=a", "--any-issuer"],
            "error: invalid argument: --any-issuer: it cannot be combined with --issuer\n",
        ),
        (
            &["verify", "x", "--any-issuer", "--jwks=https://a/", "--client-key-file=k"],
            "error: invalid argument: --client-key-file is set without --client-certificate-file: set both\n",
        ),
        (
            &["verify", "x", "--discover=idp.example"],
            "error: invalid argument: --discover: the URL has no scheme: expected https://host/path\n",
        ),
        (
            &["verify", "x", "--any-issuer", "--jwks=http://idp.example/jwks"],
            "error: invalid argument: the URL: http is only allowed to this machine: use https, or set --allow-http\n",
        ),
        (&["login", "--token-url=https://a/"], "error: invalid argument: --client-id: it is missing\n"),
        (
            &["verify", "x", "--issuer=https://idp.example/.well-known/openid-configuration", "--jwks=x"],
            "error: invalid argument: --issuer: it is the address of the issuer's metadata: use the issuer itself, \"https://idp.example\"\n",
        ),
        (
            &["verify", "x", "--discover=https://idp.example/.well-known/openid-configuration"],
            "error: --discover is set to the address of the issuer's metadata: write --discover https://idp.example, or add --issuer\n",
        ),
        (
            &["verify", "x", "--discover=https://idp.example/.well-known/oauth-authorization-server/realm"],
            "error: --discover is set to the address of the issuer's metadata: write --discover https://idp.example/realm, or add --issuer\n",
        ),
    ] {
        let run = run(arguments);
        assert_eq!((run.code, run.stderr.as_str()), (2, text), "{arguments:?}");
    }
}

#[test]
fn the_error_for_an_unexpected_audience_names_the_option() {
    let (jwks, token) = signed("k", r#"{"exp":2000000000,"aud":"api"}"#);
    let jwks = file("audience.json", jwks);
    let verify = |more: &[&str]| {
        let options = ["--any-issuer", "--algorithm=Ed25519", "--time=1900000000", "--jwks", &jwks];
        run(&[&["verify"], &options[..], more, &[&token]].concat())
    };
    let unnamed = verify(&[]);
    assert_eq!(unnamed.code, 1);
    let tip = "the policy accepts none: set --audience or --any-audience";
    assert!(unnamed.stderr.lines().next().unwrap().ends_with(tip), "{}", unnamed.stderr);
    // Before keys are fetched, only the form of the token is checked.
    for keys in [["--jwks", &jwks], ["--jwks", "https://127.0.0.1:1/"]] {
        let form = run(&[&["verify", DCOS, "--max-token-len=20", &token], &keys[..]].concat());
        assert!(
            form.stderr.contains("--max-token-len") && !form.stderr.contains("max_token_len"),
            "{}",
            form.stderr
        );
    }
    let other = verify(&["--audience=other"]);
    assert_eq!((other.code, other.stderr.contains(tip)), (1, false));
    assert_eq!(verify(&["--audience=api"]).code, 0);
}

#[test]
fn keys_that_cannot_be_loaded_exit_with_3() {
    let key = |name| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/keys/").to_owned() + name;
    let malformed = file("malformed.json", "{}");
    let unusable = file("unusable.json", r#"{"keys":[{"kty":"oct","k":"AA"}]}"#);
    for (arguments, status) in [
        (["--jwks", "/nonexistent/jwks"], "keys_unavailable"),
        (["--jwks", &malformed], "malformed_jwk_set"),
        (["--jwks", &unusable], "no_usable_key"),
        (["--pem", "/nonexistent/pem"], "keys_unavailable"),
        (["--pem", JWKS], "unusable_key"),
        (["--pem", &key("rsa-2048-a.pem")], "unusable_key"),
    ] {
        let text = run(&[&["verify", DCOS, TOKEN.trim()], &arguments[..]].concat());
        assert_eq!((text.code, text.stdout.as_str()), (3, ""), "{arguments:?}");
        assert!(text.stderr.starts_with("error: "), "{}", text.stderr);
        let json = run(&[&["verify", DCOS, TOKEN.trim(), "--json"], &arguments[..]].concat());
        assert_eq!((json.code, json.json()["status"].as_str()), (3, Some(status)));
    }
    for path in ["/nonexistent/jwks", &malformed, &unusable] {
        assert_eq!(run(&["jwks", path]).code, 3);
        assert_eq!(run(&["jwks", path, "--pem"]).code, 3);
    }
}

#[test]
fn inspect_warns_that_nothing_is_verified() {
    let run_inspect = run_with_stdin(&["inspect"], TOKEN);
    assert_eq!((run_inspect.code, run_inspect.stderr.as_str()), (0, ""));
    let lines: Vec<_> = run_inspect.stdout.lines().collect();
    assert!(lines[0].starts_with("UNVERIFIED"));
    assert_eq!(lines.first(), lines.last());
    assert!(lines.contains(&"  \"uid\": \"peter\""));
    let exp = lines.iter().find(|line| line.starts_with("exp  ")).unwrap();
    assert!(exp.starts_with("exp  2016-07-08T13:44:26Z (") && exp.ends_with("ago)"), "{exp}");

    let json = run_with_stdin(&["inspect", "--json"], TOKEN).json();
    assert_eq!(json["unverified"], true);
    assert_eq!(json["header"]["alg"], "RS256");
    assert_eq!(json["claims"]["exp"], 1467985466);
}

#[test]
fn inspect_prints_the_readable_parts_of_a_broken_token() {
    let part = |text: &[u8]| URL_SAFE_NO_PAD.encode(text);
    for (token, status) in [
        ("".to_owned(), "malformed_token"),
        ("a.b".to_owned(), "malformed_token"),
        ("e30.e30.!".to_owned(), "malformed_token"),
        ("e30.e30.e30.e30.e30".to_owned(), "encrypted_token"),
        ("A".repeat(1 << 21), "token_too_large"),
    ] {
        let run = run_with_stdin(&["inspect", "--json"], token);
        assert_eq!((run.code, run.json()["status"].as_str()), (1, Some(status)));
    }
    for (header, payload, message) in [
        (&b"{}"[..], &b"{\"uid\":\"pe"[..], "invalid: the token's claims are malformed: not a JSON object\n"),
        (b"{}", b"\xff", "invalid: the token's claims are malformed: not a JSON object\n"),
        (b"[]", b"{}", "invalid: the token's header is malformed: not a JSON object\n"),
    ] {
        let token = format!("{}.{}.", part(header), part(payload));
        let text = run_with_stdin(&["inspect"], &token);
        assert_eq!((text.code, text.stderr.as_str()), (1, message));
        assert!(text.stdout.trim_end().ends_with("such a token"));
        assert_eq!(run_with_stdin(&["inspect", "--json"], &token).json()["unverified"], true);
    }
    // If the payload is not a JSON object, it is printed as a string.
    let cut = format!("e30.{}.", part(b"{\"uid\":\"pe"));
    assert_eq!(run_with_stdin(&["inspect", "--json"], &cut).json()["claims"], "{\"uid\":\"pe");
    // Deep nesting causes no stack overflow and no quadratic output.
    let deep = [&b"{\"a\":"[..], &b"[".repeat(300_000), &b"]".repeat(300_000), b"}"].concat();
    let run = run_with_stdin(&["inspect"], format!("e30.{}.", part(&deep)));
    assert_eq!(run.code, 0);
    assert!(run.stdout.len() < 700_000);
}

#[test]
fn jwks_lists_usable_and_skipped_keys_with_their_index() {
    let document: Value = serde_json::from_slice(&fs::read(JWKS).unwrap()).unwrap();
    let jwk = document["keys"][0].to_string();
    let with_zero = jwk.replace("AQAB", "AAEAAQ").replace("\"kid\"", "\"x\"");
    let path =
        file("mixed.json", format!("{{\"keys\":[{{\"kty\":\"oct\",\"kid\":\"a b\"}},{jwk},1,{with_zero}]}}"));

    let text = run(&["jwks", &path]);
    assert_eq!((text.code, text.stderr.as_str()), (0, ""));
    let lines: Vec<Vec<_>> =
        text.stdout.lines().map(|line| line.split("  ").map(str::trim).collect()).collect();
    let cells = |line: usize| lines[line].iter().copied().filter(|cell| !cell.is_empty()).collect::<Vec<_>>();
    assert_eq!(cells(0), ["#", "type", "bits", "alg", "kid", "thumbprint (SHA-256)", "notes"]);
    assert_eq!(cells(1)[..4], ["1", "RSA", "2048", "RS256"]);
    assert_eq!(cells(1)[6], "Bouncer's kid");
    assert_eq!(cells(2)[4], "-");
    assert_eq!(cells(2)[6], "encoding violates RFC 7518, tolerated");
    assert_eq!(cells(4), ["#", "skipped", "kid"]);
    assert_eq!(cells(5), ["0", "a symmetric key", "a b"]);
    assert_eq!(cells(6), ["2", "not a JWK: not an object", "-"]);

    let json = run(&["jwks", &path, "--json"]).json();
    assert_eq!([&json["keys"][0]["index"], &json["keys"][1]["index"]], [1, 3]);
    assert_eq!([&json["keys"][0]["tolerated"], &json["keys"][1]["tolerated"]], [false, true]);
    assert_eq!(json["keys"][0]["kid"], json["keys"][0]["dcos_kid"]);
    assert_eq!([&json["skipped"][0]["reason"], &json["skipped"][1]["reason"]], ["symmetric", "not_a_jwk"]);
}

#[test]
fn jwks_lists_the_reasons_if_no_key_is_usable() {
    let path = file("skipped.json", r#"{"keys":[{"kty":"oct","k":"AA","kid":"secret"},{"kty":"RSA"}]}"#);
    let text = run(&["jwks", &path]);
    assert_eq!(text.code, 3);
    assert!(
        text.stdout.contains("a symmetric key") && text.stdout.contains(r#""n" and "e" are missing"#),
        "{}",
        text.stdout
    );
    assert!(text.stderr.starts_with("error: the JWK Set has no usable key"), "{}", text.stderr);
    let json = run(&["jwks", &path, "--json"]);
    assert_eq!(json.code, 3);
    let json = json.json();
    assert_eq!([&json["status"], &json["skipped"][0]["kid"]], ["no_usable_key", "secret"]);
    assert_eq!(json["keys"], Value::Array(Vec::new()));
}

#[test]
fn the_pem_of_a_key_verifies_the_same_tokens_as_its_jwk() {
    let pem = run(&["jwks", JWKS, "--pem"]);
    assert_eq!(pem.code, 0);
    assert!(pem.first_line().starts_with("# kid: 55fb6104"));
    let path = file("key.pem", &pem.stdout);
    let verify = run_with_stdin(&["verify", DCOS, "--pem", &path, VALID, "--json"], TOKEN);
    assert_eq!((verify.code, verify.json().get("kid")), (0, None));
}

/// Returns a JWK Set with an Ed25519 key called `kid`, and a token that the key signed.
fn signed(kid: &str, claims: &str) -> (String, String) {
    let key = SigningKey::from_pkcs8_pem(include_str!("../data/keys/ed25519-a.pem")).unwrap();
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    let kid = Value::from(kid);
    let jwks = format!(
        r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}","kid":{kid}}},{{"kty":"oct","kid":{kid}}}]}}"#
    );
    let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"Ed25519","kid":{kid}}}"#));
    let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()).to_bytes());
    (jwks, format!("{input}.{signature}"))
}

#[test]
fn untrusted_text_cannot_control_the_terminal() {
    let evil = "\u{1b}]0;title\u{7}\u{9b}2J\u{202e}\r\nuid  root";
    let json = Value::from(evil);
    let claims =
        format!(r#"{{"exp":2000000000,"uid":{json},"iss":{json},"aud":[{json},"b"],{json}:{json}}}"#);
    let (jwks, token) = signed(evil, &claims);
    let jwks = file("evil.json", jwks);
    let verify = [
        "verify",
        DCOS,
        "--jwks",
        &jwks,
        "--any-audience",
        "--algorithm",
        "EdDSA",
        "--time",
        "1900000000",
        &token,
    ];
    for (arguments, code) in [
        (&verify[..], 0),
        (&[&verify[..], &["--json"]].concat(), 0),
        (&[&verify[..], &["--issuer", "other"]].concat(), 1),
        (&[&verify[..], &["--required-claim", evil, "--required-claim", "\u{1b}"]].concat(), 1),
        (&[&["check"], &verify[1..]].concat(), 0),
        (&[&["check", "--json"], &verify[1..]].concat(), 0),
        (&[&["check"], &verify[1..], &["--issuer", "other", "--required-claim", evil]].concat(), 1),
        (&["inspect", &token], 0),
        (&["inspect", "--json", &token], 0),
        (&["inspect", &format!("{}.e30.", URL_SAFE_NO_PAD.encode(evil))], 1),
        (&["jwks", &jwks], 0),
        (&["jwks", "--pem", &jwks], 0),
        (&["jwks", "--json", &jwks], 0),
    ] {
        let run = run(arguments);
        assert_eq!(run.code, code, "{arguments:?} {}", run.stderr);
        let output = run.stdout + &run.stderr;
        let bad = output.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(bad, None, "{arguments:?}\n{output:?}");
        assert!(!output.lines().any(|line| line == "uid  root"), "{output}");
    }
    // A JSON parser returns the original values.
    let found = run(&[&verify[..], &["--json"]].concat()).json();
    assert_eq!([&found["uid"], &found["kid"], &found["claims"][evil]], [evil; 3]);
}

#[test]
fn claims_keep_their_order_and_the_spelling_of_numbers() {
    let claims = "{ \"z\" : 1.50,\n\"exp\":2000000000,\"uid\":\"u\",\"a\":12345678901234567890123 }";
    let (jwks, token) = signed("k", claims);
    let jwks = file("numbers.json", jwks);
    let verified =
        run(&["verify", DCOS, "--jwks", &jwks, "--algorithm=Ed25519", "--time=1900000000", "--json", &token]);
    let expected = r#""claims":{"z":1.50,"exp":2000000000,"uid":"u","a":12345678901234567890123}"#;
    assert!(verified.stdout.contains(expected), "{}", verified.stdout);
    let inspected = run(&["inspect", "--json", &token]);
    assert!(inspected.stdout.contains(expected), "{}", inspected.stdout);
}

#[test]
fn a_reader_that_closes_the_output_does_not_change_the_exit_code() {
    for (at, code) in [(VALID, 0), (EXPIRED, 1)] {
        let mut child = command(&["verify", DCOS, "--jwks", JWKS, at]).spawn().unwrap();
        // The command still waits for its token, so both streams are closed before it writes.
        drop(child.stdout.take());
        drop(child.stderr.take());
        assert_eq!(finish(child, TOKEN.as_bytes()).code, code);
    }
    let mut child = command(&["inspect"]).spawn().unwrap();
    drop(child.stdout.take());
    let run = finish(child, TOKEN.as_bytes());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_failed_write_of_the_output_is_an_error() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let child = command(&["verify", DCOS, "--jwks", JWKS, VALID]).stdout(full).spawn().unwrap();
    let run = finish(child, TOKEN.as_bytes());
    assert_eq!(run.code, 2);
    assert!(run.stderr.starts_with("error: cannot write the output"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn reading_endless_input_stops() {
    for (arguments, code) in [
        (&["verify", DCOS, "--jwks", JWKS][..], 1),
        (&["inspect"], 1),
        (&["verify", DCOS, "x", "--jwks", "-"], 3),
    ] {
        let zeros = File::open("/dev/zero").unwrap();
        let output = command(arguments).stdin(zeros).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn help_has_examples_and_exit_codes() {
    for name in ["verify", "inspect", "jwks"] {
        let help = run(&[name, "--help"]);
        assert_eq!((help.code, help.stderr.as_str()), (0, ""));
        for text in ["Examples:\n", "Exit codes:\n"] {
            assert!(help.stdout.contains(text), "{name}: {text}");
        }
    }
    let help = run(&["verify", "--help"]).stdout;
    let at = |text: &str| help.find(text).unwrap();
    assert!(at("\nKeys:\n") < at("\nPolicy:\n") && at("\nPolicy:\n") < at("\nNetwork:\n"));
    assert!(help.contains("rejected_claims") && help.contains("http_status"));
    let version = format!("bouncer-verify {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&["--version"]).stdout, version);
    assert_eq!(run(&["-V"]).stdout, version);
}

#[test]
fn the_verbose_version_says_which_code_verifies_signatures_and_why() {
    let verbose = run(&["--version", "--verbose"]).stdout;
    let lines: Vec<_> = verbose.lines().collect();
    let version = format!("bouncer-verify {}", env!("CARGO_PKG_VERSION"));
    assert_eq!((lines[0], lines.len()), (version.as_str(), 5), "{verbose}");
    assert!(lines[1].starts_with("back ends  accelerated (default), aws-lc"), "{verbose}");
    for (line, keys) in lines[2..].iter().zip(["RSA", "ES256", "Ed25519"]) {
        let (name, rest) = line.split_once("  ").unwrap();
        assert_eq!(name, keys);
        let rest = rest.trim_start();
        let reason = rest.strip_prefix("accelerated: ").or(rest.strip_prefix("not accelerated: "));
        assert!(!reason.unwrap().is_empty(), "{verbose}");
    }
    let disabled = Command::new(env!("CARGO_BIN_EXE_bouncer-verify"))
        .args(["--version", "--verbose"])
        .env("BOUNCER_VERIFY_NO_ACCELERATION", "1")
        .output()
        .unwrap();
    let disabled = String::from_utf8(disabled.stdout).unwrap();
    assert!(disabled.contains("aws-lc (default)"), "{disabled}");
    assert_eq!(disabled.matches("not accelerated: BOUNCER_VERIFY_NO_ACCELERATION is set").count(), 3);
    assert_eq!(run(&["--verbose"]).code, 2);
}

#[test]
fn the_command_returns_the_expected_result_of_every_case() {
    case::assert_verdicts("command line", verify);
}

fn verify(case: &Case) -> Expect {
    let jwks = file("corpus.json", &case.jwks);
    let mut arguments = vec!["verify".to_owned(), "--json".to_owned(), format!("--jwks={jwks}")];
    arguments.push(format!("--time={}", case.time));
    arguments.extend(options(case.policy.get()));
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    // The command removes only the line end that is added here, not one in the token.
    let verdict = run_with_stdin(&arguments, [&*case.token(), b"\r\n"].concat());
    let json = verdict.json();
    let text = |name: &str| json.get(name).map(|value| value.as_str().unwrap().to_owned());
    let status = text("status").unwrap();
    assert_eq!(verdict.code, exit_code(&status), "{}: {status}", case.id);
    assert!(verdict.stderr.is_empty(), "{}: {}", case.id, verdict.stderr);
    let listing = (case.expect.keys.is_some() || case.expect.skipped.is_some())
        .then(|| run(&["jwks", "--json", &jwks]).json());
    let claims = json.get("claims").filter(|_| status == "ok").cloned();
    Expect {
        claim: text("claim"),
        claims,
        uid: text("uid"),
        identity: text("identity"),
        scopes: json.get("scopes").map(|scopes| serde_json::from_value(scopes.clone()).unwrap()),
        kid: text("kid"),
        alg: text("alg"),
        // The command has no lookup of a single claim.
        paths: case.expect.paths.clone().filter(|_| status == "ok"),
        keys: listing.as_ref().map(|listing| listing["keys"].as_array().map_or(0, Vec::len)),
        skipped: listing.as_ref().and_then(|listing| {
            let reason = |key: &Value| {
                (key["index"].as_u64().unwrap() as usize, key["reason"].as_str().unwrap().to_owned())
            };
            Some(listing["skipped"].as_array()?.iter().map(reason).collect())
        }),
        status,
    }
}

fn exit_code(status: &str) -> i32 {
    let kind = ErrorKind::ALL.iter().find(|kind| kind.as_str() == status);
    match kind.map(|kind| kind.category()) {
        None => 0,
        Some(ErrorCategory::Token) => 1,
        Some(ErrorCategory::Keys) => 3,
        Some(_) => 2,
    }
}

/// Converts a policy's document to options. An option has the name of its setting, in the singular
/// for a list.
fn options(policy: &str) -> Vec<String> {
    let document: serde_json::Map<String, Value> = serde_json::from_str(policy).unwrap();
    let mut options = Vec::new();
    for (name, value) in document {
        let name = name.replace('_', "-");
        let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
        match value {
            Value::Bool(true) => options.push(format!("--{name}")),
            Value::Array(items) => {
                let name = name.strip_suffix('s').unwrap();
                options.extend(items.iter().map(|item| format!("--{name}={}", text(item))));
            }
            Value::Object(members) => {
                for (member, value) in members {
                    let texts = value.as_array().cloned().unwrap_or_else(|| vec![value]);
                    options.extend(texts.iter().map(|one| format!("--{name}={member}={}", text(one))));
                }
            }
            value => options.push(format!("--{name}={}", text(&value))),
        }
    }
    options
}

#[test]
fn settings_are_listed_and_explained() {
    let all = run(&["settings"]).stdout;
    for kind in bouncer_verify::SettingsKind::ALL {
        for setting in kind.settings() {
            assert!(
                all.lines().any(|line| line.split("  ").next() == Some(setting.name)),
                "{}",
                setting.name
            );
        }
    }
    let leeway = run(&["settings", "leeway"]);
    assert!(leeway.stdout.starts_with("policy.leeway\n") && leeway.stdout.contains("range: 0s to 5m\n"));
    assert_eq!(
        run(&["settings", "timeout"]).stdout.matches("type: duration").count(),
        2,
        "one setting of the keys, one of the renewers"
    );
    assert_eq!(run(&["settings", "leewya"]).code, 2);
    for (option, setting) in [("last-good-file", "keys.last_good_file"), ("issuer", "policy.issuers")] {
        assert_eq!(run(&["settings", option]).first_line(), setting);
    }
}
