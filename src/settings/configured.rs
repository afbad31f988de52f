//! The entries of a configuration one by one, for programs that check a configuration.

use super::accept::{Planned, ValidEntry};
use super::kind::SettingsKind;
use super::settings::{Accept, Settings};
use super::verifier::VERIFIER;
use crate::error::Result;
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
        let configured = |(path, planned): (String, Result<Planned>)| {
            let entry = match planned {
                Ok(Planned::Ready(_)) => return None,
                Ok(Planned::Valid(valid)) => {
                    valid.configured_entry().map_err(|error| error.within("keys").within(&path))
                }
                Err(error) => Err(error),
            };
            Some((path, entry))
        };
        Ok(settings.planned().into_iter().filter_map(configured).collect())
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

impl ValidEntry {
    fn configured_entry(self) -> Result<ConfiguredEntry> {
        let Self { entry, policy, jwk_set, .. } = self;
        let keys = match jwk_set {
            Some(document) => ConfiguredKeys::Fixed(entry.fixed_keys(&document)?, entry.file),
            None => {
                let builder = entry.remote_keys(&policy)?;
                builder.check()?;
                ConfiguredKeys::Remote(Box::new(builder))
            }
        };
        let issuers = policy.accepted_issuers().iter().map(ToString::to_string).collect();
        Ok(ConfiguredEntry { issuers, policy, keys })
    }
}
