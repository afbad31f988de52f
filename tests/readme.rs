//! The README is right: its C block runs, and its lists are complete. Its blocks of C++, Go and
//! Python are blocks of the bindings' own READMEs, whose tests run them. `tests/guide.rs` runs the
//! other blocks.

#[cfg(feature = "remote")]
#[path = "support/c_library.rs"]
mod c_library;

use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn readme() -> String {
    std::fs::read_to_string(format!("{ROOT}/README.md")).unwrap()
}

/// The code blocks of a language.
fn blocks<'a>(readme: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    readme.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

#[test]
fn the_blocks_of_the_bindings_are_run_by_the_bindings() {
    let readme = readme();
    for (language, folder) in [("cpp", "bindings/cpp"), ("go", "bindings/go"), ("python", "python")] {
        let own = std::fs::read_to_string(format!("{ROOT}/{folder}/README.md")).unwrap();
        let own = blocks(&own, language);
        let quoted = blocks(&readme, language);
        assert!(!quoted.is_empty() && quoted.iter().all(|block| own.contains(block)), "{language}");
    }
}

#[cfg(feature = "remote")]
#[test]
fn the_c_block_compiles_and_runs() {
    let readme = readme();
    let [block] = blocks(&readme, "c")[..] else { panic!("one C block") };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let source = folder.join("readme.c");
    let main = r#"
int main(void)
{
    bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_POLICY);
    bouncer_policy *policy = NULL;
    bouncer_settings_set(settings, BOUNCER_POLICY_PROFILE, BOUNCER_TEXT("dcos"));
    if (bouncer_policy_new(settings, &policy, NULL) != BOUNCER_STATUS_OK) {
        return 2;
    }
    bouncer_settings_free(settings);
    static char json[65536];
    FILE *file = fopen(DATA "/document_jwks.json", "rb");
    size_t len = fread(json, 1, sizeof json, file);
    bouncer_jwks *jwks = NULL;
    return fclose(file) == 0 && bouncer_jwks_load(json, len, &jwks, NULL) == BOUNCER_STATUS_OK
        && who_is_it(jwks, policy, "Bearer a.b.c") == 401 && who_is_it(jwks, NULL, "Basic x") == 401
        && who_is_it(jwks, NULL, "Bearer a.b.c") == 500 ? (bouncer_jwks_free(jwks), bouncer_policy_free(policy), 0) : 1;
}
"#;
    std::fs::write(&source, format!("{block}\n{main}")).unwrap();
    let libraries = c_library::folder();
    let program = folder.join("readme");
    let status = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .arg(format!("-DDATA=\"{ROOT}/tests/data\""))
        .arg(format!("-I{ROOT}/include"))
        .arg(&source)
        .arg("-o")
        .arg(&program)
        .arg(format!("-L{}", libraries.display()))
        .arg(format!("-Wl,-rpath,{}", libraries.display()))
        .arg("-lbouncer_verify")
        .status()
        .unwrap();
    assert!(status.success());
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn the_blocks_of_the_page_on_c_compile() {
    let page = std::fs::read_to_string(format!("{ROOT}/bindings/c/README.md")).unwrap();
    let blocks = blocks(&page, "c");
    assert!(blocks.len() >= 4, "{} blocks", blocks.len());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let source = folder.join("c_readme.c");
    std::fs::write(&source, blocks.join("\n\n") + "\n").unwrap();
    let status = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c"])
        .arg(format!("-I{ROOT}/include"))
        .arg(&source)
        .arg("-o")
        .arg(folder.join("c_readme.o"))
        .status()
        .unwrap();
    assert!(status.success());
}

#[cfg(feature = "remote")]
#[test]
fn the_page_on_c_names_every_function() {
    let header = std::fs::read_to_string(format!("{ROOT}/include/bouncer_verify.h")).unwrap();
    // The table of handles is in one of them.
    let page = readme() + &std::fs::read_to_string(format!("{ROOT}/bindings/c/README.md")).unwrap();
    let functions = header.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let functions =
        functions.filter(|word| word.starts_with("bouncer_") && header.contains(&format!("{word}(")));
    for function in functions.filter(|function| !function.ends_with("_free")) {
        let mut methods = [
            "jwks",
            "jwk",
            "policy",
            "token",
            "verifier",
            "batch",
            "error",
            "settings",
            "stats",
            "remote_jwks",
            "renewer",
            "own_token",
        ]
        .iter()
        .filter_map(|noun| function.strip_prefix(&format!("bouncer_{noun}")));
        let named = page.contains(&format!("`{function}`"))
            || methods.any(|method| page.contains(&format!("`{method}`")));
        assert!(named, "no page on C names {function}");
    }
}

#[test]
fn the_corpus_has_the_number_of_cases_that_is_claimed() {
    let files =
        std::fs::read_dir(format!("{ROOT}/tests/conformance")).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let count: usize =
        files.map(|path| std::fs::read_to_string(path).unwrap().matches("\"expect\"").count()).sum();
    let readme = readme();
    let claimed = readme.split("of more than ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    let claimed: usize = claimed.parse().unwrap();
    assert!((claimed..claimed + 500).contains(&count), "the corpus has {count} cases");
}
