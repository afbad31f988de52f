//! The entries of a configuration one by one, for programs that check a configuration.

use super::fault::Fault;
use super::kind::SettingsKind;
use super::settings::{Accept, AcceptSettings, Settings};
use super::verifier::VERIFIER;
use crate::error::{Error, Result};
use crate::keys::jwk_set::JwkSet;
use crate::remote::jwks::remote_jwk_set_builder::RemoteJwkSetBuilder;
use crate::verify::policy::Policy;
use std::sync::Arc;

/// An entry of a configuration. Its remote keys are not fetched.
pub struct ConfiguredEntry {
    /// The accepted issuers. Empty if "iss" is not checked.
    pub issuers: Vec<String>,
    /// The rules for tokens.
    pub policy: Policy,
    /// The keys.
    pub keys: ConfiguredKeys,
}

/// The keys of a [`ConfiguredEntry`].
pub enum ConfiguredKeys {
    /// Keys from the document or from a file, and the path of that file.
    Fixed(Arc<JwkSet>, Option<String>),
    /// Keys from a URL.
    Remote(Box<RemoteJwkSetBuilder>),
}

impl Settings {
    /// Returns the path of each entry of a verifier's settings, and the entry or why it is not
    /// valid. Fetches nothing. Entries that are made in code are left out. Not part of the stable
    /// interface.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`]: an earlier change of the settings failed, or a
    /// setting outside the entries is not valid.
    #[doc(hidden)]
    pub fn configured_entries(&self) -> Result<Vec<(String, Result<ConfiguredEntry>)>> {
        let settings = self.usable(SettingsKind::Verifier)?;
        settings.apply(VERIFIER, 0)?;
        let mut found = Vec::new();
        let mut files = Vec::new();
        for (index, accept) in settings.accept.iter().enumerate() {
            let Accept::Configured(entry) = accept else { continue };
            let path = format!("accept[{index}]");
            let within = |error: Error| error.within(&path);
            let of_fault = |fault: Fault| within(fault.into());
            match entry.of_each_tenant() {
                Err(fault) => found.push((path.clone(), Err(of_fault(fault)))),
                Ok(entries) => {
                    for entry in entries {
                        let checked = entry.check_last_good_file(&mut files, &path).map_err(of_fault);
                        let entry = checked.and_then(|()| entry.configured().map_err(within));
                        found.push((path.clone(), entry));
                    }
                }
            }
        }
        Ok(found)
    }

    /// Lets each entry fetch its keys at its first token. For programs that verify a single token.
    /// Not part of the stable interface.
    #[doc(hidden)]
    pub fn make_lazy(&mut self) {
        for accept in &mut self.accept {
            if let Accept::Configured(entry) = accept
                && entry.jwks.is_none()
                && entry.file.is_none()
            {
                // The setting is a flag, so this cannot fail.
                let _ = entry.keys.set("lazy", "true");
            }
        }
    }
}

impl AcceptSettings {
    fn configured(&self) -> Result<ConfiguredEntry> {
        let policy = Policy::from_settings(&self.policy)?;
        policy.check()?;
        let within_keys = |error: Error| error.within("keys");
        let keys = match self.jwk_set_document().map_err(within_keys)? {
            Some(document) => {
                ConfiguredKeys::Fixed(self.fixed_keys(&document).map_err(within_keys)?, self.file.clone())
            }
            None => {
                let builder = self.remote_keys(&policy).map_err(within_keys)?;
                builder.check().map_err(within_keys)?;
                ConfiguredKeys::Remote(Box::new(builder))
            }
        };
        let issuers = policy.accepted_issuers().iter().map(ToString::to_string).collect();
        Ok(ConfiguredEntry { issuers, policy, keys })
    }
}
