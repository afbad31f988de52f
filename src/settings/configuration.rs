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
        let (drafts, cache) = drafts(settings, None)?;
        Self::of(drafts, cache)
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
            let (drafts, cache) = drafts(settings, Some(&before))?;
            if self.replace(&before, drafts, cache)? {
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

fn drafts(settings: &Settings, before: Option<&Entries>) -> Result<(Vec<Draft>, usize)> {
    let settings = settings.usable(SettingsKind::Verifier)?;
    let cache = settings.apply(VERIFIER, 0)?;
    let mut before: Vec<&Arc<Entry>> = before.map(|before| before.all.iter().collect()).unwrap_or_default();
    let mut drafts = Vec::new();
    let mut files = Vec::new();
    for (index, accept) in settings.accept.iter().enumerate() {
        let path = format!("accept[{index}]");
        let within = |error: Error| error.within(&path);
        match accept {
            Accept::Made(keys, policy) => {
                let entry = DraftEntry::New(keys.clone(), policy.clone(), None);
                drafts.push(Draft { path, entry });
            }
            Accept::Configured(entry) => {
                for entry in entry.of_each_tenant().map_err(|fault| within(fault.into()))? {
                    entry.check_last_good_file(&mut files, &path).map_err(|fault| within(fault.into()))?;
                    let entry = entry.draft(settings, &mut before).map_err(within)?;
                    drafts.push(Draft { path: path.clone(), entry });
                }
            }
        }
    }
    Ok((drafts, cache))
}

impl AcceptSettings {
    /// Returns the entry with each tenant in place of the placeholder. There is one entry for each
    /// tenant, unless all tenants have the same keys.
    pub(super) fn of_each_tenant(&self) -> Result<Vec<Self>, Fault> {
        let issuers = self.policy.texts("issuers");
        let (template, others): (Vec<_>, Vec<_>) =
            issuers.into_iter().partition(|issuer| issuer.contains(TENANT));
        if self.tenants.is_empty() {
            return Ok(vec![self.clone()]);
        }
        if template.is_empty() {
            return Err(Fault::at("tenants", format!("no issuer contains \"{TENANT}\"")));
        }
        if self.has_keys_of_each_tenant() {
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

    /// Returns whether the issuer's metadata contains the URL of its keys.
    #[cfg(feature = "remote")]
    fn is_discovered(&self) -> bool {
        let is_set = |name| self.keys.is_set(name);
        self.jwks.is_none() && self.file.is_none() && !is_set("url") && !is_set("discover")
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

    /// Makes the entry, or takes it or its keys out of `before`.
    fn draft(&self, verifier: &Settings, before: &mut Vec<&Arc<Entry>>) -> Result<DraftEntry> {
        let policy = Policy::from_settings(&self.policy)?;
        let within_keys = |error: Error| error.within("keys");
        let document = self.jwk_set_document().map_err(within_keys)?;
        let configured = Configured {
            keys: self.configured_keys(document.as_deref()).into(),
            policy: self.policy.document().into(),
        };
        let mut take = |is: &dyn Fn(&Configured) -> bool| {
            let position = before.iter().position(|entry| entry.configured.as_ref().is_some_and(is))?;
            Some(before.swap_remove(position))
        };
        if let Some(entry) = take(&|other| *other == configured) {
            return Ok(DraftEntry::Kept(Arc::clone(entry)));
        }
        let keys = match take(&|other| other.keys == configured.keys) {
            Some(entry) => entry.keys.clone(),
            None => self.make_keys(verifier, document, &policy).map_err(within_keys)?,
        };
        Ok(DraftEntry::New(keys, Box::new(policy), Some(configured)))
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
            None => text += &self.policy.texts("issuers").join(" "),
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

    fn make_keys(&self, verifier: &Settings, document: Option<Vec<u8>>, policy: &Policy) -> Result<Keys> {
        match document {
            Some(document) => Ok(self.fixed_keys(&document)?.into()),
            None => self.make_remote_keys(verifier, policy),
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
    fn make_remote_keys(&self, verifier: &Settings, policy: &Policy) -> Result<Keys> {
        let builder = self.remote_keys(policy)?;
        let builder = match verifier.with_keys {
            Some(complete) => complete(builder),
            None => builder,
        };
        Ok(builder.build()?.into())
    }

    #[cfg(feature = "remote")]
    pub(super) fn remote_keys(&self, policy: &Policy) -> Result<RemoteJwkSetBuilder> {
        let mut keys = self.keys.clone();
        if self.is_discovered() {
            let [issuer] = policy.issuers_without_template() else {
                let detail = "none of url, discover, jwks and file is set. Keys are discovered only for an \
                              entry with exactly one issuer, without a placeholder";
                return Err(Error::about(ErrorKind::InvalidArgument, "url", detail));
            };
            keys.set("discover", issuer)?;
        }
        RemoteJwkSetBuilder::from_settings(&keys)
    }

    #[cfg(not(feature = "remote"))]
    fn make_remote_keys(&self, _: &Settings, _: &Policy) -> Result<Keys> {
        let detail = "neither jwks nor file is set, and this build has no remote keys";
        Err(Error::about(ErrorKind::InvalidArgument, "jwks", detail))
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
