//! The cases of the corpus. README.md in this folder explains their members.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[allow(dead_code, reason = "for people")]
    class: String,
    #[allow(dead_code, reason = "for people")]
    about: String,
    jwks: BTreeMap<String, String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub id: String,
    #[allow(dead_code, reason = "for people")]
    why: String,
    /// The key set document. In the file, this is its name.
    pub jwks: String,
    /// The settings of the policy, as a document. The default is the profile of DC/OS.
    #[serde(default = "dcos")]
    pub policy: Box<RawValue>,
    pub time: i64,
    token: Option<String>,
    token_hex: Option<String>,
    pub expect: Expect,
}

impl Case {
    pub fn token(&self) -> Vec<u8> {
        match (&self.token, &self.token_hex) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(hex)) => {
                let octet = |i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
                (0..hex.len()).step_by(2).map(octet).collect()
            }
            _ => panic!("{}: token or token_hex", self.id),
        }
    }
}

fn dcos() -> Box<RawValue> {
    RawValue::from_string(r#"{"profile": "dcos"}"#.to_owned()).unwrap()
}

/// The result that a case expects, or that a runner found.
#[derive(Deserialize, Debug, PartialEq, Default, Clone)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    pub status: String,
    pub claim: Option<String>,
    pub claims: Option<serde_json::Value>,
    pub uid: Option<String>,
    pub identity: Option<String>,
    pub scopes: Option<Vec<String>>,
    pub kid: Option<String>,
    pub alg: Option<String>,
    pub paths: Option<Paths>,
    pub keys: Option<usize>,
    pub skipped: Option<Vec<(usize, String)>>,
}

/// The JSON texts of claims by their names, which may be paths. `None` if there is no such claim.
pub type Paths = BTreeMap<String, Option<String>>;

/// Returns every case of every file.
pub fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let file: File = serde_json::from_str(&std::fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        all.extend(file.cases.into_iter().map(|case| Case { jwks: file.jwks[&case.jwks].clone(), ..case }));
    }
    assert!(all.len() >= 250, "the corpus has {} cases", all.len());
    all
}

/// Runs every case, and fails with a list of the cases whose result differs.
pub fn assert_verdicts(runner: &str, mut verify: impl FnMut(&Case) -> Expect) {
    let cases = all();
    let differing: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let mut found = verify(case);
            // The content of the key set is compared only if the case expects one.
            if case.expect.keys.is_none() {
                found.keys = None;
            }
            if case.expect.skipped.is_none() {
                found.skipped = None;
            }
            let expected = &case.expect;
            (found != *expected).then(|| format!("{}: expected {expected:?}\n    found {found:?}", case.id))
        })
        .collect();
    assert!(differing.is_empty(), "{runner}: {} cases differ\n{}", differing.len(), differing.join("\n"));
    println!("{runner}: {} cases agree", cases.len());
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigurationFile {
    #[allow(dead_code, reason = "for people")]
    class: String,
    #[allow(dead_code, reason = "for people")]
    about: String,
    configurations: BTreeMap<String, String>,
    cases: Vec<Configured>,
}

/// A case with a configuration document of a verifier.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configured {
    pub id: String,
    #[allow(dead_code, reason = "for people")]
    why: String,
    /// The document. In the file, this is its name.
    pub configuration: String,
    /// Absent if the document is rejected.
    pub token: Option<String>,
    pub expect: Expect,
}

/// Returns every case of every file in the folder `configuration`.
pub fn all_configured() -> Vec<Configured> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/configuration");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let file: ConfigurationFile = serde_json::from_str(&text).unwrap();
        let named = |case: Configured| {
            let configuration = file.configurations[&case.configuration].clone();
            Configured { configuration, ..case }
        };
        all.extend(file.cases.into_iter().map(named));
    }
    assert!(all.len() >= 60, "the corpus has {} configurations", all.len());
    all
}

/// Runs every case with a configuration. Compares only what the case expects.
pub fn assert_configured(runner: &str, mut verify: impl FnMut(&str, &str) -> Expect) {
    let cases = all_configured();
    for case in &cases {
        let found = verify(&case.configuration, case.token.as_deref().unwrap_or_default());
        let Expect { status, claim, claims, .. } = found;
        let found = Expect { status, claim, claims, ..Expect::default() };
        assert_eq!(found, case.expect, "{runner}: {}", case.id);
    }
    println!("{runner}: {} configurations agree", cases.len());
}
