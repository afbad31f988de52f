//! Checks two claims: `bindings/c/README.md` names every C function except `*_free`, and the README
//! states the right number of conformance cases. `tests/guide.rs` runs the code of the README.

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn readme() -> String {
    std::fs::read_to_string(format!("{ROOT}/README.md")).unwrap()
}

#[cfg(feature = "remote")]
#[test]
fn the_page_on_c_names_every_function() {
    let header = std::fs::read_to_string(format!("{ROOT}/include/bouncer_verify.h")).unwrap();
    let page = std::fs::read_to_string(format!("{ROOT}/bindings/c/README.md")).unwrap();
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
            "watch",
        ]
        .iter()
        .filter_map(|noun| function.strip_prefix(&format!("bouncer_{noun}")));
        let named = page.contains(&format!("`{function}`"))
            || methods.any(|method| page.contains(&format!("`{method}`")));
        assert!(named, "bindings/c/README.md does not name {function}");
    }
}

#[test]
fn the_readme_states_the_right_number_of_conformance_cases() {
    let files =
        std::fs::read_dir(format!("{ROOT}/tests/conformance")).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let count: usize =
        files.map(|path| std::fs::read_to_string(path).unwrap().matches("\"expect\"").count()).sum();
    let readme = readme();
    let claimed = readme.split("More than ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    let claimed: usize = claimed.parse().unwrap();
    assert!((claimed..claimed + 500).contains(&count), "the corpus has {count} cases");
}
