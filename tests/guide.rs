//! Each code block of the README and of `docs/guide` runs.
//!
//! | block | where it runs |
//! |---|---|
//! | `rust` | a documentation test: `src/lib.rs` includes the page |
//! | `console` | here, by a shell, against an issuer on loopback |
//! | `json` | here: a document of settings, a JWK Set or the secret of a service account |
//! | `c` | here: the blocks of a page form one program. With `main`, it also runs, with issuer, audience and header as arguments. A block for libuv or nginx is compiled alone, if its headers are installed |
//! | `cpp` | `bindings/cpp/run_tests.sh`; a block for asio only if asio is installed |
//! | `go` | `bindings/go/guide_test.go` |
//! | `python` | `python/tests/test_guide.py` |
#![cfg(feature = "remote")]

#[path = "support/c_library.rs"]
mod c_library;
#[path = "support/server.rs"]
mod server;
#[path = "support/signer.rs"]
mod signer;
#[path = "support/tool.rs"]
mod tool;

use bouncer_verify::{
    Algorithm, CACHE_STATS, Jwk, JwkSet, KEYS_STATS, Policy, RENEWER_STATS, RemoteJwkSetBuilder,
    ServiceAccount, Settings, SettingsKind, TokenRenewerBuilder, VERIFICATIONS,
};
use server::{Reply, Server};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const LANGUAGES: [&str; 7] = ["rust", "c", "cpp", "go", "python", "console", "json"];

/// A page with code.
struct Page {
    /// Relative to the root of the repository.
    path: String,
    text: String,
}

impl Page {
    fn read(path: String) -> Self {
        let text = fs::read_to_string(Path::new(ROOT).join(&path)).unwrap();
        Self { path, text }
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    /// The code blocks of a language.
    fn blocks(&self, language: &str) -> Vec<&str> {
        let fence = format!("\n```{language}\n");
        let end = |rest: &str| {
            rest.find("\n```").unwrap_or_else(|| panic!("{}: a code block without an end", self.path))
        };
        self.text.split(&fence).skip(1).map(|rest| &rest[..end(rest)]).collect()
    }
}

/// The pages of the guide.
fn guide() -> Vec<Page> {
    let entries = fs::read_dir(format!("{ROOT}/docs/guide")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".md") && name != "SUMMARY.md").collect();
    names.sort();
    assert!(!names.is_empty());
    names.into_iter().map(|name| Page::read(format!("docs/guide/{name}"))).collect()
}

/// The pages whose code runs.
fn pages() -> Vec<Page> {
    let mut pages = guide();
    pages.push(Page::read("README.md".to_owned()));
    pages
}

/// Creates and returns the folder for the files of one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("guide-{name}"));
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn the_summary_lists_every_page() {
    let summary = Page::read("docs/guide/SUMMARY.md".to_owned()).text;
    for page in guide() {
        assert!(summary.contains(&format!("]({})", page.name())), "SUMMARY.md does not list {}", page.path);
    }
}

#[test]
fn every_code_block_is_in_a_tested_language() {
    let crate_root = fs::read_to_string(format!("{ROOT}/src/lib.rs")).unwrap();
    for page in pages() {
        let mut fences = page.text.lines().filter(|line| line.trim_start().starts_with("```"));
        while let (Some(open), Some(close)) = (fences.next(), fences.next()) {
            let language = open.strip_prefix("```").unwrap_or_default();
            assert!(LANGUAGES.contains(&language), "{}: {open}", page.path);
            assert_eq!(close, "```", "{}", page.path);
        }
        let is_included = crate_root.contains(&format!("include_str!(\"../{}\")", page.path));
        assert_eq!(is_included, !page.blocks("rust").is_empty(), "src/lib.rs and {}", page.path);
    }
}

#[test]
fn every_json_document_loads() {
    for page in pages() {
        for block in page.blocks("json") {
            let of = |kind| {
                let mut settings = Settings::new(kind);
                settings.load(block).map(|()| settings)
            };
            let settings = of(SettingsKind::Policy).and_then(|it| Policy::from_settings(&it)).is_ok()
                || of(SettingsKind::Keys).and_then(|it| RemoteJwkSetBuilder::from_settings(&it)).is_ok()
                // Making the verifier would fetch its keys.
                || of(SettingsKind::Verifier).is_ok()
                || of(SettingsKind::Renewer).and_then(|it| TokenRenewerBuilder::from_settings(&it)).is_ok();
            let loads = settings
                || JwkSet::from_slice(block.as_bytes()).is_ok()
                || ServiceAccount::from_json(block).is_ok();
            assert!(loads, "{}: not a document of settings, keys or an account: {block}", page.path);
        }
    }
}

#[test]
fn every_metric_on_a_page_exists() {
    let cache = CACHE_STATS.iter().map(|row| row.name);
    let keys = KEYS_STATS.iter().map(|row| row.name);
    let renewer = RENEWER_STATS.iter().map(|row| row.name);
    let known: Vec<_> = cache.chain(keys).chain(renewer).chain([VERIFICATIONS.name]).collect();
    let header = fs::read_to_string(format!("{ROOT}/include/bouncer_verify.h")).unwrap();
    let mut found = 0;
    for page in pages() {
        for word in page.text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let Some(name) = word.strip_prefix("bouncer_") else { continue };
            let is_noun =
                ["cache_", "keys_", "renewer_", "verifications_"].iter().any(|noun| name.starts_with(noun));
            if !is_noun || header.contains(&format!("{word}(")) {
                continue;
            }
            found += 1;
            let name = name.strip_suffix("_info").unwrap_or(name);
            assert!(known.contains(&name), "{}: there is no metric {word}", page.path);
        }
    }
    assert!(found > 3, "only {found} metrics found");
}

#[test]
fn every_c_program_compiles_and_accepts_a_token() {
    let (server, files) = issuer("c-issuer");
    let authorization = format!("Bearer {}", fs::read_to_string(files.join("token.txt")).unwrap());
    let mut pages = pages();
    pages.push(Page::read("bindings/c/README.md".to_owned()));
    for page in pages {
        let mut blocks = page.blocks("c");
        blocks.retain(|block| library(block).is_none());
        if blocks.is_empty() {
            continue;
        }
        let program = folder("c").join(page.path.replace('/', "-"));
        let source = program.with_extension("c");
        let text = blocks.join("\n\n") + "\n";
        let is_whole = text.contains("int main(");
        fs::write(&source, text).unwrap();
        let mut compiler = Command::new("cc");
        compiler.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]);
        compiler.arg(format!("-I{ROOT}/include")).arg(&source).arg("-o").arg(&program);
        if is_whole {
            let libraries = c_library::folder();
            compiler.arg(format!("-L{}", libraries.display())).arg("-lbouncer_verify");
            compiler.arg(format!("-Wl,-rpath,{}", libraries.display()));
        } else {
            compiler.arg("-c");
        }
        assert!(compiler.status().unwrap().success(), "{}", page.path);
        if is_whole {
            let output = Command::new(&program)
                .args([&format!("{}/", server.origin), "https://api.example/", &authorization])
                .output()
                .unwrap();
            assert!(output.status.success(), "{}: {output:?}", page.path);
        }
    }
}

/// Returns the header of a library that `block` needs besides this one.
fn library(block: &str) -> Option<&'static str> {
    ["uv.h", "ngx_http.h"].into_iter().find(|header| block.contains(&format!("#include <{header}>")))
}

#[test]
fn every_c_block_for_another_library_compiles() {
    let nginx = nginx_flags();
    let mut count = 0;
    for page in pages() {
        for (number, block) in page.blocks("c").into_iter().enumerate() {
            let Some(header) = library(block) else { continue };
            count += 1;
            let (flags, remedy) = match header {
                "uv.h" => (&[][..], "apt-get install libuv1-dev"),
                _ => (&nginx[..], "apt-get install nginx-dev"),
            };
            let flags: Vec<_> = flags.iter().map(String::as_str).collect();
            if !tool::has_header(header, &flags, remedy) {
                continue;
            }
            let source = folder("c").join(format!("{}-{number}.c", page.name()));
            fs::write(&source, block).unwrap();
            let status = Command::new("cc")
                .args(["-std=gnu99", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"])
                .args(&flags)
                .arg(format!("-I{ROOT}/include"))
                .arg(&source)
                .status();
            assert!(status.unwrap().success(), "{}, for {header}", page.path);
        }
    }
    assert_eq!(count, 2, "blocks for libuv and nginx");
}

/// Returns the flags to compile a module of nginx. Debian installs its sources, and the script
/// `configure` writes two headers that modules include.
fn nginx_flags() -> Vec<String> {
    let installed = Path::new("/usr/share/nginx/src");
    let source = folder("nginx").join("src");
    if installed.is_dir() && !source.join("objs/ngx_auto_config.h").exists() {
        let script = "rm -rf \"$1\" && cp -r \"$0\" \"$1\" && cd \"$1\" \
                      && ./configure --without-http_rewrite_module --without-http_gzip_module";
        let output = Command::new("sh").args(["-c", script]).args([installed, &source]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let folders = ["objs", "src/core", "src/event", "src/event/modules", "src/http", "src/os/unix"];
    let mut flags: Vec<_> =
        folders.iter().map(|folder| format!("-isystem{}", source.join(folder).display())).collect();
    flags.push(format!("-isystem{}", source.join("src/http/modules").display()));
    flags
}

/// Addresses in the commands. The test replaces each with the address of the issuer on loopback.
const ADDRESSES: [&str; 3] = ["https://idp.example", "https://master.mesos", "http://localhost:8101"];

/// Starts an issuer. Returns it, and a folder with the files that the commands read.
fn issuer(name: &str) -> (Server, PathBuf) {
    let key = signer::Key::load("rsa-2048-a");
    let jwk = Jwk::from_der(&key.public_der()).unwrap().with_kid("2026-11").unwrap();
    let keys = format!("{{\"keys\":[{}]}}", jwk.with_algorithm(Algorithm::Rs256).unwrap().to_json());
    let document = fs::read_to_string(format!("{ROOT}/tests/data/document_jwks.json")).unwrap();
    let document_token = fs::read_to_string(format!("{ROOT}/tests/data/document_token.txt")).unwrap();

    let server = Server::saying(Reply::status(404));
    let origin = server.origin.clone();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let sign = |claims: String| key.token(Algorithm::Rs256, r#"{"alg":"RS256","kid":"2026-11"}"#, claims);
    let token = sign(format!(
        r#"{{"iss":"{origin}/","sub":"peter","aud":"https://api.example/","exp":{}}}"#,
        now + 3600
    ));
    let own_token = sign(format!(r#"{{"uid":"orders","exp":{}}}"#, now + 3600));

    let folder = folder(name);
    let link = folder.join("tests");
    if !link.exists() {
        std::os::unix::fs::symlink(format!("{ROOT}/tests"), link).unwrap();
    }
    let secret = serde_json::json!({
        "uid": "orders",
        "private_key": fs::read_to_string(format!("{ROOT}/tests/data/keys/rsa-2048-a.pem")).unwrap(),
        "login_endpoint": format!("{origin}/acs/api/v1/auth/login"),
    });
    for (name, text) in [
        ("token.txt", token.as_str()),
        ("jwks.json", &keys),
        ("dcos-jwks.json", &document),
        ("dcos-token.txt", &document_token),
        ("client-secret.txt", "secret"),
        ("service-account.json", &secret.to_string()),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    server.behave(move |request| {
        Reply::json(match request.path.as_str() {
            "/.well-known/openid-configuration" => {
                format!(r#"{{"issuer":"{origin}/","jwks_uri":"{origin}/jwks"}}"#)
            }
            "/jwks" => keys.clone(),
            "/acs/api/v1/auth/jwks" => document.clone(),
            "/acs/api/v1/auth/login" => format!(r#"{{"token":"{own_token}"}}"#),
            "/token" => r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","expires_in":3600}"#.to_owned(),
            path => panic!("the issuer has no response for {path}"),
        })
    });
    (server, folder)
}

/// Replaces each time in `text` with `TIME`, and cuts a line after a time that is followed by ` (`:
/// these parts differ from run to run.
fn without_times(text: &str) -> String {
    let is_time = |word: &str| word.len() == 20 && word.ends_with('Z') && word.contains('T');
    let line = |line: &str| {
        let words: Vec<_> = line.split(' ').map(|word| if is_time(word) { "TIME" } else { word }).collect();
        let line = words.join(" ");
        line.find("TIME (").map_or(line.clone(), |i| line[..i + 4].to_owned())
    };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(feature = "cli")]
#[test]
fn every_command_prints_the_output_on_the_page() {
    let (server, folder) = issuer("console");
    let program = Path::new(env!("CARGO_BIN_EXE_bouncer-verify"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut count = 0;
    for page in pages() {
        for block in page.blocks("console") {
            for shown in format!("\n{block}").split("\n$ ").skip(1) {
                // A line that ends with a backslash continues the command on the next line.
                let lines = shown.split('\n').take_while(|line| line.ends_with('\\')).count() + 1;
                let command: Vec<_> = shown.split('\n').take(lines).collect();
                let expected: Vec<_> = shown.split('\n').skip(lines).collect();
                let mut command = command.join("\n");
                let mut address = ADDRESSES[0];
                for known in ADDRESSES {
                    if command.contains(known) {
                        address = known;
                    }
                    command = command.replace(known, &server.origin);
                }
                let output = Command::new("sh")
                    .args(["-c", &format!("exec 2>&1\n{command}")])
                    .env("PATH", &path)
                    .current_dir(&folder)
                    .output()
                    .unwrap();
                let printed = String::from_utf8(output.stdout).unwrap().replace(&server.origin, address);
                assert_eq!(
                    without_times(&printed),
                    without_times(&expected.join("\n")),
                    "{}: {command}",
                    page.path
                );
                count += 1;
            }
        }
    }
    assert!(count >= 5, "only {count} commands found");
}
