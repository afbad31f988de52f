//! Compiles the C programs of `tests/capi` with all warnings as errors and runs them with the
//! shared library: directly, under valgrind, and under the address and undefined-behaviour
//! sanitizers. Also runs the conformance corpus in C.
#![cfg(feature = "remote")]

#[path = "support/c_library.rs"]
mod c_library;
#[path = "conformance/case.rs"]
mod case;
#[allow(dead_code, reason = "the tests of the renewer use the rest")]
#[path = "renewal/iam.rs"]
mod iam;
#[path = "support/server.rs"]
mod server;
#[path = "support/signer.rs"]
mod signer;
#[path = "support/tool.rs"]
mod tool;

use base64::Engine as _;
use bouncer_verify::{Algorithm, Jwk, Settings, SettingsKind};
use case::{Case, Expect};
use iam::Iam;
use server::{Reply, Server};
use signer::Key;
use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use tool::is_installed;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PROGRAMS: [&str; 12] = [
    "settings", "jwks", "token", "batch", "misuse", "threads", "logger", "supplied", "remote", "renewer",
    "verifier", "watch",
];
const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// Returns the compiler's flags for the sanitizers, which emulators do not support.
fn sanitizers() -> &'static [&'static str] {
    if c_library::target().is_some() { &[] } else { &SANITIZERS }
}

fn compile(program: &str, flags: &[&str]) -> PathBuf {
    compile_file(&format!("tests/capi/{program}.c"), flags)
}

fn compile_file(file: &str, flags: &[&str]) -> PathBuf {
    let program = Path::new(file).file_stem().unwrap().to_str().unwrap();
    let variant: String = flags.concat().chars().filter(char::is_ascii_alphanumeric).collect();
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{program}-{variant}"));
    let folder = c_library::folder();
    let status = c_library::compiler()
        .args(["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread"])
        .args(flags)
        .arg(format!("-I{ROOT}/include"))
        .arg(format!("-DTEST_DATA=\"{ROOT}/tests/data\""))
        .arg(format!("-DEMULATOR_THREADS={}", c_library::emulator_threads()))
        .arg(format!("-DTEST_TMP=\"{}\"", env!("CARGO_TARGET_TMPDIR")))
        .arg(format!("{ROOT}/{file}"))
        .arg("-o")
        .arg(&output)
        .arg(format!("-L{}", folder.display()))
        .arg(format!("-Wl,-rpath,{}", folder.display()))
        .args(["-lbouncer_verify", "-ldl"])
        .status()
        .unwrap_or_else(|error| panic!("cc: {error}"));
    assert!(status.success(), "{file} does not compile");
    output
}

fn assert_runs(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let printed = String::from_utf8_lossy(&output.stderr);
    // Standard error must be empty too. If valgrind finds errors in a forked child, it prints them,
    // but the exit status stays 0.
    assert!(output.status.success() && printed.is_empty(), "{command:?}: {}\n{printed}", output.status);
}

/// Runs one of `PROGRAMS`. `command` starts the program, directly or under valgrind, and has no
/// program arguments yet.
fn assert_passes(program: &str, command: &mut Command) {
    match program {
        "remote" => assert_remote_passes(command),
        "renewer" => assert_renewer_passes(command),
        "verifier" => assert_verifier_passes(command),
        "watch" => assert_watch_passes(command),
        _ => assert_runs(command),
    }
}

fn assert_remote_passes(command: &mut Command) {
    let server = issuer();
    assert_runs(command.args([&server.origin, &token("a"), &token("b"), &jwks(&["a"])]));
    let requests = server.requests();
    let rotations = requests.iter().filter(|request| request.path == "/rotates/for-a-token").count();
    assert_eq!(rotations, 2, "the first fetch, and one for the token");
}

fn assert_verifier_passes(command: &mut Command) {
    let server = issuer();
    let tokens = [token_of("https://a.example/", "a"), token_of("https://b.example/", "b"), token("a")];
    assert_runs(command.args([&server.origin, &jwks(&["a"]), &jwks(&["b"])]).args(&tokens));
    let requests = server.requests();
    let fetches = |path: &str| requests.iter().filter(|request| request.path == path).count();
    assert_eq!(["/jwks/for-an-entry", "/jwks/for-waiting"].map(fetches), [1, 1]);
}

fn assert_watch_passes(command: &mut Command) {
    let (server, others) = (issuer(), token_issuer());
    let secret = iam::secret_of("rsa-2048-a", &others.origin);
    assert_runs(command.args([&server.origin, &token("a"), &token("b"), &others.origin, &secret]));
    let requests = server.requests();
    let fetches = |path: &str| requests.iter().filter(|request| request.path == path).count();
    assert_eq!(fetches("/rotates-late/for-many"), 2, "the first fetch, and one for a hundred tokens");
    let of_children = usize::from(c_library::programs_fork());
    assert_eq!(
        fetches("/jwks/for-a-fork"),
        2 + of_children,
        "two fetches of the parent, and one of the child"
    );
    assert_eq!(others.count(), 1, "one login");
}

fn assert_renewer_passes(command: &mut Command) {
    let (iam, others) = (Iam::start(), token_issuer());
    let wrong = iam::secret_of("rsa-2048-b", &iam.login_url());
    assert_runs(command.args([&others.origin, &iam.secret(), &wrong]));
    assert_eq!(
        iam.logins(),
        4,
        "one login each with the secret, the wrong secret, the file and the environment"
    );
    let requests = others.requests();
    let logins = |path: &str| requests.iter().filter(|request| request.path == path).count();
    assert_eq!(logins("/late-later/for-a-rejection"), 2, "the first login, and one for eight rejections");
    let of_child = usize::from(c_library::programs_fork());
    assert_eq!(logins("/login/for-a-child"), 1 + of_child, "the parent's login, and a child's");
    assert_eq!(logins("/login/for-a-lazy-child"), 1 + 2 * of_child, "one login for each process");
    let oauth = requests.iter().find(|request| request.path == "/oauth/token?secret").unwrap();
    assert_eq!(oauth.body, b"grant_type=client_credentials&scope=read");
    assert_eq!(oauth.header("authorization"), Some("Basic aWQ6c2VjcmV0"));
}

fn key(kid: &str) -> Key {
    Key::load(&format!("rsa-2048-{kid}"))
}

/// A token as DC/OS's Bouncer issues it, valid for one hour.
fn token(kid: &str) -> String {
    token_with(r#""uid":"peter""#, kid)
}

/// A token of `issuer`, valid for one hour.
fn token_of(issuer: &str, kid: &str) -> String {
    token_with(&format!(r#""sub":"peter","iss":"{issuer}""#), kid)
}

fn token_with(claims: &str, kid: &str) -> String {
    let exp = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + 3600;
    let header = format!("{{\"alg\":\"RS256\",\"kid\":\"{kid}\"}}");
    key(kid).token(Algorithm::Rs256, header, format!("{{{claims},\"exp\":{exp}}}"))
}

/// A JWK Set document with these keys and one unusable key.
fn jwks(kids: &[&str]) -> String {
    let members = kids.iter().map(|kid| {
        let jwk = Jwk::from_der(&key(kid).public_der()).unwrap().to_json();
        jwk.replacen('{', &format!("{{\"kid\":\"{kid}\","), 1)
    });
    format!("{{\"keys\":[{},{{\"kty\":\"oct\",\"k\":\"AA\"}}]}}", members.collect::<Vec<_>>().join(","))
}

/// A server whose response depends on the first part of the path. The rest only makes the path
/// unique.
fn issuer() -> Server {
    let (a, both) = (Reply::json(jwks(&["a"])), Reply::json(jwks(&["a", "b"])));
    let seen = Mutex::new(HashSet::new());
    Server::start(move |request| {
        let is_first = seen.lock().unwrap().insert(request.path.clone());
        match request.path.split(['/', '?']).nth(1).unwrap() {
            "jwks" => a.clone(),
            "both" => both.clone(),
            "rotates" | "rotates-late" | "outage" | "hangs-later" if is_first => a.clone(),
            "rotates" => both.clone(),
            "rotates-late" => both.clone().late(Duration::from_secs(1)),
            "outage" | "503" => Reply::status(503),
            "hang" | "hangs-later" => Reply::Hang,
            "idp" | "impostor" => {
                let origin = format!("http://{}", request.header("host").unwrap());
                Reply::json(format!("{{\"issuer\":\"{origin}/idp\",\"jwks_uri\":\"{origin}/jwks\"}}"))
            }
            _ => Reply::status(404),
        }
    })
}

/// A server that accepts any credentials. Its response depends on the first part of the path. The
/// rest only makes the path unique.
fn token_issuer() -> Server {
    let seen = Mutex::new(HashSet::new());
    let serial = AtomicUsize::new(0);
    Server::start(move |request| {
        let is_first = seen.lock().unwrap().insert(request.path.clone());
        let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let claims = format!("{{\"exp\":4102444800,\"n\":{}}}", serial.fetch_add(1, Ordering::SeqCst));
        let token = Reply::json(format!("{{\"token\":\"{}.{}.c2ln\"}}", part("{}"), part(&claims)));
        match request.path.split(['/', '?']).nth(1).unwrap() {
            "login" => token,
            "outage" | "late-later" | "hangs-later" if is_first => token,
            "late" => token.late(Duration::from_millis(500)),
            "late-later" => token.late(Duration::from_secs(1)),
            "hangs-later" => Reply::Hang,
            "outage" | "503" => Reply::status(503),
            "oauth" => Reply::json(r#"{"access_token":"opaque","token_type":"Bearer","expires_in":3600}"#),
            _ => Reply::status(404),
        }
    })
}

#[test]
fn c_programs_pass() {
    for program in PROGRAMS {
        assert_passes(program, &mut c_library::run(&compile(program, &[])));
    }
}

#[test]
fn c_programs_pass_under_valgrind_without_an_error_or_a_leak() {
    if !is_installed("valgrind", "apt-get install valgrind") {
        return;
    }
    for program in PROGRAMS {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--quiet", "--error-exitcode=9", "--leak-check=full"]);
        // Rust's standard library allocates some memory once and keeps it. That memory is still
        // reachable at the end, so it is not a leak.
        valgrind.args([
            "--show-leak-kinds=definite,indirect,possible",
            "--errors-for-leak-kinds=definite,indirect,possible",
            concat!("--suppressions=", env!("CARGO_MANIFEST_DIR"), "/tests/capi/valgrind.supp"),
        ]);
        assert_passes(program, valgrind.arg(compile(program, &[])));
    }
}

#[test]
fn c_programs_pass_under_the_sanitizers() {
    for program in PROGRAMS {
        let executable = compile(program, &SANITIZERS);
        let symbols = Command::new("nm").arg("-D").arg(&executable).output().unwrap();
        let symbols = String::from_utf8_lossy(&symbols.stdout);
        assert!(
            symbols.contains("__asan_init"),
            "the sanitizer is not linked, so the run would prove nothing"
        );
        assert_passes(program, Command::new(executable).env("ASAN_OPTIONS", "detect_leaks=1"));
    }
}

#[test]
fn the_library_survives_dlclose_while_a_thread_that_used_it_lives() {
    let program = compile("unload", &[]);
    assert_runs(c_library::run(&program).arg(c_library::folder().join("libbouncer_verify.so")));
}

#[test]
fn a_child_forked_during_the_first_verification_with_a_key_can_use_the_key() {
    let part = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    // The largest key takes longest to prepare. The test signs nothing: all signatures are invalid.
    let key = Jwk::from_der(&Key::load("rsa-8192").public_der()).unwrap().to_json();
    let token = |alg: &str| {
        let header = format!("{{\"alg\":\"{alg}\"}}");
        [part(header.as_bytes()), part(b"{}"), part(&[0x11; 1024])].join(".")
    };
    let mut program = c_library::run(&compile("fork", &[]));
    assert_runs(program.arg(format!("{{\"keys\":[{key}]}}")).args(["RS256", "PS256"].map(token)));
}

#[test]
fn the_readme_makes_and_reloads_a_verifier_of_two_issuers() {
    let page = std::fs::read_to_string(format!("{ROOT}/bindings/c/README.md")).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with("Several issuers\n")).unwrap();
    let blocks = |language: &str| {
        let open = format!("```{language}\n");
        let blocks = section.split(&open).skip(1).map(|rest| rest.split("```").next().unwrap());
        blocks.map(str::to_owned).collect::<Vec<_>>()
    };
    let code = Path::new(env!("CARGO_TARGET_TMPDIR")).join("several_issuers.h");
    std::fs::write(&code, blocks("c").concat()).unwrap();
    let include = format!("-DSEVERAL_ISSUERS=\"{}\"", code.display());
    let tokens = [token_of("https://a.example/", "a"), token_of("https://b.example/", "b")];
    let program = compile("readme", &[sanitizers(), &[&include]].concat());
    assert_runs(c_library::run(&program).args([jwks(&["a"]), jwks(&["b"])]).args(tokens));

    // The document loads. A verifier would fetch its keys.
    let mut settings = Settings::new(SettingsKind::Verifier);
    settings.load(&blocks("json").concat()).unwrap();
    assert!(settings.document().contains("https://idp.example/"));
}

/// Runs a program with `input` as its standard input. Returns its standard output.
fn filter(command: &mut Command, input: String) -> String {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_service_example_prints_the_sender_of_each_token() {
    let program = compile_file("bindings/c/examples/service.c", &["-std=c99"]);
    let server = issuer();
    let printed_for = |path: &str, tokens: &[String]| {
        let url = format!("{}{path}", server.origin);
        filter(c_library::run(&program).arg(url), tokens.concat())
    };
    let tokens = [token("a") + "\n", token("b") + "\r\n", "a.b\n".to_owned(), token("a")];
    assert_eq!(printed_for("/rotates/for-a-service", &tokens), "peter\npeter\nmalformed_token\npeter\n");
    assert_eq!(printed_for("/503", &tokens[..1]), "keys_unavailable\n");
}

#[test]
fn c_returns_the_verdicts_of_the_corpus() {
    // The sanitizers make each case a memory test too.
    let program = compile("conformance", sanitizers());
    let cases = case::all();
    let printed = filter(&mut c_library::run(&program), cases.iter().map(script).collect());
    let mut lines = printed.lines();
    case::assert_verdicts("C", |case| {
        let mut found = verdict(lines.next().expect("a line for every case"));
        if found.status != "ok" && found.keys == Some(0) {
            // Without a key set C cannot list the skipped keys.
            found.skipped.clone_from(&case.expect.skipped);
        }
        found
    });
}

#[test]
fn c_returns_the_verdicts_of_the_configurations() {
    let program = compile("conformance", sanitizers());
    let lines = case::all_configured().into_iter().map(|case| {
        let token = case.token.unwrap_or_default();
        line("configuration", case.configuration.as_bytes()) + &line("token", token.as_bytes())
    });
    let printed = filter(&mut c_library::run(&program), lines.collect());
    let mut lines = printed.lines();
    case::assert_configured("C from a configuration", |_, _| {
        let found = verdict(lines.next().expect("a line for every case"));
        Expect { keys: None, skipped: None, ..found }
    });
}

/// The lines that make the C program verify `case`.
fn script(case: &Case) -> String {
    let time = case.time.to_string();
    let policy = line("policy", case.policy.get().as_bytes()) + &line("time", time.as_bytes());
    let paths = case.expect.paths.iter().flat_map(|paths| paths.keys());
    let paths: String = paths.map(|path| line("path", path.as_bytes())).collect();
    line("jwks", case.jwks.as_bytes()) + &policy + &paths + &line("verify", &case.token())
}

fn line(word: &str, value: &[u8]) -> String {
    let hex: String = value.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("{word} {hex}\n")
}

/// Parses a line of the C program's output.
fn verdict(line: &str) -> Expect {
    let field = |name: &str| {
        line.split(' ').find_map(|field| field.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
    };
    let decoded = |hex: &str| {
        let octet = |i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
        String::from_utf8((0..hex.len()).step_by(2).map(octet).collect()).unwrap()
    };
    let text = |name| field(name).map(|hex| decoded(&hex));
    let path = |entry: &str| {
        let (path, claim) = entry.split_once(':').unwrap();
        (decoded(path), Some(claim).filter(|claim| *claim != "-").map(decoded))
    };
    let skipped = field("skipped").unwrap();
    let skipped = skipped.split_terminator(',').map(|entry| {
        let (index, reason) = entry.split_once(':').unwrap();
        (index.parse().unwrap(), reason.to_owned())
    });
    Expect {
        status: field("status").unwrap(),
        claim: text("claim"),
        claims: text("payload").map(|payload| serde_json::from_str(&payload).unwrap()),
        uid: text("uid"),
        identity: text("identity"),
        scopes: field("scopes").map(|scopes| scopes.split_terminator(',').map(decoded).collect()),
        kid: text("kid"),
        alg: text("alg"),
        paths: field("paths").map(|paths| paths.split_terminator(',').map(path).collect()),
        keys: Some(field("keys").unwrap().parse().unwrap()),
        skipped: Some(skipped.collect()),
    }
}
