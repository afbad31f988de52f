//! Makes verifiers from settings, and changes them by a reload.

use super::fault::Fault;
use super::kind::SettingsKind;
use super::settings::{Accept, AcceptSettings, Settings};
use super::value::Value;
use super::verifier::VERIFIER;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::jwk_set::JwkSet;
use crate::keys::load_options::LoadOptions;
#[cfg(feature = "remote")]
use crate::remote::jwks::remote_jwk_set::RemoteJwkSet;
#[cfg(feature = "remote")]
use crate::remote::jwks::remote_jwk_set_builder::RemoteJwkSetBuilder;
use crate::verify::entries::Entries;
use crate::verify::entry::{Configured, Entry};
use crate::verify::keys::Keys;
use crate::verify::policy::Policy;
use crate::verify::verifier::{Draft, DraftEntry, Verifier};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

/// The placeholder in an entry's settings that "tenants" replaces.
const TENANT: &str = "{tenant}";

impl Verifier {
    /// Makes a verifier from a configuration document.
    ///
    /// ```
    /// use bouncer_verify::Verifier;
    /// # let document = include_str!("../../tests/data/document_jwks.json");
    /// # let json = format!(r#"{{"accept": [{{"profile": "dcos", "keys": {{"jwks": {document}}}}}]}}"#);
    ///
    /// // {"accept": [{"profile": "dcos", "keys": {"jwks": {"keys": [...]}}}]}
    /// let verifier = Verifier::from_config(&json)?;
    ///
    /// let error = Verifier::from_config(r#"{"accept": [{"issuers": ["a"], "leeway": 5}]}"#).unwrap_err();
    /// assert_eq!(error.name(), Some("accept[0].leeway"));
    /// # Ok::<(), bouncer_verify::Error>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`Verifier::from_settings`].
    pub fn from_config(json: &str) -> Result<Self> {
        let mut settings = Settings::new(SettingsKind::Verifier);
        settings.load(json)?;
        Self::from_settings(&settings)
    }

    /// Makes a verifier from settings of [`SettingsKind::Verifier`]. Remote keys are fetched in the
    /// background, at once.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: an earlier change of the settings failed, or an entry is not
    /// valid. [`Error::name`] is the path of the setting, for example `accept[1].keys.max_stale`.
    /// [`ErrorKind::MalformedJwkSet`], [`ErrorKind::NoUsableKey`]: a JWK Set in the document or in
    /// a file is rejected.
    pub fn from_settings(settings: &Settings) -> Result<Self> {
        let drafts = Drafts::new(settings, None)?;
        let verifier = Self::of(drafts.entries, drafts.cache)?;
        #[cfg(feature = "remote")]
        drafts.to_start.iter().for_each(RemoteJwkSet::start);
        Ok(verifier)
    }

    /// Replaces all entries by those of a configuration document. See
    /// [`Verifier::reload_settings`].
    ///
    /// # Errors
    /// The same as [`Verifier::from_settings`]. The verifier is then unchanged.
    pub fn reload(&self, json: &str) -> Result<()> {
        let mut settings = Settings::new(SettingsKind::Verifier);
        settings.load(json)?;
        self.reload_settings(&settings)
    }

    /// Replaces all entries by those of the settings, for this verifier and its clones. The change
    /// is atomic: each verification uses the old entries or the new ones.
    ///
    /// An entry that is the same as before is kept, with its keys, its cached tokens and its
    /// counters. If only the policy of an entry differs, its keys are kept. Files of keys are read
    /// again. The cache gets the size that the settings name.
    ///
    /// # Errors
    /// The same as [`Verifier::from_settings`]. The verifier is then unchanged.
    pub fn reload_settings(&self, settings: &Settings) -> Result<()> {
        loop {
            let before = self.entries();
            let drafts = Drafts::new(settings, Some(&before))?;
            if self.replace(&before, drafts.entries, drafts.cache)? {
                #[cfg(feature = "remote")]
                {
                    drafts.to_start.iter().for_each(RemoteJwkSet::start);
                    close_removed(&before, &self.entries());
                }
                return Ok(());
            }
        }
    }
}

impl Settings {
    /// Appends an entry with keys and a policy that are made in code to the setting "accept".
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`]: an earlier change failed, or the settings are not of
    /// [`SettingsKind::Verifier`].
    pub fn accept(&mut self, keys: impl Into<Keys>, policy: Policy) -> Result<()> {
        let accept = Accept::Made(keys.into(), Box::new(policy));
        self.change(|settings| {
            settings.find("accept")?;
            settings.accept.push(accept);
            Ok(())
        })
    }
}

/// The entries of a verifier before it is made or reloaded.
struct Drafts {
    entries: Vec<Draft>,
    cache: usize,
    /// Key sets that start to fetch once the verifier uses them. So a document that is refused
    /// causes no request.
    #[cfg(feature = "remote")]
    to_start: Vec<RemoteJwkSet>,
}

/// An entry of a document whose settings are valid.
struct Valid {
    entry: AcceptSettings,
    policy: Policy,
    jwk_set: Option<Vec<u8>>,
    configured: Configured,
}

impl Drafts {
    /// Makes the entries. What is the same in `before` is kept.
    fn new(settings: &Settings, before: Option<&Entries>) -> Result<Self> {
        let settings = settings.usable(SettingsKind::Verifier)?;
        let cache = settings.apply(VERIFIER, 0)?;
        let mut before: Vec<&Arc<Entry>> =
            before.map(|before| before.all.iter().collect()).unwrap_or_default();
        let mut take = |is: &dyn Fn(&Configured) -> bool| {
            let position = before.iter().position(|entry| entry.configured.as_ref().is_some_and(is))?;
            Some(before.swap_remove(position))
        };
        let mut found: Vec<(String, Result<DraftEntry, Valid>)> = Vec::new();
        for (path, accept) in valid(settings)? {
            found.push(match accept {
                Ok(made) => (path, Ok(made)),
                // An entry that is the same as before comes before one that only has the same keys.
                Err(valid) => match take(&|other| *other == valid.configured) {
                    Some(entry) => (path, Ok(DraftEntry::Kept(Arc::clone(entry)))),
                    None => (path, Err(valid)),
                },
            });
        }
        let mut drafts = Self {
            entries: Vec::new(),
            cache,
            #[cfg(feature = "remote")]
            to_start: Vec::new(),
        };
        for (path, entry) in found {
            let entry = match entry {
                Ok(entry) => entry,
                Err(Valid { entry, policy, jwk_set, configured }) => {
                    let keys = match take(&|other| other.keys == configured.keys) {
                        Some(entry) => entry.keys.clone(),
                        None => drafts
                            .make_keys(settings, &entry, &policy, jwk_set)
                            .map_err(|error| error.within("keys").within(&path))?,
                    };
                    DraftEntry::New(keys, Box::new(policy), Some(configured))
                }
            };
            drafts.entries.push(Draft { path, entry });
        }
        Ok(drafts)
    }

    fn make_keys(
        &mut self,
        settings: &Settings,
        entry: &AcceptSettings,
        policy: &Policy,
        jwk_set: Option<Vec<u8>>,
    ) -> Result<Keys> {
        match jwk_set {
            Some(document) => Ok(entry.fixed_keys(&document)?.into()),
            None => self.make_remote_keys(settings, entry, policy),
        }
    }

    #[cfg(feature = "remote")]
    fn make_remote_keys(
        &mut self,
        settings: &Settings,
        entry: &AcceptSettings,
        policy: &Policy,
    ) -> Result<Keys> {
        let builder = entry.remote_keys(policy)?.lazy();
        let builder = match settings.with_keys {
            Some(complete) => complete(builder),
            None => builder,
        };
        let keys = builder.build()?;
        if !entry.keys.is_set("lazy") {
            self.to_start.push(keys.clone());
        }
        Ok(keys.into())
    }

    #[cfg(not(feature = "remote"))]
    fn make_remote_keys(&mut self, _: &Settings, _: &AcceptSettings, _: &Policy) -> Result<Keys> {
        let detail = "neither jwks nor file is set, and this build has no remote keys";
        Err(Error::about(ErrorKind::InvalidArgument, "jwks", detail))
    }
}

/// Checks all entries of the settings. Returns each with its path.
fn valid(settings: &Settings) -> Result<Vec<(String, Result<DraftEntry, Valid>)>> {
    let (mut found, mut files) = (Vec::new(), Vec::new());
    for (index, accept) in settings.accept.iter().enumerate() {
        let path = format!("accept[{index}]");
        let within = |error: Error| error.within(&path);
        let entry = match accept {
            Accept::Configured(entry) => entry,
            Accept::Made(keys, policy) => {
                found.push((path, Ok(DraftEntry::New(keys.clone(), policy.clone(), None))));
                continue;
            }
        };
        for entry in entry.of_each_tenant().map_err(|fault| within(fault.into()))? {
            entry.check_last_good_file(&mut files, &path).map_err(|fault| within(fault.into()))?;
            found.push((path.clone(), Err(entry.valid().map_err(within)?)));
        }
    }
    Ok(found)
}

/// Closes the key sets that a reload has removed, if the document made them and nothing else uses
/// them. All are interrupted first, so that their ends do not add up.
#[cfg(feature = "remote")]
fn close_removed(before: &Entries, after: &Entries) {
    let is_kept = |entry: &Arc<Entry>| after.all.iter().any(|other| Arc::ptr_eq(other, entry));
    let removed: Vec<_> = before
        .all
        .iter()
        .filter(|entry| entry.configured.is_some() && !is_kept(entry) && !entry.keys.is_shared())
        .filter_map(|entry| entry.keys.source::<RemoteJwkSet>())
        .collect();
    removed.iter().for_each(|keys| keys.begin_close());
    removed.iter().for_each(|keys| keys.close());
}

impl AcceptSettings {
    /// Returns the entry with each tenant in place of the placeholder. There is one entry for each
    /// tenant, unless all tenants have the same keys.
    pub(super) fn of_each_tenant(&self) -> Result<Vec<Self>, Fault> {
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
        #[cfg(feature = "remote")]
        for name in OF_TENANT {
            one.keys.change_texts(name, replace);
        }
        one
    }

    #[cfg(feature = "remote")]
    fn has_keys_of_each_tenant(&self) -> bool {
        let has_placeholder =
            OF_TENANT.iter().any(|name| self.keys.text(name).is_some_and(|text| text.contains(TENANT)));
        has_placeholder
            || self.file.as_ref().is_some_and(|file| file.contains(TENANT))
            || self.is_discovered()
    }

    #[cfg(not(feature = "remote"))]
    fn has_keys_of_each_tenant(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.contains(TENANT))
    }

    #[cfg(not(feature = "remote"))]
    fn is_discovered(&self) -> bool {
        false
    }

    /// Returns whether the issuer's metadata contains the URL of its keys.
    #[cfg(feature = "remote")]
    fn is_discovered(&self) -> bool {
        let is_set = |name| self.keys.is_set(name);
        self.jwks.is_none() && self.file.is_none() && !is_set("url") && !is_set("discover")
    }

    /// Checks that tenants with their own keys do not start with the same keys.
    #[cfg(feature = "remote")]
    fn check_seed(&self) -> Result<(), Fault> {
        let detail = "each tenant has its own keys, so they cannot start with the same ones";
        if self.keys.is_set("seed") { Err(Fault::at("keys.seed", detail)) } else { Ok(()) }
    }

    #[cfg(not(feature = "remote"))]
    fn check_seed(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// Checks that no two entries write the same file.
    #[cfg(feature = "remote")]
    pub(super) fn check_last_good_file(
        &self,
        files: &mut Vec<(String, String)>,
        path: &str,
    ) -> Result<(), Fault> {
        let Some(file) = self.keys.text("last_good_file") else { return Ok(()) };
        if let Some((_, other)) = files.iter().find(|(used, _)| used == file) {
            let detail = format!("{other} uses the same file: give each entry its own");
            return Err(Fault::at("keys.last_good_file", detail));
        }
        files.push((file.to_owned(), path.to_owned()));
        Ok(())
    }

    #[cfg(not(feature = "remote"))]
    fn check_last_good_file(&self, _: &mut Vec<(String, String)>, _: &str) -> Result<(), Fault> {
        Ok(())
    }

    /// Checks the settings, and reads the file of keys.
    fn valid(self) -> Result<Valid> {
        let policy = Policy::from_settings(&self.policy)?;
        policy.check()?;
        let jwk_set = self.jwk_set_document().map_err(|error| error.within("keys"))?;
        let configured = Configured {
            keys: self.configured_keys(jwk_set.as_deref()).into(),
            policy: self.policy.document().into(),
        };
        Ok(Valid { entry: self, policy, jwk_set, configured })
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
    #[cfg(feature = "remote")]
    fn load_options(&self) -> Result<LoadOptions> {
        let mut entries = self.keys.entries.iter().map(|entry| entry.setting.name);
        if let Some(name) = entries.find(|name| !OF_JWK_SET.contains(name)) {
            let source = if self.jwks.is_some() { "jwks" } else { "file" };
            return Err(Fault::at(name, format!("it cannot be combined with \"{source}\"")).into());
        }
        RemoteJwkSetBuilder::load_options(&self.keys)
    }

    #[cfg(not(feature = "remote"))]
    fn load_options(&self) -> Result<LoadOptions> {
        Ok(LoadOptions::new())
    }
}

/// The settings of keys in which the placeholder is replaced.
#[cfg(feature = "remote")]
const OF_TENANT: [&str; 3] = ["url", "discover", "last_good_file"];
/// The settings that also apply to a JWK Set that is not fetched.
#[cfg(feature = "remote")]
const OF_JWK_SET: [&str; 4] = ["backend", "key_uses", "max_document_len", "max_keys"];

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
