//! Generates the conformance corpus, `tests/conformance/*.json`, and fails if the files are out of
//! date.
//!
//! `BLESS=1 cargo test --test corpus` writes them. The expected result of each case is written by
//! hand, according to `tests/conformance/README.md`. No verifier is involved.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use corpus::case::{File, root};

mod corpus {
    pub(crate) mod algorithm;
    pub(crate) mod case;
    pub(crate) mod claims;
    pub(crate) mod confusion;
    pub(crate) mod document;
    pub(crate) mod form;
    pub(crate) mod header;
    pub(crate) mod issuer_audience;
    pub(crate) mod key_selection;
    pub(crate) mod key_set;
    pub(crate) mod keys;
    pub(crate) mod order;
    pub(crate) mod published;
    pub(crate) mod required_claims;
    pub(crate) mod signature;
    pub(crate) mod signer;
    pub(crate) mod strict_json;
    pub(crate) mod time;
    pub(crate) mod token_type;
}

/// Every status of README.md except `ok`.
const REJECTIONS: [&str; 19] = [
    "malformed_jwk_set",
    "no_usable_key",
    "token_too_large",
    "malformed_token",
    "encrypted_token",
    "malformed_header",
    "unsupported_header",
    "unsupported_algorithm",
    "algorithm_not_allowed",
    "wrong_token_type",
    "no_matching_key",
    "invalid_signature",
    "malformed_claims",
    "missing_claim",
    "expired",
    "not_yet_valid",
    "wrong_issuer",
    "wrong_audience",
    "claim_not_allowed",
];

/// Every reason of README.md for a skipped key.
const REASONS: [&str; 15] = [
    "not_a_jwk",
    "symmetric",
    "private",
    "unsupported_key_type",
    "wrong_use",
    "unsupported_algorithm",
    "unsupported_curve",
    "algorithm_mismatch",
    "bad_encoding",
    "rsa_modulus_size",
    "rsa_modulus_even",
    "rsa_exponent",
    "rsa_roca",
    "bad_point",
    "over_limit",
];

fn files() -> Vec<File> {
    vec![
        corpus::document::file(),
        corpus::published::file(),
        corpus::form::file(),
        corpus::header::file(),
        corpus::strict_json::file(),
        corpus::algorithm::file(),
        corpus::confusion::file(),
        corpus::token_type::file(),
        corpus::key_selection::file(),
        corpus::key_set::file(),
        corpus::signature::file(),
        corpus::claims::file(),
        corpus::time::file(),
        corpus::issuer_audience::file(),
        corpus::required_claims::file(),
        corpus::order::file(),
    ]
}

#[test]
fn the_corpus_is_up_to_date() {
    let directory = root().join("tests/conformance");
    let written: BTreeMap<String, String> =
        files().iter().map(|file| (format!("{}.json", file.class), file.json())).collect();
    if std::env::var_os("BLESS").is_some() {
        for (name, text) in &written {
            fs::write(directory.join(name), text).expect("a file of the corpus");
        }
    }
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(&directory).expect("tests/conformance") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") {
            assert!(written.contains_key(&name), "{name} is not generated");
            found.insert(name);
        }
    }
    for (name, text) in &written {
        assert!(found.contains(name), "{name} is missing: BLESS=1 writes it");
        let file = fs::read_to_string(directory.join(name)).expect("a file of the corpus");
        assert!(file == *text, "{name} differs: BLESS=1 rewrites it");
    }
}

#[test]
fn every_status_and_every_reason_has_a_case() {
    let files = files();
    let readme = fs::read_to_string(root().join("tests/conformance/README.md")).expect("README.md");
    let mut ids = BTreeSet::new();
    let (mut statuses, mut reasons) = (BTreeSet::new(), BTreeSet::new());
    for case in files.iter().flat_map(|file| &file.cases) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(case.id.chars().all(plain), "the id {}", case.id);
        assert!(ids.insert(case.id.clone()), "two cases are called {}", case.id);
        statuses.insert(case.status);
        reasons.extend(case.skipped.iter().flatten().map(|(_, reason)| *reason));
    }
    assert!(ids.len() >= 250, "{} cases", ids.len());
    assert!(statuses.remove("ok"), "no case is accepted");
    assert_eq!(statuses, BTreeSet::from(REJECTIONS));
    assert_eq!(reasons, BTreeSet::from(REASONS));
    for name in statuses.union(&reasons) {
        assert!(readme.contains(&format!("`{name}`")), "{name} is not in the README");
    }
}
