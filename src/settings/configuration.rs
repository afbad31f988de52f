//! Makes verifiers from settings, and changes them by a reload.

use super::accept::{Planned, ValidEntry};
use super::kind::SettingsKind;
use super::settings::{Accept, Settings};
use super::verifier::VERIFIER;
use crate::error::Result;
#[cfg(not(feature = "remote"))]
use crate::error::{Error, ErrorKind};
#[cfg(feature = "remote")]
use crate::remote::jwks::remote_jwk_set::RemoteJwkSet;
use crate::verify::entries::Entries;
use crate::verify::entry::{Configured, Entry};
use crate::verify::keys::Keys;
use crate::verify::policy::Policy;
use crate::verify::verifier::{Draft, DraftEntry, Verifier};
use std::sync::Arc;

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
    /// [`crate::ErrorKind::InvalidArgument`]: an earlier change of the settings failed, or an entry
    /// is not valid. [`crate::Error::name`] is the path of the setting, for example
    /// `accept[1].keys.max_stale`. [`crate::ErrorKind::MalformedJwkSet`],
    /// [`crate::ErrorKind::NoUsableKey`]: a JWK Set in the document or in a file is rejected.
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
    /// [`crate::ErrorKind::InvalidArgument`]: an earlier change failed, or the settings are not of
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
#[derive(Default)]
struct Drafts {
    entries: Vec<Draft>,
    cache: usize,
    /// Key sets that start to fetch once the verifier uses them. So a document that is refused
    /// causes no request.
    #[cfg(feature = "remote")]
    to_start: Vec<RemoteJwkSet>,
}

impl Drafts {
    /// Makes the entries. What is the same in `before` is kept.
    fn new(settings: &Settings, before: Option<&Entries>) -> Result<Self> {
        let settings = settings.usable(SettingsKind::Verifier)?;
        let mut drafts = Self { cache: settings.apply(VERIFIER, 0)?, ..Self::default() };
        let mut before: Vec<&Arc<Entry>> =
            before.map(|before| before.all.iter().collect()).unwrap_or_default();
        let mut take = |is: &dyn Fn(&Configured) -> bool| {
            let position = before.iter().position(|entry| entry.configured.as_ref().is_some_and(is))?;
            Some(before.swap_remove(position))
        };
        let mut all = settings.planned();
        // An entry that is the same as before comes before one that only has the same keys.
        for (_, planned) in &mut all {
            if let Ok(Planned::Valid(valid)) = planned
                && let Some(entry) = take(&|other| *other == valid.configured)
            {
                *planned = Ok(Planned::Ready(DraftEntry::Kept(Arc::clone(entry))));
            }
        }
        for (path, planned) in all {
            let entry = match planned? {
                Planned::Ready(entry) => entry,
                Planned::Valid(valid) => {
                    let keys = match take(&|other| other.keys == valid.configured.keys) {
                        Some(entry) => entry.keys.clone(),
                        None => drafts
                            .make_keys(settings, &valid)
                            .map_err(|error| error.within("keys").within(&path))?,
                    };
                    DraftEntry::New(keys, Box::new(valid.policy), Some(valid.configured))
                }
            };
            drafts.entries.push(Draft { path, entry });
        }
        Ok(drafts)
    }

    fn make_keys(&mut self, settings: &Settings, valid: &ValidEntry) -> Result<Keys> {
        match &valid.jwk_set {
            Some(document) => Ok(valid.entry.fixed_keys(document)?.into()),
            None => self.make_remote_keys(settings, valid),
        }
    }

    #[cfg(feature = "remote")]
    fn make_remote_keys(&mut self, settings: &Settings, valid: &ValidEntry) -> Result<Keys> {
        let builder = valid.entry.remote_keys(&valid.policy)?.lazy();
        let builder = match settings.with_keys {
            Some(complete) => complete(builder),
            None => builder,
        };
        let keys = builder.build()?;
        if !valid.entry.keys.is_set("lazy") {
            self.to_start.push(keys.clone());
        }
        Ok(keys.into())
    }

    #[cfg(not(feature = "remote"))]
    fn make_remote_keys(&mut self, _: &Settings, _: &ValidEntry) -> Result<Keys> {
        let detail = "neither jwks nor file is set, and this build has no remote keys";
        Err(Error::about(ErrorKind::InvalidArgument, "jwks", detail))
    }
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
