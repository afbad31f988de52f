//! Checks the entries of the setting "accept": an issuer's keys with the policy for its tokens.

use super::fault::Fault;
use super::settings::{Accept, AcceptSettings, Settings};
use super::value::Value;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::jwk_set::JwkSet;
use crate::keys::load_options::LoadOptions;
#[cfg(feature = "remote")]
use crate::remote::jwks::remote_jwk_set_builder::RemoteJwkSetBuilder;
use crate::verify::entry::Configured;
use crate::verify::policy::Policy;
use crate::verify::verifier::DraftEntry;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

/// The placeholder in an entry's settings that "tenants" replaces.
const TENANT: &str = "{tenant}";

/// An entry that a verifier will have.
pub(super) enum Planned {
    /// It has its keys.
    Ready(DraftEntry),
    /// Its settings are valid, and its keys are not made yet.
    Valid(Box<ValidEntry>),
}

/// An entry of a document whose settings are valid.
pub(super) struct ValidEntry {
    pub(super) entry: AcceptSettings,
    pub(super) policy: Policy,
    /// The JWK Set that the entry contains or names.
    pub(super) jwk_set: Option<Vec<u8>>,
    pub(super) configured: Configured,
}

impl Settings {
    /// Returns the path of each entry of the setting "accept", and the entry or why it is not
    /// valid. Reads the files of keys, and fetches nothing.
    pub(super) fn planned(&self) -> Vec<(String, Result<Planned>)> {
        let (mut all, mut files) = (Vec::new(), Vec::new());
        for (index, accept) in self.accept.iter().enumerate() {
            let path = format!("accept[{index}]");
            match accept {
                Accept::Made(keys, policy) => {
                    all.push((path, Ok(Planned::Ready(DraftEntry::New(keys.clone(), policy.clone(), None)))));
                }
                Accept::Configured(entry) => match entry.of_each_tenant() {
                    Err(fault) => all.push((path.clone(), Err(Error::from(fault).within(&path)))),
                    Ok(entries) => all.extend(entries.into_iter().map(|entry| {
                        let valid = entry
                            .check_last_good_file(&mut files, &path)
                            .map_err(Error::from)
                            .and_then(|()| entry.valid())
                            .map_err(|error| error.within(&path));
                        (path.clone(), valid.map(|valid| Planned::Valid(Box::new(valid))))
                    })),
                },
            }
        }
        all
    }
}

impl AcceptSettings {
    /// Returns the entry with each tenant in place of the placeholder. There is one entry for each
    /// tenant, unless all tenants have the same keys.
    fn of_each_tenant(&self) -> Result<Vec<Self>, Fault> {
        let issuers = self.policy.texts("issuers");
        let (template, others): (Vec<_>, Vec<_>) =
            issuers.into_iter().partition(|issuer| issuer.contains(TENANT));
        if self.tenants.is_empty() && !template.is_empty() {
            let detail = format!("it is missing: it lists the values of the placeholder \"{TENANT}\"");
            return Err(Fault::at("tenants", detail));
        }
        if self.tenants.is_empty() {
            return Ok(vec![self.clone()]);
        }
        if template.is_empty() {
            return Err(Fault::at("tenants", format!("no issuer contains \"{TENANT}\"")));
        }
        if self.has_keys_of_each_tenant() {
            self.check_seed()?;
            return Ok(self.tenants.iter().map(|tenant| self.of_tenant(tenant)).collect());
        }
        let of_tenants = self
            .tenants
            .iter()
            .flat_map(|tenant| template.iter().map(move |issuer| issuer.replace(TENANT, tenant)));
        let issuers: Vec<String> = others.into_iter().map(str::to_owned).chain(of_tenants).collect();
        let mut one = Self { tenants: Vec::new(), ..self.clone() };
        one.policy.set_texts("issuers", &issuers);
        Ok(vec![one])
    }

    fn of_tenant(&self, tenant: &str) -> Self {
        let mut one = Self { tenants: Vec::new(), ..self.clone() };
        let replace = |text: &str| text.replace(TENANT, tenant);
        one.policy.change_texts("issuers", replace);
        one.file = one.file.as_deref().map(replace);
        for name in OF_TENANT {
            one.keys.change_texts(name, replace);
        }
        one
    }

    fn has_keys_of_each_tenant(&self) -> bool {
        let is_of_tenant = |text: &str| text.contains(TENANT);
        self.file.as_deref().is_some_and(is_of_tenant)
            || OF_TENANT.iter().any(|name| self.keys.text(name).is_some_and(is_of_tenant))
            || self.is_discovered()
    }

    /// Returns whether the issuer's metadata contains the URL of its keys.
    fn is_discovered(&self) -> bool {
        let is_set = |name| self.keys.is_set(name);
        self.jwks.is_none() && self.file.is_none() && !is_set("url") && !is_set("discover")
    }

    /// Checks that tenants with their own keys do not start with the same keys.
    fn check_seed(&self) -> Result<(), Fault> {
        let detail = "each tenant has its own keys, so they cannot start with the same ones";
        if self.keys.is_set("seed") { Err(Fault::at("keys.seed", detail)) } else { Ok(()) }
    }

    /// Checks that no two entries write the same file.
    fn check_last_good_file(&self, files: &mut Vec<(String, String)>, path: &str) -> Result<(), Fault> {
        let Some(file) = self.keys.text("last_good_file") else { return Ok(()) };
        if let Some((_, other)) = files.iter().find(|(used, _)| used == file) {
            let detail = format!("{other} uses the same file: give each entry its own");
            return Err(Fault::at("keys.last_good_file", detail));
        }
        files.push((file.to_owned(), path.to_owned()));
        Ok(())
    }

    /// Checks the settings, and reads the file of keys.
    fn valid(self) -> Result<ValidEntry> {
        let policy = Policy::from_settings(&self.policy)?;
        policy.check()?;
        let jwk_set = self.jwk_set_document().map_err(|error| error.within("keys"))?;
        let configured = Configured {
            keys: self.configured_keys(jwk_set.as_deref()).into(),
            policy: self.policy.document().into(),
        };
        Ok(ValidEntry { entry: self, policy, jwk_set, configured })
    }

    /// Returns the text that stands for the keys. If it does not change, the keys do not change.
    fn configured_keys(&self, document: Option<&[u8]>) -> String {
        let mut entry = self.document();
        let mut text = entry.get_mut("keys").map(serde_json::Value::take).unwrap_or_default().to_string();
        match document {
            Some(document) => {
                Sha256::digest(document).iter().for_each(|byte| text += &format!("{byte:02x}"));
            }
            // The URL of the keys is in the metadata of the issuer.
            None if self.is_discovered() => text += &self.policy.texts("issuers").join(" "),
            None => {}
        }
        text
    }

    /// Returns the JWK Set that the entry contains or names.
    pub(super) fn jwk_set_document(&self) -> Result<Option<Vec<u8>>> {
        match (&self.jwks, &self.file) {
            (Some(_), Some(_)) => Err(Fault::at("file", "it cannot be combined with \"jwks\"").into()),
            (Some(jwks), None) => Ok(Some(jwks.clone().into_bytes())),
            (None, Some(file)) => {
                let options = self.load_options()?;
                read_file(file, options.max_document_len).map(Some)
            }
            (None, None) => Ok(None),
        }
    }

    /// Reads a JWK Set that is not fetched.
    pub(super) fn fixed_keys(&self, document: &[u8]) -> Result<Arc<JwkSet>> {
        let options = self.load_options()?;
        let name = if self.jwks.is_some() { "jwks" } else { "file" };
        let jwks = JwkSet::load(document, &options).map_err(|error| super::fault::at(name, &error))?;
        Ok(Arc::new(jwks))
    }

    #[cfg(feature = "remote")]
    pub(super) fn remote_keys(&self, policy: &Policy) -> Result<RemoteJwkSetBuilder> {
        let mut keys = self.keys.clone();
        if self.is_discovered() {
            let Some(issuer) = policy.single_issuer() else {
                let detail = "none of url, discover, jwks and file is set. Keys are discovered only for an \
                              entry with exactly one issuer, without a placeholder";
                return Err(Error::about(ErrorKind::InvalidArgument, "url", detail));
            };
            keys.set("discover", issuer)?;
        }
        RemoteJwkSetBuilder::from_settings(&keys)
    }

    /// Returns the options for a JWK Set that is not fetched.
    fn load_options(&self) -> Result<LoadOptions> {
        let mut entries = self.keys.entries.iter().map(|entry| entry.setting.name);
        if let Some(name) = entries.find(|name| !OF_JWK_SET.contains(name)) {
            let source = if self.jwks.is_some() { "jwks" } else { "file" };
            return Err(Fault::at(name, format!("it cannot be combined with \"{source}\"")).into());
        }
        #[cfg(feature = "remote")]
        return RemoteJwkSetBuilder::load_options(&self.keys);
        #[cfg(not(feature = "remote"))]
        Ok(LoadOptions::new())
    }
}

/// The settings of keys in which the placeholder is replaced.
const OF_TENANT: [&str; 3] = ["url", "discover", "last_good_file"];
/// The settings that also apply to a JWK Set that is not fetched.
const OF_JWK_SET: [&str; 5] = ["backend", "key_uses", "max_document_len", "max_keys", "max_table_memory"];

fn read_file(path: &str, max_len: usize) -> Result<Vec<u8>> {
    let mut document = Vec::new();
    let read = File::open(path).and_then(|file| file.take(max_len as u64 + 1).read_to_end(&mut document));
    let error = |detail| Error::about(ErrorKind::InvalidArgument, "file", "").with_detail(detail);
    match read {
        Err(why) => Err(error(format!("{path}: {why}"))),
        Ok(len) if len > max_len => Err(error(format!("{path} is over {max_len} bytes"))),
        Ok(_) => Ok(document),
    }
}

impl Settings {
    /// Returns the texts that the list `name` is set to.
    fn texts(&self, name: &str) -> Vec<&str> {
        let own = self.entries.iter().filter(|entry| entry.setting.name == name);
        own.filter_map(|entry| match &entry.value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
    }

    fn change_texts(&mut self, name: &str, change: impl Fn(&str) -> String) {
        for entry in self.entries.iter_mut().filter(|entry| entry.setting.name == name) {
            if let Value::Text(text) = &mut entry.value {
                *text = change(text).into();
            }
        }
    }

    fn set_texts(&mut self, name: &str, texts: &[String]) {
        self.entries.retain(|entry| entry.setting.name != name);
        texts.iter().for_each(|text| drop(self.add(name, text)));
    }
}
