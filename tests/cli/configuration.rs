//! Verifications with a configuration document, and the corpus of configurations.

use super::server::{Reply, Server};
use super::*;

#[test]
fn the_command_returns_the_expected_result_of_every_configuration() {
    case::assert_configured("command line", |configuration, token| {
        let path = file("configuration.json", configuration);
        let verdict = run_with_stdin(&["verify", "--json", "--config", &path], token);
        let json = verdict.json();
        let text = |name: &str| json.get(name).map(|value| value.as_str().unwrap().to_owned());
        let status = text("status").unwrap();
        assert_eq!((verdict.code, verdict.stderr.as_str()), (exit_code(&status), ""), "{status}");
        // `check` makes the same decisions.
        let check = run_with_stdin(&["check", "--json", "--config", &path, "-"], token);
        let steps = check.json();
        let failed = steps.as_array().unwrap().iter().find(|step| step["verdict"] == "failed");
        let first = failed.map_or("ok", |step| step["status"].as_str().unwrap());
        assert_eq!((first, check.code), (status.as_str(), verdict.code), "{steps}");
        assert_eq!(failed.and_then(|step| step.get("claim")), json.get("claim"), "{steps}");
        Expect { claim: text("claim"), claims: json.get("claims").cloned(), status, ..Expect::default() }
    });
}

#[test]
fn only_the_keys_of_the_issuer_of_the_token_are_fetched() {
    let (jwks, token) = signed("k", r#"{"exp":4000000000,"iss":"https://a/","aud":"api","sub":"me"}"#);
    let (used, other) = (Server::saying(Reply::json(jwks)), Server::saying(Reply::status(503)));
    let entry = |issuer: &str, server: &Server| {
        let url = server.url();
        format!(
            r#"{{"issuers":["{issuer}"],"audiences":["api"],"algorithms":["Ed25519"],"keys":{{"url":"{url}"}}}}"#
        )
    };
    let document =
        format!(r#"{{"accept":[{},{}]}}"#, entry("https://b/", &other), entry("https://a/", &used));
    let path = file("two-issuers.json", document);
    let verify =
        |more: &[&str], token: &str| run_with_stdin(&[&["verify", "--config", &path], more].concat(), token);
    let valid = verify(&[], &token);
    assert_eq!((valid.code, valid.stderr.as_str()), (0, ""));
    assert!(valid.stdout.starts_with("valid\niss  https://a/\nsub  me\n"), "{}", valid.stdout);
    assert_eq!((used.count(), other.count()), (1, 0));

    // The claims of a rejected token are shown if its signature is valid.
    let (_, expired) = signed("k", r#"{"exp":1,"iss":"https://a/","aud":"api"}"#);
    let rejected = verify(&["--json"], &expired).json();
    assert_eq!([&rejected["status"], &rejected["rejected_claims"]["aud"]], ["expired", "api"]);
    let (_, unknown) = signed("k", r#"{"exp":1,"iss":"https://c/"}"#);
    assert_eq!(verify(&["--json"], &unknown).json()["status"], "wrong_issuer");
    let (_, down) = signed("k", r#"{"exp":4000000000,"iss":"https://b/","aud":"api"}"#);
    let down = verify(&[], &down);
    assert_eq!((down.code, down.stdout.as_str()), (3, ""));
    assert!(down.stderr.contains("HTTP 503"), "{}", down.stderr);
    assert_eq!(other.count(), 1, "a failed fetch is not repeated");
}

#[test]
fn a_configuration_excludes_the_options_for_keys_and_policy() {
    let document = fs::read_to_string(JWKS).unwrap();
    let path =
        file("dcos.json", format!(r#"{{"accept":[{{"profile":"dcos","keys":{{"jwks":{document}}}}}]}}"#));
    assert_eq!(run_with_stdin(&["verify", "--config", &path], TOKEN).code, 1);
    for (more, text) in [
        (&["--jwks", JWKS][..], "cannot be used with"),
        (&["--discover=https://a/"], "cannot be used with"),
        (&[DCOS], "--config and --profile are mutually exclusive: write the setting in the document"),
        (&[VALID], "--config and --time are mutually exclusive"),
        (&["--timeout=1s"], "--config and --timeout are mutually exclusive"),
    ] {
        for command in ["verify", "check"] {
            let run = run_with_stdin(&[&[command, "--config", &path, "-"], more].concat(), TOKEN);
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{command} {more:?}");
            assert!(run.stderr.contains(text), "{}", run.stderr);
        }
    }
    for (name, document, text) in [
        (
            "comma.json",
            "{\n  \"accept\": [],\n}",
            "not strict JSON: unexpected character at line 3, column 1\n",
        ),
        (
            "entry.json",
            r#"{"accept":[{"issuers":["a"],"leeway":"5"}]}"#,
            "\"accept[0].leeway\": \"5\" has no unit",
        ),
    ] {
        let path = file(name, document);
        let rejected = run(&["verify", "--config", &path, "x"]);
        assert_eq!((rejected.code, rejected.stdout.as_str()), (2, ""));
        let named = format!("error: the configuration {path:?}: invalid argument: ");
        assert!(rejected.stderr.starts_with(&named) && rejected.stderr.contains(text), "{}", rejected.stderr);
    }
    let missing = run(&["verify", "--config=/nonexistent/verifier.json", "x"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("cannot read the configuration"), "{}", missing.stderr);
    let both = run_with_stdin(&["verify", "--config=-"], TOKEN);
    assert!(
        both.code == 2 && both.stderr.contains("cannot both come from standard input"),
        "{}",
        both.stderr
    );
    // Both may come from files, and the document from standard input.
    let document = fs::read_to_string(&path).unwrap();
    let token = format!("@{TOKEN_FILE}");
    assert_eq!(run_with_stdin(&["verify", "--config=-", &token], &document).code, 1);
    // A document may be longer than any token or key set.
    let long = file("long.json", " ".repeat(3 * 1024 * 1024) + &document);
    assert_eq!(run_with_stdin(&["verify", "--config", &long], TOKEN).code, 1);
}
