//! A case, a policy and a file of cases as values, and their JSON text.
//!
//! This module writes the JSON objects itself, so their form does not depend on the features of a
//! dependency. `serde_json` writes the strings. The text of an expected Claims Set is written
//! unchanged.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

/// The default time of a case.
pub(crate) const NOW: i64 = 1_700_000_000;
/// A Claims Set with the claims of Bouncer's tokens. It is valid at `NOW`.
pub(crate) const CLAIMS: &str = r#"{"uid":"peter","exp":1700003600}"#;

/// The root of the repository. `BOUNCER_ROOT` overrides it if the test was built in another
/// folder.
pub(crate) fn root() -> PathBuf {
    std::env::var_os("BOUNCER_ROOT").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

/// A string as JSON text.
pub(crate) fn quote(text: &str) -> String {
    serde_json::to_string(text).expect("a string is JSON")
}

fn quote_all(texts: &[&str]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// A policy's settings, as a document.
#[derive(Clone)]
pub(crate) struct Policy(Vec<(&'static str, String)>);

impl Policy {
    pub(crate) fn dcos() -> Policy {
        Policy(Vec::new()).with("profile", quote("dcos"))
    }

    pub(crate) fn any_issuer() -> Policy {
        Policy(Vec::new()).with("any_issuer", "true".to_owned())
    }

    /// One issuer and no audience. A token with `aud` is rejected.
    pub(crate) fn issuer_alone(issuer: &str) -> Policy {
        Policy(Vec::new()).with("issuers", quote_all(&[issuer]))
    }

    pub(crate) fn issuer(issuer: &str, audience: &str) -> Policy {
        Policy::issuer_alone(issuer).audiences(&[audience])
    }

    /// Sets a member to JSON text, and replaces an earlier value.
    pub(crate) fn with(mut self, name: &'static str, json: String) -> Policy {
        self.0.retain(|(other, _)| *other != name);
        self.0.push((name, json));
        self
    }

    pub(crate) fn issuers(self, issuers: &[&str]) -> Policy {
        self.with("issuers", quote_all(issuers))
    }

    pub(crate) fn audiences(self, audiences: &[&str]) -> Policy {
        self.with("audiences", quote_all(audiences))
    }

    pub(crate) fn any_audience(self) -> Policy {
        self.with("any_audience", "true".to_owned())
    }

    pub(crate) fn algorithms(self, algorithms: &[&str]) -> Policy {
        self.with("algorithms", quote_all(algorithms))
    }

    pub(crate) fn leeway(self, seconds: u32) -> Policy {
        self.with("leeway", format!("\"{seconds}s\""))
    }

    pub(crate) fn optional_exp(self) -> Policy {
        self.with("optional_exp", "true".to_owned())
    }

    pub(crate) fn required_claims(self, claims: &[&str]) -> Policy {
        self.with("required_claims", quote_all(claims))
    }

    pub(crate) fn required_string_claims(self, claims: &[&str]) -> Policy {
        self.with("required_string_claims", quote_all(claims))
    }

    /// Sets the texts of one member of a setting that is a map. Replaces its other members.
    pub(crate) fn claim_rule(self, setting: &'static str, claim: &str, texts: &[&str]) -> Policy {
        self.with(setting, format!("{{ {}: {} }}", quote(claim), quote_all(texts)))
    }

    pub(crate) fn access_token() -> Policy {
        Policy::issuer("https://idp.example/", "https://api.example/").with("profile", quote("access_token"))
    }

    pub(crate) fn identity_claim(self, claim: &str) -> Policy {
        self.with("identity_claim", quote(claim))
    }

    pub(crate) fn scope_claims(self, claims: &[&str]) -> Policy {
        self.with("scope_claims", quote_all(claims))
    }

    pub(crate) fn required_scopes(self, scopes: &[&str]) -> Policy {
        self.with("required_scopes", quote_all(scopes))
    }

    pub(crate) fn token_type(self, token_type: &str) -> Policy {
        self.with("token_type", quote(token_type))
    }

    pub(crate) fn max_token_len(self, bytes: usize) -> Policy {
        self.with("max_token_len", bytes.to_string())
    }

    fn json(&self) -> String {
        object(&self.0)
    }

    fn member(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| *other == name).map(|(_, json)| json.as_str())
    }
}

fn object<N: AsRef<str>>(members: &[(N, String)]) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, json)| format!("{}: {json}", quote(name.as_ref()))).collect();
    format!("{{ {} }}", members.join(", "))
}

enum KeySet {
    Named(&'static str),
    Own(String),
}

pub(crate) struct Case {
    pub(crate) id: String,
    why: String,
    key_set: KeySet,
    policy: Option<Policy>,
    time: i64,
    token: Vec<u8>,
    alg: &'static str,
    kid: Option<String>,
    pub(crate) status: &'static str,
    claim: Option<String>,
    claims: Option<String>,
    identity: Option<String>,
    scopes: Option<Vec<String>>,
    paths: Vec<(String, Option<String>)>,
    usable: Option<usize>,
    pub(crate) skipped: Option<Vec<(usize, &'static str)>>,
}

/// A case with the key set `rsa` of its file, the profile dcos and the time `NOW`.
pub(crate) fn case(id: impl Into<String>, why: impl Into<String>) -> Case {
    Case {
        id: id.into(),
        why: why.into(),
        key_set: KeySet::Named("rsa"),
        policy: None,
        time: NOW,
        token: Vec::new(),
        alg: "RS256",
        kid: None,
        status: "",
        claim: None,
        claims: None,
        identity: None,
        scopes: None,
        paths: Vec::new(),
        usable: None,
        skipped: None,
    }
}

impl Case {
    /// Uses a key set of the file.
    pub(crate) fn keys(mut self, name: &'static str) -> Case {
        self.key_set = KeySet::Named(name);
        self
    }

    /// Uses a key set for this case only. Its name in the file is the id of the case.
    pub(crate) fn own_keys(mut self, text: impl Into<String>) -> Case {
        self.key_set = KeySet::Own(text.into());
        self
    }

    pub(crate) fn policy(mut self, policy: Policy) -> Case {
        self.policy = Some(policy);
        self
    }

    pub(crate) fn time(mut self, time: i64) -> Case {
        self.time = time;
        self
    }

    pub(crate) fn token(mut self, token: impl Into<Vec<u8>>) -> Case {
        self.token = token.into();
        self
    }

    /// Sets the expected `kid`: the `kid` of the JWK that verifies the token.
    pub(crate) fn kid(mut self, kid: &str) -> Case {
        self.kid = Some(kid.to_owned());
        self
    }

    /// Sets the expected algorithm. The default is RS256.
    pub(crate) fn alg(mut self, alg: &'static str) -> Case {
        self.alg = alg;
        self
    }

    /// Sets the expected identity, for a policy with `identity_claim`.
    pub(crate) fn identity(mut self, identity: &str) -> Case {
        self.identity = Some(identity.to_owned());
        self
    }

    /// Sets the expected scopes, for a policy with `scope_claims`.
    pub(crate) fn scopes(mut self, scopes: &[&str]) -> Case {
        self.scopes = Some(scopes.iter().map(|scope| (*scope).to_owned()).collect());
        self
    }

    /// Sets names of claims, each with the JSON text that an accessor must return, or `None` if it
    /// must find no claim.
    pub(crate) fn paths(mut self, paths: &[(&str, Option<&str>)]) -> Case {
        let owned = |(path, text): &(&str, Option<&str>)| ((*path).to_owned(), text.map(str::to_owned));
        self.paths = paths.iter().map(owned).collect();
        self
    }

    /// Returns the expected identity. If the policy names no claim, it is `uid` with the profile
    /// dcos, and otherwise `sub`.
    fn expected_identity(&self, claims: &serde_json::Value) -> Option<String> {
        let is_named = self.policy.as_ref().is_some_and(|policy| policy.member("identity_claim").is_some());
        assert_eq!(is_named, self.identity.is_some(), "{}: the identity claim", self.id);
        let profile = self.policy.as_ref().map_or(Some("\"dcos\""), |policy| policy.member("profile"));
        let claim = if profile == Some("\"dcos\"") { "uid" } else { "sub" };
        let default = || claims[claim].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        self.identity.clone().or_else(default)
    }

    /// Returns the expected scopes. If the policy names no claims, they are those of `scope` and
    /// `scp`.
    fn expected_scopes(&self, claims: &serde_json::Value) -> Vec<String> {
        let are_named = self.policy.as_ref().is_some_and(|policy| policy.member("scope_claims").is_some());
        assert_eq!(are_named, self.scopes.is_some(), "{}: the scope claims", self.id);
        let texts = |name: &str| match &claims[name] {
            serde_json::Value::String(text) => text.split(' ').map(str::to_owned).collect(),
            serde_json::Value::Array(items) => {
                let texts: Option<Vec<String>> =
                    items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
                texts.unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let default = || ["scope", "scp"].into_iter().flat_map(texts).filter(|scope| !scope.is_empty());
        self.scopes.clone().unwrap_or_else(|| default().collect())
    }

    /// Sets the expected result of loading the key set.
    pub(crate) fn loads(mut self, usable: usize, skipped: &[(usize, &'static str)]) -> Case {
        self.usable = Some(usable);
        self.skipped = Some(skipped.to_vec());
        self
    }

    pub(crate) fn ok(mut self, claims: &str) -> Case {
        self.status = "ok";
        self.claims = Some(claims.to_owned());
        self
    }

    /// Expects a rejection with the usual name for this status, if there is one. For another claim
    /// or header parameter, use [`Case::rejected_naming`].
    pub(crate) fn rejected(mut self, status: &'static str) -> Case {
        self.status = status;
        self.claim = match status {
            "unsupported_algorithm" | "algorithm_not_allowed" => Some("alg".to_owned()),
            "wrong_token_type" => Some("typ".to_owned()),
            "expired" => Some("exp".to_owned()),
            "not_yet_valid" => Some("nbf".to_owned()),
            "wrong_issuer" => Some("iss".to_owned()),
            "wrong_audience" => Some("aud".to_owned()),
            "insufficient_scope" => Some("scope".to_owned()),
            _ => None,
        };
        self
    }

    /// Expects a rejection whose error names this claim or header parameter.
    pub(crate) fn rejected_naming(mut self, status: &'static str, name: &str) -> Case {
        self.status = status;
        self.claim = Some(name.to_owned());
        self
    }

    fn expect_json(&self) -> String {
        let mut members = vec![("status", quote(self.status))];
        if let Some(claim) = &self.claim {
            members.push(("claim", quote(claim)));
        }
        if let Some(claims) = &self.claims {
            let value: serde_json::Value =
                serde_json::from_str(claims).unwrap_or_else(|e| panic!("{}: {e}", self.id));
            members.push(("claims", claims.clone()));
            if let Some(uid) = value["uid"].as_str() {
                members.push(("uid", quote(uid)));
            }
            if let Some(identity) = self.expected_identity(&value) {
                members.push(("identity", quote(&identity)));
            }
            let scopes = self.expected_scopes(&value);
            if !scopes.is_empty() {
                let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
                members.push(("scopes", quote_all(&scopes)));
            }
            if let Some(kid) = &self.kid {
                members.push(("kid", quote(kid)));
            }
            members.push(("alg", quote(self.alg)));
        }
        if !self.paths.is_empty() {
            let text = |text: &Option<String>| text.as_deref().map_or("null".to_owned(), quote);
            let paths: Vec<_> = self.paths.iter().map(|(path, found)| (path, text(found))).collect();
            members.push(("paths", object(&paths)));
        }
        if let Some(usable) = self.usable {
            members.push(("keys", usable.to_string()));
        }
        if let Some(skipped) = &self.skipped {
            let list: Vec<String> =
                skipped.iter().map(|(index, reason)| format!("[{index}, {}]", quote(reason))).collect();
            members.push(("skipped", format!("[{}]", list.join(", "))));
        }
        object(&members)
    }

    fn write(&self, out: &mut String) {
        let key_set = match &self.key_set {
            KeySet::Named(name) => name,
            KeySet::Own(_) => self.id.as_str(),
        };
        let mut members = vec![("id", quote(&self.id)), ("why", quote(&self.why)), ("jwks", quote(key_set))];
        if let Some(policy) = &self.policy {
            members.push(("policy", policy.json()));
        }
        members.push(("time", self.time.to_string()));
        members.push(match str::from_utf8(&self.token) {
            Ok(text) => ("token", quote(text)),
            Err(_) => {
                let hex: String = self.token.iter().map(|b| format!("{b:02x}")).collect();
                ("token_hex", quote(&hex))
            }
        });
        members.push(("expect", self.expect_json()));
        write_members(out, "   ", &members);
    }
}

fn write_members<N: AsRef<str>>(out: &mut String, indent: &str, members: &[(N, String)]) {
    for (i, (name, json)) in members.iter().enumerate() {
        let comma = if i + 1 < members.len() { "," } else { "" };
        writeln!(out, "{indent}{}: {json}{comma}", quote(name.as_ref())).expect("writing to a string");
    }
}

/// One file of the corpus.
pub(crate) struct File {
    pub(crate) class: &'static str,
    about: &'static str,
    key_sets: Vec<(&'static str, String)>,
    pub(crate) cases: Vec<Case>,
}

impl File {
    pub(crate) fn new(class: &'static str, about: &'static str) -> File {
        File { class, about, key_sets: Vec::new(), cases: Vec::new() }
    }

    /// Adds a key set that several cases share.
    pub(crate) fn key_set(mut self, name: &'static str, text: impl Into<String>) -> File {
        self.key_sets.push((name, text.into()));
        self
    }

    pub(crate) fn cases(mut self, cases: impl IntoIterator<Item = Case>) -> File {
        self.cases.extend(cases);
        self
    }

    pub(crate) fn json(&self) -> String {
        let mut sets: Vec<(&str, String)> = Vec::new();
        for (name, text) in &self.key_sets {
            sets.push((name, quote(text)));
        }
        let known: BTreeSet<&str> = self.key_sets.iter().map(|(name, _)| *name).collect();
        let mut used = BTreeSet::new();
        for case in &self.cases {
            assert!(!case.status.is_empty(), "the case {} has no expected result", case.id);
            match &case.key_set {
                KeySet::Named(name) => {
                    assert!(known.contains(name), "{}: the file has no key set {name}", case.id);
                    used.insert(*name);
                }
                KeySet::Own(text) => sets.push((&case.id, quote(text))),
            }
        }
        assert_eq!(known, used, "key sets of {} that no case uses", self.class);

        let mut out = String::from("{\n");
        let head = [("class", quote(self.class)), ("about", quote(self.about))];
        for (name, json) in head {
            writeln!(out, " {}: {json},", quote(name)).expect("writing to a string");
        }
        out.push_str(" \"jwks\": {\n");
        write_members(&mut out, "  ", &sets);
        out.push_str(" },\n \"cases\": [\n");
        for (i, case) in self.cases.iter().enumerate() {
            out.push_str("  {\n");
            case.write(&mut out);
            out.push_str(if i + 1 < self.cases.len() { "  },\n" } else { "  }\n" });
        }
        out.push_str(" ]\n}\n");
        out
    }
}
