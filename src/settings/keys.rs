//! The remote key set that settings describe.

use super::Fault;
use super::settings::Settings;
use super::table::{KEYS, SettingsKind};
use crate::error::Result;
use crate::remote::jwks::remote_jwk_set::{RemoteJwkSet, RemoteJwkSetBuilder};

impl RemoteJwkSetBuilder {
    /// The builder of [`SettingsKind::Keys`] settings.
    ///
    /// # Errors
    /// [`crate::ErrorKind::InvalidArgument`]: a change of the settings failed, or not exactly one of `url` and
    /// `discover` is set.
    pub fn from_settings(settings: &Settings) -> Result<Self> {
        let settings = settings.usable(SettingsKind::Keys)?;
        let builder = match (settings.text("url"), settings.text("discover")) {
            (Some(url), None) => RemoteJwkSet::builder(url),
            (None, Some(issuer)) => RemoteJwkSet::discover(issuer),
            (Some(_), Some(_)) => {
                return Err(Fault::at("discover", "it and \"url\" are mutually exclusive").into());
            }
            (None, None) => return Err(Fault::at("url", "it is missing: set it, or \"discover\"").into()),
        };
        settings.apply(KEYS, builder)
    }
}
